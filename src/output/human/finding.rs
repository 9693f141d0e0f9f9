//! Findings in full: their places, the reasons to believe them, what they open, and once for each kind what to do.

use std::collections::BTreeSet;
use std::io;

use super::super::Detail;
use super::super::asked;
use super::super::brief;
use super::super::fold::{self, Entry, Group};
use super::super::paper::Paper;
use super::super::style;
use super::super::view::{FindingView, StepView, View};
use super::super::words;
use crate::finding::Command;

/// The most occurrences named for one finding.
const MAX_PLACES: usize = 8;
/// The width of a label with the blanks around it, in columns.
const LABEL: usize = 9;
/// The indentation of a remark on a place.
const BELOW: &str = "           ";
/// The number of steps shown for secrets in plain files.
const STEPS_OF_FILES: usize = 2;

/// Writes every finding, and after those of a kind what to do about them.
pub(super) fn all(view: &View, detail: Detail, paper: &mut Paper<'_>) -> io::Result<()> {
    for (section, steps) in fold::by_plan(view) {
        for entry in &section {
            match entry {
                Entry::One(one) => details(one, view.command, detail, paper)?,
                Entry::Group(together) => group(together, paper)?,
            }
        }
        let is_over = section.iter().all(|entry| matches!(entry, Entry::Group(group) if group.is_over()));
        if detail != Detail::Quiet && !steps.is_empty() && !is_over {
            // It is unknown whether a plain file was ever shared, so the steps for revoking are shown only on request.
            let is_brief = view.command == Command::Files && detail == Detail::Overview;
            let most = if is_brief { STEPS_OF_FILES } else { usize::MAX };
            let rule = section.first().map(|entry| entry.first().rule.as_str()).unwrap_or_default();
            plan(&steps, most, Some(rule), paper)?;
            paper.blank()?;
        }
    }
    Ok(())
}

fn group(group: &Group<'_>, paper: &mut Paper<'_>) -> io::Result<()> {
    let first = group.first();
    let line = format!("{} · {}", first.rule, group.line());
    heading(first, &line, paper)?;
    for one in group.listed() {
        let place = one.occurrences.first().map(words::place).unwrap_or_default();
        paper.row(2, 4, &[(&one.id, style::faint), (&place, style::plain)])?;
    }
    let more = group.count() - group.listed().count();
    if more > 0 {
        let which = if more == group.count() { "each" } else { "the others" };
        paper.paragraph(("  ", style::plain), &format!("--format json lists {which}"), style::faint)?;
    }
    paper.blank()
}

/// Writes the severity, the name and the text after it.
fn heading(finding: &FindingView, rest: &str, paper: &mut Paper<'_>) -> io::Result<()> {
    let severity = (finding.severity.as_str(), style::of_severity(finding.severity));
    paper.row(0, 2, &[severity, (&finding.name, style::title), (rest, style::faint)])
}

/// Writes one finding without its plan.
fn details(finding: &FindingView, command: Command, detail: Detail, paper: &mut Paper<'_>) -> io::Result<()> {
    let id = format!("{} · {}", finding.rule, finding.id);
    heading(finding, &id, paper)?;
    places(finding, detail, paper)?;
    let value = finding.secret.as_ref().map(|secret| crate::text::escape(secret.as_bytes()));
    row("value", value.as_ref().unwrap_or(&finding.preview), paper)?;
    line(finding, paper)?;
    if let Some(words) = asked::of(finding) {
        row("asked", &words, paper)?;
    }
    if let Some(words) = words::suppression(finding) {
        row("allow", &words, paper)?;
    }
    if detail != Detail::Quiet {
        if !finding.evidence.is_empty() {
            row("why", &words::reasons(finding), paper)?;
        }
        // For a plain file, the scan doesn't ask whether a commit holds it.
        if command.asks_git() || finding.exposure.doubt.is_some() {
            row("stage", &words::stage_and_refs(finding), paper)?;
        }
        exposure(finding, paper)?;
        if !finding.impact.is_empty() {
            row("risk", &finding.impact, paper)?;
        }
        if let Some(show) = &finding.show {
            row("see", &format!("{}:", words::SHOW), paper)?;
            paper.commands(&format!("{BELOW}$ "), &show.command)?;
        }
    }
    paper.blank()
}

/// Writes the line that a secret is in, as far as the terminal has room around the value.
pub(super) fn line(finding: &FindingView, paper: &mut Paper<'_>) -> io::Result<()> {
    let Some(context) = brief::place(finding).and_then(|place| place.context.as_ref()) else { return Ok(()) };
    row("line", &words::line_within(context, paper.room(LABEL)), paper)
}

/// Writes a line after a label.
pub(super) fn row(label: &str, text: &str, paper: &mut Paper<'_>) -> io::Result<()> {
    paper.paragraph((&format!("  {label:5}  "), style::label), text, style::plain)
}

/// Writes the places. In an overview, only one of them shows the address of its page.
fn places(finding: &FindingView, detail: Detail, paper: &mut Paper<'_>) -> io::Result<()> {
    let chosen = brief::chosen(finding);
    for (at, occurrence) in finding.occurrences.iter().take(MAX_PLACES).enumerate() {
        row(if at == 0 { "where" } else { "" }, &words::place(occurrence), paper)?;
        if let Some(words) = words::retention(occurrence) {
            paper.paragraph((BELOW, style::plain), &words, style::faint)?;
        }
        let is_linked = match detail {
            Detail::Quiet => false,
            Detail::Overview => at == chosen,
            Detail::Full => true,
        };
        if let Some(link) = occurrence.link.as_ref().filter(|_| is_linked) {
            paper.paragraph((BELOW, style::plain), link.as_str(), style::faint)?;
        }
    }
    let more = finding.occurrences.len().saturating_sub(MAX_PLACES);
    if more > 0 {
        row("", &format!("and {} (--format json lists all)", words::plural(more, "more place")), paper)?;
    }
    Ok(())
}

fn exposure(finding: &FindingView, paper: &mut Paper<'_>) -> io::Result<()> {
    let exposure = &finding.exposure;
    let outside = words::outside(exposure);
    for text in words::life(exposure).iter().chain(&outside) {
        row("", text, paper)?;
    }
    for remote in &exposure.remotes {
        row("", &format!("can be pulled from {}", words::pulled(remote)), paper)?;
    }
    Ok(())
}

/// Writes the first steps of a plan, numbered, and the command that shows the others.
pub(super) fn plan(plan: &[StepView], most: usize, what: Option<&str>, paper: &mut Paper<'_>) -> io::Result<()> {
    let shown = plan.get(..most).unwrap_or(plan);
    let mut explained = BTreeSet::new();
    for (number, step) in (1..).zip(shown) {
        let label = if number == 1 { "do" } else { "" };
        self::step(&format!("  {label:5}  {number}. "), step, &mut explained, paper)?;
    }
    match (plan.len() - shown.len(), what) {
        (0, _) => Ok(()),
        (more, Some(what)) => {
            let (text, command) =
                (format!("and {}: ", words::plural(more, "more step")), format!("keysweep explain {what}"));
            paper.spans((&" ".repeat(LABEL), style::plain), &[(&text, style::plain), (&command, style::command)])
        }
        (more, None) => row("", &format!("and {} (--full lists all)", words::plural(more, "more step")), paper),
    }
}

/// Writes a step after its number. The way to find a field is shown with the first command of a plan that needs it;
/// `explained` holds the fields shown so far.
pub(super) fn step<'v>(
    lead: &str,
    step: &'v StepView,
    explained: &mut BTreeSet<&'v str>,
    paper: &mut Paper<'_>,
) -> io::Result<()> {
    let text = format!("[{}] {}", step.kind.as_str(), step.title);
    paper.paragraph((lead, style::label), &text, style::plain)?;
    let indent = " ".repeat(lead.chars().count());
    if !step.command.is_empty() {
        paper.commands(&format!("{indent}$ "), &step.command)?;
    }
    paper.lines(indent.len() + 2, &step.lines)?;
    let below = format!("{indent}  ");
    for (field, hint) in step.missing.iter().filter(|(field, _)| explained.insert(field.as_str())) {
        paper.paragraph((&below, style::plain), &format!("<{field}>: {hint}"), style::faint)?;
    }
    if !step.link.is_empty() {
        paper.paragraph((&below, style::plain), &step.link, style::faint)?;
    }
    Ok(())
}
