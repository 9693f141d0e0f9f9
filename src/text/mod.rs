//! Bytes as text: spans, edits, lines, encodings, patterns, archives. Nothing here knows of git, rules or secrets.

pub mod archive;
pub mod edit;
pub mod encoding;
pub mod escape;
pub mod lines;
pub mod span;
pub mod stars;
pub mod time;

pub use edit::{Copied, Edits};
pub use escape::{escape, hostile};
pub use lines::{LineIndex, Place};
pub use span::Span;
pub use stars::fits_stars;
