//! `files PATH…`: files, folders and standard input, without git.

use std::path::PathBuf;

use anyhow::Context as _;

use super::args::Common;
use super::exit::ExitStatus;
use super::session::{NOTHING_IS_KNOWN, ReportWhen, Session};
use super::shell;
use crate::finding::{Command, Scope};
use crate::source::files;

/// `files PATH…`
///
/// # Errors
/// When standard input cannot be read.
pub(super) fn run(common: &Common, paths: &[PathBuf]) -> anyhow::Result<ExitStatus> {
    let session = Session::on_files(common)?;
    let (streams, paths): (Vec<_>, Vec<_>) = paths.iter().cloned().partition(|path| path.as_os_str() == "-");
    let mut listing = files::list(&paths);
    if !streams.is_empty() {
        let bytes = shell::input().context("reading standard input")?;
        listing.items.extend(files::stream("<stdin>", bytes).items);
    }
    let scope = Scope { command: Command::Files, subject: "the files given".to_owned() };
    session.report(ReportWhen::Always, |scan| scan.listed(listing, scope, NOTHING_IS_KNOWN))
}
