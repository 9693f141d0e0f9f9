//! The commits of a repository, with the targets that each of them added and removed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use bstr::BString;

use super::people::Usual;
use super::tree_index::{Above, Allowance, NodeId, Target, TargetId, TreeIndex};
use crate::finding::{Doubt, Event, Remote, Sign, WebRepository};
use crate::git::graph::{Commits, Graph};
use crate::git::object::{self, Mode};
use crate::git::ref_store::Refs;
use crate::git::refs::{Tip, Tips, tips};
use crate::git::repo;
use crate::git::server::{self, Servers};
use crate::git::store::Store;
use crate::git::{ObjectId, Repo, remote};

/// The most refs that an exposure names.
pub(super) const MAX_REFS: usize = 20;
/// The most commits whose authors are read to find the usual addresses.
const MAX_ASKED: usize = 4096;

/// One commit and path by which a target was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The position of the commit in the order of all commits: parents first, then older ones first.
    pub order: usize,
    /// The commit's id.
    pub commit: ObjectId,
    /// The author time in RFC 3339.
    pub author_time: String,
    /// The path at which the target was added.
    pub path: BString,
    /// The mode: a file or a link.
    pub mode: Mode,
    /// `true` if the commit belongs to git notes.
    pub note: bool,
}

/// The change that a commit made to a target at some path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Move {
    /// The commit's tree contains the target there.
    Added,
    /// The commit's tree no longer contains the target there, but may contain it at another path.
    Removed,
}

/// A source of answers about the commits, trees and refs of one repository.
pub struct Attribution<'s> {
    pub(super) local: repo::Local,
    pub(super) store: &'s Store,
    pub(super) graph: Graph,
    pub(super) tree_index: TreeIndex,
    /// The node of each commit's tree.
    pub(super) nodes: Vec<Option<NodeId>>,
    pub(super) tips: Vec<Tip>,
    /// `true` if the list of refs is complete, so that an object that none of them reaches is unreachable.
    pub knows_all_tips: bool,
    pub(super) published: Vec<bool>,
    /// The repositories on hosts with web pages, and the commits that each is known to have.
    pub(super) web: Vec<(Arc<WebRepository>, Vec<bool>)>,
    pub(super) reachable: Vec<bool>,
    pub(super) notes: Vec<bool>,
    pub(super) head: Option<ObjectId>,
    pub(super) above: Above,
    /// The commit that each tip leads to, if it leads to one.
    pub(super) ends: Vec<Option<u32>>,
    /// For each target, `true` if HEAD's tree contains it.
    pub(super) in_head: Vec<bool>,
    /// For each target, `true` if the tree of any tip contains it.
    pub(super) at_tips: Vec<bool>,
    /// The most refs that an exposure names.
    pub(super) most_refs: usize,
    /// The commits in each reflog, by the name of its ref.
    pub(super) reflogs: Vec<(BString, Vec<u32>)>,
    /// For each commit, `true` if HEAD reaches it.
    pub(super) on_head: Vec<bool>,
    /// For each target, the commits at which it was added or removed, at any path.
    pub(super) moves: HashMap<TargetId, Vec<(u32, Move)>>,
    pub(super) remotes: Vec<Remote>,
    /// The allowance that was spent on listing places, and whether it was exceeded.
    pub spent: Allowance,
    pub(super) servers: Servers,
    /// The sign for commits that were fetched, used if no ref is a sign.
    pub(super) fetched: Sign,
    /// The usual addresses; empty unless they were asked for.
    pub(super) usual: Usual,
}

impl<'s> Attribution<'s> {
    /// Prepares to answer, given all commits. [`Attribution::with_tree_index`] adds the content of trees, which is
    /// determined at the same time.
    pub fn new(repository: &Repo, store: &'s Store, refs: &Refs, commits: &Commits) -> Self {
        let local = repository.local();
        let graph = Graph::new(commits, store);
        // Most refs lead to a known commit: such an object isn't a tag, so it need not be read.
        let is_commit = |id: &ObjectId| store.find(id).is_some_and(|number| graph.find(number).is_some());
        let Tips { tips, are_all } = tips(repository, &local, refs, is_commit);
        let from = |filter: &dyn Fn(&str) -> bool| {
            let ends = tips.iter().filter(|tip| filter(&tip.name)).filter_map(Tip::end);
            graph.ancestors(ends.filter_map(|end| graph.find(store.find(&end)?)))
        };
        let mut servers = Servers::of(repository);
        if !are_all {
            servers.doubt = Some(Doubt::UnreadRefs);
        }
        let (fetched, ids) = server::fetched(repository);
        let shown = tips.iter().filter(|tip| servers.sign(&tip.name).is_some()).filter_map(Tip::end);
        let shown = shown.chain(ids.into_iter().filter_map(|id| object::commit_at(&local, id)));
        let published = graph.ancestors(shown.filter_map(|end| graph.find(store.find(&end)?)));
        let web = remote::web(repository).into_iter();
        let web = web.map(|(name, web)| (web, from(&|tip| servers.is_of(tip, &name)))).collect();
        let ends: Vec<Option<u32>> =
            tips.iter().map(|tip| tip.end().and_then(|end| graph.find(store.find(&end)?))).collect();
        Self {
            ends,
            in_head: Vec::new(),
            at_tips: Vec::new(),
            on_head: from(&|name| name == "HEAD"),
            moves: HashMap::new(),
            remotes: remote::all(repository),
            spent: Allowance::default(),
            usual: Usual::default(),
            servers,
            fetched,
            published,
            web,
            reachable: from(&|_| true),
            notes: from(&|name| name.starts_with("refs/notes/")),
            head: repository.head(),
            knows_all_tips: are_all,
            above: Above::default(),
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

    /// Adds the index of trees.
    pub fn with_tree_index(self, tree_index: TreeIndex) -> Self {
        let nodes: Vec<Option<NodeId>> =
            self.graph.records().iter().map(|record| tree_index.node(record.tree?)).collect();
        let at_tips = tree_index.held(nodes_at(&self.tips, &self.ends, &self.graph, &nodes));
        let head = self.head.and_then(|head| nodes[self.commit(&head)? as usize]);
        let in_head = tree_index.held(head);
        Self { above: tree_index.above(), tree_index, nodes, in_head, at_tips, ..self }
    }

    /// Makes exposures name all refs, and adds the content of reflogs.
    pub fn with_reflogs(self, reflogs: Vec<(BString, Vec<ObjectId>)>) -> Self {
        let known = |ids: Vec<ObjectId>| ids.iter().filter_map(|id| self.commit(id)).collect();
        let reflogs = reflogs.into_iter().map(|(name, ids)| (name, known(ids))).collect();
        Self { reflogs, most_refs: usize::MAX, ..self }
    }

    /// Returns the refs and HEADs that reach a commit or contain one of the targets, and the names of the reflogs that
    /// do.
    pub fn holders(&self, commit: Option<ObjectId>, targets: &BTreeSet<Target>) -> (Vec<String>, Vec<BString>) {
        let wanted = self.wanted(targets);
        let found: Vec<u32> = commit.iter().filter_map(|id| self.commit(id)).collect();
        let refs = self.refs_reaching(&found, &wanted);
        let after = self.graph.descendants(found);
        let logged = self.reflogs.iter().filter(|(_, entries)| entries.iter().any(|at| after[*at as usize]));
        (refs, logged.map(|(name, _)| name.clone()).collect())
    }

    /// Determines the usual addresses from commits spread evenly over the history; returns `true` if there are any.
    pub fn learn_people(&mut self) -> bool {
        let order = self.graph.order();
        let asked = order.iter().step_by(order.len().div_ceil(MAX_ASKED).max(1));
        let authors = asked.filter_map(|at| self.read_commit(*at)).map(|commit| commit.author);
        self.usual = Usual::among(authors);
        !self.usual.is_empty()
    }

    /// Returns all arrivals of each target, oldest first.
    pub fn arrivals(&mut self) -> BTreeMap<Target, Vec<Arrival>> {
        let mut out: BTreeMap<Target, Vec<Arrival>> = BTreeMap::new();
        let mut moves: HashMap<TargetId, Vec<(u32, Move)>> = HashMap::new();
        let (mut coming, mut going) = (Allowance::default(), Allowance::default());
        for at in self.graph.order().iter().filter(|at| self.may_differ(**at)) {
            let brought = self.brought_in(*at, &mut coming);
            let removed = self.taken_out(*at, &mut going).into_iter().map(|target| (target, Move::Removed));
            let moved = brought.iter().map(|(_, _, target)| (*target, Move::Added)).chain(removed);
            moved.for_each(|(target, how)| moves.entry(target).or_default().push((*at, how)));
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
        self.spent = coming;
        out
    }

    /// Returns `true` if a commit's tree contains other targets than a parent's: nearly all contain the same.
    pub(super) fn may_differ(&self, at: u32) -> bool {
        let (here, parents) = (self.node_of(at), self.graph.parents(at));
        parents.iter().any(|parent| self.node_of(*parent) != here) || (parents.is_empty() && here.is_some())
    }

    /// Returns the entries that are in a commit's tree and in no parent's.
    pub(super) fn brought_in(&self, at: u32, allowance: &mut Allowance) -> Vec<(BString, Mode, TargetId)> {
        let Some(here) = self.node_of(at) else { return Vec::new() };
        // A merge that equals one parent adds nothing.
        if self.graph.parents(at).iter().any(|parent| self.node_of(*parent) == Some(here)) {
            return Vec::new();
        }
        let before: Vec<NodeId> = self.graph.parents(at).iter().filter_map(|parent| self.node_of(*parent)).collect();
        self.tree_index.beyond(here, &before, allowance)
    }

    /// Returns the entries that are in some parent's tree but not at that path in the commit's tree.
    pub(super) fn taken_out(&self, at: u32, allowance: &mut Allowance) -> Vec<TargetId> {
        let here = self.node_of(at);
        let before: BTreeSet<NodeId> =
            self.graph.parents(at).iter().filter_map(|parent| self.node_of(*parent)).collect();
        let gone = before.into_iter().filter(|node| Some(*node) != here);
        // A target is met in the first place of its folder; its other places make no difference here.
        let beyond = gone.flat_map(|node| self.tree_index.beyond(node, here.as_slice(), allowance));
        beyond.map(|(_, _, target)| target).collect()
    }

    /// Returns the node of a commit's tree.
    pub(super) fn node_of(&self, at: u32) -> Option<NodeId> {
        self.nodes.get(at as usize).copied().flatten()
    }

    /// Returns the position of a commit.
    pub(super) fn commit(&self, id: &ObjectId) -> Option<u32> {
        self.graph.find(self.store.find(id)?)
    }

    pub(super) fn author_time(&self, commit: ObjectId) -> String {
        object::commit_of(&self.local, commit).map(|commit| commit.author_time).unwrap_or_default()
    }

    /// Reads the commit at a position from the store.
    pub(super) fn read_commit(&self, at: u32) -> Option<object::Commit> {
        object::commit_of(&self.local, self.store.id(self.graph.record(at).commit)?).ok()
    }

    pub(super) fn event(&self, at: u32) -> Option<Event> {
        let commit = self.store.id(self.graph.record(at).commit)?.to_string();
        self.read_commit(at).map(|read| Event { commit, time: read.author_time, author: read.author })
    }
}

/// Returns the nodes of the tips' trees, and for a stash also those of its parents, each once.
fn nodes_at(tips: &[Tip], ends: &[Option<u32>], graph: &Graph, nodes: &[Option<NodeId>]) -> BTreeSet<NodeId> {
    let mut commits: BTreeSet<u32> = ends.iter().flatten().copied().collect();
    let stashes = tips.iter().zip(ends).filter(|(tip, _)| tip.name == "refs/stash").filter_map(|(_, end)| *end);
    commits.extend(stashes.flat_map(|stash| graph.parents(stash)));
    commits.into_iter().filter_map(|at| nodes[at as usize]).collect()
}
