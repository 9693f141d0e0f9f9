//! The members of an `ar` archive, which packages of Debian are.
//!
//! They are not compressed themselves, so a library of object files is seen as it is. Only an archive that holds others is
//! taken apart.

use bstr::{BStr, ByteSlice};

use super::kind::packed;
use super::unopened::Reason;
use super::walk::{Walk, joined};

/// How an archive starts.
pub(super) const MAGIC: &[u8] = b"!<arch>\n";
/// Bytes of the head of a member.
const HEAD: usize = 60;

/// A member, or what is there of it.
struct Member<'b> {
    name: &'b [u8],
    bytes: &'b [u8],
    is_whole: bool,
}

/// The members in order, up to where there is no head of one. Each starts at an even byte.
fn members(bytes: &[u8]) -> impl Iterator<Item = Member<'_>> {
    let mut rest = bytes.get(MAGIC.len()..).unwrap_or_default();
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

/// Whether it is such an archive, and a member of it is compressed.
pub(super) fn holds_packed(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC) && members(bytes).any(|member| packed(member.bytes).is_some())
}

impl Walk<'_> {
    pub(super) fn ar(&mut self, path: &BStr, bytes: &[u8], depth: usize) -> bool {
        for member in members(bytes) {
            if !self.count(path) {
                break;
            }
            let path = joined(path, member.name);
            self.member(path.as_bstr(), member.bytes, depth);
            if !member.is_whole {
                self.report(path.as_bstr(), Reason::Cut);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::archive::samples::{ar, gz, members, named, tar, unpacked};
    use crate::text::archive::{Limits, kind};

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
