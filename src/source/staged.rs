//! The changes of the index compared with HEAD, and with the commits being merged.
//!
//! Trees are compared with the index through the index's cache-tree: a folder whose tree is known and equal costs
//! nothing, so a repository of 100,000 files costs little more than one of ten.

use std::collections::BTreeMap;
use std::ops::Range;

use bstr::{BStr, BString, ByteSlice as _};
use foldhash::HashSet;

use super::Listing;
use super::change::{self, Difference, Known};
use super::compare::{Budget, Trees, too_deep};
use crate::finding::{Gap, GapKind};
use crate::fs::bounded;
use crate::git::index;
use crate::git::object::{self, Found, Mode};
use crate::git::tree::{MOST_FOLDERS, join};
use crate::git::{Local, ObjectId, Repo, SourceError};

/// The number of commits before HEAD in which an identical earlier version of a file is searched for, if the file has a
/// finding.
const LOOK_BACK: usize = 256;
/// The approximate number of bytes of trees that this search reads: folders with very many files are large.
const LOOK_BACK_BYTES: usize = 64 << 20;

/// Lists the content that a commit of the index would add.
///
/// # Errors
/// Fails if HEAD or the index can't be read.
pub fn list(repository: &Repo) -> Result<Listing, SourceError> {
    let local = repository.local();
    let state = index::read(&local)?;
    let mut listing = Listing::default();
    let differences = differences(repository, &local, &state, &mut listing.gaps)?;
    change::list(&differences, None, &mut Known::default(), &mut listing);
    Ok(listing)
}

/// Returns the differences of the index from each parent of the next commit.
pub(super) fn differences(
    repository: &Repo,
    local: &Local,
    state: &index::State,
    gaps: &mut Vec<Gap>,
) -> Result<Vec<Difference>, SourceError> {
    let (mut differences, mut budget) = (Vec::new(), Budget::default());
    for parent in parents(repository, local, gaps)? {
        let mut difference = Difference::default();
        let trees = Trees::new(local, &mut budget, gaps, &mut difference);
        Comparison { index: state, trees, left: Vec::new() }.run(parent);
        differences.push(difference);
    }
    Ok(differences)
}

/// Returns the root trees of HEAD and of the heads being merged. The empty tree takes their place before the first
/// commit and, with a gap, for a tree that can't be read: content that isn't known to be old counts as new.
fn parents(repository: &Repo, local: &Local, gaps: &mut Vec<Gap>) -> Result<Vec<ObjectId>, SourceError> {
    let nothing = ObjectId::empty_tree(local.object_hash());
    let mut gap = |what: String, kind: GapKind, why: &str| {
        let why = format!("{why}; everything staged was treated as new");
        gaps.push(Gap { what: what.into(), kind, why });
    };
    let head = match repository.checked_out() {
        Ok(head) => head.commit,
        Err(error) => {
            gap("HEAD".to_owned(), GapKind::Missing, error.to_string().lines().next().unwrap_or_default());
            return Ok(vec![nothing]);
        }
    };
    let Some(head) = head else { return Ok(vec![nothing]) };
    let mut commits = vec![head];
    commits.extend(index::merged(repository));
    // A revert restores content that the parent of the reverted commit had.
    for reverted in index::reverted(repository)? {
        commits.extend(object::commit_of(local, reverted).map(|commit| commit.parents).unwrap_or_default());
    }
    let trees = commits.into_iter().map(|commit| {
        object::tree_of(local, commit).unwrap_or_else(|unread| {
            gap(format!("commit {commit}"), unread.kind, &unread.why);
            nothing
        })
    });
    Ok(trees.collect())
}

/// A simultaneous walk over a tree and the index.
struct Comparison<'a> {
    index: &'a index::State,
    trees: Trees<'a>,
    left: Vec<Folder<'a>>,
}

/// A tree, and the index entries whose paths start with `path/`.
struct Folder<'a> {
    tree: ObjectId,
    cache: Option<&'a index::CachedTree>,
    entries: Range<usize>,
    path: BString,
    depth: usize,
}

impl<'a> Comparison<'a> {
    fn run(mut self, tree: ObjectId) {
        let (cache, entries) = (self.index.tree(), 0..self.index.entries().len());
        self.left.push(Folder { tree, cache, entries, path: BString::default(), depth: 0 });
        while let Some(folder) = self.left.pop() {
            self.folder(&folder);
        }
    }

    fn folder(&mut self, folder: &Folder<'a>) {
        let Folder { tree, cache, entries, path, depth } = folder;
        let is_whole = |cache: &index::CachedTree| cache.num_entries.is_some_and(|n| n as usize == entries.len());
        if cache.is_some_and(|cache| is_whole(cache) && cache.id == *tree) {
            return;
        }
        if *depth > MOST_FOLDERS {
            self.trees.gaps.push(too_deep(path));
            return;
        }
        let read = self.trees.read(Some(*tree), path);
        let old = read.entries().map(|entry| (entry.name.into(), Found { mode: entry.mode, id: entry.id.to_owned() }));
        let mut old: BTreeMap<BString, Found> = old.collect();
        let mut at = entries.start;
        while at < entries.end {
            at = self.child(at, folder, &mut old);
        }
        for (name, found) in old {
            self.gone(&join(path, &name), found);
        }
    }

    /// Handles the file or folder that the index entry `at` belongs to; returns the entry after it.
    fn child(&mut self, at: usize, folder: &Folder<'a>, old: &mut BTreeMap<BString, Found>) -> usize {
        let index = self.index;
        let entry = &index.entries()[at];
        let path = entry.path(index);
        let below = &path[if folder.path.is_empty() { 0 } else { folder.path.len() + 1 }..];
        let Some(slash) = below.find_byte(b'/') else {
            self.file(at, old.remove(below.as_bstr()), path.to_owned());
            return at + 1;
        };
        let name = BString::from(&below[..slash]);
        let path = join(&folder.path, &name);
        if entry.mode == index::Mode::DIR {
            let tree = old.remove(&name).filter(|found| found.mode == Mode::Tree);
            self.trees.compare(tree.map(|tree| tree.id), Some(entry.id), &path);
            return at + 1;
        }
        let cache = folder.cache.and_then(|cache| cache.children.iter().find(|child| child.name[..] == name[..]));
        let stop = self.end_of_folder(at, folder.entries.end, &path, cache);
        let (entries, depth) = (at..stop, folder.depth + 1);
        match old.remove(&name) {
            Some(found) if found.mode == Mode::Tree => {
                self.left.push(Folder { tree: found.id, cache, entries, path, depth });
            }
            other => {
                if let Some(file) = other {
                    self.gone(&path, file);
                }
                let tree = ObjectId::empty_tree(self.trees.local.object_hash());
                self.left.push(Folder { tree, cache: None, entries, path, depth });
            }
        }
        stop
    }

    /// Returns the first entry after `at` that isn't in `folder`. A cache-tree's count is only a hint.
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

    fn file(&mut self, at: usize, old: Option<Found>, path: BString) {
        let entry = &self.index.entries()[at];
        // An entry that is only intended to be added isn't part of a commit; a conflict with stages 2 and 3 prevents a
        // commit.
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
                self.trees.compare(Some(tree.id), None, &path);
                None
            }
            other => other.map(|found| (found.mode, found.id)),
        };
        self.trees.difference.note(path, before, Some((mode, entry.id)));
    }

    fn gone(&mut self, path: &BString, found: Found) {
        match found.mode {
            Mode::Tree => self.trees.compare(Some(found.id), None, path),
            mode => self.trees.difference.note(path.clone(), Some((mode, found.id)), None),
        }
    }
}

/// Returns `true` if the index has a file with this content.
pub fn is_staged(repository: &Repo, path: &BStr, content: &[u8]) -> bool {
    let local = repository.local();
    let Ok(state) = index::read(&local) else { return false };
    let staged = state.entry_by_path(path).and_then(|entry| object::load(&local, entry.id, bounded::MAX_SIZE).ok());
    staged.is_some_and(|(_, staged)| staged == content)
}

/// Returns `true` if an identical blob is already in a commit's tree, at any path, or was this file's content in one of
/// the commits before: a copy, or a revert that restores old content. Called only for blobs with a finding.
pub fn known_content(repository: &Repo, from: ObjectId, path: &BString, id: ObjectId) -> bool {
    let local = repository.local();
    let mut past = Past { path, id, others: HashSet::default(), room: LOOK_BACK_BYTES };
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

/// Returns `true` if a tree, or a folder below it, names a blob. A folder that appears in several places is read once.
fn holds(local: &Local, tree: ObjectId, id: ObjectId) -> bool {
    let (mut left, mut seen) = (vec![tree], HashSet::from_iter([tree]));
    while let Some(tree) = left.pop() {
        let tree = object::tree(local, tree).unwrap_or_default();
        if tree.entries().any(|entry| entry.id == id) {
            return true;
        }
        let folders = tree.entries().filter(|entry| entry.mode == Mode::Tree).map(|entry| entry.id.to_owned());
        left.extend(folders.filter(|folder| seen.insert(*folder)));
    }
    false
}

/// A search for a file's content in older trees.
struct Past<'p> {
    path: &'p BString,
    id: ObjectId,
    /// The trees, with their depth in the path, that are known to lead to another content or to none.
    others: HashSet<(usize, ObjectId)>,
    /// The number of bytes of trees that may still be read.
    room: usize,
}

impl Past<'_> {
    /// Returns `true` if a tree has the content at the path.
    fn is_at(&mut self, local: &Local, tree: ObjectId) -> bool {
        let (mut tree, mut way) = (tree, Vec::new());
        let mut names = self.path.split(|byte| *byte == b'/').enumerate().peekable();
        while let Some((depth, name)) = names.next() {
            if self.others.contains(&(depth, tree)) {
                break;
            }
            way.push((depth, tree));
            let entries = object::tree(local, tree).unwrap_or_default();
            self.room = self.room.saturating_sub(entries.size());
            match entries.entry(name).map(|entry| (entry.mode, entry.id.to_owned())) {
                Some((_, id)) if names.peek().is_none() && id == self.id => return true,
                Some((Mode::Tree, id)) if names.peek().is_some() => tree = id,
                _ => break,
            }
        }
        self.others.extend(way);
        false
    }
}
