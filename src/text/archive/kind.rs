//! Which kind of archive bytes are, by how they start and end.

use bstr::ByteSlice;
use memchr::memmem;

use super::stream::inflate;
use super::zstd;

/// Bytes that tell what a stream unpacks to.
pub(super) const HEAD: usize = 256;

/// What bytes are, by how they start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One compressed file.
    Gzip,
    /// The same, compressed in another way.
    Zstd,
    /// Also what builds on zip: jar, whl, docx and others.
    Zip,
    /// Files one after another, not compressed.
    Tar,
    /// Commits as one file, which git makes a repository of.
    Bundle,
    /// One compressed text, such as an object of git's that lies by itself.
    Zlib,
    /// A document, whose texts are compressed one by one.
    Pdf,
    /// An archive that is not opened, with the name of its format.
    Sealed(&'static str),
}

/// The kind of archive that `bytes` seem to be.
pub fn kind(bytes: &[u8]) -> Option<Kind> {
    match bytes {
        [0x1f, 0x8b, 8, ..] => Some(Kind::Gzip),
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] | [b'P', b'K', 7, 8, b'P', b'K', ..] => Some(Kind::Zip),
        [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', b'&', b'S', b'Y', ..] => Some(Kind::Sealed("bzip2")),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Kind::Sealed("xz")),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Kind::Zstd),
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] if zstd::is_frame(bytes) => Some(Kind::Zstd),
        [0x04, 0x22, 0x4d, 0x18, ..] => Some(Kind::Sealed("lz4")),
        [b'L', b'Z', b'I', b'P', 1, ..] => Some(Kind::Sealed("lzip")),
        [0x5d, 0, 0, ..] if is_lzma(bytes) => Some(Kind::Sealed("lzma")),
        _ if bytes.starts_with(b"# v2 git bundle\n") || bytes.starts_with(b"# v3 git bundle\n") => Some(Kind::Bundle),
        [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Some(Kind::Sealed("7z")),
        [b'R', b'a', b'r', b'!', 0x1a, 7, ..] => Some(Kind::Sealed("rar")),
        [b'%', b'P', b'D', b'F', b'-', ..] => Some(Kind::Pdf),
        _ if bytes.get(257..262) == Some(b"ustar") => Some(Kind::Tar),
        _ if is_zlib(bytes) && has_text(bytes) => Some(Kind::Zlib),
        _ if ends_zip(bytes) => Some(Kind::Zip),
        _ => None,
    }
}

/// Whether the head is that of LZMA before xz, which has no magic number: a dictionary of a usual size, how long the text is,
/// and the first byte of its code, which always is nought.
fn is_lzma(bytes: &[u8]) -> bool {
    let [_, a, b, c, d, size @ .., 0] = bytes.get(..14).unwrap_or_default() else { return false };
    let dictionary = u32::from_le_bytes([*a, *b, *c, *d]);
    let is_usual = dictionary.count_ones() == 1 || dictionary == u32::MAX;
    is_usual && (size.iter().all(|byte| *byte == 0xff) || size.ends_with(&[0, 0, 0]))
}

/// Whether a zlib stream may start here.
pub fn is_zlib(bytes: &[u8]) -> bool {
    matches!(bytes, [0x78, 0x01 | 0x9c | 0xda, ..])
}

/// Whether a zlib stream unpacks, and to an object of git's or what starts as a text does.
fn has_text(stream: &[u8]) -> bool {
    let (head, _) = inflate(stream, HEAD);
    git_object(&head).is_some() || is_mostly_text(&head)
}

/// What an object of git's holds, behind its kind and size.
pub(super) fn git_object(bytes: &[u8]) -> Option<&[u8]> {
    const KINDS: [&[u8]; 4] = [b"blob ", b"tree ", b"commit ", b"tag "];
    let size = KINDS.into_iter().find_map(|kind| bytes.strip_prefix(kind))?;
    let (digits, content) = size.split_once_str(b"\0")?;
    (!digits.is_empty() && digits.iter().all(u8::is_ascii_digit)).then_some(content)
}

pub(super) fn is_mostly_text(bytes: &[u8]) -> bool {
    let text = bytes.iter().filter(|byte| matches!(**byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e | 0x80..)).count();
    !bytes.is_empty() && text * 10 >= bytes.len() * 9
}

/// Whether a zip ends here whose start is something else, such as a program that unpacks it.
fn ends_zip(bytes: &[u8]) -> bool {
    const MARK: &[u8] = b"PK\x05\x06";
    /// The end of a zip's directory, and the longest comment that may stand behind it.
    const END: usize = 22;
    const COMMENT: usize = 0xffff;
    let Some(last) = bytes.len().checked_sub(END) else { return false };
    match bytes {
        [b'#', b'!', ..] | [b'M', b'Z', ..] | [0x7f, b'E', b'L', b'F', ..] => {
            memmem::find(&bytes[last.saturating_sub(COMMENT)..last + MARK.len()], MARK).is_some()
        }
        _ => bytes[last..].starts_with(MARK),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::archive::samples::{gz, tar, zip};

    #[test]
    fn kinds_are_told_by_how_they_start() {
        for (bytes, expected) in [
            (gz(b""), Some(Kind::Gzip)),
            (zip(&[("a", b"b")]), Some(Kind::Zip)),
            (zip(&[]), Some(Kind::Zip)),
            (tar(&[("a", b"b")]), Some(Kind::Tar)),
            (b"BZh91AY&SY....".to_vec(), Some(Kind::Sealed("bzip2"))),
            (b"\xfd7zXZ\0...".to_vec(), Some(Kind::Sealed("xz"))),
            (b"\x28\xb5\x2f\xfd...".to_vec(), Some(Kind::Zstd)),
            (b"\x51\x2a\x4d\x18\x02\0\0\0..\x28\xb5\x2f\xfd...".to_vec(), Some(Kind::Zstd)),
            (b"\x51\x2a\x4d\x18\x02\0\0\0......".to_vec(), None),
            (b"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0...".to_vec(), Some(Kind::Sealed("lzma"))),
            (b"\x5d\0\0 is a text".to_vec(), None),
            (b"# v2 git bundle\n...".to_vec(), Some(Kind::Bundle)),
            (b"7z\xbc\xaf\x27\x1c...".to_vec(), Some(Kind::Sealed("7z"))),
            (b"Rar!\x1a\x07...".to_vec(), Some(Kind::Sealed("rar"))),
            (b"PK is a text".to_vec(), None),
            (Vec::new(), None),
        ] {
            assert_eq!(kind(&bytes), expected, "{}", bytes.as_bstr());
        }
    }
}
