//! Explains where `.git` files and git's environment lead, if no repository can be opened there.

use std::path::Path;

use super::error::error_text;
use super::ownership::{self, Found};
use super::{GitError, SourceError, error, format};
use crate::text::escape;

/// Returns the reason why the repository that contains `directory` could not be opened.
pub(super) fn refused(directory: &Path, error: &GitError) -> SourceError {
    pointed(directory).unwrap_or_else(|| error::classify(directory, error))
}

/// Returns the reason why the repository that the nearest `.git` or git's environment leads to can't be opened, if it
/// doesn't exist or has another format.
fn pointed(directory: &Path) -> Option<SourceError> {
    let git_dir = if let Some(configured) = std::env::var_os("GIT_DIR") {
        directory.join(configured)
    } else {
        let whole = directory.canonicalize().ok()?;
        let pointer = whole.ancestors().map(|folder| folder.join(".git")).find(|path| path.exists())?;
        if let Some(why) = dangling(&pointer) {
            return Some(why);
        }
        gix::discover::path::from_gitdir_file(&pointer).unwrap_or(pointer)
    };
    let common = gix::discover::path::from_plain_file(&git_dir.join("commondir")).and_then(Result::ok);
    format::refusal(&common.map_or_else(|| git_dir.clone(), |common| git_dir.join(common)).join("config"))
}

/// Returns the reason why the search must not continue above a folder, although the repository `found` is there: git
/// passes over no `.git` file.
pub(super) fn passed(directory: &Path, found: &Path) -> Option<SourceError> {
    let (whole, found) = (directory.canonicalize().ok()?, found.canonicalize().ok()?);
    whole.ancestors().take_while(|folder| **folder != *found).find_map(|folder| dangling(&folder.join(".git")))
}

/// Returns the error if `directory`, or a folder between it and the repository around it, looks like a repository: git
/// doesn't recognise one without HEAD, and passes it over.
pub(super) fn overlooked(directory: &Path, found: &Found) -> Option<SourceError> {
    let (around, git_dir) =
        (ownership::place(found).canonicalize().ok()?, ownership::git_dir(found).canonicalize().ok()?);
    let whole = directory.canonicalize().ok()?;
    let folders = whole.ancestors().take_while(|folder| **folder != *around).filter(|folder| **folder != *git_dir);
    let shown = |path: &Path| escape(path.as_os_str().as_encoded_bytes());
    let folder = folders.filter(|folder| !folder.starts_with(&git_dir)).find(|folder| looks_like_one(folder))?;
    Some(SourceError::Overlooked { path: shown(folder), around: shown(&around) })
}

/// Returns `true` if a folder has a `.git`, or what a bare repository has.
fn looks_like_one(folder: &Path) -> bool {
    let is_bare =
        || folder.join("objects").is_dir() && (folder.join("refs").is_dir() || folder.join("config").is_file());
    folder.join(".git").symlink_metadata().is_ok() || is_bare()
}

/// Returns the reason why a `.git` file leads to no repository.
fn dangling(pointer: &Path) -> Option<SourceError> {
    if !pointer.is_file() {
        return None;
    }
    let shown = |path: &Path| escape(path.as_os_str().as_encoded_bytes());
    match gix::discover::path::from_gitdir_file(pointer) {
        Ok(target) if gix::discover::is_git(&target).is_ok() => None,
        Ok(target) => Some(SourceError::Dangling { pointer: shown(pointer), target: shown(&target) }),
        Err(error) => Some(SourceError::Broken { what: format!("'{}'", shown(pointer)), cause: error_text(&error) }),
    }
}
