//! Answers to the commands of other programs, and to misplaced commands of this one: none of them runs, and each is
//! answered with the command that does the job here.

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::args::Cli;

/// The commands of other programs, with the commands that do the same here.
const COMMANDS: [(&[&str], &str); 9] = [
    (
        &["scan", "check", "run"],
        "'keysweep staged' checks what the next commit adds, 'keysweep history' everything that a repository stores, 'keysweep files PATH' files and folders",
    ),
    (&["detect", "git", "repo", "github", "gitlab"], "'keysweep history [REPO]' sweeps everything that a clone stores"),
    (
        &["protect", "pre-commit"],
        "'keysweep staged' checks what the next commit adds, and 'keysweep hook install' every commit",
    ),
    (&["dir", "directory", "filesystem", "path", "file"], "'keysweep files PATH' scans files and folders"),
    (&["stdin", "pipe"], "'keysweep files -' scans standard input"),
    (
        &["install", "init", "install-hook"],
        "'keysweep hook install' checks every commit of this repository from now on",
    ),
    (&["uninstall"], "'keysweep hook uninstall' removes the hooks of this repository"),
    (&["ci"], "'keysweep range --ci' checks the commits that a CI job runs for"),
    (&["version"], "'keysweep --version' prints the version"),
];

/// Returns the answer to arguments that clap refuses, if there is more to say than clap does.
pub(super) fn answer(error: &clap::Error) -> Option<String> {
    let said = |kind| match error.get(kind) {
        Some(ContextValue::String(word)) => Some(word.as_str()),
        _ => None,
    };
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let word = said(ContextKind::InvalidSubcommand)?;
            let (_, what) = COMMANDS.iter().find(|(words, _)| words.contains(&word.to_lowercase().as_str()))?;
            Some(format!("keysweep: there is no command '{word}': {what}"))
        }
        ErrorKind::UnknownArgument => {
            let option = said(ContextKind::InvalidArg)?;
            let commands = commands_with(option.strip_prefix("--")?);
            let takers = commands.join(", ");
            (!commands.is_empty()).then(|| {
                format!(
                    "{}\nkeysweep: these commands take '{option}', after their names: {takers}",
                    error.to_string().trim_end()
                )
            })
        }
        _ => None,
    }
}

/// Returns the commands that take an option.
fn commands_with(option: &str) -> Vec<String> {
    let mut root = Cli::command();
    root.build();
    let takes = |command: &&clap::Command| command.get_arguments().any(|arg| arg.get_long() == Some(option));
    root.get_subcommands().filter(takes).map(|command| command.get_name().to_owned()).collect()
}
