//! A place in a text after a name, and how far the text around it was read.
//!
//! All code that reads around a name uses a cursor, so that in the end it is known which part of the text the result
//! depends on.

use crate::text::Span;

/// A place in the text, up to the end of the readable part.
pub(super) struct Cursor<'t> {
    pub(super) text: &'t [u8],
    pub(super) at: usize,
    pub(super) name: Span,
    /// The end of the readable part.
    end: usize,
    /// The text within which the entries of a list may be searched for, and its end.
    far: (&'t [u8], usize),
    /// The end of the part that was read. Code that looks ahead says how far.
    pub(super) seen: usize,
    /// The number of bytes before the name that were read.
    pub(super) seen_before: usize,
}

impl<'t> Cursor<'t> {
    /// Creates a cursor after a name, in a text in which a value is searched for up to the first end, and the entries
    /// of a list up to the second.
    pub(super) fn behind(name: Span, text: &'t [u8], (end, far): (usize, usize)) -> Self {
        let up_to = |end: usize| &text[..end.min(text.len())];
        Self { text: up_to(end), at: name.end, name, end, far: (up_to(far), far), seen: 0, seen_before: 0 }
    }

    /// Reads something that may extend further than a value: a list, a table, a manifest.
    pub(super) fn afar<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let near = (self.text, self.end);
        (self.text, self.end) = self.far;
        let found = read(self);
        (self.text, self.end) = near;
        found
    }

    pub(super) fn peek(&mut self) -> Option<u8> {
        self.ahead(1).first().copied()
    }

    /// Returns at most `most` bytes from the cursor on.
    pub(super) fn ahead(&mut self, most: usize) -> &'t [u8] {
        self.seen = self.seen.max(self.at.saturating_add(most).min(self.end));
        let rest = self.text.get(self.at..).unwrap_or_default();
        &rest[..rest.len().min(most)]
    }

    /// Returns at most `most` bytes before the name.
    pub(super) fn before(&mut self, most: usize) -> &'t [u8] {
        self.seen_before = self.seen_before.max(most);
        let start = self.name.start;
        self.text.get(start.saturating_sub(most)..start).unwrap_or_default()
    }

    /// Returns the text before the name (at most `room` bytes) without its last `skip` bytes and the white space before
    /// these; the caller may use no more than the last `most` bytes of it.
    pub(super) fn before_space(&mut self, skip: usize, most: usize, room: usize) -> &'t [u8] {
        let start = self.name.start;
        let before = self.text.get(start.saturating_sub(room)..start).unwrap_or_default();
        let rest = before[..before.len() - skip].trim_ascii_end();
        self.before(room.min(before.len() - rest.len() + most));
        rest
    }

    /// Returns the rest of the text.
    pub(super) fn rest(&mut self) -> &'t [u8] {
        self.ahead(usize::MAX)
    }

    /// Returns the number of bytes from the cursor on that fulfil the condition, at most `most`.
    pub(super) fn count(&mut self, most: usize, is_such: impl Fn(&u8) -> bool) -> usize {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let count = rest.iter().take(most).take_while(|byte| is_such(byte)).count();
        self.ahead(most.min(count + 1));
        count
    }

    /// Skips blanks and tabs, also escaped ones; returns `true` if there were any.
    pub(super) fn blanks(&mut self) -> bool {
        let start = self.at;
        loop {
            match self.ahead(2) {
                [b' ' | b'\t', ..] => self.at += 1,
                [b'\\', b't', ..] => self.at += 2,
                _ => return self.at > start,
            }
        }
    }

    /// Skips at most `most` bytes of white space, across lines.
    pub(super) fn space(&mut self, most: usize) -> bool {
        let count = self.count(most, u8::is_ascii_whitespace);
        self.at += count;
        count > 0
    }

    /// Skips `word` if it is here.
    pub(super) fn pass(&mut self, word: &[u8]) -> bool {
        let here = self.ahead(word.len()) == word;
        if here {
            self.at += word.len();
        }
        here
    }

    /// Skips a quote, escaped or not, and a closing bracket after a name; returns `true` if there was a quote.
    pub(super) fn closing_quote(&mut self) -> bool {
        let (escapes, quote) = self.quote();
        if quote.is_some() {
            self.at += escapes + 1;
        }
        self.pass(b"]");
        quote.is_some()
    }

    /// Returns the quote at the cursor, if there is one, and the number of backslashes before it.
    pub(super) fn quote(&mut self) -> (usize, Option<u8>) {
        let escapes = self.count(MAX_ESCAPES, |b| *b == b'\\');
        (escapes, self.ahead(escapes + 1).get(escapes).copied().filter(|b| is_quote(*b)))
    }
}

pub(super) const fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

/// The most backslashes before a quote: inside a string, or in a string inside that one.
const MAX_ESCAPES: usize = 8;

/// Returns the number of backslashes that a text starts with.
pub(super) fn escapes(text: &[u8]) -> usize {
    text.iter().take(MAX_ESCAPES).take_while(|b| **b == b'\\').count()
}
