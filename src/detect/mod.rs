//! The detector takes bytes and returns detections. It is pure: no I/O, no clock, no environment, no paths.
//!
//! Keywords are found in one pass; at each, the rules that name it try their expression or read an assignment
//! ([`find`]). Each candidate is judged ([`judge`]) by its surroundings, its checks ([`check`]), and the look of its
//! value ([`value`]); the evidence for and against an assigned value is summed in a [`ledger`]. Encoded text is decoded
//! and treated the same way ([`decode`]). Of several detections of the same bytes the best wins ([`overlap`]).
//!
//! Everything a rule looks at lies within its [`Reach`](crate::rule::Reach) of a keyword, so that in a text made from
//! another one only the changed parts have to be judged ([`incremental`]). The name of a detection's file, the
//! identifiers near it and the date are considered afterwards, for accepted detections only ([`context`]): a blob has
//! many names and is read on many days, but is judged once.

mod broken;
pub mod check;
pub mod context;
pub mod decode;
mod detection;
mod detector;
pub mod find;
pub mod incremental;
pub mod judge;
mod known_lines;
pub mod ledger;
pub mod overlap;
mod room;
pub mod trace;
pub mod value;

pub use detection::{Candidate, Claim, Detection, Form, Rejection};
pub use detector::Detector;
pub use incremental::Hits;
pub use room::Room;
