//! Converts internal types into what may be shown, masked and escaped.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use super::{
    ContextView, EventView, EvidenceView, ExposureView, FindingView, GapView, NoteView, OccurrenceView, PlanView,
    RemoteView, RetentionView, SCHEMA, ShowView, SignView, SourceView, State, StepView, Summary, SuppressedBy,
    SuppressionStatus, SuppressionView, View,
};
use crate::finding::suppression::{By, Status};
use crate::finding::{
    Advice, CodeOwners, ContentKind, Event, Evidence, Excerpt, Exposure, Fact, Finding, Gap, ImageName, ImagePlace,
    LayerPlace, LeftOut, Link, Note, Occurrence, Piece, Plan, PlanStep, RefKinds, Remote, Report, Retention, Show,
    Subject, Suppression, Visibility,
};
use crate::output::mask::{Mask, by_line};
use crate::output::words::plural;
use crate::text::escape;

/// The most characters shown of a build step.
const MAX_STEP: usize = 120;

/// The treatment of secret values.
#[derive(Debug, Clone, Copy)]
pub enum Values<'m> {
    /// Values are masked wherever they appear.
    Masked(&'m Mask<'m>),
    /// Values are shown, on request.
    Shown,
}

impl View {
    /// Returns the view of a report.
    pub fn new(report: &Report, values: Values) -> Self {
        let off = Mask::off();
        let (show_secrets, mask) = match values {
            Values::Masked(mask) => (false, mask),
            Values::Shown => (true, &off),
        };
        let convert = Convert { show_secrets, mask, code_owners: &report.code_owners, known: RefCell::default() };
        Self {
            schema: SCHEMA,
            tool: "keysweep".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            command: report.scope.command,
            scope: convert.safe(report.scope.subject.as_bytes()),
            repository: report.repository.as_ref().map(|name| convert.safe(name)),
            source: convert.source(report),
            made_at: report.made_at.clone(),
            head: report.head.clone(),
            findings: report.findings.iter().map(|finding| convert.finding(finding)).collect(),
            plans: report.plans.iter().map(|plan| convert.plan(plan)).collect(),
            advice: report.advice.iter().map(|advice| convert.advice(advice)).collect(),
            before_commit: report.before_commit.iter().map(|step| convert.step(step)).collect(),
            before_push: report.before_push.iter().map(|step| convert.step(step)).collect(),
            run_in: report.run_in.as_ref().map(|folder| convert.safe(folder)),
            is_stored: false,
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
        verdict: report.verdict(),
        findings: report.findings.len(),
        gaps: report.gaps.len(),
        commits: stats.commits,
        blobs: stats.blobs,
        trees: stats.trees,
        tags: stats.tags,
        cached: stats.cached,
        bytes: stats.bytes,
        below_threshold: stats.held_back.total(),
        held_back: stats.held_back,
        old: stats.old,
        suppressed: report.suppressed.len(),
        sought: stats.sought,
        elapsed_ms: u64::try_from(stats.elapsed_ms).unwrap_or(u64::MAX),
    }
}

/// Returns the words that replace something left out.
fn left_out_words(left_out: LeftOut) -> String {
    let LeftOut { characters, lines, encoding } = left_out;
    let lines = if lines == 1 { String::new() } else { format!(" on {lines} lines") };
    let of = encoding.map(|encoding| format!(" of {encoding}")).unwrap_or_default();
    format!("‹{}{of}{lines}›", plural(characters, "character"))
}

/// The conversion of one report, with a cache of masked texts.
struct Convert<'c> {
    show_secrets: bool,
    mask: &'c Mask<'c>,
    code_owners: &'c CodeOwners,
    /// The cache: the same paths, names and steps recur, and masking a text costs a scan of it.
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

    fn source(&self, report: &Report) -> SourceView {
        let Subject { name, host, remote, visibility, branch, kind, members } = &report.subject;
        let safe = |text: &Option<String>| text.as_ref().map(|text| self.safe(text.as_bytes()));
        SourceView {
            name: safe(name),
            host: safe(host),
            remote: safe(remote),
            visibility: *visibility,
            branch: safe(branch),
            roots: report.roots.clone(),
            kind: *kind,
            members: self.all(members),
            rules: String::new(),
        }
    }

    fn all(&self, texts: &[impl AsRef<[u8]>]) -> Vec<String> {
        texts.iter().map(|text| self.safe(text.as_ref())).collect()
    }

    fn map(&self, facts: &[Fact]) -> BTreeMap<String, String> {
        facts.iter().map(|fact| (fact.field.clone(), self.safe(fact.value.as_bytes()))).collect()
    }

    fn finding(&self, finding: &Finding) -> FindingView {
        FindingView {
            schema: SCHEMA,
            id: finding.id.to_string(),
            // The id of a user's rule is not secret, but may come from a repository.
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
            stage: finding.exposure.stage,
            exposure: self.exposure(&finding.exposure),
            occurrences: finding.occurrences.iter().map(|o| self.occurrence(o)).collect(),
            state: if finding.known { State::Unchanged } else { State::New },
            suppression: finding.suppression.as_ref().map(|one| self.suppression(one)),
            show: finding.show.as_ref().and_then(|show| self.show(show)),
            asked: None,
            plan: finding.plan.iter().map(|step| self.step(step)).collect(),
        }
    }

    /// Returns the command that shows a place; `None` if part of it had to be masked.
    fn show(&self, show: &Show) -> Option<ShowView> {
        let command = self.safe(show.command.as_bytes());
        (command == show.command).then_some(ShowView { occurrence: show.place, command })
    }

    fn suppression(&self, suppression: &Suppression) -> SuppressionView {
        let (by, line) = match suppression.by {
            By::Comment { line } => (SuppressedBy::Comment, Some(line)),
            By::Entry { line } => (SuppressedBy::Config, Some(line)),
            By::Baseline => (SuppressedBy::Baseline, None),
            By::Exclude => (SuppressedBy::Exclude, None),
        };
        let (status, flaw) = match suppression.status {
            Status::Accepted => (SuppressionStatus::Accepted, None),
            Status::NeedsApproval => (SuppressionStatus::NeedsApproval, None),
            Status::Void(flaw) => (SuppressionStatus::Void, Some(flaw.as_str().to_owned())),
        };
        SuppressionView { by, status, line, reason: self.safe(suppression.reason.as_bytes()), flaw }
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
            sign: exposure.sign.as_ref().map(|sign| SignView {
                kind: sign.kind,
                name: self.safe(&sign.name),
                remote: sign.remote.as_ref().map(|remote| self.safe(remote)),
            }),
            doubt: exposure.doubt,
            in_the_end: exposure.in_the_end,
        }
    }

    fn event(&self, event: &Event) -> EventView {
        EventView { commit: event.commit.clone(), time: event.time.clone(), author: self.safe(&event.author) }
    }

    fn remote(&self, remote: &Remote) -> RemoteView {
        RemoteView {
            name: self.safe(&remote.name),
            url: remote.url.as_ref().map(|url| self.safe(url)),
            host: remote.host,
        }
    }

    fn occurrence(&self, occurrence: &Occurrence) -> OccurrenceView {
        OccurrenceView {
            kind: occurrence.kind,
            path: self.safe(&occurrence.whole_path()),
            member: (!occurrence.member.is_empty()).then(|| self.safe(&occurrence.member)),
            line: occurrence.start.line,
            column: occurrence.start.column,
            end_line: occurrence.end.line,
            end_column: occurrence.end.column,
            commit: occurrence.commit.clone(),
            blob: occurrence.blob.clone(),
            author_time: occurrence.author_time.clone(),
            held: occurrence.held.iter().map(|one| self.retention(one)).collect(),
            context: occurrence.excerpt.as_ref().map(|excerpt| self.context(excerpt)),
            link: self.link(occurrence),
            owners: self.owners(occurrence),
            agent: occurrence.agent,
            image: occurrence.image.as_ref().map(|place| Box::new(self.image(place))),
        }
    }

    /// Returns the owners of the file, if it is a file of a repository.
    fn owners(&self, occurrence: &Occurrence) -> Vec<String> {
        if !matches!(occurrence.kind, ContentKind::File | ContentKind::ArchiveMember | ContentKind::Symlink) {
            return Vec::new();
        }
        let owners = self.code_owners.of(occurrence.path.as_ref());
        owners.iter().map(|owner| self.safe(owner.as_bytes())).collect()
    }

    fn context(&self, excerpt: &Excerpt) -> ContextView {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => self.safe(text),
            Piece::Secret(left_out) => left_out_words(*left_out),
            Piece::Cut => "…".to_owned(),
        };
        let all = |pieces: &[Piece]| pieces.iter().map(piece).collect::<String>();
        ContextView {
            before: all(&excerpt.before).trim_start().to_owned(),
            value: left_out_words(excerpt.value),
            after: all(&excerpt.after).trim_end().to_owned(),
        }
    }

    /// Returns the page of the file, or of the commit if no file of it holds the secret. An address never includes a
    /// name that was masked.
    fn link(&self, occurrence: &Occurrence) -> Option<Link> {
        let (web, commit) = (occurrence.web.as_ref()?, occurrence.commit.as_ref()?);
        let is_public = |text: &[u8]| self.safe(text) == escape(text);
        if !is_public(web.base().as_bytes()) {
            return None;
        }
        let lines = Some((occurrence.start.line, occurrence.end.line));
        let file = |lines| is_public(&occurrence.path).then(|| web.file(commit, &occurrence.path, lines));
        let page = match occurrence.kind {
            ContentKind::File => file(lines),
            ContentKind::ArchiveMember => file(None),
            ContentKind::Symlink
            | ContentKind::FileName
            | ContentKind::CommitMessage
            | ContentKind::Note
            | ContentKind::Author => None,
            ContentKind::TagMessage
            | ContentKind::RefName
            | ContentKind::Config
            | ContentKind::Hook
            | ContentKind::Reflog
            | ContentKind::GitFile
            | ContentKind::ImageMetadata => return None,
        };
        page.or_else(|| Some(web.commit(commit)))
    }

    fn image(&self, place: &ImagePlace) -> ImagePlace {
        let safe = |text: &String| self.safe(text.as_bytes());
        let step = |text: &String| step(&self.safe(text.as_bytes()));
        let name = |image: &ImageName| ImageName {
            names: image.names.iter().map(safe).collect(),
            digest: image.digest.clone(),
            platform: image.platform.as_ref().map(safe),
        };
        let layer = place.layer.as_ref().map(|layer| LayerPlace { step: step(&layer.step), ..layer.clone() });
        let visibility = match &place.visibility {
            Visibility::Overwritten { by_layer, by_step } => {
                Visibility::Overwritten { by_layer: *by_layer, by_step: step(by_step) }
            }
            Visibility::Deleted { by_layer, by_step } => {
                Visibility::Deleted { by_layer: *by_layer, by_step: step(by_step) }
            }
            Visibility::Copied { line, instruction } => {
                Visibility::Copied { line: *line, instruction: step(instruction) }
            }
            known @ (Visibility::Present
            | Visibility::Metadata
            | Visibility::Leftover
            | Visibility::Recorded { .. }
            | Visibility::BuildArgument
            | Visibility::Variable
            | Visibility::Unsent
            | Visibility::Sent) => known.clone(),
        };
        ImagePlace { images: place.images.iter().map(name).collect(), layer, visibility, origin: place.origin }
    }

    fn retention(&self, retention: &Retention) -> RetentionView {
        RetentionView { by: retention.by, name: self.safe(&retention.name) }
    }

    fn evidence(&self, evidence: &Evidence) -> EvidenceView {
        match evidence {
            Evidence::Format => EvidenceView::Format,
            Evidence::Check(check) => EvidenceView::Check((*check).to_owned()),
            Evidence::Doubt { check, reason } => EvidenceView::Doubt(format!("{check}: {reason}")),
            Evidence::Weak(what) => EvidenceView::Weak((*what).to_owned()),
            Evidence::Expired(end) => EvidenceView::Expired(self.safe(end.as_bytes())),
            Evidence::Named(name) => EvidenceView::Named(self.safe(name.as_bytes())),
            Evidence::After(keyword) => EvidenceView::After(self.safe(keyword.as_bytes())),
            Evidence::Entropy { centibits, floor } => EvidenceView::Entropy(format!(
                "{:.2} bits a character, at least {:.2} expected",
                f64::from(*centibits) / 100.0,
                f64::from(*floor) / 100.0
            )),
            Evidence::Decoded(encoding) => EvidenceView::Decoded((*encoding).to_owned()),
            Evidence::Companions(count) => EvidenceView::Companions(*count),
            Evidence::Path(what) => EvidenceView::Path((*what).to_owned()),
        }
    }

    fn plan(&self, plan: &Plan) -> PlanView {
        PlanView {
            findings: plan.findings.iter().map(ToString::to_string).collect(),
            steps: plan.steps.iter().map(|step| self.step(step)).collect(),
        }
    }

    fn advice(&self, advice: &Advice) -> (String, Vec<StepView>) {
        (escape(advice.rule.as_bytes()), advice.steps.iter().map(|step| self.step(step)).collect())
    }

    fn step(&self, step: &PlanStep) -> StepView {
        StepView {
            kind: step.kind,
            title: self.safe(step.title.as_bytes()),
            command: by_line(&step.command, |line| self.safe(line)),
            lines: by_line(&step.lines, |line| self.safe(line)),
            missing: self.map(&step.missing),
            link: escape(step.link.as_bytes()),
        }
    }

    fn gap(&self, gap: &Gap) -> GapView {
        GapView { what: self.safe(&gap.what), kind: gap.kind, why: self.safe(gap.why.as_bytes()) }
    }

    fn note(&self, note: &Note) -> NoteView {
        NoteView { text: self.safe(note.0.as_bytes()) }
    }
}
/// Returns a build step on one line, without what builders add around it. It is masked first: a mask would not
/// recognise half of a value.
fn step(masked: &str) -> String {
    let step = masked.strip_suffix("# buildkit").unwrap_or(masked).trim();
    let step = step.strip_prefix("/bin/sh -c #(nop)").or_else(|| step.strip_prefix("/bin/sh -c")).unwrap_or(step);
    let words = step.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(MAX_STEP) {
        Some((at, _)) => format!("{}…", &words[..at]),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_step_is_shown_without_builder_boilerplate() {
        for (text, expected) in [
            ("COPY . /app # buildkit", "COPY . /app"),
            ("/bin/sh -c #(nop)  ENV A=b", "ENV A=b"),
            ("/bin/sh -c apt-get   update", "apt-get update"),
            ("", ""),
        ] {
            assert_eq!(step(text), expected);
        }
        assert_eq!(step(&"x".repeat(500)).chars().count(), MAX_STEP + 1);
    }
}
