//! Keysweep's own folders and files: scratch folders that are removed with their holder, files that only their owner
//! can read, and files that are written whole or not at all; and safe reading of files from other sources.

pub mod bounded;
pub mod executable;
pub mod owner_only;
mod replace;
pub mod scratch;

use std::path::PathBuf;

pub use replace::{Rights, replace};

/// Returns Keysweep's folder in the user's configuration, which need not exist; `None` if there is no home folder.
pub fn own_configuration() -> Option<PathBuf> {
    let set = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = set.or_else(|| Some(std::env::home_dir()?.join(".config")))?;
    Some(folder.join("keysweep"))
}

/// Returns keysweep's folder among those where the user's programs keep their state, which need not exist; `None`
/// without a home folder.
pub fn own_state() -> Option<PathBuf> {
    let set = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = set.or_else(|| Some(std::env::home_dir()?.join(".local/state")))?;
    Some(folder.join("keysweep"))
}
