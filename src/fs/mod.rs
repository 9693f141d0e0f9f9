//! Folders and files of keysweep's own: scratch folders that go with their holder, what only its owner can read, and files that
//! are written whole or not at all; and how the files of others are read.

pub mod bounded;
pub mod executable;
pub mod owner_only;
mod replace;
pub mod scratch;

pub use replace::{Rights, replace};
