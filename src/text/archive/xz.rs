//! The streams of an xz file, read one after another as a single text.

use std::io::Read;

use bstr::ByteSlice as _;
use lzma_rust2::XzReader;

use super::limits::unpack;
use super::unopened::Reason;

/// The first bytes of a stream.
pub(super) const MAGIC: &[u8] = b"\xfd7zXZ\0";
/// The most memory that unpacking a stream may take, in KiB: the highest level of the usual programs needs 65 MiB.
const MOST_MEMORY: u32 = 80 << 10;

/// Reads all streams as a single text, however long it is.
pub(super) fn forward<R: Read>(reader: R) -> XzReader<R> {
    XzReader::new_mem_limit(reader, true, MOST_MEMORY)
}

/// Unpacks all streams at the start of `bytes`, at most `left` bytes. Returns the bytes after the last of them, and the
/// reason why the text ends early.
pub(super) fn streams<'b>(bytes: &'b [u8], left: &mut usize, text: &mut Vec<u8>) -> (&'b [u8], Result<(), Reason>) {
    let mut rest = bytes;
    loop {
        let mut reader = XzReader::new_mem_limit(rest, false, MOST_MEMORY);
        if let Err(reason) = unpack(&mut reader, left, text) {
            return (&[], Err(reason));
        }
        rest = reader.into_inner();
        // Zeros may fill the space between streams.
        let next = rest.trim_start_with(|char| char == '\0');
        if !next.starts_with(MAGIC) {
            return (rest, Ok(()));
        }
        rest = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::archive::Limits;
    use crate::text::archive::samples::{members, named, tar, unpacked, xz};

    #[test]
    fn an_xz_file_may_have_several_streams() {
        let bytes = [&xz(b"one ")[..], &[0; 8], &xz(b""), &xz(b"two"), &[0; 100]].concat();
        assert_eq!(members(&bytes), named(&[("", b"one two")]));
        assert_eq!(members(&xz(&tar(&[("dir/file", b"text")]))), named(&[("dir/file", b"text")]));
        assert_eq!(members(&[&xz(b"text")[..], b"more"].concat()), named(&[("", b"text"), ("", b"more")]));
    }

    #[test]
    fn truncated_and_oversized_xz_files_are_reported() {
        let text: Vec<u8> =
            (0..60_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_string().into_bytes()).collect();
        let whole = xz(&text);
        let (found, reports) = unpacked(&whole[..whole.len() / 2], Limits::default());
        assert_eq!(reports, [(String::new(), Reason::Cut)]);
        assert!(found[0].1.len() > 1000 && text.starts_with(&found[0].1));
        let limits = Limits { bytes: 100_000, ..Limits::default() };
        let (found, reports) = unpacked(&xz(&vec![0; 1 << 20]), limits);
        assert_eq!(reports, [(String::new(), Reason::TooLarge)]);
        assert_eq!(found[0].1.len(), 100_000);
        // A dictionary of 1.5 GiB, in a header whose checksum is correct.
        let mut wide = xz(b"text");
        let property = 12 + 4;
        wide[property] = 37;
        let sum = crc32fast::hash(&wide[12..20]).to_le_bytes();
        wide[20..24].copy_from_slice(&sum);
        assert_eq!(unpacked(&wide, Limits::default()).1, [(String::new(), Reason::TooLarge)]);
    }
}
