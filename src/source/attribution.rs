//! Where a secret lives: which commits brought its blob or name in, under which paths, and how far those commits got.
//!
//! Done only for what has a finding. Trees are read once each, keeping for each what is wanted below it; a commit brings in
//! what its tree holds and no parent's does.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};
use std::rc::Rc;

use bstr::BString;

use super::change::join;
use super::repo::{self, Mode};
use super::{ObjectId, Repo};
use crate::finding::{Exposure, Stage};

/// Refs named in an exposure, at most.
const MAX_REFS: usize = 5;

/// What is remembered of each commit while objects are read.
#[derive(Debug, Clone)]
pub struct CommitRecord {
    /// Its id.
    pub id: ObjectId,
    /// What it says.
    pub commit: repo::Commit,
}

/// What is looked for in trees.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// An entry that names this object.
    Object(ObjectId),
    /// An entry of this name.
    Name(BString),
}

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

/// Targets below a tree: path, kind and which.
type Below = Rc<Vec<(BString, Mode, Target)>>;

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
#[derive(Debug)]
pub struct Attribution<'r> {
    local: repo::Local,
    commits: HashMap<ObjectId, &'r repo::Commit>,
    order: HashMap<ObjectId, usize>,
    children: HashMap<ObjectId, Vec<ObjectId>>,
    tips: Vec<Tip>,
    published: BTreeSet<ObjectId>,
    reachable: BTreeSet<ObjectId>,
    notes: BTreeSet<ObjectId>,
    head: Option<ObjectId>,
    wanted: BTreeSet<Target>,
    memo: HashMap<ObjectId, Below>,
    none: Below,
}

impl<'r> Attribution<'r> {
    /// Prepares to answer for what is `wanted`.
    pub fn new(repository: &Repo, records: &'r [CommitRecord], wanted: BTreeSet<Target>) -> Self {
        let local = repository.local();
        let commits: HashMap<ObjectId, &repo::Commit> = records.iter().map(|r| (r.id, &r.commit)).collect();
        let mut children: HashMap<ObjectId, Vec<ObjectId>> = HashMap::new();
        for record in records {
            for parent in &record.commit.parents {
                children.entry(*parent).or_default().push(record.id);
            }
        }
        let tips = tips(repository, &local);
        let from = |filter: &dyn Fn(&str) -> bool| {
            reach(tips.iter().filter(|tip| filter(&tip.name)).filter_map(Tip::end), &commits)
        };
        Self {
            order: parents_first(&commits, &children),
            published: from(&|name| name.starts_with("refs/remotes/")),
            reachable: from(&|_| true),
            notes: from(&|name| name.starts_with("refs/notes/")),
            head: local.head_id().ok().map(gix::Id::detach),
            memo: HashMap::new(),
            none: Rc::default(),
            local,
            commits,
            children,
            tips,
            wanted,
        }
    }

    /// For each target every way it came in, oldest first.
    pub fn arrivals(&mut self) -> BTreeMap<Target, Vec<Arrival>> {
        let mut ordered: Vec<(usize, ObjectId)> = self.order.iter().map(|(id, order)| (*order, *id)).collect();
        ordered.sort_unstable();
        let mut out: BTreeMap<Target, Vec<Arrival>> = BTreeMap::new();
        for (order, id) in ordered {
            let Some(commit) = self.commits.get(&id).copied() else { continue };
            for (path, mode, target) in self.brought_in(commit) {
                let note = self.notes.contains(&id);
                let author_time = commit.author_time.clone();
                out.entry(target).or_default().push(Arrival { order, commit: id, author_time, path, mode, note });
            }
        }
        out
    }

    /// What a commit's tree holds and no parent's does.
    fn brought_in(&mut self, commit: &repo::Commit) -> Vec<(BString, Mode, Target)> {
        let here = self.below(commit.tree);
        if here.is_empty() {
            return Vec::new();
        }
        let trees: Vec<ObjectId> =
            commit.parents.iter().filter_map(|parent| self.commits.get(parent).map(|c| c.tree)).collect();
        let before: Vec<Below> = trees.into_iter().map(|tree| self.below(tree)).collect();
        if before.iter().any(|parent| **parent == *here) {
            return Vec::new();
        }
        here.iter().filter(|entry| !before.iter().any(|parent| parent.contains(entry))).cloned().collect()
    }

    /// The targets below a tree; each tree is read once.
    fn below(&mut self, tree: ObjectId) -> Below {
        if let Some(known) = self.memo.get(&tree) {
            return Rc::clone(known);
        }
        let mut found = Vec::new();
        let mut folders = Vec::new();
        // A tree that cannot be read was already named as a gap when all objects were read.
        if let Ok((_, data)) = repo::load(&self.local, tree, u64::MAX) {
            let names = self.wanted.iter().any(|target| matches!(target, Target::Name(_)));
            let _ = repo::each_entry(&data, &self.local, |mode, name, id| {
                if mode != Mode::Submodule && self.wanted.contains(&Target::Object(id)) {
                    found.push((name.to_owned(), mode, Target::Object(id)));
                } else if mode == Mode::Tree && self.memo.get(&id).is_none_or(|below| !below.is_empty()) {
                    folders.push((id, name.to_owned()));
                }
                if names && self.wanted.contains(&Target::Name(name.to_owned())) {
                    found.push((name.to_owned(), mode, Target::Name(name.to_owned())));
                }
            });
        }
        for (id, name) in folders {
            for (path, mode, target) in self.below(id).iter() {
                found.push((join(&name, path), *mode, target.clone()));
            }
        }
        let below = if found.is_empty() { Rc::clone(&self.none) } else { Rc::new(found) };
        self.memo.insert(tree, Rc::clone(&below));
        below
    }

    /// Whether a ref reaches the commit.
    pub fn is_reachable(&self, commit: &ObjectId) -> bool {
        self.reachable.contains(commit)
    }

    /// How far a secret got: the commits that brought it in, and what holds it (`targets`).
    pub fn exposure(&mut self, commits: &BTreeSet<ObjectId>, targets: &BTreeSet<Target>) -> Exposure {
        let in_head = self.head.is_some_and(|head| self.commit_holds(head, targets));
        let at_tip = self.at_tip(targets);
        let refs = self.refs_reaching(commits, targets);
        let stage = if commits.iter().any(|commit| self.published.contains(commit)) {
            Stage::Published
        } else if refs.is_empty() {
            Stage::Unreachable
        } else if at_tip || targets.is_empty() {
            Stage::LocalOnly
        } else {
            Stage::HistoryOnly
        };
        let first = commits.iter().filter_map(|id| Some((self.order.get(id)?, *id, *self.commits.get(id)?)));
        let first = first.min_by_key(|(order, ..)| **order);
        Exposure {
            stage,
            in_head,
            ref_count: refs.len(),
            refs: refs.into_iter().take(MAX_REFS).collect(),
            commits: commits.len(),
            first_is_root: first.as_ref().is_some_and(|(_, _, commit)| commit.parents.is_empty()),
            first_commit: first.as_ref().map(|(_, id, _)| id.to_string()),
            first_seen: first.map(|(_, _, commit)| commit.author_time.clone()),
        }
    }

    /// How far the message of a tag got.
    pub fn tag_exposure(&self, tag: ObjectId) -> Exposure {
        let refs: Vec<String> =
            self.tips.iter().filter(|tip| tip.chain.contains(&tag)).map(|tip| tip.name.clone()).collect();
        let stage = if refs.is_empty() { Stage::Unreachable } else { Stage::LocalOnly };
        Exposure {
            stage,
            ref_count: refs.len(),
            refs: refs.into_iter().take(MAX_REFS).collect(),
            ..Exposure::default()
        }
    }

    /// Whether a tip's own tree holds a target; a stash holds what its parents do, too.
    fn at_tip(&mut self, targets: &BTreeSet<Target>) -> bool {
        let mut ends: Vec<ObjectId> = Vec::new();
        for tip in &self.tips {
            let end = tip.end();
            ends.extend(end);
            if tip.name == "refs/stash" {
                let parents = end.and_then(|end| self.commits.get(&end)).map(|commit| commit.parents.clone());
                ends.extend(parents.unwrap_or_default());
            }
        }
        ends.into_iter().any(|end| self.commit_holds(end, targets) || self.is_held_directly(end, targets))
    }

    fn commit_holds(&mut self, commit: ObjectId, targets: &BTreeSet<Target>) -> bool {
        let Some(tree) = self.commits.get(&commit).map(|commit| commit.tree) else { return false };
        self.below(tree).iter().any(|(_, _, target)| targets.contains(target))
    }

    /// A ref may lead to a blob or a tree.
    fn is_held_directly(&mut self, end: ObjectId, targets: &BTreeSet<Target>) -> bool {
        if self.commits.contains_key(&end) {
            return false;
        }
        targets.contains(&Target::Object(end)) || self.below(end).iter().any(|(_, _, target)| targets.contains(target))
    }

    /// Names of the refs from which one of the commits, or a target itself, can be reached.
    fn refs_reaching(&mut self, commits: &BTreeSet<ObjectId>, targets: &BTreeSet<Target>) -> Vec<String> {
        let mut seen = commits.clone();
        let mut stack: Vec<ObjectId> = commits.iter().copied().collect();
        while let Some(id) = stack.pop() {
            for child in self.children.get(&id).into_iter().flatten() {
                if seen.insert(*child) {
                    stack.push(*child);
                }
            }
        }
        let mut names = Vec::new();
        for tip in self.tips.clone() {
            let reaches = tip.end().is_some_and(|end| seen.contains(&end) || self.is_held_directly(end, targets));
            if reaches {
                names.push(tip.name);
            }
        }
        names
    }
}

/// Each commit's position: parents before children, then older before newer.
fn parents_first(
    commits: &HashMap<ObjectId, &repo::Commit>,
    children: &HashMap<ObjectId, Vec<ObjectId>>,
) -> HashMap<ObjectId, usize> {
    let known = |commit: &repo::Commit| commit.parents.iter().filter(|parent| commits.contains_key(*parent)).count();
    let mut waiting: HashMap<ObjectId, usize> = commits.iter().map(|(id, commit)| (*id, known(commit))).collect();
    let ready = commits.iter().filter(|(id, _)| waiting.get(*id) == Some(&0));
    let mut heap: BinaryHeap<Reverse<(i64, ObjectId)>> =
        ready.map(|(id, commit)| Reverse((commit.committed, *id))).collect();
    let mut order = HashMap::with_capacity(commits.len());
    while let Some(Reverse((_, id))) = heap.pop() {
        order.insert(id, order.len());
        for child in children.get(&id).into_iter().flatten() {
            if let (Some(left), Some(commit)) = (waiting.get_mut(child), commits.get(child)) {
                *left = left.saturating_sub(1);
                if *left == 0 {
                    heap.push(Reverse((commit.committed, *child)));
                }
            }
        }
    }
    order
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

fn reach(from: impl Iterator<Item = ObjectId>, commits: &HashMap<ObjectId, &repo::Commit>) -> BTreeSet<ObjectId> {
    let mut seen: BTreeSet<ObjectId> = BTreeSet::new();
    let mut stack: Vec<ObjectId> = from.filter(|id| commits.contains_key(id)).collect();
    while let Some(id) = stack.pop() {
        if seen.insert(id) {
            stack.extend(commits.get(&id).into_iter().flat_map(|commit| commit.parents.iter().copied()));
        }
    }
    seen
}
