//! `hook install|uninstall|status|run`: dispatch, and the messages of git's hooks when they stop something.

mod agent;
mod agents;
mod canary;
mod install;
mod status;

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::args::{Common, HookAction, HookName, HookRun};
use super::exit::ExitStatus;
use super::staged::Checked;
use super::{push, shell, staged, withhold};
use crate::fs::executable::is_executable;
use crate::git::{Repo, template};
use crate::hook::{Hook, Keeper, Name};

/// Runs the action.
///
/// # Errors
/// Fails if there is no repository, or if a file can't be changed.
pub fn run(action: &HookAction) -> anyhow::Result<ExitStatus> {
    match action {
        HookAction::Install { which, guard } if !which.agents.is_empty() => {
            agents::install(&which.agents, which.global, *guard)
        }
        HookAction::Uninstall(which) if !which.agents.is_empty() => agents::uninstall(&which.agents, which.global),
        HookAction::Status { which, .. } if !which.agents.is_empty() => agents::status(&which.agents, which.global),
        HookAction::Install { which, .. } => install::install(&Place::of(which.global)?, &which.hooks),
        HookAction::Uninstall(which) => install::uninstall(&Place::of(which.global)?, &which.hooks),
        HookAction::Status { which, state } => status::status(&state.common(), &Place::of(which.global)?, &which.hooks),
        HookAction::Run { hook, scan } => work(&scan.common(), hook),
    }
}

/// Runs a hook.
fn work(common: &Common, hook: &HookRun) -> anyhow::Result<ExitStatus> {
    match hook {
        HookRun::PreCommit { files } => commit(common, files),
        HookRun::PrePush { remote, .. } => PUSH.guard(push::sent(common, remote)),
        HookRun::CommitMsg { file } => message(common, file),
        HookRun::PreReceive => RECEPTION.guard(push::received(common)),
        HookRun::Agent { agent, guard } => agent::run(common, *agent, *guard),
    }
}

/// An operation that a hook can stop.
struct Guarded {
    /// The name of the operation, which is also that of git's command.
    name: &'static str,
    /// The words for what did not happen.
    nothing: &'static str,
    /// Advice on how to continue unchecked; a server can't be bypassed.
    unchecked: &'static str,
}

const COMMIT: Guarded = Guarded {
    name: "commit",
    nothing: "nothing was committed and no file was changed",
    unchecked: "'git commit --no-verify' commits unchecked",
};
const PUSH: Guarded =
    Guarded { name: "push", nothing: "nothing was pushed", unchecked: "'git push --no-verify' pushes unchecked" };
const RECEPTION: Guarded = Guarded {
    name: "push",
    nothing: "the server accepted nothing",
    unchecked: "show the output above to the people who run the server",
};

impl Guarded {
    /// Adds the message for a stopped operation. git shows what a hook prints, so if all is well it prints nothing.
    fn guard(&self, checked: anyhow::Result<ExitStatus>) -> anyhow::Result<ExitStatus> {
        let Self { name, nothing, unchecked } = self;
        let status = checked
            .with_context(|| format!("the {name} was stopped, because it could not be checked ({unchecked})"))?;
        match status {
            ExitStatus::Clean => {}
            ExitStatus::Findings => shell::say(&format!("keysweep: the {name} was stopped; {nothing}")),
            ExitStatus::Unknown | ExitStatus::Denied => shell::say(&format!(
                "keysweep: the {name} was stopped, because not everything could be checked; {unchecked}"
            )),
        }
        Ok(status)
    }
}

/// Runs the pre-commit hook. The pre-commit framework also runs it when there is no commit to stop.
fn commit(common: &Common, files: &[PathBuf]) -> anyhow::Result<ExitStatus> {
    match staged::before_commit(common, files) {
        Ok(Checked::Other(status)) => Ok(status),
        Ok(Checked::Commit(status)) => COMMIT.guard(Ok(status)),
        Err(error) => COMMIT.guard(Err(error)),
    }
}

/// Runs the commit-msg hook, and says where git keeps the message if it is stopped.
fn message(common: &Common, file: &Path) -> anyhow::Result<ExitStatus> {
    let status = COMMIT.guard(staged::message(common, file))?;
    if status != ExitStatus::Clean {
        shell::say(&withhold(&format!("keysweep: the message is kept in '{}'", file.display())));
    }
    Ok(status)
}

/// The place of the hooks.
struct Place {
    /// The folder in which git looks for hooks, or from which it copies them.
    folder: PathBuf,
    /// The work tree's root; for a bare repository or a template, its own folder.
    root: PathBuf,
    /// The repository; `None` for a template.
    repo: Option<Repo>,
}

impl Place {
    /// Returns the place of the surrounding repository, or of the template for all future repositories.
    fn of(global: bool) -> anyhow::Result<Self> {
        if global {
            let root = template::configured()?.or_else(template::own);
            let root = root.context("cannot find your configuration: HOME is not set")?;
            return Ok(Self { folder: root.join("hooks"), root, repo: None });
        }
        let repo = Repo::open(Path::new("."))?;
        let root = repo.workdir().unwrap_or_else(|| repo.git_dir());
        Ok(Self { folder: repo.hooks_dir()?, root, repo: Some(repo) })
    }

    /// Returns `true` if it is a bare repository without linked work trees.
    fn has_no_commits_to_check(&self) -> bool {
        self.repo.as_ref().is_some_and(|repo| repo.worktrees().iter().all(|tree| tree.workdir().is_none()))
    }

    fn keeper(&self, name: Name) -> Keeper {
        match self.repo {
            Some(_) => Keeper::of(&self.folder, name),
            None => Keeper::File(Hook::in_folder(self.folder.clone(), name)),
        }
    }

    /// Returns the note on refs that can't be read: then it isn't known how far a secret got.
    fn unread(&self) -> Option<String> {
        let gaps = self.repo.as_ref()?.all_refs().gaps;
        let first = gaps.first()?;
        let more = if gaps.len() > 1 { format!(" (and {} more)", gaps.len() - 1) } else { String::new() };
        let told = "some refs cannot be read, so it is not known how far a secret got";
        Some(format!("{told}: {}: {}{more}", first.what, first.why))
    }

    /// Returns the command that makes git use the template; `None` if it does so already.
    fn template_command(&self) -> Option<String> {
        let is_unconfigured = self.repo.is_none() && matches!(template::configured(), Ok(None));
        let path = self.root.display().to_string().replace('\'', r"'\''");
        is_unconfigured.then(|| format!("git config --global init.templateDir '{path}'"))
    }

    /// Returns a path for messages: relative to the work tree's root, if it is below.
    fn shown(&self, path: &Path) -> String {
        let root = self.root.canonicalize().unwrap_or_default();
        let below = path.strip_prefix(&self.root).or_else(|_| path.strip_prefix(root));
        below.unwrap_or(path).display().to_string()
    }
}

fn is_among(names: &[HookName], name: Name) -> bool {
    names.iter().any(|named| {
        name == match named {
            HookName::PreCommit => Name::PreCommit,
            HookName::PrePush => Name::PrePush,
            HookName::CommitMsg => Name::CommitMsg,
            HookName::PreReceive => Name::PreReceive,
        }
    })
}

fn say(text: &str) {
    shell::say(&withhold(text));
}

/// A remark about a hook.
struct Remark {
    text: String,
    /// The lines that the user is to copy; empty if there are none.
    copy: String,
}

impl Remark {
    /// Returns a remark without lines to copy.
    fn of(text: impl Into<String>) -> Self {
        Self { text: text.into(), copy: String::new() }
    }

    fn say(&self) {
        match self.copy.is_empty() {
            true => say(&self.text),
            false => shell::say_to_copy(&withhold(&self.text), &withhold(&self.copy)),
        }
    }
}

/// Describes how a process ended, by its code.
fn ended(code: Option<i32>) -> String {
    code.map_or_else(|| "a signal".to_owned(), |code| code.to_string())
}

/// Returns the arguments of `keysweep hook install` for this hook.
fn option(name: Name) -> String {
    match name {
        Name::PreCommit => String::new(),
        name => format!(" --hook {}", name.as_str()),
    }
}

fn program() -> anyhow::Result<PathBuf> {
    std::env::current_exe().context("finding the path of keysweep itself")
}

/// Returns the path by which keysweep was called if that leads to this program, and otherwise the path of the program: a
/// link outlives the version that it leads to.
fn called_by(program: &Path) -> PathBuf {
    let first = PathBuf::from(std::env::args_os().next().unwrap_or_default());
    let path = match first.components().count() {
        1 => first.to_str().and_then(|name| named_on_path(name, None)),
        _ => std::path::absolute(&first).ok(),
    };
    let is_own =
        |path: &PathBuf| path.canonicalize().ok().is_some_and(|path| program.canonicalize().ok() == Some(path));
    path.filter(is_own).unwrap_or_else(|| program.to_owned())
}

/// Returns the keysweep that a command line without a path would run; tools look into `before` first.
fn on_path(before: Option<PathBuf>) -> Option<PathBuf> {
    named_on_path("keysweep", before)
}

/// Returns the program that a command line would run by a name without a path.
fn named_on_path(name: &str, before: Option<PathBuf>) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let file = format!("{}{}", name.trim_end_matches(std::env::consts::EXE_SUFFIX), std::env::consts::EXE_SUFFIX);
    let files = before.into_iter().chain(std::env::split_paths(&path)).map(|folder| folder.join(&file));
    files.into_iter().find(|file| is_executable(file))
}
