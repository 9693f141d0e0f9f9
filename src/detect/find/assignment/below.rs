//! Values below their name: those of a list or a map whose name is the plural of a secret's name, and the one of
//! several entries that is called `value` or `default`.

use super::block::{self, Entry};
use super::{Assignment, Cursor, Wants, entry, is_quote, value};
use crate::detect::Form;
use crate::detect::value::name::Named;
use crate::detect::value::segments::{is_one_of, segments};
use crate::rule::compile::LISTED;
use crate::text::Span;

/// The most bytes of the entries of which one is the value.
const MAX_RECORD: usize = 480;
/// The most bytes of a list or a map.
const MAX_LIST: usize = LISTED as usize;

/// The last words of the names of entries that appear next to secrets and hold something else.
const BESIDE: [&str; 31] = [
    "id",
    "ids",
    "name",
    "names",
    "user",
    "username",
    "login",
    "email",
    "mail",
    "url",
    "uri",
    "host",
    "hostname",
    "path",
    "file",
    "type",
    "kind",
    "version",
    "region",
    "hash",
    "digest",
    "checksum",
    "fingerprint",
    "from",
    "ref",
    "description",
    "date",
    "at",
    "arn",
    "crt",
    "cert",
];

/// Returns the name in the singular, if its word with the keyword is a plural: `API_KEYS`, `tokensByTenant`.
pub(super) fn singular(text: &[u8], name: Span, keyword: Span) -> Option<Span> {
    let word = |at: &usize| {
        let (last, byte) = (text[*at - 1], text[*at]);
        byte.is_ascii_lowercase() || (byte.is_ascii_uppercase() && last.is_ascii_uppercase())
    };
    let end = (keyword.end..name.end).find(|at| !word(at)).unwrap_or(name.end);
    let stem = text.get(name.start..end)?.strip_suffix(b"s").or_else(|| text[name.start..end].strip_suffix(b"S"))?;
    // `UserSecretsId` isn't a list of secrets.
    let names_secret = Named::of(name.of(text)).is_some();
    (names_secret && !stem.ends_with(b"s") && !stem.ends_with(b"S"))
        .then(|| Span::new(name.start, name.start + stem.len()))
}

/// Returns `true` if an entry of that name doesn't hold a secret.
pub(super) fn is_metadata(key: &[u8]) -> bool {
    segments(key).last().is_some_and(|word| is_one_of(word, &BESIDE))
}

/// Returns the values below the name; the cursor is after the sign.
pub(super) fn read(cursor: &mut Cursor, plural: Option<Span>, wants: Wants) -> Vec<Assignment> {
    if !matches!(wants, Wants::Any | Wants::Quoted) {
        return Vec::new();
    }
    let most = if plural.is_some() { MAX_LIST } else { MAX_RECORD };
    let start = cursor.at;
    let mut entries = match cursor.peek() {
        Some(b'\n' | b'\r') => block::column(cursor).map(|column| block::indented(cursor, column, most)),
        _ => opens(cursor, plural.is_some()).then(|| block::bracketed(cursor, most)),
    };
    // Words in brackets that replace quotes: `%w[…]`, `qw(…)`.
    if matches!(cursor.text.get(start..), Some([b'%', b'w' | b'W', ..] | [b'q', b'w', ..])) {
        entries.iter_mut().flatten().for_each(|entry| entry.form = Form::Quoted);
    }
    believable(cursor, plural, entries.unwrap_or_default())
}

/// Returns the values below the head of a section: `[api_keys]`.
pub(super) fn section(cursor: &mut Cursor, plural: Option<Span>) -> Vec<Assignment> {
    let heads = cursor.peek() == Some(b']')
        && matches!(cursor.ahead(2), [_, b'\r' | b'\n'])
        && matches!(cursor.before(2), [b'['] | [b'\n' | b'[', b'[']);
    if !heads {
        return Vec::new();
    }
    let most = if plural.is_some() { MAX_LIST } else { MAX_RECORD };
    let entries = block::section(cursor, most);
    believable(cursor, plural, entries)
}

/// Returns the values of the entries that the name refers to.
fn believable(cursor: &Cursor, plural: Option<Span>, entries: Vec<Entry>) -> Vec<Assignment> {
    let text = cursor.text;
    // The names of a record's entries say what they hold; those of a map say whom its secrets are for.
    let names_secret = |found: &Entry| match (found.key.map(|key| key.of(text)), plural) {
        (None, _) => plural.is_some() || found.depth == 1,
        (Some(key), Some(_)) if found.depth == 1 => !is_metadata(key),
        (Some(key), _) => (plural.is_some() || found.depth == 1) && entry::is_value(key),
    };
    let name = plural.unwrap_or(cursor.name);
    let spoken = entries.into_iter().filter(names_secret);
    spoken.map(|found| Assignment { name, value: found.value, form: found.form }).collect()
}

/// Returns `true` if a list or a map opens here, possibly after a constructor; the cursor is then at its bracket. If
/// only one value is expected, no constructor is skipped, and no round bracket counts: that is a call.
fn opens(cursor: &mut Cursor, several: bool) -> bool {
    if !several {
        return matches!(cursor.peek(), Some(b'[' | b'{'));
    }
    let (start, window) = (cursor.at, cursor.ahead(64));
    let mut at = 0;
    while let Some(byte) = window.get(at) {
        match byte {
            b'[' if let Some(kind) = of_type(&window[at..]) => at += kind - 1,
            b'(' if !(at == 0 || collects(&window[..at])) => return false,
            // The list is within the brackets of a function that makes a set of it.
            b'(' if at > 0 && matches!(window.get(at + 1), Some(b'[' | b'{')) => {}
            b'[' | b'{' | b'(' => {
                cursor.at = start + at;
                return true;
            }
            byte if byte.is_ascii_alphanumeric() || b" _.:<>,&*@%!]?".contains(byte) => {}
            _ => return false,
        }
        at += 1;
    }
    false
}

/// Returns the length of a bracket that belongs to a type: `[]string{`, `[string]string{`, and with its sign `[&str; 2]
/// = `.
fn of_type(window: &[u8]) -> Option<usize> {
    const MOST: usize = 24;
    let inside = window[1..].iter().take(MOST).take_while(|b| b.is_ascii_alphanumeric() || b"&;_ ".contains(b)).count();
    let behind = window[1 + inside..].strip_prefix(b"]")?;
    let kind = inside + 2;
    match behind.trim_ascii_start() {
        [b'=', next, ..] if !matches!(next, b'=' | b'>') => {
            Some(kind + (behind.len() - behind.trim_ascii_start().len()) + 1)
        }
        [b'{', ..] => Some(kind),
        _ => behind.first().is_some_and(|next| next.is_ascii_alphabetic() || *next == b'*').then_some(kind),
    }
}

/// Returns `true` if a function turns its arguments into a list, a set or a map.
fn collects(callee: &[u8]) -> bool {
    const ENDS: [&[u8]; 11] =
        [b"of", b"qw", b"list", b"set", b"array", b"map", b"tuple", b"seq", b"vector", b"dict", b"freeze"];
    let callee = callee.split(|b| *b == b'<').next().unwrap_or_default().to_ascii_lowercase();
    ENDS.iter().any(|end| callee.ends_with(end))
}

/// Returns the values in one text: `A,B`, `["A", "B"]`. Any other text is a single value.
pub(super) fn within(cursor: &mut Cursor, plural: Span, whole: (Span, Form)) -> Vec<Assignment> {
    let (value, form) = whole;
    let text = value.of(cursor.text);
    if matches!(text.first(), Some(b'[' | b'{')) && text.len() > 1 {
        cursor.at = value.start;
        let mut entries = block::bracketed(cursor, value.len());
        entries.retain(|found| value.contains(found.value));
        return believable(cursor, Some(plural), entries);
    }
    let value = if form == Form::Quoted { value } else { enumerated(cursor, value) };
    let mut found = Vec::new();
    let mut start = value.start;
    for part in value.of(cursor.text).split(|b| matches!(b, b',' | b';')).take(MAX_PARTS) {
        let inside = part.trim_ascii();
        let skipped = start + part.len() - part.trim_ascii_start().len();
        if !inside.is_empty() {
            found.push(Assignment { name: plural, value: Span::new(skipped, skipped + inside.len()), form });
        }
        start += part.len() + 1;
    }
    // A single word after a colon may continue a sentence: `stored passwords: see below`.
    let is_set = || value.start > cursor.name.end && cursor.text[cursor.name.end..value.start].contains(&b'=');
    if form == Form::Quoted || found.len() > 1 || is_set() { found } else { Vec::new() }
}

/// The most values in one text.
const MAX_PARTS: usize = 64;

/// Returns a word without quotes, with those that commas join to it.
fn enumerated(cursor: &mut Cursor, first: Span) -> Span {
    let mut end = first.end;
    for _ in 1..MAX_PARTS {
        cursor.at = end;
        if !cursor.pass(b",") || cursor.peek().is_none_or(is_quote) {
            break;
        }
        let Some((next, _)) = value::read(cursor, Wants::Any) else { break };
        if next.start != end + 1 {
            break;
        }
        end = next.end;
    }
    Span::new(first.start, end)
}
