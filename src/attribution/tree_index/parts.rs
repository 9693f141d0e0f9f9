//! The entries of folders in parts that folders share: a folder that differs from another in a few entries takes little
//! more memory and time than these entries. A part forks by a few bits of the numbers of names, the highest first,
//! until few entries are left: names that appear together in folders have numbers that are close, so most parts stay
//! the same.
//!
//! The shape of a folder depends only on its entries, not on how it was made, and parts with the same entries are
//! stored once.

use super::interned::Interned;
use super::{Child, Edge};
use crate::git::store::Number;

/// The position of a part.
pub(super) type PartId = u32;

/// The number of bits by which a part forks.
const BITS: u32 = 4;
/// The number of ways of a fork.
pub const WAYS: usize = 1 << BITS;
/// The most entries of a part that doesn't fork; entries with the same name always stay together.
const MOST: usize = 32;
/// The greatest depth of forks.
const DEEPEST: u32 = u32::BITS / BITS;

/// Returns the way of a fork that a name belongs to.
pub(super) fn way(name: u32, depth: u32) -> usize {
    let shift = (u32::BITS - BITS).saturating_sub(BITS * depth);
    (name >> shift) as usize % WAYS
}

/// A part of a folder, or the whole folder.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// The entries, sorted.
    Leaf(Vec<Edge>),
    /// The parts by the way to them, and the total number of their entries.
    Fork([Option<PartId>; WAYS], usize),
}

impl Part {
    /// Returns the parts that it forks into.
    pub(super) fn parts(&self) -> impl Iterator<Item = PartId> + '_ {
        let ways = if let Self::Fork(ways, _) = self { &ways[..] } else { &[] };
        ways.iter().flatten().copied()
    }

    /// Returns the trees that its own entries lead to.
    pub(super) fn trees(&self) -> impl Iterator<Item = Number> + '_ {
        self.edges().iter().filter_map(|edge| match edge.child {
            Child::Tree(tree) => Some(tree),
            Child::Target(..) => None,
        })
    }

    /// Returns `true` if one of its own entries is a target.
    pub(super) fn has_target(&self) -> bool {
        self.edges().iter().any(|edge| matches!(edge.child, Child::Target(..)))
    }

    fn edges(&self) -> &[Edge] {
        if let Self::Leaf(entries) = self { entries } else { &[] }
    }
}

/// All parts of some folders.
#[derive(Debug, Default)]
pub(super) struct Parts {
    list: Vec<Part>,
    known: Interned,
}

impl Parts {
    pub(super) fn get(&self, part: PartId) -> &Part {
        &self.list[part as usize]
    }

    pub(super) fn all(&self) -> &[Part] {
        &self.list
    }

    pub(super) fn count(&self) -> usize {
        self.list.len()
    }

    /// Returns the folder that results from another by `dropped` and `added`, both sorted; `None` is a folder without
    /// entries.
    pub(super) fn changed(&mut self, folder: Option<PartId>, dropped: &[Edge], added: &[Edge]) -> Option<PartId> {
        self.change(folder, dropped, added, 0)
    }

    fn change(&mut self, part: Option<PartId>, dropped: &[Edge], added: &[Edge], depth: u32) -> Option<PartId> {
        if dropped.is_empty() && added.is_empty() {
            return part;
        }
        if let Some(Part::Fork(ways, _)) = part.map(|part| self.get(part)) {
            let mut ways = *ways;
            let (mut dropped, mut added) = (dropped, added);
            for (way, part) in ways.iter_mut().enumerate() {
                let changes = (split(&mut dropped, way, depth), split(&mut added, way, depth));
                *part = self.change(*part, changes.0, changes.1, depth + 1);
            }
            let count = ways.iter().flatten().map(|part| self.length(*part)).sum();
            if count > MOST {
                return Some(self.push(Part::Fork(ways, count)));
            }
            let left: Vec<Edge> = ways.into_iter().flatten().flat_map(|part| self.entries(part)).collect();
            return self.make(&left, depth);
        }
        let mut entries = part.map(|part| self.entries(part)).unwrap_or_default();
        for edge in dropped {
            if let Ok(found) = entries.binary_search(edge) {
                entries.remove(found);
            }
        }
        entries.extend_from_slice(added);
        // The list consists of two sorted ranges, which this merges.
        entries.sort();
        self.make(&entries, depth)
    }

    fn make(&mut self, mut entries: &[Edge], depth: u32) -> Option<PartId> {
        if entries.len() <= MOST || depth == DEEPEST {
            return (!entries.is_empty()).then(|| self.push(Part::Leaf(entries.to_vec())));
        }
        let count = entries.len();
        let ways = std::array::from_fn(|way| self.make(split(&mut entries, way, depth), depth + 1));
        Some(self.push(Part::Fork(ways, count)))
    }

    fn push(&mut self, part: Part) -> PartId {
        self.known.add(&mut self.list, part)
    }

    fn length(&self, part: PartId) -> usize {
        match self.get(part) {
            Part::Leaf(entries) => entries.len(),
            Part::Fork(_, count) => *count,
        }
    }

    fn entries(&self, part: PartId) -> Vec<Edge> {
        match self.get(part) {
            Part::Leaf(entries) => entries.clone(),
            Part::Fork(ways, _) => ways.iter().flatten().flat_map(|part| self.entries(*part)).collect(),
        }
    }
}

/// Takes the entries that go this way from the front of sorted entries; those of earlier ways have been taken before.
fn split<'e>(entries: &mut &'e [Edge], way: usize, depth: u32) -> &'e [Edge] {
    let (taken, rest) = entries.split_at(entries.partition_point(|edge| self::way(edge.name, depth) <= way));
    *entries = rest;
    taken
}

#[cfg(test)]
mod tests {
    use super::super::Child;
    use super::*;
    use proptest::prelude::*;

    fn edge(name: u32, tree: u32) -> Edge {
        Edge { name, child: Child::Tree(tree) }
    }

    /// Describes the shape and the entries of a folder.
    fn shape(parts: &Parts, part: Option<PartId>) -> String {
        match part.map(|part| parts.get(part)) {
            None => "-".to_owned(),
            Some(Part::Leaf(entries)) => format!("{entries:?}"),
            Some(Part::Fork(ways, count)) => {
                let ways: Vec<String> = ways.iter().map(|way| shape(parts, *way)).collect();
                format!("{count} ({})", ways.join(" "))
            }
        }
    }

    proptest! {
        /// However a folder came about, it equals one made at once from its entries.
        #[test]
        fn a_changed_folder_equals_its_entries(
            steps in proptest::collection::vec(
                (proptest::collection::vec((0..400u32, 0..3u32), 0..60), any::<bool>()), 1..12,
            ),
        ) {
            let mut parts = Parts::default();
            let (mut folder, mut all): (Option<PartId>, Vec<Edge>) = (None, Vec::new());
            for (edges, is_added) in steps {
                // Some of the names are far apart, and some are close.
                let mut edges: Vec<Edge> =
                    edges.iter().map(|(name, tree)| edge(name.wrapping_mul(0x0801_0001), *tree)).collect();
                edges.sort();
                folder = if is_added {
                    all.extend(&edges);
                    parts.changed(folder, &[], &edges)
                } else {
                    for edge in &edges {
                        if let Some(at) = all.iter().position(|have| have == edge) {
                            all.swap_remove(at);
                        }
                    }
                    parts.changed(folder, &edges, &[])
                };
                all.sort();
                let anew = parts.changed(None, &[], &all);
                prop_assert_eq!(folder, anew);
                prop_assert_eq!(shape(&parts, folder), shape(&parts, anew));
            }
        }
    }

    #[test]
    fn adding_an_entry_to_a_large_folder_takes_little_memory() {
        let mut parts = Parts::default();
        let mut folder = None;
        for name in 0..4096 {
            folder = parts.changed(folder, &[], &[edge(name, name)]);
        }
        let room: usize =
            parts.list.iter().map(|part| if let Part::Leaf(entries) = part { entries.len() } else { WAYS }).sum();
        assert!(room < 4096 * (8 * WAYS + MOST), "{room}");
    }
}
