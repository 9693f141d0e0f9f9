//! A plan to purge a history: for people, and as JSON of the schema that reports have.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::mask::Mask;
use super::page::{self, Block};
use super::view::StepView;
use super::{PageFormat, html, markdown, style};
use crate::finding::Report;
use crate::finding::purge::{On, PurgePlan, PurgeStep};
use crate::text::escape;

/// Writes a plan, with what the sweep that it rests on could not read.
///
/// # Errors
/// When `out` fails.
pub fn render(
    plan: &PurgePlan,
    report: &Report,
    format: PageFormat,
    mask: &Mask,
    out: &mut dyn Write,
) -> io::Result<()> {
    let page = Page { mask };
    match format {
        PageFormat::Human => page.human(plan, report, out),
        PageFormat::Json => {
            serde_json::to_writer_pretty(&mut *out, &page.json(plan, report))?;
            writeln!(out)
        }
        PageFormat::Jsonl => writeln!(out, "{}", page.json(plan, report)),
        PageFormat::Markdown => markdown::write(&page.blocks(plan, report), out),
        PageFormat::Html => html::write("How to purge", &page.blocks(plan, report), out),
    }
}

struct Page<'p> {
    mask: &'p Mask<'p>,
}

impl Page<'_> {
    /// Text that may hold what a repository made up, masked and escaped.
    fn safe(&self, text: impl AsRef<[u8]>) -> String {
        escape(&self.mask.bytes(text.as_ref()))
    }

    fn human(&self, plan: &PurgePlan, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        for gap in &report.gaps {
            writeln!(out, "{}  {}: {}", style::warn("not read"), self.safe(&gap.what), self.safe(&gap.why))?;
        }
        for note in &report.notes {
            writeln!(out, "{}  {}", style::faint("note"), self.safe(&note.0))?;
        }
        if plan.subjects.is_empty() {
            return writeln!(out, "{} to purge", style::good("nothing"));
        }
        for subject in &plan.subjects {
            let about = format!("{} · {}", subject.rule, subject.id);
            writeln!(out, "{}  {}  {}", style::title(&subject.name), subject.stage, style::faint(&about))?;
        }
        self.list("refs that reach them", &plan.refs, out)?;
        let files: Vec<String> = plan.files.iter().map(|(path, what)| format!("{path}: {what}")).collect();
        self.list("files written, for your eyes only", &files, out)?;
        let mut phase = None;
        for (number, step) in (1..).zip(&plan.steps) {
            if phase != Some(step.phase) {
                writeln!(out, "\n{}", style::label(step.phase.as_str()))?;
                phase = Some(step.phase);
            }
            self.step(number, step, out)?;
        }
        self.list("what stays behind, and whom to ask", &plan.beyond, out)
    }

    /// The same for formats that are handed on.
    fn blocks(&self, plan: &PurgePlan, report: &Report) -> Vec<Block> {
        let told = |texts: Vec<String>| Block::Lines(texts.into_iter().map(|words| vec![page::told(words)]).collect());
        let unread =
            report.gaps.iter().map(|gap| format!("not read: {}: {}", self.safe(&gap.what), self.safe(&gap.why)));
        let notes = report.notes.iter().map(|note| self.safe(&note.0));
        let heading = |words: &str| Block::Heading(2, vec![page::text(words)]);
        let mut blocks = vec![Block::Heading(1, vec![page::text("How to purge")])];
        blocks.push(told(unread.chain(notes).collect()));
        if plan.subjects.is_empty() {
            blocks.push(told(vec!["nothing to purge".to_owned()]));
            return blocks;
        }
        let subjects =
            plan.subjects.iter().map(|one| format!("{}, {}: {} ({})", one.name, one.stage, one.id, one.rule));
        let files = plan.files.iter().map(|(path, what)| self.safe(format!("{path}: {what}")));
        let refs = plan.refs.iter().map(|name| self.safe(name));
        blocks.push(told(subjects.collect()));
        for (title, texts) in
            [("Refs that reach them", refs.collect::<Vec<_>>()), ("Files written, for your eyes only", files.collect())]
        {
            blocks.extend([heading(title), told(texts)]);
        }
        for steps in plan.steps.chunk_by(|a, b| a.phase == b.phase) {
            let shown = |step: &PurgeStep| StepView {
                kind: step.on.as_str().into(),
                title: self.safe(&step.title),
                command: self.safe(&step.command),
                missing: BTreeMap::new(),
                link: String::new(),
            };
            blocks.extend(steps.first().map(|step| heading(step.phase.as_str())));
            blocks.push(Block::Checklist(steps.iter().map(shown).collect()));
        }
        let beyond = plan.beyond.iter().map(|line| self.safe(line)).collect();
        blocks.extend([heading("What stays behind, and whom to ask"), told(beyond)]);
        blocks
    }

    fn list(&self, title: &str, lines: &[String], out: &mut dyn Write) -> io::Result<()> {
        if !lines.is_empty() {
            writeln!(out, "\n{}", style::label(title))?;
        }
        lines.iter().try_for_each(|line| writeln!(out, "  {}", self.safe(line)))
    }

    fn step(&self, number: usize, step: &PurgeStep, out: &mut dyn Write) -> io::Result<()> {
        let place = match step.on {
            On::Here => "",
            On::Server => "[on the server] ",
            On::OtherClones => "[in other clones] ",
        };
        writeln!(out, "  {number}. {place}{}", self.safe(&step.title))?;
        if !step.command.is_empty() {
            writeln!(out, "     $ {}", style::command(&self.safe(&step.command)))?;
        }
        Ok(())
    }

    fn json(&self, plan: &PurgePlan, report: &Report) -> Value {
        let subjects = plan.subjects.iter().map(|subject| {
            json!({
                "id": subject.id, "rule": subject.rule, "name": subject.name, "stage": subject.stage,
                "handling": subject.handling.as_str(),
            })
        });
        let files = plan.files.iter().map(|(path, what)| json!({ "path": self.safe(path), "holds": what }));
        let steps = plan.steps.iter().map(|step| {
            json!({
                "phase": step.phase.as_str(), "on": step.on.as_str(), "title": self.safe(&step.title),
                "command": self.safe(&step.command),
            })
        });
        let gaps = report
            .gaps
            .iter()
            .map(|gap| json!({ "what": self.safe(&gap.what), "kind": gap.kind.as_str(), "why": self.safe(&gap.why) }));
        json!({
            "schema": super::view::SCHEMA,
            "tool": "keysweep",
            "version": env!("CARGO_PKG_VERSION"),
            "command": report.scope.command,
            "findings": subjects.collect::<Vec<_>>(),
            "refs": plan.refs.iter().map(|name| self.safe(name)).collect::<Vec<_>>(),
            "files": files.collect::<Vec<_>>(),
            "steps": steps.collect::<Vec<_>>(),
            "beyond": plan.beyond,
            "gaps": gaps.collect::<Vec<_>>(),
            "notes": report.notes.iter().map(|note| self.safe(&note.0)).collect::<Vec<_>>(),
        })
    }
}
