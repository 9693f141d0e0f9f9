//! Keys in Bech32: age identities, Nostr secret keys.
//!
//! Source: BIP 173, which age (C2SP) and Nostr (NIP-19) refer to. The last six characters are a BCH code over the
//! prefix and all other characters.

use super::{ALTERED, Outcome, pass_if};

const DIGITS: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
/// The number of characters in the code.
const WIDTH: usize = 6;

/// Checks `<prefix>1<data><6>`, in one case.
pub(super) fn key(secret: &[u8]) -> Outcome {
    let mixed = secret.iter().any(u8::is_ascii_lowercase) && secret.iter().any(u8::is_ascii_uppercase);
    let values = if mixed { None } else { values(secret) };
    values.map_or(Outcome::Fail("not Bech32"), |values| pass_if(remainder(&values) == 1, ALTERED))
}

/// Returns the check characters that complete `before`, in its case.
pub(crate) fn check(before: &str) -> Option<String> {
    let mut values = values(before.as_bytes())?;
    values.extend([0; WIDTH]);
    let code = remainder(&values) ^ 1;
    let digit = |at: usize| DIGITS.get((code >> (5 * (WIDTH - 1 - at)) & 31) as usize).map(|b| char::from(*b));
    let code: String = (0..WIDTH).filter_map(digit).collect();
    Some(if before.bytes().any(|b| b.is_ascii_lowercase()) { code } else { code.to_ascii_uppercase() })
}

/// Returns the prefix spread over two values for each character, and the value of each digit after the last `1`.
fn values(text: &[u8]) -> Option<Vec<u8>> {
    let lower = text.to_ascii_lowercase();
    let at = lower.iter().rposition(|b| *b == b'1')?;
    let (prefix, data) = (lower.get(..at)?, lower.get(at + 1..)?);
    let digit = |byte: &u8| DIGITS.iter().position(|known| known == byte).and_then(|value| u8::try_from(value).ok());
    let high = prefix.iter().map(|b| b >> 5);
    let spread = high.chain([0]).chain(prefix.iter().map(|b| b & 31));
    spread.map(Some).chain(data.iter().map(digit)).collect()
}

fn remainder(values: &[u8]) -> u32 {
    values.iter().fold(1, |sum, value| {
        let shifted = (sum & 0x01ff_ffff) << 5 ^ u32::from(*value);
        let taps = GENERATOR.iter().enumerate().filter(|(bit, _)| sum >> (25 + bit) & 1 == 1);
        taps.fold(shifted, |sum, (_, tap)| sum ^ tap)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the shortest string of BIP 173, and one of its invalid ones.
    #[test]
    fn agrees_with_the_vectors_of_the_specification() {
        assert_eq!(key(b"A12UEL5L"), Outcome::Pass(vec![]));
        assert_eq!(key(b"a12uel5l"), Outcome::Pass(vec![]));
        assert_eq!(key(b"A1G7SGD8"), Outcome::Fail(ALTERED));
        assert_eq!(key(b"A12uEL5L"), Outcome::Fail("not Bech32"));
        assert_eq!(key(b"abc1b"), Outcome::Fail("not Bech32"));
        assert_eq!(check("A1").as_deref(), Some("2UEL5L"));
    }
}
