//! What the surroundings say of a detection that was accepted: the name of its file, the identifiers near it, the date.

pub mod companion;
pub mod expiry;
pub mod path;
