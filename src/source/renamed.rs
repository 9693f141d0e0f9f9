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

/// The staged deletions that may belong to new files.
#[derive(Debug, Default)]
pub struct Renames {
    /// The old path of each file that was renamed.
    pub old_paths: BTreeMap<BString, BString>,
    /// The deleted files that no renamed file comes from, if some of the files are new without an old path.
    pub deleted: Vec<BString>,
}

/// Returns the renames among these staged files. As in git, a file is the same if it shares half of its bytes, counted by
/// lines; failing that, the deleted file that it shares most with, if that is a quarter of the smaller one.
pub fn among(repository: &Repo, files: &BTreeSet<&BString>) -> Renames {
    let local = repository.local();
    let Ok(state) = index::read(&local) else { return Renames::default() };
    // A tree that can't be read is a gap of the listing already.
    let differences = staged::differences(repository, &local, &state, &mut Vec::new()).unwrap_or_default();
    let Some(first) = differences.first() else { return Renames::default() };
    let new: Vec<_> = first.paths.iter().filter(|(_, side)| side.old.is_none()).collect();
    let mut gone: Vec<(&BString, Vec<u8>)> = Vec::new();
    let mut room = MOST_GONE;
    for (path, side) in first.paths.iter().filter(|(_, side)| side.new.is_none()) {
        let Some(text) = side.old.filter(|_| room > 0).and_then(|old| text(&local, old)) else { continue };
        room = room.saturating_sub(text.len());
        gone.push((path, text));
    }
    let mut room = MOST_COMPARED;
    let mut renames = Renames::default();
    let mut has_unpaired = false;
    for (path, side) in new.into_iter().filter(|(path, _)| files.contains(path)) {
        match side.new.and_then(|new| before(&text(&local, new)?, &gone, &mut room)) {
            Some(old) => _ = renames.old_paths.insert(path.clone(), old),
            None => has_unpaired = true,
        }
    }
    if has_unpaired {
        let is_paired = |path: &BString| renames.old_paths.values().any(|old| old == path);
        renames.deleted = gone.iter().map(|(path, _)| (*path).clone()).filter(|path| !is_paired(path)).collect();
    }
    renames
}

/// Returns the path of the deleted file that a text most likely comes from.
fn before(text: &[u8], gone: &[(&BString, Vec<u8>)], room: &mut usize) -> Option<BString> {
    let mut likely: Option<(usize, &BString)> = None;
    for (path, old) in gone {
        let (less, more) = (old.len().min(text.len()), old.len().max(text.len()));
        if *room == 0 {
            continue;
        }
        *room = room.saturating_sub(less + more);
        let shared = shared(old, text);
        if (shared * 2 >= more || shared * 4 >= less) && shared > 0 && likely.is_none_or(|(most, _)| shared > most) {
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
