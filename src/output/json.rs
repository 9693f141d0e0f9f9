//! JSON, schema 1: the view as it is. One document, or one object a line.

use std::io::{self, Write};

use serde::Serialize;

use super::view::View;
use crate::text::escape::disarm;

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
    disarm(json, |sign| format!("\\u{:04x}", u32::from(sign)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_command_of_a_runner_stands_in_json_and_it_means_the_same() {
        let texts = [
            "##[error]a",
            "##vso[task.x]",
            "##VSO[b",
            "###group[c]",
            "section_start:1:d\\",
            "section_end:1:d",
            "\\##x[",
            "## e",
        ];
        let mut out = Vec::new();
        document(&texts, &mut out).unwrap();
        line(&texts, &mut out).unwrap();
        for json in serde_json::Deserializer::from_slice(&out).into_iter::<Vec<String>>() {
            assert_eq!(json.unwrap(), texts);
        }
        let written = String::from_utf8(out).unwrap();
        for armed in ["##[", "##vso[", "##VSO[", "##group[", "##x[", "section_start:", "section_end:"] {
            assert!(!written.contains(armed), "{armed}: {written}");
        }
        assert!(written.contains("## e"));
    }
}
