//! Pages: the content and its order, before any format. Markdown, HTML and the terminal each write these blocks;
//! `report` builds the page of a report.
//!
//! The texts come from a view, so they are masked and hold no control characters; each writer escapes the characters
//! that have a meaning in its format.

use std::collections::{BTreeMap, HashSet};

use super::fold::Group;
use super::view::{FindingView, OccurrenceView, StepView};
use super::words::{self, plural};
use super::{asked, brief};
use crate::finding::Link;
use crate::rule::Severity;
use crate::text::escape;

/// The most places and refs listed for one finding.
const MAX_LISTED: usize = 500;

/// The meaning that a colour conveys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// All is well.
    Good,
    /// The result is unknown.
    Unsure,
    /// Something is wrong.
    Bad,
    /// Something is badly wrong.
    Worst,
    /// Neither good nor bad.
    Plain,
}

/// A part of a line.
#[derive(Debug, Clone)]
pub enum Inline {
    /// Trusted words.
    Text(String),
    /// Emphasised words.
    Strong(String),
    /// Words that may include untrusted text.
    Untrusted(String),
    /// Literal text that may be untrusted: a path, a name, an id.
    Code(String),
    /// A word with a colour.
    Badge(Tone, String),
    /// The address of a web page.
    Link(String),
    /// Literal text with a web page.
    Page(String, Link),
    /// A link to a card of this page: the id of its finding, and the text.
    Goto(String, String),
}

/// The ids of the findings that have a card on the page.
pub struct Cards<'v>(pub HashSet<&'v str>);

impl Cards<'_> {
    /// Returns words that lead to the card of a finding, or words next to its id if it has no card.
    pub fn lead_to(&self, one: &FindingView, words: String) -> Line {
        if self.0.contains(&*one.id) {
            vec![Inline::Goto(one.id.clone(), words)]
        } else {
            vec![text(words), text(" "), code(&one.id)]
        }
    }
}

/// The parts of a line, in order.
pub type Line = Vec<Inline>;

/// A part of a page.
#[derive(Debug, Clone)]
pub enum Block {
    /// The overall result.
    Verdict(Tone, String),
    /// A heading of the given level.
    Heading(u8, Line),
    /// Counts for each kind, grouped by facet.
    Tiles(Vec<(&'static str, Vec<Tile>)>),
    /// The duties in order.
    Duties(Vec<Duty>),
    /// The table of findings, one row each.
    Index(Index),
    /// A section of the page: the findings of one kind and their plan.
    Section(Vec<Self>),
    /// The details of one finding.
    Card(Card),
    /// Lines that are separate items; a single one is a paragraph.
    Lines(Vec<Line>),
    /// Names, each with its lines.
    Facts(Vec<(&'static str, Vec<Line>)>),
    /// Column heads and rows.
    Table(Vec<&'static str>, Vec<Vec<Line>>),
    /// Tasks to tick off.
    Checklist(Vec<Task>),
    /// A description, and the command that it describes.
    Command(String, String),
    /// A title, and details that only some readers want to see.
    Fold(String, Vec<Self>),
}

/// The number of findings of one kind.
#[derive(Debug, Clone)]
pub struct Tile {
    /// The tone of the tile.
    pub tone: Tone,
    /// The number of findings.
    pub count: usize,
    /// The name of the kind.
    pub name: &'static str,
    /// The facet of the index that selects these findings.
    pub facet: Facet,
}

/// A duty, and the items that it is about.
#[derive(Debug, Clone)]
pub struct Duty {
    /// The action to take.
    pub title: String,
    /// The command to begin with; empty if there is none.
    pub command: String,
    /// The items that it is about, one per line.
    pub items: Vec<Line>,
}

/// A table of findings that a reader can filter.
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
    /// The id of the finding, or of the first of a group.
    pub id: String,
    /// The facets it can be filtered by.
    pub facets: Vec<(Facet, String)>,
    /// A cell for each head.
    pub cells: Vec<Line>,
}

/// The facets that rows of the index can be filtered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Facet {
    /// The severity of the leak.
    Severity,
    /// The stage that the secret has reached.
    Stage,
    /// Presence in HEAD.
    Head,
    /// The rule that found it.
    Rule,
}

impl Facet {
    /// Returns the name of the facet.
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
    /// The tone of its severity.
    pub tone: Tone,
    /// The finding's id.
    pub id: String,
    /// The card's title.
    pub title: Line,
    /// The location, in short.
    pub place: Line,
    /// The initial state, for a format that can fold the card.
    pub sight: Sight,
    /// The other blocks.
    pub blocks: Vec<Block>,
}

/// The initial state of an element that a format can fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// Shown at once.
    Open,
    /// Folded until the reader unfolds it.
    Folded,
}

/// A task.
#[derive(Debug, Clone)]
pub struct Task {
    /// The purpose of the task, or who does it.
    pub label: &'static str,
    /// The action to take.
    pub title: String,
    /// The command that does it; empty if there is none.
    pub command: String,
    /// The lines to write into a file; empty if there are none.
    pub lines: String,
    /// Placeholders of the command or the lines, each with how to find its value.
    pub missing: BTreeMap<String, String>,
    /// The address of a page with more details; empty if there is none.
    pub link: String,
}

impl From<&StepView> for Task {
    fn from(step: &StepView) -> Self {
        let StepView { kind, title, command, lines, missing, link } = step.clone();
        Self { label: kind.as_str(), title, command, lines, missing, link }
    }
}

/// Returns the checklist of these steps.
pub fn checklist(steps: &[StepView]) -> Block {
    Block::Checklist(steps.iter().map(Task::from).collect())
}

/// Returns trusted words.
pub fn text(words: impl Into<String>) -> Inline {
    Inline::Text(words.into())
}

/// Returns words that may include untrusted text.
pub fn untrusted(words: impl Into<String>) -> Inline {
    Inline::Untrusted(words.into())
}

/// Returns literal text.
pub fn code(words: impl Into<String>) -> Inline {
    Inline::Code(words.into())
}

/// Returns the page of one finding with every detail, and remarks about the report.
pub fn finding(one: &FindingView, sentences: Vec<String>) -> Vec<Block> {
    let mut card = card(one, Sight::Open);
    card.blocks.insert(0, remarks(sentences));
    let mut page = vec![Block::Card(card)];
    if !one.plan.is_empty() {
        page.extend([Block::Heading(3, vec![text("What to do")]), checklist(&one.plan)]);
    }
    page
}

/// Returns the tone of a severity.
pub fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Critical => Tone::Worst,
        Severity::High => Tone::Bad,
        Severity::Medium => Tone::Unsure,
        Severity::Low => Tone::Plain,
    }
}

/// Returns the badge of a severity.
pub fn severity(severity: Severity) -> Inline {
    Inline::Badge(tone(severity), severity.as_str().to_owned())
}

/// Returns the card of a group: one line that describes it, and the findings with their ids, folded.
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

/// Returns the card of one secret.
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

/// Returns the facts about exposure: when the secret came and went, what reaches it, who could have pulled it.
fn exposure(one: &FindingView) -> Vec<(&'static str, Vec<Line>)> {
    let exposure = &one.exposure;
    let stage = Inline::Strong(one.stage.as_str().to_owned());
    let mut how_far = vec![vec![stage, text(format!(": {}", words::stage_clause(one)))]];
    if exposure.held_in > 0 {
        let head = if exposure.in_head == Some(true) { "HEAD is one of them" } else { "HEAD is not one of them" };
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

/// Returns a line that names some of the given number of refs.
fn named(words: String, names: &[String], count: usize) -> Line {
    const IN_SIGHT: usize = 8;
    let shown = names.iter().take(IN_SIGHT).flat_map(|name| [text(" "), code(name)]);
    let more = count.saturating_sub(names.len().min(IN_SIGHT));
    let more = (more > 0).then(|| text(format!(" and {more} more")));
    std::iter::once(text(format!("{words}:"))).chain(shown).chain(more).collect()
}

/// Returns all places: the few that are shown at once, and the others.
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

/// Returns a line with a place and what keeps it there.
fn place(at: &OccurrenceView) -> Line {
    let retention = words::retention(at).map(|words| untrusted(format!("; {words}")));
    [linked(words::place(at), at.link.as_ref())].into_iter().chain(retention).collect()
}

/// Returns the place that represents all, in short.
pub fn at(one: &FindingView) -> Inline {
    linked(brief::at(one), brief::place(one).and_then(|place| place.link.as_ref()))
}

/// Returns words for a place, with a link to its page if it has one.
fn linked(place: String, link: Option<&Link>) -> Inline {
    match link {
        Some(link) => Inline::Page(place, link.clone()),
        None => code(place),
    }
}

/// Returns a block of remarks.
pub fn remarks(sentences: Vec<String>) -> Block {
    Block::Lines(sentences.into_iter().map(|words| vec![untrusted(words)]).collect())
}
