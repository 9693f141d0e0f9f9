//! A finding in brief, for formats that have room for one place and one paragraph.

use super::view::{FindingView, OccurrenceView};
use super::words::{self, plural};
use crate::finding::ContentKind;
use crate::rule::Severity;

/// A format's words for severities, if it knows three.
#[derive(Debug, Clone, Copy)]
pub struct Levels {
    /// The word for critical and high.
    pub bad: &'static str,
    /// The word for medium.
    pub fair: &'static str,
    /// The word for low.
    pub small: &'static str,
}

impl Levels {
    /// Returns the word for a severity.
    pub fn of(&self, severity: Severity) -> &'static str {
        match severity {
            Severity::Critical | Severity::High => self.bad,
            Severity::Medium => self.fair,
            Severity::Low => self.small,
        }
    }
}

/// Returns the index of the place that represents all: the newest in a file, which is the most likely to exist still.
pub fn chosen(finding: &FindingView) -> usize {
    finding.occurrences.iter().rposition(|place| !file(place).is_empty()).unwrap_or(0)
}

/// Returns the place that represents all.
pub fn place(finding: &FindingView) -> Option<&OccurrenceView> {
    finding.occurrences.get(chosen(finding))
}

/// Returns the location of that place: a file with its line, or another label.
pub fn at(finding: &FindingView) -> String {
    let place = place(finding);
    let file = place.map(file).filter(|file| !file.is_empty());
    match (file, place) {
        (Some(file), Some(place)) if has_lines(place) => format!("{file}:{}", place.line),
        (Some(file), _) => file.to_owned(),
        (None, place) => place.map(words::own_place).unwrap_or_default(),
    }
}

/// Returns the path of the file that holds the secret (of the archive, if it is in one); empty if no file does.
pub fn file(place: &OccurrenceView) -> &str {
    let path = place.path.as_str();
    let path = match place.kind {
        ContentKind::File | ContentKind::Symlink | ContentKind::FileName => path,
        ContentKind::ArchiveMember => archive(path, place.member.as_deref()),
        ContentKind::CommitMessage
        | ContentKind::TagMessage
        | ContentKind::Note
        | ContentKind::Author
        | ContentKind::RefName
        | ContentKind::Config
        | ContentKind::Hook
        | ContentKind::Reflog
        | ContentKind::GitFile
        | ContentKind::ImageMetadata => "",
    };
    path.trim_start_matches("./")
}

/// Returns the path of the archive from `archive!member`; empty without a member.
fn archive<'p>(path: &'p str, member: Option<&str>) -> &'p str {
    let Some(member) = member else { return "" };
    path.strip_suffix(member).map_or(path, |archive| archive.strip_suffix('!').unwrap_or(archive))
}

/// Returns `true` if the place's lines are lines of the file.
pub fn has_lines(place: &OccurrenceView) -> bool {
    match place.kind {
        ContentKind::ArchiveMember | ContentKind::Symlink | ContentKind::FileName => false,
        ContentKind::File
        | ContentKind::CommitMessage
        | ContentKind::TagMessage
        | ContentKind::Note
        | ContentKind::Author
        | ContentKind::RefName
        | ContentKind::Config
        | ContentKind::Hook
        | ContentKind::Reflog
        | ContentKind::GitFile
        | ContentKind::ImageMetadata => true,
    }
}

/// Returns the finding in a paragraph: its name, its stage, its place unless a file shows that, and the first step.
pub fn message(finding: &FindingView) -> String {
    let mut summary = format!("{} ({}), {}.", finding.name, finding.preview, words::stage_sentence(finding));
    match place(finding) {
        Some(place) if file(place).is_empty() || !has_lines(place) => {
            summary.push_str(&format!(" It is in: {}.", words::place(place)));
        }
        Some(OccurrenceView { image: Some(image), .. }) => {
            let words = words::image(image);
            summary.push_str(&match words.strip_prefix("; ") {
                Some(alone) => format!(" Caution: {alone}."),
                None => format!(" It is{words}."),
            });
        }
        Some(_) | None => {}
    }
    if let Some(words) = words::commit(finding, chosen(finding)) {
        summary.push_str(&format!(" {words}."));
    }
    if finding.occurrences.len() > 1 {
        summary.push_str(&format!(" It is in {}.", plural(finding.occurrences.len(), "place")));
    }
    if let Some(words) = words::suppression(finding) {
        summary.push_str(&format!(" Caution: {words}."));
    }
    if let Some(step) = finding.plan.first() {
        summary.push_str(&format!(" First step, {}: {}", step.kind.as_str(), step.title));
    }
    summary
}
