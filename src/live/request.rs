//! Turns a request of the rules into one that can be sent.

use std::fmt;

use data_encoding::BASE64;
use regex::Regex;

use super::hosts::{Hosts, Place, Reach};
use super::sign;
use crate::finding::{Fact, Secret};
use crate::rule::advice::placeholders;
use crate::rule::live::{Body, Identifier, Request, SECRET};

/// A request that can be sent. It contains the secret, so only its destination is ever printed.
#[derive(Clone)]
pub struct Prepared<'r> {
    /// The definition from which it was made.
    pub request: &'r Request,
    /// The destination.
    pub place: Place,
    /// The path and query.
    pub(super) path: String,
    /// The names and values of the headers.
    pub(super) headers: Vec<(String, String)>,
    /// The body.
    pub(super) body: Vec<u8>,
    /// The value, to be searched for in an answer.
    pub(super) secret: Secret,
}

impl Prepared<'_> {
    /// Returns the names of its headers.
    pub fn header_names(&self) -> Vec<String> {
        self.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect()
    }
}

impl fmt::Debug for Prepared<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared").field("host", &self.place.shown).finish_non_exhaustive()
    }
}

impl PartialEq for Prepared<'_> {
    /// Returns `true` if both requests ask the same.
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place
            && (self.request.method, &self.request.path, &self.secret)
                == (other.request.method, &other.request.path, &other.secret)
            && (&self.path, &self.headers, &self.body) == (&other.path, &other.headers, &other.body)
    }
}

/// Prepares a request. `now` is in seconds since 1970.
///
/// # Errors
/// Returns the reason why nobody can be asked, as a clause.
pub fn prepare<'r>(
    request: &'r Request,
    secret: &Secret,
    facts: &[Fact],
    hosts: &Hosts,
    now: u64,
) -> Result<Prepared<'r>, String> {
    for identifier in request.unless.iter() {
        if identified(identifier, facts)?.is_some() {
            return Err(format!("secrets with such a {} need another request", identifier.field));
        }
    }
    let mut known = Vec::new();
    for identifier in request.needs.iter() {
        let value = identified(identifier, facts)?;
        let value = value.ok_or_else(|| format!("no {} of the right format is near it", identifier.field))?;
        known.push((&*identifier.field, value));
    }
    let place = place(request, &known, hosts)?;
    let value = bare(request, secret)?;
    let signed = sign::sign(request, secret, &known, &place, now)?;
    let shown = signed.stands_for.unwrap_or(value);
    let filler = Filler { known: &known, secret: &shown };
    let mut headers = signed.headers;
    for (name, template) in request.headers.iter() {
        headers.push((name.to_string(), filler.fill(template, as_header)?));
    }
    if let Some(user) = &request.basic_user {
        let pair = format!("{}:{shown}", filler.fill(user, as_header)?);
        headers.push(("authorization".to_owned(), format!("Basic {}", BASE64.encode(pair.as_bytes()))));
    }
    let body = match &request.body {
        Body::Empty => String::new(),
        Body::Form(template) => filler.fill(template, as_component)?,
        Body::Json(template) => filler.fill(template, as_json)?,
        Body::Text(template) => filler.fill(template, as_header)?,
    };
    let path = filler.fill(&request.path, as_component)?;
    Ok(Prepared { request, place, path, headers, body: body.into_bytes(), secret: secret.clone() })
}

/// Returns the identifier of a field, if there is one with this form.
fn identified(Identifier { field, form }: &Identifier, facts: &[Fact]) -> Result<Option<String>, String> {
    let form = Regex::new(&format!("^(?:{form})$")).map_err(|_| format!("the form of {field} cannot be used"))?;
    let found = facts.iter().filter(|fact| fact.field == **field).find_map(|fact| form.captures(&fact.value));
    Ok(found.and_then(|found| found.get(1).or_else(|| found.get(0)).map(|part| part.as_str().to_owned())))
}

/// Returns the destination: the host that the user names, or that of the rules.
fn place(request: &Request, known: &[(&str, String)], hosts: &Hosts) -> Result<Place, String> {
    if let Some(named) = hosts.named(&request.host) {
        return Ok(named.clone());
    }
    if request.wants_a_host() {
        return Err(format!(
            "its host has to be named in 'live_hosts' of your own configuration, as '{}'",
            request.host
        ));
    }
    let host = Filler { known, secret: "" }.fill(&request.host, as_label)?;
    Ok(Place { origin: format!("https://{host}"), shown: host, reach: Reach::Public })
}

/// Returns the value as text; empty if a signature is made with it, because it is then not sent.
fn bare(request: &Request, secret: &Secret) -> Result<String, String> {
    if request.signature.is_some() {
        return Ok(String::new());
    }
    String::from_utf8(secret.reveal().to_vec()).map_err(|_| "its value is not text".to_owned())
}

/// The values to put into templates.
struct Filler<'a> {
    known: &'a [(&'a str, String)],
    secret: &'a str,
}

impl Filler<'_> {
    fn fill(&self, template: &str, write: fn(&str) -> Result<String, String>) -> Result<String, String> {
        let mut out = String::new();
        let mut rest = template;
        for name in placeholders(template) {
            let place = format!("{{{name}}}");
            let Some((before, behind)) = rest.split_once(&place) else { continue };
            let value = if place == SECRET {
                self.secret
            } else {
                self.known.iter().find(|(field, _)| *field == name).map(|(_, value)| value.as_str()).unwrap_or_default()
            };
            out.push_str(before);
            out.push_str(&write(value)?);
            rest = behind;
        }
        Ok(out + rest)
    }
}

/// Writes one label of a host, and refuses a value that could leave the domain.
fn as_label(value: &str) -> Result<String, String> {
    let fine = (1..=63).contains(&value.len())
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !value.starts_with('-');
    if fine { Ok(value.to_ascii_lowercase()) } else { Err("the text near it is not the name of a host".to_owned()) }
}

fn as_header(value: &str) -> Result<String, String> {
    let fine = value.bytes().all(|b| (0x20..0x7f).contains(&b));
    if fine { Ok(value.to_owned()) } else { Err("its value cannot be part of a request".to_owned()) }
}

#[expect(clippy::unnecessary_wraps, reason = "it is one of several ways to write a value, of which some refuse one")]
fn as_component(value: &str) -> Result<String, String> {
    let write = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    Ok(value.bytes().map(write).collect())
}

fn as_json(value: &str) -> Result<String, String> {
    let quoted = serde_json::to_string(value).map_err(|_| "its value cannot be part of a request".to_owned())?;
    Ok(quoted.trim_start_matches('"').strip_suffix('"').unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::live::Ask;
    use crate::rule_set::RuleSet;

    fn fact(field: &str, value: &str) -> Fact {
        Fact { field: field.to_owned(), value: value.to_owned() }
    }

    fn asked<T>(rule: &str, secret: &str, facts: &[Fact], then: impl Fn(Result<Prepared<'_>, String>) -> T) -> T {
        let rules = RuleSet::builtin();
        let Ask::Request(request) = &rules.live(rule).unwrap().ask else { panic!("{rule} is never asked about") };
        then(prepare(request, &Secret::new(secret), facts, &Hosts::default(), 0))
    }

    #[test]
    fn no_identifier_leads_to_another_host() {
        for host in
            ["evil.test", "https://evil.test/?x=.okta.com", "a.evil.test#.okta.com", "evil.test\\.okta.com", "a@b"]
        {
            let refused =
                asked("okta-api-token", "x", &[fact("okta_domain", host)], |made| made.map(|_| ()).unwrap_err());
            assert!(refused.contains("okta_domain"), "{host}: {refused}");
        }
        let fine =
            asked("okta-api-token", "x", &[fact("okta_domain", "https://acme.okta.com")], |made| made.unwrap().place);
        assert_eq!(fine.origin, "https://acme.okta.com");
    }

    #[test]
    fn no_identifier_escapes_its_part_of_the_url() {
        let ids = [fact("azure_tenant_id", "../evil"), fact("azure_client_id", "3f1c2a9e-7b64-4d0f-9a57-c0e8d1b2f634")];
        assert!(asked("azure-entra-client-secret", "x", &ids, |made| made.is_err()));
    }

    #[test]
    fn values_are_encoded_for_their_position() {
        let ids = ["azure_tenant_id", "azure_client_id"].map(|name| fact(name, "3f1c2a9e-7b64-4d0f-9a57-c0e8d1b2f634"));
        let form = asked("azure-entra-client-secret", "a&b=c~d", &ids, |made| made.unwrap().body);
        assert!(String::from_utf8(form).unwrap().contains("&client_secret=a%26b%3Dc~d&"));
        let json = asked("docker-hub-pat", "a\"b", &[fact("dockerhub_user", "acme")], |made| made.unwrap().body);
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert_eq!((&json["identifier"], &json["secret"]), (&"acme".into(), &"a\"b".into()));
        assert!(asked("github-pat-classic", "a\r\nHost: evil.test", &[], |made| made.is_err()));
    }

    #[test]
    fn a_value_stays_in_its_part_of_the_url() {
        let ids = [fact("slack_workspace_id", "T00000000"), fact("slack_webhook_id", "B00000000")];
        let path = asked("slack-webhook", "../x?a=b#c", &ids, |made| made.unwrap().path);
        assert_eq!(path, "/services/T00000000/B00000000/..%2Fx%3Fa%3Db%23c");
    }

    #[test]
    fn only_the_host_of_a_request_is_printed() {
        let printed = asked("github-pat-classic", "made-up", &[], |made| format!("{:?}", made.unwrap()));
        assert!(printed.contains("api.github.com") && !printed.contains("made-up"), "{printed}");
    }
}
