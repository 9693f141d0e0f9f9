//! The requests that ask a provider whether a secret still works, and the meanings of its answers: data next to the
//! rules.
//!
//! This module owns the form of a request and the demands on it. The host of a request is part of the data, so no
//! scanned text can choose one. Nothing is sent here: that is the job of `live`.

use std::collections::{BTreeMap, BTreeSet};

use super::advice::{known_placeholders, placeholders};
use super::demand::{https, kebab, nonempty, own};
use super::file::LiveDef;
pub use super::file::{Method, Signature};
use super::{List, Str};

/// The placeholder of the value, or of the text that is signed with it.
pub const SECRET: &str = "{secret}";

/// A way to ask about the secrets of some rules.
#[derive(Debug, Clone)]
pub struct Live {
    /// The kebab-case id.
    pub id: Str,
    /// The ids of the rules.
    pub rules: List<Str>,
    /// The request, or the reason why none can be sent.
    pub ask: Ask,
    /// The command that asks by hand, if none can be made from the request; may be empty.
    pub by_hand: Str,
}

/// The request to a provider, or the reason why it can't be asked.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "nearly all can be, and the built-in ones are constants")]
pub enum Ask {
    /// The provider can't be asked, or not without an effect; holds the reason, as a sentence.
    Never(Str),
    /// The provider is asked with this request.
    Request(Request),
}

/// A request that changes nothing.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The host: a full name; a name whose first label is an identifier found next to the secret; or a single label,
    /// for which only the user can give an address.
    pub host: Str,
    /// The path and query.
    pub path: Str,
    /// The names and values of the headers.
    pub headers: List<(Str, Str)>,
    /// The user, if the secret is the password of HTTP Basic authentication.
    pub basic_user: Option<Str>,
    /// The body that is sent.
    pub body: Body,
    /// The signature that is made with the secret, if the secret itself is not sent.
    pub signature: Option<Signature>,
    /// The identifiers that must have been found, with their forms.
    pub needs: List<Identifier>,
    /// The identifiers that rule this request out, with their forms.
    pub unless: List<Identifier>,
    /// The meanings of answers, the most particular first.
    pub readings: List<Reading>,
    /// The parts of an answer that may be shown.
    pub reveals: List<Reveal>,
    /// The other services that may know a secret that is unknown here, as a clause; empty if there are none.
    pub elsewhere: Str,
}

/// The body that is sent after the headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// No body.
    Empty,
    /// Pairs, encoded as a form.
    Form(Str),
    /// JSON.
    Json(Str),
    /// Plain text.
    Text(Str),
}

/// An identifier and its form.
#[derive(Debug, Clone)]
pub struct Identifier {
    /// The name of the field.
    pub field: Str,
    /// An expression for the whole value; its first group, if it has one, is the part that is used.
    pub form: Str,
}

/// A meaning, and the answers that have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The meaning of such an answer.
    pub says: Says,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The conditions that the answer must also meet.
    pub terms: List<Term>,
}

/// The meaning of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Says {
    /// The provider accepted the secret, but not for this request.
    Restricted,
    /// The provider accepted the secret.
    Live,
    /// The provider no longer knows the secret.
    Dead,
}

/// A condition that an answer must meet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Term {
    /// JSON with a value at this path, which is one of these values if there are any.
    Json(Str, List<Str>),
    /// A body that contains these words.
    Text(Str),
}

/// A part of an answer that may be shown.
#[derive(Debug, Clone)]
pub struct Reveal {
    /// The name under which the part is shown.
    pub name: Str,
    /// The place of the part in the answer.
    pub source: Source,
}

/// The place of a value in an answer.
#[derive(Debug, Clone)]
pub enum Source {
    /// The JSON value at this path.
    Json(Str),
    /// The header with this name.
    Header(Str),
    /// The first XML element with this name.
    Xml(Str),
}

impl Request {
    /// Returns `true` if the request has no host of its own, so that the user has to name the host of the service.
    pub fn wants_a_host(&self) -> bool {
        !self.host.contains('.')
    }
}

impl Method {
    /// Returns the name of the method in HTTP.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
        }
    }
}

impl Body {
    /// Returns the text of the body, before anything is filled in.
    pub fn template(&self) -> &str {
        match self {
            Self::Empty => "",
            Self::Form(text) | Self::Json(text) | Self::Text(text) => text,
        }
    }

    /// Returns the content type of the body.
    pub fn content_type(&self) -> Option<&'static str> {
        match self {
            Self::Empty => None,
            Self::Form(_) => Some("application/x-www-form-urlencoded"),
            Self::Json(_) => Some("application/json"),
            Self::Text(_) => Some("text/plain"),
        }
    }
}

/// Compiles a request.
pub(super) fn live(def: &LiveDef, rules: &BTreeSet<String>, fields: &BTreeSet<String>) -> Result<Live, String> {
    kebab(&def.id)?;
    let of = if def.rules.is_empty() { std::slice::from_ref(&def.id) } else { &def.rules };
    if let Some(unknown) = of.iter().find(|id| !rules.contains(*id)) {
        return Err(format!("rule '{unknown}' does not exist"));
    }
    if def.references.is_empty() {
        return Err("needs a reference to the provider's documentation".into());
    }
    let ask = if def.never.is_empty() {
        Ask::Request(request(def, fields)?)
    } else if def.url.is_empty() && def.live.is_empty() {
        Ask::Never(own(&def.never))
    } else {
        return Err("never cannot be combined with a request".into());
    };
    if def.signature.is_some() && def.by_hand.is_empty() {
        return Err("a signature needs by_hand: no command can be made from the request".into());
    }
    known_placeholders(&def.by_hand, fields).map_err(|why| format!("by_hand: {why}"))?;
    // References are for whoever checks a request; they are not shown.
    def.references.iter().try_for_each(|url| https(url).map(drop))?;
    Ok(Live { id: own(&def.id), rules: of.iter().map(|id| own(id)).collect(), ask, by_hand: own(&def.by_hand) })
}

fn request(def: &LiveDef, fields: &BTreeSet<String>) -> Result<Request, String> {
    let (host, path) = address(&def.url)?;
    let body = body(def)?;
    let method = def.method.unwrap_or(if body == Body::Empty { Method::Get } else { Method::Post });
    if method != Method::Post && body != Body::Empty {
        return Err("a body needs POST".into());
    }
    placed(def, &body)?;
    if let Some(name) = def.headers.keys().find(|name| !is_header(name)) {
        return Err(format!("'{name}' is not the name of a header"));
    }
    Ok(Request {
        method,
        host: own(host),
        path: own(path),
        headers: def.headers.iter().map(|(name, value)| (own(name), own(value))).collect(),
        basic_user: def.basic_user.as_deref().map(own),
        body,
        signature: def.signature,
        needs: identifiers(&def.needs, fields)?,
        unless: identifiers(&def.unless, fields)?,
        readings: readings(def)?,
        reveals: def.reveals.iter().map(reveal).collect::<Result<Vec<_>, _>>()?.into(),
        elsewhere: own(&def.elsewhere),
    })
}

/// Splits an address into host and path. Only the first label of a host may be filled in, below a domain that is
/// written out.
fn address(url: &str) -> Result<(&str, &str), String> {
    let rest = url.strip_prefix("https://").ok_or("url has to start with https://")?;
    let host = rest.split('/').next().unwrap_or_default();
    let path = &rest[host.len()..];
    let literal = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-'))
    };
    let (first, domain) = host.split_once('.').unwrap_or((host, ""));
    let fine = if first.contains('{') {
        placeholders(first).len() == 1 && literal(domain) && domain.contains('.')
    } else {
        literal(host)
    };
    if !fine || !path.starts_with('/') || path.contains(char::is_whitespace) {
        return Err(format!(
            "url '{url}': write the host out, or use a field as its first label; a path has to follow"
        ));
    }
    Ok((host, path))
}

fn body(def: &LiveDef) -> Result<Body, String> {
    match (&*def.form, &*def.json, &*def.text) {
        ("", "", "") => Ok(Body::Empty),
        (form, "", "") => Ok(Body::Form(own(form))),
        ("", json, "") => Ok(Body::Json(own(json))),
        ("", "", text) => Ok(Body::Text(own(text))),
        _ => Err("form, json and text exclude each other".into()),
    }
}

/// Checks that the secret has the one place that is meant for it, or none if it only signs, and that only identifiers
/// in `needs` are filled in.
fn placed(def: &LiveDef, body: &Body) -> Result<(), String> {
    let texts = || {
        let fixed = [&*def.url, def.basic_user.as_deref().unwrap_or_default(), body.template()];
        fixed.into_iter().chain(def.headers.values().map(String::as_str))
    };
    let places =
        texts().map(|text| text.matches(SECRET).count()).sum::<usize>() + usize::from(def.basic_user.is_some());
    let wanted = match def.signature {
        Some(Signature::AwsSts | Signature::AzureSharedKey) => 0,
        Some(Signature::GoogleAssertion | Signature::GithubApp) | None => 1,
    };
    if places != wanted {
        return Err(format!("the secret has {wanted} place in the request, and here it has {places}"));
    }
    let unknown = texts().flat_map(placeholders).find(|name| *name != "secret" && !def.needs.contains_key(*name));
    match unknown {
        Some(name) => Err(format!("placeholder {{{name}}} is not among needs")),
        None => Ok(()),
    }
}

fn is_header(name: &str) -> bool {
    let reserved =
        ["host", "content-length", "content-type", "cookie", "user-agent", "connection", "transfer-encoding"];
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !reserved.contains(&&*name.to_ascii_lowercase())
}

fn identifiers(defs: &BTreeMap<String, String>, fields: &BTreeSet<String>) -> Result<List<Identifier>, String> {
    let one = |(field, form): (&String, &String)| {
        if !fields.contains(field) {
            return Err(format!("'{field}' is not a [[field]]"));
        }
        regex_syntax::parse(form).map_err(|error| format!("'{form}': {error}"))?;
        Ok(Identifier { field: own(field), form: own(form) })
    };
    defs.iter().map(one).collect::<Result<Vec<_>, _>>().map(List::Owned)
}

fn reveal((name, source): (&String, &String)) -> Result<Reveal, String> {
    nonempty("the name of what is revealed", name)?;
    let source = match source.split_once(':') {
        Some(("json", path)) if !path.is_empty() => Source::Json(own(path)),
        Some(("header", header)) if is_header(header) => Source::Header(own(&header.to_ascii_lowercase())),
        Some(("xml", element)) if !element.is_empty() => Source::Xml(own(element)),
        _ => return Err(format!("reveals '{source}': write json:PATH, header:NAME or xml:ELEMENT")),
    };
    Ok(Reveal { name: own(name), source })
}

/// Compiles all readings, the most particular first; among equally particular ones, those of a working secret come
/// first.
fn readings(def: &LiveDef) -> Result<List<Reading>, String> {
    if def.live.is_empty() {
        return Err("needs at least one answer under live".into());
    }
    let lists = [(Says::Restricted, &def.restricted), (Says::Live, &def.live), (Says::Dead, &def.dead)];
    let all = lists.into_iter().flat_map(|(says, list)| list.iter().map(move |text| reading(says, text)));
    let mut all: Vec<Reading> = all.collect::<Result<_, _>>()?;
    all.sort_by_key(|reading| std::cmp::Reverse(reading.terms.len()));
    for (at, one) in all.iter().enumerate() {
        if all[..at].iter().any(|other| other.status == one.status && other.terms == one.terms) {
            return Err(format!("an answer with status {} has two meanings", one.status));
        }
    }
    Ok(List::Owned(all))
}

/// Compiles a reading. A status alone proves little: many services answer 200 to everybody, and 403 to callers whose
/// address, organisation or scope is wrong.
fn reading(says: Says, text: &str) -> Result<Reading, String> {
    let (status, rest) = text.split_once(' ').unwrap_or((text, ""));
    let status: u16 = status.parse().map_err(|_| format!("'{text}' does not start with a status"))?;
    let mut terms = Vec::new();
    let mut rest = rest.trim();
    while !rest.is_empty() {
        if let Some(words) = rest.strip_prefix("text:") {
            nonempty("text", words)?;
            terms.push(Term::Text(own(words)));
            break;
        }
        let (word, behind) = rest.split_once(' ').unwrap_or((rest, ""));
        terms.push(json_term(word).ok_or_else(|| format!("'{text}': write json, json:PATH=VALUE or text:WORDS"))?);
        rest = behind.trim();
    }
    let fine = match (says, status) {
        (_, 204) => true,
        (_, 200..=299) | (Says::Dead, 403) => !terms.is_empty(),
        (_, 300..=399 | 407 | 408 | 429 | 500..) => false,
        (Says::Live, _) => !terms.is_empty(),
        (Says::Restricted, 401) => !terms.is_empty(),
        _ => status >= 400,
    };
    if !fine {
        return Err(format!("'{text}' proves nothing by itself: name what such an answer contains"));
    }
    Ok(Reading { says, status, terms: terms.into() })
}

fn json_term(word: &str) -> Option<Term> {
    if word == "json" {
        return Some(Term::Json(Str::default(), List::default()));
    }
    let path = word.strip_prefix("json:").filter(|path| !path.is_empty())?;
    let (path, values) = path.split_once('=').map_or((path, None), |(path, values)| (path, Some(values)));
    let values = values.into_iter().flat_map(|values| values.split('|')).map(own).collect();
    Some(Term::Json(own(path), values))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = "id = 'acme'\nurl = 'https://api.acme.test/me'\nheaders = { Authorization = 'Bearer {secret}' }\n\
                         live = ['200 json:id']\ndead = ['401']\nreferences = ['https://docs.acme.test/api']\n";

    fn compiled(text: &str) -> Result<Live, String> {
        let def: LiveDef = toml::from_str(text).map_err(|error| error.to_string())?;
        let known = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        live(&def, &known(&["acme"]), &known(&["site", "user"]))
    }

    #[test]
    fn a_valid_request_compiles() {
        let live = compiled(SOUND).unwrap();
        let Ask::Request(request) = live.ask else { panic!("it can be asked") };
        assert_eq!((&*request.host, &*request.path, request.method), ("api.acme.test", "/me", Method::Get));
        assert_eq!(request.readings.len(), 2);
    }

    #[test]
    fn scanned_text_cannot_choose_a_host() {
        for url in [
            "http://api.acme.test/me",
            "https://{site}/me",
            "https://{site}.test/me",
            "https://api.{site}.test/me",
            "https://{site}.{user}.test/me",
            "https://user@acme.test/me",
            "https://acme.test:8443/me",
            "https://api.acme.test",
        ] {
            let text = SOUND.replace("https://api.acme.test/me", url) + "needs = { site = 'x', user = 'y' }\n";
            assert!(compiled(&text).is_err(), "{url}");
        }
        let below = SOUND.replace("api.acme.test", "{site}.acme.test") + "needs = { site = '[a-z]+' }\n";
        assert!(compiled(&below).is_ok());
    }

    #[test]
    fn the_secret_is_used_in_exactly_one_place() {
        for (from, to) in
            [("Bearer {secret}", "Bearer"), ("/me", "/me?key={secret}"), ("Bearer {secret}", "{secret} {secret}")]
        {
            assert!(compiled(&SOUND.replace(from, to)).unwrap_err().contains("place"), "{to}");
        }
        let unknown = SOUND.replace("/me", "/{user}");
        assert!(compiled(&unknown).unwrap_err().contains("{user}"));
    }

    #[test]
    fn a_status_alone_proves_neither_life_nor_death() {
        for (from, to) in [
            ("'200 json:id'", "'200'"),
            ("'401'", "'403'"),
            ("'401'", "'200'"),
            ("'401'", "'500'"),
            ("'401'", "'302'"),
            ("'401'", "'429'"),
            ("'401'", "'401', '401'"),
            ("'401'", "'200 json:id'"),
            ("'401'", "'no'"),
            ("'401'", "'401 body'"),
        ] {
            assert!(compiled(&SOUND.replace(from, to)).is_err(), "{to}");
        }
        assert!(compiled(&SOUND.replace("'401'", "'403 text:revoked'")).is_ok());
    }

    #[test]
    fn never_excludes_all_other_settings() {
        assert!(compiled(&format!("{SOUND}never = 'it acts'\n")).is_err());
        let never = "id = 'acme'\nnever = 'Every request acts.'\nreferences = ['https://docs.acme.test/api']\n";
        assert!(matches!(compiled(never).unwrap().ask, Ask::Never(_)));
    }
}
