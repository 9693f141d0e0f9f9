//! The configuration of the system and of the user, which applies in every repository and outside of any.
//!
//! git's reader opens whatever is at these paths. So they are checked first, as `layout` checks a repository.

use std::path::{Path, PathBuf};

use gix::config::file::{Metadata, includes, init};
use gix::config::{File, Source};

use super::{SourceError, layout};

/// The places where git looks; later ones take precedence.
const SOURCES: [Source; 3] = [Source::System, Source::Git, Source::User];

/// Checks the configuration files, and those that they or git's environment include.
///
/// # Errors
/// Fails if one of them is a device or a pipe, or too large.
pub(super) fn look() -> Result<(), SourceError> {
    for (_, path) in files() {
        layout::look_at_config(&path, layout::MOST_INCLUDES)?;
    }
    let options = init::Options { includes: includes::Options::no_follow(), ..Default::default() };
    match File::from_env(options) {
        Ok(Some(config)) => layout::look_at_includes(&config, Path::new(""), layout::MOST_INCLUDES),
        // If it can't be read, the reader reports that.
        _ => Ok(()),
    }
}

/// Returns the path that a key names in these files, if any of them sets it.
///
/// # Errors
/// Fails if one of them can't be opened.
pub fn path(key: &str) -> Result<Option<PathBuf>, SourceError> {
    look()?;
    let home = std::env::home_dir();
    let includes = includes::Options::follow_without_conditional(home.as_deref());
    let metas = files().map(|(source, path)| Metadata::from(source).at(path).with(gix::sec::Trust::Full));
    let options = init::Options { includes, ignore_io_errors: true, ..Default::default() };
    let config = File::from_paths_metadata_buf(&mut { metas }, &mut Vec::new(), false, options).ok().flatten();
    Ok(config.and_then(|config| config.path(key)?.interpolate(layout::interpolation(home.as_deref())).ok()))
}

/// Returns the file with ignore rules for all repositories: the configured one, or else the one that git looks for.
///
/// # Errors
/// Fails if a configuration file can't be opened.
pub fn excludes_file() -> Result<Option<PathBuf>, SourceError> {
    Ok(path("core.excludesFile")?.or_else(|| gix::path::env::xdg_config("ignore", &mut |name| variable(name))))
}

fn files() -> impl Iterator<Item = (Source, PathBuf)> {
    SOURCES.into_iter().filter_map(|source| Some((source, source.storage_location(&mut |name| variable(name))?)))
}

/// Returns an environment variable. An empty `XDG_CONFIG_HOME` counts as not set.
fn variable(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name).filter(|value| name != "XDG_CONFIG_HOME" || !value.is_empty())
}
