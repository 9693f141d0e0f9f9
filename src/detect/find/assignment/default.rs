//! Values that a program gives as the default of a name, or that an accessor of that name returns.

use super::{Cursor, Wants, is_quote};
use crate::detect::value::segments::segments;

/// The most bytes between a name and its default among the arguments of a call.
const MAX_ARGUMENTS: usize = 240;

/// The names of arguments that hold the default.
const NAMES: [&[u8]; 5] = [b"default", b"defaultValue", b"default_value", b"fallback", b"value"];

/// Skips the arguments of a call up to the default among them: `"--token", type=str, default="…"`, also in the call
/// that creates an option or a field: `Field(description="…", default="…")`. The cursor is then at a quote.
pub(super) fn argument(cursor: &mut Cursor) -> bool {
    let (start, window) = (cursor.at, cursor.ahead(MAX_ARGUMENTS));
    let (mut at, mut depth) = (0, 0usize);
    while let Some(byte) = window.get(at) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' if depth == 0 => return false,
            b')' | b']' | b'}' => depth -= 1,
            quote if is_quote(*quote) => match memchr::memchr(*quote, &window[at + 1..]) {
                Some(length) => at += length + 1,
                None => return false,
            },
            byte if byte.is_ascii_alphabetic() => {
                let word = window[at..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
                let rest = &window[at + word..];
                let sign = rest.iter().take(4).take_while(|b| matches!(b, b' ' | b'=' | b':')).count();
                let is_default = depth == 0 && sign > 0 && NAMES.contains(&&window[at..at + word]);
                if is_default && rest[..sign].iter().any(|b| *b != b' ') {
                    cursor.at = start + at + word + sign;
                    return cursor.peek().is_some_and(is_quote);
                }
                at += word - 1;
            }
            _ => {}
        }
        at += 1;
    }
    false
}

/// Skips a function and its bracket if the default is among its arguments; the cursor is then at a quote.
pub(super) fn constructor(cursor: &mut Cursor) -> bool {
    const MOST: usize = 40;
    let start = cursor.at;
    let callee = cursor.count(MOST, |b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'));
    cursor.at += callee;
    let found = callee > 0 && cursor.pass(b"(") && argument(cursor);
    if !found {
        cursor.at = start;
    }
    found
}

/// Skips the alternative of a lookup: `.unwrap_or("…")`, `.orElse("…")`, `{ "…" }`. The cursor is then at a quote.
pub(super) fn alternative(cursor: &mut Cursor) -> bool {
    const METHODS: usize = 3;
    if cursor.pass(b"{") {
        cursor.blanks();
        return cursor.peek().is_some_and(is_quote);
    }
    for _ in 0..METHODS {
        cursor.space(MAX_SPACE);
        if !cursor.pass(b".") {
            return false;
        }
        let word = cursor.count(32, |b| b.is_ascii_alphanumeric() || *b == b'_');
        let is_other = segments(cursor.ahead(word))
            .any(|word| [&b"or"[..], b"else", b"default"].iter().any(|other| word.eq_ignore_ascii_case(other)));
        cursor.at += word;
        if !cursor.pass(b"(") {
            return false;
        }
        if is_other {
            closure(cursor);
            return cursor.peek().is_some_and(is_quote);
        }
        if !cursor.pass(b")") {
            return false;
        }
    }
    false
}

/// The most bytes of white space.
const MAX_SPACE: usize = 80;

/// Skips the start of a function that returns the alternative: `|_| `, `|| `, `() => `, `() -> `.
fn closure(cursor: &mut Cursor) {
    for piece in [&b"|_|"[..], b"||", b"()"] {
        if cursor.pass(piece) {
            break;
        }
    }
    cursor.blanks();
    if cursor.pass(b"=>") || cursor.pass(b"->") {
        cursor.blanks();
    }
}

/// Skips the brace and the sign after it in `$ENV{NAME} // "value"` of Perl.
pub(super) fn environment(cursor: &mut Cursor, quoted: bool) -> Option<Wants> {
    const SIGNS: [&[u8]; 6] = [b"//=", b"//", b"||=", b"||", b"or ", b"= "];
    const VARIABLE: &[u8] = b"ENV{";
    let before = cursor.before(VARIABLE.len() + 1);
    let before = if quoted { before.split_last()?.1 } else { before };
    if !before.ends_with(VARIABLE) || !cursor.pass(b"}") {
        return None;
    }
    cursor.blanks();
    SIGNS.iter().any(|sign| cursor.pass(sign)).then(|| cursor.blanks())?;
    Some(Wants::Quoted)
}

/// The number of bytes before a name that show to which function it is passed.
const CALL: usize = 64;

/// Skips the text between the name of a command's option and its value: `flag.String("token", "value", "what it is
/// for")`, with a short name or a variable next to it, `DEFINE_string`. The cursor is after the comma, and then at a
/// quote.
pub(super) fn flag(cursor: &mut Cursor) -> bool {
    const CALLEES: [&[u8]; 5] = [b".String", b".StringVar", b".StringP", b".StringVarP", b"DEFINE_string"];
    let before = cursor.before(CALL);
    let Some(open) = memchr::memrchr(b'(', before) else { return false };
    let variable = &before[open + 1..];
    let declares = CALLEES.iter().any(|callee| before[..open].ends_with(callee))
        && variable.iter().all(|b| b.is_ascii_alphanumeric() || is_quote(*b) || b"&_., ".contains(b));
    if !declares {
        return false;
    }
    if before[..open].ends_with(b"P") {
        let short = cursor.ahead(4);
        let [open, _, close, b','] = short else { return false };
        if !is_quote(*open) || open != close {
            return false;
        }
        cursor.at += short.len();
        cursor.blanks();
    }
    cursor.peek().is_some_and(is_quote)
}

/// Returns `true` if a name is an argument of a function that returns the first argument with a value, such as
/// `coalesce(var.x, "value")`, or is so inside `calls` other calls, such as `cmp.Or(os.Getenv("X"), "value")`.
pub(super) fn is_among_choices(cursor: &mut Cursor, calls: usize) -> bool {
    const CHOOSING: [&[u8]; 6] = [b"coalesce", b"or", b"try", b"nvl", b"ifnull", b"firstnonempty"];
    let part = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.');
    let callee = |text: &[u8]| text.len() - text.iter().rev().take_while(part).count();
    let mut before = cursor.before(CALL);
    for _ in 0..calls {
        let inner = before.last().filter(|b| is_quote(**b)).map_or(before, |_| &before[..before.len() - 1]);
        let Some(inner) = inner.strip_suffix(b"(") else { return false };
        before = &inner[..callee(inner)];
    }
    let Some(before) = before.strip_suffix(b"(") else { return false };
    let word = before[callee(before)..].rsplit(|b| *b == b'.').next().unwrap_or_default();
    CHOOSING.iter().any(|choosing| choosing.eq_ignore_ascii_case(word))
}

/// Skips the text between the name of a property or function and its string, as in `{ get; set; } = "…"`, `by lazy {
/// "…" }` and `() string { return "…" }`. The cursor is then at the quote, or where it was.
pub(super) fn accessor(cursor: &mut Cursor) -> bool {
    let start = cursor.at;
    let found = signature(cursor) && body(cursor);
    if !found {
        cursor.at = start;
    }
    found
}

/// Skips parameters and a type; returns `true` if a body may follow.
fn signature(cursor: &mut Cursor) -> bool {
    const MOST: usize = 48;
    let takes = cursor.pass(b"(") && {
        cursor.at += cursor.count(MOST, |b| !is_quote(*b) && !matches!(b, b')' | b'(' | b'\n'));
        cursor.pass(b")")
    };
    cursor.space(MAX_SPACE);
    let signed = cursor.pass(b"->") || cursor.pass(b":");
    // After a colon and a line end comes the body of a function, or a record.
    if signed && matches!(cursor.peek(), Some(b'\n' | b'\r')) {
        return takes;
    }
    let part =
        |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'_' | b'<' | b'>' | b'?' | b'.' | b'&' | b'\'');
    let words = cursor.count(MOST, part);
    let kind = cursor.ahead(words);
    let count = kind.split(|b| *b == b' ').filter(|word| !word.is_empty()).count();
    cursor.at += words;
    let gets = (kind.ends_with(b"get") && cursor.pass(b"()")) || getter_below(cursor);
    let returns = cursor.pass(b":");
    cursor.blanks();
    let parted = kind.is_empty() || kind.ends_with(b" ") || gets;
    let opens = (parted && matches!(cursor.peek(), Some(b'{' | b'='))) || (returns && takes);
    // Words without a sign belong to a sentence or an expression.
    let is_typed = count < 2 || takes || gets || signed || kind.trim_ascii().ends_with(b"by lazy");
    opens && is_typed && (takes || gets || !signed || count > 0)
}

/// Skips `get()` on the line below the name and its type.
fn getter_below(cursor: &mut Cursor) -> bool {
    let start = cursor.at;
    let found = cursor.space(MAX_SPACE) && cursor.pass(b"get()");
    if !found {
        cursor.at = start;
    }
    found
}

/// Skips the start of the body up to its string: `{ get; set; } =`, `{ return`, `=>`.
fn body(cursor: &mut Cursor) -> bool {
    const MOST: usize = 40;
    if cursor.pass(b"{") {
        let inside = cursor.count(MOST, |b| b.is_ascii_alphabetic() || matches!(b, b' ' | b';'));
        if cursor.ahead(inside + 1).ends_with(b"; }") || cursor.ahead(inside + 1).ends_with(b";}") {
            cursor.at += inside + 1;
            cursor.blanks();
            if !cursor.pass(b"=") {
                return false;
            }
        }
    } else if cursor.pass(b"=") {
        cursor.pass(b">");
    }
    cursor.space(MAX_SPACE);
    cursor.pass(b"return");
    cursor.blanks();
    cursor.peek().is_some_and(is_quote)
}
