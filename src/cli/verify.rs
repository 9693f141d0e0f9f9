//! `verify`: whether values are gone from everything a clone stores, and what still keeps them.
//!
//! The proof is a sweep whose rules are the values themselves, so that it covers what a sweep covers, in all encodings, and
//! nothing about a value can speak against it.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context as _;

use super::args::{Common, Wanted};
use super::exit::ExitStatus;
use super::session::{ReportWhen, Session};
use super::shell;
use crate::finding::{Command, Evidence, HeldBack, Note, Report, Scope};
use crate::fs::bounded;
use crate::git::Repo;
use crate::remediation::{expressions, retained};
use crate::source::{git_dir, history as stored};

/// Runs the command.
///
/// # Errors
/// When the repository or the values cannot be read, or a value cannot be looked for.
pub fn run(common: &Common, path: &Path, wanted: &Wanted) -> anyhow::Result<ExitStatus> {
    let repo = Repo::open(path)?;
    let mut session = Session::in_repository(common, &repo)?.unfiltered();
    // What was passed over proves nothing.
    session.settings.scan.thorough = true;
    let values = values(wanted)?;
    if let Some(values) = &values {
        session = session.looking_for(&values.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
    }
    let sought = values.as_ref().map_or(wanted.findings.len(), Vec::len);
    let mut objects = stored::list(&repo)?;
    git_dir::stores(&repo, &mut objects.listing);
    let left = objects.store.leftovers();
    session.report(ReportWhen::AfterProgress, |scan| {
        let scope = Scope { command: Command::Verify, subject: "everything this clone stores".to_owned() };
        let mut report = scan.remains(&repo, objects, scope);
        report.stats.sought = sought;
        report.gaps.extend(left);
        if values.is_none() {
            by_id(&mut report, &wanted.findings);
        }
        told(&mut report, repo.workdir().is_some());
        report
    })
}

/// The values to look for, each once and in their order; `None` if findings are named instead.
fn values(wanted: &Wanted) -> anyhow::Result<Option<Vec<Vec<u8>>>> {
    let mut values: Vec<Vec<u8>> = if let Some(path) = &wanted.expressions {
        let reading = || format!("reading the expressions '{}'", path.display());
        let text = bounded::read_named(path, bounded::MAX_NAMED).with_context(reading)?;
        expressions::parse(&text).with_context(reading)?
    } else if wanted.stdin {
        let text = shell::whole_input("values")?;
        let lines = text.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        lines.filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
    } else {
        return Ok(None);
    };
    let mut known = BTreeSet::new();
    values.retain(|value| known.insert(value.clone()));
    anyhow::ensure!(!values.is_empty(), "there is no value to look for, and that proves nothing");
    Ok(Some(values))
}

/// Keeps the findings that were named.
fn by_id(report: &mut Report, ids: &[String]) {
    report.findings.retain(|finding| ids.iter().any(|id| id == finding.id.as_str()));
    report.notes.push(Note(
        "looked for by the ids of findings: what the rules no longer recognise, such as a part of a value, is not seen; --expressions or --stdin looks for the values themselves".to_owned(),
    ));
}

/// Says of each value what keeps it rather than why it was believed.
fn told(report: &mut Report, has_files: bool) {
    for finding in &mut report.findings {
        finding.evidence.retain(|evidence| matches!(evidence, Evidence::Decoded(_)));
        finding.plan = retained::steps(finding);
    }
    report.stats.held_back = HeldBack::default();
    if has_files {
        report.notes.push(Note(
            "the files of the work tree were not looked at, only what git stores: 'keysweep files .' does that"
                .to_owned(),
        ));
    }
}
