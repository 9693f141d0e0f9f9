//! Reads trees on one thread, and records for each the entries that lead to a target.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use foldhash::{HashMap, HashMapExt as _};

use super::search::{Positions, Search};
use super::{Child, Edge, Target, TargetId, TreeRecord, TreeRecords};
use crate::git::object::Mode;
use crate::git::oid;
use crate::git::pack::{Base, Object, Visitor};
use crate::git::store::{Number, Store};
use crate::git::tree::{Entries, Entry, entries_at};

/// The entries of a tree, and the numbers of their objects, if they are in the store.
pub struct Listed<'t> {
    /// The entries.
    pub entries: Vec<Entry<'t>>,
    numbers: Vec<Option<Number>>,
}

impl<'t> Listed<'t> {
    /// Reads the entries that start at these places.
    pub fn new(tree: &'t [u8], starts: &[u32], store: &Store) -> Self {
        let entries = entries_at(tree, starts, store.id_length());
        let numbers = store.find_all(entries.iter().map(|entry| entry.id));
        Self { entries, numbers }
    }

    /// Returns each entry with its object's number.
    pub fn iter(&self) -> impl Iterator<Item = (&Entry<'t>, Option<Number>)> {
        self.entries.iter().zip(self.numbers.iter().copied())
    }
}

/// A reader of trees for one thread.
pub struct Reader<'r> {
    store: &'r Store,
    search: &'r Search,
    /// The numbers of names that this thread has seen.
    known: HashMap<Vec<u8>, u32>,
    /// The targets added while reading, as far as this thread knows them.
    met: Positions,
    records: Vec<TreeRecord>,
    edges: Vec<Edge>,
}

impl Visitor for Reader<'_> {
    type State = (Number, Entries);

    fn visit(&mut self, object: &Object<'_>, base: Option<Base<'_, Self::State>>) -> Self::State {
        let number = self.store.number_of(object.pack, object.entry);
        let id_length = self.store.id_length();
        let (entries, changes) = match &base {
            Some(base) => Entries::after_edit(object.data, id_length, &base.state.1, base.edits),
            None => Entries::read(object.data, id_length),
        };
        let dropped = base.map(|base| (base.state.0, entries_at(base.data, &changes.dropped, id_length)));
        let dropped = dropped.as_ref().map(|(number, dropped)| (*number, &dropped[..]));
        self.record(number, &Listed::new(object.data, &changes.added, self.store), dropped);
        (number, entries)
    }
}

impl<'r> Reader<'r> {
    pub(super) fn new(search: &'r Search, store: &'r Store) -> Self {
        Self { store, search, known: HashMap::new(), met: Positions::default(), records: Vec::new(), edges: Vec::new() }
    }

    /// Records the entries that only a tree has, and those that only its base has; `base` also gives the base's number.
    pub fn record(&mut self, tree: Number, added: &Listed<'_>, base: Option<(Number, &[Entry<'_>])>) {
        self.catch_up();
        let first = self.edges.len();
        added.iter().for_each(|(entry, number)| self.edge(entry, || number));
        let middle = self.edges.len();
        for entry in base.map_or(&[][..], |(_, dropped)| dropped) {
            let store = self.store;
            self.edge(entry, || store.find(entry.id));
        }
        let length = |from: usize, to: usize| u32::try_from(to - from).unwrap_or(u32::MAX);
        let (added, dropped) = (length(first, middle), length(middle, self.edges.len()));
        let base = base.map(|(number, _)| number);
        self.records.push(TreeRecord { tree, base, list: 0, first, added, dropped });
    }

    /// Adds a target: an object that is missing, or a name with something to report. Call it before the first tree that
    /// contains the target is recorded.
    pub fn meet(&mut self, target: Target) {
        if self.search.positions.has(&target) {
            return;
        }
        self.catch_up();
        let mut met = self.search.met();
        // Another thread may have added it first.
        if !self.met.has(&target) && !met[self.met.count()..].contains(&target) {
            met.push(target);
            self.search.met_count.store(met.len(), Ordering::Release);
        }
    }

    /// Takes over the targets that other threads have added.
    fn catch_up(&mut self) {
        let known = self.met.count();
        if self.search.met_count.load(Ordering::Acquire) == known {
            return;
        }
        for (at, target) in self.search.met().iter().enumerate().skip(known) {
            self.met.insert(target, u32::try_from(self.search.targets.len() + at).unwrap_or(u32::MAX));
        }
    }

    /// Returns the target that an object is.
    fn object(&self, id: &oid) -> Option<TargetId> {
        self.search.positions.object(id).or_else(|| self.met.object(id))
    }

    /// Returns the target that a name is.
    fn named(&self, name: &[u8]) -> Option<TargetId> {
        self.search.positions.name(name).or_else(|| self.met.name(name))
    }

    /// Returns the records that were read.
    pub fn finish(self) -> TreeRecords {
        TreeRecords { records: self.records, lists: vec![self.edges] }
    }

    fn edge(&mut self, entry: &Entry<'_>, number: impl Fn() -> Option<Number>) {
        let named = self.named(entry.name);
        let object = if entry.mode == Mode::Submodule { None } else { self.object(entry.id) };
        let tree = (entry.mode == Mode::Tree && object.is_none()).then(number).flatten();
        if object.is_none() && named.is_none() && tree.is_none() {
            return;
        }
        let name = self.name(entry.name);
        let targets = object.into_iter().chain(named).map(|target| Child::Target(target, entry.mode));
        self.edges.extend(targets.chain(tree.map(Child::Tree)).map(|child| Edge { name, child }));
    }

    fn name(&mut self, name: &[u8]) -> u32 {
        if let Some(number) = self.known.get(name) {
            return *number;
        }
        let number = self.search.names.lock().unwrap_or_else(PoisonError::into_inner).number(name);
        self.known.insert(name.to_vec(), number);
        number
    }
}
