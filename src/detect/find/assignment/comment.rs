//! Decides whether a name is in text that a program doesn't run: in a comment, or in a multi-line text.

use super::Cursor;

/// The most bytes before a name within which its line starts.
const MAX_LINE: usize = 160;
/// The most bytes before a name within which its multi-line text starts.
const MAX_TEXT: usize = 600;

/// The marks that open a comment at the start of a line if a blank follows.
const MARKS: [&[u8]; 9] = [b"#", b"*", b"--", b";", b";;", b"%", b"'", b"rem", b"REM"];
/// The marks that open a comment whatever follows them.
const TELLING: [&[u8]; 4] = [b"//", b"/*", b"<!--", b"##"];

/// Returns `true` if the name is in a comment or a multi-line text.
pub(super) fn is_noted(cursor: &mut Cursor) -> bool {
    let before = cursor.before(MAX_LINE);
    let line = match memchr::memrchr(b'\n', before) {
        Some(at) => Some(&before[at + 1..]),
        None if before.len() < MAX_LINE => Some(before),
        None => None,
    };
    line.is_some_and(is_comment) || is_in_text(cursor)
}

/// Returns `true` if a comment starts in the part of the line before the name.
fn is_comment(line: &[u8]) -> bool {
    let start = line.trim_ascii_start();
    // The name itself may follow the comment sign of a shell or a script.
    if start == b"#" || TELLING.iter().any(|mark| start.starts_with(mark)) {
        return true;
    }
    let word = start.iter().take_while(|b| !b.is_ascii_whitespace()).count();
    let opens = MARKS.contains(&&start[..word]) && word < start.len();
    opens
        || [&b" // "[..], b"\t// ", b" # ", b"\t# ", b" /* ", b";// "]
            .iter()
            .any(|mark| memchr::memmem::find(line, mark).is_some())
}

/// Returns `true` if a multi-line text starts before the name and doesn't end there: `"""`, a template, a heredoc. The
/// opening quotes follow an assignment or a call; nothing of the kind precedes closing quotes.
fn is_in_text(cursor: &mut Cursor) -> bool {
    let before = cursor.before(MAX_TEXT);
    let mut between: Vec<&[u8]> = Vec::new();
    for line in before.rsplit(|b| *b == b'\n') {
        let line = line.trim_ascii();
        if let Some(tag) = heredoc(line) {
            return !between.contains(&tag);
        }
        if let Some(opens) = fence(line) {
            return opens;
        }
        between.push(line);
    }
    false
}

/// Returns the word that ends the heredoc which starts on the line: `cat <<EOF > file`, `<<~'TEXT'`.
fn heredoc(line: &[u8]) -> Option<&[u8]> {
    let at = memchr::memmem::find(line, b"<<")?;
    let rest = &line[at + 2..];
    let marks = rest.iter().take(4).take_while(|b| matches!(b, b'<' | b'-' | b'~' | b'"' | b'\'' | b' ')).count();
    let word = rest[marks..].iter().take_while(|b| b.is_ascii_uppercase() || **b == b'_').count();
    (word > 1).then(|| &rest[marks..marks + word])
}

/// Returns `true` if multi-line quotes open on the line, `false` if they close; the last ones count.
fn fence(line: &[u8]) -> Option<bool> {
    const FENCES: [&[u8]; 3] = [b"\"\"\"", b"'''", b"`"];
    const LONGEST_PREFIX: usize = 3;
    let last = |fence: &[u8]| memchr::memmem::rfind(line, fence).map(|at| (at, fence.len()));
    let (at, _) = FENCES.iter().filter_map(|fence| last(fence)).max()?;
    let ahead = &line[..at];
    let prefix = ahead.iter().rev().take(LONGEST_PREFIX).take_while(|b| b.is_ascii_alphabetic()).count();
    let ahead = ahead[..at - prefix].trim_ascii_end();
    Some(
        ahead.ends_with(b"return")
            || matches!(ahead.last(), Some(b'=' | b'(' | b',' | b'[' | b'{' | b'>'))
            || (prefix == 0 && ahead.ends_with(b":")),
    )
}
