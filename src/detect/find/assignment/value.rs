//! The value of an assignment: how it is quoted and where it ends.

use super::{Assignment, Cursor, MAX_BEFORE, MAX_NAME, MAX_VALUE, Wants, escapes, is_quote};
use crate::detect::Form;
use crate::detect::value::wordlike;
use crate::text::Span;

/// The functions that only change the type of their string argument.
const CONVERSIONS: [&[u8]; 18] = [
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
    b"Field",
    b"Option",
    b"Secret",
    b"SecureString",
];

/// The characters of issued values besides letters and digits.
const SIGNS: &[u8] = b"_-=+/";

/// Returns the value at the cursor and how it is written.
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
    // A byte string passed to a function is more often test data than a password.
    if matches!(wants, Wants::Argument | Wants::Last) && cursor.ahead(2) == b"b\"" {
        return None;
    }
    string_prefix(cursor);
    let (escapes, quote) = cursor.quote();
    if let Some(quote) = quote {
        if escapes == 0 && ends_the_string_of_the_name(cursor, quote) {
            return None;
        }
        cursor.at += escapes + 1;
        scheme(cursor);
        let literal = quoted(cursor, quote, escapes)?;
        cursor.at = literal.end + escapes + 1;
        let is_fitting = match wants {
            Wants::Argument => is_only(cursor),
            Wants::Last => is_last(cursor),
            _ => true,
        };
        let value = is_fitting.then(|| word_of(cursor.text, within_quotes(cursor.text, literal))).flatten()?;
        return Some((value, Form::Quoted));
    }
    // An option may lack its value: `--password --user x`.
    let option = cursor.ahead(2) == b"--";
    if escapes > 0 || option || wants != Wants::Any {
        return None;
    }
    scheme(cursor);
    bare(cursor)
}

/// Returns `true` if the quote after a name ends the string that the name is in: `split("password:")`, `ask("New
/// password: ")`.
fn ends_the_string_of_the_name(cursor: &mut Cursor, quote: u8) -> bool {
    if cursor.text.get(cursor.name.end).copied().is_some_and(is_quote) {
        return false;
    }
    let before = cursor.before(MAX_NAME);
    let line = before.rsplit(|b| *b == b'\n').next().unwrap_or_default();
    let Some(at) = line.iter().rposition(|b| *b == quote) else { return false };
    let opens = at.checked_sub(1).is_some_and(|at| matches!(line[at], b'(' | b'=' | b'[' | b','));
    opens && line[at + 1..].iter().all(|b| b.is_ascii_alphabetic() || *b == b' ')
}

/// Skips the function and the bracket in `[]byte("…")`, `String("…")`, `("…")` if a string follows.
fn converted(cursor: &mut Cursor) {
    const MOST: usize = 40;
    let part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b':' | b'[' | b']');
    let callee = cursor.count(MOST, part);
    if cursor.ahead(callee + 1).get(callee) != Some(&b'(') {
        return;
    }
    let rest = cursor.ahead(callee + 1 + MOST + 1);
    let word = rest[..callee].rsplit(|b| !b.is_ascii_alphanumeric()).next().unwrap_or_default();
    let space = rest[callee + 1..].iter().take(MOST).take_while(|b| b.is_ascii_whitespace()).count();
    let string = rest.get(callee + 1 + space).copied().is_some_and(is_quote);
    if string && (callee == 0 || CONVERSIONS.contains(&word)) {
        cursor.at += callee + 1 + space;
    }
}

/// Skips the prefix in `b"…"`, `f'…'`, `@"…"`, `L"…"`, `rb"…"`.
fn string_prefix(cursor: &mut Cursor) {
    let prefix = cursor.count(2, |b| b.is_ascii_alphabetic() || *b == b'@');
    if cursor.ahead(prefix + 1).get(prefix).is_some_and(|b| matches!(b, b'"' | b'\'')) {
        cursor.at += prefix;
    }
}

/// Returns `true` if a word is as long as an issued value, has enough digits or is unreadable, and contains no signs
/// other than `signs`.
fn is_drawn(word: &[u8], signs: &[u8]) -> bool {
    const LEAST: usize = 20;
    const DIGITS: usize = 3;
    word.len() >= LEAST
        && (word.iter().filter(|b| b.is_ascii_digit()).count() >= DIGITS || wordlike::is_unreadable(word))
        && word.iter().any(u8::is_ascii_alphabetic)
        && word.iter().all(|b| b.is_ascii_alphanumeric() || signs.contains(b))
}

/// Skips the scheme of an `Authorization` header: the secret follows it.
fn scheme(cursor: &mut Cursor) {
    const LONGEST: usize = 16;
    const SCHEMES: [&[u8]; 5] = [b"Bearer ", b"bearer ", b"Token ", b"token ", b"Basic "];
    if SCHEMES.iter().any(|scheme| cursor.pass(scheme)) {
        cursor.blanks();
        return;
    }
    // The scheme may be a vendor's own: `Authorization: vendor1 value`.
    let length = cursor.count(LONGEST, |b| b.is_ascii_alphanumeric() || *b == b'-');
    let word = cursor.ahead(length);
    let start = cursor.at;
    cursor.at += length;
    if !cursor.pass(b" ") {
        cursor.at = start;
        return;
    }
    let value = cursor.count(usize::MAX, |b| !b.is_ascii_whitespace() && !is_quote(*b));
    let is_telling = TELLING.iter().any(|telling| telling.eq_ignore_ascii_case(word));
    if word.is_empty() || is_telling || !is_drawn(cursor.ahead(value), SIGNS) {
        cursor.at = start;
    }
}

/// Returns `true` if no other text follows within the brackets of a call.
fn is_only(cursor: &mut Cursor) -> bool {
    cursor.space(usize::MAX);
    let is_followed = cursor.pass(b",");
    cursor.space(if is_followed { usize::MAX } else { 0 });
    cursor.peek().is_some_and(|b| b == b')' || (is_followed && b.is_ascii_digit()))
}

/// Returns `true` if a call or a line ends here.
fn is_last(cursor: &mut Cursor) -> bool {
    cursor.at += cursor.count(usize::MAX, |b| matches!(b, b' ' | b'\t'));
    cursor.peek().is_none_or(|b| matches!(b, b')' | b';' | b'\n' | b'\r'))
}

/// Returns the text up to the quote that is escaped as often as the first; it must be on one line, except within triple
/// quotes.
pub(super) fn quoted(cursor: &mut Cursor, quote: u8, escaped: usize) -> Option<Span> {
    if escaped == 0 && cursor.pass(&[quote, quote]) {
        cursor.pass(b"\\");
        cursor.space(MAX_VALUE);
        let length = cursor.ahead(MAX_VALUE).iter().position(|b| *b == quote || b.is_ascii_whitespace())?;
        return (length > 0).then(|| Span::new(cursor.at, cursor.at + length));
    }
    let line = cursor.count(MAX_VALUE, |b| *b != b'\n');
    let mut backslashes = 0;
    for (at, byte) in cursor.ahead(line).iter().enumerate() {
        match *byte {
            b'\\' => backslashes += 1,
            byte if byte == quote && (backslashes == escaped || (escaped == 0 && backslashes % 2 == 0)) => {
                return Some(Span::new(cursor.at, cursor.at + at.checked_sub(escaped)?));
            }
            _ => backslashes = 0,
        }
    }
    None
}

/// Returns the text within the quotes of a literal for another program: `'"value"'`, `"\"value\""`.
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

/// Returns the value without the blanks around it; of a few words the last one, if it looks issued: `Scheme value`.
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

/// Words that show the value after them to be public.
const TELLING: [&[u8]; 10] =
    [b"sha1", b"sha256", b"sha512", b"md5", b"commit", b"ssh-rsa", b"ssh-ed25519", b"ssh-dss", b"public", b"id"];

/// Returns the text of an element: one word, with white space around it; or the last of a few words, if it looks
/// issued.
fn content(cursor: &mut Cursor) -> Option<(Span, Form)> {
    cursor.pass(b"<![CDATA[");
    let window = cursor.ahead(MAX_VALUE);
    if let Some(word) = last_word(cursor, window) {
        return Some((word, Form::Bare));
    }
    let length = window.iter().position(|b| matches!(b, b'<' | b'>' | b'"') || b.is_ascii_whitespace())?;
    let value = window[..length].strip_suffix(b"]]").unwrap_or(&window[..length]);
    // `<your_password>@host/<your_db>`: another placeholder doesn't close the element.
    let behind = window[length..].trim_ascii_start();
    let closed = behind.starts_with(b"</") || behind.starts_with(b"<!") || value.len() < length;
    (closed && !value.is_empty()).then(|| (Span::new(cursor.at, cursor.at + value.len()), Form::Bare))
}

/// Returns the last word of an element with a few words, also in braces, if it looks issued.
fn last_word(cursor: &Cursor, window: &[u8]) -> Option<Span> {
    let inside = &window[..memchr::memchr2(b'<', b'\n', window)?];
    let braces = usize::from(inside.starts_with(b"{") && inside.ends_with(b"}"));
    let whole = Span::new(cursor.at + braces, cursor.at + inside.len() - braces);
    word_of(cursor.text, whole).filter(|word| word.start > whole.start)
}

/// Reads a word without quotes.
fn bare(cursor: &mut Cursor) -> Option<(Span, Form)> {
    let ends = |b: &u8| {
        b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'`' | b',' | b';' | b'<' | b'>' | b'|' | b'&' | b'\\')
    };
    let length = cursor.count(MAX_VALUE, |b| !ends(b));
    if let Some(whole) = rest_of_line(cursor, length) {
        return Some((whole, Form::Bare));
    }
    // The text of a link ends here, and its address follows: `[token=value](https://…)`.
    let length = memchr::memmem::find(cursor.ahead(length), b"](").unwrap_or(length);
    let value = cursor.ahead(length);
    // `PASS: name of a test` in a log is a verdict.
    if cursor.name.of(cursor.text) == b"PASS" && is_verdict(cursor, length) {
        return None;
    }
    // An angle bracket opens a placeholder: `prefix<name>`.
    if length < MAX_VALUE && cursor.ahead(length + 1).get(length) == Some(&b'<') {
        return None;
    }
    // The author cut the value short: `Zm9v...`.
    if value.ends_with(b"...") {
        return None;
    }
    // A closing bracket continues an expression: `split("password:")[1]`.
    if value.first().is_some_and(|b| matches!(b, b')' | b']' | b'}')) {
        return None;
    }
    let trimmed = value.iter().rev().take_while(|b| matches!(b, b')' | b']' | b'}' | b'.' | b':')).count();
    (length > trimmed).then_some((Span::new(cursor.at, cursor.at + length - trimmed), Form::Bare))
}

/// Returns `true` if the name begins its line, or more words follow the first one.
fn is_verdict(cursor: &mut Cursor, word: usize) -> bool {
    let begins = cursor.before(1).last().is_none_or(|b| *b == b'\n');
    let is_sign = cursor.text.get(cursor.name.end) == Some(&b':');
    is_sign && (begins || cursor.ahead(word + 1).get(word).is_some_and(|b| *b == b' '))
}

/// Returns the rest of the line, if a setting is alone on it and signs that elsewhere end a word are part of a value
/// that isn't a word: `password = k9{z;Q(w|x`.
fn rest_of_line(cursor: &mut Cursor, word: usize) -> Option<Span> {
    const INDENT: usize = 8;
    let rest = cursor.count(MAX_VALUE, |b| !b.is_ascii_whitespace() && !matches!(b, b'"' | b'\'' | b'`' | b'\\'));
    let ends_line = matches!(cursor.ahead(rest + 1).get(rest), None | Some(b'\n' | b'\r'));
    let value = cursor.ahead(rest);
    let (cut, behind) = value.split_at(word.min(rest));
    // `a;b=c` and `a&b=c` are several settings; a sign at the end belongs to the line.
    let is_one = !cut.is_empty() && behind.len() > 1 && !behind.contains(&b'=') && rest < MAX_VALUE;
    if !ends_line || !is_one || value.ends_with(b";") || value.ends_with(b",") {
        return None;
    }
    let before = cursor.before(INDENT);
    let line = before.rsplit(|b| *b == b'\n').next().unwrap_or_default();
    let alone = line.iter().all(|b| matches!(b, b' ' | b'\t')) || line.ends_with(b"export ");
    (alone && wordlike::is_unreadable(value)).then(|| Span::new(cursor.at, cursor.at + rest))
}

fn ends_line(text: &[u8], value: Span) -> bool {
    text.get(value.end).is_none_or(|b| matches!(b, b'\n' | b'\r'))
}

/// Returns `true` if name and value are in one string: `"token: value"`, `?token=value&`, `;Password=value;`,
/// `"${token:value}"`.
pub(super) fn in_string(cursor: &mut Cursor, value: Span) -> bool {
    let (text, name) = (cursor.text, cursor.name);
    let Some(before) = cursor.before(1).last() else { return false };
    cursor.at = value.end;
    let after = cursor.peek().unwrap_or(b'\n');
    let gap = text.get(name.end..value.start).unwrap_or_default();
    match before {
        b'"' | b'\'' | b'`' => !gap.contains(before) && (after == *before || matches!(after, b';' | b'&' | b'\\')),
        // The value is the default of a placeholder, as in `${name:value}`.
        b'{' => gap == b":" && after == b'}' && cursor.before(2) == b"${",
        b'?' | b'&' => gap == b"=" && (is_quote(after) || matches!(after, b'&' | b'#' | b' ')),
        b';' => gap == b"=" && (is_quote(after) || after == b';') && after_pair(cursor),
        _ => false,
    }
}

/// Returns `true` if a pair `word=value` of a connection string ends right before the name.
fn after_pair(cursor: &mut Cursor) -> bool {
    let [before @ .., _] = cursor.before(MAX_BEFORE + 1) else { return false };
    let pair = before.rsplit(|b| matches!(b, b';' | b'"' | b'\'' | b'\n')).next().unwrap_or_default();
    let Some(sign) = memchr::memchr(b'=', pair) else { return false };
    sign > 0 && pair[..sign].iter().all(|b| b.is_ascii_alphabetic() || *b == b' ') && !pair[sign..].contains(&b'(')
}

/// Reads a comparison with the value in front: `"value" == name`.
pub(super) fn compared(cursor: &mut Cursor) -> Option<Assignment> {
    let name = cursor.name;
    let sigil = usize::from(cursor.before(1) == b"$");
    let before = before_sign(cursor, sigil)?.trim_ascii_end();
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

/// Returns the text before the operator of a comparison, if the operator is close enough before the name.
fn before_sign<'t>(cursor: &mut Cursor<'t>, sigil: usize) -> Option<&'t [u8]> {
    const SIGNS: [&[u8]; 4] = [b"===", b"!==", b"==", b"!="];
    const LONGEST: usize = 3;
    let trimmed = cursor.before_space(sigil, LONGEST, MAX_BEFORE);
    let sign = SIGNS.into_iter().find(|sign| trimmed.ends_with(sign))?;
    cursor.before(MAX_BEFORE);
    Some(&trimmed[..trimmed.len() - sign.len()])
}
