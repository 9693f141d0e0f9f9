//! The values and contents that a rewrite of history has to remove: the values in every form that they are in, and the
//! contents that no replacement of text can reach.
//!
//! Nothing is taken on trust: what is left of each content after the replacements is searched again, as it will be when
//! the rewrite is verified.

use std::collections::{BTreeMap, BTreeSet};

use bstr::{BString, ByteSlice as _};
use memchr::memmem;

use crate::detect::Detector;
use crate::finding::{ContentKind, Occurrence, Report, Secret};
use crate::git::object;
use crate::git::repo::Local;
use crate::git::{ObjectId, Repo, header, lfs};
use crate::rule::demand::MAX_MATCH;
use crate::scan::Scan;
use crate::text::archive;
use crate::text::encoding::Wide;

/// git and git filter-repo take what has a zero byte up to here for binary, and replace nothing in it.
const BINARY_HEAD: usize = 8192;

/// The replacement of a value in contents and messages.
pub const REPLACEMENT: &str = "***REMOVED***";

/// The values to be removed, and how.
#[derive(Debug, Default)]
pub struct Rewrite {
    /// The texts to be replaced in contents and messages, the longest first: one that is part of another must not break it
    /// up.
    pub texts: Vec<Secret>,
    /// The texts to be replaced in names of files.
    pub file_names: Vec<Secret>,
    /// The texts to be replaced in names of branches and tags.
    pub ref_names: Vec<Secret>,
    /// The texts to be replaced in names and addresses of people.
    pub people: Vec<Secret>,
    /// Contents that have to go as a whole, with the paths that they are known by.
    pub contents: BTreeMap<ObjectId, BTreeSet<BString>>,
    /// `true` if one of them stands for a Git LFS object.
    pub has_lfs: bool,
    /// Messages in which something is left after the replacements.
    pub messages: BTreeSet<BString>,
}

/// Where the values of a report stand: contents by their paths, texts, names.
#[derive(Default)]
struct Places {
    blobs: BTreeMap<ObjectId, BTreeSet<BString>>,
    messages: BTreeSet<BString>,
    people: BTreeSet<BString>,
    file_names: BTreeSet<BString>,
    ref_names: BTreeSet<BString>,
}

impl Scan<'_> {
    /// Returns the rewrite for the values that this scan found in everything git stores.
    pub fn rewrite(&self, repository: &Repo, report: &Report, values: &[Secret]) -> Rewrite {
        let local = repository.local();
        let places = Places::of(report);
        let detector = self.detector;
        let load = |id: ObjectId| object::load(&local, id, self.options.max_file_size).map(|(_, data)| data);
        let mut texts: BTreeSet<Secret> = values.iter().cloned().collect();
        // An object that cannot be read is in no clone that could be rewritten either, and a gap of the scan.
        let blobs = || places.blobs.iter().filter_map(|(id, paths)| Some((*id, paths, load(*id).ok()?)));
        let messages = || places.messages.iter().filter_map(|id| Some((id, message(&local, id)?)));
        for (_, _, data) in blobs().filter(|(_, _, data)| is_replaceable(data)) {
            texts.extend(forms(detector, &data));
        }
        for (_, text) in messages() {
            texts.extend(forms(detector, &text));
        }
        let mut texts: Vec<Secret> = texts.into_iter().collect();
        texts.sort_by_key(|text| (std::cmp::Reverse(text.reveal().len()), text.clone()));
        let is_left = |data: Vec<u8>| !detector.scan(&replaced(data, &texts)).is_empty();
        let mut rewrite = Rewrite::default();
        for (id, paths, data) in blobs() {
            rewrite.has_lfs |= lfs::pointer(&data).is_some();
            if !is_replaceable(&data) || is_left(data) {
                rewrite.contents.insert(id, paths.clone());
            }
        }
        rewrite.messages = messages().filter(|(_, text)| is_left(text.clone())).map(|(id, _)| id.clone()).collect();
        let among = |names: &BTreeSet<BString>| {
            let found: BTreeSet<Secret> = names.iter().flat_map(|name| forms(detector, name)).collect();
            found.into_iter().collect()
        };
        rewrite.file_names = among(&places.file_names);
        rewrite.ref_names = among(&places.ref_names);
        let people: BTreeSet<BString> = places.people.iter().flat_map(|id| people(&local, id)).collect();
        rewrite.people = among(&people);
        rewrite.texts = texts;
        rewrite
    }
}

impl Places {
    fn of(report: &Report) -> Self {
        let mut places = Self::default();
        for occurrence in report.findings.iter().flat_map(|finding| &finding.occurrences) {
            places.add(occurrence);
        }
        places
    }

    fn add(&mut self, occurrence: &Occurrence) {
        let path = occurrence.path.clone();
        match occurrence.kind {
            ContentKind::CommitMessage | ContentKind::TagMessage => drop(self.messages.insert(path)),
            ContentKind::Author => drop(self.people.insert(path)),
            ContentKind::RefName => drop(self.ref_names.insert(path)),
            ContentKind::FileName => {
                let name = path.rsplit(|byte| *byte == b'/').next().map(BString::from);
                self.file_names.extend(name);
            }
            _ => {
                if let Some(id) = occurrence.blob.as_ref().and_then(|id| ObjectId::from_hex(id.as_bytes()).ok()) {
                    self.blobs.entry(id).or_default().insert(path);
                }
            }
        }
    }
}

/// `true` if a replacement of text can reach all that is read in a content.
fn is_replaceable(data: &[u8]) -> bool {
    let head = data.get(..BINARY_HEAD).unwrap_or(data);
    !head.contains(&0) && archive::kind(data).is_none() && Wide::detect(data).is_none() && lfs::pointer(data).is_none()
}

/// Returns the forms of a value in a text: the value, or what it was decoded from.
fn forms(detector: &Detector, text: &[u8]) -> Vec<Secret> {
    let found = detector.scan(text).into_iter().map(|detection| Secret::new(detection.span.of(text)));
    found.filter(|form| form.reveal().len() <= MAX_MATCH as usize).collect()
}

/// The data as git filter-repo leaves it.
fn replaced(mut data: Vec<u8>, texts: &[Secret]) -> Vec<u8> {
    for text in texts {
        if memmem::find(&data, text.reveal()).is_some() {
            data = data.replace(text.reveal(), REPLACEMENT);
        }
    }
    data
}

/// The message of a commit or tag.
fn message(local: &Local, id: &BString) -> Option<Vec<u8>> {
    load(local, id).map(|data| header::parts(&data).1.to_vec())
}

/// The people in the head of a commit or tag.
fn people(local: &Local, id: &BString) -> Vec<BString> {
    let data = load(local, id).unwrap_or_default();
    let (head, _) = header::parts(&data);
    head.lines().filter_map(header::person).map(BString::from).collect()
}

fn load(local: &Local, id: &BString) -> Option<Vec<u8>> {
    let id = ObjectId::from_hex(id).ok()?;
    object::load(local, id, object::MAX_STRUCTURE).ok().map(|(_, data)| data)
}
