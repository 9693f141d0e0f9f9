//! The entries of a list or a map below a name: in brackets, as data and code write them, or on lines of their own.

use super::{Cursor, Wants, is_quote, operator, value};
use crate::detect::Form;
use crate::text::Span;

/// The most brackets around an entry.
const MAX_DEPTH: usize = 3;
/// The most blanks before an entry, and the most that it may have in addition to those of the first one: entries with
/// more belong to other names.
const MAX_INDENT: usize = 80;
const MAX_DEEPER: usize = 12;
/// The most bytes of a comment.
const MAX_COMMENT: usize = 400;

/// A value of a list or a map.
#[derive(Debug)]
pub(super) struct Entry {
    /// The name of the entry, if it is not an item of a list.
    pub(super) key: Option<Span>,
    pub(super) value: Span,
    pub(super) form: Form,
    /// The number of brackets, or steps of indentation, around the entry.
    pub(super) depth: usize,
}

/// Returns the entries between brackets; the cursor is at the opening one. Ends at the first byte that can't be in a
/// list or map.
pub(super) fn bracketed(cursor: &mut Cursor, most: usize) -> Vec<Entry> {
    let end = cursor.at + most;
    let (mut found, mut depth, mut key) = (Vec::new(), 0usize, None);
    while cursor.at < end {
        space(cursor);
        match cursor.peek() {
            Some(b'[' | b'{' | b'(') if depth < MAX_DEPTH => (depth, key) = (depth + 1, None),
            Some(b']' | b'}' | b')') if depth > 1 => (depth, key) = (depth - 1, None),
            Some(b',' | b';') => key = None,
            _ => {
                let Some((word, form)) = word(cursor) else { break };
                if word.of(cursor.text) == b"+" {
                    rest_of_string(cursor);
                } else if let Some(closed) = link(cursor) {
                    (depth, key) = (depth - closed, Some(word));
                } else if !word.is_empty() {
                    found.push(Entry { key: key.take(), value: word, form, depth });
                }
                continue;
            }
        }
        cursor.at += 1;
    }
    found
}

/// Skips the string after a sign that joins it to the one before: of a value in parts, only the first part counts.
fn rest_of_string(cursor: &mut Cursor) {
    space(cursor);
    if cursor.quote().1.is_some() {
        word(cursor);
    }
}

/// Skips white space, also escaped, and comments.
fn space(cursor: &mut Cursor) {
    loop {
        match cursor.ahead(2) {
            [byte, ..] if byte.is_ascii_whitespace() => cursor.at += 1,
            [b'\\', b'n' | b'r' | b't'] => cursor.at += 2,
            [b'\\', b'\r' | b'\n'] => cursor.at += 1,
            [b'/', b'/'] | [b'#', b' '] => cursor.at += cursor.count(MAX_COMMENT, |b| *b != b'\n'),
            _ => return,
        }
    }
}

/// Reads a string, or a word without quotes.
fn word(cursor: &mut Cursor) -> Option<(Span, Form)> {
    const LONGEST_PREFIX: usize = 2;
    const PADDED: usize = 15;
    let part = |b: &u8| b.is_ascii_alphanumeric() || b"_.$@%&*!?/+~-".contains(b);
    let length = cursor.count(super::MAX_VALUE, part);
    let start = cursor.at;
    if length <= LONGEST_PREFIX {
        cursor.at += length;
        let (escapes, quote) = cursor.quote();
        if let Some(quote) = quote {
            cursor.at += escapes + 1;
            let literal = value::quoted(cursor, quote, escapes)?;
            cursor.at = literal.end + escapes + 1;
            return Some((literal, Form::Quoted));
        }
    }
    cursor.at = start + length;
    // The padding of base64, unless it is the sign of an assignment.
    if length >= PADDED {
        cursor.at += cursor.count(2, |b| *b == b'=');
    }
    (length > 0).then(|| (Span::new(start, cursor.at), Form::Bare))
}

/// Skips the sign that makes a word the name of the value after it, and returns how many brackets it closes: `["name"]
/// = …`.
fn link(cursor: &mut Cursor) -> Option<usize> {
    const SIGNS: [&[u8]; 5] = [b"=>", b"->", b"to ", b"=", b":"];
    let start = cursor.at;
    let closed = usize::from(cursor.pass(b"]"));
    cursor.blanks();
    let links = SIGNS.iter().any(|sign| cursor.pass(sign));
    if !links {
        cursor.at = start;
    }
    links.then_some(closed)
}

/// Returns the entries of the lines below a name that starts in this column; the cursor is at the end of its line. Ends
/// at a line that isn't indented further, unless it is an entry of a list.
pub(super) fn indented(cursor: &mut Cursor, column: usize, most: usize) -> Vec<Entry> {
    let end = cursor.at + most;
    let (mut found, mut own) = (Vec::new(), None);
    while cursor.at < end && next_line(cursor) {
        let indent = cursor.count(MAX_INDENT, |b| *b == b' ');
        cursor.at += indent;
        if matches!(cursor.peek(), Some(b'\n' | b'\r' | b'#')) {
            continue;
        }
        let listed = cursor.pass(b"- ");
        let own = *own.get_or_insert(indent);
        if indent < own || indent < column || (indent == column && !listed) {
            break;
        }
        if indent > own + MAX_DEEPER {
            continue;
        }
        cursor.blanks();
        let entry = line(cursor, 1 + usize::from(indent > own));
        // A named item of a list belongs to a record; a value alone is an entry only in a list.
        found.extend(
            entry
                .filter(|entry| listed || entry.key.is_some())
                .map(|entry| Entry { depth: entry.depth + usize::from(listed && entry.key.is_some()), ..entry }),
        );
    }
    found
}

/// Returns the entries of the lines below the head of a section, up to the next head.
pub(super) fn section(cursor: &mut Cursor, most: usize) -> Vec<Entry> {
    let end = cursor.at + most;
    let mut found = Vec::new();
    while cursor.at < end && next_line(cursor) {
        match cursor.peek() {
            Some(b'[') => break,
            Some(b'#' | b';' | b'\n' | b'\r') => {}
            _ => found.extend(line(cursor, 1)),
        }
    }
    found
}

/// Skips the rest of a line; returns `true` if another one follows.
pub(super) fn next_line(cursor: &mut Cursor) -> bool {
    cursor.at += cursor.count(usize::MAX, |b| *b != b'\n');
    cursor.pass(b"\n")
}

/// Returns the entry that a line holds: `name: value`, `name = value`, or a value alone.
fn line(cursor: &mut Cursor, depth: usize) -> Option<Entry> {
    let key = name(cursor);
    let wants = operator::on_next_line(cursor).filter(|_| key.is_some()).unwrap_or(Wants::Any);
    let (value, form) = value::read(cursor, wants)?;
    cursor.at = value.end;
    let alone = form == Form::Quoted || {
        let commented = cursor.blanks() && cursor.peek() == Some(b'#');
        commented || cursor.peek().is_none_or(|b| matches!(b, b'\n' | b'\r'))
    };
    alone.then_some(Entry { key, value, form, depth })
}

/// Skips a name and its sign, and returns the name, if there is one.
pub(super) fn name(cursor: &mut Cursor) -> Option<Span> {
    const MOST: usize = 64;
    let start = cursor.at;
    let (escapes, quote) = cursor.quote();
    cursor.at += if quote.is_some() { escapes + 1 } else { 0 };
    let word =
        Span::new(cursor.at, cursor.at + cursor.count(MOST, |b| b.is_ascii_alphanumeric() || b"_-./".contains(b)));
    cursor.at = word.end;
    cursor.pass(quote.as_slice());
    let signed = !word.is_empty() && {
        let blank = cursor.blanks();
        let equals = cursor.pass(b"=") && (blank || !matches!(cursor.peek(), Some(b'=' | b'\n' | b'\r') | None));
        equals || (cursor.pass(b":") && cursor.peek().is_none_or(|b| b.is_ascii_whitespace()))
    };
    if !signed {
        cursor.at = start;
        return None;
    }
    cursor.blanks();
    Some(word)
}

/// Returns the column in which the line of a name starts, if only the mark of a list and a quote precede the name.
pub(super) fn column(cursor: &mut Cursor) -> Option<usize> {
    let before = cursor.before(MAX_INDENT + 1);
    let line = match memchr::memrchr(b'\n', before) {
        Some(at) => &before[at + 1..],
        None if before.len() <= MAX_INDENT => before,
        None => return None,
    };
    let line = line.last().filter(|b| is_quote(**b)).map_or(line, |_| &line[..line.len() - 1]);
    let indent = line.iter().take_while(|b| **b == b' ').count();
    matches!(&line[indent..], [] | b"- ").then_some(line.len())
}
