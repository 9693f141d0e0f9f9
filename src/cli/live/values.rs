//! The values of findings, read again from the places where the last reports saw them.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use bstr::BString;

use crate::cli::report_store::Stored;
use crate::cli::session::{NOTHING_IS_KNOWN, ReportWhen, Session};
use crate::finding::{Command, ContentKind, Report, Scope};
use crate::git::{ObjectId, Repo};
use crate::output::brief;
use crate::output::view::OccurrenceView;
use crate::source::{Content, Item, Listing};

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
