//! The check of where a cache comes from: one that came with a repository could claim of any content that it holds no
//! secret.

use std::path::Path;

use crate::git::Repo;
use crate::git::planted::{Planted, planted};

/// Refuses a cache that came with a repository: the repository that is scanned, or the one around the folder.
///
/// # Errors
/// Fails if the cache came with a repository, or may have.
pub(super) fn check(repo: Option<&Repo>, folder: &Path) -> anyhow::Result<()> {
    let whole = std::path::absolute(folder)?;
    let around = whole.ancestors().find(|path| path.is_dir()).and_then(|path| Repo::open(path).ok());
    let how = match repo.into_iter().chain(&around).find_map(|repo| planted(repo, folder)) {
        None => return Ok(()),
        Some(Planted::Link) => "a link in the work tree leads to it",
        Some(Planted::Tracked) => "the repository contains files there",
    };
    anyhow::bail!(
        "the cache '{}' was not used: {how}, so its authors could hide a secret from the sweep; name a folder outside of the work tree",
        folder.display()
    )
}
