//! A table for spreadsheets, with a row for each place of each finding. Gaps, notes and the verdict have rows too, so
//! that a table never looks clean when the scan isn't.
//!
//! Every field is quoted, and one that a spreadsheet would run as a formula gets an apostrophe in front.

use std::io::{self, Write};

use super::asked;
use super::view::{FindingView, Named, OccurrenceView, View};
use super::words;

const COLUMNS: [&str; 17] = [
    "type",
    "id",
    "rule",
    "name",
    "provider",
    "severity",
    "confidence",
    "stage",
    "kind",
    "path",
    "line",
    "column",
    "commit",
    "time",
    "details",
    "link",
    "asked",
];

/// Writes a report.
///
/// # Errors
/// Fails if `out` does.
pub fn render(view: &View, out: &mut dyn Write) -> io::Result<()> {
    line(&COLUMNS, None, out)?;
    rows(view, None, out)
}

/// Writes the reports of several repositories, with a last column that names the repository.
///
/// # Errors
/// Fails if `out` does.
pub fn render_several(reports: &[Named], out: &mut dyn Write) -> io::Result<()> {
    line(&COLUMNS, Some("repository"), out)?;
    reports.iter().try_for_each(|one| rows(&one.report, Some(&one.path), out))
}

/// Writes the rows of a report.
fn rows(view: &View, repository: Option<&str>, out: &mut dyn Write) -> io::Result<()> {
    for finding in &view.findings {
        finding.occurrences.iter().try_for_each(|place| line(&cells(finding, place), repository, out))?;
    }
    let mut asides: Vec<[&str; 4]> = Vec::new();
    let (own, outcome) = (words::asides(view), words::outcome(view));
    asides.extend(view.gaps.iter().map(|gap| ["gap", gap.kind.as_str(), &*gap.what, &*gap.why]));
    asides.extend(view.notes.iter().map(|note| ["note", "", "", &*note.text]));
    asides.extend(own.iter().map(|words| ["note", "", "", &**words]));
    asides.push(["summary", view.summary.verdict.as_str(), "", &outcome]);
    asides.into_iter().try_for_each(|words| line(&aside(words), repository, out))
}

/// Returns the cells of one place; the details are the masked value and the first step.
fn cells(finding: &FindingView, place: &OccurrenceView) -> [String; COLUMNS.len()] {
    let step = finding.plan.first().map(|step| format!("; {}: {}", step.kind.as_str(), step.title)).unwrap_or_default();
    [
        "finding".to_owned(),
        finding.id.clone(),
        finding.rule.clone(),
        finding.name.clone(),
        finding.provider.clone(),
        finding.severity.as_str().to_owned(),
        finding.confidence.as_str().to_owned(),
        finding.stage.as_str().to_owned(),
        place.kind.as_str().to_owned(),
        place.path.clone(),
        place.line.to_string(),
        place.column.to_string(),
        place.commit.clone().unwrap_or_default(),
        place.author_time.clone().unwrap_or_default(),
        format!("{}{step}", finding.preview),
        place.link.as_ref().map(ToString::to_string).unwrap_or_default(),
        asked::settled(finding).map(|word| word.as_str().to_owned()).unwrap_or_default(),
    ]
}

/// Returns the cells of a row that isn't a finding: its type, its kind, a path and words.
fn aside([what, kind, path, words]: [&str; 4]) -> [&str; COLUMNS.len()] {
    [what, "", "", "", "", "", "", "", kind, path, "", "", "", "", words, "", ""]
}

/// Writes a row, with the repository in a last column if there are several.
fn line(cells: &[impl AsRef<str>; COLUMNS.len()], repository: Option<&str>, out: &mut dyn Write) -> io::Result<()> {
    let cells: Vec<String> = cells.iter().map(AsRef::as_ref).chain(repository).map(field).collect();
    writeln!(out, "{}", cells.join(","))
}

/// Returns one field in quotes. Spreadsheets skip blanks before they look for a formula.
pub(super) fn field(text: &str) -> String {
    let formula = text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '|', '%']);
    format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_not_formulas_and_are_quoted_correctly() {
        assert_eq!(field("=1+1"), "\"'=1+1\"");
        assert_eq!(field(" @SUM(a)"), "\"' @SUM(a)\"");
        assert_eq!(field("a\",=b"), "\"a\"\",=b\"");
    }
}
