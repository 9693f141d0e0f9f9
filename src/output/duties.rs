//! The duties of whoever is in charge, in order, with the kinds of secrets that each duty is about; the plans say how.

use std::collections::BTreeMap;

use super::fold::{self, Entry};
use super::page::{self, Block, Cards, Duty, Line, text};
use super::view::View;
use super::words::plural;
use crate::finding::{Command, Stage, StepKind};

/// The urgency of secrets according to how far they got, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Urgency {
    /// Other people may have it.
    Leaked,
    /// It is in commits that have not been pushed.
    Committed,
    /// It is in no commit.
    Written,
    /// Only objects that git has not cleaned up yet hold it.
    Leftover,
}

/// The secrets of one urgency.
#[derive(Default)]
struct Due {
    count: usize,
    kinds: Vec<Line>,
}

/// Returns the list of duties; empty if there is nothing to do.
pub fn blocks(view: &View, cards: &Cards<'_>) -> Vec<Block> {
    let mut due: BTreeMap<Urgency, Due> = BTreeMap::new();
    let (mut to_purge, mut to_audit) = (0, 0);
    for (entries, steps) in fold::by_plan(view) {
        let open: Vec<&Entry<'_>> = entries.iter().filter(|entry| !is_over(entry)).collect();
        let count: usize = open.iter().map(|entry| entry.count()).sum();
        let Some(first) = open.first().filter(|_| !steps.is_empty()) else { continue };
        let urgency = Urgency::of(first.first().stage);
        let of_all = due.entry(urgency).or_default();
        of_all.count += count;
        of_all.kinds.push(kind(&open, cards));
        let has = |kind| steps.iter().any(|step| step.kind == kind);
        // A secret that was not pushed is removed by its own plan.
        to_purge += if urgency == Urgency::Leaked && has(StepKind::Purge) { count } else { 0 };
        to_audit += if has(StepKind::Audit) { count } else { 0 };
    }
    let mut duties: Vec<Duty> =
        due.into_iter().map(|(urgency, due)| duty(urgency.title(due.count, view.command), "", due.kinds)).collect();
    duties.extend(afterwards(view, to_purge, to_audit));
    if duties.is_empty() {
        return Vec::new();
    }
    vec![Block::Heading(2, vec![text("What to do, in this order")]), Block::Duties(duties)]
}

/// Returns `true` if nothing has to be done about the entry.
fn is_over(entry: &Entry<'_>) -> bool {
    match entry {
        Entry::One(_) => false,
        Entry::Group(group) => group.is_over(),
    }
}

/// Returns a line on secrets of one kind, and their places.
fn kind(entries: &[&Entry<'_>], cards: &Cards<'_>) -> Line {
    let Some(one) = entries.first().map(|entry| entry.first()) else { return Line::new() };
    let count: usize = entries.iter().map(|entry| entry.count()).sum();
    let many = if count == 1 { String::new() } else { format!("{count} × ") };
    let mut line = vec![page::severity(one.severity), text(" ")];
    line.extend(cards.lead_to(one, format!("{many}{}", one.name)));
    line.extend([text(" in "), page::at(one)]);
    let more = count - 1;
    line.extend((more > 0).then(|| text(format!(" and {more} more"))));
    line
}

/// Returns the duties that follow once for all secrets.
fn afterwards(view: &View, to_purge: usize, to_audit: usize) -> Vec<Duty> {
    let mut duties = Vec::new();
    let secrets = |count| plural(count, "secret");
    if to_audit > 0 {
        let title = format!("Look for misuse of {}: each plan names the log that would show it", secrets(to_audit));
        duties.push(duty(title, "", Vec::new()));
    }
    if to_purge > 0 {
        let title = format!(
            "Rewrite the history once for {}, if it is worth it: the copies that others have do not change",
            secrets(to_purge)
        );
        duties.push(duty(title, "keysweep purge-plan", Vec::new()));
    }
    if view.command == Command::History && !duties.is_empty() {
        duties.push(duty("Sweep again to see what is left".to_owned(), "keysweep history", Vec::new()));
    }
    duties
}

fn duty(title: String, command: &str, items: Vec<Line>) -> Duty {
    Duty { title, command: command.to_owned(), items }
}

impl Urgency {
    fn of(stage: Stage) -> Self {
        match stage {
            Stage::Published | Stage::Unknown => Self::Leaked,
            Stage::LocalOnly | Stage::HistoryOnly => Self::Committed,
            Stage::Uncommitted => Self::Written,
            Stage::Unreachable | Stage::Leftover => Self::Leftover,
        }
    }

    fn title(self, count: usize, command: Command) -> String {
        let secrets = plural(count, "secret");
        match self {
            Self::Leaked => format!("Revoke and replace {secrets} that others may have"),
            Self::Committed => format!("Remove {secrets} from commits before they are pushed; if in doubt, revoke"),
            Self::Written if !command.asks_git() => {
                format!("Remove {secrets} from the files; revoke any that was ever shared")
            }
            Self::Written => format!("Remove {secrets} from files that are not committed yet"),
            Self::Leftover => format!("Remove {secrets} from objects that git has not cleaned up yet"),
        }
    }
}
