//! `history [REPO]`: everything a clone stores.

use std::path::Path;

use super::args::Common;
use super::exit::ExitStatus;
use super::policy;
use super::session::{ReportWhen, Session};
use crate::finding::{Command, Scope};
use crate::git::Repo;
use crate::source::history as stored;

/// `history [REPO]`
///
/// # Errors
/// When the repository cannot be read.
pub(super) fn run(
    common: &Common,
    path: &Path,
    cache: Option<&Path>,
    flag_outside_authors: bool,
) -> anyhow::Result<ExitStatus> {
    let repo = Repo::open(path)?;
    let mut session = Session::in_repository(common, &repo)?;
    session.settings.scan.cache = cache.map(Path::to_owned);
    session.settings.scan.flag_outside_authors = flag_outside_authors;
    let objects = stored::list(&repo)?;
    let scope = Scope { command: Command::History, subject: "everything this clone stores".to_owned() };
    session.report(ReportWhen::AfterProgress, |scan| {
        let mut report = scan.history(&repo, objects, scope);
        policy::note_stale_entries(&session.settings.scan.policy, common, &mut report);
        report
    })
}
