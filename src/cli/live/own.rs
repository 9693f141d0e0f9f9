//! The user's own configuration: apart from the built-in rules, only this may name a host.
//!
//! Whoever can write to a repository can write to all its work trees, to those of its submodules, and through those to
//! the surrounding repository and all work trees of that. A configuration in any of them is the authors' own, and so is one that a link in them
//! leads to.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::Context as _;

use crate::cli::args::Common;
use crate::fs::bounded::{self, Links};
use crate::fs::own_configuration;
use crate::git::Repo;
use crate::text::escape;

/// The most links that are followed on the way to a file; systems don't follow more either.
const MOST_LINKS: usize = 40;

/// Returns the configuration that `--config` or `KEYSWEEP_CONFIG` names, or else the one in the user's folder, if there
/// is one.
///
/// # Errors
/// Fails if a named configuration doesn't exist, or is at a place where others control its content.
pub(super) fn config(common: &Common, repo: &Repo) -> anyhow::Result<Option<PathBuf>> {
    let (path, is_named) = match (&common.config, usual()) {
        (Some(path), _) => (path.clone(), true),
        (None, Some(path)) => (path, false),
        (None, None) => return Ok(None),
    };
    let shown = escape(path.as_os_str().as_encoded_bytes());
    let real = path.canonicalize().map_err(|error| anyhow::anyhow!("cannot read '{shown}': {error}"))?;
    let roots = roots(repo, is_named);
    let way = way(&path).with_context(|| format!("following '{shown}'"))?;
    if way.iter().chain([&real]).any(|place| roots.iter().any(|root| place.starts_with(root))) {
        anyhow::bail!(
            "nothing was sent: '{shown}' is in the repository, whose authors could choose where secrets are sent; use a \
             configuration outside of it"
        );
    }
    Ok(Some(real))
}

fn usual() -> Option<PathBuf> {
    Some(own_configuration()?.join("config.toml")).filter(|path| path.is_file())
}

/// Returns the folders whose files the authors of a repository control.
fn roots(repo: &Repo, is_named: bool) -> BTreeSet<PathBuf> {
    let mut left = places(repo);
    let mut roots = BTreeSet::new();
    while let Some(place) = left.pop() {
        let Ok(place) = place.canonicalize() else { continue };
        if !roots.insert(place.clone()) {
            continue;
        }
        // The git folder of a submodule is inside that of the surrounding repository, and a linked work tree's inside
        // that of the main one.
        let around = place.ancestors().skip(1).filter(|folder| folder.join(".git").exists());
        // A home folder may be a repository too, and its owner's default configuration there doesn't come from the
        // repository at hand.
        let most = match place.join("HEAD").is_file() {
            _ if is_named => usize::MAX,
            is_git_dir => usize::from(is_git_dir),
        };
        for folder in around.take(most) {
            // If the repository around can't be opened, its list of work trees can still be read in the usual place.
            let trees = || linked_trees(&folder.join(".git"));
            left.extend(Repo::at(Some(folder)).map_or_else(|_| trees(), |repo| places(&repo)));
            left.push(folder.to_path_buf());
        }
    }
    roots
}

/// Returns the git folders of a repository and all its work trees.
fn places(repo: &Repo) -> Vec<PathBuf> {
    let common = repo.common_dir();
    let trees = linked_trees(&common);
    [Some(common), Some(repo.git_dir()), repo.workdir()].into_iter().flatten().chain(trees).collect()
}

/// Returns the linked work trees of a repository, wherever they are.
fn linked_trees(common: &Path) -> Vec<PathBuf> {
    let folders = fs::read_dir(common.join("worktrees")).into_iter().flatten().flatten();
    let tree = |folder: PathBuf| {
        let file = bounded::read(&folder.join("gitdir"), bounded::MAX_SIZE, Links::Refused).ok()?;
        let link = folder.join(bounded::text(file).ok()?.trim_end());
        Some(link.parent()?.to_path_buf())
    };
    folders.filter_map(|entry| tree(entry.path())).collect()
}

/// Returns all places on the way to a file, including those of links.
fn way(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    let (mut here, mut places, mut links) = (PathBuf::new(), Vec::new(), 0);
    let whole = std::path::absolute(path)?;
    let mut left: Vec<PathBuf> = parts(&whole);
    while let Some(part) = left.pop() {
        match part.components().next() {
            Some(Component::ParentDir) => _ = here.pop(),
            Some(Component::CurDir) | None => {}
            Some(_) => here.push(&part),
        }
        if let Ok(target) = here.read_link() {
            links += 1;
            if links > MOST_LINKS {
                return Err(std::io::Error::other("there are too many links"));
            }
            places.push(here.clone());
            here.pop();
            left.extend(parts(&target));
        }
    }
    places.push(here);
    Ok(places)
}

/// Returns the parts of a path, the last one first.
fn parts(path: &Path) -> Vec<PathBuf> {
    path.components().rev().map(|part| PathBuf::from(part.as_os_str())).collect()
}
