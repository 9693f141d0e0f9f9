//! Base64, on one line or wrapped, and hexadecimal digits, which look like base64.

use std::sync::LazyLock;

use data_encoding::{Encoding as Base, HEXLOWER_PERMISSIVE, Specification};

use super::{BASE64_DIGIT, CLASSES, Encoding, HEX_DIGIT, Offsets, Run, is_text, leading, number, trailing};
use crate::detect::room::{Room, Unpack};
use crate::text::Span;
use crate::text::archive::{self, Kind};
use crate::text::encoding::Wide;

/// The least number of characters of a base64 run worth decoding: 18 bytes.
const MIN_BASE64: usize = 24;
/// The least number of hexadecimal digits worth decoding: 16 bytes.
const MIN_HEX: usize = 32;
/// The number of decoded bytes that have to be text for the rest to be decoded. Random bytes pass once in 100,000.
const HEAD: usize = 12;
/// The number of characters that are decoded at a time, a multiple of 4; decoding stops at the first such chunk that
/// isn't text.
pub(super) const CHUNK: usize = 64 * 1024;
/// The most characters of a line of wrapped base64.
const MAX_LINE: usize = 128;
/// The most blanks before a line of wrapped base64.
const MAX_INDENT: usize = 32;
/// The distance from the bytes of a run up to which it may look: over a line break and the line after it.
pub const REACH: usize = MAX_LINE + MAX_INDENT + 3;

static BASE64: LazyLock<Option<Base>> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    specification.translate.from.push_str("-_");
    specification.translate.to.push_str("+/");
    specification.check_trailing_bits = false;
    specification.encoding().ok()
});

/// Calls `found` for base64 and hexadecimal digits, which look like base64.
pub(super) fn each_base(text: &[u8], near: Span, room: &Room, found: &mut dyn FnMut(Run)) {
    let Some(base) = BASE64.as_ref() else { return };
    let all = Span::new(wrap_start(base, text, near.start), near.end);
    let mut joined = all.start;
    each_stretch::<MIN_BASE64>(text, all, is_base64, |run| {
        if let Some(head) = head_of(base, text, run) {
            base64(base, text, run, (&head, room), found);
            if run.start >= joined && is_line_text(&head) {
                joined = wrapped(base, text, run, found);
            }
        }
        each_stretch::<MIN_HEX>(text, run, is_hex, |run| hex(text, run, found));
    });
}

/// The encodings that a line may contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Held {
    /// Set if a run starts in the line.
    pub run: bool,
    /// Set if the line is part of a run over several lines and not its last, so another line may continue it.
    pub full: bool,
}

/// Returns the encodings that a single line may contain. If no line is full, each run is within one line.
pub fn held(text: &[u8], line: Span) -> Held {
    let mut held = Held::default();
    let Some(base) = BASE64.as_ref().filter(|_| line.len() >= MIN_BASE64) else { return held };
    let text = &text[..line.end];
    each_stretch::<MIN_BASE64>(text, line, is_base64, |run| {
        let is_start = |head: &[u8]| is_line_text(head) || wide_text(head).is_some() || packed(head).is_some();
        held.run |= head_of(base, text, run).is_some_and(|head| is_start(&head));
        held.full |= is_full(base, text, run);
        each_stretch::<MIN_HEX>(text, run, is_hex, |run| held.run |= is_hex_of_text(run.of(text)));
    });
    held
}

/// Returns `true` if a part of a line, or a run that reaches into it, may be a full line.
pub fn holds_full(text: &[u8], part: Span) -> bool {
    // A run that extends further to the left than this is too long.
    let near = part.grown(MAX_LINE + 1, 0, text.len());
    let mut found = false;
    let Some(base) = BASE64.as_ref() else { return found };
    each_stretch::<MIN_BASE64>(text, near, is_base64, |run| found |= is_full(base, text, run));
    found
}

/// Calls `found` for each maximal stretch of at least `LEAST` members that starts in `within` or at its end; none may
/// reach into `within` from before. Members are a subset of the base64 digits.
///
/// Most text has no long stretch, so only eight bytes are examined for each step of `LEAST` minus eight bytes: wherever
/// a stretch lies, it contains such a group of eight.
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
        // A long enough stretch has to continue for eight bytes on one side or the other.
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

/// Returns `true` if a byte is below `+`, as blanks are, or not ASCII: of eight bytes that are not all base64 one
/// nearly always is.
fn has_sign(eight: &[u8; 8]) -> bool {
    const EACH: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = 0x80 * EACH;
    let eight = u64::from_le_bytes(*eight);
    // With its high bit set, a byte doesn't borrow from the next, and keeps the bit if the rest of it is large enough.
    let above = (eight | HIGH) - EACH * b'+' as u64;
    (!above | eight) & HIGH != 0
}

fn is_base64(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & BASE64_DIGIT != 0
}

fn is_hex(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & HEX_DIGIT != 0
}

/// Returns the bytes that the first characters of a run encode.
fn head_of(base: &Base, text: &[u8], run: Span) -> Option<[u8; HEAD]> {
    let mut head = [0; HEAD];
    base.decode_mut(&text[run.start..][..HEAD / 3 * 4], &mut head).is_ok().then_some(head)
}

/// Reports a run on one line, whose first bytes decode to `head`.
fn base64(base: &Base, text: &[u8], run: Span, (head, room): (&[u8], &Room), found: &mut dyn FnMut(Run)) {
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
        // Without a byte order mark and with ASCII alone, each unit has become one byte.
        let offsets = if text.is_ascii() && text.len() == decoded.len() / wide.width() {
            Offsets::Even { lines: vec![(0, run.start)], bytes: 3, characters: 4, width: wide.width() }
        } else {
            Offsets::Whole
        };
        report(text, offsets);
    } else {
        match packed(head) {
            Some(Packed::Opened(unpack)) => {
                let text = decode(base, characters, |_| true).map(|packed| room.unpack(&packed, unpack));
                if let Some(text) = text.filter(|text| !text.is_empty() && mostly_text(text)) {
                    report(text, Offsets::Whole);
                }
            }
            Some(Packed::Sealed) => room.pass_over(),
            None => {}
        }
    }
}

/// The packed data in a run.
enum Packed {
    /// Data that this function unpacks, up to a limit.
    Opened(Unpack),
    /// Data in a format that is not opened.
    Sealed,
}

/// Returns the kind of packed data that starts with these bytes.
fn packed(head: &[u8]) -> Option<Packed> {
    match archive::kind(head) {
        Some(Kind::Gzip) => Some(Packed::Opened(archive::gunzip)),
        Some(Kind::Zip) => Some(Packed::Opened(archive::unzip)),
        Some(Kind::Zstd) => Some(Packed::Opened(archive::unzstd)),
        Some(Kind::Xz) => Some(Packed::Opened(archive::unxz)),
        Some(Kind::Sealed(_)) => Some(Packed::Sealed),
        _ if archive::is_zlib(head) => Some(Packed::Opened(archive::inflate)),
        _ => None,
    }
}

/// Returns the wide encoding of these bytes, if they are the beginning of a text in it.
fn wide_text(head: &[u8]) -> Option<Wide> {
    Wide::detect(head).filter(|wide| wide.decode(head).iter().all(|b| is_text(*b)))
}

/// Reports a run of hexadecimal digits.
fn hex(text: &[u8], run: Span, found: &mut dyn FnMut(Run)) {
    let digits = run.of(text);
    if !is_hex_of_text(digits) {
        return;
    }
    if let Some(text) = decode(&HEXLOWER_PERMISSIVE, digits, mostly_text) {
        let offsets = Offsets::Even { lines: vec![(0, run.start)], bytes: 1, characters: 2, width: 1 };
        found(Run { text, encoding: Encoding::Hex, extent: run, offsets });
    }
}

/// Returns `true` if hexadecimal digits seem to encode text.
fn is_hex_of_text(digits: &[u8]) -> bool {
    // Nearly all are hashes, as their first or second byte shows.
    let is_head = digits.chunks(2).take(HEAD).all(|pair| number(pair, 16).is_some_and(is_text));
    is_head && digits.len().is_multiple_of(2)
}

/// Returns the decoded text of the characters, up to the first chunk that isn't text.
fn decode(base: &Base, characters: &[u8], is_text: impl Fn(&[u8]) -> bool) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    for chunk in characters.chunks(CHUNK) {
        // One base64 character left over isn't a byte.
        let whole = if chunk.len() % 4 == 1 { &chunk[..chunk.len() - 1] } else { chunk };
        match base.decode(whole) {
            Ok(decoded) if is_text(&decoded) => text.extend(decoded),
            _ => break,
        }
    }
    (!text.is_empty()).then_some(text)
}

/// Joins the lines of wrapped base64 from `run` on, if it is the first of at least two.
///
/// Each line but the last is full: it consists of whole groups, and is text by itself. Only a full line can be followed
/// by another, so the line before and the line after decide where the lines begin and end. Returns the end of the
/// lines.
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

/// Returns a start from which no run and no wrapped lines reach back before it.
fn wrap_start(base: &Base, text: &[u8], near: usize) -> usize {
    // Don't start between the two bytes of a line end.
    let near = near - usize::from(text[..near].ends_with(b"\r"));
    let mut start = near - trailing(&text[..near], is_base64);
    let mut before = line_before(text, start);
    while let Some(line) = before.filter(|line| is_full(base, text, *line)) {
        start = line.start;
        before = line_before(text, start);
    }
    start
}

/// Returns the base64 at the end of the line before the one whose characters start at `at`.
fn line_before(text: &[u8], at: usize) -> Option<Span> {
    let indent = trailing(&text[at.saturating_sub(MAX_INDENT)..at], is_blank);
    let line = text[..at - indent].strip_suffix(b"\n")?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    // One character more than the maximum shows that it isn't a line.
    let length = trailing(&line[line.len().saturating_sub(MAX_LINE + 1)..], is_base64);
    (1..=MAX_LINE).contains(&length).then(|| Span::new(line.len() - length, line.len()))
}

/// Returns the base64 at the start of the line that follows `line`.
fn line_after(text: &[u8], line: Span) -> Option<Span> {
    let rest = &text[line.end..];
    let next = rest.strip_prefix(b"\n").or_else(|| rest.strip_prefix(b"\r\n"))?;
    let next = &next[leading(&next[..MAX_INDENT.min(next.len())], is_blank)..];
    let length = leading(&next[..(MAX_LINE + 1).min(next.len())], is_base64);
    let start = text.len() - next.len();
    (1..=MAX_LINE).contains(&length).then(|| Span::new(start, start + length))
}

/// Returns `true` if another line of base64 may follow this one.
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

/// Returns the decoded text, if the whole value is base64 of text.
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

/// Returns `true` for text that is mostly ASCII, even if it starts inside a character. Hashes read as base64 fail the
/// test like random bytes.
fn is_line_text(bytes: &[u8]) -> bool {
    let ascii = bytes.iter().filter(|b| is_text(**b)).count();
    ascii * 4 >= bytes.len() * 3 && bytes.iter().all(|b| is_text(*b) || *b >= 0x80)
}
