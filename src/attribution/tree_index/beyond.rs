//! The entries of one node that others don't have. Parts that two nodes share are skipped.

use bstr::BString;

use super::parts::way;
use super::{NodeEntry, NodeId, TargetId, TreeIndex};
use crate::git::object::Mode;
use crate::git::tree::{MOST_FOLDERS, join};

/// The most entries of folders in several places of one tree that are read again in one sweep. A tree of a few objects
/// can have more paths than could ever be listed.
const MOST_AGAIN: usize = 100_000;

/// The allowance for reading folders again that are in several places.
#[derive(Debug)]
pub struct Allowance {
    left: usize,
    /// `true` if the allowance was not enough, so that not all places are known.
    pub is_exceeded: bool,
    /// `true` if a place is nested deeper than git reads.
    pub is_too_deep: bool,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { left: MOST_AGAIN, is_exceeded: false, is_too_deep: false }
    }
}

impl Allowance {
    fn spend(&mut self, entries: usize) -> bool {
        let is_left = self.left > 0;
        self.is_exceeded |= !is_left;
        self.left = self.left.saturating_sub(1 + entries);
        is_left
    }
}

/// A folder or a part of it, and the nodes that others have in its place.
struct Place {
    folder: BString,
    node: NodeId,
    others: Vec<NodeId>,
    /// The number of folders that lead to it.
    level: usize,
    /// The number of forks between the whole folder and it.
    depth: u32,
}

impl TreeIndex {
    /// Returns the entries of a node, with their paths, that none of the `others` has at that path. A folder in several
    /// places is read again as long as there is an allowance for it.
    pub fn beyond(&self, node: NodeId, others: &[NodeId], allowance: &mut Allowance) -> Vec<(BString, Mode, TargetId)> {
        let mut found = Vec::new();
        let mut seen: foldhash::HashSet<(NodeId, Vec<NodeId>)> = foldhash::HashSet::default();
        let mut stack = vec![Place { folder: BString::default(), node, others: others.to_vec(), level: 0, depth: 0 }];
        while let Some(place) = stack.pop() {
            if place.others.contains(&place.node) {
                continue;
            }
            let is_again = !seen.insert((place.node, place.others.clone()));
            if place.level > MOST_FOLDERS {
                allowance.is_too_deep = true;
                continue;
            }
            if is_again && !allowance.spend(self.nodes[place.node as usize].len()) {
                continue;
            }
            for (number, entry) in &self.nodes[place.node as usize] {
                let (folder, others) = (&place.folder, &place.others);
                let same_name = || others.iter().flat_map(|other| self.named(*other, place.depth, *number));
                match entry {
                    NodeEntry::Part(part) => {
                        let others = others.iter().filter_map(|other| self.part(*other, *number));
                        let (folder, others) = (folder.clone(), others.collect());
                        stack.push(Place { folder, node: *part, others, level: place.level, depth: place.depth + 1 });
                    }
                    NodeEntry::Here(target, mode) => {
                        if !same_name().any(|other| other == *entry) {
                            found.push((join(folder, &self.names[*number as usize]), *mode, *target));
                        }
                    }
                    NodeEntry::Below(below) => {
                        let others = same_name().filter_map(|other| match other {
                            NodeEntry::Below(other) => Some(other),
                            NodeEntry::Here(..) | NodeEntry::Part(_) => None,
                        });
                        let (folder, others) = (join(folder, &self.names[*number as usize]), others.collect());
                        stack.push(Place { folder, node: *below, others, level: place.level + 1, depth: 0 });
                    }
                }
            }
        }
        found.sort();
        found
    }

    /// Returns the part of a node that a fork leads to on a way; a node that doesn't fork is returned itself.
    fn part(&self, node: NodeId, way: u32) -> Option<NodeId> {
        let entries = &self.nodes[node as usize];
        match entries.first() {
            Some((_, NodeEntry::Part(_))) => entries.iter().find_map(|(on, entry)| match entry {
                NodeEntry::Part(part) if *on == way => Some(*part),
                _ => None,
            }),
            _ => Some(node),
        }
    }

    /// Returns the entries with a name in a node that is this many forks below the whole folder.
    fn named(&self, mut node: NodeId, mut depth: u32, name: u32) -> impl Iterator<Item = NodeEntry> + '_ {
        let mut entries = &self.nodes[node as usize][..];
        while let Some((_, NodeEntry::Part(_))) = entries.first() {
            let on = u32::try_from(way(name, depth)).unwrap_or(u32::MAX);
            let Some(part) = self.part(node, on) else {
                entries = &[];
                break;
            };
            (node, depth) = (part, depth + 1);
            entries = &self.nodes[node as usize];
        }
        entries.iter().filter(move |(other, _)| *other == name).map(|(_, entry)| *entry)
    }
}
