//! The keyword pass: it finds which rules have to look, and where.
//!
//! Every keyword is found by four of its bytes, its rarest ones, whatever their case, and then by a *core* of a few
//! more bytes around them; the rest of a long one is compared only when its rules run. The core of a short keyword
//! includes bytes next to it whose possible values in a match are known: `pat` is in every text, `pat` and nine letters
//! or digits are not. So little has to be examined around an edit, and nothing beyond its lines: a core lies in one
//! line, its ends included.
//!
//! A bitmap of 32 kB, which stays in the first-level cache, says of any four bytes whether a keyword may be there; only
//! then is anything compared. So the cost is one load, one multiplication and one bit test a byte, whatever the number
//! of rules, and only the bitmap has to be built.

mod anchor;
mod word;

use crate::rule::{Reach, Rule};
use crate::text::Span;

pub use anchor::{Anchor, Around};
use word::{Core, Sketch, User, Word, each_spelling, folded, four, words};

/// The number of bits in the bitmap, as a power of two.
const BITS: u32 = 18;

/// A keyword of a rule at a place of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// The position of the rule.
    pub rule: usize,
    /// The position of the keyword in the rule.
    pub keyword: usize,
    /// The place of the keyword in the text.
    pub span: Span,
}

/// The keywords of all rules.
#[derive(Debug)]
pub struct Prefilter {
    bitmap: Box<[u64]>,
    words: Vec<Word>,
    /// The users of all words, grouped by word.
    users: Vec<User>,
    /// The cores, by position in `words`.
    cores: Vec<Core>,
    /// The extents, by position in `words`.
    extents: Vec<Reach>,
    /// The pairs (four bytes folded, position in `words`), by the slot of the four bytes and then in the order of the
    /// words.
    probes: Vec<(u32, u16)>,
    /// The start of the probes of each slot in `probes`.
    index: Vec<u32>,
    /// The sketches, by position in `words`.
    sketches: Vec<Sketch>,
    /// The most bytes of a core before and after the start of its four bytes.
    around: (usize, usize),
}

/// The number of hash bits that distinguish slots.
const INDEX_BITS: u32 = 11;

impl Prefilter {
    /// Chooses the bytes by which each keyword is found.
    pub fn new(rules: &[Rule]) -> Self {
        let (words, users) = words(rules);
        let mut unsorted: Vec<(u32, u16)> = Vec::with_capacity(words.len());
        for (at, word) in (0..=u16::MAX).zip(&words) {
            each_spelling(word, |four| unsorted.push((four, at)));
        }
        let mut bitmap = vec![0u64; 1 << (BITS - 6)].into_boxed_slice();
        let mut index = vec![0u32; (1 << INDEX_BITS) + 1];
        for (four, _) in &unsorted {
            let hash = hash(*four);
            bitmap[(hash >> 6) as usize] |= 1 << (hash & 63);
            index[slot(*four) + 1] += 1;
        }
        let mut sum = 0;
        for start in &mut index {
            sum += *start;
            *start = sum;
        }
        // Each probe goes to the next place of its slot, so those of one slot stay in the order of their words.
        let mut next = index.clone();
        let mut probes = vec![(0, 0); unsorted.len()];
        for probe in unsorted {
            let place = &mut next[slot(probe.0)];
            probes[*place as usize] = probe;
            *place += 1;
        }
        let around = (
            words.iter().map(Word::ahead).max().unwrap_or(0),
            words.iter().map(|word| word.length() - word.ahead()).max().unwrap_or(0),
        );
        let sketches = words.iter().map(Word::sketch).collect();
        let extents = words.iter().map(|word| word.extent(rules, word.users(&users))).collect();
        let cores = words.iter().map(Word::core).collect();
        Self { bitmap, words, users, cores, extents, probes, index, sketches, around }
    }

    /// Calls `found` for each core of a keyword whose four bytes start in `places`, in order. A text of 4 GiB or more
    /// is examined only up to that size.
    pub fn each_anchor(&self, text: &[u8], places: Span, mut found: impl FnMut(Anchor)) {
        let Some(bitmap) = self.bitmap.first_chunk::<{ 1 << (BITS - 6) }>() else { return };
        let is_probe = |four: u32| {
            let hash = hash(four);
            bitmap[(hash >> 6) as usize] >> (hash & 63) & 1
        };
        // Eight bytes are loaded at once, for the five places whose four bytes they hold; not all of the last five may
        // count.
        let mut at = places.start;
        while at < places.end
            && let Some(eight) = text.get(at..).and_then(<[u8]>::first_chunk)
        {
            let eight = folded(u64::from_le_bytes(*eight));
            let mut likely = (0..STRIDE).fold(0, |likely, place| likely | is_probe(four(eight, place)) << place);
            likely &= !(u64::MAX << (places.end - at).min(STRIDE as usize));
            while likely != 0 {
                let place = likely.trailing_zeros();
                self.verify(text, at + place as usize, four(eight, place), &mut found);
                likely &= likely - 1;
            }
            at += STRIDE as usize;
        }
        for at in at..places.end {
            // Zeros are assumed after the end of the text.
            let rest = text.get(at..(at + 4).min(text.len())).unwrap_or_default();
            let bytes = rest.iter().rev().fold(0, |bytes, byte| bytes << 8 | u64::from(*byte));
            let four = four(folded(bytes), 0);
            if is_probe(four) == 1 {
                self.verify(text, at, four, &mut found);
            }
        }
    }

    /// Returns the places at which the four bytes of a core may start that has a byte in `part`.
    pub fn near(&self, part: Span, length: usize) -> Span {
        part.grown(self.around.1, self.around.0, length)
    }

    #[cold]
    fn verify(&self, text: &[u8], at: usize, four: u32, found: &mut impl FnMut(Anchor)) {
        let slot = slot(four);
        let (from, to) = (self.index[slot] as usize, self.index[slot + 1] as usize);
        for (_, number) in self.probes[from..to].iter().filter(|(probe, _)| *probe == four) {
            if !self.sketches[usize::from(*number)].fits(text, at) {
                continue;
            }
            let word = &self.words[usize::from(*number)];
            let Some(start) = at.checked_sub(word.ahead()) else { continue };
            if let (true, Ok(at)) = (word.core_stands_at(text, start), u32::try_from(at)) {
                found(Anchor { at, word: *number, shown: None });
            }
        }
    }

    /// Returns the span of the core of an anchor's keyword.
    pub fn core(&self, anchor: Anchor) -> Span {
        self.cores[usize::from(anchor.word)].span(anchor.at as usize)
    }

    /// Returns how far any rule looks around the core of an anchor's keyword for its verdict there.
    pub fn reach(&self, anchor: Anchor) -> Reach {
        let most = self.extents[usize::from(anchor.word)];
        anchor.shown.map_or(most, |around| around.or(most))
    }

    /// Returns the distance around the core that corresponds to `inspected` around the keyword.
    pub fn around_core(&self, word: u16, inspected: Reach) -> Around {
        Around::new(self.words[usize::from(word)].around_core(inspected))
    }

    /// Returns the place of an anchor's keyword with each rule that names it; nothing if the part of the keyword beyond
    /// the core differs.
    pub fn hits(&self, text: &[u8], anchor: Anchor) -> impl Iterator<Item = Hit> + '_ {
        let word = &self.words[usize::from(anchor.word)];
        word.span(text, anchor.at as usize).into_iter().flat_map(move |span| {
            let users = word.users(&self.users).iter();
            users.map(move |(rule, keyword)| Hit { rule: *rule, keyword: *keyword, span })
        })
    }
}

/// The number of places for which eight bytes are examined.
const STRIDE: u32 = 5;

/// Returns a multiplicative hash of four bytes.
fn hash(four: u32) -> u32 {
    four.wrapping_mul(0x9e37_79b1) >> (32 - BITS)
}

/// Returns the slot of `index` that four bytes belong to.
fn slot(four: u32) -> usize {
    (hash(four) >> (BITS - INDEX_BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Case;
    use crate::rule_set::RuleSet;
    use proptest::prelude::*;

    type Found = (usize, usize, Span);

    /// Returns every keyword at every place, found the slow way; first those whose neighbours can be in a match, then
    /// all.
    fn plainly(rules: &[Rule], text: &[u8]) -> (Vec<Found>, Vec<Found>) {
        let (mut fitting, mut all) = (Vec::new(), Vec::new());
        for (rule, entry) in rules.iter().enumerate() {
            for (at, keyword) in entry.keywords.iter().enumerate() {
                let length = keyword.text.len();
                for (start, here) in text.windows(length).enumerate() {
                    let same = match keyword.case {
                        Case::Exact => here == keyword.text.as_bytes(),
                        Case::Any => here.eq_ignore_ascii_case(keyword.text.as_bytes()),
                    };
                    if !same {
                        continue;
                    }
                    all.push((rule, at, Span::new(start, start + length)));
                    let (before, after) = (&text[..start], &text[start + length..]);
                    let fits = keyword.before.len() <= before.len()
                        && keyword.after.len() <= after.len()
                        && keyword.before.iter().rev().zip(before.iter().rev()).all(|(set, byte)| set.contains(*byte))
                        && keyword.after.iter().zip(after).all(|(set, byte)| set.contains(*byte));
                    if fits {
                        fitting.push((rule, at, Span::new(start, start + length)));
                    }
                }
            }
        }
        (fitting, all)
    }

    proptest! {
        #[test]
        fn every_keyword_that_a_match_can_contain_is_found(
            picks in proptest::collection::vec((0usize..2000, any::<bool>(), "[ -~]{0,5}|[0-9a-f]{0,16}|[0-9A-Za-z]{0,16}"), 0..12),
        ) {
            let set = RuleSet::builtin();
            let keywords: Vec<&str> = set.rules.iter().flat_map(|r| r.keywords.iter().map(|k| &*k.text)).collect();
            let mut text = Vec::new();
            for (pick, upper, filler) in picks {
                let word = keywords[pick % keywords.len()];
                text.extend(if upper { word.to_uppercase() } else { word.to_owned() }.bytes());
                text.extend(filler.bytes());
            }
            let mut found = Vec::new();
            let prefilter = Prefilter::new(&set.rules);
            prefilter.each_anchor(&text, Span::new(0, text.len()), |anchor| {
                found.extend(prefilter.hits(&text, anchor).map(|hit| (hit.rule, hit.keyword, hit.span)));
            });
            let (fitting, all) = plainly(&set.rules, &text);
            prop_assert!(fitting.iter().all(|one| found.contains(one)));
            prop_assert!(found.iter().all(|one| all.contains(one)));
            prop_assert!(found.iter().collect::<std::collections::BTreeSet<_>>().len() == found.len());
        }
    }

    #[test]
    fn a_keyword_that_no_match_can_contain_is_skipped() {
        let set = RuleSet::builtin();
        let prefilter = Prefilter::new(&set.rules);
        let count = |text: &str| {
            let mut count = 0;
            prefilter.each_anchor(text.as_bytes(), Span::new(0, text.len()), |_| count += 1);
            count
        };
        assert_eq!(count("a path to a pattern, say by-us and data-use, NTEnd and MTA-1"), 0);
        assert!(count("0123456789abcdef0123456789abcdef-us12") > 0);
    }
}
