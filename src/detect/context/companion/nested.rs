//! The parts of a text that begin and end with a sign: objects in braces, and elements in tags.

use bstr::ByteSlice as _;

use crate::text::Span;

/// The objects of a text, by their braces.
#[derive(Debug)]
pub(super) struct Objects {
    /// The places where an object begins or ends, each with the object that continues from there.
    changes: Vec<(usize, usize)>,
    /// The object around each object.
    parents: Vec<Option<usize>>,
}

impl Objects {
    /// Finds the objects in a window. The content of an object that began before the window counts as nested in the
    /// text after its end.
    pub(super) fn new(text: &[u8], window: Span) -> Self {
        let (mut changes, mut parents, mut current) = (vec![(window.start, 0)], vec![None], 0);
        for (at, byte) in (window.start..).zip(window.of(text)) {
            match byte {
                b'{' => {
                    parents.push(Some(current));
                    current = parents.len() - 1;
                    changes.push((at + 1, current));
                }
                b'}' => {
                    if parents[current].is_none() {
                        parents.push(None);
                        parents[current] = Some(parents.len() - 1);
                    }
                    current = parents[current].unwrap_or(current);
                    changes.push((at, current));
                }
                _ => {}
            }
        }
        Self { changes, parents }
    }

    /// Returns the number of levels between the objects of a place and of the secret; `None` if neither contains the
    /// other. In a `pair` the place counts as being outside of the object that holds name and value together.
    pub(super) fn levels(&self, at: usize, secret: usize, pair: Option<usize>) -> Option<usize> {
        let own = self.object(at);
        let is_pair = pair.is_some_and(|value| self.is_one(at, value));
        let from = if is_pair { self.parents[own].unwrap_or(own) } else { own };
        let to = self.object(secret);
        let levels = |from: usize, to: usize| self.up(from).position(|object| object == to);
        levels(from, to).or_else(|| levels(to, from))
    }

    /// Returns `true` if two places are directly in the same object.
    pub(super) fn is_one(&self, one: usize, other: usize) -> bool {
        self.object(one) == self.object(other)
    }

    /// Returns the place where the object around a place begins, if that is in the window.
    pub(super) fn opening(&self, at: usize) -> Option<usize> {
        let own = self.object(at);
        let (start, _) = self.changes.iter().skip(1).find(|(_, object)| *object == own)?;
        start.checked_sub(1).filter(|_| self.parents[own].is_some())
    }

    fn up(&self, object: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(object), |object| self.parents[*object])
    }

    fn object(&self, at: usize) -> usize {
        let next = self.changes.partition_point(|(start, _)| *start <= at);
        next.checked_sub(1).and_then(|before| self.changes.get(before)).map_or(0, |(_, object)| *object)
    }
}

/// An element whose end has not been found yet.
struct Open<'t> {
    name: &'t [u8],
    start: usize,
    has_children: bool,
}

/// Finds the contents of the elements in a window that contain other elements: the others are names with their values.
/// A tag without an end is no element.
pub(super) fn elements(text: &[u8], window: Span) -> Vec<Span> {
    let (mut found, mut open): (Vec<Span>, Vec<Open<'_>>) = (Vec::new(), Vec::new());
    let text = &text[..window.end];
    for at in window.of(text).find_iter(b"<").map(|at| window.start + at) {
        let tag = &text[at + 1..];
        let (is_end, tag) = tag.strip_prefix(b"/").map_or((false, tag), |tag| (true, tag));
        let name = tag.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b":_.-".contains(byte)).count();
        let Some(length) = tag.find_byteset(b"<>\n").filter(|at| name > 0 && tag[*at] == b'>') else { continue };
        let (name, inside) = (&tag[..name], &tag[..length]);
        if is_end {
            let Some(own) = open.iter().rposition(|one| one.name == name) else { continue };
            let has_children = open[own].has_children;
            let start = open[own].start;
            open.truncate(own);
            found.extend(has_children.then(|| Span::new(start, at)));
            continue;
        }
        if let Some(parent) = open.last_mut() {
            parent.has_children = true;
        }
        if !inside.ends_with(b"/") {
            open.push(Open { name, start: at + 1 + length + 1, has_children: false });
        }
    }
    found
}
