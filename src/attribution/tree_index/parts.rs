//! The entries of folders in parts that folders share: one that differs from another in few entries takes little more room and
//! time than those. A part forks by a few bits of the numbers of names, until few entries are left.
//!
//! The shape of a folder depends on its entries alone, not on how it came about.

use super::Edge;

/// Position of a part.
pub(super) type PartId = u32;

/// Bits by which a part forks.
const BITS: u32 = 4;
/// Ways of a fork.
pub const WAYS: usize = 1 << BITS;
/// Entries of a part that does not fork, at most; but those of one name stay together.
const MOST: usize = 32;
/// How deep forks may be.
const DEEPEST: u32 = u32::BITS / BITS;

/// Which way a fork sends a name.
pub(super) fn way(name: u32, depth: u32) -> usize {
    name.checked_shr(BITS * depth).unwrap_or(0) as usize % WAYS
}

/// A part of a folder, or all of it.
#[derive(Debug)]
pub(super) enum Part {
    /// Entries, in order.
    Leaf(Vec<Edge>),
    /// Parts by the way to them, and how many entries they have together.
    Fork([Option<PartId>; WAYS], usize),
}

/// All parts of some folders.
#[derive(Debug, Default)]
pub(super) struct Parts(Vec<Part>);

impl Parts {
    pub(super) fn get(&self, part: PartId) -> &Part {
        &self.0[part as usize]
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// The folder that `dropped` and `added` make of another; `None` has no entries.
    pub(super) fn changed(
        &mut self,
        folder: Option<PartId>,
        dropped: &[Edge],
        added: &[Edge],
    ) -> Option<PartId> {
        self.change(folder, dropped, added, 0)
    }

    fn change(
        &mut self,
        part: Option<PartId>,
        dropped: &[Edge],
        added: &[Edge],
        depth: u32,
    ) -> Option<PartId> {
        if dropped.is_empty() && added.is_empty() {
            return part;
        }
        if let Some(Part::Fork(ways, _)) = part.map(|part| self.get(part)) {
            let mut ways = *ways;
            for (way, part) in ways.iter_mut().enumerate() {
                let on_way = |edges: &[Edge]| -> Vec<Edge> {
                    edges.iter().filter(|edge| self::way(edge.name, depth) == way).copied().collect()
                };
                *part = self.change(*part, &on_way(dropped), &on_way(added), depth + 1);
            }
            let count = ways.iter().flatten().map(|part| self.length(*part)).sum();
            if count > MOST {
                return Some(self.push(Part::Fork(ways, count)));
            }
            let left = ways.into_iter().flatten().flat_map(|part| self.entries(part)).collect();
            return self.make(left, depth);
        }
        let mut entries = part.map(|part| self.entries(part)).unwrap_or_default();
        for edge in dropped {
            if let Some(found) = entries.iter().position(|have| have == edge) {
                entries.swap_remove(found);
            }
        }
        entries.extend_from_slice(added);
        self.make(entries, depth)
    }

    fn make(&mut self, mut entries: Vec<Edge>, depth: u32) -> Option<PartId> {
        if entries.len() <= MOST || depth == DEEPEST {
            entries.sort_unstable();
            return (!entries.is_empty()).then(|| self.push(Part::Leaf(entries)));
        }
        let count = entries.len();
        let mut by_way: [Vec<Edge>; WAYS] = Default::default();
        entries.into_iter().for_each(|edge| by_way[way(edge.name, depth)].push(edge));
        let ways = by_way.map(|entries| self.make(entries, depth + 1));
        Some(self.push(Part::Fork(ways, count)))
    }

    fn push(&mut self, part: Part) -> PartId {
        self.0.push(part);
        u32::try_from(self.0.len() - 1).unwrap_or(u32::MAX)
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

#[cfg(test)]
mod tests {
    use super::super::Child;
    use super::*;
    use proptest::prelude::*;

    fn edge(name: u32, tree: u32) -> Edge {
        Edge { name, child: Child::Tree(tree) }
    }

    /// The shape and the entries of a folder, in words.
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
        /// However a folder came about, it is as if made at once of what it holds.
        #[test]
        fn a_changed_folder_is_what_its_entries_are(
            steps in proptest::collection::vec(
                (proptest::collection::vec((0..400u32, 0..3u32), 0..60), any::<bool>()), 1..12,
            ),
        ) {
            let mut parts = Parts::default();
            let (mut folder, mut all): (Option<PartId>, Vec<Edge>) = (None, Vec::new());
            for (edges, is_added) in steps {
                // Some are far apart, and some have the low bits of others.
                let edges: Vec<Edge> =
                    edges.iter().map(|(name, tree)| edge(name.wrapping_mul(0x0101_0010), *tree)).collect();
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
                let anew = parts.changed(None, &[], &all);
                prop_assert_eq!(shape(&parts, folder), shape(&parts, anew));
            }
        }
    }

    #[test]
    fn a_large_folder_with_one_more_entry_takes_little_more_room() {
        let mut parts = Parts::default();
        let mut folder = None;
        for name in 0..4096 {
            folder = parts.changed(folder, &[], &[edge(name, name)]);
        }
        let room: usize = parts.0.iter().map(|part| if let Part::Leaf(entries) = part { entries.len() } else { WAYS }).sum();
        assert!(room < 4096 * (2 * WAYS + MOST), "{room}");
    }
}
