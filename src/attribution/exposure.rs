//! The exposure of a secret: the refs that reach it, the time during which it was there, and the authors who added it.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use bstr::BString;

use super::tree_index::{NodeId, Target, TargetId};
use crate::finding::{Exposure, RefKinds, Sign, SignKind, Stage, WebRepository};
use crate::git::{ObjectId, remote};

use super::commits::{Attribution, MAX_REFS, Move};

/// The most outside authors that are named.
const MAX_OUTSIDE: usize = 5;

/// The targets of a question, and the nodes that contain one of them.
pub(super) struct Wanted {
    targets: BTreeSet<TargetId>,
    /// For each node, `true` if it contains a target; computed on first use.
    nodes: OnceCell<Vec<bool>>,
}

/// The history of a secret after it was added.
#[derive(Debug, Default)]
struct Life {
    held_in: usize,
    last: Option<u32>,
    removed: Option<u32>,
    tips: Vec<String>,
}

impl Wanted {
    fn is_among(&self, held: &[bool]) -> bool {
        self.targets.iter().any(|target| held.get(*target as usize) == Some(&true))
    }
}

impl Attribution<'_> {
    /// Returns `true` if a ref reaches the commit.
    pub fn is_reachable(&self, commit: &ObjectId) -> bool {
        self.commit(commit).is_some_and(|at| self.reachable[at as usize])
    }

    /// Returns the first repository on a host with web pages that is known to have the commit.
    pub fn web(&self, commit: &ObjectId) -> Option<Arc<WebRepository>> {
        let at = self.commit(commit)? as usize;
        self.web.iter().find(|(_, has)| has[at]).map(|(web, _)| Arc::clone(web))
    }

    /// Returns how far a secret got, given the commits that added it, and the `targets` that contain it.
    pub fn exposure(&self, commits: &BTreeSet<ObjectId>, targets: &BTreeSet<Target>) -> Exposure {
        let wanted = self.wanted(targets);
        let in_head = wanted.is_among(&self.in_head);
        let at_tip = self.at_tip(&wanted);
        let found: Vec<u32> = commits.iter().filter_map(|id| self.commit(id)).collect();
        let refs = self.refs_reaching(&found, &wanted);
        let life = self.life(&found, &wanted);
        let is_fetched = found.iter().any(|at| self.published[*at as usize]);
        let sign = self.sign(&refs).or_else(|| is_fetched.then(|| self.fetched.clone()));
        let stage = if sign.is_some() {
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
            in_head: Some(in_head),
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
            sign,
            ..self.reached(refs)
        }
    }

    /// Returns the sign that an object reachable from these refs was on a server.
    pub fn sign(&self, refs: &[String]) -> Option<Sign> {
        refs.iter().find_map(|name| self.servers.sign(name))
    }

    /// Returns `true` if a ref is a copy of a server's ref, other than a branch or tag.
    pub fn is_server_ref(&self, name: &str) -> bool {
        let is_history = ["refs/heads/", "refs/tags/"].iter().any(|start| name.starts_with(start));
        let sign = self.servers.sign(name).filter(|_| !is_history);
        sign.is_some_and(|sign| matches!(sign.kind, SignKind::Served | SignKind::Mirrored))
    }

    /// Returns the exposure with the stage reduced to what is certain: if too little is known about servers, the stage
    /// is left open and the doubt is given.
    pub fn as_known(&self, exposure: Exposure) -> Exposure {
        let stage = self.servers.doubt.map_or(exposure.stage, |doubt| doubt.cast_on(exposure.stage));
        let sign = exposure.sign.filter(|_| stage == Stage::Published);
        let doubt = self.servers.doubt.filter(|_| stage == Stage::Unknown);
        Exposure { stage, sign, doubt, ..exposure }
    }

    /// Returns these targets, without those that no tree contains.
    pub(super) fn wanted(&self, targets: &BTreeSet<Target>) -> Wanted {
        let targets = targets.iter().filter_map(|target| self.tree_index.target_id(target)).collect();
        Wanted { targets, nodes: OnceCell::new() }
    }

    /// Returns the exposure that follows from the refs that reach an object.
    fn reached(&self, refs: Vec<String>) -> Exposure {
        let mut kinds = RefKinds::default();
        refs.iter().for_each(|name| kinds.count(name));
        Exposure {
            kinds,
            remotes: remote::behind(&self.remotes, refs.iter().filter_map(|name| self.servers.sign(name)?.remote)),
            ref_count: refs.len(),
            refs: refs.into_iter().take(self.most_refs).collect(),
            ..Exposure::default()
        }
    }

    /// Returns the authors of the commits whose addresses aren't usual, each once.
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

    /// Follows the content that the commits `found` added: a commit at which none of the targets was added or removed
    /// contains one if a parent does.
    fn life(&self, found: &[u32], wanted: &Wanted) -> Life {
        let mut asked = vec![None; self.graph.order().len()];
        for (at, how) in wanted.targets.iter().filter_map(|target| self.moves.get(target)).flatten() {
            if asked[*at as usize] != Some(Move::Added) {
                asked[*at as usize] = Some(*how);
            }
        }
        let mut holds = vec![false; asked.len()];
        let mut life = Life::default();
        let start = found.iter().map(|at| self.graph.rank(*at)).min().unwrap_or(asked.len());
        for rank in start..asked.len() {
            let at = self.graph.order()[rank];
            let is_after = self.graph.parents(at).iter().any(|parent| holds[*parent as usize]);
            let is_held = match asked[at as usize] {
                Some(Move::Added) => true,
                Some(Move::Removed) => self.node_of(at).is_some_and(|node| self.node_holds(node, wanted)),
                None => is_after,
            };
            holds[at as usize] = is_held;
            if is_after && !is_held && self.on_head[at as usize] {
                life.removed = Some(at);
            }
        }
        life.tips = self.tips_holding(&holds);
        // A message keeps the secret permanently, even if no tree contains it.
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

    /// Returns the refs that lead directly to one of the commits.
    fn tips_holding(&self, holds: &[bool]) -> Vec<String> {
        let ends = self.tips.iter().zip(&self.ends);
        let held = ends.filter(|(_, end)| end.is_some_and(|at| holds[at as usize]));
        held.map(|(tip, _)| tip.name.clone()).take(MAX_REFS).collect()
    }

    /// Returns the refs that lead to a tag.
    pub fn tag_refs(&self, tag: ObjectId) -> Vec<String> {
        self.tips.iter().filter(|tip| tip.chain.contains(&tag)).map(|tip| tip.name.clone()).collect()
    }

    /// Returns how far the message of a tag got.
    pub fn tag_exposure(&self, tag: ObjectId) -> Exposure {
        let refs = self.tag_refs(tag);
        let sign = self.sign(&refs);
        let stage = match &sign {
            Some(_) => Stage::Published,
            None if refs.is_empty() => Stage::Unreachable,
            None => Stage::LocalOnly,
        };
        Exposure { stage, sign, ..self.reached(refs) }
    }

    /// Returns `true` if a tip's own tree contains a target; a stash also contains what its parents do.
    fn at_tip(&self, wanted: &Wanted) -> bool {
        let mut others = self.tips.iter().zip(&self.ends).filter(|(_, commit)| commit.is_none());
        wanted.is_among(&self.at_tips) || others.any(|(tip, _)| tip.end().is_some_and(|end| self.holds(end, wanted)))
    }

    fn node_holds(&self, node: NodeId, wanted: &Wanted) -> bool {
        wanted.nodes.get_or_init(|| self.above.holders(&wanted.targets))[node as usize]
    }

    /// Returns `true` if a target is in a commit's tree, or in the tree, or is the blob, that a ref leads to.
    fn holds(&self, end: ObjectId, wanted: &Wanted) -> bool {
        let commit = self.commit(&end);
        let itself = || self.tree_index.target_id(&Target::Object(end)).is_some_and(|id| wanted.targets.contains(&id));
        if commit.is_none() && itself() {
            return true;
        }
        let node = match commit {
            Some(at) => self.node_of(at),
            None => self.store.find(&end).and_then(|tree| self.tree_index.node(tree)),
        };
        node.is_some_and(|node| self.node_holds(node, wanted))
    }

    /// Returns the names of the refs from which one of the commits, or a target itself, can be reached.
    pub(super) fn refs_reaching(&self, commits: &[u32], wanted: &Wanted) -> Vec<String> {
        let after = self.graph.descendants(commits.iter().copied());
        let mut names = Vec::new();
        for tip in 0..self.tips.len() {
            let reaches = match (self.ends[tip], self.tips[tip].end()) {
                (Some(commit), _) => after[commit as usize],
                (None, Some(end)) => self.holds(end, wanted),
                (None, None) => false,
            };
            if reaches {
                names.push(self.tips[tip].name.clone());
            }
        }
        names
    }
}
