//! `hook install`, `uninstall` and `status` for coding agents: the entry in an agent's settings, and whether it works.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use serde_json::Value;

use super::agent::named;
use super::canary::{fed, token};
use super::{called_by, ended, named_on_path, on_path, program, say};
use crate::cli::args::AgentName;
use crate::cli::exit::ExitStatus;
use crate::cli::{shell, withhold};
use crate::git::Repo;
use crate::hook::agent::settings::{Change, Place, Scope, parts};
use crate::hook::agent::{Agent, Call, Ending, sample};
use crate::output::paper::Paper;
use crate::text::escape;

/// Returns the scope: the root of the surrounding work tree, or else the current folder; with `global` the home folder.
fn scope(global: bool) -> anyhow::Result<Scope> {
    if global {
        let home = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE"));
        return Ok(Scope::User(home.map(PathBuf::from).context("cannot find your home folder: HOME is not set")?));
    }
    let root = Repo::open(Path::new(".")).ok().and_then(|repo| repo.workdir());
    Ok(Scope::Project(root.map_or_else(std::env::current_dir, Ok)?))
}

fn places(agents: &[AgentName], global: bool) -> anyhow::Result<Vec<(Agent, Place)>> {
    let scope = scope(global)?;
    let agents: BTreeSet<AgentName> = agents.iter().copied().collect();
    Ok(agents.into_iter().map(named).map(|agent| (agent, Place::new(agent, scope.clone()))).collect())
}

/// Adds keysweep to the settings of these agents. Settings that a project shares only name the program, because its
/// path differs between machines.
pub(super) fn install(agents: &[AgentName], global: bool, guard: bool) -> anyhow::Result<ExitStatus> {
    let own = program()?;
    let called = if global { called_by(&own).display().to_string() } else { "keysweep".to_owned() };
    for (agent, place) in places(agents, global)? {
        let path = place.path();
        let change = place
            .install(&place.command(&called, guard))
            .with_context(|| format!("adding keysweep to '{}'", path.display()))?;
        say(&match change {
            Change::Unchanged => format!("{}: '{}' already calls keysweep", agent.name(), path.display()),
            _ => format!("{}: '{}' calls keysweep from now on", agent.name(), path.display()),
        });
        if let Some(besides) = place.besides() {
            say(&format!("{}: {besides}", agent.name()));
        }
    }
    if !global && on_path(None).is_none() {
        say("keysweep is not on PATH, so the agents will not find it");
    }
    Ok(ExitStatus::Clean)
}

/// Removes keysweep from the settings of these agents.
pub(super) fn uninstall(agents: &[AgentName], global: bool) -> anyhow::Result<ExitStatus> {
    for (agent, place) in places(agents, global)? {
        let path = place.path();
        let change = place.uninstall().with_context(|| format!("removing keysweep from '{}'", path.display()))?;
        say(&match change {
            Change::Unchanged => format!("{}: '{}' does not call keysweep", agent.name(), path.display()),
            Change::Written => format!("{}: removed keysweep from '{}'", agent.name(), path.display()),
            Change::Removed => format!("{}: removed '{}'", agent.name(), path.display()),
        });
    }
    Ok(ExitStatus::Clean)
}

/// Prints for each agent whether its settings call keysweep, after sending a canary through the configured command.
pub(super) fn status(agents: &[AgentName], global: bool) -> anyhow::Result<ExitStatus> {
    let mut lines = Vec::new();
    let mut is_well = true;
    for (agent, place) in places(agents, global)? {
        let path = place.path().display().to_string();
        let installed = place.installed().with_context(|| format!("reading '{path}'"))?;
        if installed.is_empty() {
            let option = if global { " --global" } else { "" };
            lines.push(format!(
                "{}: '{path}' does not call keysweep; 'keysweep hook install --agent {}{option}' adds it",
                agent.name(),
                place.flag()
            ));
            is_well = false;
        }
        for (event, command) in installed {
            let Some(tried) = tried(agent, event, &command)? else { continue };
            let (text, works) = match tried {
                Tried::Kept(how) => (format!("'{command}' {how} a canary"), true),
                Tried::LetThrough(code) => (format!("'{command}' let a canary through (it ended with {code})"), false),
                Tried::Another(found) => {
                    (format!("'{command}' runs a different keysweep: '{}'", found.display()), false)
                }
                Tried::Missing(name) => (format!("'{command}' cannot run, because no '{name}' is on PATH"), false),
            };
            lines.push(format!("{}, {event}: {text}", agent.name()));
            is_well &= works;
        }
        lines.extend(
            place.besides().map(|besides| format!("{}: {besides}, which cannot be checked from here", agent.name())),
        );
    }
    let lines: Vec<String> = lines.iter().map(|line| escape(withhold(line).as_bytes())).collect();
    shell::results(None, &mut |out| {
        let mut paper = Paper::new(out, shell::width(None));
        lines.iter().try_for_each(|line| paper.sentences(line))
    })?;
    Ok(if is_well { ExitStatus::Clean } else { ExitStatus::Unknown })
}

/// The outcome for a canary.
enum Tried {
    /// The canary was kept from the agent, in this way.
    Kept(&'static str),
    /// The canary reached the agent; the text says how the command ended.
    LetThrough(String),
    /// The canary was not sent, because the command runs another program.
    Another(PathBuf),
    /// The canary was not sent, because no program of this name is on `PATH`.
    Missing(String),
}

/// Runs the command as the agent would, if it is this program, on a call with a made-up token, and compares the answer
/// with the form that this agent honours; `None` if the agent does not send such a call.
fn tried(agent: Agent, event: &str, command: &str) -> anyhow::Result<Option<Tried>> {
    let own = program()?;
    let Some((called, arguments)) = parts(command) else { return Ok(None) };
    let found = if called.contains(['/', '\\']) { Some(PathBuf::from(&called)) } else { named_on_path(&called, None) };
    let is_own = |found: &PathBuf| found.canonicalize().ok() == own.canonicalize().ok();
    match found {
        Some(found) if is_own(&found) => {}
        Some(found) => return Ok(Some(Tried::Another(found))),
        None => return Ok(Some(Tried::Missing(called))),
    }
    let token = token()?;
    let Some(sent) = sample(agent, event, &token) else { return Ok(None) };
    let sent = sent.to_string();
    let call = Call::parse(sent.as_bytes(), Some(agent))?;
    let output = fed(Command::new(&own).args(&arguments), &sent).with_context(|| format!("running '{command}'"))?;
    let printed = [&output.stdout[..], &output.stderr[..]].concat();
    let holds = |text: &str| memchr::memmem::find(&printed, text.as_bytes()).is_some();
    let masked = call.masked(&str::to_owned, "");
    let how = if masked.is_some() {
        "masks"
    } else if call.is_result() {
        "reports"
    } else {
        "stops"
    };
    let expected = masked.unwrap_or_else(|| call.refused(""));
    let code = if expected.ending == Ending::Two { 2 } else { 0 };
    let is_object = serde_json::from_slice::<Value>(&output.stdout).is_ok_and(|answer| answer.is_object());
    let is_answered = output.status.code() == Some(code) && is_object == expected.object.is_some();
    let is_kept = is_answered && !holds(&token) && (holds("[secret ") || holds("github-pat"));
    Ok(Some(if is_kept { Tried::Kept(how) } else { Tried::LetThrough(ended(output.status.code())) }))
}
