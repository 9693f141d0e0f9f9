//! `hook status`: shows what git would run for each hook, whether that is this program, and whether it stops a canary.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use super::canary::{self, Outcome};
use super::install::{file_of, remedy};
use super::{Place, Remark, ended, is_among, on_path, program};
use crate::cli::args::{Common, FormatArg, HookName};
use crate::cli::exit::ExitStatus;
use crate::cli::{shell, withhold};
use crate::fs::bounded;
use crate::hook::husky::{self, Script};
use crate::hook::tool::Tool;
use crate::hook::{Hook, Keeper, Name, State};
use crate::output::json;
use crate::output::paper::Paper;
use crate::text::escape;

/// The state of a hook in words, and what follows from it.
struct HookReport {
    says: Remark,
    /// `true` if git runs this keysweep, or a tool that names it.
    in_place: bool,
    /// `true` if anything of keysweep is there.
    installed: bool,
    /// Keysweep's part of the hook, as a script.
    script: Option<String>,
}

/// The status of all hooks.
#[derive(Serialize)]
struct StatusView {
    hooks: Vec<HookView>,
    notes: Vec<Shown>,
}

/// The status of a hook.
#[derive(Serialize)]
struct HookView {
    hook: &'static str,
    in_place: bool,
    installed: bool,
    says: Shown,
}

/// A remark made safe to show.
struct Shown(Remark);

impl Shown {
    fn of(remark: &Remark) -> Self {
        Self(Remark { text: shown(&remark.text), copy: shown(&remark.copy) })
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(Remark { text, copy }) = self;
        if copy.is_empty() {
            serializer.serialize_str(text)
        } else {
            serializer.collect_str(&format!("{text}\n{copy}"))
        }
    }
}

impl HookView {
    fn of((name, report): &(Name, HookReport)) -> Self {
        let HookReport { says, in_place, installed, .. } = report;
        Self { hook: name.as_str(), in_place: *in_place, installed: *installed, says: Shown::of(says) }
    }
}

impl StatusView {
    fn write(&self, format: FormatArg, width: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
        match format {
            FormatArg::Json => json::document(self, out),
            FormatArg::Jsonl => json::line(self, out),
            _ => {
                let mut paper = Paper::new(out, width);
                self.hooks.iter().map(|hook| &hook.says).chain(&self.notes).try_for_each(|Shown(remark)| {
                    paper.sentences(&remark.text)?;
                    if remark.copy.is_empty() { Ok(()) } else { paper.verbatim(&remark.copy) }
                })
            }
        }
    }
}

/// Writes the status of the hooks. The exit code is 0 if they are in place, current and stop a canary; anything else is
/// 2, so that a script can tell.
pub(super) fn status(common: &Common, place: &Place, names: &[HookName]) -> anyhow::Result<ExitStatus> {
    let program = program()?;
    let report = Name::ALL.map(|name| (name, tried(place, name, report(place, name, &program))));
    let is_meant = |name: Name, report: &HookReport| match names {
        [] => name == Name::PreCommit || report.installed,
        names => is_among(names, name),
    };
    let in_place = report.iter().filter(|(name, report)| is_meant(*name, report)).all(|(_, report)| report.in_place);
    // A hook for servers is of no interest to people who commit.
    let is_told =
        |name: Name, report: &HookReport| name != Name::PreReceive || report.installed || is_among(names, name);
    let view = StatusView {
        hooks: report.iter().filter(|(name, report)| is_told(*name, report)).map(HookView::of).collect(),
        notes: beyond(place, &program).iter().map(Shown::of).collect(),
    };
    let file = common.output.as_deref();
    shell::results(file, &mut |out| view.write(common.format, shell::width(file), out))?;
    shell::written(file, "the status");
    let is_read = place.repo.as_ref().is_none_or(|repo| repo.checked_out().is_ok());
    Ok(if in_place && is_read && place.template_command().is_none() { ExitStatus::Clean } else { ExitStatus::Unknown })
}

/// Adds the outcome of a canary to the state of a hook.
fn tried(place: &Place, name: Name, mut report: HookReport) -> HookReport {
    let Some(script) = report.script.as_ref().filter(|_| report.in_place) else { return report };
    let (text, is_stopped) = match canary::send(name, script, place) {
        Ok(Outcome::Stopped) => ("; it stopped a canary".to_owned(), true),
        Ok(Outcome::LetThrough(code)) => {
            let why = "is the rule 'github-pat-classic' disabled in .keysweep.toml?";
            (
                format!(
                    "; but it did not stop a canary, a made-up GitHub token (it ended with {}): {why}",
                    ended(code)
                ),
                false,
            )
        }
        Err(error) => (format!("; it could not be tested: {error}"), false),
    };
    report.says.text.push_str(&text);
    report.in_place = is_stopped;
    report
}

/// Returns the remarks on other places: a template that git does not use yet, work trees and submodules.
fn beyond(place: &Place, program: &Path) -> Vec<Remark> {
    let template = "git does not use this template yet; run";
    let template_command = place.template_command().map(|copy| Remark { text: template.to_owned(), copy });
    let Some(repo) = &place.repo else { return template_command.into_iter().collect() };
    let mut report: Vec<String> = Vec::new();
    report.extend(repo.checked_out().err().map(|error| format!("it stops everything until HEAD can be read: {error}")));
    report.extend(place.unread());
    if repo.has_relative_hooks() && repo.worktrees().len() > 1 {
        report.push(
            "core.hooksPath is relative, so each work tree has its own hooks; these are the hooks of this one"
                .to_owned(),
        );
    }
    for module in repo.submodules() {
        let path = module.workdir().map(|root| place.shown(&root)).unwrap_or_default();
        report.push(match module.hooks_dir() {
            Ok(folder) => {
                let hook = Hook::in_folder(folder, Name::PreCommit);
                let is = if hook.state(program) == State::Ours { "installed" } else { "not installed" };
                format!("the submodule '{path}' has its own hooks: pre-commit is {is} there")
            }
            Err(error) => format!("the submodule '{path}' has no hooks: {error}"),
        });
    }
    template_command.into_iter().chain(report.into_iter().map(Remark::of)).collect()
}

fn shown(text: &str) -> String {
    let lines: Vec<String> = withhold(text).split('\n').map(|line| escape(line.as_bytes())).collect();
    lines.join("\n")
}

fn report(place: &Place, name: Name, program: &Path) -> HookReport {
    match place.keeper(name) {
        Keeper::File(hook) => of_file(&hook, program),
        Keeper::Husky(script) => of_script(&script, place, name, program),
        Keeper::Tool(hook, tool) => of_tool(tool, &hook, place, program),
    }
}

fn of_file(hook: &Hook, program: &Path) -> HookReport {
    let path = hook.path().display().to_string();
    let remedy = remedy(hook.name());
    let state = hook.state(program);
    let text = match state {
        State::Ours if hook.kept().exists() => {
            format!(
                "active: git runs '{path}', which runs '{}' and then '{}'",
                hook.kept().display(),
                program.display()
            )
        }
        State::Ours => format!("active: git runs '{path}', which runs '{}'", program.display()),
        State::Absent => format!("not installed: '{path}' does not exist; {remedy} writes it"),
        State::Outdated => {
            format!("'{path}' runs a different keysweep or is from another version; {remedy} rewrites it")
        }
        State::NotExecutable => format!("'{path}' is not executable, so git does not run it; {remedy} repairs it"),
        State::Foreign => format!("'{path}' belongs to another tool; {remedy} keeps it and runs both"),
    };
    let in_place = state == State::Ours;
    let script =
        in_place.then(|| bounded::read(&hook.path(), bounded::MAX_SIZE, bounded::Links::Followed)).and_then(Result::ok);
    let script = script.and_then(|bytes| bounded::text(bytes).ok());
    HookReport { says: Remark::of(text), in_place, installed: !matches!(state, State::Absent | State::Foreign), script }
}

fn of_script(script: &Script, place: &Place, name: Name, program: &Path) -> HookReport {
    let (path, remedy) = (place.shown(script.path()), remedy(name));
    let state = script.state();
    let (text, in_place) = match state {
        State::Ours => {
            let (which, is_this) = found(on_path(Some(place.root.join("node_modules/.bin"))), program);
            (format!("active: husky runs '{path}', which runs {which}"), is_this)
        }
        State::NotExecutable => (
            format!(
                "'{path}' runs keysweep, but husky is not active in this clone: 'npm install' or 'npx husky' activates it"
            ),
            false,
        ),
        State::Outdated => {
            (format!("keysweep's lines in '{path}' are from another version; {remedy} rewrites them"), false)
        }
        State::Absent | State::Foreign => {
            (format!("not installed: husky runs '{path}', which does not run keysweep; {remedy} adds it there"), false)
        }
    };
    let script = Some(format!("PATH=\"node_modules/.bin:$PATH\"\n{}\n", script.lines()));
    HookReport { says: Remark::of(text), in_place, installed: state != State::Absent, script }
}

fn of_tool(tool: Tool, hook: &Hook, place: &Place, program: &Path) -> HookReport {
    let (path, called) = (hook.path().display().to_string(), tool.as_str());
    if let Some(file) = tool.names_keysweep(&place.root, hook.name()) {
        let (which, in_place) = found(on_path(None), program);
        let text =
            format!("active: git runs '{path}', which runs {called}; '{}' names keysweep: {which}", place.shown(&file));
        return HookReport {
            says: Remark::of(text),
            in_place,
            installed: true,
            script: Some(husky::commands(hook.name()).to_owned()),
        };
    }
    match hook.ours(program) {
        Some(ours) if ours.is_legacy() => {
            let (report, own) = (of_file(&ours, program), ours.path());
            let active =
                format!("active: git runs '{path}', which belongs to {called} and runs '{}' first", own.display());
            if report.in_place { HookReport { says: Remark::of(active), ..report } } else { report }
        }
        Some(ours) => of_file(&ours, program),
        None => {
            let (file, copy) = (file_of(tool, place), tool.lines(hook.name()));
            let text =
                format!("not installed: '{path}' belongs to {called}, and '{file}' does not name keysweep; add to it:");
            HookReport { says: Remark { text, copy }, in_place: false, installed: false, script: None }
        }
    }
}

/// Returns the keysweep that a command line runs, in words, and `true` if it is this one.
fn found(on_path: Option<PathBuf>, program: &Path) -> (String, bool) {
    let Some(path) = on_path else {
        return ("a keysweep that is not on PATH, so it stops everything".to_owned(), false);
    };
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let is_this = whole(&path) == whole(program);
    let which = if is_this { "" } else { "a different keysweep: " };
    (format!("{which}'{}'", path.display()), is_this)
}
