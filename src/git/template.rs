//! The folder whose files git copies into each repository that it creates or clones.

use std::path::PathBuf;

use super::{SourceError, user_config};
use crate::fs::own_configuration;

/// Returns the template folder that the user's or the system's configuration names.
///
/// # Errors
/// Fails if a configuration file can't be opened.
pub fn configured() -> Result<Option<PathBuf>, SourceError> {
    user_config::path("init.templateDir")
}

/// Returns the folder that keysweep uses as long as the configuration names none.
pub fn own() -> Option<PathBuf> {
    Some(own_configuration()?.join("template"))
}
