//! What any format may show of a report: masked, escaped, and in words. Every renderer works from this, and nothing else.
//!
//! It is also the JSON contract, schema 1, apart from the internal types, and can be read back: a report that was stored is
//! shown by the same renderers.

mod convert;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::finding::Command;
use crate::rule::{Confidence, Severity};

/// Version of the schema; a change that breaks readers raises it.
pub const SCHEMA: u32 = 1;

/// A word of the contract.
pub type Word = Cow<'static, str>;

/// A report.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct View {
    /// Version of the schema.
    pub schema: u32,
    /// `keysweep`.
    pub tool: Word,
    /// Its version.
    pub version: Word,
    /// Which command it answers.
    pub command: Command,
    /// What was asked for, in words.
    pub scope: String,
    /// What the repository's folder is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// When, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made_at: Option<String>,
    /// The commit that HEAD named then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// Worst first.
    pub findings: Vec<FindingView>,
    /// Those that somebody allowed, and that do not count.
    #[serde(default)]
    pub suppressed: Vec<FindingView>,
    /// Parts that were not read.
    pub gaps: Vec<GapView>,
    /// What else there is to say about the coverage.
    pub notes: Vec<NoteView>,
    /// The verdict, and how much was read.
    pub summary: Summary,
}

/// One secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the contract; `finding` tells what they mean")]
pub struct FindingView {
    pub r#type: Word,
    pub schema: u32,
    pub id: String,
    pub rule: String,
    pub name: String,
    pub provider: String,
    pub severity: Severity,
    pub confidence: Confidence,
    pub impact: String,
    pub preview: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    pub evidence: Vec<EvidenceView>,
    pub facts: BTreeMap<String, String>,
    pub stage: Word,
    pub exposure: ExposureView,
    pub occurrences: Vec<OccurrenceView>,
    pub state: Word,
    pub suppression: Option<SuppressionView>,
    pub plan: Vec<StepView>,
}

/// What was written to allow it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the contract; `finding` tells what they mean")]
pub struct SuppressionView {
    pub by: Word,
    pub status: Word,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub reason: String,
    /// Why it does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flaw: Option<Word>,
}

/// A reason to believe it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the contract; `finding` tells what they mean")]
pub struct EvidenceView {
    pub kind: Word,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// How far it got.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the contract; `finding` tells what they mean")]
pub struct ExposureView {
    pub in_head: bool,
    pub refs: Vec<String>,
    pub ref_count: usize,
    pub branches: usize,
    pub tags: usize,
    pub remote_branches: usize,
    pub stashes: usize,
    pub other_refs: usize,
    pub tips: Vec<String>,
    pub commits: usize,
    pub held_in: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_commit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_author: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<EventView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed: Option<EventView>,
    pub remotes: Vec<RemoteView>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub outside_authors: Vec<String>,
}

/// A commit that something happened in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the contract; `finding` tells what they mean")]
pub struct EventView {
    pub commit: String,
    pub time: String,
    pub author: String,
}

/// A place it was pushed to or fetched from.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the contract; `finding` tells what they mean")]
pub struct RemoteView {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    pub host: Word,
}

/// A place it stands in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the contract; `finding` tells what they mean")]
pub struct OccurrenceView {
    pub kind: Word,
    /// With the member of the archive, if it is in one.
    pub path: String,
    /// The member alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    pub line: usize,
    pub column: usize,
    pub end_line: usize,
    pub end_column: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blob: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author_time: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub held: Vec<HeldView>,
}

/// What keeps a place.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the contract; `finding` tells what they mean")]
pub struct HeldView {
    pub by: Word,
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub name: String,
}

/// A step of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the contract; `finding` tells what they mean")]
pub struct StepView {
    pub kind: Word,
    pub title: String,
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub command: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub missing: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub link: String,
}

/// A part that was not read.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the contract; `finding` tells what they mean")]
pub struct GapView {
    pub r#type: Word,
    pub what: String,
    pub kind: Word,
    pub why: String,
}

/// Something about the coverage that is no gap.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the contract; `finding` tells what they mean")]
pub struct NoteView {
    pub r#type: Word,
    pub text: String,
}

/// The verdict, and how much was read.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the contract; `finding` tells what they mean")]
pub struct Summary {
    pub r#type: Word,
    pub verdict: Word,
    pub findings: usize,
    pub gaps: usize,
    pub commits: usize,
    pub blobs: usize,
    pub trees: usize,
    pub tags: usize,
    pub cached: usize,
    pub bytes: u64,
    pub below_threshold: usize,
    pub old: usize,
    #[serde(default)]
    pub suppressed: usize,
    /// Values looked for, where values and not rules say what is.
    #[serde(skip_serializing_if = "is_none", default)]
    pub sought: usize,
    pub elapsed_ms: u64,
}

fn is_none(count: &usize) -> bool {
    *count == 0
}
