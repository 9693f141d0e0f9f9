//! Private keys generated for examples: every length and type is right, and every number random.
//!
//! They parse but open nothing: the numbers don't form a key pair.

use data_encoding::{BASE64, HEXUPPER};

use super::random::Random;
use crate::detect::check::pgp;

const RSA: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
const P256: &[u8] = &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];

/// Returns the block of this kind without a final line break; `None` for an unknown kind.
pub(super) fn pem(random: &mut Random, kind: &str) -> Option<String> {
    let text = match kind {
        "rsa" => block("RSA PRIVATE KEY", "", &rsa(random)),
        "ec" => block("EC PRIVATE KEY", "", &ec(random)),
        "pkcs8" => block("PRIVATE KEY", "", &pkcs8(random)),
        "rsa-bare" => BASE64.encode(&rsa(random)),
        "ec-bare" => BASE64.encode(&ec(random)),
        "pkcs8-bare" => BASE64.encode(&pkcs8(random)),
        "rsa-encrypted" => rsa_encrypted(random),
        "openssh" => block("OPENSSH PRIVATE KEY", "", &openssh(random, false)),
        "openssh-encrypted" => block("OPENSSH PRIVATE KEY", "", &openssh(random, true)),
        _ => return None,
    };
    Some(text)
}

/// Returns an armoured RSA secret key without passphrase, with a user id and the checksum line.
pub(super) fn pgp(random: &mut Random) -> String {
    let secret: Vec<u8> = [256, 128, 128, 128].iter().flat_map(|size| mpi(random, *size)).collect();
    let sum = secret.iter().fold(0_u16, |sum, b| sum.wrapping_add(u16::from(*b)));
    let public = [&[4, 0x67, 0x50, 0, 0, 1][..], &mpi(random, 256), &[0, 17, 1, 0, 1]].concat();
    let key = [&public[..], &[0], &secret, &sum.to_be_bytes()].concat();
    let user = b"Release Signing <release@harbor.internal>";
    let bytes = [&[0x95][..], &short(&key), &key, &[0xCD, 41], user].concat();
    let [_, checksum @ ..] = pgp::crc24(&bytes).to_be_bytes();
    let armor = block("PGP PRIVATE KEY BLOCK", "\n", &bytes);
    armor.replacen("\n-----END", &format!("\n={}\n-----END", BASE64.encode(&checksum)), 1)
}

fn block(label: &str, headers: &str, bytes: &[u8]) -> String {
    let mut text = format!("-----BEGIN {label}-----\n{headers}");
    for (at, character) in BASE64.encode(bytes).chars().enumerate() {
        if at > 0 && at % 64 == 0 {
            text.push('\n');
        }
        text.push(character);
    }
    format!("{text}\n-----END {label}-----")
}

/// Returns a key in the traditional format, with its cipher named in headers.
fn rsa_encrypted(random: &mut Random) -> String {
    let vector = HEXUPPER.encode(&random.bytes(16));
    let headers = format!("Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,{vector}\n\n");
    block("RSA PRIVATE KEY", &headers, &random.bytes(1200))
}

fn short(bytes: &[u8]) -> [u8; 2] {
    u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes()
}

fn der(tag: u8, contents: &[u8]) -> Vec<u8> {
    let [high, low] = short(contents);
    match (high, low) {
        (0, 0..=0x7f) => [&[tag, low], contents].concat(),
        (0, _) => [&[tag, 0x81, low], contents].concat(),
        _ => [&[tag, 0x82, high, low], contents].concat(),
    }
}

/// Returns a number of exactly `size` bytes with the first bit set.
fn number(random: &mut Random, size: usize) -> Vec<u8> {
    let mut bytes = random.bytes(size);
    if let Some(first) = bytes.first_mut() {
        *first |= 0x80;
    }
    bytes
}

/// Returns a positive integer, which needs a zero byte before a first bit that is set.
fn integer(random: &mut Random, size: usize) -> Vec<u8> {
    der(2, &[&[0], &number(random, size)[..]].concat())
}

fn mpi(random: &mut Random, size: u16) -> Vec<u8> {
    [&(size * 8).to_be_bytes()[..], &number(random, size.into())].concat()
}

fn rsa(random: &mut Random) -> Vec<u8> {
    let head = [&[2, 1, 0], &integer(random, 256)[..], &[2, 3, 1, 0, 1]].concat();
    let rest = [256, 128, 128, 128, 128, 128].into_iter().flat_map(|size| integer(random, size));
    der(0x30, &head.into_iter().chain(rest).collect::<Vec<_>>())
}

fn ec(random: &mut Random) -> Vec<u8> {
    let point = [&[0, 4], &random.bytes(64)[..]].concat();
    let key = [vec![2, 1, 1], der(4, &random.bytes(32)), der(0xa0, P256), der(0xa1, &der(3, &point))];
    der(0x30, &key.concat())
}

fn pkcs8(random: &mut Random) -> Vec<u8> {
    der(0x30, &[vec![2, 1, 0], der(0x30, RSA), der(4, &rsa(random))].concat())
}

/// Returns an Ed25519 key; with a passphrase, it has the default cipher and derivation of `ssh-keygen`.
fn openssh(random: &mut Random, encrypted: bool) -> Vec<u8> {
    let text = |bytes: &[u8]| [&[0, 0], &short(bytes)[..], bytes].concat();
    let public = [text(b"ssh-ed25519"), text(&random.bytes(32))].concat();
    let twice = random.bytes(4).repeat(2);
    let plain = [twice, public.clone(), text(&random.bytes(64)), text(b"deploy@harbor"), vec![1, 2, 3]].concat();
    let options = [text(&random.bytes(16)), vec![0, 0, 0, 16]].concat();
    let (head, private) = if encrypted {
        ([text(b"aes256-ctr"), text(b"bcrypt"), text(&options)].concat(), random.bytes(144))
    } else {
        ([text(b"none"), text(b"none"), text(b"")].concat(), plain)
    };
    [b"openssh-key-v1\0".to_vec(), head, vec![0, 0, 0, 1], text(&public), text(&private)].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::check::{Outcome, run};
    use crate::rule::check::Check;

    fn judged(text: &str) -> Outcome {
        run(&Check::PrivateKey, text.as_bytes())
    }

    #[test]
    fn plain_keys_pass_and_encrypted_ones_weigh_less() {
        let mut random = Random::new(11);
        for kind in ["rsa", "ec", "pkcs8", "openssh"] {
            let outcome = judged(&pem(&mut random, kind).unwrap());
            assert!(matches!(outcome, Outcome::Pass(_)), "{kind}: {outcome:?}");
        }
        for kind in ["rsa-encrypted", "openssh-encrypted"] {
            let outcome = judged(&pem(&mut random, kind).unwrap());
            assert!(
                matches!(outcome, Outcome::Weak { reason: "encrypted with a passphrase", .. }),
                "{kind}: {outcome:?}"
            );
        }
        assert!(pem(&mut random, "dsa").is_none());
    }

    #[test]
    fn armored_keys_pass_unless_a_character_changes() {
        let text = pgp(&mut Random::new(12));
        assert!(matches!(judged(&text), Outcome::Pass(facts) if facts.len() == 2));
        let at = text.len() / 2;
        let swap = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
        let altered = format!("{}{swap}{}", &text[..at], &text[at + 1..]);
        assert!(matches!(judged(&altered), Outcome::Fail(_)));
    }

    #[test]
    fn truncated_keys_fail() {
        for kind in ["rsa", "ec", "pkcs8", "openssh", "openssh-encrypted"] {
            let text = pem(&mut Random::new(13), kind).unwrap();
            let lines: Vec<_> = text.lines().collect();
            let cut = [&lines[..lines.len() - 2], &lines[lines.len() - 1..]].concat().join("\n");
            assert!(matches!(judged(&cut), Outcome::Fail(_)), "{kind}");
        }
    }
}
