//! Flow style of YAML: mappings in braces and lists in brackets, on one line or on several.
//!
//! Anchors, tags and keys that aren't scalars are not read; whoever needs the values has to do without them then.

use std::iter::Peekable;
use std::str::Chars;

/// The deepest nesting that is read.
const DEEPEST: usize = 32;

/// A value in flow style.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Mapping(Vec<(String, Self)>),
    List(Vec<Self>),
    /// A scalar, with the numbers of its first and last line, counted from 0.
    Scalar(String, (usize, usize)),
}

/// Returns the value that a text starts with, and the number of line ends in it; `None` if it can't be read.
pub(super) fn parse(text: &str) -> Option<(Flow, usize)> {
    let mut reader = Reader { chars: text.chars().peekable(), line: 0 };
    let flow = reader.value(0)?;
    Some((flow, reader.line))
}

struct Reader<'t> {
    chars: Peekable<Chars<'t>>,
    line: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let next = self.chars.next();
        self.line += usize::from(next == Some('\n'));
        next
    }

    /// Reads over blanks, line ends and comments, and returns the next character without reading it.
    fn peek(&mut self) -> Option<char> {
        while let Some(char) = self.chars.peek().copied() {
            match char {
                '#' => while self.chars.next_if(|char| *char != '\n').is_some() {},
                char if char.is_whitespace() => drop(self.next()),
                _ => return Some(char),
            }
        }
        None
    }

    fn value(&mut self, depth: usize) -> Option<Flow> {
        if depth > DEEPEST {
            return None;
        }
        match self.peek()? {
            '{' => self.mapping(depth),
            '[' => self.list(depth),
            _ => self.scalar(),
        }
    }

    fn mapping(&mut self, depth: usize) -> Option<Flow> {
        self.next();
        let mut entries = Vec::new();
        while self.peek()? != '}' {
            let Flow::Scalar(key, lines) = self.scalar()? else { return None };
            let value = match self.peek()? {
                ':' => {
                    self.next();
                    self.filled(depth, lines)?
                }
                _ => Flow::Scalar(String::new(), lines),
            };
            entries.push((key, value));
            self.separator('}')?;
        }
        self.next();
        Some(Flow::Mapping(entries))
    }

    /// Returns the value of a key, which may be empty.
    fn filled(&mut self, depth: usize, lines: (usize, usize)) -> Option<Flow> {
        match self.peek()? {
            ',' | '}' | ']' => Some(Flow::Scalar(String::new(), lines)),
            _ => self.value(depth + 1),
        }
    }

    fn list(&mut self, depth: usize) -> Option<Flow> {
        self.next();
        let mut items = Vec::new();
        while self.peek()? != ']' {
            let item = self.value(depth + 1)?;
            match (item, self.peek()?) {
                // A pair without braces is a mapping by itself.
                (Flow::Scalar(key, lines), ':') => {
                    self.next();
                    items.push(Flow::Mapping(vec![(key, self.filled(depth, lines)?)]));
                }
                (item, _) => items.push(item),
            }
            self.separator(']')?;
        }
        self.next();
        Some(Flow::List(items))
    }

    /// Reads the comma after an entry, which the last one need not have.
    fn separator(&mut self, end: char) -> Option<()> {
        match self.peek()? {
            ',' => drop(self.next()),
            next if next == end => {}
            _ => return None,
        }
        Some(())
    }

    fn scalar(&mut self) -> Option<Flow> {
        let first = self.line;
        let text = match self.peek()? {
            quote @ ('"' | '\'') => self.quoted(quote)?,
            ',' | ':' | '[' | ']' | '{' | '}' => return None,
            _ => self.plain(),
        };
        Some(Flow::Scalar(text, (first, self.line)))
    }

    fn quoted(&mut self, quote: char) -> Option<String> {
        self.next();
        let mut text = String::new();
        loop {
            match self.next()? {
                '\\' if quote == '"' => text.push(self.next()?),
                char if char != quote => text.push(char),
                _ if quote == '\'' && self.chars.next_if_eq(&quote).is_some() => text.push(quote),
                _ => return Some(text),
            }
        }
    }

    /// Reads an unquoted scalar up to the sign that ends it. A colon ends a key only before a blank or a sign.
    fn plain(&mut self) -> String {
        let mut text = String::new();
        while let Some(char) = self.chars.peek().copied() {
            let mut behind = self.chars.clone();
            behind.next();
            let ends_key = |next: Option<char>| next.is_none_or(|next| next.is_whitespace() || ",[]{}".contains(next));
            match char {
                ',' | '[' | ']' | '{' | '}' | '\n' => break,
                ':' if ends_key(behind.next()) => break,
                '#' if text.ends_with(' ') => break,
                char => text.push(char),
            }
            self.next();
        }
        text.trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(flow: &Flow) -> String {
        match flow {
            Flow::Scalar(text, (first, _)) => format!("{text}@{first}"),
            Flow::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(" ")),
            Flow::Mapping(entries) => {
                let entries: Vec<String> =
                    entries.iter().map(|(key, value)| format!("{key}={}", shown(value))).collect();
                format!("{{{}}}", entries.join(" "))
            }
        }
    }

    #[test]
    fn flow_values_are_read_with_their_lines() {
        for (text, expected) in [
            ("{a: b, c: d e}", "{a=b@0 c=d e@0}"),
            ("[A=b, \"C=d,e\", 'F=it''s']", "[A=b@0 C=d,e@0 F=it's@0]"),
            ("{\n  a: [x, # why\n    y],\n  b: {c: http://d:1/},\n}\nrest", "{a=[x@1 y@2] b={c=http://d:1/@3}}"),
            ("{\"a\":\"b\\\"c\",\"d\":[]}", "{a=b\"c@0 d=[]}"),
            ("[a: b, c]", "[{a=b@0} c@0]"),
            ("{a, b: , c: 1}", "{a=@0 b=@0 c=1@0}"),
        ] {
            let (flow, _) = parse(text).unwrap();
            assert_eq!(shown(&flow), expected, "{text}");
        }
    }

    #[test]
    fn a_text_that_cannot_be_read_is_no_value() {
        let deep = "[".repeat(1 << 20);
        for text in ["{", "[a", "{a: b", "{a: \"b}", "[a]]"[1..].trim(), "{[a]: b}", "[a b: ]", "", &deep] {
            assert!(parse(text).is_none_or(|(flow, _)| !matches!(flow, Flow::Mapping(_))), "{text}");
        }
    }
}
