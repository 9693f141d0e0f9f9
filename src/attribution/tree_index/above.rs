//! The way up: from targets to the nodes that contain them.

use super::lists::Lists;
use super::{Node, NodeEntry, NodeId, TargetId};

/// The nodes above each node and each target.
#[derive(Debug, Default)]
pub struct Above {
    nodes: Lists<NodeId>,
    targets: Lists<NodeId>,
    /// The number of nodes.
    count: usize,
}

impl Above {
    /// Inverts the links of the nodes.
    pub(super) fn new(nodes: &[Node]) -> Self {
        let entries = || (0..).zip(nodes).flat_map(|(above, node)| node.iter().map(move |(_, entry)| (*entry, above)));
        let below = entries().filter_map(|(entry, above)| match entry {
            NodeEntry::Below(node) | NodeEntry::Part(node) => Some((node, above)),
            NodeEntry::Here(..) => None,
        });
        let here = entries().filter_map(|(entry, above)| match entry {
            NodeEntry::Here(target, _) => Some((target, above)),
            NodeEntry::Below(_) | NodeEntry::Part(_) => None,
        });
        Self { nodes: lists(below.collect()), targets: lists(here.collect()), count: nodes.len() }
    }

    /// Returns for each node whether one of the targets is in it or below it.
    pub fn holders<'t>(&self, targets: impl IntoIterator<Item = &'t TargetId>) -> Vec<bool> {
        let mut found = vec![false; self.count];
        let mut left: Vec<NodeId> = targets.into_iter().flat_map(|target| self.targets.of(*target)).copied().collect();
        while let Some(node) = left.pop() {
            if !std::mem::replace(&mut found[node as usize], true) {
                left.extend(self.nodes.of(node));
            }
        }
        found
    }
}

/// Makes lists by number, with each pair only once.
fn lists(mut pairs: Vec<(u32, NodeId)>) -> Lists<NodeId> {
    pairs.sort_unstable();
    pairs.dedup();
    Lists::new(pairs.last().map_or(0, |(last, _)| *last as usize + 1), pairs)
}
