//! `files PATH…`: scans files, folders and standard input, without git.

use std::path::PathBuf;

use super::args::Common;
use super::exit::ExitStatus;
use super::session::{NOTHING_IS_KNOWN, ReportWhen, Session};
use super::shell;
use crate::finding::{Command, Scope};
use crate::source::files::{self, IgnoreFiles};

/// Runs `files PATH…`.
///
/// # Errors
/// Fails if standard input is closed or an empty device.
pub(super) fn run(common: &Common, paths: &[PathBuf], no_ignore: bool) -> anyhow::Result<ExitStatus> {
    let names: Vec<_> = paths.iter().map(|path| path.to_string_lossy()).collect();
    let session = Session::on_files(common)?.named(names.join(", "));
    let (streams, paths): (Vec<_>, Vec<_>) = paths.iter().cloned().partition(|path| path.as_os_str() == "-");
    let root = session.repo().and_then(|repo| repo.workdir());
    let ignore = if no_ignore { IgnoreFiles::Overruled } else { IgnoreFiles::Obeyed };
    let mut listing = files::list(&paths, root.as_deref(), ignore);
    if !streams.is_empty() {
        listing.items.push(files::open("<stdin>", shell::stream()?));
    }
    let scope = Scope { command: Command::Files, subject: "the files given".to_owned() };
    session.report(ReportWhen::Always, |scan| scan.listed(listing, scope, NOTHING_IS_KNOWN))
}
