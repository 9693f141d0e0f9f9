//! The line that a secret is in, with what must not be shown left out: the value, and whatever else on it is a secret.

use bstr::BString;

/// The text on both sides of a value on its line, as far as it is near.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The text before the value.
    pub before: Vec<Piece>,
    /// The words in its place.
    pub value: LeftOut,
    /// The text after it; of a value of several lines, on the last of them.
    pub after: Vec<Piece>,
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// The text there.
    Text(BString),
    /// Another secret.
    Secret(LeftOut),
    /// More of the line, which is too far away.
    Cut,
}

/// The part of a line that is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftOut {
    /// How many characters that are.
    pub characters: usize,
    /// On how many lines they stand.
    pub lines: usize,
    /// The encoding that they have to be decoded from, if they are the encoded form of a secret.
    pub encoding: Option<&'static str>,
}
