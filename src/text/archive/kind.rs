//! Recognises the kind of an archive by its first and last bytes.

use bstr::ByteSlice;
use flate2::bufread::ZlibDecoder;
use memchr::memmem;

use super::limits::unpack;
use super::tar_header::{BLOCK, is_tar_header};
use super::unopened::Reason;
use super::{ar, png, xz, zstd};

/// The number of bytes that show what a stream unpacks to.
pub(super) const HEAD: usize = 256;

/// The first bytes of a `SQLite` database.
pub(super) const SQLITE: &[u8] = b"SQLite format 3\0";

/// The kind of a file, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One file, compressed with gzip.
    Gzip,
    /// One file, compressed with Zstandard.
    Zstd,
    /// One file, compressed with xz.
    Xz,
    /// A zip, or a format that builds on it: jar, whl, docx and others.
    Zip,
    /// Files one after another, not compressed.
    Tar,
    /// Files one after another in the simpler `ar` format: Debian packages.
    Ar,
    /// A script with an archive after its last line.
    Script,
    /// A picture with compressed texts or with an archive behind its end, or a broken one, which may have either.
    Png,
    /// Commits as one file, from which git makes a repository.
    Bundle,
    /// Git objects in a pack outside of a repository.
    Pack,
    /// One compressed text, such as a loose git object.
    Zlib,
    /// A document whose texts are compressed one by one.
    Pdf,
    /// A `SQLite` database, or the log of the latest changes to one.
    Database,
    /// An archive that isn't opened, with the name of its format.
    Sealed(&'static str),
}

impl Kind {
    /// Returns `true` if a member of such a file may have no name.
    pub fn has_nameless(self) -> bool {
        matches!(self, Self::Gzip | Self::Zstd | Self::Xz | Self::Zlib | Self::Script | Self::Png)
    }
}

/// The formats that are not opened, by the first bytes that identify them according to their documentation. Brotli has
/// none.
const SEALED: [(&[u8], &str); 10] = [
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"\x02\x21\x4c\x18", "lz4"),
    (b"LZIP\x01", "lzip"),
    (b"\x89LZO\0\r\n\x1a\n", "lzop"),
    (b"\xff\x06\0\0sNaPpY", "snappy"),
    (b"MSCF\0\0\0\0", "cab"),
    (b"\xed\xab\xee\xdb", "rpm"),
    (b"xar!\0", "xar"),
];

/// Returns the kind of archive that `bytes` seem to be.
pub fn kind(bytes: &[u8]) -> Option<Kind> {
    match bytes {
        [b'%', b'P', b'D', b'F', b'-', ..] => Some(Kind::Pdf),
        [b'P', b'A', b'C', b'K', 0, 0, 0, 2 | 3, ..] => Some(Kind::Pack),
        [0x89, b'P', ..] if png::is_picture(bytes) => {
            let is_opened = png::has_texts(bytes) || png::behind(bytes).is_none_or(is_appended);
            is_opened.then_some(Kind::Png)
        }
        _ if bytes.starts_with(b"# v2 git bundle\n") || bytes.starts_with(b"# v3 git bundle\n") => Some(Kind::Bundle),
        _ => compressed(bytes).or_else(|| holding(bytes)).or_else(|| sealed(bytes).map(Kind::Sealed)),
    }
}

/// Returns the kind of a compressed archive, opened or not, by its first bytes.
pub(super) fn packed(bytes: &[u8]) -> Option<Kind> {
    compressed(bytes).or_else(|| sealed(bytes).map(Kind::Sealed))
}

/// Returns `true` if bytes behind the end of another file are an archive. A picture is no reason to look further: any
/// number of them may follow each other.
pub(super) fn is_appended(bytes: &[u8]) -> bool {
    packed(bytes).is_some() || is_tar(bytes) || ends_zip(bytes)
}

/// Returns the kind of a compressed archive that is opened, by its first bytes.
fn compressed(bytes: &[u8]) -> Option<Kind> {
    match bytes {
        [0x1f, 0x8b, 8, ..] => Some(Kind::Gzip),
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] | [b'P', b'K', 7, 8, b'P', b'K', ..] => Some(Kind::Zip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Kind::Zstd),
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] if zstd::is_frame(bytes) => Some(Kind::Zstd),
        [0xfd, ..] if bytes.starts_with(xz::MAGIC) => Some(Kind::Xz),
        _ => None,
    }
}

/// Returns the kind of a file that is recognized by more than its first bytes.
fn holding(bytes: &[u8]) -> Option<Kind> {
    match bytes {
        _ if bytes.starts_with(SQLITE) || is_sqlite_log(bytes) => Some(Kind::Database),
        _ if is_tar(bytes) => Some(Kind::Tar),
        _ if holds_packed(bytes) => Some(Kind::Ar),
        _ if is_zlib(bytes) && has_text(bytes) => Some(Kind::Zlib),
        _ if ends_zip(bytes) => Some(Kind::Zip),
        _ => behind_script(bytes).map(|_| Kind::Script),
    }
}

/// Returns `true` for an `ar` archive with a compressed member, or with bytes that aren't a member.
fn holds_packed(bytes: &[u8]) -> bool {
    ar::members(bytes).any(|member| match member {
        Ok(member) => packed(member.bytes).is_some(),
        Err(reason) => reason == Reason::Damaged,
    })
}

/// The position of the magic number in the header of a tar member.
const TAR_MARK: usize = 257;

/// Returns `true` if a tar starts here, possibly after blocks of zeros.
fn is_tar(bytes: &[u8]) -> bool {
    /// The most blocks of zeros that are skipped.
    const MOST: usize = 64;
    let has_mark = |bytes: &[u8]| bytes.get(TAR_MARK..TAR_MARK + 5) == Some(b"ustar");
    if !bytes.starts_with(&[0]) {
        return has_mark(bytes);
    }
    let zeros = bytes.chunks(BLOCK).take(MOST).take_while(|block| block.iter().all(|byte| *byte == 0)).count();
    zeros > 0 && has_mark(&bytes[(zeros * BLOCK).min(bytes.len())..])
}

/// Returns the archive that a self-extracting script has after one of its lines.
pub(super) fn behind_script(bytes: &[u8]) -> Option<&[u8]> {
    const STARTS: [&[u8]; 5] =
        [b"\n\x1f\x8b\x08", b"\n\xfd7zXZ\0", b"\n\x28\xb5\x2f\xfd", b"\nBZh", b"\n7z\xbc\xaf\x27\x1c"];
    if !bytes.starts_with(b"#!") {
        return None;
    }
    let archives = STARTS.iter().filter_map(|start| bytes.get(memmem::find(bytes, start)? + 1..));
    let archives = archives.filter(|archive| packed(archive).is_some()).chain(tar_behind_line(bytes));
    archives.max_by_key(|archive| archive.len())
}

/// Returns the tar that begins after one of the lines of a text, such as a script that contains it uncompressed.
fn tar_behind_line(bytes: &[u8]) -> Option<&[u8]> {
    let starts = memmem::find_iter(bytes, b"ustar").filter_map(|mark| mark.checked_sub(TAR_MARK));
    let starts = starts.filter(|start| start.checked_sub(1).is_some_and(|before| bytes[before] == b'\n'));
    // A hostile text may have any number of magic numbers: each one costs the sum of a single block, so all are checked.
    starts.map(|start| &bytes[start..]).find(|archive| archive.get(..BLOCK).is_some_and(is_tar_header))
}

/// Returns `true` if bytes start like a write-ahead log of `SQLite`: with its magic number in one of two byte orders,
/// and the version.
pub(super) fn is_sqlite_log(bytes: &[u8]) -> bool {
    matches!(bytes, [0x37, 0x7f, 0x06, 0x82 | 0x83, 0x00, 0x2d, 0xe2, 0x18, ..])
}

/// Returns the format of an archive that isn't opened.
fn sealed(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', b'&', b'S', b'Y', ..] => Some("bzip2"),
        // The third byte contains the width of the codes, and two bits that are unused.
        [0x1f, 0x9d, flags, ..] if flags & 0x60 == 0 && (9..=16).contains(&(flags & 0x1f)) => Some("compress"),
        [0x5d, 0, 0, ..] if is_lzma(bytes) => Some("lzma"),
        // The magic number is a word, so the version of the format has to be right as well.
        [b'h', b's', b'q', b's', ..] if bytes.get(28..32) == Some(&[4, 0, 0, 0]) => Some("squashfs"),
        [first, ..] => {
            let mut named = SEALED.into_iter().filter(|(magic, _)| magic[0] == *first);
            named.find(|(magic, _)| bytes.starts_with(magic)).map(|(_, name)| name)
        }
        [] => None,
    }
}

/// Returns `true` if the header is that of the LZMA format before xz, which has no magic number: a dictionary of a
/// usual size, the length of the text, and the first byte of the code, which is always zero.
fn is_lzma(bytes: &[u8]) -> bool {
    let [_, a, b, c, d, size @ .., 0] = bytes.get(..14).unwrap_or_default() else { return false };
    let dictionary = u32::from_le_bytes([*a, *b, *c, *d]);
    let is_usual = dictionary.count_ones() == 1 || dictionary == u32::MAX;
    is_usual && (size.iter().all(|byte| *byte == 0xff) || size.ends_with(&[0, 0, 0]))
}

/// Returns `true` if a zlib stream may start here: its method is deflate, the check of its first two bytes is correct,
/// and it needs no dictionary (RFC 1950).
pub fn is_zlib(bytes: &[u8]) -> bool {
    matches!(bytes, [method, flags, ..] if method & 0x0f == 8
        && method >> 4 <= 7
        && flags & 0x20 == 0
        && u16::from_be_bytes([*method, *flags]).is_multiple_of(31))
}

/// Returns `true` if a zlib stream unpacks to a git object or to the start of a text. Bytes that are no such stream may
/// unpack to a few bytes before that shows.
fn has_text(stream: &[u8]) -> bool {
    let (mut head, mut left) = (Vec::new(), HEAD);
    let is_stream = unpack(&mut ZlibDecoder::new(stream), &mut left, &mut head) != Err(Reason::Damaged);
    git_object(&head).is_some() || is_stream && is_mostly_text(&head)
}

/// Returns the content of a loose git object, after its kind and size.
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

/// Returns `true` if a zip ends here whose start is something else, such as a self-extracting program.
fn ends_zip(bytes: &[u8]) -> bool {
    const MARK: &[u8] = b"PK\x05\x06";
    /// The size of the record at the end of a zip's directory, and the longest comment that may follow it.
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
    use crate::text::archive::samples::{ar, gz, tar, zip};

    #[test]
    fn kinds_are_recognised_by_their_magic_bytes() {
        let decoys = [&b"\n"[..], &[b'x'; TAR_MARK], b"ustar"].concat();
        for (bytes, expected) in [
            (gz(b""), Some(Kind::Gzip)),
            (zip(&[("a", b"b")]), Some(Kind::Zip)),
            (zip(&[]), Some(Kind::Zip)),
            (tar(&[("a", b"b")]), Some(Kind::Tar)),
            (b"BZh91AY&SY....".to_vec(), Some(Kind::Sealed("bzip2"))),
            (b"\xfd7zXZ\0...".to_vec(), Some(Kind::Xz)),
            (b"\x28\xb5\x2f\xfd...".to_vec(), Some(Kind::Zstd)),
            (b"\x51\x2a\x4d\x18\x02\0\0\0..\x28\xb5\x2f\xfd...".to_vec(), Some(Kind::Zstd)),
            (b"\x51\x2a\x4d\x18\x02\0\0\0......".to_vec(), None),
            (b"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0...".to_vec(), Some(Kind::Sealed("lzma"))),
            (b"\x5d\0\0 is a text".to_vec(), None),
            (b"# v2 git bundle\n...".to_vec(), Some(Kind::Bundle)),
            (b"7z\xbc\xaf\x27\x1c...".to_vec(), Some(Kind::Sealed("7z"))),
            (b"Rar!\x1a\x07...".to_vec(), Some(Kind::Sealed("rar"))),
            (b"PACK\0\0\0\x02...".to_vec(), Some(Kind::Pack)),
            (b"SQLite format 3\0...".to_vec(), Some(Kind::Database)),
            (b"SQLite format 3 is a text".to_vec(), None),
            (b"\x37\x7f\x06\x82\0\x2d\xe2\x18...".to_vec(), Some(Kind::Database)),
            (b"PACKAGE is a text".to_vec(), None),
            (b"\x1f\x9d\x90...".to_vec(), Some(Kind::Sealed("compress"))),
            (b"\x1f\x9d\xff...".to_vec(), None),
            (b"\x04\x22\x4d\x18...".to_vec(), Some(Kind::Sealed("lz4"))),
            (b"MSCF\0\0\0\0...".to_vec(), Some(Kind::Sealed("cab"))),
            ([&b"hsqs"[..], &[1; 24], &[4, 0, 0, 0]].concat(), Some(Kind::Sealed("squashfs"))),
            (b"hsqs is a word, and this is a text about it".to_vec(), None),
            ([vec![0; 1024], tar(&[("a", b"b")])].concat(), Some(Kind::Tar)),
            (vec![0; 4096], None),
            ([b"#!/bin/sh\nexit\n".to_vec(), gz(b"")].concat(), Some(Kind::Script)),
            ([b"#!/bin/sh\nexit\n".to_vec(), tar(&[("a", b"b")])].concat(), Some(Kind::Script)),
            ([b"#!/bin/sh\n".to_vec(), vec![b'x'; TAR_MARK], b"ustar".repeat(200)].concat(), None),
            (
                [b"#!/bin/sh\n".to_vec(), decoys.repeat(100), b"\n".to_vec(), tar(&[("a", b"b")])].concat(),
                Some(Kind::Script),
            ),
            (b"#!/bin/sh\nexit\n\x1f\x8b is a text".to_vec(), None),
            ([b"a text\n".to_vec(), gz(b"")].concat(), None),
            (b"!<arch>\nlib.o/ ".to_vec(), None),
            (ar(&[("lib.o", b"\x7fELF")]).replace("`", "?"), Some(Kind::Ar)),
            (b"PK is a text".to_vec(), None),
            (Vec::new(), None),
        ] {
            assert_eq!(kind(&bytes), expected, "{}", bytes.as_bstr());
        }
    }
}
