//! Values of which each is kept once, and told by its position.

use std::collections::hash_map::Entry;
use std::hash::{BuildHasher as _, Hash};

use foldhash::HashMap;
use foldhash::fast::RandomState;

/// Where values are in a list that somebody else may hold.
#[derive(Debug, Default)]
pub(super) struct Interned {
    /// By a hash of the value. Of two with the same hash one is not known again, which costs room and nothing else.
    known: HashMap<u64, u32>,
    hasher: RandomState,
}

impl Interned {
    /// Those of a list.
    pub(super) fn of<T: Hash>(list: &[T]) -> Self {
        let hasher = RandomState::default();
        Self { known: list.iter().map(|one| hasher.hash_one(one)).zip(0..).collect(), hasher }
    }

    /// The position of a value, which is added to the list if it is not in it.
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
