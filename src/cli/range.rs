//! `range BASE..HEAD`: scans what the commits of a range add.

use std::path::Path;

use bstr::BString;

use super::args::Common;
use super::exit::ExitStatus;
use super::policy::{self, InForce};
use super::session::{ReportWhen, Session};
use crate::finding::{Command, Scope};
use crate::git::Repo;
use crate::git::selection::Selection;
use crate::source::{range as commits, staged as index};
use crate::text::escape;

/// Runs `range BASE..HEAD`.
///
/// # Errors
/// Fails if a revision does not resolve.
pub(super) fn run(common: &Common, range: &[String], trust_head: bool) -> anyhow::Result<ExitStatus> {
    let repo = Repo::open(Path::new("."))?;
    let selection = Selection::read(&repo, range)?;
    let session = Session::with(common, &repo, in_force(common, &repo, &selection, trust_head)?)?;
    let mut listing = commits::list(&repo, &selection)?;
    session.remark(&mut listing);
    let range = range.iter().map(|word| escape(word.as_bytes())).collect::<Vec<_>>().join(" ");
    let scope = Scope { command: Command::Range, subject: format!("what {range} adds") };
    let known =
        |path: &BString, blob| selection.bases.iter().any(|base| index::known_content(&repo, *base, path, blob));
    session.report(ReportWhen::Always, |scan| scan.listed(listing, scope, &known))
}

/// Returns the policy of the first base, or with `trust_head` of the last head. If the range has no base, nobody can
/// have agreed to anything.
fn in_force(common: &Common, repo: &Repo, selection: &Selection, trust_head: bool) -> anyhow::Result<InForce> {
    match (selection.bases.first(), selection.heads.last()) {
        (_, Some(head)) if trust_head => policy::of_commit(common, repo, *head),
        (Some(base), head) => policy::of_range(common, repo, *base, *head.unwrap_or(base)),
        (None, _) => policy::of_nothing(common),
    }
}
