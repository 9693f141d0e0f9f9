//! A text whose keywords are examined one after another, with what is known about the position of each rule's literal.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Deref;

use memchr::memmem::Finder;

use crate::text::Span;

/// A text in which expressions are searched for.
///
/// A text of nothing but keywords would be searched once for each of them, as far as the rule reaches, for the literal
/// that every match contains; so the range that was searched and the place that was found are remembered.
#[derive(Debug)]
pub struct Searched<'t> {
    text: &'t [u8],
    /// The range searched for each rule's literal, by the position of the rule.
    literals: RefCell<BTreeMap<usize, Stretch>>,
}

/// A range that was searched for a literal.
#[derive(Debug)]
struct Stretch {
    searched: Span,
    /// The first place of the literal at or after the start of the range.
    place: Option<usize>,
}

impl<'t> Searched<'t> {
    /// Makes a text of which nothing is known yet.
    pub fn new(text: &'t [u8]) -> Self {
        Self { text, literals: RefCell::default() }
    }

    /// Returns `true` if a part of the text holds the literal of a rule. This is cheapest if each part starts after the
    /// previous one.
    pub(super) fn holds(&self, rule: usize, literal: &Finder<'_>, part: Span) -> bool {
        let mut literals = self.literals.borrow_mut();
        let unknown = || Stretch { searched: Span::new(part.start, part.start), place: None };
        let known = literals.entry(rule).or_insert_with(unknown);
        let is_before = part.start < known.searched.start;
        if is_before || part.start > known.searched.end || known.place.is_some_and(|place| place < part.start) {
            *known = unknown();
        }
        known.searched.start = part.start;
        let length = literal.needle().len();
        if known.place.is_none() && part.end > known.searched.end {
            // A literal may lie across the end of the range that was searched.
            let from = part.start.max((known.searched.end + 1).saturating_sub(length));
            known.place = literal.find(&self.text[from..part.end]).map(|at| from + at);
            known.searched.end = part.end;
        }
        known.place.is_some_and(|place| place + length <= part.end)
    }
}

impl Deref for Searched<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_holds_what_it_would_hold_if_nothing_were_known(
            text in "[ab]{0,40}",
            parts in prop::collection::vec((0usize..40, 0usize..40), 0..12),
        ) {
            let text = text.as_bytes();
            let searched = Searched::new(text);
            let literal = Finder::new("aba");
            for (start, length) in parts {
                let start = start.min(text.len());
                let part = Span::new(start, (start + length).min(text.len()));
                prop_assert_eq!(searched.holds(7, &literal, part), literal.find(part.of(text)).is_some(), "{:?}", part);
            }
        }
    }
}
