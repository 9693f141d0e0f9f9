//! Values that are written in place of a secret: references, masks, samples, sequences.
//!
//! Each test names what it found, so that a rejection can be explained. Tests for values of a fixed form are narrow:
//! chance must not drop an issued value (each lets more than 9,999 of 10,000 random ones pass). Tests for values
//! recognised only by their name are wider.

use sha2::{Digest, Sha256};

use super::segments::{is_one_of, segments};
use super::wordlike;
use crate::rule::Rule;

/// Values that have been published, and are therefore not secret, wherever they appear.
#[derive(Debug)]
pub struct Published {
    /// The SHA-256 of each value, sorted.
    digests: Vec<[u8; 32]>,
}

impl Published {
    /// Creates the set from the hashes that the rules list.
    pub fn new(rules: &[Rule]) -> Self {
        let mut digests: Vec<[u8; 32]> = rules.iter().flat_map(|rule| rule.placeholders.iter().copied()).collect();
        digests.sort_unstable();
        Self { digests }
    }

    /// Returns `true` if the set holds a value, with the `0x` of a number or without.
    pub fn holds(&self, value: &[u8]) -> bool {
        let listed = |value: &[u8]| self.digests.binary_search(&Sha256::digest(value).into()).is_ok();
        !self.digests.is_empty() && (listed(value) || value.strip_prefix(b"0x").is_some_and(listed))
    }
}

/// Words that mark a sample. They have five letters or more, so that random text almost never contains one.
const SAMPLE_WORDS: [&str; 14] = [
    "example",
    "sample",
    "placeholder",
    "changeme",
    "change_me",
    "redacted",
    "notreal",
    "not_real",
    "dummy",
    "foobar",
    "insert",
    "replace",
    "deadbeef",
    "masked",
];

/// Words that mark a sample if they are a whole segment of a named value.
const SAMPLE_SEGMENTS: [&str; 47] = [
    "example",
    "sample",
    "placeholder",
    "changeme",
    "change",
    "dummy",
    "fake",
    "test",
    "testing",
    "tests",
    "your",
    "my",
    "insert",
    "replace",
    "todo",
    "fixme",
    "xxx",
    "xxxx",
    "redacted",
    "masked",
    "hidden",
    "secret",
    "password",
    "passwd",
    "pass",
    "token",
    "foobar",
    "foo",
    "bar",
    "baz",
    "lorem",
    "ipsum",
    "notreal",
    "invalid",
    "null",
    "none",
    "undefined",
    "true",
    "false",
    "value",
    "here",
    "enter",
    "mock",
    "demo",
    "default",
    "key",
    "characters",
];

/// Returns the reason why a value of a fixed form is only a sample; `body` is its random part.
pub fn sample_of_form(body: &[u8]) -> Option<&'static str> {
    let lower = body.to_ascii_lowercase();
    if repetitive(body) {
        return Some("masked or repeated characters");
    }
    if sequential(&lower, 7) {
        return Some("a sequence");
    }
    if SAMPLE_WORDS.iter().any(|word| one_case(body, &lower, word)) {
        return Some("a sample's word");
    }
    None
}

/// Returns the reason why an assigned `value` is a placeholder.
pub fn stand_in(value: &[u8]) -> Option<&'static str> {
    if reference(value) {
        return Some("a reference or template");
    }
    let lower = value.to_ascii_lowercase();
    if masked(value) || memchr::memmem::find(&lower, b"xxxx").is_some() {
        return Some("masked or repeated characters");
    }
    if sample_segment(value, &lower) {
        return Some("a sample's word");
    }
    if SAMPLE_WORDS.iter().any(|word| one_case(value, &lower, word)) {
        return Some("a sample's word");
    }
    None
}

/// Returns `true` if much of an assigned value is counted or typed along a keyboard, as some real passwords are.
pub fn is_sequence(value: &[u8]) -> bool {
    sequential(&value.to_ascii_lowercase(), 5)
}

/// Returns `true` if a sample's word is a segment of the value. Short words count only between separators, as random
/// text contains them. Next to a random part, some words only give its purpose: `secret_…`, `pk_test_…`.
fn sample_segment(value: &[u8], lower: &[u8]) -> bool {
    const SHORT: usize = 5;
    const PURPOSES: [&str; 6] = ["test", "secret", "key", "token", "password", "pass"];
    let drawn = value.split(|b| !b.is_ascii_alphanumeric()).any(is_drawn);
    let listed = |word: &[u8]| is_one_of(word, &SAMPLE_SEGMENTS) && !(drawn && is_one_of(word, &PURPOSES));
    lower.split(|b| !b.is_ascii_alphanumeric()).any(listed)
        || segments(value).any(|segment| segment.len() >= SHORT && listed(segment))
}

/// Returns `true` if a part between separators is long, mixes letters and digits and doesn't read like words.
fn is_drawn(part: &[u8]) -> bool {
    const LEAST: usize = 14;
    const EACH: usize = 3;
    let count = |set: fn(&u8) -> bool| part.iter().filter(|b| set(b)).count();
    part.len() >= LEAST
        && count(u8::is_ascii_digit) >= EACH
        && count(u8::is_ascii_alphabetic) >= EACH
        && !wordlike::reads_like_words(part)
}

/// Returns `true` if the value is looked up elsewhere: `${X}`, `{{ x }}`, `%X%`, `<x>`, `vault:…`, `op://…`.
pub fn reference(value: &[u8]) -> bool {
    const START: [&[u8]; 22] = [
        b"ENC[",
        b"ENC(",
        b"vault:",
        b"op://",
        b"ssm:",
        b"arn:",
        b"file:",
        b"env:",
        b"@Microsoft.KeyVault",
        b"keyvault:",
        b"!Ref",
        b"!Sub",
        b"!Get",
        b"!vault",
        b"projects/",
        b"secretsmanager",
        b"sops:",
        b"awssm:",
        b"gcpsm:",
        b"azurekeyvault:",
        b"http://",
        b"https://",
    ];
    // A sign at each end may be part of a password, so the text between them has to read as an expression.
    const SIGNS: [(&[u8], &[u8]); 5] = [(b"[", b"]"), (b"{", b"}"), (b"%", b"%"), (b"@", b"@"), (b"`", b"`")];
    const WORDS: [(&[u8], &[u8]); 3] = [(b"<", b">"), (b"&lt;", b"&gt;"), (b"__", b"__")];
    let wrapped = |open: &[u8], close: &[u8]| {
        value.strip_prefix(open).and_then(|rest| rest.strip_suffix(close)).filter(|inside| !inside.is_empty())
    };
    holds_reference(value)
        || START.iter().any(|start| value.starts_with(start))
        || SIGNS.iter().any(|(open, close)| wrapped(open, close).is_some_and(is_expression))
        || WORDS.iter().any(|(open, close)| wrapped(open, close).is_some())
        || has_blank(value)
        || is_variable(value)
        || is_format(value)
        || is_pattern(value)
}

/// Returns `true` for a regular expression with a set of characters: `sk_[0-9a-f]{32}`.
fn is_pattern(value: &[u8]) -> bool {
    const SETS: [&[u8]; 5] = [b"[0-9", b"[a-z", b"[A-Z", b"[a-f", b"[A-F"];
    let closed = |at: usize| memchr::memchr(b']', &value[at..]).is_some();
    value.contains(&b'[') && SETS.iter().any(|set| memchr::memmem::find(value, set).is_some_and(closed))
}

/// Returns `true` if a part is to be filled in: `a${NAME}`, `{{ name }}`. The text between the marks has to read as an
/// expression, or a password that merely contains the signs would count.
fn holds_reference(value: &[u8]) -> bool {
    const MARKS: [(&[u8], &[u8]); 12] = [
        (b"${", b"}"),
        (b"{$", b"}"),
        (b"{{", b"}}"),
        (b"$(", b")"),
        (b"<%", b"%>"),
        (b"#{", b"}"),
        (b"$[", b"]"),
        (b"((", b"))"),
        (b"{%", b"%}"),
        (b"%(", b")"),
        (b"%{", b"}"),
        (b"@{", b"}"),
    ];
    // Each of the marks contains one of these, and nearly no value has any.
    let may_open = value.iter().any(|byte| matches!(byte, b'{' | b'(' | b'[' | b'<'));
    may_open
        && MARKS.iter().any(|(open, close)| {
            let Some(at) = memchr::memmem::find(value, open) else { return false };
            let inside = &value[at + open.len()..];
            match memchr::memmem::find(inside, close) {
                Some(end) => is_expression(&inside[..end]),
                // The value is cut at a blank, as an unquoted one is.
                None => {
                    at == 0
                        && inside.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'{' | b'-'))
                }
            }
        })
}

/// Returns `true` if the text contains only signs of an expression, and every closing bracket has its opening one.
fn is_expression(text: &[u8]) -> bool {
    let mut open = Vec::new();
    text.iter().all(|byte| match byte {
        b'^' | b'&' | b';' | b'~' | b'*' | b'<' | b'>' => false,
        b'(' | b'[' | b'{' => {
            open.push(*byte);
            true
        }
        b')' => open.pop() == Some(b'('),
        b']' => open.pop() == Some(b'['),
        b'}' => open.pop() == Some(b'{'),
        _ => true,
    })
}

/// Returns `true` if a part in angle brackets is to be filled in: `prefix<name:12>`.
fn has_blank(value: &[u8]) -> bool {
    let Some(open) = memchr::memchr(b'<', value) else { return false };
    memchr::memchr(b'>', &value[open..]).is_some_and(|close| close > 3)
}

/// Returns `true` for `$NAME`, `$name.x`, `$$NAME`, `$1`. In lower case a variable and a password that starts with `$`
/// look alike: only names with a sign or without a digit count.
fn is_variable(value: &[u8]) -> bool {
    let sign = |b: &u8| matches!(b, b'_' | b'.' | b':' | b'-');
    let name = value.strip_prefix(b"$$").or_else(|| value.strip_prefix(b"$")).unwrap_or_default();
    let lower = name.iter().any(u8::is_ascii_lowercase);
    let digit = name.iter().any(u8::is_ascii_digit);
    !name.is_empty()
        && name.iter().all(|b| b.is_ascii_alphanumeric() || sign(b))
        && (!lower || !digit || name.iter().any(sign))
}

/// Returns `true` for `%s`, `%d` and the like as the whole value.
fn is_format(value: &[u8]) -> bool {
    matches!(value, [b'%', kind] if kind.is_ascii_alphabetic())
}

/// Returns `true` for stars, dots, or hardly any different characters.
pub fn masked(value: &[u8]) -> bool {
    value.windows(3).any(|w| w == b"***" || w == b"...")
        || memchr::memmem::find(value, "…".as_bytes()).is_some()
        || repetitive(value)
}

/// Returns `true` for hardly any different characters, long runs of one, or one part repeated.
fn repetitive(value: &[u8]) -> bool {
    let longest = longest_run(value);
    let distinct = distinct(value);
    longest >= 8
        || (longest >= 4 && value.len() <= 12)
        || (value.len() >= 16 && distinct < 6)
        || (value.len() >= 8 && distinct <= 2)
        || periodic(value)
}

/// Returns `true` if one character in a row makes up most of the value.
pub fn is_filled(value: &[u8]) -> bool {
    longest_run(value) * 2 > value.len()
}

fn longest_run(value: &[u8]) -> usize {
    value.chunk_by(|a, b| a == b).map(<[u8]>::len).max().unwrap_or(0)
}

fn distinct(value: &[u8]) -> usize {
    let mut seen = [false; 256];
    value.iter().for_each(|b| seen[usize::from(*b)] = true);
    seen.iter().filter(|s| **s).count()
}

/// Returns `true` if a part of at most eight characters, repeated three times or more, fills the value.
fn periodic(value: &[u8]) -> bool {
    (1..=8usize).any(|period| {
        value.len() >= 3 * period
            && value.len() >= 8
            && value.iter().zip(value.iter().skip(period)).all(|(a, b)| a == b)
    })
}

/// Returns `true` if the value is counted or typed along a keyboard: for ten characters, or for much of the value. One
/// run of `least` characters in a long value means nothing.
fn sequential(lower: &[u8], least: usize) -> bool {
    const WHOLE: usize = 10;
    const COUNTED: usize = 4;
    let runs: Vec<usize> = [1, -1].into_iter().flat_map(|step| runs(lower, step)).chain(keyboard_runs(lower)).collect();
    let longest = runs.iter().copied().max().unwrap_or(0);
    let counted: usize = runs.iter().filter(|run| **run >= COUNTED).sum();
    longest >= WHOLE || (longest >= least && counted * 3 >= lower.len()) || typed(lower)
}

/// Returns the lengths of the runs of letters and digits that differ by `step`.
fn runs(lower: &[u8], step: i16) -> impl Iterator<Item = usize> {
    let follows = move |a: &u8, b: &u8| a.is_ascii_alphanumeric() && i16::from(*b) - i16::from(*a) == step;
    lower.chunk_by(follows).map(<[u8]>::len)
}

/// Returns the lengths of the runs of five characters and more that are next to each other on a keyboard.
fn keyboard_runs(lower: &[u8]) -> impl Iterator<Item = usize> {
    const ROWS: [&[u8]; 4] = [b"qwertyuiop", b"asdfghjkl", b"zxcvbnm", b"1q2w3e4r5t"];
    const LEAST: usize = 5;
    ROWS.iter().flat_map(move |row| {
        let place = |byte: u8| row.iter().position(|key| *key == byte);
        let follows = move |a: &u8, b: &u8| place(*a).is_some_and(|at| place(*b) == Some(at + 1));
        lower.chunk_by(follows).map(<[u8]>::len).filter(|run| *run >= LEAST)
    })
}

/// Returns `true` if the value is typed along the rows of a keyboard: `asdfqwer1234`, with at least three adjacent keys
/// at a time.
pub(crate) fn typed(lower: &[u8]) -> bool {
    const LEAST: usize = 8;
    const STRETCH: usize = 3;
    const ROWS: [&[u8]; 4] = [b"1234567890", b"qwertyuiop", b"asdfghjkl", b"zxcvbnm"];
    let beside = |a: &u8, b: &u8| ROWS.iter().any(|row| row.windows(2).any(|keys| keys == [*a, *b]));
    lower.len() >= LEAST && lower.chunk_by(beside).all(|keys| keys.len() >= STRETCH)
}

/// Returns `true` if the value contains the word all in lower case, all in upper case or capitalised.
fn one_case(value: &[u8], lower: &[u8], word: &str) -> bool {
    let Some(at) = memchr::memmem::find(lower, word.as_bytes()) else { return false };
    let found = &value[at..at + word.len()];
    let rest = found.get(1..).unwrap_or_default();
    rest.iter().all(|b| !b.is_ascii_uppercase()) || found.iter().all(|b| !b.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_recognised() {
        for value in [
            "${PASSWORD}",
            "$PASSWORD",
            "{{ .Values.password }}",
            "%PASSWORD%",
            "<password>",
            "$(cat file)",
            "vault:secret/x",
            "op://vault/item",
            "#{ENV}",
            "@Microsoft.KeyVault(SecretUri=x)",
            "%s",
            "__TOKEN__",
            "abc<base64:20>",
            "pre-${NAME}-post",
            "db.{$driver}.{$config['name']}",
            "${NAME:-x}",
            "${{",
            "sk_[0-9a-zA-Z]{24}",
            "$${NAME}",
            "&lt;password&gt;",
            "{settings.DB_PASSWORD!s}",
            "{$password}",
            "{config['password']}",
            "-app}:${NAME}",
            "$user.password2",
            "$1",
        ] {
            assert!(reference(value.as_bytes()), "{value}");
        }
        for value in [
            "pa$$word1",
            "a%b%c1",
            "x<y>z",
            "a>b<c",
            "hunter2",
            "k9${z]Q(w}x",
            "super$ecret9",
            "{k9!z&Q}",
            "$uper9Hero",
        ] {
            assert!(!reference(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn samples_are_recognised() {
        for value in [
            "xxxxxxxxxxxxxxxx",
            "abcdefghijklmnop",
            "1234567890abcdef",
            "AKIAEXAMPLEKEY",
            "abcabcabcabc",
            "qwertyuiop12",
            "asdfqwer1234asdf",
            "zxcvasdf",
        ] {
            assert!(sample_of_form(value.as_bytes()).is_some(), "{value}");
        }
        assert!(is_filled(b"q8XvR2pLxxxxxxxxxxxx") && !is_filled(b"q8XvR2pLw9ZkTxxxxxxxx"));
        for value in ["abcdefgh-1234-ijkl5678mnop", "Zxcvbnm,123", "a8fk27db1234567890"] {
            assert!(is_sequence(value.as_bytes()), "{value}");
        }
        for value in
            ["changeme", "my-secret-value", "your_token_here", "********", "testPassword1", "Mustbe8characters"]
        {
            assert!(stand_in(value.as_bytes()).is_some(), "{value}");
        }
        for value in [
            "q8XvR2pLw9ZkT4mNc7Bd",
            "s3cR!tPz9w",
            "b8f29e4d1c6a0578e23d9f41b6c8e2012345678",
            "pk_test_q8XvR2pLw9ZkT4mNc7Bd",
            "asdfq7Lw",
            "qwerZk89",
        ] {
            assert!(stand_in(value.as_bytes()).is_none() && !is_sequence(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn segments_split_cases_and_digits() {
        let of = |s: &'static str| segments(s.as_bytes()).map(String::from_utf8_lossy).collect::<Vec<_>>();
        assert_eq!(of("clientSecretKey"), ["client", "Secret", "Key"]);
        assert_eq!(of("AWS_SECRET-key2"), ["AWS", "SECRET", "key", "2"]);
        assert_eq!(of(" HTTPToken "), ["HTTP", "Token"]);
        assert!(of("").is_empty() && of("--").is_empty());
    }
}
