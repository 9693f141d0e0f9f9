//! The values of findings, read again from the places where the last reports saw them.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use anyhow::Context as _;
use bstr::{BString, ByteSlice as _};

use crate::cli::report_store::Stored;
use crate::cli::session::{NOTHING_IS_KNOWN, ReportWhen, Session};
use crate::finding::{Command, ContentKind, Exposure, Finding, Fingerprint, Report, Scope, Secret};
use crate::git::{ObjectId, Repo};
use crate::output::brief;
use crate::output::view::OccurrenceView;
use crate::rule::Rule;
use crate::source::{Content, Item, Listing};
use crate::text::encoding::as_text;
use crate::text::escape;

/// Returns a report with the `stored` findings of these ids that the rules still find.
///
/// # Errors
/// Fails if the repository can't be read.
pub(super) fn read(
    session: &Session,
    repo: &Repo,
    stored: &[Stored],
    ids: &BTreeSet<String>,
) -> anyhow::Result<Report> {
    let scope = || Scope { command: Command::History, subject: String::new() };
    let listing = Listing { items: items(repo, stored, ids), ..Listing::default() };
    let mut report = session.scan(ReportWhen::Always, |scan| scan.listed(listing, scope(), NOTHING_IS_KNOWN));
    keep(&mut report, ids);
    // The rest may be in messages, names or git's own files, or in places that no report names.
    if report.findings.len() < ids.len() {
        let mut swept = session.sweep(repo, |scan, objects| scan.history(repo, objects, scope()))?;
        keep(&mut swept, ids);
        for finding in swept.findings {
            if report.findings.iter().all(|known| known.id != finding.id) {
                report.findings.push(finding);
            }
        }
    }
    Ok(report)
}

/// Returns a report with the findings of these ids whose values are lines of `text`. An id may be only the start of one.
///
/// # Errors
/// Fails if a finding's value is not among the lines: nothing may be asked about any other.
pub(super) fn given(session: &Session, ids: &BTreeSet<String>, text: &[u8]) -> anyhow::Result<Report> {
    let text = as_text(text);
    let lines = || text.lines().map(<[u8]>::trim).filter(|line| !line.is_empty());
    let item = |line: &[u8]| {
        let content = Content::Bytes(BString::from(line).into());
        Item { kind: ContentKind::File, path: BString::default(), content, commit: None }
    };
    let listing = Listing { items: lines().map(item).collect(), ..Listing::default() };
    let scope = Scope { command: Command::History, subject: String::new() };
    let mut report = session.scan(ReportWhen::Always, |scan| scan.listed(listing, scope, NOTHING_IS_KNOWN));
    report.findings.append(&mut report.suppressed);
    report.findings.retain(|finding| ids.iter().any(|id| finding.id.as_str().starts_with(id.as_str())));
    for id in ids {
        let is_known = |finding: &Finding| finding.id.as_str().starts_with(id.as_str());
        if !report.findings.iter().any(is_known) {
            // A rule that goes by the text around a value does not find the value alone.
            let found = lines().find_map(|line| session.rules().rules.iter().find_map(|rule| bare(rule, line, id)));
            report.findings.push(found.with_context(|| {
                format!(
                    "nothing was sent: no value on standard input is that of the finding '{}'",
                    escape(id.as_bytes())
                )
            })?);
        }
    }
    Ok(report)
}

/// Returns the finding of a value by a rule, if it has this id.
fn bare(rule: &Rule, value: &[u8], id: &str) -> Option<Finding> {
    let (secret, issued) = (Secret::new(value), rule.is_issued());
    let fingerprint = Fingerprint::new(&rule.id, &secret, issued);
    fingerprint.as_str().starts_with(id).then(|| Finding {
        id: fingerprint,
        rule: rule.id.clone(),
        name: rule.name.clone(),
        provider: rule.provider.clone(),
        severity: rule.severity,
        confidence: rule.confidence,
        impact: rule.name.clone(),
        preview: secret.preview(&rule.prefix),
        evidence: Vec::new(),
        facts: Vec::new(),
        exposure: Exposure::default(),
        occurrences: Vec::new(),
        show: None,
        plan: Vec::new(),
        issued,
        known: false,
        suppression: None,
        secret,
    })
}

fn keep(report: &mut Report, ids: &BTreeSet<String>) {
    report.findings.append(&mut report.suppressed);
    report.findings.retain(|finding| ids.contains(finding.id.as_str()));
}

/// Returns the contents that the last reports name for these findings.
fn items(repo: &Repo, stored: &[Stored], ids: &BTreeSet<String>) -> Vec<Item> {
    let findings = stored.iter().flat_map(|one| one.report.all());
    let mut seen = BTreeSet::new();
    let mut items = Vec::new();
    for place in findings.filter(|one| ids.contains(&one.id)).flat_map(|one| &one.occurrences) {
        let path = brief::file(place);
        if seen.insert((path.to_owned(), place.blob.clone())) {
            items.extend(item(repo, place, path));
        }
    }
    items
}

fn item(repo: &Repo, place: &OccurrenceView, path: &str) -> Option<Item> {
    if !matches!(place.kind, ContentKind::File | ContentKind::ArchiveMember) {
        return None;
    }
    let content = match &place.blob {
        Some(blob) => Content::Object(ObjectId::from_hex(blob.as_bytes()).ok()?),
        None => Content::File(in_work_tree(repo, path)?),
    };
    Some(Item { kind: ContentKind::File, path: BString::from(path), content, commit: None })
}

/// Returns a file of the work tree. Anybody may have written the report, so it must not lead to a file outside.
fn in_work_tree(repo: &Repo, path: &str) -> Option<PathBuf> {
    let path = Path::new(path);
    let root = repo.workdir()?.canonicalize().ok()?;
    let is_below = path.components().all(|part| matches!(part, Component::Normal(_)));
    let file = root.join(path).canonicalize().ok().filter(|_| is_below)?;
    (file.starts_with(&root) && file.is_file()).then_some(file)
}
