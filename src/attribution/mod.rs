//! Where a secret lives: which commits brought its blob or name in, under which paths, and how far those commits got.
//!
//! Done only for what has a finding. A commit brings in what its tree holds and no parent's does; it takes out what a parent's
//! tree holds and its own does not.

pub mod people;
pub mod tree_index;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bstr::BString;

use crate::finding::{Event, Exposure, RefKinds, Remote, Stage};
use crate::git::graph::{Commits, Graph};
use crate::git::object::{self, Mode};
use crate::git::refs::{Tip, tips};
use crate::git::repo;
use crate::git::store::Store;
use crate::git::{ObjectId, Repo, remote};
use people::Usual;
use tree_index::{NodeId, Target, TargetId, TreeIndex};

/// Refs named in an exposure, at most.
const MAX_REFS: usize = 20;
/// Commits whose authors are asked for what is usual, at most.
const MAX_ASKED: usize = 4096;
/// Authors from elsewhere that are named, at most.
const MAX_OUTSIDE: usize = 5;

/// One way a target came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Position of the commit among all, parents first, older first.
    pub order: usize,
    /// The commit.
    pub commit: ObjectId,
    /// Author time, RFC 3339.
    pub author_time: String,
    /// The path.
    pub path: BString,
    /// Whether it is a file or a link.
    pub mode: Mode,
    /// Whether the commit belongs to notes.
    pub note: bool,
}

/// What became of a secret after it came in.
#[derive(Debug, Default)]
struct Life {
    held_in: usize,
    last: Option<u32>,
    removed: Option<u32>,
    tips: Vec<String>,
}

/// Answers questions about commits, trees and refs of one repository.
pub struct Attribution<'s> {
    local: repo::Local,
    store: &'s Store,
    graph: Graph,
    tree_index: TreeIndex,
    /// What the tree of each commit holds.
    nodes: Vec<Option<NodeId>>,
    tips: Vec<Tip>,
    published: Vec<bool>,
    reachable: Vec<bool>,
    notes: Vec<bool>,
    head: Option<ObjectId>,
    below: HashMap<NodeId, BTreeSet<TargetId>>,
    /// The commit that each tip leads to, if it is one.
    ends: Vec<Option<u32>>,
    /// What the trees of all tips hold.
    at_tips: BTreeSet<NodeId>,
    /// Refs named in an exposure, at most.
    most_refs: usize,
    /// What is in each reflog, by the name of its ref.
    reflogs: Vec<(BString, Vec<u32>)>,
    /// Which commits HEAD reaches.
    on_head: Vec<bool>,
    /// For each target the commits at which it came or went, at any path.
    moves: HashMap<TargetId, Vec<u32>>,
    remotes: Vec<Remote>,
    /// Whose addresses are usual; nobody's if that was not asked for.
    usual: Usual,
}

impl<'s> Attribution<'s> {
    /// Prepares to answer, given all commits. [`Attribution::with_tree_index`] adds what trees hold: that is worked out at the
    /// same time.
    pub fn new(repository: &Repo, store: &'s Store, commits: &Commits) -> Self {
        let local = repository.local();
        let graph = Graph::new(commits, store);
        // Most refs lead to a commit that is known: it is no tag, so nothing of it needs to be read.
        let is_commit = |id: &ObjectId| store.find(id).is_some_and(|number| graph.find(number).is_some());
        let tips = tips(repository, &local, is_commit);
        let from = |filter: &dyn Fn(&str) -> bool| {
            let ends = tips.iter().filter(|tip| filter(&tip.name)).filter_map(Tip::end);
            graph.ancestors(ends.filter_map(|end| graph.find(store.find(&end)?)))
        };
        let ends: Vec<Option<u32>> =
            tips.iter().map(|tip| tip.end().and_then(|end| graph.find(store.find(&end)?))).collect();
        Self {
            ends,
            at_tips: BTreeSet::new(),
            on_head: from(&|name| name == "HEAD"),
            moves: HashMap::new(),
            remotes: remote::all(repository),
            usual: Usual::default(),
            published: from(&|name| name.starts_with("refs/remotes/")),
            reachable: from(&|_| true),
            notes: from(&|name| name.starts_with("refs/notes/")),
            head: local.head_id().ok().map(|id| id.detach()),
            below: HashMap::new(),
            most_refs: MAX_REFS,
            reflogs: Vec::new(),
            local,
            store,
            graph,
            tree_index: TreeIndex::default(),
            nodes: Vec::new(),
            tips,
        }
    }

    /// The same, knowing what trees hold.
    pub fn with_tree_index(self, tree_index: TreeIndex) -> Self {
        let nodes: Vec<Option<NodeId>> =
            self.graph.records().iter().map(|record| tree_index.node(record.tree?)).collect();
        let at_tips = nodes_at(&self.tips, &self.ends, &self.graph, &nodes);
        Self { tree_index, nodes, at_tips, ..self }
    }

    /// The same, but names all refs in an exposure and knows what is in reflogs.
    pub fn with_reflogs(self, reflogs: Vec<(BString, Vec<ObjectId>)>) -> Self {
        let known = |ids: Vec<ObjectId>| ids.iter().filter_map(|id| self.commit(id)).collect();
        let reflogs = reflogs.into_iter().map(|(name, ids)| (name, known(ids))).collect();
        Self { reflogs, most_refs: usize::MAX, ..self }
    }

    /// The refs and HEADs that reach a commit or hold one of the targets, and the names of the reflogs that do.
    pub fn holders(&mut self, commit: Option<ObjectId>, targets: &BTreeSet<Target>) -> (Vec<String>, Vec<BString>) {
        let ids: BTreeSet<TargetId> = targets.iter().filter_map(|target| self.tree_index.target_id(target)).collect();
        let found: Vec<u32> = commit.iter().filter_map(|id| self.commit(id)).collect();
        let refs = self.refs_reaching(&found, &ids);
        let after = self.graph.descendants(found);
        let logged = self.reflogs.iter().filter(|(_, entries)| entries.iter().any(|at| after[*at as usize]));
        (refs, logged.map(|(name, _)| name.clone()).collect())
    }

    /// Finds out whose addresses are usual, from commits spread evenly over the history; says whether anybody's are.
    pub fn learn_people(&mut self) -> bool {
        let order = self.graph.order();
        let asked = order.iter().step_by(order.len().div_ceil(MAX_ASKED).max(1));
        let authors = asked.filter_map(|at| self.read_commit(*at)).map(|commit| commit.author);
        self.usual = Usual::among(authors);
        !self.usual.is_empty()
    }

    /// For each target every way it came in, oldest first.
    pub fn arrivals(&mut self) -> BTreeMap<Target, Vec<Arrival>> {
        let mut out: BTreeMap<Target, Vec<Arrival>> = BTreeMap::new();
        let mut moves: HashMap<TargetId, Vec<u32>> = HashMap::new();
        for at in self.graph.order().iter().filter(|at| self.may_differ(**at)) {
            let brought = self.brought_in(*at);
            let moved = brought.iter().map(|(_, _, target)| *target).chain(self.taken_out(*at));
            moved.for_each(|target| moves.entry(target).or_default().push(*at));
            if brought.is_empty() {
                continue;
            }
            let Some(commit) = self.store.id(self.graph.record(*at).commit) else { continue };
            let author_time = self.author_time(commit);
            for (path, mode, target) in brought {
                let (order, note) = (self.graph.rank(*at), self.notes[*at as usize]);
                let arrival = Arrival { order, commit, author_time: author_time.clone(), path, mode, note };
                out.entry(self.tree_index.target(target).clone()).or_default().push(arrival);
            }
        }
        self.moves = moves;
        out
    }

    /// Whether a commit's tree holds something else than a parent's: nearly all hold the same.
    fn may_differ(&self, at: u32) -> bool {
        let (here, parents) = (self.node_of(at), self.graph.parents(at));
        parents.iter().any(|parent| self.node_of(*parent) != here) || (parents.is_empty() && here.is_some())
    }

    /// What a commit's tree holds and no parent's does.
    fn brought_in(&self, at: u32) -> Vec<(BString, Mode, TargetId)> {
        let Some(here) = self.node_of(at) else { return Vec::new() };
        // A merge holds what a parent does.
        if self.graph.parents(at).iter().any(|parent| self.node_of(*parent) == Some(here)) {
            return Vec::new();
        }
        let before: Vec<NodeId> = self.graph.parents(at).iter().filter_map(|parent| self.node_of(*parent)).collect();
        self.tree_index.beyond(here, &before)
    }

    /// What some parent's tree holds and a commit's does not hold at that path.
    fn taken_out(&self, at: u32) -> Vec<TargetId> {
        let here = self.node_of(at);
        let before: BTreeSet<NodeId> =
            self.graph.parents(at).iter().filter_map(|parent| self.node_of(*parent)).collect();
        let gone = before.into_iter().filter(|node| Some(*node) != here);
        gone.flat_map(|node| self.tree_index.beyond(node, here.as_slice())).map(|(_, _, target)| target).collect()
    }

    /// What a commit's tree holds.
    fn node_of(&self, at: u32) -> Option<NodeId> {
        self.nodes.get(at as usize).copied().flatten()
    }

    /// The position of a commit.
    fn commit(&self, id: &ObjectId) -> Option<u32> {
        self.graph.find(self.store.find(id)?)
    }

    fn author_time(&self, commit: ObjectId) -> String {
        object::commit_of(&self.local, commit).map(|commit| commit.author_time).unwrap_or_default()
    }

    /// The commit at a position, read from the store.
    fn read_commit(&self, at: u32) -> Option<object::Commit> {
        object::commit_of(&self.local, self.store.id(self.graph.record(at).commit)?).ok()
    }

    fn event(&self, at: u32) -> Option<Event> {
        let commit = self.store.id(self.graph.record(at).commit)?.to_string();
        self.read_commit(at).map(|read| Event { commit, time: read.author_time, author: read.author })
    }

    /// Whether a ref reaches the commit.
    pub fn is_reachable(&self, commit: &ObjectId) -> bool {
        self.commit(commit).is_some_and(|at| self.reachable[at as usize])
    }

    /// How far a secret got: the commits that brought it in, and what holds it (`targets`).
    pub fn exposure(&mut self, commits: &BTreeSet<ObjectId>, targets: &BTreeSet<Target>) -> Exposure {
        let ids: BTreeSet<TargetId> = targets.iter().filter_map(|target| self.tree_index.target_id(target)).collect();
        let in_head = self.head.is_some_and(|head| self.holds(head, &ids));
        let at_tip = self.at_tip(&ids);
        let found: Vec<u32> = commits.iter().filter_map(|id| self.commit(id)).collect();
        let refs = self.refs_reaching(&found, &ids);
        let life = self.life(&found, &ids);
        let stage = if found.iter().any(|at| self.published[*at as usize]) {
            Stage::Published
        } else if refs.is_empty() {
            Stage::Unreachable
        } else if at_tip || targets.is_empty() {
            Stage::LocalOnly
        } else {
            Stage::HistoryOnly
        };
        let first = found.iter().min_by_key(|at| self.graph.rank(**at)).copied();
        let (first_commit, first_seen, first_author) = match first.and_then(|at| self.event(at)) {
            Some(event) => (Some(event.commit), Some(event.time), Some(event.author)),
            None => (None, None, None),
        };
        Exposure {
            stage,
            in_head,
            commits: commits.len(),
            first_is_root: first.is_some_and(|at| self.graph.record(at).is_root),
            first_commit,
            first_seen,
            first_author,
            held_in: life.held_in,
            last: life.last.and_then(|at| self.event(at)),
            removed: life.removed.filter(|_| !in_head).and_then(|at| self.event(at)),
            tips: life.tips,
            outside_authors: self.outside(&found),
            ..self.reached(refs)
        }
    }

    /// What there is to say of the refs that reach something.
    fn reached(&self, refs: Vec<String>) -> Exposure {
        let mut kinds = RefKinds::default();
        refs.iter().for_each(|name| kinds.count(name));
        Exposure {
            kinds,
            remotes: remote::behind(&self.remotes, refs.iter().map(String::as_str)),
            ref_count: refs.len(),
            refs: refs.into_iter().take(self.most_refs).collect(),
            ..Exposure::default()
        }
    }

    /// Authors of the commits whose addresses are not usual, each once.
    fn outside(&self, commits: &[u32]) -> Vec<BString> {
        let mut found = Vec::new();
        if self.usual.is_empty() {
            return found;
        }
        for author in commits.iter().filter_map(|at| self.read_commit(*at)).map(|commit| commit.author) {
            if found.len() < MAX_OUTSIDE && self.usual.is_outside(&author) && !found.contains(&author) {
                found.push(author);
            }
        }
        found
    }

    /// Follows what the commits `found` brought in: a commit at which none of the targets came or went holds one if a parent
    /// does.
    fn life(&mut self, found: &[u32], targets: &BTreeSet<TargetId>) -> Life {
        let mut asked = vec![false; self.graph.order().len()];
        let moves = targets.iter().filter_map(|target| self.moves.get(target)).flatten();
        moves.for_each(|at| asked[*at as usize] = true);
        let mut holds = vec![false; asked.len()];
        let mut life = Life::default();
        let start = found.iter().map(|at| self.graph.rank(*at)).min().unwrap_or(asked.len());
        for rank in start..asked.len() {
            let at = self.graph.order()[rank];
            let is_after = self.graph.parents(at).iter().any(|parent| holds[*parent as usize]);
            let is_held = if asked[at as usize] {
                self.node_of(at).is_some_and(|node| self.node_holds(node, targets))
            } else {
                is_after
            };
            holds[at as usize] = is_held;
            if is_after && !is_held && self.on_head[at as usize] {
                life.removed = Some(at);
            }
        }
        life.tips = self.tips_holding(&holds);
        // A message holds it for good, and no tree has to.
        found.iter().for_each(|at| holds[*at as usize] = true);
        let is_reached = |at: &&u32| holds[**at as usize] && self.reachable[**at as usize];
        let is_left = |at: &&u32| holds[**at as usize];
        let order = self.graph.order();
        let any = order.iter().any(|at| is_reached(&at));
        let counted = |at: &&u32| if any { is_reached(at) } else { is_left(at) };
        life.held_in = order.iter().filter(counted).count();
        life.last = order.iter().rev().find(counted).copied();
        life
    }

    /// The refs that lead to one of the commits itself.
    fn tips_holding(&self, holds: &[bool]) -> Vec<String> {
        let ends = self.tips.iter().zip(&self.ends);
        let held = ends.filter(|(_, end)| end.is_some_and(|at| holds[at as usize]));
        held.map(|(tip, _)| tip.name.clone()).take(MAX_REFS).collect()
    }

    /// The refs that lead to a tag.
    pub fn tag_refs(&self, tag: ObjectId) -> Vec<String> {
        self.tips.iter().filter(|tip| tip.chain.contains(&tag)).map(|tip| tip.name.clone()).collect()
    }

    /// How far the message of a tag got.
    pub fn tag_exposure(&self, tag: ObjectId) -> Exposure {
        let refs = self.tag_refs(tag);
        let stage = if refs.is_empty() { Stage::Unreachable } else { Stage::LocalOnly };
        Exposure { stage, ..self.reached(refs) }
    }

    /// Whether a tip's own tree holds a target; a stash holds what its parents do, too.
    fn at_tip(&mut self, targets: &BTreeSet<TargetId>) -> bool {
        let nodes = std::mem::take(&mut self.at_tips);
        let held = nodes.iter().any(|node| self.node_holds(*node, targets));
        self.at_tips = nodes;
        let others = self.tips.iter().zip(&self.ends).filter(|(_, commit)| commit.is_none());
        let others: Vec<ObjectId> = others.filter_map(|(tip, _)| tip.end()).collect();
        held || others.into_iter().any(|end| self.holds(end, targets))
    }

    fn node_holds(&mut self, node: NodeId, targets: &BTreeSet<TargetId>) -> bool {
        let below = self.below.entry(node).or_insert_with(|| self.tree_index.targets_below(node));
        !below.is_disjoint(targets)
    }

    /// Whether a commit's tree, or the tree or blob itself that a ref leads to, holds one of the targets.
    fn holds(&mut self, end: ObjectId, targets: &BTreeSet<TargetId>) -> bool {
        let commit = self.commit(&end);
        let itself = || self.tree_index.target_id(&Target::Object(end)).is_some_and(|id| targets.contains(&id));
        if commit.is_none() && itself() {
            return true;
        }
        let node = match commit {
            Some(at) => self.node_of(at),
            None => self.store.find(&end).and_then(|tree| self.tree_index.node(tree)),
        };
        node.is_some_and(|node| self.node_holds(node, targets))
    }

    /// Names of the refs from which one of the commits, or a target itself, can be reached.
    fn refs_reaching(&mut self, commits: &[u32], targets: &BTreeSet<TargetId>) -> Vec<String> {
        let after = self.graph.descendants(commits.iter().copied());
        let mut names = Vec::new();
        for tip in 0..self.tips.len() {
            let reaches = match (self.ends[tip], self.tips[tip].end()) {
                (Some(commit), _) => after[commit as usize],
                (None, Some(end)) => self.holds(end, targets),
                (None, None) => false,
            };
            if reaches {
                names.push(self.tips[tip].name.clone());
            }
        }
        names
    }
}

/// What the trees of the tips hold, and for a stash those of its parents, each once.
fn nodes_at(tips: &[Tip], ends: &[Option<u32>], graph: &Graph, nodes: &[Option<NodeId>]) -> BTreeSet<NodeId> {
    let mut commits: BTreeSet<u32> = ends.iter().flatten().copied().collect();
    let stashes = tips.iter().zip(ends).filter(|(tip, _)| tip.name == "refs/stash").filter_map(|(_, end)| *end);
    commits.extend(stashes.flat_map(|stash| graph.parents(stash)));
    commits.into_iter().filter_map(|at| nodes[at as usize]).collect()
}
