//! A row: its values, and the text as which they are scanned.

use std::borrow::Cow;

use bstr::ByteSlice as _;

use super::pages::varint;
use crate::text::encoding::{Wide, as_text};

/// The most bytes of a name, if a row is a name and a value.
const MAX_KEY: usize = 256;

/// The values of a row.
pub(super) struct Record<'r> {
    pub(super) values: Vec<Value<'r>>,
}

/// A value that a row holds.
pub(super) enum Value<'r> {
    /// No value, or one that isn't scanned.
    Other,
    Number(i64),
    /// A text in UTF-8, whatever the encoding of the database.
    Text(Cow<'r, [u8]>),
    Blob(&'r [u8]),
}

impl Value<'_> {
    pub(super) fn number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// Returns the text of a text value, or of the bytes of a blob.
    pub(super) fn bytes(&self) -> Option<Cow<'_, [u8]>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Blob(bytes) => Some(as_text(bytes)),
            Self::Other | Self::Number(_) => None,
        }
    }
}

impl<'r> Record<'r> {
    /// Reads a record: the length of its header, a type for each value, and the values. A truncated record has fewer
    /// values.
    pub(super) fn parse(payload: &'r [u8], wide: Option<Wide>) -> Option<Self> {
        let (length, mut at) = varint(payload)?;
        let mut body = usize::try_from(length).ok().filter(|length| (at..=payload.len()).contains(length))?;
        let header = &payload[..body];
        let mut values = Vec::new();
        while at < header.len() {
            let (kind, bytes) = varint(&header[at..])?;
            at += bytes;
            let size = size(kind)?;
            let stored = payload.get(body..body.saturating_add(size).min(payload.len())).unwrap_or_default();
            body = body.saturating_add(size);
            values.push(match kind {
                1..=6 => Value::Number(stored.iter().fold(0, |number, byte| number << 8 | i64::from(*byte))),
                8 => Value::Number(0),
                9 => Value::Number(1),
                12.. if kind % 2 == 0 => Value::Blob(stored),
                13.. => Value::Text(wide.map_or(Cow::Borrowed(stored), |wide| wide.decode(stored).into())),
                _ => Value::Other,
            });
        }
        Some(Self { values })
    }

    /// Returns the values that are blobs.
    pub(super) fn blobs(&self) -> impl Iterator<Item = &[u8]> {
        self.values.iter().filter_map(|value| match value {
            Value::Blob(bytes) => Some(*bytes),
            _ => None,
        })
    }

    /// Returns the row as a text in which each value follows its name: that of its column or, in a table of names and
    /// values, the first of the two.
    pub(super) fn text(&self, columns: &[Vec<u8>]) -> Vec<u8> {
        if let [key, value] = &self.values[..]
            && let (Some(key), Some(value)) = (key.bytes(), value.bytes())
            && key.len() <= MAX_KEY
            && !key.is_empty()
            && !key.iter().any(u8::is_ascii_whitespace)
        {
            return line(&key, &value);
        }
        let mut text = Vec::new();
        for (at, value) in self.values.iter().enumerate() {
            if let Some(value) = value.bytes().filter(|value| !value.is_empty()) {
                text.extend(line(columns.get(at).map_or(&[], Vec::as_slice), &value));
            }
        }
        text
    }
}

/// Returns a value after its name; below the name if the value is more than a word, because an assignment has its value
/// on the same line.
fn line(name: &[u8], value: &[u8]) -> Vec<u8> {
    let is_word = !value.starts_with(b"{") && !value.starts_with(b"[") && value.find_byte(b'\n').is_none();
    let sign: &[u8] = match name {
        [] => b"",
        _ if is_word => b"=",
        _ => b"\n",
    };
    [name, sign, value, b"\n"].concat()
}

/// Returns the number of bytes of a value of this type.
fn size(kind: i64) -> Option<usize> {
    Some(match kind {
        0 | 8 | 9 | 10 | 11 => 0,
        1..=4 => usize::try_from(kind).ok()?,
        5 => 6,
        6 | 7 => 8,
        12.. => usize::try_from((kind - 12) / 2).ok()?,
        _ => return None,
    })
}

/// Returns the names of the columns from the statement that creates a table: the first word of each part between its
/// brackets.
pub(super) fn columns(statement: &[u8]) -> Vec<Vec<u8>> {
    let Some((_, list)) = statement.split_once_str("(") else { return Vec::new() };
    let (mut names, mut part, mut depth) = (Vec::new(), Vec::new(), 0usize);
    for byte in list {
        match byte {
            b'(' => depth += 1,
            b')' if depth == 0 => break,
            b')' => depth -= 1,
            b',' if depth == 0 => names.push(std::mem::take(&mut part)),
            _ => part.push(*byte),
        }
    }
    names.push(part);
    names.iter().map(|part| first_word(part)).collect()
}

fn first_word(part: &[u8]) -> Vec<u8> {
    let word = part.trim().split(u8::is_ascii_whitespace).next().unwrap_or_default();
    word.trim_with(|c| matches!(c, '"' | '`' | '[' | ']' | '\'')).to_vec()
}
