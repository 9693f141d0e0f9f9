//! The third phase of a sweep: trees, commits and tags. While trees are scanned, it is recorded which of them hold the
//! targets found so far.

use std::collections::BTreeSet;

use super::blobs::BlobsScanned;
use super::cache::{KnownObjects, Links};
use crate::attribution::Attribution;
use crate::attribution::tree_index::{Search, Target, TreeIndex, TreeRecords};
use crate::finding::ContentKind;
use crate::git::object::{self, Kind};
use crate::git::store::{Selection, Store};
use crate::git::{ObjectId, Repo};
use crate::scan::Scan;
use crate::scan::outcome::Outcome;
use crate::scan::sighting::Sighting;
use crate::source::history::Objects;
use crate::threads;

/// The state of a sweep after every object has been scanned.
pub(super) struct AllScanned<'s> {
    outcome: Outcome,
    /// The records of trees; `None` if nothing has to be found in trees and not all of them were read.
    trees: Option<Trees<'s>>,
}

/// The records read from trees.
struct Trees<'s> {
    search: Search,
    records: TreeRecords,
    /// The objects that were read.
    selection: Selection<'s>,
}

/// The known facts about the trees that aren't read because earlier sweeps found nothing in them.
enum Unread {
    /// There are no such trees: all are read.
    None,
    /// The index holds their entries for the findings of earlier sweeps.
    Indexed,
    /// Nothing is known about them.
    Unknown,
}

/// The indexes in which everything that was found can be looked up.
pub(super) struct Located<'s> {
    /// The index of trees; `None` if it was not built.
    pub(super) tree_index: Option<TreeIndex>,
    attribution: Option<Attribution<'s>>,
}

impl Scan<'_> {
    /// Scans all other objects that need it, and completes the records of trees.
    pub(super) fn scan_trees<'s>(
        &self,
        objects: &'s Objects,
        blobs: BlobsScanned<'s>,
        known: &KnownObjects,
        links: Links,
    ) -> AllScanned<'s> {
        let BlobsScanned { mut outcome, unscanned } = blobs;
        let (selection, unread, index, earlier_commits) = match links {
            // Objects that trees name may have been removed or added since, so every tree is checked again.
            Links::Unknown => (objects.store.everything(), Unread::None, TreeIndex::default(), None),
            Links::Current { commits, tree_index: Some(index) } => (unscanned, Unread::Indexed, index, Some(commits)),
            Links::Current { commits, tree_index: None } => {
                (unscanned, Unread::Unknown, TreeIndex::default(), Some(commits))
            }
        };
        let search = Search::after(index, &targets(&outcome));
        let walked = self.walk(objects, &selection, &[Kind::Tree, Kind::Commit, Kind::Tag], &search);
        let single = self.single(objects, &walked.unread, &search);
        let mut records = walked.records;
        records.append(single.records);
        outcome.absorb(walked.outcome);
        outcome.absorb(single.outcome);
        outcome.gaps.extend_from_slice(&objects.listing.gaps);
        outcome.notes.extend_from_slice(&objects.listing.notes);
        outcome.commits.append(earlier_commits.unwrap_or_default());
        let trees = self.complete(Trees { search, records, selection }, &unread, known, &outcome);
        AllScanned { outcome, trees }
    }

    /// Reads trees again if a target was not searched for in them: it was found in a tree, a commit or a tag, or trees
    /// that were not read may hold it. Returns `None` if there are unread trees but no targets.
    fn complete<'s>(
        &self,
        trees: Trees<'s>,
        unread: &Unread,
        known: &KnownObjects,
        outcome: &Outcome,
    ) -> Option<Trees<'s>> {
        let Trees { search, records, selection } = trees;
        let targets = targets(outcome);
        let store = selection.store();
        let is_known = match unread {
            Unread::None => true,
            Unread::Indexed => known.is_complete_for(search.earlier(), &targets, &outcome.scanned, store),
            Unread::Unknown => false,
        };
        if is_known && search.covers(&targets) {
            return Some(Trees { search, records, selection });
        }
        let (search, selection) = match is_known {
            true => (Search::after(search.into_earlier(), &targets), selection),
            false if targets.is_empty() => return None,
            false => (Search::new(&targets), store.everything()),
        };
        let records = search.read(&selection, self.options.threads);
        Some(Trees { search, records, selection })
    }
}

impl<'s> AllScanned<'s> {
    /// Returns `true` if an object that others name isn't in the store but is in the repository: it was added after the
    /// store was listed.
    pub(super) fn has_missed(&self, repository: &Repo) -> bool {
        // A partial clone may lack any number of objects; those added while git works are few.
        const ASKED: usize = 64;
        let local = repository.local();
        self.outcome.missing.iter().take(ASKED).any(|missing| object::is_here(&local, missing.id))
    }

    /// Returns the commits without a parent, the oldest first.
    pub(super) fn roots(&self, store: &Store) -> Vec<String> {
        /// The most root commits returned: more say nothing more about a repository.
        const MOST: usize = 8;
        let records = self.outcome.commits.iter().filter(|(record, _)| record.is_root);
        let mut roots: Vec<(i64, ObjectId)> =
            records.filter_map(|(record, _)| Some((record.committed, store.id(record.commit)?))).collect();
        roots.sort_unstable();
        roots.dedup();
        roots.iter().take(MOST).map(|(_, id)| id.to_string()).collect()
    }

    /// Determines which trees hold the targets and, if anything was found, how commits and refs are connected.
    pub(super) fn locate(self, repository: &Repo, objects: &'s Objects) -> (Outcome, Located<'s>) {
        let Self { outcome, trees } = self;
        let is_asked = !outcome.sightings.is_empty() || !targets(&outcome).is_empty();
        let index = || trees.map(|trees| trees.index(repository));
        let attribute =
            || is_asked.then(|| Attribution::new(repository, &objects.store, &objects.refs, &outcome.commits));
        let (tree_index, attribution) = threads::on_all(|| rayon::join(index, attribute));
        (outcome, Located { tree_index, attribution })
    }
}

impl Trees<'_> {
    /// Builds the index of all trees.
    fn index(self, repository: &Repo) -> TreeIndex {
        if self.search.is_empty() {
            return TreeIndex::default();
        }
        self.search.conclude(repository, &self.selection, self.records)
    }
}

impl<'s> Located<'s> {
    /// Returns the attribution; `None` if nothing has to be attributed.
    pub(super) fn attribution(self) -> Option<Attribution<'s>> {
        let index = self.tree_index.unwrap_or_default();
        self.attribution.map(|attribution| attribution.with_tree_index(index))
    }
}

/// Returns the targets that have to be found in trees.
fn targets(outcome: &Outcome) -> BTreeSet<Target> {
    let missing = outcome.missing.iter().map(|missing| Target::Object(missing.id));
    outcome.sightings.iter().filter_map(Sighting::target).chain(missing).collect()
}

impl Sighting {
    /// Returns the target that has to be found in trees for this sighting.
    pub(super) fn target(&self) -> Option<Target> {
        match self.occurrence.kind {
            ContentKind::FileName => Some(Target::Name(self.occurrence.path.clone())),
            _ => self.blob.map(Target::Object),
        }
    }
}
