//! What an earlier sweep has looked at, kept in a file so that the next one need not look again.
//!
//! The file holds ids of objects, whether anything was seen in each, and who is whose parent among commits: nothing of any
//! object's content. It is bound to the rules and the detector by its name and its head, so that other rules never meet
//! it. An object in which something was seen is looked at again each time, for its report needs its content.

use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::rule_set::RuleSet;
use crate::source::graph::CommitRecord;
use crate::source::repo::Kind;
use crate::source::store::{Number, Store};
use crate::source::{ObjectId, oid};

/// What the file starts with; another number for another layout.
const MAGIC: &[u8] = b"keysweep seen objects 1\n";
/// No object.
const NONE: u32 = u32::MAX;

/// What a sweep says of an object it has looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Looked {
    pub(super) number: Number,
    pub(super) kind: Kind,
    /// Whether there was nothing to say: no sighting, gap or note, and nothing missing that it names.
    pub(super) clean: bool,
}

/// What earlier sweeps say of a store.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// By number.
    states: Vec<State>,
    /// Clean commits.
    pub(super) commits: Vec<CommitRecord>,
    /// Whether every object of the earlier sweep is still here: then what its trees and commits name is, too.
    pub(super) complete: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    New,
    Clean,
    /// Something was seen in it.
    Marked,
}

impl Seen {
    /// Whether an object was found to be clean.
    pub(super) fn is_clean(&self, number: Number) -> bool {
        self.states.get(number as usize) == Some(&State::Clean)
    }

    /// How many objects were found to be clean.
    pub(super) fn count(&self) -> usize {
        self.states.iter().filter(|state| **state == State::Clean).count()
    }

    /// Adds what this sweep looked at; says whether that is anything new.
    pub(super) fn add(&mut self, looked: &[Looked], count: usize) -> bool {
        self.states.resize(count, State::New);
        let mut new = !self.complete;
        for one in looked {
            let state = if one.clean { State::Clean } else { State::Marked };
            let before = std::mem::replace(&mut self.states[one.number as usize], state);
            new |= before != state;
        }
        new
    }
}

/// The file for some rules.
pub(super) struct SeenFile {
    path: PathBuf,
    /// A hash of all that decides what is seen in an object: the rules and the program that runs them.
    key: [u8; 32],
}

impl SeenFile {
    /// The file in a folder; it need not be there.
    pub(super) fn new(folder: &Path, rules: &RuleSet) -> Self {
        let mut digest = Sha256::new();
        digest.update(env!("KEYSWEEP_DETECTOR"));
        digest.update(format!("{:?} {:?}", rules.rules, rules.fields));
        let key: [u8; 32] = digest.finalize().into();
        let name = data_encoding::HEXLOWER.encode(&key[..8]);
        Self { path: folder.join(format!("keysweep-{name}.seen")), key }
    }

    /// Where it lies.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads what earlier sweeps with these rules saw, as far as the objects are here; `None` if there was none.
    ///
    /// # Errors
    /// When there is a file that cannot be read or is damaged.
    pub(super) fn load(&self, store: &Store) -> io::Result<Option<Seen>> {
        let bytes = match std::fs::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, "it is damaged");
        decode(&bytes, &self.key, store).map(Some).ok_or_else(damaged)
    }

    /// Writes what was seen, as a whole or not at all.
    ///
    /// # Errors
    /// When the folder or the file cannot be written.
    pub(super) fn save(&self, seen: &Seen, commits: &[CommitRecord], store: &Store) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        let beside = folder.join(format!(".keysweep-{}.tmp", std::process::id()));
        let written = std::fs::write(&beside, encode(&self.key, seen, commits, store));
        let done = written.and_then(|()| std::fs::rename(&beside, &self.path));
        if done.is_err() {
            // It may not have been made.
            let _ = std::fs::remove_file(&beside);
        }
        done
    }
}

/// Magic, key, length of an id; then the ids in order with a byte each, 1 for clean ones; then the commits; then a CRC-32.
fn encode(key: &[u8], seen: &Seen, commits: &[CommitRecord], store: &Store) -> Vec<u8> {
    let states = (0..).zip(&seen.states).filter(|(_, state)| **state != State::New);
    let mut all: Vec<(ObjectId, Number, State)> =
        states.filter_map(|(number, state)| Some((store.id(number)?, number, *state))).collect();
    all.sort_unstable_by_key(|(id, ..)| *id);
    let mut places = vec![NONE; store.count()];
    (0..).zip(&all).for_each(|(place, (_, number, _))| places[*number as usize] = place);
    let mut out = Vec::with_capacity(all.len() * (store.id_length() + 1) + commits.len() * 24 + 128);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(key);
    number(&mut out, store.id_length());
    number(&mut out, all.len());
    for (id, _, state) in &all {
        out.extend_from_slice(id.as_slice());
        out.push(u8::from(*state == State::Clean));
    }
    let known = |record: &&CommitRecord| places[record.commit as usize] != NONE;
    number(&mut out, commits.iter().filter(known).count());
    for record in commits.iter().filter(known) {
        let place = |number: Number| places[number as usize].to_le_bytes();
        out.extend_from_slice(&place(record.commit));
        out.extend_from_slice(&record.tree.map_or(NONE.to_le_bytes(), place));
        out.extend_from_slice(&record.committed.to_le_bytes());
        out.push(u8::from(record.is_root));
        number(&mut out, record.parents.len());
        record.parents.iter().for_each(|parent| out.extend_from_slice(&place(*parent)));
    }
    let sum = crc32fast::hash(&out);
    out.extend_from_slice(&sum.to_le_bytes());
    out
}

fn number(out: &mut Vec<u8>, value: usize) {
    out.extend_from_slice(&u32::try_from(value).unwrap_or(NONE).to_le_bytes());
}

fn decode(bytes: &[u8], key: &[u8], store: &Store) -> Option<Seen> {
    let (content, sum) = bytes.split_last_chunk()?;
    if crc32fast::hash(content) != u32::from_le_bytes(*sum) {
        return None;
    }
    let mut rest = Rest(content.strip_prefix(MAGIC)?.strip_prefix(key)?);
    if rest.number()? as usize != store.id_length() {
        return None;
    }
    let mut seen = Seen { states: vec![State::New; store.count()], commits: Vec::new(), complete: true };
    let count = rest.number()? as usize;
    let mut numbers = Vec::with_capacity(count.min(store.count()));
    for _ in 0..count {
        let id = oid::try_from_bytes(rest.take(store.id_length())?).ok()?;
        let clean = rest.take(1)? == [1];
        let number = store.find(id);
        match number {
            Some(number) => seen.states[number as usize] = if clean { State::Clean } else { State::Marked },
            None => seen.complete = false,
        }
        numbers.push(number);
    }
    let at = |place: u32| numbers.get(place as usize).copied().flatten();
    for _ in 0..rest.number()? {
        let (commit, tree) = (at(rest.number()?), at(rest.number()?));
        let committed = i64::from_le_bytes(rest.take(8)?.try_into().ok()?);
        let is_root = rest.take(1)? == [1];
        let mut parents = Vec::new();
        for _ in 0..rest.number()? {
            parents.extend(at(rest.number()?));
        }
        if let Some(commit) = commit.filter(|commit| seen.is_clean(*commit)) {
            seen.commits.push(CommitRecord { commit, tree, parents, is_root, committed });
        }
    }
    rest.0.is_empty().then_some(seen)
}

/// What is still to be read.
struct Rest<'r>(&'r [u8]);

impl<'r> Rest<'r> {
    fn take(&mut self, count: usize) -> Option<&'r [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }
}
