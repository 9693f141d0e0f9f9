//! The arguments of `fleet`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// The actions of `fleet`.
#[derive(Debug, Clone, Subcommand)]
pub enum FleetAction {
    /// Merge reports into one inventory with a row for each secret
    ///
    /// Reports are files that a scan wrote with --format jsonl or json. Repositories that were not read come first, and if
    /// there are any, the exit code is 2. No request is sent over a network.
    #[command(after_long_help = "Examples:
  # Merge all reports in a folder
  keysweep fleet merge reports/

  # Name the owners, and show what has changed since last week
  keysweep fleet merge reports/ --owners owners.toml --since last.jsonl --format html")]
    Merge(MergeArgs),
    /// Sweep the repositories in a list, and resume an earlier run
    ///
    /// Each line is a URL or a path, then the name in reports if it differs, then a network: repositories of one network are
    /// fetched into one store and swept together, which is best for forks. git fetches the URLs. Each sweep is a separate
    /// process; one that fails leaves a report that says so. A fetched repository that has not changed is not swept again.
    #[command(after_long_help = "Examples:
  # Sweep all repositories of an organisation
  gh repo list acme --limit 5000 --json url --jq '.[].url' > list.txt
  keysweep fleet run list.txt --out sweep")]
    Run(RunArgs),
}

/// The repositories to sweep, and the limits.
#[derive(Debug, Clone, Args)]
pub struct RunArgs {
    /// The list
    pub list: PathBuf,
    /// The folder for the reports, and for the state that the next run resumes from
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Sweep all repositories again, also those that have not changed
    ///
    /// Without it, a repository behind a URL is not swept again if its refs, the rules and keysweep are the same as at its last
    /// sweep, and that left no gap. A repository on this machine is swept again by every run, except that a run which
    /// resumes a stopped one skips those that have not changed.
    #[arg(long)]
    pub fresh: bool,
    /// Number of repositories swept at a time [default: one for each core]
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// Time limit of a fetch or a sweep, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    pub timeout: u64,
    /// Memory limit of a sweep, in MiB; mapped packs do not count
    #[arg(long, value_name = "MIB")]
    pub memory: Option<u64>,
    /// Show no progress
    #[arg(long, short)]
    pub quiet: bool,
}

/// The options of a merge.
#[derive(Debug, Clone, Args)]
pub struct MergeArgs {
    /// Reports, or folders with reports
    #[arg(required = true, value_name = "FILE|DIR")]
    pub reports: Vec<PathBuf>,
    /// The owners of repositories: TOML, or CSV with URL,OWNER,ACCOUNT,VISIBILITY
    ///
    /// In a URL, '*' matches any text. An account is own, personal or foreign; a visibility is public, internal or private.
    /// As in CODEOWNERS, the last match counts.
    #[arg(long, value_name = "FILE")]
    pub owners: Option<PathBuf>,
    /// Treat these repositories as owned by others; may be given more than once
    #[arg(long, value_name = "URL")]
    pub foreign: Vec<String>,
    /// Require a report of each repository in this list, a URL or path on each line
    #[arg(long, value_name = "FILE")]
    pub list: Option<PathBuf>,
    /// Show the changes since this inventory, which was written with --format jsonl
    ///
    /// A secret is gone only if all repositories that held it were read again; otherwise it is not-read.
    #[arg(long, value_name = "FILE")]
    pub since: Option<PathBuf>,
    /// The format of the inventory
    #[arg(long, short, value_enum, default_value = "human", help_heading = "Output")]
    pub format: FleetFormatArg,
    /// Write the inventory to a file
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
}

/// Formats of inventories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FleetFormatArg {
    /// For people: the repositories that were not read, and the worst 50 secrets
    Human,
    /// One HTML file that loads nothing, with the worst 2000 secrets
    Html,
    /// Markdown with the worst 200 secrets
    Markdown,
    /// A table with a row for each repository of each secret
    Csv,
    /// One JSON object a line; --since reads it
    Jsonl,
}
