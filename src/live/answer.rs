//! The reading of an answer: its meaning, and the parts that may be shown. The rest is discarded.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::finding::{Liveness, Secret};
use crate::rule::live::{Reading, Request, Says, Source, Term};

/// The most characters that are shown of one part.
const MOST_SHOWN: usize = 200;

/// The parts of an answer that are read.
#[derive(Clone)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers, by their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The bytes after the headers, up to a limit.
    pub body: Vec<u8>,
}

/// The meaning of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpretation {
    /// The meaning in one word.
    pub word: Liveness,
    /// The reason why nothing is known, as a clause; empty if something is.
    pub why: String,
    /// The facts that may be shown.
    pub reveals: BTreeMap<String, String>,
}

impl Interpretation {
    /// Returns a result that says that nothing is known.
    pub fn unknown(why: impl Into<String>) -> Self {
        Self { word: Liveness::Unknown, why: why.into(), reveals: BTreeMap::new() }
    }
}

/// Reads an answer to a request. `is_named` is `true` if the user named the host.
pub fn read(request: &Request, reply: &Reply, secret: &Secret, is_named: bool) -> Interpretation {
    if is_page(reply) {
        return Interpretation::unknown("the answer was a web page, such as that of a proxy or a login");
    }
    let text = String::from_utf8_lossy(&reply.body);
    let json = serde_json::from_slice::<Value>(&reply.body).ok();
    let fits = |reading: &&Reading| {
        reading.status == reply.status && reading.terms.iter().all(|term| holds(term, &text, json.as_ref()))
    };
    let says = request.readings.iter().find(fits).map(|reading| reading.says);
    let word = match says {
        Some(Says::Live) => Liveness::Live,
        Some(Says::Restricted) => Liveness::Restricted,
        Some(Says::Dead) if request.elsewhere.is_empty() || is_named => Liveness::Dead,
        Some(Says::Dead) => {
            let host = &request.host;
            return Interpretation::unknown(format!(
                "it is not known there, but {}: name the host in 'live_hosts' of your own configuration ('{host}' itself, if it is that one)",
                request.elsewhere
            ));
        }
        None => return Interpretation::unknown(unreadable(reply.status)),
    };
    let reveals =
        if word == Liveness::Dead { BTreeMap::new() } else { revealed(request, reply, json.as_ref(), secret) };
    Interpretation { word, why: String::new(), reveals }
}

/// Returns `true` if an answer is a web page for people: no provider's API answers with one.
fn is_page(reply: &Reply) -> bool {
    let is_html = reply.headers.get("content-type").is_some_and(|kind| kind.contains("html"));
    let start = reply.body.trim_ascii_start().get(..14).unwrap_or_default().to_ascii_lowercase();
    is_html || start.starts_with(b"<!doctype html") || start.starts_with(b"<html")
}

fn unreadable(status: u16) -> String {
    match status {
        300..=399 => format!("it was redirected to another address ({status}), which was not followed"),
        407 => "the proxy requires a login (407)".to_owned(),
        429 => "too many requests (429): ask again later".to_owned(),
        500.. => format!("the provider has an error ({status}): ask again later"),
        _ => format!("the provider documents no such answer ({status}), neither for valid nor for invalid secrets"),
    }
}

fn holds(term: &Term, text: &str, json: Option<&Value>) -> bool {
    match term {
        Term::Text(words) => text.contains(&**words),
        Term::Json(path, values) => {
            let found = json.and_then(|json| at(json, path)).filter(|found| !found.is_null());
            let is_root = path.is_empty();
            let found = found.filter(|found| !is_root || found.is_object() || found.is_array());
            found.is_some_and(|found| values.is_empty() || values.iter().any(|value| plain(found) == **value))
        }
    }
}

/// Returns the value at a path: names of members and positions in lists, separated by dots.
fn at<'v>(json: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').filter(|part| !part.is_empty()).try_fold(json, |value, part| match value {
        Value::Array(list) => list.get(part.parse::<usize>().ok()?),
        other => other.get(part),
    })
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join(", "),
        // A list of rights has an object for each, whose first text is its name.
        Value::Object(members) => members.values().find_map(Value::as_str).unwrap_or_default().to_owned(),
        other => other.to_string(),
    }
}

fn revealed(request: &Request, reply: &Reply, json: Option<&Value>, secret: &Secret) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(&reply.body);
    let value = String::from_utf8_lossy(secret.reveal());
    let one = |source: &Source| match source {
        Source::Json(path) => json.and_then(|json| at(json, path)).filter(|found| !found.is_null()).map(plain),
        Source::Header(name) => reply.headers.get(&**name).cloned(),
        Source::Xml(name) => {
            let behind = text.split_once(&format!("<{name}>"))?.1;
            Some(behind.split_once('<')?.0.to_owned())
        }
    };
    let shown = |text: String| text.chars().take(MOST_SHOWN).collect::<String>();
    let all = request.reveals.iter().filter_map(|reveal| Some((reveal.name.to_string(), one(&reveal.source)?)));
    all.filter(|(_, found)| !found.is_empty() && !found.contains(&*value))
        .map(|(name, found)| (name, shown(found)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::live::Ask;
    use crate::rule_set::RuleSet;

    fn interpretation(rule: &str, status: u16, body: &str, is_named: bool) -> Interpretation {
        let rules = RuleSet::builtin();
        let Ask::Request(request) = &rules.live(rule).unwrap().ask else { panic!("{rule} is never asked about") };
        let headers = BTreeMap::from([("x-oauth-scopes".to_owned(), "repo".to_owned())]);
        read(request, &Reply { status, headers, body: body.into() }, &Secret::new("made-up"), is_named)
    }

    #[test]
    fn the_response_body_outweighs_the_status() {
        assert_eq!(
            interpretation("vercel-token", 403, r#"{"error":{"invalidToken":true}}"#, false).word,
            Liveness::Dead
        );
        assert_eq!(interpretation("vercel-token", 403, "{}", false).word, Liveness::Restricted);
        assert_eq!(
            interpretation("slack-bot-token", 200, r#"{"ok":false,"error":"token_revoked"}"#, false).word,
            Liveness::Dead
        );
        assert_eq!(
            interpretation("slack-bot-token", 200, r#"{"ok":false,"error":"something_new"}"#, false).word,
            Liveness::Unknown
        );
        assert_eq!(interpretation("github-pat-classic", 200, "{}", false).word, Liveness::Unknown);
        assert_eq!(interpretation("github-pat-classic", 200, "<!DOCTYPE html><p>login", false).word, Liveness::Unknown);
    }

    #[test]
    fn a_secret_that_may_belong_to_another_host_is_not_dead() {
        let here = interpretation("gitlab-pat", 401, "{}", false);
        assert!(here.word == Liveness::Unknown && here.why.contains("self-managed"), "{here:?}");
        assert_eq!(interpretation("gitlab-pat", 401, "{}", true).word, Liveness::Dead);
        for (rule, status, body) in [
            ("github-pat-classic", 401, r#"{"message":"Bad credentials"}"#),
            ("github-app-installation-token", 401, r#"{"message":"Bad credentials"}"#),
            ("aws-secret-access-key", 403, "<Code>InvalidClientTokenId</Code>"),
            ("openai-project-key", 401, r#"{"error":{"code":"invalid_api_key"}}"#),
        ] {
            let words = [false, true].map(|is_named| interpretation(rule, status, body, is_named).word);
            assert_eq!(words, [Liveness::Unknown, Liveness::Dead], "{rule}");
        }
    }

    #[test]
    fn only_fields_listed_by_the_rule_are_shown() {
        let interpretation =
            interpretation("github-pat-classic", 200, r#"{"login":"made-up","email":"a@b.test"}"#, false);
        assert_eq!(interpretation.reveals, BTreeMap::from([("scopes".to_owned(), "repo".to_owned())]));
    }
}
