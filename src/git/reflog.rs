//! Reflogs: the refs that they belong to, and the objects that their entries name.

use bstr::{BStr, BString, ByteSlice as _};

use super::ObjectId;

/// Returns the name of the ref whose reflog has this path in the repository's folder:
/// `.git/logs/refs/heads/x`, and `.git/worktrees/w/logs/HEAD` for `worktrees/w/HEAD`. A table belongs to no
/// single ref: anything left in it was deleted.
pub fn name(path: &BStr) -> Option<BString> {
    let below = path.split_once_str("/").map_or(path.as_bytes(), |(_, below)| below);
    if let Some(name) = below.strip_prefix(b"logs/") {
        return Some(name.into());
    }
    let (worktree, name) = below.split_once_str("/logs/")?;
    Some([worktree, b"/", name].concat().into())
}

/// Returns the objects that the entries of a reflog name.
pub fn ids(text: &[u8]) -> Vec<ObjectId> {
    let words = text.lines().flat_map(|line| line.splitn_str(3, " ").take(2));
    let mut ids: Vec<ObjectId> = words.filter_map(|word| ObjectId::from_hex(word).ok()).collect();
    ids.retain(|id| !id.is_null());
    ids.sort_unstable();
    ids.dedup();
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_name_two_objects_each() {
        let (one, two) = ("1".repeat(40), "2".repeat(40));
        let text = format!("{} {one} A <a@b.c> 5 +0000\tcommit\n{one} {two} A <a@b.c> 6 +0000\n", "0".repeat(40));
        let found: Vec<String> = ids(text.as_bytes()).iter().map(ToString::to_string).collect();
        assert_eq!(found, [one, two]);
    }

    #[test]
    fn a_reflog_path_names_a_ref() {
        for (path, expected) in [
            (".git/logs/refs/heads/a/logs/b", Some("refs/heads/a/logs/b")),
            (".git/worktrees/w/logs/HEAD", Some("worktrees/w/HEAD")),
            (".git/reftable/0x000000000001-0x000000000002-12345678.ref", None),
        ] {
            assert_eq!(name(path.into()), expected.map(BString::from), "{path}");
        }
    }
}
