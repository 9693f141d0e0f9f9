//! Just enough DER (X.690) to recognise private keys: lengths that fit, the expected types, algorithm and size.
//!
//! The numbers are not judged: it isn't cheap to find out whether a key works, and it matters little.

const INTEGER: u8 = 0x02;
const BITS: u8 = 0x03;
const OCTETS: u8 = 0x04;
const OBJECT: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const PARAMETERS: u8 = 0xa0;

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];

/// The object identifiers (contents only) of algorithms and curves.
const NAMES: [(&[u8], &str); 13] = [
    (RSA, "RSA"),
    (EC, "EC"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a], "RSA-PSS"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x03, 0x01], "DH"),
    (&[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01], "DSA"),
    (&[0x2b, 0x65, 0x6e], "X25519"),
    (&[0x2b, 0x65, 0x6f], "X448"),
    (&[0x2b, 0x65, 0x70], "Ed25519"),
    (&[0x2b, 0x65, 0x71], "Ed448"),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07], "P-256"),
    (&[0x2b, 0x81, 0x04, 0x00, 0x22], "P-384"),
    (&[0x2b, 0x81, 0x04, 0x00, 0x23], "P-521"),
    (&[0x2b, 0x81, 0x04, 0x00, 0x0a], "secp256k1"),
];

/// The type of an element, its contents, and the bytes after it.
type Element<'a> = (u8, &'a [u8], &'a [u8]);

fn element(bytes: &[u8]) -> Option<Element<'_>> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x83 => long_length(rest, usize::from(first & 0x7f))?,
        _ => return None,
    };
    let (contents, after) = rest.split_at_checked(length)?;
    Some((*tag, contents, after))
}

fn long_length(bytes: &[u8], count: usize) -> Option<(usize, &[u8])> {
    let (length, rest) = bytes.split_at_checked(count)?;
    Some((length.iter().fold(0, |n, b| n << 8 | usize::from(*b)), rest))
}

/// Returns the contents of an element of this type, and the bytes after it.
fn expect(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    element(bytes).filter(|(t, ..)| *t == tag).map(|(_, contents, after)| (contents, after))
}

/// Returns the contents of a sequence that ends where `bytes` end.
fn whole_sequence(bytes: &[u8]) -> Option<&[u8]> {
    expect(bytes, SEQUENCE).filter(|(_, after)| after.is_empty()).map(|(contents, _)| contents)
}

fn integers(mut bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let (number, after) = expect(bytes, INTEGER)?;
        found.push(number);
        bytes = after;
    }
    Some(found)
}

fn bits(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|b| **b == 0).count();
    number.len().saturating_sub(zeros) * 8
}

fn name(object: &[u8]) -> Option<&'static str> {
    NAMES.iter().find(|(bytes, _)| *bytes == object).map(|(_, name)| *name)
}

/// Recognises `RSA PRIVATE KEY` (RFC 8017): version 0 and eight numbers, the modulus first.
pub(super) fn rsa(bytes: &[u8]) -> Option<String> {
    let numbers = integers(whole_sequence(bytes)?)?;
    let modulus = numbers.get(1).filter(|_| numbers.len() >= 9)?;
    Some(format!("RSA {}", bits(modulus)))
}

/// Recognises `DSA PRIVATE KEY` (OpenSSL): version 0 and five numbers.
pub(super) fn dsa(bytes: &[u8]) -> Option<String> {
    let numbers = integers(whole_sequence(bytes)?)?;
    let prime = numbers.get(1).filter(|_| numbers.len() == 6)?;
    Some(format!("DSA {}", bits(prime)))
}

/// Recognises `EC PRIVATE KEY` (RFC 5915): version 1, the number as octets, perhaps the curve.
pub(super) fn ec(bytes: &[u8]) -> Option<String> {
    let (_, rest) = expect(whole_sequence(bytes)?, INTEGER).filter(|(version, _)| *version == [1])?;
    let (_, rest) = expect(rest, OCTETS).filter(|(number, _)| number.len() >= 20)?;
    let curve = expect(rest, PARAMETERS).and_then(|(inside, _)| expect(inside, OBJECT));
    Some(curve.and_then(|(object, _)| name(object)).map_or_else(|| "EC".to_owned(), |c| format!("EC {c}")))
}

/// Recognises `PRIVATE KEY` (RFC 5208, PKCS #8): version, algorithm, the key as octets.
pub(super) fn pkcs8(bytes: &[u8]) -> Option<String> {
    let (_, rest) = expect(whole_sequence(bytes)?, INTEGER)?;
    let (algorithm, rest) = expect(rest, SEQUENCE)?;
    let (object, parameters) = expect(algorithm, OBJECT)?;
    let (key, _) = expect(rest, OCTETS)?;
    match object {
        RSA => rsa(key),
        EC => Some(
            expect(parameters, OBJECT).and_then(|(o, _)| name(o)).map_or_else(|| "EC".into(), |c| format!("EC {c}")),
        ),
        other => Some(name(other).unwrap_or("unknown algorithm").to_owned()),
    }
}

/// Recognises `PUBLIC KEY` (RFC 5280): algorithm and a bit string, which no private key holds at that place.
pub(super) fn public(bytes: &[u8]) -> Option<()> {
    let (algorithm, rest) = expect(whole_sequence(bytes)?, SEQUENCE)?;
    expect(algorithm, OBJECT)?;
    expect(rest, BITS).filter(|(key, after)| !key.is_empty() && after.is_empty()).map(|_| ())
}

/// Recognises `ENCRYPTED PRIVATE KEY` (PKCS #8): the cipher and the octets it produced.
pub(super) fn encrypted_pkcs8(bytes: &[u8]) -> Option<()> {
    let (_, rest) = expect(whole_sequence(bytes)?, SEQUENCE)?;
    expect(rest, OCTETS).filter(|(data, after)| !data.is_empty() && after.is_empty()).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrap(tag: u8, contents: &[u8]) -> Vec<u8> {
        let length = u16::try_from(contents.len()).unwrap().to_be_bytes();
        [&[tag, 0x82], &length[..], contents].concat()
    }

    fn rsa_key() -> Vec<u8> {
        let big = wrap(INTEGER, &[&[0][..], &[0xB7; 256]].concat());
        let numbers = [wrap(INTEGER, &[0]), big.clone(), wrap(INTEGER, &[1, 0, 1]), big.repeat(6)].concat();
        wrap(SEQUENCE, &numbers)
    }

    #[test]
    fn keys_reveal_algorithm_and_size() {
        assert_eq!(rsa(&rsa_key()).as_deref(), Some("RSA 2048"));
        let curve = wrap(PARAMETERS, &wrap(OBJECT, NAMES[9].0));
        let key = wrap(SEQUENCE, &[wrap(INTEGER, &[1]), wrap(OCTETS, &[9; 32]), curve].concat());
        assert_eq!(ec(&key).as_deref(), Some("EC P-256"));
        let algorithm = wrap(SEQUENCE, &wrap(OBJECT, RSA));
        let outer = wrap(SEQUENCE, &[wrap(INTEGER, &[0]), algorithm, wrap(OCTETS, &rsa_key())].concat());
        assert_eq!(pkcs8(&outer).as_deref(), Some("RSA 2048"));
        let algorithm = wrap(SEQUENCE, &wrap(OBJECT, RSA));
        let half = wrap(SEQUENCE, &[algorithm, wrap(BITS, &[0; 270])].concat());
        assert!(public(&half).is_some() && public(&outer).is_none() && public(&rsa_key()).is_none());
    }

    #[test]
    fn truncated_keys_are_not_recognised() {
        let key = rsa_key();
        assert!((0..key.len()).all(|length| rsa(&key[..length]).is_none()));
        assert!(rsa(&[key.as_slice(), &[0]].concat()).is_none());
        assert!(dsa(&key).is_none() && ec(&key).is_none() && encrypted_pkcs8(&key).is_none());
    }
}
