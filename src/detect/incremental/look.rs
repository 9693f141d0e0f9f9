//! Examines changed text line by line, and each distinct line once.
//!
//! Nine in ten lines that the deltas of a history insert were in another version before. The core of a keyword lies in
//! one line, line ends included, and so does an encoded run, except for wrapped base64 and UTF-16. So a line without
//! any of its own holds nothing wherever it appears: it is remembered ([`crate::detect::known_lines`]) and skipped. The
//! meaning of keywords and runs is decided elsewhere, from all of their surroundings.

use std::hash::Hasher as _;

use crate::detect::find::prefilter::Anchor;
use crate::detect::known_lines::{self, KnownLines};
use crate::detect::{Detector, decode};
use crate::text::Span;

/// The most bytes of a line that is remembered; in a longer one only the part near a change is examined.
const MAX_LINE: usize = 512;

/// The number of bytes of a line that are examined at a time.
const CHUNK: usize = size_of::<u128>();

/// The number of lines that are looked up together.
const BATCH: usize = 64;

/// The observations in the lines of a text, besides keywords.
#[derive(Debug, Default)]
pub(in crate::detect) struct Inspected {
    /// The lines that may hold an encoded run, and parts of long lines.
    pub(super) encoded: Vec<Span>,
    /// Set if one of them may be base64 or UTF-16 that the adjacent lines continue.
    pub(super) may_wrap: bool,
}

impl Detector {
    /// Calls `found` in order for each keyword whose core has a byte in one of the changes, or bytes on both sides of
    /// an empty one, and for others that are in the same lines.
    pub(in crate::detect) fn look(
        &self,
        text: &[u8],
        changes: impl Iterator<Item = Span>,
        mut found: impl FnMut(Anchor),
    ) -> Inspected {
        let mut inspected = Inspected::default();
        let mut batch = Vec::with_capacity(BATCH);
        // The start of the line after the last one examined.
        let mut done = 0;
        for change in changes {
            // This line was already examined for the change before.
            if change.end < done {
                continue;
            }
            let start = start_of_line(text, done, change.start);
            let mut at = start.unwrap_or_else(|| self.prefilter.near(change, text.len()).start).max(done);
            while at <= change.end && at < text.len() {
                let line = if starts_line(text, at) { line_at(&self.known_lines, text, at) } else { None };
                if let Some((line, hash)) = line {
                    batch.push((line, hash));
                    if batch.len() == BATCH {
                        self.look_at_new(text, &mut batch, &mut inspected, &mut found);
                    }
                    at = line.end + 1;
                } else {
                    self.look_at_new(text, &mut batch, &mut inspected, &mut found);
                    let near = self.prefilter.near(change, text.len()).end.max(at + 1);
                    let end = memchr::memchr(b'\n', &text[at..near]).map_or(near, |length| at + length + 1);
                    let part = Span::new(at, end);
                    self.prefilter.each_anchor(text, part, &mut found);
                    inspected.encoded.push(part);
                    inspected.may_wrap |= decode::holds_full(text, part) || decode::holds_wide(text, part);
                    at = end;
                }
            }
            done = done.max(at);
        }
        self.look_at_new(text, &mut batch, &mut inspected, &mut found);
        inspected
    }

    /// Examines the lines that are not remembered.
    fn look_at_new(
        &self,
        text: &[u8],
        batch: &mut Vec<(Span, u64)>,
        inspected: &mut Inspected,
        found: &mut impl FnMut(Anchor),
    ) {
        self.known_lines.keep_new(batch);
        batch.retain(|(_, hash)| *hash != 0);
        let may_be_wide = may_hold_zero(text, batch);
        for (line, hash) in batch.drain(..) {
            let mut is_plain = line.start > 0 && line.end < text.len();
            self.prefilter.each_anchor(text, line, |anchor| {
                is_plain = false;
                found(anchor);
            });
            let base64 = decode::held(text, line);
            let is_wide = may_be_wide && decode::holds_wide(text, line);
            if base64.run || is_wide || decode::holds_escapes(text, line) {
                inspected.encoded.push(line);
                inspected.may_wrap |= base64.full || is_wide;
            } else if is_plain {
                self.known_lines.remember(hash);
            }
        }
    }
}

/// Returns `true` if one of the lines, which are in order, may hold a zero. Most are adjacent, and are searched at
/// once.
fn may_hold_zero(text: &[u8], lines: &[(Span, u64)]) -> bool {
    const NEAR: usize = 4096;
    let (Some((first, _)), Some((last, _))) = (lines.first(), lines.last()) else { return false };
    let all = Span::new(first.start, last.end);
    all.len() > NEAR || memchr::memchr(0, all.of(text)).is_some()
}

/// Returns the line that starts at `start`, without its end, and its hash, which is never zero; `None` if it is too
/// long.
///
/// The line end is searched for and the hash made in one pass, as most lines are short.
fn line_at(known: &KnownLines, text: &[u8], start: usize) -> Option<(Span, u64)> {
    let mut hasher = known.line_hasher();
    let mut at = start;
    while at <= start + MAX_LINE {
        let rest = &text[at..];
        let bytes = rest.first_chunk().copied().unwrap_or_else(|| padded(rest));
        let bytes = u128::from_le_bytes(bytes);
        if let Some(length) = first_line_end(bytes).or((rest.len() < CHUNK).then_some(rest.len())) {
            // Bytes after the end don't count, and with the length no two different lines give the same input.
            hasher.write_u128(bytes & !(u128::MAX << (8 * length)));
            hasher.write_usize(length);
            let line = Span::new(start, at + length);
            return (line.len() <= MAX_LINE).then(|| (line, known_lines::finish(&hasher)));
        }
        hasher.write_u128(bytes);
        at += CHUNK;
    }
    None
}

/// Returns the start of the line that `place` is in, or `least` if that is later; `None` if it is far away.
fn start_of_line(text: &[u8], least: usize, place: usize) -> Option<usize> {
    if place <= least {
        return Some(least);
    }
    let near = place.saturating_sub(MAX_LINE).max(least);
    let mut end = place;
    // Most lines start nearby.
    while let Some(chunk) = text[near..end].last_chunk() {
        if let Some(behind) = behind_last_line_end(u128::from_le_bytes(*chunk)) {
            return Some(end - behind);
        }
        end -= CHUNK;
    }
    match memchr::memrchr(b'\n', &text[near..end]) {
        Some(at) => Some(near + at + 1),
        None => (near == least && starts_line(text, least)).then_some(least),
    }
}

/// Returns the bytes at the end of a text, padded with zeros.
fn padded(bytes: &[u8]) -> [u8; CHUNK] {
    let mut chunk = [0; CHUNK];
    chunk[..bytes.len()].copy_from_slice(bytes);
    chunk
}

/// Returns how many of these bytes, the lowest first, come before the first line end among them.
fn first_line_end(bytes: u128) -> Option<usize> {
    let ends = line_ends(bytes);
    (ends != 0).then(|| ends.trailing_zeros() as usize / 8)
}

/// Returns how many of these bytes, the lowest first, come after the last line end among them.
fn behind_last_line_end(bytes: u128) -> Option<usize> {
    let ends = line_ends(bytes);
    (ends != 0).then(|| ends.leading_zeros() as usize / 8)
}

/// Returns the highest bit of each byte that is a line end.
fn line_ends(bytes: u128) -> u128 {
    const EACH: u64 = u64::MAX / 0xff;
    const LOW: u64 = EACH * 0x7f;
    let ends = |half: u64| {
        let other = half ^ (EACH * b'\n' as u64);
        // A carry into the highest bit, or that bit itself, shows that another bit is set.
        !(((other & LOW) + LOW) | other | LOW)
    };
    #[expect(clippy::cast_possible_truncation, reason = "each half by itself")]
    let (low, high) = (bytes as u64, (bytes >> 64) as u64);
    u128::from(ends(low)) | u128::from(ends(high)) << 64
}

fn starts_line(text: &[u8], place: usize) -> bool {
    place == 0 || text[place - 1] == b'\n'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule_set::RuleSet;
    use proptest::prelude::*;

    proptest! {
        /// Checks lines of any bytes and lengths: their starts and ends, and that only equal lines have the same mark.
        #[test]
        fn line_boundaries_are_found(
            lines in proptest::collection::vec((0..40usize, 0..2 * MAX_LINE, any::<u8>(), any::<u8>()), 1..8),
        ) {
            let bytes = |(short, long, first, last): &(usize, usize, u8, u8)| {
                let length = if first % 8 == 0 { *long } else { *short };
                let mut line = vec![*first; length];
                line.extend([0, 11, b'\n' | 0x80, *last].iter().take(usize::from(last % 5)));
                line.retain(|byte| *byte != b'\n');
                line
            };
            let lines: Vec<Vec<u8>> = lines.iter().map(bytes).collect();
            let text = lines.join(&b'\n');
            let known = KnownLines::default();
            let mut marks = std::collections::HashMap::new();
            let mut start = 0;
            for line in &lines {
                let span = Span::new(start, start + line.len());
                match line_at(&known, &text, start) {
                    Some((found, mark)) => {
                        prop_assert_eq!(found, span);
                        prop_assert_eq!(*marks.entry(mark).or_insert(line), line);
                        prop_assert_eq!(line_at(&known, line, 0), Some((Span::new(0, line.len()), mark)));
                    }
                    None => prop_assert!(line.len() > MAX_LINE),
                }
                for place in start..=span.end {
                    let expected = (place - start <= MAX_LINE).then_some(start);
                    prop_assert_eq!(start_of_line(&text, 0, place), expected.filter(|_| place - start < MAX_LINE || start == 0));
                    prop_assert_eq!(start_of_line(&text, start, place), expected);
                }
                start = span.end + 1;
            }
        }
    }

    /// Returns the result for these changes after the whole text was examined: the lines that may hold an encoded run,
    /// and the number of keywords.
    fn again(text: &str, changes: &[Span]) -> (Vec<Span>, usize) {
        let detector = Detector::new(RuleSet::builtin());
        detector.look(text.as_bytes(), std::iter::once(Span::new(0, text.len())), |_| ());
        let mut count = 0;
        let inspected = detector.look(text.as_bytes(), changes.iter().copied(), |_| count += 1);
        (inspected.encoded, count)
    }

    #[test]
    fn a_line_with_a_match_is_scanned_again() {
        let text = "first\nlet token = x;\nplain\nx = \"%41BCDEFGH\"\nplain\n";
        let at = |part: &str| Span::new(text.find(part).unwrap(), text.find(part).unwrap() + part.len());
        let escaped = Span::new(at("x = \"").start, at("H\"").end);
        assert_eq!(again(text, &[at("%41")]), (vec![escaped], 0));
        assert_eq!(again(text, &[at("let")]), (vec![], 1));
        assert_eq!(again(text, &[at("plain")]), (vec![], 0));
        assert_eq!(again(text, &[at("let"), at("%41")]), (vec![escaped], 1));
        // An empty change at the end of a line belongs to that line, and at its start to it alone.
        let seam = |at: usize| Span::new(at, at);
        assert_eq!(again(text, &[seam(at("let").start)]).1, 1);
        assert_eq!(again(text, &[seam(at("x;").end)]).1, 1);
        assert_eq!(again(text, &[seam(at("plain").start)]).1, 0);
    }

    #[test]
    fn neither_end_of_a_text_is_remembered() {
        let detector = Detector::new(RuleSet::builtin());
        let remembers = |text: &[u8]| {
            detector.look(text, std::iter::once(Span::new(0, text.len())), |_| ());
            let mut line = [line_at(&detector.known_lines, b"a line", 0).unwrap()];
            detector.known_lines.keep_new(&mut line);
            line[0].1 == 0
        };
        assert!([&b"a line"[..], b"a line\n", b"\na line"].iter().all(|text| !remembers(text)));
        assert!(remembers(b"\na line\n"));
        let other = KnownLines::default();
        let same = [&other, &detector.known_lines].map(|plain| line_at(plain, b"a line", 0).unwrap().1);
        assert_ne!(same[0], same[1], "the key is another one each time");
    }

    #[test]
    fn only_the_part_of_a_long_line_near_a_change_is_scanned() {
        let long = format!("{0}token {0}token{0}", " ".repeat(1000));
        let text = format!("one\n{long}\ntwo\n");
        let place = text.find("token").unwrap();
        let (encoded, count) = again(&text, &[Span::new(place, place + 1)]);
        assert_eq!((encoded.len(), count), (1, 1));
        assert!(encoded[0].len() < 50, "{encoded:?}");
        assert_eq!(again(&text, &[Span::new(0, text.len())]).1, 2);
    }
}
