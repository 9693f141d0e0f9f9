//! For people at a terminal: what was found, why we believe it, what it opens, what to do now.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::fold::{self, Entry, Group};
use super::style;
use super::view::{FindingView, StepView, View};
use super::words::{self, plural};
use crate::finding::{Command, Stage, Verdict};
use crate::text::escape;

/// Occurrences named for one finding, at most.
const MAX_PLACES: usize = 8;

/// Writes a report; with `quiet` only the findings and the verdict.
///
/// # Errors
/// When `out` fails.
pub fn render(view: &View, quiet: bool, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { quiet, out };
    let mut planned: BTreeSet<(&str, Stage)> = BTreeSet::new();
    for entry in fold::entries(view) {
        match entry {
            Entry::One(finding) => {
                let with_plan = planned.insert((&finding.rule, finding.stage));
                page.finding(finding, with_plan)?;
            }
            Entry::Group(group) => page.group(&group)?,
        }
    }
    page.gaps(view)?;
    page.summary(view)
}

struct Page<'p> {
    quiet: bool,
    out: &'p mut dyn Write,
}

impl Page<'_> {
    fn group(&mut self, group: &Group<'_>) -> io::Result<()> {
        let first = group.first();
        let (severity, name, line) = (style::severity(first.severity), style::title(&first.name), group.line());
        writeln!(self.out, "{severity}  {name}  {}", style::faint(&format!("{} · {line}", first.rule)))?;
        for one in group.listed() {
            let place = one.occurrences.first().map(words::place).unwrap_or_default();
            writeln!(self.out, "  {place}  {}", style::faint(&one.id))?;
        }
        let more = group.count() - group.listed().count();
        if more > 0 {
            writeln!(
                self.out,
                "  {}",
                style::faint(&format!(
                    "--format json lists {}",
                    if more == group.count() { "each" } else { "the others" }
                ))
            )?;
        }
        writeln!(self.out)
    }

    fn finding(&mut self, finding: &FindingView, with_plan: bool) -> io::Result<()> {
        writeln!(
            self.out,
            "{}  {}  {}",
            style::severity(finding.severity),
            style::title(&finding.name),
            style::faint(&format!("{} · {}", finding.rule, finding.id)),
        )?;
        self.places(finding)?;
        let value = finding.secret.as_ref().map(|secret| escape(secret.as_bytes()));
        self.row("value", value.as_ref().unwrap_or(&finding.preview))?;
        if let Some(words) = words::suppression(finding) {
            self.row("allow", &words)?;
        }
        if self.quiet {
            return writeln!(self.out);
        }
        if !finding.evidence.is_empty() {
            self.row("why", &words::reasons(finding))?;
        }
        self.row("stage", &words::stage_and_refs(finding))?;
        self.exposure(finding)?;
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

    fn places(&mut self, finding: &FindingView) -> io::Result<()> {
        for (at, occurrence) in finding.occurrences.iter().take(MAX_PLACES).enumerate() {
            self.row(if at == 0 { "where" } else { "" }, &words::place(occurrence))?;
            if let Some(words) = words::retention(occurrence) {
                self.row("", &style::faint(&format!("  {words}")).to_string())?;
            }
        }
        let more = finding.occurrences.len().saturating_sub(MAX_PLACES);
        if more > 0 {
            self.row("", &format!("and {more} more places (--format json lists all)"))?;
        }
        Ok(())
    }

    fn exposure(&mut self, finding: &FindingView) -> io::Result<()> {
        let exposure = &finding.exposure;
        let outside = words::outside(exposure);
        for text in words::life(exposure).iter().chain(&outside) {
            self.row("", text)?;
        }
        for remote in &exposure.remotes {
            self.row("", &format!("can be had from {}", words::pulled(remote)))?;
        }
        Ok(())
    }

    fn plan(&mut self, plan: &[StepView]) -> io::Result<()> {
        for (at, step) in plan.iter().enumerate() {
            let label = if at == 0 { "do" } else { "" };
            let number = at + 1;
            self.row(
                label,
                &format!("{number}. {} {}", style::title(&format!("[{}]", step.kind.as_str())), step.title),
            )?;
            if !step.command.is_empty() {
                self.row("", &format!("   $ {}", style::command(&step.command)))?;
            }
            for (field, hint) in &step.missing {
                self.row("", &style::faint(&format!("     <{field}>: {hint}")).to_string())?;
            }
            if !step.link.is_empty() {
                self.row("", &style::faint(&format!("     {}", step.link)).to_string())?;
            }
        }
        Ok(())
    }

    fn gaps(&mut self, view: &View) -> io::Result<()> {
        for gap in &view.gaps {
            writeln!(self.out, "{}  {}: {}", style::warn("not read"), gap.what, gap.why)?;
        }
        for note in &view.notes {
            writeln!(self.out, "{}  {}", style::faint("note"), note.text)?;
        }
        Ok(())
    }

    fn summary(&mut self, view: &View) -> io::Result<()> {
        let (scope, read, verdict) = (&view.scope, words::read(view), words::verdict(&view.summary));
        let held = words::held_back(&view.summary);
        let gaps = view.gaps.len();
        match view.summary.verdict {
            Verdict::Clean => writeln!(self.out, "{} in {scope}{held}: {read}", style::good(&verdict))?,
            Verdict::Unknown => writeln!(
                self.out,
                "{} in {scope}: {} could not be read, so this is no all-clear; in the rest ({read}) no secret{} was found{held}",
                style::warn(&verdict),
                plural(gaps, "part"),
                words::qualified(&view.summary),
            )?,
            Verdict::Findings => {
                let gaps = if gaps == 0 { String::new() } else { format!("; {} not read", plural(gaps, "part")) };
                writeln!(self.out, "{} in {scope}{held}: {read}{gaps}", style::bad(&verdict))?;
            }
        }
        let first = view.findings.first().filter(|_| !self.quiet && is_check(view.command));
        if let Some(FindingView { rule, id, .. }) = first {
            let text = format!(
                "what is no secret is allowed by a comment on its line that says why: keysweep:allow {rule}={id} REASON"
            );
            writeln!(self.out, "{}", style::faint(&text))?;
        }
        words::asides(&view.summary).iter().try_for_each(|text| writeln!(self.out, "{}", style::faint(text)))
    }
}

/// Whether its findings stand in lines that somebody just wrote.
fn is_check(command: Command) -> bool {
    match command {
        Command::Staged | Command::Range | Command::Files => true,
        Command::History | Command::Explain | Command::Verify | Command::PurgePlan | Command::Baseline => false,
    }
}
