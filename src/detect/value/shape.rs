//! The shape of an assigned value apart from its letters: a path, an expression, a UUID, words, the name again.

use super::segments::{is_one_of, segments};
use super::wordlike;
use crate::detect::Form;
use crate::detect::check::public::is_public;
use crate::detect::check::sealed::is_encrypted;
use crate::text::Span;

/// The most characters of a value; longer ones are encrypted or binary, or a whole document.
pub(crate) const MAX_LENGTH: usize = 400;

/// The number of character classes that policies require in a password.
const POLICY: usize = 3;

/// Returns the shape of a value, if it is one that secrets don't have.
pub(crate) fn odd_shape(value: &[u8], form: Form) -> Option<&'static str> {
    if value.iter().any(|b| b.is_ascii_control() || *b == b' ') {
        return Some("contains blanks");
    }
    // A word of another language; a value that meets password policies is more than that.
    if !value.is_ascii() && classes(value) < POLICY {
        return Some("not ASCII");
    }
    if is_digest(value) {
        return Some("a digest");
    }
    if is_encrypted(value) {
        return Some("encrypted");
    }
    if is_certificate(value) {
        return Some("a certificate");
    }
    if let Some(reason) = is_public(value) {
        return Some(reason);
    }
    if is_release(value) || is_coordinate(value) {
        return Some("a name with a version");
    }
    if is_algorithm(value) {
        return Some("the name of an algorithm");
    }
    if is_path(value) {
        return Some("a path or address");
    }
    if form.is_unquoted() && is_expression(value) {
        return Some("an expression");
    }
    if form.is_unquoted() && (value.starts_with(b"-") || is_setting(value)) {
        return Some("an option");
    }
    if is_escaped(value) {
        return Some("text in escapes");
    }
    None
}

/// Returns `true` if a value has no letters.
pub(crate) fn lacks_letters(value: &[u8]) -> bool {
    !value.iter().any(u8::is_ascii_alphabetic)
}

/// Returns `true` for `\u{1D4B6}`, `\u7EBF\u56FE`, `\xC5`: letters and signs of other alphabets, as programs write
/// them.
fn is_escaped(value: &[u8]) -> bool {
    const SHORTEST: usize = 3;
    let escapes = value.windows(2).filter(|pair| pair[0] == b'\\' && matches!(pair[1], b'u' | b'U' | b'x')).count();
    value.starts_with(b"\\") && value.len() <= escapes * 3 * SHORTEST
}

/// Returns `true` for `sha256-…`, `md5:…`: a digest with its name.
fn is_digest(value: &[u8]) -> bool {
    const NAMES: [&[u8]; 6] = [b"sha1", b"sha256", b"sha384", b"sha512", b"md5", b"h1"];
    let Some(at) = value.iter().take(8).position(|b| matches!(b, b'-' | b':' | b'=')) else { return false };
    NAMES.iter().any(|name| name.eq_ignore_ascii_case(&value[..at]))
}

/// Returns `true` for `NAME=value`.
fn is_setting(value: &[u8]) -> bool {
    let name = value.iter().take_while(|b| b.is_ascii_alphabetic() || **b == b'_').count();
    name > 2 && value.get(name) == Some(&b'=') && value[name..].iter().any(|b| *b != b'=')
}

/// Returns `true` for `some-library-1.2.3`.
fn is_release(value: &[u8]) -> bool {
    let number = value.iter().rev().take_while(|b| b.is_ascii_digit() || **b == b'.').count();
    let (name, number) = value.split_at(value.len() - number);
    number.split(|b| *b == b'.').filter(|part| !part.is_empty()).count() >= 3
        && name.iter().any(u8::is_ascii_alphabetic)
        && name.iter().all(|b| b.is_ascii_lowercase() || matches!(b, b'-' | b'_' | b'@' | b'v'))
}

/// Returns `true` for `some-library:1.2.3.RELEASE`: the part after the group in a coordinate of Maven or Gradle.
fn is_coordinate(value: &[u8]) -> bool {
    let Some(colon) = memchr::memchr(b':', value) else { return false };
    let (artifact, version) = (&value[..colon], &value[colon + 1..]);
    let of = |text: &[u8], signs: &[u8]| text.iter().all(|b| b.is_ascii_alphanumeric() || signs.contains(b));
    artifact.first().is_some_and(u8::is_ascii_lowercase)
        && of(artifact, b"-_.")
        && version.first().is_some_and(u8::is_ascii_digit)
        && version.contains(&b'.')
        && of(version, b"-_.+")
}

/// Returns `true` if a token contains a few characters that tokens don't have, so that it fits no alphabet. A key drawn
/// from all printable characters contains many.
pub(crate) fn is_mixture(value: &[u8]) -> bool {
    const RARE: usize = 12;
    let odd = |b: &&u8| {
        !b.is_ascii_alphanumeric()
            && !matches!(b, b'+' | b'/' | b'=' | b'_' | b'-' | b'.' | b',' | b'~' | b':' | b'|' | b'\\')
    };
    // No token begins with the padding of base64.
    let odd = value.iter().filter(odd).count() + usize::from(value.starts_with(b"="));
    odd > 0 && odd * RARE <= value.len().max(RARE * 2)
}

/// Returns `true` for a certificate in base64: a sequence in a sequence, where a private key has a number.
fn is_certificate(value: &[u8]) -> bool {
    const LONG: usize = 64;
    value.len() >= LONG && value.starts_with(b"MII") && value.get(6..8) == Some(b"CC")
}

/// Returns `true` for `PBKDF2WithHmacSHA256`, `aes-256-cbc`.
fn is_algorithm(value: &[u8]) -> bool {
    const WORDS: [&str; 18] = [
        "hmac", "sha", "aes", "rsa", "pbkdf", "cbc", "gcm", "ecb", "ctr", "md", "pkcs", "padding", "scram", "bcrypt",
        "des", "ecdsa", "oaep", "ssha",
    ];
    segments(value).filter(|word| is_one_of(word, &WORDS)).count() >= 2
}

/// Returns `true` for the hash of a password, as `crypt(3)`, LDAP, `MySQL` and `PostgreSQL` write it, or `htpasswd`
/// with the user before it.
pub(crate) fn is_hash(value: &[u8]) -> bool {
    let user = value.iter().position(|byte| *byte == b':').map_or(0, |colon| colon + 1);
    is_bare_hash(value) || is_bare_hash(&value[user..])
}

fn is_bare_hash(value: &[u8]) -> bool {
    const STARTS: [&[u8]; 15] = [
        b"$2a$",
        b"$2b$",
        b"$2y$",
        b"$1$",
        b"$5$",
        b"$6$",
        b"$y$",
        b"$apr1$",
        b"$argon2",
        b"$pbkdf2",
        b"{SSHA",
        b"{SHA",
        b"pbkdf2",
        b"scrypt",
        b"SCRAM-SHA-256$",
    ];
    let hex = |digits: &[u8], length: usize| digits.len() == length && digits.iter().all(u8::is_ascii_hexdigit);
    STARTS.iter().any(|start| value.starts_with(start))
        || value.strip_prefix(b"*").is_some_and(|digits| hex(digits, 40))
        || value.strip_prefix(b"md5").is_some_and(|digits| hex(digits, 32))
}

/// Returns `true` if a password is built on a word that everybody tries first, also with letters replaced by signs, or
/// is mere words.
pub(crate) fn is_weak(value: &[u8]) -> bool {
    const WORDS: [&str; 26] = [
        "secret", "password", "passwd", "passwort", "admin", "welcome", "letmein", "qwerty", "changeit", "changeme",
        "default", "guest", "login", "hello", "iloveyou", "dragon", "football", "master", "hunter", "sunshine",
        "princess", "trustno", "superman", "sesame", "mypass", "userpass",
    ];
    const SHORT: [&str; 9] = ["test", "user", "root", "pass", "demo", "temp", "abc", "foo", "bar"];
    let plain = wordlike::spelled_out(value);
    is_mere_words(value)
        || WORDS.iter().any(|word| memchr::memmem::find(&plain, word.as_bytes()).is_some())
        || segments(value).any(|word| is_one_of(word, &SHORT))
}

/// Returns `true` if the text around the value has no line breaks and few blanks, and reads as code.
pub(crate) fn is_minified(text: &[u8], value: Span) -> bool {
    const AROUND: usize = 200;
    const CODE: [&[u8]; 4] = [b"){", b"function(", b"=>{", b"return "];
    let (before, after) = (value.start.saturating_sub(AROUND), (value.end + AROUND).min(text.len()));
    let around = text.get(before..after).unwrap_or_default();
    around.len() >= 2 * AROUND
        && !around.contains(&b'\n')
        && around.iter().filter(|b| **b == b' ').count() * 20 < around.len()
        && CODE.iter().any(|code| memchr::memmem::find(around, code).is_some())
}

fn is_path(value: &[u8]) -> bool {
    const STRANGE: f32 = -1.0;
    // One in 64 base64 values starts with a slash.
    if wordlike::mean_of_words(value).is_some_and(|mean| mean < STRANGE) && !value.contains(&b':') {
        return false;
    }
    let slashes = value.iter().filter(|b| matches!(b, b'/' | b'\\')).count();
    memchr::memmem::find(value, b"://").is_some()
        || value.starts_with(b"data:")
        || value.starts_with(b"/")
        || value.starts_with(b"./")
        || value.starts_with(b"../")
        || value.starts_with(b"~/")
        || (slashes >= 2 && wordlike::reads_like_words(value) && !is_littered(value))
        || (value.contains(&b'@') && value.contains(&b'.') && wordlike::reads_like_words(value) && !is_littered(value))
}

/// Returns `true` for calls, member access, indexing, generics: code, not a literal.
fn is_expression(value: &[u8]) -> bool {
    let called = value.iter().any(|b| matches!(b, b'(' | b')' | b'[' | b']' | b'{' | b'}')) && !is_tangled(value);
    if wordlike::is_unreadable(value) {
        return false;
    }
    let scoped = value.windows(2).any(|w| w == b"::" || w == b"->");
    let parts: Vec<&[u8]> = value.split(|b| *b == b'.').collect();
    let word = |part: &&[u8]| {
        part.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
            && part.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
            && (part.len() < 6 || wordlike::mean(part) > 0.0)
    };
    let member = value.starts_with(b".") && parts.iter().skip(1).all(word);
    called || scoped || member || (parts.len() >= 2 && parts.iter().all(word))
}

/// Returns `true` if a bracket is closed by one of another kind, as in no language.
pub(crate) fn is_tangled(value: &[u8]) -> bool {
    let mut open = Vec::new();
    value.iter().any(|byte| match byte {
        b'(' | b'[' | b'{' => {
            open.push(*byte);
            false
        }
        b')' => open.pop().is_some_and(|open| open != b'('),
        b']' => open.pop().is_some_and(|open| open != b'['),
        b'}' => open.pop().is_some_and(|open| open != b'{'),
        _ => false,
    })
}

/// Returns `true` if the value repeats the name, or the other way round.
pub(crate) fn echoes(name: &[u8], value: &[u8]) -> bool {
    let letters = |text: &[u8]| -> Vec<u8> {
        text.iter().filter(|b| b.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect()
    };
    let (name, value) = (letters(name), letters(value));
    !value.is_empty()
        && (memchr::memmem::find(&name, &value).is_some()
            || (name.len() >= 6 && memchr::memmem::find(&value, &name).is_some()))
}

/// Returns the number of classes in a value: lower case, upper case, digits, other. Separators in identifiers don't
/// count.
pub(crate) fn classes(value: &[u8]) -> usize {
    let has = |set: fn(&u8) -> bool| usize::from(value.iter().any(set));
    let sign = |b: &u8| b.is_ascii_punctuation() && !matches!(b, b'_' | b'-' | b'.');
    has(u8::is_ascii_lowercase) + has(u8::is_ascii_uppercase) + has(u8::is_ascii_digit) + has(sign)
}

/// Returns `true` if the value contains so many different signs that it is neither words nor an expression.
pub(crate) fn is_littered(value: &[u8]) -> bool {
    const LEAST: usize = 5;
    let mut signs: Vec<u8> = value.iter().copied().filter(u8::is_ascii_punctuation).collect();
    signs.sort_unstable();
    signs.dedup();
    let code = [&b"->"[..], b"::", b"()"].iter().any(|sign| memchr::memmem::find(value, sign).is_some());
    let query = value.contains(&b'&') && value.iter().filter(|b| **b == b'=').count() > 1;
    // Another string starts within it: `"a.{"b": …`; if the value ends with an equals sign, a name before that shows
    // it.
    let assigns = || value.rsplit(|b| !b.is_ascii_alphabetic()).nth(1).is_some_and(|name| name.len() > 2);
    let cut = match value.last() {
        Some(b'=') => assigns(),
        last => matches!(last, Some(b'{' | b'(' | b'[' | b'<' | b':' | b',')),
    };
    // A regular expression is code, whatever signs it contains.
    let pattern = [&b"[^"[..], b"(?", b".*", b"\\s", b"\\S", b"\\w", b"\\d", b"\\b"]
        .iter()
        .any(|sign| memchr::memmem::find(value, sign).is_some());
    signs.len() >= LEAST && !code && !query && !cut && !pattern
}

/// Returns `true` for words joined by separators or capitals, each readable: `Some-Header-Name`, `getPasswordHash2`.
fn wordy(value: &[u8]) -> bool {
    let letters: usize = segments(value)
        .filter(|w| w.len() >= 3 && w.iter().all(u8::is_ascii_alphabetic) && wordlike::mean(w) > 0.0)
        .map(<[u8]>::len)
        .sum();
    letters * 10 >= value.len() * 7
}

/// Returns `true` if a password is words and little else. Policies require letters of both cases, a digit and a sign,
/// and people put these around words.
pub(crate) fn is_mere_words(value: &[u8]) -> bool {
    const ALL: usize = 4;
    classes(value) < ALL && wordy(value)
}

pub(crate) fn is_uuid(value: &[u8]) -> bool {
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
    fn hashes_of_passwords_are_recognised() {
        let digits = "0f3a".repeat(10);
        for value in [
            format!("*{digits}"),
            format!("md5{}", &digits[..32]),
            format!("$2b$10${digits}"),
            format!("ci:$2b$10${digits}"),
        ] {
            assert!(is_hash(value.as_bytes()), "{value}");
        }
        for value in [digits.clone(), format!("md5{digits}"), format!("*{}", &digits[..32])] {
            assert!(!is_hash(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn library_coordinates_are_not_literals() {
        for value in ["some-library-0.11.2", "auth-core:1.4.2", "core:2.0.1.RELEASE", "jjwt_api:0.12.0-beta1"] {
            assert!(odd_shape(value.as_bytes(), Form::Bare).is_some(), "{value}");
        }
        for value in ["q8Xv:R2pLw9Zk", "admin:7kT4mNc", "host:5432a"] {
            assert!(!is_coordinate(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn words_are_weak_unless_a_policy_was_met() {
        let weak = |words: &str, rest: &str| is_weak([words, rest].concat().as_bytes());
        assert!(
            weak("CarrotHill", "7") && weak("carrot-hill", "!") && weak("Passw0rd", "7!") && weak("Adm1n", "Hill7!")
        );
        assert!(!weak("CarrotHill", "7!") && !weak("Kestrel-Harbor", "9#"));
    }

    #[test]
    fn many_symbols_make_a_literal_unless_they_look_like_code() {
        for value in ["m{{h}o)p${e]nob(ody[finds>-_$#thisone}}", "u@D7>8d(^Z<g="] {
            assert!(is_littered(value.as_bytes()), "{value}");
        }
        for value in ["pk.<base64-of:{", "if x[1] {a!.key=", "a=1&b=2&c=%20;d", "self->call(x, y);", "two words"] {
            assert!(!is_littered(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn expressions_and_paths_are_not_literals() {
        for value in ["os.environ", "config.get", "self.password", "std::env", "foo->bar"] {
            assert!(is_expression(value.as_bytes()), "{value}");
        }
        for value in ["q8XvR2pLw9.ZkT4mNc7Bd", "k9{{z)Q(w}x", ".q8XvR2pLw9ZkT4mNc7Bd"] {
            assert!(!is_expression(value.as_bytes()), "{value}");
        }
        assert!(is_path(b"/run/secrets/db_password") && !is_path(b"7`D'}/vYR)T/W]EBrf;_&amp"));
    }
}
