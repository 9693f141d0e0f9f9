//! The page of a report: the verdict and its basis, the duties, the table of findings, when they came and went, and for
//! each kind its plan and the details of its findings.

use std::collections::BTreeMap;

use super::Detail;
use super::agents;
use super::duties;
use super::fold::{self, Entry};
use super::page::{self, Block, Cards, Facet, Index, Line, Row, Sight, Task, Tile, Tone, code, text, untrusted};
use super::timeline;
use super::view::{GapView, View};
use super::words::{self, day, plural};
use crate::finding::{Stage, Verdict};
use crate::rule::Severity;

/// The most rows of the table; a browser can still open and filter this many at once.
const MAX_ROWS: usize = 5_000;
/// The most findings that are described in full.
const MAX_CARDS: usize = 1_000;

/// A page in parts that may be cut off at its end.
pub struct Parts {
    /// The blocks before all findings.
    pub top: Vec<Block>,
    /// The findings, one lot for each kind.
    pub sections: Vec<Section>,
    /// The number of findings left out after the lots.
    pub left_out: usize,
}

/// Findings of one kind.
pub struct Section {
    /// The names of the findings, and the steps for them.
    pub head: Vec<Block>,
    /// The cards of the findings, each with the number of findings it describes.
    pub cards: Vec<(usize, Block)>,
}

/// Returns the page of a report.
pub fn page(view: &View, detail: Detail) -> Vec<Block> {
    let Parts { top, sections, left_out } = parts(view, detail, MAX_CARDS);
    let sections = sections.into_iter().map(|section| {
        let cards = section.cards.into_iter().map(|(_, card)| card);
        Block::Section(section.head.into_iter().chain(cards).collect())
    });
    top.into_iter().chain(sections).chain(cut_off(view, left_out)).collect()
}

/// Returns the page in parts, with at most `most` findings in detail.
pub fn parts(view: &View, detail: Detail, most: usize) -> Parts {
    let mut top = top(view);
    if view.findings.is_empty() {
        return Parts { top, sections: Vec::new(), left_out: 0 };
    }
    let (sections, left_out) = sections(view, detail, most);
    let cards = sections.iter().flat_map(|section| &section.cards).filter_map(|(_, block)| match block {
        Block::Card(card) => Some(&*card.id),
        _ => None,
    });
    let cards = Cards(cards.collect());
    if detail != Detail::Quiet {
        top.extend(duties::blocks(view, &cards));
    }
    top.push(Block::Heading(2, vec![text("Secrets, worst first")]));
    top.extend(overview(view, &cards));
    top.extend(timeline::blocks(view, &cards));
    top.push(Block::Heading(2, vec![text("Each in detail")]));
    Parts { top, sections, left_out }
}

/// Returns the findings by kind, and the number that the page has no room for.
fn sections(view: &View, detail: Detail, mut room: usize) -> (Vec<Section>, usize) {
    let (mut sections, mut left_out, mut has_leftovers) = (Vec::new(), 0, false);
    for (entries, steps) in fold::by_plan(view) {
        // Every kind shows its plan, however many findings precede it.
        let shown = entries.len().min(room.max(1));
        room = room.saturating_sub(shown);
        left_out += entries[shown..].iter().map(Entry::count).sum::<usize>();
        let steps = if detail == Detail::Quiet { &[][..] } else { &steps };
        let mut section = section(&entries, shown, steps.iter().map(Task::from).collect());
        let is_left = entries.first().is_some_and(|entry| entry.first().stage == Stage::Leftover);
        if is_left && !has_leftovers {
            section.head.insert(0, Block::Heading(2, vec![text("Never committed, only leftovers in this clone")]));
            has_leftovers = true;
        }
        sections.push(section);
    }
    (sections, left_out)
}

/// Returns the findings of one kind, the first `shown` of them in detail.
fn section(entries: &[Entry<'_>], shown: usize, steps: Vec<Task>) -> Section {
    let count: usize = entries.iter().map(Entry::count).sum();
    let mut head = Vec::new();
    if let Some(first) = entries.first().map(Entry::first) {
        let many = if count == 1 { String::new() } else { format!(" ({count})") };
        head.push(Block::Heading(3, vec![text(format!("{}{many}, {}", first.name, first.stage.as_str()))]));
    }
    if !steps.is_empty() {
        let about = if count == 1 { "What to do" } else { "What to do about all of them" };
        let title = format!("{about}: {}", plural(steps.len(), "step"));
        head.push(Block::Fold(title, vec![Block::Checklist(steps)]));
    }
    let card = |entry: &Entry<'_>| match entry {
        Entry::One(one) => page::card(one, Sight::Folded),
        Entry::Group(together) => page::group(together),
    };
    Section { head, cards: entries[..shown].iter().map(|entry| (entry.count(), Block::Card(card(entry)))).collect() }
}

/// Returns the remark on findings that have no card.
fn cut_off(view: &View, count: usize) -> Vec<Block> {
    if count == 0 {
        return Vec::new();
    }
    let explain = if !view.command.asks_git() { "" } else { ", and 'keysweep explain ID' shows everything about one" };
    let words = format!(
        "Not described here: {}. '--format json' has the details of all of them{explain}.",
        plural(count, "more secret")
    );
    vec![page::remarks(vec![words])]
}

/// Returns the verdict and its basis.
fn top(view: &View) -> Vec<Block> {
    let name = view.repository.as_deref().unwrap_or("files");
    let title = Block::Heading(1, vec![text("Secrets in "), code(name)]);
    let summary = &view.summary;
    let gaps = plural(view.gaps.len(), "part");
    let (of_what, held) = (words::qualified(summary), words::held_back(summary));
    let verdict = match summary.verdict {
        Verdict::Clean => {
            Block::Verdict(Tone::Good, format!("No secrets{of_what} found{held}. The whole scope was read."))
        }
        Verdict::Unknown => Block::Verdict(
            Tone::Unsure,
            format!(
                "The scan is incomplete: {gaps} could not be read. In the rest no secret{of_what} was found{held}."
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
        vec![("Asked for", vec![vec![untrusted(&view.scope)]]), ("Coverage", vec![vec![text(words::read(view))]])];
    let made = view.made_at.as_ref().map(|time| text(format!("{time} by keysweep {}", view.version)));
    facts.extend(made.map(|made| ("Made", vec![vec![made]])));
    facts.extend(view.head.as_ref().map(|head| ("HEAD", vec![vec![code(head)]])));
    let asides: Vec<Line> = words::asides(view).into_iter().map(|aside| vec![text(aside)]).collect();
    facts.extend((!asides.is_empty()).then_some(("Not shown", asides)));
    let mut top = vec![title, verdict];
    top.extend(tiles(view));
    top.push(Block::Facts(facts));
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

/// Returns the gaps: a few in sight, many folded.
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

/// Returns tiles with the number of findings of each severity and, if git knows it, each stage.
fn tiles(view: &View) -> Option<Block> {
    let mut severities: BTreeMap<Severity, usize> = BTreeMap::new();
    let mut stages: BTreeMap<Stage, usize> = BTreeMap::new();
    for one in &view.findings {
        *severities.entry(one.severity).or_default() += 1;
        *stages.entry(one.stage).or_default() += 1;
    }
    let severities = severities.into_iter().rev().map(|(severity, count)| Tile {
        tone: page::tone(severity),
        count,
        name: severity.as_str(),
        facet: Facet::Severity,
    });
    let stages = stages.into_iter().rev().map(|(stage, count)| Tile {
        tone: tone_of(stage),
        count,
        name: stage.as_str(),
        facet: Facet::Stage,
    });
    let mut rows = vec![("By severity", severities.collect())];
    rows.extend(has_stages(view).then(|| ("By exposure", stages.collect())));
    (!view.findings.is_empty()).then_some(Block::Tiles(rows))
}

/// Returns `true` if the scan determined stages; scans of plain files don't.
fn has_stages(view: &View) -> bool {
    view.command.asks_git()
}

/// Returns `true` if the scan looked up whether HEAD holds the secrets; scans of ranges and pushes don't.
fn knows_head(view: &View) -> bool {
    view.findings.iter().any(|one| one.exposure.in_head.is_some())
}

/// Returns the tone of a stage.
fn tone_of(stage: Stage) -> Tone {
    match stage {
        Stage::Published => Tone::Worst,
        Stage::Unknown => Tone::Bad,
        Stage::HistoryOnly | Stage::LocalOnly => Tone::Unsure,
        Stage::Unreachable | Stage::Uncommitted | Stage::Leftover => Tone::Plain,
    }
}

/// Returns the table with a row for each finding or group, and an explanation of the stages.
fn overview(view: &View, cards: &Cards<'_>) -> Vec<Block> {
    let entries = fold::entries(view);
    let mut heads = vec!["Severity", "What", "Where"];
    if has_stages(view) {
        heads.push("Stage");
        if knows_head(view) {
            heads.push("In HEAD");
        }
        heads.push("Since");
    }
    let rows = entries.iter().take(MAX_ROWS).map(|entry| row(entry, view, cards)).collect();
    let by_agent = agents::tally(view).into_iter().map(|(agent, words)| (agent, vec![vec![text(words)]]));
    let by_agent: Vec<_> = by_agent.collect();
    let mut blocks: Vec<Block> = (!by_agent.is_empty()).then_some(Block::Facts(by_agent)).into_iter().collect();
    blocks.push(Block::Index(Index { heads, rows }));
    let more: usize = entries.iter().skip(MAX_ROWS).map(Entry::count).sum();
    if more > 0 {
        let words = format!("Not in this table: {}. '--format json' lists all.", plural(more, "more secret"));
        blocks.push(page::remarks(vec![words]));
    }
    if has_stages(view) {
        let stages: BTreeMap<Stage, &'static str> =
            view.findings.iter().map(|one| (one.stage, words::stage_meaning(one.stage))).collect();
        let legend = stages.into_iter().rev().map(|(stage, means)| (stage.as_str(), vec![vec![text(means)]]));
        blocks.push(Block::Facts(legend.collect()));
    }
    blocks
}

fn row(entry: &Entry<'_>, view: &View, cards: &Cards<'_>) -> Row {
    let one = entry.first();
    let more = match entry.count() - 1 {
        0 => String::new(),
        others => format!(" and {others} more of this kind"),
    };
    let mut facets = vec![(Facet::Severity, one.severity.as_str().to_owned()), (Facet::Rule, one.rule.clone())];
    let name = cards.lead_to(one, format!("{}{more}", one.name));
    let mut cells = vec![vec![page::severity(one.severity)], name, vec![page::at(one)]];
    if has_stages(view) {
        facets.push((Facet::Stage, one.stage.as_str().to_owned()));
        cells.push(vec![text(one.stage.as_str())]);
        if knows_head(view) {
            let is_in_head = if one.exposure.in_head == Some(true) { "yes" } else { "no" };
            facets.push((Facet::Head, is_in_head.to_owned()));
            cells.push(vec![text(is_in_head)]);
        }
        let since = one.exposure.first_seen.as_deref().map(day).unwrap_or_default();
        cells.push(vec![text(since)]);
    }
    Row { id: one.id.clone(), facets, cells }
}
