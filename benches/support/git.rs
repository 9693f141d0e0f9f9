//! Runs git for the benchmarks that make repositories.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

/// Runs git with the repository's configuration only.
pub(crate) fn git(folder: &Path, arguments: &[&str], input: impl Into<Stdio>) -> anyhow::Result<()> {
    let status = Command::new("git")
        .current_dir(folder)
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .stdin(input)
        .status()
        .context("starting git")?;
    ensure!(status.success(), "git {} failed", arguments[0]);
    Ok(())
}
