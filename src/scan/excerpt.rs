//! The excerpt of the line that a secret is in: some bytes on both sides of it. All secrets of the text are known here,
//! so each is left out by its position, however little of it is within those bytes.

use crate::detect::Detection;
use crate::finding::Evidence;
use crate::finding::excerpt::{Excerpt, LeftOut, Piece};
use crate::text::{LineIndex, Span};

/// The most bytes shown on each side of a value.
const REACH: usize = 80;

/// The most bytes, on each side, of the word around a value that are left out with it: more than are shown after it. A
/// whole text may be a single word.
const MOST_OF_WORD: usize = 2 * REACH;

/// A range of a text that isn't shown.
#[derive(Debug, Clone, Copy)]
struct Hidden {
    span: Span,
    /// The value inside the range.
    value: Span,
    encoding: Option<&'static str>,
    /// Two flags: `true` if the word continues before the range, and after it.
    goes_on: (bool, bool),
}

/// The secrets of a text.
#[derive(Debug)]
pub(super) struct Secrets {
    /// The hidden ranges, in order; no two overlap.
    hidden: Vec<Hidden>,
}

impl Secrets {
    /// Collects the ranges of everything that was detected in a text, whatever its confidence.
    pub(super) fn new(text: &[u8], found: &[Detection]) -> Self {
        let mut all: Vec<Hidden> = found.iter().map(|detection| hidden(text, detection)).collect();
        all.sort_by_key(|one| (one.span.start, std::cmp::Reverse(one.span.end)));
        let mut hidden: Vec<Hidden> = Vec::with_capacity(all.len());
        for one in all {
            match hidden.last_mut() {
                Some(last) if one.span.start < last.span.end => last.span.end = last.span.end.max(one.span.end),
                _ => hidden.push(one),
            }
        }
        Self { hidden }
    }

    /// Returns the text around a value; `None` if the bytes there aren't text.
    pub(super) fn around(&self, text: &[u8], lines: &LineIndex, detection: &Detection) -> Option<Excerpt> {
        let own = hidden(text, detection);
        let at = self.hidden.partition_point(|one| one.span.end <= own.span.start);
        let span = self.hidden.get(at).map_or(own.span, |one| one.span);
        let (first, last) = (lines.extent(text, span.start), lines.extent(text, span.end.saturating_sub(1)));
        let before = Span::new(first.start.max(span.start.saturating_sub(REACH)).min(span.start), span.start);
        let after = Span::new(span.end, last.end.min(span.end + REACH).max(span.end));
        if [before, after].iter().any(|part| part.of(text).contains(&0)) {
            return None;
        }
        let is_cut = (own.goes_on.0 || before.start > first.start, own.goes_on.1 || after.end < last.end);
        let before = match (own.goes_on.0, is_cut.0) {
            (true, _) => Span::new(before.end, before.end),
            (false, true) => Span::new(next_word(text, before), before.end),
            (false, false) => before,
        };
        let after = match (own.goes_on.1, is_cut.1) {
            (true, _) => Span::new(after.start, after.start),
            (false, true) => Span::new(after.start, last_word(text, after)),
            (false, false) => after,
        };
        let (mut left, mut right) = (self.pieces(text, before), self.pieces(text, after));
        if is_cut.0 {
            left.insert(0, Piece::Cut);
        }
        if is_cut.1 {
            right.push(Piece::Cut);
        }
        Some(Excerpt { before: left, value: left_out(text, own), after: right })
    }

    /// Returns a range of a line as pieces, without the secrets in it.
    fn pieces(&self, text: &[u8], part: Span) -> Vec<Piece> {
        let first = self.hidden.partition_point(|one| one.span.end <= part.start);
        let inside = self.hidden[first..].iter().take_while(|one| one.span.start < part.end);
        let (mut pieces, mut at) = (Vec::new(), part.start);
        let push = |pieces: &mut Vec<Piece>, span: Span| {
            if !span.is_empty() {
                pieces.push(Piece::Text(span.of(text).into()));
            }
        };
        for one in inside {
            push(&mut pieces, Span::new(at, one.span.start.max(at)));
            pieces.push(Piece::Secret(left_out(text, *one)));
            at = one.span.end.min(part.end);
        }
        push(&mut pieces, Span::new(at, part.end));
        pieces
    }
}

/// Returns the range that isn't shown for a detection: its value with the rest of the word that it may be part of. An
/// encoded value shares bits with its neighbours, and it is unknown what else they contain, so the whole word is
/// hidden.
fn hidden(text: &[u8], detection: &Detection) -> Hidden {
    let value = detection.span;
    let encoding = detection.evidence.iter().find_map(|evidence| match evidence {
        Evidence::Decoded(encoding) => Some(*encoding),
        _ => None,
    });
    let encoding = encoding.filter(|_| detection.depth > 0);
    let belongs = |byte: &u8| match encoding {
        Some(_) => !is_end_of_word(*byte),
        None => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+'),
    };
    let before = text[..value.start].iter().rev().take(MOST_OF_WORD).take_while(|byte| belongs(byte)).count();
    let after = text[value.end..].iter().take(MOST_OF_WORD).take_while(|byte| belongs(byte)).count();
    let goes_on = (before == MOST_OF_WORD, after == MOST_OF_WORD);
    Hidden { span: Span::new(value.start - before, value.end + after), value, encoding, goes_on }
}

fn left_out(text: &[u8], hidden: Hidden) -> LeftOut {
    // The full length of a word that continues past the limit is unknown.
    let is_whole = hidden.goes_on == (false, false) && hidden.encoding.is_some();
    let of = if is_whole { hidden.span } else { hidden.value };
    let written = of.of(text);
    let lines = 1 + written.iter().filter(|byte| **byte == b'\n').count();
    LeftOut { characters: String::from_utf8_lossy(written).chars().count(), lines, encoding: hidden.encoding }
}

fn is_end_of_word(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'`')
}

/// Returns the start of the first whole word: part of a cut word could be part of a secret that no rule recognises.
fn next_word(text: &[u8], part: Span) -> usize {
    let end = part.of(text).iter().position(|byte| is_end_of_word(*byte));
    end.map_or(part.end, |at| part.start + at)
}

/// Returns the end of the last whole word.
fn last_word(text: &[u8], part: Span) -> usize {
    let start = part.of(text).iter().rposition(|byte| is_end_of_word(*byte));
    start.map_or(part.start, |at| part.start + at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Detector;
    use crate::proof::template::Generator;
    use crate::rule_set::RuleSet;

    /// Returns the line of each secret found in a text, as it is shown.
    fn shown(text: &[u8]) -> Vec<Option<String>> {
        let detector = Detector::new(RuleSet::builtin());
        let (found, lines) = (detector.scan_file(text), LineIndex::new(text));
        let secrets = Secrets::new(text, &found);
        found.iter().map(|one| secrets.around(text, &lines, one).map(|excerpt| line(&excerpt))).collect()
    }

    fn line(excerpt: &Excerpt) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.to_string(),
            Piece::Secret(_) => "*".to_owned(),
            Piece::Cut => "…".to_owned(),
        };
        let all = |pieces: &[Piece]| pieces.iter().map(piece).collect::<String>();
        let LeftOut { characters, lines, encoding } = excerpt.value;
        let value = format!("<{characters} {lines} {}>", encoding.unwrap_or("plain"));
        format!("{}{value}{}", all(&excerpt.before), all(&excerpt.after))
    }

    fn token(seed: u64) -> String {
        Generator::new(seed).expand("ghp_<base62:30><seal:crc32-base62>", None).unwrap()
    }

    #[test]
    fn a_line_is_shown_without_any_of_its_secrets() {
        let text = format!("first\n  a: {} # b {} c\nlast\n", token(1), token(2));
        assert_eq!(
            shown(text.as_bytes()),
            [Some("  a: <40 1 plain> # b * c".to_owned()), Some("  a: * # b <40 1 plain> c".to_owned())]
        );
    }

    #[test]
    fn a_long_line_is_cut_between_words_without_parts_of_secrets() {
        for distance in 0..100 {
            let gap = "x ".repeat(distance / 2) + &"y".repeat(distance % 2);
            let text = format!("{} {gap} {} {gap} {}\n", token(3), token(4), token(5));
            for line in shown(text.as_bytes()).into_iter().flatten() {
                assert!(line.len() < 2 * REACH + 30, "{line}");
                let longest = line.split(' ').map(str::len).max();
                assert!(longest.is_some_and(|longest| longest < 10), "{line}");
            }
        }
        let text = format!("{}={};{}\n", "k".repeat(200), token(6), "z".repeat(200));
        assert_eq!(shown(text.as_bytes()), [Some("…<40 1 plain>…".to_owned())]);
    }

    #[test]
    fn the_whole_encoded_stretch_around_a_value_is_omitted() {
        let inner = format!("user: somebody\ntoken: {}\nmore: text\n", token(7));
        let encoded = data_encoding::BASE64.encode(inner.as_bytes());
        let text = format!("data: \"{encoded}\" # why\n");
        let expected = format!("data: \"<{} 1 base64>\" # why", encoded.len());
        assert_eq!(shown(text.as_bytes()), [Some(expected)]);
    }

    #[test]
    fn a_text_that_is_a_single_word_is_never_shown() {
        let inner = format!("{}token: {} {}", "a b ".repeat(300), token(10), "c d ".repeat(300));
        let line = shown(data_encoding::BASE64.encode(inner.as_bytes()).as_bytes()).remove(0).unwrap();
        assert!(line.starts_with("…<") && line.ends_with(" 1 base64>…"), "{line}");
    }

    #[test]
    fn a_multiline_value_is_shown_with_text_before_and_after() {
        let key = Generator::new(8).expand("<pem:rsa>", None).unwrap();
        let text = format!("key = \"\"\"{}\"\"\" # end\n", key.trim_end());
        let found = shown(text.as_bytes());
        let line = found[0].as_deref().unwrap_or_default();
        assert!(line.starts_with("key = \"\"\"<") && line.ends_with(">\"\"\" # end"), "{line}");
        assert!(!line.contains(" 1 plain"), "{line}");
    }

    #[test]
    fn binary_content_is_not_shown() {
        let text = [b"\x00\x01\x02 ".as_slice(), token(9).as_bytes(), b"\x00"].concat();
        assert_eq!(shown(&text), [None]);
    }
}
