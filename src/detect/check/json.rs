//! Values that are, or wrap, a JSON object: vendor tokens in base64 and Google service account files.
//!
//! JSON Web Tokens have their own file.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::codec;
use super::{Fact, Outcome, key};

/// Keys whose values are plain identifiers in the tokens that hold them, with the names that commands use for them.
const IDENTIFIERS: [(&str, &str); 6] = [
    ("org", "org"),
    ("o", "org"),
    ("u", "user"),
    ("email", "email"),
    ("region_url", "host"),
    ("signInAddress", "host"),
];

/// Checks for a base64 JSON object that has all of `keys`: the whole value, or the part after one separator up to the
/// next.
///
/// Source: layouts of Sentry (`sntrys_`), Grafana (`glc_`, legacy keys), Mapbox and 1Password tokens.
pub(super) fn base64(secret: &[u8], keys: &[Cow<'static, str>]) -> Outcome {
    let found = codec::json_starts(secret).flat_map(pieces).filter_map(object);
    let mut objects = found.peekable();
    if objects.peek().is_none() {
        return Outcome::Fail("contains no JSON object");
    }
    match objects.find(|o| keys.iter().all(|k| o.contains_key(k.as_ref()))) {
        Some(object) => Outcome::Pass(identifiers(&object, keys)),
        None => Outcome::Fail("the JSON object inside lacks a key"),
    }
}

/// Returns `text` whole, and cut at its first dot or underscore: a signature follows the payload there.
fn pieces(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let cut = |mark| codec::split_once(text, mark).map(|(before, _)| before);
    [Some(text), cut(b'.'), cut(b'_')].into_iter().flatten()
}

/// Returns the JSON object that `text` encodes.
pub(super) fn object(text: &[u8]) -> Option<Map<String, Value>> {
    let bytes = codec::base64(text)?;
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}

/// Returns only the identifiers that the rule asked for: in another token a key of one letter could mean anything.
fn identifiers(object: &Map<String, Value>, keys: &[Cow<'static, str>]) -> Vec<Fact> {
    let known = IDENTIFIERS.iter().filter(|(key, _)| keys.iter().any(|k| k == key));
    known.filter_map(|(key, field)| Some(Fact::new(field, host(object.get(*key)?.as_str()?)))).collect()
}

/// Returns a URL without its scheme and path; other text unchanged.
fn host(text: &str) -> &str {
    let rest = text.split_once("://").map(|(_, rest)| rest);
    rest.map_or(text, |r| r.split('/').next().unwrap_or(r))
}

/// Checks a Google service account file, or the part of it that a pattern caught.
///
/// Source: Google's documentation of service account keys: `type`, an RSA key in `private_key`, `private_key_id`,
/// `client_email` under `gserviceaccount.com`.
pub(super) fn service_account(secret: &[u8]) -> Outcome {
    let text = String::from_utf8_lossy(secret).replace("\\\"", "\"").replace("\\\\", "\\");
    if member(&text, "type").is_some_and(|t| t != "service_account") {
        return Outcome::Fail("a file of another type");
    }
    if member(&text, "client_email").is_some_and(|e| !e.ends_with("gserviceaccount.com")) {
        return Outcome::Fail("the account is not under gserviceaccount.com");
    }
    match key::private(member(&text, "private_key").unwrap_or(&text).as_bytes()) {
        Outcome::Pass(facts) => Outcome::Pass(account_facts(&text, facts)),
        Outcome::Weak { reason, facts } => Outcome::Weak { reason, facts: account_facts(&text, facts) },
        other => other,
    }
}

fn account_facts(text: &str, key_facts: Vec<Fact>) -> Vec<Fact> {
    let members = [("project_id", "gcp_project"), ("client_email", "gcp_client_email"), ("private_key_id", "key_id")];
    let named = members.into_iter().filter_map(|(name, field)| Some(Fact::new(field, member(text, name)?)));
    named.chain(key_facts).collect()
}

/// Returns the string after `"name":`. The file may be cut off or escaped, so no JSON parser would read it; the
/// values needed hold no quotes.
fn member<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("\"{name}\""))?;
    let value = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    value.split_once('"').map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::{BASE64, BASE64URL_NOPAD};

    fn keys(list: &[&'static str]) -> Vec<Cow<'static, str>> {
        list.iter().map(|k| Cow::Borrowed(*k)).collect()
    }

    #[test]
    fn payloads_are_found_between_separators() {
        let payload = BASE64URL_NOPAD.encode(br#"{"org":"acme","region_url":"https://eu.example.net/x"}"#);
        let passes = Outcome::Pass(vec![Fact::new("org", "acme"), Fact::new("host", "eu.example.net")]);
        for token in
            [payload.clone(), format!("sntrys_{payload}_AbC"), format!("sk.{payload}.AbC"), format!("x-{payload}==")]
        {
            assert_eq!(base64(token.as_bytes(), &keys(&["org", "region_url"])), passes, "{token}");
        }
    }

    #[test]
    fn missing_keys_and_other_data_fail() {
        let token = BASE64.encode(br#"{"k":"a","t":"b","c":1}"#);
        assert_eq!(base64(token.as_bytes(), &keys(&["k", "n"])), Outcome::Fail("the JSON object inside lacks a key"));
        assert_eq!(base64(b"eyJub3BlIjox", &keys(&["n"])), Outcome::Fail("contains no JSON object"));
    }

    #[test]
    fn files_without_a_key_fail() {
        assert!(matches!(service_account(br#"{"type": "authorized_user"}"#), Outcome::Fail("a file of another type")));
        assert!(matches!(service_account(br#"{"client_email": "a@example.org"}"#), Outcome::Fail(_)));
        assert!(matches!(service_account(br#"{"type": "service_account", "private_key": "x"}"#), Outcome::Fail(_)));
    }
}
