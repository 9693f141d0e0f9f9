//! `history [REPO]`: everything a clone stores.

use std::path::Path;

use super::args::{Common, HistoryArgs};
use super::exit::ExitStatus;
use super::session::{ReportWhen, Session};
use super::{policy, report_store};
use crate::finding::{Command, ContentKind, Finding, Report, Scope, Stage};
use crate::git::Repo;
use crate::git::planted::{Planted, planted};
use crate::source::history as stored;

/// `history [REPO]`
///
/// # Errors
/// When the repository cannot be read.
pub(super) fn run(common: &Common, path: Option<&Path>, args: &HistoryArgs) -> anyhow::Result<ExitStatus> {
    let repo = Repo::at(path)?;
    if let Some(folder) = &args.cache {
        is_own(&repo, folder)?;
    }
    let mut session = Session::in_repository(common, &repo)?;
    session.settings.scan.cache = args.cache.clone();
    session.settings.scan.flag_outside_authors = args.flag_outside_authors;
    let objects = stored::list(&repo)?;
    let scope = Scope { command: Command::History, subject: "everything this clone stores".to_owned() };
    session.report(ReportWhen::AfterProgress, |scan| {
        let mut report = scan.history(&repo, objects, scope);
        policy::note_stale_entries(&session.settings.scan.policy, common, &mut report);
        name_leftovers(&repo, &mut report);
        report
    })
}

/// Gives leftovers the paths at which the report of the commit that was stopped has them: no object tells.
fn name_leftovers(repo: &Repo, report: &mut Report) {
    let left = |one: &&mut Finding| one.exposure.stage == Stage::Leftover;
    let mut places = report.findings.iter_mut().filter(left).flat_map(|one| &mut one.occurrences).peekable();
    if places.peek().is_none() {
        return;
    }
    let paths = report_store::staged_paths(repo);
    for place in places.filter(|place| place.path.is_empty() && place.kind == ContentKind::File) {
        let known = place.blob.as_ref().and_then(|blob| paths.get(blob));
        place.path = known.map(|path| path.as_str().into()).unwrap_or_default();
    }
}

/// Refuses a cache that came with a repository, the one that is swept or the one around the folder: it could say of any object
/// that there is nothing in it.
fn is_own(repo: &Repo, folder: &Path) -> anyhow::Result<()> {
    let whole = std::path::absolute(folder)?;
    let around = whole.ancestors().find(|path| path.is_dir()).and_then(|path| Repo::open(path).ok());
    let how = match std::iter::once(repo).chain(&around).find_map(|repo| planted(repo, folder)) {
        None => return Ok(()),
        Some(Planted::Link) => "a link in the work tree leads to it",
        Some(Planted::Tracked) => "the repository has files of its own there",
    };
    anyhow::bail!(
        "the cache '{}' was not used: {how}, and what they say could hide a secret from the sweep; name a folder outside of the work tree",
        folder.display()
    )
}
