//! The view of a report for every format: masked, escaped, and in words. Every renderer works from this alone.
//!
//! It is also the JSON contract, schema 1, separate from the internal types, and can be read back: the same renderers
//! show a stored report. Its words are enums, most of them those of `finding`, so that every renderer has to handle
//! each; their names in JSON must not change. A stored report with a word that this version does not know can't be read
//! back.

mod convert;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::finding::{
    Access, AgentPlace, Command, ContentKind, Doubt, GapKind, HeldBack, Host, ImagePlace, InTheEnd, Link, Liveness,
    Retainer, SignKind, Stage, StepKind, SubjectKind, Verdict,
};
use crate::rule::{Confidence, Severity};

pub use convert::Values;

/// The version of the schema; a change that breaks readers raises it.
pub const SCHEMA: u32 = 1;

/// The view of a report.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct View {
    /// The version of the schema.
    pub schema: u32,
    /// The tool's name, `keysweep`.
    pub tool: String,
    /// The tool's version.
    pub version: String,
    /// The command that made the report.
    pub command: Command,
    /// A description of the scope.
    pub scope: String,
    /// The name of the repository's folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The subject of the scan, by a name that is the same in other reports.
    #[serde(default)]
    pub source: SourceView,
    /// The time of the report, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made_at: Option<String>,
    /// The commit that HEAD named at that time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// The findings, worst first.
    pub findings: Vec<FindingView>,
    /// The plans for the findings: one for each kind and stage.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub plans: Vec<PlanView>,
    /// The general advice of the rules, by rule id. Only `explain` shows it, so it is in no JSON.
    #[serde(skip)]
    pub advice: BTreeMap<String, Vec<StepView>>,
    /// The steps for all findings at once, if they stop a commit.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub before_commit: Vec<StepView>,
    /// The steps for all findings at once, if they stop a push.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub before_push: Vec<StepView>,
    /// The repository that the commands are for, quoted for a shell, if they would not reach it from the current
    /// folder.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub run_in: Option<String>,
    /// Set if other commands can look up the findings by id. A report that is read back does not keep this.
    #[serde(skip)]
    pub is_stored: bool,
    /// The findings that are allowed and do not count.
    #[serde(default)]
    pub suppressed: Vec<FindingView>,
    /// The parts that were not read.
    pub gaps: Vec<GapView>,
    /// Remarks on the coverage that are not gaps.
    pub notes: Vec<NoteView>,
    /// The verdict, and the amount of content read.
    pub summary: Summary,
}

impl View {
    /// Returns the findings, followed by those that are allowed.
    pub fn all(&self) -> impl Iterator<Item = &FindingView> {
        self.findings.iter().chain(&self.suppressed)
    }
}

/// One of several reports, with its repository as named in the arguments.
#[derive(Debug, Serialize)]
pub struct Named {
    /// The path as given; two folders may have the same name.
    pub path: String,
    /// The report on this repository.
    pub report: View,
}

/// The subject of the scan, by a name that is the same in other reports.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the contract; `finding` explains what they mean")]
pub struct SourceView {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub host: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub remote: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub visibility: Option<Access>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub branch: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub roots: Vec<String>,
    #[serde(default)]
    pub kind: SubjectKind,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub members: Vec<String>,
    #[serde(default)]
    pub rules: String,
}

/// The view of a secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename = "finding")]
#[expect(missing_docs, reason = "the names are the contract; `finding` explains what they mean")]
pub struct FindingView {
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
    pub stage: Stage,
    pub exposure: ExposureView,
    pub occurrences: Vec<OccurrenceView>,
    pub state: State,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub asked: Option<AskedView>,
    pub suppression: Option<SuppressionView>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub show: Option<ShowView>,
    pub plan: Vec<StepView>,
}

/// A provider's answer about a secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the contract; `finding` explains what they mean")]
pub struct AskedView {
    pub word: Liveness,
    pub at: String,
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub host: String,
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub why: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub reveals: BTreeMap<String, String>,
    /// The age of the answer in whole days.
    pub days: u64,
    /// Set if the provider should be asked again.
    pub is_old: bool,
}

/// The state of a secret in the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The baseline lacks it.
    New,
    /// The baseline lists it.
    Unchanged,
}

/// The view of the entry or comment that allows a finding.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the contract; `finding` explains what they mean")]
pub struct SuppressionView {
    pub by: SuppressedBy,
    pub status: SuppressionStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub reason: String,
    /// The reason why it is not valid, as a clause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flaw: Option<String>,
}

/// The place where a suppression is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are the contract; `finding` explains what they mean")]
pub enum SuppressedBy {
    Comment,
    Config,
    Baseline,
    Exclude,
}

/// The state of a suppression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are the contract; `finding` explains what they mean")]
pub enum SuppressionStatus {
    Accepted,
    NeedsApproval,
    Void,
}

/// A reason to believe or to doubt a finding.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", content = "detail", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are the contract; `finding` explains what they mean")]
pub enum EvidenceView {
    Format,
    Check(String),
    Doubt(String),
    Weak(String),
    Expired(String),
    Named(String),
    After(String),
    Entropy(String),
    Decoded(String),
    /// The number of identifiers nearby; schema 1 writes every detail as text.
    Companions(#[serde(with = "number_as_text")] usize),
    Path(String),
}

mod number_as_text {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(number: &usize, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// The exposure of a secret: how far it got.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the contract; `finding` explains what they mean")]
pub struct ExposureView {
    pub in_head: Option<bool>,
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
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sign: Option<SignView>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub doubt: Option<Doubt>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub in_the_end: Option<InTheEnd>,
}

/// The evidence that a secret was on a server.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the contract; `finding` explains what they mean")]
pub struct SignView {
    pub kind: SignKind,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub remote: Option<String>,
}

/// A commit in which something happened to a secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the contract; `finding` explains what they mean")]
pub struct EventView {
    pub commit: String,
    pub time: String,
    pub author: String,
}

/// A repository that this one pushes to or fetches from.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the contract; `finding` explains what they mean")]
pub struct RemoteView {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    pub host: Host,
}

/// A place of a secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the contract; `finding` explains what they mean")]
pub struct OccurrenceView {
    pub kind: ContentKind,
    /// The path, with the member of the archive if it is in one.
    pub path: String,
    /// The member of the archive.
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
    pub held: Vec<RetentionView>,
    /// The text around it on its line.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub context: Option<ContextView>,
    /// The page on the host that has the commit.
    #[serde(skip_serializing_if = "Option::is_none", default, deserialize_with = "Link::deserialize_if_safe")]
    pub link: Option<Link>,
    /// The owners according to the repository's CODEOWNERS.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub owners: Vec<String>,
    /// The place in a container image.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub image: Option<Box<ImagePlace>>,
    /// The agent and purpose of the file.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub agent: Option<AgentPlace>,
}

/// A line without its secrets.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the contract; `finding` explains what they mean")]
pub struct ContextView {
    pub before: String,
    /// The words that replace the value.
    pub value: String,
    pub after: String,
}

/// A command that shows a place, and the secret with it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the contract; `finding` explains what they mean")]
pub struct ShowView {
    /// The index of the occurrence, from 0.
    pub occurrence: usize,
    pub command: String,
}

/// The retention of a place: what keeps it in the repository.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the contract; `finding` explains what they mean")]
pub struct RetentionView {
    pub by: Retainer,
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub name: String,
}

/// The steps for findings of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanView {
    /// The ids of the findings, worst first.
    pub findings: Vec<String>,
    /// The steps in order, each for all findings.
    pub steps: Vec<StepView>,
}

/// A step of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the contract; `finding` explains what they mean")]
pub struct StepView {
    pub kind: StepKind,
    pub title: String,
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub command: String,
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub lines: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub missing: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub link: String,
}

/// A part that was not read.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename = "gap")]
#[expect(missing_docs, reason = "the names are the contract; `finding` explains what they mean")]
pub struct GapView {
    pub what: String,
    pub kind: GapKind,
    pub why: String,
}

/// A remark on the coverage that is not a gap.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename = "note")]
#[expect(missing_docs, reason = "the names are the contract; `finding` explains what they mean")]
pub struct NoteView {
    pub text: String,
}

/// The verdict, and the amount of content read.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename = "summary")]
#[expect(missing_docs, reason = "the names are the contract; `finding` explains what they mean")]
pub struct Summary {
    pub verdict: Verdict,
    pub findings: usize,
    pub gaps: usize,
    pub commits: usize,
    pub blobs: usize,
    pub trees: usize,
    pub tags: usize,
    pub cached: usize,
    pub bytes: u64,
    pub below_threshold: usize,
    /// The number of secrets below the thresholds, by the threshold they miss; unknown in a report stored by an older
    /// version.
    #[serde(default)]
    pub held_back: HeldBack,
    pub old: usize,
    #[serde(default)]
    pub suppressed: usize,
    /// The number of values searched for, if the scan searched for given values.
    #[serde(skip_serializing_if = "is_none", default)]
    pub sought: usize,
    pub elapsed_ms: u64,
}

fn is_none(count: &usize) -> bool {
    *count == 0
}
