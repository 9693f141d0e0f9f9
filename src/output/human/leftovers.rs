//! Findings that were never committed, in a short section at the end of a report, because nothing has to be revoked.

use std::collections::BTreeSet;
use std::io;

use super::super::paper::Paper;
use super::super::style;
use super::super::view::{FindingView, PlanView, StepView, Summary, View};
use super::super::words::{self, plural};
use crate::finding::{Stage, StepKind};

/// The most leftovers that are listed.
const MOST: usize = 10;

/// Splits a report into one without leftovers and one of leftovers alone, if both have findings.
pub(super) fn apart(view: &View) -> Option<(View, View)> {
    let is_left = |one: &FindingView| one.stage == Stage::Leftover;
    if !view.findings.iter().any(is_left) {
        return None;
    }
    let (left, rest): (Vec<FindingView>, Vec<FindingView>) = view.findings.iter().cloned().partition(is_left);
    let of = |findings: Vec<FindingView>| {
        let has = |plan: &&PlanView| plan.findings.iter().any(|id| findings.iter().any(|one| one.id == *id));
        let plans = view.plans.iter().filter(has).cloned().collect();
        let summary = Summary { findings: findings.len(), ..view.summary.clone() };
        View { findings, plans, summary, ..view.clone() }
    };
    Some((of(rest), of(left)))
}

/// Writes the section.
pub(super) fn write(view: &View, is_quiet: bool, paper: &mut Paper<'_>) -> io::Result<()> {
    let heading = format!("never committed, only leftovers in this clone: {}", plural(view.findings.len(), "secret"));
    paper.paragraph(("", style::plain), &heading, style::title)?;
    for one in view.findings.iter().take(MOST) {
        let place = one.occurrences.first().map(words::place).unwrap_or_default();
        let more = one.occurrences.len().saturating_sub(1);
        let more = if more == 0 { String::new() } else { format!(" and {}", plural(more, "more place")) };
        paper.row(
            2,
            4,
            &[
                (one.severity.as_str(), style::of_severity(one.severity)),
                (&one.id, style::faint),
                (&one.name, style::plain),
                (&format!("{place}{more}"), style::plain),
            ],
        )?;
        if let Some(words) = words::suppression(one) {
            super::finding::row("allow", &words, paper)?;
        }
    }
    let more = view.findings.len().saturating_sub(MOST);
    if more > 0 {
        paper.paragraph(("  ", style::plain), &format!("{more} more; --full lists all"), style::faint)?;
    }
    if !is_quiet {
        for step in steps(view) {
            super::finding::step("  ", step, &mut BTreeSet::new(), paper)?;
        }
    }
    paper.blank()
}

/// Returns the steps that remove them, without repetitions.
fn steps(view: &View) -> Vec<&StepView> {
    let mut steps: Vec<&StepView> = Vec::new();
    for step in view.plans.iter().flat_map(|plan| &plan.steps) {
        let removes = matches!(step.kind, StepKind::Remove | StepKind::Purge);
        if removes && !steps.iter().any(|known| known.command == step.command) {
            steps.push(step);
        }
    }
    steps
}
