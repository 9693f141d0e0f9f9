//! The arguments of `fleet`.

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
  keysweep fleet merge reports/ --owners owners.toml --since last.jsonl --format html --output inventory.html")]
    Merge(MergeArgs),
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
