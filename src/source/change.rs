//! What a new state adds to its parents: the heart of `staged` and `range`.
//!
//! A path is changed if its content differs from the content it has in *every* parent. What a parent holds at a path
//! that this state changes or drops was there *before*: a secret in it is not new, wherever in the change it stands now. So
//! inserting a line above an old secret, moving it within a file, renaming and editing its file, or merging a branch
//! that has it reports nothing, while a conflict resolution that adds one does.

use std::collections::{BTreeMap, BTreeSet};

use bstr::BString;

use super::{Content, Item, Listing};
use crate::finding::{ContentKind, Gap};
use crate::git::object::{self, Entry, Mode, Unread};
use crate::git::tree::join;
use crate::git::{Local, ObjectId};

/// Paths of one state that differ from a parent: what stands there now, and what stood there.
#[derive(Debug, Default)]
pub struct Difference {
    /// Content at each path that differs; `None` where the path is gone.
    pub paths: BTreeMap<BString, Side>,
}

/// Both sides of one path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Side {
    /// In the parent.
    pub old: Option<(Mode, ObjectId)>,
    /// In the new state.
    pub new: Option<(Mode, ObjectId)>,
}

impl Difference {
    /// Notes a path whose content differs.
    pub fn note(&mut self, path: BString, old: Option<(Mode, ObjectId)>, new: Option<(Mode, ObjectId)>) {
        if old.map(|o| o.1) != new.map(|n| n.1) || old.is_some_and(|o| new.is_some_and(|n| o.0 != n.0)) {
            self.paths.insert(path, Side { old, new });
        }
    }

    /// Notes all files below a tree that is only in one of the states.
    pub fn note_tree(&mut self, local: &Local, id: ObjectId, prefix: &BString, new: bool, gaps: &mut Vec<Gap>) {
        for entry in read(local, id, prefix, gaps) {
            let path = join(prefix, &entry.name);
            match entry.mode {
                Mode::Tree => self.note_tree(local, entry.id, &path, new, gaps),
                mode if new => self.note(path, None, Some((mode, entry.id))),
                mode => self.note(path, Some((mode, entry.id)), None),
            }
        }
    }

    /// Notes what differs between two trees, without reading subtrees that are the same.
    pub fn trees(&mut self, local: &Local, old: ObjectId, new: ObjectId, prefix: &BString, gaps: &mut Vec<Gap>) {
        if old == new {
            return;
        }
        let mut names: BTreeMap<BString, (Option<Entry>, Option<Entry>)> = BTreeMap::new();
        for entry in read(local, old, prefix, gaps) {
            let name = entry.name.clone();
            names.entry(name).or_default().0 = Some(entry);
        }
        for entry in read(local, new, prefix, gaps) {
            let name = entry.name.clone();
            names.entry(name).or_default().1 = Some(entry);
        }
        for (name, (old, new)) in names {
            self.entry(local, &join(prefix, &name), old, new, gaps);
        }
    }

    fn entry(&mut self, local: &Local, path: &BString, old: Option<Entry>, new: Option<Entry>, gaps: &mut Vec<Gap>) {
        let is_tree = |entry: &Option<Entry>| entry.as_ref().is_some_and(|e| e.mode == Mode::Tree);
        if let (true, true, Some(a), Some(b)) = (is_tree(&old), is_tree(&new), &old, &new) {
            return self.trees(local, a.id, b.id, path, gaps);
        }
        let (mut old_file, mut new_file) = (None, None);
        match old {
            Some(entry) if entry.mode == Mode::Tree => self.note_tree(local, entry.id, path, false, gaps),
            Some(entry) => old_file = Some((entry.mode, entry.id)),
            None => {}
        }
        match new {
            Some(entry) if entry.mode == Mode::Tree => self.note_tree(local, entry.id, path, true, gaps),
            Some(entry) => new_file = Some((entry.mode, entry.id)),
            None => {}
        }
        self.note(path.clone(), old_file, new_file);
    }
}

fn read(local: &Local, id: ObjectId, prefix: &BString, gaps: &mut Vec<Gap>) -> Vec<Entry> {
    object::tree(local, id).unwrap_or_else(|Unread { kind, why }| {
        let what = if prefix.is_empty() { BString::from("the root folder") } else { prefix.clone() };
        gaps.push(Gap { what, kind, why });
        Vec::new()
    })
}

/// What earlier commits of a range brought in.
#[derive(Debug, Default)]
pub struct Known {
    contents: BTreeSet<ObjectId>,
    names: BTreeSet<BString>,
}

/// Lists what differs from every parent, given the difference from each.
pub fn list(differences: &[Difference], commit: Option<ObjectId>, known: &mut Known, listing: &mut Listing) {
    let Some((first, others)) = differences.split_first() else { return };
    before(differences, known, listing);
    for (path, side) in &first.paths {
        let everywhere = others.iter().all(|other| other.paths.contains_key(path));
        if let (true, Some((mode, id))) = (everywhere, side.new) {
            list_content(path, mode, id, commit, listing);
            known.contents.insert(id);
            let named = differences.iter().any(|d| d.paths.get(path).is_some_and(|side| side.old.is_some()));
            if !named {
                list_name(path, commit, listing);
                known.names.insert(path.clone());
            }
        }
    }
}

fn list_content(path: &BString, mode: Mode, id: ObjectId, commit: Option<ObjectId>, listing: &mut Listing) {
    let kind = match mode {
        Mode::File => ContentKind::File,
        Mode::Link => ContentKind::Symlink,
        Mode::Tree | Mode::Submodule => return,
    };
    listing.items.push(Item { kind, path: path.clone(), content: Content::Object(id), commit });
}

fn list_name(path: &BString, commit: Option<ObjectId>, listing: &mut Listing) {
    let content = Content::Bytes(path.to_vec());
    listing.items.push(Item { kind: ContentKind::FileName, path: path.clone(), content, commit });
}

/// Collects what the parents hold at the paths that differ from them. What an earlier commit of the same range brought in
/// is new all the same.
fn before(differences: &[Difference], known: &Known, listing: &mut Listing) {
    for (path, side) in differences.iter().flat_map(|difference| &difference.paths) {
        if let Some((Mode::File | Mode::Link, id)) = side.old {
            if !known.contents.contains(&id) {
                listing.before.insert(id);
            }
            if !known.names.contains(path) {
                listing.names_before.insert(path.clone());
            }
        }
    }
}
