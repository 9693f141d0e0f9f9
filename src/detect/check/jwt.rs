//! JSON Web Tokens (RFC 7519), also after a vendor's prefix (`bkaj_`, `ghs_<id>_`).
//!
//! This module checks structure and claims. Whether a token has expired depends on the day and is decided by the reader
//! of the facts.

use serde_json::{Map, Value};

use super::codec::{base64, json_starts};
use super::json::object;
use super::{Fact, Outcome};
use crate::text::time::rfc3339;

type Object = Map<String, Value>;

/// The signature lengths in bytes, by algorithm; RSA ones depend on the key and start at 1024 bits.
const SIGNATURES: [(&str, usize); 8] = [
    ("HS256", 32),
    ("HS384", 48),
    ("HS512", 64),
    ("ES256", 64),
    ("ES256K", 64),
    ("ES384", 96),
    ("ES512", 132),
    ("EdDSA", 64),
];

/// The header parameters of RFC 7515, RFC 7516, RFC 7518 and RFC 7797: a header has at least one of them.
const HEADER: [&str; 23] = [
    "alg", "typ", "cty", "kid", "jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256", "crit", "b64", "url", "nonce", "enc",
    "zip", "epk", "apu", "apv", "iv", "tag", "p2s", "p2c",
];

/// Checks a signed token; if `role` is given, the payload has to name it.
pub(super) fn token(secret: &[u8], role: Option<&str>) -> Outcome {
    let Some((header, payload, signature)) = json_starts(secret).find_map(parts) else {
        return Outcome::Fail("not three parts with a JSON header and payload");
    };
    if is_example(&payload) {
        return Outcome::Sample;
    }
    if role.is_some_and(|r| text(&payload, "role") != Some(r)) {
        return Outcome::Fail("another role");
    }
    if is_for_pages(&payload) {
        return Outcome::Weak { reason: "meant to be public, in pages and apps", facts: claims(&payload) };
    }
    judge(text(&header, "alg"), &signature, claims(&payload))
}

fn parts(text: &[u8]) -> Option<(Object, Object, Vec<u8>)> {
    let mut segments = text.split(|b| *b == b'.');
    let (header, payload, signature) = (segments.next()?, segments.next()?, segments.next()?);
    let header = object(header).filter(|header| HEADER.iter().any(|parameter| header.contains_key(*parameter)))?;
    let whole = segments.next().is_none();
    Some((header, object(payload)?, base64(signature)?)).filter(|_| whole)
}

/// Returns `true` for known example payloads: tutorials sign those of jwt.io and RFC 7515 with keys of their own, and
/// each local Supabase has the same tokens.
fn is_example(payload: &Object) -> bool {
    let tutorial = text(payload, "sub") == Some("1234567890") && text(payload, "name") == Some("John Doe");
    let specification = payload.contains_key("http://example.com/is_root");
    tutorial || specification || text(payload, "iss") == Some("supabase-demo")
}

/// Returns `true` for the key that Supabase issues for clients: its role has the rights of a user who is not signed in.
fn is_for_pages(payload: &Object) -> bool {
    text(payload, "iss") == Some("supabase") && text(payload, "role") == Some("anon")
}

fn judge(algorithm: Option<&str>, signature: &[u8], facts: Vec<Fact>) -> Outcome {
    if signature.is_empty() || algorithm.is_some_and(|name| name.eq_ignore_ascii_case("none")) {
        return Outcome::Fail("not signed");
    }
    let Some(algorithm) = algorithm else {
        return Outcome::Weak { reason: "its header names no algorithm", facts };
    };
    let expected = SIGNATURES.iter().find(|(name, _)| *name == algorithm).map(|(_, length)| *length);
    let rsa = algorithm.starts_with("RS") || algorithm.starts_with("PS");
    if expected.is_some_and(|length| length != signature.len()) || rsa && signature.len() < 128 {
        return Outcome::Weak { reason: "the signature has the wrong length for its algorithm", facts };
    }
    Outcome::Pass(facts)
}

fn claims(payload: &Object) -> Vec<Fact> {
    let plain = [("iss", "jwt_issuer"), ("sub", "jwt_subject")];
    let named = plain.into_iter().filter_map(|(claim, field)| Some(Fact::new(field, text(payload, claim)?)));
    let expires = payload.get("exp").and_then(seconds).and_then(rfc3339).map(|t| Fact::new("jwt_expires", t));
    let audience = audience(payload).map(|a| Fact::new("jwt_audience", a));
    named.chain(audience).chain(expires).chain(kubernetes(payload)).collect()
}

/// Returns one audience; of a list the first one, and none that is too long.
fn audience(payload: &Object) -> Option<&str> {
    let audience = payload.get("aud")?;
    let first = audience.as_array().and_then(|list| list.first()).unwrap_or(audience);
    first.as_str().filter(|a| a.len() <= 100)
}

/// Returns a time in whole seconds, as some issuers write fractions.
fn seconds(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| format!("{:.0}", value.as_f64()?).parse().ok())
}

/// Returns namespace and service account, from the flat claims of old tokens or the nested ones of bound tokens.
fn kubernetes(payload: &Object) -> Vec<Fact> {
    let nested = payload.get("kubernetes.io");
    let bound = |path: &str| nested.and_then(|k| k.pointer(path)).and_then(Value::as_str);
    let flat = |name: &str| text(payload, name);
    let namespace = flat("kubernetes.io/serviceaccount/namespace").or_else(|| bound("/namespace"));
    let account = flat("kubernetes.io/serviceaccount/service-account.name").or_else(|| bound("/serviceaccount/name"));
    let fields = [("kubernetes_namespace", namespace), ("kubernetes_service_account", account)];
    fields.into_iter().filter_map(|(field, value)| Some(Fact::new(field, value?))).collect()
}

fn text<'a>(object: &'a Object, key: &str) -> Option<&'a str> {
    object.get(key)?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::BASE64URL_NOPAD;

    fn sign(header: &str, payload: &str, length: usize) -> String {
        let encode = |b: &[u8]| BASE64URL_NOPAD.encode(b);
        format!("{}.{}.{}", encode(header.as_bytes()), encode(payload.as_bytes()), encode(&vec![0x5A; length]))
    }

    fn facts(outcome: Outcome) -> Vec<(&'static str, String)> {
        match outcome {
            Outcome::Pass(facts) | Outcome::Weak { facts, .. } => {
                facts.into_iter().map(|f| (f.field, f.value)).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn claims_are_reported() {
        let payload =
            r#"{"iss":"acme","sub":"7","aud":["api"],"exp":1735689599.4,"kubernetes.io":{"namespace":"prod"}}"#;
        let token = sign(r#"{"alg":"HS256"}"#, payload, 32);
        let expected = [
            ("jwt_issuer", "acme"),
            ("jwt_subject", "7"),
            ("jwt_audience", "api"),
            ("jwt_expires", "2024-12-31T23:59:59Z"),
            ("kubernetes_namespace", "prod"),
        ];
        assert_eq!(facts(super::token(token.as_bytes(), None)), expected.map(|(f, v)| (f, v.to_owned())));
        assert!(!facts(super::token(format!("ghs_123_{token}").as_bytes(), None)).is_empty());
    }

    #[test]
    fn roles_are_compared() {
        let token = sign(r#"{"alg":"HS256"}"#, r#"{"role":"anon"}"#, 32);
        assert_eq!(super::token(token.as_bytes(), Some("anon")), Outcome::Pass(vec![]));
        assert_eq!(super::token(token.as_bytes(), Some("service_role")), Outcome::Fail("another role"));
        let anon = sign(r#"{"alg":"HS256"}"#, r#"{"role":"anon","iss":"supabase"}"#, 32);
        assert!(matches!(super::token(anon.as_bytes(), None), Outcome::Weak { .. }));
    }

    #[test]
    fn a_jwt_that_is_not_a_credential_fails() {
        let fails = |token: &str, reason| assert_eq!(super::token(token.as_bytes(), None), Outcome::Fail(reason));
        fails(&sign(r#"{"alg":"none"}"#, "{}", 32), "not signed");
        fails(&sign(r#"{"alg":"HS256"}"#, "{}", 0), "not signed");
        let known = |payload: &str| token(sign(r#"{"alg":"HS256"}"#, payload, 32).as_bytes(), None);
        assert_eq!(known(r#"{"sub":"1234567890","name":"John Doe"}"#), Outcome::Sample);
        assert_eq!(known(r#"{"iss":"joe","http://example.com/is_root":true}"#), Outcome::Sample);
        assert_eq!(known(r#"{"iss":"supabase-demo","role":"service_role"}"#), Outcome::Sample);
        fails(&sign("{}", "{}", 32), "not three parts with a JSON header and payload");
        fails("a.b.c", "not three parts with a JSON header and payload");
    }

    #[test]
    fn a_signature_of_another_length_lowers_the_confidence() {
        let token = sign(r#"{"alg":"RS256"}"#, "{}", 32);
        assert!(matches!(super::token(token.as_bytes(), None), Outcome::Weak { .. }));
    }
}
