//! JSON, schema 1: the view as it is. One document, or one object a line.

use std::io::{self, Write};

use serde::Serialize;

use super::view::View;

/// Writes one JSON document.
///
/// # Errors
/// When `out` fails.
pub fn document(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", disarmed(&serde_json::to_string_pretty(value)?))
}

/// Writes JSON Lines: findings, gaps, notes, and the summary last.
///
/// # Errors
/// When `out` fails.
pub fn lines(view: &View, out: &mut dyn Write) -> io::Result<()> {
    view.findings.iter().chain(&view.suppressed).try_for_each(|finding| line(finding, out))?;
    view.gaps.iter().try_for_each(|gap| line(gap, out))?;
    view.notes.iter().try_for_each(|note| line(note, out))?;
    line(&view.summary, out)
}

/// Writes one JSON object on a line of its own.
///
/// # Errors
/// When `out` fails.
pub fn line(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", disarmed(&serde_json::to_string(value)?))
}

/// JSON that means the same and holds no command of a runner: a value that is shown is no escaped text, and may hold one.
fn disarmed(json: &str) -> String {
    json.replace("##[", "#\\u0023[").replace("##vso[", "#\\u0023vso[")
}
