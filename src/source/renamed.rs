//! The files in the index that had another name before: git doesn't store renames, so contents are compared.

use std::collections::{BTreeMap, BTreeSet};

use bstr::{BString, ByteSlice as _};
use foldhash::HashMap;

use super::staged;
use crate::git::object::{self, Mode};
use crate::git::{Local, ObjectId, Repo, index};

/// The largest size in bytes of a file that is compared: renames matter for files that people write.
const MAX_SIZE: u64 = 4 << 20;
/// The most bytes of deleted files that are loaded.
const MOST_GONE: usize = 16 << 20;
/// The most bytes that are compared in all.
const MOST_COMPARED: usize = 128 << 20;

/// Returns the old path of each file that was renamed. As in git, a file is the same if it shares half of its bytes,
/// counted by lines; failing that, a removed file of the same name, or the only removed file if only one is new.
pub fn old_paths(repository: &Repo, files: &BTreeSet<&BString>) -> BTreeMap<BString, BString> {
    let local = repository.local();
    let Ok(state) = index::read(&local) else { return BTreeMap::new() };
    // A tree that can't be read is a gap of the listing already.
    let differences = staged::differences(repository, &local, &state, &mut Vec::new()).unwrap_or_default();
    let Some(first) = differences.first() else { return BTreeMap::new() };
    let new: Vec<_> = first.paths.iter().filter(|(_, side)| side.old.is_none()).collect();
    let mut gone: Vec<(&BString, Vec<u8>)> = Vec::new();
    let mut room = MOST_GONE;
    for (path, side) in first.paths.iter().filter(|(_, side)| side.new.is_none()) {
        let Some(text) = side.old.filter(|_| room > 0).and_then(|old| text(&local, old)) else { continue };
        room = room.saturating_sub(text.len());
        gone.push((path, text));
    }
    let is_only_pair = new.len() == 1 && gone.len() == 1;
    let mut room = MOST_COMPARED;
    let renamed = new.into_iter().filter(|(path, _)| files.contains(path)).filter_map(|(path, side)| {
        let alike = side.new.and_then(|new| before(&text(&local, new)?, &gone, &mut room));
        let of_same_name = || gone.iter().find(|(old, _)| name(old) == name(path)).map(|(old, _)| (*old).clone());
        let only = || gone.first().filter(|_| is_only_pair).map(|(old, _)| (*old).clone());
        Some((path.clone(), alike.or_else(of_same_name).or_else(only)?))
    });
    renamed.collect()
}

/// Returns the path without its folders.
fn name(path: &BString) -> &[u8] {
    path.rsplit_once_str("/").map_or(path.as_slice(), |(_, name)| name)
}

/// Returns the path of the deleted file that a text most likely comes from.
fn before(text: &[u8], gone: &[(&BString, Vec<u8>)], room: &mut usize) -> Option<BString> {
    let mut likely: Option<(usize, &BString)> = None;
    for (path, old) in gone {
        let (less, more) = (old.len().min(text.len()), old.len().max(text.len()));
        if less * 2 < more || *room == 0 {
            continue;
        }
        *room = room.saturating_sub(less + more);
        let shared = shared(old, text);
        if shared * 2 >= more && likely.is_none_or(|(most, _)| shared > most) {
            likely = Some((shared, path));
        }
    }
    likely.map(|(_, path)| path.clone())
}

fn text(local: &Local, (mode, id): (Mode, ObjectId)) -> Option<Vec<u8>> {
    (mode == Mode::File).then(|| object::load(local, id, MAX_SIZE).ok())?.map(|(_, text)| text)
}

/// Returns the number of bytes in the lines that both texts have.
fn shared(old: &[u8], new: &[u8]) -> usize {
    let mut left: HashMap<&[u8], usize> = HashMap::default();
    old.lines_with_terminator().for_each(|line| *left.entry(line).or_default() += 1);
    let mut shared = 0;
    for line in new.lines_with_terminator() {
        if let Some(count) = left.get_mut(line).filter(|count| **count > 0) {
            *count -= 1;
            shared += line.len();
        }
    }
    shared
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_line_is_shared_as_often_as_it_is_in_both() {
        assert_eq!(shared(b"a\na\nb\n", b"a\na\na\nc\n"), 4);
        assert_eq!(shared(b"", b"a\n"), 0);
    }
}
