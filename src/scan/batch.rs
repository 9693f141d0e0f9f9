//! The blobs of a long listing, looked at in the order of their packs, each by what its delta inserts, instead of one by one
//! in the order of their paths.

use std::collections::{BTreeMap, BTreeSet};

use super::Scan;
use super::outcome::Outcome;
use super::sighting::Sighting;
use super::worker::Worker;
use crate::attribution::tree_index::Search;
use crate::finding::ContentKind;
use crate::git::ObjectId;
use crate::git::object::Kind;
use crate::git::store::{Number, Store};
use crate::source::history::Objects;
use crate::source::{Item, Listing};

/// Blobs below which opening the packs costs more than it brings.
const MANY: usize = 512;

/// What was seen in each blob that was looked at; under no path yet.
pub(super) type Batch = BTreeMap<ObjectId, Vec<Sighting>>;

impl Scan<'_> {
    /// Looks at the blobs of a long listing that lie in packs, with how much that was; at none of a short one.
    pub(super) fn batch(&self, listing: &Listing) -> (Batch, Outcome) {
        let wanted: BTreeSet<ObjectId> = listing.items.iter().filter_map(Item::blob).collect();
        let Some(repository) = self.repo.filter(|_| wanted.len() >= MANY) else { return Default::default() };
        // Whatever is wrong with the store is told of each blob that cannot be read.
        let Ok(store) = Store::open(repository) else { return Default::default() };
        let numbers: BTreeMap<Number, ObjectId> =
            wanted.into_iter().filter_map(|id| Some((store.find(&id)?, id))).collect();
        let objects = Objects { store, ..Objects::default() };
        let selection = objects.store.select(|number| numbers.contains_key(&number));
        let walked = self.walk(&objects, &selection, &[Kind::Blob], &Search::default());
        let mut outcome = walked.outcome;
        let single: BTreeSet<Number> = selection.single().into_iter().chain(walked.unread).collect();
        let read = numbers.into_iter().filter(|(number, _)| !single.contains(number));
        let mut batch: Batch = read.map(|(_, id)| (id, Vec::new())).collect();
        for sighting in std::mem::take(&mut outcome.sightings) {
            if let Some(seen) = sighting.blob.and_then(|blob| batch.get_mut(&blob)) {
                seen.push(sighting);
            }
        }
        (batch, outcome)
    }
}

/// What was seen in an item's blob, under the item's path; `None` if it was not looked at yet.
pub(super) fn take(batch: &Batch, worker: &Worker<'_>, item: &Item) -> Option<Outcome> {
    let seen = batch.get(&item.blob()?)?;
    let time = item.commit.filter(|_| !seen.is_empty()).and_then(|commit| worker.author_time(commit));
    let sightings = seen.iter().filter_map(|sighting| {
        let mut one = sighting.under(&item.path)?;
        one.commit = item.commit;
        if item.kind == ContentKind::Symlink {
            one.occurrence.kind = ContentKind::Symlink;
        }
        one.occurrence.commit = item.commit.map(|commit| commit.to_string());
        one.occurrence.author_time = time.clone();
        Some(one)
    });
    Some(Outcome { sightings: sightings.collect(), ..Outcome::default() })
}
