//! The page of `allow`: what was allowed, in which form, and how to commit it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::page::{Block, Line, Task, Tone, code, remarks, text, untrusted};
use super::words::plural;

/// The most rows that are written.
const ROWS: usize = 20;

/// The suppressions that were written.
#[derive(Debug, Serialize)]
pub struct AllowView {
    /// The findings and places that are now allowed.
    pub allowed: Vec<Entry>,
    /// The findings and places that were allowed before, for which nothing was written.
    pub already: Vec<Entry>,
    /// The reason that was given.
    pub reason: String,
    /// The command that commits the change; empty if there is nothing to commit.
    pub next: String,
}

/// The entry or comment that allows a finding.
#[derive(Debug, Serialize)]
pub struct Entry {
    /// The finding's id.
    pub id: String,
    /// The rule.
    pub rule: String,
    /// The form of the entry.
    pub form: Form,
    /// The file that holds the entry or comment.
    pub path: String,
    /// The line of the value, if a comment next to it allows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The file that holds the value, and its line if that is known.
    pub place: (String, Option<usize>),
}

/// The form in which a finding is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// A comment next to the value.
    Comment,
    /// An entry of the configuration.
    Config,
    /// A line of the baseline.
    Baseline,
}

impl Entry {
    /// Describes the form in a clause.
    fn describe(&self) -> String {
        match self.form {
            Form::Comment => "a comment next to the value".to_owned(),
            Form::Config => format!("an entry in {}", self.path),
            Form::Baseline => format!("a line in {}", self.path),
        }
    }
}

/// Returns the number of allowed findings, in one line.
pub fn counts(view: &AllowView) -> String {
    let all = [(&view.allowed, "allowed"), (&view.already, "already allowed")];
    let some: Vec<String> =
        all.iter().filter(|(list, _)| !list.is_empty()).map(|(list, how)| format!("{} {how}", count(list))).collect();
    some.join(", ")
}

/// Returns the page.
pub fn blocks(view: &AllowView) -> Vec<Block> {
    let AllowView { allowed, already, reason, next } = view;
    let mut blocks = Vec::new();
    if !already.is_empty() {
        let verdict = format!("{} already allowed, so nothing was written", count(already));
        blocks.extend([Block::Verdict(Tone::Good, verdict), table(already)]);
        blocks.extend(more(already));
    }
    if !allowed.is_empty() {
        let verdict = format!("{} allowed: {reason}", count(allowed));
        blocks.extend([Block::Verdict(Tone::Good, verdict), table(allowed)]);
        blocks.extend(more(allowed));
    }
    let title = "Stage and commit it; this stages all changes of the files";
    if !next.is_empty() {
        blocks.push(Block::Checklist(vec![Task {
            label: "commit",
            title: title.to_owned(),
            command: next.clone(),
            lines: String::new(),
            missing: BTreeMap::new(),
            link: String::new(),
        }]));
    }
    blocks
}

fn count(entries: &[Entry]) -> String {
    let mut ids: Vec<&str> = entries.iter().map(|one| one.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    plural(ids.len(), "finding")
}

/// Groups the entries into rows: those of one rule in one file with the same form.
fn groups(entries: &[Entry]) -> Vec<Vec<&Entry>> {
    let mut groups: Vec<Vec<&Entry>> = Vec::new();
    let mut known: BTreeMap<_, usize> = BTreeMap::new();
    for one in entries {
        let at = *known.entry((&one.rule, one.form, &one.path, &one.place.0)).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.push(one),
            None => groups.push(vec![one]),
        }
    }
    groups
}

fn table(entries: &[Entry]) -> Block {
    let row = |group: &Vec<&Entry>| -> Option<Vec<Line>> {
        let first = group.first()?;
        let (path, line) = &first.place;
        let line = line.map(|line| format!(":{line}")).unwrap_or_default();
        let others =
            if group.len() > 1 { format!(" and {}", plural(group.len() - 1, "more place")) } else { String::new() };
        let place = untrusted(format!("{path}{line}{others}"));
        Some(vec![vec![code(&*first.id)], vec![text(&*first.rule)], vec![untrusted(first.describe())], vec![place]])
    };
    let rows = groups(entries).iter().take(ROWS).filter_map(row).collect();
    Block::Table(vec!["Id", "Rule", "Allowed by", "Where"], rows)
}

/// Returns a line with the number of places that have no row.
fn more(entries: &[Entry]) -> Option<Block> {
    let left = groups(entries).len().saturating_sub(ROWS);
    (left > 0).then(|| remarks(vec![format!("and {}; --format json lists all", plural(left, "more file"))]))
}
