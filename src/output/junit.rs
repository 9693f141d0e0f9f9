//! `JUnit` XML as most build servers read it: a failed case for each finding, an error for each part that was not read,
//! and a passing case if there is neither.

use std::io::{self, Write};

use super::view::{FindingView, GapView, Named, OccurrenceView, View};
use super::{brief, words};

/// Writes a report.
///
/// # Errors
/// Fails if `out` does.
pub fn render(view: &View, out: &mut dyn Write) -> io::Result<()> {
    suites(&[(view.command.as_str().to_owned(), view)], out)
}

/// Writes the reports of several repositories, one suite for each.
///
/// # Errors
/// Fails if `out` does.
pub fn render_several(reports: &[Named], out: &mut dyn Write) -> io::Result<()> {
    let named = |one: &Named| format!("{} {}", one.report.command.as_str(), one.path);
    let all: Vec<(String, &View)> = reports.iter().map(|one| (named(one), &one.report)).collect();
    suites(&all, out)
}

/// The number of cases, and the time they took.
#[derive(Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    milliseconds: u64,
}

impl Counts {
    fn of<'v>(views: impl IntoIterator<Item = &'v View>) -> Self {
        let mut all = Self::default();
        for view in views {
            let (failures, errors) = (view.findings.len(), view.gaps.len());
            all.tests += (failures + errors).max(1);
            all.failures += failures;
            all.errors += errors;
            all.milliseconds += view.summary.elapsed_ms;
        }
        all
    }

    fn attributes(&self) -> String {
        let Self { tests, failures, errors, milliseconds } = self;
        let seconds = format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000);
        format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" time=\"{seconds}\"")
    }
}

fn suites(reports: &[(String, &View)], out: &mut dyn Write) -> io::Result<()> {
    let counts = Counts::of(reports.iter().map(|(_, view)| *view)).attributes();
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"keysweep\" {counts}>")?;
    reports.iter().try_for_each(|(name, view)| suite(name, view, out))?;
    writeln!(out, "</testsuites>")
}

fn suite(name: &str, view: &View, out: &mut dyn Write) -> io::Result<()> {
    let counts = Counts::of([view]);
    writeln!(out, "  <testsuite name=\"keysweep {}\" {}>", escape(name), counts.attributes())?;
    view.findings.iter().try_for_each(|one| finding(one, out))?;
    view.gaps.iter().try_for_each(|one| gap(one, out))?;
    if counts.failures + counts.errors == 0 {
        let name = escape(&words::verdict(&view.summary));
        writeln!(out, "    <testcase classname=\"keysweep\" name=\"{name}\"/>")?;
    }
    writeln!(out, "    <system-out>{}</system-out>\n  </testsuite>", escape(&coverage(view)))
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

/// Returns the address of a place's page, to be appended to a text.
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

/// Describes the scope that was read, with the notes on it.
fn coverage(view: &View) -> String {
    let notes = view.notes.iter().map(|note| note.text.clone());
    [words::outcome(view)].into_iter().chain(notes).chain(words::asides(view)).collect::<Vec<_>>().join("\n")
}

/// Escapes text and attributes. Two characters that a view lets through are not allowed in XML.
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
