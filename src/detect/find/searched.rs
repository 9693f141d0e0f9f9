//! A text whose keywords are looked at one after another, with what is known of where each rule's literal is.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Deref;

use memchr::memmem::Finder;

use crate::text::Span;

/// A text in which expressions are searched for.
///
/// A text of nothing but keywords would be searched for the literal that a match holds once for each of them, as far as the rule
/// reaches; so it is remembered how far that was looked for, and where it is.
#[derive(Debug)]
pub struct Searched<'t> {
    text: &'t [u8],
    /// By the position of the rule.
    literals: RefCell<BTreeMap<usize, Stretch>>,
}

/// A stretch that was searched for a literal.
#[derive(Debug)]
struct Stretch {
    searched: Span,
    /// The first place from the start of the stretch on.
    place: Option<usize>,
}

impl<'t> Searched<'t> {
    /// A text of which nothing is known yet.
    pub fn new(text: &'t [u8]) -> Self {
        Self { text, literals: RefCell::default() }
    }

    /// `true` if a part of the text holds the literal of a rule. It costs the least if each part starts behind the one before.
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
            // One may lie across the end of what was searched.
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
