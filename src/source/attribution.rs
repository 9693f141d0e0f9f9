//! Where a secret lives: which commits brought its blob or name in, under which paths, and how far those commits got.
//!
//! Done only for what has a finding. A commit brings in what its tree holds and no parent's does.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bstr::BString;

use super::graph::{Commits, Graph};
use super::holding::{Holding, NodeId, Target, TargetId};
use super::repo::{self, Mode};
use super::store::Store;
use super::{ObjectId, Repo};
use crate::finding::{Exposure, Stage};

/// Refs named in an exposure, at most.
const MAX_REFS: usize = 5;

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

/// A ref, and every object on the way from it: tags, then a commit, tree or blob.
#[derive(Debug, Clone)]
struct Tip {
    name: String,
    chain: Vec<ObjectId>,
}

impl Tip {
    fn end(&self) -> Option<ObjectId> {
        self.chain.last().copied()
    }
}

/// Answers questions about commits, trees and refs of one repository.
pub struct Attribution<'s> {
    local: repo::Local,
    store: &'s Store,
    graph: Graph,
    holding: Holding,
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
}

impl<'s> Attribution<'s> {
    /// Prepares to answer, given all commits and what trees hold.
    pub fn new(repository: &Repo, store: &'s Store, commits: Commits, holding: Holding) -> Self {
        let local = repository.local();
        let graph = Graph::new(commits, store);
        let tips = tips(repository, &local);
        let from = |filter: &dyn Fn(&str) -> bool| {
            let ends = tips.iter().filter(|tip| filter(&tip.name)).filter_map(Tip::end);
            graph.ancestors(ends.filter_map(|end| graph.find(store.find(&end)?)))
        };
        let ends: Vec<Option<u32>> =
            tips.iter().map(|tip| tip.end().and_then(|end| graph.find(store.find(&end)?))).collect();
        let at_tips = nodes_at(&tips, &ends, &graph, &holding);
        Self {
            ends,
            at_tips,
            published: from(&|name| name.starts_with("refs/remotes/")),
            reachable: from(&|_| true),
            notes: from(&|name| name.starts_with("refs/notes/")),
            head: local.head_id().ok().map(gix::Id::detach),
            below: HashMap::new(),
            most_refs: MAX_REFS,
            reflogs: Vec::new(),
            local,
            store,
            graph,
            holding,
            tips,
        }
    }

    /// The same, but names all refs in an exposure and knows what is in reflogs.
    pub fn with_reflogs(self, reflogs: Vec<(BString, Vec<ObjectId>)>) -> Self {
        let known = |ids: Vec<ObjectId>| ids.iter().filter_map(|id| self.commit(id)).collect();
        let reflogs = reflogs.into_iter().map(|(name, ids)| (name, known(ids))).collect();
        Self { reflogs, most_refs: usize::MAX, ..self }
    }

    /// The refs and HEADs that reach a commit or hold one of the targets, and the names of the reflogs that do.
    pub fn holders(&mut self, commit: Option<ObjectId>, targets: &BTreeSet<Target>) -> (Vec<String>, Vec<BString>) {
        let ids: BTreeSet<TargetId> = targets.iter().filter_map(|target| self.holding.target_id(target)).collect();
        let found: Vec<u32> = commit.iter().filter_map(|id| self.commit(id)).collect();
        let refs = self.refs_reaching(&found, &ids);
        let after = self.graph.descendants(found);
        let logged = self.reflogs.iter().filter(|(_, entries)| entries.iter().any(|at| after[*at as usize]));
        (refs, logged.map(|(name, _)| name.clone()).collect())
    }

    /// For each target every way it came in, oldest first.
    pub fn arrivals(&self) -> BTreeMap<Target, Vec<Arrival>> {
        let mut out: BTreeMap<Target, Vec<Arrival>> = BTreeMap::new();
        for at in self.graph.order() {
            let brought = self.brought_in(*at);
            if brought.is_empty() {
                continue;
            }
            let Some(commit) = self.store.id(self.graph.record(*at).commit) else { continue };
            let author_time = self.author_time(commit);
            for (path, mode, target) in brought {
                let (order, note) = (self.graph.rank(*at), self.notes[*at as usize]);
                let arrival = Arrival { order, commit, author_time: author_time.clone(), path, mode, note };
                out.entry(self.holding.target(target).clone()).or_default().push(arrival);
            }
        }
        out
    }

    /// What a commit's tree holds and no parent's does.
    fn brought_in(&self, at: u32) -> Vec<(BString, Mode, TargetId)> {
        let Some(here) = self.node_of(at) else { return Vec::new() };
        // Nearly all commits hold what a parent does.
        if self.graph.parents(at).iter().any(|parent| self.node_of(*parent) == Some(here)) {
            return Vec::new();
        }
        let before: Vec<NodeId> = self.graph.parents(at).iter().filter_map(|parent| self.node_of(*parent)).collect();
        self.holding.beyond(here, &before)
    }

    /// What a commit's tree holds.
    fn node_of(&self, at: u32) -> Option<NodeId> {
        self.holding.node(self.graph.record(at).tree?)
    }

    /// The position of a commit.
    fn commit(&self, id: &ObjectId) -> Option<u32> {
        self.graph.find(self.store.find(id)?)
    }

    fn author_time(&self, commit: ObjectId) -> String {
        repo::commit_of(&self.local, commit).map(|commit| commit.author_time).unwrap_or_default()
    }

    /// Whether a ref reaches the commit.
    pub fn is_reachable(&self, commit: &ObjectId) -> bool {
        self.commit(commit).is_some_and(|at| self.reachable[at as usize])
    }

    /// How far a secret got: the commits that brought it in, and what holds it (`targets`).
    pub fn exposure(&mut self, commits: &BTreeSet<ObjectId>, targets: &BTreeSet<Target>) -> Exposure {
        let ids: BTreeSet<TargetId> = targets.iter().filter_map(|target| self.holding.target_id(target)).collect();
        let in_head = self.head.is_some_and(|head| self.holds(head, &ids));
        let at_tip = self.at_tip(&ids);
        let found: Vec<u32> = commits.iter().filter_map(|id| self.commit(id)).collect();
        let refs = self.refs_reaching(&found, &ids);
        let stage = if found.iter().any(|at| self.published[*at as usize]) {
            Stage::Published
        } else if refs.is_empty() {
            Stage::Unreachable
        } else if at_tip || targets.is_empty() {
            Stage::LocalOnly
        } else {
            Stage::HistoryOnly
        };
        let first = found.iter().min_by_key(|at| self.graph.rank(**at)).map(|at| self.graph.record(*at));
        let first_id = first.and_then(|first| self.store.id(first.commit));
        Exposure {
            stage,
            in_head,
            ref_count: refs.len(),
            refs: refs.into_iter().take(self.most_refs).collect(),
            commits: commits.len(),
            first_is_root: first.is_some_and(|commit| commit.is_root),
            first_commit: first_id.map(|id| id.to_string()),
            first_seen: first_id.map(|id| self.author_time(id)),
        }
    }

    /// The refs that lead to a tag.
    pub fn tag_refs(&self, tag: ObjectId) -> Vec<String> {
        self.tips.iter().filter(|tip| tip.chain.contains(&tag)).map(|tip| tip.name.clone()).collect()
    }

    /// How far the message of a tag got.
    pub fn tag_exposure(&self, tag: ObjectId) -> Exposure {
        let refs = self.tag_refs(tag);
        let stage = if refs.is_empty() { Stage::Unreachable } else { Stage::LocalOnly };
        Exposure {
            stage,
            ref_count: refs.len(),
            refs: refs.into_iter().take(self.most_refs).collect(),
            ..Exposure::default()
        }
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
        let below = self.below.entry(node).or_insert_with(|| self.holding.targets_below(node));
        !below.is_disjoint(targets)
    }

    /// Whether a commit's tree, or the tree or blob itself that a ref leads to, holds one of the targets.
    fn holds(&mut self, end: ObjectId, targets: &BTreeSet<TargetId>) -> bool {
        let commit = self.commit(&end);
        let itself = || self.holding.target_id(&Target::Object(end)).is_some_and(|id| targets.contains(&id));
        if commit.is_none() && itself() {
            return true;
        }
        let tree = match commit {
            Some(at) => self.graph.record(at).tree,
            None => self.store.find(&end),
        };
        let Some(node) = tree.and_then(|tree| self.holding.node(tree)) else { return false };
        self.node_holds(node, targets)
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
fn nodes_at(tips: &[Tip], ends: &[Option<u32>], graph: &Graph, holding: &Holding) -> BTreeSet<NodeId> {
    let mut commits: BTreeSet<u32> = ends.iter().flatten().copied().collect();
    let stashes = tips.iter().zip(ends).filter(|(tip, _)| tip.name == "refs/stash").filter_map(|(_, end)| *end);
    commits.extend(stashes.flat_map(|stash| graph.parents(stash)));
    commits.into_iter().filter_map(|at| holding.node(graph.record(at).tree?)).collect()
}

/// All refs and the HEADs of all work trees, with the objects they lead to, by name.
fn tips(repository: &Repo, local: &repo::Local) -> Vec<Tip> {
    let mut tips: Vec<Tip> = Vec::new();
    let mut add = |name: String, id: Option<ObjectId>| {
        tips.extend(id.map(|id| Tip { name, chain: chain(local, id) }));
    };
    add("HEAD".to_owned(), local.head_id().ok().map(gix::Id::detach));
    for (name, head) in repository.other_heads() {
        add(name, Some(head));
    }
    if let Ok(platform) = local.references()
        && let Ok(all) = platform.all()
    {
        for mut reference in all.flatten() {
            let name = reference.name().as_bstr().to_string();
            let direct = reference.target().try_id().map(ToOwned::to_owned);
            add(name, direct.or_else(|| reference.peel_to_id().ok().map(gix::Id::detach)));
        }
    }
    tips.sort_by(|a, b| a.name.cmp(&b.name));
    tips
}

/// An object, and what it leads to if it is a tag.
fn chain(local: &repo::Local, id: ObjectId) -> Vec<ObjectId> {
    const LONGEST: usize = 16;
    let mut chain = vec![id];
    let mut at = id;
    while chain.len() < LONGEST {
        match repo::load(local, at, u64::MAX) {
            Ok((repo::Kind::Tag, data)) => match repo::tag_target(&data, local) {
                Some(target) => {
                    chain.push(target);
                    at = target;
                }
                None => break,
            },
            _ => break,
        }
    }
    chain
}
