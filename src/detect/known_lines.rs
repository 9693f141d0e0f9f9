//! Remembers lines and texts in which nothing is, so that a sweep looks at each of them once.
//!
//! Most of a history comes again: lines in other versions of a file and, as a whole, messages of commits and those who wrote
//! them. Of git's own commits, which hold what was proposed and how it changed, every other message is another one's.

use std::hash::{BuildHasher as _, Hash as _, Hasher};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::quality::RandomState;

use crate::text::Span;

/// Pairs of lines that are remembered at a time, as a power of two; eight bytes each, which a small repository has to pay
/// for, too.
const PAIRS: u32 = 18;

/// Lines and texts in which nothing is, as far as is remembered, for all threads. One forgotten is looked at again.
///
/// A line is known by its mark, 31 bits of a hash with a random key, and by the pair that its high bits name. So nobody can write
/// a line that is taken for another one, and that a line which holds something is passed over by chance happens once in a
/// billion times.
#[derive(Debug, Default)]
pub(super) struct KnownLines {
    line_key: RandomState,
    /// For whole texts: what is known of a line says nothing of a text that is the same, nor the other way round.
    text_key: RandomState,
    /// Two marks each, the newer one in the lower half; zero is none. Made when first asked for, which a hook never does.
    pairs: OnceLock<Box<[AtomicU64]>>,
}

impl KnownLines {
    /// The hasher of lines.
    pub(super) fn line_hasher(&self) -> impl Hasher + use<> {
        self.line_key.build_hasher()
    }

    /// The hash of a whole text.
    pub(super) fn hash_of_text(&self, text: &[u8]) -> u64 {
        let mut hasher = self.text_key.build_hasher();
        text.hash(&mut hasher);
        finish(&hasher)
    }

    /// Of these lines, keeps the hashes of those that are not remembered; the other ones become zero.
    pub(super) fn keep_new(&self, batch: &mut [(Span, u64)]) {
        let pairs = self.pairs();
        // They lie in no order: asked for together, the answers come together.
        for (_, hash) in batch {
            *hash *= u64::from(!is_among(pairs, *hash));
        }
    }

    /// `true` if a line or text is remembered.
    pub(super) fn knows(&self, hash: u64) -> bool {
        is_among(self.pairs(), hash)
    }

    /// Remembers a line or text in place of the older one of its pair.
    pub(super) fn remember(&self, hash: u64) {
        let pair = &self.pairs()[place(hash)];
        let [mark, _] = halves(hash);
        // Of two threads one may undo what the other one does: a line is forgotten.
        pair.store(pair.load(Ordering::Relaxed) << u32::BITS | u64::from(mark), Ordering::Relaxed);
    }

    fn pairs(&self) -> &[AtomicU64] {
        self.pairs.get_or_init(|| std::iter::repeat_with(AtomicU64::default).take(1 << PAIRS).collect())
    }
}

/// The hash of a line or text, whose mark is never zero.
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

/// The low and the high half.
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
    fn a_text_without_anything_is_remembered_as_a_text_alone() {
        let detector = Detector::new(RuleSet::builtin());
        let is_known = |text: &str| detector.known_lines.knows(detector.known_lines.hash_of_text(text.as_bytes()));
        let token = format!("ghp_{}", "0".repeat(36));
        for text in ["a line", "token = none", "", &token] {
            assert!(!is_known(text), "{text}");
            assert!(detector.scan_recurring(text.as_bytes(), &Room::default()).is_empty());
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
        let found = || detector.scan_recurring(secret.as_bytes(), &Room::default()).len();
        assert_eq!((found(), found()), (1, 1));
    }

    #[test]
    fn a_scan_by_itself_makes_no_room_for_anything() {
        let detector = Detector::new(RuleSet::builtin());
        assert!(detector.scan(b"a line").is_empty());
        assert!(detector.known_lines.pairs.get().is_none());
    }
}
