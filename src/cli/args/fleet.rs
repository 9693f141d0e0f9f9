//! The arguments of `fleet`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// What `fleet` does.
#[derive(Debug, Clone, Subcommand)]
pub enum FleetAction {
    /// Put reports together: one inventory with a row for each secret
    ///
    /// Reports are files that a scan wrote with --format jsonl or json. What was not read comes first, and as long as there is
    /// such a repository the exit code is 2. Nothing is asked over a network.
    #[command(after_long_help = "Examples:
  # Put all reports of a folder together
  keysweep fleet merge reports/

  # Say whose repositories are, and what is new since last week
  keysweep fleet merge reports/ --owners owners.toml --since last.jsonl --format html")]
    Merge(MergeArgs),
    /// Sweep the repositories of a list, and go on where an earlier run stopped
    ///
    /// Each line is a URL or a path, then the name in reports if that is another, then a network: repositories of one network are
    /// fetched into one store and swept together, as is best for forks. URLs are fetched by git. Each sweep is a process
    /// of its own; one that fails has a report that says so. A repository that has not changed is not swept again.
    #[command(after_long_help = "Examples:
  # Sweep all repositories of an organisation
  gh repo list acme --limit 5000 --json url --jq '.[].url' > list.txt
  keysweep fleet run list.txt --out sweep")]
    Run(RunArgs),
}

/// What is swept, and how much that may take.
#[derive(Debug, Clone, Args)]
pub struct RunArgs {
    /// The list
    pub list: PathBuf,
    /// The folder for reports, and for what the next run goes on from
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Repositories at a time [default: one for each core]
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// Seconds that a fetch or a sweep may take
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    pub timeout: u64,
    /// Memory that a sweep may take, in MiB; packs that are only read do not count
    #[arg(long, value_name = "MIB")]
    pub memory: Option<u64>,
    /// Show no progress
    #[arg(long, short)]
    pub quiet: bool,
}

/// What an inventory is made of.
#[derive(Debug, Clone, Args)]
pub struct MergeArgs {
    /// Reports, or folders with reports
    #[arg(required = true, value_name = "FILE|DIR")]
    pub reports: Vec<PathBuf>,
    /// Whose repositories are: TOML, or CSV with URL,OWNER,ACCOUNT,VISIBILITY
    ///
    /// A URL may have '*' for anything. An account is own, personal or foreign; a visibility is public, internal or private. As in
    /// CODEOWNERS the last entry counts.
    #[arg(long, value_name = "FILE")]
    pub owners: Option<PathBuf>,
    /// Count these repositories as somebody else's; may be given more than once
    #[arg(long, value_name = "URL")]
    pub foreign: Vec<String>,
    /// Insist on a report of each repository in this list, a URL or path on each line
    #[arg(long, value_name = "FILE")]
    pub list: Option<PathBuf>,
    /// Say what changed since this inventory, which was written with --format jsonl
    #[arg(long, value_name = "FILE")]
    pub since: Option<PathBuf>,
    /// How the inventory is written
    #[arg(long, short, value_enum, default_value = "human", help_heading = "Output")]
    pub format: FleetFormatArg,
    /// Write the inventory to a file
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
}

/// Formats of inventories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FleetFormatArg {
    /// For people: what was not read, and the worst 50 secrets
    Human,
    /// One HTML file that loads nothing, with the worst 2000
    Html,
    /// Markdown with the worst 200
    Markdown,
    /// A table with a row for each repository of each secret
    Csv,
    /// One JSON object a line; --since reads it
    Jsonl,
}
