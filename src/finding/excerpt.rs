//! The line that a secret is in, without what must not be shown: the value, and every other secret on the line.

use bstr::BString;

/// The text on both sides of a value, on its line and near it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The text before the value.
    pub before: Vec<Piece>,
    /// The replacement for the value.
    pub value: LeftOut,
    /// The text after the value, on the value's last line.
    pub after: Vec<Piece>,
}

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text that may be shown.
    Text(BString),
    /// Another secret, left out.
    Secret(LeftOut),
    /// A mark for the rest of the line, which is too far away to be shown.
    Cut,
}

/// The part of a line that is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftOut {
    /// The number of characters left out.
    pub characters: usize,
    /// The number of lines that they span.
    pub lines: usize,
    /// The encoding that the text is decoded from, if it is an encoded secret.
    pub encoding: Option<&'static str>,
}
