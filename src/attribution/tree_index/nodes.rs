//! Turns parts of folders into nodes, which have nodes in place of the trees below them.

use super::interned::Interned;
use super::parts::{Part, PartId, Parts};
use super::{Child, NONE, Node, NodeEntry, NodeId};
use crate::git::store::Number;

/// The progress of making a part's node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Untouched,
    /// The nodes below it are being made first.
    Begun,
    Made(NodeId),
}

/// A maker of nodes, which makes one for each part.
pub(super) struct Maker<'m> {
    parts: &'m Parts,
    /// The folder of each tree that needs a node, by the tree's number.
    folders: &'m [Option<PartId>],
    /// The known nodes of trees.
    by_tree: &'m [NodeId],
    nodes: &'m mut Vec<Node>,
    known: Interned,
    progress: Vec<Progress>,
}

impl<'m> Maker<'m> {
    pub(super) fn new(
        parts: &'m Parts,
        folders: &'m [Option<PartId>],
        by_tree: &'m [NodeId],
        nodes: &'m mut Vec<Node>,
    ) -> Self {
        let known = Interned::of(nodes);
        let progress = vec![Progress::Untouched; parts.count()];
        Self { parts, folders, by_tree, nodes, known, progress }
    }

    /// Returns the node of a folder, after making those that it leads to. It doesn't recurse, because a hostile tree
    /// may be deeper than the stack. A folder that leads back to itself, which only happens in damaged repositories,
    /// leads nowhere from there.
    pub(super) fn make(&mut self, folder: PartId) -> NodeId {
        let mut stack = vec![folder];
        while let Some(part) = stack.last().copied() {
            match self.progress[part as usize] {
                Progress::Untouched => {
                    self.progress[part as usize] = Progress::Begun;
                    self.below(part, &mut stack);
                }
                Progress::Begun => {
                    let node = self.node(part);
                    self.progress[part as usize] = Progress::Made(node);
                    stack.pop();
                }
                Progress::Made(_) => _ = stack.pop(),
            }
        }
        self.made(folder).unwrap_or(NONE)
    }

    /// Pushes the parts whose nodes have to be made before a part's own.
    fn below(&self, part: PartId, stack: &mut Vec<PartId>) {
        let mut needed = |part: PartId| {
            if self.progress[part as usize] == Progress::Untouched {
                stack.push(part);
            }
        };
        match self.parts.get(part) {
            Part::Fork(ways, _) => ways.iter().flatten().for_each(|part| needed(*part)),
            Part::Leaf(entries) => {
                for entry in entries {
                    if let Child::Tree(tree) = entry.child
                        && let Some(folder) = self.folders[tree as usize]
                    {
                        needed(folder);
                    }
                }
            }
        }
    }

    fn node(&mut self, part: PartId) -> NodeId {
        let mut entries: Node = match self.parts.get(part) {
            Part::Fork(ways, _) => {
                let ways = (0..).zip(ways);
                ways.filter_map(|(way, part)| Some((way, NodeEntry::Part(self.made((*part)?)?)))).collect()
            }
            Part::Leaf(entries) => {
                let entry = |child| match child {
                    Child::Tree(tree) => self.of_tree(tree).map(NodeEntry::Below),
                    Child::Target(target, mode) => Some(NodeEntry::Here(target, mode)),
                };
                entries.iter().filter_map(|edge| Some((edge.name, entry(edge.child)?))).collect()
            }
        };
        entries.sort_unstable();
        self.known.add(self.nodes, entries)
    }

    fn of_tree(&self, tree: Number) -> Option<NodeId> {
        match self.folders[tree as usize] {
            Some(folder) => self.made(folder),
            None => Some(self.by_tree[tree as usize]).filter(|node| *node != NONE),
        }
    }

    fn made(&self, part: PartId) -> Option<NodeId> {
        match self.progress[part as usize] {
            Progress::Made(node) => Some(node),
            Progress::Untouched | Progress::Begun => None,
        }
    }
}
