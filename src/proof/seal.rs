//! Check characters at the end of generated tokens.
//!
//! Owns which part of a token each seal covers. The algorithms are those of `detect::check`, so that a seal and its
//! check can't drift apart.

use crate::detect::check::{azure, bech32, crc, github, gitlab};

/// The names of the seals, which are those of the checks they satisfy.
pub(super) const NAMES: [&str; 10] = [
    "crc32-base62",
    "github-fine-grained",
    "atlassian-crc32",
    "grafana-crc32",
    "cloudflare-crc32",
    "entra",
    "gitlab-routable",
    "confluent-crc32",
    "zuplo-crc32",
    "bech32",
];

/// The reason why a text can't be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SealError {
    /// No check has this name.
    Unknown,
    /// The text lacks the form that the seal is computed from.
    Unsealable,
}

/// Returns the check characters to append to `before`. The part that a check covers is documented with its function.
pub(super) fn check(name: &str, before: &str) -> Result<String, SealError> {
    if !NAMES.contains(&name) {
        return Err(SealError::Unknown);
    }
    let body = before.split_once('_').map(|(_, body)| body.as_bytes());
    let check = match name {
        "crc32-base62" => body.map(crc::base62_crc32),
        "cloudflare-crc32" => body.filter(|b| b.len() == 40).map(crc::hex_crc32),
        "grafana-crc32" => before.strip_suffix('_').map(|b| crc::grafana_crc32(b.as_bytes())),
        "zuplo-crc32" => body.and_then(|b| b.strip_suffix(b"_")).map(crc::hex_crc32),
        "bech32" => bech32::check(before),
        "confluent-crc32" => before.strip_prefix("cflt").map(|b| crc::confluent_crc32(b.as_bytes())),
        "entra" => Some(before.as_bytes()).filter(|b| b.len() == 37).map(azure::entra_check),
        "github-fine-grained" => Some(github::fine_grained_check(before.as_bytes())),
        "gitlab-routable" => Some(gitlab::routable_check(before)),
        _ => Some(crc::atlassian_crc32(before.as_bytes())),
    };
    check.ok_or(SealError::Unsealable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::check::{Outcome, run};
    use crate::proof::template::Generator;
    use crate::rule::check::Check;

    /// Each check with a template, and the bytes of the token that it covers.
    const SEALED: [(&str, &str, std::ops::Range<usize>); 22] = [
        ("crc32-base62", "ghp_<base62:30><seal:crc32-base62>", 4..40),
        ("crc32-base62", "vcp_<base62:50><seal:crc32-base62>", 4..60),
        (
            "github-fine-grained",
            "github_pat_11<base32:7>0<base62:14>_<base62:43><seal:github-fine-grained><base62:8>",
            0..87,
        ),
        ("atlassian-crc32", "ATATT3xFfGF0<base64url:171>=<seal:atlassian-crc32>", 0..192),
        ("grafana-crc32", "glsa_<base62:32>_<seal:grafana-crc32>", 0..46),
        ("cloudflare-crc32", "cfut_<base62:40><seal:cloudflare-crc32>", 5..53),
        ("entra", "<base62:3>8Q~<unreserved:31><seal:entra>", 0..40),
        ("gitlab-routable", "glpat-<base64url:27>.01.<seal:gitlab-routable>", 0..45),
        ("gitlab-routable", "glrt-t1_<base64url:43>.01.17<seal:gitlab-routable>", 0..62),
        ("confluent-crc32", "cflt<base64:54><seal:confluent-crc32>", 0..64),
        ("zuplo-crc32", "zpka_<base36:32>_<seal:zuplo-crc32>", 5..46),
        ("bech32", "nsec1<of:023456789acdefghjklmnpqrstuvwxyz:52><seal:bech32>", 0..63),
        ("base58-check", "<wif>", 0..52),
        ("base58-check", "<xprv>", 0..111),
        ("crc16-base32", "<nkey:SU>", 0..58),
        ("crc16-base32", "<stellar-seed>", 0..56),
        ("azure-cask", "<azure-cask>", 0..84),
        ("azure-marvin(Default0)", "<azure-key:64:+ASt:Default0>", 0..88),
        ("azure-marvin(Send0000,Manage00)", "<azure-key:32:+ASb:Manage00>", 0..44),
        ("azure-marvin(Query000)", "<azure-key:39:AzSe:Query000>", 0..52),
        ("azure-marvin(Functi00)", "<azure-key:40:AzFu:Functi00>", 0..56),
        ("azure-marvin(ACRDflt0)", "<azure-key:39:+ACR:ACRDflt0>", 0..52),
    ];

    fn passes(check: &Check, token: &[u8]) -> bool {
        matches!(run(check, token), Outcome::Pass(_))
    }

    #[test]
    fn tokens_with_a_computed_checksum_pass_their_check() {
        for (check, template, covered) in SEALED {
            let check = Check::parse(check).unwrap();
            for seed in 0..200 {
                let token = Generator::new(seed).expand(template, None).unwrap();
                assert!(passes(&check, token.as_bytes()), "{template}: {token}");
                assert!(covered.end <= token.len(), "{template}: {token}");
            }
        }
    }

    #[test]
    fn every_altered_character_is_detected() {
        for (check, template, covered) in SEALED {
            let check = Check::parse(check).unwrap();
            let token = Generator::new(1).expand(template, None).unwrap().into_bytes();
            for at in covered {
                let mut altered = token.clone();
                altered[at] = if altered[at] == b'Q' { b'R' } else { b'Q' };
                assert!(!passes(&check, &altered), "{template}: {at}");
            }
        }
    }

    #[test]
    fn a_checksum_without_its_text_is_an_error() {
        for name in
            ["crc32-base62", "cloudflare-crc32", "grafana-crc32", "confluent-crc32", "zuplo-crc32", "bech32", "entra"]
        {
            assert_eq!(check(name, "x"), Err(SealError::Unsealable));
        }
    }
}
