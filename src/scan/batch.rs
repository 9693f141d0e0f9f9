//! Blobs of a listing that are scanned separately from their paths: those of a long listing in the order of their
//! packs, where only the bytes that a delta inserts are read, and those that are at several paths, each once.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use bstr::BString;

use super::Scan;
use super::outcome::Outcome;
use super::sighting::Sighting;
use super::worker::Worker;
use crate::attribution::tree_index::Search;
use crate::finding::{ContentKind, Gap, GapKind};
use crate::git::ObjectId;
use crate::git::object::Kind;
use crate::git::store::{Number, Store};
use crate::source::history::Objects;
use crate::source::{Item, Listing};

/// The number of blobs below which opening the packs costs more than it saves.
const MANY: usize = 512;
/// The most places of secrets that a report lists beyond the first place of each content. Nobody reads that many, each
/// takes a kilobyte, and a repository of a few objects can have any number of them.
pub(super) const MOST_PLACES: usize = 10_000;

/// The sightings in each blob that was read; they don't have a path yet.
pub(super) type Batch = BTreeMap<ObjectId, Vec<Sighting>>;

impl Scan<'_> {
    /// Scans the blobs of a long listing that are in packs, or else those that are at several paths; returns the
    /// sightings, and the rest of the outcome.
    pub(super) fn batch(&self, listing: &Listing) -> (Batch, Outcome) {
        let mut places: BTreeMap<ObjectId, (&Item, usize)> = BTreeMap::new();
        for (id, item) in listing.items.iter().filter_map(|item| Some((item.blob()?, item))) {
            places.entry(id).or_insert((item, 0)).1 += 1;
        }
        match self.repo.filter(|_| places.len() >= MANY).map(Store::open) {
            // Any problem with the store is reported for each blob that can't be read.
            Some(Ok(store)) => self.packed(store, places.into_keys()),
            _ => self.repeated(places.into_values().filter(|(_, count)| *count > 1).map(|(first, _)| first)),
        }
    }

    fn packed(&self, store: Store, wanted: impl Iterator<Item = ObjectId>) -> (Batch, Outcome) {
        let numbers: BTreeMap<Number, ObjectId> = wanted.filter_map(|id| Some((store.find(&id)?, id))).collect();
        let objects = Objects { store, ..Objects::default() };
        let selection = objects.store.select(|number| numbers.contains_key(&number));
        let walked = self.walk(&objects, &selection, &[Kind::Blob], &Search::default());
        let mut outcome = walked.outcome;
        let single: BTreeSet<Number> = selection.single().into_iter().chain(walked.unread).collect();
        let read = numbers.into_iter().filter(|(number, _)| !single.contains(number));
        let batch = sorted(read.map(|(_, id)| id), &mut outcome);
        (batch, outcome)
    }

    /// Scans each of these blobs without a path.
    fn repeated<'i>(&self, first_places: impl Iterator<Item = &'i Item>) -> (Batch, Outcome) {
        let items: Vec<&Item> = first_places.collect();
        let mut outcome = self.each(&items, |worker, item| worker.blob(item));
        let batch = sorted(items.iter().filter_map(|item| item.blob()), &mut outcome);
        (batch, outcome)
    }
}

/// Moves the sightings in these blobs out of an outcome.
fn sorted(blobs: impl Iterator<Item = ObjectId>, outcome: &mut Outcome) -> Batch {
    let mut batch: Batch = blobs.map(|id| (id, Vec::new())).collect();
    for sighting in std::mem::take(&mut outcome.sightings) {
        if let Some(seen) = sighting.blob.and_then(|blob| batch.get_mut(&blob)) {
            seen.push(sighting);
        }
    }
    batch
}

/// Leaves out items past the number of places that a report lists, with a gap for each content that has more of them:
/// another path could say more about a secret than the listed ones.
pub(super) fn within_limit(items: Vec<Item>, batch: &Batch, gaps: &mut Vec<Gap>) -> Vec<(usize, Item)> {
    let mut left = MOST_PLACES;
    let mut met: BTreeMap<ObjectId, usize> = BTreeMap::new();
    let mut is_named = |item: &Item| {
        let Some((blob, seen)) = item.blob().and_then(|blob| Some((blob, batch.get(&blob)?.len()))) else {
            return true;
        };
        match met.entry(blob) {
            Entry::Vacant(first) => {
                first.insert(0);
            }
            Entry::Occupied(_) if seen <= left => left -= seen,
            Entry::Occupied(mut more) => {
                if more.get() == &0 {
                    gaps.push(more_places(&item.path));
                }
                *more.get_mut() += 1;
                return false;
            }
        }
        true
    };
    items.into_iter().enumerate().filter(|(_, item)| is_named(item)).collect()
}

/// Returns the gap for a content or a name that has more places than are listed.
pub(super) fn more_places(path: &BString) -> Gap {
    let why = format!(
        "more than {MOST_PLACES} places contain what was found; the rest are not listed, and their paths did not count"
    );
    Gap { what: path.clone(), kind: GapKind::TooLarge, why }
}

/// Returns the sightings in an item's blob, under the item's path; `None` if the blob isn't in the batch.
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
