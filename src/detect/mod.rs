//! The detector: bytes in, detections out. Pure: no I/O, no clock, no environment, no paths.
//!
//! Keywords are found in one pass ([`prefilter`]); at each, the rules that name it try their expression or read an
//! assignment ([`pattern`], [`assignment`]); each candidate is judged ([`judge`]) by its surroundings, its checks
//! ([`check`]) and its statistics ([`entropy`], [`likeness`], [`placeholder`]). Encoded text is decoded and goes the same
//! way ([`decode`]). Of several detections of the same bytes the best wins ([`overlap`]).
//!
//! Everything a rule looks at lies within its [`Reach`] of a keyword, so that of a text made from
//! another one only what changed has to be judged ([`edit`]). What a file's name says
//! about a detection, whether it has expired and which identifiers stand near it is decided afterwards ([`context`]), for
//! accepted detections only: a blob has many names and is read on many days, and is judged once.

pub mod check;
pub mod context;
pub mod decode;
mod detection;
mod detector;
pub mod find;
pub mod incremental;
pub mod judge;
mod known_lines;
pub mod overlap;
pub mod trace;
pub mod value;

pub use detection::{Candidate, Detection, Form, Rejection, Standing};
pub use detector::Detector;
pub use incremental::Hits;
