//! Pages: what is said, and in what order, before any format. Markdown, HTML and the terminal each write these blocks.
//!
//! The texts come from a view, so they are masked and hold no control characters; what a format reads as its own signs is
//! for its writer to escape.

use std::collections::BTreeMap;

use super::Detail;
use super::brief;
use super::fold::{self, Entry, Group};
use super::view::{FindingView, GapView, OccurrenceView, StepView, View};
use super::words::{self, day, plural, short};
use crate::finding::{Link, Stage, Verdict};
use crate::rule::Severity;
use crate::text::escape;

/// Places and refs that are listed for one finding, at most.
const MAX_LISTED: usize = 500;

/// How something is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// All is well.
    Good,
    /// Nobody knows.
    Unsure,
    /// Something is wrong.
    Bad,
    /// Something is badly wrong.
    Worst,
    /// Neither.
    Plain,
}

/// A piece of a line.
#[derive(Debug, Clone)]
pub enum Inline {
    /// Words.
    Text(String),
    /// Words that matter.
    Strong(String),
    /// Words with something in them that may come from anybody.
    Untrusted(String),
    /// Something literal, that may come from anybody: a path, a name, an id.
    Code(String),
    /// A word with a colour.
    Badge(Tone, String),
    /// A page on the web.
    Link(String),
    /// Something literal that has a page on the web.
    Page(String, Link),
    /// A card of this page, by the id of its finding.
    Goto(String, String),
}

/// Pieces in a row.
pub type Line = Vec<Inline>;

/// A part of a page.
#[derive(Debug, Clone)]
pub enum Block {
    /// What it all comes to.
    Verdict(Tone, String),
    /// A heading of this level.
    Heading(u8, Line),
    /// The heading of a finding, by its id.
    Card(Tone, String, Line),
    /// Lines, each by itself; a single one is a paragraph.
    Lines(Vec<Line>),
    /// Names, and what there is to say to each.
    Facts(Vec<(&'static str, Vec<Line>)>),
    /// Rows below heads.
    Table(Vec<&'static str>, Vec<Vec<Line>>),
    /// Tasks to tick off.
    Checklist(Vec<Task>),
    /// A command, behind what it does.
    Command(String, String),
    /// What only some will want to see.
    Fold(String, Vec<Self>),
}

/// Something to be done.
#[derive(Debug, Clone)]
pub struct Task {
    /// What it is for, or who does it.
    pub label: &'static str,
    /// What to do.
    pub title: String,
    /// The command that does it; empty if there is none.
    pub command: String,
    /// Placeholders of the command, each with how to find its value.
    pub missing: BTreeMap<String, String>,
    /// A page that says more; empty if there is none.
    pub link: String,
}

impl From<&StepView> for Task {
    fn from(step: &StepView) -> Self {
        let StepView { kind, title, command, missing, link } = step.clone();
        Self { label: kind.as_str(), title, command, missing, link }
    }
}

/// The list of these steps.
pub fn checklist(steps: &[StepView]) -> Block {
    Block::Checklist(steps.iter().map(Task::from).collect())
}

/// Words.
pub fn text(words: impl Into<String>) -> Inline {
    Inline::Text(words.into())
}

/// Words with something in them that may come from anybody.
pub fn untrusted(words: impl Into<String>) -> Inline {
    Inline::Untrusted(words.into())
}

/// Something literal.
pub fn code(words: impl Into<String>) -> Inline {
    Inline::Code(words.into())
}

/// The page of a report.
pub fn report(view: &View, detail: Detail) -> Vec<Block> {
    let mut page = top(view);
    if !view.findings.is_empty() {
        page.push(Block::Heading(2, vec![text("Secrets, worst first")]));
        page.push(overview(view));
        page.extend(timeline(view));
    }
    let mut is_told = false;
    for (lot, steps) in fold::by_plan(view) {
        let is_left = lot.iter().any(|entry| entry.first().stage == Stage::Leftover);
        if is_left && !is_told {
            page.push(Block::Heading(2, vec![text("Never committed, only leftovers in this clone")]));
            is_told = true;
        }
        for entry in &lot {
            match entry {
                Entry::One(one) => page.extend(card(one)),
                Entry::Group(together) => page.extend(group(together)),
            }
        }
        if detail != Detail::Quiet {
            page.extend(plan(&steps, lot.len()));
        }
    }
    page
}

/// The page of one finding of a report, with all there is.
pub fn finding(one: &FindingView) -> Vec<Block> {
    let mut page = card(one);
    page.extend(plan(&one.plan, 1));
    page
}

/// The verdict, and what it rests on.
fn top(view: &View) -> Vec<Block> {
    let name = view.repository.as_deref().unwrap_or("files");
    let title = Block::Heading(1, vec![text("Secrets in "), code(name)]);
    let summary = &view.summary;
    let gaps = plural(view.gaps.len(), "part");
    let (of_what, held) = (words::qualified(summary), words::held_back(summary));
    let verdict = match summary.verdict {
        Verdict::Clean => {
            Block::Verdict(Tone::Good, format!("No secrets{of_what} found{held}. All of what was asked for was read."))
        }
        Verdict::Unknown => Block::Verdict(
            Tone::Unsure,
            format!(
                "Could not tell. {gaps} could not be read, so this is no all-clear; in the rest no secret{of_what} was found{held}."
            ),
        ),
        Verdict::Findings if view.gaps.is_empty() => {
            Block::Verdict(Tone::Bad, format!("{} found{held}.", words::verdict(summary)))
        }
        Verdict::Findings => Block::Verdict(
            Tone::Bad,
            format!("{} found{held}. {gaps} could not be read, so there may be more.", words::verdict(summary)),
        ),
    };
    let mut facts =
        vec![("Asked for", vec![vec![untrusted(&view.scope)]]), ("Read", vec![vec![text(words::read(view))]])];
    let made = view.made_at.as_ref().map(|time| text(format!("{time} by keysweep {}", view.version)));
    facts.extend(made.map(|made| ("Made", vec![vec![made]])));
    facts.extend(view.head.as_ref().map(|head| ("HEAD", vec![vec![code(head)]])));
    let asides: Vec<Line> = words::asides(summary).into_iter().map(|aside| vec![text(aside)]).collect();
    facts.extend((!asides.is_empty()).then_some(("Not shown", asides)));
    let mut top = vec![title, verdict, Block::Facts(facts)];
    top.extend(not_read(&view.gaps));
    if !view.notes.is_empty() {
        let notes = view.notes.iter().map(|note| vec![untrusted(&note.text)]).collect();
        top.push(Block::Fold(
            format!("{} on what was read", plural(view.notes.len(), "note")),
            vec![Block::Lines(notes)],
        ));
    }
    top
}

/// The gaps: a few in sight, many folded.
fn not_read(gaps: &[GapView]) -> Vec<Block> {
    const IN_SIGHT: usize = 5;
    let line = |gap: &GapView| vec![code(&gap.what), text(": "), untrusted(&gap.why)];
    let mut lines: Vec<Line> = gaps.iter().map(line).collect();
    let folded = lines.split_off(lines.len().min(IN_SIGHT));
    let mut blocks = Vec::new();
    if !lines.is_empty() {
        blocks.push(Block::Heading(2, vec![text("Not read")]));
        blocks.push(Block::Lines(lines));
    }
    if !folded.is_empty() {
        blocks.push(Block::Fold(format!("{} more", folded.len()), vec![Block::Lines(folded)]));
    }
    blocks
}

/// A row for each finding; of those that are told together only the first has one.
fn overview(view: &View) -> Block {
    let row = |entry: &Entry<'_>| {
        let one = entry.first();
        let others = entry.count() - 1;
        let others = if others == 0 { String::new() } else { format!(" and {others} more of the kind") };
        vec![
            vec![severity(one)],
            vec![Inline::Goto(one.id.clone(), format!("{}{others}", one.name))],
            vec![text(one.stage.as_str())],
            vec![text(if one.exposure.in_head { "yes" } else { "no" })],
            vec![text(one.exposure.first_seen.as_deref().map(day).unwrap_or_default())],
            one.occurrences.first().map(|place| vec![code(&place.path)]).unwrap_or_default(),
        ]
    };
    let heads = vec!["Severity", "What", "Stage", "In HEAD", "Since", "Where"];
    Block::Table(heads, fold::entries(view).iter().map(row).collect())
}

/// When each came in and went, oldest first.
fn timeline(view: &View) -> Vec<Block> {
    let mut events: Vec<(&str, Vec<Line>)> = Vec::new();
    for one in fold::entries(view).iter().map(Entry::first) {
        let row = |time: &str, what: &str, commit: &str, author: &str| {
            let name = Inline::Goto(one.id.clone(), one.name.clone());
            vec![vec![text(day(time))], vec![text(what)], vec![name], vec![text(short(commit))], vec![code(author)]]
        };
        let exposure = &one.exposure;
        if let (Some(time), Some(commit)) = (&exposure.first_seen, &exposure.first_commit) {
            events.push((time, row(time, "came in", commit, exposure.first_author.as_deref().unwrap_or_default())));
        }
        if let Some(gone) = &exposure.removed {
            events.push((&gone.time, row(&gone.time, "left HEAD", &gone.commit, &gone.author)));
        }
    }
    events.sort_by(|a, b| a.0.cmp(b.0));
    if events.is_empty() {
        return Vec::new();
    }
    let heads = vec!["Day", "", "What", "Commit", "By"];
    let rows = events.into_iter().map(|(_, row)| row).collect();
    vec![Block::Heading(2, vec![text("When each came in and left HEAD")]), Block::Table(heads, rows)]
}

/// How bad a severity is.
pub fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Critical => Tone::Worst,
        Severity::High => Tone::Bad,
        Severity::Medium => Tone::Unsure,
        Severity::Low => Tone::Plain,
    }
}

fn severity(one: &FindingView) -> Inline {
    Inline::Badge(tone(one.severity), one.severity.as_str().to_owned())
}

/// Findings that are told together: what they are in one line, and each with its id for who unfolds it.
fn group(together: &Group<'_>) -> Vec<Block> {
    let first = together.first();
    let names = vec![severity(first), text(" "), Inline::Strong(first.name.clone())];
    let line = vec![text(format!("{}: ", first.rule)), untrusted(together.line())];
    let each = together.all().take(MAX_LISTED).map(|one| {
        let place = one.occurrences.first().map(words::place).unwrap_or_default();
        vec![code(&one.id), text(" "), code(place)]
    });
    vec![
        Block::Card(tone(first.severity), first.id.clone(), names),
        Block::Lines(vec![line]),
        Block::Fold(plural(together.count(), "finding"), vec![Block::Lines(each.collect())]),
    ]
}

/// What one secret is and how far it got.
fn card(one: &FindingView) -> Vec<Block> {
    let names = vec![severity(one), text(" "), Inline::Strong(one.name.clone())];
    let value = one.secret.as_ref().map(|secret| escape(secret.as_bytes()));
    let mut facts: Vec<(&'static str, Vec<Line>)> = vec![
        ("Id", vec![vec![code(&one.id), text(", rule "), code(&one.rule)]]),
        ("Value", vec![vec![code(value.as_ref().unwrap_or(&one.preview))]]),
        ("Opens", vec![vec![text(&one.impact)]]),
        ("Why", vec![vec![untrusted(words::reasons(one))]]),
    ];
    let context = brief::place(one).and_then(|place| place.context.as_ref());
    facts.extend(context.map(|context| ("Line", vec![vec![code(words::line(context))]])));
    facts.extend(words::suppression(one).map(|words| ("Allowed", vec![vec![untrusted(words)]])));
    facts.extend(exposure(one));
    let mut blocks = vec![Block::Card(tone(one.severity), one.id.clone(), names), Block::Facts(facts)];
    blocks.extend(places(one));
    blocks.extend(one.show.as_ref().map(|show| Block::Command(words::SHOW.to_owned(), show.command.clone())));
    blocks
}

/// When it came and went, what reaches it, who could have pulled it.
fn exposure(one: &FindingView) -> Vec<(&'static str, Vec<Line>)> {
    let exposure = &one.exposure;
    let stage = Inline::Strong(one.stage.as_str().to_owned());
    let mut how_far = vec![vec![stage, text(format!(": {}", words::stage_clause(one)))]];
    if exposure.held_in > 0 {
        let head = if exposure.in_head { "HEAD is one of them" } else { "HEAD is not one of them" };
        let commits = if exposure.held_in == 1 {
            "1 commit holds it".to_owned()
        } else {
            format!("{} commits hold it", exposure.held_in)
        };
        how_far.push(vec![text(format!("{commits}; {head}"))]);
    }
    let mut facts = vec![("How far", how_far)];
    let line = |words: String| vec![vec![untrusted(words)]];
    facts.extend(words::entered(exposure).map(|words| ("Came in", line(words))));
    facts.extend(words::left(exposure).map(|words| ("Until", line(words))));
    facts.extend(words::outside(exposure).map(|words| ("Mind", line(words))));
    if exposure.ref_count > 0 {
        let mut lines = vec![named(words::kinds(exposure), &exposure.refs, exposure.ref_count)];
        if !exposure.tips.is_empty() {
            lines.push(named("still at the tip of".to_owned(), &exposure.tips, exposure.tips.len()));
        }
        facts.push(("Reached from", lines));
    }
    if !exposure.remotes.is_empty() {
        let remotes = exposure.remotes.iter().map(|remote| vec![untrusted(words::pulled(remote))]).collect();
        facts.push(("Can be had from", remotes));
    }
    facts
}

/// Some of so many refs.
fn named(words: String, names: &[String], count: usize) -> Line {
    const IN_SIGHT: usize = 8;
    let shown = names.iter().take(IN_SIGHT).flat_map(|name| [text(" "), code(name)]);
    let more = count.saturating_sub(names.len().min(IN_SIGHT));
    let more = (more > 0).then(|| text(format!(" and {more} more")));
    std::iter::once(text(format!("{words}:"))).chain(shown).chain(more).collect()
}

/// Every place; a few in sight, many folded.
fn places(one: &FindingView) -> Vec<Block> {
    const IN_SIGHT: usize = 3;
    let mut lines: Vec<Line> = one.occurrences.iter().take(MAX_LISTED).map(place).collect();
    let more = one.occurrences.len().saturating_sub(MAX_LISTED);
    if more > 0 {
        lines.push(vec![text(format!("and {more} more (--format json lists all)"))]);
    }
    let folded = lines.split_off(lines.len().min(IN_SIGHT));
    let mut blocks = vec![Block::Heading(3, vec![text("Where")]), Block::Lines(lines)];
    if !folded.is_empty() {
        blocks.push(Block::Fold(format!("{} more", folded.len()), vec![Block::Lines(folded)]));
    }
    blocks
}

/// What to do about so many findings.
fn plan(steps: &[StepView], count: usize) -> Vec<Block> {
    if steps.is_empty() {
        return Vec::new();
    }
    let title = if count == 1 { "What to do".to_owned() } else { format!("What to do about these {count}") };
    vec![Block::Heading(3, vec![text(title)]), checklist(steps)]
}

/// A place, and what keeps it.
fn place(at: &OccurrenceView) -> Line {
    let retention = words::retention(at).map(|words| untrusted(format!("; {words}")));
    let place = words::place(at);
    let place = match &at.link {
        Some(link) => Inline::Page(place, link.clone()),
        None => code(place),
    };
    [place].into_iter().chain(retention).collect()
}

/// Remarks about a page.
pub fn remarks(said: Vec<String>) -> Block {
    Block::Lines(said.into_iter().map(|words| vec![untrusted(words)]).collect())
}
