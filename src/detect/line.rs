//! Looks at changed text line by line, and at each distinct line once; and at each distinct message or name once.
//!
//! Nine in ten lines that the deltas of a history insert have stood in another version before. The core of a keyword lies in
//! one line, line ends included, and so does an encoded run, but for base64 that is wrapped. So in a line that has nothing of
//! its own nothing stands, wherever it is met again: it is known by its hash and passed over. What keywords and runs mean is
//! decided elsewhere, by all that stands around them.
//!
//! Messages of commits and those who wrote them come again as well, as a whole: of git's own commits, which hold what was
//! proposed and how it changed, every other message is another one's.

use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::quality::RandomState;

use super::prefilter::Anchor;
use super::{Detection, Detector, decode};
use crate::text::Span;

/// Most bytes of a line that is remembered; of a longer one only what stands near a change is looked at.
const MAX_LINE: usize = 512;

/// Bytes that a line is looked at by.
const CHUNK: usize = size_of::<u128>();

/// Lines that are asked for together.
const BATCH: usize = 64;

/// Pairs of lines that are remembered at a time, as a power of two; eight bytes each, which a small repository has to pay
/// for, too.
const PAIRS: u32 = 18;

/// Lines and texts in which nothing is, as far as is remembered, for all threads. One forgotten is looked at again.
///
/// A line is known by its mark, 31 bits of a hash with a random key, and by the pair that its high bits name. So nobody can write
/// a line that is taken for another one, and that a line which holds something is passed over by chance happens once in a
/// billion times.
#[derive(Debug, Default)]
pub(super) struct PlainLines {
    key: RandomState,
    /// For whole texts: what is known of a line says nothing of a text that is the same, nor the other way round.
    text_key: RandomState,
    /// Two marks each, the newer one in the lower half. Made when first asked for, which a hook never does.
    pairs: OnceLock<Box<[AtomicU64]>>,
}

impl PlainLines {
    /// The line that starts at `start`, without its end, and its hash, which is never zero; none if it is too long.
    ///
    /// Its end is looked for and its hash is made in one go, for most lines are short.
    fn line_at(&self, text: &[u8], start: usize) -> Option<(Span, u64)> {
        let mut hasher = self.key.build_hasher();
        let mut at = start;
        while at <= start + MAX_LINE {
            let rest = &text[at..];
            let bytes = rest.first_chunk().copied().unwrap_or_else(|| padded(rest));
            let bytes = u128::from_le_bytes(bytes);
            if let Some(length) = first_line_end(bytes).or((rest.len() < CHUNK).then_some(rest.len())) {
                // No byte behind the end counts, and with their number no two lines are the same.
                hasher.write_u128(bytes & !(u128::MAX << (8 * length)));
                hasher.write_usize(length);
                let line = Span::new(start, at + length);
                return (line.len() <= MAX_LINE).then(|| (line, hasher.finish() | 1));
            }
            hasher.write_u128(bytes);
            at += CHUNK;
        }
        None
    }

    /// The hash of a whole text.
    fn hash_of_text(&self, text: &[u8]) -> u64 {
        self.text_key.hash_one(text) | 1
    }

    /// Of these lines, keeps the hashes of those that are not remembered; the other ones become zero.
    fn keep_new(&self, batch: &mut [(Span, u64)]) {
        let pairs = self.pairs();
        // They lie in no order: asked for together, the answers come together.
        for (_, hash) in batch {
            *hash *= u64::from(!Self::is_among(pairs, *hash));
        }
    }

    fn knows(&self, hash: u64) -> bool {
        Self::is_among(self.pairs(), hash)
    }

    fn is_among(pairs: &[AtomicU64], hash: u64) -> bool {
        let [newer, older] = halves(pairs[Self::place(hash)].load(Ordering::Relaxed));
        let [mark, _] = halves(hash);
        (mark == newer) | (mark == older)
    }

    /// Remembers a line or text in place of the older one of its pair.
    fn remember(&self, hash: u64) {
        let pair = &self.pairs()[Self::place(hash)];
        let [mark, _] = halves(hash);
        // Of two threads one may undo what the other one does: a line is forgotten.
        pair.store(pair.load(Ordering::Relaxed) << u32::BITS | u64::from(mark), Ordering::Relaxed);
    }

    fn pairs(&self) -> &[AtomicU64] {
        self.pairs.get_or_init(|| std::iter::repeat_with(AtomicU64::default).take(1 << PAIRS).collect())
    }

    fn place(hash: u64) -> usize {
        (hash >> (u64::BITS - PAIRS)) as usize
    }
}

/// The low and the high half.
fn halves(both: u64) -> [u32; 2] {
    #[expect(clippy::cast_possible_truncation, reason = "each half by itself")]
    [both as u32, (both >> u32::BITS) as u32]
}

/// What was seen in the lines of a text, besides keywords.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// Lines that may hold an encoded run, and parts of long lines.
    pub(super) encoded: Vec<Span>,
    /// Whether one may be base64 that the lines beside it go on with.
    pub(super) may_wrap: bool,
}

impl Detector {
    /// The same as [`Detector::scan`], for texts of which many are the same: one in which nothing was found is remembered.
    pub fn scan_recurring(&self, text: &[u8]) -> Vec<Detection> {
        let hash = self.plain_lines.hash_of_text(text);
        if self.plain_lines.knows(hash) {
            return Vec::new();
        }
        let found = self.scan(text);
        if found.is_empty() {
            self.plain_lines.remember(hash);
        }
        found
    }

    /// Calls `found` for each keyword whose core has a byte in one of the changes, or bytes on both sides of an empty one,
    /// and for others that stand in the same lines; in order.
    pub(super) fn look(
        &self,
        text: &[u8],
        changes: impl Iterator<Item = Span>,
        mut found: impl FnMut(Anchor),
    ) -> Looked {
        let mut looked = Looked::default();
        let mut batch = Vec::with_capacity(BATCH);
        // Where the line after the last one looked at starts.
        let mut done = 0;
        for change in changes {
            // Its line was looked at with the change before.
            if change.end < done {
                continue;
            }
            let start = start_of_line(text, done, change.start);
            let mut at = start.unwrap_or_else(|| self.prefilter.near(change, text.len()).start).max(done);
            while at <= change.end && at < text.len() {
                let line = if starts_line(text, at) { self.plain_lines.line_at(text, at) } else { None };
                if let Some((line, hash)) = line {
                    batch.push((line, hash));
                    if batch.len() == BATCH {
                        self.look_at_new(text, &mut batch, &mut looked, &mut found);
                    }
                    at = line.end + 1;
                } else {
                    self.look_at_new(text, &mut batch, &mut looked, &mut found);
                    let near = self.prefilter.near(change, text.len()).end.max(at + 1);
                    let end = memchr::memchr(b'\n', &text[at..near]).map_or(near, |length| at + length + 1);
                    let part = Span::new(at, end);
                    self.prefilter.each_anchor(text, part, &mut found);
                    looked.encoded.push(part);
                    looked.may_wrap |= decode::holds_full(text, part);
                    at = end;
                }
            }
            done = done.max(at);
        }
        self.look_at_new(text, &mut batch, &mut looked, &mut found);
        looked
    }

    /// Looks at those lines that are not remembered.
    fn look_at_new(
        &self,
        text: &[u8],
        batch: &mut Vec<(Span, u64)>,
        looked: &mut Looked,
        found: &mut impl FnMut(Anchor),
    ) {
        self.plain_lines.keep_new(batch);
        for (line, hash) in batch.drain(..).filter(|(_, hash)| *hash != 0) {
            let mut is_plain = line.start > 0 && line.end < text.len();
            self.prefilter.each_anchor(text, line, |anchor| {
                is_plain = false;
                found(anchor);
            });
            let base64 = decode::held(text, line);
            if base64.run || decode::holds_escapes(text, line) {
                looked.encoded.push(line);
                looked.may_wrap |= base64.full;
            } else if is_plain {
                self.plain_lines.remember(hash);
            }
        }
    }
}

/// Where the line starts that `place` stands in, as far as that is behind `least`; none if it is far away.
fn start_of_line(text: &[u8], least: usize, place: usize) -> Option<usize> {
    if place <= least {
        return Some(least);
    }
    let near = place.saturating_sub(MAX_LINE).max(least);
    let mut end = place;
    // Most lines start near.
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

/// Bytes at the end of a text, and zeros.
fn padded(bytes: &[u8]) -> [u8; CHUNK] {
    let mut chunk = [0; CHUNK];
    chunk[..bytes.len()].copy_from_slice(bytes);
    chunk
}

/// How many of these bytes, the lowest first, stand before the first line end among them.
fn first_line_end(bytes: u128) -> Option<usize> {
    let ends = line_ends(bytes);
    (ends != 0).then(|| ends.trailing_zeros() as usize / 8)
}

/// How many of these bytes, the lowest first, stand behind the last line end among them.
fn behind_last_line_end(bytes: u128) -> Option<usize> {
    let ends = line_ends(bytes);
    (ends != 0).then(|| ends.leading_zeros() as usize / 8)
}

/// The highest bit of each byte that is a line end.
fn line_ends(bytes: u128) -> u128 {
    const EACH: u64 = u64::MAX / 0xff;
    const LOW: u64 = EACH * 0x7f;
    let ends = |half: u64| {
        let other = half ^ (EACH * b'\n' as u64);
        // A carry into the highest bit, or that bit itself, says that there is another bit.
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
    use crate::proof::template::Generator;
    use crate::rule::file::RuleFile;
    use crate::rule_set::RuleSet;
    use proptest::prelude::*;

    proptest! {
        /// Lines of any bytes and lengths: where they start and end, and that only the same line has the same mark.
        #[test]
        fn lines_start_and_end_where_they_do(
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
            let known = PlainLines::default();
            let mut marks = std::collections::HashMap::new();
            let mut start = 0;
            for line in &lines {
                let span = Span::new(start, start + line.len());
                match known.line_at(&text, start) {
                    Some((found, mark)) => {
                        prop_assert_eq!(found, span);
                        prop_assert_eq!(*marks.entry(mark).or_insert(line), line);
                        prop_assert_eq!(known.line_at(line, 0), Some((Span::new(0, line.len()), mark)));
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

    /// What is said of these changes once the whole text was looked at: lines that may hold an encoded run, and how many
    /// keywords.
    fn again(text: &str, changes: &[Span]) -> (Vec<Span>, usize) {
        let detector = Detector::new(RuleSet::builtin());
        detector.look(text.as_bytes(), std::iter::once(Span::new(0, text.len())), |_| ());
        let mut count = 0;
        let looked = detector.look(text.as_bytes(), changes.iter().copied(), |_| count += 1);
        (looked.encoded, count)
    }

    #[test]
    fn a_line_with_something_is_looked_at_again() {
        let text = "first\nlet token = x;\nplain\nx = \"%41BCDEFGH\"\nplain\n";
        let at = |part: &str| Span::new(text.find(part).unwrap(), text.find(part).unwrap() + part.len());
        let escaped = Span::new(at("x = \"").start, at("H\"").end);
        assert_eq!(again(text, &[at("%41")]), (vec![escaped], 0));
        assert_eq!(again(text, &[at("let")]), (vec![], 1));
        assert_eq!(again(text, &[at("plain")]), (vec![], 0));
        assert_eq!(again(text, &[at("let"), at("%41")]), (vec![escaped], 1));
        // An empty change at the end of a line belongs to it, at its start to it alone.
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
            let mut line = [detector.plain_lines.line_at(b"a line", 0).unwrap()];
            detector.plain_lines.keep_new(&mut line);
            line[0].1 == 0
        };
        assert!([&b"a line"[..], b"a line\n", b"\na line"].iter().all(|text| !remembers(text)));
        assert!(remembers(b"\na line\n"));
        let other = PlainLines::default();
        let same = [&other, &detector.plain_lines].map(|lines| lines.line_at(b"a line", 0).unwrap().1);
        assert_ne!(same[0], same[1], "the key is another one each time");
    }

    #[test]
    fn a_text_without_anything_is_remembered_as_a_text_alone() {
        let detector = Detector::new(RuleSet::builtin());
        let is_known = |text: &str| detector.plain_lines.knows(detector.plain_lines.hash_of_text(text.as_bytes()));
        let token = format!("ghp_{}", "0".repeat(36));
        for text in ["a line", "token = none", "", &token] {
            assert!(!is_known(text), "{text}");
            assert!(detector.scan_recurring(text.as_bytes()).is_empty());
            assert!(is_known(text), "{text}");
        }
        // What was found in no text may still be a keyword in a line.
        let looked = |text: &str| {
            let mut count = 0;
            detector.look(text.as_bytes(), std::iter::once(Span::new(0, text.len())), |_| count += 1);
            count
        };
        assert_eq!(looked("\ntoken = none\n"), 1);
        // And what was seen is seen again.
        let rules: RuleFile = toml::from_str(include_str!("../../rules.toml")).unwrap();
        let rule = rules.rules.iter().find(|rule| rule.id == "github-pat-classic").unwrap();
        let (secret, _) = Generator::new(1).expand_with_token("<token>", rule.token.as_deref()).unwrap();
        let found = || detector.scan_recurring(secret.as_bytes()).len();
        assert_eq!((found(), found()), (1, 1));
    }

    #[test]
    fn of_a_long_line_what_stands_near_a_change_is_looked_at() {
        let long = format!("{0}token {0}token{0}", " ".repeat(1000));
        let text = format!("one\n{long}\ntwo\n");
        let place = text.find("token").unwrap();
        let (encoded, count) = again(&text, &[Span::new(place, place + 1)]);
        assert_eq!((encoded.len(), count), (1, 1));
        assert!(encoded[0].len() < 50, "{encoded:?}");
        assert_eq!(again(&text, &[Span::new(0, text.len())]).1, 2);
    }
}
