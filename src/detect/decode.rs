//! Encoded text inside text: base64, percent-encoding and escapes, decoded under limits, with the way back to the original bytes.

use std::sync::LazyLock;

use data_encoding::{Encoding as Base, Specification};

use crate::text::Span;

/// Fewest characters of a base64 run worth decoding: 18 bytes.
const MIN_BASE64: usize = 24;
/// Most characters of one run that are decoded.
const MAX_RUN: usize = 64 * 1024;
/// Bytes around an escape that belong to one run, at most.
const MAX_ESCAPED: usize = 4096;

/// Decoded text.
#[derive(Debug)]
pub struct Run {
    /// What it decodes to.
    pub text: Vec<u8>,
    /// How it was encoded.
    pub encoding: Encoding,
    start: usize,
    length: usize,
    offsets: Offsets,
}

/// The encodings that are opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Base64 with either alphabet, padded or not.
    Base64,
    /// `%41`
    Percent,
    /// `\u0041`, `\x41`
    Backslash,
}

impl Encoding {
    /// The word used in evidence.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::Percent => "percent-encoding",
            Self::Backslash => "escapes",
        }
    }
}

/// The way from decoded to encoded offsets.
#[derive(Debug)]
enum Offsets {
    /// Three bytes for four characters.
    Base64,
    /// The encoded offset of each decoded byte, and of the end.
    Listed(Vec<usize>),
}

impl Run {
    /// The bytes it was made from.
    pub fn extent(&self) -> Span {
        Span::new(self.start, self.start + self.length)
    }

    /// The encoded bytes that hold the decoded ones of `inner`.
    pub fn outer(&self, inner: Span) -> Span {
        let (start, end) = match &self.offsets {
            Offsets::Base64 => (inner.start / 3 * 4 + inner.start % 3, (inner.end * 4).div_ceil(3)),
            Offsets::Listed(list) => {
                let at = |offset: usize| list.get(offset).or(list.last()).copied().unwrap_or(0);
                (at(inner.start), at(inner.end))
            }
        };
        Span::new(self.start + start, self.start + end)
    }
}

/// Calls `found` for each encoded run of `text` that decodes to text.
pub fn each_run(text: &[u8], dirty: Span, found: &mut dyn FnMut(Run)) {
    let dirty = dirty.grown(1, 1, text.len());
    let left = text[..dirty.start].iter().rev().take_while(|b| is_base64(**b)).count();
    let right = text[dirty.end..].iter().take_while(|b| is_base64(**b)).count();
    each_base64(text, Span::new(dirty.start - left, dirty.end + right), found);
    let outside =
        |b: &u8| b.is_ascii_whitespace() || b.is_ascii_control() || matches!(b, b'"' | b'\'' | b'`' | b'<' | b'>');
    let left = text[..dirty.start].iter().rev().take_while(|b| !outside(b)).count();
    let right = text[dirty.end..].iter().take_while(|b| !outside(b)).count();
    let part = Span::new(dirty.start - left, dirty.end + right);
    each_escaped(text, part, Encoding::Percent, found);
    each_escaped(text, part, Encoding::Backslash, found);
}

static BASE64: LazyLock<Option<Base>> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    specification.translate.from.push_str("-_");
    specification.translate.to.push_str("+/");
    specification.check_trailing_bits = false;
    specification.encoding().ok()
});

/// Most text has no long run, so only every twenty-fourth byte is looked at until one may belong to a run.
fn each_base64(text: &[u8], part: Span, found: &mut dyn FnMut(Run)) {
    let text = &text[..part.end];
    let mut at = part.start;
    while let Some(probe) = text.get(at..at + MIN_BASE64) {
        if let Some(gap) = probe.iter().rposition(|b| !is_base64(*b)) {
            at += gap + 1;
            continue;
        }
        let length = text[at..].iter().take_while(|b| is_base64(**b)).count();
        let run = &text[at..at + length.min(MAX_RUN)];
        if let Some(decoded) = decode_base64(run) {
            found(Run { text: decoded, encoding: Encoding::Base64, start: at, length, offsets: Offsets::Base64 });
        }
        at += length + 1;
    }
}

fn is_base64(byte: u8) -> bool {
    const MEMBERS: [bool; 256] = {
        let mut members = [false; 256];
        let mut byte = 0u8;
        while byte < 128 {
            members[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
            byte += 1;
        }
        members
    };
    MEMBERS[usize::from(byte)]
}

/// Decodes a run if its beginning, and then all of it, is text. Random bytes pass the first test once in 100,000.
fn decode_base64(run: &[u8]) -> Option<Vec<u8>> {
    let base = BASE64.as_ref()?;
    let head = base.decode(run.get(..16)?).ok()?;
    if !head.iter().all(|b| is_text(*b)) {
        return None;
    }
    let whole = if run.len() % 4 == 1 { &run[..run.len() - 1] } else { run };
    base.decode(whole).ok().filter(|decoded| mostly_text(decoded))
}

/// The text that a whole value is the base64 of, if it is.
pub fn base64_text(value: &[u8]) -> Option<Vec<u8>> {
    const SHORTEST: usize = 8;
    let end = value.iter().rposition(|b| *b != b'=').map_or(0, |at| at + 1);
    let run = value.get(..end).filter(|run| run.len() >= SHORTEST && run.iter().all(|b| is_base64(*b)))?;
    BASE64.as_ref()?.decode(run).ok().filter(|text| text.iter().all(|b| is_text(*b)))
}

fn mostly_text(bytes: &[u8]) -> bool {
    let text = bytes.iter().filter(|b| is_text(**b) || **b >= 0x80).count();
    text * 100 >= bytes.len() * 98
}

fn is_text(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e)
}

/// Escapes are decoded with the text around them up to blanks, quotes and angle brackets.
fn each_escaped(text: &[u8], part: Span, encoding: Encoding, found: &mut dyn FnMut(Run)) {
    let text = &text[..part.end];
    let mark = match encoding {
        Encoding::Percent => b'%',
        Encoding::Backslash => b'\\',
        Encoding::Base64 => return,
    };
    let mut at = part.start;
    while let Some(sign) = memchr::memchr(mark, text.get(at..).unwrap_or_default()) {
        let sign = at + sign;
        if escape(text, sign, encoding).is_none() {
            at = sign + 1;
            continue;
        }
        let run = escaped_run(text, sign, at);
        at = run.end.max(sign + 1);
        let (decoded, offsets) = decode_escapes(run.of(text), encoding);
        found(Run { text: decoded, encoding, start: run.start, length: run.len(), offsets: Offsets::Listed(offsets) });
    }
}

/// The bytes around an escape; not before `floor`.
fn escaped_run(text: &[u8], sign: usize, floor: usize) -> Span {
    let outside =
        |b: &u8| b.is_ascii_whitespace() || b.is_ascii_control() || matches!(b, b'"' | b'\'' | b'`' | b'<' | b'>');
    let before = &text[sign.saturating_sub(MAX_ESCAPED).max(floor)..sign];
    let after = &text[sign..(sign + MAX_ESCAPED).min(text.len())];
    let left = before.iter().rev().take_while(|b| !outside(b)).count();
    let right = after.iter().take_while(|b| !outside(b)).count();
    Span::new(sign - left, sign + right)
}

fn decode_escapes(run: &[u8], encoding: Encoding) -> (Vec<u8>, Vec<usize>) {
    let (mut out, mut offsets) = (Vec::with_capacity(run.len()), Vec::with_capacity(run.len() + 1));
    let mut at = 0;
    while let Some(byte) = run.get(at) {
        offsets.push(at);
        let (decoded, length) = escape(run, at, encoding).unwrap_or((*byte, 1));
        out.push(decoded);
        at += length;
    }
    offsets.push(at);
    (out, offsets)
}

/// The byte that the escape at `at` stands for, and the escape's length. Secrets are ASCII, so nothing else is decoded.
fn escape(text: &[u8], at: usize, encoding: Encoding) -> Option<(u8, usize)> {
    let rest = text.get(at..)?;
    let (digits, length): (&[u8], usize) = match (encoding, rest) {
        (Encoding::Percent, [b'%', digits @ ..]) => (digits.get(..2)?, 3),
        (Encoding::Backslash, [b'\\', b'x', digits @ ..]) => (digits.get(..2)?, 4),
        (Encoding::Backslash, [b'\\', b'u', b'0', b'0', digits @ ..]) => (digits.get(..2)?, 6),
        _ => return None,
    };
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let [high, low] = digits else { return None };
    let byte = digit(*high)? * 16 + digit(*low)?;
    byte.is_ascii().then_some((byte, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(text: &str) -> Vec<Run> {
        let mut out = Vec::new();
        each_run(text.as_bytes(), Span::new(0, text.len()), &mut |run| out.push(run));
        out
    }

    #[test]
    fn base64_of_text_is_decoded_and_mapped_back() {
        let inner = "user: x, client_secret: VALUE!";
        let encoded = data_encoding::BASE64.encode(inner.as_bytes());
        let text = format!("data: {encoded}\n");
        let run = runs(&text).pop().unwrap();
        assert_eq!(run.text, inner.as_bytes());
        let at = inner.find("VALUE").unwrap();
        let outer = run.outer(Span::new(at, at + 5));
        let again = run.start + at / 3 * 4;
        assert!(outer.start >= again && outer.end <= text.len(), "{outer:?}");
    }

    #[test]
    fn random_base64_and_words_are_left_alone() {
        assert!(runs("SGFzaE9mU29tZXRoaW5n/w+AAECAwQFBgcICQoLDA0O").is_empty());
        assert!(runs("a_long_identifier_that_is_in_the_alphabet").is_empty());
    }

    #[test]
    fn backslash_escapes_are_decoded_and_mapped_back() {
        let text = r#"{"s": "ab\u007ecd\x7eef"}"#;
        let run = runs(text).pop().unwrap();
        assert_eq!(run.text, b"ab~cd~ef");
        assert_eq!(run.outer(Span::new(0, 8)).of(text.as_bytes()), br"ab\u007ecd\x7eef");
    }

    #[test]
    fn percent_escapes_are_decoded_and_mapped_back() {
        let text = "curl -d 'a=1%262&s=ab%7Ecd' x";
        let run = runs(text).pop().unwrap();
        assert_eq!(run.text, b"a=1&2&s=ab~cd");
        let outer = run.outer(Span::new(8, 13));
        assert_eq!(outer.of(text.as_bytes()), b"ab%7Ecd");
    }
}
