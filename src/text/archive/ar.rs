//! The members of an `ar` archive, which is the format of Debian packages.
//!
//! The archive itself is not compressed, so a library of object files is scanned as it is. Only an archive with
//! compressed members is taken apart.

use bstr::ByteSlice as _;

use super::unopened::Reason;

/// The first bytes of an archive.
const MAGIC: &[u8] = b"!<arch>\n";
/// The number of bytes of a member's header.
const HEAD: usize = 60;

/// A member, or the part of it that is present.
pub(super) struct Member<'b> {
    pub(super) name: &'b [u8],
    pub(super) bytes: &'b [u8],
}

/// Returns the members of an archive in order, each starting at an even byte, and at the end the reason if more bytes
/// follow that aren't a member. A name that doesn't fit its field comes before the content, as the BSD tools write it.
pub(super) fn members(bytes: &[u8]) -> impl Iterator<Item = Result<Member<'_>, Reason>> {
    let mut rest = bytes.strip_prefix(MAGIC).unwrap_or_default();
    let mut flaw = None;
    std::iter::from_fn(move || {
        if let Some(flaw) = flaw.take() {
            rest = &[];
            return Some(Err(flaw));
        }
        // Some tools pad the last block.
        if rest.iter().all(|byte| matches!(byte, 0 | b'\n')) {
            return None;
        }
        let Some((head, behind)) = rest.split_at_checked(HEAD) else {
            rest = &[];
            return Some(Err(Reason::Cut));
        };
        let Some((name, size)) = parse(head) else {
            rest = &[];
            return Some(Err(Reason::Damaged));
        };
        let stored = behind.get(..size);
        flaw = stored.is_none().then_some(Reason::Cut);
        rest = behind.get(size.saturating_add(size % 2)..).unwrap_or_default();
        let stored = stored.unwrap_or(behind);
        let long = name.strip_prefix(b"#1/").and_then(number).and_then(|length| stored.split_at_checked(length));
        let (name, bytes) = match long {
            Some((name, bytes)) => (name.trim_end_with(|char| char == '\0'), bytes),
            None => (name.strip_suffix(b"/").unwrap_or(name), stored),
        };
        Some(Ok(Member { name, bytes }))
    })
}

/// Returns the name and the size in a header.
fn parse(head: &[u8]) -> Option<(&[u8], usize)> {
    Some((head[..16].trim_ascii_end(), number(head.strip_suffix(b"`\n")?.get(48..)?)?))
}

fn number(digits: &[u8]) -> Option<usize> {
    digits.to_str().ok()?.trim_end().parse().ok()
}

#[cfg(test)]
mod tests {
    use crate::text::archive::samples::{ar, gz, members, named, replaced, tar, unpacked};
    use crate::text::archive::{Limits, Reason, kind};

    #[test]
    fn archives_in_an_ar_are_opened_in_any_order() {
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

    #[test]
    fn names_before_the_content_are_read() {
        let data = gz(&tar(&[("etc/file", b"text")]));
        for name in ["a name of some length.tar.gz", "short.tar.gz\0\0\0\0"] {
            let package = ar(&[(&format!("#1/{}", name.len()), &[name.as_bytes(), &data].concat())]);
            let member = format!("{}!etc/file", name.trim_end_matches('\0'));
            assert_eq!(members(&package), named(&[(&member, b"text")]));
        }
    }

    #[test]
    fn what_is_behind_a_damaged_head_is_told() {
        let data = gz(b"text");
        let size = |from: &str, to: &str| {
            let package = ar(&[("control.gz", &data), ("data.gz", &data)]);
            unpacked(&replaced(&package, from.as_bytes(), to.as_bytes()), Limits::default()).1
        };
        let (right, head) = (format!("{:<10}`", data.len()), format!("{:<10}`", data.len() - 2));
        for (from, to, expected) in [
            (&*right, "damaged   `", Reason::Damaged),
            (&right, &head, Reason::Damaged),
            (&right, "9999999   `", Reason::Cut),
        ] {
            let reports = size(from, to);
            assert!(reports.contains(&(String::new(), expected)), "{to}: {reports:?}");
        }
        // The padding of the last block is not a member.
        assert_eq!(members(&[ar(&[("a.gz", &data)]), b"\n\n".to_vec()].concat()), named(&[("a.gz", b"text")]));
    }
}
