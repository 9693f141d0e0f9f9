//! The command line: dispatch, and the one place where errors become text.

pub mod allow;
pub mod args;
pub mod baseline;
pub mod ci;
pub mod clock;
pub mod crash;
pub mod exit;
pub mod explain;
mod files;
mod history;
pub mod hook;
pub mod manual;
pub mod policy;
pub mod progress;
pub mod purge;
mod push;
mod range;
pub mod report_store;
pub mod resolve;
pub mod rules;
mod session;
pub mod shell;
mod staged;
pub mod verify;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use crate::output::mask::Mask;
use crate::text::escape;

use args::{Cli, Command, FormatArg, HookAction, RulesAction};
pub use exit::ExitStatus;

/// Runs the program.
pub fn main(args: Vec<OsString>) -> ExitCode {
    crash::leave_nothing();
    crash::outlive_limits();
    shell::set_colours(args::ColorArg::Auto);
    let status = match Cli::try_parse_from(&args) {
        Ok(cli) => run(&cli),
        // The message repeats an argument, so it is made from harmless ones.
        Err(_) => Cli::try_parse_from(args.iter().map(|arg| escape(arg.as_encoded_bytes())))
            .map_or_else(|error| usage(&error), |_| ExitStatus::Unknown),
    };
    status.into()
}

fn run(cli: &Cli) -> ExitStatus {
    shell::set_colours(cli.common.color);
    let result = formats(cli).and_then(|()| command(cli));
    result.unwrap_or_else(|error| {
        shell::say(&withhold(&format!("keysweep: {error:#}")));
        ExitStatus::Unknown
    })
}

/// Refuses a format where there is only one, so that nobody reads a text for something else.
fn formats(cli: &Cli) -> anyhow::Result<()> {
    let what = match &cli.command {
        Command::Rules { action: RulesAction::Check { .. } } => "rules check",
        Command::Rules { action: RulesAction::Import { .. } } => "rules import",
        Command::Hook { action: HookAction::Install { .. } } => "hook install",
        Command::Hook { action: HookAction::Uninstall { .. } } => "hook uninstall",
        Command::Completions { .. } => "completions",
        Command::Man { .. } => "man",
        _ => return Ok(()),
    };
    let is_plain = matches!(cli.common.format, FormatArg::Human);
    anyhow::ensure!(is_plain, "'{what}' writes one text and has no formats: leave out --format");
    Ok(())
}

fn command(cli: &Cli) -> anyhow::Result<ExitStatus> {
    let common = &cli.common;
    match &cli.command {
        Command::Staged { files } => staged::run(common, files),
        Command::History { repo, cache, flag_outside_authors } => {
            history::run(common, repo.as_deref(), cache.as_deref(), *flag_outside_authors)
        }
        Command::Range { ci: true, trust_head, .. } => ci::range(common, *trust_head),
        Command::Range { range, trust_head, .. } => range::run(common, range, *trust_head),
        Command::Files { paths, no_ignore } => files::run(common, paths, *no_ignore),
        Command::PurgePlan { repo, findings, dir } => purge::run(common, repo.as_deref(), findings, dir.as_deref()),
        Command::Verify { repo, wanted } => verify::run(common, repo.as_deref(), wanted),
        Command::Baseline { action } => baseline::run(common, action),
        Command::Allow { what } => allow::run(common, what),
        Command::Hook { action } => hook::run(common, action),
        Command::Explain { what } => explain::run(common, what),
        Command::Rules { action } => rules::run(common, action),
        Command::Completions { shell } => manual::completions(common, *shell),
        Command::Man { folder } => manual::pages(folder),
    }
}

/// Help and version are results; anything else is wrong usage.
fn usage(error: &clap::Error) -> ExitStatus {
    if error.use_stderr() {
        shell::say(&withhold(error.to_string().trim_end()));
        return ExitStatus::Unknown;
    }
    let text = error.render();
    match shell::results(None, &mut |out| write!(out, "{text}")) {
        Ok(()) => ExitStatus::Clean,
        Err(_) => ExitStatus::Unknown,
    }
}

/// A message about input may repeat it, and the input may hold a secret.
pub(crate) fn withhold(text: &str) -> String {
    Mask::new(None, None).text(text)
}
