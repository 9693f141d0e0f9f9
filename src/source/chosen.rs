//! Paths of the index that the user names, as tools do that run checks on the files of a commit.
//!
//! In files that the next commit changes, only new content counts. A file that it doesn't change is named by a user who
//! wants to check all of it, as with tools that check every file of a repository; then everything that is named is read
//! whole.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bstr::{BStr, BString, ByteSlice as _};

use super::change::{self, Difference, Known};
use super::{Content, Item, Listing, staged};
use crate::finding::{ContentKind, Gap, GapKind, Note};
use crate::fs::bounded::without_dots;
use crate::git::{Repo, SourceError, index};
use crate::text::escape;

/// The treatment of paths that the next commit changes but that aren't named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// They are scanned as well.
    Kept,
    /// They are left out.
    LeftOut,
}

/// The items to scan.
#[derive(Debug)]
pub enum Chosen {
    /// The changes of the next commit.
    New(Listing),
    /// The whole content of the named paths.
    Whole(Listing),
}

/// Lists the index entries at the named paths, which are relative to the current folder.
///
/// # Errors
/// Fails if HEAD or the index can't be read, or a path is outside the work tree.
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

/// Lists everything in the index if it adds nothing to HEAD: a user who runs a check without a commit to make wants to
/// check all of it.
///
/// # Errors
/// Fails if HEAD or the index can't be read.
pub fn all_if_nothing_is_new(repository: &Repo) -> Result<Chosen, SourceError> {
    let listing = staged::list(repository)?;
    let is_new = !listing.items.is_empty() || !listing.gaps.is_empty();
    if is_new || repository.workdir().is_none() { Ok(Chosen::New(listing)) } else { list_all(repository) }
}

fn list_all(repository: &Repo) -> Result<Chosen, SourceError> {
    let root = repository.workdir().unwrap_or_default();
    list(repository, &[root], Others::Kept)
}

/// Returns the entries of files that are part of a commit; entries that are only intended to be added aren't.
fn tracked(state: &index::State) -> impl Iterator<Item = &index::Entry> {
    state.entries().iter().filter(|entry| !entry.flags.contains(index::Flags::INTENT_TO_ADD))
}

/// Returns an entry's content and its name as items.
fn items(entry: &index::Entry, path: &BStr) -> Vec<Item> {
    let kind = match entry.mode {
        index::Mode::SYMLINK => ContentKind::Symlink,
        index::Mode::FILE | index::Mode::FILE_EXECUTABLE => ContentKind::File,
        _ => return Vec::new(),
    };
    let item = |kind, content| Item { kind, path: path.to_owned(), content, commit: None };
    vec![item(kind, Content::Object(entry.id)), item(ContentKind::FileName, Content::Bytes(path.to_vec()))]
}

/// Named paths, relative to the top of the work tree.
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
            // The folder may have another name than the one that git uses for it.
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

    /// Returns `true` if a path is named, or a folder that contains it.
    fn hold(&self, path: &BStr) -> bool {
        self.0.contains(path) || around(path).any(|name| self.0.contains(name))
    }

    /// Returns a gap for each named path that no commit contains.
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

/// Returns the folders that contain a path, up to the top of the work tree.
fn around(path: &BStr) -> impl Iterator<Item = &BStr> {
    path.find_iter(b"/").chain([0]).map(|end| path[..end].as_bstr())
}

fn shown(path: &Path) -> String {
    escape(path.as_os_str().as_encoded_bytes())
}
