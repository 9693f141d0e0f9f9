//! The changes that a new state makes to its parents: the core of `staged` and `range`.
//!
//! A path is changed if its content differs from the content that it has in *every* parent. The content that a parent
//! has at a path that this state changes or drops was there *before*: a secret in it isn't new, wherever the change
//! puts it. So nothing is reported for inserting a line above an old secret, moving it within a file, renaming and
//! editing its file, or merging a branch that has it, while a conflict resolution that adds a secret is reported.

use std::collections::{BTreeMap, BTreeSet};

use bstr::BString;

use super::{Bump, Content, Item, Listing};
use crate::finding::ContentKind;
use crate::git::ObjectId;
use crate::git::object::Mode;

/// The paths at which a state differs from one parent, with the new and the old content.
#[derive(Debug, Default)]
pub struct Difference {
    /// Both sides of each path that differs; `new` is `None` if the path is gone.
    pub paths: BTreeMap<BString, Side>,
}

/// The old and the new content of one path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Side {
    /// The entry in the parent.
    pub old: Option<(Mode, ObjectId)>,
    /// The entry in the new state.
    pub new: Option<(Mode, ObjectId)>,
    /// The other entries at the path in the new state, if the name occurs more than once.
    pub others: Vec<(Mode, ObjectId)>,
}

impl Difference {
    /// Records a path whose content differs.
    pub fn note(&mut self, path: BString, old: Option<(Mode, ObjectId)>, new: Option<(Mode, ObjectId)>) {
        if old == new {
            return;
        }
        // A tree that is damaged, or made to deceive, can contain a name twice, and neither entry may hide the other.
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

/// Lists the content that differs from every parent, given the difference from each.
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

/// Records the new commit of a submodule; if earlier commits moved it as well, the change starts where theirs did.
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

/// Collects the content that the parents have at the paths that differ from them. Content that an earlier commit of the
/// same range added still counts as new.
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
