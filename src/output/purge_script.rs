//! A plan to purge a history as a POSIX shell script: the steps of the page, each with its command word for word.

use std::io::{self, Write};

use super::mask::Mask;
use super::purge::Page;
use crate::finding::purge::{PurgeStep, Trace};
use crate::finding::{PurgePlan, Report};

/// The shell code that runs the steps.
const RUNNER: &str = include_str!("purge.sh");
/// The line that ends literal text in the script. No line of a plan equals it.
const END: &str = "END_OF_STEP";
/// A line that every such script contains.
const MARK: &str = "# A plan of 'keysweep purge-plan', as a script.";

/// Returns `true` if a file is such a script.
pub fn is_one(content: &[u8]) -> bool {
    content.split(|byte| *byte == b'\n').nth(1) == Some(MARK.as_bytes())
}

/// Writes a plan as a script; `id` distinguishes it from others in the file that records which steps are done.
///
/// # Errors
/// Fails if `out` does.
pub fn write(plan: &PurgePlan, report: &Report, id: &str, mask: &Mask, out: &mut dyn Write) -> io::Result<()> {
    let page = Page::of(plan, report, mask);
    let places = &page.plan.places;
    writeln!(out, "#!/bin/sh\n{MARK}\n#")?;
    out.write_all(RUNNER.as_bytes())?;
    writeln!(out, "\nplan={id}\nsteps={}\nroot={}", page.plan.steps.len(), places.root)?;
    writeln!(out, "values={}\nprogress={}\n\nbegin \"$@\"", places.values, places.progress)?;
    (1..).zip(&page.plan.steps).try_for_each(|(number, one)| step(number, one, out))?;
    let (title, beyond) = page.rest();
    let beyond: String = beyond.iter().map(|line| format!("- {line}\n")).collect();
    if !beyond.is_empty() {
        write!(out, "\nfold -s -w \"${{COLUMNS:-80}}\" <<'{END}'\n\n{title}:\n{beyond}{END}\n")?;
    }
    writeln!(out, "\nend")
}

fn step(number: usize, step: &PurgeStep, out: &mut dyn Write) -> io::Result<()> {
    let (kind, repository) = match &step.trace {
        Trace::Output => ("output", "''"),
        Trace::Repository(path) => ("repository", path.as_str()),
        Trace::Remote(path) => ("remote", path.as_str()),
    };
    let (phase, place, consent) = (step.phase.as_str(), step.on.as_str(), step.consent.as_str());
    let title = super::purge::title(step);
    writeln!(out, "\nstep {number} {phase} {place} {consent} {kind} {repository} <<'{END}'\n{title}")?;
    if !step.command.is_empty() {
        writeln!(out, "{}", step.command)?;
    }
    writeln!(out, "{END}")
}
