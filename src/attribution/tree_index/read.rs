//! Reads trees for a search, and determines which of them contain the targets.

use std::sync::PoisonError;

use super::search::Search;
use super::{Listed, Reader, TreeIndex, TreeRecords};
use crate::git::Repo;
use crate::git::object::{self, Kind};
use crate::git::pack::walk;
use crate::git::store::{Selection, Store};
use crate::git::tree::Entries;

impl Search {
    /// Returns the reader of trees for one thread.
    pub fn reader<'r>(&'r self, store: &'r Store) -> Reader<'r> {
        Reader::new(self, store)
    }

    /// Reads the selected trees that a walk of the packs reaches.
    pub fn read(&self, selection: &Selection<'_>, threads: usize) -> TreeRecords {
        // Trees that can't be decoded were reported as gaps when all objects were read.
        let make = || self.reader(selection.store());
        let (readers, _) = walk(selection.portions(), &[Kind::Tree], object::MAX_STRUCTURE, threads, make);
        readers.into_iter().map(Reader::finish).fold(TreeRecords::default(), |mut all, records| {
            all.append(records);
            all
        })
    }

    /// Reads the selected trees that a walk of the packs doesn't reach, and determines which trees contain the targets.
    pub fn conclude(self, repository: &Repo, selection: &Selection<'_>, mut records: TreeRecords) -> TreeIndex {
        let store = selection.store();
        let mut reader = self.reader(store);
        let local = repository.local();
        let id_length = local.object_hash().len_in_bytes();
        for number in selection.single() {
            if let Some(Ok((Kind::Tree, data))) =
                store.id(number).map(|id| object::load(&local, id, object::MAX_STRUCTURE))
            {
                let (_, changes) = Entries::read(&data, id_length);
                reader.record(number, &Listed::new(&data, &changes.added, store), None);
            }
        }
        records.append(reader.finish());
        let names = self.names.into_inner().unwrap_or_else(PoisonError::into_inner).list;
        let mut targets = self.targets;
        targets.extend(self.met.into_inner().unwrap_or_else(PoisonError::into_inner));
        let TreeIndex { nodes, by_tree, .. } = self.earlier;
        let mut index = TreeIndex::new(targets, names, nodes, by_tree);
        index.work_out(&records, store.count());
        index
    }
}
