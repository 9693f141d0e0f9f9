//! Reports for people at a terminal. A few findings are shown in full; many get an overview with the plans of the
//! worst (`overview`); a stopped commit gets at most a screen (`stopped`).

mod finding;
mod leftovers;
mod overview;
mod stopped;

use std::io::{self, Write};

use super::Detail;
use super::fold::{self, Entry};
use super::paper::{self, Paper};
use super::style;
use super::view::{FindingView, View};
use super::words::{self, plural};
use crate::finding::{Command, Verdict};

/// The most findings that are shown in full.
const FEW: usize = 3;
/// The most gaps and notes that are named, unless all details were asked for.
const MOST_REMARKS: usize = 5;
/// The most gaps and notes that are named below an overview, which has to stay short.
const REMARKS_BELOW: usize = 1;

/// Writes a report.
///
/// # Errors
/// Fails if `out` does.
pub fn render(view: &View, detail: Detail, width: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let mut paper = Paper::new(out, width);
    if let Some(folder) = view.run_in.as_ref().filter(|_| detail != Detail::Quiet && !view.findings.is_empty()) {
        let text = "The commands below are for the repository in another folder:";
        paper.paragraph(("", style::plain), text, style::plain)?;
        paper.commands("    ", &format!("cd {folder}"))?;
        paper.blank()?;
    }
    match leftovers::apart(view).filter(|_| view.command == Command::History && detail != Detail::Full) {
        Some((rest, left)) => {
            findings(&rest, detail, &mut paper)?;
            leftovers::write(&left, detail == Detail::Quiet, &mut paper)?;
        }
        None => findings(view, detail, &mut paper)?,
    }
    remarks(view, detail, &mut paper)?;
    summary(view, &mut paper)?;
    if detail == Detail::Quiet {
        return Ok(());
    }
    false_alarm(view, &mut paper)?;
    if is_stopped(view, detail) { stopped::remedy(view, &mut paper) } else { Ok(()) }
}

/// Returns `true` if the report stops a commit or a push. The report of `verify` shows findings one by one, with what
/// keeps each.
fn is_stopped(view: &View, detail: Detail) -> bool {
    detail != Detail::Full && view.command != Command::Verify && !stopped::ways_on(view).is_empty()
}

/// Writes the findings in the requested detail.
fn findings(view: &View, detail: Detail, paper: &mut Paper<'_>) -> io::Result<()> {
    let is_few = fold::entries(view).len() <= FEW;
    match (detail, view.command) {
        _ if is_stopped(view, detail) => stopped::write(view, detail, paper),
        (Detail::Full, _) | (_, Command::Verify) => finding::all(view, detail, paper),
        _ if is_few => overview::by_agent(view, paper).and_then(|()| finding::all(view, detail, paper)),
        _ => overview::write(view, detail, paper),
    }
}

/// Writes how to allow a false alarm, if the user has just written the text. Only one finding is named, however many
/// there are, since each needs a decision.
fn false_alarm(view: &View, paper: &mut Paper<'_>) -> io::Result<()> {
    if !matches!(view.command, Command::Staged | Command::Range | Command::Files | Command::Context | Command::Agents) {
        return Ok(());
    }
    // Findings in a group are expired or doubtful.
    let alone = fold::entries(view).into_iter().filter_map(|entry| match entry {
        Entry::One(one) => Some(one),
        Entry::Group(_) => None,
    });
    let (waiting, open): (Vec<&FindingView>, Vec<&FindingView>) = alone.partition(|one| words::is_waiting(one));
    if !waiting.is_empty() {
        paper.paragraph(("", style::plain), &words::waiting(view, waiting.len()), style::faint)?;
    }
    let Some(first) = open.first() else { return Ok(()) };
    let (text, command) = if matches!(view.command, Command::Files | Command::Context | Command::Agents)
        && !view.is_stored
    {
        (
            "A false alarm? This comment allows it, after the value or alone on the line above; in a file without comments, use an [[allow]] entry in .keysweep.toml:",
            format!("keysweep:allow {}={} REASON", first.rule, first.id),
        )
    } else {
        let text = match open.len() {
            1 => "A false alarm? This allows it with your reason, and says how to commit that:",
            _ => "Is one a false alarm? This allows it with your reason, and says how to commit that:",
        };
        (text, format!("keysweep allow {} --reason '…'", first.id))
    };
    // A command broken over two lines would be copied as two.
    if paper.fits(text.chars().count() + 1 + command.chars().count()) {
        let line = [(text, style::faint as paper::Style), (" ", style::plain), (&command, style::command)];
        return paper.spans(("", style::plain), &line);
    }
    paper.paragraph(("", style::plain), text, style::faint)?;
    paper.paragraph(("", style::plain), &command, style::command)
}

fn remarks(view: &View, detail: Detail, paper: &mut Paper<'_>) -> io::Result<()> {
    let most = match detail {
        Detail::Full => usize::MAX,
        Detail::Quiet | Detail::Overview if fold::entries(view).len() > FEW => REMARKS_BELOW,
        Detail::Quiet | Detail::Overview => MOST_REMARKS,
    };
    for gap in view.gaps.iter().take(most) {
        paper.paragraph(("not read  ", style::warn), &format!("{}: {}", gap.what, gap.why), style::plain)?;
    }
    let more = view.gaps.len().saturating_sub(most);
    if more > 0 {
        paper.paragraph(
            ("not read  ", style::warn),
            &format!("{more} more; {}", words::way_to_all(view)),
            style::plain,
        )?;
    }
    for note in view.notes.iter().take(most) {
        paper.paragraph(("note  ", style::faint), &note.text, style::plain)?;
    }
    let more = view.notes.len().saturating_sub(most);
    if more > 0 {
        paper.paragraph(
            ("note  ", style::faint),
            &format!("{more} more; {}", words::way_to_all(view)),
            style::plain,
        )?;
    }
    Ok(())
}

fn summary(view: &View, paper: &mut Paper<'_>) -> io::Result<()> {
    let (scope, read, verdict) = (&view.scope, words::read(view), words::verdict(&view.summary));
    let held = words::held_back(&view.summary);
    let gaps = view.gaps.len();
    let (style, rest): (paper::Style, String) = match view.summary.verdict {
        Verdict::Clean => (style::good, format!("in {scope}{held}: {read}")),
        Verdict::Unknown => (
            style::warn,
            format!(
                "of {scope}: {} could not be read; in the rest ({read}) no secret{} was found{held}",
                plural(gaps, "part"),
                words::qualified(&view.summary),
            ),
        ),
        Verdict::Findings => {
            let gaps = if gaps == 0 { String::new() } else { format!("; {} not read", plural(gaps, "part")) };
            (style::bad, format!("in {scope}{held}: {read}{gaps}"))
        }
    };
    paper.sentence(&verdict, style, &rest)?;
    words::asides(view).iter().try_for_each(|text| paper.paragraph(("", style::plain), text, style::faint))
}
