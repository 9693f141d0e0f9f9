//! The entries of a tree object, and the entries that an edit added.
//!
//! Format: mode in octal digits, a space, the name, a zero byte, the id in binary; repeated until the end.

use std::cmp::Ordering;

use bstr::BString;
use gix::oid;

use crate::text::{Edits, Span};

/// The most nested folders that are entered: twice what git reads by default (`core.maxTreeDepth`, 2048).
pub const MOST_FOLDERS: usize = 4096;

/// The mode of a tree entry or index entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// A folder.
    Tree,
    /// A file.
    File,
    /// A symbolic link.
    Link,
    /// A submodule's commit: an object of another repository.
    Submodule,
}

/// A tree entry, borrowed from the tree's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'t> {
    /// The entry's kind.
    pub mode: Mode,
    /// The entry's name.
    pub name: &'t [u8],
    /// The id of the object that it names.
    pub id: &'t oid,
}

/// The places where the entries of a tree start, in order, and the place where the last one ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entries {
    starts: Vec<u32>,
    end: u32,
    /// `true` if all bytes belong to entries.
    whole: bool,
}

/// The entries of a tree that an edit changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The starts of entries that are new or were touched.
    pub added: Vec<u32>,
    /// The starts, in the base, of entries that aren't in the edited tree.
    pub dropped: Vec<u32>,
}

impl Entries {
    /// Returns `true` if the tree could be read to its end.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// Reads a tree from its first entry.
    pub fn read(tree: &[u8], id_length: usize) -> (Self, Changes) {
        let (mut entries, mut changes) = (Self::default(), Changes::default());
        entries.parse(tree, id_length, tree.len(), &mut changes.added);
        entries.finish(tree);
        (entries, changes)
    }

    /// Reads a tree that `edits` made from a base whose entries are known: only the parts that aren't whole copied
    /// entries are parsed.
    pub fn after_edit(tree: &[u8], id_length: usize, base: &Self, edits: &Edits) -> (Self, Changes) {
        let (mut entries, mut changes) = (Self::default(), Changes::default());
        entries.starts.reserve(base.starts.len() + 8);
        let mut kept: Vec<Span> = Vec::new();
        for copied in edits.copied() {
            entries.parse(tree, id_length, copied.span.start, &mut changes.added);
            if entries.end as usize >= copied.span.end {
                continue;
            }
            // An entry that was parsed here may reach into the copied span. After it the base's entries continue if
            // both agree on where an entry starts.
            let from = (entries.end as usize).max(copied.span.start);
            let in_base = from - copied.span.start + copied.source.start;
            let first = base.starts.partition_point(|start| (*start as usize) < in_base);
            let Some(start) = base.starts.get(first).map(|start| *start as usize) else { continue };
            if start >= copied.source.end {
                continue;
            }
            entries.parse(tree, id_length, copied.moved(start), &mut changes.added);
            if entries.end as usize != copied.moved(start) {
                continue;
            }
            let last = base.starts.partition_point(|start| (*start as usize) < copied.source.end);
            let end_of = |at: usize| base.starts.get(at + 1).copied().unwrap_or(base.end);
            let whole = if end_of(last - 1) as usize <= copied.source.end { last } else { last - 1 };
            if whole <= first {
                continue;
            }
            entries.take_over(&base.starts[first..whole], start, copied.moved(start));
            entries.end = at(copied.moved(end_of(whole - 1) as usize));
            kept.push(Span::new(first, whole));
        }
        entries.parse(tree, id_length, tree.len(), &mut changes.added);
        entries.finish(tree);
        changes.dropped = base.without(kept);
        (entries, changes)
    }

    /// Parses the entries that start before `until`.
    fn parse(&mut self, tree: &[u8], id_length: usize, until: usize, added: &mut Vec<u32>) {
        while (self.end as usize) < until {
            let Some((_, length)) = entry(tree.get(self.end as usize..).unwrap_or_default(), id_length) else { return };
            self.starts.push(self.end);
            added.push(self.end);
            self.end += at(length);
        }
    }

    /// Takes over entries that were at `from` in the base and are at `to` now.
    fn take_over(&mut self, starts: &[u32], from: usize, to: usize) {
        let (from, to) = (at(from), at(to));
        self.starts.extend(starts.iter().map(|start| start - from + to));
    }

    fn finish(&mut self, tree: &[u8]) {
        self.whole = self.end as usize == tree.len();
    }

    /// Returns the starts of all entries except those in `kept`, which holds spans of positions.
    fn without(&self, mut kept: Vec<Span>) -> Vec<u32> {
        kept.sort_unstable();
        let mut dropped = Vec::new();
        let mut next = 0;
        for span in kept {
            dropped.extend_from_slice(self.starts.get(next..span.start).unwrap_or_default());
            next = next.max(span.end);
        }
        dropped.extend_from_slice(self.starts.get(next..).unwrap_or_default());
        dropped
    }
}

/// Returns the entries of a tree, in order, up to the first that can't be read.
pub fn entries(tree: &[u8], id_length: usize) -> impl Iterator<Item = Entry<'_>> {
    let mut rest = tree;
    std::iter::from_fn(move || {
        let (entry, length) = entry(rest, id_length)?;
        rest = rest.get(length..)?;
        Some(entry)
    })
}

/// Returns `true` if all bytes of a tree belong to entries.
pub fn is_whole(tree: &[u8], id_length: usize) -> bool {
    let mut rest = tree;
    while let Some((_, length)) = entry(rest, id_length) {
        rest = rest.get(length..).unwrap_or_default();
    }
    rest.is_empty()
}

/// Compares entries by their order in a tree: a folder is sorted as if its name ended in a slash.
pub fn order(a: &Entry<'_>, b: &Entry<'_>) -> Ordering {
    let common = a.name.len().min(b.name.len());
    let behind = |entry: &Entry<'_>| match entry.name.get(common) {
        Some(byte) => *byte,
        None if entry.mode == Mode::Tree => b'/',
        None => 0,
    };
    let rest = || behind(a).cmp(&behind(b)).then(a.name.len().cmp(&b.name.len()));
    a.name[..common].cmp(&b.name[..common]).then_with(rest)
}

/// Returns the entry that starts at a place of a tree.
pub fn entry_at(tree: &[u8], start: u32, id_length: usize) -> Option<Entry<'_>> {
    entry(tree.get(start as usize..)?, id_length).map(|(entry, _)| entry)
}

/// Returns the entries that start at these places of a tree.
pub fn entries_at<'t>(tree: &'t [u8], starts: &[u32], id_length: usize) -> Vec<Entry<'t>> {
    starts.iter().filter_map(|start| entry_at(tree, *start, id_length)).collect()
}

/// Returns the place where the entry with this name starts.
pub fn start_of(tree: &[u8], name: &[u8], id_length: usize) -> Option<u32> {
    let (_, all) = Entries::read(tree, id_length);
    all.added.into_iter().find(|start| entry_at(tree, *start, id_length).is_some_and(|entry| entry.name == name))
}

/// Returns the first entry and its length.
fn entry(tree: &[u8], id_length: usize) -> Option<(Entry<'_>, usize)> {
    const LONGEST_MODE: usize = 7;
    let blank = tree.iter().take(LONGEST_MODE).position(|b| *b == b' ')?;
    let digits = tree.get(..blank).filter(|digits| !digits.is_empty())?;
    let mode = digits.iter().try_fold(0u32, |mode, digit| match digit {
        b'0'..=b'7' => Some(mode * 8 + u32::from(digit - b'0')),
        _ => None,
    })?;
    let name_end = blank + 1 + memchr::memchr(0, tree.get(blank + 1..)?)?;
    let id = tree.get(name_end + 1..name_end + 1 + id_length)?;
    let entry = Entry { mode: kind(mode), name: &tree[blank + 1..name_end], id: oid::try_from_bytes(id).ok()? };
    Some((entry, name_end + 1 + id_length))
}

/// Returns the kind of a mode; git distinguishes these by the same bits.
fn kind(mode: u32) -> Mode {
    match mode & 0o170_000 {
        0o040_000 => Mode::Tree,
        0o120_000 => Mode::Link,
        0o160_000 => Mode::Submodule,
        _ => Mode::File,
    }
}

/// Converts a place in a tree; trees are smaller than 4 GiB.
fn at(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// Returns `prefix/name`, or just `name` at the root.
pub fn join(prefix: &BString, name: &[u8]) -> BString {
    let mut path = BString::new(Vec::with_capacity(prefix.len() + 1 + name.len()));
    path.extend_from_slice(prefix);
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(entries: &[(u8, u8)]) -> Vec<u8> {
        let mut tree = Vec::new();
        for (name, id) in entries {
            let mode = ["100644", "40000", "120000", "160000"][usize::from(name % 4)];
            tree.extend_from_slice(format!("{mode} {}\0", "n".repeat(1 + usize::from(name % 9))).as_bytes());
            // Some ids contain bytes that look like entries.
            tree.extend(
                (0..20u8).map(|i| if id % 3 == 0 { b"40000 n\0"[usize::from(i % 8)] } else { id.wrapping_add(i) }),
            );
        }
        tree
    }

    fn listed(tree: &[u8], starts: &[u32]) -> Vec<Vec<u8>> {
        let one = |start: &u32| {
            let (_, length) = entry(&tree[*start as usize..], 20).unwrap();
            tree[*start as usize..*start as usize + length].to_vec()
        };
        let mut out: Vec<Vec<u8>> = starts.iter().map(one).collect();
        out.sort();
        out
    }

    #[test]
    fn a_folder_is_sorted_as_if_its_name_ended_with_a_slash() {
        let id = [0; 20];
        let one = |name, mode| Entry { mode, name, id: oid::try_from_bytes(&id).unwrap() };
        let sorted: [(&[u8], Mode); 6] = [
            (b"a", Mode::File),
            (b"a-b", Mode::Tree),
            (b"a.b", Mode::File),
            (b"a", Mode::Tree),
            (b"a0", Mode::File),
            (b"ab", Mode::Link),
        ];
        for (at, (name, mode)) in sorted.iter().enumerate() {
            for (other, (second, kind)) in sorted.iter().enumerate() {
                assert_eq!(order(&one(name, *mode), &one(second, *kind)), at.cmp(&other), "{name:?} {second:?}");
            }
        }
    }

    proptest! {
        /// However a tree is cut and joined, it reads the same as from its start; and removing the dropped entries
        /// and adding the added ones turns the entries of one tree into those of the other.
        #[test]
        fn reading_an_edit_agrees_with_reading_the_whole_tree(
            base in proptest::collection::vec(any::<(u8, u8)>(), 0..12),
            other in proptest::collection::vec(any::<(u8, u8)>(), 0..4),
            steps in proptest::collection::vec((any::<bool>(), any::<u16>(), any::<u16>()), 0..8),
        ) {
            let (base, other) = (bytes(&base), bytes(&other));
            let (mut text, mut edits) = (Vec::new(), Edits::default());
            edits.clear(base.len());
            for (copied, a, b) in steps {
                let from = if copied { &base } else { &other };
                if from.is_empty() { continue; }
                let start = usize::from(a) % from.len();
                let length = (usize::from(b) * 2 % from.len()).min(from.len() - start);
                text.extend_from_slice(&from[start..start + length]);
                edits.push(length, copied.then_some(start));
            }
            let (known, _) = Entries::read(&base, 20);
            let (whole, _) = Entries::read(&text, 20);
            let (edited, changes) = Entries::after_edit(&text, 20, &known, &edits);
            prop_assert_eq!(&edited, &whole);
            let mut from_base = listed(&base, &known.starts);
            for entry in listed(&base, &changes.dropped) {
                let at = from_base.iter().position(|have| *have == entry);
                prop_assert!(at.is_some());
                from_base.remove(at.unwrap());
            }
            let mut now = listed(&text, &whole.starts);
            for entry in listed(&text, &changes.added) {
                let at = now.iter().position(|have| *have == entry);
                prop_assert!(at.is_some());
                now.remove(at.unwrap());
            }
            // A range may be copied twice: then an entry is kept twice, but never one that the base lacks.
            now.dedup();
            from_base.dedup();
            prop_assert_eq!(now, from_base);
        }

        #[test]
        fn no_input_causes_a_panic(tree in proptest::collection::vec(any::<u8>(), 0..200)) {
            Entries::read(&tree, 20);
        }
    }

    #[test]
    fn modes_are_distinguished() {
        let tree = bytes(&[(0, 1), (1, 1), (2, 1), (3, 1)]);
        let (entries, _) = Entries::read(&tree, 20);
        let modes: Vec<Mode> = entries.starts.iter().map(|at| entry_at(&tree, *at, 20).unwrap().mode).collect();
        assert_eq!(modes, [Mode::File, Mode::Tree, Mode::Link, Mode::Submodule]);
        assert!(entries.is_whole());
        assert!(!Entries::read(&tree[..tree.len() - 1], 20).0.is_whole());
    }
}
