//! The timeline of HEAD: a row for each commit that added or removed secrets.

use std::collections::BTreeMap;

use super::page::{Block, Cards, Line, code, text};
use super::view::{FindingView, View};
use super::words::{day, plural, short};

/// The most commits that are listed; of more, the newest are.
const MAX_LISTED: usize = 300;
/// The number of commits shown at once.
const IN_SIGHT: usize = 10;
/// The most kinds of secrets that are named for a commit.
const NAMED: usize = 6;

/// The secrets that one commit added and removed.
#[derive(Default)]
struct Event<'v> {
    author: &'v str,
    came: Kinds<'v>,
    left: Kinds<'v>,
}

/// The secrets by name: the first one, and the number of them.
type Kinds<'v> = BTreeMap<&'v str, (&'v FindingView, usize)>;

/// Returns the timeline, oldest first; empty if no commit is known.
pub fn blocks(view: &View, cards: &Cards<'_>) -> Vec<Block> {
    let events = events(view);
    if events.is_empty() {
        return Vec::new();
    }
    let left_out = events.len().saturating_sub(MAX_LISTED);
    let mut rows: Vec<Vec<Line>> = events.iter().skip(left_out).map(|(at, event)| row(*at, event, cards)).collect();
    let near = rows.split_off(rows.len().saturating_sub(IN_SIGHT));
    let heads = || vec!["Day", "Commit", "By", "Added", "Left HEAD"];
    let mut blocks = vec![Block::Heading(2, vec![text("When each was added and left HEAD")])];
    if !rows.is_empty() {
        let more = if left_out == 0 { "" } else { " ('--format json' lists the earlier ones)" };
        let title = format!("{}{more}", plural(rows.len(), "earlier commit"));
        blocks.push(Block::Fold(title, vec![Block::Table(heads(), rows)]));
    }
    blocks.push(Block::Table(heads(), near));
    blocks
}

/// Returns the events, by time and commit.
fn events(view: &View) -> BTreeMap<(&str, &str), Event<'_>> {
    let mut events: BTreeMap<(&str, &str), Event<'_>> = BTreeMap::new();
    for one in &view.findings {
        let exposure = &one.exposure;
        if let (Some(time), Some(commit)) = (&exposure.first_seen, &exposure.first_commit) {
            let event = events.entry((time, commit)).or_default();
            event.author = exposure.first_author.as_deref().unwrap_or_default();
            event.came.entry(&one.name).or_insert((one, 0)).1 += 1;
        }
        if let Some(gone) = &exposure.removed {
            let event = events.entry((&gone.time, &gone.commit)).or_default();
            event.author = &gone.author;
            event.left.entry(&one.name).or_insert((one, 0)).1 += 1;
        }
    }
    events
}

fn row((time, commit): (&str, &str), event: &Event<'_>, cards: &Cards<'_>) -> Vec<Line> {
    vec![
        vec![text(day(time))],
        vec![text(short(commit))],
        vec![code(event.author)],
        names(&event.came, cards),
        names(&event.left, cards),
    ]
}

fn names(kinds: &Kinds<'_>, cards: &Cards<'_>) -> Line {
    let mut line = Line::new();
    for (at, (name, (first, count))) in kinds.iter().take(NAMED).enumerate() {
        line.extend((at > 0).then(|| text(", ")));
        let many = if *count == 1 { String::new() } else { format!("{count} × ") };
        line.extend(cards.lead_to(first, format!("{many}{name}")));
    }
    let more: usize = kinds.values().skip(NAMED).map(|(_, count)| count).sum();
    line.extend((more > 0).then(|| text(format!(" and {more} more"))));
    line
}
