//! What earlier sweeps scanned, kept in a file so that the next one need not look again.
//!
//! The file holds ids of objects, whether anything was seen in each, who is whose parent among commits, and which trees lead
//! to what was seen: nothing of any object's content, and no name. It is bound to the rules and the program by its name and
//! its head, so that other rules never meet it. An object in which something was seen is looked at again each time, for its
//! report needs its content.

mod format;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::attribution::tree_index::{Target, TreeIndex};
use crate::fs::{Rights, replace};
use crate::git::ObjectId;
use crate::git::graph::Commits;
use crate::git::repo::Local;
use crate::git::store::{Number, Store};
use crate::rule_set::RuleSet;

/// What a sweep says of an object it came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scanned {
    pub(crate) number: Number,
    pub(crate) state: State,
    pub(crate) is_tree: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum State {
    /// No sweep came to it.
    #[default]
    New,
    /// There was nothing to say: no sighting, gap or note, and nothing missing that it names.
    Clean,
    /// Something was seen in it.
    Marked,
    /// It is here and could not be read.
    Unread,
    /// Others name it and it is not here.
    Absent,
}

/// What earlier sweeps say of a store.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    /// By number.
    states: Vec<State>,
    /// What was named and not here, in order.
    absent: Vec<ObjectId>,
    /// Clean commits.
    pub(crate) commits: Commits,
    /// Whether every object of the earlier sweep is still here and what it missed is not: then what its trees and commits
    /// name is as it was.
    pub(crate) complete: bool,
    /// What the trees of the earlier sweep hold of what was seen in it, if that is known.
    pub(crate) tree_index: Option<TreeIndex>,
}

impl Cache {
    /// Whether an object was found to be clean.
    pub(crate) fn is_clean(&self, number: Number) -> bool {
        self.states.get(number as usize) == Some(&State::Clean)
    }

    /// How many objects were found to be clean.
    pub(crate) fn count(&self) -> usize {
        self.states.iter().filter(|state| **state == State::Clean).count()
    }

    /// Whether the trees of the earlier sweep hold no target but those of its `tree_index`. So it is with an object that they
    /// cannot name, for neither was it here nor was it missed, and with a name that would have been seen. What could not be
    /// read then and can be now may be a tree.
    pub(crate) fn tells(
        &self,
        tree_index: &TreeIndex,
        targets: &BTreeSet<Target>,
        scanned: &[Scanned],
        store: &Store,
    ) -> bool {
        let is_new = |id: &ObjectId| match store.find(id) {
            Some(number) => self.states.get(number as usize).is_none_or(|state| *state == State::New),
            None => self.absent.binary_search(id).is_err(),
        };
        let new = |target: &Target| match target {
            Target::Object(id) => is_new(id),
            Target::Name(_) => true,
        };
        let mut read = scanned.iter().filter(|one| one.state != State::Unread);
        targets.iter().all(|target| tree_index.target_id(target).is_some() || new(target))
            && !read.any(|one| self.states.get(one.number as usize) == Some(&State::Unread))
    }

    /// Adds what this sweep came to and what it missed; says whether that is anything new.
    pub(crate) fn add(&mut self, scanned: &[Scanned], absent: BTreeSet<ObjectId>, count: usize) -> bool {
        self.states.resize(count, State::New);
        let absent: Vec<ObjectId> = absent.into_iter().collect();
        let mut new = !self.complete || self.absent != absent;
        self.absent = absent;
        for one in scanned {
            let before = std::mem::replace(&mut self.states[one.number as usize], one.state);
            new |= before != one.state;
        }
        new
    }
}

/// The file for some rules.
pub(crate) struct CacheFile {
    path: PathBuf,
    /// A hash of all that decides what is seen in an object: the rules and the program that runs them.
    key: [u8; 32],
}

impl CacheFile {
    /// The file in a folder; it need not be there.
    pub(crate) fn new(folder: &Path, rules: &RuleSet) -> Self {
        let mut digest = Sha256::new();
        digest.update(env!("KEYSWEEP_SWEEP"));
        digest.update(format!("{:?} {:?}", rules.rules, rules.fields));
        let key: [u8; 32] = digest.finalize().into();
        let name = data_encoding::HEXLOWER.encode(&key[..8]);
        Self { path: folder.join(format!("keysweep-{name}.seen")), key }
    }

    /// Where it lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads what earlier sweeps with these rules saw, as far as the objects are here; `None` if there was none.
    ///
    /// # Errors
    /// When there is a file that cannot be read or is damaged.
    pub(crate) fn load(&self, store: &Store, local: &Local) -> io::Result<Option<Cache>> {
        let bytes = match std::fs::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, "it is damaged");
        format::decode(&bytes, &self.key, store, local).map(Some).ok_or_else(damaged)
    }

    /// Writes what was seen, as a whole or not at all.
    ///
    /// # Errors
    /// When the folder or the file cannot be written.
    pub(crate) fn save(
        &self,
        cache: &Cache,
        commits: &Commits,
        tree_index: Option<&TreeIndex>,
        store: &Store,
        local: &Local,
    ) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        let bytes = format::encode(&self.key, cache, commits, tree_index, store, local);
        replace(&self.path, Rights::Usual, |out| out.write_all(&bytes))
    }
}
