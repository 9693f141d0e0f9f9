//! Stretches of UTF-16 in a text of another encoding: text that a Windows shell appends to a file, strings in a
//! program.
//!
//! In UTF-16 every second byte of ASCII is zero, whichever byte of a character comes first. So a stretch continues as
//! long as zeros and characters alternate, across line ends too, and the bytes that are not zero are its text. If a
//! text is UTF-16 as a whole, `text::encoding` recognises it and decodes characters beyond ASCII as well.

use super::{Encoding, Offsets, Run, is_text};
use crate::text::Span;

/// The least number of bytes of a stretch: eight characters, as hardly any secret is shorter.
const LEAST: usize = 16;
/// The number of bytes examined together: a long enough stretch contains such a group, wherever it starts.
const STEP: usize = LEAST / 2;

/// Calls `found` for stretches that touch `near`.
pub(super) fn each_wide(text: &[u8], near: Span, found: &mut dyn FnMut(Run)) {
    let end = (near.end + LEAST).min(text.len());
    let mut at = start_of(text, near.start);
    // Nearly all text has no zero byte.
    let Some(zero) = memchr::memchr(0, &text[at..end]) else { return };
    at += zero.saturating_sub(1);
    while at < end
        && let Some(some) = text.get(at..at + STEP)
    {
        if !some.windows(2).all(takes_turns) {
            at += STEP;
            continue;
        }
        let extent = Span::new(start_of(text, at), end_of(text, at));
        if extent.len() >= LEAST {
            found(run(text, extent));
        }
        at = extent.end;
    }
}

/// Returns `true` if a line, or a part of one, contains at least four characters of a stretch.
pub fn holds_wide(text: &[u8], part: Span) -> bool {
    let bytes = part.of(text);
    memchr::memchr(0, bytes).is_some() && bytes.windows(STEP).any(|some| some.windows(2).all(takes_turns))
}

/// Returns a run with the characters of a stretch.
fn run(text: &[u8], extent: Span) -> Run {
    let characters = || (extent.start..extent.end).filter(|at| text[*at] != 0);
    let offsets = Offsets::Listed(characters().chain([extent.end]).collect());
    Run { text: characters().map(|at| text[at]).collect(), encoding: Encoding::Utf16, extent, offsets }
}

/// Returns `true` if one of two bytes is zero and the other one a character.
fn takes_turns(pair: &[u8]) -> bool {
    let is_character = |byte: u8| is_text(byte) || byte >= 0x80;
    match *pair {
        [0, byte] | [byte, 0] => is_character(byte),
        _ => false,
    }
}

/// Returns the start of the stretch that `at` is in or after.
fn start_of(text: &[u8], at: usize) -> usize {
    let mut start = at.min(text.len().saturating_sub(1));
    while start > 0 && takes_turns(&text[start - 1..=start]) {
        start -= 1;
    }
    start
}

/// Returns the end of the stretch that `at` is in.
fn end_of(text: &[u8], at: usize) -> usize {
    at + 1 + text[at..].windows(2).take_while(|pair| takes_turns(pair)).count()
}
