//! Pages about the baseline: new secrets, known secrets, and those that are gone.

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
    /// The secrets that the baseline lacked.
    pub new: Vec<Entry>,
    /// The number of secrets that the baseline already had.
    pub unchanged: usize,
    /// The number of secrets in the baseline that no longer exist.
    pub absent: usize,
    /// The number of parts that were not read.
    pub gaps: usize,
}

/// A new secret.
#[derive(Debug, Serialize)]
pub struct Entry {
    /// The finding's id.
    pub id: String,
    /// The rule.
    pub rule: String,
    /// The path of its first place.
    pub path: String,
    /// The line of its first place.
    pub line: usize,
}

impl Entry {
    /// Describes a finding in one line.
    pub fn new(finding: &Finding, mask: &Mask) -> Self {
        let first = finding.occurrences.first();
        let path = first.map(|place| escape(&mask.bytes(&place.whole_path()))).unwrap_or_default();
        let line = first.map_or(0, |place| place.start.line);
        Self { id: finding.id.to_string(), rule: escape(finding.rule.as_bytes()), path, line }
    }
}

/// Returns the comparison in one line; `is_written` says whether the file was changed.
pub fn counts(view: &BaselineView, is_written: bool) -> String {
    let BaselineView { file, new, unchanged, absent, .. } = view;
    let (new, dropped) = match is_written {
        true => (format!("{} added", plural(new.len(), "secret")), "dropped"),
        false => (plural(new.len(), "new secret"), "absent"),
    };
    format!("{file}: {new}, {unchanged} unchanged, {absent} {dropped}")
}

/// Returns the page; `is_written` says whether the file was changed.
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
    let mut sentences = Vec::new();
    if is_written && !new.is_empty() {
        sentences.push(
            "they are accepted from now on, but not harmless: 'keysweep history --no-allow' says what to do about each"
                .to_owned(),
        );
    }
    if *gaps > 0 {
        sentences.push(format!(
            "{} could not be read, so no entry was dropped and there may be more",
            plural(*gaps, "part")
        ));
    }
    if !sentences.is_empty() {
        page.push(remarks(sentences));
    }
    page
}
