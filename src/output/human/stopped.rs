//! The report that stops a commit or a push: at most a screen, whatever was found, with one block to copy at its end.

use std::io;

use super::super::Detail;
use super::super::brief;
use super::super::paper::Paper;
use super::super::style;
use super::super::view::{FindingView, StepView, View};
use super::super::words;
use super::finding;
use super::overview::{self, Rows};

/// The most findings that get several lines each.
const FEW: usize = 2;
/// The most kinds whose revocation is described.
const KINDS: usize = 3;
/// The most rows of the table.
const ROWS: Rows = Rows { of_a_line: 12, of_several: 6 };
/// The most rows of the table if a push was stopped, since its remedy takes more lines.
const FEWER_ROWS: Rows = Rows { of_a_line: 6, of_several: 3 };

/// Returns the steps that let the stopped commit or push succeed; empty if nothing was stopped, or nothing would help.
pub(super) fn ways_on(view: &View) -> &[StepView] {
    if view.before_commit.is_empty() { &view.before_push } else { &view.before_commit }
}

/// Writes the findings.
pub(super) fn write(view: &View, detail: Detail, paper: &mut Paper<'_>) -> io::Result<()> {
    let (few, rows) = if view.before_push.is_empty() { (FEW, ROWS) } else { (FEW / 2, FEWER_ROWS) };
    if view.findings.len() <= few {
        view.findings.iter().try_for_each(|one| print_finding(one, detail, paper))?;
    } else {
        overview::table(&overview::rows(view), rows, words::way_to_all(view), paper)?;
    }
    paper.blank()
}

/// Writes the remedy for all findings. It comes last, because whoever copies the end of a report has to get it.
pub(super) fn remedy(view: &View, paper: &mut Paper<'_>) -> io::Result<()> {
    revoking(view, paper)?;
    paper.blank()?;
    for (at, step) in ways_on(view).iter().enumerate() {
        paper.paragraph(("", style::plain), &step.title, if at == 0 { style::title } else { style::plain })?;
        if !step.command.is_empty() {
            paper.commands("    ", &step.command)?;
        }
    }
    Ok(())
}

/// Writes how to revoke the findings, once for each kind.
fn revoking(view: &View, paper: &mut Paper<'_>) -> io::Result<()> {
    let mut kinds: Vec<&FindingView> = Vec::new();
    for one in &view.findings {
        if !kinds.iter().any(|other| other.rule == one.rule) {
            kinds.push(one);
        }
    }
    let more = kinds.len().saturating_sub(KINDS);
    let how = match (kinds.len(), more) {
        (0, _) => return Ok(()),
        (1, _) => "this explains how".to_owned(),
        (_, 0) => "these explain how".to_owned(),
        _ => format!("these explain how, and so does 'keysweep explain ID' for {}", words::plural(more, "more kind")),
    };
    let text = format!("If the value was also shared elsewhere, revoke it; {how}");
    paper.paragraph(("", style::plain), &text, style::plain)?;
    kinds.iter().take(KINDS).try_for_each(|one| {
        let name = if view.is_stored { &one.id } else { &one.rule };
        paper.commands("    ", &format!("keysweep explain {name}"))
    })
}

/// Writes one finding in a few lines.
fn print_finding(one: &FindingView, detail: Detail, paper: &mut Paper<'_>) -> io::Result<()> {
    let id = format!("{} · {}", one.rule, one.id);
    let severity = (one.severity.as_str(), style::of_severity(one.severity));
    paper.row(0, 2, &[severity, (&one.name, style::title), (&id, style::faint)])?;
    let place = brief::place(one).map(words::place).unwrap_or_default();
    let more = one.occurrences.len().saturating_sub(1);
    let more = if more == 0 { String::new() } else { format!(" and {}", words::plural(more, "more place")) };
    finding::row("where", &format!("{place}{more}"), paper)?;
    let value = one.secret.as_ref().map(|secret| crate::text::escape(secret.as_bytes()));
    finding::row("value", value.as_ref().unwrap_or(&one.preview), paper)?;
    finding::line(one, paper)?;
    if let Some(words) = words::suppression(one) {
        finding::row("allow", &words, paper)?;
    }
    if detail == Detail::Quiet {
        return Ok(());
    }
    finding::row("why", &words::reasons(one), paper)?;
    if one.impact.is_empty() { Ok(()) } else { finding::row("risk", &one.impact, paper) }
}
