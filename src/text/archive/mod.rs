//! Archives: gzip, zstd, xz, zip, tar, ar, zlib, the streams of PDF, the texts of PNG and the rows of `SQLite`,
//! including archives within archives, unpacked in memory and under limits.
//!
//! This module decides what is opened and where that ends; the meaning of a member, and the handling of one that was
//! not opened, are up to the caller. Nothing is written to disk, and a name is passed on as its bytes. `kind`
//! recognizes the formats, `walk` opens members within `limits`, and each format has a file; `forward` reads compressed
//! streams of any length.

mod ar;
mod forward;
mod gzip;
mod kind;
mod limits;
mod parts;
mod pdf;
mod png;
#[cfg(test)]
mod samples;
mod sqlite;
mod stream;
mod tar;
mod tar_header;
mod unopened;
mod walk;
mod xz;
mod zip;
mod zstd;

use bstr::BStr;

use walk::Walk;

pub use forward::{Decompressed, Packing};
pub use kind::{Kind, is_zlib, kind};
pub use limits::Limits;
pub use stream::{Left, gunzip, gzip_name, inflate, unxz, unzstd};
pub use tar_header::is_tar_header;
pub use unopened::{Reason, Unopened};
pub use zip::unzip;

/// Calls `found` with the path and bytes of each member that isn't an archive itself, and returns the members that were
/// not read to their end.
///
/// For a member that is damaged or too large, `found` gets the part that could be unpacked; for an archive that could
/// not be opened, it gets the bytes as they are. The path of a member of an inner archive is that of the archive, `!`,
/// and its own, of which only the end is kept if it is longer than any real one. A gzip file's member has the stored
/// name or none, a zstd file's member has none. Empty members are left out. A row of a database is named by its table
/// and number; the bytes that belong to no row are one more member. Rows are not archives, and do not count towards the
/// limits.
pub fn each_member(bytes: &[u8], limits: &Limits, found: &mut dyn FnMut(&BStr, &[u8])) -> Vec<Unopened> {
    let mut walk = Walk {
        limits,
        bytes: limits.bytes,
        members: limits.members,
        packed: limits.bytes.saturating_add(bytes.len()),
        found,
        unopened: Vec::new(),
    };
    if !walk.open(b"".into(), bytes, 0) {
        walk.report(b"".into(), Reason::Alike);
    }
    walk.unopened
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::samples::{ar, gz, members, named, patched, replaced, tar, unpacked, xz, zip};
    use super::walk::MAX_NAME;
    use super::*;

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
    fn empty_archives_and_members_yield_nothing() {
        for bytes in [gz(b""), tar(&[]), zip(&[]), tar(&[("a", b"")]), zip(&[("a", b"")])] {
            let limits = Limits::default();
            let (found, reports) = unpacked(&bytes, limits);
            // A tar of nothing but zeros can't be distinguished from other zeros.
            let expected = if kind(&bytes).is_some() { vec![] } else { vec![(String::new(), Reason::Alike)] };
            assert_eq!((found, reports), (vec![], expected));
        }
    }

    #[test]
    fn nested_archives_are_opened_up_to_the_limit() {
        let inner = tar(&[("dir/file", b"text")]);
        let jar = zip(&[("inner.tar.gz", &gz(&inner)), ("plain", b"more")]);
        let outer = gz(&tar(&[("lib.jar", &jar)]));
        let (found, reports) = unpacked(&outer, Limits { depth: 4, ..Limits::default() });
        assert_eq!(reports, []);
        assert_eq!(found, named(&[("lib.jar!inner.tar.gz!dir/file", b"text"), ("lib.jar!plain", b"more")]));
        // An archive that isn't opened is passed on as it is.
        let (found, reports) = unpacked(&outer, Limits { depth: 2, ..Limits::default() });
        assert_eq!(reports, [("lib.jar!inner.tar.gz".to_owned(), Reason::TooDeep)]);
        assert_eq!(found, named(&[("lib.jar!inner.tar.gz", &gz(&inner)), ("lib.jar!plain", b"more")]));
        let sealed = tar(&[("a.lz", b"LZIP\x01...")]);
        let (found, reports) = unpacked(&sealed, Limits::default());
        assert_eq!(reports, [("a.lz".to_owned(), Reason::Sealed("lzip"))]);
        assert_eq!(found.len(), 1);
        assert_eq!(unpacked(b"BZh91AY&SY", Limits::default()).1, [(String::new(), Reason::Sealed("bzip2"))]);
    }

    #[test]
    fn decompression_bombs_stop_at_the_limit() {
        let zeros = vec![0; 1 << 20];
        let limits = Limits { bytes: 100_000, ..Limits::default() };
        let (found, reports) = unpacked(&gz(&zeros), limits);
        assert_eq!(reports, [(String::new(), Reason::TooLarge)]);
        assert_eq!(found, [(String::new(), vec![0; 100_000])]);
        // Members that fit are still unpacked.
        let (found, reports) = unpacked(&zip(&[("a", &zeros), ("b", b"text"), ("c", &zeros[..99_996])]), limits);
        assert_eq!(reports, [("a".to_owned(), Reason::TooLarge)]);
        assert_eq!(
            found.iter().map(|(path, text)| (path.as_str(), text.len())).collect::<Vec<_>>(),
            [("b", 4), ("c", 99_996)]
        );
        // The limit applies to all layers together.
        let (found, reports) = unpacked(&gz(&gz(&zeros[..99_990])), limits);
        assert_eq!(reports, [(String::new(), Reason::TooLarge)]);
        assert!(found[0].1.len() < 99_990);
        // A member that unpacks to more than its stated size is cut off there.
        let lying = patched(zip(&[("a", &zeros)]), 22, 24, &1000u32.to_le_bytes());
        let (found, reports) = unpacked(&lying, limits);
        assert_eq!(reports, [("a".to_owned(), Reason::Damaged)]);
        assert!(found.iter().all(|(_, text)| text.len() <= 1000));
    }

    #[test]
    fn members_beyond_the_limit_are_reported() {
        let many: Vec<String> = (0..20).map(|index| format!("file{index}")).collect();
        let entries: Vec<(&str, &[u8])> = many.iter().map(|path| (path.as_str(), &b"text"[..])).collect();
        for bytes in [tar(&entries), zip(&entries)] {
            let (found, reports) = unpacked(&bytes, Limits { members: 7, ..Limits::default() });
            assert_eq!((found.len(), reports), (7, vec![(String::new(), Reason::TooMany)]));
        }
    }

    #[test]
    fn memory_for_names_does_not_grow_with_the_members_of_that_name() {
        let inner = patched(zip(&[("b.txt", b"text")]), 6, 8, &[1, 0]);
        let long = format!("{}/a.zip", ["x"; 100_000].join("/"));
        let (found, reports) = unpacked(&tar(&[(&long, &inner), (&long, b"text")]), Limits::default());
        let kept = &long[long.len() - MAX_NAME..];
        assert_eq!(reports, [(format!("{kept}!b.txt"), Reason::Encrypted)]);
        assert_eq!(found, named(&[(kept, b"text")]));
    }

    #[test]
    fn truncated_and_altered_archives_are_reported() {
        let text: Vec<u8> = (0..5000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        let entries: [(&str, &[u8]); 2] = [("a", b"first"), ("b", &text)];
        let (gzip, tar, zip) = (gz(&text), tar(&entries), zip(&entries));
        let (found, reports) = unpacked(&gzip[..gzip.len() / 2], Limits::default());
        assert_eq!(reports, [(String::new(), Reason::Cut)]);
        assert!(found[0].1.len() > 1000 && text.starts_with(&found[0].1));
        let (found, reports) = unpacked(&tar[..tar.len() / 2], Limits::default());
        assert_eq!(reports, [("b".to_owned(), Reason::Cut)]);
        assert!(found[0].1 == b"first" && text.starts_with(&found[1].1));
        let (found, reports) = unpacked(&zip[..zip.len() / 2], Limits::default());
        assert_eq!(reports, [("b".to_owned(), Reason::Cut)]);
        assert!(found[0].1 == b"first" && text.starts_with(&found[1].1));
        let altered = replaced(&zip, &text[400..404], b"####");
        let (found, reports) = unpacked(&altered, Limits::default());
        assert_eq!((found.len(), reports), (2, vec![("b".to_owned(), Reason::Damaged)]));
        let altered = replaced(&tar, b"b\0\0\0", b"c\0\0\0");
        assert_eq!(unpacked(&altered, Limits::default()).1, [(String::new(), Reason::Damaged)]);
        // Only their first bytes make these look like archives.
        for bytes in [&b"PK\x03\x04 and text"[..], b"\x1f\x8b\x08", &[&[b' '; 257][..], b"ustar and text"].concat()] {
            assert_eq!(unpacked(bytes, Limits::default()), (vec![], vec![(String::new(), Reason::Alike)]));
            let (found, reports) = unpacked(&gz(bytes), Limits::default());
            assert_eq!((found, reports.len()), (vec![(String::new(), bytes.to_vec())], 1));
        }
    }

    proptest! {
        /// Archives with bytes changed or cut off cause no panic, and exceed no limit.
        #[test]
        fn any_bytes_are_unpacked_within_the_limits(
            shape in 0usize..8,
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
                4 => xz(&tar(&entries)),
                5 => ar(&entries),
                6 => [b"#!/bin/sh\nexit\n".to_vec(), xz(&text)].concat(),
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
