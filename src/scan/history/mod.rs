//! The sweep: reads every object once, then determines where each secret is.
//!
//! It runs in phases, each of which passes its results on to the next:
//!
//! - `memory`: what earlier sweeps know of the objects;
//! - `blobs`: contents, and what lies next to the objects;
//! - `trees`: trees, commits and tags, and which trees hold what was found so far;
//! - `attributed`: which commits brought each secret in;
//! - `exposure`: how far each got, when it is reported.
//!
//! Blobs are scanned before trees, so that trees need to be read only once: by then it is known what to search for in
//! them.

mod attributed;
mod blobs;
pub(super) mod cache;
mod exposure;
mod memory;
mod retention;
pub mod rewrite;
mod staged;
mod trees;
mod visitor;
mod walk;

use super::Scan;
use super::outcome::Outcome;
use crate::finding::{Exposure, Report, Scope};
use crate::git::Repo;
use crate::git::store::Store;
use crate::source::history::Objects;
use memory::{Earlier, Memory};
use trees::AllScanned;

/// The most times that a repository is swept because git works in it at the same time.
const ATTEMPTS: usize = 3;

/// The amount of detail that is determined for each place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// Only the data of a finding: how it was added, and how far it got.
    Findings,
    /// In addition, what keeps each place in the repository, and all refs that reach it.
    Retention,
}

impl Scan<'_> {
    /// Scans everything that git stores.
    pub fn history(&self, repository: &Repo, objects: Objects, scope: Scope) -> Report {
        self.settled(repository, objects, scope, Depth::Findings)
    }

    /// Scans the same, and determines for each place what keeps it in the repository, and for each secret all refs that
    /// reach it.
    pub fn remains(&self, repository: &Repo, objects: Objects, scope: Scope) -> Report {
        self.settled(repository, objects, scope, Depth::Retention)
    }

    /// Returns the findings in a repository of which only the objects are known, each with the commits and paths that
    /// added it, and the number of objects that are named but missing.
    pub(super) fn of_objects(&self, repository: &Repo, objects: &Objects) -> (Outcome, usize) {
        let (_, all) = self.scan_all(repository, objects);
        let (mut outcome, located) = all.locate(repository, objects);
        let missing = std::mem::take(&mut outcome.missing).len();
        let outcome = match located.attribution() {
            Some(attribution) => {
                self.attribute(repository, objects, outcome, attribution, Depth::Findings).into_outcome()
            }
            None => outcome,
        };
        (outcome, missing)
    }

    /// Sweeps, and repeats it if named objects were added while the store was listed.
    fn settled(&self, repository: &Repo, mut objects: Objects, scope: Scope, depth: Depth) -> Report {
        let mut left = ATTEMPTS;
        loop {
            left -= 1;
            let (memory, all) = self.scan_all(repository, &objects);
            let newer = if left > 0 && all.has_missed(repository) { Store::open(repository).ok() } else { None };
            match newer {
                Some(store) => objects.store = store,
                None => return self.conclude(repository, &objects, memory, all, scope, depth),
            }
        }
    }

    fn scan_all<'s>(&self, repository: &Repo, objects: &'s Objects) -> (Memory, AllScanned<'s>) {
        let store = &objects.store;
        let Earlier { memory, links, note } = self.earlier(repository, store);
        let unscanned = memory.unscanned(store, &links);
        self.progress.expect(store.count().saturating_sub(memory.known().count_clean()) as u64);
        let blobs = self.scan_blobs(objects, unscanned, note);
        let all = self.scan_trees(objects, blobs, memory.known(), links);
        (memory, all)
    }

    fn conclude(
        &self,
        repository: &Repo,
        objects: &Objects,
        memory: Memory,
        all: AllScanned<'_>,
        scope: Scope,
        depth: Depth,
    ) -> Report {
        let store = &objects.store;
        let roots = all.roots(store);
        let (outcome, located) = all.locate(repository, objects);
        let outcome = memory.remember(outcome, located.tree_index.as_ref(), repository, store);
        let report = match located.attribution() {
            Some(attribution) => self.attribute(repository, objects, outcome, attribution, depth).report(self, scope),
            // Nothing was found, so no place needs attribution.
            None => self.report(outcome, scope, &mut |_| Exposure::default()),
        };
        Report { roots, ..report }
    }
}
