//! Where a secret lives: which commits brought its blob or name in, under which paths, and how far those commits got.
//!
//! Done only for what has a finding. A commit brings in what its tree holds and no parent's does; it takes out what a parent's
//! tree holds and its own does not.

mod commits;
mod exposure;
pub mod people;
pub mod tree_index;

pub use commits::{Arrival, Attribution};
