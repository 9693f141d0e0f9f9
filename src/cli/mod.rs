//! The command line: dispatch, and the one place where errors become text.

mod agents;
pub mod allow;
pub mod args;
mod asked;
pub mod baseline;
pub mod ci;
pub mod clock;
mod context;
pub mod crash;
mod drill;
mod elsewhere;
pub mod exit;
pub mod explain;
mod files;
mod fleet;
mod history;
pub mod hook;
mod image;
#[cfg(feature = "live")]
mod live;
pub mod manual;
mod own_cache;
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
use std::path::Path;
use std::process::ExitCode;

use clap::Parser as _;

use crate::output::mask::Mask;
use crate::text::escape;

use args::{Cli, Command, Common, RangeArgs};
pub use exit::ExitStatus;

/// Runs the program.
pub fn main(args: Vec<OsString>) -> ExitCode {
    crash::leave_nothing();
    crash::outlive_limits();
    shell::set_colours(args::ColorArg::Auto);
    let args = args::spelled_out(args);
    let status = match Cli::try_parse_from(&args) {
        Ok(cli) => run(&cli),
        // clap's message repeats an argument, so it is made from escaped ones.
        Err(_) => Cli::try_parse_from(args.iter().map(|arg| escape(arg.as_encoded_bytes())))
            .map_or_else(|error| usage(&error), |_| ExitStatus::Unknown),
    };
    status.into()
}

fn run(cli: &Cli) -> ExitStatus {
    shell::set_colours(cli.color);
    dispatch(&cli.command).unwrap_or_else(|error| {
        shell::say(&withhold(&format!("keysweep: {error:#}")));
        ExitStatus::Unknown
    })
}

fn dispatch(command: &Command) -> anyhow::Result<ExitStatus> {
    match command {
        Command::Staged { files, scan } => staged::run(&scan.common(), files),
        Command::History { repos, history, scan } => history::run(&scan.common(), repos, history),
        Command::Range { change: RangeArgs { ci: true, trust_head }, scan, .. } => {
            ci::range(&scan.common(), *trust_head)
        }
        Command::Range { range, change, scan } => range::run(&scan.common(), range, change.trust_head),
        Command::Files { paths, no_ignore, scan } => files::run(&scan.common(), paths, *no_ignore),
        Command::Image { path, bases, platform, cache, scan } => image::run(
            &scan.common(),
            path,
            &image::Wanted { bases, platform: platform.as_deref(), cache: cache.as_deref() },
        ),
        Command::Context { folder, dockerfile, scan } => {
            let folder = folder.as_deref().unwrap_or(Path::new("."));
            context::run(&scan.common(), folder, dockerfile.as_deref())
        }
        Command::Agents { folder, scan } => agents::run(&scan.common(), folder.as_deref()),
        Command::Drill(args) => drill::run(args),
        Command::Fleet { action } => fleet::run(action),
        Command::PurgePlan { repo, findings, dir, script, sweep, show_secrets } => {
            let common = Common { show_secrets: *show_secrets, ..sweep.common() };
            let places = purge::Wanted { dir: dir.as_deref(), script: script.as_deref() };
            purge::run(&common, repo.as_deref(), findings, places)
        }
        Command::Verify { repo, wanted, yes, proof } if !wanted.revoked.is_empty() => {
            revoked(&proof.common(), repo.as_deref(), wanted, *yes)
        }
        Command::Verify { repo, wanted, proof, .. } => verify::run(&proof.common(), repo.as_deref(), wanted),
        Command::Live { args, page } => ask(&page.common(), args),
        Command::Baseline { action, sweep } => baseline::run(&sweep.common(), action),
        Command::Allow { what, page } => allow::run(&page.common(), what),
        Command::Hook { action } => hook::run(action),
        Command::Explain { what, page } => explain::run(&page.common(), what),
        Command::Rules { action } => rules::run(action),
        Command::Completions { shell, text } => manual::completions(*shell, text.output.as_deref()),
        Command::Man { folder } => manual::pages(folder),
    }
}

#[cfg(feature = "live")]
fn ask(common: &Common, args: &args::LiveArgs) -> anyhow::Result<ExitStatus> {
    live::run(common, args)
}

#[cfg(feature = "live")]
fn revoked(common: &Common, repo: Option<&Path>, wanted: &args::Wanted, yes: bool) -> anyhow::Result<ExitStatus> {
    live::revoked(common, repo, wanted, yes)
}

/// The error of a program that was built without network access.
#[cfg(not(feature = "live"))]
const OFFLINE: &str = "this build cannot ask providers: use a released binary, or build with '--features live'; 'keysweep explain RULE' shows a command to ask by hand";

#[cfg(not(feature = "live"))]
fn ask(_: &Common, _: &args::LiveArgs) -> anyhow::Result<ExitStatus> {
    anyhow::bail!(OFFLINE)
}

#[cfg(not(feature = "live"))]
fn revoked(_: &Common, _: Option<&Path>, _: &args::Wanted, _: bool) -> anyhow::Result<ExitStatus> {
    anyhow::bail!(OFFLINE)
}

/// Prints the text of clap and returns the status: help and version are results, anything else is wrong usage.
fn usage(error: &clap::Error) -> ExitStatus {
    if error.use_stderr() {
        let said = elsewhere::answer(error).unwrap_or_else(|| error.to_string());
        shell::say(&withhold(said.trim_end()));
        return ExitStatus::Unknown;
    }
    let text = error.render();
    match shell::results(None, &mut |out| write!(out, "{text}")) {
        Ok(()) => ExitStatus::Clean,
        Err(_) => ExitStatus::Unknown,
    }
}

/// Masks the secrets in a message: a message about input may repeat it, and the input may hold a secret.
pub(crate) fn withhold(text: &str) -> String {
    Mask::new(None, None).text(text)
}
