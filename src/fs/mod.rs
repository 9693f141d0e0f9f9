//! Keysweep's own folders and files: scratch folders that are removed with their holder, files that only their owner
//! can read, and files that are written whole or not at all; and safe reading of files from other sources.

pub mod bounded;
pub mod executable;
pub mod owner_only;
mod replace;
pub mod scratch;

use std::path::PathBuf;

pub use replace::{Rights, can_replace, replace};

/// Returns keysweep's folder in the user's configuration, which need not exist; `None` if there is no home folder.
pub fn own_configuration() -> Option<PathBuf> {
    own("XDG_CONFIG_HOME", ".config")
}

/// Returns keysweep's folder among those where the user's programs keep their state, which need not exist; `None` if
/// there is no home folder.
pub fn own_state() -> Option<PathBuf> {
    own("XDG_STATE_HOME", ".local/state")
}

/// Returns keysweep's folder in the one that a variable names, or else in the one at this path of the home folder.
fn own(variable: &str, usual: &str) -> Option<PathBuf> {
    let set = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = set.or_else(|| Some(std::env::home_dir()?.join(usual)))?;
    Some(folder.join("keysweep"))
}
