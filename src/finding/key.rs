//! The identity of a private key in any spelling: the key's numbers, whatever container and armour hold them.
//!
//! The detector's checks decide whether a text is a private key at all; a text that isn't one simply has no numbers
//! here.

use std::borrow::Cow;

use bstr::ByteSlice;
use data_encoding::BASE64;

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const SEQUENCE: u8 = 0x30;
/// The number of integers in an RSA key with two primes (RFC 8017), and in a DSA key as OpenSSL writes it.
const OF_RSA: usize = 9;
const OF_DSA: usize = 6;

/// Returns the identity of a private key, with armour or without; `None` for any other value.
pub(super) fn identity(value: &[u8]) -> Option<Vec<u8>> {
    let armoured = armoured(value);
    // In DER, every key begins with a sequence shorter than 64 KiB.
    let bare = || value.starts_with(b"M").then(|| unbroken(value));
    let text = armoured.as_deref().map(Cow::Borrowed).or_else(|| bare().map(Cow::Owned))?;
    let numbers = BASE64.decode(&text).ok().and_then(|der| numbers(&der).map(<[u8]>::to_vec));
    numbers.or(armoured)
}

/// Returns the base64 between the armour lines of a private key (RFC 7468), without headers such as those of RFC 1421.
fn armoured(value: &[u8]) -> Option<Vec<u8>> {
    const DASHES: &[u8] = b"-----";
    let begin = memchr::memmem::find(value, b"PRIVATE KEY-----")? + b"PRIVATE KEY-----".len();
    let body = &value[begin..];
    let key = unbroken(&body[..memchr::memmem::find(body, DASHES)?]);
    (!key.is_empty()).then_some(key)
}

/// Returns the base64 in a text, without headers and line breaks, escaped ones included.
fn unbroken(text: &[u8]) -> Vec<u8> {
    let lines = text.replace(b"\\r", b"\n").replace(b"\\n", b"\n");
    let is_base64 = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.contains(&b':'));
    lines.flat_map(|line| line.iter().filter(is_base64).copied()).collect()
}

/// Returns the numbers that PKCS #8 (RFC 5208, RFC 5958) and the older forms of a key have in common.
fn numbers(der: &[u8]) -> Option<&[u8]> {
    let (contents, behind) = element(der, SEQUENCE)?;
    let (_, rest) = element(contents, INTEGER).filter(|_| behind.is_empty())?;
    if let Some((_, rest)) = element(rest, SEQUENCE) {
        return element(rest, OCTETS).map(|(key, _)| inside(key));
    }
    // An EC key (RFC 5915) stores its number as octets; curve and public half may be missing.
    if let Some((number, _)) = element(rest, OCTETS) {
        return Some(number);
    }
    let all = integers(contents)?;
    match all.len() {
        OF_DSA => all.last().copied(),
        OF_RSA.. => Some(der),
        _ => None,
    }
}

/// Returns the contents of the octets of PKCS #8: a key in its older form, a number, or the octets of an Edwards curve (RFC
/// 8410).
fn inside(key: &[u8]) -> &[u8] {
    let alone = |kind| element(key, kind).filter(|(_, behind)| behind.is_empty()).map(|(number, _)| number);
    numbers(key).or_else(|| alone(INTEGER)).or_else(|| alone(OCTETS)).unwrap_or(key)
}

fn integers(mut rest: &[u8]) -> Option<Vec<&[u8]>> {
    let mut all = Vec::new();
    while !rest.is_empty() {
        let (number, behind) = element(rest, INTEGER)?;
        all.push(number);
        rest = behind;
    }
    Some(all)
}

/// Returns the contents of an element of this type (X.690), and the bytes after it.
fn element(bytes: &[u8], kind: u8) -> Option<(&[u8], &[u8])> {
    let [tag, first, rest @ ..] = bytes else { return None };
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x83 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length).filter(|_| *tag == kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn der(kind: u8, parts: &[Vec<u8>]) -> Vec<u8> {
        let contents = parts.concat();
        let length = u8::try_from(contents.len()).unwrap();
        let head = if length < 0x80 { vec![kind, length] } else { vec![kind, 0x81, length] };
        [head, contents].concat()
    }

    fn number(bytes: &[u8]) -> Vec<u8> {
        der(INTEGER, &[bytes.to_vec()])
    }

    fn pkcs8(key: Vec<u8>) -> Vec<u8> {
        let algorithm = der(SEQUENCE, &[der(0x06, &[vec![0x2a, 3, 4]])]);
        der(SEQUENCE, &[number(&[0]), algorithm, der(OCTETS, &[key])])
    }

    fn of(der: &[u8]) -> Option<Vec<u8>> {
        identity(BASE64.encode(der).as_bytes())
    }

    #[test]
    fn a_key_and_its_pkcs8_form_are_the_same() {
        let rsa: Vec<Vec<u8>> = (0..9).map(|at| number(&[at, 7, 9])).collect();
        let rsa = der(SEQUENCE, &rsa);
        let ec = |more: &[Vec<u8>]| {
            der(SEQUENCE, &[vec![number(&[1]), der(OCTETS, &[vec![5; 32]])], more.to_vec()].concat())
        };
        let curve = [der(0xa0, &[der(0x06, &[vec![0x2a, 8, 9]])])];
        let dsa: Vec<Vec<u8>> = (0..6).map(|at| number(&[at, 3])).collect();
        for (older, newer) in [
            (rsa.clone(), pkcs8(rsa.clone())),
            (ec(&curve), pkcs8(ec(&[]))),
            (der(SEQUENCE, &dsa), pkcs8(number(&[5, 3]))),
        ] {
            assert!(of(&older).is_some());
            assert_eq!(of(&older), of(&newer));
        }
        assert_eq!(of(&pkcs8(der(OCTETS, &[vec![4; 32]]))), Some(vec![4; 32]));
        assert_ne!(of(&pkcs8(rsa.clone())), of(&pkcs8(ec(&curve))));
        let broken = BASE64.encode(&rsa).as_bytes().chunks(16).collect::<Vec<_>>().join(&b"\\n"[..]);
        assert_eq!(identity(&broken), of(&rsa));
    }

    #[test]
    fn text_without_a_private_key_has_no_key_numbers() {
        let public = der(SEQUENCE, &[number(&[7; 60]), number(&[1, 0, 1])]);
        for other in [public.clone(), [public, vec![0]].concat(), der(SEQUENCE, &[der(SEQUENCE, &[])])] {
            assert_eq!(of(&other), None);
        }
        assert_eq!(identity(b"MIIEvQIBADANBgkq"), None);
        assert_eq!(identity(b"a:b\nc"), None);
    }
}
