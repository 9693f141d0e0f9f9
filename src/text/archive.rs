//! Archives: gzip, zstd, zip, tar, zlib and the streams of PDF, one inside of another too, unpacked in memory and under limits.
//!
//! Owns what is opened and where it ends; what a member means, and what to do about one that was not opened, is up to the
//! caller. Nothing is written to disk, and a name is handed out as the bytes it is.

use std::fmt::{self, Display};
use std::io::{self, Cursor, Read};

use bstr::{BStr, BString, ByteSlice};
use flate2::bufread::{GzDecoder, ZlibDecoder};
use memchr::memmem;
use zip::read::Config;
use zip::unstable::read::ZipIterable;
use zip::{CompressionMethod, ZipReadOptions};

use super::zstd::{self, Frames};

/// Bytes that are unpacked at a time.
const CHUNK: usize = 16 * 1024;
/// Bytes that tell what a stream unpacks to.
const HEAD: usize = 256;
/// Bytes of a name that are kept: a tar may give megabytes, and an archive's name stands before that of each of its members.
const MAX_NAME: usize = 1024;

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
fn git_object(bytes: &[u8]) -> Option<&[u8]> {
    const KINDS: [&[u8]; 4] = [b"blob ", b"tree ", b"commit ", b"tag "];
    let size = KINDS.into_iter().find_map(|kind| bytes.strip_prefix(kind))?;
    let (digits, content) = size.split_once_str(b"\0")?;
    (!digits.is_empty() && digits.iter().all(u8::is_ascii_digit)).then_some(content)
}

fn is_mostly_text(bytes: &[u8]) -> bool {
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

/// Where unpacking ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that are unpacked of an archive and all archives in it.
    pub bytes: usize,
    /// Members that are looked at, directories and links counted.
    pub members: usize,
    /// How deep an archive may lie inside of the one given. The tar in a gzip file is one deep.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 64 << 20, members: 10_000, depth: 3 }
    }
}

/// A member, or all of an archive, that was not read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unopened {
    /// Its path; empty for the archive given.
    pub path: BString,
    /// Why.
    pub reason: Reason,
}

/// Why a member was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// It unpacks to more bytes than the limit leaves.
    TooLarge,
    /// It holds more members than the limit leaves.
    TooMany,
    /// It is an archive inside of too many others.
    TooDeep,
    /// A password is needed.
    Encrypted,
    /// It is a bundle of git's.
    Bundle,
    /// It is in a format that is not opened.
    Sealed(&'static str),
    /// It is compressed by a method that is not opened.
    Method,
    /// It ends too early, or is not what it should be.
    Damaged,
}

impl Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "it unpacks to more than the limit",
            Self::TooMany => "it has more members than the limit",
            Self::TooDeep => "it lies in too many archives",
            Self::Encrypted => "it is encrypted",
            Self::Bundle => {
                "it is a bundle of git's: 'git clone --mirror FILE FOLDER' and then 'keysweep history FOLDER' sweep it"
            }
            Self::Sealed(name) => return write!(f, "{name} is not opened"),
            Self::Method => "its method of compression is not supported",
            Self::Damaged => "it is damaged",
        })
    }
}

/// Calls `found` with path and bytes of each member that is no archive itself, and returns what was not read to its end.
///
/// Of a member that is damaged or too large `found` gets what could be unpacked, of an archive that could not be opened the
/// bytes as they are. The path of a member of an inner archive is that of the archive, `!`, and its own, of which only the end
/// is kept if it is longer than any real one. A gzip file's member has the stored name or none, that of a zstd file none. Empty members are left out.
pub fn each_member(bytes: &[u8], limits: &Limits, found: &mut dyn FnMut(&BStr, &[u8])) -> Vec<Unopened> {
    let mut walk = Walk { limits, bytes: limits.bytes, members: limits.members, found, unopened: Vec::new() };
    if !walk.open(b"".into(), bytes, 0) {
        walk.report(b"".into(), Reason::Damaged);
    }
    walk.unopened
}

/// What a gzip stream unpacks to: at most `limit` bytes, and only up to where it is damaged; and whether the limit left out
/// nothing.
pub fn gunzip(bytes: &[u8], mut limit: usize) -> (Vec<u8>, bool) {
    let mut text = Vec::new();
    // What came before a flaw is worth as much as without it.
    let end = unpack(&mut GzDecoder::new(bytes), &mut limit, &mut text);
    (text, end != Err(Reason::TooLarge))
}

/// The same of a zlib stream.
pub fn inflate(bytes: &[u8], mut limit: usize) -> (Vec<u8>, bool) {
    let mut text = Vec::new();
    let end = unpack(&mut ZlibDecoder::new(bytes), &mut limit, &mut text);
    (text, end != Err(Reason::TooLarge))
}

/// The texts among the members of a zip, one behind the other; and whether no limit left anything out.
pub fn unzip(bytes: &[u8], limit: usize) -> (Vec<u8>, bool) {
    let mut texts = Vec::new();
    let unopened = each_member(bytes, &Limits { bytes: limit, ..Limits::default() }, &mut |_, text| {
        if is_mostly_text(text) {
            texts.extend_from_slice(text);
            texts.push(b'\n');
        }
    });
    let is_limit = |one: &Unopened| matches!(one.reason, Reason::TooLarge | Reason::TooMany | Reason::TooDeep);
    (texts, !unopened.iter().any(is_limit))
}

/// An archive being unpacked, with what is left of the limits.
struct Walk<'w> {
    limits: &'w Limits,
    bytes: usize,
    members: usize,
    found: &'w mut dyn FnMut(&BStr, &[u8]),
    unopened: Vec<Unopened>,
}

impl Walk<'_> {
    fn report(&mut self, path: &BStr, reason: Reason) {
        self.unopened.push(Unopened { path: path.to_owned(), reason });
    }

    /// Unpacks an archive that lies `depth` deep; `false` if it is none at all.
    fn open(&mut self, path: &BStr, bytes: &[u8], depth: usize) -> bool {
        match kind(bytes) {
            Some(Kind::Gzip) => self.gzip(path, bytes, depth),
            Some(Kind::Zstd) => self.zstd(path, bytes, depth),
            Some(Kind::Zip) => self.zip(path, bytes, depth),
            Some(Kind::Tar) => self.tar(path, bytes, depth),
            Some(Kind::Bundle) => {
                self.report(path, Reason::Bundle);
                true
            }
            Some(Kind::Zlib) => self.zlib(path, bytes, depth),
            Some(Kind::Pdf) => self.pdf(path, bytes, depth),
            Some(Kind::Sealed(name)) => {
                self.report(path, Reason::Sealed(name));
                true
            }
            None => false,
        }
    }

    /// Hands out a member, or opens it.
    fn member(&mut self, path: &BStr, bytes: &[u8], depth: usize) {
        let sealed = match kind(bytes) {
            None => None,
            Some(Kind::Bundle) => Some(Reason::Bundle),
            Some(Kind::Sealed(name)) => Some(Reason::Sealed(name)),
            Some(_) if depth == self.limits.depth => Some(Reason::TooDeep),
            Some(_) if self.open(path, bytes, depth + 1) => return,
            Some(_) => Some(Reason::Damaged),
        };
        if let Some(reason) = sealed {
            self.report(path, reason);
        }
        if !bytes.is_empty() {
            (self.found)(path, bytes);
        }
    }

    /// Counts a member of the archive at `path`; `false` if there may be no more.
    fn count(&mut self, path: &BStr) -> bool {
        if self.members == 0 {
            self.report(path, Reason::TooMany);
            return false;
        }
        self.members -= 1;
        true
    }

    fn gzip(&mut self, path: &BStr, bytes: &[u8], depth: usize) -> bool {
        let mut decoder = GzDecoder::new(bytes);
        let Some(header) = decoder.header() else { return false };
        let path = joined(path, header.filename().unwrap_or_default());
        if !self.count(path.as_bstr()) {
            return true;
        }
        let mut text = Vec::new();
        loop {
            if let Err(reason) = unpack(&mut decoder, &mut self.bytes, &mut text) {
                self.report(path.as_bstr(), reason);
                break;
            }
            // Several streams, one after another, are one file; zeros may fill the last block of a device.
            let rest = decoder.into_inner();
            if rest.iter().all(|b| *b == 0) {
                break;
            }
            decoder = GzDecoder::new(rest);
        }
        self.member(path.as_bstr(), &text, depth);
        true
    }

    fn zstd(&mut self, path: &BStr, bytes: &[u8], depth: usize) -> bool {
        if !self.count(path) {
            return true;
        }
        let (mut frames, mut text) = (Frames::new(bytes, self.bytes), Vec::new());
        if let Err(reason) = unpack(&mut frames, &mut self.bytes, &mut text) {
            self.report(path, reason);
        }
        self.member(path, &text, depth);
        true
    }

    fn zlib(&mut self, path: &BStr, bytes: &[u8], depth: usize) -> bool {
        if self.count(path) {
            let mut text = Vec::new();
            if let Err(reason) = unpack(&mut ZlibDecoder::new(bytes), &mut self.bytes, &mut text) {
                self.report(path, reason);
            }
            self.member(path, git_object(&text).unwrap_or(&text), depth);
        }
        true
    }

    /// The streams of a document that are texts, or archives: all others are pictures and fonts.
    fn pdf(&mut self, path: &BStr, bytes: &[u8], depth: usize) -> bool {
        const WORD: &[u8] = b"stream";
        if memmem::find(bytes, b"/Encrypt").is_some() {
            self.report(path, Reason::Encrypted);
        }
        let mut at = 0;
        while let Some(start) = memmem::find(&bytes[at..], WORD).map(|found| at + found) {
            at = start + WORD.len();
            let stream = bytes[at..].trim_start_with(|char| matches!(char, '\r' | '\n'));
            if bytes[..start].ends_with(b"end") || !is_zlib(stream) {
                continue;
            }
            if !self.count(path) {
                break;
            }
            let (head, _) = inflate(stream, HEAD);
            if is_mostly_text(&head) || kind(&head).is_some() {
                let (mut text, mut decoder) = (Vec::new(), ZlibDecoder::new(stream));
                let path = joined(path, format!("stream at byte {start}").as_bytes());
                if let Err(reason) = unpack(&mut decoder, &mut self.bytes, &mut text) {
                    self.report(path.as_bstr(), reason);
                }
                self.member(path.as_bstr(), &text, depth);
                at += usize::try_from(decoder.total_in()).unwrap_or_default();
            }
        }
        true
    }

    fn zip(&mut self, path: &BStr, bytes: &[u8], depth: usize) -> bool {
        let Ok(mut archive) = ZipIterable::try_new(Cursor::new(bytes), Config::default()) else { return false };
        let Ok(entries) = archive.files() else { return false };
        for entry in entries {
            if !self.count(path) {
                break;
            }
            let Ok(entry) = entry else {
                self.report(path, Reason::Damaged);
                break;
            };
            let path = joined(path, entry.name_raw());
            let path = path.as_bstr();
            if entry.encrypted() {
                self.report(path, Reason::Encrypted);
            } else if !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
                self.report(path, Reason::Method);
            } else if usize::try_from(entry.size()).is_ok_and(|size| size <= self.bytes) {
                // The reader holds the member to its size.
                let (mut text, mut source) = (Vec::new(), Cursor::new(bytes));
                let unpacked = entry
                    .with_reader(&mut source, ZipReadOptions::new())
                    .map_err(|_| Reason::Damaged)
                    .and_then(|mut file| unpack(&mut file, &mut self.bytes, &mut text));
                if let Err(reason) = unpacked {
                    self.report(path, reason);
                }
                self.member(path, &text, depth);
            } else {
                // What comes after it may be smaller.
                self.report(path, Reason::TooLarge);
            }
        }
        true
    }

    fn tar(&mut self, path: &BStr, bytes: &[u8], depth: usize) -> bool {
        let mut archive = tar::Archive::new(Cursor::new(bytes));
        // What was appended after the end is a part of it.
        archive.set_ignore_zeros(true);
        let Ok(entries) = archive.entries_with_seek() else { return false };
        for (index, entry) in entries.enumerate() {
            let Ok(mut entry) = entry else {
                if index == 0 {
                    return false;
                }
                self.report(path, Reason::Damaged);
                break;
            };
            if !self.count(path) {
                break;
            }
            let path = joined(path, &entry.path_bytes());
            let path = path.as_bstr();
            if entry.header().entry_type().is_gnu_sparse() {
                // Its holes are unpacked to zeros.
                let mut text = Vec::new();
                if let Err(reason) = unpack(&mut entry, &mut self.bytes, &mut text) {
                    self.report(path, reason);
                }
                self.member(path, &text, depth);
                continue;
            }
            let start = usize::try_from(entry.raw_file_position()).unwrap_or(bytes.len()).min(bytes.len());
            let stored = &bytes[start..];
            let size = usize::try_from(entry.size()).ok().filter(|size| *size <= stored.len());
            self.member(path, &stored[..size.unwrap_or(stored.len())], depth);
            if size.is_none() {
                self.report(path, Reason::Damaged);
                break;
            }
        }
        true
    }
}

/// The path of a member of the archive at `path`.
fn joined(path: &BStr, name: &[u8]) -> BString {
    let sign: &[u8] = if path.is_empty() || name.is_empty() { b"" } else { b"!" };
    // The end says which kind of file it is.
    let name = &name[name.len().saturating_sub(MAX_NAME)..];
    BString::from([path.as_bytes(), sign, name].concat())
}

/// Reads to the end, or until `left` bytes were read. Nothing larger than what may still come is allocated.
fn unpack(reader: &mut dyn Read, left: &mut usize, text: &mut Vec<u8>) -> Result<(), Reason> {
    let mut chunk = [0; CHUNK];
    loop {
        let count = reader.read(&mut chunk).map_err(|error| match error.kind() {
            io::ErrorKind::FileTooLarge => Reason::TooLarge,
            io::ErrorKind::Unsupported => Reason::Method,
            _ => Reason::Damaged,
        })?;
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
    use super::*;
    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};
    use proptest::prelude::*;
    use std::io::Write;
    use zip::write::{SimpleFileOptions, ZipWriter};

    type Members = Vec<(String, Vec<u8>)>;
    type Reports = Vec<(String, Reason)>;

    fn unpacked(bytes: &[u8], limits: Limits) -> (Members, Reports) {
        let mut members = Vec::new();
        let reports = each_member(bytes, &limits, &mut |path, text| members.push((path.to_string(), text.to_vec())));
        (members, reports.into_iter().map(|report| (report.path.to_string(), report.reason)).collect())
    }

    /// The members, if all could be opened.
    fn members(bytes: &[u8]) -> Members {
        let (members, reports) = unpacked(bytes, Limits::default());
        assert_eq!(reports, []);
        members
    }

    fn named(members: &[(&str, &[u8])]) -> Members {
        members.iter().map(|(path, text)| ((*path).to_owned(), text.to_vec())).collect()
    }

    fn gz(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, text) in members {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            builder.append_data(&mut header, path, *text).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn write_zip<W: Write + io::Seek>(mut writer: ZipWriter<W>, members: &[(&str, &[u8])]) -> W {
        for (index, (path, text)) in members.iter().enumerate() {
            let method = if index % 2 == 0 { CompressionMethod::Deflated } else { CompressionMethod::Stored };
            writer.start_file(*path, SimpleFileOptions::default().compression_method(method)).unwrap();
            writer.write_all(text).unwrap();
        }
        writer.finish().unwrap()
    }

    fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
        write_zip(ZipWriter::new(Cursor::new(Vec::new())), members).into_inner()
    }

    /// Replaces bytes of the same length, wherever they stand.
    fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
        assert_eq!(from.len(), to.len());
        bytes.replace(from, to)
    }

    /// Changes a field of the local and the central header of a zip's only member, at its offsets in the two.
    fn patched(mut bytes: Vec<u8>, local: usize, central: usize, value: &[u8]) -> Vec<u8> {
        let directory = bytes.find(b"PK\x01\x02").unwrap();
        for at in [local, directory + central] {
            bytes[at..at + value.len()].copy_from_slice(value);
        }
        bytes
    }

    fn zlib(text: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_zip_behind_a_script_is_opened() {
        let zip = zip(&[("a.txt", b"text of a"), ("b.txt", b"text of b")]);
        let expected = named(&[("a.txt", b"text of a"), ("b.txt", b"text of b")]);
        let script = [b"#!/usr/bin/env python3\n", &zip[..]].concat();
        assert_eq!((kind(&script), members(&script)), (Some(Kind::Zip), expected));
        assert_eq!(kind(b"#!/bin/sh\necho PK\x05\x06\n"), None);
        assert_eq!(kind(&[b"some text ", &zip[..], b" and more"].concat()), None);
    }

    #[test]
    fn a_zlib_stream_of_text_is_opened() {
        let object = zlib(b"blob 12\0text of blob");
        assert_eq!((kind(&object), members(&object)), (Some(Kind::Zlib), named(&[("", b"text of blob")])));
        let packed = zlib(&[b"blob 99\0", &gz(b"text of gzip")[..]].concat());
        assert_eq!(members(&packed), named(&[("", b"text of gzip")]));
        assert_eq!(members(&zlib(b"any other text")), named(&[("", b"any other text")]));
        for other in [&zlib(&[0, 1, 2, 3, 4, 5])[..], b"x\x01 is no stream at all", b"x\x9c", b"x^2 + y^2"] {
            assert_eq!(kind(other), None, "{other:?}");
        }
        let torn = &object[..object.len() - 8];
        assert_eq!(unpacked(torn, Limits::default()).1, [(String::new(), Reason::Damaged)]);
    }

    #[test]
    fn the_texts_of_a_document_are_opened() {
        let stream =
            |bytes: &[u8]| [b"<< /Filter /FlateDecode >>\nstream\r\n", &zlib(bytes)[..], b"\nendstream\n"].concat();
        let text = b"BT /F1 12 Tf (a text) Tj ET";
        let document =
            [b"%PDF-1.7\n1 0 obj\n", &stream(&[0, 1, 2, 255])[..], &stream(text), &stream(&gz(b"inner"))].concat();
        let found = members(&document);
        assert_eq!(found.iter().map(|(_, text)| &text[..]).collect::<Vec<_>>(), [&text[..], b"inner"]);
        assert!(found[0].0.starts_with("stream at byte "), "{found:?}");
        let limits = Limits { bytes: 10, ..Limits::default() };
        assert_eq!(unpacked(&document, limits).1[0].1, Reason::TooLarge);
        assert_eq!(
            unpacked(b"%PDF-1.7\ntrailer << /Encrypt 9 0 R >>", Limits::default()).1,
            [(String::new(), Reason::Encrypted)]
        );
    }

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

    #[test]
    fn members_are_unpacked_with_their_paths() {
        assert_eq!(members(&gz(b"text")), named(&[("", b"text")]));
        let entries: [(&str, &[u8]); 3] = [("a", b"one"), ("dir/b", b"two"), ("../c\x1b", b"three")];
        assert_eq!(members(&tar(&entries[..2])), named(&entries[..2]));
        assert_eq!(members(&zip(&entries)), named(&entries));
        let long = "x/".repeat(100) + "y";
        assert_eq!(members(&tar(&[(&long, b"text")])), named(&[(&long, b"text")]));
    }

    #[test]
    fn a_gzip_file_names_its_member_and_has_several_streams() {
        let mut named_gz = flate2::GzBuilder::new().filename("notes.txt").write(Vec::new(), Compression::fast());
        named_gz.write_all(b"one ").unwrap();
        let bytes = [named_gz.finish().unwrap(), gz(b"two"), vec![0; 100]].concat();
        assert_eq!(members(&bytes), named(&[("notes.txt", b"one two")]));
        let (found, reports) = unpacked(&[gz(b"text"), b"more".to_vec()].concat(), Limits::default());
        assert_eq!((found, reports), (named(&[("", b"text")]), vec![(String::new(), Reason::Damaged)]));
    }

    fn zst(text: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(text, ruzstd::encoding::CompressionLevel::Fastest)
    }

    #[test]
    fn a_zstd_file_has_several_frames_and_some_that_are_skipped() {
        let skipped = b"\x5e\x2a\x4d\x18\x03\0\0\0abc";
        let bytes = [&skipped[..], &zst(b"one "), skipped, &zst(b""), &zst(b"two"), &[0; 100]].concat();
        assert_eq!(members(&bytes), named(&[("", b"one two")]));
        let inner = tar(&[("dir/file", b"text")]);
        assert_eq!(members(&zst(&inner)), named(&[("dir/file", b"text")]));
        let (found, reports) = unpacked(&[zst(b"text"), b"more".to_vec()].concat(), Limits::default());
        assert_eq!((found, reports), (named(&[("", b"text")]), vec![(String::new(), Reason::Damaged)]));
        let cut = zst(&inner);
        assert_eq!(unpacked(&cut[..cut.len() - 4], Limits::default()).1, [(String::new(), Reason::Damaged)]);
    }

    #[test]
    fn what_stands_before_a_flaw_in_a_zstd_file_is_handed_out() {
        let text: Vec<u8> = (0..60_000_u32).flat_map(|n| format!("{} ", n * n % 9_973).into_bytes()).collect();
        let whole = zst(&text);
        let (found, reports) = unpacked(&whole[..whole.len() - 100], Limits::default());
        assert_eq!(reports, [(String::new(), Reason::Damaged)]);
        assert!(found[0].1.len() > text.len() / 3 && text.starts_with(&found[0].1), "{}", found[0].1.len());
        // A stream, of which nobody knew how long it would be: a window of 128 MiB, and one block of three bytes.
        let wide = b"\x28\xb5\x2f\xfd\x00\x88\x19\0\0abc";
        assert_eq!(members(wide), named(&[("", b"abc")]));
    }

    #[test]
    fn zstd_ends_at_the_limit_whatever_a_frame_says() {
        let limits = Limits { bytes: 100_000, ..Limits::default() };
        let (found, reports) = unpacked(&zst(&vec![0; 1 << 20]), limits);
        assert_eq!(reports, [(String::new(), Reason::TooLarge)]);
        assert!(found.iter().all(|(_, text)| text.len() <= 100_000));
        // One segment of a terabyte, with a block of four zeros; a dictionary that nobody has.
        let terabyte = b"\x28\xb5\x2f\xfd\xe0\0\0\0\0\0\x01\0\0\x23\0\0\0";
        assert_eq!(unpacked(terabyte, Limits::default()).1, [(String::new(), Reason::TooLarge)]);
        let dictionary = b"\x28\xb5\x2f\xfd\x21\x07\x04\x23\0\0\0";
        assert_eq!(unpacked(dictionary, Limits::default()).1, [(String::new(), Reason::Method)]);
        // What ends with a flaw is not decoded for nothing time and again.
        let flawed = [zst(&vec![7; 400_000]), b"flaw".to_vec()].concat();
        let cut = &zst(&vec![7; 400_000])[..20];
        let many: Vec<(String, &[u8])> =
            (0..50).map(|n| (format!("{n:02}"), if n % 2 == 0 { cut } else { &flawed[..] })).collect();
        let many: Vec<(&str, &[u8])> = many.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
        let (found, reports) = unpacked(&tar(&many), Limits { bytes: 1 << 20, ..Limits::default() });
        assert!(found.iter().map(|(_, text)| text.len()).sum::<usize>() <= 50 * flawed.len() + (1 << 20));
        assert_eq!(reports.last().map(|(_, reason)| *reason), Some(Reason::TooLarge));
    }

    #[test]
    fn empty_archives_and_members_hold_nothing() {
        for bytes in [gz(b""), tar(&[]), zip(&[]), tar(&[("a", b"")]), zip(&[("a", b"")])] {
            let limits = Limits::default();
            let (found, reports) = unpacked(&bytes, limits);
            // A tar of nothing but zeros is not told from other zeros.
            let expected = if kind(&bytes).is_some() { vec![] } else { vec![(String::new(), Reason::Damaged)] };
            assert_eq!((found, reports), (vec![], expected));
        }
    }

    #[test]
    fn archives_in_archives_are_opened_to_the_limit() {
        let inner = tar(&[("dir/file", b"text")]);
        let jar = zip(&[("inner.tar.gz", &gz(&inner)), ("plain", b"more")]);
        let outer = gz(&tar(&[("lib.jar", &jar)]));
        let (found, reports) = unpacked(&outer, Limits { depth: 4, ..Limits::default() });
        assert_eq!(reports, []);
        assert_eq!(found, named(&[("lib.jar!inner.tar.gz!dir/file", b"text"), ("lib.jar!plain", b"more")]));
        // What is not opened is handed out as it is.
        let (found, reports) = unpacked(&outer, Limits { depth: 2, ..Limits::default() });
        assert_eq!(reports, [("lib.jar!inner.tar.gz".to_owned(), Reason::TooDeep)]);
        assert_eq!(found, named(&[("lib.jar!inner.tar.gz", &gz(&inner)), ("lib.jar!plain", b"more")]));
        let sealed = tar(&[("a.xz", b"\xfd7zXZ\0...")]);
        let (found, reports) = unpacked(&sealed, Limits::default());
        assert_eq!(reports, [("a.xz".to_owned(), Reason::Sealed("xz"))]);
        assert_eq!(found.len(), 1);
        assert_eq!(unpacked(b"BZh91AY&SY", Limits::default()).1, [(String::new(), Reason::Sealed("bzip2"))]);
    }

    #[test]
    fn bombs_end_at_the_limit() {
        let zeros = vec![0; 1 << 20];
        let limits = Limits { bytes: 100_000, ..Limits::default() };
        let (found, reports) = unpacked(&gz(&zeros), limits);
        assert_eq!(reports, [(String::new(), Reason::TooLarge)]);
        assert_eq!(found, [(String::new(), vec![0; 100_000])]);
        // What fits is unpacked all the same.
        let (found, reports) = unpacked(&zip(&[("a", &zeros), ("b", b"text"), ("c", &zeros[..99_996])]), limits);
        assert_eq!(reports, [("a".to_owned(), Reason::TooLarge)]);
        assert_eq!(
            found.iter().map(|(path, text)| (path.as_str(), text.len())).collect::<Vec<_>>(),
            [("b", 4), ("c", 99_996)]
        );
        // The limit is for all layers together.
        let (found, reports) = unpacked(&gz(&gz(&zeros[..99_990])), limits);
        assert_eq!(reports, [(String::new(), Reason::TooLarge)]);
        assert!(found[0].1.len() < 99_990);
        // A member that unpacks to more than it says is cut off there.
        let lying = patched(zip(&[("a", &zeros)]), 22, 24, &1000u32.to_le_bytes());
        let (found, reports) = unpacked(&lying, limits);
        assert_eq!(reports, [("a".to_owned(), Reason::Damaged)]);
        assert!(found.iter().all(|(_, text)| text.len() <= 1000));
    }

    #[test]
    fn no_more_is_allocated_than_the_limit() {
        for (limit, length) in [(100_000, 1 << 20), (100_000, 99_999), (1, 1 << 20), (70_000, 70_000)] {
            let (mut left, mut text) = (limit, Vec::new());
            let outcome = unpack(&mut io::repeat(b'x').take(length), &mut left, &mut text);
            assert_eq!(outcome.is_ok(), length <= limit as u64);
            assert!(text.len() + left == limit && text.capacity() <= limit, "{} for {limit}", text.capacity());
        }
    }

    #[test]
    fn sparse_files_are_unpacked_under_the_limit() {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::GNUSparse);
        header.set_path("sparse").unwrap();
        header.set_size(4);
        let gnu = header.as_gnu_mut().unwrap();
        gnu.set_real_size(1 << 40);
        for (block, (offset, length)) in gnu.sparse.iter_mut().zip([(0, 4), (1 << 40, 0)]) {
            block.set_offset(offset);
            block.set_length(length);
        }
        header.set_cksum();
        let mut builder = tar::Builder::new(Vec::new());
        builder.append(&header, &b"text"[..]).unwrap();
        let (found, reports) = unpacked(&builder.into_inner().unwrap(), Limits { bytes: 1000, ..Limits::default() });
        assert_eq!(reports, [("sparse".to_owned(), Reason::TooLarge)]);
        assert!(found[0].1.starts_with(b"text\0") && found[0].1.len() == 1000);
    }

    #[test]
    fn members_beyond_the_limit_are_told() {
        let many: Vec<String> = (0..20).map(|index| format!("file{index}")).collect();
        let entries: Vec<(&str, &[u8])> = many.iter().map(|path| (path.as_str(), &b"text"[..])).collect();
        for bytes in [tar(&entries), zip(&entries)] {
            let (found, reports) = unpacked(&bytes, Limits { members: 7, ..Limits::default() });
            assert_eq!((found.len(), reports), (7, vec![(String::new(), Reason::TooMany)]));
        }
    }

    #[test]
    fn names_do_not_grow_with_the_members_that_bear_them() {
        let inner = patched(zip(&[("b.txt", b"text")]), 6, 8, &[1, 0]);
        let long = format!("{}/a.zip", ["x"; 100_000].join("/"));
        let (found, reports) = unpacked(&tar(&[(&long, &inner), (&long, b"text")]), Limits::default());
        let kept = &long[long.len() - MAX_NAME..];
        assert_eq!(reports, [(format!("{kept}!b.txt"), Reason::Encrypted)]);
        assert_eq!(found, named(&[(kept, b"text")]));
    }

    #[test]
    fn encrypted_members_and_other_methods_are_told() {
        let plain = zip(&[("a", b"text")]);
        for (bytes, reason) in [
            (patched(plain.clone(), 6, 8, &[1, 0]), Reason::Encrypted),
            (patched(plain.clone(), 8, 10, &[12, 0]), Reason::Method),
            (patched(plain.clone(), 8, 10, &[99, 0]), Reason::Method),
        ] {
            assert_eq!(unpacked(&bytes, Limits::default()), (vec![], vec![("a".to_owned(), reason)]));
        }
    }

    #[test]
    fn sizes_may_follow_the_data() {
        let mut bytes = Vec::new();
        let mut writer = ZipWriter::new_stream(&mut bytes);
        for (path, text) in [("a", "one"), ("b", "two")] {
            writer.start_file(path, SimpleFileOptions::default()).unwrap();
            writer.write_all(text.as_bytes()).unwrap();
        }
        writer.finish().unwrap();
        assert!(bytes.contains_str(b"PK\x07\x08"), "no data descriptor was written");
        assert_eq!(members(&bytes), named(&[("a", b"one"), ("b", b"two")]));
    }

    #[test]
    fn members_of_one_name_are_all_unpacked() {
        let bytes = replaced(&zip(&[("a1", b"one"), ("a2", b"two")]), b"a2", b"a1");
        assert_eq!(members(&bytes), named(&[("a1", b"one"), ("a1", b"two")]));
    }

    #[test]
    fn what_is_cut_off_or_altered_is_told() {
        let text: Vec<u8> = (0..5000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        let entries: [(&str, &[u8]); 2] = [("a", b"first"), ("b", &text)];
        let (gzip, tar, zip) = (gz(&text), tar(&entries), zip(&entries));
        let (found, reports) = unpacked(&gzip[..gzip.len() / 2], Limits::default());
        assert_eq!(reports, [(String::new(), Reason::Damaged)]);
        assert!(found[0].1.len() > 1000 && text.starts_with(&found[0].1));
        let (found, reports) = unpacked(&tar[..tar.len() / 2], Limits::default());
        assert_eq!(reports, [("b".to_owned(), Reason::Damaged)]);
        assert!(found[0].1 == b"first" && text.starts_with(&found[1].1));
        assert_eq!(
            unpacked(&zip[..zip.len() / 2], Limits::default()),
            (vec![], vec![(String::new(), Reason::Damaged)])
        );
        let altered = replaced(&zip, &text[400..404], b"####");
        let (found, reports) = unpacked(&altered, Limits::default());
        assert_eq!((found.len(), reports), (2, vec![("b".to_owned(), Reason::Damaged)]));
        let altered = replaced(&tar, b"b\0\0\0", b"c\0\0\0");
        assert_eq!(unpacked(&altered, Limits::default()).1, [(String::new(), Reason::Damaged)]);
        // Only its first bytes made it look like an archive.
        for bytes in [&b"PK\x03\x04 and text"[..], b"\x1f\x8b\x08", &[&[b' '; 257][..], b"ustar and text"].concat()] {
            assert_eq!(unpacked(bytes, Limits::default()), (vec![], vec![(String::new(), Reason::Damaged)]));
            let (found, reports) = unpacked(&gz(bytes), Limits::default());
            assert_eq!((found, reports.len()), (vec![(String::new(), bytes.to_vec())], 1));
        }
    }

    #[test]
    fn gzip_is_unpacked_as_far_as_it_goes() {
        let bytes = gz(b"some text");
        assert_eq!(gunzip(&bytes, 100), (b"some text".to_vec(), true));
        assert_eq!(gunzip(&bytes, 9), (b"some text".to_vec(), true));
        assert_eq!(gunzip(&bytes, 4), (b"some".to_vec(), false));
        let (torn, is_whole) = gunzip(&bytes[..bytes.len() - 9], 100);
        assert!(b"some text".starts_with(&torn) && is_whole);
        assert_eq!(gunzip(b"text", 100), (Vec::new(), true));
    }

    proptest! {
        /// Archives with bytes changed or cut off: no panic, and no limit is passed.
        #[test]
        fn any_bytes_are_unpacked_within_the_limits(
            shape in 0usize..5,
            changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..8),
            end in any::<proptest::sample::Index>(),
            cut in any::<bool>(),
        ) {
            let text = b"0123456789abcdef".repeat(40);
            let entries: [(&str, &[u8]); 3] = [("a", &text), ("b", b"text"), ("c", &gz(&text))];
            let mut bytes = match shape {
                0 => gz(&text),
                1 => tar(&entries),
                2 => zip(&entries),
                3 => gz(&tar(&entries)),
                _ => zip(&[("x", &zip(&entries)), ("y", &tar(&entries))]),
            };
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if cut {
                bytes.truncate(end.index(bytes.len()));
            }
            let limits = Limits { bytes: 8000, members: 6, depth: 2 };
            let (found, _) = unpacked(&bytes, limits);
            prop_assert!(found.len() <= limits.members);
            let total: usize = found.iter().map(|(_, text)| text.len()).sum();
            prop_assert!(total <= bytes.len() + limits.bytes, "{total}");
        }
    }
}
