//! OpenSSH's own private key format.
//!
//! Source: OpenSSH's PROTOCOL.key. A key without a passphrase holds one random number twice, which distinguishes a
//! whole key from an altered one; the fingerprint is that of `ssh-keygen -l`.

use data_encoding::BASE64_NOPAD;
use sha2::{Digest, Sha256};

use super::{Fact, Outcome};

const MAGIC: &[u8] = b"openssh-key-v1\0";

/// Judges the decoded body of an `OPENSSH PRIVATE KEY` block.
pub(super) fn key(bytes: &[u8]) -> Outcome {
    let Some(parts) = bytes.strip_prefix(MAGIC).and_then(parts) else {
        return Outcome::Fail("not a whole OpenSSH key");
    };
    let mut facts = public_facts(parts.public);
    if parts.cipher != b"none" {
        facts.push(Fact::new("encrypted", "yes"));
        return Outcome::Weak { reason: "encrypted with a passphrase", facts };
    }
    match parts.private.split_first_chunk::<4>() {
        Some((first, rest)) if rest.starts_with(first) => {
            facts.extend(comment(rest.get(4..).unwrap_or_default()));
            Outcome::Pass(facts)
        }
        _ => Outcome::Fail("the two check numbers differ: altered or invented"),
    }
}

struct Parts<'a> {
    cipher: &'a [u8],
    public: &'a [u8],
    private: &'a [u8],
}

/// Reads the cipher, derivation and its options, number of keys, public key, private keys.
fn parts(bytes: &[u8]) -> Option<Parts<'_>> {
    let (cipher, rest) = string(bytes)?;
    let (_derivation, rest) = string(rest)?;
    let (_options, rest) = string(rest)?;
    let (_count, rest) = rest.split_first_chunk::<4>()?;
    let (public, rest) = string(rest)?;
    let (private, rest) = string(rest)?;
    Some(Parts { cipher, public, private }).filter(|_| rest.is_empty())
}

/// Reads a length of four bytes, and that many bytes.
fn string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

fn public_facts(public: &[u8]) -> Vec<Fact> {
    let fingerprint = format!("SHA256:{}", BASE64_NOPAD.encode(&Sha256::digest(public)));
    let kind = string(public).and_then(|(kind, _)| std::str::from_utf8(kind).ok());
    let kind = kind.map(|k| Fact::new("key_algorithm", k));
    kind.into_iter().chain([Fact::new("ssh_fingerprint", fingerprint)]).collect()
}

/// Returns the last string before the padding, often `user@host`. Every kind of key is a row of strings, with the
/// comment last; the first two are the kind and public parts.
fn comment(mut rest: &[u8]) -> Option<Fact> {
    let mut last = None;
    let mut count = 0;
    while let Some((text, after)) = string(rest) {
        (last, rest, count) = (Some(text), after, count + 1);
    }
    let text = last.filter(|_| count > 3).and_then(|t| std::str::from_utf8(t).ok())?;
    let plain = !text.is_empty() && text.len() <= 100 && !text.chars().any(char::is_control);
    plain.then(|| Fact::new("ssh_comment", text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> Vec<u8> {
        [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat()
    }

    fn build(cipher: &[u8], second: u8) -> Vec<u8> {
        let public = [text(b"ssh-ed25519"), text(&[3; 32])].concat();
        let secret = [public.clone(), text(&[4; 64]), text(b"me@box"), vec![1, 2, 3]].concat();
        let private = [vec![7, 7, 7, 7, 7, 7, 7, second], secret].concat();
        let head = [text(cipher), text(b"none"), text(b""), vec![0, 0, 0, 1]].concat();
        [MAGIC.to_vec(), head, text(&public), text(&private)].concat()
    }

    #[test]
    fn plain_keys_reveal_kind_fingerprint_and_comment() {
        match key(&build(b"none", 7)) {
            Outcome::Pass(facts) => {
                let fields: Vec<_> = facts.iter().map(|f| f.field).collect();
                assert_eq!(fields, ["key_algorithm", "ssh_fingerprint", "ssh_comment"]);
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn encrypted_keys_lower_the_confidence() {
        assert!(matches!(key(&build(b"aes256-ctr", 0)), Outcome::Weak { reason: "encrypted with a passphrase", .. }));
    }

    #[test]
    fn altered_and_truncated_keys_fail() {
        assert!(matches!(key(&build(b"none", 8)), Outcome::Fail(_)));
        let whole = build(b"none", 7);
        assert!((0..whole.len()).all(|n| matches!(key(&whole[..n]), Outcome::Fail(_))));
    }
}
