//! Texts that may be one secret as a whole: no keyword leads to it, so only small texts of one line are examined.

use crate::rule::{MAX_WHOLE, Matcher, Rule};
use crate::text::Span;

/// Returns the positions of the rules for such texts.
pub fn rules(rules: &[Rule]) -> Vec<usize> {
    let positions = rules.iter().enumerate().filter(|(_, rule)| matches!(rule.matcher, Matcher::Whole { .. }));
    positions.map(|(position, _)| position).collect()
}

/// Returns the only line of a small text, without the blanks around it.
pub fn only_line(text: &[u8]) -> Option<Span> {
    if text.len() > MAX_WHOLE {
        return None;
    }
    let start = text.len() - text.trim_ascii_start().len();
    let line = Span::new(start, start + text.trim_ascii().len());
    (!line.is_empty() && !line.of(text).contains(&b'\n')).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whitespace_and_newlines_around_the_line_are_ignored() {
        let found = |text: &[u8]| only_line(text).map(|line| line.of(text).to_vec());
        for text in [&b"a b"[..], b"a b\n", b"\r\n a b \r\n\n"] {
            assert_eq!(found(text).as_deref(), Some(&b"a b"[..]));
        }
        let line = [b'a'; MAX_WHOLE];
        assert_eq!(found(&line).as_deref(), Some(&line[..]));
        for text in [&b""[..], b" \n", b"a\nb\n", &[b'a'; MAX_WHOLE + 1]] {
            assert_eq!(found(text), None);
        }
    }
}
