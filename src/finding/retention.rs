//! The retention of a place of a secret in a repository: why it is still there.

use bstr::BString;
use serde::{Deserialize, Serialize};

/// One thing that keeps it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Retention {
    /// The kind of thing.
    pub by: Retainer,
    /// A ref, a folder, a file; empty where there is nothing to name.
    pub name: BString,
}

/// The kinds of things that can keep a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Retainer {
    /// A ref reaches it.
    Ref,
    /// A ref reaches it that is no branch or tag, and that was copied from a server.
    ServerRef,
    /// So many more refs reach it.
    MoreRefs,
    /// A work tree has a commit checked out, on no branch, that reaches it.
    Head,
    /// The index of this work tree holds it.
    Index,
    /// The index of another work tree does.
    OtherIndex,
    /// A file in the repository's own folder.
    File,
    /// The stash, or an older one of its entries.
    Stash,
    /// An entry of a reflog.
    Reflog,
    /// A table of refs, from which it was deleted.
    Table,
    /// A ref that cannot be read, for all that is known.
    Unread,
    /// Nothing but that nobody has cleaned up.
    Leftover,
    /// A pack that is marked to be kept.
    KeptPack,
    /// The object store of another repository, which this one borrows from.
    Alternate,
}
