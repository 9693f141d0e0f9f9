//! A keyword as used by all its rules: its core, the four bytes by which it is found, and a quick test that rules it
//! out at a place.

use std::borrow::Cow;
use std::ops::Range;

use crate::rule::{ByteSet, Case, Keyword, List, Reach, Rule, Str};
use crate::text::Span;

/// The most bytes of a core.
const MAX_CORE: usize = 12;

/// A keyword, the rules that use it and the bytes by which it is found.
#[derive(Debug)]
pub(super) struct Word {
    text: Str,
    case: Case,
    /// The position in the keyword at which the four bytes start. For a keyword of three bytes, the last of them is
    /// after it.
    probe: usize,
    /// The part of the keyword that is compared once the four bytes match.
    part: Span,
    /// The bytes allowed before and after the keyword, all of them part of the core.
    before: List<ByteSet>,
    after: List<ByteSet>,
    /// The range of its users in the list of all.
    users: Range<usize>,
}

/// A rule and one of its keywords, by position.
pub(super) type User = (usize, usize);

/// The number of bytes of a core before the start of its four bytes, and from there on. Kept apart from all other data,
/// as a sweep reads it for every keyword that it carries over from one text to the next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Core {
    ahead: u8,
    rest: u8,
}

/// The known bits of a core: in the eight bytes before its four bytes, and in the eight from there on. The first number
/// of each pair masks the bits that are the same at every place of the core, the second gives their values. Bytes are
/// compared folded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sketch {
    before: (u64, u64),
    from: (u64, u64),
}

impl Core {
    /// Returns the span of the core whose four bytes are at `at`.
    pub(super) fn span(self, at: usize) -> Span {
        Span::new(at - usize::from(self.ahead), at + usize::from(self.rest))
    }
}

impl Word {
    /// Returns the number of bytes in the core.
    pub(super) fn length(&self) -> usize {
        self.before.len() + self.part.len() + self.after.len()
    }

    /// Returns the number of bytes of the core before its four bytes.
    pub(super) fn ahead(&self) -> usize {
        self.before.len() + self.probe - self.part.start
    }

    /// Returns its users from the list of all.
    pub(super) fn users<'u>(&self, all: &'u [User]) -> &'u [User] {
        &all[self.users.clone()]
    }

    /// Returns the span of the whole keyword whose four bytes are at `at`, if it is there.
    pub(super) fn span(&self, text: &[u8], at: usize) -> Option<Span> {
        let whole = Span::new(0, self.text.len());
        let start = at.checked_sub(self.probe).filter(|start| self.stands_at(text, *start, whole))?;
        Some(Span::new(start, start + whole.end))
    }

    pub(super) fn core(&self) -> Core {
        // The length of a core fits into a byte.
        let byte = |count: usize| u8::try_from(count).unwrap_or(u8::MAX);
        Core { ahead: byte(self.ahead()), rest: byte(self.length() - self.ahead()) }
    }

    /// Returns how far any of its rules looks around its core.
    pub(super) fn extent(&self, rules: &[Rule], users: &[User]) -> Reach {
        let reaches = users.iter().map(|(rule, _)| self.around_core(rules[*rule].reach));
        reaches.fold(Reach::default(), Reach::further)
    }

    /// Converts a distance around the keyword into the distance around the core.
    pub(super) fn around_core(&self, reach: Reach) -> Reach {
        let left_out = Reach::of(self.part.start, self.text.len() - self.part.end);
        let beside = Reach::of(self.before.len(), self.after.len());
        Reach {
            before: (reach.before + left_out.before).saturating_sub(beside.before),
            after: (reach.after + left_out.after).saturating_sub(beside.after),
        }
    }

    /// Returns the properties of the core that a single comparison can check.
    pub(super) fn sketch(&self) -> Sketch {
        let part = self.part.of(self.text.as_bytes()).iter().map(|byte| (u8::MAX, byte | FOLD));
        // Adjacent sets are mostly equal.
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

    /// Returns `true` if the core is in `text` at `start`.
    pub(super) fn core_stands_at(&self, text: &[u8], start: usize) -> bool {
        let part = start + self.before.len();
        let fit = |from: usize, sets: &[ByteSet]| {
            let bytes = text.get(from..from + sets.len());
            bytes.is_some_and(|bytes| bytes.iter().zip(sets).all(|(byte, set)| set.contains(*byte)))
        };
        self.stands_at(text, part, self.part) && fit(part + self.part.len(), &self.after) && fit(start, &self.before)
    }

    /// Returns `true` if a part of the keyword is in `text` at `start`.
    fn stands_at(&self, text: &[u8], start: usize, part: Span) -> bool {
        let (Some(here), part) = (text.get(start..start + part.len()), part.of(self.text.as_bytes())) else {
            return false;
        };
        // Nearly always the first bytes already differ.
        match self.case {
            Case::Exact => here.iter().zip(part).all(|(a, b)| a == b),
            Case::Any => here.iter().zip(part).all(|(a, b)| a.eq_ignore_ascii_case(b)),
        }
    }
}

impl Sketch {
    /// Returns `true` if the core may be in `text`, with its four bytes at `at`.
    pub(super) fn fits(&self, text: &[u8], at: usize) -> bool {
        let fit = |eight: Option<&[u8; 8]>, (mask, value): (u64, u64)| {
            eight.is_none_or(|eight| folded(u64::from_le_bytes(*eight)) & mask == value)
        };
        let (before, from) = text.split_at(at);
        fit(from.first_chunk(), self.from) && fit(before.last_chunk(), self.before)
    }
}

/// Returns a mask of the bits that all bytes of a set have in common when folded, and their values.
///
/// It runs some thousand times at every start of the program, so it doesn't examine single bytes: the six low bits
/// follow from masks on the words of the set, the two high ones from which words are not empty.
fn same_bits(set: &ByteSet) -> (u8, u8) {
    /// The numbers among 64 in a row that have the bit, for each bit.
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
    // Folded, every byte has this bit.
    let (ones, zeros) = if all == 0 { (0, 0) } else { (ones | FOLD, zeros & !FOLD) };
    (ones ^ zeros, ones & !zeros)
}

/// The bit that differs between the cases of a letter.
const FOLD: u8 = 0x20;

/// Returns bytes that are the same for both cases of a letter, and for some other pairs of bytes.
pub(super) fn folded(bytes: u64) -> u64 {
    bytes | u64::from_ne_bytes([FOLD; 8])
}

/// Returns the four bytes at one of the places.
pub(super) fn four(eight: u64, place: u32) -> u32 {
    u32::try_from(eight >> (8 * place) & 0xffff_ffff).unwrap_or(0)
}

/// Returns the distinct keywords and their users. Keywords shorter than three bytes were refused when the rules were
/// compiled.
pub(super) fn words(rules: &[Rule]) -> (Vec<Word>, Vec<User>) {
    // Some thousands are sorted at every start of the program: nearly always their first bytes decide.
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

/// Returns the features that distinguish keywords.
fn key(keyword: &Keyword) -> (&[u8], bool) {
    (keyword.text.as_bytes(), keyword.case == Case::Any)
}

/// Returns a keyword as used by all rules that share it.
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

/// Returns `true` if a set contains the byte that ends a line.
fn ends_line(set: &ByteSet) -> bool {
    set.contains(b'\n')
}

fn first_of(sets: &List<ByteSet>, most: usize) -> List<ByteSet> {
    within(sets, 0..most.min(sets.len()))
}

fn last_of(sets: &List<ByteSet>, most: usize) -> List<ByteSet> {
    within(sets, sets.len().saturating_sub(most)..sets.len())
}

/// Returns a part of the sets next to a keyword; those of a built-in rule are not copied.
fn within(sets: &List<ByteSet>, range: Range<usize>) -> List<ByteSet> {
    match sets {
        Cow::Borrowed(sets) => Cow::Borrowed(&sets[range]),
        Cow::Owned(sets) => Cow::Owned(sets[range].to_vec()),
    }
}

/// Returns the bytes that can be next to a keyword for either of two users, as far as both define them.
fn joined(a: &[ByteSet], b: &[ByteSet]) -> List<ByteSet> {
    a.iter().zip(b).map(|(a, b)| a.or(b)).collect()
}

/// Calls `found` with the four bytes of a keyword in each form that they may have in a folded text.
pub(super) fn each_spelling(word: &Word, mut found: impl FnMut(u32)) {
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
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_set_has_exactly_the_bits_of_its_members(words in [any::<u64>(), any::<u64>(), any::<u64>(), any::<u64>()], thin in any::<[u8; 4]>()) {
            let few = thin.iter().fold(ByteSet([0; 4]), |mut set, byte| { set.insert(*byte); set });
            for set in [ByteSet(words), few, ByteSet([words[0], 0, 0, 0]), ByteSet([0, 0, words[2], words[3]])] {
                let members = || set.members().map(|byte| byte | FOLD);
                let (all, any) = members().fold((u8::MAX, 0), |(all, any), byte| (all & byte, any | byte));
                prop_assert_eq!(same_bits(&set), (!(all ^ any), all & any));
            }
        }
    }
}
