//! The sweep engine: visits every object of a pack, each base before the deltas made from it, with the edits of each
//! delta.
//!
//! [`plan`] reads from the index which object is a delta of which, [`portion`] says which of them are wanted, [`delta`]
//! applies one delta and records its edits, [`mod@walk`] decodes all objects on all threads and passes them to a
//! visitor. The visitor returns a state for each object, and gets it back for each delta made from that object; the
//! engine doesn't know what the state is for.
//!
//! Single objects (loose ones, and deltas whose base is in no pack) are read elsewhere.

pub mod delta;
mod index;
pub mod plan;
pub mod portion;
pub mod walk;

pub use plan::Plan;
pub use portion::Portion;
pub use walk::{Base, Object, Visitor, walk};
