//! Passes objects to visitors: by a walk of the packs, and one by one.

use std::sync::{Mutex, PoisonError};

use bstr::BString;

use super::visitor::Sweeper;
use crate::attribution::tree_index::{Search, TreeRecords};
use crate::finding::{Gap, GapKind};
use crate::git::object::Kind;
use crate::git::pack::walk;
use crate::git::store::{Number, Selection};
use crate::scan::Scan;
use crate::scan::outcome::Outcome;
use crate::source::history::Objects;

/// The combined outcome of the visitors.
#[derive(Default)]
pub(in crate::scan) struct Walked {
    pub(in crate::scan) outcome: Outcome,
    /// The records read from trees.
    pub(super) records: TreeRecords,
    /// The objects that could not be decoded.
    pub(in crate::scan) unread: Vec<Number>,
}

impl Walked {
    fn absorb(&mut self, sweeper: Sweeper<'_>) {
        let (outcome, records) = sweeper.finish();
        self.outcome.absorb(outcome);
        self.records.append(records);
    }
}

impl Scan<'_> {
    /// Scans the selected objects of these kinds that a walk of the packs reaches.
    pub(in crate::scan) fn walk(
        &self,
        objects: &Objects,
        selection: &Selection<'_>,
        kinds: &[Kind],
        search: &Search,
    ) -> Walked {
        let make = || Sweeper::new(self.worker(), objects, search, self.progress);
        let (limit, threads) = (self.options.max_file_size, self.options.threads);
        let (sweepers, unvisited) = walk(selection.portions(), kinds, limit, threads, make);
        let mut walked = Walked::default();
        sweepers.into_iter().for_each(|sweeper| walked.absorb(sweeper));
        for index in unvisited.cut {
            let what = BString::from(index.as_os_str().as_encoded_bytes());
            let why = "the objects of this pack unpack to more than 4 GiB and 4096 times its size, so not all were read; 'git verify-pack -v' lists them".to_owned();
            walked.outcome.gaps.push(Gap { what, kind: GapKind::TooLarge, why });
        }
        walked.unread =
            unvisited.unread.into_iter().map(|(pack, entry)| objects.store.number_of(pack, entry)).collect();
        walked
    }

    /// Scans objects one by one, and reports those that can't be read.
    pub(super) fn single(&self, objects: &Objects, numbers: &[Number], search: &Search) -> Walked {
        let records = Mutex::new(TreeRecords::default());
        let outcome = self.each_part(numbers, |part| {
            let mut sweeper = Sweeper::new(self.worker(), objects, search, self.progress);
            part.iter().for_each(|number| sweeper.single(*number));
            let (outcome, of_part) = sweeper.finish();
            records.lock().unwrap_or_else(PoisonError::into_inner).append(of_part);
            outcome
        });
        let records = records.into_inner().unwrap_or_else(PoisonError::into_inner);
        Walked { outcome, records, unread: Vec::new() }
    }
}
