//! Encodings shared by the checks: number systems and tolerant base64.
//!
//! This module only decodes and encodes; the meaning of the bytes is up to the modules of the families.

use data_encoding::BASE64_NOPAD;

/// The digits of base 62 in the order GitHub, npm, Vercel and Microsoft use.
pub(super) const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// The digits of base 36 as GitLab uses them.
pub(super) const BASE36: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const BASE58: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// Returns `n` in the given digits, most significant first, padded on the left to `width`.
pub(super) fn digits(mut n: u32, alphabet: &[u8], width: usize) -> String {
    let base = u32::try_from(alphabet.len()).unwrap_or(u32::MAX).max(2);
    let mut out = Vec::new();
    while n > 0 || out.len() < width {
        let digit = usize::try_from(n % base).ok().and_then(|d| alphabet.get(d));
        out.push(char::from(digit.copied().unwrap_or(b'0')));
        n /= base;
    }
    out.iter().rev().collect()
}

/// Decodes base64 of either alphabet, padded or not. Stray bits in the last character are refused: no encoder writes
/// them.
pub(super) fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let bare = text.trim_ascii_end();
    let end = bare.iter().rposition(|b| *b != b'=').map_or(0, |p| p + 1);
    let (bare, padding) = bare.split_at_checked(end)?;
    if padding.len() > 3 {
        return None;
    }
    let standard: Vec<u8> = bare.iter().copied().map(to_standard).collect();
    BASE64_NOPAD.decode(&standard).ok()
}

const fn to_standard(byte: u8) -> u8 {
    match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    }
}

/// Decodes base58 (Bitcoin alphabet); takes quadratic time, hence only for short texts.
pub(super) fn base58(text: &[u8]) -> Option<Vec<u8>> {
    if text.len() > 128 {
        return None;
    }
    let mut little_endian: Vec<u8> = Vec::new();
    for byte in text {
        let digit = BASE58.iter().position(|c| c == byte)?;
        multiply_add(&mut little_endian, u32::try_from(digit).ok()?);
    }
    little_endian.extend(text.iter().take_while(|b| **b == b'1').map(|_| 0));
    little_endian.reverse();
    Some(little_endian)
}

/// Encodes bytes in base58 (Bitcoin alphabet).
pub(super) fn to_base58(bytes: &[u8]) -> String {
    let mut little_endian: Vec<u8> = Vec::new();
    for byte in bytes {
        let mut carry = u32::from(*byte);
        for digit in &mut little_endian {
            carry += u32::from(*digit) << 8;
            *digit = u8::try_from(carry % 58).unwrap_or_default();
            carry /= 58;
        }
        while carry > 0 {
            little_endian.push(u8::try_from(carry % 58).unwrap_or_default());
            carry /= 58;
        }
    }
    let zeros = bytes.iter().take_while(|b| **b == 0).map(|_| 0);
    little_endian.extend(zeros);
    little_endian.iter().rev().filter_map(|digit| BASE58.get(usize::from(*digit))).map(|b| char::from(*b)).collect()
}

fn multiply_add(number: &mut Vec<u8>, mut carry: u32) {
    for byte in number.iter_mut() {
        let [low, high, ..] = (u32::from(*byte) * 58 + carry).to_le_bytes();
        *byte = low;
        carry = u32::from(high);
    }
    if let Ok(rest @ 1..) = u8::try_from(carry) {
        number.push(rest);
    }
}

/// Splits `text` into two parts, the second `count` bytes long.
pub(super) const fn split_end(text: &[u8], count: usize) -> Option<(&[u8], &[u8])> {
    match text.len().checked_sub(count) {
        Some(at) => text.split_at_checked(at),
        None => None,
    }
}

/// Returns the text before and after the first `mark`.
pub(super) fn split_once(text: &[u8], mark: u8) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|b| *b == mark)?;
    let (before, rest) = text.split_at_checked(at)?;
    Some((before, rest.get(1..)?))
}

/// Parses a number made of ASCII digits only (no sign, no blanks).
pub(super) fn decimal(text: &[u8]) -> Option<u64> {
    let plain = text.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(text).ok().filter(|_| plain)?.parse().ok()
}

/// Returns `text` itself and the text after each `_`, `-` or `.` where a JSON object in base64 could begin.
///
/// `{` always starts with `e` in base64. The number of places is bounded, as a payload may itself hold `-` and `_`.
pub(super) fn json_starts(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let separators = text.iter().enumerate().filter(|(_, b)| matches!(b, b'_' | b'-' | b'.'));
    let tails = separators.filter_map(|(at, _)| text.get(at + 1..));
    std::iter::once(text).chain(tails).filter(|t| t.starts_with(b"e")).take(16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::{BASE64, BASE64URL_NOPAD};
    use proptest::prelude::*;

    #[test]
    fn numbers_are_padded_on_the_left() {
        assert_eq!(digits(61, BASE62, 6), "00000z");
        assert_eq!(digits(0, BASE36, 2), "00");
        assert_eq!(digits(36, BASE36, 0), "10");
    }

    #[test]
    fn base58_keeps_leading_zeros() {
        assert_eq!(base58(b"112"), Some(vec![0, 0, 1]));
        assert_eq!(base58(b"5R"), Some(vec![1, 0]));
        assert_eq!(base58(b"0"), None);
        assert_eq!(base58(&[b'2'; 200]), None);
    }

    proptest! {
        #[test]
        fn base64_reads_both_alphabets(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            prop_assert_eq!(base64(BASE64.encode(&bytes).as_bytes()), Some(bytes.clone()));
            prop_assert_eq!(base64(BASE64URL_NOPAD.encode(&bytes).as_bytes()), Some(bytes));
        }

        #[test]
        fn base58_round_trips(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            prop_assert_eq!(base58(to_base58(&bytes).as_bytes()), Some(bytes));
        }
    }
}
