//! The properties of a regular expression that are known without running it: the length of its matches, their
//! beginning, and the positions of keywords in them.

use std::collections::BTreeSet;

use regex_syntax::hir::{Hir, HirKind};

use super::demand::MAX_MATCH;
use super::{ByteSet, Case};

/// The most texts that a part of an expression is expanded into in search of its keywords.
const MAX_TEXTS: usize = 4096;

pub(super) fn fold(text: &[u8], case: Case) -> Vec<u8> {
    match case {
        Case::Exact => text.to_vec(),
        Case::Any => text.to_ascii_lowercase(),
    }
}

/// Parses an expression over bytes and refuses it if it has no upper bound.
pub(super) fn bounded(pattern: &str) -> Result<Hir, String> {
    let hir = parse(pattern)?;
    if hir.properties().maximum_len().is_none() {
        return Err(format!("pattern '{pattern}' has no upper bound; give every repetition one, such as {{0,64}}"));
    }
    if hir.properties().minimum_len().unwrap_or(0) == 0 {
        return Err(format!("pattern '{pattern}' matches the empty string"));
    }
    Ok(hir)
}

fn parse(pattern: &str) -> Result<Hir, String> {
    regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .build()
        .parse(pattern)
        .map_err(|e| format!("pattern does not parse: {e}"))
}

pub(super) fn longest(hir: &Hir) -> Result<u32, String> {
    let length = hir.properties().maximum_len().and_then(|n| u32::try_from(n).ok()).unwrap_or(u32::MAX);
    if length > MAX_MATCH {
        return Err(format!("a match may span {length} bytes; the most is {MAX_MATCH}"));
    }
    Ok(length)
}

/// The positions of the keywords in the matches of an expression, as far as its finite parts show.
#[derive(Debug, Clone)]
pub(super) struct Places {
    /// The least and the greatest number of bytes before each keyword.
    pub(super) offsets: Vec<Option<(u32, u32)>>,
    /// `true` if every match contains one of the keywords.
    pub(super) required: bool,
}

/// Walks an expression piece by piece, spelling out what each run of finite pieces can match.
pub(super) struct Walk<'w> {
    pub(super) keywords: &'w [Vec<u8>],
    pub(super) case: Case,
}

/// A run of finite pieces: its start, and all texts that it can match.
#[derive(Clone)]
struct Run {
    start: (u32, u32),
    texts: BTreeSet<Vec<u8>>,
}

impl Run {
    fn at(start: (u32, u32)) -> Self {
        Self { start, texts: BTreeSet::from([Vec::new()]) }
    }
}

impl Walk<'_> {
    pub(super) fn places(&self, hir: &Hir) -> Places {
        let mut places = Places { offsets: vec![None; self.keywords.len()], required: false };
        self.pieces(&sequence(hir), (0, 0), Run::at((0, 0)), &mut places);
        places
    }

    /// Notes in `places` the keywords that the pieces contain; `run` is the run directly before them.
    fn pieces(&self, pieces: &[&Hir], mut offset: (u32, u32), mut run: Run, places: &mut Places) {
        for piece in pieces {
            // Every match is already found by a keyword in these pieces, so other positions don't matter.
            if places.required {
                break;
            }
            let (least, most) = lengths(piece).unwrap_or((0, MAX_MATCH));
            let next = (offset.0 + least, offset.1 + most);
            match finite(piece, self.case) {
                Some(more) => {
                    run = match product(&run.texts, &more) {
                        Some(texts) => Run { texts, ..run },
                        None => Run { start: offset, texts: more },
                    };
                    if self.note(&run, places) {
                        run = Run::at(next);
                    }
                }
                None => {
                    self.endless(piece, offset, run, places);
                    run = Run::at(next);
                }
            }
            offset = next;
        }
    }

    /// Handles a piece with too many texts: the branches of an alternation continue the run, the content of a
    /// repetition starts a new one.
    fn endless(&self, piece: &Hir, offset: (u32, u32), run: Run, places: &mut Places) {
        match piece.kind() {
            HirKind::Alternation(branches) => {
                let mut all = true;
                for branch in branches {
                    let mut inner = Places { required: false, ..places.clone() };
                    self.pieces(&sequence(branch), offset, run.clone(), &mut inner);
                    all &= inner.required;
                    places.offsets = inner.offsets;
                }
                places.required |= all;
            }
            HirKind::Repetition(repetition) => {
                let mut inner = Places { required: false, ..places.clone() };
                self.pieces(&sequence(&repetition.sub), offset, Run::at(offset), &mut inner);
                let most = offset.1 + lengths(piece).map_or(MAX_MATCH, |(_, most)| most);
                for (at, found) in inner.offsets.iter().enumerate() {
                    if *found != places.offsets[at] {
                        places.offsets[at] = found.map(|(least, _)| (least, most));
                    }
                }
                places.required |= repetition.min > 0 && inner.required;
            }
            _ => {}
        }
    }

    /// Notes the keywords of a run; returns `true` if all its texts contain one.
    fn note(&self, run: &Run, places: &mut Places) -> bool {
        for (word, offset) in self.keywords.iter().zip(&mut places.offsets) {
            for at in run.texts.iter().filter_map(|text| find(text, word)) {
                let at = u32::try_from(at).unwrap_or(MAX_MATCH);
                let here = (run.start.0 + at, run.start.1 + at);
                *offset = Some(offset.map_or(here, |o| (o.0.min(here.0), o.1.max(here.1))));
            }
        }
        let all = run.texts.iter().all(|text| self.keywords.iter().any(|word| find(text, word).is_some()));
        places.required |= all;
        all
    }
}

/// Returns all texts that an expression can match, if they are few.
fn finite(hir: &Hir, case: Case) -> Option<BTreeSet<Vec<u8>>> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(BTreeSet::from([Vec::new()])),
        HirKind::Literal(text) => Some(BTreeSet::from([fold(&text.0, case)])),
        HirKind::Class(class) => class_bytes(class).map(|bytes| bytes.iter().map(|b| fold(&[*b], case)).collect()),
        HirKind::Capture(capture) => finite(&capture.sub, case),
        HirKind::Alternation(branches) => {
            let all: Option<Vec<_>> = branches.iter().map(|branch| finite(branch, case)).collect();
            all.map(|sets| sets.into_iter().flatten().collect()).filter(|set: &BTreeSet<_>| set.len() <= MAX_TEXTS)
        }
        HirKind::Concat(pieces) => pieces.iter().try_fold(BTreeSet::from([Vec::new()]), |texts, piece| {
            finite(piece, case).and_then(|more| product(&texts, &more))
        }),
        HirKind::Repetition(repetition) if repetition.max.is_some_and(|max| max <= 2) => {
            let one = finite(&repetition.sub, case)?;
            let mut texts = BTreeSet::from([Vec::new()]);
            let mut out = if repetition.min == 0 { texts.clone() } else { BTreeSet::new() };
            for count in 1..=repetition.max? {
                texts = product(&texts, &one)?;
                if count >= repetition.min {
                    out.extend(texts.iter().cloned());
                }
            }
            Some(out)
        }
        HirKind::Repetition(_) => None,
    }
}

fn product(left: &BTreeSet<Vec<u8>>, right: &BTreeSet<Vec<u8>>) -> Option<BTreeSet<Vec<u8>>> {
    (left.len() * right.len() <= MAX_TEXTS)
        .then(|| left.iter().flat_map(|l| right.iter().map(move |r| [l.as_slice(), r.as_slice()].concat())).collect())
}

/// Returns the bytes that each position of a match can have, for up to `most` positions, and only for positions that
/// every match has.
pub(super) fn byte_sets(hir: &Hir, most: usize) -> Vec<ByteSet> {
    let least = hir.properties().minimum_len().unwrap_or(0);
    let mut sets = vec![ByteSet::default(); least.min(most)];
    spread(hir, (0, 0), &mut sets);
    sets
}

/// Adds the bytes that an expression can match to the sets of all positions where they may be, given the first and the
/// last position at which it may start. Returns the range in which the next piece may start.
fn spread(hir: &Hir, start: (usize, usize), sets: &mut [ByteSet]) -> (usize, usize) {
    let mut add = |byte: u8, first: usize, last: usize| {
        sets.iter_mut().take(last + 1).skip(first).for_each(|set| set.insert(byte));
    };
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => start,
        HirKind::Literal(text) => {
            text.0.iter().enumerate().for_each(|(at, byte)| add(*byte, start.0 + at, start.1 + at));
            (start.0 + text.0.len(), start.1 + text.0.len())
        }
        HirKind::Class(class) => {
            for byte in members(class) {
                add(byte, start.0, start.1);
            }
            (start.0 + 1, start.1 + 1)
        }
        HirKind::Capture(capture) => spread(&capture.sub, start, sets),
        HirKind::Concat(pieces) => pieces.iter().fold(start, |start, piece| spread(piece, start, sets)),
        HirKind::Alternation(branches) => {
            let ends = branches.iter().map(|branch| spread(branch, start, sets));
            ends.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).unwrap_or(start)
        }
        HirKind::Repetition(repetition) => {
            let (mut next, mut end) = (start, if repetition.min == 0 { start } else { (usize::MAX, 0) });
            for count in 1..=repetition.max.unwrap_or(MAX_MATCH) {
                // Positions after the last set add nothing.
                if next.0 >= sets.len() && count > repetition.min {
                    return (end.0.min(next.0), usize::MAX / 2);
                }
                next = spread(&repetition.sub, next, sets);
                if count >= repetition.min {
                    end = (end.0.min(next.0), end.1.max(next.1));
                }
            }
            end
        }
    }
}

/// Returns `true` if every match lies within one line.
pub(super) fn in_line(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => true,
        HirKind::Literal(text) => !text.0.contains(&b'\n'),
        HirKind::Class(class) => !members(class).contains(&b'\n'),
        HirKind::Capture(capture) => in_line(&capture.sub),
        HirKind::Repetition(repetition) => in_line(&repetition.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().all(in_line),
    }
}

/// Returns the literal that the secret itself starts with.
pub(super) fn secret_prefix(hir: &Hir) -> String {
    let secret = find_capture(hir, "secret").unwrap_or(hir);
    let mut prefix = Vec::new();
    for piece in sequence(secret) {
        match literal(piece) {
            Some(bytes) => prefix.extend_from_slice(&bytes),
            None => break,
        }
    }
    String::from_utf8(prefix).unwrap_or_default()
}

/// Returns the longest literal that every match contains outside of this range of bytes from its start; empty if there
/// is none of use. One or two bytes are enough if they are punctuation, like the sign after the password in a URL,
/// because text that contains it is rare enough.
pub(super) fn needle(hir: &Hir, keyword: (u32, u32)) -> String {
    const LEAST: usize = 3;
    let mut at = (0, 0);
    let mut best = String::new();
    for piece in sequence(hir) {
        let (least, most) = lengths(piece).unwrap_or((0, MAX_MATCH));
        let text = literal(piece).and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
        let apart = at.0 >= keyword.1 || at.1 + most <= keyword.0;
        let is_distinctive = text.len() >= LEAST || text.bytes().all(|byte| byte.is_ascii_punctuation());
        if apart && is_distinctive && text.len() > best.len() {
            best = text;
        }
        at = (at.0 + least, at.1 + most);
    }
    best
}

/// Returns the part of the expression from a keyword on, as an expression of its own: it begins at the first place,
/// within this range of bytes from the start of a match, where every match has a keyword.
pub(super) fn tail(hir: &Hir, keywords: &[Vec<u8>], case: Case, places: (u32, u32)) -> String {
    let pieces = sequence(hir);
    let leads = |text: &Vec<u8>| keywords.iter().any(|word| text.starts_with(word));
    let mut at = (0, 0);
    for (first, piece) in pieces.iter().enumerate() {
        let rest = &pieces[first..];
        if places.0 <= at.0 && at.1 <= places.1 && texts(rest, case).iter().all(leads) {
            let tail = Hir::concat(rest.iter().map(|piece| (*piece).clone()).collect());
            // An assertion that looks back would see nothing before a tail.
            if tail.properties().look_set_prefix_any().is_empty() {
                return tail.to_string();
            }
        }
        let (least, most) = lengths(piece).unwrap_or((0, MAX_MATCH));
        at = (at.0 + least, at.1 + most);
    }
    String::new()
}

/// Returns the literals that these pieces can start with, as far as they are finite.
fn texts(pieces: &[&Hir], case: Case) -> BTreeSet<Vec<u8>> {
    let finite = pieces.iter().map_while(|piece| finite(piece, case));
    let start = BTreeSet::from([Vec::new()]);
    finite
        .scan(start, |texts, more| product(texts, &more).inspect(|all| texts.clone_from(all)))
        .last()
        .unwrap_or_else(|| BTreeSet::from([Vec::new()]))
}

pub(super) fn find_capture<'h>(hir: &'h Hir, name: &str) -> Option<&'h Hir> {
    match hir.kind() {
        HirKind::Capture(c) if c.name.as_deref() == Some(name) => Some(&c.sub),
        HirKind::Capture(c) => find_capture(&c.sub, name),
        HirKind::Concat(list) | HirKind::Alternation(list) => list.iter().find_map(|h| find_capture(h, name)),
        HirKind::Repetition(r) => find_capture(&r.sub, name),
        _ => None,
    }
}

/// Returns the pieces of a concatenation, with captures replaced by their content.
fn sequence(hir: &Hir) -> Vec<&Hir> {
    match hir.kind() {
        HirKind::Concat(pieces) => pieces.iter().flat_map(sequence).collect(),
        HirKind::Capture(capture) => sequence(&capture.sub),
        _ => vec![hir],
    }
}

/// Returns the text of a piece, if it can match only one.
fn literal(hir: &Hir) -> Option<Vec<u8>> {
    finite(hir, Case::Exact).filter(|texts| texts.len() == 1).and_then(|texts| texts.into_iter().next())
}

/// Returns the members of a class, if it is small.
fn class_bytes(class: &regex_syntax::hir::Class) -> Option<Vec<u8>> {
    const MOST: usize = 16;
    let members = members(class);
    (members.len() <= MOST).then_some(members)
}

/// Returns the members of a class. Expressions are over bytes, so all members are bytes.
fn members(class: &regex_syntax::hir::Class) -> Vec<u8> {
    match class {
        regex_syntax::hir::Class::Bytes(class) => class.ranges().iter().flat_map(|r| r.start()..=r.end()).collect(),
        regex_syntax::hir::Class::Unicode(class) => {
            class.ranges().iter().flat_map(|r| r.start()..=r.end()).filter_map(|c| u8::try_from(c).ok()).collect()
        }
    }
}

fn lengths(hir: &Hir) -> Option<(u32, u32)> {
    let least = u32::try_from(hir.properties().minimum_len()?).ok()?;
    let most = u32::try_from(hir.properties().maximum_len()?).ok()?;
    Some((least, most))
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len().max(1)).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the members of each set.
    fn sets(pattern: &str) -> Vec<String> {
        let sets = byte_sets(&parse(pattern).unwrap(), 8);
        sets.iter().map(|set| (0..=255).filter(|b| set.contains(*b)).map(char::from).collect()).collect()
    }

    #[test]
    fn each_byte_of_a_match_is_in_the_set_for_its_position() {
        assert_eq!(sets("ab[c-e]"), ["a", "b", "cde"]);
        assert_eq!(sets("a?b[0-2]"), ["ab", "012b"]);
        assert_eq!(sets("(?:ab|c)d[xy]"), ["ac", "bd", "dxy"]);
        assert_eq!(sets("a{2,4}-(?P<secret>[01]{3,9})"), ["a", "a", "-a", "-01a", "-01", "01"]);
        assert_eq!(sets("(?i:k)[0-9]{40}").len(), 8);
    }

    #[test]
    fn a_needle_is_text_in_every_match_outside_the_keyword() {
        let needle = |pattern: &str, keyword| needle(&parse(pattern).unwrap(), keyword);
        assert_eq!(needle("BEGIN[a-z]{1,9}-END-[0-9]{2}", (0, 5)), "-END-");
        assert_eq!(needle("begin[0-9]{1,9}key[a-z]{3}", (6, 17)), "begin");
        assert_eq!(needle("BEGIN[a-z]{1,9}(?:-END-)?", (0, 5)), "");
        assert_eq!(needle("(?:abcd|bcde)x", (0, 1)), "");
        assert_eq!(needle("://[a-z]{1,9}@[a-z]", (0, 3)), "@");
    }

    #[test]
    fn a_tail_starts_with_the_keyword_that_every_match_has() {
        let tail = |pattern: &str, words: &[&str], places| {
            let words: Vec<Vec<u8>> = words.iter().map(|word| word.as_bytes().to_vec()).collect();
            let text = tail(&parse(pattern).unwrap(), &words, Case::Exact, places);
            (!text.is_empty()).then(|| regex::bytes::Regex::new(&format!(r"\A(?:{text})")).unwrap())
        };
        let split = tail("[a-z]{2,9}://?x[0-9]{2}", &["://x", ":/x"], (2, 9)).unwrap();
        assert!(split.is_match(b"://x12") && split.is_match(b":/x12") && !split.is_match(b"://x1"));
        assert!(tail("[a-z]{2,9}(?:key)?[0-9]{2}", &["key"], (2, 9)).is_none());
        assert!(tail("[a-z]{2,9}key", &["key"], (0, 0)).is_none());
        assert!(tail(r"[a-z]{2,9}\b://[0-9]", &["://"], (2, 9)).unwrap().is_match(b"://1"));
        assert!(tail(r"[a-z]{2,9}(?:\b://|://)[0-9]", &["://"], (2, 9)).is_none());
    }

    #[test]
    fn optional_parts_are_in_no_set() {
        assert_eq!(sets("ab?"), ["a"]);
        assert_eq!(sets("(?:abc|d)"), ["ad"]);
    }
}
