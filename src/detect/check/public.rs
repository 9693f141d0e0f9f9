//! Values that are meant to be seen: public halves of keys, addresses on a blockchain, and keys that issuers hand out
//! for pages.
//!
//! This module covers the properties that a value proves by its own structure. The name and the surroundings are judged
//! elsewhere.

use data_encoding::{BASE32_NOPAD, HEXLOWER_PERMISSIVE};

use super::codec::base64;
use super::{Outcome, base58, crc16, der};

/// Returns the kind of a value that is public by design.
pub(crate) fn is_public(value: &[u8]) -> Option<&'static str> {
    if is_publishable(value) {
        Some("a key or id that its issuer means to be public")
    } else if is_address(value) {
        Some("a public address")
    } else if is_public_key(value) {
        Some("a public key")
    } else {
        None
    }
}

/// Returns `true` for keys for pages and apps, which issuers hand out next to the secret ones, and for ids of items for
/// sale.
///
/// Source: the issuers' pages on their kinds of keys: Stripe, Clerk, Paystack, Mapbox, Supabase, `PostHog`, New Relic, Datadog.
fn is_publishable(value: &[u8]) -> bool {
    const STARTS: [&[u8]; 6] = [b"pk_live_", b"pk_test_", b"pk.eyJ", b"sb_publishable_", b"phc_", b"NRJS-"];
    let hex = |digits: &[u8], length: usize| digits.len() == length && digits.iter().all(u8::is_ascii_hexdigit);
    STARTS.iter().any(|start| value.starts_with(start))
        || value.strip_prefix(b"pub").is_some_and(|digits| hex(digits, 32))
        || is_price(value)
        || is_turnstile_site(value)
}

/// Returns `true` for the ids of Stripe's prices, products and plans.
fn is_price(value: &[u8]) -> bool {
    const STARTS: [&[u8]; 3] = [b"price_", b"prod_", b"plan_"];
    let body = STARTS.iter().find_map(|start| value.strip_prefix(*start));
    body.is_some_and(|body| (14..=24).contains(&body.len()) && body.iter().all(u8::is_ascii_alphanumeric))
}

/// Returns `true` for site keys of Cloudflare Turnstile; the matching secret starts the same way and is longer.
fn is_turnstile_site(value: &[u8]) -> bool {
    value.starts_with(b"0x4AAAAAA") && (20..=24).contains(&value.len())
}

/// Returns `true` for accounts and contracts of Ethereum and related chains, and for addresses of Bitcoin in either
/// notation.
fn is_address(value: &[u8]) -> bool {
    const WITNESS: [usize; 2] = [42, 62];
    let evm = value.strip_prefix(b"0x").is_some_and(|rest| rest.len() == 40 && rest.iter().all(u8::is_ascii_hexdigit));
    let digits = |rest: &[u8]| rest.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let witness = value.strip_prefix(b"bc1").is_some_and(|rest| WITNESS.contains(&value.len()) && digits(rest));
    let hashed = (26..=35).contains(&value.len()) && matches!(value.first(), Some(b'1' | b'3'));
    evm || witness || (hashed && base58::key(value) == Outcome::Pass(Vec::new()))
}

fn is_public_key(value: &[u8]) -> bool {
    if is_point_in_hex(value) || is_nkey(value) {
        return true;
    }
    /// The least number of base64 characters of a public key in a self-describing format.
    const LEAST: usize = 56;
    value.len() >= LEAST
        && base64(value).is_some_and(|bytes| {
            matches!(bytes.as_slice(), [4, ..] if bytes.len() == 65)
                || der::public(&bytes).is_some()
                || is_ssh(&bytes)
                || is_openpgp(&bytes)
        })
}

/// Returns `true` for a point on a curve of 256 bits: both coordinates, or one and the sign of the other (SEC 1).
fn is_point_in_hex(value: &[u8]) -> bool {
    let form = matches!((value.len(), value.get(..2)), (66, Some(b"02" | b"03")) | (130, Some(b"04")));
    form && HEXLOWER_PERMISSIVE.decode(value).is_ok()
}

/// Returns `true` for public keys of NATS and Stellar, whose checksum confirms the meaning of the first letter.
///
/// Source: `nats-io/nkeys`; SEP-23. In both formats `S` is a seed, and in NATS `P` is a private key.
fn is_nkey(value: &[u8]) -> bool {
    const LENGTH: usize = 56;
    value.len() == LENGTH
        && !matches!(value.first(), Some(b'S' | b'P'))
        && BASE32_NOPAD.decode(value).is_ok_and(|bytes| bytes.len() == 35)
        && crc16::seed(value) == Outcome::Pass(Vec::new())
}

/// Returns `true` if the bytes start with a length and the name of an algorithm, as in `authorized_keys` (RFC 4253).
fn is_ssh(bytes: &[u8]) -> bool {
    const NAMES: [&[u8]; 3] = [b"ssh-", b"ecdsa-sha2-", b"sk-"];
    matches!(bytes, [0, 0, 0, 7..=64, name @ ..] if NAMES.iter().any(|start| name.starts_with(start)))
}

/// Returns `true` for a packet with a public key of version 4 (RFC 9580); a secret key has another tag.
fn is_openpgp(bytes: &[u8]) -> bool {
    matches!(bytes, [0x98 | 0xc6, _, 4, ..] | [0x99, _, _, 4, ..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};

    fn reason(value: impl AsRef<[u8]>) -> Option<&'static str> {
        is_public(value.as_ref())
    }

    #[test]
    fn public_keys_are_recognised_by_their_structure() {
        let key = |tag: u8| [&[tag][..], &[0xA7; 32]].concat();
        let point = [&[4][..], &[0xA7; 64]].concat();
        for value in [
            crc16::seal(&key(20 << 3)),
            crc16::seal(&key(0)),
            BASE64URL_NOPAD.encode(&point),
            BASE64.encode(&point),
            HEXLOWER.encode(&point),
            HEXLOWER.encode(&key(3)),
            BASE64.encode(&[&b"\0\0\0\x0bssh-ed25519\0\0\0\x20"[..], &[9; 32]].concat()),
            BASE64.encode(&[&[0x99, 1, 13, 4][..], &[9; 60]].concat()),
        ] {
            assert_eq!(reason(&value), Some("a public key"), "{value}");
        }
        let seed = crc16::seal(&key(18 << 3));
        let altered = crc16::seal(&key(0)).replacen("AC", "AD", 1);
        for value in [seed, altered, BASE64.encode(&[0xA7; 65]), HEXLOWER.encode(&key(7)), BASE64.encode(&[4; 64])] {
            assert_eq!(reason(&value), None, "{value}");
        }
    }

    #[test]
    fn addresses_are_public_and_keys_of_the_same_chains_are_not() {
        let digits = "0f3a".repeat(16);
        assert_eq!(reason(format!("0x{}", &digits[..40])), Some("a public address"));
        assert_eq!(reason(format!("0x{digits}")), None);
        assert_eq!(reason(base58::seal(&[0; 21])), Some("a public address"));
        assert_eq!(reason(base58::seal(&[0x80; 33])), None);
    }

    #[test]
    fn keys_that_issuers_mean_for_web_pages_are_public() {
        let letters = "k3Xv".repeat(9);
        let public = Some("a key or id that its issuer means to be public");
        for start in ["pk_live_", "phc_", "sb_publishable_"] {
            assert_eq!(reason(format!("{start}{letters}")), public);
        }
        assert_eq!(reason(format!("price_1{}", &letters[..23])), public);
        assert_eq!(reason(format!("0x4AAAAAAA{}", &letters[..14])), public);
        assert_eq!(reason(format!("0x4AAAAAAA{}", &letters[..25])), None);
        assert_eq!(reason(format!("price_{letters}")), None);
    }
}
