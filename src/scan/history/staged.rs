//! The contents of the work trees' indexes, which may not be in any commit yet.

use std::collections::{BTreeMap, BTreeSet};

use bstr::BString;

use crate::git::{ObjectId, Repo};
use crate::source::{Content, staged as index};

/// The blobs in the indexes of all work trees, which may not be in any commit yet.
pub(super) type Staged = BTreeMap<ObjectId, StagedAt>;

/// The place at which a blob is staged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StagedAt {
    /// The blob's path, from the root of a work tree.
    pub(super) path: BString,
    /// The indexes that hold it.
    pub(super) indexes: BTreeSet<IndexOf>,
}

/// The work tree that an index belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum IndexOf {
    /// The work tree that is swept.
    ThisTree,
    /// Another work tree, by its folder.
    OtherTree(BString),
}

/// Lists the blobs of all indexes.
pub(super) fn paths(repository: &Repo) -> Staged {
    let mut staged = Staged::new();
    for (number, worktree) in repository.worktrees().into_iter().enumerate() {
        let folder = worktree.workdir().unwrap_or_else(|| worktree.git_dir());
        let folder = folder.canonicalize().unwrap_or(folder);
        let other = || IndexOf::OtherTree(folder.as_os_str().as_encoded_bytes().into());
        let index = if number == 0 { IndexOf::ThisTree } else { other() };
        // If an index can't be read, its blobs get no path, but they are still found.
        for item in index::list(&worktree).map(|listing| listing.items).unwrap_or_default() {
            if let Content::Object(id) = item.content {
                let at = staged.entry(id).or_insert_with(|| StagedAt { path: item.path, indexes: BTreeSet::new() });
                at.indexes.insert(index.clone());
            }
        }
    }
    staged
}
