//! Where bytes come from: the index, a range of commits, a push, an event of a code host, everything git stores, files, a stream.
//!
//! A source lists what is to be looked at as cheap [`Item`]s and loads their bytes when asked. It knows nothing of
//! rules. Whatever cannot be listed or loaded becomes a [`Gap`], never silence. Only this module's children use `gix`,
//! and only `repo` opens a repository.

pub mod attribution;
pub mod beside;
pub mod borrowed;
pub mod canary;
pub mod change;
pub mod event;
pub mod files;
pub mod github;
pub mod graph;
pub mod headed;
pub mod history;
pub mod holding;
pub mod lfs;
pub mod message;
pub mod object;
pub mod pack;
pub mod people;
pub mod private;
pub mod push;
pub mod range;
pub mod reflog;
pub mod remote;
pub mod repo;
pub mod scratch;
pub mod staged;
pub mod store;
pub mod template;
mod tip;
pub mod tree;

use std::collections::BTreeSet;
use std::path::PathBuf;

use bstr::BString;

use crate::finding::{ContentKind, Gap, Note, Stats};

pub use gix::{ObjectId, oid};
pub use repo::Repo;

/// Something to be looked at.
#[derive(Debug, Clone)]
pub struct Item {
    /// What kind of content it is.
    pub kind: ContentKind,
    /// What it is called: a path, a ref, a label.
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
    /// Here.
    Bytes(Vec<u8>),
}

/// All that a source lists.
#[derive(Debug, Default)]
pub struct Listing {
    /// What is to be looked at.
    pub items: Vec<Item>,
    /// Contents that were there before: a secret that stands in one of them is not new.
    pub before: BTreeSet<ObjectId>,
    /// Names that were there before.
    pub names_before: BTreeSet<BString>,
    /// What could not be listed.
    pub gaps: Vec<Gap>,
    /// What a reader should know about the coverage.
    pub notes: Vec<Note>,
    /// What was read in order to list.
    pub stats: Stats,
}

/// What keeps a scan from starting.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// No folder here.
    #[error("there is no folder '{path}'")]
    NoFolder {
        /// As given.
        path: String,
    },
    /// No repository here.
    #[error(
        "not a git repository (nor any folder above): '{path}'\nrun keysweep inside one, or use 'keysweep files PATH' to scan files without git"
    )]
    NotARepository {
        /// Where it was looked for.
        path: String,
    },
    /// Owned by somebody else, as git's safe.directory sees it.
    #[error(
        "the repository at '{path}' has dubious ownership: it belongs to another user, so git and keysweep do not read it\n\
         if you trust it: git config --global --add safe.directory '{path}'"
    )]
    DubiousOwnership {
        /// Its path.
        path: String,
    },
    /// There is a repository, but something it needs cannot be read.
    #[error("cannot read {what}: {cause}\n'git fsck' tells more; nothing was scanned")]
    Broken {
        /// Which part.
        what: String,
        /// What git's reader said.
        cause: String,
    },
    /// A revision that does not resolve.
    #[error("cannot resolve '{text}': {cause}\n{remedy}")]
    Revision {
        /// As given.
        text: String,
        /// What git's reader said.
        cause: String,
        /// What to do.
        remedy: String,
    },
    /// Standard input of a hook that is not what git writes there.
    #[error("'{line}' is no line that git gives to a {hook} hook: {form}")]
    Update {
        /// The line.
        line: String,
        /// Which hook.
        hook: &'static str,
        /// What git writes.
        form: &'static str,
    },
}
