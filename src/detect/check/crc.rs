//! Tokens that end in a CRC-32 (IEEE) of themselves; vendors differ in what is covered and how it is written.
//!
//! This module covers both directions: verification, and the check characters for generated examples. GitLab,
//! whose tokens also hold a payload, has its own file.

use data_encoding::BASE64;

use super::codec::{BASE62, digits, split_end, split_once};
use super::{ALTERED, Outcome, pass_if};

const SHORT: &str = "too short to contain a checksum";

/// Returns the checksum of `body` in six base62 digits.
///
/// Source: GitHub blog of 2021-04-05 and GitHub's account of the npm token format; Vercel follows it.
pub(crate) fn base62_crc32(body: &[u8]) -> String {
    digits(crc32fast::hash(body), BASE62, 6)
}

/// Returns the checksum in eight upper-case hexadecimal digits over everything before them (Atlassian; confirmed on
/// published samples).
pub(crate) fn atlassian_crc32(before: &[u8]) -> String {
    format!("{:08X}", crc32fast::hash(before))
}

/// Returns the checksum in eight lower-case hexadecimal digits over the body (Cloudflare's "40 characters and a
/// checksum"; Zuplo).
pub(crate) fn hex_crc32(body: &[u8]) -> String {
    format!("{:08x}", crc32fast::hash(body))
}

/// Returns the checksum's little-endian bytes in lower-case hexadecimal, over `glsa_` and the body (Grafana's source).
pub(crate) fn grafana_crc32(before: &[u8]) -> String {
    format!("{:08x}", crc32fast::hash(before).swap_bytes())
}

/// Returns the checksum's little-endian bytes in six base64 characters, prefix excluded (Confluent; one published
/// sample).
pub(crate) fn confluent_crc32(body: &[u8]) -> String {
    let mut text = BASE64.encode(&crc32fast::hash(body).to_le_bytes());
    text.truncate(6);
    text
}

/// Checks `<prefix>_<body><6>`: see [`base62_crc32`].
pub(super) fn base62(secret: &[u8]) -> Outcome {
    let parts = split_once(secret, b'_').and_then(|(_, rest)| split_end(rest, 6));
    judge(parts.filter(|(body, _)| !body.is_empty()), base62_crc32)
}

/// Checks `<anything><8>`, after undoing the escapes that properties files and URLs put before `=`.
pub(super) fn atlassian(secret: &[u8]) -> Outcome {
    let text = String::from_utf8_lossy(secret).replace("\\=", "=").replace("%3D", "=").replace("%3d", "=");
    judge(split_end(text.as_bytes(), 8), atlassian_crc32)
}

/// Checks `<prefix>_<40><8>`.
pub(super) fn cloudflare(secret: &[u8]) -> Outcome {
    judge(split_once(secret, b'_').and_then(|(_, rest)| rest.split_at_checked(40)), hex_crc32)
}

/// Checks `zpka_<32>_<8>`.
pub(super) fn zuplo(secret: &[u8]) -> Outcome {
    let parts = split_end(secret, 8).and_then(|(front, check)| Some((front.strip_suffix(b"_")?, check)));
    judge(parts.and_then(|(front, check)| Some((split_once(front, b'_')?.1, check))), hex_crc32)
}

/// Checks `glsa_<32>_<8>`; the checksum is accepted in either case.
pub(super) fn grafana(secret: &[u8]) -> Outcome {
    let lower = secret.last_chunk::<8>().map(|c| c.to_ascii_lowercase());
    let before = split_end(secret, 8).and_then(|(front, _)| front.strip_suffix(b"_"));
    judge(before.zip(lower.as_deref()), grafana_crc32)
}

/// Checks `cflt<54><6>`.
pub(super) fn confluent(secret: &[u8]) -> Outcome {
    judge(secret.strip_prefix(b"cflt").and_then(|rest| split_end(rest, 6)), confluent_crc32)
}

fn judge(parts: Option<(&[u8], &[u8])>, sum: fn(&[u8]) -> String) -> Outcome {
    match parts {
        Some((covered, check)) => pass_if(sum(covered).as_bytes() == check, ALTERED),
        None => Outcome::Fail(SHORT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Verify = fn(&[u8]) -> Outcome;

    fn sealed(body: &str) -> [(String, Verify); 6] {
        let (forty, thirty_two) = (body.get(..40).unwrap(), body.get(..32).unwrap());
        let grafana_before = format!("glsa_{thirty_two}");
        [
            (format!("ghx_{body}{}", base62_crc32(body.as_bytes())), base62),
            (format!("{body}={}", atlassian_crc32(format!("{body}=").as_bytes())), atlassian),
            (format!("cfx_{forty}{}", hex_crc32(forty.as_bytes())), cloudflare),
            (format!("{grafana_before}_{}", grafana_crc32(grafana_before.as_bytes())), grafana),
            (format!("cflt{body}{}", confluent_crc32(body.as_bytes())), confluent),
            (format!("zpka_{thirty_two}_{}", hex_crc32(thirty_two.as_bytes())), zuplo),
        ]
    }

    proptest! {
        #[test]
        fn bodies_with_a_valid_checksum_pass_and_altered_ones_fail(body in "[0-9A-Za-z]{54}", at in 5_usize..40) {
            for (token, verify) in sealed(&body) {
                prop_assert_eq!(verify(token.as_bytes()), Outcome::Pass(vec![]));
                let mut altered = token.into_bytes();
                altered[at] = if altered[at] == b'Q' { b'R' } else { b'Q' };
                prop_assert!(matches!(verify(&altered), Outcome::Fail(_)));
            }
        }
    }

    #[test]
    fn escapes_before_the_equals_sign_are_undone() {
        let sum = atlassian_crc32(b"AT=");
        assert_eq!(atlassian(format!("AT\\={sum}").as_bytes()), Outcome::Pass(vec![]));
        assert_eq!(atlassian(format!("AT%3D{sum}").as_bytes()), Outcome::Pass(vec![]));
    }

    #[test]
    fn short_values_fail() {
        for verify in [base62, atlassian, cloudflare, grafana, confluent, zuplo] {
            assert_eq!(verify(b"x_"), Outcome::Fail(SHORT));
        }
    }
}
