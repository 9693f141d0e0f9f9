//! The text between a name and its value: operators, types, calls, blanks of a command line, words of a sentence.

use super::{Cursor, MAX_NAME, Wants, default, entry, is_quote};

/// The operators, longer ones before their prefixes.
const SIGNS: [(&[u8], Wants); 24] = [
    (b":::=", Wants::Any),
    (b"::=", Wants::Any),
    (b"===", Wants::Quoted),
    (b"!==", Wants::Quoted),
    (b"||=", Wants::Any),
    (b"??=", Wants::Any),
    (b":=", Wants::Any),
    (b":-", Wants::Any),
    (b"=>", Wants::Any),
    (b"==", Wants::Quoted),
    (b"!=", Wants::Quoted),
    (b"?=", Wants::Any),
    (b"+=", Wants::Any),
    (b".=", Wants::Any),
    (b"<-", Wants::Quoted),
    (b"->", Wants::Any),
    (b"||", Wants::Quoted),
    (b"??", Wants::Quoted),
    (b"?:", Wants::Quoted),
    (b"=~", Wants::Quoted),
    ("\u{2192}".as_bytes(), Wants::Any),
    ("\u{ff1a}".as_bytes(), Wants::Any),
    (b"=", Wants::Any),
    (b":", Wants::Any),
];

/// The number of bytes of the longest operator.
const LONGEST_SIGN: usize = 4;

/// The words and dashes of a sentence between a name and a quoted value.
const LINKS: [&[u8]; 9] =
    [b"is set to ", b"is ", b"was ", b"set to ", b"to ", b"of ", b"- ", "\u{2013} ".as_bytes(), b"eq "];

/// The first words of methods that ask for something by name, or about it: their argument isn't a value.
const ASKING: [&str; 40] = [
    "get", "find", "has", "is", "contains", "include", "includes", "delete", "remove", "parse", "log", "print",
    "create", "split", "match", "matches", "replace", "read", "load", "fetch", "lookup", "test", "describe", "it",
    "resolve", "index", "starts", "start", "ends", "end", "join", "trim", "strip", "format", "check", "require",
    "expect", "generate", "encode", "decode",
];

/// Skips the text between name and value, and returns the kind of value that may follow.
pub(super) fn pass(cursor: &mut Cursor) -> Option<Wants> {
    let quoted = cursor.closing_quote();
    if let Some(wants) = default::environment(cursor, quoted) {
        return Some(wants);
    }
    // A label in bold letters: `**Secret**: …`.
    cursor.pass(b"**");
    if let Some(wants) = entry::value_of(cursor, quoted) {
        return Some(wants);
    }
    if !quoted && default::accessor(cursor) {
        return Some(Wants::Quoted);
    }
    let blank = cursor.blanks();
    if !quoted && blank {
        label(cursor);
    }
    if let Some(wants) = operator(cursor) {
        let built = matches!(wants, Wants::Any | Wants::Quoted) && default::constructor(cursor);
        return Some(if built { Wants::Quoted } else { wants });
    }
    match cursor.peek()? {
        b',' if quoted => {
            cursor.at += 1;
            cursor.blanks();
            let broken = cursor.space(64);
            // Each argument of a command stands alone; in any other list, names follow each other.
            if default::flag(cursor) || default::argument(cursor) {
                return Some(Wants::Quoted);
            }
            let option = cursor.before(2) == b"--";
            if option { Some(Wants::Any) } else { (!broken).then_some(Wants::Last) }
        }
        b',' if default::is_among_choices(cursor, 0) => Some(choice(cursor)),
        b')' if quoted => fallback(cursor),
        b'(' if !quoted && !blank => call(cursor),
        b'[' => array(cursor),
        b'|' => column(cursor),
        _ if quoted || !blank => None,
        _ => worded(cursor),
    }
}

/// Skips the second word of a label: `Secret key: …`.
fn label(cursor: &mut Cursor) {
    const WORDS: [&[u8]; 3] = [b"key", b"Key", b"KEY"];
    let Some(word) = WORDS.into_iter().find(|word| cursor.ahead(word.len()) == *word) else { return };
    let rest = &cursor.rest()[word.len()..];
    if rest.trim_ascii_start().first().is_some_and(|b| matches!(b, b':' | b'=')) {
        cursor.at += word.len();
        cursor.blanks();
    }
}

fn operator(cursor: &mut Cursor) -> Option<Wants> {
    let (sign, wants) = SIGNS.into_iter().find(|(sign, _)| cursor.ahead(LONGEST_SIGN).starts_with(sign))?;
    cursor.at += sign.len();
    if sign == b":" {
        // `Type::new` is a path, not an assignment.
        if cursor.peek() == Some(b':') {
            return None;
        }
        // `registry/token-service:v1` names an image and its tag.
        let in_path = cursor.before(1) == b"/" && cursor.before(2) != b"//";
        if in_path && !cursor.peek().is_some_and(|b| b.is_ascii_whitespace()) {
            return None;
        }
        annotation(cursor);
        cursor.pass(b"**");
    }
    cursor.blanks();
    if sign.ends_with(b"=") || sign == b":" || sign == b"=>" {
        return Some(on_next_line(cursor).unwrap_or(wants));
    }
    Some(wants)
}

/// Skips to a value that starts on the line after the sign: a block scalar, or a string that did not fit.
pub(super) fn on_next_line(cursor: &mut Cursor) -> Option<Wants> {
    let marks = cursor.count(4, |b| matches!(b, b'|' | b'>' | b'-' | b'+' | b'1'..=b'9'));
    let block = marks > 0 && matches!(cursor.peek(), Some(b'|' | b'>'));
    let before = if block { marks } else { usize::from(cursor.peek() == Some(b'\\')) };
    let end = match cursor.ahead(before + 2).get(before..).unwrap_or_default() {
        [b'\r', b'\n'] => 2,
        [b'\n', ..] => 1,
        _ => return None,
    };
    let rest = &cursor.rest()[before..];
    let indent = rest[end..].iter().take(80).take_while(|b| matches!(b, b' ' | b'\t')).count();
    let first = rest.get(end + indent)?;
    let wants = if block { Wants::Line } else { Wants::Quoted };
    // Without the mark of a block only a string may follow, and it must not be the name of the next entry.
    if indent == 0 || (!block && (!is_quote(*first) || names_an_entry(&rest[end + indent..]))) {
        return None;
    }
    cursor.at += before + end + indent;
    Some(wants)
}

/// Returns `true` if a string is followed by a colon.
fn names_an_entry(rest: &[u8]) -> bool {
    let Some(quote) = rest.first() else { return false };
    let line = rest.split(|b| *b == b'\n').next().unwrap_or_default();
    line.iter().rposition(|b| b == quote).is_some_and(|end| line[end + 1..].trim_ascii().starts_with(b":"))
}

/// Skips the type in `: Type = value` if an equals sign follows it on the line.
fn annotation(cursor: &mut Cursor) {
    if let Some(kind) = typed(cursor, |next| next != Some(b'=')) {
        cursor.at += kind + 1;
    }
}

/// Returns the length of a type, with the blanks after it, if a single equals sign follows and the byte after that is
/// `fitting`.
fn typed(cursor: &mut Cursor, fitting: impl Fn(Option<u8>) -> bool) -> Option<usize> {
    let kind = type_length(cursor);
    let behind = cursor.ahead(kind + 2).get(kind..).unwrap_or_default();
    (kind > 0 && behind.first() == Some(&b'=') && fitting(behind.get(1).copied())).then_some(kind)
}

/// Returns the length of a type and the blanks after it.
fn type_length(cursor: &mut Cursor) -> usize {
    const MOST: usize = 40;
    let part = |b: &u8| {
        b.is_ascii_alphanumeric()
            || matches!(b, b' ' | b'_' | b'&' | b'\'' | b'<' | b'>' | b'[' | b']' | b'?' | b'.' | b'*' | b':')
    };
    let mut length = cursor.count(MOST, part);
    // The comma is between the parameters of a type: `Record<string, string>`.
    while length < MOST && cursor.ahead(length + 1).get(length) == Some(&b',') && is_open(cursor.ahead(length)) {
        let start = cursor.at;
        cursor.at += length + 1;
        length += 1 + cursor.count(MOST - length, part);
        cursor.at = start;
    }
    if cursor.ahead(length).ends_with(b" ") { length } else { 0 }
}

/// Returns `true` if the parameters of a type are not closed yet.
fn is_open(kind: &[u8]) -> bool {
    let count = |sign: u8| kind.iter().filter(|b| **b == sign).count();
    count(b'<') > count(b'>')
}

/// Skips the bracket in `setPassword("value")`: only a quoted value counts as an argument.
fn call(cursor: &mut Cursor) -> Option<Wants> {
    let name = cursor.name.of(cursor.text);
    let method = name.rsplit(|b| *b == b'.').next().unwrap_or(name);
    let first = crate::detect::value::segments::segments(method).next().unwrap_or_default();
    if crate::detect::value::segments::is_one_of(first, &ASKING) {
        return None;
    }
    cursor.at += 1;
    cursor.space(64);
    Some(Wants::Argument)
}

/// Skips to the value in `getenv("NAME") or "value"`.
fn fallback(cursor: &mut Cursor) -> Option<Wants> {
    while cursor.pass(b")") || cursor.pass(b"]") {}
    cursor.blanks();
    const OR: [&[u8]; 11] = [b"or ", b"||", b"??", b"?:", b"===", b"==", b"!==", b"!=", b"=>", b"=", b":"];
    if OR.iter().any(|or| cursor.pass(or)) {
        cursor.blanks();
        return Some(Wants::Quoted);
    }
    if cursor.peek() == Some(b',') && default::is_among_choices(cursor, 1) {
        return Some(choice(cursor));
    }
    default::alternative(cursor).then_some(Wants::Quoted)
}

/// Skips the comma before the next of several arguments, the last of which is the default.
fn choice(cursor: &mut Cursor) -> Wants {
    cursor.at += 1;
    cursor.space(64);
    Wants::Last
}

/// Skips to the value in `secret[] = "value"`, `key[33] = "value"`.
fn array(cursor: &mut Cursor) -> Option<Wants> {
    cursor.at += 1;
    cursor.at += cursor.count(24, |b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'+' | b' '));
    if !cursor.pass(b"]") {
        return None;
    }
    cursor.blanks();
    if !cursor.pass(b"=") || matches!(cursor.peek(), Some(b'=' | b'>')) {
        return None;
    }
    cursor.blanks();
    Some(Wants::Quoted)
}

/// Skips the bar in `name | value`, a row of a table.
fn column(cursor: &mut Cursor) -> Option<Wants> {
    cursor.at += 1;
    let spaced = cursor.blanks();
    (spaced && cursor.peek() != Some(b'|')).then_some(Wants::Any)
}

/// Decides what follows a blank: the value of an option or definition, a type, a word of a sentence, or a quoted
/// argument.
fn worded(cursor: &mut Cursor) -> Option<Wants> {
    match definition(cursor) {
        Some(wants) => return Some(wants),
        // In a sentence `pass` is a verb.
        None if cursor.name.of(cursor.text).eq_ignore_ascii_case(b"pass") => return None,
        None if cursor.peek().is_some_and(is_quote) => return Some(Wants::Quoted),
        None => {}
    }
    if LINKS.iter().any(|link| cursor.pass(link)) {
        cursor.blanks();
        return Some(Wants::Quoted);
    }
    if let Some(kind) = typed(cursor, |next| !matches!(next, Some(b'=' | b'>'))) {
        cursor.at += kind + 1;
        cursor.blanks();
        return Some(Wants::Quoted);
    }
    Some(Wants::Issued)
}

/// Returns the kind of value that only a blank separates from this name: `--password X`, `ENV TOKEN X`, `#define TOKEN
/// "X"`.
fn definition(cursor: &mut Cursor) -> Option<Wants> {
    const ANY: [&[u8]; 7] = [b"ENV", b"ARG", b"setenv", b"setx", b"%define", b"%global", b"set -x"];
    const LONGEST: usize = 7;
    match cursor.before(2) {
        [.., b'-', b'-'] => return Some(Wants::Any),
        [front @ .., b'-'] => {
            let option = front.last().is_none_or(|b| b.is_ascii_whitespace() || is_quote(*b));
            return option.then_some(Wants::Any);
        }
        [.., last] if last.is_ascii_whitespace() => {}
        _ => return None,
    }
    let word = cursor.before_space(0, LONGEST, MAX_NAME);
    if ANY.iter().any(|w| word.ends_with(w)) {
        return Some(Wants::Any);
    }
    word.ends_with(b"define").then_some(Wants::Quoted)
}
