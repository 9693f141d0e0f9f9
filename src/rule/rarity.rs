//! The rarity of four bytes in source text: a keyword is searched for by four bytes that should appear almost nowhere
//! else.
//!
//! `common.txt` lists the 3,000 commonest sequences of four bytes, in order, from the sources of fourteen public
//! projects in C, Rust, Go, Java, Python, PHP, Ruby and JavaScript, with case folded as in the keyword pass.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The number of bytes by which a keyword is searched for.
const LENGTH: usize = 4;

static RANKS: LazyLock<HashMap<&[u8], usize>> =
    LazyLock::new(|| include_str!("common.txt").split('\n').map(str::as_bytes).zip(0..).collect());

/// Returns the position of the rarest four bytes of a word.
pub(super) fn rarest(word: &[u8]) -> usize {
    let folded = word.iter().map(|byte| if *byte == b'_' { b'_' } else { byte | 0x20 }).collect::<Vec<u8>>();
    let rank = |four: &[u8]| RANKS.get(four).copied().unwrap_or(usize::MAX);
    let ranks = folded.windows(LENGTH).map(rank).enumerate();
    // Of equally rare sequences, the first counts.
    ranks.rev().max_by_key(|(_, rank)| *rank).map_or(0, |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rarest_part_of_a_word_is_found() {
        assert_eq!(rarest(b"form.io"), 1);
        assert!(rarest(b"teletype") < 4);
        assert_eq!(rarest(b"pat"), 0);
        assert!(rarest(b"redis://") < 4);
    }
}
