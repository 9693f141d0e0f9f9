//! The places of a secret in history: the commits that added its blob or name, its paths, and how far those commits
//! got.
//!
//! Only content with a finding is traced. A commit adds the entries that are in its tree and in no parent's; it removes
//! those that are in a parent's tree and not in its own.

mod commits;
mod exposure;
pub mod people;
pub mod tree_index;

pub use commits::{Arrival, Attribution};
