//! The divisions of the text around a secret: objects in braces, elements, blocks by indentation, items of a list,
//! sections, documents, paragraphs, lines.
//!
//! An identifier in another part belongs to that part's secret, however near it is, even if the text has no such secret.

use bstr::ByteSlice as _;

use super::nested::{Objects, elements};
use crate::detect::value::segments::segments;
use crate::text::Span;

/// The distance of a place from the secret, ordered from near to far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Distance {
    /// The number of levels between the two: one of them is in a part that contains the other.
    pub(super) levels: usize,
    /// The number of blank lines and of comments between them.
    pub(super) breaks: usize,
    pub(super) lines: usize,
}

/// The divisions of the text around one secret.
#[derive(Debug)]
pub(super) struct Layout<'t> {
    text: &'t [u8],
    secret: Span,
    objects: Objects,
    elements: Vec<Span>,
    lines: Vec<Line>,
    /// `true` if the window begins with the text, so that what precedes all sections is at the top of the file.
    has_top: bool,
}

#[derive(Debug)]
struct Line {
    span: Span,
    indentation: usize,
    kind: LineKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineKind {
    Blank,
    Comment,
    /// The first line of a list item that has keys: `- name: X`.
    Item,
    /// A `[section]` line, with the place of its name.
    Section(Span),
    /// The line between two documents.
    Document,
    /// The head of a block that has labels, and can therefore occur repeatedly: `resource "x" "y" {`.
    Labelled,
    /// The head of a block without labels, which configures everything: `terraform {`.
    Settings,
    Other,
}

impl<'t> Layout<'t> {
    /// Divides a window of a text.
    pub(super) fn new(text: &'t [u8], window: Span, secret: Span) -> Self {
        let (objects, elements) = (Objects::new(text, window), elements(text, window));
        Self { text, secret, objects, elements, lines: lines(text, window), has_top: window.start == 0 }
    }

    /// Returns the distance of a place from the secret; `None` if it is in a part of the text that neither contains the
    /// secret nor is contained in the secret's own part. In a `pair` the name is itself a value, so the item around it
    /// only holds the two together.
    pub(super) fn distance(&self, at: usize, pair: Option<usize>, field: &str) -> Option<Distance> {
        let here = self.line(at);
        let is_before = at < self.secret.start;
        let there = self.line(if is_before { self.secret.start } else { self.secret.end.saturating_sub(1) });
        let (first, last) = (here.min(there), here.max(there));
        let between = self.lines.get(first + 1..=last).unwrap_or_default();
        let levels = match self.is_setting(here, there, field) {
            true => 1,
            false => [
                self.objects.levels(at, self.secret.start, pair)?,
                self.levels_of_elements(at)?,
                self.levels_of_indentation(at, (here, there), pair)?,
                self.levels_of_sections(here, there)?,
            ]
            .into_iter()
            .max()?,
        };
        let is_break = |line: &&Line| matches!(line.kind, LineKind::Blank | LineKind::Comment);
        Some(Distance { levels, breaks: between.iter().filter(is_break).count(), lines: last - first })
    }

    /// Returns the text between a place and the secret, without the line in which the secret begins.
    pub(super) fn between(&self, at: usize) -> &'t [u8] {
        let line = self.lines.get(self.line(self.secret.start)).map_or(self.secret.start, |line| line.span.start);
        let span = match at < line {
            true => Span::new(at, line),
            false => Span::new(self.secret.end, at.max(self.secret.end)),
        };
        span.of(self.text)
    }

    /// Returns `true` if a place is in a comment, and the secret is not.
    pub(super) fn is_commented_out(&self, at: usize) -> bool {
        let is_comment = |at| self.lines.get(self.line(at)).is_some_and(|line| line.kind == LineKind::Comment);
        is_comment(at) && !is_comment(self.secret.start)
    }

    /// Returns `true` if a place is in the secret's line, or in a command that continues from one line to the other.
    pub(super) fn is_in_command(&self, at: usize) -> bool {
        let (here, there) = (self.line(at), self.line(self.secret.start));
        let continues = |line: &Line| line.span.of(self.text).trim_ascii_end().ends_with(b"\\");
        self.lines.get(here.min(there)..here.max(there)).unwrap_or_default().iter().all(continues)
    }

    /// Returns the line of a place and the secret's line.
    pub(super) fn both_lines(&self, at: usize) -> (&'t [u8], &'t [u8]) {
        let of = |at| self.lines.get(self.line(at)).map_or(&b""[..], |line| line.span.of(self.text));
        (of(at), of(self.secret.start))
    }

    /// Returns `true` if a line is in a part that configures everything, and the secret in one of several parts, or if
    /// the two are in parts of different kinds that say so. All these parts may be about one credential.
    fn is_setting(&self, here: usize, there: usize, field: &str) -> bool {
        let head = |line: usize| {
            let until = self.lines.get(..=line).unwrap_or_default();
            until.iter().rfind(|line| line.indentation == 0 && line.is_significant()).map(|line| line.kind)
        };
        let is_general = head(here) == Some(LineKind::Settings) && head(there) == Some(LineKind::Labelled);
        is_general || self.is_section_of(here, field) || self.have_kinds(here, there)
    }

    /// Returns `true` if a line is in a section that is named after the provider or the thing that a field belongs to,
    /// and not after one of several: `[azure]` for `azure_client_id`.
    fn is_section_of(&self, line: usize, field: &str) -> bool {
        let until = self.lines.get(..=line).unwrap_or_default();
        let head = until.iter().rfind(|line| matches!(line.kind, LineKind::Section(_) | LineKind::Document));
        let Some(LineKind::Section(name)) = head.map(|line| line.kind) else { return false };
        segments(name.of(self.text)).all(|word| field.split('_').any(|own| own.as_bytes().eq_ignore_ascii_case(word)))
    }

    /// Returns `true` if two lines are in documents that say they are of different kinds, as the objects of Kubernetes
    /// do: `kind: ConfigMap` and `kind: Secret`.
    fn have_kinds(&self, here: usize, there: usize) -> bool {
        let kind = |line: usize| {
            let is_limit = |line: &Line| line.kind == LineKind::Document;
            let (before, after) = self.lines.split_at_checked(line)?;
            let start = before.iter().rposition(is_limit).map_or(0, |at| at + 1);
            let end = after.iter().position(is_limit).map_or(self.lines.len(), |at| line + at);
            let mut document = self.lines.get(start..end)?.iter();
            document.find_map(|line| line.span.of(self.text).strip_prefix(b"kind:").map(<[u8]>::trim_ascii))
        };
        kind(here).zip(kind(there)).is_some_and(|(one, other)| one != other)
    }

    fn levels_of_elements(&self, at: usize) -> Option<usize> {
        let holds = |element: &Span, at: usize| element.start <= at && at < element.end;
        let only = |one: usize, other: usize| {
            self.elements.iter().filter(|element| holds(element, one) && !holds(element, other)).count()
        };
        let (own, secrets) = (only(at, self.secret.start), only(self.secret.start, at));
        (own == 0 || secrets == 0).then_some(own + secrets)
    }

    /// Compares two lines by the lines between them: a line that is indented less ends a block and begins another one.
    fn levels_of_indentation(&self, at: usize, (here, there): (usize, usize), pair: Option<usize>) -> Option<usize> {
        let own = self.column_of_candidate(at, here, pair);
        let secrets = self.lines.get(there).map_or(0, Line::column);
        let (first, last) = (here.min(there), here.max(there));
        let (start, end) = if here <= there { (own, secrets) } else { (secrets, own) };
        let after = self.lines.get(first + 1..=last).unwrap_or_default();
        let Some(least) = after.iter().filter(|line| line.is_significant()).map(|line| line.indentation).min() else {
            return Some(0);
        };
        if least < start {
            return (end <= least).then_some(1);
        }
        let mut column = end;
        let opens = |line: &&Line| {
            let is_opening = line.is_significant() && line.indentation < column;
            column = if is_opening { line.indentation } else { column };
            is_opening
        };
        let levels = self.lines.get(first..=last).unwrap_or_default().iter().rev().filter(opens).count();
        Some(if end > start { levels } else { 0 })
    }

    /// Returns the column at which a candidate's block begins. That of a `pair` is the list or object around the item.
    fn column_of_candidate(&self, at: usize, here: usize, pair: Option<usize>) -> usize {
        let Some(line) = self.lines.get(here) else { return 0 };
        let Some(value) = pair else { return line.column() };
        if line.kind == LineKind::Item {
            return line.indentation;
        }
        let above = here.checked_sub(1).and_then(|above| self.lines.get(above));
        let opening = self.objects.opening(at).filter(|_| self.objects.is_one(at, value));
        let opening = opening.and_then(|opening| self.lines.get(self.line(opening)));
        let is_near = |opening: &&Line| above.is_some_and(|above| opening.span.start >= above.span.start);
        opening.filter(is_near).map_or(line.column(), |opening| opening.indentation)
    }

    fn levels_of_sections(&self, here: usize, there: usize) -> Option<usize> {
        let head = |line: usize| {
            let is_head = |line: &Line| matches!(line.kind, LineKind::Section(_) | LineKind::Document);
            self.lines.get(..=line).unwrap_or_default().iter().rposition(is_head)
        };
        let (own, secrets) = (head(here), head(there));
        if own == secrets {
            return Some(0);
        }
        let name = |line: &Line| match line.kind {
            LineKind::Section(name) => Some(name.of(self.text)),
            _ => None,
        };
        let outer = match own {
            None if self.has_top => b"",
            None => return None,
            Some(own) => self.lines.get(own).and_then(name)?,
        };
        let is_below = |name: &[u8]| {
            outer.is_empty() || name.strip_prefix(outer).is_some_and(|rest| rest.starts_with(b".") || rest.is_empty())
        };
        let from = own.map_or(0, |own| own + 1);
        let heads = self.lines.get(from..=secrets.filter(|secrets| *secrets >= from)?).unwrap_or_default();
        let mut heads = heads.iter().filter(|line| matches!(line.kind, LineKind::Section(_) | LineKind::Document));
        let is_nested = heads.all(|line| name(line).is_some_and(|name| is_below(name) && name != outer));
        is_nested.then_some(1)
    }

    fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|line| line.span.start <= at).saturating_sub(1)
    }
}

impl Line {
    /// Returns the column at which the content begins: in a list item, behind the mark.
    fn column(&self) -> usize {
        self.indentation + if self.kind == LineKind::Item { 2 } else { 0 }
    }

    /// Returns `true` if the indentation of the line says where its text belongs.
    fn is_significant(&self) -> bool {
        !matches!(self.kind, LineKind::Blank | LineKind::Comment)
    }
}

fn lines(text: &[u8], window: Span) -> Vec<Line> {
    let mut start = window.start;
    let line = |line: &[u8]| {
        let span = Span::new(start, start + line.len());
        let indentation = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        start += line.len() + 1;
        Line { span, indentation, kind: kind(line.trim_ascii(), span.start + indentation) }
    };
    window.of(text).split(|byte| *byte == b'\n').map(line).collect()
}

/// Returns the kind of a line that begins, without its indentation, at a place.
fn kind(line: &[u8], at: usize) -> LineKind {
    const COMMENTS: [&[u8]; 6] = [b"#", b"//", b"-- ", b";", b"/*", b"<!--"];
    match line {
        b"" => LineKind::Blank,
        b"---" => LineKind::Document,
        b"-" => LineKind::Item,
        [b'[', ..] => section(line, at).map_or(LineKind::Other, LineKind::Section),
        _ if COMMENTS.iter().any(|mark| line.starts_with(mark)) => LineKind::Comment,
        _ if line.starts_with(b"- ") && (line.ends_with(b":") || line.find(": ").is_some()) => LineKind::Item,
        _ => line.strip_suffix(b"{").map_or(LineKind::Other, |head| head_of_block(head.trim_ascii_end())),
    }
}

/// Returns the place of the name in `[name]` or `[[name]]`.
fn section(line: &[u8], at: usize) -> Option<Span> {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-. :/\"@".contains(byte);
    let one = line.strip_prefix(b"[")?.strip_suffix(b"]")?;
    let two = one.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]"));
    let name = two.unwrap_or(one);
    let start = at + if two.is_some() { 2 } else { 1 };
    let is_name = name.first().is_some_and(u8::is_ascii_alphanumeric) && name.iter().all(is_word);
    is_name.then(|| Span::new(start, start + name.len()))
}

fn head_of_block(head: &[u8]) -> LineKind {
    let word = head.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(byte)).count();
    let labels = head[word..].trim_ascii();
    match labels {
        _ if word == 0 => LineKind::Other,
        b"" => LineKind::Settings,
        [b'"', .., b'"'] if labels.len() < head.len() - word => LineKind::Labelled,
        _ => LineKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the distance of `id` from `SECRET`: levels, breaks and lines.
    fn distance(text: &str) -> Option<(usize, usize, usize)> {
        let at = |word: &str| text.find(word).unwrap_or_else(|| panic!("no {word} in {text}"));
        let layout = Layout::new(text.as_bytes(), Span::new(0, text.len()), Span::new(at("SECRET"), at("SECRET") + 6));
        layout.distance(at("id"), None, "acme_id").map(|it| (it.levels, it.breaks, it.lines))
    }

    #[test]
    fn an_item_of_a_list_ends_where_the_next_one_begins() {
        for apart in [
            r#"[{"id":"x","k":"1"},{"k":"SECRET"}]"#,
            "{\"id\":\"x\"}\n{\"k\":\"SECRET\"}\n",
            "\"k\":\"SECRET\"},\n{\"id\":\"x\"}",
            "- id: x\n  k: 1\n- k: SECRET\n",
            "- k: SECRET\n- id: x\n",
            "all:\n  - k: SECRET\n    a: b\n  - id: x\n",
        ] {
            assert_eq!(distance(apart), None, "{apart}");
        }
    }

    #[test]
    fn items_are_apart_in_every_notation() {
        for apart in [
            "keys:\n  -\n    id: x\n    k: 1\n  -\n    k: SECRET\n",
            "[[keys]]\nid = x\n[[keys]]\nk = SECRET\n",
            "<l><key><id>x</id><k>1</k></key><key><n/><k>SECRET</k></key></l>",
            "<l>\n<key>\n<id>x</id>\n</key>\n<key>\n<k>SECRET</k>\n</key>\n</l>",
        ] {
            assert_eq!(distance(apart), None, "{apart}");
        }
        assert_eq!(distance("<l><key><id>x</id><k>SECRET</k></key></l>"), Some((0, 0, 0)));
        assert_eq!(distance("<l><id>x</id><key><k>SECRET</k></key></l>"), Some((1, 0, 0)));
    }

    #[test]
    fn parts_with_names_are_apart() {
        for apart in [
            r#"{"dev":{"id":"x"},"prod":{"k":"SECRET"}}"#,
            "[one]\nid = x\n[two]\nk = SECRET\n",
            "[profile one]\nk = SECRET\n[profile two]\nid = x\n",
            "k = SECRET\n[two]\nid = x\n",
            "[a]\nid = x\n[b]\n[a.c]\nk = SECRET\n",
            "id: x\n---\nk: SECRET\n",
            "kind: A\nd:\n  id: x\n---\nkind: A\nd:\n  k: SECRET\n",
            "dev:\n  id: x\n  k: 1\nprod:\n  k: SECRET\n",
            "all:\n  dev:\n    id: x\n# a comment\n\n  prod:\n    k: SECRET\n",
            "prod:\n  k: SECRET\ndev:\n  id: x\n",
            "def a():\n    id = x\n\ndef b():\n    k = SECRET\n",
            "resource \"a\" \"dev\" {\n  id = x\n}\nresource \"a\" \"prod\" {\n  k = SECRET\n}\n",
        ] {
            assert_eq!(distance(apart), None, "{apart}");
        }
    }

    #[test]
    fn what_encloses_the_secret_is_near() {
        for (text, expected) in [
            ("id: x\nprod:\n  k: SECRET\n", (1, 0, 2)),
            ("all:\n  id: x\n  prod:\n    in:\n      k: SECRET\n", (2, 0, 3)),
            ("prod:\n  k: SECRET\nid: x\n", (1, 0, 1)),
            ("id = x\n[two]\nk = SECRET\n", (1, 0, 2)),
            ("[a]\nid = x\n[a.b]\nk = SECRET\n", (1, 0, 2)),
            ("all {\n  id = x\n}\none \"b\" {\n  k = SECRET\n}\n", (1, 0, 3)),
            ("[acme]\nid = x\n[b]\nk = SECRET\n", (1, 0, 2)),
            ("kind: A\nd:\n  id: x\n---\nkind: B\nd:\n  k: SECRET\n", (1, 0, 4)),
            ("run:\n  id: x\n# a comment\n  k: SECRET\n", (0, 1, 2)),
        ] {
            assert_eq!(distance(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn several_lines_of_a_secret_end_no_block() {
        let text = "  k = \"SECRET\nof\nlines\"\n  id = x\n";
        let layout = Layout::new(text.as_bytes(), Span::new(0, text.len()), Span::new(7, 22));
        assert!(layout.distance(text.find("id").unwrap_or_default(), None, "id").is_some());
    }

    #[test]
    fn the_two_values_of_a_pair_only_hold_together() {
        for text in [
            "- name: id\n  value: x\n- name: k\n  value: SECRET\n",
            "[\n  {\n    \"name\": \"id\",\n    \"value\": \"x\"\n  },\n  {\n    \"value\": \"SECRET\"\n  }\n]\n",
            "variable \"id\" {\n  value = x\n}\nvariable \"k\" {\n  value = SECRET\n}\n",
        ] {
            let at = |word: &str| text.find(word).unwrap_or_else(|| panic!("no {word} in {text}"));
            let secret = Span::new(at("SECRET"), at("SECRET") + 6);
            let layout = Layout::new(text.as_bytes(), Span::new(0, text.len()), secret);
            assert!(layout.distance(at("id"), Some(at("x")), "id").is_some(), "{text}");
        }
        let apart =
            "- name: a\n  env:\n  - name: id\n    value: x\n- name: b\n  env:\n  - name: k\n    value: SECRET\n";
        let at = |word: &str| apart.find(word).unwrap_or_default();
        let secret = Span::new(at("SECRET"), at("SECRET") + 6);
        let layout = Layout::new(apart.as_bytes(), Span::new(0, apart.len()), secret);
        assert_eq!(layout.distance(at("id"), Some(at("x")), "id"), None);
    }

    #[test]
    fn the_same_object_is_nearer_than_one_around_it() {
        assert_eq!(distance(r#"{"id":"x","k":"SECRET"}"#), Some((0, 0, 0)));
        assert_eq!(distance(r#"{"id":"x","in":[{"k":"SECRET"}]}"#), Some((1, 0, 0)));
        assert_eq!(distance(r#"{"k":"SECRET","in":{"id":"x"}}"#), Some((1, 0, 0)));
        assert_eq!(distance("\"k\":\"SECRET\"},\n\"id\":\"x\""), Some((1, 0, 1)));
        assert_eq!(distance("id: x\nall:\n  - k: SECRET\n"), Some((2, 0, 2)));
        assert_eq!(distance("- id=x\n- k=SECRET\n"), Some((0, 0, 1)));
        assert_eq!(distance("id=x\n\nk=SECRET\n"), Some((0, 1, 2)));
    }
}
