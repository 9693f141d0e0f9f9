//! The members of an `ar` archive, which packages of Debian are.
//!
//! They are not compressed themselves, so a library of object files is seen as it is. Only an archive that holds others is
//! taken apart.

use bstr::ByteSlice as _;

/// How an archive starts.
const MAGIC: &[u8] = b"!<arch>\n";
/// Bytes of the head of a member.
const HEAD: usize = 60;

/// A member, or what is there of it.
pub(super) struct Member<'b> {
    pub(super) name: &'b [u8],
    pub(super) bytes: &'b [u8],
    pub(super) is_whole: bool,
}

/// The members of an archive in order, up to where there is no head of one. Each starts at an even byte.
pub(super) fn members(bytes: &[u8]) -> impl Iterator<Item = Member<'_>> {
    let mut rest = bytes.strip_prefix(MAGIC).unwrap_or_default();
    std::iter::from_fn(move || {
        let (head, behind) = rest.split_at_checked(HEAD)?;
        let size = head.strip_suffix(b"`\n")?.get(48..)?.to_str().ok()?.trim_end().parse::<usize>().ok()?;
        let stored = behind.get(..size);
        rest = behind.get(size.saturating_add(size % 2)..).unwrap_or_default();
        let name = head[..16].trim_ascii_end();
        let name = name.strip_suffix(b"/").unwrap_or(name);
        Some(Member { name, bytes: stored.unwrap_or(behind), is_whole: stored.is_some() })
    })
}

#[cfg(test)]
mod tests {
    use crate::text::archive::samples::{ar, gz, members, named, tar, unpacked};
    use crate::text::archive::{Limits, Reason, kind};

    #[test]
    fn archives_in_an_ar_are_opened_whatever_stands_first() {
        let data = gz(&tar(&[("etc/file", b"text")]));
        for first in ["debian-binary", "odd one/", "control"] {
            let package = ar(&[(first, b"2.0"), ("data.tar.gz", &data)]);
            let first = first.trim_end_matches('/');
            assert_eq!(members(&package), named(&[(first, b"2.0"), ("data.tar.gz!etc/file", b"text")]));
        }
        let package = ar(&[("data.tar.gz", &data)]);
        let (_, reports) = unpacked(&package[..package.len() - 9], Limits::default());
        assert!(reports.iter().any(|(_, reason)| *reason == Reason::Cut), "{reports:?}");
        assert_eq!(kind(&ar(&[("lib.o/", b"\x7fELF")])), None);
    }
}
