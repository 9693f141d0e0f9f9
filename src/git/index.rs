//! The index of a work tree, and the files beside it that name the other parents of the next commit.

use bstr::ByteSlice as _;

use crate::fs::bounded;

use super::error::error_text;
use super::{Local, ObjectId, SourceError};

pub use gix::index::entry::{Flags, Mode};
pub use gix::index::extension::Tree as CachedTree;
pub use gix::index::{Entry, State};

/// The index; a missing one is empty.
///
/// # Errors
/// When the file cannot be read or decoded.
pub fn read(local: &Local) -> Result<State, SourceError> {
    let path = local.index_path();
    let options = gix::index::decode::Options::default();
    // As git does, the checksum is left to fsck: the decoder finds truncation by itself, and hashing would double the time.
    let file = gix::index::File::at_or_default(&path, local.object_hash(), true, options);
    file.map(|file| file.into_parts().0).map_err(|error| SourceError::Broken {
        what: format!("the index at '{}'", path.display()),
        cause: error_text(&error),
    })
}

/// The ids in a file such as `MERGE_HEAD`, which holds one a line.
pub fn heads_in(local: &Local, name: &str) -> Vec<ObjectId> {
    let text = bounded::read(&local.git_dir().join(name), bounded::MAX_SIZE).unwrap_or_default();
    text.lines().filter_map(|line| ObjectId::from_hex(line.trim()).ok()).collect()
}
