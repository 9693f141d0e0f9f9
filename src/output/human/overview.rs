//! The overview of many findings: counts, a table, short plans for the worst kinds, and how to see the rest.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;

use super::super::Detail;
use super::super::agents;
use super::super::asked;
use super::super::brief;
use super::super::fold::{self, Entry};
use super::super::paper::Paper;
use super::super::plain::WIDEST;
use super::super::style;
use super::super::view::{FindingView, PlanView, StepView, View};
use super::super::words::{self, plural};
use super::finding;
use crate::finding::{AgentFiles, CodingAgent, Command, Liveness, Stage};

/// The most rows of the table, with one line each and with several.
const ROWS: Rows = Rows { of_a_line: 36, of_several: 12 };
/// The most plans that are shown.
const PLANS: usize = 5;
/// The most steps shown of all plans together, and of one plan; each plan shows at least one.
const STEPS: (usize, usize) = (6, 3);
/// The number of plans up to which each says what an attacker could do with the secret.
const FEW: usize = 2;
/// The most places named with a plan.
const PLACES: usize = 3;

/// Writes the overview.
pub(super) fn write(view: &View, detail: Detail, paper: &mut Paper<'_>) -> io::Result<()> {
    counts(view, paper)?;
    paper.blank()?;
    by_agent(view, paper)?;
    let rows = rows(view);
    match view.command {
        Command::Agents => grouped(view, rows, paper)?,
        _ => table(&rows, ROWS, words::way_to_all(view), paper)?,
    }
    paper.blank()?;
    if detail == Detail::Quiet {
        return Ok(());
    }
    let plans = fold::plans(view);
    let by_id: HashMap<&str, &FindingView> = view.findings.iter().map(|one| (one.id.as_str(), one)).collect();
    let mut explained = BTreeSet::new();
    for plan in plans.iter().take(PLANS) {
        let findings: Vec<&FindingView> =
            plan.findings.iter().filter_map(|id| by_id.get(id.as_str()).copied()).collect();
        kind(view, plan, &findings, &mut explained, plans.len().min(PLANS), paper)?;
    }
    let more = plans.len().saturating_sub(PLANS);
    let more = if more == 0 { String::new() } else { format!("; {} are not shown here", plural(more, "more plan")) };
    let text = format!(
        "{}'--full' shows everything about each{more}; '--format html --output FILE' writes a report for a browser.",
        if view.is_stored { "'keysweep explain ID' shows everything about one of them, " } else { "" }
    );
    paper.paragraph(("", style::plain), &text, style::faint)?;
    paper.blank()
}

/// Writes the number of secrets in each agent's files of each kind.
pub(super) fn by_agent(view: &View, paper: &mut Paper<'_>) -> io::Result<()> {
    let tally = agents::tally(view);
    for (agent, words) in &tally {
        paper.paragraph((&format!("{agent}: "), style::title), words, style::plain)?;
    }
    if tally.is_empty() { Ok(()) } else { paper.blank() }
}

/// Writes the rows grouped by agent and by the purpose of its files.
fn grouped(view: &View, rows: Vec<Row<'_>>, paper: &mut Paper<'_>) -> io::Result<()> {
    let mut groups: BTreeMap<Option<(CodingAgent, AgentFiles)>, Vec<Row<'_>>> = BTreeMap::new();
    for row in rows {
        let place = brief::place(row.first).and_then(|place| place.agent);
        groups.entry(place.map(|place| (place.agent, place.kind))).or_default().push(row);
    }
    for (of, rows) in groups {
        if let Some((agent, kind)) = of {
            paper.paragraph(("", style::plain), &format!("{}, {}", agent.name(), kind.as_str()), style::title)?;
        }
        table(&rows, ROWS, words::way_to_all(view), paper)?;
    }
    Ok(())
}

/// Writes the number of findings by severity and, if known, by stage.
fn counts(view: &View, paper: &mut Paper<'_>) -> io::Result<()> {
    let mut stages: BTreeMap<Stage, usize> = BTreeMap::new();
    for one in &view.findings {
        *stages.entry(one.stage).or_default() += 1;
    }
    let stages: Vec<String> = stages.iter().rev().map(|(stage, count)| format!("{count} {}", stage.as_str())).collect();
    let stages = if !view.command.asks_git() { String::new() } else { format!(": {}", stages.join(", ")) };
    paper.sentence(
        &words::verdict(&view.summary),
        style::bad,
        &format!("in {}{}{}", view.scope, words::by_severity(&view.findings), stages),
    )
}

/// A row of the overview: a finding, several of one kind in one file, or a group.
pub(super) struct Row<'v> {
    first: &'v FindingView,
    count: usize,
    places: usize,
    has_stage: bool,
    /// The description of the findings, if the place of the first isn't enough.
    together: Option<String>,
}

/// Returns the rows, in the order of the findings.
pub(super) fn rows(view: &View) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    let mut known: HashMap<_, usize> = HashMap::new();
    let has_stage = view.command.asks_git();
    for entry in fold::entries(view) {
        let one = entry.first();
        if let Entry::Group(group) = &entry {
            rows.push(Row { first: one, count: group.count(), places: 0, has_stage, together: Some(group.line()) });
            continue;
        }
        let file = brief::place(one).map(brief::file).filter(|file| !file.is_empty());
        let places = one.occurrences.len().saturating_sub(1);
        let key = file
            .map(|file| (one.severity, one.rule.as_str(), one.stage, one.exposure.in_head, asked::settled(one), file));
        let row = key.and_then(|key| known.get(&key).copied()).and_then(|at| rows.get_mut(at));
        match row {
            Some(row) => {
                row.count += 1;
                row.places += places;
            }
            None => {
                known.extend(key.map(|key| (key, rows.len())));
                rows.push(Row { first: one, count: 1, places, has_stage, together: None });
            }
        }
    }
    rows
}

impl Row<'_> {
    /// Returns the place of the first finding, and what else the row covers.
    fn place(&self) -> String {
        if let Some(together) = &self.together {
            return together.clone();
        }
        let at = brief::at(self.first);
        let values = (self.count > 1).then(|| format!("{} values", self.count));
        let places = (self.places > 0).then(|| plural(self.places, "more place"));
        let more: Vec<String> = values.into_iter().chain(places).collect();
        if more.is_empty() { at } else { format!("{at} ({})", more.join(", ")) }
    }
}

/// Returns the words for how far a row's secret got and whether it works: its stage, or who can see it in an image, and
/// what its provider said; empty for plain files that nobody was asked about.
fn stage_of(row: &Row<'_>) -> String {
    let image = brief::place(row.first).and_then(|place| place.image.as_ref());
    let stage = match image {
        Some(place) => Some(place.visibility.as_str()),
        None => row.has_stage.then(|| row.first.stage.as_str()),
    };
    let words: Vec<&str> = stage.into_iter().chain(asked::settled(row.first).map(Liveness::as_str)).collect();
    words.join(", ")
}

/// The most rows of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows {
    /// The limit if each row takes one line.
    pub(super) of_a_line: usize,
    /// The limit if rows are wider than the terminal, so that each takes two or three lines.
    pub(super) of_several: usize,
}

/// Writes one line for each row, or fewer rows of two or three lines if one line would be wider than the terminal.
pub(super) fn table(rows: &[Row<'_>], most: Rows, way_to_all: &str, paper: &mut Paper<'_>) -> io::Result<()> {
    let widest = |rows: &[Row<'_>], text: &dyn Fn(&Row<'_>) -> usize| rows.iter().map(text).max().unwrap_or(0);
    let mut shown = &rows[..rows.len().min(most.of_a_line)];
    let severity = widest(shown, &|row| row.first.severity.as_str().len());
    let stage = widest(shown, &|row| stage_of(row).len());
    let id = widest(shown, &|row| row.first.id.chars().count());
    let place = widest(shown, &|row| row.place().chars().count());
    let mut name = widest(shown, &|row| row.first.name.chars().count()).min(WIDEST);
    let indent = 2 + severity + 2;
    if !paper.fits(indent + id + 2 + stage + 2 + name + 2 + place) {
        // The place goes on its own line, so the names need no column.
        shown = &rows[..rows.len().min(most.of_several)];
        name = 0;
    }
    for row in shown {
        let one = row.first;
        let cells = [
            (format!("{:severity$}", one.severity.as_str()), style::of_severity(one.severity)),
            (format!("{:id$}", one.id), style::faint),
            (format!("{:stage$}", stage_of(row)), style::plain),
            (format!("{:name$}", one.name), style::title),
        ];
        let cells = cells.iter().map(|(text, style)| (text.as_str(), *style));
        let (cells, place): (Vec<(&str, super::super::paper::Style)>, _) = (cells.collect(), row.place());
        if name > 0 {
            paper.row(2, indent, &[&cells[..], &[(&place, style::plain)]].concat())?;
        } else {
            paper.row(2, indent, &cells)?;
            paper.paragraph((&" ".repeat(indent), style::plain), &place, style::plain)?;
        }
    }
    let more = &rows[shown.len()..];
    if !more.is_empty() {
        let count: usize = more.iter().map(|row| row.count).sum();
        let text = format!("and {} in {} ({way_to_all})", plural(count, "more secret"), plural(more.len(), "place"));
        paper.paragraph(("  ", style::plain), &text, style::faint)?;
    }
    Ok(())
}

/// Writes the steps for all findings of a kind, in short. `explained` holds the sentences about stages written so far,
/// `plans` the number of plans shown.
fn kind(
    view: &View,
    plan: &PlanView,
    findings: &[&FindingView],
    explained: &mut BTreeSet<String>,
    plans: usize,
    paper: &mut Paper<'_>,
) -> io::Result<()> {
    let Some(first) = findings.first() else { return Ok(()) };
    let count = if findings.len() == 1 { String::new() } else { format!(" ({} secrets)", findings.len()) };
    let name = format!("{}{count}", first.name);
    paper.row(0, 2, &[(first.severity.as_str(), style::of_severity(first.severity)), (&name, style::title)])?;
    let sentence = words::stage_sentence(first);
    if view.command.asks_git() && explained.insert(sentence.clone()) {
        paper.paragraph(("  ", style::plain), &sentence, style::faint)?;
    }
    for one in findings.iter().take(PLACES) {
        let place = brief::place(one).map(words::place).unwrap_or_default();
        paper.row(2, 4, &[(&one.id, style::faint), (&place, style::plain)])?;
    }
    let more = findings.len().saturating_sub(PLACES);
    if more > 0 {
        paper.paragraph(("  ", style::plain), &format!("and {more} more"), style::faint)?;
    }
    if !first.impact.is_empty() && plans <= FEW {
        finding::row("risk", &first.impact, paper)?;
    }
    let what = match view.command {
        // Only the report of an image has the steps for it.
        Command::Image | Command::Context | Command::Agents => None,
        _ if view.is_stored => Some(first.id.as_str()),
        _ => Some(first.rule.as_str()),
    };
    let (all, one) = STEPS;
    // The linked pages are for readers who want more.
    let steps: Vec<StepView> = plan.steps.iter().map(|step| StepView { link: String::new(), ..step.clone() }).collect();
    finding::plan(&steps, (all / plans.max(1)).clamp(1, one), what, paper)?;
    paper.blank()
}
