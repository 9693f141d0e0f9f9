//! The commits of a clone as a graph: who comes before whom, and what leads where. Commits are known by their position.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use gix::hashtable::HashMap;

use super::ObjectId;

/// What is remembered of each commit while objects are read.
#[derive(Debug, Clone)]
pub struct CommitRecord {
    /// Its id.
    pub id: ObjectId,
    /// Its root tree.
    pub tree: ObjectId,
    /// Its parents, in order.
    pub parents: Vec<ObjectId>,
    /// When it was committed, in seconds since 1970.
    pub committed: i64,
}

impl CommitRecord {
    /// Reads the head of a commit object; `None` if it has no tree or names an object in other than `id_length` bytes.
    pub fn parse(id: ObjectId, data: &[u8]) -> Option<Self> {
        let mut record = Self { id, tree: id, parents: Vec::new(), committed: 0 };
        let mut lines = data.split(|b| *b == b'\n');
        let hex = |digits: &[u8]| ObjectId::from_hex(digits).ok().filter(|named| named.kind() == id.kind());
        record.tree = hex(lines.next()?.strip_prefix(b"tree ")?)?;
        for line in lines.take_while(|line| !line.is_empty()) {
            if let Some(parent) = line.strip_prefix(b"parent ") {
                record.parents.push(hex(parent)?);
            } else if line.starts_with(b"committer ") {
                record.committed = time(line).unwrap_or(0);
                break;
            }
        }
        Some(record)
    }
}

/// The seconds at the end of `committer Name <address> 1700000000 +0100`.
fn time(line: &[u8]) -> Option<i64> {
    let seconds = line.rsplit(|b| *b == b' ').nth(1)?;
    std::str::from_utf8(seconds).ok()?.parse().ok()
}

/// All commits.
#[derive(Debug)]
pub struct Graph {
    records: Vec<CommitRecord>,
    positions: HashMap<ObjectId, u32>,
    /// Parents that are here, by position.
    parents: Vec<Vec<u32>>,
    children: Vec<Vec<u32>>,
    /// Positions, parents before children, then older before newer.
    order: Vec<u32>,
    /// Where each commit stands in `order`.
    ranks: Vec<usize>,
}

impl Graph {
    /// The graph of these commits.
    pub fn new(mut records: Vec<CommitRecord>) -> Self {
        records.sort_unstable_by_key(|record| record.id);
        records.dedup_by_key(|record| record.id);
        let positions: HashMap<ObjectId, u32> = (0..).zip(&records).map(|(at, record)| (record.id, at)).collect();
        let here = |ids: &Vec<ObjectId>| ids.iter().filter_map(|id| positions.get(id).copied()).collect();
        let parents: Vec<Vec<u32>> = records.iter().map(|record| here(&record.parents)).collect();
        let mut children: Vec<Vec<u32>> = vec![Vec::new(); records.len()];
        for (at, parents) in (0..).zip(&parents) {
            parents.iter().for_each(|parent| children[*parent as usize].push(at));
        }
        let order = parents_first(&records, &parents, &children);
        let mut ranks = vec![usize::MAX; records.len()];
        order.iter().enumerate().for_each(|(rank, at)| ranks[*at as usize] = rank);
        Self { records, positions, parents, children, order, ranks }
    }

    /// The position of a commit.
    pub fn find(&self, id: &ObjectId) -> Option<u32> {
        self.positions.get(id).copied()
    }

    /// The commit at a position.
    pub fn record(&self, at: u32) -> &CommitRecord {
        &self.records[at as usize]
    }

    /// The parents of a commit that are here.
    pub fn parents(&self, at: u32) -> &[u32] {
        &self.parents[at as usize]
    }

    /// All positions, parents before children, then older before newer.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// Where a commit stands in that order.
    pub fn rank(&self, at: u32) -> usize {
        self.ranks[at as usize]
    }

    /// For each commit whether one of `from` is it or comes after it.
    pub fn ancestors(&self, from: impl IntoIterator<Item = u32>) -> Vec<bool> {
        self.reach(from, &self.parents)
    }

    /// For each commit whether one of `from` is it or comes before it.
    pub fn descendants(&self, from: impl IntoIterator<Item = u32>) -> Vec<bool> {
        self.reach(from, &self.children)
    }

    fn reach(&self, from: impl IntoIterator<Item = u32>, next: &[Vec<u32>]) -> Vec<bool> {
        let mut seen = vec![false; self.records.len()];
        let mut stack: Vec<u32> = from.into_iter().collect();
        while let Some(at) = stack.pop() {
            if !std::mem::replace(&mut seen[at as usize], true) {
                stack.extend_from_slice(&next[at as usize]);
            }
        }
        seen
    }
}

fn parents_first(records: &[CommitRecord], parents: &[Vec<u32>], children: &[Vec<u32>]) -> Vec<u32> {
    let mut waiting: Vec<usize> = parents.iter().map(Vec::len).collect();
    // Records are in order of id, so the position decides between commits of one second.
    let key = |at: u32| Reverse((records[at as usize].committed, at));
    let mut heap: BinaryHeap<_> = (0..).zip(&waiting).filter(|(_, left)| **left == 0).map(|(at, _)| key(at)).collect();
    let mut order = Vec::with_capacity(records.len());
    while let Some(Reverse((_, at))) = heap.pop() {
        order.push(at);
        for child in &children[at as usize] {
            let left = &mut waiting[*child as usize];
            *left -= 1;
            if *left == 0 {
                heap.push(key(*child));
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

    fn record(n: u8, parents: &[u8], committed: i64) -> CommitRecord {
        CommitRecord { id: id(n), tree: id(0), parents: parents.iter().map(|p| id(*p)).collect(), committed }
    }

    #[test]
    fn a_commits_head_is_read() {
        let text = format!(
            "tree {}\nparent {}\nparent {}\nauthor A <a@b.c> 5 +0000\ncommitter A <a@b.c> 1700000000 -0130\n\nparent of all",
            id(1),
            id(2),
            id(3)
        );
        let record = CommitRecord::parse(id(9), text.as_bytes()).unwrap();
        assert_eq!((record.tree, record.parents, record.committed), (id(1), vec![id(2), id(3)], 1_700_000_000));
        assert!(CommitRecord::parse(id(9), b"author A\n").is_none());
        assert!(CommitRecord::parse(id(9), b"tree 12\n").is_none());
    }

    #[test]
    fn parents_come_first_whatever_the_clock_says() {
        // 9 has a parent that is not here.
        let graph = Graph::new(vec![record(1, &[9, 2], 1), record(2, &[3], 7), record(3, &[], 8), record(4, &[3], 2)]);
        let order: Vec<ObjectId> = graph.order().iter().map(|at| graph.record(*at).id).collect();
        assert_eq!(order, [id(3), id(4), id(2), id(1)]);
        let at = |n| graph.find(&id(n)).unwrap();
        assert_eq!(
            graph.ancestors([at(2)]),
            [2, 3].map(at).iter().fold(vec![false; 4], |mut all, p| {
                all[*p as usize] = true;
                all
            })
        );
        assert!(graph.descendants([at(3)]).iter().all(|reached| *reached));
    }
}
