//! SARIF 2.1.0, for code hosts and editors.
//!
//! GitHub refuses a whole file for one result without a place in a file, so a secret outside files (in a message, in
//! the name of a ref) gets an address below a base of its own, and its text says where it is. Code hosts recognise a
//! finding by its id, which stays the same when lines move.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::brief::Levels;
use super::page::{Block, checklist, text};
use super::view::{
    FindingView, GapView, Named, OccurrenceView, StepView, SuppressedBy, SuppressionStatus, SuppressionView, View,
};
use super::{brief, json, markdown, words};
use crate::finding::{Command, ContentKind, web};
use crate::rule::{Confidence, Severity};

/// The most results of one run that GitHub accepts.
const MAX_RESULTS: usize = 25_000;
/// The most places of one result, with the one that represents it; GitHub shows no more.
const MAX_PLACES: usize = 100;
/// The most notifications of each kind.
const MAX_NOTIFICATIONS: usize = 1_000;
/// The words for results of a severity.
const LEVELS: Levels = Levels { bad: "error", fair: "warning", small: "note" };
/// The most characters of a description.
const MAX_DESCRIPTION: usize = 1_000;

/// The name of the base of paths.
const FILES: &str = "SRCROOT";
/// The name of the base of addresses that are not files.
const GIT: &str = "GIT";

/// The findings of each rule, by its id.
type Rules<'v> = BTreeMap<&'v str, Vec<&'v FindingView>>;

/// Writes a report.
///
/// # Errors
/// Fails if `out` does.
pub fn render(view: &View, out: &mut dyn Write) -> io::Result<()> {
    json::document(&log(vec![run(view, None)]), out)
}

/// Writes the reports of several repositories, one run for each.
///
/// # Errors
/// Fails if `out` does.
pub fn render_several(reports: &[Named], out: &mut dyn Write) -> io::Result<()> {
    let runs = reports.iter().map(|one| run(&one.report, Some(&one.path)));
    json::document(&log(runs.collect()), out)
}

fn log(runs: Vec<Value>) -> Value {
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": runs,
    })
}

/// Returns the run over a repository, which is named if there are several: runs with the same id would replace each
/// other.
fn run(view: &View, repository: Option<&str>) -> Value {
    // Findings that count come first, in case there are too many.
    let shown = || view.all().take(MAX_RESULTS);
    let mut rules = Rules::new();
    for finding in shown() {
        rules.entry(&finding.rule).or_default().push(finding);
    }
    let numbers: BTreeMap<&str, usize> = rules.keys().copied().zip(0..).collect();
    let id = repository.map(|path| format!("{}/", encoded(path))).unwrap_or_default();
    json!({
        "tool": { "driver": driver(view, rules.values().filter_map(|findings| rule(findings, &view.advice)).collect()) },
        "automationDetails": { "id": format!("{}/{}/{id}", view.tool, view.command.as_str()) },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {
            FILES: { "description": { "text": root(view.command) } },
            GIT: { "description": { "text": "what git keeps besides files: messages, names, contents without a name" } },
        },
        "invocations": [invocation(view)],
        "results": shown().map(|finding| result(finding, numbers.get(&*finding.rule))).collect::<Vec<_>>(),
        "properties": {
            "verdict": view.summary.verdict,
            "headline": words::headline(&view.summary, &view.scope),
            "heldBack": view.summary.held_back,
            "scope": view.scope,
            "read": words::read(view),
        },
    })
}

/// Returns the description of the program. Its home is the repository that the manifest names; an empty address is left
/// out.
fn driver(view: &View, rules: Vec<Value>) -> Value {
    let mut fields = json!({
        "name": view.tool,
        "version": view.version,
        "semanticVersion": view.version,
        "rules": rules,
    });
    let home = Some(env!("CARGO_PKG_REPOSITORY")).filter(|home| !home.is_empty());
    if let (Some(fields), Some(home)) = (fields.as_object_mut(), home) {
        fields.insert("informationUri".to_owned(), json!(home));
    }
    fields
}

/// Returns a description of the base of paths.
fn root(command: Command) -> &'static str {
    match command {
        Command::Image => "the root of the image's file system",
        Command::Context => "the folder of the build",
        Command::Agents => "the folder that the agents keep their files in",
        Command::Files => "the folder that the scan was run in",
        Command::Staged
        | Command::Range
        | Command::History
        | Command::Explain
        | Command::Verify
        | Command::PurgePlan
        | Command::Baseline => "the root of the work tree",
    }
}

// ---------------------------------------------------------------- rules

/// Returns a rule with its general advice, described by its findings, of which the first is the worst; a code host
/// shows the rule's help with each of them.
fn rule(findings: &[&FindingView], advice: &BTreeMap<String, Vec<StepView>>) -> Option<Value> {
    let worst = findings.first()?;
    let steps = advice.get(&worst.rule).map_or(&[][..], Vec::as_slice);
    let impact = if worst.impact.is_empty() { &worst.name } else { &worst.impact };
    Some(json!({
        "id": worst.rule,
        "name": worst.name,
        "shortDescription": { "text": words::cut(&worst.name, MAX_DESCRIPTION) },
        "fullDescription": { "text": words::cut(impact, MAX_DESCRIPTION) },
        "help": { "text": plain_help(worst, steps), "markdown": markdown_help(worst, steps) },
        "defaultConfiguration": { "level": LEVELS.of(worst.severity) },
        "properties": {
            "tags": ["security", "secret", "external/cwe/cwe-798"],
            "security-severity": score(worst.severity),
            "precision": precision(worst.confidence),
        },
    }))
}

fn markdown_help(finding: &FindingView, steps: &[StepView]) -> String {
    let page = [
        Block::Lines(vec![vec![text(&*finding.impact)]]),
        Block::Heading(2, vec![text("What to do")]),
        checklist(steps),
    ];
    let mut out = Vec::new();
    // Writing to memory never fails.
    let _ = markdown::write(&page, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

fn plain_help(finding: &FindingView, steps: &[StepView]) -> String {
    let step = |step: &StepView| format!("{}: {} {}", step.kind.as_str(), step.title, step.link).trim_end().to_owned();
    let lines: Vec<String> = std::iter::once(finding.impact.clone()).chain(steps.iter().map(step)).collect();
    lines.join("\n")
}

/// Returns the number that GitHub turns into a word: critical from 9, high from 7, medium from 4.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
    }
}

fn precision(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => "very-high",
        Confidence::Medium => "medium",
        Confidence::Low => "low",
    }
}

// ---------------------------------------------------------------- results

fn result(finding: &FindingView, rule: Option<&usize>) -> Value {
    let places = &finding.occurrences;
    let chosen = brief::chosen(finding);
    let others = places.iter().enumerate().filter(|(at, _)| *at != chosen).map(|(_, place)| place);
    let mut fields = json!({
        "ruleId": finding.rule,
        "ruleIndex": rule,
        "level": LEVELS.of(finding.severity),
        "message": { "text": literal(&brief::message(finding)) },
        "locations": places.get(chosen).map(location).into_iter().collect::<Vec<_>>(),
        "relatedLocations": others.take(MAX_PLACES - 1).map(related).collect::<Vec<_>>(),
        "partialFingerprints": { "keysweep/v1": finding.id },
        "properties": {
            "severity": finding.severity,
            "confidence": finding.confidence,
            "stage": finding.stage,
            "places": places.len(),
            "plan": finding.plan,
        },
        "baselineState": finding.state,
    });
    if let (Some(fields), Some(one)) = (fields.as_object_mut(), &finding.suppression) {
        fields.insert("suppressions".to_owned(), json!([suppression(finding, one)]));
    }
    if let (Some(properties), Some(asked)) = (fields["properties"].as_object_mut(), &finding.asked) {
        properties.insert("asked".to_owned(), json!({ "word": asked.word, "at": asked.at, "host": asked.host }));
    }
    if let (Some(fields), Some(link)) = (fields.as_object_mut(), places.get(chosen).and_then(|at| at.link.as_ref())) {
        fields.insert("hostedViewerUri".to_owned(), json!(link));
    }
    fields
}

/// Returns a suppression. SARIF distinguishes accepted, under review and rejected ones.
fn suppression(finding: &FindingView, one: &SuppressionView) -> Value {
    let status = match one.status {
        SuppressionStatus::Accepted => "accepted",
        SuppressionStatus::NeedsApproval => "underReview",
        SuppressionStatus::Void => "rejected",
    };
    let kind = match one.by {
        SuppressedBy::Comment => "inSource",
        SuppressedBy::Config | SuppressedBy::Baseline | SuppressedBy::Exclude => "external",
    };
    json!({
        "kind": kind,
        "status": status,
        "justification": words::suppression(finding).unwrap_or_default(),
    })
}

/// Escapes braces and brackets, which have a meaning in messages.
fn literal(words: &str) -> String {
    words.replace('{', "{{").replace('}', "}}").replace("](", "] (")
}

fn related(place: &OccurrenceView) -> Value {
    let mut related = location(place);
    if let Some(fields) = related.as_object_mut() {
        fields.insert("message".to_owned(), json!({ "text": literal(&words::place(place)) }));
    }
    related
}

fn location(place: &OccurrenceView) -> Value {
    let mut fields = json!({
        "physicalLocation": { "artifactLocation": artifact(place), "region": region(place) },
        "properties": { "kind": place.kind, "commit": place.commit, "blob": place.blob, "link": place.link },
    });
    if let Some(fields) = fields.as_object_mut().filter(|_| place.kind != ContentKind::File) {
        fields.insert(
            "logicalLocations".to_owned(),
            json!([{ "fullyQualifiedName": words::place(place), "kind": place.kind }]),
        );
    }
    fields
}

/// Returns the region of a place. Line numbers within a member mean nothing for its archive, and a name is on no line.
fn region(place: &OccurrenceView) -> Value {
    if !brief::has_lines(place) {
        return json!({ "startLine": 1 });
    }
    json!({
        "startLine": place.line.max(1),
        "startColumn": place.column.max(1),
        "endLine": place.end_line.max(1),
        "endColumn": place.end_column.max(1),
    })
}

fn artifact(place: &OccurrenceView) -> Value {
    let path = brief::file(place);
    if path.starts_with('/') {
        return json!({ "uri": format!("file://{}", encoded(path)) });
    }
    if !path.is_empty() {
        return json!({ "uri": encoded(path), "uriBaseId": FILES });
    }
    let (kind, name) = match place.kind {
        ContentKind::File | ContentKind::ArchiveMember => ("blob", place.blob.as_deref().unwrap_or_default()),
        ContentKind::Symlink
        | ContentKind::FileName
        | ContentKind::CommitMessage
        | ContentKind::TagMessage
        | ContentKind::Note
        | ContentKind::Author
        | ContentKind::RefName
        | ContentKind::Config
        | ContentKind::Hook
        | ContentKind::Reflog
        | ContentKind::GitFile
        | ContentKind::ImageMetadata => (place.kind.as_str(), &*place.path),
    };
    json!({ "uri": format!("{kind}/{}", encoded(name)), "uriBaseId": GIT })
}

/// Returns a path encoded as part of an address.
fn encoded(path: &str) -> String {
    web::encoded(path.as_bytes())
}

// ---------------------------------------------------------------- coverage

fn invocation(view: &View) -> Value {
    let mut fields = json!({
        "executionSuccessful": view.gaps.is_empty(),
        "toolExecutionNotifications": notifications(view),
    });
    if let (Some(fields), Some(time)) = (fields.as_object_mut(), &view.made_at) {
        fields.insert("endTimeUtc".to_owned(), json!(time));
    }
    fields
}

/// Returns the gaps, the notes, and the remarks on parts that did not fit.
fn notifications(view: &View) -> Vec<Value> {
    let gap = |gap: &GapView| {
        let words = format!("not read: {}: {}", gap.what, gap.why);
        json!({ "level": "error", "message": { "text": literal(&words) }, "properties": { "kind": gap.kind } })
    };
    let warning = |words: String| json!({ "level": "warning", "message": { "text": words } });
    let left_out = |count: usize, most: usize, what: &str| {
        let more = count.saturating_sub(most);
        (more > 0).then(|| warning(format!("{more} more {what}: --format json lists them")))
    };
    let gaps = view.gaps.iter().take(MAX_NOTIFICATIONS).map(gap);
    let notes = view.notes.iter().take(MAX_NOTIFICATIONS);
    let notes = notes.map(|note| json!({ "level": "note", "message": { "text": literal(&note.text) } }));
    gaps.chain(left_out(view.gaps.len(), MAX_NOTIFICATIONS, "parts were not read"))
        .chain(notes)
        .chain(left_out(view.notes.len(), MAX_NOTIFICATIONS, "notes"))
        .chain(left_out(view.findings.len() + view.suppressed.len(), MAX_RESULTS, "secrets were found"))
        .chain(words::asides(view).into_iter().map(|aside| json!({ "level": "note", "message": { "text": aside } })))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris() {
        assert_eq!(encoded("a b/c:d%#?.txt"), "a%20b/c%3Ad%25%23%3F.txt");
        assert_eq!(encoded("ü"), "%C3%BC");
    }

    #[test]
    fn messages_contain_no_links_or_placeholders() {
        assert_eq!(literal("[a](https://a.test) {0}"), "[a] (https://a.test) {{0}}");
    }
}
