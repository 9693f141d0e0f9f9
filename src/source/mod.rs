//! The origins of the scanned bytes: the index, a range of commits, a push, an event of a code host, everything git
//! stores, files, those of agents, a stream.
//!
//! A source lists what is to be scanned as cheap [`Item`]s and loads their bytes on demand. It knows nothing about
//! rules. Anything that can't be listed or loaded becomes a [`Gap`] and is never passed over silently.

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
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use bstr::BString;

use crate::finding::{ContentKind, Gap, Note, Stats};
use crate::git::ObjectId;

/// A single thing to scan.
#[derive(Debug, Clone)]
pub struct Item {
    /// The kind of content.
    pub kind: ContentKind,
    /// The item's name: a path, a ref, a label.
    pub path: BString,
    /// The place of its bytes.
    pub content: Content,
    /// The commit that is known to have added it.
    pub commit: Option<ObjectId>,
}

impl Item {
    /// Returns the blob's id, if the item is a blob.
    pub fn blob(&self) -> Option<ObjectId> {
        match (&self.content, self.kind) {
            (Content::Object(id), ContentKind::File | ContentKind::Symlink) => Some(*id),
            _ => None,
        }
    }
}

/// The place of an item's bytes.
#[derive(Debug, Clone)]
pub enum Content {
    /// The bytes are in the object database.
    Object(ObjectId),
    /// The bytes are in a file.
    File(PathBuf),
    /// The bytes come from a pipe or a device that the user names.
    Stream(PathBuf),
    /// The bytes come from a stream that is open already, such as standard input.
    Open(Arc<File>),
    /// The bytes are in memory.
    Bytes(Vec<u8>),
    /// The item's name is its content.
    Name,
}

/// Everything that a source lists.
#[derive(Debug, Default)]
pub struct Listing {
    /// The items to scan.
    pub items: Vec<Item>,
    /// Contents that existed before: a secret that is in one of them isn't new.
    pub before: BTreeSet<ObjectId>,
    /// Names that existed before.
    pub names_before: BTreeSet<BString>,
    /// The last commits of the list, if it is a range or a push.
    pub heads: Vec<ObjectId>,
    /// The parts that could not be listed.
    pub gaps: Vec<Gap>,
    /// Notes about the coverage.
    pub notes: Vec<Note>,
    /// The commits of submodules that the change leads to, by the path of each submodule; they are in other
    /// repositories.
    pub submodules: BTreeMap<BString, Bump>,
    /// The counts of objects read for the listing.
    pub stats: Stats,
}

/// A change of a submodule's commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bump {
    /// The commit before, if there was one.
    pub old: Option<ObjectId>,
    /// The last commit that the change leads to.
    pub new: ObjectId,
    /// `true` if the submodule moved to other commits in between.
    pub has_steps: bool,
}

impl Bump {
    /// Returns the note on the change.
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
