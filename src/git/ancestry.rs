//! The commits that are reachable from some commits and not from others.
//!
//! Parents are read from the commits themselves, never from a commit-graph: it is a cache that nobody verifies, and one
//! that left out a parent would hide everything before it.

use std::collections::{BTreeSet, BinaryHeap, VecDeque};

use super::error::error_text;
use super::hashtable::HashMap;
use super::object::{self, Unread};
use super::{Local, ObjectId, SourceError};

/// The number of commits that are read after the walk seems complete: if a clock was wrong, a commit can look older
/// than its ancestors.
const SPARE: usize = 16;

/// The commits that a selection consists of.
#[derive(Debug, Default)]
pub struct Ancestry {
    /// The commits, parents before children.
    pub commits: Vec<ObjectId>,
    /// The selected commits whose parents a shallow clone leaves out.
    pub cut: Vec<ObjectId>,
    /// Heads, and parents of selected commits, that aren't selected themselves.
    pub edge: BTreeSet<ObjectId>,
    /// The objects that could not be read during the walk.
    pub unread: Vec<(ObjectId, Unread)>,
}

/// The starting points from which a commit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reached {
    Heads,
    Bases,
    Both,
}

/// A commit that the walk has reached.
struct Node {
    parents: Vec<ObjectId>,
    committed: i64,
    reached: Reached,
    /// `true` if the commit is in the queue, so its parents have yet to be reached from it.
    waits: bool,
    is_cut: bool,
}

/// Returns the commits that are reachable from the heads, including the heads, and not from the bases.
///
/// # Errors
/// Fails if the list of commits at which a shallow clone ends can't be read.
pub fn between(local: &Local, heads: &[ObjectId], bases: &[ObjectId]) -> Result<Ancestry, SourceError> {
    let broken = |error: gix::Error| SourceError::Broken {
        what: "the list of shallow commits".to_owned(),
        cause: error_text(&error),
    };
    let shallow = local.shallow_commits().map_err(broken)?;
    let shallow = shallow.iter().flat_map(|list| list.iter().copied()).collect();
    let mut walk =
        Walk { local, shallow, nodes: HashMap::default(), queue: BinaryHeap::new(), open: 0, unread: Vec::new() };
    heads.iter().for_each(|id| walk.reach(*id, Reached::Heads));
    bases.iter().for_each(|id| walk.reach(*id, Reached::Bases));
    walk.run();
    Ok(walk.finish(heads))
}

/// Returns the first commits on each path back from the heads that were made before a time.
pub fn before(local: &Local, heads: &[ObjectId], seconds: i64) -> Vec<ObjectId> {
    let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
    let mut open: Vec<ObjectId> = heads.to_vec();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        // An object that can't be read is met again, and reported, by the walk in `between`.
        match object::header_of(local, id) {
            Ok(header) if header.committed < seconds => found.push(id),
            Ok(header) => open.extend(header.parents),
            Err(_) => {}
        }
    }
    found
}

/// A walk back from heads and bases at once, newest commits first.
struct Walk<'l> {
    local: &'l Local,
    shallow: BTreeSet<ObjectId>,
    nodes: HashMap<ObjectId, Node>,
    /// The commits that wait, with their times.
    queue: BinaryHeap<(i64, ObjectId)>,
    /// The number of waiting commits that were reached from one side only.
    open: usize,
    unread: Vec<(ObjectId, Unread)>,
}

impl Walk<'_> {
    fn reach(&mut self, id: ObjectId, from: Reached) {
        let Some(node) = self.nodes.get_mut(&id) else {
            let node = self.read(id, from);
            self.open += usize::from(from != Reached::Both);
            self.queue.push((node.committed, id));
            self.nodes.insert(id, node);
            return;
        };
        if node.reached == from || node.reached == Reached::Both {
            return;
        }
        node.reached = Reached::Both;
        if node.waits {
            self.open -= 1;
        } else {
            node.waits = true;
            self.queue.push((node.committed, id));
        }
    }

    fn read(&mut self, id: ObjectId, reached: Reached) -> Node {
        let (mut parents, committed) = match object::header_of(self.local, id) {
            Ok(header) => (header.parents, header.committed),
            Err(unread) => {
                self.unread.push((id, unread));
                (Vec::new(), 0)
            }
        };
        let is_cut = self.shallow.contains(&id);
        if is_cut {
            parents.clear();
        }
        Node { parents, committed, reached, waits: true, is_cut }
    }

    fn run(&mut self) {
        let mut spare = SPARE;
        while (self.open > 0 || spare > 0)
            && let Some((_, id)) = self.queue.pop()
        {
            spare -= usize::from(self.open == 0);
            let Some(node) = self.nodes.get_mut(&id) else { continue };
            node.waits = false;
            let (reached, parents) = (node.reached, node.parents.clone());
            self.open -= usize::from(reached != Reached::Both);
            parents.into_iter().for_each(|parent| self.reach(parent, reached));
        }
        // If a clock was wrong, a commit that was reached from both sides may have ancestors that the walk passed
        // earlier; they are marked now.
        let mut rest: Vec<ObjectId> = self.queue.drain().map(|(_, id)| id).collect();
        while let Some(id) = rest.pop() {
            for parent in self.parents(&id) {
                if let Some(node) = self.nodes.get_mut(&parent)
                    && node.reached != Reached::Both
                {
                    node.reached = Reached::Both;
                    rest.push(parent);
                }
            }
        }
    }

    fn parents(&self, id: &ObjectId) -> Vec<ObjectId> {
        self.nodes.get(id).map(|node| node.parents.clone()).unwrap_or_default()
    }

    fn finish(self, heads: &[ObjectId]) -> Ancestry {
        let unread: BTreeSet<ObjectId> = self.unread.iter().map(|(id, _)| *id).collect();
        let is_selected = |id: &ObjectId| {
            self.nodes.get(id).is_some_and(|node| node.reached == Reached::Heads) && !unread.contains(id)
        };
        let mut members = BTreeSet::new();
        let mut newest_first = Vec::new();
        let mut edge = BTreeSet::new();
        let mut next: VecDeque<ObjectId> = heads.iter().copied().collect();
        while let Some(id) = next.pop_front() {
            if !is_selected(&id) {
                edge.insert(id);
            } else if members.insert(id) {
                newest_first.push(id);
                next.extend(self.parents(&id));
            }
        }
        let cut = newest_first.iter().filter(|id| self.nodes.get(*id).is_some_and(|node| node.is_cut)).copied();
        let cut = cut.collect();
        Ancestry { commits: self.parents_first(&members, &newest_first), cut, edge, unread: self.unread }
    }

    /// Orders commits with parents before children, so that the first occurrence of a finding is in the commit that
    /// introduced it.
    fn parents_first(&self, members: &BTreeSet<ObjectId>, newest_first: &[ObjectId]) -> Vec<ObjectId> {
        let mut done: BTreeSet<ObjectId> = BTreeSet::new();
        let mut ordered = Vec::with_capacity(newest_first.len());
        let mut stack: Vec<(ObjectId, bool)> = newest_first.iter().map(|id| (*id, false)).collect();
        while let Some((id, parents_done)) = stack.pop() {
            if parents_done {
                ordered.push(id);
            } else if members.contains(&id) && done.insert(id) {
                stack.push((id, true));
                stack.extend(self.parents(&id).into_iter().map(|parent| (parent, false)));
            }
        }
        ordered
    }
}
