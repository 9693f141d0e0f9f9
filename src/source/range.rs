//! The changes of the commits of a range: for a pull request or a push.

use std::collections::BTreeSet;

use bstr::BString;

use super::change::{self, Difference, Known};
use super::compare::{Budget, Trees};
use super::{Content, Item, Listing};
use crate::finding::{ContentKind, Gap, GapKind};
use crate::git::object::{self, Unread};
use crate::git::selection::Selection;
use crate::git::{Local, ObjectId, Repo, SourceError, ancestry, repo};

/// Lists the changes that each commit of a selection makes to all its parents, and its message.
///
/// # Errors
/// Fails if the walk can't start.
pub fn list(repository: &Repo, selection: &Selection) -> Result<Listing, SourceError> {
    let mut listing = Listing::default();
    add(&repository.local(), &selection.heads, &selection.bases, &mut listing)?;
    Ok(listing)
}

/// Lists the changes of each commit that is reachable from a head but from no base, and returns these commits.
///
/// # Errors
/// Fails if the walk can't start.
pub(super) fn add(
    local: &Local,
    heads: &[ObjectId],
    bases: &[ObjectId],
    listing: &mut Listing,
) -> Result<Vec<ObjectId>, SourceError> {
    let commits = commits(local, heads, bases, listing)?;
    listing.stats.commits = commits.len();
    listing.heads.extend_from_slice(heads);
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
    let ancestry = ancestry::between(local, heads, bases)?;
    listing.gaps.extend(ancestry.cut.iter().map(|id| Gap {
        what: BString::from(format!("commits before {id}")),
        kind: GapKind::Shallow,
        why: format!("this clone is shallow and the range goes past its end: {}", repo::UNSHALLOW),
    }));
    listing.gaps.extend(ancestry.unread.into_iter().map(|(id, Unread { kind, why })| Gap {
        what: BString::from(format!("commit {id} and those before it")),
        kind,
        why,
    }));
    Ok(ancestry.commits)
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
        // Several parents can have the same tree; it is enough to compare with it once.
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
