//! The index of a work tree, and the files in its git directory that name the other parents of the next commit.

use bstr::ByteSlice as _;

use crate::fs::bounded;

use super::error::error_text;
use super::{Local, ObjectId, Repo, SourceError, layout};

pub use gix::index::entry::{Flags, Mode};
pub use gix::index::extension::Tree as CachedTree;
pub use gix::index::{Entry, State};

/// Reads the index; a missing one counts as empty.
///
/// # Errors
/// Fails if the file can't be read or decoded.
pub fn read(local: &Local) -> Result<State, SourceError> {
    let path = local.index_path();
    // The path may come from the environment.
    layout::opens(&path)?;
    // With more threads the decoder would panic if a thread can't be started.
    let options = gix::index::decode::Options { thread_limit: Some(1), ..Default::default() };
    // As in git, checking the checksum is left to fsck: the decoder notices truncation by itself, and hashing would
    // double the time.
    let file = gix::index::File::at_or_default(&path, local.object_hash(), true, options);
    file.map(|file| file.into_parts().0).map_err(|error| SourceError::Broken {
        what: format!("the index at '{}'", path.display()),
        cause: error_text(&error),
    })
}

/// Returns the heads that a merge brings in; they are in a file, one on each line, however refs are stored.
pub fn merged(repository: &Repo) -> Vec<ObjectId> {
    heads_in(repository, "MERGE_HEAD")
}

/// Returns the commit that is being reverted.
///
/// # Errors
/// Fails if the refs that may hold it can't be read.
pub fn reverted(repository: &Repo) -> Result<Vec<ObjectId>, SourceError> {
    const NAME: &str = "REVERT_HEAD";
    let Some(tables) = repository.refs.tables() else { return Ok(heads_in(repository, NAME)) };
    match tables.find(NAME.into())? {
        Some(target) => Ok(tables.follow(target)?.into_iter().collect()),
        None => Ok(Vec::new()),
    }
}

/// Returns `true` if the next commit concludes a merge, a cherry-pick or a revert.
pub fn is_concluding(repository: &Repo) -> bool {
    const NAMES: [&str; 3] = ["MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD"];
    let in_table = |name: &str| {
        let tables = repository.refs.tables();
        tables.is_some_and(|tables| tables.find(name.into()).is_ok_and(|target| target.is_some()))
    };
    NAMES.iter().any(|name| !heads_in(repository, name).is_empty() || in_table(name))
}

fn heads_in(repository: &Repo, name: &str) -> Vec<ObjectId> {
    let text = bounded::read(&repository.git_dir().join(name), bounded::MAX_SIZE, bounded::Links::Followed)
        .unwrap_or_default();
    text.lines().filter_map(|line| ObjectId::from_hex(line.trim()).ok()).collect()
}
