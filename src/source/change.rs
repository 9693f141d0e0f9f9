//! The changes that a new state adds to its parents: the heart of `staged` and `range`.
//!
//! A path is changed if its content differs from the content it has in *every* parent. What a parent holds at a path
//! that this state changes or drops was there *before*: a secret in it is not new, wherever in the change it stands now. So
//! inserting a line above an old secret, moving it within a file, renaming and editing its file, or merging a branch
//! that has it reports nothing, while a conflict resolution that adds one does.

use std::collections::{BTreeMap, BTreeSet};

use bstr::BString;

use super::{Bump, Content, Item, Listing};
use crate::finding::ContentKind;
use crate::git::ObjectId;
use crate::git::object::Mode;

/// Paths of one state that differ from a parent: what is there now, and what stood there.
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
    /// The other entries there in the new state, if the name occurs twice.
    pub others: Vec<(Mode, ObjectId)>,
}

impl Difference {
    /// Notes a path whose content differs.
    pub fn note(&mut self, path: BString, old: Option<(Mode, ObjectId)>, new: Option<(Mode, ObjectId)>) {
        if old == new {
            return;
        }
        // A damaged tree, or one made to deceive, has a name twice, and neither may hide the other.
        let side = self.paths.entry(path).or_default();
        side.old = side.old.or(old);
        match side.new {
            Some(_) => side.others.extend(new),
            None => side.new = new,
        }
    }
}

/// The contents that earlier commits of a range added.
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
        if everywhere && side.new.is_some() {
            for (mode, id) in side.new.iter().chain(&side.others) {
                if *mode == Mode::Submodule {
                    note_submodule(path, side.old, *id, listing);
                }
                list_content(path, *mode, *id, commit, listing);
                known.contents.insert(*id);
            }
            let named = differences.iter().any(|d| d.paths.get(path).is_some_and(|side| side.old.is_some()));
            if !named {
                list_name(path, commit, listing);
                known.names.insert(path.clone());
            }
        }
    }
}

/// A submodule that earlier commits moved goes on from where these started.
fn note_submodule(path: &BString, old: Option<(Mode, ObjectId)>, new: ObjectId, listing: &mut Listing) {
    let old = old.filter(|(mode, _)| *mode == Mode::Submodule).map(|(_, id)| id);
    let bump = listing.submodules.entry(path.clone());
    bump.and_modify(|bump| (bump.new, bump.has_steps) = (new, true)).or_insert(Bump { old, new, has_steps: false });
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
    listing.items.push(Item { kind: ContentKind::FileName, path: path.clone(), content: Content::Name, commit });
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
