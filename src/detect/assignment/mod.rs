//! Reads `name = value` as people and programs write it, around a word of the name.
//!
//! Knows operators, quoting and where a value ends; knows nothing of what is a secret. A name or a value that spans
//! lines is not read, but for pairs written as `name: X` and `value: Y` on two lines.

use super::{Candidate, Form};
use crate::rule::compile::ASSIGNMENT;
use crate::text::Span;

/// Most bytes of a name on either side of the keyword.
const MAX_NAME: usize = 64;
/// Most bytes of a value.
const MAX_VALUE: usize = 512;

/// A name and the value assigned to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assignment {
    /// The name, without quotes.
    pub name: Span,
    /// The value, without quotes.
    pub value: Span,
    /// How it is written.
    pub form: Form,
}

impl Assignment {
    /// The candidate of a rule.
    pub fn candidate(self, rule: usize, keyword: Span) -> Candidate {
        Candidate { rule, keyword, secret: self.value, name: Some(self.name), form: self.form }
    }
}

/// The assignment whose name holds the keyword at `keyword`.
pub fn read(text: &[u8], keyword: Span) -> Option<Assignment> {
    let limit = keyword.end.saturating_add(ASSIGNMENT as usize).min(text.len());
    let name = name_around(text, keyword);
    let mut cursor = Cursor { text: text.get(..limit)?, at: name.end, in_element: false };
    let quoted_name = cursor.closing_quote();
    cursor.blanks();
    cursor.operator(quoted_name, takes_blank(text, name))?;
    let (value, form) = cursor.value()?;
    Some(Assignment { name, value, form })
}

/// The identifier around the keyword: letters, digits, `_`, `-`, `.`.
fn name_around(text: &[u8], keyword: Span) -> Span {
    let part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let before = text.get(keyword.start.saturating_sub(MAX_NAME)..keyword.start).unwrap_or_default();
    let after = text.get(keyword.end..(keyword.end + MAX_NAME).min(text.len())).unwrap_or_default();
    let left = before.iter().rev().take_while(|b| part(b)).count();
    let right = after.iter().take_while(|b| part(b)).count();
    let start = keyword.start - left;
    let dashes = text[start..keyword.start].iter().take_while(|b| matches!(b, b'-' | b'.')).count();
    Span::new(start + dashes, keyword.end + right)
}

/// Whether a blank alone separates this name from its value: `--password X`, `ENV TOKEN X`.
fn takes_blank(text: &[u8], name: Span) -> bool {
    let before = text.get(name.start.saturating_sub(16)..name.start).unwrap_or_default();
    let word = before.trim_ascii_end();
    before.ends_with(b"--")
        || (before.len() > word.len() && [&b"ENV"[..], b"ARG", b"setenv"].iter().any(|w| word.ends_with(w)))
}

struct Cursor<'t> {
    text: &'t [u8],
    at: usize,
    /// The name is an XML element's: its value ends where the next tag starts.
    in_element: bool,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn rest(&self) -> &[u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    /// Passes a quote, escaped or not, and a closing bracket behind a name; says whether there was a quote.
    fn closing_quote(&mut self) -> bool {
        if self.peek() == Some(b'\\') {
            self.at += 1;
        }
        let quote = matches!(self.peek(), Some(b'"' | b'\'' | b'`'));
        if quote {
            self.at += 1;
        }
        if matches!(self.peek(), Some(b']')) {
            self.at += 1;
        }
        quote
    }

    /// Passes what stands between name and value.
    fn operator(&mut self, quoted_name: bool, takes_blank: bool) -> Option<()> {
        const SIGNS: [&[u8]; 13] =
            [b"===", b"!==", b"||=", b"??=", b":=", b"=>", b"==", b"!=", b"?=", b"+=", b"=", b":", b"->"];
        let sign = SIGNS.iter().find(|sign| self.rest().starts_with(sign));
        match (sign, self.peek()) {
            (Some(sign), _) => {
                self.at += sign.len();
                self.annotation(sign);
            }
            (None, Some(b',')) if quoted_name => self.at += 1,
            (None, Some(b'>')) => {
                self.at += 1;
                self.in_element = true;
            }
            (None, Some(b'(')) => self.call()?,
            (None, Some(b',' | b'\n' | b'\r') | None) => self.value_on_next_line()?,
            _ if takes_blank => {}
            _ => return None,
        }
        self.blanks();
        Some(())
    }

    /// `: Type = value`: passes the type if an equals sign follows it on the line.
    fn annotation(&mut self, sign: &[u8]) {
        if sign != b":" {
            return;
        }
        let line = self.rest().split(|b| *b == b'\n').next().unwrap_or_default();
        let part = |b: &u8| {
            b.is_ascii_alphanumeric()
                || matches!(b, b' ' | b'_' | b'&' | b'\'' | b'<' | b'>' | b'[' | b']' | b'?' | b'.' | b'*')
        };
        let kind = line.iter().take_while(|b| part(b)).count();
        if kind > 0
            && line.get(kind) == Some(&b'=')
            && line.get(kind + 1) != Some(&b'=')
            && line[..kind].trim_ascii().len() < 40
            && line[..kind].ends_with(b" ")
        {
            self.at += kind + 1;
        }
    }

    /// `setPassword("value")`: only a quoted value counts as an argument.
    fn call(&mut self) -> Option<()> {
        self.at += 1;
        self.blanks();
        matches!(self.peek(), Some(b'"' | b'\'' | b'`')).then_some(())
    }

    /// `name: X` and, on the next line, `value: Y`.
    fn value_on_next_line(&mut self) -> Option<()> {
        let break_at = memchr::memchr(b'\n', self.rest().get(..4.min(self.rest().len()))?)?;
        self.at += break_at + 1;
        self.blanks();
        for word in [&b"\"value\""[..], b"value", b"Value", b"\"default\"", b"default"] {
            if self.rest().starts_with(word) {
                self.at += word.len();
                self.blanks();
                if matches!(self.peek(), Some(b':' | b'=')) {
                    self.at += 1;
                    return Some(());
                }
            }
        }
        None
    }

    /// The value and how it is written.
    fn value(&mut self) -> Option<(Span, Form)> {
        self.string_prefix();
        let escaped = self.peek() == Some(b'\\');
        let quote = if escaped { self.text.get(self.at + 1).copied()? } else { self.peek()? };
        if matches!(quote, b'"' | b'\'' | b'`') {
            self.at += 1 + usize::from(escaped);
            return self.quoted(quote, escaped);
        }
        if escaped { None } else { self.bare() }
    }

    /// `b"…"`, `f'…'`, `@"…"`, `L"…"`.
    fn string_prefix(&mut self) {
        if let [b'a'..=b'z' | b'A'..=b'Z' | b'@', b'"' | b'\'', ..] = self.rest() {
            self.at += 1;
        }
    }

    fn quoted(&mut self, quote: u8, escaped: bool) -> Option<(Span, Form)> {
        let rest = self.rest();
        let window = rest.get(..MAX_VALUE.min(rest.len()))?;
        let length = window.iter().position(|b| *b == quote || *b == b'\n')?;
        if window.get(length) != Some(&quote) {
            return None;
        }
        let length = if escaped { length.checked_sub(1)? } else { length };
        Some((Span::new(self.at, self.at + length), Form::Quoted))
    }

    fn bare(&mut self) -> Option<(Span, Form)> {
        let ends = |b: &u8| {
            b.is_ascii_whitespace()
                || matches!(b, b'"' | b'\'' | b'`' | b',' | b';' | b'<' | b'>' | b'|' | b'&' | b'\\')
        };
        let rest = self.rest();
        let window = rest.get(..MAX_VALUE.min(rest.len()))?;
        let length = window.iter().take_while(|b| !ends(b)).count();
        let value = window.get(..length)?;
        // Anywhere but in an element, an angle bracket opens a blank to be filled in: `prefix<name>`.
        if (window.get(length) == Some(&b'<')) != self.in_element {
            return None;
        }
        let trimmed = value.iter().rev().take_while(|b| matches!(b, b')' | b']' | b'}' | b'.' | b':')).count();
        (length > trimmed).then_some((Span::new(self.at, self.at + length - trimmed), Form::Bare))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<(String, String, Form)> {
        let start = text.to_lowercase().find("secret")?;
        let read = read(text.as_bytes(), Span::new(start, start + 6))?;
        let part = |span: Span| String::from_utf8_lossy(span.of(text.as_bytes())).into_owned();
        Some((part(read.name), part(read.value), read.form))
    }

    #[test]
    fn assignments_of_many_languages_are_read() {
        for (text, name, form) in [
            ("client_secret: VALUE\n", "client_secret", Form::Bare),
            ("  \"clientSecret\": \"VALUE\",", "clientSecret", Form::Quoted),
            ("{\\\"clientSecret\\\": \\\"VALUE\\\"}", "clientSecret", Form::Quoted),
            ("export CLIENT_SECRET=VALUE && x", "CLIENT_SECRET", Form::Bare),
            ("ENV CLIENT_SECRET VALUE\n", "CLIENT_SECRET", Form::Bare),
            ("az login --client-secret VALUE --tenant x", "client-secret", Form::Bare),
            ("let client_secret: &str = \"VALUE\";", "client_secret", Form::Quoted),
            ("const string ClientSecret = @\"VALUE\";", "ClientSecret", Form::Quoted),
            ("<clientSecret>VALUE</clientSecret>", "clientSecret", Form::Bare),
            ("builder.setClientSecret(\"VALUE\")", "builder.setClientSecret", Form::Quoted),
            ("config['client_secret'] = 'VALUE'", "client_secret", Form::Quoted),
            ("define('CLIENT_SECRET', 'VALUE');", "CLIENT_SECRET", Form::Quoted),
            ("- name: CLIENT_SECRET\n  value: VALUE\n", "CLIENT_SECRET", Form::Bare),
            ("client_secret=VALUE&grant_type=x", "client_secret", Form::Bare),
            ("client_secret => 'VALUE',", "client_secret", Form::Quoted),
        ] {
            assert_eq!(of(text), Some((name.to_owned(), "VALUE".to_owned(), form)), "{text}");
        }
    }

    #[test]
    fn prose_is_no_assignment() {
        for text in [
            "x://:<secret>@host:1",
            "secret=abc<name>",
            "the secret is out",
            "secret",
            "no secrets, really",
            "a secret (of sorts)",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
