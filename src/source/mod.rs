//! Where bytes come from: the index, a range of commits, a push, an event of a code host, everything git stores, files, those of agents, a stream.
//!
//! A source lists what is to be looked at as cheap [`Item`]s and loads their bytes when asked. It knows nothing of
//! rules. Whatever cannot be listed or loaded becomes a [`Gap`], never silence.

pub mod agents;
pub mod change;
pub mod chosen;
pub mod compare;
pub mod context;
pub mod event;
pub mod files;
pub mod git_dir;
pub mod history;
pub mod message;
pub mod push;
pub mod range;
pub mod renamed;
pub mod staged;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use bstr::BString;

use crate::finding::{ContentKind, Gap, Note, Stats};
use crate::git::ObjectId;

/// Something to be looked at.
#[derive(Debug, Clone)]
pub struct Item {
    /// The kind of content.
    pub kind: ContentKind,
    /// Its name: a path, a ref, a label.
    pub path: BString,
    /// Where its bytes are.
    pub content: Content,
    /// The commit that is known to bring it in.
    pub commit: Option<ObjectId>,
}

impl Item {
    /// The blob that it is, if it is one.
    pub fn blob(&self) -> Option<ObjectId> {
        match (&self.content, self.kind) {
            (Content::Object(id), ContentKind::File | ContentKind::Symlink) => Some(*id),
            _ => None,
        }
    }
}

/// Where an item's bytes are.
#[derive(Debug, Clone)]
pub enum Content {
    /// In the object database.
    Object(ObjectId),
    /// In a file.
    File(PathBuf),
    /// In a pipe or a device that somebody names.
    Stream(PathBuf),
    /// Here.
    Bytes(Vec<u8>),
    /// Its name is what it holds.
    Name,
}

/// All that a source lists.
#[derive(Debug, Default)]
pub struct Listing {
    /// The items to be scanned.
    pub items: Vec<Item>,
    /// Contents that were there before: a secret that is in one of them is not new.
    pub before: BTreeSet<ObjectId>,
    /// Names that were there before.
    pub names_before: BTreeSet<BString>,
    /// The last commits of what is listed, if it is a range or a push.
    pub heads: Vec<ObjectId>,
    /// The parts that could not be listed.
    pub gaps: Vec<Gap>,
    /// Notes about the coverage.
    pub notes: Vec<Note>,
    /// Commits of submodules that the change leads to, which are in other repositories: by the path of each.
    pub submodules: BTreeMap<BString, Bump>,
    /// The counts of what was read in order to list.
    pub stats: Stats,
}

/// The change of a submodule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bump {
    /// The commit before, if there was one.
    pub old: Option<ObjectId>,
    /// The commit that it leads to in the end.
    pub new: ObjectId,
    /// `true` if it led to others on the way.
    pub has_steps: bool,
}

impl Bump {
    /// Returns the note on it.
    pub fn note(&self, path: &BString) -> Note {
        let Self { old, new, has_steps } = self;
        let (from, command) = match old {
            Some(old) if !has_steps => (format!(" from {old}"), format!("keysweep range {old}..{new}")),
            Some(old) => (format!(" from {old} over others"), "keysweep history".to_owned()),
            None => (String::new(), "keysweep history".to_owned()),
        };
        Note(format!(
            "submodule {path} moves{from} to {new}, and its commits were not read: after 'git submodule update --init', run '{command}' in its folder"
        ))
    }
}
