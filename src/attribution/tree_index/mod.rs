//! Which trees hold something that is looked for, directly or in a folder below, and under which paths.
//!
//! All trees are read once, in the order of the pack. Of each only the entries are recorded that it has and its delta base has
//! not, or the other way round; so the records take little room, and who holds what is worked out without reading again. What
//! one tree holds is a *node*; trees that hold the same share it. What was worked out of some trees serves when others come
//! along: these are read alone.

mod read;
mod reader;
mod search;

use std::collections::{BTreeMap, BTreeSet};

use bstr::BString;

use crate::git::ObjectId;
use crate::git::object::Mode;
use crate::git::store::Number;

pub use reader::{Listed, Reader};
pub use search::Search;

/// No node, no record.
const NONE: u32 = u32::MAX;

/// What is looked for in trees.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// An entry that names this object.
    Object(ObjectId),
    /// An entry of this name.
    Name(BString),
}

/// Position of a target.
pub type TargetId = u32;
/// Position of a node.
pub type NodeId = u32;

/// An entry worth noting: its name, and what it leads to.
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
    /// A folder that holds something.
    Below(NodeId),
    /// A target.
    Here(TargetId, Mode),
}

/// What a tree holds: names, by number, and what they lead to.
pub type Node = Vec<(u32, NodeEntry)>;

/// What trees hold of the targets, by tree.
#[derive(Debug, Default)]
pub struct TreeIndex {
    targets: Vec<Target>,
    ids: BTreeMap<Target, TargetId>,
    names: Vec<BString>,
    /// Folders before what holds them.
    nodes: Vec<Node>,
    /// Nodes of the trees that hold something, by number; `NONE` for all other objects.
    by_tree: Vec<NodeId>,
}

/// What was read of a tree; its entries stand with those of others in one list.
#[derive(Debug, Clone, Copy)]
struct TreeRecord {
    tree: Number,
    base: Option<Number>,
    /// Which list.
    list: u32,
    /// Where its entries start in the list: first those that it has and its base has not, then the other way round.
    first: usize,
    added: u32,
    dropped: u32,
}

/// What was read of trees.
#[derive(Default)]
pub struct TreeRecords {
    records: Vec<TreeRecord>,
    /// One list for each thread that read trees.
    lists: Vec<Vec<Edge>>,
}

impl TreeRecords {
    /// Adds those of another thread.
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
    /// What was worked out before: nodes come after those they lead to, and `by_tree` has that of each tree, by number.
    pub fn new(targets: Vec<Target>, names: Vec<BString>, nodes: Vec<Node>, by_tree: Vec<NodeId>) -> Self {
        let ids = (0..).zip(&targets).map(|(at, target)| (target.clone(), at)).collect();
        Self { targets, ids, names, nodes, by_tree }
    }

    /// Works out what the trees hold that were read.
    fn work_out(&mut self, trees: &TreeRecords, count: usize) {
        let records = &trees.records;
        self.by_tree.resize(count, NONE);
        let mut by_number = vec![NONE; count];
        (0..).zip(records).for_each(|(at, record)| by_number[record.tree as usize] = at);
        let base_of = |record: &TreeRecord| record.base.and_then(|base| position(&by_number, base));
        let bases: Vec<Option<usize>> = records.iter().map(base_of).collect();
        let order = bases_first(&bases);
        let before = self.by_tree.iter().map(|node| *node != NONE).collect();
        let holds = holders(trees, &bases, &order, before);
        // What each holder has that leads to a target.
        let mut lists: Vec<Vec<Edge>> = vec![Vec::new(); records.len()];
        for at in order {
            let record = &records[at];
            if !holds[record.tree as usize] {
                continue;
            }
            let mut list = bases[at].map(|base| lists[base].clone()).unwrap_or_default();
            for edge in trees.dropped(record).iter().filter(|edge| leads(edge, &holds)) {
                if let Some(found) = list.iter().position(|have| have == edge) {
                    list.swap_remove(found);
                }
            }
            list.extend(trees.added(record).iter().filter(|edge| leads(edge, &holds)));
            list.sort_unstable();
            lists[at] = list;
        }
        self.make_nodes(records, &by_number, &lists);
    }

    /// Folders before what holds them, without recursion: a hostile tree may be deeper than the stack.
    fn make_nodes(&mut self, records: &[TreeRecord], by_number: &[u32], lists: &[Vec<Edge>]) {
        let mut known: foldhash::HashMap<Node, NodeId> = self.nodes.iter().cloned().zip(0..).collect();
        for start in (0..records.len()).filter(|at| !lists[*at].is_empty()) {
            let mut stack = vec![start];
            while let Some(at) = stack.last().copied() {
                let tree = records[at].tree;
                let below = lists[at].iter().filter_map(|edge| match edge.child {
                    Child::Tree(tree) if self.node(tree).is_none() => position(by_number, tree),
                    _ => None,
                });
                let before = stack.len();
                stack.extend(below.collect::<Vec<_>>());
                if stack.len() > before {
                    continue;
                }
                stack.pop();
                if self.node(tree).is_some() {
                    continue;
                }
                let entries = lists[at].iter().filter_map(|edge| match edge.child {
                    Child::Tree(tree) => Some((edge.name, NodeEntry::Below(self.node(tree)?))),
                    Child::Target(target, mode) => Some((edge.name, NodeEntry::Here(target, mode))),
                });
                let entries: Node = entries.collect();
                let nodes = &mut self.nodes;
                let node = *known.entry(entries).or_insert_with_key(|entries| {
                    nodes.push(entries.clone());
                    u32::try_from(nodes.len() - 1).unwrap_or(u32::MAX)
                });
                self.by_tree[tree as usize] = node;
            }
        }
    }

    /// The target at a position.
    pub fn target(&self, id: TargetId) -> &Target {
        &self.targets[id as usize]
    }

    /// The position of a target.
    pub fn target_id(&self, target: &Target) -> Option<TargetId> {
        self.ids.get(target).copied()
    }

    /// All targets.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// The name with a number.
    pub fn name(&self, number: u32) -> Option<&BString> {
        self.names.get(number as usize)
    }

    /// All nodes, folders before what holds them.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The trees that hold something, with their nodes.
    pub fn trees(&self) -> impl Iterator<Item = (Number, NodeId)> + '_ {
        (0..).zip(self.by_tree.iter().copied()).filter(|(_, node)| *node != NONE)
    }

    /// Whether a tree has an entry whose name is a target.
    pub fn is_named(&self, tree: Number) -> bool {
        let is_name = |target: TargetId| matches!(self.target(target), Target::Name(_));
        let named = |entry: &NodeEntry| matches!(entry, NodeEntry::Here(target, _) if is_name(*target));
        self.node(tree).is_some_and(|node| self.nodes[node as usize].iter().any(|(_, entry)| named(entry)))
    }

    /// The node of a tree, if it holds anything.
    pub fn node(&self, tree: Number) -> Option<NodeId> {
        self.by_tree.get(tree as usize).copied().filter(|node| *node != NONE)
    }

    /// All targets in a node and below.
    pub fn targets_below(&self, node: NodeId) -> BTreeSet<TargetId> {
        let (mut targets, mut seen, mut stack) = (BTreeSet::new(), BTreeSet::from([node]), vec![node]);
        while let Some(node) = stack.pop() {
            for (_, entry) in &self.nodes[node as usize] {
                match entry {
                    NodeEntry::Here(target, _) => {
                        targets.insert(*target);
                    }
                    NodeEntry::Below(below) if seen.insert(*below) => stack.push(*below),
                    NodeEntry::Below(_) => {}
                }
            }
        }
        targets
    }

    /// What a node holds, with its path, and none of the `others` holds at that path.
    pub fn beyond(&self, node: NodeId, others: &[NodeId]) -> Vec<(BString, Mode, TargetId)> {
        let mut found = Vec::new();
        let mut stack: Vec<(BString, NodeId, Vec<NodeId>)> = vec![(BString::default(), node, others.to_vec())];
        while let Some((folder, node, others)) = stack.pop() {
            if others.contains(&node) {
                continue;
            }
            for (name, entry) in &self.nodes[node as usize] {
                let there = others.iter().flat_map(|other| &self.nodes[*other as usize]);
                let same_name = there.filter(|(other, _)| other == name).map(|(_, entry)| *entry);
                let path = || crate::git::tree::join(&folder, &self.names[*name as usize]);
                match entry {
                    NodeEntry::Here(target, mode) => {
                        if !{ same_name }.any(|other| other == *entry) {
                            found.push((path(), *mode, *target));
                        }
                    }
                    NodeEntry::Below(below) => {
                        let others = same_name.filter_map(|other| match other {
                            NodeEntry::Below(other) => Some(other),
                            NodeEntry::Here(..) => None,
                        });
                        stack.push((path(), *below, others.collect()));
                    }
                }
            }
        }
        found.sort();
        found
    }
}

fn position(by_number: &[u32], tree: Number) -> Option<usize> {
    by_number.get(tree as usize).filter(|at| **at != NONE).map(|at| *at as usize)
}

/// Which trees, by number, hold a target or a tree that does; of some that is known.
fn holders(trees: &TreeRecords, bases: &[Option<usize>], order: &[usize], mut holds: Vec<bool>) -> Vec<bool> {
    let mut counts = vec![0i64; trees.records.len()];
    // Each round finds those one folder further up.
    loop {
        let mut new = Vec::new();
        for at in order {
            let record = &trees.records[*at];
            let leading = |edges: &[Edge]| i64::try_from(edges.iter().filter(|edge| leads(edge, &holds)).count());
            let own = leading(trees.added(record)).unwrap_or(0) - leading(trees.dropped(record)).unwrap_or(0);
            counts[*at] = bases[*at].map_or(0, |base| counts[base]) + own;
            if counts[*at] > 0 && !holds[record.tree as usize] {
                new.push(record.tree);
            }
        }
        if new.is_empty() {
            return holds;
        }
        new.iter().for_each(|tree| holds[*tree as usize] = true);
    }
}

fn leads(edge: &Edge, holds: &[bool]) -> bool {
    match edge.child {
        Child::Target(..) => true,
        Child::Tree(tree) => holds[tree as usize],
    }
}

/// Positions, bases before what is made from them.
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
