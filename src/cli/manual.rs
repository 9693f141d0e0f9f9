//! `completions` and `man`: what shells and readers of manuals want to know, from the definitions of the arguments.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use clap::CommandFactory as _;
use clap_complete::Shell;

use super::args::{Cli, Common};
use super::exit::ExitStatus;
use super::shell;
use crate::text::escape;

/// `completions SHELL`
///
/// # Errors
/// When the script cannot be written.
pub fn completions(common: &Common, of: Shell) -> anyhow::Result<ExitStatus> {
    let mut script = Vec::new();
    clap_complete::generate(of, &mut Cli::command(), "keysweep", &mut script);
    shell::results(common.output.as_deref(), &mut |out| out.write_all(&script))?;
    Ok(ExitStatus::Clean)
}

/// `man FOLDER`
///
/// # Errors
/// When a page cannot be written.
pub fn pages(folder: &Path) -> anyhow::Result<ExitStatus> {
    let wrote = || format!("writing manual pages to '{}'", escape(folder.as_os_str().as_encoded_bytes()));
    fs::create_dir_all(folder).with_context(wrote)?;
    clap_mangen::generate_to(Cli::command(), folder).with_context(wrote)?;
    Ok(ExitStatus::Clean)
}
