//! The first phase of a sweep and the last: the results of earlier sweeps, and those saved for the next.

use super::cache::{Cache, CacheFile, KnownObjects, Links, State};
use crate::attribution::tree_index::TreeIndex;
use crate::finding::{ContentKind, Note};
use crate::git::Repo;
use crate::git::store::{Selection, Store};
use crate::scan::Scan;
use crate::scan::outcome::Outcome;

/// The state with which a sweep starts.
pub(super) struct Earlier {
    pub(super) memory: Memory,
    /// The links of the trees and commits that were scanned before.
    pub(super) links: Links,
    /// The note on a cache that was not used.
    pub(super) note: Option<Note>,
}

/// The known facts about single objects, and the file that stores them.
pub(super) struct Memory {
    known: KnownObjects,
    /// The file; `None` if nothing is to be kept.
    file: Option<CacheFile>,
}

impl Scan<'_> {
    /// Returns the cache of earlier sweeps; an empty one if there is none, or it can't be read.
    pub(super) fn earlier(&self, repository: &Repo, store: &Store) -> Earlier {
        let file = self.options.cache.as_ref().map(|folder| CacheFile::new(folder, self.detector.rules(), store));
        let (cache, note) = match file.as_ref().map(|file| (file, file.load(store, &repository.local()))) {
            Some((_, Ok(Some(cache)))) => (cache, None),
            Some((_, Ok(None))) | None => (Cache::default(), None),
            Some((file, Err(error))) => {
                let path = file.path().display();
                let text = format!("the cache '{path}' was not used: {error}; everything was read again");
                (Cache::default(), Some(Note(text)))
            }
        };
        Earlier { memory: Memory { known: cache.objects, file }, links: cache.links, note }
    }
}

impl Memory {
    /// Returns the known facts about single objects.
    pub(super) fn known(&self) -> &KnownObjects {
        &self.known
    }

    /// Selects the objects that may contain something to find. If the objects that trees and commits name have changed,
    /// all trees and commits are read again later, but contents need not be.
    pub(super) fn unscanned<'s>(&self, store: &'s Store, links: &Links) -> Selection<'s> {
        let known = &self.known;
        match links {
            Links::Current { .. } => store.pick(|number| !known.is_clean(number)),
            Links::Unknown if known.count_clean() == 0 => store.everything(),
            // A loose object is read separately, so only then does it show whether it is a tree.
            Links::Unknown => store.select(|number| store.is_loose(number) || !known.is_clean(number)),
        }
    }

    /// Adds the results of this sweep, and saves everything for the next. Returns the outcome, with a note if saving
    /// failed.
    pub(super) fn remember(
        mut self,
        mut outcome: Outcome,
        tree_index: Option<&TreeIndex>,
        repository: &Repo,
        store: &Store,
    ) -> Outcome {
        let Some(file) = self.file else { return outcome };
        let mut scanned = std::mem::take(&mut outcome.scanned);
        let again = scanned.iter().filter(|one| self.known.is_clean(one.number)).count();
        outcome.stats.cached = self.known.count_clean() - again;
        // A name is scanned only in the first tree where it is met. If there is a finding in a name, any tree may
        // contain it.
        let is_any_name = outcome.sightings.iter().any(|sighting| sighting.occurrence.kind == ContentKind::FileName);
        for one in scanned.iter_mut().filter(|one| is_any_name && one.is_tree) {
            if tree_index.is_none_or(|index| index.is_named(one.number)) {
                one.state = State::Marked;
            }
        }
        let absent = outcome.missing.iter().map(|missing| missing.id).collect();
        self.known.add(&scanned, absent, store.count());
        if self.known.is_changed()
            && let Err(error) = file.save(&self.known, &outcome.commits, tree_index, store, &repository.local())
        {
            let path = file.path().display();
            outcome.notes.push(Note(format!("the cache '{path}' could not be written: {error}")));
        }
        outcome
    }
}
