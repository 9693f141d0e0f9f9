//! `hook status`: what git would run for each hook, and whether that is this program.

use std::path::{Path, PathBuf};

use super::install::{file_of, remedy};
use super::{Place, is_among, on_path, program};
use crate::cli::args::HookName;
use crate::cli::exit::ExitStatus;
use crate::cli::{shell, withhold};
use crate::hook::husky::Script;
use crate::hook::tool::Tool;
use crate::hook::{Hook, Keeper, Name, State};
use crate::text::escape;

/// What there is to say of a hook.
struct Told {
    text: String,
    /// Whether git runs this keysweep, or a tool that names it.
    in_place: bool,
    /// Whether anything of ours is there.
    installed: bool,
}

/// In place and current is 0; anything else is 2, so that a script can tell.
pub(super) fn status(names: &[HookName]) -> anyhow::Result<ExitStatus> {
    let (program, place) = (program()?, Place::here()?);
    let told = Name::ALL.map(|name| (name, told(&place, name, &program)));
    let is_meant = |name: Name, told: &Told| match names {
        [] => name == Name::PreCommit || told.installed,
        names => is_among(names, name),
    };
    let in_place = told.iter().filter(|(name, told)| is_meant(*name, told)).all(|(_, told)| told.in_place);
    // A hook for servers is no news to those who commit.
    let is_told = |name: Name, told: &Told| name != Name::PreReceive || told.installed || is_among(names, name);
    let told = told.iter().filter(|(name, told)| is_told(*name, told));
    let lines: Vec<String> = told.map(|(_, told)| shown(&told.text)).collect();
    shell::results(None, &mut |out| writeln!(out, "{}", lines.join("\n")))?;
    Ok(if in_place { ExitStatus::Clean } else { ExitStatus::Unknown })
}

fn shown(text: &str) -> String {
    let lines: Vec<String> = withhold(text).split('\n').map(|line| escape(line.as_bytes())).collect();
    lines.join("\n")
}

fn told(place: &Place, name: Name, program: &Path) -> Told {
    match place.keeper(name) {
        Keeper::File(hook) => of_file(&hook, program),
        Keeper::Husky(script) => of_script(&script, place, name, program),
        Keeper::Tool(hook, tool) => of_tool(tool, &hook, place, program),
    }
}

fn of_file(hook: &Hook, program: &Path) -> Told {
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
        State::Absent => format!("not installed: there is no '{path}'; {remedy} writes it"),
        State::Outdated => format!("'{path}' runs another keysweep or is of another version; {remedy} renews it"),
        State::NotExecutable => format!("'{path}' is not executable, so git does not run it; {remedy} mends it"),
        State::Foreign => format!("'{path}' is another tool's; {remedy} keeps it and runs both"),
    };
    Told { text, in_place: state == State::Ours, installed: !matches!(state, State::Absent | State::Foreign) }
}

fn of_script(script: &Script, place: &Place, name: Name, program: &Path) -> Told {
    let (path, remedy) = (place.shown(script.path()), remedy(name));
    let state = script.state();
    let (text, in_place) = match state {
        State::Ours => {
            let (which, is_this) = found(on_path(Some(place.root.join("node_modules/.bin"))), program);
            (format!("active: husky runs '{path}', which runs {which}"), is_this)
        }
        State::NotExecutable => (
            format!(
                "'{path}' runs keysweep, but husky is not active in this clone: 'npm install' or 'npx husky' makes it so"
            ),
            false,
        ),
        State::Outdated => {
            (format!("keysweep's lines in '{path}' are of another version; {remedy} renews them"), false)
        }
        State::Absent | State::Foreign => {
            (format!("not installed: husky runs '{path}', which does not run keysweep; {remedy} adds it there"), false)
        }
    };
    Told { text, in_place, installed: state != State::Absent }
}

fn of_tool(tool: Tool, hook: &Hook, place: &Place, program: &Path) -> Told {
    let (path, called) = (hook.path().display().to_string(), tool.as_str());
    if let Some(file) = tool.names_keysweep(&place.root, hook.name()) {
        let (which, in_place) = found(on_path(None), program);
        let text =
            format!("active: git runs '{path}', which runs {called}; '{}' names keysweep: {which}", place.shown(&file));
        return Told { text, in_place, installed: true };
    }
    match hook.state(program) {
        State::Foreign => {
            let (file, lines) = (file_of(tool, place), tool.lines(hook.name()));
            let text = format!(
                "not installed: '{path}' is {called}'s, and '{file}' does not name keysweep; add to it:\n{lines}"
            );
            Told { text, in_place: false, installed: false }
        }
        _ => of_file(hook, program),
    }
}

/// Which keysweep a command line runs, and whether it is this one.
fn found(on_path: Option<PathBuf>, program: &Path) -> (String, bool) {
    let Some(path) = on_path else {
        return ("a keysweep that is not on PATH, so it stops everything".to_owned(), false);
    };
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let is_this = whole(&path) == whole(program);
    let which = if is_this { "" } else { "another keysweep than this one: " };
    (format!("{which}'{}'", path.display()), is_this)
}
