//! `HashiCorp` Vault tokens of the long form.
//!
//! Source: Vault's protobuf message, confirmed on published samples. The short form is 24 random characters and has
//! nothing to check.

use super::codec::base64;
use super::macaroon::varint;
use super::{Fact, Outcome, pass_if};

/// The tag bytes of the message: a number in field 1, bytes in field 1 (inner message), 2 and 3.
const VERSION: u8 = 0x08;
const INNER: u8 = 0x0a;
const HMAC: u8 = 0x12;
const BODY: u8 = 0x1a;

/// Checks `hvs.` with a signed message, or `hvb.` with an encrypted one, which starts with a key version of few bits.
pub(super) fn token(secret: &[u8]) -> Outcome {
    if let Some(batch) = secret.strip_prefix(b"hvb.") {
        return pass_if(batch.starts_with(b"AAAA"), "no key version");
    }
    match secret.strip_prefix(b"hvs.") {
        Some(long) if long.len() > 40 => service(long),
        _ => Outcome::NotApplicable,
    }
}

fn service(long: &[u8]) -> Outcome {
    let bytes = base64(long);
    let Some(inner) = bytes.as_deref().and_then(inner) else {
        return Outcome::Fail("not Vault's message");
    };
    // `hvs.<24>.<namespace>`: the namespace id isn't secret, the rest is.
    let namespace = std::str::from_utf8(inner).ok().and_then(|t| t.splitn(3, '.').nth(2));
    Outcome::Pass(namespace.map(|n| Fact::new("vault_namespace", n)).into_iter().collect())
}

/// Returns the token inside: version 1, an HMAC of 32 bytes, and a message that starts with the token and ends with the
/// input.
fn inner(bytes: &[u8]) -> Option<&[u8]> {
    let (hmac, rest) = field(bytes.strip_prefix(&[VERSION, 1])?, HMAC)?;
    let (body, rest) = field(rest, BODY)?;
    let (inner, _) = field(body, INNER)?;
    let whole = rest.is_empty() && hmac.len() == 32;
    Some(inner).filter(|i| whole && i.starts_with(b"hvs."))
}

fn field(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (length, rest) = varint(bytes.strip_prefix(&[tag])?)?;
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::BASE64URL_NOPAD;

    fn message(inner: &[u8]) -> String {
        let length = u8::try_from(inner.len()).unwrap();
        let bytes = [&[VERSION, 1, HMAC, 32][..], &[0x9E; 32], &[BODY, length + 2, INNER, length], inner].concat();
        format!("hvs.{}", BASE64URL_NOPAD.encode(&bytes))
    }

    #[test]
    fn the_namespace_is_reported() {
        let expected = Outcome::Pass(vec![Fact::new("vault_namespace", "team")]);
        assert_eq!(token(message(b"hvs.aaaabbbbccccddddeeeeffff.team").as_bytes()), expected);
        assert_eq!(token(message(b"hvs.aaaabbbbccccddddeeeeffff").as_bytes()), Outcome::Pass(vec![]));
    }

    #[test]
    fn truncated_and_foreign_messages_fail() {
        let whole = message(b"hvs.aaaabbbbccccddddeeeeffff");
        assert!(matches!(token(&whole.as_bytes()[..whole.len() - 4]), Outcome::Fail(_)));
        assert!(matches!(token(format!("hvs.{}", "x".repeat(96)).as_bytes()), Outcome::Fail(_)));
        assert!(matches!(token(message(b"s.aaaa").as_bytes()), Outcome::Fail(_)));
    }

    #[test]
    fn batch_tokens_have_a_key_version_and_short_ones_have_no_facts() {
        assert_eq!(token(b"hvb.AAAAAQxyz"), Outcome::Pass(vec![]));
        assert_eq!(token(b"hvb.xyz"), Outcome::Fail("no key version"));
        assert_eq!(token(b"hvs.aaaabbbbccccddddeeeeffff"), Outcome::NotApplicable);
    }
}
