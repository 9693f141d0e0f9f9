//! The index of a work tree, and the files next to it that name the other parents of the next commit.

use bstr::ByteSlice as _;

use crate::fs::bounded;

use super::error::error_text;
use super::{Local, ObjectId, Repo, SourceError, layout};

pub use gix::index::entry::{Flags, Mode};
pub use gix::index::extension::Tree as CachedTree;
pub use gix::index::{Entry, State};

/// The index; a missing one is empty.
///
/// # Errors
/// When the file cannot be read or decoded.
pub fn read(local: &Local) -> Result<State, SourceError> {
    let path = local.index_path();
    // The environment may name it.
    layout::opens(&path)?;
    // It would panic where a thread cannot be made.
    let options = gix::index::decode::Options { thread_limit: Some(1), ..Default::default() };
    // As git does, the checksum is left to fsck: the decoder finds truncation by itself, and hashing would double the time.
    let file = gix::index::File::at_or_default(&path, local.object_hash(), true, options);
    file.map(|file| file.into_parts().0).map_err(|error| SourceError::Broken {
        what: format!("the index at '{}'", path.display()),
        cause: error_text(&error),
    })
}

/// The heads that a merge brings in: a file holds one a line, however refs are stored.
pub fn merged(repository: &Repo) -> Vec<ObjectId> {
    heads_in(repository, "MERGE_HEAD")
}

/// The commit that is being reverted.
///
/// # Errors
/// When the refs cannot be read that may hold it.
pub fn reverted(repository: &Repo) -> Result<Vec<ObjectId>, SourceError> {
    const NAME: &str = "REVERT_HEAD";
    let Some(tables) = repository.refs.tables() else { return Ok(heads_in(repository, NAME)) };
    match tables.find(NAME.into())? {
        Some(target) => Ok(tables.follow(target)?.into_iter().collect()),
        None => Ok(Vec::new()),
    }
}

/// `true` if the next commit concludes a merge, a cherry-pick or a revert.
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
