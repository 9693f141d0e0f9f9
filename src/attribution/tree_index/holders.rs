//! Finds the trees that contain a target, or a tree that contains one. Going through all entries of each tree would
//! cost quadratic time for a folder that grows by an entry with each commit, so there are two steps: first the trees
//! that may contain something are found, from the entries that each has and its base doesn't have, and then those that
//! do, from the parts that their folders share.

use super::lists::Lists;
use super::parts::{PartId, Parts};
use super::{Child, TreeRecords, leads};
use crate::git::store::Number;

/// Returns the trees, by number, that may contain something; for some this is known in advance. All trees that do are
/// among them, and also those made from one of them by removing what led to something.
pub(super) fn possible_holders(
    trees: &TreeRecords,
    bases: &[Option<usize>],
    order: &[usize],
    mut holds: Vec<bool>,
) -> Vec<bool> {
    let mut ranks = vec![0; bases.len()];
    order.iter().enumerate().for_each(|(rank, at)| ranks[*at] = rank);
    // In a circle of bases, one tree has to be read as if it had no base.
    let base_of = |at: usize| bases[at].filter(|base| ranks[*base] < ranks[at]);
    let made = (0u32..).zip(0..bases.len()).filter_map(|(made, at)| Some((u32::try_from(base_of(at)?).ok()?, made)));
    let made_from = Lists::new(bases.len(), made.collect());
    let added = (0u32..).zip(&trees.records);
    let added = added.flat_map(|(at, record)| trees.added(record).iter().map(move |edge| (at, edge)));
    let above = added.clone().filter_map(|(at, edge)| match edge.child {
        Child::Tree(tree) => Some((tree, at)),
        Child::Target(..) => None,
    });
    let above = Lists::new(holds.len(), above.collect());
    let mut left: Vec<u32> = added.filter(|(_, edge)| leads(edge, &holds)).map(|(at, _)| at).collect();
    let mut seen = vec![false; bases.len()];
    while let Some(at) = left.pop() {
        if std::mem::replace(&mut seen[at as usize], true) {
            continue;
        }
        let tree = trees.records[at as usize].tree;
        holds[tree as usize] = true;
        left.extend(made_from.of(at).iter().chain(above.of(tree)));
    }
    holds
}

/// Returns the trees, by number, that contain something, given the folders of all that may; for some this is known in
/// advance.
pub(super) fn holders(parts: &Parts, folders: &[Option<PartId>], mut holds: Vec<bool>) -> Vec<bool> {
    let ids = || (0..).zip(parts.all());
    let above_part = ids().flat_map(|(above, part)| part.parts().map(move |part| (part, above)));
    let above_part = Lists::new(parts.count(), above_part.collect());
    let above_tree = ids().flat_map(|(above, part)| part.trees().map(move |tree| (tree, above)));
    let above_tree = Lists::new(holds.len(), above_tree.collect());
    let trees_of = (0..).zip(folders).filter_map(|(tree, part): (Number, _)| Some(((*part)?, tree)));
    let trees_of = Lists::new(parts.count(), trees_of.collect());
    let known = (0..).zip(&holds).filter(|(_, holds)| **holds).flat_map(|(tree, _)| above_tree.of(tree));
    let mut left: Vec<PartId> =
        ids().filter(|(_, part)| part.has_target()).map(|(id, _)| id).chain(known.copied()).collect();
    let mut seen = vec![false; parts.count()];
    while let Some(part) = left.pop() {
        if std::mem::replace(&mut seen[part as usize], true) {
            continue;
        }
        left.extend(above_part.of(part));
        for tree in trees_of.of(part) {
            if !std::mem::replace(&mut holds[*tree as usize], true) {
                left.extend(above_tree.of(*tree));
            }
        }
    }
    holds
}
