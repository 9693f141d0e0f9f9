//! The commits of a clone as a graph: their parents and children, and which commits can be reached from which. Commits
//! are identified by their position.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::ObjectId;
use super::store::{Number, Store};

/// The position that means no commit.
const NONE: u32 = u32::MAX;

/// The data about a commit that is collected while objects are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommitRecord {
    /// The number of the commit object.
    pub commit: Number,
    /// The commit's root tree, if it is in this clone.
    pub tree: Option<Number>,
    /// `true` if the commit has no parents at all.
    pub is_root: bool,
    /// The time at which it was committed, in seconds since 1970.
    pub committed: i64,
}

/// Commits, with those of their parents that are in this clone.
#[derive(Debug, Default)]
pub struct Commits {
    records: Vec<CommitRecord>,
    /// For each commit, the end of its parents in `parents`; they start where those of the commit before it end.
    ends: Vec<u32>,
    parents: Vec<Number>,
}

impl Commits {
    /// Adds a commit, with its parents in order.
    pub fn push(&mut self, record: CommitRecord, parents: impl IntoIterator<Item = Number>) {
        self.records.push(record);
        self.parents.extend(parents);
        self.ends.push(u32::try_from(self.parents.len()).unwrap_or(u32::MAX));
    }

    /// Appends all commits of `others`.
    pub fn append(&mut self, mut others: Self) {
        if self.records.is_empty() {
            *self = others;
            return;
        }
        let shift = u32::try_from(self.parents.len()).unwrap_or(u32::MAX);
        self.records.append(&mut others.records);
        self.ends.extend(others.ends.iter().map(|end| end.saturating_add(shift)));
        self.parents.append(&mut others.parents);
    }

    /// Makes room for this many more commits.
    pub fn reserve(&mut self, count: usize) {
        self.records.reserve(count);
        self.ends.reserve(count);
        self.parents.reserve(count);
    }

    /// Returns each commit with its parents.
    pub fn iter(&self) -> impl Iterator<Item = (&CommitRecord, &[Number])> + Clone {
        let mut start = 0;
        self.records.iter().zip(&self.ends).map(move |(record, end)| {
            let parents = self.parents.get(start..*end as usize).unwrap_or_default();
            start = *end as usize;
            (record, parents)
        })
    }
}

/// Lists of positions, one list for each position.
#[derive(Debug, Default)]
struct Links {
    starts: Vec<u32>,
    list: Vec<u32>,
}

impl Links {
    /// Builds the lists from pairs of a position and an element of its list.
    fn new(count: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let mut starts = vec![0u32; count + 1];
        pairs.clone().for_each(|(from, _)| starts[from as usize + 1] += 1);
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut next = starts.clone();
        let mut list = vec![0u32; sum as usize];
        for (from, to) in pairs {
            let slot = &mut next[from as usize];
            list[*slot as usize] = to;
            *slot += 1;
        }
        Self { starts, list }
    }

    fn of(&self, at: u32) -> &[u32] {
        &self.list[self.starts[at as usize] as usize..self.starts[at as usize + 1] as usize]
    }
}

/// The graph of all commits.
#[derive(Debug)]
pub struct Graph {
    records: Vec<CommitRecord>,
    /// The position of each commit, by its object number.
    positions: Vec<u32>,
    parents: Links,
    children: Links,
    /// All positions, with parents before children and otherwise older commits first.
    order: Vec<u32>,
    /// The index of each commit in `order`.
    ranks: Vec<usize>,
}

impl Graph {
    /// Builds the graph of these commits of a store; each has to be given once.
    pub fn new(commits: &Commits, store: &Store) -> Self {
        Self::with_ids(commits, store.count(), |number| store.id(number))
    }

    fn with_ids(commits: &Commits, count: usize, id: impl Fn(Number) -> Option<ObjectId>) -> Self {
        let mut positions = vec![NONE; count];
        (0..).zip(&commits.records).for_each(|(at, record)| positions[record.commit as usize] = at);
        let here = |number: &Number| Some(positions[*number as usize]).filter(|at| *at != NONE);
        let all = (0..).zip(commits.iter());
        let pairs = all.flat_map(|(at, (_, parents))| parents.iter().filter_map(here).map(move |parent| (at, parent)));
        let pairs: Vec<(u32, u32)> = pairs.collect();
        let records = commits.records.clone();
        let parents = Links::new(records.len(), pairs.iter().copied());
        let children = Links::new(records.len(), pairs.iter().map(|(at, parent)| (*parent, *at)));
        let mut by_age: Vec<(i64, u32)> = records.iter().map(|record| record.committed).zip(0..).collect();
        // Commits of the same second are ordered by id, so that the order is the same in every clone.
        let id_at = |at: u32| id(records[at as usize].commit);
        by_age.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| (id_at(a.1), a.1).cmp(&(id_at(b.1), b.1))));
        let order = parents_first(&by_age, &parents, &children);
        let mut ranks = vec![usize::MAX; records.len()];
        order.iter().enumerate().for_each(|(rank, at)| ranks[*at as usize] = rank);
        Self { records, positions, parents, children, order, ranks }
    }

    /// Returns the position of a commit.
    pub fn find(&self, commit: Number) -> Option<u32> {
        self.positions.get(commit as usize).copied().filter(|at| *at != NONE)
    }

    /// Returns the commit at a position.
    pub fn record(&self, at: u32) -> &CommitRecord {
        &self.records[at as usize]
    }

    /// Returns all commits, by position.
    pub fn records(&self) -> &[CommitRecord] {
        &self.records
    }

    /// Returns the positions of those of a commit's parents that are in this clone.
    pub fn parents(&self, at: u32) -> &[u32] {
        self.parents.of(at)
    }

    /// Returns all positions, with parents before children and otherwise older commits first.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// Returns the index of a commit in that order.
    pub fn rank(&self, at: u32) -> usize {
        self.ranks[at as usize]
    }

    /// Returns for each commit whether it is one of `from` or an ancestor of one.
    pub fn ancestors(&self, from: impl IntoIterator<Item = u32>) -> Vec<bool> {
        self.reach(from, &self.parents)
    }

    /// Returns for each commit whether it is one of `from` or a descendant of one.
    pub fn descendants(&self, from: impl IntoIterator<Item = u32>) -> Vec<bool> {
        self.reach(from, &self.children)
    }

    fn reach(&self, from: impl IntoIterator<Item = u32>, next: &Links) -> Vec<bool> {
        let mut seen = vec![false; self.records.len()];
        let mut stack: Vec<u32> = from.into_iter().collect();
        while let Some(at) = stack.pop() {
            if !std::mem::replace(&mut seen[at as usize], true) {
                stack.extend_from_slice(next.of(at));
            }
        }
        seen
    }
}

/// Reorders positions, given from the oldest to the newest, so that parents come first.
fn parents_first(by_age: &[(i64, u32)], parents: &Links, children: &Links) -> Vec<u32> {
    let mut ages = vec![0u32; by_age.len()];
    (0..).zip(by_age).for_each(|(age, (_, at))| ages[*at as usize] = age);
    let mut waiting: Vec<u32> = (0..).zip(&ages).map(|(at, _)| parents.starts[at + 1] - parents.starts[at]).collect();
    let free = (0..).zip(by_age).filter(|(_, (_, at))| waiting[*at as usize] == 0);
    let mut heap: BinaryHeap<Reverse<u32>> = free.map(|(age, _)| Reverse(age)).collect();
    let mut order = Vec::with_capacity(by_age.len());
    while let Some(Reverse(age)) = heap.pop() {
        let (_, at) = by_age[age as usize];
        order.push(at);
        for child in children.of(at) {
            let left = &mut waiting[*child as usize];
            *left -= 1;
            if *left == 0 {
                heap.push(Reverse(ages[*child as usize]));
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> ObjectId {
        ObjectId::from_bytes_or_panic(&[n; 20])
    }

    /// Makes commits from numbers, parents and times; they are built in two halves that are then joined.
    fn commits(all: &[(u8, &[u32], i64)]) -> Commits {
        let mut parts = [Commits::default(), Commits::default()];
        for (at, (n, parents, committed)) in all.iter().enumerate() {
            let is_root = parents.is_empty();
            let record = CommitRecord { commit: (*n).into(), tree: None, is_root, committed: *committed };
            parts[at * 2 / all.len()].push(record, parents.iter().copied());
        }
        let [mut first, second] = parts;
        first.append(second);
        first
    }

    #[test]
    fn parents_come_first_regardless_of_timestamps() {
        // No commit with the number 9 exists in the list.
        let all: [(u8, &[u32], i64); 4] = [(4, &[3], 2), (1, &[9, 2], 1), (2, &[3], 7), (3, &[], 8)];
        let graph = Graph::with_ids(&commits(&all), 10, |n| u8::try_from(n).ok().map(id));
        let order: Vec<Number> = graph.order().iter().map(|at| graph.record(*at).commit).collect();
        assert_eq!(order, [3, 4, 2, 1]);
        let at = |n| graph.find(n).unwrap();
        let reached = graph.ancestors([at(2)]);
        assert_eq!([1, 2, 3, 4].map(|n| reached[at(n) as usize]), [false, true, true, false]);
        assert!(graph.descendants([at(3)]).iter().all(|reached| *reached));
        assert_eq!(graph.find(9), None);
    }

    #[test]
    fn commits_of_the_same_second_are_ordered_by_id() {
        let graph = Graph::with_ids(&commits(&[(3, &[], 5), (1, &[], 5), (2, &[], 5)]), 4, |n| {
            u8::try_from(9 - n).ok().map(id)
        });
        let order: Vec<Number> = graph.order().iter().map(|at| graph.record(*at).commit).collect();
        assert_eq!(order, [3, 2, 1]);
    }
}
