//! Comments in files: where each goes, and whether scans will accept it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bstr::{BString, ByteSlice as _};

use super::refusal::{Refusal, shown};
use super::scene::{Scene, Source, listed, scan};
use crate::cli::session::Session;
use crate::finding::Finding;
use crate::fs::bounded::{self, Links, MAX_NAMED};
use crate::fs::{Rights, replace};
use crate::output::allow::{Entry, Form};
use crate::suppress::{comment, syntax};
use crate::text::encoding::{as_text, inserted};

/// The files to which comments are about to be added.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// The ids of the findings that the comments allow.
    pub(super) ids: BTreeSet<String>,
    files: BTreeMap<BString, (Source, Vec<u8>)>,
}

/// Returns the files with comments for these findings, or the first finding that a comment can't allow, with the
/// reason.
pub(super) fn changes<'f>(
    session: &Session,
    scene: &Scene,
    findings: &[&'f Finding],
    reason: &str,
) -> Result<Changes, (&'f Finding, Refusal)> {
    let mut files = BTreeMap::new();
    let paths: BTreeSet<&BString> = findings.iter().flat_map(|one| &one.occurrences).map(|place| &place.path).collect();
    for path in paths {
        if let Some(source) = scene.files.read.get(path) {
            let changed = changed(path, source, findings, reason)?;
            files.insert(path.clone(), (source.clone(), changed));
        }
    }
    // The scan itself decides whether a comment counts.
    let bytes =
        |path: &BString, source: &Source| files.get(path).map_or_else(|| source.bytes.clone(), |(_, new)| new.clone());
    let all_files: Vec<(&BString, Vec<u8>)> =
        scene.files.read.iter().map(|(path, source)| (path, bytes(path, source))).collect();
    let after = scan(session, listed(all_files.iter().map(|(path, bytes)| (*path, bytes.as_slice()))));
    let allowed: BTreeSet<&str> = after.suppressed.iter().map(|one| one.id.as_str()).collect();
    let first = |one: &Finding| one.occurrences.first().map(|place| shown(place.path.as_ref())).unwrap_or_default();
    if let Some(one) = findings.iter().find(|one| !allowed.contains(one.id.as_str())) {
        return Err((one, Refusal::NoPlace { path: first(one) }));
    }
    // Nor may a new comment come between another comment and its value.
    let is_kept = scene.files.report.suppressed.iter().all(|one| allowed.contains(one.id.as_str()));
    if let (Some(last), false) = (findings.last(), is_kept) {
        return Err((last, Refusal::Taken { path: first(last) }));
    }
    Ok(Changes { ids: findings.iter().map(|one| one.id.to_string()).collect(), files })
}

/// Returns a file with a comment for each line that holds one of the findings.
fn changed<'f>(
    path: &BString,
    source: &Source,
    findings: &[&'f Finding],
    reason: &str,
) -> Result<Vec<u8>, (&'f Finding, Refusal)> {
    let text = as_text(&source.bytes);
    let mut lines: BTreeMap<usize, (usize, Vec<&'f Finding>)> = BTreeMap::new();
    for one in findings {
        for place in one.occurrences.iter().filter(|place| place.path == *path) {
            if place.comment.as_ref().is_some_and(|comment| comment.text.starts_with(comment::MARK)) {
                return Err((one, Refusal::Taken { path: shown(path.as_ref()) }));
            }
            let (last, here) = lines.entry(place.start.line).or_default();
            *last = place.end.line.max(*last);
            here.push(one);
        }
    }
    let mut texts = Vec::new();
    for (first, (last, mut here)) in lines {
        here.dedup_by_key(|one| &one.id);
        let about: Vec<String> = here.iter().map(|one| format!("{}={}", one.rule, one.id)).collect();
        let words = format!("{} {} {reason}", comment::MARK.as_bstr(), about.join(","));
        // Non-ASCII characters would be garbage in a file that isn't UTF-8.
        let fits = words.is_ascii() || text.to_str().is_ok();
        let placed = fits.then(|| syntax::comment(path.as_ref(), &text, (first, last), &words)).flatten();
        match (placed, here.first()) {
            (Some(placed), _) => texts.push(placed),
            (None, Some(one)) => return Err((one, Refusal::NoPlace { path: shown(path.as_ref()) })),
            (None, None) => {}
        }
    }
    texts.sort_by_key(|(at, _)| *at);
    Ok(inserted(&source.bytes, &texts))
}

impl Changes {
    /// Returns the entry for each finding and place.
    pub(super) fn entries(&self, scene: &Scene) -> Vec<Entry> {
        let findings = self.ids.iter().filter_map(|id| scene.finding(id));
        let of_finding = |one: &Finding| -> Vec<Entry> {
            let entry = |path: &BString, line| Entry {
                id: one.id.to_string(),
                rule: one.rule.to_string(),
                form: Form::Comment,
                path: path.to_string(),
                line: Some(line),
                place: (path.to_string(), Some(line)),
            };
            one.occurrences.iter().map(|place| entry(&place.path, place.start.line)).collect()
        };
        findings.flat_map(of_finding).collect()
    }

    /// Writes the files, if they are unchanged since they were read, and returns their paths.
    pub(super) fn write(self) -> anyhow::Result<Vec<BString>> {
        for (path, (source, _)) in &self.files {
            let is_same = bounded::read(&source.full, MAX_NAMED, Links::Refused).is_ok_and(|now| now == source.bytes);
            anyhow::ensure!(
                is_same,
                "'{}' changed in the meantime, so nothing was written; run the command again",
                shown(path.as_ref())
            );
        }
        let mut written = Vec::new();
        for (path, (source, bytes)) in self.files {
            write(&source.full, &bytes).with_context(|| format!("writing '{}'", shown(path.as_ref())))?;
            written.push(path);
        }
        Ok(written)
    }
}

/// Writes a file, replacing an existing one but keeping its permissions.
pub(super) fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let rights = path.metadata().map_or(Rights::Usual, |meta| Rights::Exactly(meta.permissions()));
    Ok(replace(path, rights, |out| out.write_all(bytes))?)
}

/// A file that gets entries, in the work tree or outside of it.
#[derive(Debug)]
pub(super) struct Change {
    /// The path as it is shown.
    pub(super) path: BString,
    pub(super) full: PathBuf,
    pub(super) text: String,
}

impl Change {
    /// Writes the file.
    pub(super) fn write(&self) -> anyhow::Result<()> {
        write(&self.full, self.text.as_bytes()).with_context(|| format!("writing '{}'", shown(self.path.as_ref())))
    }

    /// Returns its path from the root of the work tree, if it is in there.
    pub(super) fn below(&self, root: &Path) -> Option<BString> {
        let (full, root) = (self.full.canonicalize().ok()?, root.canonicalize().ok()?);
        Some(full.strip_prefix(root).ok()?.as_os_str().as_encoded_bytes().into())
    }
}
