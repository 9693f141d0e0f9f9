//! A place in a text behind a name, and how far from there was looked.
//!
//! Whoever reads around a name does it through a cursor, so that in the end it is known what of the text has decided.

use crate::text::Span;

/// A place in the text up to the end of what may be looked at.
pub(super) struct Cursor<'t> {
    pub(super) text: &'t [u8],
    pub(super) at: usize,
    pub(super) name: Span,
    /// Where the text has to end.
    end: usize,
    /// The text as far as the entries of a list may be looked for, and where that has to end.
    far: (&'t [u8], usize),
    /// Where all that was looked at ends. Whoever looks ahead says how far.
    pub(super) seen: usize,
    /// How many bytes before the name were looked at.
    pub(super) seen_before: usize,
}

impl<'t> Cursor<'t> {
    /// Behind a name, in a text of which a value is looked for as far as the first end, and the entries of a list as far as the
    /// second.
    pub(super) fn behind(name: Span, text: &'t [u8], (end, far): (usize, usize)) -> Self {
        let up_to = |end: usize| &text[..end.min(text.len())];
        Self { text: up_to(end), at: name.end, name, end, far: (up_to(far), far), seen: 0, seen_before: 0 }
    }

    /// Reads what may go on further than a value: a list, a table, a manifest.
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

    /// At most so many bytes from here on.
    pub(super) fn ahead(&mut self, most: usize) -> &'t [u8] {
        self.seen = self.seen.max(self.at.saturating_add(most).min(self.end));
        let rest = self.text.get(self.at..).unwrap_or_default();
        &rest[..rest.len().min(most)]
    }

    /// At most so many bytes before the name.
    pub(super) fn before(&mut self, most: usize) -> &'t [u8] {
        self.seen_before = self.seen_before.max(most);
        let start = self.name.start;
        self.text.get(start.saturating_sub(most)..start).unwrap_or_default()
    }

    /// Of at most `room` bytes before the name those that the last `skip` and the white space before these leave; no more than
    /// the last `most` of them may be asked for.
    pub(super) fn before_space(&mut self, skip: usize, most: usize, room: usize) -> &'t [u8] {
        let start = self.name.start;
        let before = self.text.get(start.saturating_sub(room)..start).unwrap_or_default();
        let rest = before[..before.len() - skip].trim_ascii_end();
        self.before(room.min(before.len() - rest.len() + most));
        rest
    }

    /// All that is left.
    pub(super) fn rest(&mut self) -> &'t [u8] {
        self.ahead(usize::MAX)
    }

    /// How many bytes from here on are such, at most `most`.
    pub(super) fn count(&mut self, most: usize, is_such: impl Fn(&u8) -> bool) -> usize {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let count = rest.iter().take(most).take_while(|byte| is_such(byte)).count();
        self.ahead(most.min(count + 1));
        count
    }

    /// Passes blanks and tabs, also escaped ones; says whether there were any.
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

    /// Passes at most `most` bytes of white space, over lines.
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

    /// Passes a quote, escaped or not, and closing brackets behind a name; says whether there was a quote.
    pub(super) fn closing_quote(&mut self) -> bool {
        let (escapes, quote) = self.quote();
        if quote.is_some() {
            self.at += escapes + 1;
        }
        self.pass(b"]");
        quote.is_some()
    }

    /// The quote that stands here behind so many backslashes, if one does.
    pub(super) fn quote(&mut self) -> (usize, Option<u8>) {
        let escapes = self.count(MAX_ESCAPES, |b| *b == b'\\');
        (escapes, self.ahead(escapes + 1).get(escapes).copied().filter(|b| is_quote(*b)))
    }
}

pub(super) const fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

/// Most backslashes before a quote: inside of a string, or of a string inside of that.
const MAX_ESCAPES: usize = 8;

/// The backslashes that a text starts with.
pub(super) fn escapes(text: &[u8]) -> usize {
    text.iter().take(MAX_ESCAPES).take_while(|b| **b == b'\\').count()
}
