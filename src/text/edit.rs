//! The origin of an edited text: segments copied from a base, and bytes inserted between them.

use super::Span;

/// A segment of an edited text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// The segment's span in the edited text.
    pub span: Span,
    /// The position in the base from which it was copied; `None` if it was inserted.
    pub from: Option<usize>,
}

/// An edited text as its segments, in order and without gaps, and the length of the base from which they were copied.
#[derive(Debug, Clone, Default)]
pub struct Edits {
    segments: Vec<Segment>,
    base: usize,
}

/// A copied segment, with its spans in both texts.
#[derive(Debug, Clone, Copy)]
pub struct Copied {
    /// The segment's span in the edited text.
    pub span: Span,
    /// The segment's span in the base.
    pub source: Span,
    /// `true` if both texts start with the segment, so that nothing before it differs.
    at_start: bool,
    /// `true` if both texts end with the segment, so that nothing after it differs.
    at_end: bool,
}

impl Copied {
    /// Returns the position in the edited text of a position in the base.
    pub fn moved(&self, place: usize) -> usize {
        self.span.start + (place - self.source.start)
    }

    /// Returns `true` if `before` bytes before `place` and `after` bytes after it are the same in both texts, including
    /// where the text ends. The span is one of the edited text and within this segment.
    pub fn holds(&self, place: Span, before: usize, after: usize) -> bool {
        (place.start >= self.span.start + before || self.at_start)
            && (place.end + after <= self.span.end || self.at_end)
    }
}

impl Edits {
    /// Removes all segments and sets the length of a new base.
    pub fn clear(&mut self, base: usize) {
        self.segments.clear();
        self.base = base;
    }

    /// Appends a segment. One that continues where the last one ended becomes part of it.
    pub fn push(&mut self, length: usize, from: Option<usize>) {
        if length == 0 {
            return;
        }
        let end = self.length();
        if let Some(last) = self.segments.last_mut() {
            let goes_on = match (last.from, from) {
                (Some(before), Some(now)) => before + last.span.len() == now,
                (None, None) => true,
                _ => false,
            };
            if goes_on {
                last.span.end += length;
                return;
            }
        }
        self.segments.push(Segment { span: Span::new(end, end + length), from });
    }

    /// Returns the length of the edited text in bytes.
    pub fn length(&self) -> usize {
        self.segments.last().map_or(0, |last| last.span.end)
    }

    /// Returns all segments, in order.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Returns the copied segments, in order.
    pub fn copied(&self) -> impl Iterator<Item = Copied> + '_ {
        self.segments.iter().filter_map(|segment| self.copy(segment))
    }

    /// Returns the copied segment that contains all of `span`.
    pub fn copy_of(&self, span: Span) -> Option<Copied> {
        let at = self.segments.partition_point(|segment| segment.span.end <= span.start);
        let segment = self.segments.get(at).filter(|segment| segment.span.contains(span))?;
        self.copy(segment)
    }

    fn copy(&self, segment: &Segment) -> Option<Copied> {
        let from = segment.from?;
        let source = Span::new(from, from + segment.span.len());
        Some(Copied {
            span: segment.span,
            source,
            at_start: segment.span.start == 0 && source.start == 0,
            at_end: segment.span.end == self.length() && source.end == self.base,
        })
    }

    /// Returns the inserted segments, and the seams between two copied ones as empty spans, in order. A start or end of
    /// the text that isn't that of the base counts as a seam.
    pub fn changed(&self) -> impl Iterator<Item = Span> + '_ {
        let first = self.segments.first().and_then(|first| first.from).filter(|from| *from > 0);
        let last = self.segments.last().filter(|last| last.from.is_some_and(|from| from + last.span.len() < self.base));
        let inner = self.segments.iter().enumerate().filter_map(|(at, segment)| match segment.from {
            None => Some(segment.span),
            Some(_) => {
                let after_copy = at > 0 && self.segments[at - 1].from.is_some();
                after_copy.then(|| Span::new(segment.span.start, segment.span.start))
            }
        });
        let start = first.map(|_| Span::default());
        let end = last.map(|last| Span::new(last.span.end, last.span.end));
        start.into_iter().chain(inner).chain(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edits(base: usize, parts: &[(usize, Option<usize>)]) -> Edits {
        let mut edits = Edits::default();
        edits.clear(base);
        parts.iter().for_each(|(length, from)| edits.push(*length, *from));
        edits
    }

    #[test]
    fn contiguous_pieces_are_merged() {
        let edits = edits(100, &[(10, Some(0)), (5, Some(10)), (2, None), (3, None), (4, Some(15)), (4, Some(30))]);
        assert_eq!(edits.segments().len(), 4);
        assert_eq!(edits.length(), 28);
        assert_eq!(edits.changed().collect::<Vec<_>>(), [Span::new(15, 20), Span::new(24, 24), Span::new(28, 28)]);
    }

    #[test]
    fn a_shared_end_does_not_limit_the_context_of_a_copy() {
        let edits = edits(20, &[(10, Some(0)), (5, None), (10, Some(10))]);
        let copied: Vec<Copied> = edits.copied().collect();
        assert!(copied[0].holds(Span::new(2, 4), 100, 6) && !copied[0].holds(Span::new(2, 4), 100, 7));
        assert!(copied[1].holds(Span::new(20, 22), 5, 100) && !copied[1].holds(Span::new(20, 22), 6, 100));
        assert_eq!(copied[1].moved(12), 17);
    }

    #[test]
    fn a_truncated_end_is_a_change() {
        assert_eq!(edits(20, &[(10, Some(5))]).changed().collect::<Vec<_>>(), [Span::new(0, 0), Span::new(10, 10)]);
        assert_eq!(edits(20, &[(20, Some(0))]).changed().count(), 0);
    }
}
