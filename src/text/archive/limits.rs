//! The limits of unpacking.

use std::io::Read;

use super::unopened::Reason;

/// The number of bytes that are unpacked at a time.
const CHUNK: usize = 16 * 1024;

/// The limits of unpacking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes that are unpacked of an archive and all archives in it.
    pub bytes: usize,
    /// The most members that are examined, including directories and links.
    pub members: usize,
    /// The most levels of archives within the given one. The tar in a gzip file is at level one.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 64 << 20, members: 10_000, depth: 3 }
    }
}

/// Reads to the end, or until `left` bytes have been read. No more memory is allocated than the rest may need.
pub(super) fn unpack(reader: &mut dyn Read, left: &mut usize, text: &mut Vec<u8>) -> Result<(), Reason> {
    let mut chunk = [0; CHUNK];
    loop {
        let count = reader.read(&mut chunk).map_err(|error| Reason::of(&error))?;
        if count == 0 {
            return Ok(());
        }
        let part = &chunk[..count.min(*left)];
        if text.capacity() - text.len() < part.len() {
            text.reserve_exact(text.len().min(*left).max(part.len()));
        }
        text.extend_from_slice(part);
        *left -= part.len();
        if part.len() < count {
            return Err(Reason::TooLarge);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn allocations_stay_within_the_limit() {
        for (limit, length) in [(100_000, 1 << 20), (100_000, 99_999), (1, 1 << 20), (70_000, 70_000)] {
            let (mut left, mut text) = (limit, Vec::new());
            let outcome = unpack(&mut io::repeat(b'x').take(length), &mut left, &mut text);
            assert_eq!(outcome.is_ok(), length <= limit as u64);
            assert!(text.len() + left == limit && text.capacity() <= limit, "{} for {limit}", text.capacity());
        }
    }
}
