//! What the index adds to HEAD, and to the commits being merged.
//!
//! Trees are compared with the index through the index's cache-tree: a folder whose tree is known and equal costs
//! nothing, so a repository of 100,000 files costs little more than one of ten.

use std::collections::{BTreeMap, HashSet};

use bstr::{BString, ByteSlice as _};

use super::Listing;
use super::change::{self, Difference, Known};
use crate::finding::Gap;
use crate::git::index;
use crate::git::object::{self, Entry, Mode};
use crate::git::tree::join;
use crate::git::{Local, ObjectId, Repo, SourceError};

/// Commits before HEAD in which an identical earlier version of a file is looked for, when one holds a finding.
const LOOK_BACK: usize = 256;
/// Bytes of trees that are read for that, about: folders with very many files are large.
const LOOK_BACK_BYTES: usize = 64 << 20;

/// Lists what a commit of the index would add.
///
/// # Errors
/// When HEAD or the index cannot be read.
pub fn list(repository: &Repo) -> Result<Listing, SourceError> {
    let local = repository.local();
    let state = index::read(&local)?;
    let mut listing = Listing::default();
    let differences = differences(repository, &local, &state, &mut listing.gaps)?;
    change::list(&differences, None, &mut Known::default(), &mut listing);
    Ok(listing)
}

/// How the index differs from each parent of the next commit.
pub(super) fn differences(
    repository: &Repo,
    local: &Local,
    state: &index::State,
    gaps: &mut Vec<Gap>,
) -> Result<Vec<Difference>, SourceError> {
    let from = |parent: ObjectId| {
        let mut difference = Difference::default();
        Comparison { local, index: state, gaps: &mut *gaps, difference: &mut difference }.run(parent);
        difference
    };
    Ok(parents(repository, local)?.into_iter().map(from).collect())
}

/// The root trees of HEAD and of the heads being merged; the empty tree before the first commit.
fn parents(repository: &Repo, local: &Local) -> Result<Vec<ObjectId>, SourceError> {
    let broken = |what: &str, cause: String| SourceError::Broken { what: what.to_owned(), cause };
    let Some(head) = repository.checked_out()?.commit else {
        return Ok(vec![ObjectId::empty_tree(local.object_hash())]);
    };
    let mut commits = vec![head];
    commits.extend(index::merged(repository));
    // A revert restores what the parent of the reverted commit held.
    for reverted in index::reverted(repository)? {
        commits.extend(object::commit_of(local, reverted).map(|commit| commit.parents).unwrap_or_default());
    }
    commits
        .into_iter()
        .map(|commit| object::tree_of(local, commit).map_err(|unread| broken(&format!("commit {commit}"), unread.why)))
        .collect()
}

/// One walk over a tree and the index side by side.
struct Comparison<'a> {
    local: &'a Local,
    index: &'a index::State,
    gaps: &'a mut Vec<Gap>,
    difference: &'a mut Difference,
}

impl Comparison<'_> {
    fn run(&mut self, root: ObjectId) {
        let cache = self.index.tree();
        let range = 0..self.index.entries().len();
        self.folder(root, cache, range, &BString::default());
    }

    /// Compares the tree `id` with the index entries `range`, all of which start with `prefix/`.
    fn folder(
        &mut self,
        id: ObjectId,
        cache: Option<&index::CachedTree>,
        range: std::ops::Range<usize>,
        prefix: &BString,
    ) {
        if cache.is_some_and(|cache| cache.num_entries.is_some_and(|n| n as usize == range.len()) && cache.id == id) {
            return;
        }
        let mut old: BTreeMap<BString, Entry> = match object::tree(self.local, id) {
            Ok(entries) => entries.into_iter().map(|entry| (entry.name.clone(), entry)).collect(),
            Err(unread) => {
                let what = if prefix.is_empty() { BString::from("the root folder of HEAD") } else { prefix.clone() };
                self.gaps.push(Gap { what, kind: unread.kind, why: unread.why });
                BTreeMap::new()
            }
        };
        let mut at = range.start;
        while at < range.end {
            at = self.child(at, range.end, cache, prefix, &mut old);
        }
        for entry in old.into_values() {
            self.gone(&entry, prefix);
        }
    }

    /// Handles the file or folder that the index entry `at` belongs to; returns the entry after it.
    fn child(
        &mut self,
        at: usize,
        end: usize,
        cache: Option<&index::CachedTree>,
        prefix: &BString,
        old: &mut BTreeMap<BString, Entry>,
    ) -> usize {
        let entry = &self.index.entries()[at];
        let path = entry.path(self.index);
        let below = &path[if prefix.is_empty() { 0 } else { prefix.len() + 1 }..];
        let Some(slash) = below.find_byte(b'/') else {
            self.file(at, old.remove(below.as_bstr()), path.to_owned());
            return at + 1;
        };
        let name = BString::from(&below[..slash]);
        let folder = join(prefix, &name);
        if entry.mode == index::Mode::DIR {
            self.sparse_folder(entry.id, old.remove(&name), &folder);
            return at + 1;
        }
        let cache = cache.and_then(|cache| cache.children.iter().find(|child| child.name[..] == name[..]));
        let stop = self.end_of_folder(at, end, &folder, cache);
        match old.remove(&name) {
            Some(tree) if tree.mode == Mode::Tree => self.folder(tree.id, cache, at..stop, &folder),
            other => {
                if let Some(file) = other {
                    self.gone(&file, prefix);
                }
                let empty = ObjectId::empty_tree(self.local.object_hash());
                self.folder(empty, None, at..stop, &folder);
            }
        }
        stop
    }

    /// The first entry after `at` that does not lie in `folder`. A cache-tree's count is only a hint.
    fn end_of_folder(&self, at: usize, end: usize, folder: &BString, cache: Option<&index::CachedTree>) -> usize {
        let entries = self.index.entries();
        let inside = |entry: &index::Entry| {
            let path = entry.path(self.index);
            path.len() > folder.len() && path.starts_with(folder) && path[folder.len()] == b'/'
        };
        if let Some(count) = cache.and_then(|cache| cache.num_entries) {
            let stop = at + count as usize;
            let fits =
                stop <= end && stop > at && inside(&entries[stop - 1]) && (stop == end || !inside(&entries[stop]));
            if fits {
                return stop;
            }
        }
        at + entries[at..end].partition_point(inside)
    }

    /// A folder that a sparse index keeps as one entry.
    fn sparse_folder(&mut self, id: ObjectId, old: Option<Entry>, folder: &BString) {
        match old {
            Some(tree) if tree.mode == Mode::Tree => self.difference.trees(self.local, tree.id, id, folder, self.gaps),
            _ => self.difference.note_tree(self.local, id, folder, true, self.gaps),
        }
    }

    fn file(&mut self, at: usize, old: Option<Entry>, path: BString) {
        let entry = &self.index.entries()[at];
        // An entry that is only intended to be added is not part of a commit; stages 2 and 3 of a conflict keep it from one.
        if entry.flags.contains(index::Flags::INTENT_TO_ADD) || entry.flags.stage_raw() == 1 {
            return;
        }
        let mode = match entry.mode {
            index::Mode::SYMLINK => Mode::Link,
            index::Mode::COMMIT => Mode::Submodule,
            _ => Mode::File,
        };
        let before = match old {
            Some(tree) if tree.mode == Mode::Tree => {
                self.difference.note_tree(self.local, tree.id, &path, false, self.gaps);
                None
            }
            other => other.map(|entry| (entry.mode, entry.id)),
        };
        self.difference.note(path, before, Some((mode, entry.id)));
    }

    fn gone(&mut self, entry: &Entry, prefix: &BString) {
        let path = join(prefix, &entry.name);
        match entry.mode {
            Mode::Tree => self.difference.note_tree(self.local, entry.id, &path, false, self.gaps),
            mode => self.difference.note(path, Some((mode, entry.id)), None),
        }
    }
}

/// Whether an identical blob is already part of a commit's tree, at any path, or was this file's content in one of the
/// commits before: a copy, or a revert that restores what history holds. Asked only for blobs with a finding.
pub fn known_content(repository: &Repo, from: ObjectId, path: &BString, id: ObjectId) -> bool {
    let local = repository.local();
    let mut past = Past { path, id, others: HashSet::new(), room: LOOK_BACK_BYTES };
    let mut commit = from;
    for step in 0..LOOK_BACK {
        let Ok(read) = object::commit_of(&local, commit) else { return false };
        let held = if step == 0 { holds(&local, read.tree, id) } else { past.is_at(&local, read.tree) };
        if held {
            return true;
        }
        match read.parents.first() {
            Some(parent) if past.room > 0 => commit = *parent,
            _ => return false,
        }
    }
    false
}

/// Whether a tree, or a folder below it, names a blob. A folder that stands in several places is read once.
fn holds(local: &Local, tree: ObjectId, id: ObjectId) -> bool {
    let (mut known, mut left, mut found) = (HashSet::from([tree]), vec![tree], false);
    while let Some(tree) = left.pop().filter(|_| !found) {
        // What cannot be read is a gap where it is looked at.
        let _ = object::each_entry(local, tree, |entry| {
            found = entry.id == id;
            if entry.mode == Mode::Tree && known.insert(entry.id.to_owned()) {
                left.push(entry.id.to_owned());
            }
            found
        });
    }
    found
}

/// Looks for a file's content in older trees.
struct Past<'p> {
    path: &'p BString,
    id: ObjectId,
    /// Trees that have another content, or none, at the path from so deep on.
    others: HashSet<(usize, ObjectId)>,
    /// Bytes of trees that may still be read.
    room: usize,
}

impl Past<'_> {
    /// Whether a tree has the content at the path.
    fn is_at(&mut self, local: &Local, tree: ObjectId) -> bool {
        let (mut tree, mut way) = (tree, Vec::new());
        let mut names = self.path.split(|byte| *byte == b'/').enumerate().peekable();
        while let Some((depth, name)) = names.next() {
            if self.others.contains(&(depth, tree)) {
                break;
            }
            way.push((depth, tree));
            let mut found = None;
            let read = object::each_entry(local, tree, |entry| {
                found = (entry.name == name).then(|| (entry.mode, entry.id.to_owned()));
                found.is_some()
            });
            self.room = self.room.saturating_sub(read.unwrap_or(0));
            match found {
                Some((_, id)) if names.peek().is_none() && id == self.id => return true,
                Some((Mode::Tree, id)) if names.peek().is_some() => tree = id,
                _ => break,
            }
        }
        self.others.extend(way);
        false
    }
}
