//! Reflogs: which objects their entries name.

use bstr::{BStr, BString, ByteSlice as _};

use super::ObjectId;

/// The name of the ref whose reflog lies at a path in the repository's folder: `.git/logs/refs/heads/x`, and
/// `.git/worktrees/w/logs/HEAD` for `worktrees/w/HEAD`.
pub fn name(path: &BStr) -> BString {
    let below = path.split_once_str("/").map_or(path.as_bytes(), |(_, below)| below);
    below.strip_prefix(b"logs/").map_or_else(|| below.replacen("/logs/", "/", 1).into(), BString::from)
}

/// The objects that the entries of a reflog name.
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
    fn a_path_names_a_ref() {
        assert_eq!(name(".git/logs/refs/heads/a/logs/b".into()), "refs/heads/a/logs/b");
        assert_eq!(name(".git/worktrees/w/logs/HEAD".into()), "worktrees/w/HEAD");
    }
}
