//! The commits of a repository with what each of them brought in and took out.

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

/// Refs named in an exposure, at most.
pub(super) const MAX_REFS: usize = 20;
/// Commits whose authors are asked for what is usual, at most.
const MAX_ASKED: usize = 4096;

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
    /// The mode: a file or a link.
    pub mode: Mode,
    /// `true` if the commit belongs to notes.
    pub note: bool,
}

/// The change that a commit made to a target at some path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Move {
    /// Its tree holds it there.
    Came,
    /// Its tree no longer holds it there, but may at another path.
    Went,
}

/// Answers questions about commits, trees and refs of one repository.
pub struct Attribution<'s> {
    pub(super) local: repo::Local,
    pub(super) store: &'s Store,
    pub(super) graph: Graph,
    pub(super) tree_index: TreeIndex,
    /// The node of the tree of each commit.
    pub(super) nodes: Vec<Option<NodeId>>,
    pub(super) tips: Vec<Tip>,
    /// `true` if these are all refs there are, so that what none of them reaches is reached by none.
    pub knows_all_tips: bool,
    pub(super) published: Vec<bool>,
    /// Repositories on hosts with pages, and which commits each is known to have.
    pub(super) web: Vec<(Arc<WebRepository>, Vec<bool>)>,
    pub(super) reachable: Vec<bool>,
    pub(super) notes: Vec<bool>,
    pub(super) head: Option<ObjectId>,
    pub(super) above: Above,
    /// The commit that each tip leads to, if it is one.
    pub(super) ends: Vec<Option<u32>>,
    /// For each target whether the tree of HEAD holds it.
    pub(super) in_head: Vec<bool>,
    /// For each target whether the tree of any tip holds it.
    pub(super) at_tips: Vec<bool>,
    /// Refs named in an exposure, at most.
    pub(super) most_refs: usize,
    /// The commits in each reflog, by the name of its ref.
    pub(super) reflogs: Vec<(BString, Vec<u32>)>,
    /// The commits that HEAD reaches, as flags.
    pub(super) on_head: Vec<bool>,
    /// For each target the commits at which it came or went, at any path.
    pub(super) moves: HashMap<TargetId, Vec<(u32, Move)>>,
    pub(super) remotes: Vec<Remote>,
    /// The allowance spent on naming places, and whether it was enough.
    pub spent: Allowance,
    pub(super) servers: Servers,
    /// The sign that something was fetched, where no ref is one.
    pub(super) fetched: Sign,
    /// Whose addresses are usual; nobody's if that was not asked for.
    pub(super) usual: Usual,
}

impl<'s> Attribution<'s> {
    /// Prepares to answer, given all commits. [`Attribution::with_tree_index`] adds what trees hold: that is worked out at the
    /// same time.
    pub fn new(repository: &Repo, store: &'s Store, refs: &Refs, commits: &Commits) -> Self {
        let local = repository.local();
        let graph = Graph::new(commits, store);
        // Most refs lead to a commit that is known: it is no tag, so nothing of it needs to be read.
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

    /// The same, knowing what trees hold.
    pub fn with_tree_index(self, tree_index: TreeIndex) -> Self {
        let nodes: Vec<Option<NodeId>> =
            self.graph.records().iter().map(|record| tree_index.node(record.tree?)).collect();
        let at_tips = tree_index.held(nodes_at(&self.tips, &self.ends, &self.graph, &nodes));
        let head = self.head.and_then(|head| nodes[self.commit(&head)? as usize]);
        let in_head = tree_index.held(head);
        Self { above: tree_index.above(), tree_index, nodes, in_head, at_tips, ..self }
    }

    /// The same, but names all refs in an exposure and knows what is in reflogs.
    pub fn with_reflogs(self, reflogs: Vec<(BString, Vec<ObjectId>)>) -> Self {
        let known = |ids: Vec<ObjectId>| ids.iter().filter_map(|id| self.commit(id)).collect();
        let reflogs = reflogs.into_iter().map(|(name, ids)| (name, known(ids))).collect();
        Self { reflogs, most_refs: usize::MAX, ..self }
    }

    /// The refs and HEADs that reach a commit or hold one of the targets, and the names of the reflogs that do.
    pub fn holders(&self, commit: Option<ObjectId>, targets: &BTreeSet<Target>) -> (Vec<String>, Vec<BString>) {
        let wanted = self.wanted(targets);
        let found: Vec<u32> = commit.iter().filter_map(|id| self.commit(id)).collect();
        let refs = self.refs_reaching(&found, &wanted);
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
        let mut moves: HashMap<TargetId, Vec<(u32, Move)>> = HashMap::new();
        let (mut coming, mut going) = (Allowance::default(), Allowance::default());
        for at in self.graph.order().iter().filter(|at| self.may_differ(**at)) {
            let brought = self.brought_in(*at, &mut coming);
            let went = self.taken_out(*at, &mut going).into_iter().map(|target| (target, Move::Went));
            let moved = brought.iter().map(|(_, _, target)| (*target, Move::Came)).chain(went);
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

    /// `true` if a commit's tree holds something else than a parent's: nearly all hold the same.
    pub(super) fn may_differ(&self, at: u32) -> bool {
        let (here, parents) = (self.node_of(at), self.graph.parents(at));
        parents.iter().any(|parent| self.node_of(*parent) != here) || (parents.is_empty() && here.is_some())
    }

    /// Returns the entries in a commit's tree and in no parent's.
    pub(super) fn brought_in(&self, at: u32, allowance: &mut Allowance) -> Vec<(BString, Mode, TargetId)> {
        let Some(here) = self.node_of(at) else { return Vec::new() };
        // A merge holds what a parent does.
        if self.graph.parents(at).iter().any(|parent| self.node_of(*parent) == Some(here)) {
            return Vec::new();
        }
        let before: Vec<NodeId> = self.graph.parents(at).iter().filter_map(|parent| self.node_of(*parent)).collect();
        self.tree_index.beyond(here, &before, allowance)
    }

    /// Returns the entries in some parent's tree that a commit's does not have at that path.
    pub(super) fn taken_out(&self, at: u32, allowance: &mut Allowance) -> Vec<TargetId> {
        let here = self.node_of(at);
        let before: BTreeSet<NodeId> =
            self.graph.parents(at).iter().filter_map(|parent| self.node_of(*parent)).collect();
        let gone = before.into_iter().filter(|node| Some(*node) != here);
        // A target is met where its folder stands first; where else it stood makes no difference here.
        let beyond = gone.flat_map(|node| self.tree_index.beyond(node, here.as_slice(), allowance));
        beyond.map(|(_, _, target)| target).collect()
    }

    /// Returns the node of a commit's tree.
    pub(super) fn node_of(&self, at: u32) -> Option<NodeId> {
        self.nodes.get(at as usize).copied().flatten()
    }

    /// The position of a commit.
    pub(super) fn commit(&self, id: &ObjectId) -> Option<u32> {
        self.graph.find(self.store.find(id)?)
    }

    pub(super) fn author_time(&self, commit: ObjectId) -> String {
        object::commit_of(&self.local, commit).map(|commit| commit.author_time).unwrap_or_default()
    }

    /// The commit at a position, read from the store.
    pub(super) fn read_commit(&self, at: u32) -> Option<object::Commit> {
        object::commit_of(&self.local, self.store.id(self.graph.record(at).commit)?).ok()
    }

    pub(super) fn event(&self, at: u32) -> Option<Event> {
        let commit = self.store.id(self.graph.record(at).commit)?.to_string();
        self.read_commit(at).map(|read| Event { commit, time: read.author_time, author: read.author })
    }
}

/// Returns the nodes of the trees of the tips, and for a stash those of its parents, each once.
fn nodes_at(tips: &[Tip], ends: &[Option<u32>], graph: &Graph, nodes: &[Option<NodeId>]) -> BTreeSet<NodeId> {
    let mut commits: BTreeSet<u32> = ends.iter().flatten().copied().collect();
    let stashes = tips.iter().zip(ends).filter(|(tip, _)| tip.name == "refs/stash").filter_map(|(_, end)| *end);
    commits.extend(stashes.flat_map(|stash| graph.parents(stash)));
    commits.into_iter().filter_map(|at| nodes[at as usize]).collect()
}
