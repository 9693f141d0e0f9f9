//! A name and a value in entries of their own: `name: X` next to `value: Y`, attributes and elements of XML, the default of
//! a variable.

use super::{Cursor, Wants, is_quote};
use crate::detect::Form;
use crate::text::Span;

/// The most attributes between the name and the value.
const MAX_ATTRIBUTES: usize = 4;
/// The most bytes of white space between two entries.
const MAX_SPACE: usize = 120;

/// The keys of entries that hold the name.
const NAMED: [&[u8]; 7] = [b"name", b"key", b"id", b"variable", b"var", b"property", b"parameter"];
/// The keys of entries that hold the value.
const VALUED: [&[u8]; 5] = [b"value", b"default", b"defaultvalue", b"content", b"val"];

/// Returns `true` if an entry of that name holds the value for the entry next to or above it.
pub(super) fn is_value(key: &[u8]) -> bool {
    VALUED.iter().any(|valued| valued.eq_ignore_ascii_case(key))
}

/// Skips the text between the name and the value, if the value is an entry of its own. The cursor is after the name
/// and its quote; otherwise it stays there.
pub(super) fn value_of(cursor: &mut Cursor, quoted: bool) -> Option<Wants> {
    let start = cursor.at;
    let found = match cursor.peek()? {
        b'>' => element(cursor),
        b' ' | b'\t' | b'\r' | b'\n' | b',' | b'/' | b'<' | b'{' => {
            tagged(cursor).or_else(|| if quoted { block(cursor) } else { None }).or_else(|| {
                cursor.at = start;
                let is_named = is_named(cursor);
                if is_named { attributes(cursor) } else { None }
            })
        }
        _ => None,
    };
    if found.is_none() {
        cursor.at = start;
    }
    found
}

/// Skips the bracket in `<name>value</name>`; the value of `<key>name</key><string>value</string>` is read by
/// [`sibling`].
fn element(cursor: &mut Cursor) -> Option<Wants> {
    cursor.at += 1;
    cursor.space(MAX_SPACE);
    Some(Wants::Content)
}

/// Skips the tag in `<name attribute="…">value</name>`, or those between `<key>name</key>` and its sibling.
fn tagged(cursor: &mut Cursor) -> Option<Wants> {
    match *cursor.before(1).last()? {
        b'<' if cursor.peek() == Some(b' ') => {
            let tag = cursor.count(MAX_SPACE, |b| !matches!(b, b'>' | b'<' | b'\n'));
            let closed = tag < MAX_SPACE && matches!(cursor.ahead(tag + 1)[tag - 1..], [last, b'>'] if last != b'/');
            cursor.at += tag;
            closed.then(|| element(cursor)).flatten()
        }
        b'>' if cursor.peek() == Some(b'<') => sibling(cursor),
        _ => None,
    }
}

/// Skips `</key><string>` after `<key>name`.
fn sibling(cursor: &mut Cursor) -> Option<Wants> {
    const MAX_TAG: usize = 24;
    if !cursor.pass(b"</") {
        return None;
    }
    let tag = cursor.ahead(MAX_TAG).iter().position(|b| *b == b'>')?;
    let paired = NAMED.iter().any(|word| word.eq_ignore_ascii_case(cursor.ahead(tag)));
    cursor.at += tag + 1;
    cursor.space(MAX_SPACE);
    if !paired || !cursor.pass(b"<") {
        return None;
    }
    let tag = cursor.ahead(MAX_TAG).iter().position(|b| *b == b'>')?;
    cursor.at += tag;
    element(cursor)
}

/// Skips to the value in `variable "name" {` … `default = value`.
fn block(cursor: &mut Cursor) -> Option<Wants> {
    const MAX_BLOCK: usize = 480;
    if !cursor.before(16).trim_ascii_end().ends_with(b"variable \"") {
        return None;
    }
    cursor.blanks();
    if !cursor.pass(b"{") {
        return None;
    }
    let body = cursor.ahead(MAX_BLOCK);
    let end = memchr::memmem::find(body, b"\n}").unwrap_or(body.len());
    let at = memchr::memmem::find(&body[..end], b"default")?;
    cursor.at += at + b"default".len();
    cursor.blanks();
    if !cursor.pass(b"=") {
        return None;
    }
    cursor.blanks();
    Some(Wants::Any)
}

/// Returns `true` if the entry with the name is called one: `name: X`, `"key": "X"`, `key="X"`.
fn is_named(cursor: &mut Cursor) -> bool {
    const REACH: usize = 24;
    names(cursor.before(REACH)).is_some()
}

/// Returns the text before the key of a name, if there is one.
fn names(before: &[u8]) -> Option<&[u8]> {
    let (rest, word) = key_before(unquoted(before.trim_ascii_end()))?;
    NAMED.iter().any(|named| named.eq_ignore_ascii_case(word)).then_some(rest)
}

/// Returns the word and the sign that a text ends with, split into the text before them and the word.
fn key_before(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.trim_ascii_end();
    let text = unquoted(text.strip_suffix(b":").or_else(|| text.strip_suffix(b"="))?.trim_ascii_end());
    let word = text.iter().rev().take_while(|b| b.is_ascii_alphanumeric()).count();
    let (rest, word) = text.split_at(text.len() - word);
    Some((unquoted(rest), word))
}

/// Returns the text without a quote at its end, and without the backslash before it.
fn unquoted(text: &[u8]) -> &[u8] {
    let quote = text.strip_suffix(b"\"").or_else(|| text.strip_suffix(b"'"));
    quote.map_or(text, |text| text.strip_suffix(b"\\").unwrap_or(text))
}

/// Returns the value before the entry with its name: `{"value": "X", "type": "T", "name": "N"}`.
pub(super) fn value_before(cursor: &mut Cursor) -> Option<(Span, Form)> {
    const MOST: usize = 240;
    if !is_named(cursor) {
        return None;
    }
    let before = cursor.before(MOST);
    let start = cursor.name.start - before.len();
    let mut rest = names(before)?;
    for _ in 0..MAX_ATTRIBUTES {
        let text = rest.trim_ascii_end();
        let text = text.strip_suffix(b",").unwrap_or(text).trim_ascii_end();
        let quote = text.last().copied().filter(|b| is_quote(*b));
        let ends = |b: &u8| quote.map_or_else(|| b.is_ascii_whitespace(), |quote| *b == quote);
        let text = if quote.is_some() { &text[..text.len() - 1] } else { text };
        let value = text.iter().rev().position(ends)?;
        let ahead = text.len() - value;
        let (front, word) = key_before(&text[..ahead - usize::from(quote.is_some())])?;
        if word.is_empty() || text[ahead..].ends_with(b"\\") {
            return None;
        }
        if is_value(word) {
            let form = if quote.is_some() { Form::Quoted } else { Form::Bare };
            return (value > 0).then(|| (Span::new(start + ahead, start + ahead + value), form));
        }
        rest = front;
    }
    None
}

/// Skips the attributes or entries after the name up to the one that holds the value.
fn attributes(cursor: &mut Cursor) -> Option<Wants> {
    for _ in 0..MAX_ATTRIBUTES {
        cursor.space(MAX_SPACE);
        cursor.pass(b",");
        cursor.space(MAX_SPACE);
        if cursor.pass(b">") {
            cursor.at -= 1;
            return element(cursor);
        }
        let (escapes, quote) = cursor.quote();
        let open = quote.is_some();
        cursor.at += if open { escapes + 1 } else { 0 };
        let word = cursor.count(16, u8::is_ascii_alphanumeric);
        let valued = is_value(cursor.ahead(word));
        cursor.at += word;
        if word == 0 || (open && !cursor.closing_quote()) {
            return None;
        }
        cursor.blanks();
        if !cursor.pass(b":") && !cursor.pass(b"=") {
            return None;
        }
        cursor.blanks();
        if valued {
            return Some(Wants::Any);
        }
        // Another attribute, on this line, such as a type, is skipped with its value.
        let quote = cursor.peek().filter(|b| is_quote(*b))?;
        let end = cursor.ahead(65)[1..].iter().position(|b| *b == quote || *b == b'\n')?;
        cursor.at += end + 2;
    }
    None
}
