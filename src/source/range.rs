//! What the commits of a range add: for a pull request or a push.

use std::collections::BTreeSet;

use bstr::BString;

use super::change::{self, Difference, Known};
use super::compare::{Budget, Trees};
use super::{Content, Item, Listing};
use crate::finding::{ContentKind, Gap, GapKind};
use crate::git::error::error_text;
use crate::git::object::{self, Unread};
use crate::git::repo;
use crate::git::{GitError, Local, ObjectId, Repo, SourceError};

/// Lists what each commit reachable from the head but not from the base adds to all its parents, and its message.
///
/// # Errors
/// When the walk cannot start.
pub fn list(repository: &Repo, base: ObjectId, head: ObjectId) -> Result<Listing, SourceError> {
    let mut listing = Listing::default();
    add(&repository.local(), &[head], &[base], &mut listing)?;
    Ok(listing)
}

/// Lists what each commit reachable from a head but from no base adds, and says which commits these are.
///
/// # Errors
/// When the walk cannot start.
pub(super) fn add(
    local: &Local,
    heads: &[ObjectId],
    bases: &[ObjectId],
    listing: &mut Listing,
) -> Result<Vec<ObjectId>, SourceError> {
    let commits = commits(local, heads, bases, listing)?;
    listing.stats.commits = commits.len();
    let (mut known, mut budget) = (Known::default(), Budget::default());
    for id in &commits {
        budget.add_commit();
        list_commit(local, *id, &mut known, &mut budget, listing);
    }
    Ok(commits)
}

fn commits(
    local: &Local,
    heads: &[ObjectId],
    bases: &[ObjectId],
    listing: &mut Listing,
) -> Result<Vec<ObjectId>, SourceError> {
    let what = || match (heads, bases) {
        ([head], [base]) => format!("the commits {base}..{head}"),
        _ => "the commits of the range".to_owned(),
    };
    let broken = |error: GitError| SourceError::Broken { what: what(), cause: error_text(&error) };
    let shallow = local.shallow_commits().map_err(broken)?;
    let walk = local.rev_walk(heads.iter().copied()).with_hidden(bases.iter().copied()).all().map_err(broken)?;
    let mut ids = Vec::new();
    for info in walk {
        match info {
            Ok(info) => {
                if shallow.as_ref().is_some_and(|cut| cut.contains(&info.id)) {
                    listing.gaps.push(Gap {
                        what: BString::from(format!("commits before {}", info.id)),
                        kind: GapKind::Shallow,
                        why: format!("this clone is shallow and the range goes past its end: {}", repo::UNSHALLOW),
                    });
                }
                ids.push(info.id);
            }
            Err(error) => {
                let error: GitError = error;
                listing.gaps.push(Gap { what: BString::from(what()), kind: GapKind::Corrupt, why: error_text(&error) });
                break;
            }
        }
    }
    Ok(parents_first(local, ids))
}

/// Parents before children, so that the first occurrence of a finding is the commit that brought it in.
fn parents_first(local: &Local, newest_first: Vec<ObjectId>) -> Vec<ObjectId> {
    let members: BTreeSet<ObjectId> = newest_first.iter().copied().collect();
    let mut done: BTreeSet<ObjectId> = BTreeSet::new();
    let mut ordered = Vec::with_capacity(newest_first.len());
    let mut stack: Vec<(ObjectId, bool)> = newest_first.iter().map(|id| (*id, false)).collect();
    while let Some((id, parents_done)) = stack.pop() {
        if parents_done {
            ordered.push(id);
        } else if members.contains(&id) && done.insert(id) {
            stack.push((id, true));
            let parents = object::commit_of(local, id).map(|commit| commit.parents).unwrap_or_default();
            stack.extend(parents.into_iter().map(|parent| (parent, false)));
        }
    }
    ordered
}

fn list_commit(local: &Local, id: ObjectId, known: &mut Known, budget: &mut Budget, listing: &mut Listing) {
    if let Err(Unread { kind, why }) = try_list_commit(local, id, known, budget, listing) {
        listing.gaps.push(Gap { what: BString::from(format!("commit {id}")), kind, why });
    }
}

fn try_list_commit(
    local: &Local,
    id: ObjectId,
    known: &mut Known,
    budget: &mut Budget,
    listing: &mut Listing,
) -> Result<(), Unread> {
    listing.items.push(Item {
        kind: ContentKind::CommitMessage,
        path: BString::from(id.to_string()),
        content: Content::Object(id),
        commit: Some(id),
    });
    let commit = object::commit_of(local, id)?;
    let mut trees = Vec::new();
    let mut known_trees = BTreeSet::new();
    for parent in &commit.parents {
        let tree = object::tree_of(local, *parent)?;
        // What is new compared with a tree need be found out once, however many parents have it.
        if known_trees.insert(tree) {
            trees.push(tree);
        }
    }
    if trees.is_empty() {
        trees.push(ObjectId::empty_tree(local.object_hash()));
    }
    let mut differences = Vec::new();
    for tree in trees {
        let mut difference = Difference::default();
        let mut trees = Trees::new(local, budget, &mut listing.gaps, &mut difference);
        trees.compare(Some(tree), Some(commit.tree), &BString::default());
        differences.push(difference);
    }
    change::list(&differences, Some(id), known, listing);
    Ok(())
}
