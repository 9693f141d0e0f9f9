//! Retention: what keeps a place of a secret in a repository.

use bstr::BString;
use serde::{Deserialize, Serialize};

/// Something that keeps a place in a repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Retention {
    /// The kind of the thing.
    pub by: Retainer,
    /// The name of a ref, folder or file; empty if there is nothing to name.
    pub name: BString,
}

/// The kinds of things that can keep a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Retainer {
    /// A ref reaches it.
    Ref,
    /// A ref reaches it that is neither a branch nor a tag, and that was copied from a server.
    ServerRef,
    /// More refs than are named reach it.
    MoreRefs,
    /// A work tree whose detached HEAD reaches it.
    Head,
    /// The index of this work tree.
    Index,
    /// The index of another work tree.
    OtherIndex,
    /// A file in git's folder.
    File,
    /// The stash, or one of its older entries.
    Stash,
    /// A reflog entry.
    Reflog,
    /// A reftable file that still holds the deleted ref.
    Table,
    /// A ref that can't be read and may reach it.
    Unread,
    /// Nothing but a garbage collection that has not run yet.
    Leftover,
    /// A pack that is marked to be kept with a `.keep` file.
    KeptPack,
    /// The object store of another repository, which this one uses as an alternate.
    Alternate,
}
