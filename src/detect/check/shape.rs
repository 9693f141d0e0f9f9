//! Checks of shape alone: alphabets, lengths, and encodings that wrap a short fixed layout.

use super::codec::{base58, base64, decimal, split_once};
use super::{Fact, Outcome, pass_if};
use crate::rule::check::Check;
use crate::text::time::rfc3339;

/// Runs the checks of this file; any other check does not apply.
pub(super) fn run(check: &Check, secret: &[u8]) -> Outcome {
    match check {
        Check::Base64Tail => base64_tail(secret),
        Check::Base64Decodes(count) => base64_decodes(secret, *count),
        Check::Mixed => mixed(secret),
        Check::UuidV4 => uuid_v4(secret),
        Check::JfrogAkcp => jfrog_key(secret),
        Check::JfrogReference => jfrog_reference(secret),
        Check::DiscordBot => discord_bot(secret),
        Check::Nuget => nuget(secret),
        _ => Outcome::NotApplicable,
    }
}

/// Checks that the last character has no stray bits, as in base64 of whole bytes (RFC 4648, 3.5): so encoders write
/// it, but only one in four random texts.
///
/// Dots separate parts that are encoded on their own; short ones are words. The value may start with a lower-case
/// prefix.
fn base64_tail(secret: &[u8]) -> Outcome {
    let parts = secret.split(|b| *b == b'.').filter(|p| p.len() >= 11);
    let mut canonical = parts.map(|part| base64(part).is_some() || prefixed(part).is_some_and(|p| base64(p).is_some()));
    pass_if(canonical.all(|c| c), "the last character has stray bits")
}

/// Returns the text after `xx-` or `xx_`, where the prefix has two to eight lower-case letters or digits.
fn prefixed(text: &[u8]) -> Option<&[u8]> {
    let at = text.iter().position(|b| !b.is_ascii_lowercase() && !b.is_ascii_digit())?;
    match text.get(at..)? {
        [b'-' | b'_', rest @ ..] if (2..=8).contains(&at) => Some(rest),
        _ => None,
    }
}

/// Checks for base64 of exactly `count` bytes, as the whole value or after its prefix.
fn base64_decodes(secret: &[u8], count: u32) -> Outcome {
    let fits = |text: &[u8]| base64(text).is_some_and(|b| u32::try_from(b.len()) == Ok(count));
    pass_if(fits(secret) || prefixed(secret).is_some_and(fits), "does not decode to the right number of bytes")
}

/// Checks for a letter and a digit, which rules out words and numbers.
fn mixed(secret: &[u8]) -> Outcome {
    let has = |class: fn(&u8) -> bool| secret.iter().any(class);
    pass_if(has(u8::is_ascii_alphabetic) && has(u8::is_ascii_digit), "only letters or only digits")
}

/// Checks a UUID of RFC 9562: the version digit is 4, the variant's first bits are 10.
fn uuid_v4(secret: &[u8]) -> Outcome {
    let dashes = [8, 13, 18, 23].iter().all(|at| secret.get(*at) == Some(&b'-'));
    let digits = secret.iter().filter(|b| b.is_ascii_hexdigit()).count();
    if secret.len() != 36 || !dashes || digits != 32 {
        return Outcome::Fail("not a UUID");
    }
    let variant = matches!(secret.get(19), Some(b'8' | b'9' | b'a' | b'b' | b'A' | b'B'));
    pass_if(secret.get(14) == Some(&b'4') && variant, "not a random UUID")
}

/// Checks `AKCp…`: 73 base58 characters for 54 bytes that start with 01 FD (published samples).
fn jfrog_key(secret: &[u8]) -> Outcome {
    let bytes = base58(secret).unwrap_or_default();
    pass_if(bytes.len() == 54 && bytes.starts_with(&[1, 0xFD]), "not the bytes of a JFrog key")
}

/// Checks base64 of `reftkn:<version>:<expiry, 10 digits, 0 = never>:<20 or more printable>` (published sample).
fn jfrog_reference(secret: &[u8]) -> Outcome {
    let bytes = base64(secret).unwrap_or_default();
    match reference_expiry(&bytes) {
        Some(0) => Outcome::Pass(Vec::new()),
        Some(expiry) => {
            let fact = rfc3339(expiry).map(|t| Fact::new("jfrog_expires", t));
            Outcome::Pass(fact.into_iter().collect())
        }
        None => Outcome::Fail("not JFrog's reference layout"),
    }
}

fn reference_expiry(bytes: &[u8]) -> Option<u64> {
    let (version, rest) = split_once(bytes.strip_prefix(b"reftkn:")?, b':')?;
    let (expiry, random) = split_once(rest, b':')?;
    let printable = random.len() >= 20 && random.iter().all(u8::is_ascii_graphic);
    decimal(version)?;
    decimal(expiry).filter(|_| printable && expiry.len() == 10)
}

/// Checks `<bot id in base64>.<6>.<27 or more>` (Discord's developer documentation).
fn discord_bot(secret: &[u8]) -> Outcome {
    let id = split_once(secret, b'.').and_then(|(id, _)| base64(id)).unwrap_or_default();
    let parts = secret.split(|b| *b == b'.').count();
    if parts == 3 && (17..=20).contains(&id.len()) && id.iter().all(u8::is_ascii_digit) {
        Outcome::Pass(vec![Fact::new("discord_bot_id", String::from_utf8_lossy(&id))])
    } else {
        Outcome::Fail("contains no bot id")
    }
}

/// Checks `oy2` (base32 of "v4") and 43 more lower-case base32 characters (microsoft/security-utilities).
fn nuget(secret: &[u8]) -> Outcome {
    let alphabet = secret.iter().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'));
    pass_if(alphabet && secret.len() == 46 && secret.starts_with(b"oy2"), "not base32 of the right length")
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::{BASE64, BASE64URL_NOPAD};

    fn passes(check: &Check, text: &str) -> bool {
        matches!(run(check, text.as_bytes()), Outcome::Pass(_))
    }

    #[test]
    fn tails_are_judged_part_by_part() {
        let part = BASE64URL_NOPAD.encode(&[0x5C; 32]);
        let stray = format!("{}B", &part[..42]);
        assert!(passes(&Check::Base64Tail, &part));
        assert!(passes(&Check::Base64Tail, &format!("SG.{part}.{part}")));
        assert!(passes(&Check::Base64Tail, &format!("sq0csp-{part}")));
        assert!(!passes(&Check::Base64Tail, &stray));
        assert!(!passes(&Check::Base64Tail, &format!("SG.{part}.{stray}")));
        assert!(passes(&Check::Base64Decodes(32), &part));
        assert!(passes(&Check::Base64Decodes(32), &format!("key_{part}=")));
        assert!(!passes(&Check::Base64Decodes(31), &part));
    }

    #[test]
    fn uuids_reveal_their_version() {
        assert!(passes(&Check::UuidV4, "0f1e2d3c-4b5a-4978-a695-8b7c6d5e4f30"));
        assert!(!passes(&Check::UuidV4, "0f1e2d3c-4b5a-1978-a695-8b7c6d5e4f30"));
        assert!(!passes(&Check::UuidV4, "0f1e2d3c-4b5a-4978-c695-8b7c6d5e4f30"));
        assert!(!passes(&Check::UuidV4, "0f1e2d3c4b5a4978a6958b7c6d5e4f30"));
    }

    #[test]
    fn reference_tokens_reveal_their_expiry() {
        let token = |expiry: &str| BASE64.encode(format!("reftkn:01:{expiry}:{}", "aB3-".repeat(7)).as_bytes());
        let expected = Outcome::Pass(vec![Fact::new("jfrog_expires", "2024-12-31T23:59:59Z")]);
        assert_eq!(jfrog_reference(token("1735689599").as_bytes()), expected);
        assert_eq!(jfrog_reference(token("0000000000").as_bytes()), Outcome::Pass(vec![]));
        assert!(!passes(&Check::JfrogReference, &token("17")));
    }

    #[test]
    fn bot_tokens_reveal_their_id() {
        let token = format!("{}.AbCdEf.{}", BASE64URL_NOPAD.encode(b"123456789012345678"), "x".repeat(27));
        let expected = Outcome::Pass(vec![Fact::new("discord_bot_id", "123456789012345678")]);
        assert_eq!(discord_bot(token.as_bytes()), expected);
        assert!(!passes(&Check::DiscordBot, "abc.def.ghi"));
    }

    #[test]
    fn alphabets_and_lengths_are_checked() {
        assert!(passes(&Check::Nuget, &format!("oy2{}", "a2".repeat(21) + "b")));
        assert!(!passes(&Check::Nuget, &format!("oy2{}", "a1".repeat(21) + "b")));
        assert!(passes(&Check::Mixed, "abc1") && !passes(&Check::Mixed, "abc") && !passes(&Check::Mixed, "123"));
        assert!(!passes(&Check::JfrogAkcp, &"2".repeat(73)));
        assert_eq!(run(&Check::Jwt, b""), Outcome::NotApplicable);
    }
}
