//! The work of one thread in a scan: it loads items or objects and runs the detector on every text in them.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use bstr::{BStr, BString, ByteSlice as _};

use super::excerpt::Secrets;
use super::outcome::Outcome;
use super::sighting::Sighting;
use crate::config::ScanOptions;
use crate::detect::context::{self, Context};
use crate::detect::{Detection, Detector, Room};
use crate::finding::{ContentKind, Fact, Gap, GapKind, Occurrence, Secret, join_member};
use crate::fs::bounded::{self, Refused, Stream};
use crate::git::header::{self, Signatures};
use crate::git::object::{self, Unread};
use crate::git::repo;
use crate::git::{ObjectId, Repo, crypt, lfs};
use crate::source::{Content, Item, git_dir};
use crate::suppress::comment;
use crate::text::LineIndex;
use crate::text::archive::{self, Kind, Reason, Unopened};
use crate::text::encoding::as_text;

/// The most blobs, for one secret, that are read again to find companions near places of low confidence.
const MAX_LATE: usize = 16;

/// One thread's worker, with its own handle on the object database.
pub(super) struct Worker<'a> {
    pub(super) detector: &'a Detector,
    pub(super) options: &'a ScanOptions,
    pub(super) repository: Option<&'a Repo>,
    pub(super) local: OnceCell<repo::Local>,
}

impl Worker<'_> {
    pub(super) fn local(&self) -> Option<&repo::Local> {
        let repository = self.repository?;
        Some(self.local.get_or_init(|| repository.local()))
    }

    /// Scans an item of a listing.
    pub(super) fn item(&self, item: &Item) -> Outcome {
        let mut outcome = Outcome::default();
        if self.in_pieces(item, &mut outcome) {
            return outcome;
        }
        match self.load(item) {
            Ok(bytes) => self.content(item, &bytes, &mut outcome),
            Err(_) if has_vanished(item) => {}
            Err(Unread { kind, why }) => outcome.gaps.push(Gap { what: item.path.clone(), kind, why }),
        }
        outcome
    }

    /// Scans the blob of an item without its path, because it is at several; a gap or note uses the item's path.
    pub(super) fn blob(&self, item: &Item) -> Outcome {
        let mut outcome = Outcome::default();
        let place = Origin { blob: item.blob(), first: item.path.as_bstr(), ..Origin::new(item.kind, BStr::new("")) };
        match self.load(item) {
            Ok(bytes) => self.counted(&bytes, &place, &mut outcome),
            Err(Unread { kind, why }) => outcome.gaps.push(Gap { what: item.path.clone(), kind, why }),
        }
        outcome
    }

    fn load<'i>(&self, item: &'i Item) -> Result<Cow<'i, [u8]>, Unread> {
        match &item.content {
            Content::Bytes(bytes) => Ok(Cow::Borrowed(bytes)),
            Content::Name => Ok(Cow::Borrowed(&item.path)),
            Content::File(path) => read_file(path, self.options.max_file_size).map(Cow::Owned),
            Content::Stream(path) => {
                let limit = self.options.max_file_size;
                bounded::read_named(path, limit).map(Cow::Owned).map_err(|why| unread(why, limit))
            }
            Content::Open(handle) => {
                let limit = self.options.max_file_size;
                let bytes = Stream::of(handle).and_then(|stream| stream.whole(limit));
                bytes.map(Cow::Owned).map_err(|why| unread(why, limit))
            }
            Content::Object(id) => {
                let absent = || Unread { kind: GapKind::Missing, why: "there is no repository".to_owned() };
                let local = self.local().ok_or_else(absent)?;
                object::load(local, *id, self.options.max_file_size).map(|(_, data)| Cow::Owned(data))
            }
        }
    }

    pub(super) fn content(&self, item: &Item, bytes: &[u8], outcome: &mut Outcome) {
        if matches!(item.kind, ContentKind::CommitMessage | ContentKind::TagMessage) {
            if let Content::Object(id) = item.content {
                self.people_and_message(
                    bytes,
                    &|| Some(id),
                    item.kind,
                    &|text, room| self.detector.scan_within(text, room),
                    outcome,
                );
            }
            return;
        }
        let place = Origin { blob: item.blob(), commit: item.commit, ..Origin::new(item.kind, item.path.as_bstr()) };
        self.counted(bytes, &place, outcome);
    }

    /// Scans content other than a commit's message; files, links and messages about to be committed are counted.
    pub(super) fn counted(&self, bytes: &[u8], place: &Origin<'_>, outcome: &mut Outcome) {
        if matches!(place.kind, ContentKind::File | ContentKind::Symlink) {
            outcome.stats.blobs += 1;
            outcome.stats.bytes += bytes.len() as u64;
        }
        if let (true, Some(local)) = (place.kind.is_outside_objects(), self.local()) {
            return self.text(&git_dir::without_ids(place.kind, bytes, local), place, outcome);
        }
        self.file(bytes, place, outcome);
    }

    /// Scans a file or blob: a text, an archive, or the object that a Git LFS pointer names.
    pub(super) fn file(&self, bytes: &[u8], origin: &Origin<'_>, outcome: &mut Outcome) {
        if crypt::is_encrypted(bytes) {
            let (what, why) = (origin.label(), format!("it is {}", crypt::LOCKED));
            match self.options.strict {
                true => outcome.gaps.push(Gap { what, kind: GapKind::Unreadable, why }),
                false => outcome.encrypted.push(what),
            }
        }
        self.opened(bytes, origin, outcome);
        self.lfs(bytes, origin, outcome);
    }

    /// Scans a text or an archive.
    fn opened(&self, bytes: &[u8], origin: &Origin<'_>, outcome: &mut Outcome) {
        match archive::kind(bytes) {
            Some(kind) => self.archive(kind, bytes, origin, outcome),
            None => self.text(bytes, origin, outcome),
        }
    }

    /// Scans the members of an archive, and then its own bytes: a comment, or data after the last member, isn't in any
    /// member.
    fn archive(&self, kind: Kind, bytes: &[u8], origin: &Origin<'_>, outcome: &mut Outcome) {
        let first = outcome.sightings.len();
        let unopened = archive::each_member(bytes, &archive::Limits::default(), &mut |member, text| {
            // A single compressed text need not have a name; for other archives, a member without a name is the
            // archive's own bytes, which are scanned below.
            if !member.is_empty() || kind.has_nameless() {
                let kind = ContentKind::ArchiveMember;
                self.text(text, &Origin { kind, member, ..*origin }, outcome);
            }
        });
        let is_alike = unopened.iter().any(|one| one.path.is_empty() && one.reason == Reason::Alike);
        for Unopened { path, reason } in unopened {
            let archive = origin.label();
            let what = if path.is_empty() { archive } else { join_member(archive.as_ref(), path.as_bstr()) };
            self.unopened(what, reason, outcome);
        }
        // A database has been read completely, and at the border of two pages its raw bytes contain values that don't
        // exist.
        if kind != Kind::Database || is_alike {
            self.raw(first, bytes, origin, outcome);
        }
    }

    /// Scans the raw bytes of something that was scanned in another form, and adds what that form did not show: secrets
    /// among the sightings from `first` on are dropped.
    fn raw(&self, first: usize, bytes: &[u8], origin: &Origin<'_>, outcome: &mut Outcome) {
        let inside: BTreeSet<Secret> = outcome.sightings[first..].iter().map(|s| s.detection.secret.clone()).collect();
        let mut raw = Outcome::default();
        let room = Room::default();
        self.sightings(bytes, self.detector.scan_within(bytes, &room), origin, &mut raw);
        self.passed_over(&room, origin, &mut raw);
        raw.sightings.retain(|sighting| !inside.contains(&sighting.detection.secret));
        outcome.absorb(raw);
    }

    /// Scans a commit or tag with `scan`: the people in its header, the rest of the header, then the message.
    pub(super) fn people_and_message(
        &self,
        data: &[u8],
        id: &dyn Fn() -> Option<ObjectId>,
        kind: ContentKind,
        scan: &dyn Fn(&[u8], &Room) -> Vec<Detection>,
        outcome: &mut Outcome,
    ) {
        let (header, message) = header::parts(data);
        let at = |text: &[u8], place, outcome: &mut Outcome| {
            let first = outcome.sightings.len();
            let decoded = as_text(text);
            let is_wide = matches!(decoded, Cow::Owned(_));
            let room = Room::default();
            let found = scan(&decoded, &room);
            // This is the case nearly always.
            if found.is_empty() && !is_wide && !room.is_exceeded() && !room.is_flawed() {
                return;
            }
            let id = id();
            let name = BString::from(id.map(|id| id.to_string()).unwrap_or_default());
            // A tag is an object of its own: there is no commit to name.
            let (tag, commit) = if kind == ContentKind::TagMessage { (id, None) } else { (None, id) };
            let origin = Origin { commit, tag, ..Origin::new(place, name.as_bstr()) };
            self.sightings(&decoded, found, &origin, outcome);
            self.passed_over(&room, &origin, outcome);
            if is_wide {
                self.raw(first, text, &origin, outcome);
            }
        };
        for person in header.lines().filter_map(header::person) {
            at(person, ContentKind::Author, outcome);
        }
        let signatures = if self.options.thorough { Signatures::Kept } else { Signatures::LeftOut };
        let rest = header::rest(header, signatures);
        if !rest.is_empty() {
            at(&rest, kind, outcome);
        }
        at(message, kind, outcome);
    }

    /// Scans one text. A program may have written raw bytes into a text in a wide encoding, so those are scanned as
    /// well.
    pub(super) fn text(&self, bytes: &[u8], origin: &Origin<'_>, outcome: &mut Outcome) {
        let first = outcome.sightings.len();
        let text = as_text(bytes);
        let room = Room::default();
        // A blob may still get a name later; something that has neither a name nor a blob isn't a file.
        let is_file = !origin.path.is_empty() || origin.blob.is_some();
        let found = match is_file {
            true => self.detector.scan_file_within(&text, &room),
            false => self.detector.scan_within(&text, &room),
        };
        self.sightings(&text, found, origin, outcome);
        self.passed_over(&room, origin, outcome);
        if matches!(text, Cow::Owned(_)) {
            self.raw(first, bytes, origin, outcome);
        }
    }

    /// Reports the parts of a text that were not scanned, if there are any.
    fn passed_over(&self, room: &Room, origin: &Origin<'_>, outcome: &mut Outcome) {
        if room.is_exceeded() {
            Self::cut(origin, outcome);
        }
        if room.is_flawed() {
            self.flawed(origin, outcome);
        }
    }

    /// Reports that something packed in a text was not opened, or not to its end.
    pub(super) fn flawed(&self, origin: &Origin<'_>, outcome: &mut Outcome) {
        self.unopened(join_member(origin.label().as_ref(), origin.member), Reason::Inside, outcome);
    }

    /// Reports a part that was not opened: as a gap if something in it would have been read, or if nothing may be
    /// skipped; otherwise as a note.
    pub(super) fn unopened(&self, what: BString, reason: Reason, outcome: &mut Outcome) {
        let gap = match reason {
            _ if reason.is_limit() => Some(GapKind::TooLarge),
            _ if reason.is_flaw() => Some(GapKind::Corrupt),
            _ => (self.options.thorough || self.options.strict).then_some(GapKind::Unreadable),
        };
        match gap {
            Some(kind) => outcome.gaps.push(Gap { what, kind, why: reason.to_string() }),
            None => outcome.unopened.entry(reason).or_default().add(what),
        }
    }

    /// Reports that a text was not scanned completely.
    pub(super) fn cut(origin: &Origin<'_>, outcome: &mut Outcome) {
        let why = "not all of this text was read: it unpacks to more than 64 MiB, contains more than a million keywords, or is encoded in more than eight layers; decode it, or scan it in smaller files".to_owned();
        let what = join_member(origin.label().as_ref(), origin.member);
        outcome.gaps.push(Gap { what, kind: GapKind::TooLarge, why });
    }

    /// Adds the detections in a text to the outcome as sightings.
    pub(super) fn sightings(&self, text: &[u8], found: Vec<Detection>, origin: &Origin<'_>, outcome: &mut Outcome) {
        if found.is_empty() {
            return;
        }
        let lines = LineIndex::new(text);
        let path = if origin.path.is_empty() { BString::default() } else { join_member(origin.path, origin.member) };
        let (now, min_confidence) = (self.options.now, self.options.min_confidence);
        let context = Context { path: &path, now, min_confidence };
        let secrets = Secrets::new(text, &found);
        let believed = found.into_iter().filter_map(|one| context::apply(self.detector, text, &context, one));
        outcome.sightings.extend(believed.map(|one| self.sighting(text, (&lines, &secrets), origin, one)));
    }

    /// Returns the companions near the low-confidence places of a secret that is reported because of another place.
    pub(super) fn late_companions(&self, group: &[Sighting]) -> Vec<Fact> {
        let mut seen = BTreeSet::new();
        let waits = |one: &&Sighting| context::companions_wait(&one.detection, self.options.min_confidence);
        let late = group.iter().filter(waits);
        let late = late.filter_map(|sighting| Some((sighting.blob?, sighting))).filter(|(blob, _)| seen.insert(*blob));
        late.take(MAX_LATE).filter_map(|(blob, sighting)| self.companions_in(blob, sighting)).flatten().collect()
    }

    /// Returns the companions of one place, if the secret is in the blob's own text.
    fn companions_in(&self, blob: ObjectId, sighting: &Sighting) -> Option<Vec<Fact>> {
        let (_, data) = object::load(self.local()?, blob, self.options.max_file_size).ok()?;
        let detection = &sighting.detection;
        let written = sighting.raw.as_ref().unwrap_or(&detection.secret);
        context::late_companions(self.detector, &as_text(&data), detection, written)
    }

    fn sighting(
        &self,
        text: &[u8],
        (lines, secrets): (&LineIndex, &Secrets),
        origin: &Origin<'_>,
        detection: Detection,
    ) -> Sighting {
        let start = lines.place(text, detection.span.start);
        let foreign = &self.options.policy.foreign;
        let comment = comment::adjacent(text, lines, detection.span, foreign);
        let raw = (detection.depth > 0).then(|| Secret::new(detection.span.of(text)));
        let occurrence = Occurrence {
            kind: origin.kind,
            path: origin.path.to_owned(),
            member: origin.member.to_owned(),
            start,
            end: lines.place(text, detection.span.end),
            blob: origin.blob.map(|id| id.to_string()),
            commit: origin.commit.map(|id| id.to_string()),
            author_time: None,
            held: Vec::new(),
            excerpt: secrets.around(text, lines, &detection).map(Arc::new),
            comment: comment.map(Box::new),
            web: None,
            image: None,
            agent: None,
        };
        let mut sighting = Sighting {
            detection,
            occurrence,
            blob: origin.blob,
            commit: origin.commit,
            tag: origin.tag,
            order: 0,
            raw,
        };
        if let Some(time) = origin.commit.and_then(|commit| self.author_time(commit)) {
            sighting.occurrence.author_time = Some(time);
        }
        sighting
    }

    /// Returns the time at which a commit was authored.
    pub(super) fn author_time(&self, commit: ObjectId) -> Option<String> {
        object::commit_of(self.local()?, commit).ok().map(|commit| commit.author_time)
    }

    /// Scans the object that a Git LFS pointer names, if it is in this clone.
    pub(super) fn lfs(&self, bytes: &[u8], origin: &Origin<'_>, outcome: &mut Outcome) {
        let Some(oid) = lfs::pointer(bytes) else { return };
        let path = self.repository.and_then(|repository| lfs::object_path(&repository.common_dir(), oid));
        match path.filter(|path| path.is_file()).map(|path| read_file(&path, self.options.max_file_size)) {
            Some(Ok(content)) => self.opened(&content, origin, outcome),
            Some(Err(Unread { kind, why })) => outcome.gaps.push(Gap { what: origin.label(), kind, why }),
            None if self.options.strict => {
                let (what, why) = (origin.label(), lfs::absent(oid));
                outcome.gaps.push(Gap { what, kind: GapKind::LfsAbsent, why });
            }
            None => outcome.absent_lfs.push(oid.to_owned()),
        }
    }
}

/// The origin of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin<'o> {
    pub(super) kind: ContentKind,
    pub(super) path: &'o BStr,
    /// The first of several paths of a content that is scanned without a path.
    pub(super) first: &'o BStr,
    /// The path inside the archive that the blob or file is; empty if it isn't an archive.
    pub(super) member: &'o BStr,
    pub(super) blob: Option<ObjectId>,
    pub(super) commit: Option<ObjectId>,
    pub(super) tag: Option<ObjectId>,
}

impl<'o> Origin<'o> {
    pub(super) fn new(kind: ContentKind, path: &'o BStr) -> Self {
        Self { kind, path, first: BStr::new(""), member: BStr::new(""), blob: None, commit: None, tag: None }
    }

    /// Returns the origin's name for a gap.
    fn label(&self) -> BString {
        let path = if self.path.is_empty() { self.first } else { self.path };
        match self.blob.filter(|_| path.is_empty()) {
            Some(id) => BString::from(format!("blob {id}")),
            None => path.to_owned(),
        }
    }
}

/// Returns `true` if an item is one of git's own files that has vanished since it was listed, as lock files do.
fn has_vanished(item: &Item) -> bool {
    let is_gone = |path: &Path| path.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound);
    matches!(&item.content, Content::File(path) if item.kind.is_outside_objects() && is_gone(path))
}

fn read_file(path: &Path, limit: u64) -> Result<Vec<u8>, Unread> {
    let size = path.metadata().map_err(|error| unread(error.into(), limit))?.len();
    if size > limit {
        return Err(Unread::too_large(size, limit));
    }
    bounded::read(path, limit, bounded::Links::Followed).map_err(|why| unread(why, limit))
}

/// Returns the reason why a file was not read.
fn unread(why: Refused, limit: u64) -> Unread {
    match why {
        // The file's full size is unknown.
        Refused::TooLarge(_) => Unread::too_large(limit.saturating_add(1), limit),
        other => Unread { kind: GapKind::Unreadable, why: other.to_string() },
    }
}
