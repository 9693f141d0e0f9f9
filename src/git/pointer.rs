//! Where `.git` files and git's environment lead to, if that is no repository that can be opened.

use std::path::Path;

use super::error::error_text;
use super::{GitError, SourceError, error, format};
use crate::text::escape;

/// Why opening the repository that `directory` lies in failed.
pub(super) fn refused(directory: &Path, error: &GitError) -> SourceError {
    pointed(directory).unwrap_or_else(|| error::classify(directory, error))
}

/// Why the repository that the nearest `.git` or git's environment leads to cannot be opened, if it is not there or has
/// another format.
fn pointed(directory: &Path) -> Option<SourceError> {
    let git_dir = if let Some(told) = std::env::var_os("GIT_DIR") {
        directory.join(told)
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

/// Why no other repository may be looked for above a folder, although this one was found there: git goes past no `.git` file.
pub(super) fn passed(directory: &Path, found: &Path) -> Option<SourceError> {
    let (whole, found) = (directory.canonicalize().ok()?, found.canonicalize().ok()?);
    whole.ancestors().take_while(|folder| **folder != *found).find_map(|folder| dangling(&folder.join(".git")))
}

/// Why a `.git` file leads to no repository.
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
