//! The folder whose files git copies into each repository that it makes or clones.

use std::path::PathBuf;

use super::{SourceError, user_config};
use crate::fs::own_configuration;

/// The one that the user's or the machine's configuration names.
///
/// # Errors
/// When a file of that cannot be opened.
pub fn configured() -> Result<Option<PathBuf>, SourceError> {
    user_config::path("init.templateDir")
}

/// The one that is ours, until the configuration names any.
pub fn own() -> Option<PathBuf> {
    Some(own_configuration()?.join("template"))
}
