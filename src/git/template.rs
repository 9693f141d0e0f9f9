//! The folder whose files git copies into each repository that it makes or clones.

use std::path::PathBuf;

use super::{SourceError, user_config};

/// The one that the user's or the machine's configuration names.
///
/// # Errors
/// When a file of that cannot be opened.
pub fn configured() -> Result<Option<PathBuf>, SourceError> {
    user_config::path("init.templateDir")
}

/// The one that is ours, until the configuration names any.
pub fn own() -> Option<PathBuf> {
    let set = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let config = set.or_else(|| Some(std::env::home_dir()?.join(".config")))?;
    Some(config.join("keysweep").join("template"))
}
