//! The XML of `JUnit`, as most build servers read it: a failed case for each finding, an error for each part that was not
//! read, and a case that passes when there is neither.

use std::io::{self, Write};

use super::view::{FindingView, GapView, OccurrenceView, View};
use super::{brief, words};

/// Writes a report.
///
/// # Errors
/// When `out` fails.
pub fn render(view: &View, out: &mut dyn Write) -> io::Result<()> {
    let (failures, errors) = (view.findings.len(), view.gaps.len());
    let tests = (failures + errors).max(1);
    let seconds = format!("{}.{:03}", view.summary.elapsed_ms / 1000, view.summary.elapsed_ms % 1000);
    let counts = format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" time=\"{seconds}\"");
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"keysweep\" {counts}>")?;
    writeln!(out, "  <testsuite name=\"keysweep {}\" {counts}>", escape(view.command.as_str()))?;
    view.findings.iter().try_for_each(|one| finding(one, out))?;
    view.gaps.iter().try_for_each(|one| gap(one, out))?;
    if failures + errors == 0 {
        let name = escape(&words::verdict(&view.summary));
        writeln!(out, "    <testcase classname=\"keysweep\" name=\"{name}\"/>")?;
    }
    writeln!(out, "    <system-out>{}</system-out>\n  </testsuite>\n</testsuites>", escape(&coverage(view)))
}

fn finding(finding: &FindingView, out: &mut dyn Write) -> io::Result<()> {
    let place = brief::place(finding).map(words::place).unwrap_or_default();
    let name = format!("{} in {place}", finding.name);
    let places = finding.occurrences.iter().map(|place| format!("- {}{}", words::place(place), link(place)));
    let steps = finding.plan.iter().map(|step| format!("* {}: {}", step.kind.as_str(), step.title));
    let lines: Vec<String> = [format!("id {}", finding.id)].into_iter().chain(places).chain(steps).collect();
    writeln!(
        out,
        "    <testcase classname=\"keysweep.{}\" name=\"{}\">\n      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>",
        escape(&finding.rule),
        escape(&name),
        finding.severity.as_str(),
        escape(&brief::message(finding)),
        escape(&lines.join("\n")),
    )
}

/// The page of a place, as what follows it.
fn link(place: &OccurrenceView) -> String {
    place.link.as_ref().map(|link| format!(" {link}")).unwrap_or_default()
}

fn gap(gap: &GapView, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "    <testcase classname=\"keysweep.coverage\" name=\"{}\">\n      <error type=\"{}\" message=\"{}\"/>\n    </testcase>",
        escape(&gap.what),
        escape(gap.kind.as_str()),
        escape(&format!("not read: {}", gap.why)),
    )
}

/// What was read, and what else there is to say about it.
fn coverage(view: &View) -> String {
    let notes = view.notes.iter().map(|note| note.text.clone());
    [words::outcome(view)].into_iter().chain(notes).chain(words::asides(view)).collect::<Vec<_>>().join("\n")
}

/// Text and attributes; two characters that a view lets pass are none of XML's.
fn escape(words: &str) -> String {
    super::html::escape(words).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_an_attribute_or_a_text() {
        assert_eq!(escape("<a b=\"c\">'&\u{ffff}"), "&lt;a b=&quot;c&quot;&gt;&#39;&amp;\u{fffd}");
    }
}
