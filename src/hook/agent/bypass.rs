//! The ways in which an agent bypasses the checks of commits and pushes when a hook stops it.
//!
//! This only covers open attempts: a shell can hide anything. A sweep finds whatever bypassed a hook.

use serde_json::Value;

use std::path::Path;

use super::action::file_of;
use super::guarded::{self, Change};
use super::shell::Command;
use super::{Call, Stage};

/// The variables that disable a hook, with the values that do so; any value if the list is empty.
const VARIABLES: [(&str, &[&str]); 6] = [
    ("HUSKY", &["0"]),
    ("HUSKY_SKIP_HOOKS", &[]),
    ("LEFTHOOK", &["0", "false"]),
    ("LEFTHOOK_EXCLUDE", &[]),
    ("SKIP", &[]),
    ("PRE_COMMIT_ALLOW_NO_CONFIG", &[]),
];
/// The programs that remove, move, overwrite or disable the files they are given.
const CHANGERS: [&str; 23] = [
    "rm",
    "unlink",
    "rmdir",
    "shred",
    "mv",
    "cp",
    "ln",
    "install",
    "chmod",
    "truncate",
    "tee",
    "sed",
    "dd",
    "del",
    "erase",
    "rd",
    "remove-item",
    "ri",
    "move-item",
    "copy-item",
    "set-content",
    "out-file",
    "clear-content",
];
/// The programs among them that take away the folders they are given, with all files in them.
const REMOVERS: [&str; 7] = ["rm", "mv", "rd", "rmdir", "remove-item", "ri", "move-item"];
/// The words in the names of tools that change the files they name.
const CHANGING: [&str; 8] = ["write", "edit", "create", "replace", "patch", "delete", "insert", "remove"];
/// The places that decide which hooks git runs, as the beginning or the end of a path.
const HOOKS: [&str; 3] = [".git/hooks", ".husky", ".git/config"];
const OURS: [&str; 2] = [".keysweep.toml", ".keysweep-baseline"];
/// The setting that makes git use other hooks, or none.
const HOOKS_PATH: &str = "core.hookspath";
/// The option that skips hooks; git also accepts the beginning of an option.
const NO_VERIFY: &str = "--no-verify";
const SHORTEST: &str = "--no-v";

impl Call {
    /// Returns how this call would bypass the checks of commits and pushes; `None` if it wouldn't.
    pub fn bypass(&self) -> Option<String> {
        if !matches!(self.stage, Stage::Before) || self.prompt().is_some() {
            return None;
        }
        let folder = self.folder().unwrap_or_default();
        let of_command = self.commands().iter().find_map(|command| bypass(command, &folder));
        of_command.or_else(|| self.changed_file(&folder))
    }

    /// Returns the file that a tool changes, if it decides about the checks.
    fn changed_file(&self, folder: &Path) -> Option<String> {
        let tool = self.tool();
        if !CHANGING.iter().any(|word| tool.contains(word)) {
            return None;
        }
        let arguments = self.arguments();
        let named = ["TargetFile", "target_file"].iter().find_map(|key| arguments[*key].as_str());
        let of_patch = patched(&arguments);
        let names = file_of(&arguments).into_iter().chain(named).chain(of_patch.iter().map(String::as_str));
        names.filter_map(|name| decides(name, folder, Change::File)).map(|what| format!("it changes {what}")).next()
    }
}

/// Returns the files that a patch in Codex's format names.
fn patched(arguments: &Value) -> Vec<String> {
    let texts = arguments.as_object().into_iter().flatten().filter_map(|(_, value)| value.as_str());
    let lines = texts.flat_map(str::lines);
    let names = lines.filter_map(|line| line.strip_prefix("*** ")?.split_once("File: "));
    names.map(|(_, name)| name.trim().to_owned()).collect()
}

/// Returns how a command would bypass the checks.
fn bypass(command: &Command, folder: &Path) -> Option<String> {
    let of_variables = command.variables.iter().find_map(|(name, value)| of_variable(name, value));
    let of_output = command
        .outputs
        .iter()
        .find_map(|name| decides(name, folder, Change::File))
        .map(|what| format!("it writes to {what}"));
    of_variables.or(of_output).or_else(|| match command.program().as_str() {
        "git" => of_git(command.arguments()),
        "keysweep" => of_keysweep(command.arguments()),
        "export" | "set" | "setx" => {
            let parts = command.arguments().iter().filter_map(|word| word.split_once('='));
            parts.filter_map(|(name, value)| of_variable(name, value)).next()
        }
        program if CHANGERS.contains(&program) => {
            let change = if REMOVERS.contains(&program) { Change::Away } else { Change::File };
            let changed = command.arguments().iter().find_map(|name| decides(name, folder, change));
            changed.map(|what| format!("'{program}' changes {what}"))
        }
        _ => None,
    })
}

fn of_variable(name: &str, value: &str) -> Option<String> {
    let is_config = name.starts_with("GIT_CONFIG_") && value.to_ascii_lowercase().contains(HOOKS_PATH);
    let known = VARIABLES.iter().find(|(known, _)| *known == name);
    let is_off = known.is_some_and(|(_, values)| values.is_empty() || values.contains(&value));
    (is_config || is_off).then(|| format!("'{name}' disables hooks"))
}

/// Describes a file that decides about the checks; `None` for any other. A relative name is one in this folder.
fn decides(name: &str, folder: &Path, change: Change) -> Option<String> {
    let path = name.replace('\\', "/").to_ascii_lowercase();
    let path = path.trim_end_matches('/');
    let is_it = |part: &str| path == part || path.ends_with(&format!("/{part}"));
    let is_below = |part: &str| path.starts_with(&format!("{part}/")) || path.contains(&format!("/{part}/"));
    if OURS.iter().any(|own| is_it(own)) {
        Some(format!("'{name}', which says what is allowed"))
    } else if HOOKS.iter().any(|hooks| is_it(hooks) || is_below(hooks)) {
        Some(format!("'{name}', which configures hooks"))
    } else if guarded::holds_hook(name, folder, change) {
        Some(format!("'{name}', where a hook of keysweep is installed"))
    } else {
        None
    }
}

/// Returns how options and settings of git would skip hooks.
fn of_git(arguments: &[String]) -> Option<String> {
    let mut rest = arguments.iter().map(String::as_str);
    let mut command = None;
    while let Some(word) = rest.next() {
        match word {
            "-c" | "--config-env" => {
                if rest.next().is_some_and(leads_elsewhere) {
                    return Some("'core.hooksPath' makes git use other hooks".to_owned());
                }
            }
            "-C" | "--git-dir" | "--work-tree" | "--namespace" => drop(rest.next()),
            word if leads_elsewhere(word.trim_start_matches("--config-env=")) => {
                return Some("'core.hooksPath' makes git use other hooks".to_owned());
            }
            word if word.starts_with('-') => {}
            word => {
                command = Some(word);
                break;
            }
        }
    }
    let rest: Vec<&str> = rest.collect();
    match command? {
        "config" => configures(&rest).then(|| "'core.hooksPath' makes git use other hooks".to_owned()),
        "commit-tree" => Some("'git commit-tree' creates a commit without running hooks".to_owned()),
        command @ ("commit" | "push" | "merge" | "am" | "rebase" | "cherry-pick" | "pull") => {
            let skips = |word: &&str| is_no_verify(word) || command == "commit" && is_short_no_verify(word);
            options(&rest).find(skips).map(|word| format!("'git {command} {word}' skips hooks"))
        }
        _ => None,
    }
}

/// Returns the options of a git command, without words that are the value of an option.
fn options<'w>(words: &'w [&'w str]) -> impl Iterator<Item = &'w str> {
    const VALUED: [&str; 7] = ["--message", "--file", "--author", "--date", "--template", "--trailer", "--repo"];
    let mut is_value = false;
    let words = words.iter().take_while(|word| **word != "--");
    words.copied().filter(move |word| {
        let is_option = !std::mem::take(&mut is_value) && word.starts_with('-');
        let is_short = word.len() > 1 && !word.starts_with("--") && word.ends_with(['m', 'F', 'C', 'c', 't']);
        is_value = is_option && (VALUED.contains(word) || is_short);
        is_option
    })
}

/// Returns `true` if `KEY=VALUE` sets the folder of hooks.
fn leads_elsewhere(setting: &str) -> bool {
    let key = setting.split('=').next().unwrap_or_default();
    key.eq_ignore_ascii_case(HOOKS_PATH)
}

/// Returns `true` if `git config` sets the folder of hooks, or an alias that skips them.
fn configures(words: &[&str]) -> bool {
    const READING: [&str; 5] = ["get", "list", "--get", "--get-all", "--list"];
    if words.iter().any(|word| READING.contains(word)) {
        return false;
    }
    let at = words.iter().position(|word| word.eq_ignore_ascii_case(HOOKS_PATH));
    let is_alias =
        words.iter().any(|word| word.starts_with("alias.")) && words.iter().any(|word| word.contains(SHORTEST));
    // A key without a value only reads the setting.
    let is_set = at.is_some_and(|at| words.len() > at + 1 || words.iter().any(|word| word.contains("unset")));
    is_alias || is_set
}

fn is_no_verify(word: &str) -> bool {
    word.starts_with(SHORTEST) && NO_VERIFY.starts_with(word)
}

/// Returns `true` if the short options of `git commit` include `-n`, before one that takes the rest as its value.
fn is_short_no_verify(word: &str) -> bool {
    let Some(options) = word.strip_prefix('-').filter(|options| !options.starts_with('-')) else { return false };
    options.chars().take_while(|option| !"mFCctSu".contains(*option)).any(|option| option == 'n')
}

/// Returns how a command of keysweep would bypass the checks.
fn of_keysweep(arguments: &[String]) -> Option<String> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    match words[..] {
        ["hook", "uninstall", ..] => Some("it removes hooks".to_owned()),
        ["baseline", "create" | "update" | "import", ..] | ["allow", ..] => {
            Some("it allows findings, which is for a person to decide".to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::shell::commands;
    use super::*;

    fn stopped(line: &str) -> bool {
        commands(line).iter().any(|command| bypass(command, Path::new("/none")).is_some())
    }

    #[test]
    fn ways_to_bypass_hooks_are_recognised() {
        for line in [
            "git commit --no-verify -m x",
            "git commit --no-verif -m x",
            "git commit -nm x",
            "git commit -anm 'fix it'",
            "git -C sub commit -n",
            "git -c core.hooksPath=/dev/null commit",
            "git -c CORE.HOOKSPATH= push",
            "git push --no-verify origin main",
            "git config core.hooksPath /dev/null",
            "git config --global --unset core.hookspath",
            "git config set core.hooksPath x",
            "git config alias.c 'commit --no-verify'",
            "git commit-tree HEAD^{tree}",
            "cd x && HUSKY=0 git commit -m x",
            "export HUSKY=0",
            "LEFTHOOK=false git push",
            "SKIP=keysweep git commit",
            "GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=core.hooksPath git commit",
            "$env:HUSKY=0; git commit",
            "rm .git/hooks/pre-commit",
            "rm -rf sub/.git/hooks",
            "chmod -x .git/hooks/*",
            "mv .husky/pre-commit /tmp",
            "echo exit 0 > .git/hooks/pre-commit",
            "echo > .keysweep-baseline",
            "sed -i s/a/b/ .keysweep.toml",
            r"del .git\hooks\pre-commit",
            "bash -c 'git commit --no-verify'",
            "keysweep hook uninstall",
            "keysweep baseline update",
        ] {
            assert!(stopped(line), "{line}");
        }
    }

    #[test]
    fn harmless_commands_are_not_bypasses() {
        for line in [
            "git commit -m '-n --no-verify'",
            "git commit -mn",
            "git commit -am -n",
            "git commit --message --no-verify",
            "git commit --no-edit --amend",
            "git push -n origin main",
            "git push --no-thin",
            "git config --get core.hooksPath",
            "git config core.hooksPath",
            "git log -n 5 --no-verify-signatures",
            "git add -- --no-verify",
            "git commit -m x -- -n",
            "HUSKY=1 git commit",
            "cat .git/hooks/pre-commit .keysweep.toml",
            "rm .git-hooks/x hooks/y",
            "keysweep hook status",
            "keysweep baseline check",
            "echo --no-verify",
        ] {
            assert!(!stopped(line), "{line}");
        }
    }
}
