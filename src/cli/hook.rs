//! `hook install|uninstall|status|run`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::args::{Common, HookAction, HookName, HookRun};
use super::exit::ExitStatus;
use super::{scans, shell, withhold};
use crate::hook::install::Change;
use crate::hook::{Hook, Name, State};
use crate::source::Repo;
use crate::text::escape;

/// Runs the action.
///
/// # Errors
/// When there is no repository, or a file cannot be changed.
pub fn run(common: &Common, action: &HookAction) -> anyhow::Result<ExitStatus> {
    match action {
        HookAction::Install { hooks } => install(hooks),
        HookAction::Uninstall { hooks } => uninstall(hooks),
        HookAction::Status { hooks } => status(hooks),
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

/// The hooks of the repository around, all that there can be.
fn all() -> anyhow::Result<Vec<Hook>> {
    let folder = Repo::open(Path::new("."))?.hooks_dir();
    Ok(Name::ALL.map(|name| Hook::in_folder(folder.clone(), name)).into())
}

fn is_named(hook: &Hook, names: &[HookName]) -> bool {
    names.iter().any(|name| {
        hook.name()
            == match name {
                HookName::PreCommit => Name::PreCommit,
                HookName::PrePush => Name::PrePush,
                HookName::CommitMsg => Name::CommitMsg,
            }
    })
}

fn is_installed(hook: &Hook, program: &Path) -> bool {
    !matches!(hook.state(program), State::Absent | State::Foreign)
}

fn program() -> anyhow::Result<PathBuf> {
    std::env::current_exe().context("finding out where keysweep itself is installed")
}

fn install(names: &[HookName]) -> anyhow::Result<ExitStatus> {
    let program = program()?;
    let names = if names.is_empty() { &[HookName::PreCommit] } else { names };
    for hook in all()?.iter().filter(|hook| is_named(hook, names)) {
        install_one(hook, &program)?;
    }
    Ok(ExitStatus::Clean)
}

fn install_one(hook: &Hook, program: &Path) -> anyhow::Result<()> {
    let path = hook.path();
    let change = hook.install(program).with_context(|| format!("installing the hook '{}'", path.display()))?;
    let what = match hook.name() {
        Name::PreCommit => "commit",
        Name::PrePush => "push",
        Name::CommitMsg => "commit's message",
    };
    shell::say(&withhold(&match change {
        Change::Chained => format!(
            "installed '{}'; the hook that was there runs first, from '{}'",
            path.display(),
            hook.kept().display()
        ),
        Change::Unchanged => format!("'{}' is in place already", path.display()),
        _ => format!("installed '{}': every {what} is checked from now on", path.display()),
    }));
    Ok(())
}

/// Without names all that are installed; if none is, the pre-commit hook, of which is said what is there instead.
fn uninstall(names: &[HookName]) -> anyhow::Result<ExitStatus> {
    let (program, hooks) = (program()?, all()?);
    let any = hooks.iter().any(|hook| is_installed(hook, &program));
    let is_meant = |hook: &&Hook| match names {
        [] if any => is_installed(hook, &program),
        [] => hook.name() == Name::PreCommit,
        names => is_named(hook, names),
    };
    for hook in hooks.iter().filter(is_meant) {
        uninstall_one(hook, &program)?;
    }
    Ok(ExitStatus::Clean)
}

fn uninstall_one(hook: &Hook, program: &Path) -> anyhow::Result<()> {
    let path = hook.path();
    let change = hook.uninstall(program).with_context(|| format!("removing the hook '{}'", path.display()))?;
    shell::say(&withhold(&match change {
        Change::Restored => format!("removed; the hook that was there before is back at '{}'", path.display()),
        Change::Unchanged => format!("there is no hook at '{}'", path.display()),
        _ => format!("removed '{}'", path.display()),
    }));
    Ok(())
}

/// In place and current is 0; anything else is 2, so that a script can tell.
fn status(names: &[HookName]) -> anyhow::Result<ExitStatus> {
    let (program, hooks) = (program()?, all()?);
    let is_meant = |hook: &&Hook| match names {
        [] => hook.name() == Name::PreCommit || is_installed(hook, &program),
        names => is_named(hook, names),
    };
    let in_place = hooks.iter().filter(is_meant).all(|hook| hook.state(&program) == State::Ours);
    let lines: Vec<String> = hooks.iter().map(|hook| escape(withhold(&told(hook, &program)).as_bytes())).collect();
    shell::results(None, &mut |out| writeln!(out, "{}", lines.join("\n")))?;
    Ok(if in_place { ExitStatus::Clean } else { ExitStatus::Unknown })
}

/// What there is to say of a hook.
fn told(hook: &Hook, program: &Path) -> String {
    let path = hook.path().display().to_string();
    let option = match hook.name() {
        Name::PreCommit => String::new(),
        name => format!(" --hook {}", name.as_str()),
    };
    let remedy = format!("'keysweep hook install{option}'");
    match hook.state(program) {
        State::Ours => format!("active: git runs '{path}', which runs '{}'", program.display()),
        State::Absent => format!("not installed: there is no '{path}'; {remedy} writes it"),
        State::Outdated => format!("'{path}' runs another keysweep or is of another version; {remedy} renews it"),
        State::NotExecutable => format!("'{path}' is not executable, so git does not run it; {remedy} mends it"),
        State::Foreign => format!("'{path}' is another tool's; {remedy} keeps it and runs both"),
    }
}
