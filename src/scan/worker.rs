//! One thread's share of a scan: loads an item or object and detects in every text it holds.

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
use crate::fs::bounded::{self, Refused};
use crate::git::header::{self, Signatures};
use crate::git::object::{self, Unread};
use crate::git::repo;
use crate::git::{ObjectId, Repo, crypt, lfs};
use crate::source::{Content, Item, git_dir};
use crate::suppress::comment;
use crate::text::LineIndex;
use crate::text::archive::{self, Kind, Reason, Unopened};
use crate::text::encoding::as_text;

/// Blobs that are read again for what is near places of low confidence, at most, for one secret.
const MAX_LATE: usize = 16;

/// One thread's share: its own handle on the object database.
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

    /// An item of a listing.
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

    /// The blob of an item under no path, for it is at several; a gap or note calls it by the item's.
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
            Content::Object(id) => {
                let absent = || Unread { kind: GapKind::Missing, why: "there is no repository".to_owned() };
                let local = self.local().ok_or_else(absent)?;
                object::load(local, *id, self.options.max_file_size).map(|(_, data)| Cow::Owned(data))
            }
        }
    }

    fn content(&self, item: &Item, bytes: &[u8], outcome: &mut Outcome) {
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

    /// A content that is no message, which counts if it is a file.
    pub(super) fn counted(&self, bytes: &[u8], place: &Origin<'_>, outcome: &mut Outcome) {
        if matches!(place.kind, ContentKind::File | ContentKind::Symlink) {
            outcome.stats.blobs += 1;
            outcome.stats.bytes += bytes.len() as u64;
        }
        if let (true, Some(local)) = (place.kind.beside_objects(), self.local()) {
            return self.text(&git_dir::without_ids(place.kind, bytes, local), place, outcome);
        }
        self.file(bytes, place, outcome);
    }

    /// A file or blob: a text, an archive, or what a Git LFS pointer stands for.
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

    /// A text or an archive.
    fn opened(&self, bytes: &[u8], origin: &Origin<'_>, outcome: &mut Outcome) {
        match archive::kind(bytes) {
            Some(kind) => self.archive(kind, bytes, origin, outcome),
            None => self.text(bytes, origin, outcome),
        }
    }

    /// The members of an archive, and then its bytes: a comment or what hangs behind the last member is no member.
    fn archive(&self, kind: Kind, bytes: &[u8], origin: &Origin<'_>, outcome: &mut Outcome) {
        let first = outcome.sightings.len();
        let unopened = archive::each_member(bytes, &archive::Limits::default(), &mut |member, text| {
            // One compressed text need not have a name; of any other, these are the bytes that are looked at below.
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
        // Of a database everything was looked at, and at the border of two pages its bytes have values that are none.
        if kind != Kind::Database || is_alike {
            self.raw(first, bytes, origin, outcome);
        }
    }

    /// The bytes of what was looked at in another form, for what that did not show: nothing that was seen from `first` on.
    fn raw(&self, first: usize, bytes: &[u8], origin: &Origin<'_>, outcome: &mut Outcome) {
        let inside: BTreeSet<Secret> = outcome.sightings[first..].iter().map(|s| s.detection.secret.clone()).collect();
        let mut raw = Outcome::default();
        let room = Room::default();
        self.sightings(bytes, self.detector.scan_within(bytes, &room), origin, &mut raw);
        self.passed_over(&room, origin, &mut raw);
        raw.sightings.retain(|sighting| !inside.contains(&sighting.detection.secret));
        outcome.absorb(raw);
    }

    /// A commit or tag: people in its header, what else is there, then the message. In each of them `scan` detects.
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
            // Nearly always.
            if found.is_empty() && !is_wide && !room.is_exceeded() && !room.is_flawed() {
                return;
            }
            let id = id();
            let name = BString::from(id.map(|id| id.to_string()).unwrap_or_default());
            // A tag is an object of its own: it has no commit to be named.
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

    /// Detects in one text. A program may have put its bytes into one in a wide encoding, so those are looked at as well.
    pub(super) fn text(&self, bytes: &[u8], origin: &Origin<'_>, outcome: &mut Outcome) {
        let first = outcome.sightings.len();
        let text = as_text(bytes);
        let room = Room::default();
        // A blob may still be found under a name; what has neither is no file.
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

    /// Says what of a text was not looked at, if anything.
    fn passed_over(&self, room: &Room, origin: &Origin<'_>, outcome: &mut Outcome) {
        if room.is_exceeded() {
            Self::cut(origin, outcome);
        }
        if room.is_flawed() {
            self.flawed(origin, outcome);
        }
    }

    /// Says that something packed in a text was not opened, or not to its end.
    pub(super) fn flawed(&self, origin: &Origin<'_>, outcome: &mut Outcome) {
        self.unopened(join_member(origin.label().as_ref(), origin.member), Reason::Inside, outcome);
    }

    /// A part that was not opened: a gap where something of it would have been read, or nothing may be passed over; or else
    /// a note.
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

    /// Says that not all of a text was looked at.
    pub(super) fn cut(origin: &Origin<'_>, outcome: &mut Outcome) {
        let why = "not all of this text was read: it unpacks to more than 64 MiB, contains more than a million keywords, or is encoded in more than eight layers; decode it, or scan it in smaller files".to_owned();
        let what = join_member(origin.label().as_ref(), origin.member);
        outcome.gaps.push(Gap { what, kind: GapKind::TooLarge, why });
    }

    /// Returns the detections in a text as sightings.
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

    /// Returns the companions near the places of low confidence of a secret that another place is reported for.
    pub(super) fn late_companions(&self, group: &[Sighting]) -> Vec<Fact> {
        let mut seen = BTreeSet::new();
        let waits = |one: &&Sighting| context::companions_wait(&one.detection, self.options.min_confidence);
        let late = group.iter().filter(waits);
        let late = late.filter_map(|sighting| Some((sighting.blob?, sighting))).filter(|(blob, _)| seen.insert(*blob));
        late.take(MAX_LATE).filter_map(|(blob, sighting)| self.companions_in(blob, sighting)).flatten().collect()
    }

    /// The same for one place, if the blob itself is the text that it is in.
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
        let comment = comment::beside(text, lines, detection.span, foreign);
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

    /// When a commit was authored.
    pub(super) fn author_time(&self, commit: ObjectId) -> Option<String> {
        object::commit_of(self.local()?, commit).ok().map(|commit| commit.author_time)
    }

    /// A pointer's object is scanned in its place when it is in this clone.
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

/// Where a text comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin<'o> {
    pub(super) kind: ContentKind,
    pub(super) path: &'o BStr,
    /// The first of several paths that a content is at which is looked at under none.
    pub(super) first: &'o BStr,
    /// Path in the archive that the blob or file is; empty if it is none.
    pub(super) member: &'o BStr,
    pub(super) blob: Option<ObjectId>,
    pub(super) commit: Option<ObjectId>,
    pub(super) tag: Option<ObjectId>,
}

impl<'o> Origin<'o> {
    pub(super) fn new(kind: ContentKind, path: &'o BStr) -> Self {
        Self { kind, path, first: BStr::new(""), member: BStr::new(""), blob: None, commit: None, tag: None }
    }

    /// Its name in a gap.
    fn label(&self) -> BString {
        let path = if self.path.is_empty() { self.first } else { self.path };
        match self.blob.filter(|_| path.is_empty()) {
            Some(id) => BString::from(format!("blob {id}")),
            None => path.to_owned(),
        }
    }
}

/// `true` if an item was one of git's files that is gone since it was listed, as locks are.
fn has_vanished(item: &Item) -> bool {
    let is_gone = |path: &Path| path.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound);
    matches!(&item.content, Content::File(path) if item.kind.beside_objects() && is_gone(path))
}

fn read_file(path: &Path, limit: u64) -> Result<Vec<u8>, Unread> {
    let size = path.metadata().map_err(|error| unread(error.into(), limit))?.len();
    if size > limit {
        return Err(Unread::too_large(size, limit));
    }
    bounded::read(path, limit, bounded::Links::Followed).map_err(|why| unread(why, limit))
}

/// Returns the gap or note for a file that was not read.
fn unread(why: Refused, limit: u64) -> Unread {
    match why {
        // Where it ends is not known.
        Refused::TooLarge(_) => Unread::too_large(limit.saturating_add(1), limit),
        other => Unread { kind: GapKind::Unreadable, why: other.to_string() },
    }
}
