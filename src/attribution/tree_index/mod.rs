//! An index of the trees that contain a target, directly or in a folder below, and of its paths there.
//!
//! All trees are read once, in the order of the pack. For each tree only the differences from its delta base are
//! recorded: entries that just one of the two has. So the records take little memory, and the trees that contain a
//! target are determined without reading again. The content of a tree is a *node*; trees with the same content share
//! it, and trees with nearly the same content share parts of it: one secret in each of many files costs little more
//! than in one. The index of some trees is reused when others are added: only those are read.

mod above;
mod beyond;
mod holders;
mod interned;
mod lists;
mod nodes;
mod parts;
mod read;
mod reader;
mod search;

use std::collections::BTreeMap;

use bstr::BString;

use crate::git::ObjectId;
use crate::git::object::Mode;
use crate::git::store::Number;

pub use above::Above;
pub use beyond::Allowance;
use holders::{holders, possible_holders};
use nodes::Maker;
pub use parts::WAYS;
use parts::{PartId, Parts};
pub use reader::{Listed, Reader};
pub use search::Search;

/// The value that means no node or no record.
const NONE: u32 = u32::MAX;

/// A target of the search in trees.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// An entry that refers to this object.
    Object(ObjectId),
    /// An entry with this name.
    Name(BString),
}

/// The position of a target.
pub type TargetId = u32;
/// The position of a node.
pub type NodeId = u32;

/// An entry that has to be recorded: its name, and the target or tree that it leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Edge {
    name: u32,
    child: Child,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Child {
    Tree(Number),
    Target(TargetId, Mode),
}

/// One entry of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeEntry {
    /// A folder that contains a target.
    Below(NodeId),
    /// An entry that is a target.
    Here(TargetId, Mode),
    /// A part of the same folder; its number is the way that leads to the part, not a name.
    Part(NodeId),
}

/// The entries of a tree: names, by number, and what they lead to. Either all entries are parts or none is.
pub type Node = Vec<(u32, NodeEntry)>;

/// The targets in trees, indexed by tree.
#[derive(Debug, Default)]
pub struct TreeIndex {
    targets: Vec<Target>,
    ids: BTreeMap<Target, TargetId>,
    names: Vec<BString>,
    /// The nodes, with folders before the nodes that contain them.
    nodes: Vec<Node>,
    /// The nodes of the trees that contain a target, by number; `NONE` for all other objects.
    by_tree: Vec<NodeId>,
}

/// The record of a tree; its entries are in a list shared with other trees.
#[derive(Debug, Clone, Copy)]
struct TreeRecord {
    tree: Number,
    base: Option<Number>,
    /// The number of the list.
    list: u32,
    /// The start of its entries in the list: first those that only the tree has, then those that only its base has.
    first: usize,
    added: u32,
    dropped: u32,
}

/// The records read from trees.
#[derive(Default)]
pub struct TreeRecords {
    records: Vec<TreeRecord>,
    /// One list for each thread that read trees.
    lists: Vec<Vec<Edge>>,
}

impl TreeRecords {
    /// Appends the records of another thread.
    pub fn append(&mut self, other: Self) {
        let shift = u32::try_from(self.lists.len()).unwrap_or(u32::MAX);
        self.records.extend(other.records.iter().map(|record| TreeRecord { list: record.list + shift, ..*record }));
        self.lists.extend(other.lists);
    }

    fn added(&self, record: &TreeRecord) -> &[Edge] {
        &self.lists[record.list as usize][record.first..][..record.added as usize]
    }

    fn dropped(&self, record: &TreeRecord) -> &[Edge] {
        &self.lists[record.list as usize][record.first + record.added as usize..][..record.dropped as usize]
    }
}

impl TreeIndex {
    /// Builds an index from an earlier one: each node has to come after those that it leads to, and `by_tree` holds the
    /// node of each tree, by number.
    pub fn new(targets: Vec<Target>, names: Vec<BString>, nodes: Vec<Node>, by_tree: Vec<NodeId>) -> Self {
        let ids = (0..).zip(&targets).map(|(at, target)| (target.clone(), at)).collect();
        Self { targets, ids, names, nodes, by_tree }
    }

    /// Determines which targets are in the trees that were read.
    fn work_out(&mut self, trees: &TreeRecords, count: usize) {
        let records = &trees.records;
        self.by_tree.resize(count, NONE);
        let mut by_number = vec![NONE; count];
        (0..).zip(records).for_each(|(at, record)| by_number[record.tree as usize] = at);
        let base_of = |record: &TreeRecord| record.base.and_then(|base| position(&by_number, base));
        let bases: Vec<Option<usize>> = records.iter().map(base_of).collect();
        let order = bases_first(&bases);
        let before: Vec<bool> = self.by_tree.iter().map(|node| *node != NONE).collect();
        let likely = possible_holders(trees, &bases, &order, before.clone());
        let (mut parts, mut folders) = folders(trees, &bases, &order, &likely);
        let holds = holders(&parts, &folders, before);
        if holds != likely {
            (parts, folders) = self::folders(trees, &bases, &order, &holds);
        }
        let mut maker = Maker::new(&parts, &folders, &self.by_tree, &mut self.nodes);
        let made = (0..).zip(&folders).filter_map(|(tree, folder)| Some((tree, maker.make((*folder)?))));
        let made: Vec<(usize, NodeId)> = made.collect();
        made.into_iter().for_each(|(tree, node)| self.by_tree[tree] = node);
    }

    /// Returns the target at a position.
    pub fn target(&self, id: TargetId) -> &Target {
        &self.targets[id as usize]
    }

    /// Returns the position of a target.
    pub fn target_id(&self, target: &Target) -> Option<TargetId> {
        self.ids.get(target).copied()
    }

    /// Returns all targets.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// Returns the name with a number.
    pub fn name(&self, number: u32) -> Option<&BString> {
        self.names.get(number as usize)
    }

    /// Returns all nodes, with folders before the nodes that contain them.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Returns the trees that contain a target, with their nodes.
    pub fn trees(&self) -> impl Iterator<Item = (Number, NodeId)> + '_ {
        (0..).zip(self.by_tree.iter().copied()).filter(|(_, node)| *node != NONE)
    }

    /// Returns `true` if a tree has an entry whose name is a target.
    pub fn is_named(&self, tree: Number) -> bool {
        let is_name = |target: TargetId| matches!(self.target(target), Target::Name(_));
        let named = |entry: &NodeEntry| matches!(entry, NodeEntry::Here(target, _) if is_name(*target));
        self.node(tree).is_some_and(|node| self.folder(node, |_| true).any(|(_, entry)| named(entry)))
    }

    /// Returns the entries of a folder from those of its parts that are wanted.
    pub fn folder(
        &self,
        node: NodeId,
        mut is_wanted: impl FnMut(NodeId) -> bool,
    ) -> impl Iterator<Item = &(u32, NodeEntry)> {
        let mut left = Vec::from_iter(is_wanted(node).then_some(node));
        let parts = std::iter::from_fn(move || {
            let entries = &self.nodes[left.pop()? as usize];
            let parts = entries.iter().filter_map(|(_, entry)| match entry {
                NodeEntry::Part(part) => Some(*part),
                NodeEntry::Below(_) | NodeEntry::Here(..) => None,
            });
            left.extend(parts.filter(|part| is_wanted(*part)));
            Some(entries)
        });
        parts.flatten().filter(|(_, entry)| !matches!(entry, NodeEntry::Part(_)))
    }

    /// Returns for each target whether it is in one of these nodes or below one.
    pub fn held(&self, nodes: impl IntoIterator<Item = NodeId>) -> Vec<bool> {
        let mut found = vec![false; self.targets.len()];
        let mut seen = vec![false; self.nodes.len()];
        let mut left: Vec<NodeId> = nodes.into_iter().collect();
        while let Some(node) = left.pop() {
            if std::mem::replace(&mut seen[node as usize], true) {
                continue;
            }
            for (_, entry) in &self.nodes[node as usize] {
                match entry {
                    NodeEntry::Below(below) | NodeEntry::Part(below) => left.push(*below),
                    NodeEntry::Here(target, _) => found[*target as usize] = true,
                }
            }
        }
        found
    }

    /// Returns the node of a tree, if it contains a target.
    pub fn node(&self, tree: Number) -> Option<NodeId> {
        self.by_tree.get(tree as usize).copied().filter(|node| *node != NONE)
    }

    /// Returns the nodes above each node.
    pub fn above(&self) -> Above {
        Above::new(&self.nodes)
    }
}

fn position(by_number: &[u32], tree: Number) -> Option<usize> {
    by_number.get(tree as usize).filter(|at| **at != NONE).map(|at| *at as usize)
}

/// Returns for each holder the entries that lead to a target or to another holder.
fn folders(
    trees: &TreeRecords,
    bases: &[Option<usize>],
    order: &[usize],
    holds: &[bool],
) -> (Parts, Vec<Option<PartId>>) {
    let mut parts = Parts::default();
    let mut folders: Vec<Option<PartId>> = vec![None; holds.len()];
    for at in order {
        let record = &trees.records[*at];
        if !holds[record.tree as usize] {
            continue;
        }
        let base = bases[*at].and_then(|base| folders[trees.records[base].tree as usize]);
        let leading = |edges: &[Edge]| -> Vec<Edge> {
            let mut leading: Vec<Edge> = edges.iter().filter(|edge| leads(edge, holds)).copied().collect();
            leading.sort_unstable();
            leading
        };
        let (dropped, added) = (leading(trees.dropped(record)), leading(trees.added(record)));
        folders[record.tree as usize] = parts.changed(base, &dropped, &added);
    }
    (parts, folders)
}

fn leads(edge: &Edge, holds: &[bool]) -> bool {
    match edge.child {
        Child::Target(..) => true,
        Child::Tree(tree) => holds[tree as usize],
    }
}

/// Returns the positions, with bases before the trees made from them.
fn bases_first(bases: &[Option<usize>]) -> Vec<usize> {
    let mut done = vec![false; bases.len()];
    let mut order = Vec::with_capacity(bases.len());
    for at in 0..bases.len() {
        let mut chain = Vec::new();
        let mut next = Some(at);
        while let Some(at) = next.filter(|at| !done[*at]) {
            chain.push(at);
            done[at] = true;
            next = bases[at];
        }
        order.extend(chain.into_iter().rev());
    }
    order
}
