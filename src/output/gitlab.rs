//! The report of GitLab's secret detection, schema 15.0.7. It quotes no source.
//!
//! GitLab requires a commit for every finding; a finding that is in no commit gets the null id.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::brief;
use super::view::{FindingView, StepView, View};
use super::{json, words};
use crate::rule::Severity;

const SCHEMA: &str = "15.0.7";
/// The null id, for a finding that is in no commit.
const NO_COMMIT: &str = "0000000000000000000000000000000000000000";
/// The most characters that the schema allows in a name.
const MAX_NAME: usize = 255;
const MAX_SOLUTION: usize = 7_000;

/// Writes a report.
///
/// # Errors
/// Fails if `out` does.
pub fn render(view: &View, out: &mut dyn Write) -> io::Result<()> {
    // The schema allows no time zone and requires a time.
    let time = view.made_at.as_deref().and_then(|time| time.get(..19)).unwrap_or("1970-01-01T00:00:00");
    let tool = json!({
        "id": view.tool, "name": view.tool, "version": view.version, "vendor": { "name": view.tool },
    });
    let report = json!({
        "version": SCHEMA,
        "scan": {
            "analyzer": tool,
            "scanner": tool,
            "type": "secret_detection",
            "start_time": time,
            "end_time": time,
            "status": if view.gaps.is_empty() { "success" } else { "failure" },
            "messages": messages(view),
        },
        "vulnerabilities": view.findings.iter().map(vulnerability).collect::<Vec<_>>(),
    });
    json::document(&report, out)
}

fn messages(view: &View) -> Vec<Value> {
    let message = |level: &str, value: String| json!({ "level": level, "value": value });
    let gaps = view.gaps.iter().map(|gap| message("warn", format!("not read: {}: {}", gap.what, gap.why)));
    let notes = view.notes.iter().map(|note| message("info", note.text.clone()));
    let asides = words::asides(view).into_iter().map(|aside| message("info", aside));
    gaps.chain(notes).chain(asides).chain([message("info", words::outcome(view))]).collect()
}

fn vulnerability(finding: &FindingView) -> Value {
    let links: Vec<Value> = finding
        .plan
        .iter()
        .filter(|step| step.link.starts_with("https://"))
        .map(|step| json!({ "url": step.link }))
        .chain(brief::place(finding).and_then(|place| place.link.as_ref()).map(|link| json!({ "url": link })))
        .collect();
    json!({
        "id": finding.id,
        "name": words::cut(&finding.name, MAX_NAME),
        "description": format!("{}\n\n{}", brief::message(finding), finding.impact),
        "severity": severity(finding.severity),
        "solution": solution(&finding.plan),
        "identifiers": [
            { "type": "keysweep_rule_id", "name": format!("keysweep rule {}", finding.rule), "value": finding.rule },
            { "type": "cwe", "name": "CWE-798", "value": "798", "url": "https://cwe.mitre.org/data/definitions/798.html" },
        ],
        "links": links,
        "location": location(finding),
        "tracking": {
            "type": "source",
            "items": [{ "signatures": [{ "algorithm": "keysweep_v1", "value": finding.id }] }],
        },
    })
}

fn location(finding: &FindingView) -> Value {
    let place = brief::place(finding);
    let commit = place.and_then(|place| place.commit.as_deref()).unwrap_or(NO_COMMIT);
    let mut fields = json!({ "commit": { "sha": commit } });
    if let (Some(fields), Some(place)) = (fields.as_object_mut(), place) {
        let file = brief::file(place);
        // GitLab shows nothing at all for a finding without a file.
        let file = if file.is_empty() { words::place(place) } else { file.to_owned() };
        let has_lines = brief::has_lines(place);
        let (start, end) = if has_lines { (place.line.max(1), place.end_line.max(1)) } else { (1, 1) };
        fields.insert("file".to_owned(), json!(file));
        fields.insert("start_line".to_owned(), json!(start));
        fields.insert("end_line".to_owned(), json!(end));
    }
    fields
}

/// Returns the steps, as many as there is room for.
fn solution(plan: &[StepView]) -> String {
    let mut advice = String::new();
    for (number, step) in (1..).zip(plan) {
        let mut line = format!("{number}. {}: {}", step.kind.as_str(), step.title);
        if !step.command.is_empty() {
            line.push_str(&format!("\n{}", step.command));
        }
        if !step.lines.is_empty() {
            line.push_str(&format!("\n{}", step.lines));
        }
        if advice.chars().count() + 1 + line.chars().count() > MAX_SOLUTION {
            break;
        }
        advice.push_str(if advice.is_empty() { "" } else { "\n" });
        advice.push_str(&line);
    }
    advice
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Critical",
        Severity::High => "High",
        Severity::Medium => "Medium",
        Severity::Low => "Low",
    }
}
