//! A table with a row for each place of each finding, for spreadsheets; what was not read, notes and the verdict have rows
//! too, so that no table looks clean that is not.
//!
//! Every field is quoted, and one that a spreadsheet would run as a formula gets an apostrophe in front.

use std::io::{self, Write};

use super::view::{FindingView, OccurrenceView, View};
use super::words;

const COLUMNS: [&str; 16] = [
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
];

/// Writes a report.
///
/// # Errors
/// When `out` fails.
pub fn render(view: &View, out: &mut dyn Write) -> io::Result<()> {
    row(&COLUMNS, out)?;
    for finding in &view.findings {
        finding.occurrences.iter().try_for_each(|place| row(&cells(finding, place), out))?;
    }
    for gap in &view.gaps {
        aside("gap", gap.kind.as_str(), &gap.what, &gap.why, out)?;
    }
    view.notes.iter().try_for_each(|note| aside("note", "", "", &note.text, out))?;
    words::asides(view).iter().try_for_each(|words| aside("note", "", "", words, out))?;
    aside("summary", view.summary.verdict.as_str(), "", &words::outcome(view), out)
}

/// The cells of one place; the details are what may be shown of the value and the first step.
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
    ]
}

/// A row that is no finding.
fn aside(what: &str, kind: &str, path: &str, words: &str, out: &mut dyn Write) -> io::Result<()> {
    row(&[what, "", "", "", "", "", "", "", kind, path, "", "", "", "", words, ""], out)
}

fn row(cells: &[impl AsRef<str>; COLUMNS.len()], out: &mut dyn Write) -> io::Result<()> {
    let cells: Vec<String> = cells.iter().map(|cell| field(cell.as_ref())).collect();
    writeln!(out, "{}", cells.join(","))
}

/// One field, quoted. Spreadsheets skip blanks before they look for a formula.
fn field(text: &str) -> String {
    let formula = text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '|', '%']);
    format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_no_formulas_and_end_where_they_should() {
        assert_eq!(field("=1+1"), "\"'=1+1\"");
        assert_eq!(field(" @SUM(a)"), "\"' @SUM(a)\"");
        assert_eq!(field("a\",=b"), "\"a\"\",=b\"");
    }
}
