//! Splits a value or a name into its words.

/// Returns `true` if a byte is a letter or a digit; those of other alphabets count as letters.
fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

/// Returns the words of a value or name, split at anything but letters and digits and at changes of case.
pub fn segments(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = value;
    std::iter::from_fn(move || {
        rest = &rest[rest.iter().position(|b| is_part(*b))?..];
        let inside = (1..rest.len()).take_while(|at| !splits(rest, *at)).count();
        let (word, behind) = rest.split_at(inside + 1);
        rest = behind;
        Some(word)
    })
}

/// Returns `true` if a word ends before the byte at `at`, which isn't the first one.
fn splits(text: &[u8], at: usize) -> bool {
    let (last, byte) = (text[at - 1], text[at]);
    let next_lower = text.get(at + 1).is_some_and(u8::is_ascii_lowercase);
    let camel = byte.is_ascii_uppercase() && (last.is_ascii_lowercase() || (last.is_ascii_uppercase() && next_lower));
    !is_part(byte) || camel || byte.is_ascii_digit() != last.is_ascii_digit()
}

/// Returns `true` if a word is in a list of lower-case words.
pub fn is_one_of(word: &[u8], list: &[&str]) -> bool {
    list.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(word))
}
