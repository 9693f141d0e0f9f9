//! Comments that allow the secret next to them: `keysweep:allow RULE reason`, and the marks of other tools.
//!
//! A comment is after the value on its line, or alone on the line above. It may name findings as well,
//! `keysweep:allow RULE=ID reason`, and then applies to those values only; `RULE=ID,RULE=ID` names two on one
//! line.

use bstr::ByteSlice as _;
use memchr::memmem;

use crate::finding::suppression::{Author, Comment};
use crate::text::{LineIndex, Span};

pub use crate::finding::suppression::Tool;

/// The text that starts a comment of keysweep.
pub const MARK: &[u8] = b"keysweep:allow";
/// The most bytes between a value and the comment on its line, as one line may be a whole file.
const MAX_DISTANCE: usize = 256;
/// The most bytes of a comment that are read.
const MAX_LENGTH: usize = 512;

const NEXT_LINE: &[u8] = b"pragma: allowlist nextline secret";

/// Returns the comment that applies to the value at `value`, if there is one: keysweep's own, or else one of another
/// tool, first of those whose comments count.
pub fn adjacent(text: &[u8], lines: &LineIndex, value: Span, foreign: &[Tool]) -> Option<Comment> {
    let (first, last) = (lines.extent(text, value.start), lines.extent(text, value.end));
    let start = value.start.saturating_sub(MAX_DISTANCE).max(first.start);
    let here = Span::new(start, last.end.max(value.end).min(value.end + MAX_DISTANCE));
    // Of the line above, only the part that can be a comment is examined.
    let above = first.start.checked_sub(1).map(|at| lines.extent(text, at));
    let above =
        above.map(|line| Span::new(line.start.max(line.end.saturating_sub(MAX_LENGTH + MAX_DISTANCE)), line.end));
    let comment = |at: usize| {
        let text = &text[at..lines.extent(text, at).end.min(at + MAX_LENGTH)];
        (text, lines.place(text, at).line)
    };
    // The comment of a multi-line value is after its first line, if it isn't part of the value, or after the last.
    let behind = |mark: &[u8]| {
        find_last(text, here, mark).filter(|at| !value.contains(Span::new(*at, *at + mark.len()))).map(comment)
    };
    let own_above = || {
        let above = above?;
        find_last(text, above, MARK).filter(|at| is_alone(&text[above.start..*at])).map(comment)
    };
    if let Some((text, line)) = behind(MARK).or_else(own_above) {
        return Some(parse(text, line));
    }
    let next_line = || find_last(text, above?, NEXT_LINE).map(comment);
    let of = |tool: Tool| {
        let found = behind(tool.mark().as_bytes());
        let found = if tool == Tool::DetectSecrets { found.or_else(next_line) } else { found };
        found.map(|found| (tool, found))
    };
    let others = Tool::ALL.into_iter().filter(|tool| !foreign.contains(tool));
    let (tool, (text, line)) = foreign.iter().copied().chain(others).find_map(of)?;
    let reason = format!("a comment of another tool says so: {}", text.trim().to_str_lossy());
    let (rules, ids, text) = (Vec::new(), Vec::new(), text.to_vec());
    Some(Comment { author: Author::Other(tool), rules, ids, reason, text, line })
}

/// Returns how often a text contains this comment, which shows whether it was there before the value.
pub fn count(text: &[u8], comment: &Comment) -> usize {
    memmem::find_iter(text, &comment.text).count()
}

fn find_last(text: &[u8], within: Span, mark: &[u8]) -> Option<usize> {
    memmem::rfind(&text[within.start..within.end], mark).map(|at| within.start + at)
}

/// Returns `true` if only a comment sign is before it: otherwise the comment applies to its own line.
fn is_alone(before: &[u8]) -> bool {
    let before = before.trim();
    before.eq_ignore_ascii_case(b"rem") || !before.iter().any(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii())
}

/// Reads `keysweep:allow RULE[=ID][,RULE[=ID]…] reason`.
fn parse(text: &[u8], line: usize) -> Comment {
    let words = String::from_utf8_lossy(&text[MARK.len()..]).into_owned();
    // The end mark of a comment isn't part of the reason.
    let words = words.trim().trim_end_matches("*/").trim_end_matches("-->").trim_end_matches("%>").trim();
    let (about, reason) = words.split_once(char::is_whitespace).unwrap_or((words, ""));
    let named = |part: Option<&str>| part.filter(|name| !name.is_empty()).map(str::to_owned);
    let parts = about.split(',').map(|one| one.split_once('=').map_or((one, None), |(rule, id)| (rule, Some(id))));
    let (rules, ids): (Vec<_>, Vec<_>) = parts.map(|(rule, id)| (named(Some(rule)), named(id))).unzip();
    let (rules, ids) = (rules.into_iter().flatten().collect(), ids.into_iter().flatten().collect());
    Comment { author: Author::Keysweep, rules, ids, reason: reason.trim().to_owned(), text: text.to_vec(), line }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the comment for the value `VALUE` in a text.
    fn found(text: &str) -> Option<Comment> {
        let at = text.find("VALUE").unwrap();
        at_span(text, Span::new(at, at + 5), &[Tool::Gitleaks, Tool::DetectSecrets])
    }

    fn at_span(text: &str, value: Span, foreign: &[Tool]) -> Option<Comment> {
        adjacent(text.as_bytes(), &LineIndex::new(text.as_bytes()), value, foreign)
    }

    #[test]
    fn a_comment_may_follow_the_value_or_be_alone_on_the_line_above() {
        for text in [
            "a\nkey = VALUE # keysweep:allow some-rule it is a sample\nb",
            "// keysweep:allow some-rule it is a sample\r\nkey = VALUE\r\n",
            "  <!-- keysweep:allow some-rule it is a sample -->\n  VALUE",
            "REM keysweep:allow some-rule it is a sample\nset X=VALUE",
            "/* keysweep:allow some-rule it is a sample */ key = VALUE",
        ] {
            let comment = found(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((&*comment.rules, &*comment.ids), (&["some-rule".to_owned()][..], &[][..]), "{text}");
            assert!(comment.reason.starts_with("it is a sample"), "{text}: {}", comment.reason);
            let line = text[..text.find("keysweep").unwrap()].matches('\n').count() + 1;
            assert_eq!(comment.line, line, "{text}");
        }
    }

    /// Checks the line of the comment of a multi-line value, whatever its line ends and whichever tool it is for.
    #[test]
    fn a_comment_is_found_on_the_line_it_reports() {
        for mark in ["keysweep:allow some-rule sample", "gitleaks:allow"] {
            for end in ["\n", "\r\n", "\r"] {
                let text = format!("key = one{end}two{end}three # {mark}{end}");
                let value = Span::new(6, text.find(" #").unwrap());
                let comment = at_span(&text, value, &[Tool::Gitleaks]).unwrap();
                assert_eq!(comment.line, 3, "{text:?}");
            }
            let inside = format!("key = one-{mark}-two");
            assert_eq!(at_span(&inside, Span::new(6, inside.len()), &[Tool::Gitleaks]), None, "{inside}");
        }
    }

    #[test]
    fn an_unrelated_comment_is_ignored() {
        let far = format!("key = VALUE{}keysweep:allow some-rule sample", " ".repeat(MAX_DISTANCE));
        for text in [
            "other = 1 # keysweep:allow some-rule sample\nkey = VALUE",
            "# keysweep:allow some-rule sample\n\nkey = VALUE",
            "key = VALUE\n# keysweep:allow some-rule sample",
            &far,
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }

    #[test]
    fn rules_and_ids_are_separated_from_the_reason() {
        let comment = found("VALUE # keysweep:allow one,two=abcdefghij is no longer in use").unwrap();
        assert_eq!(
            (&*comment.rules, &*comment.ids),
            (&["one", "two"].map(str::to_owned)[..], &["abcdefghij".to_owned()][..])
        );
        assert_eq!(comment.reason, "is no longer in use");
        let both = found("VALUE # keysweep:allow one=abcdefghij,one=bcdefghijk samples").unwrap();
        assert_eq!(
            (both.rules, both.ids),
            (vec!["one".to_owned(); 2], vec!["abcdefghij".to_owned(), "bcdefghijk".to_owned()])
        );
        let bare = found("VALUE # keysweep:allow").unwrap();
        assert!(bare.rules.is_empty() && bare.reason.is_empty());
    }

    #[test]
    fn marks_of_other_tools_are_read_and_effective_ones_come_first() {
        for (text, tool) in [
            ("VALUE # gitleaks:allow", Tool::Gitleaks),
            ("VALUE // pragma: allowlist secret", Tool::DetectSecrets),
            ("# pragma: allowlist nextline secret\nVALUE", Tool::DetectSecrets),
            ("VALUE # trufflehog:ignore", Tool::Trufflehog),
            ("VALUE # trufflehog:ignore gitleaks:allow", Tool::Gitleaks),
            ("VALUE # betterleaks:allow", Tool::Betterleaks),
        ] {
            let comment = found(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(comment.author, Author::Other(tool), "{text}");
            assert!(comment.rules.is_empty() && !comment.reason.is_empty(), "{text}");
        }
        assert_eq!(found("VALUE # keysweep:allow a b gitleaks:allow").map(|one| one.author), Some(Author::Keysweep));
    }
}
