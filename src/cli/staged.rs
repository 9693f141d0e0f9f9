//! `staged`, and what the hooks run that come before a commit: what the index adds, and the message.

use std::path::Path;

use anyhow::Context as _;

use super::args::Common;
use super::exit::ExitStatus;
use super::session::{NOTHING_IS_KNOWN, ReportWhen, Session};
use crate::finding::{Command, Scope};
use crate::git::Repo;
use crate::source::{message as messages, staged as index};

/// `staged`
///
/// # Errors
/// When the scan cannot start.
pub(super) fn run(common: &Common, when: ReportWhen) -> anyhow::Result<ExitStatus> {
    let repo = Repo::open(Path::new("."))?;
    let session = Session::in_repository(common, &repo)?;
    let listing = index::list(&repo)?;
    let scope = Scope { command: Command::Staged, subject: "what the next commit adds".to_owned() };
    session.report(when, |scan| {
        scan.listed(listing, scope, &|path, blob| {
            repo.head().is_some_and(|head| index::known_content(&repo, head, path, blob))
        })
    })
}

/// What the commit-msg hook runs: silent when there is nothing to say.
///
/// # Errors
/// When the message cannot be read.
pub(super) fn message(common: &Common, file: &Path) -> anyhow::Result<ExitStatus> {
    let repo = Repo::open(Path::new("."))?;
    let session = Session::in_repository(common, &repo)?;
    // git sets this editor when nobody is asked to edit the message.
    let edited = std::env::var_os("GIT_EDITOR").is_none_or(|editor| editor != ":");
    let listing = messages::list(&repo, file, edited)
        .with_context(|| format!("reading the message of the commit from '{}'", file.display()))?;
    let scope = Scope { command: Command::Staged, subject: "the message of the next commit".to_owned() };
    session.report(ReportWhen::NotEmpty, |scan| scan.listed(listing, scope, NOTHING_IS_KNOWN))
}
