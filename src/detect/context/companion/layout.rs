//! The divisions of the text around a secret: objects in braces, items of a list, sections, paragraphs, lines.
//!
//! An identifier in another record belongs to that record's secret, however near it is.

use bstr::ByteSlice as _;

use crate::text::Span;

/// The distance of a place from the secret, ordered from near to far: first by how the two are nested, then by blank
/// lines, then by lines.
pub(super) type Distance = (Nesting, usize, usize);

/// The position of a place relative to the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Nesting {
    /// In the same object, or in one that contains it or is contained in it, this many levels away.
    Around(usize),
    /// In another part of the text: an object, a section or a document with a name of its own.
    Elsewhere,
}

/// The divisions of the text around one secret.
#[derive(Debug)]
pub(super) struct Layout {
    secret: usize,
    /// The places where an object begins or ends, each with the object that continues from there.
    changes: Vec<(usize, usize)>,
    objects: Vec<Object>,
    lines: Vec<Line>,
    end: usize,
}

#[derive(Debug, Clone, Copy, Default)]
struct Object {
    parent: Option<usize>,
    /// `true` if the object has no name because it is one of several in a list.
    is_item: bool,
}

#[derive(Debug)]
struct Line {
    start: usize,
    indentation: usize,
    kind: LineKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineKind {
    Blank,
    /// The first line of a list item that has keys: `- name: X`.
    Item,
    /// A `[section]` line, or the line between two documents.
    Section,
    Other,
}

impl Layout {
    /// Divides a window of a text.
    pub(super) fn new(text: &[u8], window: Span, secret: Span) -> Self {
        let (changes, objects) = objects(text, window);
        Self { secret: secret.start, changes, objects, lines: lines(text, window), end: window.end }
    }

    /// Returns the distance of a place from the secret; `None` if it is in another item of the same list. In a `pair`
    /// the name is itself a value, so the item around it only holds the two together.
    pub(super) fn distance(&self, at: usize, pair: Option<usize>) -> Option<Distance> {
        let is_pair = pair.is_some_and(|value| self.object(value) == self.object(at));
        let own = self.object(at);
        let from = if is_pair { self.parent(own).unwrap_or(own) } else { own };
        let nesting = self.nesting(from, self.object(self.secret))?;
        let (here, there) = (self.line(at), self.line(self.secret));
        let (first, last) = (here.min(there), here.max(there));
        let between = self.lines.get(first + 1..=last).unwrap_or_default();
        let least = self.lines.get(first).map_or(0, |line| line.indentation);
        let is_other_item = |line: &Line| line.kind == LineKind::Item && line.indentation <= least;
        if pair.is_none() && between.iter().any(is_other_item) {
            return None;
        }
        let count = |kind| between.iter().filter(|line| line.kind == kind).count();
        let nesting = if count(LineKind::Section) > 0 { Nesting::Elsewhere } else { nesting };
        Some((nesting, count(LineKind::Blank), last - first))
    }

    /// Returns the part of the text that a place belongs to: its object, up to the limits of its section.
    pub(super) fn part(&self, at: usize) -> Span {
        let own = self.object(at);
        let is_own =
            |object: &usize| std::iter::successors(Some(*object), |one| self.parent(*one)).any(|one| one == own);
        let first = self.changes.iter().find(|(_, object)| is_own(object)).map_or(0, |(start, _)| *start);
        let last = self.changes.iter().rposition(|(_, object)| is_own(object)).map(|last| last + 1);
        let end = last.and_then(|next| self.changes.get(next)).map_or(self.end, |(start, _)| *start);
        let line = self.line(at);
        let is_section = |line: &&Line| line.kind == LineKind::Section;
        let (before, after) = self.lines.split_at((line + 1).min(self.lines.len()));
        let head = before.iter().rfind(is_section).map_or(0, |line| line.start);
        let next = after.iter().find(is_section).map_or(self.end, |line| line.start);
        Span::new(first.max(head), end.min(next))
    }

    /// Returns how two objects are nested; `None` if they are in different items of one list.
    fn nesting(&self, one: usize, other: usize) -> Option<Nesting> {
        if one == other {
            return Some(Nesting::Around(0));
        }
        let up = |from: usize| std::iter::successors(Some(from), |at| self.parent(*at)).collect::<Vec<_>>();
        let (from, to) = (up(one), up(other));
        let levels = from.iter().position(|at| *at == other).or_else(|| to.iter().position(|at| *at == one));
        if let Some(levels) = levels {
            return Some(Nesting::Around(levels));
        }
        let shared = from.iter().rev().zip(to.iter().rev()).take_while(|(a, b)| a == b).count();
        let below = |path: &[usize]| path.len().checked_sub(shared + 1).and_then(|at| path.get(at)).copied();
        let is_item = |object: Option<usize>| object.is_some_and(|object| self.objects[object].is_item);
        let are_items = is_item(below(&from)) && is_item(below(&to));
        (!are_items).then_some(Nesting::Elsewhere)
    }

    fn parent(&self, object: usize) -> Option<usize> {
        self.objects.get(object)?.parent
    }

    fn object(&self, at: usize) -> usize {
        let next = self.changes.partition_point(|(start, _)| *start <= at);
        next.checked_sub(1).and_then(|before| self.changes.get(before)).map_or(0, |(_, object)| *object)
    }

    fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|line| line.start <= at).saturating_sub(1)
    }
}

/// Finds objects by their braces. The content of an object that began before the window counts as nested in the text
/// after its end.
fn objects(text: &[u8], window: Span) -> (Vec<(usize, usize)>, Vec<Object>) {
    let (mut changes, mut objects, mut current) = (vec![(window.start, 0)], vec![Object::default()], 0);
    for (at, byte) in (window.start..).zip(window.of(text)) {
        match byte {
            b'{' => {
                let before = Span::new(window.start, at).of(text).trim_ascii_end();
                let is_item = matches!(before.last(), None | Some(b',' | b'[' | b'}'));
                objects.push(Object { parent: Some(current), is_item });
                current = objects.len() - 1;
                changes.push((at + 1, current));
            }
            b'}' => {
                if objects[current].parent.is_none() {
                    objects.push(Object::default());
                    // The next object decides: an object whose beginning is not in the window is treated like its
                    // neighbour.
                    let rest = Span::new(at + 1, window.end).of(text).trim_ascii_start();
                    let rest = rest.strip_prefix(b",").unwrap_or(rest).trim_ascii_start();
                    objects[current] = Object { parent: Some(objects.len() - 1), is_item: rest.starts_with(b"{") };
                }
                current = objects[current].parent.unwrap_or(current);
                changes.push((at, current));
            }
            _ => {}
        }
    }
    (changes, objects)
}

fn lines(text: &[u8], window: Span) -> Vec<Line> {
    let mut start = window.start;
    let line = |line: &[u8]| {
        let indentation = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let this = Line { start, indentation, kind: kind(line.trim_ascii()) };
        start += line.len() + 1;
        this
    };
    window.of(text).split(|byte| *byte == b'\n').map(line).collect()
}

fn kind(line: &[u8]) -> LineKind {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-. :/\"@".contains(byte);
    let section = line.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]"));
    let section = section.map(|rest| rest.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")).unwrap_or(rest));
    match line {
        b"" => LineKind::Blank,
        b"---" => LineKind::Section,
        _ if section
            .is_some_and(|name| name.first().is_some_and(u8::is_ascii_alphanumeric) && name.iter().all(is_word)) =>
        {
            LineKind::Section
        }
        _ if line.starts_with(b"- ") && (line.ends_with(b":") || line.find(": ").is_some()) => LineKind::Item,
        _ => LineKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the distance of `id` from `SECRET`.
    fn distance(text: &str) -> Option<Distance> {
        let at = |word: &str| text.find(word).unwrap_or_else(|| panic!("no {word} in {text}"));
        let layout = Layout::new(text.as_bytes(), Span::new(0, text.len()), Span::new(at("SECRET"), at("SECRET") + 6));
        layout.distance(at("id"), None)
    }

    use Nesting::{Around, Elsewhere};

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
    fn parts_with_names_are_apart() {
        for (apart, lines) in [
            (r#"{"dev":{"id":"x"},"prod":{"k":"SECRET"}}"#, 0),
            ("[one]\nid = x\n[two]\nk = SECRET\n", 2),
            ("[profile one]\nk = SECRET\n[profile two]\nid = x\n", 2),
            ("id: x\n---\nk: SECRET\n", 2),
        ] {
            assert_eq!(distance(apart), Some((Elsewhere, 0, lines)), "{apart}");
        }
    }

    #[test]
    fn the_same_object_is_nearer_than_one_around_it() {
        assert_eq!(distance(r#"{"id":"x","k":"SECRET"}"#), Some((Around(0), 0, 0)));
        assert_eq!(distance(r#"{"id":"x","in":[{"k":"SECRET"}]}"#), Some((Around(1), 0, 0)));
        assert_eq!(distance(r#"{"k":"SECRET","in":{"id":"x"}}"#), Some((Around(1), 0, 0)));
        assert_eq!(distance("\"k\":\"SECRET\"},\n\"id\":\"x\""), Some((Around(1), 0, 1)));
        assert_eq!(distance("id: x\nall:\n  - k: SECRET\n"), Some((Around(0), 0, 2)));
        assert_eq!(distance("- id=x\n- k=SECRET\n"), Some((Around(0), 0, 1)));
        assert_eq!(distance("id=x\n\nk=SECRET\n"), Some((Around(0), 1, 2)));
    }

    #[test]
    fn a_part_is_an_object_or_a_section() {
        let part = |text: &str| {
            let layout = Layout::new(text.as_bytes(), Span::new(0, text.len()), Span::new(0, 1));
            String::from_utf8_lossy(layout.part(text.find("id").unwrap_or_default()).of(text.as_bytes())).into_owned()
        };
        assert_eq!(part(r#"{"dev":{"id":"x","in":{"a":1},"b":2},"prod":{}}"#), r#""id":"x","in":{"a":1},"b":2"#);
        assert_eq!(part("[one]\nid = x\n[two]\nk = y\n"), "[one]\nid = x\n");
    }
}
