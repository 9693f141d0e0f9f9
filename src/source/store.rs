//! The object store of a clone: its packs, loose objects and alternates as one set in which each object has a number.
//!
//! An object that is stored several times has one number and is read once: from the first pack that has it.

use std::path::{Path, PathBuf};

use bstr::BString;
use gix::odb::loose;

use super::pack::Plan;
use super::repo::error_text;
use super::{ObjectId, Repo, SourceError};
use crate::finding::{Gap, GapKind};

/// An object of a [`Store`]: those of the first pack come first, in the order of its index; loose ones last.
pub type Number = u32;

/// All objects of a clone.
#[derive(Default)]
pub struct Store {
    packs: Vec<Plan>,
    /// The number of the first object of each pack, and of the first loose one.
    firsts: Vec<Number>,
    /// Loose objects that are in no pack, in order of id.
    loose: Vec<ObjectId>,
    numbers: Numbers,
    id_length: usize,
    /// What could not be opened.
    pub gaps: Vec<Gap>,
}

impl Store {
    /// Opens all of a repository's packs and lists its loose objects; nothing is decoded.
    ///
    /// # Errors
    /// When the object database cannot be opened, or holds too many objects to be numbered.
    pub fn open(repository: &Repo) -> Result<Self, SourceError> {
        let local = repository.local();
        let broken = |cause: String| SourceError::Broken { what: "the object database".to_owned(), cause };
        let objects = local.objects.store_ref();
        let alternates = objects.alternate_db_paths().map_err(|error| broken(error_text(&error)))?;
        let mut store = Self { id_length: local.object_hash().len_in_bytes(), ..Self::default() };
        let mut loose = Vec::new();
        for folder in std::iter::once(objects.path().to_owned()).chain(alternates) {
            store.open_packs(&folder.join("pack"), local.object_hash());
            store.list_loose(folder, local.object_hash(), &mut loose);
        }
        // The largest pack first: of an object stored twice, the copy there has more in common with its neighbours.
        store.packs.sort_by_key(|pack| std::cmp::Reverse(pack.count()));
        let too_many = || broken("it holds more than four billion objects".to_owned());
        store.number().ok_or_else(too_many)?;
        loose.sort_unstable();
        loose.dedup();
        store.numbers = Numbers::with_room_for(store.first_loose() as usize + loose.len());
        store.number_packed();
        for id in loose {
            if store.find(&id).is_none() {
                let number = u32::try_from(store.count()).map_err(|_| too_many())?;
                store.loose.push(id);
                store.numbers.insert(&id, number);
            }
        }
        Ok(store)
    }

    fn open_packs(&mut self, folder: &Path, hash: gix::hash::Kind) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        let mut paths: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
        paths.sort();
        for path in paths {
            let extension = path.extension().and_then(|extension| extension.to_str());
            let partner = |extension| path.with_extension(extension).exists();
            let trouble = match extension {
                Some("pack") if !partner("idx") => Some("the .idx file that belongs to it is missing".to_owned()),
                Some("idx") if !partner("pack") => Some("the .pack file that belongs to it is missing".to_owned()),
                Some("idx") => match Plan::new(&path, hash) {
                    Ok(plan) => {
                        self.packs.push(plan);
                        None
                    }
                    Err(cause) => Some(format!("it or its pack is damaged ({cause})")),
                },
                _ => None,
            };
            self.gaps.extend(trouble.map(|why| Gap {
                what: BString::from(path.display().to_string()),
                kind: GapKind::Corrupt,
                why: format!("{why}, so its objects cannot be read; 'git fsck' tells more"),
            }));
        }
    }

    fn list_loose(&mut self, folder: PathBuf, hash: gix::hash::Kind, out: &mut Vec<ObjectId>) {
        for id in loose::Store::at(folder, hash).iter() {
            match id {
                Ok(id) => out.push(id),
                Err(error) => self.gaps.push(Gap {
                    what: BString::from("the list of objects"),
                    kind: GapKind::Corrupt,
                    why: format!("{error}; 'git fsck' tells more"),
                }),
            }
        }
    }

    fn number(&mut self) -> Option<()> {
        let mut next: Number = 0;
        self.firsts = vec![0];
        for pack in &self.packs {
            next = next.checked_add(pack.count())?;
            self.firsts.push(next);
        }
        Some(())
    }

    /// Makes the objects of all packs known, and leaves out of each pack what an earlier one has.
    fn number_packed(&mut self) {
        for at in 0..self.packs.len() {
            let first = self.firsts[at];
            let mut again = Vec::new();
            for entry in 0..self.packs[at].count() {
                let id = self.packs[at].id(entry);
                if at > 0 && self.find(&id).is_some() {
                    again.push(entry);
                } else {
                    self.numbers.insert(&id, first + entry);
                }
            }
            if !again.is_empty() {
                self.packs[at].select(|entry| again.binary_search(&entry).is_err());
            }
        }
    }

    /// The packs, to be walked.
    pub fn packs(&self) -> &[Plan] {
        &self.packs
    }

    /// Numbers of the objects that no walk of the packs comes to: loose ones, and deltas without a base.
    pub fn single(&self) -> Vec<Number> {
        let lost = self.packs.iter().enumerate().flat_map(|(at, pack)| pack.lost().map(move |entry| (at, entry)));
        let lost = lost.map(|(pack, entry)| self.number_of(pack, entry));
        lost.chain((0..).zip(&self.loose).map(|(at, _): (Number, _)| self.first_loose() + at)).collect()
    }

    /// The number of a pack's object, by the pack's position and the object's position in its index.
    pub fn number_of(&self, pack: usize, entry: u32) -> Number {
        self.firsts.get(pack).copied().unwrap_or(0) + entry
    }

    /// Bytes of an id.
    pub fn id_length(&self) -> usize {
        self.id_length
    }

    /// One more than the highest number.
    pub fn count(&self) -> usize {
        self.first_loose() as usize + self.loose.len()
    }

    /// The id of an object.
    pub fn id(&self, number: Number) -> Option<ObjectId> {
        let pack = self.firsts.partition_point(|first| *first <= number).checked_sub(1)?;
        let place = number - self.firsts[pack];
        match self.packs.get(pack) {
            Some(pack) => Some(pack.id(place)),
            None => self.loose.get(place as usize).copied(),
        }
    }

    /// The number of an object, if it is here.
    pub fn find(&self, id: &gix::oid) -> Option<Number> {
        self.numbers.candidates(id).find(|number| self.is(*number, id))
    }

    fn is(&self, number: Number, id: &gix::oid) -> bool {
        let Some(pack) = self.firsts.partition_point(|first| *first <= number).checked_sub(1) else { return false };
        let place = number - self.firsts[pack];
        match self.packs.get(pack) {
            Some(pack) => pack.oid(place) == id,
            None => self.loose.get(place as usize).is_some_and(|have| **have == *id),
        }
    }

    fn first_loose(&self) -> Number {
        self.firsts.last().copied().unwrap_or(0)
    }
}

/// Numbers by id, as a hash table with open addressing. Ids are hashes already: their first bytes say where to look, the
/// next ones are kept beside the number, so that an index is read only for what is very likely there.
#[derive(Default)]
struct Numbers {
    /// Tag and number; a number is kept plus one, so that zero is an empty slot.
    slots: Vec<(u32, u32)>,
}

impl Numbers {
    /// At most half of the slots will be taken.
    fn with_room_for(count: usize) -> Self {
        Self { slots: vec![(0, 0); (count * 2).next_power_of_two().max(2)] }
    }

    fn insert(&mut self, id: &gix::oid, number: Number) {
        let (mut slot, tag) = self.place(id);
        while self.slots[slot].1 != 0 {
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        self.slots[slot] = (tag, number + 1);
    }

    /// Numbers of objects whose ids have the same tag.
    fn candidates(&self, id: &gix::oid) -> impl Iterator<Item = Number> + '_ {
        let (first, tag) = self.place(id);
        let mask = self.slots.len().wrapping_sub(1);
        let chain = (0..self.slots.len()).map(move |step| self.slots[(first + step) & mask]);
        chain.take_while(|(_, number)| *number != 0).filter(move |(have, _)| *have == tag).map(|(_, number)| number - 1)
    }

    fn place(&self, id: &gix::oid) -> (usize, u32) {
        let bytes = id.as_bytes();
        let part =
            |from: usize| bytes.get(from..from + 4).and_then(|part| part.try_into().ok()).map_or(0, u32::from_be_bytes);
        (part(0) as usize & self.slots.len().wrapping_sub(1), part(4))
    }
}
