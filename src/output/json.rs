//! JSON, schema 1: a contract, apart from the internal types. One document, or one object a line.

use std::io::{self, Write};

use serde::Serialize;

use super::OutputOptions;
use super::mask::Mask;
use crate::finding::{Evidence, Finding, Gap, Held, Note, Occurrence, PlanStep, Report};
use crate::text::escape;

/// Version of the schema; a change that breaks readers raises it.
pub(super) const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Document {
    schema: u32,
    tool: &'static str,
    version: &'static str,
    command: &'static str,
    findings: Vec<JsonFinding>,
    gaps: Vec<JsonGap>,
    notes: Vec<JsonNote>,
    summary: JsonSummary,
}

#[derive(Serialize)]
struct JsonFinding {
    r#type: &'static str,
    schema: u32,
    id: String,
    rule: String,
    name: String,
    provider: String,
    severity: &'static str,
    confidence: &'static str,
    preview: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    evidence: Vec<JsonEvidence>,
    facts: std::collections::BTreeMap<String, String>,
    stage: &'static str,
    exposure: JsonExposure,
    occurrences: Vec<JsonOccurrence>,
    state: &'static str,
    suppression: Option<()>,
    plan: Vec<JsonStep>,
}

#[derive(Serialize)]
struct JsonEvidence {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

#[derive(Serialize)]
struct JsonExposure {
    in_head: bool,
    refs: Vec<String>,
    ref_count: usize,
    commits: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_commit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_seen: Option<String>,
}

#[derive(Serialize)]
struct JsonOccurrence {
    kind: &'static str,
    path: String,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blob: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    author_time: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    held: Vec<JsonHeld>,
}

#[derive(Serialize)]
struct JsonHeld {
    by: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
}

#[derive(Serialize)]
struct JsonStep {
    kind: &'static str,
    title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    command: String,
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    missing: std::collections::BTreeMap<String, String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    link: String,
}

#[derive(Serialize)]
struct JsonGap {
    r#type: &'static str,
    what: String,
    kind: &'static str,
    why: String,
}

#[derive(Serialize)]
struct JsonNote {
    r#type: &'static str,
    text: String,
}

#[derive(Serialize)]
struct JsonSummary {
    r#type: &'static str,
    verdict: &'static str,
    findings: usize,
    gaps: usize,
    commits: usize,
    blobs: usize,
    trees: usize,
    tags: usize,
    cached: usize,
    bytes: u64,
    below_threshold: usize,
    old: usize,
    #[serde(skip_serializing_if = "is_none")]
    sought: usize,
    elapsed_ms: u128,
}

fn is_none(count: &usize) -> bool {
    *count == 0
}

/// Writes one JSON document.
///
/// # Errors
/// When `out` fails.
pub fn document(report: &Report, options: OutputOptions, mask: &Mask, out: &mut dyn Write) -> io::Result<()> {
    let convert = Convert { options, mask };
    let document = Document {
        schema: SCHEMA,
        tool: "keysweep",
        version: env!("CARGO_PKG_VERSION"),
        command: report.scope.command,
        findings: report.findings.iter().map(|f| convert.finding(f)).collect(),
        gaps: report.gaps.iter().map(|g| convert.gap(g)).collect(),
        notes: report.notes.iter().map(|n| convert.note(n)).collect(),
        summary: summary(report),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

/// Writes JSON Lines: findings, gaps, notes, and the summary last.
///
/// # Errors
/// When `out` fails.
pub fn lines(report: &Report, options: OutputOptions, mask: &Mask, out: &mut dyn Write) -> io::Result<()> {
    let convert = Convert { options, mask };
    for finding in &report.findings {
        line(out, &convert.finding(finding))?;
    }
    for gap in &report.gaps {
        line(out, &convert.gap(gap))?;
    }
    for note in &report.notes {
        line(out, &convert.note(note))?;
    }
    line(out, &summary(report))
}

fn line(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    writeln!(out)
}

fn summary(report: &Report) -> JsonSummary {
    let stats = &report.stats;
    JsonSummary {
        r#type: "summary",
        verdict: report.verdict().as_str(),
        findings: report.findings.len(),
        gaps: report.gaps.len(),
        commits: stats.commits,
        blobs: stats.blobs,
        trees: stats.trees,
        tags: stats.tags,
        cached: stats.cached,
        bytes: stats.bytes,
        below_threshold: stats.below_threshold,
        old: stats.old,
        sought: stats.sought,
        elapsed_ms: stats.elapsed_ms,
    }
}

/// From internal types to the contract, masking and escaping on the way.
struct Convert<'c> {
    options: OutputOptions,
    mask: &'c Mask<'c>,
}

impl Convert<'_> {
    fn safe(&self, text: &[u8]) -> String {
        escape(&self.mask.bytes(text))
    }

    fn map(&self, facts: &[crate::finding::Fact]) -> std::collections::BTreeMap<String, String> {
        facts.iter().map(|fact| (fact.field.clone(), self.safe(fact.value.as_bytes()))).collect()
    }

    fn finding(&self, finding: &Finding) -> JsonFinding {
        let exposure = &finding.exposure;
        JsonFinding {
            r#type: "finding",
            schema: SCHEMA,
            id: finding.id.to_string(),
            rule: finding.rule.to_string(),
            name: finding.name.to_string(),
            provider: finding.provider.to_string(),
            severity: finding.severity.as_str(),
            confidence: finding.confidence.as_str(),
            preview: finding.preview.clone(),
            secret: self.options.show_secrets.then(|| String::from_utf8_lossy(finding.secret.reveal()).into_owned()),
            evidence: finding.evidence.iter().map(|e| self.evidence(e)).collect(),
            facts: self.map(&finding.facts),
            stage: exposure.stage.as_str(),
            exposure: JsonExposure {
                in_head: exposure.in_head,
                refs: exposure.refs.iter().map(|name| self.safe(name.as_bytes())).collect(),
                ref_count: exposure.ref_count,
                commits: exposure.commits,
                first_commit: exposure.first_commit.clone(),
                first_seen: exposure.first_seen.clone(),
            },
            occurrences: finding.occurrences.iter().map(|o| self.occurrence(o)).collect(),
            state: "new",
            suppression: None,
            plan: finding.plan.iter().map(|step| self.step(step)).collect(),
        }
    }

    fn occurrence(&self, occurrence: &Occurrence) -> JsonOccurrence {
        JsonOccurrence {
            kind: occurrence.kind.as_str(),
            path: self.safe(&occurrence.whole_path()),
            line: occurrence.start.line,
            column: occurrence.start.column,
            end_line: occurrence.end.line,
            end_column: occurrence.end.column,
            commit: occurrence.commit.clone(),
            blob: occurrence.blob.clone(),
            author_time: occurrence.author_time.clone(),
            held: occurrence.held.iter().map(|held| self.held(held)).collect(),
        }
    }

    fn held(&self, held: &Held) -> JsonHeld {
        JsonHeld { by: held.by.as_str(), name: self.safe(&held.name) }
    }

    fn evidence(&self, evidence: &Evidence) -> JsonEvidence {
        let (kind, detail) = match evidence {
            Evidence::Format => ("format", None),
            Evidence::Check(check) => ("check", Some((*check).to_owned())),
            Evidence::Doubt { check, reason } => ("doubt", Some(format!("{check}: {reason}"))),
            Evidence::Weak(what) => ("weak", Some((*what).to_owned())),
            Evidence::Expired(end) => ("expired", Some(self.safe(end.as_bytes()))),
            Evidence::Named(name) => ("named", Some(self.safe(name.as_bytes()))),
            Evidence::Entropy { centibits, floor } => (
                "entropy",
                Some(format!(
                    "{:.2} bits a character, at least {:.2} expected",
                    f64::from(*centibits) / 100.0,
                    f64::from(*floor) / 100.0
                )),
            ),
            Evidence::Decoded(encoding) => ("decoded", Some((*encoding).to_owned())),
            Evidence::Companions(count) => ("companions", Some(count.to_string())),
            Evidence::Path(what) => ("path", Some((*what).to_owned())),
        };
        JsonEvidence { kind, detail }
    }

    fn step(&self, step: &PlanStep) -> JsonStep {
        JsonStep {
            kind: step.kind.as_str(),
            title: self.safe(step.title.as_bytes()),
            command: self.safe(step.command.as_bytes()),
            missing: self.map(&step.missing),
            link: step.link.clone(),
        }
    }

    fn gap(&self, gap: &Gap) -> JsonGap {
        JsonGap {
            r#type: "gap",
            what: self.safe(&gap.what),
            kind: gap.kind.as_str(),
            why: self.safe(gap.why.as_bytes()),
        }
    }

    fn note(&self, note: &Note) -> JsonNote {
        JsonNote { r#type: "note", text: self.safe(note.0.as_bytes()) }
    }
}
