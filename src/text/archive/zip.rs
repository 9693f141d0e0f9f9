//! The members of a zip.

use std::io::Cursor;

use bstr::{BStr, ByteSlice};
use zip::read::Config;
use zip::unstable::read::ZipIterable;
use zip::{CompressionMethod, ZipReadOptions};

use super::each_member;
use super::kind::is_mostly_text;
use super::limits::{Limits, unpack};
use super::unopened::{Reason, Unopened};
use super::walk::{Walk, joined};

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

impl Walk<'_> {
    pub(super) fn zip(&mut self, path: &BStr, bytes: &[u8], depth: usize) -> bool {
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
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::write::{SimpleFileOptions, ZipWriter};

    use super::*;
    use crate::text::archive::samples::{members, named, patched, replaced, unpacked, zip};
    use crate::text::archive::{Kind, kind};

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
}
