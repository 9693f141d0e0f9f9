//! Reads git repositories: objects, packs, refs, reflogs, remotes. Only this module uses `gix`, and only [`repo`] opens a
//! repository.

pub mod alternates;
pub mod ancestry;
pub mod canary;
pub mod code_owners;
pub mod crypt;
pub mod error;
mod format;
pub mod github;
pub mod graph;
pub mod header;
pub mod index;
mod layout;
pub mod lfs;
mod numbers;
pub mod object;
mod ownership;
pub mod pack;
pub mod planted;
mod pointer;
mod presence;
pub mod ref_store;
pub mod reflog;
pub mod refs;
pub mod reftable;
pub mod remote;
pub mod repo;
mod revision;
pub mod selection;
pub mod server;
pub mod store;
pub mod template;
pub mod tree;
pub mod user_config;

pub use error::{GitError, SourceError};
pub use gix::hash::Kind as Hash;
pub use gix::{ObjectId, hashtable, oid};
pub use repo::{Local, Repo};
