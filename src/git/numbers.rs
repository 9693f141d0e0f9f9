//! A map from object ids to object numbers.

/// The number of an object of a [`Store`](super::store::Store): objects of the first pack come first, in the order of
/// its index; loose ones last.
pub type Number = u32;

/// A hash table with open addressing. An id is already a hash: its first four bytes give the slot where the search
/// starts, and the next eight are stored with the number. Ids that agree in all twelve bytes are treated as equal: no
/// two such ids are known.
#[derive(Default)]
pub(super) struct Numbers {
    /// The eight bytes and the number, stored together because they are read together; the number is `FREE` if the slot
    /// is empty.
    slots: Vec<(u64, Number)>,
}

/// The number in an empty slot.
pub(super) const FREE: Number = Number::MAX;

impl Numbers {
    /// Makes a table for this many objects; at most three of four slots will be taken.
    pub(super) fn with_room_for(count: usize) -> Self {
        let slots = count + count / 3 + 2;
        Self { slots: vec![(0, FREE); slots] }
    }

    pub(super) fn insert(&mut self, id: &gix::oid, number: Number) {
        let (mut slot, tag) = self.place(id);
        while self.slots[slot].1 != FREE {
            slot = self.next(slot);
        }
        self.slots[slot] = (tag, number);
    }

    pub(super) fn find(&self, id: &gix::oid) -> Option<Number> {
        if self.slots.is_empty() {
            return None;
        }
        let (mut slot, tag) = self.place(id);
        loop {
            match self.slots[slot] {
                (_, FREE) => return None,
                (found, number) if found == tag => return Some(number),
                _ => slot = self.next(slot),
            }
        }
    }

    fn next(&self, slot: usize) -> usize {
        if slot + 1 == self.slots.len() { 0 } else { slot + 1 }
    }

    fn place(&self, id: &gix::oid) -> (usize, u64) {
        let bytes = id.as_bytes();
        let first = bytes.first_chunk().map_or(0, |first| u32::from_be_bytes(*first));
        let tag = bytes.get(4..).and_then(<[u8]>::first_chunk).map_or(0, |next| u64::from_le_bytes(*next));
        let slot = (u64::from(first) * self.slots.len() as u64) >> 32;
        (usize::try_from(slot).unwrap_or(0), tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::ObjectId;

    #[test]
    fn only_inserted_objects_are_found() {
        let id = |n: u32| {
            let mut bytes = [0; 20];
            // Many ids start at the same slot, some of them at the last one.
            bytes[..4].copy_from_slice(&(n % 3 * 0x7fff_ffff).to_be_bytes());
            bytes[4..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b1).to_be_bytes());
            ObjectId::from_bytes_or_panic(&bytes)
        };
        let mut numbers = Numbers::with_room_for(500);
        assert_eq!(numbers.find(&id(1)), None);
        (0..500).for_each(|n| numbers.insert(&id(n), n));
        assert!((0..500).all(|n| numbers.find(&id(n)) == Some(n)));
        assert!((500..900).all(|n| numbers.find(&id(n)).is_none()));
        assert_eq!(Numbers::default().find(&id(1)), None);
    }
}
