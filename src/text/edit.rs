//! How one text was made from another: stretches copied from a base, and bytes inserted between them.

use super::Span;

/// A stretch of an edited text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Where it is in the edited text.
    pub span: Span,
    /// Where it was copied from; `None` if it was inserted.
    pub from: Option<usize>,
}

/// An edited text as its stretches, in order and without holes, and the length of the base they were copied from.
#[derive(Debug, Clone, Default)]
pub struct Edits {
    segments: Vec<Segment>,
    base: usize,
}

/// A copied stretch as something that is in it sees it.
#[derive(Debug, Clone, Copy)]
pub struct Copied {
    /// Where it is in the edited text.
    pub span: Span,
    /// Where it stood in the base.
    pub source: Span,
    /// `true` if both texts start with it: then nothing before it differs.
    at_start: bool,
    /// `true` if both texts end with it: then nothing after it differs.
    at_end: bool,
}

impl Copied {
    /// A place of the base, moved to the edited text.
    pub fn moved(&self, place: usize) -> usize {
        self.span.start + (place - self.source.start)
    }

    /// `true` if `before` bytes in front of `place` and `after` bytes behind it are the same in both texts, an end of the
    /// text included. The span is one of the edited text and lies in this stretch.
    pub fn holds(&self, place: Span, before: usize, after: usize) -> bool {
        (place.start >= self.span.start + before || self.at_start)
            && (place.end + after <= self.span.end || self.at_end)
    }
}

impl Edits {
    /// Starts again, for a base of so many bytes.
    pub fn clear(&mut self, base: usize) {
        self.segments.clear();
        self.base = base;
    }

    /// Adds a stretch behind those before. One that goes on where the last one ended becomes part of it.
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

    /// Bytes of the edited text.
    pub fn length(&self) -> usize {
        self.segments.last().map_or(0, |last| last.span.end)
    }

    /// All stretches, in order.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The copied stretches, in order.
    pub fn copied(&self) -> impl Iterator<Item = Copied> + '_ {
        self.segments.iter().filter_map(|segment| self.copy(segment))
    }

    /// The copied stretch that all of `span` lies in.
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

    /// Inserted stretches, and the seams between two copied ones as empty spans, in order. An end of the text that was not
    /// the base's end counts as a seam.
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
    fn neighbours_that_go_on_are_one_stretch() {
        let edits = edits(100, &[(10, Some(0)), (5, Some(10)), (2, None), (3, None), (4, Some(15)), (4, Some(30))]);
        assert_eq!(edits.segments().len(), 4);
        assert_eq!(edits.length(), 28);
        assert_eq!(edits.changed().collect::<Vec<_>>(), [Span::new(15, 20), Span::new(24, 24), Span::new(28, 28)]);
    }

    #[test]
    fn an_end_that_both_share_hides_nothing_beyond_it() {
        let edits = edits(20, &[(10, Some(0)), (5, None), (10, Some(10))]);
        let copied: Vec<Copied> = edits.copied().collect();
        assert!(copied[0].holds(Span::new(2, 4), 100, 6) && !copied[0].holds(Span::new(2, 4), 100, 7));
        assert!(copied[1].holds(Span::new(20, 22), 5, 100) && !copied[1].holds(Span::new(20, 22), 6, 100));
        assert_eq!(copied[1].moved(12), 17);
    }

    #[test]
    fn a_cut_end_is_a_change() {
        assert_eq!(edits(20, &[(10, Some(5))]).changed().collect::<Vec<_>>(), [Span::new(0, 0), Span::new(10, 10)]);
        assert_eq!(edits(20, &[(20, Some(0))]).changed().count(), 0);
    }
}
