//! Half-open byte ranges.

use std::ops::Range;

/// The bytes `start..end` of some buffer; `start <= end` always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The span `start..end`; empty at `start` if the two are the wrong way round.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end: end.max(start) }
    }

    /// Number of bytes.
    pub fn len(self) -> usize {
        self.end - self.start
    }

    /// `true` if it holds no byte.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// `true` if the two share a byte.
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// `true` if `other` lies within this one.
    pub fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The bytes of `buffer` in this span, as far as it reaches.
    pub fn of(self, buffer: &[u8]) -> &[u8] {
        let end = self.end.min(buffer.len());
        buffer.get(self.start..end).unwrap_or_default()
    }

    /// This span grown by so many bytes on each side, within a buffer of `length` bytes.
    pub fn grown(self, before: usize, after: usize, length: usize) -> Self {
        Self::new(self.start.saturating_sub(before), self.end.saturating_add(after).min(length))
    }
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Self::new(range.start, range.end)
    }
}
