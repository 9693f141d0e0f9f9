//! Decodes tokens that contain escapes: percent-encoding, backslash escapes, character references.

use super::{BORDER, CLASSES, Encoding, Offsets, Run, SEPARATOR, is_text, leading, number, trailing};
use crate::text::Span;

/// The most bytes of a token that are decoded at once.
pub(super) const MAX_PIECE: usize = 8 * 1024;
/// The number of bytes that two pieces of a token share, so that a secret on their border is whole in one of them.
const OVERLAP: usize = 2 * 1024;
/// The least number of bytes that a token with escapes decodes to: no secret is shorter.
const MIN_ESCAPED: usize = 8;

/// Calls `found` for tokens that contain escapes.
pub(super) fn each_escaped(text: &[u8], near: Span, found: &mut dyn FnMut(Run)) {
    // The tokens of character references contain the other kinds of tokens.
    let widest = |b| in_token(b, Encoding::Entity);
    let all =
        Span::new(near.start - trailing(&text[..near.start], widest), near.end + leading(&text[near.end..], widest));
    // The end of the last token of each encoding.
    let mut ends = [all.start; 3];
    for sign in memchr::memchr3_iter(b'%', b'\\', b'&', all.of(text)) {
        let sign = all.start + sign;
        // Looks only at signs that may be relevant, so that at most signs it looks no further.
        let (encoding, end) = match text[sign..] {
            [b'%', b'0'..=b'9' | b'A'..=b'F' | b'a'..=b'f', ..] => (Encoding::Percent, &mut ends[0]),
            [b'\\', b'u' | b'x' | b'0' | b'1' | b'/' | b':' | b'=' | b'_', ..] => (Encoding::Backslash, &mut ends[1]),
            [b'&', b'#' | b'a' | b'q', ..] => (Encoding::Entity, &mut ends[2]),
            _ => continue,
        };
        if sign < *end || !is_telling(text, sign, encoding) {
            continue;
        }
        let member = |b| in_token(b, encoding);
        let token = Span::new(sign - trailing(&text[*end..sign], member), sign + leading(&text[sign..], member));
        *end = token.end;
        each_piece(text, token, encoding, found);
    }
}

/// Returns `true` if a byte belongs to a token, which is text between blanks, quotes and angle brackets. Where HTML and
/// XML need character references, in an attribute or in text, blanks and other quotes are part of it.
fn in_token(byte: u8, encoding: Encoding) -> bool {
    let outside = if encoding == Encoding::Entity { BORDER } else { BORDER | SEPARATOR };
    CLASSES[usize::from(byte)] & outside == 0
}

/// Decodes a token at once or, if it is long, only those pieces that contain an escape.
fn each_piece(text: &[u8], token: Span, encoding: Encoding, found: &mut dyn FnMut(Run)) {
    let mut start = token.start;
    loop {
        let piece = Span::new(start, (start + MAX_PIECE).min(token.end));
        if let Some((text, offsets)) = decode_escapes(text, piece, encoding) {
            found(Run { text, encoding, extent: token, offsets: Offsets::Listed(offsets) });
        }
        if piece.end == token.end {
            return;
        }
        start = piece.end - OVERLAP;
    }
}

/// Returns the decoded piece, if it contains an escape and is long enough.
fn decode_escapes(text: &[u8], piece: Span, encoding: Encoding) -> Option<(Vec<u8>, Vec<usize>)> {
    let encoded = piece.of(text);
    let (mut out, mut offsets) = (Vec::with_capacity(encoded.len()), Vec::with_capacity(encoded.len() + 1));
    let (mut at, mut telling) = (0, false);
    while let Some(byte) = encoded.get(at) {
        offsets.push(piece.start + at);
        let (decoded, length) = escape(encoded, at, encoding).unwrap_or((*byte, 1));
        telling = telling || (length > 1 && is_telling(encoded, at, encoding));
        out.push(decoded);
        at += length;
    }
    offsets.push(piece.end);
    (telling && out.len() >= MIN_ESCAPED).then_some((out, offsets))
}

/// Returns `true` if an escape is a reason to decode the text around it. Some character references are on every page:
/// brackets of code, references and the parameters of links, apostrophes. All of them are decoded if a more significant
/// one is near.
fn is_telling(text: &[u8], at: usize, encoding: Encoding) -> bool {
    let Some((byte, length)) = escape(text, at, encoding) else { return false };
    let before = at.checked_sub(1).and_then(|at| text.get(at)).is_some_and(u8::is_ascii_alphanumeric);
    let after = &text[at + length..];
    if encoding != Encoding::Entity {
        // Inside a word, Markdown and LaTeX add the backslash.
        return byte != b'_' || (before && after.first().is_some_and(u8::is_ascii_alphanumeric));
    }
    match byte {
        b'<' | b'>' => false,
        b'\'' => !before || !after.first().is_some_and(u8::is_ascii_alphabetic),
        b'&' => before && after.get(leading(after, |b| b.is_ascii_alphanumeric() || b == b'_')) != Some(&b'='),
        _ => true,
    }
}

/// Returns the byte that the escape at `at` stands for, and the escape's length. Secrets are ASCII, so nothing else is
/// decoded.
fn escape(text: &[u8], at: usize, encoding: Encoding) -> Option<(u8, usize)> {
    let (byte, length) = match (encoding, text.get(at..)?) {
        (Encoding::Percent, [b'%', high, low, ..]) => (number(&[*high, *low], 16)?, 3),
        (Encoding::Backslash, [b'\\', b'x', high, low, ..]) => (number(&[*high, *low], 16)?, 4),
        (Encoding::Backslash, [b'\\', b'u', b'0', b'0', high, low, ..]) => (number(&[*high, *low], 16)?, 6),
        (Encoding::Backslash, [b'\\', b'0'..=b'1', _, _, ..]) => (number(text.get(at + 1..at + 4)?, 8)?, 4),
        // The slash of JSON, the characters that Java's properties escape, and those of Markdown and LaTeX.
        (Encoding::Backslash, [b'\\', byte @ (b'/' | b':' | b'=' | b'_'), ..]) => (*byte, 2),
        (Encoding::Entity, [b'&', rest @ ..]) => entity(rest)?,
        _ => return None,
    };
    is_text(byte).then_some((byte, length))
}

/// Returns the byte of a character reference, and its length; `rest` is the text after the ampersand.
fn entity(rest: &[u8]) -> Option<(u8, usize)> {
    const NAMED: [(&[u8], u8); 5] =
        [(b"amp;", b'&'), (b"lt;", b'<'), (b"gt;", b'>'), (b"quot;", b'"'), (b"apos;", b'\'')];
    const MAX_DIGITS: usize = 8;
    let Some(rest) = rest.strip_prefix(b"#") else {
        let (name, byte) = NAMED.iter().find(|(name, _)| rest.starts_with(name))?;
        return Some((*byte, 1 + name.len()));
    };
    let end = rest.iter().take(MAX_DIGITS).position(|b| *b == b';')?;
    let byte = match &rest[..end] {
        [b'x' | b'X', digits @ ..] => number(digits, 16)?,
        digits => number(digits, 10)?,
    };
    Some((byte, 2 + end + 1))
}
