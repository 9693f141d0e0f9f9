//! `verify`: checks whether values are gone from everything that a clone stores, and says what still keeps them.
//!
//! The proof is a sweep whose rules are the values themselves, so it covers what a sweep covers, in all encodings, and
//! no match is dismissed as implausible.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context as _;
use bstr::ByteSlice as _;

use super::args::{Common, Wanted};
use super::exit::ExitStatus;
use super::session::{ReportWhen, Session};
use super::{report_store, shell};
use crate::finding::{Command, Evidence, Finding, Gap, GapKind, HeldBack, Note, Plan, Report, Scope};
use crate::fs::bounded;
use crate::git::Repo;
use crate::remediation::{expressions, retained};
use crate::source::{git_dir, history as stored};
use crate::text::encoding::as_text;
use crate::text::hostile;

/// Runs the command.
///
/// # Errors
/// Fails if the repository or the values can't be read, or if a value can't be looked for.
pub fn run(common: &Common, path: Option<&Path>, wanted: &Wanted) -> anyhow::Result<ExitStatus> {
    let repo = Repo::at(path)?;
    let mut session = Session::in_repository(common, &repo)?.unfiltered();
    // Content that was skipped proves nothing.
    session.settings.scan.thorough = true;
    let sought = Sought::of(wanted)?;
    if let Some(sought) = &sought {
        session = session.looking_for(&sought.values.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
    }
    let mut objects = stored::list(&repo)?;
    git_dir::stores(&repo, &mut objects.listing);
    let left = objects.store.leftovers();
    session.report(ReportWhen::AfterProgress, |scan| {
        let scope = Scope { command: Command::Verify, subject: "everything this clone stores".to_owned() };
        let mut report = scan.remains(&repo, objects, scope);
        report.gaps.extend(left);
        match &sought {
            Some(sought) => by_value(&mut report, sought),
            None => by_id(&mut report, &repo, &wanted.findings),
        }
        explain_retention(&mut report, repo.workdir().is_some());
        report.gaps.extend(nothing_read(&report));
        report
    })
}

/// Returns a gap if the repository stores no objects: a proof rests on what was read.
fn nothing_read(report: &Report) -> Option<Gap> {
    let stats = &report.stats;
    let is_empty = stats.blobs + stats.commits + stats.trees + stats.tags == 0;
    let why =
        "it stores no objects, so nothing was read and nothing is proved: check that it is the right one".to_owned();
    is_empty.then(|| Gap { what: "the repository".into(), kind: GapKind::Missing, why })
}

/// The values to look for, each once and in the given order.
struct Sought {
    values: Vec<Vec<u8>>,
    /// The number of values that were given with blanks, quotes or the like around them.
    bared: usize,
}

impl Sought {
    /// Returns the values that were asked for; `None` if findings are named instead.
    fn of(wanted: &Wanted) -> anyhow::Result<Option<Self>> {
        let given = if let Some(path) = &wanted.expressions {
            let reading = || format!("reading the expressions '{}'", path.display());
            let text = bounded::read_named(path, bounded::MAX_NAMED).with_context(reading)?;
            expressions::parse(&plain(&text)).with_context(reading)?
        } else if wanted.stdin {
            let text = shell::whole_input("values")?;
            lines(&as_text(&text))?
        } else {
            return Ok(None);
        };
        let sought = Self::bare(given)?;
        anyhow::ensure!(!sought.values.is_empty(), "there is no value to look for, so nothing is proved");
        Ok(Some(sought))
    }

    /// Returns the given values without what shells and editors put around a value: all content with the longer form
    /// also holds the bare one.
    fn bare(mut given: Vec<Vec<u8>>) -> anyhow::Result<Self> {
        // The invisible characters include the byte order mark at the start of Windows texts.
        let is_around = |char: char| char.is_whitespace() || hostile(char);
        given.retain(|given| !given.trim_with(is_around).is_empty());
        let (mut sought, mut known) = (Self { values: Vec::new(), bared: 0 }, BTreeSet::new());
        for (number, given) in (1..).zip(given) {
            let value = given.trim_with(|char| is_around(char) || matches!(char, '"' | '\'' | '`'));
            anyhow::ensure!(!value.is_empty(), "value {number} consists of quotes only, so nothing is proved");
            if known.insert(value.to_vec()) {
                sought.bared += usize::from(value.len() < given.len());
                sought.values.push(value.to_vec());
            }
        }
        Ok(sought)
    }
}

/// Returns a file of expressions as UTF-8. A file with an arrow in plain bytes already is UTF-8: its zero bytes belong
/// to a value.
fn plain(file: &[u8]) -> Cow<'_, [u8]> {
    match file {
        [0xef, 0xbb, 0xbf, text @ ..] => Cow::Borrowed(text),
        _ if file.contains_str("==>") => Cow::Borrowed(file),
        _ => as_text(file),
    }
}

/// Returns the lines of standard input.
fn lines(text: &[u8]) -> anyhow::Result<Vec<Vec<u8>>> {
    let lines: Vec<Vec<u8>> = text.lines().map(<[u8]>::to_vec).collect();
    if let Some(before) = lines.iter().position(|line| line.contains(&0)) {
        let line = before + 1;
        anyhow::bail!("line {line} contains a zero byte, so its encoding is not known: give the values in UTF-8");
    }
    Ok(lines)
}

/// Adds to the report how many values were looked for.
fn by_value(report: &mut Report, sought: &Sought) {
    report.stats.sought = sought.values.len();
    if sought.bared > 0 {
        report.notes.push(Note(format!(
            "{} of the values had blanks, quotes or a byte order mark around them: the search left these out, which finds both forms",
            sought.bared
        )));
    }
}

/// Keeps the findings whose ids start as given. An id that no report knows may be mistyped, so nothing is proved about
/// it.
fn by_id(report: &mut Report, repo: &Repo, ids: &[String]) {
    let reports = report_store::stored(repo);
    let of_reports = reports.iter().flat_map(|one| one.report.all()).map(|finding| finding.id.clone());
    let now = report.findings.iter().map(|finding| finding.id.as_str().to_owned());
    let known: BTreeSet<String> = of_reports.chain(now).collect();
    let mut named: BTreeSet<&String> = BTreeSet::new();
    for id in ids {
        let mut starting = known.range(id.clone()..).take_while(|full| full.starts_with(id.as_str())).peekable();
        if starting.peek().is_none() {
            let why = "no report of this repository and no finding of this sweep has an id that starts like this, so nothing is proved; 'keysweep verify --stdin' looks for the value itself";
            report.gaps.push(Gap {
                what: format!("the finding '{id}'").into(),
                kind: GapKind::Missing,
                why: why.to_owned(),
            });
        }
        named.extend(starting);
    }
    report.stats.sought = named.len();
    report.findings.retain(|finding| named.iter().any(|id| *id == finding.id.as_str()));
    report.notes.push(Note(
        "the search was by the ids of findings: text that the rules no longer recognise, such as a part of a value, is missed; --expressions or --stdin looks for the values themselves".to_owned(),
    ));
}

/// Replaces the evidence of each finding with what keeps its value.
fn explain_retention(report: &mut Report, has_files: bool) {
    for finding in &mut report.findings {
        finding.evidence.retain(|evidence| matches!(evidence, Evidence::Decoded(_)));
        finding.plan = retained::steps(finding);
    }
    let plan = |finding: &Finding| Plan { findings: vec![finding.id.clone()], steps: finding.plan.clone() };
    report.plans = report.findings.iter().map(plan).collect();
    report.stats.held_back = HeldBack::default();
    if has_files {
        report.notes.push(Note(
            "only what git stores was read, not the files of the work tree: 'keysweep files .' reads those".to_owned(),
        ));
    }
}
