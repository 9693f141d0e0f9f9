//! `PyPI` API tokens: macaroons of the binary version 2 format.
//!
//! Source: `PyPI`'s documentation and the test data of warehouse. This module contains the packet reader and the
//! caveats that limit a token; only the server has the key of the signature, so it can't be verified here.

use serde_json::Value;

use super::codec::base64;
use super::{Fact, Outcome};
use crate::text::time::rfc3339;

const END: u8 = 0;
const LOCATION: u8 = 1;
const IDENTIFIER: u8 = 2;
const SIGNATURE: u8 = 6;

type Packet<'a> = (u8, &'a [u8]);

/// Checks `pypi-` and a macaroon for pypi.org or test.pypi.org.
pub(super) fn pypi(secret: &[u8]) -> Outcome {
    let Some(bytes) = secret.strip_prefix(b"pypi-").and_then(base64) else {
        return Outcome::Fail("not base64 after pypi-");
    };
    let Some(packets) = bytes.strip_prefix(&[2]).and_then(packets) else {
        return Outcome::Fail("not a macaroon of version 2");
    };
    if is_complete(&packets) {
        Outcome::Pass(facts(&packets))
    } else {
        Outcome::Fail("a macaroon without PyPI's location or a whole signature")
    }
}

fn is_complete(packets: &[Packet<'_>]) -> bool {
    let starts = matches!(packets.first(), Some((LOCATION, b"pypi.org" | b"test.pypi.org")));
    let ends = matches!(packets.last(), Some((SIGNATURE, signature)) if signature.len() == 32);
    starts && ends && packets.iter().filter(|(kind, _)| *kind == END).count() >= 2
}

/// Reads packets: type, length and bytes, repeated; a zero ends a section and has neither length nor bytes.
fn packets(mut rest: &[u8]) -> Option<Vec<Packet<'_>>> {
    let mut found = Vec::new();
    while let [kind, after @ ..] = rest {
        if *kind == END {
            found.push((END, [].as_slice()));
            rest = after;
            continue;
        }
        let (length, after) = varint(after)?;
        let (bytes, after) = after.split_at_checked(length)?;
        found.push((*kind, bytes));
        rest = after;
    }
    Some(found)
}

/// Reads a number in groups of seven bits, least significant first; four groups are more than a token holds.
pub(super) fn varint(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0;
    for (at, byte) in bytes.iter().enumerate().take(4) {
        value |= usize::from(byte & 0x7f) << (7 * at);
        if *byte < 0x80 {
            return Some((value, bytes.get(at + 1..)?));
        }
    }
    None
}

fn facts(packets: &[Packet<'_>]) -> Vec<Fact> {
    let mut named = packets.iter().filter(|(kind, _)| *kind == IDENTIFIER).map(|(_, bytes)| *bytes);
    let id = named.next().and_then(|b| std::str::from_utf8(b).ok()).filter(|t| t.len() == 36);
    let id = id.map(|id| Fact::new("pypi_token_id", id));
    let limits = named.filter_map(|b| serde_json::from_slice(b).ok()).filter_map(|caveat: Value| limit(&caveat));
    id.into_iter().chain(limits).collect()
}

/// Returns the limit that a caveat sets. Caveats are objects in old tokens and `[number, ...]` in new ones.
fn limit(caveat: &Value) -> Option<Fact> {
    let permissions = caveat.get("permissions");
    if let Some(scope) = permissions.and_then(Value::as_str) {
        return Some(Fact::new("pypi_scope", scope));
    }
    if let Some(projects) = permissions.and_then(|p| p.get("projects")) {
        return list(projects).map(|p| Fact::new("pypi_project", p));
    }
    match caveat.get(0)?.as_u64()? {
        0 => caveat.get(1)?.as_u64().and_then(rfc3339).map(|t| Fact::new("pypi_expires", t)),
        1 => list(caveat.get(1)?).map(|p| Fact::new("pypi_project", p)),
        3 => Some(Fact::new("pypi_scope", "user")),
        _ => None,
    }
}

fn list(names: &Value) -> Option<String> {
    let names: Vec<_> = names.as_array()?.iter().filter_map(Value::as_str).collect();
    Some(names.join(",")).filter(|n| !n.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::BASE64URL_NOPAD;

    fn packet(kind: u8, bytes: &[u8]) -> Vec<u8> {
        [&[kind, u8::try_from(bytes.len()).unwrap()], bytes].concat()
    }

    fn token(location: &[u8], caveat: &str) -> String {
        let bytes = [
            vec![2],
            packet(LOCATION, location),
            packet(IDENTIFIER, b"01234567-89ab-4def-8123-456789abcdef"),
            vec![END],
            packet(IDENTIFIER, caveat.as_bytes()),
            vec![END, END],
            packet(SIGNATURE, &[0xC3; 32]),
        ];
        format!("pypi-{}", BASE64URL_NOPAD.encode(&bytes.concat()))
    }

    fn fact(caveat: &str) -> Fact {
        match pypi(token(b"pypi.org", caveat).as_bytes()) {
            Outcome::Pass(facts) => facts.last().unwrap().clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn limits_are_reported() {
        assert_eq!(fact(r#"{"version": 1, "permissions": "user"}"#), Fact::new("pypi_scope", "user"));
        assert_eq!(fact(r#"{"permissions": {"projects": ["a", "b"]}}"#), Fact::new("pypi_project", "a,b"));
        assert_eq!(fact(r#"[1, ["a"]]"#), Fact::new("pypi_project", "a"));
        assert_eq!(fact("[0, 951782400, 0]"), Fact::new("pypi_expires", "2000-02-29T00:00:00Z"));
        assert_eq!(fact("[3, \"u\"]"), Fact::new("pypi_scope", "user"));
        assert_eq!(fact("nonsense").field, "pypi_token_id");
    }

    #[test]
    fn other_locations_and_truncated_tokens_fail() {
        assert!(matches!(pypi(token(b"example.org", "{}").as_bytes()), Outcome::Fail(_)));
        let whole = token(b"pypi.org", "{}");
        for length in 0..whole.len() {
            assert!(matches!(pypi(&whole.as_bytes()[..length]), Outcome::Fail(_)), "{length}");
        }
    }
}
