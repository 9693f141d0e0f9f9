//! Single compressed texts: gzip, zstd, xz and zlib.

use std::io::Read;

use bstr::{BStr, ByteSlice};
use flate2::bufread::{GzDecoder, ZlibDecoder};

use super::gzip::Members;
use super::kind::{git_object, is_mostly_text, kind};
use super::limits::unpack;
use super::unopened::Reason;
use super::walk::{Walk, joined};
use super::xz::streams;
use super::zstd::Frames;

/// The rest of packed data, after the part that was unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// No bytes.
    Nothing,
    /// Bytes beyond the limit.
    Limit,
    /// Bytes after a flaw, or after the place where the data is cut off.
    Flaw,
}

impl Left {
    fn by(end: Result<(), Reason>) -> Self {
        match end {
            Ok(()) => Self::Nothing,
            Err(reason) if reason.is_limit() => Self::Limit,
            Err(_) => Self::Flaw,
        }
    }
}

/// Returns the bytes from a reader, up to a limit or a flaw, and what is left unread.
fn all(reader: &mut dyn Read, mut limit: usize) -> (Vec<u8>, Left) {
    let mut text = Vec::new();
    let end = unpack(reader, &mut limit, &mut text);
    (text, Left::by(end))
}

/// Returns the text of a gzip stream, at most `limit` bytes and only up to any damage, and what is left unread. If a
/// damaged stream unpacks to nothing, no flaw is reported, because it may not be gzip at all.
pub fn gunzip(bytes: &[u8], limit: usize) -> (Vec<u8>, Left) {
    match all(&mut GzDecoder::new(bytes), limit) {
        (text, Left::Flaw) if text.is_empty() => (text, Left::Nothing),
        all => all,
    }
}

/// Returns the name that a gzip file stores in its first bytes; empty if it stores none.
pub fn gzip_name(head: &[u8]) -> Vec<u8> {
    let decoder = GzDecoder::new(head);
    decoder.header().and_then(|header| header.filename()).map(<[u8]>::to_vec).unwrap_or_default()
}

/// Returns the text of zstd frames, at most `limit` bytes, and what is left unread.
pub fn unzstd(bytes: &[u8], limit: usize) -> (Vec<u8>, Left) {
    all(&mut Frames::new(bytes, limit), limit)
}

/// Returns the text of xz streams, at most `limit` bytes, and what is left unread.
pub fn unxz(bytes: &[u8], mut limit: usize) -> (Vec<u8>, Left) {
    let mut text = Vec::new();
    let (_, end) = streams(bytes, &mut limit, &mut text);
    (text, Left::by(end))
}

/// Returns the text of a zlib stream, at most `limit` bytes, and what is left unread. A flaw counts as the end, because
/// so little identifies such a stream that it may not be one.
pub fn inflate(bytes: &[u8], limit: usize) -> (Vec<u8>, Left) {
    match all(&mut ZlibDecoder::new(bytes), limit) {
        (text, Left::Flaw) => (text, Left::Nothing),
        all => all,
    }
}

impl Walk<'_> {
    pub(super) fn xz(&mut self, path: &BStr, bytes: &[u8], depth: usize) -> bool {
        if !self.count(path) {
            return true;
        }
        let mut text = Vec::new();
        let (behind, outcome) = streams(bytes, &mut self.bytes, &mut text);
        if let Err(reason) = outcome {
            self.report(path, reason);
        }
        self.member(path, &text, depth);
        self.behind(path, behind, depth);
        true
    }

    pub(super) fn gzip(&mut self, path: &BStr, bytes: &[u8], depth: usize) -> bool {
        let mut members = Members::new(bytes);
        let Some(header) = members.header() else { return false };
        let path = joined(path, header.filename().unwrap_or_default());
        if !self.count(path.as_bstr()) {
            return true;
        }
        let text = self.unpacked(path.as_bstr(), &mut members);
        let behind = members.rest().map_or(&[][..], |rest| *rest);
        self.member(path.as_bstr(), &text, depth);
        self.behind(path.as_bstr(), behind, depth);
        true
    }

    pub(super) fn zstd(&mut self, path: &BStr, bytes: &[u8], depth: usize) -> bool {
        if !self.count(path) {
            return true;
        }
        let (mut frames, mut text) = (Frames::new(bytes, self.bytes), Vec::new());
        let outcome = unpack(&mut frames, &mut self.bytes, &mut text);
        let behind = if outcome.is_ok() { frames.rest() } else { &[] };
        if let Err(reason) = outcome {
            self.report(path, reason);
        }
        self.member(path, &text, depth);
        self.behind(path, behind, depth);
        true
    }

    /// Handles the bytes after the last stream of a file, which are not part of it: another archive, a text, or zeros
    /// that fill the last block of a device. Anything else may be a stream whose start is damaged.
    pub(super) fn behind(&mut self, path: &BStr, bytes: &[u8], depth: usize) {
        if bytes.iter().all(|byte| *byte == 0) || !self.count(path) {
            return;
        }
        if kind(bytes).is_none() && !is_mostly_text(bytes) {
            self.report(path, Reason::Damaged);
        }
        self.member(path, bytes, depth);
    }

    pub(super) fn zlib(&mut self, path: &BStr, bytes: &[u8], depth: usize) -> bool {
        if self.count(path) {
            let text = self.unpacked(path, &mut ZlibDecoder::new(bytes));
            self.member(path, git_object(&text).unwrap_or(&text), depth);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;

    use super::*;
    use crate::text::archive::samples::{gz, members, named, unpacked, zip, zlib, zst};
    use crate::text::archive::{Kind, Limits, kind};

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
        assert_eq!(unpacked(torn, Limits::default()).1, [(String::new(), Reason::Cut)]);
        let level = |level| [&[0x78, level][..], &object[2..]].concat();
        assert_eq!((kind(&level(0x5e)), kind(&level(0x5f))), (Some(Kind::Zlib), None));
    }

    #[test]
    fn a_gzip_file_names_its_member_and_may_have_several_streams() {
        let mut named_gz = flate2::GzBuilder::new().filename("notes.txt").write(Vec::new(), Compression::fast());
        named_gz.write_all(b"one ").unwrap();
        let bytes = [named_gz.finish().unwrap(), gz(b"two"), vec![0; 100]].concat();
        assert_eq!(members(&bytes), named(&[("notes.txt", b"one two")]));
        let torn = |bytes: &[u8]| unpacked(bytes, Limits::default());
        let damaged = vec![(String::new(), Reason::Damaged)];
        assert_eq!(
            torn(&[gz(b"text"), b"m\x01\xff\0e".to_vec()].concat()),
            (named(&[("", b"text"), ("", b"m\x01\xff\0e")]), damaged)
        );
        let two = [gz(b"one "), gz(b"two")].concat();
        let cut = vec![(String::new(), Reason::Cut)];
        for length in [gz(b"one ").len() + 5, two.len() - 8, two.len() - 1] {
            let (found, reports) = torn(&two[..length]);
            assert!(found[0].1.starts_with(b"one "));
            assert_eq!(reports, cut, "{length} of {}", two.len());
        }
    }

    #[test]
    fn data_after_a_stream_is_scanned_separately() {
        let zip = zip(&[("a", b"of zip")]);
        for first in [gz(b"text"), zst(b"text")] {
            let joined = [&first[..], b"more"].concat();
            assert_eq!(members(&joined), named(&[("", b"text"), ("", b"more")]));
            let joined = [&first[..], &zip].concat();
            assert_eq!(members(&joined), named(&[("", b"text"), ("a", b"of zip")]));
        }
    }

    #[test]
    fn damaged_gzip_is_unpacked_up_to_the_damage() {
        let bytes = gz(b"some text");
        assert_eq!(gunzip(&bytes, 100), (b"some text".to_vec(), Left::Nothing));
        assert_eq!(gunzip(&bytes, 9), (b"some text".to_vec(), Left::Nothing));
        assert_eq!(gunzip(&bytes, 4), (b"some".to_vec(), Left::Limit));
        let (torn, left) = gunzip(&bytes[..bytes.len() - 9], 100);
        assert!(b"some text".starts_with(&torn) && left == Left::Flaw);
        assert_eq!(gunzip(b"text", 100), (Vec::new(), Left::Nothing));
    }
}
