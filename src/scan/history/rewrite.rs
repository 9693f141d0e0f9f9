//! The values and contents that a rewrite of history has to remove: the values in every form in which they appear, and
//! the contents that replacing text can't clean.
//!
//! Nothing is assumed: after the replacements, each content is searched again, as it will be when the rewrite is
//! verified.

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

/// The number of bytes at the start of a content that git and git filter-repo check: with a zero byte among them it
/// counts as binary, and nothing in it is replaced.
const BINARY_HEAD: usize = 8192;

/// The text that replaces a value in contents and messages.
pub const REPLACEMENT: &str = "***REMOVED***";

/// The values to remove, and the ways to remove them.
#[derive(Debug, Default)]
pub struct Rewrite {
    /// The texts to replace in contents and messages, the longest first, so that a text that is part of another doesn't
    /// break it up.
    pub texts: Vec<Secret>,
    /// The texts to replace in file names.
    pub file_names: Vec<Secret>,
    /// The texts to replace in names of branches and tags.
    pub ref_names: Vec<Secret>,
    /// The texts to replace in names and addresses of people.
    pub people: Vec<Secret>,
    /// The contents to remove as a whole, with their known paths.
    pub contents: BTreeMap<ObjectId, BTreeSet<BString>>,
    /// `true` if one of the contents is the pointer of a Git LFS object.
    pub has_lfs: bool,
    /// The messages that still contain something after the replacements.
    pub messages: BTreeSet<BString>,
}

/// The places of the values in a report: contents by their paths, texts, names.
#[derive(Default)]
struct Places {
    blobs: BTreeMap<ObjectId, BTreeSet<BString>>,
    messages: BTreeSet<BString>,
    people: BTreeSet<BString>,
    file_names: BTreeSet<BString>,
    ref_names: BTreeSet<BString>,
}

impl Scan<'_> {
    /// Returns the rewrite for the values that this scan found in everything that git stores.
    pub fn rewrite(&self, repository: &Repo, report: &Report, values: &[Secret]) -> Rewrite {
        let local = repository.local();
        let places = Places::of(report);
        let detector = self.detector;
        let load = |id: ObjectId| object::load(&local, id, self.options.max_file_size).map(|(_, data)| data);
        let mut texts: BTreeSet<Secret> = values.iter().cloned().collect();
        // An object that can't be read can't be rewritten in any clone either, and it is a gap of the scan.
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

/// Returns `true` if replacing text can reach everything that is read in a content.
fn is_replaceable(data: &[u8]) -> bool {
    let head = data.get(..BINARY_HEAD).unwrap_or(data);
    !head.contains(&0) && archive::kind(data).is_none() && Wide::detect(data).is_none() && lfs::pointer(data).is_none()
}

/// Returns the forms of the values in a text: the value itself, or the text that it was decoded from.
fn forms(detector: &Detector, text: &[u8]) -> Vec<Secret> {
    let found = detector.scan(text).into_iter().map(|detection| Secret::new(detection.span.of(text)));
    found.filter(|form| form.reveal().len() <= MAX_MATCH as usize).collect()
}

/// Returns the data as git filter-repo would leave it.
fn replaced(mut data: Vec<u8>, texts: &[Secret]) -> Vec<u8> {
    for text in texts {
        if memmem::find(&data, text.reveal()).is_some() {
            data = data.replace(text.reveal(), REPLACEMENT);
        }
    }
    data
}

/// Returns the message of a commit or tag.
fn message(local: &Local, id: &BString) -> Option<Vec<u8>> {
    load(local, id).map(|data| header::parts(&data).1.to_vec())
}

/// Returns the people in the header of a commit or tag.
fn people(local: &Local, id: &BString) -> Vec<BString> {
    let data = load(local, id).unwrap_or_default();
    let (head, _) = header::parts(&data);
    head.lines().filter_map(header::person).map(BString::from).collect()
}

fn load(local: &Local, id: &BString) -> Option<Vec<u8>> {
    let id = ObjectId::from_hex(id).ok()?;
    object::load(local, id, object::MAX_STRUCTURE).ok().map(|(_, data)| data)
}
