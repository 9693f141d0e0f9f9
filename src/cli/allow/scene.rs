//! The current state of the files, the index and the message, with what they hold.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use bstr::{BString, ByteSlice as _};

use super::chosen::Chosen;
use super::refusal::{Refusal, shown};
use crate::cli::report_store::Stored;
use crate::cli::session::{NOTHING_IS_KNOWN, ReportWhen, Session};
use crate::finding::suppression::{Status, Suppression};
use crate::finding::{Command, ContentKind, Finding, Report, Scope};
use crate::fs::bounded::{self, Links, MAX_NAMED};
use crate::git::Repo;
use crate::source::{Content, Item, Listing, message, staged};

/// The file in which git keeps the message of the last attempted commit.
const MESSAGE: &str = "COMMIT_EDITMSG";

/// The current state of the files.
pub(super) struct Scene {
    /// The files that reports and the index name.
    pub(super) files: Files,
    /// The report on what the next commit adds, and on the last message.
    next: Report,
}

/// Files of the work tree, with what is found in them.
pub(super) struct Files {
    /// The files that were read, by their paths from the root.
    pub(super) read: BTreeMap<BString, Source>,
    /// The files that can't be written to, with the reasons.
    refused: BTreeMap<BString, String>,
    /// The report of a scan of the files.
    pub(super) report: Report,
}

/// A file that was read.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) full: PathBuf,
    pub(super) bytes: Vec<u8>,
}

impl Scene {
    /// Reads the files that the reports and the index name.
    pub(super) fn of(session: &Session, repo: &Repo, root: &Path, stored: &[Stored]) -> anyhow::Result<Self> {
        let mut listing = staged::list(repo)?;
        let file = repo.git_dir().join(MESSAGE);
        if file.is_file() {
            listing.items.extend(message::list(repo, &file, true).map(|(list, _)| list.items).unwrap_or_default());
        }
        let next = scan(session, listing);
        let views = stored.iter().flat_map(|one| one.report.all());
        let is_file = |kind| kind == ContentKind::File;
        let reported =
            views.flat_map(|one| &one.occurrences).filter(|place| is_file(place.kind) && place.member.is_none());
        let reported = reported.map(|place| BString::from(place.path.as_str()));
        let added = next.all().flat_map(|one| &one.occurrences).filter(|place| is_file(place.kind));
        let paths: BTreeSet<BString> = reported.chain(added.map(|place| place.path.clone())).collect();
        let (mut read, mut refused) = (BTreeMap::new(), BTreeMap::new());
        for path in paths.into_iter().filter(|path| !path.is_empty()) {
            match source(root, &path) {
                Ok(Some(source)) => drop(read.insert(path, source)),
                Ok(None) => {}
                Err(why) => drop(refused.insert(path, why)),
            }
        }
        let report = scan(session, listed(read.iter().map(|(path, source)| (path, source.bytes.as_slice()))));
        Ok(Self { files: Files { read, refused, report }, next })
    }

    /// Returns the findings of the index and the message that can be chosen.
    pub(super) fn staged(&self) -> impl Iterator<Item = Chosen> {
        self.next.all().map(|one| Chosen {
            id: one.id.to_string(),
            rule: one.rule.to_string(),
            places: one.occurrences.iter().map(|place| (place.kind, place.path.to_string())).collect(),
            is_committed: false,
        })
    }

    /// Returns a finding as it is in the files now, or else in the index or the message.
    pub(super) fn finding(&self, id: &str) -> Option<&Finding> {
        self.in_files(id).or_else(|| self.in_next(id))
    }

    fn in_files(&self, id: &str) -> Option<&Finding> {
        self.files.report.all().find(|one| one.id.as_str() == id)
    }

    fn in_next(&self, id: &str) -> Option<&Finding> {
        self.next.all().find(|one| one.id.as_str() == id)
    }

    /// Returns the suppression that already allows a finding everywhere in files, or else in the index or the message.
    pub(super) fn allowed(&self, id: &str) -> Option<&Suppression> {
        self.finding(id)?.suppression.as_ref().filter(|suppression| suppression.status == Status::Accepted)
    }

    /// Returns the first file that holds a finding, and the line if the file still holds it.
    pub(super) fn place(&self, one: &Chosen) -> (String, Option<usize>) {
        let now = self.finding(&one.id).and_then(|finding| finding.occurrences.first());
        let reported = || one.places.first().map(|(_, path)| path.clone()).unwrap_or_default();
        now.map_or_else(|| (reported(), None), |place| (place.path.to_string(), Some(place.start.line)))
    }

    /// Returns the files that hold a finding.
    pub(super) fn paths(&self, id: &str) -> impl Iterator<Item = &BString> {
        self.in_files(id).into_iter().flat_map(|one| &one.occurrences).map(|place| &place.path)
    }

    /// Returns `true` if a finding would stop the next commit although the files allow it: their staged versions are
    /// older.
    pub(super) fn stops(&self, id: &str) -> bool {
        self.next.findings.iter().any(|one| one.id.as_str() == id)
    }

    /// Returns `true` if the message holds a finding.
    pub(super) fn has_message(&self, id: &str) -> bool {
        let places = self.in_next(id).map(|one| one.occurrences.as_slice()).unwrap_or_default();
        places.iter().any(|place| place.kind == ContentKind::GitFile)
    }

    /// Returns `true` if a finding is still there to be allowed.
    pub(super) fn has(&self, one: &Chosen) -> bool {
        let is_refused = |path: &String| self.files.refused.contains_key(path.as_bytes().as_bstr());
        one.is_committed || self.finding(&one.id).is_some() || one.places.iter().any(|(_, path)| is_refused(path))
    }

    /// Returns the finding in the files, if comments in them can allow it in all its places.
    pub(super) fn commentable(&self, one: &Chosen) -> Result<&Finding, Refusal> {
        let refused = one.places.iter().filter_map(|(_, path)| {
            let why = self.files.refused.get(path.as_bytes().as_bstr())?;
            Some(Refusal::File { path: shown(path.as_bytes().as_bstr()), why: why.clone() })
        });
        if let Some(refusal) = refused.into_iter().next() {
            return Err(refusal);
        }
        let finding = self.in_files(&one.id).ok_or(Refusal::NotInFiles)?;
        let added = self.in_next(&one.id).map(|one| one.occurrences.as_slice()).unwrap_or_default();
        let holds = |path: &BString| finding.occurrences.iter().any(|place| place.path == *path);
        let is_plain =
            finding.occurrences.iter().all(|place| place.kind == ContentKind::File && place.member.is_empty());
        if !is_plain || added.iter().any(|place| place.kind != ContentKind::File) {
            return Err(Refusal::Elsewhere);
        }
        match added.iter().find(|place| !holds(&place.path)) {
            Some(place) => Err(Refusal::Changed { path: shown(place.path.as_ref()) }),
            None => Ok(finding),
        }
    }
}

/// Returns files as a listing.
pub(super) fn listed<'f>(files: impl Iterator<Item = (&'f BString, &'f [u8])>) -> Listing {
    let item = |(path, bytes): (&BString, &[u8])| Item {
        kind: ContentKind::File,
        path: path.clone(),
        content: Content::Bytes(bytes.to_vec()),
        commit: None,
    };
    Listing { items: files.map(item).collect(), ..Listing::default() }
}

/// Returns the report of a scan of a listing.
pub(super) fn scan(session: &Session, listing: Listing) -> Report {
    let scope = Scope { command: Command::Staged, subject: String::new() };
    session.scan(ReportWhen::Always, |scan| scan.listed(listing, scope, NOTHING_IS_KNOWN))
}

/// Returns a file of the work tree, if it exists. Nothing is written through a link, whoever made it.
fn source(root: &Path, path: &BString) -> Result<Option<Source>, String> {
    let Ok(name) = path.to_os_str().map(OsStr::to_owned) else { return Ok(None) };
    // Anybody may have written a stored report.
    if Path::new(&name).is_absolute() {
        return Err("its path does not start at the root of the work tree".to_owned());
    }
    let full = root.join(&name);
    if full.symlink_metadata().is_err() {
        return Ok(None);
    }
    let whole = root.canonicalize().map(|root| root.join(&name));
    match (full.canonicalize(), whole) {
        (Ok(real), Ok(whole)) if real == whole => {}
        _ => return Err("its path contains a symbolic link, or leads out of the work tree".to_owned()),
    }
    match bounded::read(&full, MAX_NAMED, Links::Refused) {
        Ok(bytes) => Ok(Some(Source { full, bytes })),
        Err(why) => Err(why.to_string()),
    }
}
