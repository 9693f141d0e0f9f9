//! Pages: what is said, and in what order, before any format. Markdown, HTML and the terminal each write these blocks; the page
//! of a report is put together in `report`.
//!
//! The texts come from a view, so they are masked and hold no control characters; what a format reads as its own signs is
//! for its writer to escape.

use std::collections::{BTreeMap, HashSet};

use super::fold::Group;
use super::view::{FindingView, OccurrenceView, StepView};
use super::words::{self, plural};
use super::{asked, brief};
use crate::finding::Link;
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

/// The ids of the findings that a page has a card of.
pub struct Cards<'v>(pub HashSet<&'v str>);

impl Cards<'_> {
    /// Words that lead to the card of a finding, or stand next to its id if there is none.
    pub fn lead_to(&self, one: &FindingView, words: String) -> Line {
        if self.0.contains(&*one.id) {
            vec![Inline::Goto(one.id.clone(), words)]
        } else {
            vec![text(words), text(" "), code(&one.id)]
        }
    }
}

/// Pieces in a row.
pub type Line = Vec<Inline>;

/// A part of a page.
#[derive(Debug, Clone)]
pub enum Block {
    /// The overall result.
    Verdict(Tone, String),
    /// A heading of this level.
    Heading(u8, Line),
    /// How many there are of each kind, under what the kinds are.
    Tiles(Vec<(&'static str, Vec<Tile>)>),
    /// The duties, in order.
    Duties(Vec<Duty>),
    /// The findings, a row each.
    Index(Index),
    /// A section of blocks that belong together: findings of one kind and their plan.
    Lot(Vec<Self>),
    /// The details of one finding.
    Card(Card),
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
    /// Details that only some readers want to see.
    Fold(String, Vec<Self>),
}

/// How many there are of a kind.
#[derive(Debug, Clone)]
pub struct Tile {
    /// How bad that is.
    pub tone: Tone,
    /// How many.
    pub count: usize,
    /// Their name.
    pub name: &'static str,
    /// By which facet of the index they are found.
    pub facet: Facet,
}

/// Something to see to, and what it is about.
#[derive(Debug, Clone)]
pub struct Duty {
    /// The action to take.
    pub title: String,
    /// The command that begins it; empty if there is none.
    pub command: String,
    /// The items that it is about, one per line.
    pub items: Vec<Line>,
}

/// A table of findings that a reader may narrow down.
#[derive(Debug, Clone)]
pub struct Index {
    /// The heads of the columns.
    pub heads: Vec<&'static str>,
    /// The rows.
    pub rows: Vec<Row>,
}

/// A row of the index.
#[derive(Debug, Clone)]
pub struct Row {
    /// The id of the finding, or of the first of those that are told together.
    pub id: String,
    /// The facets it can be filtered by.
    pub facets: Vec<(Facet, String)>,
    /// A cell for each head.
    pub cells: Vec<Line>,
}

/// The facets that rows of the index can be filtered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Facet {
    /// How bad a leak is.
    Severity,
    /// How far it got.
    Stage,
    /// The presence in HEAD.
    Head,
    /// The rule that found it.
    Rule,
}

impl Facet {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Severity => "severity",
            Self::Stage => "stage",
            Self::Head => "head",
            Self::Rule => "rule",
        }
    }
}

/// The details of one finding.
#[derive(Debug, Clone)]
pub struct Card {
    /// How bad it is.
    pub tone: Tone,
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: Line,
    /// Where it is, in short.
    pub place: Line,
    /// The initial state, where a format can fold it.
    pub sight: Sight,
    /// All the rest.
    pub blocks: Vec<Block>,
}

/// The initial state of something that a format can fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// It is shown at once.
    Open,
    /// A reader unfolds it.
    Folded,
}

/// Something to be done.
#[derive(Debug, Clone)]
pub struct Task {
    /// Its purpose, or who does it.
    pub label: &'static str,
    /// The action to take.
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

/// The page of one finding of a report, with all there is, and what is said of the report itself.
pub fn finding(one: &FindingView, said: Vec<String>) -> Vec<Block> {
    let mut card = card(one, Sight::Open);
    card.blocks.insert(0, remarks(said));
    let mut page = vec![Block::Card(card)];
    if !one.plan.is_empty() {
        page.extend([Block::Heading(3, vec![text("What to do")]), checklist(&one.plan)]);
    }
    page
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

/// The badge of a severity.
pub fn severity(severity: Severity) -> Inline {
    Inline::Badge(tone(severity), severity.as_str().to_owned())
}

/// Findings that are told together: what they are in one line, and each with its id for who unfolds it.
pub fn group(together: &Group<'_>) -> Card {
    let first = together.first();
    let more = together.count().saturating_sub(MAX_LISTED);
    let more = (more > 0).then(|| vec![text(format!("and {more} more (--format json lists all)"))]);
    let each = together.all().take(MAX_LISTED).map(|one| {
        let place = one.occurrences.first().map(words::place).unwrap_or_default();
        vec![code(&one.id), text(" "), code(place)]
    });
    Card {
        tone: tone(first.severity),
        id: first.id.clone(),
        title: vec![severity(first.severity), text(" "), Inline::Strong(first.name.clone())],
        place: vec![text(plural(together.count(), "secret"))],
        sight: Sight::Folded,
        blocks: vec![
            Block::Lines(vec![vec![text(format!("{}: ", first.rule)), untrusted(together.line())]]),
            Block::Fold(plural(together.count(), "finding"), vec![Block::Lines(each.chain(more).collect())]),
        ],
    }
}

/// Returns the card of one secret, with how far it got.
pub fn card(one: &FindingView, sight: Sight) -> Card {
    let value = one.secret.as_ref().map(|secret| escape(secret.as_bytes()));
    let mut facts: Vec<(&'static str, Vec<Line>)> = vec![
        ("Id", vec![vec![code(&one.id), text(", rule "), code(&one.rule)]]),
        ("Value", vec![vec![code(value.as_ref().unwrap_or(&one.preview))]]),
        ("Opens", vec![vec![text(&one.impact)]]),
        ("Why", vec![vec![untrusted(words::reasons(one))]]),
    ];
    let context = brief::place(one).and_then(|place| place.context.as_ref());
    facts.extend(context.map(|context| ("Line", vec![vec![code(words::line(context))]])));
    facts.extend(asked::of(one).map(|words| ("Asked", vec![vec![untrusted(words)]])));
    facts.extend(words::suppression(one).map(|words| ("Allowed", vec![vec![untrusted(words)]])));
    facts.extend(exposure(one));
    let (near, far) = places(one);
    facts.push(("Where", near));
    let mut blocks = vec![Block::Facts(facts)];
    if !far.is_empty() {
        blocks.push(Block::Fold(plural(far.len(), "more place"), vec![Block::Lines(far)]));
    }
    blocks.extend(one.show.as_ref().map(|show| Block::Command(words::SHOW.to_owned(), show.command.clone())));
    Card {
        tone: tone(one.severity),
        id: one.id.clone(),
        title: vec![severity(one.severity), text(" "), Inline::Strong(one.name.clone())],
        place: vec![code(brief::at(one))],
        sight,
        blocks,
    }
}

/// When it came and went, what reaches it, who could have pulled it.
fn exposure(one: &FindingView) -> Vec<(&'static str, Vec<Line>)> {
    let exposure = &one.exposure;
    let stage = Inline::Strong(one.stage.as_str().to_owned());
    let mut how_far = vec![vec![stage, text(format!(": {}", words::stage_clause(one)))]];
    if exposure.held_in > 0 {
        let head = if exposure.in_head { "HEAD is one of them" } else { "HEAD is not one of them" };
        let commits = if exposure.held_in == 1 {
            "1 commit contains it".to_owned()
        } else {
            format!("{} commits contain it", exposure.held_in)
        };
        how_far.push(vec![text(format!("{commits}; {head}"))]);
    }
    let mut facts = vec![("Exposure", how_far)];
    let line = |words: String| vec![vec![untrusted(words)]];
    facts.extend(words::entered(exposure).map(|words| ("Added", line(words))));
    facts.extend(words::left(exposure).map(|words| ("Until", line(words))));
    facts.extend(words::outside(exposure).map(|words| ("Caution", line(words))));
    if exposure.ref_count > 0 {
        let mut lines = vec![named(words::kinds(exposure), &exposure.refs, exposure.ref_count)];
        if !exposure.tips.is_empty() {
            lines.push(named("still at the tip of".to_owned(), &exposure.tips, exposure.tips.len()));
        }
        facts.push(("Reached from", lines));
    }
    if !exposure.remotes.is_empty() {
        let remotes = exposure.remotes.iter().map(|remote| vec![untrusted(words::pulled(remote))]).collect();
        facts.push(("Can be pulled from", remotes));
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

/// Every place: a few to be seen at once, and the others.
fn places(one: &FindingView) -> (Vec<Line>, Vec<Line>) {
    const IN_SIGHT: usize = 3;
    let mut lines: Vec<Line> = one.occurrences.iter().take(MAX_LISTED).map(place).collect();
    let more = one.occurrences.len().saturating_sub(MAX_LISTED);
    if more > 0 {
        lines.push(vec![text(format!("and {more} more (--format json lists all)"))]);
    }
    let far = lines.split_off(lines.len().min(IN_SIGHT));
    (lines, far)
}

/// A place, and what keeps it.
fn place(at: &OccurrenceView) -> Line {
    let retention = words::retention(at).map(|words| untrusted(format!("; {words}")));
    [linked(words::place(at), at.link.as_ref())].into_iter().chain(retention).collect()
}

/// The place that stands for all, in short.
pub fn at(one: &FindingView) -> Inline {
    linked(brief::at(one), brief::place(one).and_then(|place| place.link.as_ref()))
}

/// Words for a place, which lead to its page if it has one.
fn linked(place: String, link: Option<&Link>) -> Inline {
    match link {
        Some(link) => Inline::Page(place, link.clone()),
        None => code(place),
    }
}

/// Remarks about a page.
pub fn remarks(said: Vec<String>) -> Block {
    Block::Lines(said.into_iter().map(|words| vec![untrusted(words)]).collect())
}
