//! The keyword pass: which rules have to look, and where.
//!
//! Every keyword is found by four of its bytes, the rarest it has, whatever their case, and then by a *core* of a few more
//! around them; the rest of a long one is compared only when its rules are asked. To the core of a short one belong bytes
//! beside it, of which is known what they can be in a match: `pat` stands everywhere, `pat` and nine letters or digits do not.
//! So little around an edit has to be looked at, and none beyond its lines: a core lies in one line, its ends included.
//!
//! A bitmap of 32 kB, which stays in the first-level cache, says of any four bytes whether a keyword may stand there; only
//! then is anything compared. So the cost is one load, one multiplication and one bit test a byte, whatever the number of
//! rules, and there is nothing to build but the bitmap.

use std::borrow::Cow;
use std::num::NonZeroU8;
use std::ops::Range;

use crate::rule::{ByteSet, Case, Keyword, List, Reach, Rule, Str};
use crate::text::Span;

/// Bits of the bitmap, as a power of two.
const BITS: u32 = 18;

/// Most bytes of a core.
const MAX_CORE: usize = 12;

/// A keyword of a rule at a place of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// Position of the rule.
    pub rule: usize,
    /// Position of the keyword in the rule.
    pub keyword: usize,
    /// Where it stands.
    pub span: Span,
}

/// A keyword at a place of a text, whichever rules name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Anchor {
    /// Where the four bytes stand that it was found by.
    pub at: u32,
    /// Which keyword.
    pub word: u16,
    /// If its rules accept nothing there and little of the text shows that, how much. Not told of those that were just found.
    pub dismissed: Option<Around>,
}

/// How many bytes around the core of a keyword show something, in two bytes; where that is not enough, as many as may ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Around {
    /// One more than the bytes before it.
    before: NonZeroU8,
    /// The bytes behind it, by eights.
    after: u8,
}

impl Around {
    const UNIT: u32 = 8;

    fn new(Reach { before, after }: Reach) -> Self {
        let before = u8::try_from(before).unwrap_or(u8::MAX).saturating_add(1);
        let after = u8::try_from(after.div_ceil(Self::UNIT)).unwrap_or(u8::MAX);
        Self { before: NonZeroU8::new(before).unwrap_or(NonZeroU8::MAX), after }
    }

    /// As many bytes, `most` where they are too many to be told.
    fn or(self, most: Reach) -> Reach {
        let before = u32::from(self.before.get());
        let is_told = |byte: u32| byte < u32::from(u8::MAX);
        Reach {
            before: if is_told(before) { before - 1 } else { most.before },
            after: if is_told(self.after.into()) { u32::from(self.after) * Self::UNIT } else { most.after },
        }
    }
}

/// A keyword, the rules that use it and the bytes it is found by.
#[derive(Debug)]
struct Word {
    text: Str,
    case: Case,
    /// Where in the keyword the four bytes start. The last of them stands behind a keyword of three.
    probe: usize,
    /// Which part of the keyword is compared when the four bytes are there.
    part: Span,
    /// What the bytes before and behind it must be, all of them part of the core.
    before: List<ByteSet>,
    after: List<ByteSet>,
    /// Where its users stand in the list of all.
    users: Range<usize>,
}

/// A rule and one of its keywords, by position.
type User = (usize, usize);

/// Bytes of a core before the start of the four that it is found by, and from there on. Apart from all else, for this is asked
/// of every keyword that a sweep takes over from one text to the next.
#[derive(Debug, Clone, Copy)]
struct Core {
    ahead: u8,
    rest: u8,
}

/// How far is looked around a core.
#[derive(Debug, Clone, Copy)]
struct Extent {
    /// As far as the one of the keyword's rules looks that looks furthest.
    reach: Reach,
    /// The same of looking for the form of a rule alone.
    form: Reach,
}

/// All keywords of all rules.
#[derive(Debug)]
pub struct Prefilter {
    bitmap: Box<[u64]>,
    words: Vec<Word>,
    /// Of all words, one word's after the other's.
    users: Vec<User>,
    /// By position in `words`.
    cores: Vec<Core>,
    /// By position in `words`.
    extents: Vec<Extent>,
    /// (four bytes folded, position in `words`), by the slot of the four bytes and then in the order of the words.
    probes: Vec<(u32, u16)>,
    /// For each slot where its probes start in `probes`.
    index: Vec<u32>,
    /// By position in `words`.
    sketches: Vec<Sketch>,
    /// Most bytes of a core before and after the start of its four bytes.
    around: (usize, usize),
}

/// What is known of the bits of a core: of the eight bytes before the four it is found by, and of the eight from there on.
/// The first of each pair has the bits that are the same wherever the core stands, the second says what they are. A byte
/// counts as folded.
#[derive(Debug, Clone, Copy)]
struct Sketch {
    before: (u64, u64),
    from: (u64, u64),
}

/// Hash bits that tell slots apart.
const INDEX_BITS: u32 = 11;

impl Prefilter {
    /// Chooses the bytes each keyword is found by.
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
        // Each goes to the next place of its slot, so those of one slot stay in the order of their words.
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
        let extents = words.iter().map(|word| word.extent(rules, &users[word.users.clone()])).collect();
        let cores = words.iter().map(Word::core).collect();
        Self { bitmap, words, users, cores, extents, probes, index, sketches, around }
    }

    /// Calls `found` for each core of a keyword whose four bytes start in `places`, in order. Texts of 4 GiB and more are
    /// looked at up to there.
    pub fn each_anchor(&self, text: &[u8], places: Span, mut found: impl FnMut(Anchor)) {
        let Some(bitmap) = self.bitmap.first_chunk::<{ 1 << (BITS - 6) }>() else { return };
        let is_probe = |four: u32| {
            let hash = hash(four);
            bitmap[(hash >> 6) as usize] >> (hash & 63) & 1
        };
        // Eight bytes are loaded at once, for the five places whose four bytes they hold; of the last ones not all may count.
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
            // Behind the end of the text stand zeros, as it were.
            let rest = text.get(at..(at + 4).min(text.len())).unwrap_or_default();
            let bytes = rest.iter().rev().fold(0, |bytes, byte| bytes << 8 | u64::from(*byte));
            let four = four(folded(bytes), 0);
            if is_probe(four) == 1 {
                self.verify(text, at, four, &mut found);
            }
        }
    }

    /// Where the four bytes of a core may start that has a byte in `part`.
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
                found(Anchor { at, word: *number, dismissed: None });
            }
        }
    }

    /// Where the core of an anchor's keyword stands.
    pub fn core(&self, anchor: Anchor) -> Span {
        let core = &self.cores[usize::from(anchor.word)];
        let at = anchor.at as usize;
        Span::new(at - usize::from(core.ahead), at + usize::from(core.rest))
    }

    /// As far as any rule looks around the core of an anchor's keyword to say what it says there.
    pub fn reach(&self, anchor: Anchor) -> Reach {
        let extent = || &self.extents[usize::from(anchor.word)];
        match anchor.dismissed {
            Some(around) => around.or(extent().form),
            None => extent().reach,
        }
    }

    /// What shows something as far as `looked` around a keyword.
    pub fn around_core(&self, word: u16, looked: Reach) -> Around {
        Around::new(self.words[usize::from(word)].around_core(looked))
    }

    /// Where the keyword of an anchor stands, and the rules that name it; none if there is more to the keyword than the core.
    pub fn hits(&self, text: &[u8], anchor: Anchor) -> impl Iterator<Item = Hit> + '_ {
        let word = &self.words[usize::from(anchor.word)];
        let whole = Span::new(0, word.text.len());
        let start = (anchor.at as usize).checked_sub(word.probe).filter(|start| word.stands_at(text, *start, whole));
        start.into_iter().flat_map(move |start| {
            let span = Span::new(start, start + word.text.len());
            self.users[word.users.clone()].iter().map(move |(rule, keyword)| Hit {
                rule: *rule,
                keyword: *keyword,
                span,
            })
        })
    }
}

impl Word {
    /// Bytes of the core.
    fn length(&self) -> usize {
        self.before.len() + self.part.len() + self.after.len()
    }

    /// Bytes of the core before the four it is found by.
    fn ahead(&self) -> usize {
        self.before.len() + self.probe - self.part.start
    }

    fn core(&self) -> Core {
        // A core is no longer than a byte can tell.
        let byte = |count: usize| u8::try_from(count).unwrap_or(u8::MAX);
        Core { ahead: byte(self.ahead()), rest: byte(self.length() - self.ahead()) }
    }

    fn extent(&self, rules: &[Rule], users: &[User]) -> Extent {
        let (mut reach, mut form) = (Reach::default(), Reach::default());
        for (rule, _) in users {
            reach = reach.further(self.around_core(rules[*rule].reach));
            form = form.further(self.around_core(rules[*rule].form_reach()));
        }
        Extent { reach, form }
    }

    /// As far as something extends around the core that extends so far around the keyword.
    fn around_core(&self, reach: Reach) -> Reach {
        let ends = (self.part.start, self.text.len() - self.part.end);
        Reach {
            before: (reach.before + bytes(ends.0)).saturating_sub(bytes(self.before.len())),
            after: (reach.after + bytes(ends.1)).saturating_sub(bytes(self.after.len())),
        }
    }

    /// What can be told of the core at a glance.
    fn sketch(&self) -> Sketch {
        let part = self.part.of(self.text.as_bytes()).iter().map(|byte| (u8::MAX, byte | FOLD));
        // Neighbours are mostly alike.
        let mut last = (ByteSet::default(), (0, 0));
        let mut bits = |set: &ByteSet| {
            if *set != last.0 {
                last = (*set, same_bits(set));
            }
            last.1
        };
        let mut core: Vec<(u8, u8)> = Vec::with_capacity(MAX_CORE);
        core.extend(self.before.iter().map(&mut bits));
        core.extend(part);
        core.extend(self.after.iter().map(bits));
        let (before, from) = core.split_at(self.ahead());
        let joined = |(mask, value): (u64, u64), (at, (m, v)): (usize, &(u8, u8))| {
            (mask | u64::from(*m) << (8 * at), value | u64::from(*v) << (8 * at))
        };
        let before = (0..8).rev().zip(before.iter().rev()).fold((0, 0), joined);
        Sketch { before, from: (0..8).zip(from).fold((0, 0), joined) }
    }

    /// Whether the core stands in `text` at `start`.
    fn core_stands_at(&self, text: &[u8], start: usize) -> bool {
        let part = start + self.before.len();
        let fit = |from: usize, sets: &[ByteSet]| {
            let bytes = text.get(from..from + sets.len());
            bytes.is_some_and(|bytes| bytes.iter().zip(sets).all(|(byte, set)| set.contains(*byte)))
        };
        self.stands_at(text, part, self.part) && fit(part + self.part.len(), &self.after) && fit(start, &self.before)
    }

    /// Whether a part of the keyword stands in `text` at `start`.
    fn stands_at(&self, text: &[u8], start: usize, part: Span) -> bool {
        let (Some(here), part) = (text.get(start..start + part.len()), part.of(self.text.as_bytes())) else {
            return false;
        };
        // Nearly always the first bytes differ already.
        match self.case {
            Case::Exact => here.iter().zip(part).all(|(a, b)| a == b),
            Case::Any => here.iter().zip(part).all(|(a, b)| a.eq_ignore_ascii_case(b)),
        }
    }
}

impl Sketch {
    /// Whether the core may stand in `text`, with the four bytes it is found by at `at`.
    fn fits(&self, text: &[u8], at: usize) -> bool {
        let fit = |eight: Option<&[u8; 8]>, (mask, value): (u64, u64)| {
            eight.is_none_or(|eight| folded(u64::from_le_bytes(*eight)) & mask == value)
        };
        let (before, from) = text.split_at(at);
        fit(from.first_chunk(), self.from) && fit(before.last_chunk(), self.before)
    }
}

/// The bits that all bytes of a set have in common when folded, and what they are.
///
/// Asked some thousand times whenever the program starts, so no byte is looked at: of the six low bits, words tell by masks; of
/// the two high ones, it is told by which words have anything.
fn same_bits(set: &ByteSet) -> (u8, u8) {
    /// Of 64 numbers in a row those that have the bit.
    const HAVE: [u64; 6] = {
        let mut have = [0; 6];
        let mut number = 0;
        while number < 64 * 6 {
            have[number / 64] |= ((number as u64 % 64) >> (number / 64) & 1) << (number % 64);
            number += 1;
        }
        have
    };
    let [a, b, c, d] = set.0;
    let all = a | b | c | d;
    let low = HAVE.map(|have| (all & have, all & !have));
    let bits = low.into_iter().chain([(b | d, a | c), (c | d, a | b)]);
    let (ones, zeros) = (0..).zip(bits).fold((0u8, 0u8), |(ones, zeros), (bit, (with, without))| {
        (ones | u8::from(with != 0) << bit, zeros | u8::from(without != 0) << bit)
    });
    // Folded, every byte has that bit.
    let (ones, zeros) = if all == 0 { (0, 0) } else { (ones | FOLD, zeros & !FOLD) };
    (ones ^ zeros, ones & !zeros)
}

/// Places that eight bytes are looked at for.
const STRIDE: u32 = 5;

/// The bit in which the cases of a letter differ.
const FOLD: u8 = 0x20;

/// The same for both cases of a letter, and for some other pairs of bytes.
fn folded(bytes: u64) -> u64 {
    bytes | u64::from_ne_bytes([FOLD; 8])
}

/// The four bytes at one of the places.
fn four(eight: u64, place: u32) -> u32 {
    u32::try_from(eight >> (8 * place) & 0xffff_ffff).unwrap_or(0)
}

/// A multiplicative hash of four bytes.
fn hash(four: u32) -> u32 {
    four.wrapping_mul(0x9e37_79b1) >> (32 - BITS)
}

/// The slot of `index` that four bytes belong to.
fn slot(four: u32) -> usize {
    (hash(four) >> (BITS - INDEX_BITS)) as usize
}

/// The distinct keywords, and their users. Keywords shorter than three bytes were refused when the rules were compiled.
fn words(rules: &[Rule]) -> (Vec<Word>, Vec<User>) {
    // Some thousands are put in order whenever the program starts: nearly always their first bytes tell.
    let first = |keyword: &Keyword| {
        let bytes = keyword.text.as_bytes().iter().chain(std::iter::repeat(&0)).take(8);
        bytes.fold(0, |first, byte| first << 8 | u64::from(*byte))
    };
    let mut all: Vec<(u64, &Keyword, User)> = Vec::with_capacity(rules.iter().map(|rule| rule.keywords.len()).sum());
    for (rule, entry) in rules.iter().enumerate() {
        all.extend(entry.keywords.iter().enumerate().map(|(at, keyword)| (first(keyword), keyword, (rule, at))));
    }
    all.sort_unstable_by(|(a, keyword_a, user_a), (b, keyword_b, user_b)| {
        a.cmp(b).then_with(|| (key(keyword_a), user_a).cmp(&(key(keyword_b), user_b)))
    });
    let mut start = 0;
    let same = all.chunk_by(|(a, keyword_a, _), (b, keyword_b, _)| a == b && key(keyword_a) == key(keyword_b));
    let mut words = Vec::with_capacity(all.len());
    words.extend(same.map(|same| {
        let users = start..start + same.len();
        start = users.end;
        word(same[0].1, same[1..].iter().map(|(_, keyword, _)| *keyword), users)
    }));
    (words, all.iter().map(|(.., user)| *user).collect())
}

/// What tells keywords apart.
fn key(keyword: &Keyword) -> (&[u8], bool) {
    (keyword.text.as_bytes(), keyword.case == Case::Any)
}

/// A keyword as all rules use it that have it.
fn word<'k>(first: &Keyword, others: impl Iterator<Item = &'k Keyword> + Clone, users: Range<usize>) -> Word {
    let (length, probe) = (first.text.len(), first.probe as usize);
    let start = (probe + 4).saturating_sub(MAX_CORE).max(length.saturating_sub(MAX_CORE).min(probe));
    let part = Span::new(start, (start + MAX_CORE).min(length));
    let room = MAX_CORE - part.len();
    let after = first_of(&first.after, room);
    let after = others.clone().fold(after, |known, keyword| joined(&known, &keyword.after));
    // A core ends with its line.
    let after = match after.iter().position(ends_line) {
        Some(at) => first_of(&after, at + 1),
        None => after,
    };
    let before = last_of(&first.before, room - after.len());
    let before = others.fold(before, |known, keyword| {
        let both = known.len().min(keyword.before.len());
        joined(&last_of(&known, both), &last_of(&keyword.before, both))
    });
    let before = match before.iter().rev().position(ends_line) {
        Some(at) => last_of(&before, at + 1),
        None => before,
    };
    Word { text: first.text.clone(), case: first.case, probe, part, before, after, users }
}

/// Whether it has the byte that ends a line.
fn ends_line(set: &ByteSet) -> bool {
    set.contains(b'\n')
}

fn first_of(sets: &List<ByteSet>, most: usize) -> List<ByteSet> {
    within(sets, 0..most.min(sets.len()))
}

fn last_of(sets: &List<ByteSet>, most: usize) -> List<ByteSet> {
    within(sets, sets.len().saturating_sub(most)..sets.len())
}

/// A part of what may stand beside a keyword; that of a rule of the program itself is not copied.
fn within(sets: &List<ByteSet>, range: Range<usize>) -> List<ByteSet> {
    match sets {
        Cow::Borrowed(sets) => Cow::Borrowed(&sets[range]),
        Cow::Owned(sets) => Cow::Owned(sets[range].to_vec()),
    }
}

/// What the bytes beside a keyword can be for either of two users, as far as both know.
fn joined(a: &[ByteSet], b: &[ByteSet]) -> List<ByteSet> {
    a.iter().zip(b).map(|(a, b)| a.or(b)).collect()
}

fn bytes(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Calls `found` with the four bytes of a keyword as they may stand in a folded text.
fn each_spelling(word: &Word, mut found: impl FnMut(u32)) {
    let spelling = |last: u8| {
        let word = word.text.as_bytes()[word.probe..].iter().copied().chain([last]);
        let bytes = word.take(4).enumerate().fold(0, |bytes, (at, byte)| bytes | u64::from(byte) << (8 * at));
        four(folded(bytes), 0)
    };
    if word.text.len() >= 4 {
        return found(spelling(0));
    }
    let last: Vec<u8> = match word.after.first() {
        Some(set) => set.members().collect(),
        None => (0..=u8::MAX).collect(),
    };
    let mut all: Vec<u32> = last.into_iter().map(spelling).collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter().for_each(found);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule_set::RuleSet;
    use proptest::prelude::*;

    type Found = (usize, usize, Span);

    /// Every keyword at every place, the slow way; those beside which stands what can stand in a match apart.
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
        fn the_bits_of_a_set_are_those_of_its_members(words in [any::<u64>(), any::<u64>(), any::<u64>(), any::<u64>()], thin in any::<[u8; 4]>()) {
            let few = thin.iter().fold(ByteSet([0; 4]), |mut set, byte| { set.insert(*byte); set });
            for set in [ByteSet(words), few, ByteSet([words[0], 0, 0, 0]), ByteSet([0, 0, words[2], words[3]])] {
                let members = || set.members().map(|byte| byte | FOLD);
                let (all, any) = members().fold((u8::MAX, 0), |(all, any), byte| (all & byte, any | byte));
                prop_assert_eq!(same_bits(&set), (!(all ^ any), all & any));
            }
        }
    }

    proptest! {
        #[test]
        fn finds_every_keyword_that_a_match_can_hold(
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
    fn a_keyword_that_no_match_can_hold_is_passed_over() {
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
