//! For people: what was found, why we believe it, what it opens, what to do now.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::mask::Mask;
use super::{OutputOptions, style};
use crate::finding::{ContentKind, Evidence, Finding, Held, Holder, Occurrence, PlanStep, Report, Stage, Verdict};
use crate::text::escape;

/// The command whose all-clear is a proof.
const VERIFY: &str = "verify";

/// Occurrences named for one finding, at most.
const MAX_PLACES: usize = 8;

/// Writes a report.
///
/// # Errors
/// When `out` fails.
pub fn render(report: &Report, options: OutputOptions, mask: &Mask, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { options, mask, out };
    let mut told: BTreeSet<(&str, Stage)> = BTreeSet::new();
    for finding in &report.findings {
        let first = told.insert((&finding.rule, finding.exposure.stage));
        page.finding(finding, first)?;
    }
    page.gaps(report)?;
    page.summary(report)
}

struct Page<'p> {
    options: OutputOptions,
    mask: &'p Mask<'p>,
    out: &'p mut dyn Write,
}

impl Page<'_> {
    /// Untrusted text, masked and escaped.
    fn safe(&self, text: &[u8]) -> String {
        escape(&self.mask.bytes(text))
    }

    fn finding(&mut self, finding: &Finding, with_plan: bool) -> io::Result<()> {
        writeln!(
            self.out,
            "{}  {}  {}",
            style::severity(finding.severity),
            style::title(&finding.name),
            style::faint(&format!("{} · {}", finding.rule, finding.id)),
        )?;
        self.places(finding)?;
        let value = if self.options.show_secrets { escape(finding.secret.reveal()) } else { finding.preview.clone() };
        self.row("value", &value)?;
        if self.options.quiet {
            return writeln!(self.out);
        }
        if !finding.evidence.is_empty() {
            self.row("why", &self.safe(reasons(finding).as_bytes()))?;
        }
        self.row("stage", &self.safe(stage(finding).as_bytes()))?;
        if !finding.impact.is_empty() {
            self.row("risk", &finding.impact)?;
        }
        if with_plan {
            self.plan(&finding.plan)?;
        } else {
            self.row("do", "the same steps as above")?;
        }
        writeln!(self.out)
    }

    fn row(&mut self, label: &str, text: &str) -> io::Result<()> {
        writeln!(self.out, "  {}  {text}", style::label(&format!("{label:5}")))
    }

    fn places(&mut self, finding: &Finding) -> io::Result<()> {
        for (at, occurrence) in finding.occurrences.iter().take(MAX_PLACES).enumerate() {
            let label = if at == 0 { "where" } else { "" };
            let text = self.place(occurrence);
            self.row(label, &text)?;
            if !occurrence.held.is_empty() {
                let keepers: Vec<String> = occurrence.held.iter().map(|held| self.keeper(held)).collect();
                self.row("", &style::faint(&format!("  still there: {}", keepers.join(", "))).to_string())?;
            }
        }
        let more = finding.occurrences.len().saturating_sub(MAX_PLACES);
        if more > 0 {
            self.row("", &format!("and {more} more places (--format json lists all)"))?;
        }
        Ok(())
    }

    /// What keeps a place, in words.
    fn keeper(&self, held: &Held) -> String {
        let name = self.safe(&held.name);
        match held.by {
            Holder::Ref => format!("{name} reaches it"),
            Holder::MoreRefs => format!("{name} more refs reach it"),
            Holder::Head => format!("{name}, on no branch, reaches it"),
            Holder::Index => "an index holds it".to_owned(),
            Holder::File => "nothing removes it by itself".to_owned(),
            Holder::Stash => "a stash holds it".to_owned(),
            Holder::Reflog => format!("the reflog of {name} holds it"),
            Holder::Leftover => "nothing reaches it, but git has not cleaned it up yet".to_owned(),
            Holder::KeptPack => format!("a pack in {name} that git does not clean up holds it"),
            Holder::Alternate => format!("it is borrowed from {name}"),
        }
    }

    fn place(&self, occurrence: &Occurrence) -> String {
        let path = self.safe(&occurrence.whole_path());
        let at = format!("{}:{}", occurrence.start.line, occurrence.start.column);
        let commit = occurrence.commit.as_deref().map(|id| format!(" in commit {}", short(id))).unwrap_or_default();
        let time = occurrence
            .author_time
            .as_deref()
            .map(|time| format!(" ({})", time.get(..10).unwrap_or(time)))
            .unwrap_or_default();
        let blob = occurrence.blob.as_deref().map(short).unwrap_or_default();
        match occurrence.kind {
            ContentKind::ArchiveMember if occurrence.path.is_empty() => {
                format!("{path}:{at} in the archive that is blob {blob}, in no commit")
            }
            ContentKind::File if path.is_empty() => format!("blob {blob}:{at}, in no commit"),
            ContentKind::File | ContentKind::ArchiveMember => format!("{path}:{at}{commit}{time}"),
            ContentKind::Symlink => format!("{path} (the link's target){commit}{time}"),
            ContentKind::FileName => format!("{path} (the file's name){commit}{time}"),
            ContentKind::CommitMessage => {
                format!("message of commit {}, line {}{time}", short(&path), occurrence.start.line)
            }
            ContentKind::TagMessage => {
                format!("message of tag object {}, line {}", short(&path), occurrence.start.line)
            }
            ContentKind::Note => format!("note {}, line {}{commit}{time}", short(&path), occurrence.start.line),
            ContentKind::Author => format!("author or committer of {}{time}", short(&path)),
            ContentKind::RefName => format!("{path} (the ref's name)"),
            ContentKind::Config => format!("{path}:{at} (git's configuration)"),
            ContentKind::Hook => format!("{path}:{at} (a hook)"),
            ContentKind::Reflog => format!("{path}:{at} (a reflog)"),
            ContentKind::GitFile => format!("{path}:{at} (a file of git's own)"),
        }
    }

    fn plan(&mut self, plan: &[PlanStep]) -> io::Result<()> {
        for (at, step) in plan.iter().enumerate() {
            let label = if at == 0 { "do" } else { "" };
            let number = at + 1;
            let title = self.safe(step.title.as_bytes());
            self.row(label, &format!("{number}. {} {title}", style::title(&format!("[{}]", step.kind.as_str()))))?;
            if !step.command.is_empty() {
                let command = self.safe(step.command.as_bytes());
                self.row("", &format!("   $ {}", style::command(&command)))?;
            }
            for missing in &step.missing {
                self.row("", &style::faint(&format!("     <{}>: {}", missing.field, missing.value)).to_string())?;
            }
            if !step.link.is_empty() {
                self.row("", &style::faint(&format!("     {}", step.link)).to_string())?;
            }
        }
        Ok(())
    }

    fn gaps(&mut self, report: &Report) -> io::Result<()> {
        for gap in &report.gaps {
            let (what, why) = (self.safe(&gap.what), self.safe(gap.why.as_bytes()));
            writeln!(self.out, "{}  {what}: {why}", style::warn("not read"))?;
        }
        for note in &report.notes {
            let text = self.safe(note.0.as_bytes());
            writeln!(self.out, "{}  {text}", style::faint("note"))?;
        }
        Ok(())
    }

    fn summary(&mut self, report: &Report) -> io::Result<()> {
        let scope = self.safe(report.scope.subject.as_bytes());
        let read = read(report);
        let count = report.findings.len();
        let is_proof = report.scope.command == VERIFY;
        match report.verdict() {
            Verdict::Findings => {
                let gaps = match report.gaps.len() {
                    0 => String::new(),
                    gaps => format!("; {} not read", plural(gaps, "part")),
                };
                let what = match report.stats.sought {
                    0 => plural(count, "secret"),
                    sought => format!("{count} of {} still", plural(sought, "value")),
                };
                writeln!(self.out, "{} in {scope}: {read}{gaps}", style::bad(&what))?;
            }
            Verdict::Unknown => writeln!(
                self.out,
                "{} in {scope}: {} could not be read, so this is no all-clear; in the rest ({read}) no secret was found",
                style::warn("could not tell"),
                plural(report.gaps.len(), "part"),
            )?,
            Verdict::Clean if is_proof => {
                let what = plural(report.stats.sought, "value");
                writeln!(self.out, "{}: {what} looked for in {scope}: {read}", style::good("gone"))?;
            }
            Verdict::Clean => writeln!(self.out, "{} in {scope}: {read}", style::good("no secrets"))?,
        }
        self.asides(report)
    }

    fn asides(&mut self, report: &Report) -> io::Result<()> {
        let stats = &report.stats;
        if stats.below_threshold > 0 {
            let text = format!(
                "{} below the thresholds not shown (--min-confidence low and --min-severity low show them)",
                plural(stats.below_threshold, "finding")
            );
            writeln!(self.out, "{}", style::faint(&text))?;
        }
        if stats.old > 0 {
            let text = format!(
                "{} there before and not reported again (keysweep history lists them)",
                plural(stats.old, "secret")
            );
            writeln!(self.out, "{}", style::faint(&text))?;
        }
        Ok(())
    }
}

/// How much was read, in words.
fn read(report: &Report) -> String {
    let stats = &report.stats;
    if stats.blobs + stats.commits + stats.trees + stats.cached == 0 && report.gaps.is_empty() {
        return match report.scope.command {
            "staged" => "nothing is staged",
            "range" => "it holds no commits",
            _ => "there was nothing to read",
        }
        .to_owned();
    }
    let is_proof = report.scope.command == VERIFY;
    let is_sweep = is_proof || report.scope.command == "history";
    let mut parts = vec![plural(stats.blobs, if is_sweep { "blob" } else { "file" })];
    if stats.commits > 0 {
        parts.push(plural(stats.commits, "commit"));
    }
    if is_proof {
        parts.extend([plural(stats.trees, "tree"), plural(stats.tags, "tag")]);
    }
    let last = parts.pop().unwrap_or_default();
    let parts = if parts.is_empty() { last } else { format!("{} and {last}", parts.join(", ")) };
    let known = match stats.cached {
        0 => String::new(),
        count => format!("; {} known from the cache", plural(count, "object")),
    };
    format!("{parts} read, {}{known}", bytes(stats.bytes))
}

fn bytes(count: u64) -> String {
    match count {
        1 => "1 byte".to_owned(),
        0..1_000 => format!("{count} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", count as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", count as f64 / 1e6),
        _ => format!("{:.1} GB", count as f64 / 1e9),
    }
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

fn stage(finding: &Finding) -> String {
    let exposure = &finding.exposure;
    let refs = match exposure.ref_count {
        0 => String::new(),
        count if count > exposure.refs.len() => {
            format!(", reached from {} and {} more", exposure.refs.join(", "), count - exposure.refs.len())
        }
        _ => format!(", reached from {}", exposure.refs.join(", ")),
    };
    let text = match exposure.stage {
        Stage::Uncommitted if finding.occurrences.iter().all(|o| o.kind.beside_objects()) => {
            "in no commit: in files that git keeps for itself"
        }
        Stage::Uncommitted => "in no commit yet",
        Stage::LocalOnly => "committed; no sign of a push (no remote-tracking branch has it)",
        Stage::HistoryOnly => "in older commits only; no sign of a push (no remote-tracking branch has it)",
        Stage::Unreachable => "in nothing that a branch or tag reaches (a reflog or leftovers)",
        Stage::Published => "published: a remote-tracking branch has it",
    };
    let head = if exposure.in_head { "; still in HEAD" } else { "" };
    format!("{text}{head}{refs}")
}

/// Why we believe it, in one line.
fn reasons(finding: &Finding) -> String {
    let mut reasons: Vec<String> = finding.evidence.iter().filter_map(reason).collect();
    let facts: Vec<String> = finding.facts.iter().map(|fact| format!("{} {}", fact.field, fact.value)).collect();
    if !facts.is_empty() {
        reasons.push(format!("found with it: {}", facts.join(", ")));
    }
    format!("{} confidence: {}", finding.confidence.as_str(), reasons.join("; "))
}

fn reason(evidence: &Evidence) -> Option<String> {
    Some(match evidence {
        Evidence::Format => "it has the form its issuer documents".to_owned(),
        Evidence::Check(check) => format!("its built-in check fits ({check})"),
        Evidence::Doubt { check, reason } => format!("its built-in check does not fit ({check}: {reason})"),
        Evidence::Weak(what) => (*what).to_owned(),
        Evidence::Expired(end) => format!("expired on {end}"),
        Evidence::Named(name) => format!("stands at '{name}'"),
        Evidence::Entropy { .. } => return None,
        Evidence::Decoded(encoding) => format!("inside {encoding}"),
        Evidence::Companions(count) => format!("{} of the same credential nearby", plural(*count, "identifier")),
        Evidence::Path(what) => (*what).to_owned(),
    })
}
