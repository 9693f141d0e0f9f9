//! Secrets of Kubernetes: what they hold is secret whatever its key. Read from the word that says so: `kind: Secret` in a
//! manifest, the resource of Terraform, the command that creates one, the generator of kustomize.

use super::below::is_beside;
use super::block::{self, Entry};
use super::{Assignment, Cursor, Wants, value};
use crate::detect::Form;
use crate::text::Span;

/// Most bytes on either side of the word.
const MOST: usize = 700;

/// The parts of a manifest that hold the values.
const PARTS: [&[u8]; 2] = [b"data", b"stringData"];

/// What such a secret holds, if the name is the word for one.
pub(super) fn read(cursor: &mut Cursor, keyword: Span) -> Vec<Assignment> {
    let word = cursor.name.of(cursor.text);
    let entries = match word {
        b"Secret" => manifest(cursor),
        b"secret" => command(cursor),
        b"secretGenerator" => generator(cursor),
        _ if word.starts_with(b"kubernetes_secret") => resource(cursor),
        _ => Vec::new(),
    };
    let is_kept = |entry: &Entry| entry.key.is_some_and(|key| !is_beside(key.of(cursor.text)));
    let kept = entries.into_iter().filter(is_kept);
    kept.map(|entry| Assignment { name: keyword, value: entry.value, form: entry.form }).collect()
}

fn manifest(cursor: &mut Cursor) -> Vec<Entry> {
    if cursor.before(8).ends_with(b"\"") && cursor.peek() == Some(b'"') {
        let before = cursor.before(16).trim_ascii_end();
        let before = before.strip_suffix(b"\"").unwrap_or(before).trim_ascii_end();
        let kind = before.strip_suffix(b":").is_some_and(|before| before.trim_ascii_end().ends_with(b"\"kind\""));
        return if kind { json(cursor) } else { Vec::new() };
    }
    let kind = cursor.before(8).ends_with(b"kind: ") && cursor.peek().is_none_or(|b| b.is_ascii_whitespace());
    if kind { yaml(cursor) } else { Vec::new() }
}

/// The parts of the document that `kind: Secret` stands in, before it and after it.
fn yaml(cursor: &mut Cursor) -> Vec<Entry> {
    let before = cursor.before(MOST);
    let first = cursor.name.start - before.len();
    let whole = before.len() < MOST || before.first() == Some(&b'\n');
    let mut start = cursor.name.start;
    let mut own = None;
    for line in before.rsplit(|b| *b == b'\n') {
        let column = column(line);
        let own = *own.get_or_insert(column);
        if (!line.trim_ascii().is_empty() && column < own) || line.starts_with(b"---") {
            break;
        }
        // Of the first line not all may be there.
        if start - line.len() > first || whole {
            start -= line.len();
        }
        // Here the list begins whose item the document is.
        if column == own && line.trim_ascii_start().starts_with(b"- ") {
            break;
        }
        start = start.saturating_sub(1).max(first);
    }
    parts(cursor, start, own.unwrap_or(0))
}

/// The entries of the parts at this column, from `start` to the end of the document.
fn parts(cursor: &mut Cursor, start: usize, column: usize) -> Vec<Entry> {
    let mut found = Vec::new();
    cursor.at = start;
    let end = cursor.name.end + MOST;
    while cursor.at < end {
        let line = cursor.count(usize::MAX, |b| *b != b'\n');
        let line = cursor.ahead(line);
        let blank = line.trim_ascii().is_empty();
        let here = self::column(line);
        if line.starts_with(b"---")
            || (!blank && here < column)
            || (cursor.at > cursor.name.end && here == column && line.trim_ascii_start().starts_with(b"- "))
        {
            break;
        }
        let is_part = PARTS
            .iter()
            .any(|part| line[here.min(line.len())..].strip_prefix(*part).is_some_and(|rest| rest.trim_ascii() == b":"));
        if is_part && here == column {
            let end_of_line = cursor.at + line.len();
            cursor.at = end_of_line;
            let entries = block::indented(cursor, column, MOST);
            // What was read beyond the last entry may be the next part.
            cursor.at = entries.last().map_or(end_of_line, |last| last.value.end);
            found.extend(entries);
        }
        if !block::next_line(cursor) {
            break;
        }
    }
    found
}

/// The blanks that a line starts with, and the mark of a list among them.
fn column(line: &[u8]) -> usize {
    line.iter().take_while(|b| matches!(b, b' ' | b'-')).count()
}

/// The parts of the object that `"kind": "Secret"` stands in.
fn json(cursor: &mut Cursor) -> Vec<Entry> {
    let mut found = Vec::new();
    let before = cursor.before(MOST);
    let first = cursor.name.start - before.len();
    for part in PARTS {
        let quoted = [b"\"", part, b"\":"].concat();
        let Some(at) = memchr::memmem::rfind(before, &quoted) else { continue };
        // Between a part of the same object and the kind as many brackets close as open.
        let open = before[at..].iter().map(|b| i32::from(*b == b'{') - i32::from(*b == b'}'));
        if open.sum::<i32>() == 0 {
            cursor.at = first + at + quoted.len();
            found.extend(object(cursor));
        }
    }
    let rest = {
        cursor.at = cursor.name.end;
        cursor.ahead(MOST)
    };
    let (start, mut depth) = (cursor.at, 0i32);
    for (at, byte) in rest.iter().enumerate() {
        depth += i32::from(*byte == b'{') - i32::from(*byte == b'}');
        if depth < 0 {
            break;
        }
        let part = PARTS.iter().find(|part| {
            depth == 0
                && rest[at..]
                    .strip_prefix(b"\"")
                    .is_some_and(|rest| rest.starts_with(part) && rest[part.len()..].starts_with(b"\":"))
        });
        if let Some(part) = part {
            cursor.at = start + at + part.len() + 3;
            found.extend(object(cursor));
        }
    }
    found
}

fn object(cursor: &mut Cursor) -> Vec<Entry> {
    cursor.blanks();
    if cursor.peek() == Some(b'{') { block::bracketed(cursor, MOST) } else { Vec::new() }
}

/// `resource "kubernetes_secret" "name" {` … `data = {`.
fn resource(cursor: &mut Cursor) -> Vec<Entry> {
    const HEADS: [&[u8]; 3] = [b"data = {", b"data {", b"binary_data = {"];
    if cursor.peek() != Some(b'"') || !cursor.before(16).ends_with(b"resource \"") {
        return Vec::new();
    }
    let body = cursor.ahead(MOST);
    let body = &body[..memchr::memmem::find(body, b"\n}").unwrap_or(body.len())];
    let start = cursor.at;
    let mut found = Vec::new();
    for line in body.split_inclusive(|b| *b == b'\n') {
        if HEADS.contains(&line.trim_ascii()) {
            let at = line.as_ptr() as usize - body.as_ptr() as usize;
            cursor.at = start + at + memchr::memchr(b'{', line).unwrap_or(0);
            found.extend(block::bracketed(cursor, MOST));
        }
    }
    found
}

/// `kubectl create secret generic name --from-literal=key=value`.
fn command(cursor: &mut Cursor) -> Vec<Entry> {
    const OPTION: &[u8] = b"--from-literal";
    if !cursor.before(8).ends_with(b"create ") || !cursor.ahead(9).starts_with(b" generic") {
        return Vec::new();
    }
    let (start, rest) = (cursor.at, cursor.ahead(MOST));
    let mut found = Vec::new();
    for at in memchr::memmem::find_iter(rest, OPTION) {
        let between = &rest[..at];
        let ends = |end: usize| !matches!(between[..end].trim_ascii_end().last(), Some(b'\\' | b'`'));
        if memchr::memchr_iter(b'\n', between).any(ends) {
            break;
        }
        cursor.at = start + at + OPTION.len() + 1;
        found.extend(literal(cursor));
    }
    found
}

/// `secretGenerator:` … `literals:` and a list of `key=value`.
fn generator(cursor: &mut Cursor) -> Vec<Entry> {
    if !cursor.pass(b":") {
        return Vec::new();
    }
    let mut found = Vec::new();
    let end = cursor.at + MOST;
    let mut is_literal = false;
    while cursor.at < end && block::next_line(cursor) {
        let indent = cursor.count(80, |b| *b == b' ');
        cursor.at += indent;
        let listed = cursor.pass(b"- ");
        match cursor.peek() {
            Some(b) if indent == 0 && !listed && !b.is_ascii_whitespace() => break,
            _ if is_literal && listed && cursor.ahead(8) != b"literals" => found.extend(literal(cursor)),
            _ => is_literal = cursor.ahead(9) == b"literals:",
        }
    }
    found
}

/// `key=value`, in quotes or without; or the value in quotes.
fn literal(cursor: &mut Cursor) -> Option<Entry> {
    const LONGEST_KEY: usize = 80;
    let quote = cursor.peek().filter(|b| super::is_quote(*b));
    cursor.pass(quote.as_slice());
    let key = cursor.count(LONGEST_KEY, |b| b.is_ascii_alphanumeric() || b"_-.".contains(b));
    let key = Span::new(cursor.at, cursor.at + key);
    cursor.at = key.end;
    if !cursor.pass(b"=") {
        return None;
    }
    let (value, form) = match quote {
        Some(quote) => (value::quoted(cursor, quote, 0)?, Form::Quoted),
        None => value::read(cursor, Wants::Any)?,
    };
    Some(Entry { key: Some(key), value, form, depth: 1 })
}
