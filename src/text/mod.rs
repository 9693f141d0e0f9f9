//! Bytes as text: spans, lines, encodings. Knows nothing of git, rules or secrets.

pub mod encoding;
pub mod escape;
pub mod lines;
pub mod span;

pub use escape::{escape, hostile};
pub use lines::{LineIndex, Place};
pub use span::Span;
