//! A plan to purge a history, for people and as JSON with the schema of reports.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::mask::Mask;
use super::page::{self, Block, Task};
use super::paper::Paper;
use super::{PageFormat, PageOptions, html, json, markdown, style};
use crate::finding::purge::{On, Phase, Places, PurgePlan, PurgeStep, Subject, Trace};
use crate::finding::{Command, Gap, Report};
use crate::text::escape;

/// The most lines about secrets before the steps; each may be wrapped once.
const MOST_SUBJECTS: usize = 9;
/// The most lines of a list.
const MOST_LINES: usize = 20;

/// Writes a plan, with the gaps of the sweep that it is based on.
///
/// # Errors
/// Fails if `out` does.
pub fn render(
    plan: &PurgePlan,
    report: &Report,
    options: PageOptions,
    mask: &Mask,
    out: &mut dyn Write,
) -> io::Result<()> {
    let page = Page::of(plan, report, mask);
    match options.format {
        PageFormat::Human => page.human(&mut Paper::new(out, options.width)),
        PageFormat::Json => json::document(&page.json(), out),
        PageFormat::Jsonl => json::line(&page.json(), out),
        PageFormat::Markdown => markdown::write(&page.blocks(), out),
        PageFormat::Html => html::write("How to purge", &page.blocks(), out),
    }
}

/// A view of a plan and its sweep: every text that may come from the repository is masked and escaped.
pub(super) struct Page {
    command: Command,
    pub(super) plan: PurgePlan,
    gaps: Vec<Gap>,
    notes: Vec<String>,
}

impl Page {
    pub(super) fn of(plan: &PurgePlan, report: &Report, mask: &Mask) -> Self {
        let safe = |text: &[u8]| escape(&mask.bytes(text));
        let all = |texts: &[String]| texts.iter().map(|text| safe(text.as_bytes())).collect();
        // The name of a user's rule is not secret, but may come from a repository.
        let subject = |one: &Subject| Subject {
            rule: escape(one.rule.as_bytes()),
            name: escape(one.name.as_bytes()),
            ..one.clone()
        };
        let trace = |one: &Trace| match one {
            Trace::Output => Trace::Output,
            Trace::Repository(path) => Trace::Repository(safe(path.as_bytes())),
            Trace::Remote(path) => Trace::Remote(safe(path.as_bytes())),
        };
        let step = |one: &PurgeStep| PurgeStep {
            title: safe(one.title.as_bytes()),
            trace: trace(&one.trace),
            command: mask.lines(&one.command),
            ..one.clone()
        };
        let gap = |gap: &Gap| Gap { what: safe(&gap.what).into(), kind: gap.kind, why: safe(gap.why.as_bytes()) };
        Self {
            command: report.scope.command,
            plan: PurgePlan {
                subjects: plan.subjects.iter().map(subject).collect(),
                places: Places {
                    root: safe(plan.places.root.as_bytes()),
                    values: safe(plan.places.values.as_bytes()),
                    progress: safe(plan.places.progress.as_bytes()),
                },
                files: plan.files.iter().map(|(path, what)| (safe(path).into(), *what)).collect(),
                refs: all(&plan.refs),
                steps: plan.steps.iter().map(step).collect(),
                beyond: all(&plan.beyond),
            },
            gaps: report.gaps.iter().map(gap).collect(),
            notes: report.notes.iter().map(|note| safe(note.0.as_bytes())).collect(),
        }
    }

    /// Returns the lists that precede the steps, each with its title.
    fn lists(&self) -> [(&'static str, Vec<String>); 2] {
        let files = self.plan.files.iter().map(|(path, what)| format!("{path}: {what}"));
        [("Refs that reach them", self.plan.refs.clone()), ("Files written, readable by you only", files.collect())]
    }

    /// Returns the title and the list that follow the steps.
    pub(super) fn rest(&self) -> (&'static str, Vec<String>) {
        ("What remains elsewhere, and whom to ask", self.plan.beyond.clone())
    }

    /// Returns the steps grouped by phase.
    fn phases(&self) -> impl Iterator<Item = (Phase, &[PurgeStep])> {
        let phases = self.plan.steps.chunk_by(|a, b| a.phase == b.phase);
        phases.filter_map(|steps| Some((steps.first()?.phase, steps)))
    }

    fn human(&self, paper: &mut Paper<'_>) -> io::Result<()> {
        for gap in &self.gaps {
            paper.paragraph(("not read  ", style::warn), &format!("{}: {}", gap.what, gap.why), style::plain)?;
        }
        for note in &self.notes {
            paper.paragraph(("note  ", style::faint), note, style::plain)?;
        }
        if self.plan.subjects.is_empty() {
            return paper.sentence("nothing", style::good, "to purge");
        }
        self.subjects(paper)?;
        self.lists().into_iter().try_for_each(|(title, lines)| list(title, &lines, paper))?;
        let mut numbers = 1..;
        for (phase, steps) in self.phases() {
            paper.blank()?;
            paper.paragraph(("", style::plain), phase.as_str(), style::label)?;
            steps.iter().zip(numbers.by_ref()).try_for_each(|(one, number)| step(number, one, paper))?;
        }
        let (title, lines) = self.rest();
        list(title, &lines, paper)
    }

    /// Writes the secrets of the plan, one a line, or the kinds if there are many.
    fn subjects(&self, paper: &mut Paper<'_>) -> io::Result<()> {
        let subjects = &self.plan.subjects;
        let mut kinds: Vec<(&Subject, usize)> = Vec::new();
        for one in subjects {
            let is_same = |known: &&mut (&Subject, usize)| known.0.rule == one.rule && known.0.stage == one.stage;
            match kinds.iter_mut().find(is_same).filter(|_| subjects.len() > MOST_SUBJECTS) {
                Some((_, count)) => *count += 1,
                None => kinds.push((one, 1)),
            }
        }
        for (one, count) in kinds.iter().take(MOST_SUBJECTS) {
            let name = if *count == 1 { one.name.clone() } else { format!("{} ({count})", one.name) };
            let about = if *count == 1 { format!("{} · {}", one.rule, one.id) } else { one.rule.clone() };
            paper.row(0, 2, &[(&name, style::title), (one.stage.as_str(), style::plain), (&about, style::faint)])?;
        }
        if subjects.len() <= MOST_SUBJECTS {
            return Ok(());
        }
        let more: usize = kinds.iter().skip(MOST_SUBJECTS).map(|(_, count)| count).sum();
        let and = if more == 0 { String::new() } else { format!("and {more} more; ") };
        let text = format!("{and}'keysweep history --full' lists each, and --finding ID makes a plan for one");
        paper.paragraph(("", style::plain), &text, style::faint)
    }

    /// Returns the plan as blocks, for formats that are passed on to others.
    fn blocks(&self) -> Vec<Block> {
        let unread = self.gaps.iter().map(|gap| format!("not read: {}: {}", gap.what, gap.why));
        let heading = |level, words: &str| Block::Heading(level, vec![page::text(words)]);
        let list = |title: &str, lines: Vec<String>| match lines.is_empty() {
            true => vec![],
            false => vec![heading(2, title), page::remarks(lines)],
        };
        let mut blocks = vec![heading(1, "How to purge")];
        let sentences: Vec<String> = unread.chain(self.notes.iter().cloned()).collect();
        blocks.extend((!sentences.is_empty()).then(|| page::remarks(sentences)));
        if self.plan.subjects.is_empty() {
            blocks.push(page::remarks(vec!["nothing to purge".to_owned()]));
            return blocks;
        }
        let subject = |one: &Subject| format!("{}, {}: {} ({})", one.name, one.stage.as_str(), one.id, one.rule);
        blocks.push(page::remarks(self.plan.subjects.iter().map(subject).collect()));
        blocks.extend(self.lists().into_iter().flat_map(|(title, lines)| list(title, lines)));
        for (phase, steps) in self.phases() {
            let task = |step: &PurgeStep| Task {
                label: step.on.as_str(),
                title: step.title.clone(),
                command: step.command.clone(),
                lines: String::new(),
                missing: BTreeMap::new(),
                link: String::new(),
            };
            blocks.extend([heading(2, phase.as_str()), Block::Checklist(steps.iter().map(task).collect())]);
        }
        let (title, lines) = self.rest();
        blocks.extend(list(title, lines));
        blocks
    }

    fn json(&self) -> Value {
        let subjects = self.plan.subjects.iter().map(|subject| {
            json!({
                "id": subject.id, "rule": subject.rule, "name": subject.name, "stage": subject.stage,
                "handling": subject.handling.as_str(),
            })
        });
        let files = self.plan.files.iter().map(|(path, what)| json!({ "path": path.to_string(), "holds": what }));
        let steps = self.plan.steps.iter().map(|step| {
            json!({
                "phase": step.phase.as_str(), "on": step.on.as_str(), "title": step.title, "command": step.command,
                "consent": step.consent.as_str(),
            })
        });
        let gaps = self.gaps.iter();
        let gaps = gaps.map(|gap| json!({ "what": gap.what.to_string(), "kind": gap.kind.as_str(), "why": gap.why }));
        json!({
            "schema": super::view::SCHEMA,
            "tool": "keysweep",
            "version": env!("CARGO_PKG_VERSION"),
            "command": self.command,
            "findings": subjects.collect::<Vec<_>>(),
            "refs": self.plan.refs,
            "files": files.collect::<Vec<_>>(),
            "steps": steps.collect::<Vec<_>>(),
            "beyond": self.plan.beyond,
            "gaps": gaps.collect::<Vec<_>>(),
            "notes": self.notes,
        })
    }
}

fn list(title: &str, lines: &[String], paper: &mut Paper<'_>) -> io::Result<()> {
    if !lines.is_empty() {
        paper.blank()?;
        paper.paragraph(("", style::plain), &title.to_lowercase(), style::label)?;
    }
    let shown = &lines[..lines.len().min(MOST_LINES)];
    shown.iter().try_for_each(|line| paper.paragraph(("  ", style::plain), line, style::plain))?;
    match lines.len() - shown.len() {
        0 => Ok(()),
        more => {
            let text = format!("and {more} more; 'keysweep purge-plan --format json' lists all");
            paper.paragraph(("  ", style::plain), &text, style::faint)
        }
    }
}

/// Returns the title of a step, with where it is carried out.
pub(super) fn title(step: &PurgeStep) -> String {
    let place = match step.on {
        On::Here => "",
        On::Server => "[on the server] ",
        On::OtherClones => "[in other clones] ",
    };
    format!("{place}{}", step.title)
}

fn step(number: usize, step: &PurgeStep, paper: &mut Paper<'_>) -> io::Result<()> {
    paper.paragraph((&format!("  {number:2}. "), style::plain), &title(step), style::plain)?;
    if step.command.is_empty() { Ok(()) } else { paper.commands("      $ ", &step.command) }
}
