//! The sweep engine: every object of a pack, each base before the deltas made from it, with what each delta changed.
//!
//! [`plan`] reads from the index which object is a delta of which, [`portion`] says what of that is wanted, [`delta`] applies one delta and notes its edits, [`mod@walk`]
//! decodes all objects on all threads and hands them to a visitor. The visitor returns a state for each object, and gets it
//! back for each delta made from it; what the state is for, the engine does not know.
//!
//! Objects that stand alone (loose ones, and deltas whose base is in no pack) are not its business.

pub mod delta;
mod index;
pub mod plan;
pub mod portion;
pub mod walk;

pub use plan::Plan;
pub use portion::Portion;
pub use walk::{Base, Object, Visitor, walk};
