//! GitHub fine-grained tokens.
//!
//! Classic tokens share their checksum with other vendors and are in `crc`.

use data_encoding::{BASE32, BASE32_NOPAD};
use sha2::{Digest, Sha256};

use super::codec::split_end;
use super::{ALTERED, Fact, Outcome};

/// Returns the eight check characters over everything before them, `github_pat_` included.
///
/// Source: two independent published samples (kingfisher, `CredSweeper`); GitHub does not document it. Eight random
/// characters follow the check in a token.
pub(crate) fn fine_grained_check(before: &[u8]) -> String {
    let mut text = BASE32.encode(&Sha256::digest(before));
    text.truncate(8);
    text
}

/// Checks `github_pat_11<7 base32: user id>0<...>_<...><8 check><8>`.
pub(super) fn fine_grained(secret: &[u8]) -> Outcome {
    let parts = split_end(secret, 8).and_then(|(front, _)| split_end(front, 8));
    match parts {
        Some((before, check)) if fine_grained_check(before).as_bytes() == check => Outcome::Pass(user_id(secret)),
        _ => Outcome::Fail(ALTERED),
    }
}

/// Returns the owner's numeric id, which characters 3 to 9 after the prefix hold in base32.
fn user_id(secret: &[u8]) -> Vec<Fact> {
    let digits = secret.strip_prefix(b"github_pat_11").and_then(|rest| rest.get(..7));
    let bytes = digits.and_then(|d| BASE32_NOPAD.decode(d).ok());
    let id = bytes.and_then(|b| b.try_into().ok()).map(u32::from_be_bytes);
    id.filter(|id| *id > 0).map(|id| Fact::new("github_user_id", id.to_string())).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(id: u32) -> String {
        let before =
            format!("github_pat_11{}0{}_{}", BASE32_NOPAD.encode(&id.to_be_bytes()), "aB3".repeat(4), "cD4".repeat(14));
        format!("{before}{}{}", fine_grained_check(before.as_bytes()), "eF5eF5eF")
    }

    #[test]
    fn the_owner_is_reported() {
        let expected = Outcome::Pass(vec![Fact::new("github_user_id", "583231")]);
        assert_eq!(fine_grained(token(583_231).as_bytes()), expected);
    }

    #[test]
    fn altered_and_short_values_fail() {
        assert_eq!(fine_grained(token(7).replacen("aB3", "aB4", 1).as_bytes()), Outcome::Fail(ALTERED));
        assert_eq!(fine_grained(b"github_pat_11"), Outcome::Fail(ALTERED));
    }
}
