//! What the indexes of the work trees hold, which no commit may hold yet.

use std::collections::BTreeMap;

use bstr::BString;

use crate::git::{ObjectId, Repo};
use crate::source::{Content, staged};

/// Blobs of the indexes of all work trees, which no commit may hold yet, with their paths.
pub(super) type Staged = BTreeMap<ObjectId, BString>;

/// Lists the blobs of all indexes.
pub(super) fn paths(repository: &Repo) -> Staged {
    let mut paths = BTreeMap::new();
    for worktree in repository.worktrees() {
        // An index that cannot be read keeps the blobs it holds from being named, not from being found.
        for item in staged::list(&worktree).map(|listing| listing.items).unwrap_or_default() {
            if let Content::Object(id) = item.content {
                paths.insert(id, item.path);
            }
        }
    }
    paths
}
