//! `hook install|uninstall|status|run`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::args::{Common, HookAction, HookRun};
use super::exit::ExitStatus;
use super::{scans, shell, withhold};
use crate::hook::install::Change;
use crate::hook::{Hook, State};
use crate::source::Repo;
use crate::text::escape;

/// Runs the action.
///
/// # Errors
/// When there is no repository, or a file cannot be changed.
pub fn run(common: &Common, action: &HookAction) -> anyhow::Result<ExitStatus> {
    match action {
        HookAction::Install => install(&hook()?, &program()?),
        HookAction::Uninstall => uninstall(&hook()?, &program()?),
        HookAction::Status => status(&hook()?, &program()?),
        HookAction::Run { hook: HookRun::PreCommit } => COMMIT.guard(scans::hook(common)),
        HookAction::Run { hook: HookRun::PrePush { remote, .. } } => PUSH.guard(scans::push(common, remote)),
        HookAction::Run { hook: HookRun::CommitMsg { file } } => message(common, file),
    }
}

/// What a hook can stop.
struct Guarded {
    /// The command of git, which also is its name.
    name: &'static str,
    /// What the command does, of a person who runs it.
    does: &'static str,
    /// What did not happen.
    nothing: &'static str,
}

const COMMIT: Guarded =
    Guarded { name: "commit", does: "commits", nothing: "nothing was committed and no file was changed" };
const PUSH: Guarded = Guarded { name: "push", does: "pushes", nothing: "nothing was pushed" };

impl Guarded {
    /// git shows what a hook writes; when all is well no words are needed.
    fn guard(&self, checked: anyhow::Result<ExitStatus>) -> anyhow::Result<ExitStatus> {
        let Self { name, does, nothing } = self;
        let status = checked.with_context(|| {
            format!(
                "the {name} was stopped, because it could not be checked ('git {name} --no-verify' {does} unchecked)"
            )
        })?;
        match status {
            ExitStatus::Clean => {}
            ExitStatus::Findings => shell::say(&format!("keysweep: the {name} was stopped; {nothing}")),
            ExitStatus::Unknown => shell::say(&format!(
                "keysweep: the {name} was stopped, because not everything could be checked; 'git {name} --no-verify' {does} unchecked"
            )),
        }
        Ok(status)
    }
}

/// The message is not lost: git keeps what was written.
fn message(common: &Common, file: &Path) -> anyhow::Result<ExitStatus> {
    let status = COMMIT.guard(scans::message(common, file))?;
    if status != ExitStatus::Clean {
        shell::say(&withhold(&format!("keysweep: the message is kept in '{}'", file.display())));
    }
    Ok(status)
}

fn hook() -> anyhow::Result<Hook> {
    Ok(Hook::in_folder(Repo::open(Path::new("."))?.hooks_dir()))
}

fn program() -> anyhow::Result<PathBuf> {
    std::env::current_exe().context("finding out where keysweep itself is installed")
}

fn install(hook: &Hook, program: &Path) -> anyhow::Result<ExitStatus> {
    let path = hook.path();
    let change = hook.install(program).with_context(|| format!("installing the hook '{}'", path.display()))?;
    shell::say(&withhold(&match change {
        Change::Chained => format!(
            "installed '{}'; the hook that was there runs first, from '{}'",
            path.display(),
            hook.kept().display()
        ),
        Change::Unchanged => format!("'{}' is in place already", path.display()),
        _ => format!("installed '{}': every commit is checked from now on", path.display()),
    }));
    Ok(ExitStatus::Clean)
}

fn uninstall(hook: &Hook, program: &Path) -> anyhow::Result<ExitStatus> {
    let path = hook.path();
    let change = hook.uninstall(program).with_context(|| format!("removing the hook '{}'", path.display()))?;
    shell::say(&withhold(&match change {
        Change::Restored => format!("removed; the hook that was there before is back at '{}'", path.display()),
        Change::Unchanged => format!("there is no hook at '{}'", path.display()),
        _ => format!("removed '{}'", path.display()),
    }));
    Ok(ExitStatus::Clean)
}

/// In place and current is 0; anything else is 2, so that a script can tell.
fn status(hook: &Hook, program: &Path) -> anyhow::Result<ExitStatus> {
    let path = hook.path().display().to_string();
    let (text, status) = match hook.state(program) {
        State::Ours => (format!("active: git runs '{path}', which runs '{}'", program.display()), ExitStatus::Clean),
        State::Absent => {
            (format!("not installed: there is no '{path}'; 'keysweep hook install' writes it"), ExitStatus::Unknown)
        }
        State::Outdated => (
            format!("'{path}' runs another keysweep or is of another version; 'keysweep hook install' renews it"),
            ExitStatus::Unknown,
        ),
        State::NotExecutable => (
            format!("'{path}' is not executable, so git does not run it; 'keysweep hook install' mends it"),
            ExitStatus::Unknown,
        ),
        State::Foreign => {
            (format!("'{path}' is another tool's; 'keysweep hook install' keeps it and runs both"), ExitStatus::Unknown)
        }
    };
    let text = escape(withhold(&text).as_bytes());
    shell::results(None, &mut |out| writeln!(out, "{text}"))?;
    Ok(status)
}
