//! The page of `allow`: what was written, where, and how to commit it.

use serde::Serialize;

use super::page::{Block, Task, Tone, code, text, untrusted};
use super::words::plural;

/// What was written.
#[derive(Debug, Serialize)]
pub struct AllowView {
    /// Each finding and place.
    pub allowed: Vec<Entry>,
    /// The reason that was given.
    pub reason: String,
    /// The command that commits it.
    pub next: String,
}

/// What allows a finding now.
#[derive(Debug, Serialize)]
pub struct Entry {
    /// Id of the finding.
    pub id: String,
    /// The rule.
    pub rule: String,
    /// What was written.
    pub form: Form,
    /// The file that it was written to.
    pub path: String,
    /// The line of the value, if the comment is beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
}

/// In what form it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// A comment beside the value.
    Comment,
    /// An entry of the configuration.
    Config,
    /// A line of the baseline.
    Baseline,
}

impl Form {
    /// In words.
    fn told(self) -> &'static str {
        match self {
            Self::Comment => "a comment beside the value",
            Self::Config => "an entry of the configuration",
            Self::Baseline => "a line of the baseline",
        }
    }
}

/// The page.
pub fn blocks(view: &AllowView) -> Vec<Block> {
    let AllowView { allowed, reason, next } = view;
    let mut ids: Vec<&str> = allowed.iter().map(|one| one.id.as_str()).collect();
    ids.dedup();
    let verdict = format!("{} allowed: {reason}", plural(ids.len(), "finding"));
    let row = |one: &Entry| {
        let line = one.line.map(|line| format!(":{line}")).unwrap_or_default();
        let place = untrusted(format!("{}{line}", one.path));
        vec![vec![code(&*one.id)], vec![text(&*one.rule)], vec![text(one.form.told())], vec![place]]
    };
    let task = Task {
        label: "commit",
        title: "Stage and commit it; this stages all changes of the files named".to_owned(),
        command: next.clone(),
        missing: std::collections::BTreeMap::new(),
        link: String::new(),
    };
    vec![
        Block::Verdict(Tone::Good, verdict),
        Block::Table(vec!["Id", "Rule", "Allowed by", "Where"], allowed.iter().map(row).collect()),
        Block::Checklist(vec![task]),
    ]
}
