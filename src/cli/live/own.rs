//! The user's own configuration: the only place next to the built-in rules that may name a host.

use std::path::{Path, PathBuf};

use crate::cli::args::Common;
use crate::fs::own_configuration;
use crate::git::Repo;
use crate::text::escape;

/// The configuration that `--config` or `KEYSWEEP_CONFIG` names, or else the one in the user's folder, if there is one; and
/// what is to be said if it is not used.
///
/// # Errors
/// When one that is named is not there.
pub(super) fn config(common: &Common, repo: &Repo) -> anyhow::Result<(Option<PathBuf>, Vec<String>)> {
    let Some(path) = common.config.clone().or_else(usual) else { return Ok((None, Vec::new())) };
    let shown = escape(path.as_os_str().as_encoded_bytes());
    let real = path.canonicalize().map_err(|error| anyhow::anyhow!("cannot read '{shown}': {error}"))?;
    let is_in = |folder: &Path| folder.canonicalize().is_ok_and(|folder| real.starts_with(folder));
    if repo.workdir().is_some_and(|root| is_in(&root)) || is_in(&repo.common_dir()) || is_in(&repo.git_dir()) {
        let why = format!(
            "'{shown}' is in the repository, whose authors could choose where secrets are sent, so it was not used"
        );
        return Ok((None, vec![why]));
    }
    Ok((Some(real), Vec::new()))
}

fn usual() -> Option<PathBuf> {
    Some(own_configuration()?.join("config.toml")).filter(|path| path.is_file())
}
