//! Pages about the baseline: what is new next to it, what it knows, and what is gone.

use serde::Serialize;

use super::mask::Mask;
use super::page::{Block, Tone, code, remarks, text, untrusted};
use super::words::plural;
use crate::finding::Finding;
use crate::text::escape;

/// The comparison of a sweep with a baseline.
#[derive(Debug, Serialize)]
pub struct BaselineView {
    /// The baseline's file.
    pub file: String,
    /// Secrets that it did not have.
    pub new: Vec<Entry>,
    /// How many it had.
    pub unchanged: usize,
    /// How many it has that are not there any more.
    pub absent: usize,
    /// Parts that were not read.
    pub gaps: usize,
}

/// A new secret.
#[derive(Debug, Serialize)]
pub struct Entry {
    /// Id of the finding.
    pub id: String,
    /// The rule.
    pub rule: String,
    /// Where it stands first.
    pub path: String,
    /// The line there.
    pub line: usize,
}

impl Entry {
    /// A finding in one line.
    pub fn new(finding: &Finding, mask: &Mask) -> Self {
        let first = finding.occurrences.first();
        let path = first.map(|place| escape(&mask.bytes(&place.whole_path()))).unwrap_or_default();
        let line = first.map_or(0, |place| place.start.line);
        Self { id: finding.id.to_string(), rule: escape(finding.rule.as_bytes()), path, line }
    }
}

/// The comparison in one line; `is_written` tells whether the file was changed.
pub fn counts(view: &BaselineView, is_written: bool) -> String {
    let BaselineView { file, new, unchanged, absent, .. } = view;
    let (new, dropped) = match is_written {
        true => (format!("{} added", plural(new.len(), "secret")), "dropped"),
        false => (plural(new.len(), "new secret"), "absent"),
    };
    format!("{file}: {new}, {unchanged} unchanged, {absent} {dropped}")
}

/// The page; `is_written` tells whether the file was changed.
pub fn blocks(view: &BaselineView, is_written: bool) -> Vec<Block> {
    let BaselineView { new, gaps, .. } = view;
    let counts = counts(view, is_written);
    let tone = if is_written || new.is_empty() { Tone::Plain } else { Tone::Bad };
    let mut page = vec![Block::Verdict(tone, counts)];
    if !new.is_empty() {
        let row = |one: &Entry| {
            vec![vec![code(&*one.id)], vec![text(&*one.rule)], vec![untrusted(format!("{}:{}", one.path, one.line))]]
        };
        page.push(Block::Table(vec!["Id", "Rule", "First seen"], new.iter().map(row).collect()));
    }
    let mut said = Vec::new();
    if is_written && !new.is_empty() {
        said.push(
            "they are accepted from now on, but not harmless: 'keysweep history --no-allow' says what to do about each"
                .to_owned(),
        );
    }
    if *gaps > 0 {
        said.push(format!(
            "{} could not be read, so no entry was dropped and there may be more",
            plural(*gaps, "part")
        ));
    }
    if !said.is_empty() {
        page.push(remarks(said));
    }
    page
}
