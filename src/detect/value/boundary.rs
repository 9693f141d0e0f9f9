//! Decides whether a value stands alone: `xghp_…` and `ghp_…0` with one character too many are different words.

use crate::rule::Boundary;
use crate::text::Span;

/// Returns `true` if no byte that belongs to the rule's alphabet touches the span.
pub fn free(text: &[u8], span: Span, boundary: Boundary) -> bool {
    free_before(text, span.start, boundary) && text.get(span.end).is_none_or(|byte| !touches(*byte, boundary))
}

fn touches(byte: u8, boundary: Boundary) -> bool {
    match boundary {
        Boundary::Word => byte.is_ascii_alphanumeric() || byte == b'_',
        Boundary::Base64 => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'_' | b'-'),
        Boundary::None => false,
    }
}

/// Returns `true` if a value may start here. An assignment sign may be before a base64 value, and a letter may belong
/// to an escape such as `\n` or `%3D`.
pub fn free_before(text: &[u8], at: usize, boundary: Boundary) -> bool {
    let Some(before) = at.checked_sub(1).and_then(|i| text.get(i)) else { return true };
    if !touches(*before, boundary) || (boundary == Boundary::Base64 && *before == b'=') {
        return true;
    }
    ends_escape(text.get(at.saturating_sub(6)..at).unwrap_or_default())
}

/// Returns `true` if these bytes end with `\n`, `\r`, `\t`, `%XX`, `\xXX`, `\uXXXX` or a colour sequence.
fn ends_escape(tail: &[u8]) -> bool {
    let hex = |digits: &[u8]| digits.iter().all(u8::is_ascii_hexdigit);
    match tail {
        [.., b'\\', b'n' | b'r' | b't' | b'0' | b'b' | b'f' | b'v'] => true,
        [.., b'%', a, b] if hex(&[*a, *b]) => true,
        [.., b'\\', b'x', a, b] if hex(&[*a, *b]) => true,
        [.., b'\\', b'u', a, b, c, d] if hex(&[*a, *b, *c, *d]) => true,
        [.., b'[', b'm'] => true,
        [.., b'[' | b';', digit, b'm'] | [.., b'[' | b';', _, digit, b'm'] => digit.is_ascii_digit(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, value: &str, boundary: Boundary) -> bool {
        let start = text.find(value).unwrap();
        free(text.as_bytes(), Span::new(start, start + value.len()), boundary)
    }

    #[test]
    fn a_longer_word_is_another_word() {
        assert!(at("a=VALUE;", "VALUE", Boundary::Word));
        assert!(!at("aVALUE", "VALUE", Boundary::Word));
        assert!(!at("VALUE9", "VALUE", Boundary::Word));
        assert!(at("VALUE-9", "VALUE", Boundary::Word));
        assert!(!at("VALUE-9", "VALUE", Boundary::Base64));
        assert!(at("key=VALUE", "VALUE", Boundary::Base64));
    }

    #[test]
    fn escapes_are_not_letters() {
        for text in [r"a\nVALUE", "a%3DVALUE", r"\u003dVALUE", r"\x3dVALUE", "\x1b[32mVALUE", "\x1b[0mVALUE"] {
            assert!(at(text, "VALUE", Boundary::Word), "{text}");
        }
    }
}
