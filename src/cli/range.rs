//! `range BASE..HEAD`: what the commits of a range add.

use std::path::Path;

use super::args::Common;
use super::exit::ExitStatus;
use super::policy;
use super::session::{ReportWhen, Session};
use crate::finding::{Command, Scope};
use crate::git::{Repo, repo};
use crate::source::{range as commits, staged as index};
use crate::text::escape;

/// `range BASE..HEAD`
///
/// # Errors
/// When a revision does not resolve.
pub(super) fn run(common: &Common, range: &str, trust_head: bool) -> anyhow::Result<ExitStatus> {
    let repo = Repo::open(Path::new("."))?;
    let Some((base, head)) = range.split_once("..").filter(|(base, head)| !base.is_empty() && !head.starts_with('.'))
    else {
        anyhow::bail!(
            "'{}' is no range: write BASE..HEAD with two dots, such as origin/main..HEAD",
            escape(range.as_bytes())
        );
    };
    let base = repo::resolve(&repo.local(), &repo.spelled(base)?)?;
    let head = repo::resolve(&repo.local(), &repo.spelled(if head.is_empty() { "HEAD" } else { head })?)?;
    let in_force = match trust_head {
        true => policy::of_commit(common, &repo, head)?,
        false => policy::of_range(common, &repo, base, head)?,
    };
    let session = Session::with(common, &repo, in_force)?;
    let mut listing = commits::list(&repo, base, head)?;
    session.remark(&mut listing);
    let scope = Scope { command: Command::Range, subject: format!("what {} adds", escape(range.as_bytes())) };
    session.report(ReportWhen::Always, |scan| {
        scan.listed(listing, scope, &|path, blob| index::known_content(&repo, base, path, blob))
    })
}
