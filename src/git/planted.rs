//! Checks whether a folder may contain files that came with a repository: it holds tracked files, or is reached through
//! a link in the work tree.

use std::path::{Path, PathBuf};

use bstr::ByteSlice as _;

use super::{Repo, index};

/// The way in which a repository controls a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    /// The path goes through a link in the work tree.
    Link,
    /// The folder is tracked, holds tracked files, or is in a submodule; or this can't be determined.
    Tracked,
}

/// Returns the way in which the repository controls `folder`, which need not exist; `None` if it doesn't.
pub fn planted(repo: &Repo, folder: &Path) -> Option<Planted> {
    let root = repo.workdir()?.canonicalize().ok()?;
    let git_dir = repo.git_dir().canonicalize().unwrap_or_else(|_| repo.git_dir());
    let is_within = |path: &Path| path.starts_with(&root) && !path.starts_with(&git_dir);
    let folder = std::path::absolute(folder).ok()?;
    let is_link = |path: &Path| path.symlink_metadata().is_ok_and(|meta| meta.is_symlink());
    let is_theirs =
        |path: &Path| path.parent().and_then(|parent| parent.canonicalize().ok()).is_some_and(|p| is_within(&p));
    if folder.ancestors().any(|path| is_link(path) && is_theirs(path)) {
        return Some(Planted::Link);
    }
    let real = real(&folder);
    if !is_within(&real) {
        return None;
    }
    let names = real.strip_prefix(&root).ok()?.iter().map(std::ffi::OsStr::as_encoded_bytes);
    let below = names.collect::<Vec<_>>().join(&b'/');
    let Ok(state) = index::read(&repo.local()) else { return Some(Planted::Tracked) };
    let holds = |folder: &[u8], path: &[u8]| {
        folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
    };
    let is_tracked = |path: &[u8]| holds(&below, path) || holds(path, &below);
    state.entries().iter().any(|entry| is_tracked(entry.path(&state).as_bytes())).then_some(Planted::Tracked)
}

/// Resolves the part of a path that exists, and appends the rest.
fn real(path: &Path) -> PathBuf {
    let there = path.ancestors().find_map(|there| Some((there, there.canonicalize().ok()?)));
    there.map_or_else(
        || path.to_owned(),
        |(there, real)| path.strip_prefix(there).map_or_else(|_| real.clone(), |rest| real.join(rest)),
    )
}
