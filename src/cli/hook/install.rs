//! `hook install` and `hook uninstall`: work on the hook's own file or husky's script, or say what to add to a tool's
//! configuration.

use std::path::Path;

use anyhow::Context as _;

use super::{Place, Remark, is_among, on_path, option, program, say};
use crate::cli::args::HookName;
use crate::cli::exit::ExitStatus;
use crate::hook::husky::Script;
use crate::hook::install::Change;
use crate::hook::tool::Tool;
use crate::hook::{Hook, Keeper, Name, State};

/// Installs the named hooks; the pre-commit hook if none is named.
pub(super) fn install(place: &Place, names: &[HookName]) -> anyhow::Result<ExitStatus> {
    let program = program()?;
    if let Some(repo) = &place.repo {
        repo.checked_out().context("no hook was installed, because it would stop everything until HEAD can be read")?;
    }
    let names = if names.is_empty() { &[HookName::PreCommit] } else { names };
    let is_of_commits = |name: &HookName| matches!(name, HookName::PreCommit | HookName::CommitMsg);
    anyhow::ensure!(
        !place.has_no_commits_to_check() || !names.iter().any(is_of_commits),
        "nothing was installed: nobody commits in a bare repository; 'keysweep hook install --hook pre-receive' checks the pushes to it"
    );
    let mut status = ExitStatus::Clean;
    for name in Name::ALL.into_iter().filter(|name| is_among(names, *name)) {
        let one = match place.keeper(name) {
            Keeper::File(hook) => {
                install_file(&hook, &program, place)?;
                if place.repo.is_some() && name != Name::PreReceive {
                    foretell(place, name);
                }
                ExitStatus::Clean
            }
            Keeper::Husky(script) => install_script(&script, place)?,
            Keeper::Tool(hook, tool) => install_with_tool(tool, &hook, &program, place)?,
        };
        if one != ExitStatus::Clean {
            status = one;
        }
    }
    if let Some(unread) = place.unread() {
        say(&unread);
    }
    if place.repo.is_none() {
        say(
            "git copies it into each repository that is created or cloned from now on; 'git init' adds it to an existing one",
        );
        if let Some(command) = place.template_command() {
            Remark { text: "nothing is checked until git uses that folder; run".to_owned(), copy: command }.say();
        }
    }
    Ok(status)
}

/// Describes what is checked from now on.
fn checked(name: Name) -> &'static str {
    match name {
        Name::PreCommit => "every 'git commit'",
        Name::PrePush => "every push",
        Name::CommitMsg => "every commit's message",
        Name::PreReceive => "every push to this repository",
    }
}

fn install_file(hook: &Hook, program: &Path, place: &Place) -> anyhow::Result<()> {
    let path = hook.path();
    let change = hook.install(program).with_context(|| format!("installing the hook '{}'", path.display()))?;
    say(&match change {
        Change::Chained => {
            format!("installed '{}'; the previous hook runs first, from '{}'", path.display(), hook.kept().display())
        }
        Change::Unchanged => format!("'{}' is already installed", path.display()),
        _ if place.repo.is_none() => format!("installed '{}'", path.display()),
        _ => format!("installed '{}': {} is checked from now on", path.display(), checked(hook.name())),
    });
    Ok(())
}

/// Warns of a tool in the work tree that isn't active in this clone yet, but would replace the installed hook once it
/// is.
fn foretell(place: &Place, name: Name) {
    if place.root.join(".husky").is_dir() {
        say(
            "husky is used here but not active in this clone yet; once it is ('npm install'), git no longer uses this folder: run 'keysweep hook install' again",
        );
    }
    if let [file, ..] = &Tool::Lefthook.found(&place.root)[..] {
        let (file, copy) = (place.shown(file), Tool::Lefthook.lines(name));
        let text =
            format!("'lefthook install' will set this hook aside; to have lefthook run keysweep, add to '{file}':");
        Remark { text, copy }.say();
    }
}

fn install_script(script: &Script, place: &Place) -> anyhow::Result<ExitStatus> {
    let path = place.shown(script.path());
    let change = script
        .install(&place.root)
        .with_context(|| format!("adding these lines to '{path}', which husky runs:\n{}\n", script.lines()))?;
    say(&match change {
        Change::Unchanged => format!("'{path}', which husky runs, already has keysweep's lines"),
        _ => format!(
            "added keysweep's lines to '{path}', which husky runs: commit it, so that the commits of all developers are checked; each of them then needs keysweep on PATH"
        ),
    });
    if script.state() == State::NotExecutable {
        say("husky is not active in this clone, so git does not run it: 'npm install' or 'npx husky' activates it");
    }
    if on_path(Some(place.root.join("node_modules/.bin"))).is_none() {
        say("keysweep is not on PATH: husky stops everything until it is");
    }
    Ok(ExitStatus::Clean)
}

/// Installs a hook next to one that a tool wrote. Lefthook would soon overwrite ours, so nothing is installed there;
/// the other tools run the hook that they find.
fn install_with_tool(tool: Tool, hook: &Hook, program: &Path, place: &Place) -> anyhow::Result<ExitStatus> {
    let (name, called) = (hook.name(), tool.as_str());
    if let Some(file) = tool.names_keysweep(&place.root, name) {
        say(&format!("{called} already runs keysweep: '{}' names it", place.shown(&file)));
        return Ok(ExitStatus::Clean);
    }
    let copy = tool.lines(name);
    let told = format!("to have {called} itself run keysweep, add to '{}':", file_of(tool, place));
    if tool == Tool::Lefthook && hook.state(program) == State::Foreign {
        let path = hook.path();
        say(&format!(
            "nothing was installed: '{}' belongs to lefthook, which rewrites it and would drop keysweep",
            path.display()
        ));
        Remark { text: told, copy }.say();
        return Ok(ExitStatus::Unknown);
    }
    install_file(hook.ours(program).as_ref().unwrap_or(hook), program, place)?;
    Remark { text: format!("'{called} install -f' would remove it; {told}"), copy }.say();
    Ok(ExitStatus::Clean)
}

/// Returns the tool's configuration file: the existing one, or else the default name.
pub(super) fn file_of(tool: Tool, place: &Place) -> String {
    tool.found(&place.root).first().map_or_else(|| tool.default_file().to_owned(), |file| place.shown(file))
}

/// Removes the named hooks; all that are installed if none is named. If none is installed either, it reports what is in
/// the place of the pre-commit hook.
pub(super) fn uninstall(place: &Place, names: &[HookName]) -> anyhow::Result<ExitStatus> {
    let program = program()?;
    let is_installed = |name: Name| match place.keeper(name) {
        Keeper::File(hook) => !matches!(hook.state(&program), State::Absent | State::Foreign),
        Keeper::Tool(hook, _) => hook.ours(&program).is_some(),
        Keeper::Husky(script) => script.state() != State::Absent,
    };
    let any = Name::ALL.into_iter().any(is_installed);
    let is_meant = |name: &Name| match names {
        [] if any => is_installed(*name),
        [] => *name == Name::PreCommit,
        names => is_among(names, *name),
    };
    for name in Name::ALL.into_iter().filter(is_meant) {
        match place.keeper(name) {
            Keeper::Tool(hook, tool) if !is_installed(name) => named_by(tool, &hook, place)?,
            Keeper::File(hook) => uninstall_file(&hook, &program)?,
            Keeper::Tool(hook, _) => uninstall_file(hook.ours(&program).as_ref().unwrap_or(&hook), &program)?,
            Keeper::Husky(script) => uninstall_script(&script, place)?,
        }
    }
    Ok(ExitStatus::Clean)
}

/// Returns an error: lines that were written by hand are not removed.
fn named_by(tool: Tool, hook: &Hook, place: &Place) -> anyhow::Result<()> {
    let called = tool.as_str();
    match tool.names_keysweep(&place.root, hook.name()) {
        Some(file) => anyhow::bail!("{called} runs keysweep: remove its lines from '{}' by hand", place.shown(&file)),
        None => anyhow::bail!(
            "'{}' belongs to {called} and does not run keysweep; it was not changed",
            hook.path().display()
        ),
    }
}

fn uninstall_file(hook: &Hook, program: &Path) -> anyhow::Result<()> {
    let path = hook.path();
    let change = hook.uninstall(program).with_context(|| format!("removing the hook '{}'", path.display()))?;
    say(&match change {
        Change::Restored => format!("removed; the previous hook is back at '{}'", path.display()),
        Change::Unchanged => format!("there is no hook at '{}'", path.display()),
        _ => format!("removed '{}'", path.display()),
    });
    Ok(())
}

fn uninstall_script(script: &Script, place: &Place) -> anyhow::Result<()> {
    let path = place.shown(script.path());
    let change = script.uninstall(&place.root).with_context(|| format!("removing keysweep's lines from '{path}'"))?;
    say(&match change {
        Change::Unchanged => format!("'{path}', which husky runs, contains no lines of keysweep"),
        _ => format!("removed keysweep's lines from '{path}'"),
    });
    Ok(())
}

/// Returns the `keysweep hook install` command for this hook.
pub(super) fn remedy(name: Name) -> String {
    format!("'keysweep hook install{}'", option(name))
}
