//! Values that are each stored once and identified by their position.

use std::collections::hash_map::Entry;
use std::hash::{BuildHasher as _, Hash};

use foldhash::HashMap;
use foldhash::fast::RandomState;

/// The positions of values in a list that the caller holds.
#[derive(Debug, Default)]
pub(super) struct Interned {
    /// The positions, by a hash of the value. Of two values with the same hash, one isn't recognised again, which only
    /// costs memory.
    known: HashMap<u64, u32>,
    hasher: RandomState,
}

impl Interned {
    /// Collects the positions of a list's values.
    pub(super) fn of<T: Hash>(list: &[T]) -> Self {
        let hasher = RandomState::default();
        Self { known: list.iter().map(|one| hasher.hash_one(one)).zip(0..).collect(), hasher }
    }

    /// Returns the position of a value, which is added to the list if it isn't in it.
    pub(super) fn add<T: Hash + Eq>(&mut self, list: &mut Vec<T>, one: T) -> u32 {
        let next = u32::try_from(list.len()).unwrap_or(u32::MAX);
        match self.known.entry(self.hasher.hash_one(&one)) {
            Entry::Occupied(known) if list[*known.get() as usize] == one => return *known.get(),
            Entry::Occupied(_) => {}
            Entry::Vacant(free) => _ = free.insert(next),
        }
        list.push(one);
        next
    }
}
