//! Remembers lines and texts that hold no findings, so that a sweep looks at each of them once.
//!
//! Most of a history repeats: lines recur in other versions of a file, and whole messages and author lines recur in
//! other commits. In git's own repository, whose commits include proposals and their revisions, every second message is
//! the same as another one.

use std::hash::{BuildHasher as _, Hash as _, Hasher};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::quality::RandomState;

use crate::text::Span;

/// The number of pairs of lines that are remembered at a time, as a power of two; each takes eight bytes, even in a
/// small repository.
const PAIRS: u32 = 18;

/// Lines and texts that are known to hold nothing, shared by all threads. A forgotten one is looked at again.
///
/// A line is identified by its mark, 31 bits of a hash with a random key, and by the pair that the hash's high bits
/// select. So nobody can craft a line that is mistaken for another one, and a line that holds something is skipped by
/// chance once in a billion times.
#[derive(Debug, Default)]
pub(super) struct KnownLines {
    line_key: RandomState,
    /// The key for whole texts: a line and a text with the same bytes are remembered separately.
    text_key: RandomState,
    /// Pairs of two marks each, the newer one in the lower half; zero means none. Allocated when first needed, which is
    /// never the case in a hook.
    pairs: OnceLock<Box<[AtomicU64]>>,
}

impl KnownLines {
    /// Returns the hasher for lines.
    pub(super) fn line_hasher(&self) -> impl Hasher + use<> {
        self.line_key.build_hasher()
    }

    /// Returns the hash of a whole text.
    pub(super) fn hash_of_text(&self, text: &[u8]) -> u64 {
        let mut hasher = self.text_key.build_hasher();
        text.hash(&mut hasher);
        finish(&hasher)
    }

    /// Keeps the hashes of the lines that are not remembered, and sets those of the others to zero.
    pub(super) fn keep_new(&self, batch: &mut [(Span, u64)]) {
        let pairs = self.pairs();
        // The pairs are scattered in memory: looked up together, the reads overlap.
        for (_, hash) in batch {
            *hash *= u64::from(!is_among(pairs, *hash));
        }
    }

    /// Returns `true` if a line or text is remembered.
    pub(super) fn knows(&self, hash: u64) -> bool {
        is_among(self.pairs(), hash)
    }

    /// Remembers a line or text, replacing the older one of its pair.
    pub(super) fn remember(&self, hash: u64) {
        let pair = &self.pairs()[place(hash)];
        let [mark, _] = halves(hash);
        // If two threads store at the same time, one may overwrite the other: then a line is forgotten, which does no
        // harm.
        pair.store(pair.load(Ordering::Relaxed) << u32::BITS | u64::from(mark), Ordering::Relaxed);
    }

    fn pairs(&self) -> &[AtomicU64] {
        self.pairs.get_or_init(|| std::iter::repeat_with(AtomicU64::default).take(1 << PAIRS).collect())
    }
}

/// Returns the hash of a line or text, whose mark is never zero.
pub(super) fn finish(hasher: &impl Hasher) -> u64 {
    hasher.finish() | 1
}

fn is_among(pairs: &[AtomicU64], hash: u64) -> bool {
    let [newer, older] = halves(pairs[place(hash)].load(Ordering::Relaxed));
    let [mark, _] = halves(hash);
    (mark == newer) | (mark == older)
}

fn place(hash: u64) -> usize {
    (hash >> (u64::BITS - PAIRS)) as usize
}

/// Returns the low and the high half.
fn halves(both: u64) -> [u32; 2] {
    #[expect(clippy::cast_possible_truncation, reason = "each half by itself")]
    [both as u32, (both >> u32::BITS) as u32]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::{Detector, Room};
    use crate::proof::template::Generator;
    use crate::rule::file::RuleFile;
    use crate::rule_set::RuleSet;

    #[test]
    fn a_text_without_findings_is_remembered_only_as_a_whole() {
        let detector = Detector::new(RuleSet::builtin());
        let is_known = |text: &str| detector.known_lines.knows(detector.known_lines.hash_of_text(text.as_bytes()));
        let token = format!("ghp_{}", "0".repeat(36));
        for text in ["a line", "token = none", "", &token] {
            assert!(!is_known(text), "{text}");
            assert!(detector.scan_recurring(text.as_bytes(), &Room::default()).is_empty());
            assert!(is_known(text), "{text}");
        }
        // A text without findings may still hold a keyword when it is looked at as a line.
        let inspected = |text: &str| {
            let mut count = 0;
            detector.look(text.as_bytes(), std::iter::once(Span::new(0, text.len())), |_| count += 1);
            count
        };
        assert_eq!(inspected("\ntoken = none\n"), 1);
        // A text with findings is scanned again.
        let rules: RuleFile = toml::from_str(include_str!("../../rules.toml")).unwrap();
        let rule = rules.rules.iter().find(|rule| rule.id == "github-pat-classic").unwrap();
        let (secret, _) = Generator::new(1).expand_with_token("<token>", rule.token.as_deref()).unwrap();
        let found = || detector.scan_recurring(secret.as_bytes(), &Room::default()).len();
        assert_eq!((found(), found()), (1, 1));
    }

    #[test]
    fn a_single_scan_allocates_no_cache() {
        let detector = Detector::new(RuleSet::builtin());
        assert!(detector.scan(b"a line").is_empty());
        assert!(detector.known_lines.pairs.get().is_none());
    }
}
