//! Workflow commands of GitHub Actions, which become annotations of a change.
//!
//! GitHub shows ten annotations of a level and silently drops the others, so the worst come first and the rest is
//! counted.

use std::io::{self, Write};

use super::brief::{self, Levels};
use super::view::{FindingView, GapView, OccurrenceView, View};
use super::words;

/// The words for annotations of a severity.
const LEVELS: Levels = Levels { bad: "error", fair: "warning", small: "notice" };
/// The number of annotations shown at each level; one notice is kept for the count of the others.
const SHOWN: [(&str, usize); 3] = [("error", 10), ("warning", 10), ("notice", 9)];

/// Writes a report.
///
/// # Errors
/// Fails if `out` does.
pub fn render(view: &View, out: &mut dyn Write) -> io::Result<()> {
    // GitHub marks a failed run only by errors, so whatever fails it must be one.
    let gap_level = if view.findings.is_empty() { "error" } else { "warning" };
    let mut hidden = 0;
    for (level, most) in SHOWN {
        let findings = view.findings.iter().filter(|finding| LEVELS.of(finding.severity) == level).map(finding);
        let gaps = view.gaps.iter().filter(|_| gap_level == level).map(gap);
        for (number, (properties, message)) in findings.chain(gaps).enumerate() {
            if number < most {
                writeln!(out, "::{level} {properties}::{}", data(&message))?;
            } else {
                hidden += 1;
            }
        }
    }
    if hidden > 0 {
        let message = format!("{hidden} more, of secrets and of parts that were not read: --format human lists them");
        writeln!(out, "::notice title=keysweep::{}", data(&message))?;
    }
    for note in &view.notes {
        writeln!(out, "keysweep: note: {}", plain(&note.text))?;
    }
    for aside in words::asides(view) {
        writeln!(out, "keysweep: {}", plain(&aside))?;
    }
    writeln!(out, "keysweep: {}: {}", plain(&view.scope), words::outcome(view))
}

/// Returns the properties and the message of an annotation.
fn finding(finding: &FindingView) -> (String, String) {
    let place = brief::place(finding).map(place).unwrap_or_default();
    let title = format!("{} ({})", finding.name, finding.severity.as_str());
    (format!("{place}title={}", property(&title)), format!("{} [{}]", brief::message(finding), finding.id))
}

/// Returns the file, the lines, and the columns if they are on one line, each followed by a comma.
fn place(place: &OccurrenceView) -> String {
    let file = brief::file(place);
    if file.is_empty() {
        return String::new();
    }
    let file = format!("file={},", property(file));
    if !brief::has_lines(place) {
        return file;
    }
    let OccurrenceView { line, column, end_line, end_column, .. } = place;
    let columns = if line == end_line { format!("col={column},endColumn={end_column},") } else { String::new() };
    format!("{file}line={line},endLine={end_line},{columns}")
}

fn gap(gap: &GapView) -> (String, String) {
    (format!("title={}", property("keysweep could not read all")), format!("not read: {}: {}", gap.what, gap.why))
}

/// Neutralises the older command syntax, which GitHub looks for anywhere in a line.
fn plain(words: &str) -> String {
    words.replace("##[", "## [")
}

fn data(words: &str) -> String {
    plain(words).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(words: &str) -> String {
    data(words).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_property_or_a_command() {
        assert_eq!(property("a,b::c%0A\r\n"), "a%2Cb%3A%3Ac%250A%0D%0A");
        assert_eq!(data("a,b::c%0A\n##[error]"), "a,b::c%250A%0A## [error]");
    }
}
