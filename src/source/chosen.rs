//! Paths of the index that somebody names, as the tools do that run a check on the files of a commit.
//!
//! Of files that the next commit changes only what is new counts. A file that it does not change is named by somebody who wants
//! to know of all of it, as those do who check every file of a repository; then all that is named is looked at whole.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bstr::{BStr, BString, ByteSlice as _};

use super::change::{self, Difference, Known};
use super::{Content, Item, Listing, staged};
use crate::finding::{ContentKind, Gap, GapKind, Note};
use crate::fs::bounded::without_dots;
use crate::git::{Repo, SourceError, index};
use crate::text::escape;

/// The treatment of the paths that the next commit changes and nobody names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// They are looked at as well.
    Kept,
    /// They are left out.
    LeftOut,
}

/// The items to be scanned.
#[derive(Debug)]
pub enum Chosen {
    /// The changes of the next commit.
    New(Listing),
    /// All of what is named.
    Whole(Listing),
}

/// Lists what the index has at the paths that are named, as they are seen from the current folder.
///
/// # Errors
/// When HEAD or the index cannot be read, or a path is outside of the work tree.
pub fn list(repository: &Repo, paths: &[PathBuf], others: Others) -> Result<Chosen, SourceError> {
    let names = Names::new(repository, paths)?;
    let local = repository.local();
    let state = index::read(&local)?;
    let mut listing = Listing::default();
    let differences = staged::differences(repository, &local, &state, &mut listing.gaps)?;
    change::list(&differences, None, &mut Known::default(), &mut listing);
    if others == Others::LeftOut {
        listing.items.retain(|item| names.hold(item.path.as_ref()));
    }
    listing.gaps.extend(names.untracked(&state, &differences));
    let is_changed = |path: &BStr| differences.iter().any(|difference| difference.paths.contains_key(path));
    let unchanged: Vec<Item> = tracked(&state)
        .filter(|entry| names.hold(entry.path(&state)) && !is_changed(entry.path(&state)))
        .flat_map(|entry| items(entry, entry.path(&state)))
        .collect();
    if unchanged.is_empty() {
        return Ok(Chosen::New(listing));
    }
    listing.items.extend(unchanged);
    listing.before.clear();
    listing.names_before.clear();
    let why = "the next commit does not change some of the files named, so all of them were read in full";
    listing.notes.push(Note(why.to_owned()));
    Ok(Chosen::Whole(listing))
}

/// Everything that the index has, if it adds nothing to HEAD: who asks without a commit to be made wants to know of that.
///
/// # Errors
/// When HEAD or the index cannot be read.
pub fn all_if_nothing_is_new(repository: &Repo) -> Result<Chosen, SourceError> {
    let listing = staged::list(repository)?;
    let is_new = !listing.items.is_empty() || !listing.gaps.is_empty();
    if is_new || repository.workdir().is_none() { Ok(Chosen::New(listing)) } else { list_all(repository) }
}

fn list_all(repository: &Repo) -> Result<Chosen, SourceError> {
    let root = repository.workdir().unwrap_or_default();
    list(repository, &[root], Others::Kept)
}

/// The entries of files that are part of a commit, which those are not that are only intended to be added.
fn tracked(state: &index::State) -> impl Iterator<Item = &index::Entry> {
    state.entries().iter().filter(|entry| !entry.flags.contains(index::Flags::INTENT_TO_ADD))
}

/// The file of an entry and its name.
fn items(entry: &index::Entry, path: &BStr) -> Vec<Item> {
    let kind = match entry.mode {
        index::Mode::SYMLINK => ContentKind::Symlink,
        index::Mode::FILE | index::Mode::FILE_EXECUTABLE => ContentKind::File,
        _ => return Vec::new(),
    };
    let item = |kind, content| Item { kind, path: path.to_owned(), content, commit: None };
    vec![item(kind, Content::Object(entry.id)), item(ContentKind::FileName, Content::Bytes(path.to_vec()))]
}

/// Paths from the top of the work tree.
struct Names(BTreeSet<BString>);

impl Names {
    fn new(repository: &Repo, paths: &[PathBuf]) -> Result<Self, SourceError> {
        let broken = |what: &Path, cause: String| SourceError::Broken { what: format!("'{}'", shown(what)), cause };
        let whole = |path: &Path| path.canonicalize().map_err(|error| broken(path, error.to_string()));
        let root = repository.workdir().ok_or_else(|| broken(Path::new("."), "there is no work tree".to_owned()))?;
        let (root, here) = (whole(&root)?, whole(Path::new("."))?);
        let below = |path: &PathBuf| {
            let path = without_dots(&here.join(path));
            let inside = path.strip_prefix(&root).map(Path::to_owned).ok();
            // The folder may have another name than the one that git has for it.
            let renamed = || {
                let (folder, name) = (path.parent()?, path.file_name()?);
                Some(folder.canonicalize().ok()?.strip_prefix(&root).ok()?.join(name))
            };
            let outside = || SourceError::Outside { path: shown(&path) };
            let inside = inside.or_else(renamed).or_else(|| (path.canonicalize().ok()? == root).then(PathBuf::new));
            inside.map(|path| BString::from(path.into_os_string().into_encoded_bytes())).ok_or_else(outside)
        };
        paths.iter().map(below).collect::<Result<_, _>>().map(Self)
    }

    /// `true` if a path is named, or a folder that it lies in.
    fn hold(&self, path: &BStr) -> bool {
        self.0.contains(path) || around(path).any(|name| self.0.contains(name))
    }

    /// Those that no commit has to do with.
    fn untracked<'n>(
        &'n self,
        state: &'n index::State,
        differences: &'n [Difference],
    ) -> impl Iterator<Item = Gap> + 'n {
        let entries = tracked(state).map(|entry| entry.path(state));
        let changed = differences.iter().flat_map(|difference| difference.paths.keys().map(|path| path.as_bstr()));
        let mut known: BTreeSet<&BStr> = BTreeSet::new();
        for path in entries.chain(changed) {
            known.extend(around(path).chain([path]).filter(|name| self.0.contains(*name)));
        }
        let left = self.0.iter().filter(move |name| !known.contains(name.as_bstr()) && !name.is_empty());
        left.map(|name| Gap {
            what: name.clone(),
            kind: GapKind::Missing,
            why: "git does not track it, so no commit includes it: 'git add' stages it, 'keysweep files' reads it"
                .to_owned(),
        })
    }
}

/// The folders that a path lies in, and the top of the work tree.
fn around(path: &BStr) -> impl Iterator<Item = &BStr> {
    path.find_iter(b"/").chain([0]).map(|end| path[..end].as_bstr())
}

fn shown(path: &Path) -> String {
    escape(path.as_os_str().as_encoded_bytes())
}
