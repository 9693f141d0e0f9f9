//! Folders and files of keysweep's own: scratch folders that go with their holder, and what only its owner can read.

pub mod owner_only;
pub mod scratch;
