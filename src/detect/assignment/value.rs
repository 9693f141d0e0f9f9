//! The value of an assignment: how it is quoted and where it ends.

use super::{Assignment, Cursor, MAX_BEFORE, MAX_VALUE, Wants, escapes, is_quote};
use crate::detect::Form;
use crate::text::Span;

/// Functions that only change the type of the string they are given.
const CONVERSIONS: [&[u8]; 14] = [
    b"byte",
    b"bytes",
    b"str",
    b"string",
    b"String",
    b"SecretStr",
    b"SecretString",
    b"from",
    b"of",
    b"quote",
    b"strdup",
    b"text",
    b"Some",
    b"Value",
];

/// What stands in an issued value beside letters and digits.
const SIGNS: &[u8] = b"_-=+/";

/// The value at the cursor and how it is written.
pub(super) fn read(cursor: &mut Cursor, wants: Wants) -> Option<(Span, Form)> {
    match wants {
        Wants::Content => return content(cursor),
        Wants::Line => return bare(cursor).filter(|(value, _)| ends_line(cursor.text, *value)),
        Wants::Issued => {
            let ends = |value: Span| cursor.text.get(value.end).is_none_or(u8::is_ascii_whitespace);
            let found = bare(cursor)?;
            return (is_drawn(found.0.of(cursor.text), SIGNS) && ends(found.0)).then_some(found);
        }
        Wants::Any | Wants::Quoted | Wants::Argument | Wants::Last => {}
    }
    converted(cursor);
    // Bytes given to a function are what a test tries more often than a password.
    if matches!(wants, Wants::Argument | Wants::Last) && cursor.rest().starts_with(b"b\"") {
        return None;
    }
    string_prefix(cursor);
    let escapes = escapes(cursor.rest());
    let quote = cursor.rest().get(escapes).copied()?;
    if is_quote(quote) {
        cursor.at += escapes + 1;
        scheme(cursor);
        let literal = quoted(cursor, quote, escapes).filter(|value| match wants {
            Wants::Argument => is_only(cursor.text, *value, escapes),
            Wants::Last => is_last(cursor.text, *value, escapes),
            _ => true,
        })?;
        return word_of(cursor.text, within_quotes(cursor.text, literal)).map(|value| (value, Form::Quoted));
    }
    // An option may lack its value: `--password --user x`.
    let option = quote == b'-' && cursor.rest().starts_with(b"--");
    if escapes > 0 || option || wants != Wants::Any {
        return None;
    }
    scheme(cursor);
    bare(cursor)
}

/// `[]byte("…")`, `String("…")`, `("…")`: passes the function and the bracket if a string follows.
fn converted(cursor: &mut Cursor) {
    const MOST: usize = 40;
    let rest = cursor.rest();
    let part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b':' | b'[' | b']');
    let callee = rest.iter().take(MOST).take_while(|b| part(b)).count();
    if rest.get(callee) != Some(&b'(') {
        return;
    }
    let word = rest[..callee].rsplit(|b| !b.is_ascii_alphanumeric()).next().unwrap_or_default();
    let space = rest[callee + 1..].iter().take(MOST).take_while(|b| b.is_ascii_whitespace()).count();
    let string = rest.get(callee + 1 + space).copied().is_some_and(is_quote);
    if string && (callee == 0 || CONVERSIONS.contains(&word)) {
        cursor.at += callee + 1 + space;
    }
}

/// `b"…"`, `f'…'`, `@"…"`, `L"…"`, `rb"…"`.
fn string_prefix(cursor: &mut Cursor) {
    let prefix = cursor.rest().iter().take(2).take_while(|b| b.is_ascii_alphabetic() || **b == b'@').count();
    if cursor.rest().get(prefix).is_some_and(|b| matches!(b, b'"' | b'\'')) {
        cursor.at += prefix;
    }
}

/// Whether a word has the length, the letters and the digits of an issued value, and no signs but these.
fn is_drawn(word: &[u8], signs: &[u8]) -> bool {
    const LEAST: usize = 20;
    const DIGITS: usize = 3;
    word.len() >= LEAST
        && word.iter().filter(|b| b.is_ascii_digit()).count() >= DIGITS
        && word.iter().any(u8::is_ascii_alphabetic)
        && word.iter().all(|b| b.is_ascii_alphanumeric() || signs.contains(b))
}

/// Passes the scheme of an `Authorization` header: what follows it is the secret.
fn scheme(cursor: &mut Cursor) {
    const LONGEST: usize = 16;
    const SCHEMES: [&[u8]; 5] = [b"Bearer ", b"bearer ", b"Token ", b"token ", b"Basic "];
    if SCHEMES.iter().any(|scheme| cursor.pass(scheme)) {
        cursor.blanks();
        return;
    }
    // Of another vendor: `Authorization: vendor1 value`.
    let rest = cursor.rest();
    let word = rest.iter().take(LONGEST).take_while(|b| b.is_ascii_alphanumeric() || **b == b'-').count();
    let Some([b' ', value @ ..]) = rest.get(word..) else { return };
    let value = value.split(|b| b.is_ascii_whitespace() || is_quote(*b)).next().unwrap_or_default();
    if word > 0 && !TELLING.iter().any(|telling| telling.eq_ignore_ascii_case(&rest[..word])) && is_drawn(value, SIGNS)
    {
        cursor.at += word + 1;
    }
}

/// Whether no other text follows a value within the brackets of a call.
fn is_only(text: &[u8], value: Span, escapes: usize) -> bool {
    let rest = text.get(value.end + escapes + 1..).unwrap_or_default();
    match rest.trim_ascii_start() {
        [b')', ..] => true,
        [b',', more @ ..] => more.trim_ascii_start().first().is_some_and(|b| b.is_ascii_digit() || *b == b')'),
        _ => false,
    }
}

/// Whether a call or a line ends behind a value.
fn is_last(text: &[u8], value: Span, escapes: usize) -> bool {
    let rest = text.get(value.end + escapes + 1..).unwrap_or_default();
    let blanks = rest.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    rest.get(blanks).is_none_or(|b| matches!(b, b')' | b';' | b'\n' | b'\r'))
}

/// Up to the quote that is escaped as often as the first; a newline ends only what is in three quotes.
fn quoted(cursor: &mut Cursor, quote: u8, escaped: usize) -> Option<Span> {
    if escaped == 0 && cursor.rest().starts_with(&[quote, quote]) {
        cursor.at += 2;
        cursor.pass(b"\\");
        cursor.space(MAX_VALUE);
        let rest = cursor.rest();
        let length = rest.iter().take(MAX_VALUE).position(|b| *b == quote || b.is_ascii_whitespace())?;
        return (length > 0).then(|| Span::new(cursor.at, cursor.at + length));
    }
    let window = &cursor.rest()[..cursor.rest().len().min(MAX_VALUE)];
    let mut backslashes = 0;
    for (at, byte) in window.iter().enumerate() {
        match *byte {
            b'\n' => return None,
            b'\\' => backslashes += 1,
            byte if byte == quote && (backslashes == escaped || (escaped == 0 && backslashes % 2 == 0)) => {
                return Some(Span::new(cursor.at, cursor.at + at.checked_sub(escaped)?));
            }
            _ => backslashes = 0,
        }
    }
    None
}

/// What stands within the quotes of a literal for another program: `'"value"'`, `"\"value\""`.
fn within_quotes(text: &[u8], literal: Span) -> Span {
    let bytes = literal.of(text);
    let edge = escapes(bytes) + 1;
    let Some(quote) = bytes.get(edge - 1).copied().filter(|byte| is_quote(*byte)) else { return literal };
    let inside = bytes.get(edge..bytes.len().saturating_sub(edge)).filter(|inside| !inside.contains(&quote));
    match inside {
        Some(inside) if bytes.ends_with(&[quote]) => {
            Span::new(literal.start + edge, literal.start + edge + inside.len())
        }
        _ => literal,
    }
}

/// The value without the blanks around it; of a few words the last one, if it looks issued: `Scheme value`.
fn word_of(text: &[u8], value: Span) -> Option<Span> {
    const WORDS: usize = 3;
    const SCHEME: usize = 24;
    let bytes = value.of(text);
    let start = value.start + bytes.len() - bytes.trim_ascii_start().len();
    let value = Span::new(start, start + bytes.trim_ascii().len());
    let mut words = value.of(text).split(|b| *b == b' ').rev();
    let last = words.next().filter(|word| !word.is_empty())?;
    let before: Vec<&[u8]> = words.take(WORDS).collect();
    let scheme = |word: &&[u8]| {
        word.len() <= SCHEME
            && word.first().is_some_and(u8::is_ascii_alphabetic)
            && word.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
            && !TELLING.iter().any(|telling| telling.eq_ignore_ascii_case(word))
    };
    let found = Span::new(value.end - last.len(), value.end);
    let schemed = (1..WORDS).contains(&before.len()) && before.iter().all(scheme) && is_drawn(last, b"_-=+/.,~:");
    Some(if schemed { found } else { value })
}

/// Words that say of the value behind them that it is public.
const TELLING: [&[u8]; 10] =
    [b"sha1", b"sha256", b"sha512", b"md5", b"commit", b"ssh-rsa", b"ssh-ed25519", b"ssh-dss", b"public", b"id"];

/// The text of an element: one word, with white space around it; or a few, the last of which looks issued.
fn content(cursor: &mut Cursor) -> Option<(Span, Form)> {
    cursor.pass(b"<![CDATA[");
    let window = &cursor.rest()[..cursor.rest().len().min(MAX_VALUE)];
    if let Some(word) = last_word(cursor, window) {
        return Some((word, Form::Bare));
    }
    let length = window.iter().position(|b| matches!(b, b'<' | b'>' | b'"') || b.is_ascii_whitespace())?;
    let value = window[..length].strip_suffix(b"]]").unwrap_or(&window[..length]);
    let closed = window[length..].trim_ascii_start().starts_with(b"<") || value.len() < length;
    (closed && !value.is_empty()).then(|| (Span::new(cursor.at, cursor.at + value.len()), Form::Bare))
}

/// Of an element with a few words, also in braces, the last one if it looks issued.
fn last_word(cursor: &Cursor, window: &[u8]) -> Option<Span> {
    let inside = &window[..memchr::memchr2(b'<', b'\n', window)?];
    let braces = usize::from(inside.starts_with(b"{") && inside.ends_with(b"}"));
    let whole = Span::new(cursor.at + braces, cursor.at + inside.len() - braces);
    word_of(cursor.text, whole).filter(|word| word.start > whole.start)
}

/// A word without quotes.
fn bare(cursor: &mut Cursor) -> Option<(Span, Form)> {
    let ends = |b: &u8| {
        b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'`' | b',' | b';' | b'<' | b'>' | b'|' | b'&' | b'\\')
    };
    let window = &cursor.rest()[..cursor.rest().len().min(MAX_VALUE)];
    let length = window.iter().take_while(|b| !ends(b)).count();
    // An angle bracket opens a blank to be filled in: `prefix<name>`.
    if window.get(length) == Some(&b'<') {
        return None;
    }
    let value = &window[..length];
    // Cut short by whoever wrote it: `Zm9v...`.
    if value.ends_with(b"...") {
        return None;
    }
    let trimmed = value.iter().rev().take_while(|b| matches!(b, b')' | b']' | b'}' | b'.' | b':')).count();
    (length > trimmed).then_some((Span::new(cursor.at, cursor.at + length - trimmed), Form::Bare))
}

fn ends_line(text: &[u8], value: Span) -> bool {
    text.get(value.end).is_none_or(|b| matches!(b, b'\n' | b'\r'))
}

/// Whether name and value stand in one string: `"token: value"`, `?token=value&`, `;Password=value;`, `"${token:value}"`.
pub(super) fn in_string(text: &[u8], name: Span, value: Span) -> bool {
    let Some(before) = name.start.checked_sub(1).and_then(|at| text.get(at)) else { return false };
    let after = text.get(value.end).copied().unwrap_or(b'\n');
    let gap = text.get(name.end..value.start).unwrap_or_default();
    match before {
        b'"' | b'\'' | b'`' => !gap.contains(before) && (after == *before || matches!(after, b';' | b'&' | b'\\')),
        // The default of a placeholder, as in `${name:value}`.
        b'{' => gap == b":" && after == b'}' && text[..name.start].ends_with(b"${"),
        b'?' | b'&' => gap == b"=" && (is_quote(after) || matches!(after, b'&' | b'#' | b' ')),
        b';' => gap == b"=" && (is_quote(after) || after == b';') && after_pair(text, name.start - 1),
        _ => false,
    }
}

/// Whether a pair `word=value` of a connection string ends here.
fn after_pair(text: &[u8], end: usize) -> bool {
    let before = text.get(end.saturating_sub(MAX_BEFORE)..end).unwrap_or_default();
    let pair = before.rsplit(|b| matches!(b, b';' | b'"' | b'\'' | b'\n')).next().unwrap_or_default();
    let Some(sign) = memchr::memchr(b'=', pair) else { return false };
    sign > 0 && pair[..sign].iter().all(|b| b.is_ascii_alphabetic() || *b == b' ') && !pair[sign..].contains(&b'(')
}

/// `"value" == name`: a comparison with the value in front.
pub(super) fn compared(text: &[u8], name: Span) -> Option<Assignment> {
    let before = text.get(name.start.saturating_sub(MAX_BEFORE)..name.start)?;
    let before = before.strip_suffix(b"$").unwrap_or(before).trim_ascii_end();
    let sign = [&b"==="[..], b"!==", b"==", b"!="].into_iter().find(|sign| before.ends_with(sign))?;
    let before = before[..before.len() - sign.len()].trim_ascii_end();
    let quote = *before.last().filter(|b| is_quote(**b))?;
    let before = &before[..before.len() - 1];
    let length = before.iter().rev().position(|b| *b == quote || *b == b'\n')?;
    let start = before.len().checked_sub(length + 1)?;
    if before[start] != quote || length == 0 {
        return None;
    }
    let first = name.start.saturating_sub(MAX_BEFORE) + start + 1;
    Some(Assignment { name, value: Span::new(first, first + length), form: Form::Quoted })
}
