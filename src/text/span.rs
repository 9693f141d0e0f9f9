//! Half-open byte ranges.

use std::ops::Range;

/// The bytes `start..end` of some buffer; `start <= end` always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// The position of the first byte.
    pub start: usize,
    /// The position after the last byte.
    pub end: usize,
}

impl Span {
    /// Returns the span `start..end`; empty at `start` if `end` is less.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end: end.max(start) }
    }

    /// Returns the number of bytes.
    pub fn len(self) -> usize {
        self.end - self.start
    }

    /// Returns `true` if the span contains no byte.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Returns `true` if the two spans share a byte.
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Returns `true` if `other` is within this span.
    pub fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Returns the bytes of `buffer` in this span, as far as the buffer reaches.
    pub fn of(self, buffer: &[u8]) -> &[u8] {
        let end = self.end.min(buffer.len());
        buffer.get(self.start..end).unwrap_or_default()
    }

    /// Returns this span grown by this many bytes on each side, within a buffer of `length` bytes.
    pub fn grown(self, before: usize, after: usize, length: usize) -> Self {
        Self::new(self.start.saturating_sub(before), self.end.saturating_add(after).min(length))
    }
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Self::new(range.start, range.end)
    }
}
