//! Tables whose head names the secret: CSV, Markdown, the columns of an SQL statement. The values are in the same column.

use super::{Assignment, Cursor, is_quote};
use crate::detect::Form;
use crate::text::Span;

/// The most bytes of the head before the name and after it.
const MAX_HEAD: usize = 240;
/// The most bytes of a row.
const MAX_ROW: usize = 1000;
/// The most bytes of a column's name.
const MAX_CELL: usize = 40;

/// Returns the values below the name or in the same place of each tuple, if the name is that of a column.
pub(super) fn read(cursor: &mut Cursor) -> Vec<Assignment> {
    let decoration = |b: &u8| is_quote(*b) || matches!(b, b'*' | b' ');
    let start = cursor.at;
    let behind = cursor.count(4, decoration);
    let next = cursor.ahead(behind + 1).get(behind).copied();
    let found = match next {
        Some(delimiter @ (b',' | b';' | b'\t' | b'|')) => {
            let rows = rows(cursor, delimiter);
            if rows.is_empty() && delimiter == b',' { tuples(cursor) } else { rows }
        }
        Some(b')') => tuples(cursor),
        None | Some(b'\n' | b'\r') => cursor
            .before(MAX_CELL)
            .iter()
            .rev()
            .find(|b| b",;\t|\n".contains(b))
            .map_or_else(Vec::new, |delimiter| rows(cursor, *delimiter)),
        Some(_) => Vec::new(),
    };
    cursor.at = start;
    let name = if found.is_empty() { cursor.name } else { super::named(cursor) };
    found.into_iter().map(|(value, form)| Assignment { name, value, form }).collect()
}

/// Returns the values in the rows below the head of a table.
fn rows(cursor: &mut Cursor, delimiter: u8) -> Vec<(Span, Form)> {
    let Some((column, cells)) = head(cursor, delimiter) else { return Vec::new() };
    let mut found = Vec::new();
    // In Markdown a rule follows the head, and nothing else.
    let mut is_ruled = delimiter != b'|';
    loop {
        cursor.pass(b"\r");
        if !cursor.pass(b"\n") {
            break;
        }
        let line = cursor.count(MAX_ROW, |b| !matches!(b, b'\n' | b'\r'));
        let row = Span::new(cursor.at, cursor.at + line);
        let parts = split(cursor.text, row, delimiter);
        if parts.len() != cells {
            break;
        }
        cursor.at = row.end;
        if is_ruled {
            found.extend(cell(cursor.text, parts[column]));
        } else if row.of(cursor.text).iter().all(|b| b"|-: ".contains(b)) {
            is_ruled = true;
        } else {
            break;
        }
    }
    found
}

/// Returns the column of the name and the number of columns; the cursor is then at the end of the head.
fn head(cursor: &mut Cursor, delimiter: u8) -> Option<(usize, usize)> {
    // Checks the nearest text first: around a name in most lists of words there are no other titles.
    let near = cursor.before(MAX_CELL);
    let label = near
        .iter()
        .rev()
        .take_while(|b| b.is_ascii_alphanumeric() || is_quote(**b) || matches!(b, b' ' | b'*' | b'_'))
        .count();
    if label < near.len() && !matches!(near[near.len() - 1 - label], b'\n') && near[near.len() - 1 - label] != delimiter
    {
        return None;
    }
    let ahead = cursor.count(MAX_HEAD, |b| !matches!(b, b'\n' | b'\r'));
    let behind = Span::new(cursor.at, cursor.at + ahead);
    let before = cursor.before(MAX_HEAD);
    let start = match memchr::memrchr(b'\n', before) {
        Some(at) => at + 1,
        None if before.len() < MAX_HEAD => 0,
        None => return None,
    };
    // The line above has other columns, or none.
    let above = before[..start.saturating_sub(1)].rsplit(|b| *b == b'\n').next().unwrap_or_default();
    if delimiter != b'|' && above.contains(&delimiter) {
        return None;
    }
    let line = Span::new(cursor.name.start - (before.len() - start), behind.end);
    let cells = split(cursor.text, line, delimiter);
    let last = cells.len() - 1;
    let framed = |at: usize| delimiter == b'|' && (at == 0 || at == last);
    let named = |(at, cell): (usize, &Span)| {
        is_title(cell.of(cursor.text)) || (framed(at) && cell.of(cursor.text).trim_ascii().is_empty())
    };
    if cells.len() < 2 || !cells.iter().enumerate().all(named) {
        return None;
    }
    let column = cells.iter().position(|cell| cell.contains(cursor.name))?;
    let title = cells[column].of(cursor.text);
    let ends = title.trim_ascii().trim_ascii_end().iter().rev().take_while(|b| is_quote(**b) || **b == b'*').count();
    let inside = title.trim_ascii_end().len() - ends;
    cursor.at = line.end;
    (cells[column].start + inside == cursor.name.end).then_some((column, cells.len()))
}

/// Returns `true` if a cell may be the name of a column.
fn is_title(cell: &[u8]) -> bool {
    let cell = cell.trim_ascii();
    let inside = cell.iter().filter(|b| !is_quote(**b) && **b != b'*');
    cell.len() <= MAX_CELL
        && inside.clone().next().is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'#'))
        && inside.clone().all(|b| b.is_ascii_alphanumeric() || b" _-./#".contains(b))
}

/// Returns the cells of a row; a delimiter in double quotes separates nothing.
fn split(text: &[u8], row: Span, delimiter: u8) -> Vec<Span> {
    let (mut cells, mut start, mut quoted) = (Vec::new(), row.start, false);
    for (at, byte) in row.of(text).iter().enumerate() {
        match *byte {
            b'"' => quoted = !quoted,
            byte if byte == delimiter && !quoted => {
                cells.push(Span::new(start, row.start + at));
                start = row.start + at + 1;
            }
            _ => {}
        }
    }
    cells.push(Span::new(start, row.end));
    cells
}

/// Returns the content of a cell, without its quotes.
fn cell(text: &[u8], cell: Span) -> Option<(Span, Form)> {
    let bytes = cell.of(text);
    let start = cell.start + bytes.len() - bytes.trim_ascii_start().len();
    let inside = bytes.trim_ascii();
    let quote = inside.first().filter(|b| is_quote(**b) && inside.len() > 2 && inside.last() == Some(b));
    match quote {
        Some(_) => Some((Span::new(start + 1, start + inside.len() - 1), Form::Quoted)),
        None => (!inside.is_empty()).then(|| (Span::new(start, start + inside.len()), Form::Bare)),
    }
}

/// Returns the values in the place of the name: `(name, password) VALUES ('a', 'X'), ('b', 'Y')`.
fn tuples(cursor: &mut Cursor) -> Vec<(Span, Form)> {
    let listed = |b: &u8| b.is_ascii_alphanumeric() || b.is_ascii_whitespace() || is_quote(*b) || b"_,.[]".contains(b);
    let rest = cursor.count(MAX_HEAD, listed);
    cursor.at += rest;
    if !cursor.pass(b")") {
        return Vec::new();
    }
    cursor.space(MAX_HEAD);
    if !cursor.ahead(6).eq_ignore_ascii_case(b"values") {
        return Vec::new();
    }
    cursor.at += 6;
    let before = cursor.before(MAX_HEAD);
    let list = before.iter().rev().take_while(|b| listed(b)).count();
    if before.get(before.len().wrapping_sub(list + 1)) != Some(&b'(') {
        return Vec::new();
    }
    let column = before[before.len() - list..].iter().filter(|b| **b == b',').count();
    let mut found = Vec::new();
    loop {
        cursor.space(MAX_HEAD);
        if !cursor.pass(b"(") {
            break;
        }
        let Some(value) = tuple(cursor, column) else { break };
        found.extend(value);
        cursor.space(MAX_HEAD);
        if !cursor.pass(b",") {
            break;
        }
    }
    found
}

/// Returns the string in one place of a tuple, if there is one; the cursor is then after the tuple.
fn tuple(cursor: &mut Cursor, column: usize) -> Option<Option<(Span, Form)>> {
    let (mut place, mut depth, mut found) = (0, 0usize, None);
    for _ in 0..MAX_ROW {
        match cursor.peek()? {
            b'\'' => {
                cursor.at += 1;
                let length = cursor.count(MAX_ROW, |b| !matches!(b, b'\'' | b'\n'));
                let value = Span::new(cursor.at, cursor.at + length);
                cursor.at = value.end;
                if place == column && depth == 0 && !value.is_empty() {
                    found = Some((value, Form::Quoted));
                }
            }
            b'(' => depth += 1,
            b')' if depth == 0 => {
                cursor.at += 1;
                return Some(found);
            }
            b')' => depth -= 1,
            b',' if depth == 0 => place += 1,
            _ => {}
        }
        cursor.at += 1;
    }
    None
}
