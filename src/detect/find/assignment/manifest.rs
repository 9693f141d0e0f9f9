//! Secrets of Kubernetes: their content is secret whatever its key. They are read from the word that marks them: `kind:
//! Secret` in a manifest, the resource of Terraform, the command that creates one, the generator of kustomize.

use super::below::is_metadata;
use super::block::{self, Entry};
use super::{Assignment, Cursor, Wants, value};
use crate::detect::Form;
use crate::rule::compile::ASSIGNED_BEFORE;
use crate::text::Span;

/// The most bytes on either side of the word in a manifest; below it, the most of a resource, a command or a generator.
const MOST: usize = ASSIGNED_BEFORE as usize;
const MAX_BLOCK: usize = 700;
/// The most braces around the siblings of a manifest's parts: with more of them, the braces are never closed.
const MAX_DEPTH: i32 = 16;
/// The most bytes before the word that show it to be a kind.
const MAX_KIND: usize = 24;

/// The parts of a manifest that hold the values.
const PARTS: [&[u8]; 2] = [b"data", b"stringData"];

/// Returns the values of such a secret, if the name is a word that marks one.
pub(super) fn read(cursor: &mut Cursor, keyword: Span) -> Vec<Assignment> {
    let word = cursor.name.of(cursor.text);
    let entries = match word {
        b"Secret" => manifest(cursor),
        b"secret" => command(cursor),
        b"secretGenerator" => generator(cursor),
        _ if word.starts_with(b"kubernetes_secret") => resource(cursor),
        _ => Vec::new(),
    };
    let is_kept = |entry: &Entry| entry.key.is_some_and(|key| !is_metadata(key.of(cursor.text)));
    let kept = entries.into_iter().filter(is_kept);
    kept.map(|entry| Assignment { name: keyword, value: entry.value, form: entry.form }).collect()
}

fn manifest(cursor: &mut Cursor) -> Vec<Entry> {
    let before = cursor.before(MAX_KIND);
    // The value may be in quotes, and there may be blanks around the colon.
    let quote = before.last().copied().filter(|b| matches!(b, b'"' | b'\''));
    let before = &before[..before.len() - quote.as_slice().len()];
    let Some(before) = before.trim_ascii_end().strip_suffix(b":") else { return Vec::new() };
    let before = before.trim_ascii_end();
    let start = cursor.name.end + quote.as_slice().len();
    let closed = cursor.pass(quote.as_slice());
    if !closed {
        return Vec::new();
    }
    let ends_line = cursor.peek().is_none_or(|b| b.is_ascii_whitespace());
    match before.strip_suffix(b"\"kind\"") {
        Some(ahead) => {
            let kind = cursor.name.start - (MAX_KIND.min(cursor.name.start) - ahead.len());
            let found = json(cursor, kind, start);
            // In YAML the names may be in quotes as well.
            if found.is_empty() && ends_line { yaml(cursor) } else { found }
        }
        None if ends_line && before.ends_with(b"kind") => yaml(cursor),
        None => Vec::new(),
    }
}

/// Returns the entries of the document that contains `kind: Secret`, before and after it. If another kind is given
/// before, the document belongs to that.
fn yaml(cursor: &mut Cursor) -> Vec<Entry> {
    let before = cursor.before(MOST);
    let first = cursor.name.start - before.len();
    let whole = before.len() < MOST || before.first() == Some(&b'\n');
    let mut start = cursor.name.start;
    let mut own = None;
    for line in before.rsplit(|b| *b == b'\n') {
        let column = column(line);
        let is_first = own.is_none();
        let own = *own.get_or_insert(column);
        if (!line.trim_ascii().is_empty() && column < own) || line.starts_with(b"---") {
            break;
        }
        if !is_first && column == own && behind_name(&line[own..], b"kind").is_some() {
            return Vec::new();
        }
        // The first line may be incomplete.
        if start - line.len() > first || whole {
            start -= line.len();
        }
        // The list starts here, and the document is its item.
        if column == own && line.trim_ascii_start().starts_with(b"- ") {
            break;
        }
        start = start.saturating_sub(1).max(first);
    }
    parts(cursor, start, own.unwrap_or(0))
}

/// Returns the entries of the parts at this column, from `start` to the end of the document.
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
        if let Some(behind) = behind_part(&line[here.min(line.len())..]).filter(|_| here == column) {
            let line_end = cursor.at + line.len();
            cursor.at = line_end;
            let entries = match behind.first() {
                None | Some(b'#' | b'&' | b'!') => block::indented(cursor, column, MOST),
                Some(b'{') => {
                    cursor.at -= behind.len();
                    block::bracketed(cursor, MOST)
                }
                Some(_) => Vec::new(),
            };
            // Text read beyond the last entry may be the next part.
            cursor.at = entries.last().map_or(line_end, |last| last.value.end);
            found.extend(entries);
        }
        if !block::next_line(cursor) {
            break;
        }
    }
    found
}

/// Returns the text after the name of a part and its colon, if a line of YAML starts with one.
fn behind_part(line: &[u8]) -> Option<&[u8]> {
    PARTS.iter().find_map(|part| behind_name(line, part))
}

/// Returns the text after one name and its colon; the name may be in quotes.
fn behind_name<'l>(line: &'l [u8], name: &[u8]) -> Option<&'l [u8]> {
    let quote = line.first().copied().filter(|b| matches!(b, b'"' | b'\''));
    let rest = line[quote.as_slice().len()..].strip_prefix(name)?.strip_prefix(quote.as_slice())?;
    Some(rest.trim_ascii_start().strip_prefix(b":")?.trim_ascii())
}

/// Returns the number of blanks that a line starts with, including the mark of a list.
fn column(line: &[u8]) -> usize {
    line.iter().take_while(|b| matches!(b, b' ' | b'-')).count()
}

/// Returns the entries in the object that gives its kind from `kind` to `behind`. If another kind is given before, the
/// object belongs to that.
fn json(cursor: &mut Cursor, kind: usize, behind: usize) -> Vec<Entry> {
    let before = cursor.before(MOST);
    let first = cursor.name.start - before.len();
    let (ahead, mut depth) = (&before[..kind - first], 0i32);
    let mut found = Vec::new();
    for (at, byte) in ahead.iter().enumerate().rev() {
        depth += i32::from(*byte == b'}') - i32::from(*byte == b'{');
        if !(0..MAX_DEPTH).contains(&depth) {
            break;
        }
        if depth == 0 && *byte == b'"' {
            if ahead[at..].starts_with(b"\"kind\"") {
                return Vec::new();
            }
            found.extend(object(cursor, &before[at..], first + at));
        }
    }
    cursor.at = behind;
    let (rest, mut depth) = (cursor.ahead(MOST), 0i32);
    for (at, byte) in rest.iter().enumerate() {
        depth += i32::from(*byte == b'{') - i32::from(*byte == b'}');
        if !(0..MAX_DEPTH).contains(&depth) {
            break;
        }
        if depth == 0 && *byte == b'"' {
            found.extend(object(cursor, &rest[at..], behind + at));
        }
    }
    found
}

/// Returns the entries of a part of an object, if its quoted name is at `start`.
fn object(cursor: &mut Cursor, text: &[u8], start: usize) -> Vec<Entry> {
    let behind = |part: &[u8]| text.strip_prefix(b"\"")?.strip_prefix(part)?.strip_prefix(b"\"");
    let Some(rest) = PARTS.iter().find_map(|part| behind(part)) else { return Vec::new() };
    let Some(inside) = rest.trim_ascii_start().strip_prefix(b":") else { return Vec::new() };
    let inside = inside.trim_ascii_start();
    if inside.first() != Some(&b'{') {
        return Vec::new();
    }
    cursor.at = start + text.len() - inside.len();
    block::bracketed(cursor, MOST)
}

/// Reads `resource "kubernetes_secret" "name" {` … `data = {`.
fn resource(cursor: &mut Cursor) -> Vec<Entry> {
    const HEADS: [&[u8]; 3] = [b"data = {", b"data {", b"binary_data = {"];
    if cursor.peek() != Some(b'"') || !cursor.before(16).ends_with(b"resource \"") {
        return Vec::new();
    }
    let body = cursor.ahead(MAX_BLOCK);
    let body = &body[..memchr::memmem::find(body, b"\n}").unwrap_or(body.len())];
    let start = cursor.at;
    let mut found = Vec::new();
    for line in body.split_inclusive(|b| *b == b'\n') {
        if HEADS.contains(&line.trim_ascii()) {
            let at = line.as_ptr() as usize - body.as_ptr() as usize;
            cursor.at = start + at + memchr::memchr(b'{', line).unwrap_or(0);
            found.extend(block::bracketed(cursor, MAX_BLOCK));
        }
    }
    found
}

/// Reads `kubectl create secret generic name --from-literal=key=value`.
fn command(cursor: &mut Cursor) -> Vec<Entry> {
    const OPTION: &[u8] = b"--from-literal";
    if !cursor.before(8).ends_with(b"create ") || !cursor.ahead(9).starts_with(b" generic") {
        return Vec::new();
    }
    let (start, rest) = (cursor.at, cursor.ahead(MAX_BLOCK));
    // Options after another command belong to that one.
    let rest = &rest[..memchr::memmem::find(rest, b"create secret ").unwrap_or(rest.len())];
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

/// Reads `secretGenerator:` … `literals:` and a list of `key=value`.
fn generator(cursor: &mut Cursor) -> Vec<Entry> {
    if !cursor.pass(b":") {
        return Vec::new();
    }
    let mut found = Vec::new();
    let end = cursor.at + MAX_BLOCK;
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

/// Reads `key=value`, in quotes or without; or with the value in quotes.
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
