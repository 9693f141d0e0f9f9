//! What any format may show of a report: masked, escaped, and in words. Every renderer works from this, and nothing else.
//!
//! It is also the JSON contract, schema 1, apart from the internal types, and can be read back: a report that was stored is
//! shown by the same renderers.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::mask::Mask;
use crate::finding::suppression::{By, Status};
use crate::finding::{
    Event, Evidence, Exposure, Fact, Finding, Gap, Held, Note, Occurrence, PlanStep, RefKinds, Remote, Report,
    Suppression,
};
use crate::rule::{Confidence, Severity};
use crate::text::escape;

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
    /// `staged`, `range`, `history` or `files`.
    pub command: Word,
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

impl View {
    /// What may be shown of a report; values only if `show_secrets`.
    pub fn new(report: &Report, show_secrets: bool, mask: &Mask) -> Self {
        let convert = Convert { show_secrets, mask, known: RefCell::default() };
        Self {
            schema: SCHEMA,
            tool: Word::Borrowed("keysweep"),
            version: Word::Borrowed(env!("CARGO_PKG_VERSION")),
            command: Word::Borrowed(report.scope.command),
            scope: convert.safe(report.scope.subject.as_bytes()),
            repository: report.repository.as_ref().map(|name| convert.safe(name)),
            made_at: report.made_at.clone(),
            head: report.head.clone(),
            findings: report.findings.iter().map(|finding| convert.finding(finding)).collect(),
            suppressed: report.suppressed.iter().map(|finding| convert.finding(finding)).collect(),
            gaps: report.gaps.iter().map(|gap| convert.gap(gap)).collect(),
            notes: report.notes.iter().map(|note| convert.note(note)).collect(),
            summary: summary(report),
        }
    }
}

fn summary(report: &Report) -> Summary {
    let stats = &report.stats;
    Summary {
        r#type: Word::Borrowed("summary"),
        verdict: Word::Borrowed(report.verdict().as_str()),
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
        suppressed: report.suppressed.len(),
        sought: stats.sought,
        elapsed_ms: u64::try_from(stats.elapsed_ms).unwrap_or(u64::MAX),
    }
}

/// From internal types to what may be shown, masking and escaping on the way.
struct Convert<'c> {
    show_secrets: bool,
    mask: &'c Mask<'c>,
    /// The same paths, names and steps come again and again, and to mask a text costs a scan of it.
    known: RefCell<HashMap<Vec<u8>, String>>,
}

impl Convert<'_> {
    fn safe(&self, text: &[u8]) -> String {
        if let Some(known) = self.known.borrow().get(text) {
            return known.clone();
        }
        let safe = escape(&self.mask.bytes(text));
        self.known.borrow_mut().insert(text.to_vec(), safe.clone());
        safe
    }

    fn all(&self, texts: &[impl AsRef<[u8]>]) -> Vec<String> {
        texts.iter().map(|text| self.safe(text.as_ref())).collect()
    }

    fn map(&self, facts: &[Fact]) -> BTreeMap<String, String> {
        facts.iter().map(|fact| (fact.field.clone(), self.safe(fact.value.as_bytes()))).collect()
    }

    fn finding(&self, finding: &Finding) -> FindingView {
        FindingView {
            r#type: Word::Borrowed("finding"),
            schema: SCHEMA,
            id: finding.id.to_string(),
            // What a rule of one's own says is no secret, but may come from a repository.
            rule: escape(finding.rule.as_bytes()),
            name: escape(finding.name.as_bytes()),
            provider: escape(finding.provider.as_bytes()),
            severity: finding.severity,
            confidence: finding.confidence,
            impact: escape(finding.impact.as_bytes()),
            preview: escape(finding.preview.as_bytes()),
            secret: self.show_secrets.then(|| String::from_utf8_lossy(finding.secret.reveal()).into_owned()),
            evidence: finding.evidence.iter().map(|e| self.evidence(e)).collect(),
            facts: self.map(&finding.facts),
            stage: Word::Borrowed(finding.exposure.stage.as_str()),
            exposure: self.exposure(&finding.exposure),
            occurrences: finding.occurrences.iter().map(|o| self.occurrence(o)).collect(),
            state: Word::Borrowed(if finding.known { "unchanged" } else { "new" }),
            suppression: finding.suppression.as_ref().map(|one| self.suppression(one)),
            plan: finding.plan.iter().map(|step| self.step(step)).collect(),
        }
    }

    fn suppression(&self, suppression: &Suppression) -> SuppressionView {
        let line = match suppression.by {
            By::Comment { line } | By::Entry { line } => Some(line),
            By::Baseline => None,
        };
        let flaw = match suppression.status {
            Status::Void(flaw) => Some(Word::Borrowed(flaw.as_str())),
            Status::Accepted | Status::NeedsApproval => None,
        };
        SuppressionView {
            by: Word::Borrowed(suppression.by.as_str()),
            status: Word::Borrowed(suppression.status.as_str()),
            line,
            reason: self.safe(suppression.reason.as_bytes()),
            flaw,
        }
    }

    fn exposure(&self, exposure: &Exposure) -> ExposureView {
        let RefKinds { branches, tags, remotes, stashes, others } = exposure.kinds;
        ExposureView {
            in_head: exposure.in_head,
            refs: self.all(&exposure.refs),
            ref_count: exposure.ref_count,
            branches,
            tags,
            remote_branches: remotes,
            stashes,
            other_refs: others,
            tips: self.all(&exposure.tips),
            commits: exposure.commits,
            held_in: exposure.held_in,
            first_commit: exposure.first_commit.clone(),
            first_seen: exposure.first_seen.clone(),
            first_author: exposure.first_author.as_ref().map(|author| self.safe(author)),
            last: exposure.last.as_ref().map(|event| self.event(event)),
            removed: exposure.removed.as_ref().map(|event| self.event(event)),
            remotes: exposure.remotes.iter().map(|remote| self.remote(remote)).collect(),
            outside_authors: self.all(&exposure.outside_authors),
        }
    }

    fn event(&self, event: &Event) -> EventView {
        EventView { commit: event.commit.clone(), time: event.time.clone(), author: self.safe(&event.author) }
    }

    fn remote(&self, remote: &Remote) -> RemoteView {
        RemoteView {
            name: self.safe(&remote.name),
            url: remote.url.as_ref().map(|url| self.safe(url)),
            host: Word::Borrowed(remote.host.as_str()),
        }
    }

    fn occurrence(&self, occurrence: &Occurrence) -> OccurrenceView {
        OccurrenceView {
            kind: Word::Borrowed(occurrence.kind.as_str()),
            path: self.safe(&occurrence.whole_path()),
            member: (!occurrence.member.is_empty()).then(|| self.safe(&occurrence.member)),
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

    fn held(&self, held: &Held) -> HeldView {
        HeldView { by: Word::Borrowed(held.by.as_str()), name: self.safe(&held.name) }
    }

    fn evidence(&self, evidence: &Evidence) -> EvidenceView {
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
        EvidenceView { kind: Word::Borrowed(kind), detail }
    }

    fn step(&self, step: &PlanStep) -> StepView {
        StepView {
            kind: Word::Borrowed(step.kind.as_str()),
            title: self.safe(step.title.as_bytes()),
            command: self.safe(step.command.as_bytes()),
            missing: self.map(&step.missing),
            link: escape(step.link.as_bytes()),
        }
    }

    fn gap(&self, gap: &Gap) -> GapView {
        GapView {
            r#type: Word::Borrowed("gap"),
            what: self.safe(&gap.what),
            kind: Word::Borrowed(gap.kind.as_str()),
            why: self.safe(gap.why.as_bytes()),
        }
    }

    fn note(&self, note: &Note) -> NoteView {
        NoteView { r#type: Word::Borrowed("note"), text: self.safe(note.0.as_bytes()) }
    }
}
