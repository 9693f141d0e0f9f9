//! Decides whether a machine generated a value, or a person may have made it up.

use super::segments::{is_one_of, segments};
use super::{entropy, placeholder, shape, wordlike};

/// The least number of characters that show whether a value is random.
const LEAST: usize = 16;
/// The least number of characters for a value with letters of one case alone.
const LETTERS: usize = 20;

/// Returns `true` if a value looks random: irregular for its alphabet and length, without words, and neither counted
/// nor typed along a keyboard.
pub fn looks_drawn(value: &[u8]) -> bool {
    (LEAST..=shape::MAX_LENGTH).contains(&value.len())
        && value.iter().any(u8::is_ascii_alphabetic)
        && entropy::centibits(value) >= entropy::floor(value)
        && placeholder::stand_in(value).is_none()
        && !placeholder::is_sequence(value)
        && !shape::is_weak(value)
        && !wordlike::reads_like_words(value)
        && (value.iter().all(u8::is_ascii_hexdigit) || !holds_words(value))
        && !wordlike::is_counted(value)
        && (value.iter().any(u8::is_ascii_digit) || has_strange_letters(value))
}

/// Returns `true` if letters without a digit follow each other as in no language.
fn has_strange_letters(value: &[u8]) -> bool {
    const STRANGE: f32 = -1.0;
    let mixed = shape::classes(value) > 1;
    let mean = wordlike::mean_of_words(value);
    value.len() >= (if mixed { LEAST } else { LETTERS }) && mean.is_some_and(|mean| mean < STRANGE)
}

/// Returns `true` if readable words make up a third of the value, or one of them is typical of samples.
fn holds_words(value: &[u8]) -> bool {
    const WORD: usize = 4;
    const SAMPLES: [&str; 8] = ["test", "tests", "secret", "token", "password", "dummy", "fake", "example"];
    let words = || segments(value).filter(|word| word.len() >= WORD && word.iter().all(u8::is_ascii_alphabetic));
    let letters: usize = words().filter(|word| wordlike::mean(word) > 0.0).map(<[u8]>::len).sum();
    letters * 3 >= value.len() || words().any(|word| is_one_of(word, &SAMPLES))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns values drawn from an alphabet, by a generator that gives the same ones in every run.
    fn drawn(alphabet: &[u8], length: usize) -> impl Iterator<Item = Vec<u8>> {
        const VALUES: usize = 1_000;
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        std::iter::repeat_with(move || {
            let next = || {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let at = usize::try_from((state >> 33) % u64::try_from(alphabet.len()).unwrap()).unwrap();
                alphabet[at]
            };
            std::iter::repeat_with(next).take(length).collect()
        })
        .take(VALUES)
    }

    #[test]
    fn values_drawn_from_any_alphabet_look_drawn() {
        let lower = b"abcdefghijklmnopqrstuvwxyz0123456789";
        let base62 = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        let base64 = [&base62[..], b"+/"].concat();
        let alphabets: [&[u8]; 5] = [b"0123456789abcdef", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", lower, base62, &base64];
        for alphabet in alphabets {
            for (length, least) in [(20, 900), (32, 950), (40, 950)] {
                let found = drawn(alphabet, length).filter(|value| looks_drawn(value)).count();
                assert!(found >= least, "{found} of {length} of {}", String::from_utf8_lossy(alphabet));
            }
        }
    }

    #[test]
    fn invented_values_do_not_look_drawn() {
        for value in [
            "changeme-test-123",
            "TestPassword123!",
            "abcdefghijklmnop",
            "dummy-secret-value",
            "my-very-long-test-secret",
            "00112233445566778899aabbccddeeff",
            "a1b2c3d4e5f6g7h8",
            "0123456789abcdef",
            "0f3a91c27be4d8560f3a91c27be4d856",
            "correct-horse-battery-staple-7",
            "service-account-2024-x1",
            "1234567890123456",
            "q8XvR2pLw9",
        ] {
            assert!(!looks_drawn(value.as_bytes()), "{value}");
        }
    }
}
