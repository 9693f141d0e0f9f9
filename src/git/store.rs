//! The object store of a clone: its packs, loose objects and alternates as one set in which each object has a number.
//!
//! An object that is stored several times has one number and is read once, from the first pack that holds it.

use std::ffi::OsStr;
use std::fs::DirEntry;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bstr::BString;

use super::error::error_text;
pub use super::numbers::Number;
use super::numbers::{FREE, Numbers};
use super::pack::{Plan, Portion};
use super::{ObjectId, Repo, SourceError, layout};
use crate::finding::{Gap, GapKind};

/// The most times that the store is listed while git is moving its files.
const ATTEMPTS: usize = 5;
/// The wait for the second file of a pack before the folder is listed again.
const PAUSE: Duration = Duration::from_millis(10);

/// All objects of a clone, with their numbers.
#[derive(Default)]
pub struct Store {
    /// The object folders: the repository's own first, then those that it borrows from.
    folders: Vec<PathBuf>,
    packs: Vec<Plan>,
    /// The number of the first object of each pack, and of the first loose one.
    firsts: Vec<Number>,
    /// For each pack, the positions in its index of objects that an earlier pack holds too.
    again: Vec<Vec<u32>>,
    /// The loose objects that are in no pack, sorted by id.
    loose: Vec<ObjectId>,
    numbers: Numbers,
    id_length: usize,
    /// The parts that could not be opened.
    pub gaps: Vec<Gap>,
}

impl Store {
    /// Opens all of a repository's packs and lists its loose objects; nothing is decoded.
    ///
    /// # Errors
    /// Fails if the object database can't be opened, or holds too many objects to be numbered.
    pub fn open(repository: &Repo) -> Result<Self, SourceError> {
        let mut listed = Self::list(repository)?;
        // While git repacks, an object may move to a pack that was written after the listing, or out of one that was
        // listed.
        for _ in 1..ATTEMPTS {
            let (store, packs) = &listed;
            if store.folders.iter().zip(packs).all(|(folder, packs)| packs_in(folder).unwrap_or_default() == *packs) {
                break;
            }
            listed = Self::list(repository)?;
        }
        Ok(listed.0)
    }

    /// Opens the packs once, and returns the pack files that each folder had.
    fn list(repository: &Repo) -> Result<(Self, Vec<Vec<PathBuf>>), SourceError> {
        let local = repository.local();
        let broken = |cause: String| SourceError::Broken { what: "the object database".to_owned(), cause };
        let objects = local.objects.store_ref();
        let alternates = objects.alternate_db_paths().map_err(|error| broken(error_text(&error)))?;
        let gaps = repository.unlisted().to_vec();
        let mut store = Self { id_length: local.object_hash().len_in_bytes(), gaps, ..Self::default() };
        let (mut loose, mut packs, mut lone) = (Vec::new(), Vec::new(), Vec::new());
        let folders = std::iter::once(objects.path().to_owned()).chain(alternates);
        for folder in folders.map(|folder| repository.place(folder)) {
            let of_folder = store.files_of_packs(&folder);
            store.list_loose(&folder, local.object_hash(), &mut loose);
            store.open_packs(&of_folder, local.object_hash(), &mut lone);
            store.folders.push(folder);
            packs.push(of_folder);
        }
        // The largest pack comes first: it is the better one to read an object from that is stored twice, because the
        // object has more in common with its neighbours there.
        store.packs.sort_by_key(|pack| std::cmp::Reverse(pack.count()));
        let too_many = || broken("it contains more than four billion objects".to_owned());
        store.number().ok_or_else(too_many)?;
        loose.sort_unstable();
        loose.dedup();
        store.numbers = Numbers::with_room_for(store.first_loose() as usize + loose.len());
        store.number_packed();
        for id in loose {
            if store.find(&id).is_none() {
                let number = u32::try_from(store.count()).ok().filter(|n| *n != FREE).ok_or_else(too_many)?;
                store.loose.push(id);
                store.numbers.insert(&id, number);
            }
        }
        lone.retain(|index| !store.holds_all_of(index, local.object_hash()));
        let missing = lone.iter().map(|index| unreadable(index, "the .pack file that belongs to it is missing"));
        store.gaps.extend(missing);
        Ok((store, packs))
    }

    /// Returns the files of the packs in a folder. A folder that objects are borrowed from need not exist: if it lacks
    /// an object, that is reported for the object.
    fn files_of_packs(&mut self, folder: &Path) -> Vec<PathBuf> {
        let is_own = self.folders.is_empty();
        let listed = std::fs::read_dir(folder).map(drop).and_then(|()| whole_packs_in(folder));
        listed.unwrap_or_else(|error| {
            if is_own || error.kind() != ErrorKind::NotFound {
                self.gaps.push(unreadable(folder, &format!("it cannot be listed ({error})")));
            }
            Vec::new()
        })
    }

    /// Returns `true` if every object of an index without a pack is stored elsewhere, so that nothing is missing.
    fn holds_all_of(&self, index: &Path, hash: gix::hash::Kind) -> bool {
        let index = gix::odb::pack::index::File::at(index, hash);
        index.is_ok_and(|index| (0..index.num_objects()).all(|entry| self.find(index.oid_at_index(entry)).is_some()))
    }

    /// Opens the packs of a folder; adds indexes that have no pack to `lone`.
    fn open_packs(&mut self, paths: &[PathBuf], hash: gix::hash::Kind, lone: &mut Vec<PathBuf>) {
        for path in paths {
            let extension = path.extension().and_then(|extension| extension.to_str());
            let partner = |extension| path.with_extension(extension).exists();
            match extension {
                Some("idx") if !partner("pack") => lone.push(path.clone()),
                Some("idx") => self.open_pack(path, hash),
                Some("pack") if !partner("idx") => self.open_pack(path, hash),
                _ => {}
            }
        }
    }

    fn open_pack(&mut self, path: &Path, hash: gix::hash::Kind) {
        let (plan, gap) = opened(path, hash);
        self.packs.extend(plan);
        self.gaps.extend(gap);
    }

    fn list_loose(&mut self, folder: &Path, hash: gix::hash::Kind, out: &mut Vec<ObjectId>) {
        let is_first = |name: &OsStr| name.len() == 2 && name.as_encoded_bytes().iter().all(u8::is_ascii_hexdigit);
        // A folder that can't be listed has been reported with its packs.
        let firsts = std::fs::read_dir(folder).into_iter().flatten().flatten();
        for first in firsts.filter(|entry| is_first(&entry.file_name())) {
            for entry in self.entries_of(&first.path()) {
                let hex = [first.file_name().as_encoded_bytes(), entry.file_name().as_encoded_bytes()].concat();
                let id = ObjectId::from_hex(&hex).ok().filter(|id| id.kind() == hash);
                // The listing says that nearly all of them are files.
                let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
                match if is_file { Ok(()) } else { layout::opens(&entry.path()) } {
                    Ok(()) => out.extend(id),
                    Err(error) => self.gaps.push(unreadable(&entry.path(), &error.to_string())),
                }
            }
        }
    }

    /// Returns the entries of a folder of loose objects. It may be gone, because git removes folders that have become
    /// empty.
    fn entries_of(&mut self, folder: &Path) -> Vec<DirEntry> {
        let listed = std::fs::read_dir(folder).and_then(Iterator::collect);
        listed.unwrap_or_else(|error| {
            if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) {
                self.gaps.push(unreadable(folder, &format!("it cannot be listed ({error})")));
            }
            Vec::new()
        })
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

    /// Adds the objects of all packs to the table, and lists for each pack those that an earlier one holds.
    fn number_packed(&mut self) {
        for at in 0..self.packs.len() {
            let first = self.firsts[at];
            let mut again: Vec<u32> = Vec::new();
            for entry in 0..self.packs[at].count() {
                let id = self.packs[at].id(entry);
                if at > 0 && self.find(&id).is_some() {
                    again.push(entry);
                } else {
                    self.numbers.insert(&id, first + entry);
                }
            }
            self.again.push(again);
        }
    }

    /// Selects every object; if one is stored several times, its first copy.
    pub fn everything(&self) -> Selection<'_> {
        let portion = |at: usize, plan| match &self.again[at][..] {
            [] => Portion::all(plan),
            again => Portion::select(plan, |entry| again.binary_search(&entry).is_err()),
        };
        let portions = self.packs.iter().enumerate().map(|(at, plan)| portion(at, plan)).collect();
        Selection { store: self, portions, loose: self.loose_numbers().collect() }
    }

    /// Selects the objects that are `wanted`.
    pub fn select(&self, wanted: impl Fn(Number) -> bool + Sync) -> Selection<'_> {
        self.selection(&wanted, |plan, wanted| Portion::select(plan, wanted))
    }

    /// Selects the same objects, but doesn't walk packs of which only a few are wanted: see [`Selection::single`].
    pub fn pick(&self, wanted: impl Fn(Number) -> bool + Sync) -> Selection<'_> {
        self.selection(&wanted, |plan, wanted| Portion::pick(plan, wanted))
    }

    fn selection<'s>(
        &'s self,
        wanted: &(dyn Fn(Number) -> bool + Sync),
        portion: impl Fn(&'s Plan, &(dyn Fn(u32) -> bool + Sync)) -> Portion<'s>,
    ) -> Selection<'s> {
        let packs = self.packs.iter().zip(&self.firsts).zip(&self.again);
        let portions = packs.map(|((plan, first), again)| {
            portion(plan, &|entry| again.binary_search(&entry).is_err() && wanted(first + entry))
        });
        let loose = self.loose_numbers().filter(|number| wanted(*number));
        Selection { store: self, portions: portions.collect(), loose: loose.collect() }
    }

    /// Returns the number of a packed object, from the pack's position and the object's position in its index.
    pub fn number_of(&self, pack: usize, entry: u32) -> Number {
        self.firsts.get(pack).copied().unwrap_or(0) + entry
    }

    /// Returns the number of bytes in an id.
    pub fn id_length(&self) -> usize {
        self.id_length
    }

    /// Returns the highest number plus one.
    pub fn count(&self) -> usize {
        self.first_loose() as usize + self.loose.len()
    }

    /// Returns the id of an object.
    pub fn id(&self, number: Number) -> Option<ObjectId> {
        let pack = self.firsts.partition_point(|first| *first <= number).checked_sub(1)?;
        let place = number - self.firsts[pack];
        match self.packs.get(pack) {
            Some(pack) => Some(pack.id(place)),
            None => self.loose.get(place as usize).copied(),
        }
    }

    /// Returns the number of an object, if it is in this clone.
    pub fn find(&self, id: &gix::oid) -> Option<Number> {
        self.numbers.find(id)
    }

    /// Returns the numbers of several objects. A lookup waits for memory; if nothing is done between the lookups, many
    /// of them wait at the same time.
    pub fn find_all<'i>(&self, ids: impl Iterator<Item = &'i gix::oid>) -> Vec<Option<Number>> {
        ids.map(|id| self.find(id)).collect()
    }

    /// Returns all places where an object is stored.
    pub fn copies(&self, id: &gix::oid) -> Vec<Copy> {
        let digits = id.to_string();
        let (first, rest) = digits.split_at(2);
        let mut copies = Vec::new();
        for (at, folder) in self.folders.iter().enumerate() {
            let copy = |is_kept| Copy { folder: folder.clone(), is_borrowed: at > 0, is_kept };
            if folder.join(first).join(rest).exists() {
                copies.push(copy(false));
            }
            let packs = self.packs.iter().filter(|pack| pack.path().starts_with(folder) && pack.holds(id));
            // git cleans up neither of these two kinds of packs.
            let kept = |pack: &Plan| ["keep", "promisor"].iter().any(|mark| pack.path().with_extension(mark).exists());
            copies.extend(packs.map(|pack| copy(kept(pack))));
        }
        copies
    }

    /// Returns the files that an interrupted command left among the objects: they contain objects, but it is unknown
    /// which.
    pub fn leftovers(&self) -> Vec<Gap> {
        let below = |folder: &PathBuf| {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
            entries.collect::<Vec<_>>()
        };
        let inner = self.folders.iter().flat_map(below).filter(|path| path.is_dir());
        let files = self.folders.iter().cloned().chain(inner).flat_map(|folder| below(&folder));
        let is_left = |path: &PathBuf| path.is_file() && path.file_name().is_some_and(is_temporary);
        let gap = |path: PathBuf| Gap {
            what: BString::from(path.display().to_string()),
            kind: GapKind::Unreadable,
            why: "an interrupted command left it, and it may contain anything; 'git gc --prune=now' removes it"
                .to_owned(),
        };
        files.filter(is_left).map(gap).collect()
    }

    fn loose_numbers(&self) -> impl Iterator<Item = Number> {
        (self.first_loose()..).zip(&self.loose).map(|(number, _)| number)
    }

    /// Returns `true` if an object is in no pack.
    pub fn is_loose(&self, number: Number) -> bool {
        number >= self.first_loose()
    }

    fn first_loose(&self) -> Number {
        self.firsts.last().copied().unwrap_or(0)
    }
}

/// Lists the files as [`packs_in`] does. git adds and removes the two files of a pack one after the other, so it waits
/// for the other one if only one is there.
fn whole_packs_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = packs_in(folder)?;
    for _ in 1..ATTEMPTS {
        let stem = |path: &PathBuf| path.with_extension("");
        if paths.chunk_by(|a, b| stem(a) == stem(b)).all(|files| files.len() == 2) {
            break;
        }
        std::thread::sleep(PAUSE);
        paths = packs_in(folder)?;
    }
    Ok(paths)
}

/// Returns the pack files in an object folder, by name.
fn packs_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder.join("pack")) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>()?;
    let is_of_pack = |path: &PathBuf| path.extension().is_some_and(|end| end == "pack" || end == "idx");
    let mut paths: Vec<PathBuf> = paths.into_iter().filter(is_of_pack).collect();
    paths.sort();
    Ok(paths)
}

/// Objects of a store that are to be read: by a walk of the packs, and one by one.
#[derive(Clone)]
pub struct Selection<'s> {
    store: &'s Store,
    portions: Vec<Portion<'s>>,
    loose: Vec<Number>,
}

impl<'s> Selection<'s> {
    /// Returns the store that the objects are in.
    pub fn store(&self) -> &'s Store {
        self.store
    }

    /// Returns the portions that a walk of the packs visits.
    pub fn portions(&self) -> &[Portion<'s>] {
        &self.portions
    }

    /// Returns the numbers of the objects that no walk of the packs reaches: loose ones, deltas without a base, and the
    /// few that were picked from a pack.
    pub fn single(&self) -> Vec<Number> {
        let portions = self.portions.iter().enumerate();
        let unwalked = portions.flat_map(|(at, portion)| portion.unwalked().into_iter().map(move |entry| (at, entry)));
        let unwalked = unwalked.map(|(pack, entry)| self.store.number_of(pack, entry));
        unwalked.chain(self.loose.iter().copied()).collect()
    }
}

/// A place where an object is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// The object folder that contains the copy.
    pub folder: PathBuf,
    /// `true` if the folder is another repository's.
    pub is_borrowed: bool,
    /// `true` if the copy is in a pack that git doesn't clean up.
    pub is_kept: bool,
}

fn unreadable(path: &Path, why: &str) -> Gap {
    Gap {
        what: BString::from(path.display().to_string()),
        kind: GapKind::Corrupt,
        why: format!("{why}, so its objects cannot be read; run 'git fsck' for details"),
    }
}

/// Returns the gap for a pack whose contents are known only from the multi-pack-index.
fn unlisted(path: &Path, why: &str) -> Gap {
    Gap {
        what: BString::from(path.display().to_string()),
        kind: GapKind::Corrupt,
        why: format!(
            "{why}, so only the objects were read that the multi-pack-index lists of it; 'git index-pack' with the .pack file rebuilds its index"
        ),
    }
}

/// Opens the pack that a file belongs to, which is its index, or the pack itself if it has no index; returns its plan
/// and the gap to report.
fn opened(path: &Path, hash: gix::hash::Kind) -> (Option<Plan>, Option<Gap>) {
    let index = path.with_extension("idx");
    let (plan, trouble) = match (index == path).then(|| Plan::new(path, hash)) {
        Some(Ok(plan)) => match plan.disagreement() {
            Some(trouble) => (Some(plan), trouble),
            None => return (Some(plan), None),
        },
        Some(Err(cause)) => (None, format!("it or its pack is damaged ({cause})")),
        None => (None, "the .idx file that belongs to it is missing".to_owned()),
    };
    match Plan::by_multi_index(&index, hash) {
        Some(made) => (Some(made), Some(unlisted(path, &trouble))),
        None => (plan, Some(unreadable(path, &trouble))),
    }
}

/// Returns `true` if git uses such a name for unfinished files.
fn is_temporary(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    [&b"tmp_"[..], b".tmp-"].iter().any(|start| name.starts_with(start))
}
