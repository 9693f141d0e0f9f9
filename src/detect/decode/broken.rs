//! Values that are interrupted by something that isn't part of them: a line end between two halves of a string, a place
//! for a browser to break a word, a terminal colour, a soft hyphen.
//!
//! Only text that starts with the keyword of a rule is read like this, and only if the rule has found nothing in it as
//! it is. So no other text pays for it, and a text that changed elsewhere need not be read again.

use super::{Encoding, Offsets, Run, leading};
use crate::text::Span;

/// The number of bytes before and after a value that show whether it is free of its neighbours.
const EDGE: usize = 8;
/// The most bytes between two interruptions.
const MAX_PIECE: usize = 256;
/// The most bytes of blanks and operators between two halves.
const MAX_JOINT: usize = 64;

/// The interruptions that are skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interruptions {
    /// Only marked interruptions: a sign or a mark that has no other meaning there.
    Marked,
    /// Bare line ends as well, which nearly always end the text before them.
    Any,
}

/// A value without its interruptions.
#[derive(Debug)]
pub struct Broken {
    /// The value with a few bytes on either side.
    pub run: Run,
    /// The position of the keyword in the run.
    pub keyword: Span,
    /// The position in the run of the first interruption.
    pub first: usize,
    /// The position in the run of the first bare line end.
    pub first_bare: Option<usize>,
}

/// Reads the text that starts with a keyword, without its interruptions, up to `end` in the text and up to `most` bytes
/// after the keyword.
///
/// # Errors
/// If nothing interrupts the text, returns how many bytes after the keyword show that.
pub fn read(text: &[u8], keyword: Span, end: usize, most: usize, which: Interruptions) -> Result<Broken, usize> {
    let text = &text[..end.min(text.len())];
    let start = keyword.start.saturating_sub(EDGE);
    let mut places: Vec<usize> = Vec::new();
    let (mut first, mut first_bare) = (None, None);
    let (mut at, mut piece) = (keyword.end, keyword.end);
    while places.len() < most && at - piece < MAX_PIECE {
        match interruptions(&text[at..], which) {
            Ok(found) => {
                first.get_or_insert(places.len());
                first_bare = first_bare.or(found.is_bare.then_some(places.len()));
                at += found.length;
                piece = at;
            }
            Err(examined) if first.is_none() && !text.get(at).is_some_and(|byte| which.reads(*byte)) => {
                return Err(at + examined - keyword.end);
            }
            Err(_) if !text.get(at).is_some_and(|byte| which.reads(*byte)) => break,
            Err(_) => {}
        }
        places.push(at);
        at += 1;
    }
    let Some(first) = first else { return Err(at - keyword.end) };
    let rest = at..(at + EDGE).min(text.len());
    let ahead = keyword.end - start;
    let places: Vec<usize> = (start..keyword.end).chain(places).chain(rest.clone()).chain([rest.end]).collect();
    let run = Run {
        text: places[..places.len() - 1].iter().map(|at| text[*at]).collect(),
        encoding: Encoding::Broken,
        extent: Span::new(start, rest.end),
        offsets: Offsets::Listed(places),
    };
    let keyword = Span::new(keyword.start - start, ahead);
    Ok(Broken { run, keyword, first: ahead + first, first_bare: first_bare.map(|at| ahead + at) })
}

impl Interruptions {
    /// Returns `true` if a byte may be part of a value; a blank only in a value whose form doesn't occur by chance.
    fn reads(self, byte: u8) -> bool {
        let is_sign = matches!(byte, b'"' | b'\'' | b'`' | b'\\' | b'<' | b'>' | b'&');
        (byte.is_ascii_graphic() && !is_sign) || (byte == b' ' && self == Self::Any)
    }
}

/// One or more interruptions in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Found {
    length: usize,
    /// Set if one of them is a bare line end.
    is_bare: bool,
}

/// Returns the interruptions that a text starts with, if the value continues after them.
fn interruptions(text: &[u8], which: Interruptions) -> Result<Found, usize> {
    let mut found = Found { length: 0, is_bare: false };
    loop {
        let rest = &text[found.length..];
        let bare = if which == Interruptions::Any { line_end(rest) } else { Err(1) };
        let next = mark(rest).or_else(|examined| continued(rest).map_err(|more| examined.max(more)));
        let length = match next {
            Ok(length) => length,
            Err(examined) => match bare {
                Ok(length) => {
                    found.is_bare = true;
                    length
                }
                Err(_) if found.length > 0 && rest.first().is_some_and(|byte| which.reads(*byte)) => return Ok(found),
                Err(more) => return Err(found.length + examined.max(more)),
            },
        };
        found.length += length;
        if found.length > MAX_JOINT * 3 {
            return Err(found.length);
        }
    }
}

/// Returns the length of a mark that only affects how the text is displayed. If there is none, returns how many bytes
/// show that.
fn mark(text: &[u8]) -> Result<usize, usize> {
    const REFERENCES: [&[u8]; 6] = [b"&shy;", b"&#173;", b"&#xad;", b"<wbr>", b"<wbr/>", b"<wbr />"];
    match text {
        [0xc2, 0xad, ..] => Ok(2),
        [0xc2, ..] => Err(2),
        [0x1b, b'[', rest @ ..] => {
            let digits = leading(&rest[..rest.len().min(16)], |byte| byte.is_ascii_digit() || byte == b';');
            let is_last = matches!(rest.get(digits), Some(b'm' | b'K'));
            if is_last { Ok(2 + digits + 1) } else { Err(2 + digits + 1) }
        }
        [0x1b, ..] => Err(2),
        [b'&' | b'<', ..] => {
            let is_it = |mark: &&[u8]| text.get(..mark.len()).is_some_and(|here| here.eq_ignore_ascii_case(mark));
            REFERENCES.into_iter().find(is_it).map(<[u8]>::len).ok_or(7)
        }
        _ => Err(1),
    }
}

/// Returns the length of a continuation on the next line: a backslash before it, an equals sign as in quoted-printable,
/// or a string that is joined from two. If there is none, returns how many bytes show that.
fn continued(text: &[u8]) -> Result<usize, usize> {
    match text {
        [b'\\', rest @ ..] => line_end(rest).map(|length| 1 + length).map_err(|examined| 1 + examined),
        [b'=', b'\n', ..] => Ok(2),
        [b'=', b'\r', b'\n', ..] => Ok(3),
        [b'=', ..] => Err(3),
        [b'"' | b'\'' | b'`', ..] => {
            let mut at = 1 + operator(&text[1..]);
            at += line_end(&text[at..]).map_err(|examined| at + examined)?;
            at += operator(&text[at..]);
            match text.get(at) {
                Some(b'"' | b'\'' | b'`') => Ok(at + 1),
                _ => Err(at + 1),
            }
        }
        _ => Err(1),
    }
}

/// Returns the length of blanks and operators that join two strings.
fn operator(text: &[u8]) -> usize {
    leading(&text[..text.len().min(MAX_JOINT)], |byte| {
        matches!(byte, b' ' | b'\t' | b'+' | b'.' | b'&' | b'|' | b'<' | b'>' | b'\\' | b'~' | b'_')
    })
}

/// Returns the length of a line end and the blanks that the next line starts with.
fn line_end(text: &[u8]) -> Result<usize, usize> {
    let end = match text {
        [b'\n', ..] => 1,
        [b'\r', b'\n', ..] => 2,
        _ => return Err(2),
    };
    let rest = &text[end..];
    Ok(end + leading(&rest[..rest.len().min(MAX_JOINT)], |byte| matches!(byte, b' ' | b'\t')))
}
