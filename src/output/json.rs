//! JSON, schema 1: the serialised view, as one document or as one object a line.

use std::io::{self, Write};

use serde::Serialize;

use super::view::{SourceView, View};
use crate::finding::Command;
use crate::text::escape::disarm;

/// Writes one JSON document.
///
/// # Errors
/// Fails if `out` does.
pub fn document(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", disarmed(&serde_json::to_string_pretty(value)?))
}

/// An object of a report, with the repository added to it.
#[derive(Serialize)]
struct Within<'r, T> {
    #[serde(flatten)]
    object: &'r T,
    /// The repository as named in the arguments, if there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    repository: Option<&'r str>,
}

/// The first object of JSON Lines: the subject of the report, and the tool that made it.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename = "source")]
struct Head<'v> {
    schema: u32,
    tool: &'v str,
    version: &'v str,
    command: Command,
    scope: &'v str,
    #[serde(skip_serializing_if = "Option::is_none")]
    repository: Option<&'v str>,
    #[serde(flatten)]
    source: &'v SourceView,
    #[serde(skip_serializing_if = "Option::is_none")]
    made_at: Option<&'v str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<&'v str>,
}

impl<'v> From<&'v View> for Head<'v> {
    fn from(view: &'v View) -> Self {
        Self {
            schema: view.schema,
            tool: &view.tool,
            version: &view.version,
            command: view.command,
            scope: &view.scope,
            repository: view.repository.as_deref(),
            source: &view.source,
            made_at: view.made_at.as_deref(),
            head: view.head.as_deref(),
        }
    }
}

/// Writes JSON Lines: the subject, findings, gaps, notes, and the summary last; each names the repository if there are
/// several.
///
/// # Errors
/// Fails if `out` does.
pub fn lines(view: &View, repository: Option<&str>, out: &mut dyn Write) -> io::Result<()> {
    let head = Head::from(view);
    line(&Head { repository: repository.or(head.repository), ..head }, out)?;
    view.all().map(|object| Within { object, repository }).try_for_each(|one| line(&one, out))?;
    view.gaps.iter().map(|object| Within { object, repository }).try_for_each(|one| line(&one, out))?;
    view.notes.iter().map(|object| Within { object, repository }).try_for_each(|one| line(&one, out))?;
    line(&Within { object: &view.summary, repository }, out)
}

/// Writes one JSON object on a line of its own.
///
/// # Errors
/// Fails if `out` does.
pub fn line(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", disarmed(&serde_json::to_string(value)?))
}

/// Returns JSON that means the same but holds no workflow command: a value that is shown is not escaped for runners,
/// and may hold one.
fn disarmed(json: &str) -> String {
    disarm(json, |sign| format!("\\u{:04x}", u32::from(sign)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_contains_no_ci_runner_command_and_parses_the_same() {
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
