//! Seeded randomness for examples: the same seed gives the same text on every machine.
//!
//! Owns the generator, and the properties that make a run look random to the filters that judge values: no
//! repetitions, sequences or placeholder words, and every class of characters. It must not be used for real
//! secrets.

/// The length from which a run is expected to show every class of its alphabet.
const TYPICAL: usize = 12;
/// Texts that chance produces now and then and that filters mistake for a placeholder.
const WORDS: [&[u8]; 16] = [
    b"xxx", b"000", b"abc", b"test", b"fake", b"demo", b"dummy", b"todo", b"your", b"pass", b"none", b"null", b"dead",
    b"beef", b"qwer", b"asdf",
];

/// A score higher than any spread can reach.
const LONGEST_SCORE: usize = usize::MAX / 2;

/// A splitmix64 generator.
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next 64 bits.
    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `limit` (zero if that is zero); the slight bias doesn't matter here.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.next().checked_rem(limit).unwrap_or(0)
    }

    pub(super) fn bytes(&mut self, count: usize) -> Vec<u8> {
        std::iter::repeat_with(|| self.next().to_le_bytes()).flatten().take(count).collect()
    }

    pub(super) fn array<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.next().to_le_bytes()[0])
    }

    /// Returns one of `items`; the default value for an empty list.
    pub(super) fn pick<T: Copy + Default>(&mut self, items: &[T]) -> T {
        let count = u64::try_from(items.len()).unwrap_or(0);
        let at = usize::try_from(self.below(count)).unwrap_or(0);
        items.get(at).copied().unwrap_or_default()
    }

    /// Returns `count` characters of `alphabet`. `last` limits the choice of the final one.
    ///
    /// The most evenly spread of several draws is taken: entropy thresholds are set where one random
    /// value in a hundred falls below.
    pub(super) fn run(&mut self, alphabet: &[u8], count: usize, last: &[u8]) -> String {
        let mut best = (0, Vec::new());
        let mut typical = 0;
        for _ in 0..64 {
            let draw = self.draw(alphabet, count, last);
            let score = score(&draw, alphabet);
            typical += u32::from(shows_classes(&draw, alphabet));
            if best.1.is_empty() || score > best.0 {
                best = (score, draw);
            }
            if typical == 3 {
                break;
            }
        }
        best.1.into_iter().map(char::from).collect()
    }

    fn draw(&mut self, alphabet: &[u8], count: usize, last: &[u8]) -> Vec<u8> {
        let mut run = Vec::with_capacity(count);
        let ends = plain(alphabet);
        while run.len() < count {
            let allowed = match run.len() {
                at if at + 1 == count => last,
                0 => &ends,
                _ => alphabet,
            };
            self.append(&mut run, allowed);
        }
        run
    }

    /// Appends a character, drawn again if it would complete something conspicuous; small alphabets leave no choice.
    fn append(&mut self, run: &mut Vec<u8>, allowed: &[u8]) {
        for _ in 0..16 {
            run.push(self.pick(allowed));
            if !is_conspicuous(run) {
                return;
            }
            run.pop();
        }
        run.push(self.pick(allowed));
    }
}

/// Returns the letters and digits of an alphabet: a run that begins or ends with punctuation is hard to delimit.
pub(super) fn plain(alphabet: &[u8]) -> Vec<u8> {
    let plain: Vec<u8> = alphabet.iter().copied().filter(u8::is_ascii_alphanumeric).collect();
    if plain.is_empty() { alphabet.to_vec() } else { plain }
}

/// Returns `true` if `run` ends with four equal characters, five that rise or fall by one or two, or a placeholder
/// word.
pub(super) fn is_conspicuous(run: &[u8]) -> bool {
    let equal = run.last_chunk::<4>().is_some_and(|tail| tail.iter().all(|b| Some(b) == run.last()));
    let lower: Vec<u8> = run.iter().rev().take(8).rev().map(u8::to_ascii_lowercase).collect();
    let row = lower.last_chunk::<5>().is_some_and(is_row);
    equal || row || WORDS.iter().any(|w| lower.ends_with(w))
}

fn is_row(tail: &[u8; 5]) -> bool {
    let steps = tail.array_windows().map(|[a, b]| b.wrapping_sub(*a));
    let mut steps = steps.peekable();
    let first = steps.peek().copied();
    matches!(first, Some(1 | 2 | 0xfe | 0xff)) && steps.all(|s| Some(s) == first)
}

/// Returns the score of a run: the number of pairs of positions that differ, and far above that whether every class
/// appears.
fn score(run: &[u8], alphabet: &[u8]) -> usize {
    let equal: usize = (0..=u8::MAX).map(|b| run.iter().filter(|c| **c == b).count().pow(2)).sum();
    let spread = run.len().pow(2).saturating_sub(equal);
    if shows_classes(run, alphabet) { spread.saturating_add(LONGEST_SCORE) } else { spread }
}

fn shows_classes(run: &[u8], alphabet: &[u8]) -> bool {
    let classes = [u8::is_ascii_digit, u8::is_ascii_lowercase, u8::is_ascii_uppercase];
    let missing = |class: &fn(&u8) -> bool| alphabet.iter().any(class) && !run.iter().any(class);
    run.len() < TYPICAL || !classes.iter().any(|c| missing(&(*c as fn(&u8) -> bool)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";

    #[test]
    fn a_seed_fixes_the_text() {
        let text = |seed| Random::new(seed).run(LETTERS, 20, LETTERS);
        assert_eq!(text(1), text(1));
        assert_ne!(text(1), text(2));
    }

    #[test]
    fn runs_are_never_conspicuous_and_show_every_class() {
        let mut random = Random::new(5);
        for _ in 0..2000 {
            let run = random.run(LETTERS, 16, LETTERS).into_bytes();
            assert!((1..=16).all(|end| !is_conspicuous(&run[..end])));
            assert!(shows_classes(&run, LETTERS));
        }
    }

    #[test]
    fn small_alphabets_are_accepted() {
        assert_eq!(Random::new(1).run(b"x", 8, b"x"), "x".repeat(8));
        assert_eq!(Random::new(1).run(b"", 0, b""), "");
    }

    #[test]
    fn conspicuous_runs_are_recognised() {
        for text in ["aaaa", "vwxyz", "97531", "AbCdE", "a1XxX", "9Test"] {
            assert!(is_conspicuous(text.as_bytes()), "{text}");
        }
        assert!(!is_conspicuous(b"a1b2c3") && !is_conspicuous(b""));
    }
}
