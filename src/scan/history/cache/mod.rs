//! The cache of earlier sweeps, stored in a file so that the next sweep need not scan the same objects again.
//!
//! The file contains the ids of objects, whether anything was seen in each, the parents of commits, and the trees that
//! lead to what was seen: nothing of any object's content, and no names. Its name and its head depend on the rules and
//! the program, so that it is never used with other rules. An object in which something was seen is scanned again each
//! time, because the report needs its content.

mod format;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::attribution::tree_index::{Target, TreeIndex};
use crate::fs::bounded::{self, Refused};
use crate::fs::{Rights, replace};
use crate::git::ObjectId;
use crate::git::graph::Commits;
use crate::git::repo::Local;
use crate::git::store::{Number, Store};
use crate::rule_set::RuleSet;

/// The most bytes of a file that is read: some thirty for each object of a repository, which may have a hundred million
/// of them.
const MAX_SIZE: u64 = 4 << 30;

/// The result for one object in a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scanned {
    pub(crate) number: Number,
    pub(crate) state: State,
    pub(crate) is_tree: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum State {
    /// No sweep has read this object yet.
    #[default]
    New,
    /// There was nothing to report: no sighting, gap or note, and no named object missing.
    Clean,
    /// Something was seen in it.
    Marked,
    /// It is in the clone but could not be read.
    Unread,
    /// Others name it, but it isn't in the clone.
    Absent,
}

/// The cache of earlier sweeps of a store; empty by default.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    pub(crate) objects: KnownObjects,
    pub(crate) links: Links,
}

/// The cached links between objects that aren't contents.
#[derive(Debug, Default)]
pub(crate) enum Links {
    /// Nothing is known. This is also the case if an object that was scanned is gone, or one that was missing has been
    /// added: all objects that can name it have to be read again.
    #[default]
    Unknown,
    /// Every clean tree and commit names objects that are still the same.
    Current {
        /// The clean commits.
        commits: Commits,
        /// The index of findings in trees, if it is known.
        tree_index: Option<TreeIndex>,
    },
}

/// The cached facts about single objects.
#[derive(Debug)]
pub(crate) struct KnownObjects {
    /// The states of objects, by number.
    states: Vec<State>,
    /// The ids of absent objects, sorted.
    absent: Vec<ObjectId>,
    /// `true` if the file doesn't contain exactly these facts.
    is_changed: bool,
}

impl Default for KnownObjects {
    /// Returns empty facts, for which there is no file yet.
    fn default() -> Self {
        Self { states: Vec::new(), absent: Vec::new(), is_changed: true }
    }
}

impl KnownObjects {
    fn state(&self, number: Number) -> State {
        self.states.get(number as usize).copied().unwrap_or_default()
    }

    /// Returns `true` if an object was found to be clean.
    pub(crate) fn is_clean(&self, number: Number) -> bool {
        self.state(number) == State::Clean
    }

    /// Returns the number of objects that were found to be clean.
    pub(crate) fn count_clean(&self) -> usize {
        self.states.iter().filter(|state| **state == State::Clean).count()
    }

    /// Returns `true` if there are facts that aren't in the file yet.
    pub(crate) fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// Returns `true` if the clean trees contain none of the targets except those in their index. That is certain for
    /// an object that they can't name, because it was neither in the clone nor recorded as missing, and for a name,
    /// because it would have been found. An object that can be read for the first time may be a tree with any content.
    pub(crate) fn is_complete_for(
        &self,
        index: &TreeIndex,
        targets: &BTreeSet<Target>,
        scanned: &[Scanned],
        store: &Store,
    ) -> bool {
        let is_new = |id: &ObjectId| match store.find(id) {
            Some(number) => self.state(number) == State::New,
            None => self.absent.binary_search(id).is_err(),
        };
        let new = |target: &Target| match target {
            Target::Object(id) => is_new(id),
            Target::Name(_) => true,
        };
        let mut read = scanned.iter().filter(|one| one.state != State::Unread);
        targets.iter().all(|target| index.target_id(target).is_some() || new(target))
            && !read.any(|one| self.state(one.number) == State::Unread)
    }

    /// Adds the objects that this sweep scanned and those it found missing, in a store of `count` objects.
    pub(crate) fn add(&mut self, scanned: &[Scanned], absent: BTreeSet<ObjectId>, count: usize) {
        self.states.resize(count, State::New);
        let absent: Vec<ObjectId> = absent.into_iter().collect();
        self.is_changed |= self.absent != absent;
        self.absent = absent;
        for one in scanned {
            let before = std::mem::replace(&mut self.states[one.number as usize], one.state);
            self.is_changed |= before != one.state;
        }
    }
}

/// The file for certain rules and a certain repository. It is named after a commit in the repository: one without a
/// parent, so that a clone and a fork use the same file; or, if the history is cut off, the newest. So repositories
/// that have nothing in common never replace each other's file.
pub(crate) struct CacheFile {
    folder: PathBuf,
    /// The file that was found.
    found: Option<PathBuf>,
    /// A hash of everything that determines what is seen in an object: the rules and the program that runs them.
    key: [u8; 32],
}

impl CacheFile {
    /// Finds the file in a folder for the repository with these objects; it need not exist.
    pub(crate) fn new(folder: &Path, rules: &RuleSet, store: &Store) -> Self {
        let mut digest = Sha256::new();
        digest.update(env!("KEYSWEEP_SWEEP"));
        digest.update(rules.digest());
        let key: [u8; 32] = digest.finalize().into();
        let mut file = Self { folder: folder.to_owned(), found: None, key };
        let (start, end) = file.ends();
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let is_ours = |path: &PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let id = name.strip_prefix(&start).and_then(|rest| rest.strip_suffix(end));
            id.and_then(|id| ObjectId::from_hex(id.as_bytes()).ok()).is_some_and(|id| store.find(&id).is_some())
        };
        file.found = entries.map(|entry| entry.path()).filter(is_ours).min();
        file
    }

    /// Returns the parts of the name of such a file, before and after the commit.
    fn ends(&self) -> (String, &'static str) {
        (format!("keysweep-{}-", data_encoding::HEXLOWER.encode(&self.key[..8])), ".seen")
    }

    /// Returns the path of the file, or of its folder if there is no file yet.
    pub(crate) fn path(&self) -> &Path {
        self.found.as_ref().unwrap_or(&self.folder)
    }

    /// Reads the results of earlier sweeps with these rules, for objects that are still in the clone; `None` if there
    /// is no file.
    ///
    /// # Errors
    /// Fails if the file can't be read or is damaged.
    pub(crate) fn load(&self, store: &Store, local: &Local) -> io::Result<Option<Cache>> {
        let Some(path) = &self.found else { return Ok(None) };
        let bytes = match bounded::read(path, MAX_SIZE, bounded::Links::Refused) {
            Ok(bytes) => bytes,
            Err(Refused::Io(error)) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(refused) => return Err(io::Error::other(refused)),
        };
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, "it is damaged");
        format::decode(&bytes, &self.key, store, local).map(Some).ok_or_else(damaged)
    }

    /// Writes the known facts, as a whole or not at all.
    ///
    /// # Errors
    /// Fails if the folder or the file can't be written.
    pub(crate) fn save(
        &self,
        known: &KnownObjects,
        commits: &Commits,
        tree_index: Option<&TreeIndex>,
        store: &Store,
        local: &Local,
    ) -> io::Result<()> {
        let (start, end) = self.ends();
        let new = || named_after(commits, store).map(|id| self.folder.join(format!("{start}{id}{end}")));
        // Without a commit there is hardly anything to remember, and nothing to name the file after.
        let Some(path) = self.found.clone().or_else(new) else { return Ok(()) };
        std::fs::create_dir_all(&self.folder)?;
        let bytes = format::encode(&self.key, known, commits, tree_index, store, local);
        replace(&path, Rights::Usual, |out| out.write_all(&bytes))
    }
}

/// Returns the commit that a repository's file is named after.
fn named_after(commits: &Commits, store: &Store) -> Option<ObjectId> {
    let all = || commits.iter().map(|(record, _)| record);
    let oldest_root =
        all().filter(|record| record.is_root).min_by_key(|record| (record.committed, store.id(record.commit)));
    let newest = || all().max_by_key(|record| (record.committed, store.id(record.commit)));
    oldest_root.or_else(newest).and_then(|record| store.id(record.commit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> ObjectId {
        ObjectId::from_bytes_or_panic(&[n; 20])
    }

    fn scanned(number: Number, state: State) -> Scanned {
        Scanned { number, state, is_tree: false }
    }

    fn known() -> KnownObjects {
        let states = vec![State::Clean, State::Marked, State::Unread];
        KnownObjects { states, absent: vec![id(1), id(3)], is_changed: false }
    }

    #[test]
    fn the_file_is_written_only_if_something_changed() {
        let absent = || BTreeSet::from([id(1), id(3)]);
        let changed = |scanned: &[Scanned], absent, count| {
            let mut known = known();
            known.add(scanned, absent, count);
            known.is_changed()
        };
        assert!(!changed(&[], absent(), 3));
        assert!(!changed(&[scanned(1, State::Marked)], absent(), 4));
        assert!(changed(&[scanned(1, State::Clean)], absent(), 3));
        assert!(changed(&[scanned(3, State::Clean)], absent(), 4));
        assert!(changed(&[], BTreeSet::from([id(1)]), 3));
        let mut first = KnownObjects::default();
        first.add(&[], BTreeSet::new(), 0);
        assert!(first.is_changed(), "there is no file yet");
    }

    #[test]
    fn clean_trees_may_contain_missing_but_not_unknown_objects() {
        // The store is empty, so no id is in the clone.
        let is_complete_for = |target, scanned: &[Scanned]| {
            known().is_complete_for(&TreeIndex::default(), &BTreeSet::from([target]), scanned, &Store::default())
        };
        assert!(is_complete_for(Target::Object(id(2)), &[]));
        assert!(!is_complete_for(Target::Object(id(3)), &[]));
        assert!(is_complete_for(Target::Name("name".into()), &[]));
        let index = TreeIndex::new(vec![Target::Object(id(3))], Vec::new(), Vec::new(), Vec::new());
        assert!(known().is_complete_for(&index, &BTreeSet::from([Target::Object(id(3))]), &[], &Store::default()));
        // An object that can be read for the first time may be a tree with any content.
        assert!(!is_complete_for(Target::Object(id(2)), &[scanned(2, State::Clean)]));
        assert!(is_complete_for(Target::Object(id(2)), &[scanned(2, State::Unread)]));
    }
}
