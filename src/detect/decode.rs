//! Encoded text inside text, decoded, with the way back to the original bytes: base64 (wrapped over lines, of UTF-16 and
//! of gzip, too), hexadecimal digits, percent-encoding, backslash escapes, character references of HTML and XML.
//!
//! What a run is and what it decodes to is decided by the bytes of its extent and the one on either side, never by what
//! stands elsewhere. So a text that changed in one place needs to be decoded again in that place only.

use std::sync::LazyLock;

use data_encoding::{Encoding as Base, HEXLOWER_PERMISSIVE, Specification};

use crate::text::Span;
use crate::text::archive::{self, Kind};
use crate::text::encoding::Wide;

/// Fewest characters of a base64 run worth decoding: 18 bytes.
const MIN_BASE64: usize = 24;
/// Fewest hexadecimal digits worth decoding: 16 bytes.
const MIN_HEX: usize = 32;
/// Decoded bytes that have to be text for the rest to be decoded. Random bytes pass once in 100,000.
const HEAD: usize = 12;
/// Characters that are decoded at a time; decoding stops at the first such chunk that is no text. A multiple of 4.
const CHUNK: usize = 64 * 1024;
/// Bytes that a run may unpack to for each of its characters.
const MAX_RATIO: usize = 32;
/// Most bytes that a run may unpack to.
const MAX_UNPACKED: usize = 16 * 1024 * 1024;
/// Most characters of a line of wrapped base64.
const MAX_LINE: usize = 128;
/// Most blanks before a line of wrapped base64.
const MAX_INDENT: usize = 32;
/// Most bytes of a token that are decoded at once.
const MAX_PIECE: usize = 8 * 1024;
/// Bytes that the pieces of a token share, so that a secret on their border is whole in one of them.
const OVERLAP: usize = 2 * 1024;
/// Fewest bytes that a token with escapes decodes to: there is no shorter secret.
const MIN_ESCAPED: usize = 8;
/// How far from the bytes it decodes a run may look: over the break of a line and the line beyond it.
pub const REACH: usize = MAX_LINE + MAX_INDENT + 3;

/// Decoded text.
#[derive(Debug)]
pub struct Run {
    /// What it decodes to.
    pub text: Vec<u8>,
    /// How it was encoded.
    pub encoding: Encoding,
    extent: Span,
    offsets: Offsets,
}

/// The encodings that are opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Base64 with either alphabet, padded or not.
    Base64,
    /// `6869`
    Hex,
    /// `%41`
    Percent,
    /// `\u0041`, `\x41`, `\101`, `\/`
    Backslash,
    /// `&#65;`, `&#x41;`, `&amp;`
    Entity,
}

impl Encoding {
    /// The word used in evidence.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::Hex => "hexadecimal",
            Self::Percent => "percent-encoding",
            Self::Backslash => "escapes",
            Self::Entity => "character references",
        }
    }
}

/// The way from decoded to encoded offsets.
#[derive(Debug)]
enum Offsets {
    /// So many bytes for so many characters.
    Even {
        /// Where each line starts, decoded and encoded.
        lines: Vec<(usize, usize)>,
        bytes: usize,
        characters: usize,
        /// Decoded bytes behind each byte of the text.
        width: usize,
    },
    /// The encoded offset of each decoded byte, and of the end.
    Listed(Vec<usize>),
    /// Each decoded byte depends on all that is encoded.
    Whole,
}

impl Offsets {
    fn base64(lines: Vec<(usize, usize)>) -> Self {
        Self::Even { lines, bytes: 3, characters: 4, width: 1 }
    }
}

impl Run {
    /// The encoded bytes that hold the decoded ones of `inner`.
    pub fn outer(&self, inner: Span) -> Span {
        match &self.offsets {
            Offsets::Even { lines, bytes, characters, width } => {
                let line = |at: usize| {
                    let after = lines.partition_point(|(decoded, _)| *decoded <= at);
                    lines.get(after.saturating_sub(1)).copied().unwrap_or_default()
                };
                let (start, end) = (inner.start * width, inner.end * width);
                let (first, last) = (line(start), line(end.saturating_sub(1).max(start)));
                let (into, until) = (start - first.0, end - last.0);
                Span::new(
                    first.1 + into / bytes * characters + into % bytes,
                    last.1 + (until * characters).div_ceil(*bytes),
                )
            }
            Offsets::Listed(list) => {
                let at = |offset: usize| list.get(offset).or(list.last()).copied().unwrap_or(0);
                Span::new(at(inner.start), at(inner.end))
            }
            Offsets::Whole => self.extent,
        }
    }

    /// The bytes it was made from, as far as they could be: other bytes inside, or next to it, may make another run.
    pub fn extent(&self) -> Span {
        self.extent
    }
}

/// Calls `found` for each encoded run of `text` that decodes to text and whose extent touches `dirty`.
///
/// Takes time for the dirty bytes and the extents of the runs near them, not for the whole text.
pub fn each_run(text: &[u8], dirty: Span, found: &mut dyn FnMut(Run)) {
    let near = dirty.grown(REACH, REACH, text.len());
    let mut touching = |run: Run| {
        if run.extent.start <= dirty.end && dirty.start <= run.extent.end {
            found(run);
        }
    };
    each_base(text, near, &mut touching);
    each_escaped(text, dirty.grown(1, 1, text.len()), &mut touching);
}

static BASE64: LazyLock<Option<Base>> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    specification.translate.from.push_str("-_");
    specification.translate.to.push_str("+/");
    specification.check_trailing_bits = false;
    specification.encoding().ok()
});

/// Base64 and hexadecimal digits, which are base64 to look at.
fn each_base(text: &[u8], near: Span, found: &mut dyn FnMut(Run)) {
    let Some(base) = BASE64.as_ref() else { return };
    let all = Span::new(wrap_start(base, text, near.start), near.end);
    let mut joined = all.start;
    each_stretch::<MIN_BASE64>(text, all, is_base64, |run| {
        let mut head = [0; HEAD];
        if base.decode_mut(&text[run.start..][..HEAD / 3 * 4], &mut head).is_ok() {
            base64(base, text, run, &head, found);
            if run.start >= joined && is_line_text(&head) {
                joined = wrapped(base, text, run, found);
            }
        }
        each_stretch::<MIN_HEX>(text, run, is_hex, |run| hex(text, run, found));
    });
}

/// Calls `found` for each maximal stretch of at least `LEAST` members that starts in `within` or at its end; none may
/// reach into `within` from before. Members are some of the digits of base64.
///
/// Most text has no long stretch, so of each `LEAST` bytes less eight only eight are looked at: however a stretch lies, some
/// such eight lie in it.
fn each_stretch<const LEAST: usize>(
    text: &[u8],
    within: Span,
    member: impl Fn(u8) -> bool + Copy,
    mut found: impl FnMut(Span),
) {
    let (mut at, mut floor) = (within.start, within.start);
    while at < within.end + LEAST
        && let Some(eight) = text.get(at..).and_then(<[u8]>::first_chunk)
    {
        // To be long enough a stretch must go on for as many bytes on one side or on the other.
        let beside = [text[..at].last_chunk(), text[at + eight.len()..].first_chunk()];
        let goes_on = |beside: Option<&[u8; 8]>| beside.is_some_and(|eight| !has_sign(eight));
        if has_sign(eight) || !beside.into_iter().any(goes_on) || !eight.iter().all(|byte| member(*byte)) {
            at += LEAST - eight.len();
            continue;
        }
        let stretch = Span::new(at - trailing(&text[floor..at], member), at + leading(&text[at..], member));
        if stretch.len() >= LEAST && stretch.start <= within.end {
            found(stretch);
        }
        at = stretch.end + 1;
        floor = at;
    }
}

/// Whether a byte is below `+`, as blanks are, or none of ASCII: of eight bytes that are not all base64 one nearly always is.
fn has_sign(eight: &[u8; 8]) -> bool {
    const EACH: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = 0x80 * EACH;
    let eight = u64::from_le_bytes(*eight);
    // With its high bit set no byte borrows from the next, and keeps the bit if the rest of it is large enough.
    let above = (eight | HIGH) - EACH * b'+' as u64;
    (!above | eight) & HIGH != 0
}

fn leading(bytes: &[u8], member: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|b| member(**b)).count()
}

fn trailing(bytes: &[u8], member: impl Fn(u8) -> bool) -> usize {
    bytes.iter().rev().take_while(|b| member(**b)).count()
}

fn is_base64(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & BASE64_DIGIT != 0
}

fn is_hex(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & HEX_DIGIT != 0
}

const BASE64_DIGIT: u8 = 1;
const HEX_DIGIT: u8 = 2;
/// A blank or a quote that is no double one.
const SEPARATOR: u8 = 4;
/// A control character, an angle bracket, a double quote.
const BORDER: u8 = 8;

/// What each byte is, in bits.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0u8;
    while byte < 128 {
        let mut class = match byte {
            b' ' | b'\'' | b'`' => SEPARATOR,
            b'"' | b'<' | b'>' => BORDER,
            b'+' | b'/' | b'-' | b'_' => BASE64_DIGIT,
            _ if byte.is_ascii_alphanumeric() => BASE64_DIGIT,
            _ if byte.is_ascii_control() => BORDER,
            _ => 0,
        };
        if byte.is_ascii_hexdigit() {
            class |= HEX_DIGIT;
        }
        classes[byte as usize] = class;
        byte += 1;
    }
    classes
};

/// A run on one line that starts with what `head` is decoded.
fn base64(base: &Base, text: &[u8], run: Span, head: &[u8], found: &mut dyn FnMut(Run)) {
    let characters = run.of(text);
    let mut report = |text: Vec<u8>, offsets: Offsets| {
        found(Run { text, encoding: Encoding::Base64, extent: run, offsets });
    };
    if head.iter().all(|b| is_text(*b)) {
        if let Some(decoded) = decode(base, characters, mostly_text) {
            report(decoded, Offsets::base64(vec![(0, run.start)]));
        }
    } else if let Some(wide) = wide_text(head)
        && let Some(decoded) = decode(base, characters, |_| true)
    {
        let text = wide.decode(&decoded);
        // Without a mark and with ASCII alone, each unit has become one byte.
        let offsets = if text.is_ascii() && text.len() == decoded.len() / wide.width() {
            Offsets::Even { lines: vec![(0, run.start)], bytes: 3, characters: 4, width: wide.width() }
        } else {
            Offsets::Whole
        };
        report(text, offsets);
    } else if archive::kind(head) == Some(Kind::Gzip)
        && let Some(packed) = decode(base, characters, |_| true)
    {
        let text = archive::gunzip(&packed, run.len().saturating_mul(MAX_RATIO).min(MAX_UNPACKED));
        if !text.is_empty() && mostly_text(&text) {
            report(text, Offsets::Whole);
        }
    }
}

/// The wide encoding of these bytes, if they are the beginning of a text in it.
fn wide_text(head: &[u8]) -> Option<Wide> {
    Wide::detect(head).filter(|wide| wide.decode(head).iter().all(|b| is_text(*b)))
}

/// A run of hexadecimal digits.
fn hex(text: &[u8], run: Span, found: &mut dyn FnMut(Run)) {
    let digits = run.of(text);
    // Nearly all are hashes, whose first or second byte tells.
    let is_head = digits.chunks(2).take(HEAD).all(|pair| number(pair, 16).is_some_and(is_text));
    if !is_head || !digits.len().is_multiple_of(2) {
        return;
    }
    if let Some(text) = decode(&HEXLOWER_PERMISSIVE, digits, mostly_text) {
        let offsets = Offsets::Even { lines: vec![(0, run.start)], bytes: 1, characters: 2, width: 1 };
        found(Run { text, encoding: Encoding::Hex, extent: run, offsets });
    }
}

/// The text that the characters stand for, up to the first chunk that is none.
fn decode(base: &Base, characters: &[u8], is_text: impl Fn(&[u8]) -> bool) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    for chunk in characters.chunks(CHUNK) {
        // One base64 character too many is no byte.
        let whole = if chunk.len() % 4 == 1 { &chunk[..chunk.len() - 1] } else { chunk };
        match base.decode(whole) {
            Ok(decoded) if is_text(&decoded) => text.extend(decoded),
            _ => break,
        }
    }
    (!text.is_empty()).then_some(text)
}

/// The lines of wrapped base64 from `run` on, joined, if it is the first of at least two.
///
/// Each line but the last is full: of whole groups, and text by itself. Only a full line can be followed by another, so
/// where the lines begin and end is decided by the line before and the line after. Returns where they end.
fn wrapped(base: &Base, text: &[u8], run: Span, found: &mut dyn FnMut(Run)) -> usize {
    let Some(second) = line_after(text, run) else { return run.end };
    if !is_full(base, text, run) || line_before(text, run.start).is_some_and(|line| is_full(base, text, line)) {
        return run.end;
    }
    let gap = Span::new(run.end, second.start).of(text);
    let (mut decoded, mut lines, mut last) = (Vec::new(), Vec::new(), run);
    let mut next = Some(run);
    while let Some(line) = next.filter(|line| lines.is_empty() || Span::new(last.end, line.start).of(text) == gap) {
        let Some(part) = decode(base, line.of(text), is_line_text) else { break };
        lines.push((decoded.len(), line.start));
        decoded.extend(part);
        last = line;
        next = line_after(text, line).filter(|_| is_full(base, text, line));
    }
    if lines.len() > 1 {
        let extent = Span::new(run.start, last.end).grown(REACH, REACH, text.len());
        found(Run { text: decoded, encoding: Encoding::Base64, extent, offsets: Offsets::base64(lines) });
    }
    last.end
}

/// Where to start so that no run and no wrapped lines reach back behind it.
fn wrap_start(base: &Base, text: &[u8], near: usize) -> usize {
    // Not between the two bytes of a line's end.
    let near = near - usize::from(text[..near].ends_with(b"\r"));
    let mut start = near - trailing(&text[..near], is_base64);
    let mut before = line_before(text, start);
    while let Some(line) = before.filter(|line| is_full(base, text, *line)) {
        start = line.start;
        before = line_before(text, start);
    }
    start
}

/// The base64 at the end of the line before the one whose characters start at `at`.
fn line_before(text: &[u8], at: usize) -> Option<Span> {
    let indent = trailing(&text[at.saturating_sub(MAX_INDENT)..at], is_blank);
    let line = text[..at - indent].strip_suffix(b"\n")?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    // One more than a line may have shows that it is none.
    let length = trailing(&line[line.len().saturating_sub(MAX_LINE + 1)..], is_base64);
    (1..=MAX_LINE).contains(&length).then(|| Span::new(line.len() - length, line.len()))
}

/// The base64 at the start of the line that follows `line`.
fn line_after(text: &[u8], line: Span) -> Option<Span> {
    let rest = &text[line.end..];
    let next = rest.strip_prefix(b"\n").or_else(|| rest.strip_prefix(b"\r\n"))?;
    let next = &next[leading(&next[..MAX_INDENT.min(next.len())], is_blank)..];
    let length = leading(&next[..(MAX_LINE + 1).min(next.len())], is_base64);
    let start = text.len() - next.len();
    (1..=MAX_LINE).contains(&length).then(|| Span::new(start, start + length))
}

/// Whether another line of base64 may follow this one.
fn is_full(base: &Base, text: &[u8], line: Span) -> bool {
    let characters = line.of(text);
    let is_text = |characters: &[u8]| {
        let mut decoded = [0; MAX_LINE / 4 * 3];
        let decoded = &mut decoded[..characters.len() / 4 * 3];
        base.decode_mut(characters, decoded).is_ok() && is_line_text(decoded)
    };
    (MIN_BASE64..=MAX_LINE).contains(&line.len())
        && line.len().is_multiple_of(4)
        && is_text(&characters[..HEAD / 3 * 4])
        && is_text(characters)
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
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

/// Text that is mostly ASCII, wherever in a character it starts. Hashes read as base64 fail it as random bytes do.
fn is_line_text(bytes: &[u8]) -> bool {
    let ascii = bytes.iter().filter(|b| is_text(**b)).count();
    ascii * 4 >= bytes.len() * 3 && bytes.iter().all(|b| is_text(*b) || *b >= 0x80)
}

fn is_text(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e)
}

/// Tokens that hold escapes.
fn each_escaped(text: &[u8], near: Span, found: &mut dyn FnMut(Run)) {
    // The tokens of character references hold all others.
    let widest = |b| in_token(b, Encoding::Entity);
    let all =
        Span::new(near.start - trailing(&text[..near.start], widest), near.end + leading(&text[near.end..], widest));
    // Where the last token of each encoding ended.
    let mut ends = [all.start; 3];
    for sign in memchr::memchr3_iter(b'%', b'\\', b'&', all.of(text)) {
        let sign = all.start + sign;
        // Only what may be telling, to look no further at most signs.
        let (encoding, end) = match text[sign..] {
            [b'%', b'0'..=b'9' | b'A'..=b'F' | b'a'..=b'f', ..] => (Encoding::Percent, &mut ends[0]),
            [b'\\', b'u' | b'x' | b'0' | b'1' | b'/' | b':' | b'=', ..] => (Encoding::Backslash, &mut ends[1]),
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

/// A token is what stands between blanks, quotes and angle brackets. Where HTML and XML need character references, in an
/// attribute or in text, blanks and other quotes are part of what they write.
fn in_token(byte: u8, encoding: Encoding) -> bool {
    let outside = if encoding == Encoding::Entity { BORDER } else { BORDER | SEPARATOR };
    CLASSES[usize::from(byte)] & outside == 0
}

/// A token is decoded at once, or, if it is long, in those pieces that hold an escape.
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

/// The piece decoded, if it holds an escape and comes to something.
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

/// Whether an escape is a reason to decode what stands around it. Some character references are on every page: brackets
/// of code, references and the parameters of links, apostrophes. All of them are decoded beside one that tells more.
fn is_telling(text: &[u8], at: usize, encoding: Encoding) -> bool {
    let Some((byte, length)) = escape(text, at, encoding) else { return false };
    if encoding != Encoding::Entity {
        return true;
    }
    let before = at.checked_sub(1).and_then(|at| text.get(at)).is_some_and(u8::is_ascii_alphanumeric);
    let after = &text[at + length..];
    match byte {
        b'<' | b'>' => false,
        b'\'' => !before || !after.first().is_some_and(u8::is_ascii_alphabetic),
        b'&' => before && after.get(leading(after, |b| b.is_ascii_alphanumeric() || b == b'_')) != Some(&b'='),
        _ => true,
    }
}

/// The byte that the escape at `at` stands for, and the escape's length. Secrets are ASCII, so nothing else is decoded.
fn escape(text: &[u8], at: usize, encoding: Encoding) -> Option<(u8, usize)> {
    let (byte, length) = match (encoding, text.get(at..)?) {
        (Encoding::Percent, [b'%', high, low, ..]) => (number(&[*high, *low], 16)?, 3),
        (Encoding::Backslash, [b'\\', b'x', high, low, ..]) => (number(&[*high, *low], 16)?, 4),
        (Encoding::Backslash, [b'\\', b'u', b'0', b'0', high, low, ..]) => (number(&[*high, *low], 16)?, 6),
        (Encoding::Backslash, [b'\\', b'0'..=b'1', _, _, ..]) => (number(text.get(at + 1..at + 4)?, 8)?, 4),
        // JSON's slash, and what Java's properties escape.
        (Encoding::Backslash, [b'\\', byte @ (b'/' | b':' | b'='), ..]) => (*byte, 2),
        (Encoding::Entity, [b'&', rest @ ..]) => entity(rest)?,
        _ => return None,
    };
    is_text(byte).then_some((byte, length))
}

/// What a character reference stands for, and its length; `rest` is what follows the ampersand.
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

fn number(digits: &[u8], radix: u32) -> Option<u8> {
    let (first, rest) = digits.split_first()?;
    let digit = |b: &u8| char::from(*b).to_digit(radix);
    let value = rest.iter().try_fold(digit(first)?, |value, b| Some(value * radix + digit(b)?))?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bstr::ByteSlice;
    use data_encoding::{BASE64 as PADDED, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
    use flate2::{Compress, Compression, FlushCompress};
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::Index;

    fn all(text: &[u8]) -> Vec<Run> {
        touching(text, Span::new(0, text.len()))
    }

    fn touching(text: &[u8], dirty: Span) -> Vec<Run> {
        let mut out = Vec::new();
        each_run(text, dirty, &mut |run| out.push(run));
        out
    }

    fn runs(text: &str) -> Vec<Run> {
        all(text.as_bytes())
    }

    /// The detector has no streams, so a gzip file is put together from its parts.
    fn gzip(text: &str) -> Vec<u8> {
        let mut packed = Vec::with_capacity(text.len() + 100);
        let mut deflate = Compress::new(Compression::fast(), false);
        deflate.compress_vec(text.as_bytes(), &mut packed, FlushCompress::Finish).unwrap();
        let end = [crc32fast::hash(text.as_bytes()), u32::try_from(text.len()).unwrap()].map(u32::to_le_bytes);
        [b"\x1f\x8b\x08\0\0\0\0\0\0\x03", &packed[..], end.as_flattened()].concat()
    }

    /// What a text decodes to, if it holds one run.
    fn decoded(text: &str) -> String {
        let mut runs = runs(text);
        assert_eq!(runs.len(), 1, "{text}: {runs:?}");
        String::from_utf8(runs.remove(0).text).unwrap()
    }

    /// The bytes that `part` of the decoded text of the only run was decoded from.
    fn origin<'t>(text: &'t str, part: &str) -> &'t str {
        let run = runs(text).pop().unwrap();
        let at = run.text.find(part).unwrap();
        let outer = run.outer(Span::new(at, at + part.len()));
        &text[outer.start..outer.end]
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
        let again = run.extent().start + at / 3 * 4;
        assert!(outer.start >= again && outer.end <= text.len(), "{outer:?}");
    }

    #[test]
    fn random_base64_and_words_are_left_alone() {
        assert!(runs("SGFzaE9mU29tZXRoaW5n/w+AAECAwQFBgcICQoLDA0O").is_empty());
        assert!(runs("a_long_identifier_that_is_in_the_alphabet").is_empty());
        assert!(runs("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855").is_empty());
    }

    #[test]
    fn a_run_of_any_length_is_decoded_as_far_as_it_is_text() {
        let inner = "0123456789 abcdef ".repeat(20_000);
        let encoded = PADDED.encode(inner.as_bytes());
        assert_eq!(decoded(&encoded), inner);
        let run = all(encoded.as_bytes()).pop().unwrap();
        let near_end = Span::new(inner.len() - 10, inner.len());
        assert_eq!(run.outer(near_end), Span::new(encoded.len() - 14, encoded.len()));
        let binary = [inner.as_bytes(), &[0; 500_000]].concat();
        let text = decoded(&PADDED.encode(&binary));
        assert!(inner.starts_with(&text) && text.len() > inner.len() - CHUNK, "{}", text.len());
    }

    #[test]
    fn base64_of_utf_16_is_decoded_and_mapped_back() {
        let inner = "$secret = 'VALUE'; Connect-It";
        let wide = |mark: &str, text: &str| -> Vec<u8> {
            format!("{mark}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
        };
        let encoded = PADDED.encode(&wide("", inner));
        let text = format!("powershell -enc {encoded} -x");
        assert_eq!(decoded(&text), inner);
        // The bytes 4 to 14 of three for every four characters.
        assert_eq!(origin(&text, "ecret"), &encoded[5..19]);
        // With a mark or beyond ASCII the places are not known.
        for (mark, inner) in [("\u{feff}", inner), ("", "$secret = 'VALUE'; # größer")] {
            let encoded = PADDED.encode(&wide(mark, inner));
            let encoded = encoded.trim_end_matches('=');
            assert_eq!(decoded(encoded), inner);
            assert_eq!(origin(encoded, "ecret"), encoded);
        }
    }

    #[test]
    fn base64_of_gzip_is_unpacked_under_a_limit() {
        let gzip = |text: &str| PADDED.encode(&gzip(text));
        let encoded = gzip("release: x, secret: VALUE");
        let encoded = encoded.trim_end_matches('=');
        assert_eq!(decoded(encoded), "release: x, secret: VALUE");
        assert_eq!(origin(encoded, "VALUE"), encoded);
        let bomb = gzip(&"text ".repeat(1_000_000));
        assert_eq!(decoded(&bomb).len(), bomb.trim_end_matches('=').len() * MAX_RATIO);
        assert!(runs(&gzip(&"\0\u{1}".repeat(100))).is_empty());
        let torn = &encoded[..encoded.len() - 16];
        assert!("release: x, secret: VALUE".starts_with(&decoded(torn)), "what comes before the damage");
    }

    #[test]
    fn wrapped_base64_is_joined_and_mapped_back() {
        let inner = "apiVersion: v1\nkind: Config\nusers:\n- name: admin\n  user:\n    token: VALUE-over-the-border\n";
        let encoded = PADDED.encode(inner.as_bytes());
        for (width, end) in [(64, "\n"), (76, "\n    "), (76, "\r\n\t"), (100, "\n  ")] {
            let lines: Vec<&str> = encoded.as_bytes().chunks(width).map(|l| str::from_utf8(l).unwrap()).collect();
            let text = format!("data: |{end}{}{}next: x", lines.join(end), end.trim_end_matches([' ', '\t']));
            let run = runs(&text).into_iter().max_by_key(|run| run.text.len()).unwrap();
            assert_eq!(run.text.as_bstr(), inner, "{text}");
            for (at, _) in inner.char_indices() {
                let outer = run.outer(Span::new(at, at + 1)).of(text.as_bytes());
                let index = at / 3 * 4 + at % 3;
                let pair = &encoded.as_bytes()[index..index + 2];
                assert_eq!(outer, pair, "{at} of {text}");
            }
        }
    }

    #[test]
    fn lines_that_are_no_wrapped_base64_are_not_joined() {
        let line = PADDED.encode(b"a text of forty-eight bytes, which makes 64 char");
        let short = PADDED.encode(b"end of it all, and no more");
        let joined =
            |text: String| runs(&text).iter().filter(|run| run.outer(Span::new(0, run.text.len())).len() > 64).count();
        assert_eq!(joined(format!("{line}\n{line}\n{short}")), 1);
        assert_eq!(joined(format!("{line}\n\n{line}")), 0);
        assert_eq!(joined(format!("{line},\n{line}")), 0);
        assert_eq!(joined(format!("{}\n{short}", "0123456789abcdef".repeat(4))), 0);
        assert_eq!(joined(format!("{line}\n{}", "word".repeat(40))), 0);
        assert_eq!(joined(format!("{line}\n----\n")), 0);
    }

    #[test]
    fn hexadecimal_digits_of_text_are_decoded_and_mapped_back() {
        let inner = "password=VALUE and more";
        for text in [format!("0x{},", HEXLOWER.encode(inner.as_bytes())), HEXUPPER.encode(inner.as_bytes())] {
            assert_eq!(decoded(&text), inner);
            assert_eq!(origin(&text, "VALUE").to_lowercase(), HEXLOWER.encode(b"VALUE"));
        }
        assert!(runs(&HEXLOWER.encode(inner.as_bytes())[1..]).is_empty(), "an odd number of digits");
        assert!(runs(&HEXLOWER.encode(&inner.as_bytes()[..15])).is_empty(), "too short");
    }

    #[test]
    fn backslash_escapes_are_decoded_and_mapped_back() {
        let text = r#"{"s": "ab\u007ecd\x7eef"}"#;
        let run = runs(text).pop().unwrap();
        assert_eq!(run.text, b"ab~cd~ef");
        assert_eq!(run.outer(Span::new(0, 8)).of(text.as_bytes()), br"ab\u007ecd\x7eef");
    }

    #[test]
    fn escaped_signs_and_octal_digits_are_decoded() {
        assert_eq!(decoded(r#""https:\/\/user:pass@host\/x""#), "https://user:pass@host/x");
        assert_eq!(decoded(r"url=jdbc\:x\://user\:pass"), "url=jdbc:x://user:pass");
        assert_eq!(decoded(r"abc\055def\176ghi"), "abc-def~ghi");
        assert_eq!(origin(r"abc\055def\176ghi", "c-d"), r"c\055d");
        for text in [r"not\any\thing\newhere", r"\033[1mcolour\033[0m", r"a\/b", r"C:\\temp\\200.txt"] {
            assert!(runs(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn percent_escapes_are_decoded_and_mapped_back() {
        let text = "curl -d 'a=1%262&s=ab%7Ecd' x";
        let run = runs(text).pop().unwrap();
        assert_eq!(run.text, b"a=1&2&s=ab~cd");
        let outer = run.outer(Span::new(8, 13));
        assert_eq!(outer.of(text.as_bytes()), b"ab%7Ecd");
    }

    #[test]
    fn character_references_are_decoded_and_mapped_back() {
        let text = r#"<x data="{&quot;password&quot;: &quot;a&#45;b&#x2D;c&amp;d&apos;&quot;}">"#;
        assert_eq!(decoded(text), r#"{"password": "a-b-c&d'"}"#);
        assert_eq!(origin(text, "b-c&d"), "b&#x2D;c&amp;d");
        for text in [
            "Map&lt;String, List&lt;u8&gt;&gt;",
            "a && b &c; &#; &#x; &#300; &#9999999999; &amplifier",
            "&#x1b;&#0;",
            "f(&amp;self, &amp;str)",
            "/page?a=b&amp;name=value&amp;c=d",
            "They don&#39;t count",
        ] {
            assert!(runs(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_long_token_is_decoded_where_it_holds_escapes() {
        let plain = "x".repeat(3 * MAX_PIECE);
        let text = format!("{plain}secret%3DVALUE{plain}");
        let found = runs(&text);
        assert!((1..=2).contains(&found.len()), "{}", found.len());
        for run in &found {
            let at = run.text.find("secret=VALUE").unwrap();
            assert_eq!(run.outer(Span::new(at, at + 12)).of(text.as_bytes()), b"secret%3DVALUE");
            assert_eq!(run.extent(), Span::new(0, text.len()));
        }
    }

    /// What two runs have to agree on.
    fn same(run: &Run) -> (Span, Encoding, Vec<u8>, Span) {
        (run.extent(), run.encoding, run.text.clone(), run.outer(Span::new(0, run.text.len())))
    }

    fn part() -> impl Strategy<Value = Vec<u8>> {
        let prose = "[ -~]{0,80}";
        let long = "[a-z: \n]{18,400}";
        prop_oneof![
            prose.prop_map(String::into_bytes),
            any::<[u8; 3]>().prop_map(Vec::from),
            "[a-zA-Z0-9+/]{1,140}".prop_map(String::into_bytes),
            "(\r?\n)?[ \t]{0,40}".prop_map(String::into_bytes),
            "[-a-z%\\\\&;:=/\"'<> ]{1,20}".prop_map(String::into_bytes),
            long.prop_map(|text| BASE64URL_NOPAD.encode(text.as_bytes()).into_bytes()),
            long.prop_map(|text| HEXLOWER.encode(text.as_bytes()).into_bytes()),
            // Lines that may be joined and lines that break them off.
            vec(
                (prop_oneof![3 => "[a-z:]{48}", 1 => "[a-z:]{1,60}", 1 => "[a-z:\u{80}]{24}"], "(\r?\n ?|,|\n\n)"),
                1..6
            )
            .prop_map(|lines| {
                let lines = lines.iter().map(|(text, end)| PADDED.encode(text.as_bytes()) + end);
                lines.collect::<String>().into_bytes()
            }),
            (long, prop_oneof![Just(64), Just(76), 20usize..150], "\r?\n[ \t]{0,4}").prop_map(|(text, width, end)| {
                let encoded = PADDED.encode(text.as_bytes()).into_bytes();
                encoded.chunks(width).collect::<Vec<_>>().join(end.as_bytes())
            }),
            long.prop_map(|text| {
                let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
                PADDED.encode(&wide).into_bytes()
            }),
            long.prop_map(|text| PADDED.encode(&gzip(&text)).into_bytes()),
            ("[a-z]{0,12}", "[!-~]", 0usize..5, "[a-z]{0,12}").prop_map(|(before, sign, form, after)| {
                let code = sign.as_bytes()[0];
                let escape = match form {
                    0 => format!("%{code:02X}"),
                    1 => format!("\\u00{code:02x}"),
                    2 => format!("\\{code:03o}"),
                    3 => format!("&#{code};"),
                    _ => "&quot;".to_owned(),
                };
                format!("{before}{escape}{after}").into_bytes()
            }),
            ("[a-z]{1,9}", 0usize..2000).prop_map(|(word, times)| word.repeat(times).into_bytes()),
        ]
    }

    fn text() -> impl Strategy<Value = Vec<u8>> {
        vec(part(), 0..14).prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        /// Looking near the dirty bytes finds what looking everywhere finds there.
        #[test]
        fn nothing_is_missed_near_dirty_bytes(text in text(), at in any::<Index>(), length in prop_oneof![0usize..4, 0usize..500]) {
            let start = at.index(text.len() + 1);
            let dirty = Span::new(start, (start + length).min(text.len()));
            let touches = |run: &Run| run.extent().start <= dirty.end && dirty.start <= run.extent().end;
            let expected: Vec<_> = all(&text).iter().filter(|run| touches(run)).map(same).collect();
            let found: Vec<_> = touching(&text, dirty).iter().map(same).collect();
            prop_assert_eq!(found, expected);
        }

        /// A run is made of its extent and a byte on either side, wherever they stand.
        #[test]
        fn a_run_is_the_same_in_other_surroundings(text in text(), before in text(), after in text()) {
            for run in all(&text) {
                let extent = run.extent();
                let kept = extent.grown(1, 1, text.len());
                // An end of the text is kept as such.
                let before = if extent.start == 0 { &[][..] } else { &before };
                let after = if extent.end == text.len() { &[][..] } else { &after };
                let other = [before, kept.of(&text), after].concat();
                let moved = |span: Span| {
                    let shift = |at: usize| at + before.len() - kept.start;
                    Span::new(shift(span.start), shift(span.end))
                };
                let (extent, encoding, decoded, outer) = same(&run);
                let expected = (moved(extent), encoding, decoded, moved(outer));
                let found: Vec<_> = all(&other).iter().map(same).collect();
                prop_assert!(found.contains(&expected), "{:?} is not in {:?}", expected, found);
            }
        }

        /// What was decoded stands in the extent, in order.
        #[test]
        fn decoded_bytes_come_from_the_extent(text in text()) {
            for run in all(&text) {
                prop_assert!(Span::new(0, text.len()).contains(run.extent()));
                let mut last = run.extent().start;
                for at in (0..run.text.len()).step_by(1 + run.text.len() / 50) {
                    let outer = run.outer(Span::new(at, at + 1));
                    prop_assert!(run.extent().contains(outer) && !outer.is_empty(), "{outer:?} of {run:?}");
                    prop_assert!(outer.start >= last, "{outer:?} of {run:?}");
                    last = outer.start;
                }
            }
        }
    }
}
