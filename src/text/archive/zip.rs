//! The members of a zip: those that its directory lists, and those that only their own headers describe, for instance
//! if zips were joined, or if one was cut off before its directory.
//!
//! Format: PKWARE's APPNOTE.TXT, sections 4.3 and 4.4.

use std::io::Cursor;

use bstr::BStr;
use flate2::bufread::DeflateDecoder;
use memchr::memmem;
use zip::CompressionMethod;
use zip::read::Config;
use zip::unstable::read::ZipIterable;

use super::each_member;
use super::kind::is_mostly_text;
use super::limits::{Limits, unpack};
use super::stream::Left;
use super::unopened::{Reason, Unopened};
use super::walk::{Walk, joined};
use crate::text::Span;

/// The first bytes of a member's own header.
const MAGIC: &[u8] = b"PK\x03\x04";
/// The number of bytes of such a header, before the name.
const HEADER: usize = 30;
/// The value of a size that is given in an extra field instead.
const ELSEWHERE: u32 = u32::MAX;

/// Returns the texts among the members of a zip, one after the other, and what is left unread.
pub fn unzip(bytes: &[u8], limit: usize) -> (Vec<u8>, Left) {
    let mut texts = Vec::new();
    let unopened = each_member(bytes, &Limits { bytes: limit, ..Limits::default() }, &mut |_, text| {
        if is_mostly_text(text) {
            texts.extend_from_slice(text);
            texts.push(b'\n');
        }
    });
    let has = |is: fn(Reason) -> bool| unopened.iter().any(|one: &Unopened| is(one.reason));
    let left = if has(Reason::is_limit) {
        Left::Limit
    } else if has(Reason::is_flaw) {
        Left::Flaw
    } else {
        Left::Nothing
    };
    (texts, left)
}

/// The method by which the bytes of a member are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Stored,
    Deflated,
    Encrypted,
    /// A method that isn't supported.
    Other,
}

impl Method {
    fn listed(method: CompressionMethod, is_encrypted: bool) -> Self {
        match method {
            _ if is_encrypted => Self::Encrypted,
            CompressionMethod::Stored => Self::Stored,
            CompressionMethod::Deflated => Self::Deflated,
            _ => Self::Other,
        }
    }

    fn numbered(method: u16, is_encrypted: bool) -> Self {
        match method {
            _ if is_encrypted => Self::Encrypted,
            0 => Self::Stored,
            8 => Self::Deflated,
            _ => Self::Other,
        }
    }
}

/// A member as described by the central directory or by its own header.
#[derive(Debug)]
struct Member<'n> {
    name: &'n [u8],
    method: Method,
    crc: Option<u32>,
    /// The number of bytes that it unpacks to.
    size: Option<usize>,
    /// The span of its stored bytes, which may extend past the end of the archive.
    data: Span,
}

impl<'n> Member<'n> {
    /// Returns the member whose own header is at a position, if there is one.
    fn at(bytes: &'n [u8], start: usize) -> Option<Self> {
        let header: &[u8; HEADER] = bytes.get(start..)?.first_chunk()?;
        let short = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
        let long = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let (version, flags, method) = (short(4), short(6), short(8));
        let name_end = start + HEADER + usize::from(short(26));
        let data = data_of(bytes, start)?;
        let name = &bytes[start + HEADER..name_end.min(bytes.len())];
        // Any program that reads zips may contain the same four bytes.
        let is_named = !name.is_empty() && !name.contains(&0);
        let is_known = matches!(method, 0..=20 | 93..=99) && version <= 63;
        if !is_named || !is_known {
            return None;
        }
        let has_descriptor = flags & 8 != 0;
        let (size, packed) = match (long(22), long(18)) {
            _ if has_descriptor => (None, None),
            (ELSEWHERE, _) | (_, ELSEWHERE) => wide_sizes(bytes.get(name_end..data).unwrap_or_default()),
            (size, packed) => (usize::try_from(size).ok(), usize::try_from(packed).ok()),
        };
        let method = Method::numbered(method, flags & 1 != 0);
        let end = match packed {
            Some(packed) => data.saturating_add(packed),
            None if method == Method::Deflated => bytes.len(),
            None => next_header(bytes, data),
        };
        Some(Self { name, method, crc: (!has_descriptor).then(|| long(14)), size, data: Span::new(data, end) })
    }

    /// Checks that a text is complete, given the length of the archive.
    fn check(&self, text: &[u8], length: usize) -> Result<(), Reason> {
        let is_size = self.size.is_none_or(|size| size == text.len());
        if !is_size && self.data.end > length {
            return Err(Reason::Cut);
        }
        let is_whole = is_size && self.crc.is_none_or(|crc| crc == crc32fast::hash(text));
        if is_whole { Ok(()) } else { Err(Reason::Damaged) }
    }
}

/// Returns the position of a member's bytes, given that of its own header.
fn data_of(bytes: &[u8], start: usize) -> Option<usize> {
    let header: &[u8; HEADER] = bytes.get(start..)?.first_chunk()?;
    let [.., a, b, c, d] = *header;
    let lengths = usize::from(u16::from_le_bytes([a, b])) + usize::from(u16::from_le_bytes([c, d]));
    header.starts_with(MAGIC).then(|| (start + HEADER + lengths).min(bytes.len()))
}

/// Returns both sizes from the extra field for large members.
fn wide_sizes(mut extra: &[u8]) -> (Option<usize>, Option<usize>) {
    while let [a, b, c, d, rest @ ..] = extra {
        let length = usize::from(u16::from_le_bytes([*c, *d]));
        if (a, b) == (&1, &0) {
            let long = |at: usize| usize::try_from(u64::from_le_bytes(*rest.get(at..)?.first_chunk()?)).ok();
            return (long(0), long(8));
        }
        extra = rest.get(length..).unwrap_or_default();
    }
    (None, None)
}

/// Returns the end of a stored member that does not state its length.
fn next_header(bytes: &[u8], data: usize) -> usize {
    const SIGNS: [&[u8]; 3] = [b"PK\x07\x08", MAGIC, b"PK\x01\x02"];
    let found = memmem::find_iter(&bytes[data..], b"PK").map(|at| data + at);
    let mut headers = found.filter(|at| SIGNS.into_iter().any(|sign| bytes[*at..].starts_with(sign)));
    headers.next().unwrap_or(bytes.len())
}

/// The extent to which the directory was read.
enum Directory {
    /// No readable directory was found.
    Absent,
    /// It was read to its end, or to a flaw that was reported.
    Read,
    /// No more members are allowed.
    Full,
}

impl Walk<'_> {
    pub(super) fn zip(&mut self, path: &BStr, bytes: &[u8], depth: usize) -> bool {
        let mut read = Vec::new();
        let directory = self.listed(path, bytes, depth, &mut read);
        if matches!(directory, Directory::Full) {
            return true;
        }
        read.sort_unstable();
        let reported_before = self.unopened.len();
        let is_any = self.unlisted(path, bytes, depth, &read);
        if matches!(directory, Directory::Absent) {
            let is_reported = self.unopened[reported_before..].iter().any(|one| one.reason == Reason::Cut);
            if is_any && !is_reported {
                self.report(path, Reason::Cut);
            }
            return is_any;
        }
        true
    }

    /// Reads the members that the directory lists, and records their spans.
    fn listed(&mut self, path: &BStr, bytes: &[u8], depth: usize, read: &mut Vec<Span>) -> Directory {
        let Ok(mut archive) = ZipIterable::try_new(Cursor::new(bytes), Config::default()) else {
            return Directory::Absent;
        };
        let Ok(entries) = archive.files() else { return Directory::Absent };
        for entry in entries {
            if !self.count(path) {
                return Directory::Full;
            }
            let Ok(entry) = entry else {
                self.report(path, Reason::Damaged);
                break;
            };
            let start = usize::try_from(entry.header_start()).unwrap_or(bytes.len());
            let method = Method::listed(entry.compression(), entry.encrypted());
            let Some(data) = data_of(bytes, start) else {
                self.report(joined(path, entry.name_raw()).as_ref(), Reason::Damaged);
                continue;
            };
            let packed = usize::try_from(entry.compressed_size()).unwrap_or(usize::MAX);
            let member = Member {
                name: entry.name_raw(),
                method,
                crc: Some(entry.crc32()),
                size: Some(usize::try_from(entry.size()).unwrap_or(usize::MAX)),
                data: Span::new(data, data.saturating_add(packed)),
            };
            let end = self.zipped(path, bytes, &member, depth);
            read.push(Span::new(start, end));
        }
        Directory::Read
    }

    /// Reads the members outside of the spans that were read; returns `true` if there is one.
    fn unlisted(&mut self, path: &BStr, bytes: &[u8], depth: usize, read: &[Span]) -> bool {
        let (mut at, mut read, mut is_any) = (0, read.iter().peekable(), false);
        while let Some(start) = memmem::find(&bytes[at..], MAGIC).map(|found| at + found) {
            while let Some(span) = read.next_if(|span| span.start <= start) {
                at = at.max(span.end);
            }
            if at > start {
                continue;
            }
            let Some(member) = Member::at(bytes, start) else {
                at = start + MAGIC.len();
                continue;
            };
            is_any = true;
            if !self.count(path) {
                break;
            }
            at = self.zipped(path, bytes, &member, depth);
        }
        is_any
    }

    /// Unpacks a member, and returns the end of the bytes that were read.
    fn zipped(&mut self, archive: &BStr, bytes: &[u8], member: &Member<'_>, depth: usize) -> usize {
        let path = joined(archive, member.name);
        let path = path.as_ref();
        let end = member.data.end.min(bytes.len());
        // Members may share their bytes, so the number of stored bytes that are read is limited as well.
        let sealed = match member.method {
            Method::Encrypted => Some(Reason::Encrypted),
            Method::Other => Some(Reason::Method),
            // Later members may be smaller, so only this one is skipped.
            _ if member.size.is_some_and(|size| size > self.bytes) => Some(Reason::TooLarge),
            _ if end - member.data.start > self.packed => Some(Reason::TooLarge),
            Method::Stored | Method::Deflated => None,
        };
        if let Some(reason) = sealed {
            self.report(path, reason);
            return end;
        }
        let (mut text, mut left) = (Vec::new(), member.size.unwrap_or(self.bytes));
        let before = left;
        let mut rest = &bytes[member.data.start..end];
        let outcome = match member.method {
            Method::Deflated => {
                let mut decoder = DeflateDecoder::new(rest);
                let outcome = unpack(&mut decoder, &mut left, &mut text);
                rest = decoder.into_inner();
                outcome
            }
            _ => unpack(&mut rest, &mut left, &mut text),
        };
        self.bytes -= before - left;
        let end = end - rest.len();
        self.packed -= end - member.data.start;
        if let Err(reason) = outcome.and_then(|()| member.check(&text, bytes.len())) {
            // A member that unpacks to more than its stated size is damaged, not too large.
            let is_lie = reason == Reason::TooLarge && member.size.is_some();
            self.report(path, if is_lie { Reason::Damaged } else { reason });
        }
        self.member(path, &text, depth);
        end
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use bstr::ByteSlice;
    use zip::write::{SimpleFileOptions, ZipWriter};

    use super::*;
    use crate::text::archive::samples::{members, named, patched, replaced, unpacked, zip};
    use crate::text::archive::{Kind, kind};

    #[test]
    fn a_zip_after_a_script_is_opened() {
        let zip = zip(&[("a.txt", b"text of a"), ("b.txt", b"text of b")]);
        let expected = named(&[("a.txt", b"text of a"), ("b.txt", b"text of b")]);
        let script = [b"#!/usr/bin/env python3\n", &zip[..]].concat();
        assert_eq!((kind(&script), members(&script)), (Some(Kind::Zip), expected));
        assert_eq!(kind(b"#!/bin/sh\necho PK\x05\x06\n"), None);
        assert_eq!(kind(&[b"some text ", &zip[..], b" and more"].concat()), None);
    }

    #[test]
    fn encrypted_members_and_unknown_methods_are_reported() {
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
    fn all_members_with_the_same_name_are_unpacked() {
        let bytes = replaced(&zip(&[("a1", b"one"), ("a2", b"two")]), b"a2", b"a1");
        assert_eq!(members(&bytes), named(&[("a1", b"one"), ("a1", b"two")]));
    }

    #[test]
    fn members_missing_from_the_directory_are_unpacked() {
        let (one, two) = (zip(&[("a", b"one"), ("b", b"two")]), zip(&[("c", b"three")]));
        let all = named(&[("a", b"one"), ("b", b"two"), ("c", b"three")]);
        let sorted = |bytes: &[u8]| {
            let mut found = members(bytes);
            found.sort();
            found
        };
        assert_eq!(sorted(&[&one[..], &two].concat()), all);
        let directory = two.find(b"PK\x01\x02").unwrap();
        assert_eq!(sorted(&[&two[..directory], &one].concat()), all);
        // A listed member is read once, even if it is a stored zip.
        let outer = zip(&[("a", b"one"), ("two.zip", &two)]);
        assert_eq!(members(&outer), named(&[("a", b"one"), ("two.zip!c", b"three")]));
        // A program may contain the first bytes of a header.
        let script =
            [b"#!/usr/bin/env python3\nif head == 'PK\x03\x04': unpack(head, name, 12, 13)\n", &one[..]].concat();
        assert_eq!(sorted(&script), all[..2]);
    }

    #[test]
    fn members_are_unpacked_if_the_directory_is_truncated() {
        let bytes = zip(&[("a", b"one"), ("b", b"two")]);
        let directory = bytes.find(b"PK\x01\x02").unwrap();
        let both = named(&[("a", b"one"), ("b", b"two")]);
        assert_eq!(unpacked(&bytes[..directory], Limits::default()), (both, vec![(String::new(), Reason::Cut)]));
        assert_eq!(
            unpacked(&bytes[..directory - 1], Limits::default()),
            (named(&[("a", b"one"), ("b", b"tw")]), vec![("b".to_owned(), Reason::Cut)])
        );
        // Without the directory, sizes that follow the data are not known.
        let mut streamed = Vec::new();
        let mut writer = ZipWriter::new_stream(&mut streamed);
        for (path, text, method) in [("a", "one", CompressionMethod::Deflated), ("b", "two", CompressionMethod::Stored)]
        {
            writer.start_file(path, SimpleFileOptions::default().compression_method(method)).unwrap();
            writer.write_all(text.as_bytes()).unwrap();
        }
        writer.finish().unwrap();
        streamed.truncate(streamed.find(b"PK\x01\x02").unwrap());
        let both = named(&[("a", b"one"), ("b", b"two")]);
        assert_eq!(unpacked(&streamed, Limits::default()), (both, vec![(String::new(), Reason::Cut)]));
    }

    #[test]
    fn members_that_share_their_bytes_are_read_within_a_limit() {
        // These are nine thousand directory entries for one member that unpacks to nothing, block by block.
        let empty = b"\0\0\0\xff\xff".repeat(200_000);
        let data = [&empty[..], b"\x01\0\0\xff\xff"].concat();
        let mut bytes = zip(&[("a", b"")]);
        bytes = patched(bytes, 18, 20, &u32::try_from(data.len()).unwrap().to_le_bytes());
        let (directory, end) = (bytes.find(b"PK\x01\x02").unwrap(), bytes.rfind(b"PK\x05\x06").unwrap());
        let entries = bytes[directory..end].repeat(9_000);
        let mut tail = bytes[end..].to_vec();
        tail[8..10].copy_from_slice(&9_000u16.to_le_bytes());
        tail[10..12].copy_from_slice(&9_000u16.to_le_bytes());
        tail[12..16].copy_from_slice(&u32::try_from(entries.len()).unwrap().to_le_bytes());
        let head = &bytes[..31];
        tail[16..20].copy_from_slice(&u32::try_from(head.len() + data.len()).unwrap().to_le_bytes());
        let bomb = [head, &data, &entries, &tail].concat();
        let begun = std::time::Instant::now();
        let (_, reports) = unpacked(&bomb, Limits::default());
        assert!(reports.contains(&("a".to_owned(), Reason::TooLarge)), "{:?}", reports.last());
        assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
    }
}
