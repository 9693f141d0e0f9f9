//! One thread's share of a sweep: scans the objects that a walk of the packs visits, and single ones.
//!
//! Of an object made from another one, only the parts that the edit touched are scanned: keywords, encoded runs, tree
//! entries.

use bstr::{BStr, BString, ByteSlice as _};
use foldhash::{HashSet, HashSetExt as _};

use super::cache::{Scanned, State};
use crate::attribution::tree_index::{Listed, Reader, Search, Target, TreeRecords};
use crate::detect::{Hits, Room};
use crate::finding::{ContentKind, Gap, GapKind};
use crate::git::ObjectId;
use crate::git::graph::CommitRecord;
use crate::git::header::CommitHeader;
use crate::git::object::{self, Kind, Mode, Unread};
use crate::git::pack::{Base, Object, Visitor};
use crate::git::store::Number;
use crate::git::tree::{Entries, Entry, entries_at};
use crate::git::{crypt, lfs};
use crate::scan::outcome::{Missing, Outcome};
use crate::scan::worker::{Origin, Worker};
use crate::scan::{Counts, Progress};
use crate::source::history::Objects;
use crate::text::archive;
use crate::text::encoding::Wide;

/// The state of an object, kept while others are made from it.
#[derive(Debug)]
pub(super) enum VisitState {
    /// The matches in a blob, before and after judging.
    Blob(Hits),
    /// The number and the entries of a tree.
    Tree(Number, Entries),
    /// No state: objects made from it are scanned as a whole.
    Nothing,
}

/// A scanner of objects.
pub(super) struct Sweeper<'a> {
    worker: Worker<'a>,
    objects: &'a Objects,
    /// The file names that have been scanned already.
    names: HashSet<Vec<u8>>,
    reader: Reader<'a>,
    progress: &'a Progress,
    /// The counts since progress was last reported.
    unreported: Counts,
    outcome: Outcome,
}

impl Visitor for Sweeper<'_> {
    type State = VisitState;

    fn visit(&mut self, object: &Object<'_>, base: Option<Base<'_, VisitState>>) -> VisitState {
        let number = self.objects.store.number_of(object.pack, object.entry);
        self.object(number, object.kind, object.data, base)
    }
}

impl<'a> Sweeper<'a> {
    pub(super) fn new(worker: Worker<'a>, objects: &'a Objects, search: &'a Search, progress: &'a Progress) -> Self {
        let reader = search.reader(&objects.store);
        Self {
            worker,
            objects,
            names: HashSet::new(),
            reader,
            progress,
            unreported: Counts::default(),
            outcome: Outcome::default(),
        }
    }

    /// Returns the outcome, and the records of trees.
    pub(super) fn finish(self) -> (Outcome, TreeRecords) {
        (self.outcome, self.reader.finish())
    }

    /// Scans a single object.
    pub(super) fn single(&mut self, number: Number) {
        let (Some(id), Some(local)) = (self.objects.store.id(number), self.worker.local()) else { return };
        match object::load(local, id, self.worker.options.max_file_size) {
            Ok((kind, data)) => {
                self.object(number, kind, &data, None);
            }
            // The object was unreachable, and git has removed it since it was listed.
            Err(Unread { kind: GapKind::Missing, .. }) if !object::is_here(local, id) => {}
            Err(Unread { kind, why }) => {
                self.outcome.gaps.push(Gap { what: BString::from(format!("object {id}")), kind, why });
                self.remember(number, State::Unread, false);
            }
        }
    }

    fn object(&mut self, number: Number, kind: Kind, data: &[u8], base: Option<Base<'_, VisitState>>) -> VisitState {
        let (before, sightings) = (self.outcome.reported_count(), self.outcome.sightings.len());
        let state = self.look(number, kind, data, base);
        self.count(data.len(), self.outcome.sightings.len() - sightings);
        self.remember(
            number,
            if self.outcome.reported_count() == before { State::Clean } else { State::Marked },
            kind == Kind::Tree,
        );
        state
    }

    fn remember(&mut self, number: Number, state: State, is_tree: bool) {
        if self.worker.options.cache.is_some() {
            self.outcome.scanned.push(Scanned { number, state, is_tree });
        }
    }

    /// Counts an object, and reports the progress from time to time.
    fn count(&mut self, bytes: usize, sightings: usize) {
        const TOGETHER: u64 = 256;
        let unreported = &mut self.unreported;
        unreported.objects += 1;
        unreported.bytes += bytes as u64;
        unreported.sightings += sightings as u64;
        if unreported.objects == TOGETHER {
            self.progress.add(unreported.objects, unreported.bytes, unreported.sightings);
            *unreported = Counts::default();
        }
    }

    fn look(&mut self, number: Number, kind: Kind, data: &[u8], base: Option<Base<'_, VisitState>>) -> VisitState {
        let stats = &mut self.outcome.stats;
        match kind {
            Kind::Blob => {
                stats.blobs += 1;
                stats.bytes += data.len() as u64;
                self.blob(number, data, base)
            }
            Kind::Tree => {
                stats.trees += 1;
                self.tree(number, data, base)
            }
            Kind::Commit => {
                stats.commits += 1;
                self.commit(number, data);
                VisitState::Nothing
            }
            Kind::Tag => {
                stats.tags += 1;
                self.tag(number, data);
                VisitState::Nothing
            }
        }
    }

    fn blob(&mut self, number: Number, data: &[u8], base: Option<Base<'_, VisitState>>) -> VisitState {
        let store = &self.objects.store;
        let origin = || Origin { blob: store.id(number), ..Origin::new(ContentKind::File, BStr::new("")) };
        // Content in which a search of the raw bytes for keywords isn't enough is scanned as a whole.
        let is_special = archive::kind(data).is_some() || lfs::pointer(data).is_some() || crypt::is_encrypted(data);
        if is_special || Wide::detect(data).is_some() {
            self.worker.file(data, &origin(), &mut self.outcome);
            return VisitState::Nothing;
        }
        let detector = self.worker.detector;
        let hits = match base {
            Some(Base { state: VisitState::Blob(base), edits, .. }) => detector.after_edit(data, base, edits),
            _ => detector.hits(data),
        };
        if !hits.is_empty() {
            self.worker.sightings(data, detector.settle(&hits), &origin(), &mut self.outcome);
        }
        if hits.is_flawed() {
            self.worker.flawed(&origin(), &mut self.outcome);
        }
        if hits.is_cut() {
            Worker::cut(&origin(), &mut self.outcome);
        }
        // If part of a text was skipped, texts made from it have to be scanned as a whole.
        if hits.is_cut() || hits.is_flawed() {
            return VisitState::Nothing;
        }
        VisitState::Blob(hits)
    }

    /// Scans the names in a tree, each once for each thread, and records the objects it names that aren't in the clone.
    fn tree(&mut self, number: Number, data: &[u8], base: Option<Base<'_, VisitState>>) -> VisitState {
        let id_length = self.objects.store.id_length();
        let (entries, changes, base) = match base {
            Some(Base { state: VisitState::Tree(base_number, base), edits, data: base_data }) => {
                let (entries, changes) = Entries::after_edit(data, id_length, base, edits);
                let dropped = entries_at(base_data, &changes.dropped, id_length);
                (entries, changes, Some((*base_number, dropped)))
            }
            _ => {
                let (entries, changes) = Entries::read(data, id_length);
                (entries, changes, None)
            }
        };
        let added = Listed::new(data, &changes.added, &self.objects.store);
        for (entry, _) in added.iter().filter(|(entry, number)| number.is_none() && entry.mode != Mode::Submodule) {
            self.absent(entry.id.to_owned(), None);
        }
        let base = base.as_ref().map(|(number, dropped)| (*number, &dropped[..]));
        self.names(&added.entries, base.map_or(&[], |(_, dropped)| dropped));
        if !entries.is_whole() {
            let why = "its entries cannot be read; run 'git fsck' for details".to_owned();
            self.outcome.gaps.push(Gap { what: self.what("tree", number), kind: GapKind::Corrupt, why });
        }
        // Recorded even if nothing is searched for yet: a later object may contain a target.
        self.reader.record(number, &added, base);
        VisitState::Tree(number, entries)
    }

    /// Scans the names of new entries, each once for each thread. Entries that kept their name were scanned with the base tree;
    /// both lists are in the order of a tree.
    fn names(&mut self, added: &[Entry<'_>], dropped: &[Entry<'_>]) {
        let mut before = dropped.iter().map(|entry| entry.name).peekable();
        for name in added.iter().map(|entry| entry.name) {
            while before.next_if(|old| *old < name).is_some() {}
            if before.peek() == Some(&name) || self.names.contains(name) {
                continue;
            }
            self.names.insert(name.to_vec());
            let origin = Origin::new(ContentKind::FileName, name.as_bstr());
            let before = self.outcome.sightings.len();
            self.worker.text(name, &origin, &mut self.outcome);
            if self.outcome.sightings.len() > before {
                self.reader.meet(Target::Name(name.into()));
            }
        }
    }

    fn commit(&mut self, commit: Number, data: &[u8]) {
        let store = &self.objects.store;
        let id = || store.id(commit);
        self.people_and_message(data, &id, ContentKind::CommitMessage);
        let Some(header) = CommitHeader::parse(data, store.id_length()) else {
            let why = "its header cannot be read; run 'git fsck' for details".to_owned();
            self.outcome.gaps.push(Gap { what: self.what("commit", commit), kind: GapKind::Corrupt, why });
            return;
        };
        let tree = self.named(header.tree, Some(commit));
        let shallow = &self.objects.shallow;
        let cut = !shallow.is_empty() && id().is_some_and(|id| shallow.contains(&id));
        let parents = header.parents.iter().filter(|_| !cut).filter_map(|parent| self.named(*parent, Some(commit)));
        let parents: Vec<Number> = parents.collect();
        let is_root = header.parents.is_empty();
        self.outcome.commits.push(CommitRecord { commit, tree, is_root, committed: header.committed }, parents);
    }

    /// Returns an object's name for a gap.
    fn what(&self, kind: &str, number: Number) -> BString {
        let id = self.objects.store.id(number).map(|id| id.to_string()).unwrap_or_default();
        BString::from(format!("{kind} {id}"))
    }

    fn tag(&mut self, number: Number, data: &[u8]) {
        if let Some(target) = self.worker.local().and_then(|local| object::tag_target(data, local)) {
            self.named(target, None);
        }
        let store = &self.objects.store;
        self.people_and_message(data, &|| store.id(number), ContentKind::TagMessage);
    }

    /// Scans people and messages, most of which appear repeatedly.
    fn people_and_message(&mut self, data: &[u8], id: &dyn Fn() -> Option<ObjectId>, kind: ContentKind) {
        let scan = |text: &[u8], room: &Room| self.worker.detector.scan_recurring(text, room);
        self.worker.people_and_message(data, id, kind, &scan, &mut self.outcome);
    }

    /// Returns the number of an object that another one names; records the object if it is missing.
    fn named(&mut self, id: ObjectId, commit: Option<Number>) -> Option<Number> {
        let number = self.objects.store.find(&id);
        if number.is_none() {
            self.absent(id, commit);
        }
        number
    }

    /// Records that an object is missing, except the empty blob and the empty tree, which git doesn't need to store.
    fn absent(&mut self, id: ObjectId, commit: Option<Number>) {
        if !id.is_empty_blob() && !id.is_empty_tree() {
            let commit = commit.and_then(|commit| self.objects.store.id(commit));
            self.reader.meet(Target::Object(id));
            self.outcome.missing.push(Missing { id, commit });
        }
    }
}
