//! `OpenPGP` secret keys in armor (RFC 9580).
//!
//! This module reads the packets that show a secret key, its creation, its user and whether it has a passphrase.

use super::codec::base64;
use super::pem::Block;
use super::{Fact, Outcome};
use crate::text::time::rfc3339;

const SECRET_KEY: u8 = 5;
const USER_ID: u8 = 13;

/// Returns the armor's checksum over the decoded body.
pub(crate) fn crc24(bytes: &[u8]) -> u32 {
    let shift = |c: u32| {
        if c & 0x80_0000 == 0 { c << 1 } else { (c << 1 ^ 0x0186_4CFB) & 0xFF_FFFF }
    };
    bytes.iter().fold(0x00B7_04CE, |sum, b| (0..8).fold(sum ^ u32::from(*b) << 16, |c, _| shift(c)))
}

/// Judges a `PGP PRIVATE KEY BLOCK`. The checksum line may be missing; if present, it must fit.
pub(super) fn key(block: &Block) -> Outcome {
    let Some(bytes) = base64(block.body().as_bytes()) else {
        return Outcome::Fail("the body is not base64");
    };
    if block.checksum().is_some_and(|sum| !sum_fits(&bytes, sum)) {
        return Outcome::Fail(super::ALTERED);
    }
    let Some((SECRET_KEY, body, rest)) = packet(&bytes) else {
        return Outcome::Fail("does not start with a secret key");
    };
    let mut facts: Vec<_> = created(body).into_iter().chain(user(rest)).collect();
    if secret_is_encrypted(body) == Some(true) {
        facts.push(Fact::new("encrypted", "yes"));
        return Outcome::Weak { reason: "encrypted with a passphrase", facts };
    }
    Outcome::Pass(facts)
}

fn sum_fits(bytes: &[u8], sum: &str) -> bool {
    let [_, expected @ ..] = crc24(bytes).to_be_bytes();
    base64(sum.as_bytes()).as_deref() == Some(&expected)
}

/// Returns the type, the contents, and the bytes after a packet, in the old or new packet format.
fn packet(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (head, rest) = bytes.split_first()?;
    let (kind, (length, rest)) = match head {
        0xc0.. => (head & 0x3f, new_length(rest)?),
        0x80..=0xbf => (head >> 2 & 0x0f, old_length(rest, head & 3)?),
        _ => return None,
    };
    let (body, after) = rest.split_at_checked(length)?;
    Some((kind, body, after))
}

fn new_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match bytes {
        [first @ 0..=191, rest @ ..] => Some((usize::from(*first), rest)),
        [first @ 192..=223, second, rest @ ..] => {
            Some((usize::from(first - 192) * 256 + usize::from(*second) + 192, rest))
        }
        [255, rest @ ..] => big_endian(rest, 4),
        _ => None,
    }
}

fn old_length(bytes: &[u8], width: u8) -> Option<(usize, &[u8])> {
    match width {
        0..=2 => big_endian(bytes, 1 << width),
        _ => Some((bytes.len(), bytes)),
    }
}

fn big_endian(bytes: &[u8], width: usize) -> Option<(usize, &[u8])> {
    let (digits, rest) = bytes.split_at_checked(width)?;
    Some((digits.iter().fold(0, |n, b| n << 8 | usize::from(*b)), rest))
}

fn created(body: &[u8]) -> Option<Fact> {
    let seconds = body.get(1..5)?.first_chunk::<4>()?;
    rfc3339(u32::from_be_bytes(*seconds).into()).map(|t| Fact::new("pgp_created", t))
}

/// Returns the first user id, `Name <address>`.
fn user(mut rest: &[u8]) -> Option<Fact> {
    while let Some((kind, body, after)) = packet(rest) {
        if kind == USER_ID {
            return std::str::from_utf8(body).ok().map(|t| Fact::new("pgp_user_id", t));
        }
        rest = after;
    }
    None
}

/// Returns `true` if the secret part is encrypted: skips the public part of a version 4 key to the octet that gives the
/// protection.
fn secret_is_encrypted(body: &[u8]) -> Option<bool> {
    let (head, rest) = body.split_first_chunk::<6>().filter(|(head, _)| head[0] == 4)?;
    let secret = match head[5] {
        1..=3 => numbers(rest, 2)?,
        16 => numbers(rest, 3)?,
        17 => numbers(rest, 4)?,
        19 | 22 => numbers(curve(rest)?, 1)?,
        25 | 27 => rest.get(32..)?,
        26 => rest.get(56..)?,
        28 => rest.get(57..)?,
        _ => return None,
    };
    // GnuPG's private specifier 101 says that the secret part is missing, so there is nothing to decrypt.
    Some(!matches!(secret, [0, ..] | [253..=255, _, 101, ..]))
}

/// Returns the bytes after `count` numbers, each preceded by its length in bits.
fn numbers(mut rest: &[u8], count: usize) -> Option<&[u8]> {
    for _ in 0..count {
        let (bits, after) = big_endian(rest, 2)?;
        rest = after.get(bits.div_ceil(8)..)?;
    }
    Some(rest)
}

fn curve(rest: &[u8]) -> Option<&[u8]> {
    let (length, rest) = rest.split_first()?;
    rest.get(usize::from(*length)..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::check::pem;
    use data_encoding::BASE64;

    fn armor(usage: u8, spoil: u32) -> String {
        let number = [&[0x04, 0x00][..], &[0xE7; 128]].concat();
        let secret = [vec![4, 0x5E, 0, 0, 0, 1], number.clone(), number, vec![usage, 9, 3, 8]].concat();
        let key = [&[0x95, 0x01, 0x0E][..], &secret].concat();
        let user = [&[0xCD, 5][..], b"A <a>"].concat();
        let bytes = [key, user].concat();
        let sum = BASE64.encode(&(crc24(&bytes) ^ spoil).to_be_bytes()[1..]);
        let label = "PGP PRIVATE KEY BLOCK";
        format!("-----BEGIN {label}-----\n\n{}\n={sum}\n-----END {label}-----", BASE64.encode(&bytes))
    }

    fn judged(text: &str) -> Outcome {
        key(&pem::find(text).unwrap())
    }

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        assert_eq!(crc24(b"123456789"), 0x0021_CF02);
    }

    #[test]
    fn keys_reveal_creation_user_and_passphrase() {
        match judged(&armor(0, 0)) {
            Outcome::Pass(found) => {
                let expected = [Fact::new("pgp_created", "2019-12-22T23:45:04Z"), Fact::new("pgp_user_id", "A <a>")];
                assert_eq!(found, expected);
            }
            other => panic!("{other:?}"),
        }
        assert!(matches!(judged(&armor(254, 0)), Outcome::Weak { reason: "encrypted with a passphrase", .. }));
    }

    #[test]
    fn wrong_checksums_fail_and_missing_ones_do_not() {
        assert_eq!(judged(&armor(0, 1)), Outcome::Fail(super::super::ALTERED));
        let text = armor(0, 0);
        let bare: String = text.lines().filter(|l| !l.starts_with('=')).flat_map(|l| [l, "\n"]).collect();
        assert!(matches!(judged(&bare), Outcome::Pass(_)));
    }
}
