//! One delta: instructions that copy ranges of a base and insert bytes between them.
//!
//! Format: `gitformat-pack`, section "Deltified representation". Applying a delta and recording its edits happen in one
//! pass.

use crate::text::Edits;

/// The sizes in a delta, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// The size of the base.
    pub base: u64,
    /// The size of the result.
    pub result: u64,
}

/// The error for a delta that can't be applied: it is damaged, or belongs to another base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damaged;

/// The most bytes that are reserved at once.
const LARGE: usize = 64 << 20;

/// Returns the sizes that a delta starts with, and the instructions after them.
///
/// # Errors
/// Fails if the delta ends too soon.
pub fn sizes(delta: &[u8]) -> Result<(Sizes, &[u8]), Damaged> {
    let (base, rest) = size(delta)?;
    let (result, rest) = size(rest)?;
    Ok((Sizes { base, result }, rest))
}

/// Reads a number with seven bits in each byte, lowest first; the eighth bit says that more bytes follow.
fn size(bytes: &[u8]) -> Result<(u64, &[u8]), Damaged> {
    let mut value = 0u64;
    for (at, byte) in bytes.iter().enumerate() {
        let shift = u32::try_from(at * 7).map_err(|_| Damaged)?;
        value |= u64::from(byte & 0x7f).checked_shl(shift).ok_or(Damaged)?;
        if byte & 0x80 == 0 {
            return Ok((value, &bytes[at + 1..]));
        }
    }
    Err(Damaged)
}

/// Writes the result to `out` and records in `edits` how it was made.
///
/// # Errors
/// Fails if the delta doesn't fit the base, or contradicts itself.
pub fn apply(delta: &[u8], base: &[u8], out: &mut Vec<u8>, edits: &mut Edits) -> Result<(), Damaged> {
    let (sizes, mut rest) = sizes(delta)?;
    let result = usize::try_from(sizes.result).map_err(|_| Damaged)?;
    if sizes.base != base.len() as u64 {
        return Err(Damaged);
    }
    edits.clear(base.len());
    out.clear();
    // A damaged delta may claim any size; the bytes that are really written are limited below.
    out.reserve(result.min(LARGE));
    while let Some((command, after)) = rest.split_first() {
        if command & 0x80 != 0 {
            let (from, length, after) = copy(*command, after)?;
            let bytes = from.checked_add(length).and_then(|end| base.get(from..end)).ok_or(Damaged)?;
            if out.len() + length > result {
                return Err(Damaged);
            }
            out.extend_from_slice(bytes);
            edits.push(length, Some(from));
            rest = after;
        } else {
            let length = usize::from(*command);
            // A length of zero is reserved.
            let bytes = after.get(..length).filter(|bytes| !bytes.is_empty()).ok_or(Damaged)?;
            if out.len() + length > result {
                return Err(Damaged);
            }
            out.extend_from_slice(bytes);
            edits.push(length, None);
            rest = &after[length..];
        }
    }
    if out.len() == result { Ok(()) } else { Err(Damaged) }
}

/// Reads the operands of a copy: the low bits of the command say which bytes of offset and size are given.
fn copy(command: u8, mut rest: &[u8]) -> Result<(usize, usize, &[u8]), Damaged> {
    const WITHOUT_SIZE: usize = 0x1_0000;
    let mut operand = |bits: std::ops::Range<u32>| {
        let mut value = 0usize;
        for (place, bit) in bits.enumerate() {
            if command >> bit & 1 == 1 {
                let (byte, after) = rest.split_first().ok_or(Damaged)?;
                value |= usize::from(*byte) << (8 * place);
                rest = after;
            }
        }
        Ok(value)
    };
    let from = operand(0..4)?;
    let length = operand(4..7)?;
    Ok((from, if length == 0 { WITHOUT_SIZE } else { length }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(mut value: usize) -> Vec<u8> {
        let mut out = Vec::new();
        while value >= 0x80 {
            out.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
            value >>= 7;
        }
        out.push(u8::try_from(value).unwrap());
        out
    }

    /// Returns the delta for these edits, as git would write it.
    fn encode(base: usize, parts: &[(Vec<u8>, Option<usize>)]) -> Vec<u8> {
        let mut out = number(base);
        out.extend(number(parts.iter().map(|(bytes, _)| bytes.len()).sum()));
        for (bytes, from) in parts {
            match from {
                Some(from) => {
                    out.push(0xff);
                    out.extend_from_slice(&u32::try_from(*from).unwrap().to_le_bytes());
                    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_le_bytes()[..3]);
                }
                None => {
                    out.push(u8::try_from(bytes.len()).unwrap());
                    out.extend_from_slice(bytes);
                }
            }
        }
        out
    }

    proptest! {
        #[test]
        fn a_delta_gives_its_result_and_its_edits(
            base in proptest::collection::vec(any::<u8>(), 1..300),
            picks in proptest::collection::vec((any::<bool>(), any::<usize>(), any::<usize>(), proptest::collection::vec(any::<u8>(), 1..127)), 0..10),
        ) {
            let parts: Vec<(Vec<u8>, Option<usize>)> = picks.into_iter().map(|(copied, a, b, bytes)| {
                if !copied {
                    return (bytes, None);
                }
                let start = a % base.len();
                let end = start + 1 + b % (base.len() - start);
                (base[start..end].to_vec(), Some(start))
            }).collect();
            let expected: Vec<u8> = parts.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
            let (mut out, mut edits) = (Vec::new(), Edits::default());
            prop_assert_eq!(apply(&encode(base.len(), &parts), &base, &mut out, &mut edits), Ok(()));
            prop_assert_eq!(&out, &expected);
            for segment in edits.segments() {
                if let Some(from) = segment.from {
                    prop_assert_eq!(segment.span.of(&out), &base[from..from + segment.span.len()]);
                }
            }
            prop_assert_eq!(edits.length(), out.len());
        }

        #[test]
        fn no_input_causes_a_panic(delta in proptest::collection::vec(any::<u8>(), 0..60), base in proptest::collection::vec(any::<u8>(), 0..60)) {
            let mut out = Vec::new();
            let _ = apply(&delta, &base, &mut out, &mut Edits::default());
            let mut fitting = number(base.len());
            fitting.extend(delta);
            let _ = apply(&fitting, &base, &mut out, &mut Edits::default());
        }
    }
}
