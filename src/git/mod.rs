//! Reads git repositories: objects, packs, refs, reflogs, remotes. Only this module uses `gix`, and only [`repo`] opens a
//! repository.

pub mod alternates;
pub mod canary;
pub mod error;
pub mod github;
pub mod graph;
pub mod header;
pub mod index;
pub mod lfs;
pub mod object;
pub mod pack;
pub mod reflog;
pub mod refs;
pub mod remote;
pub mod repo;
pub mod store;
pub mod template;
pub mod tree;

pub use error::{GitError, SourceError};
pub use gix::{ObjectId, Reference, hashtable, oid};
pub use repo::{Local, Repo};
