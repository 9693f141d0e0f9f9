//! The commits of a code host's event, found in the clone that its job works on.
//!
//! Such a clone often lacks the commits that the event names: it is shallow, or after a forced push nothing leads to
//! the earlier commit any more. If nothing separates old from new, everything that the head contains counts as new; if
//! the clone is shallow as well, only a gap is reported.

use bstr::BString;

use super::{Listing, push, range};
use crate::finding::{Gap, GapKind};
use crate::git::object::{self, Unread};
use crate::git::repo::{self, Local};
use crate::git::{ObjectId, Repo, SourceError};

/// The data of an event. Only ids are taken from it, and the name of a branch to compare refs with: everything else may
/// come from an untrusted source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The scope of the event, described in our own words.
    pub asked: &'static str,
    /// The new commit, or a tag that leads to one. `None` if nothing is added.
    pub head: Option<ObjectId>,
    /// Commits whose history is not new.
    pub bases: Vec<ObjectId>,
    /// The merge of the head into its base, made by the host for testing.
    pub merge: Option<ObjectId>,
    /// A branch whose commits are not new.
    pub trunk: Option<Trunk>,
}

/// A branch that the incoming commits are compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trunk {
    /// The default branch.
    Default(BString),
    /// The branch that a request targets.
    Target(BString),
}

impl Trunk {
    fn name(&self) -> &BString {
        match self {
            Self::Default(name) | Self::Target(name) => name,
        }
    }

    fn words(&self) -> &'static str {
        match self {
            Self::Default(_) => "the default branch",
            Self::Target(_) => "the branch it goes to",
        }
    }
}

/// The part of an event that is in the clone.
#[derive(Debug)]
pub struct Found {
    /// The items to scan.
    pub listing: Listing,
    /// The new commit, if this clone has it.
    pub head: Option<ObjectId>,
    /// Commits that existed before the event.
    pub bases: Vec<ObjectId>,
    /// The scope, described in words.
    pub subject: String,
}

/// Lists the items that an event is about.
///
/// # Errors
/// Fails if the walk of the commits can't start.
pub fn list(repository: &Repo, event: &Event) -> Result<Found, SourceError> {
    let local = repository.local();
    let mut found = Found { listing: Listing::default(), head: None, bases: Vec::new(), subject: String::new() };
    let Some(stated) = event.head else {
        found.subject = format!("{} (nothing: it deletes a ref)", event.asked);
        return Ok(found);
    };
    let name = BString::from(stated.to_string());
    let head = match push::tip(&local, &name, Some(stated), &mut found.listing) {
        Ok(head) => head,
        Err(unread) => {
            found.listing.gaps.push(absent(&local, stated, unread));
            // The merge must be of another head, or this head would be in the clone: it is worth scanning, but the gap
            // remains.
            test_merge(event).filter(|merge| merged(&local, *merge).is_some())
        }
    };
    found.head = head;
    found.bases = bases(repository, &local, event, head);
    found.subject = format!("{} ({})", event.asked, extent(event, stated, &found.bases));
    if found.bases.is_empty() && is_shallow(&local) {
        found.listing.gaps.extend(head.map(|head| cut_off(head, event)));
    } else if let (Some(Trunk::Target(target)), true) = (&event.trunk, found.bases.is_empty()) {
        found.listing.gaps.push(untracked(target, stated));
    } else if let Some(head) = head {
        range::add(&local, &[head], &found.bases, &mut found.listing)?;
    }
    Ok(found)
}

/// Returns the commits in this clone whose history isn't new.
fn bases(repository: &Repo, local: &Local, event: &Event, head: Option<ObjectId>) -> Vec<ObjectId> {
    let stated = event.bases.iter().filter_map(|base| object::commit_at(local, *base));
    let trunk = event.trunk.iter().filter_map(|trunk| tracked(repository, local, trunk.name()));
    let mut all: Vec<ObjectId> = stated.chain(trunk).collect();
    // The base in the event can be older than the base that the head was merged into.
    if let Some(merge) = test_merge(event)
        && let Some((base, other)) = merged(local, merge)
        && (Some(other) == head || Some(merge) == head)
    {
        all.push(base);
    }
    all
}

/// Returns the merge that the host has made. Some hosts test the head itself; if that is a merge, somebody else made
/// it.
fn test_merge(event: &Event) -> Option<ObjectId> {
    event.merge.filter(|merge| Some(*merge) != event.head)
}

/// Returns the first parent of a merge, which has to be in the clone, and the second.
fn merged(local: &Local, merge: ObjectId) -> Option<(ObjectId, ObjectId)> {
    let [base, other] = object::commit_of(local, merge).ok()?.parents[..] else { return None };
    object::commit_at(local, base).map(|base| (base, other))
}

/// Returns the commit that the branch with this name led to on the server at the last fetch. CI jobs call the server
/// `origin`.
fn tracked(repository: &Repo, local: &Local, branch: &BString) -> Option<ObjectId> {
    let wanted = [b"refs/remotes/origin/", branch.as_slice()].concat();
    let (_, id) = repository.refs().into_iter().find(|(name, _)| *name == wanted)?;
    object::commit_at(local, id)
}

fn is_shallow(local: &Local) -> bool {
    local.is_shallow().unwrap_or(false)
}

/// Describes the range from the base to the head.
fn extent(event: &Event, head: ObjectId, bases: &[ObjectId]) -> String {
    let short = |id: &ObjectId| id.to_hex_with_len(12).to_string();
    let head = short(&head);
    if let Some(base) = event.bases.iter().find(|base| bases.contains(base)) {
        return format!("{}..{head}", short(base));
    }
    let all = match bases.first() {
        Some(base) if event.trunk.is_none() => format!("everything in {head} that {} does not contain", short(base)),
        Some(_) => {
            let branch = event.trunk.as_ref().map_or("", Trunk::words);
            format!("everything in {head} that {branch} does not contain")
        }
        None => format!("everything in {head}"),
    };
    match event.bases.first() {
        Some(stated) => format!("{all}, since {} is not in this clone", short(stated)),
        None => all,
    }
}

/// Returns the gap for a head that isn't in the clone.
fn absent(local: &Local, head: ObjectId, unread: Unread) -> Gap {
    let what = BString::from(format!("commit {head}"));
    match unread.kind {
        GapKind::Missing if is_shallow(local) => {
            let why = format!("this clone is shallow and does not have it: {}", repo::UNSHALLOW);
            Gap { what, kind: GapKind::Shallow, why }
        }
        GapKind::Missing => {
            let why = format!("it is not in this clone: run 'git fetch origin {head}' first");
            Gap { what, kind: GapKind::Missing, why }
        }
        kind => Gap { what, kind, why: unread.why },
    }
}

/// Returns the gap for a request whose target branch isn't in the clone. Even other old commits would not show what
/// that branch contains.
fn untracked(target: &BString, head: ObjectId) -> Gap {
    let ours = format!("refs/remotes/origin/{target}");
    let why = format!(
        "it is the target of the request, and this clone does not have it: run 'git fetch origin +refs/heads/BRANCH:refs/remotes/origin/BRANCH' first, with its name in place of BRANCH; or run 'keysweep range BASE..{head}', where BASE is the commit that the request starts from"
    );
    Gap { what: BString::from(ours), kind: GapKind::Missing, why }
}

/// Returns the gap for a head in a shallow clone that has none of the base commits.
fn cut_off(head: ObjectId, event: &Event) -> Gap {
    let what = match event.bases.first() {
        Some(base) => format!("the commits {base}..{head}"),
        None => format!("commits before {head}"),
    };
    let base = event.bases.first().map_or_else(|| "BASE".to_owned(), ToString::to_string);
    let why = format!(
        "this clone is shallow and lacks the commits that show what is new: {}; then 'keysweep range {base}..{head}' does the same as --ci",
        repo::UNSHALLOW
    );
    Gap { what: BString::from(what), kind: GapKind::Shallow, why }
}
