//! The bytes of the file: magic, key, length of an id; the sorted ids, each with a byte for its state; the commits; the
//! targets in trees, if they are known; a CRC-32.
//!
//! Objects are referred to by their position in the list of ids. A name is given by a tree that contains it and the
//! start of its entry there, so that the file contains no names.

use bstr::BString;

use super::{Cache, KnownObjects, Links, State};
use crate::attribution::tree_index::{NodeEntry, NodeId, Target, TreeIndex, WAYS};
use crate::git::graph::{CommitRecord, Commits};
use crate::git::object::{self, Mode};
use crate::git::repo::Local;
use crate::git::store::{Number, Store};
use crate::git::tree::{entry_at, start_of};
use crate::git::{ObjectId, oid};

/// The start of the file; every layout has a number of its own.
const MAGIC: &[u8] = b"keysweep seen objects 3\n";
/// The position that means no object.
const NONE: u32 = u32::MAX;

/// The states by the byte that represents them; new objects aren't in the file.
const STATES: [State; 4] = [State::Marked, State::Clean, State::Unread, State::Absent];
/// The modes by the byte that represents them.
const MODES: [Mode; 4] = [Mode::File, Mode::Link, Mode::Tree, Mode::Submodule];
/// The byte, in place of a mode's, of an entry that leads to a node below.
const BELOW: u8 = 0xff;
/// The byte, in place of a mode's, of a part of the same folder.
const PART: u8 = 0xfe;

/// Encodes the cache of a sweep, with its index of trees.
pub(super) fn encode(
    key: &[u8],
    objects: &KnownObjects,
    commits: &Commits,
    tree_index: Option<&TreeIndex>,
    store: &Store,
    local: &Local,
) -> Vec<u8> {
    let states = (0..).zip(&objects.states).filter(|(_, state)| **state != State::New);
    let mut all: Vec<(ObjectId, Number, State)> =
        states.filter_map(|(number, state)| Some((store.id(number)?, number, *state))).collect();
    all.extend(objects.absent.iter().map(|id| (*id, NONE, State::Absent)));
    all.sort_unstable_by_key(|(id, ..)| *id);
    let mut places = vec![NONE; store.count()];
    for (place, (_, number, _)) in (0..).zip(&all).filter(|(_, (_, number, _))| *number != NONE) {
        places[*number as usize] = place;
    }
    let mut out = Out(Vec::with_capacity(all.len() * (store.id_length() + 1)));
    out.0.extend_from_slice(MAGIC);
    out.0.extend_from_slice(key);
    out.length(store.id_length());
    out.length(all.len());
    for (id, _, state) in &all {
        out.0.extend_from_slice(id.as_slice());
        out.0.push(position(&STATES, state));
    }
    out.commits(commits, &places);
    let known = tree_index.and_then(|tree_index| Known::new(tree_index, &all, &places, store, local));
    out.0.push(u8::from(known.is_some()));
    if let (Some(known), Some(tree_index)) = (known, tree_index) {
        out.tree_index(&known, tree_index, &places);
    }
    let sum = crc32fast::hash(&out.0);
    out.number(sum);
    out.0
}

fn position<T: PartialEq>(list: &[T], one: &T) -> u8 {
    list.iter().position(|other| other == one).and_then(|at| u8::try_from(at).ok()).unwrap_or(u8::MAX)
}

struct Out(Vec<u8>);

impl Out {
    fn number(&mut self, number: u32) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn length(&mut self, length: usize) {
        self.number(u32::try_from(length).unwrap_or(NONE));
    }

    fn commits(&mut self, commits: &Commits, places: &[u32]) {
        let known = |(record, _): &(&CommitRecord, &[Number])| places[record.commit as usize] != NONE;
        self.length(commits.iter().filter(known).count());
        for (record, parents) in commits.iter().filter(known) {
            self.number(places[record.commit as usize]);
            self.number(record.tree.map_or(NONE, |tree| places[tree as usize]));
            self.0.extend_from_slice(&record.committed.to_le_bytes());
            self.0.push(u8::from(record.is_root));
            self.length(parents.len());
            parents.iter().for_each(|parent| self.number(places[*parent as usize]));
        }
    }

    fn tree_index(&mut self, known: &Known, tree_index: &TreeIndex, places: &[u32]) {
        self.length(known.names.len());
        for (tree, start) in &known.names {
            self.number(places[*tree as usize]);
            self.number(*start);
        }
        self.length(known.targets.len());
        for (is_name, at) in &known.targets {
            self.0.push(u8::from(*is_name));
            self.number(*at);
        }
        self.length(tree_index.nodes().len());
        for node in tree_index.nodes() {
            self.length(node.len());
            for (name, entry) in node {
                let said = known.numbers.get(*name as usize).copied().unwrap_or(NONE);
                let (name, kind, at) = match entry {
                    NodeEntry::Below(node) => (said, BELOW, *node),
                    NodeEntry::Here(target, mode) => (said, position(&MODES, mode), *target),
                    NodeEntry::Part(node) => (*name, PART, *node),
                };
                self.number(name);
                self.0.push(kind);
                self.number(at);
            }
        }
        self.length(tree_index.trees().count());
        for (tree, node) in tree_index.trees() {
            self.number(places[tree as usize]);
            self.number(node);
        }
    }
}

/// The index of trees in a form without names.
struct Known {
    /// For each name in a node, a tree that contains it and the start of its entry there.
    names: Vec<(Number, u32)>,
    /// The positions in `names`, by the number of the name.
    numbers: Vec<u32>,
    /// The targets: a flag for names, and the object's position or the name's position in `names`.
    targets: Vec<(bool, u32)>,
}

impl Known {
    /// Builds this form; `None` if a part of the index can't be expressed in it.
    fn new(
        tree_index: &TreeIndex,
        ids: &[(ObjectId, Number, State)],
        places: &[u32],
        store: &Store,
        local: &Local,
    ) -> Option<Self> {
        let mut known = Self { names: Vec::new(), numbers: Vec::new(), targets: Vec::new() };
        let mut done = vec![false; tree_index.nodes().len()];
        for (tree, node) in tree_index.trees() {
            if places[tree as usize] == NONE {
                return None;
            }
            let is_new = |part: NodeId| !std::mem::replace(&mut done[part as usize], true);
            let numbers = tree_index.folder(node, is_new).map(|(name, _)| *name as usize).collect();
            known.name(tree_index, numbers, tree, store, local)?;
        }
        for target in tree_index.targets() {
            known.targets.push(match target {
                Target::Object(id) => {
                    let place = ids.binary_search_by_key(id, |(id, ..)| *id).ok()?;
                    (false, u32::try_from(place).ok()?)
                }
                Target::Name(name) => {
                    let numbers = (0..).zip(&known.numbers).filter(|(_, position)| **position != NONE);
                    let mut found = numbers.filter(|(number, _)| tree_index.name(*number) == Some(name));
                    (true, *found.next()?.1)
                }
            });
        }
        Some(known)
    }

    /// Finds names, given by number, in a tree that contains them.
    fn name(
        &mut self,
        tree_index: &TreeIndex,
        numbers: Vec<usize>,
        tree: Number,
        store: &Store,
        local: &Local,
    ) -> Option<()> {
        let highest = numbers.iter().max().map_or(0, |highest| highest + 1);
        self.numbers.resize(self.numbers.len().max(highest), NONE);
        let mut data: Option<Vec<u8>> = None;
        for number in numbers {
            if self.numbers[number] == NONE {
                let data = match &data {
                    Some(data) => data,
                    None => data.insert(object::load(local, store.id(tree)?, object::MAX_STRUCTURE).ok()?.1),
                };
                let name = tree_index.name(u32::try_from(number).ok()?)?;
                self.numbers[number] = u32::try_from(self.names.len()).ok()?;
                self.names.push((tree, start_of(data, name, store.id_length())?));
            }
        }
        Some(())
    }
}

/// Decodes the cache that was written for these rules, without objects that aren't in the clone; `None` if it is
/// damaged.
pub(super) fn decode(bytes: &[u8], key: &[u8], store: &Store, local: &Local) -> Option<Cache> {
    let (content, sum) = bytes.split_last_chunk()?;
    if crc32fast::hash(content) != u32::from_le_bytes(*sum) {
        return None;
    }
    let mut rest = Rest(content.strip_prefix(MAGIC)?.strip_prefix(key)?);
    if rest.number()? as usize != store.id_length() {
        return None;
    }
    let states = vec![State::New; store.count()];
    let mut known = KnownObjects { states, absent: Vec::new(), is_changed: false };
    let (objects, is_current) = rest.objects(&mut known, store)?;
    let commits = rest.commits(&known, &objects)?;
    let has_index = rest.byte()? == 1;
    let tree_index = match (has_index, is_current) {
        (true, true) => rest.tree_index(&objects, store, local)?,
        (false, _) if !rest.0.is_empty() => return None,
        _ => None,
    };
    known.is_changed = !is_current;
    let links = if is_current { Links::Current { commits, tree_index } } else { Links::Unknown };
    Some(Cache { objects: known, links })
}

/// The objects in the file, by position.
struct Objects<'r> {
    /// The id and the state byte of each object.
    bytes: &'r [u8],
    id_length: usize,
    /// The numbers of the objects; `NONE` for those that aren't in the clone.
    numbers: Vec<Number>,
}

impl Objects<'_> {
    fn number(&self, place: u32) -> Option<Number> {
        self.numbers.get(place as usize).copied().filter(|number| *number != NONE)
    }

    fn id(&self, place: u32) -> Option<ObjectId> {
        let mut objects = self.bytes.chunks_exact(self.id_length + 1);
        ObjectId::try_from(objects.nth(place as usize)?.get(..self.id_length)?).ok()
    }
}

/// The bytes that have yet to be read.
struct Rest<'r>(&'r [u8]);

impl<'r> Rest<'r> {
    fn take(&mut self, count: usize) -> Option<&'r [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn number(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    /// Reads a list whose elements are read by `one`.
    fn list<T>(&mut self, mut one: impl FnMut(&mut Self, usize) -> Option<T>) -> Option<Vec<T>> {
        let count = self.number()? as usize;
        // Every element takes at least a byte.
        let mut list = Vec::with_capacity(count.min(self.0.len()));
        for at in 0..count {
            list.push(one(self, at)?);
        }
        Some(list)
    }

    /// Reads the objects and adds their states to `known`; also returns `true` if exactly those objects are in the
    /// clone that were when the file was written.
    fn objects(&mut self, known: &mut KnownObjects, store: &Store) -> Option<(Objects<'r>, bool)> {
        let mut is_current = true;
        let count = self.number()? as usize;
        let bytes = self.take(count.checked_mul(store.id_length() + 1)?)?;
        let mut objects = Objects { bytes, id_length: store.id_length(), numbers: Vec::with_capacity(count) };
        for one in bytes.chunks_exact(objects.id_length + 1) {
            let (state, id) = one.split_last()?;
            let (id, state) = (oid::try_from_bytes(id).ok()?, *STATES.get(usize::from(*state))?);
            let number = store.find(id);
            if state == State::Absent {
                known.absent.push(id.to_owned());
            } else if let Some(number) = number {
                known.states[number as usize] = state;
            }
            is_current &= number.is_some() != (state == State::Absent);
            objects.numbers.push(number.unwrap_or(NONE));
        }
        Some((objects, is_current))
    }

    /// Reads the clean commits.
    fn commits(&mut self, known: &KnownObjects, objects: &Objects<'_>) -> Option<Commits> {
        let mut commits = Commits::default();
        let count = self.number()? as usize;
        commits.reserve(count.min(objects.numbers.len()));
        for _ in 0..count {
            let (commit, tree) = (objects.number(self.number()?), objects.number(self.number()?));
            let committed = i64::from_le_bytes(self.take(8)?.try_into().ok()?);
            let is_root = self.byte()? == 1;
            let count = self.number()? as usize;
            let parents = self.take(count.checked_mul(4)?)?.chunks_exact(4);
            let place = |bytes: &[u8]| bytes.try_into().ok().map(u32::from_le_bytes);
            let parents = parents.filter_map(|bytes| objects.number(place(bytes)?));
            if let Some(commit) = commit.filter(|commit| known.is_clean(*commit)) {
                commits.push(CommitRecord { commit, tree, is_root, committed }, parents);
            }
        }
        Some(commits)
    }

    /// Reads the index of trees; an inner `None` if the trees that contain the names can't be read.
    fn tree_index(&mut self, objects: &Objects<'_>, store: &Store, local: &Local) -> Option<Option<TreeIndex>> {
        let said = self.list(|rest, _| Some((objects.number(rest.number()?)?, rest.number()?)))?;
        let targets = self.list(|rest, _| Some((rest.byte()? == 1, rest.number()?)))?;
        let nodes = self.list(|rest, at| rest.list(|rest, _| rest.entry(said.len(), targets.len(), at)))?;
        let mut by_tree = vec![NONE; store.count()];
        for _ in 0..self.number()? {
            let (tree, node) = (objects.number(self.number()?)?, self.number()?);
            by_tree[tree as usize] = Some(node).filter(|node| (*node as usize) < nodes.len())?;
        }
        if !self.0.is_empty() {
            return None;
        }
        let Some(names) = names(&said, store, local) else { return Some(None) };
        let targets = targets.into_iter().map(|(is_name, at)| match is_name {
            true => names.get(at as usize).cloned().map(Target::Name),
            false => objects.id(at).map(Target::Object),
        });
        let targets: Option<Vec<Target>> = targets.collect();
        Some(Some(TreeIndex::new(targets?, names, nodes, by_tree)))
    }

    /// Reads an entry of the node at a position; an entry may only lead to an earlier node.
    fn entry(&mut self, names: usize, targets: usize, at: usize) -> Option<(u32, NodeEntry)> {
        let (name, kind, to) = (self.number()?, self.byte()?, self.number()?);
        let node = || Some(to).filter(|to| (*to as usize) < at);
        let entry = match kind {
            PART => return Some((Some(name).filter(|way| (*way as usize) < WAYS)?, NodeEntry::Part(node()?))),
            BELOW => NodeEntry::Below(node()?),
            _ => {
                let mode = *MODES.get(usize::from(kind))?;
                NodeEntry::Here(Some(to).filter(|to| (*to as usize) < targets)?, mode)
            }
        };
        Some((Some(name).filter(|name| (*name as usize) < names)?, entry))
    }
}

/// Reads names from trees, given by tree number and entry start; those in the same tree are consecutive.
fn names(said: &[(Number, u32)], store: &Store, local: &Local) -> Option<Vec<BString>> {
    let mut names = Vec::with_capacity(said.len());
    for of_one in said.chunk_by(|(one, _), (other, _)| one == other) {
        let (_, data) = object::load(local, store.id(of_one.first()?.0)?, object::MAX_STRUCTURE).ok()?;
        for (_, start) in of_one {
            names.push(BString::from(entry_at(&data, *start, store.id_length())?.name));
        }
    }
    Some(names)
}
