//! The search in trees, with the state that its readers share.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::AtomicUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::git::hashtable;
use bstr::{BString, ByteSlice as _};

use super::{Target, TargetId, TreeIndex};
use crate::git::{ObjectId, oid};

/// A search for targets: the targets, and the state that the readers of trees share.
#[derive(Default)]
pub struct Search {
    pub(super) targets: Vec<Target>,
    pub(super) positions: Positions,
    pub(super) names: Mutex<Names>,
    /// The targets that were added while reading, in the order in which they were added.
    pub(super) met: Mutex<Vec<Target>>,
    /// The number of added targets.
    pub(super) met_count: AtomicUsize,
    /// The known facts about trees that aren't read again; the targets of this index come first.
    pub(super) earlier: TreeIndex,
}

/// The positions of targets.
#[derive(Default)]
pub(super) struct Positions {
    objects: hashtable::HashMap<ObjectId, TargetId>,
    names: HashMap<BString, TargetId>,
}

impl Positions {
    pub(super) fn insert(&mut self, target: &Target, at: TargetId) {
        match target {
            Target::Object(id) => self.objects.insert(*id, at),
            Target::Name(name) => self.names.insert(name.clone(), at),
        };
    }

    pub(super) fn has(&self, target: &Target) -> bool {
        match target {
            Target::Object(id) => self.objects.contains_key(id),
            Target::Name(name) => self.names.contains_key(name),
        }
    }

    /// Returns the number of targets.
    pub(super) fn count(&self) -> usize {
        self.objects.len() + self.names.len()
    }

    pub(super) fn object(&self, id: &oid) -> Option<TargetId> {
        self.objects.get(id).copied()
    }

    /// Returns the target that a name is; there are hardly ever any names among the targets.
    pub(super) fn name(&self, name: &[u8]) -> Option<TargetId> {
        if self.names.is_empty() { None } else { self.names.get(name.as_bstr()).copied() }
    }
}

/// The names of folders and targets, numbered.
#[derive(Default)]
pub(super) struct Names {
    numbers: HashMap<Vec<u8>, u32>,
    pub(super) list: Vec<BString>,
}

impl Search {
    /// Makes a search for these targets.
    pub fn new(targets: &BTreeSet<Target>) -> Self {
        Self::after(TreeIndex::default(), targets)
    }

    /// Makes a search that builds on an earlier index of some trees; those trees must not contain any target that the
    /// earlier index doesn't have.
    pub fn after(earlier: TreeIndex, targets: &BTreeSet<Target>) -> Self {
        let new = targets.iter().filter(|target| earlier.target_id(target).is_none());
        let mut search = Self { targets: earlier.targets.iter().chain(new).cloned().collect(), ..Self::default() };
        for (at, target) in (0..).zip(&search.targets) {
            search.positions.insert(target, at);
        }
        let names = Names::new(&earlier.names);
        Self { names: Mutex::new(names), earlier, ..search }
    }

    /// Returns the index that the search started with.
    pub fn earlier(&self) -> &TreeIndex {
        &self.earlier
    }

    /// Returns the same index, to start another search with.
    pub fn into_earlier(self) -> TreeIndex {
        self.earlier
    }

    /// Returns `true` if there are no targets, neither given nor added while reading.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty() && self.met().is_empty()
    }

    /// Returns `true` if all of `targets` were given or added while reading.
    pub fn covers(&self, targets: &BTreeSet<Target>) -> bool {
        let met: BTreeSet<Target> = self.met().iter().cloned().collect();
        targets.iter().all(|target| self.positions.has(target) || met.contains(target))
    }

    pub(super) fn met(&self) -> MutexGuard<'_, Vec<Target>> {
        self.met.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Names {
    fn new(list: &[BString]) -> Self {
        Self { numbers: list.iter().map(|name| name.to_vec()).zip(0..).collect(), list: list.to_vec() }
    }

    pub(super) fn number(&mut self, name: &[u8]) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.list.push(BString::from(name));
        self.numbers.insert(name.to_vec(), number);
        number
    }
}
