//! Logging commands of Azure Pipelines, which become issues of a run.
//!
//! Azure knows only errors and warnings. It shows the first ten of each kind with a step and all of them in its log, so
//! the worst come first.

use std::io::{self, Write};

use super::brief::{self, Levels};
use super::view::{FindingView, GapView, View};
use super::words;

/// The words for issues of a severity.
const LEVELS: Levels = Levels { bad: "error", fair: "warning", small: "warning" };

/// Writes a report.
///
/// # Errors
/// Fails if `out` does.
pub fn render(view: &View, out: &mut dyn Write) -> io::Result<()> {
    // Azure counts only errors as failures, so whatever fails a run must be one.
    let gap_level = if view.findings.is_empty() { "error" } else { "warning" };
    view.findings.iter().try_for_each(|one| finding(one, out))?;
    view.gaps.iter().try_for_each(|one| gap(gap_level, one, out))?;
    for note in &view.notes {
        writeln!(out, "keysweep: note: {}", note.text)?;
    }
    for aside in words::asides(view) {
        writeln!(out, "keysweep: {aside}")?;
    }
    writeln!(out, "keysweep: {}: {}", view.scope, words::outcome(view))
}

fn finding(finding: &FindingView, out: &mut dyn Write) -> io::Result<()> {
    let level = LEVELS.of(finding.severity);
    write!(out, "##vso[task.logissue type={level};code={};", value(&finding.rule))?;
    if let Some(place) = brief::place(finding).filter(|place| !brief::file(place).is_empty()) {
        write!(out, "sourcepath={};", value(brief::file(place)))?;
        if brief::has_lines(place) {
            write!(out, "linenumber={};columnnumber={};", place.line, place.column)?;
        }
    }
    writeln!(out, "]{} [{}]", value(&brief::message(finding)), finding.id)
}

fn gap(level: &str, gap: &GapView, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "##vso[task.logissue type={level};]not read: {}: {}", value(&gap.what), value(&gap.why))
}

/// Escapes a text so that nothing in it ends a property or the command for the agent that reads it.
fn value(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '%' => out.push_str("%AZP25"),
            ';' => out.push_str("%3B"),
            ']' => out.push_str("%5D"),
            '\r' => out.push_str("%0D"),
            '\n' => out.push_str("%0A"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_property_or_a_command() {
        assert_eq!(value("a;type=x]b%0A\r\n"), "a%3Btype=x%5Db%AZP250A%0D%0A");
    }
}
