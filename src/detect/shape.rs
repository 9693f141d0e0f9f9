//! What an assigned value looks like apart from its letters: a path, an expression, a UUID, words, the name again.

use super::{Form, likeness, placeholder};

/// Shapes that secrets do not have.
pub(super) fn odd_shape(value: &[u8], form: Form) -> Option<&'static str> {
    if value.len() > 256 {
        return Some("too long");
    }
    if value.iter().any(|b| b.is_ascii_control() || *b == b' ') {
        return Some("holds blanks");
    }
    if !value.is_ascii() {
        return Some("not ASCII");
    }
    if is_path(value) {
        return Some("a path or address");
    }
    if form == Form::Bare && is_expression(value) {
        return Some("an expression");
    }
    None
}

fn is_path(value: &[u8]) -> bool {
    let slashes = value.iter().filter(|b| matches!(b, b'/' | b'\\')).count();
    memchr::memmem::find(value, b"://").is_some()
        || value.starts_with(b"/")
        || value.starts_with(b"./")
        || value.starts_with(b"../")
        || value.starts_with(b"~/")
        || (slashes >= 2 && likeness::reads_like_words(value))
        || (value.contains(&b'@') && value.contains(&b'.') && likeness::reads_like_words(value))
}

/// Calls, member access, indexing, generics: code, not a literal.
fn is_expression(value: &[u8]) -> bool {
    let called = value.iter().any(|b| matches!(b, b'(' | b')' | b'[' | b']' | b'{' | b'}'));
    let scoped = value.windows(2).any(|w| w == b"::" || w == b"->");
    let parts: Vec<&[u8]> = value.split(|b| *b == b'.').collect();
    let word = |part: &&[u8]| {
        part.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
            && part.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
            && (part.len() < 6 || likeness::mean(part) > 0.0)
    };
    called || scoped || (parts.len() >= 2 && parts.iter().all(word))
}

/// Whether the value says the name again, or the other way round.
pub(super) fn echoes(name: &[u8], value: &[u8]) -> bool {
    let letters = |text: &[u8]| -> Vec<u8> {
        text.iter().filter(|b| b.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect()
    };
    let (name, value) = (letters(name), letters(value));
    !value.is_empty()
        && (memchr::memmem::find(&name, &value).is_some()
            || (name.len() >= 6 && memchr::memmem::find(&value, &name).is_some()))
}

/// Lower case, upper case, digits, other.
pub(super) fn classes(value: &[u8]) -> usize {
    let has = |set: fn(&u8) -> bool| usize::from(value.iter().any(set));
    has(u8::is_ascii_lowercase) + has(u8::is_ascii_uppercase) + has(u8::is_ascii_digit) + has(u8::is_ascii_punctuation)
}

/// Words joined by separators or capitals, each readable: `Some-Header-Name`, `getPasswordHash2`.
pub(super) fn wordy(value: &[u8]) -> bool {
    let words: Vec<String> = placeholder::segments(value).collect();
    let letters: usize = words
        .iter()
        .filter(|w| w.len() >= 3 && w.bytes().all(|b| b.is_ascii_lowercase()) && likeness::mean(w.as_bytes()) > 0.0)
        .map(String::len)
        .sum();
    letters * 10 >= value.len() * 7
}

pub(super) fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value
            .iter()
            .enumerate()
            .all(|(at, b)| if matches!(at, 8 | 13 | 18 | 23) { *b == b'-' } else { b.is_ascii_hexdigit() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_and_paths_are_no_literals() {
        for value in ["os.environ", "config.get", "self.password", "std::env", "foo->bar"] {
            assert!(is_expression(value.as_bytes()), "{value}");
        }
        assert!(!is_expression(b"q8XvR2pLw9.ZkT4mNc7Bd"));
        assert!(is_path(b"/run/secrets/db_password"));
    }
}
