//! The arguments of `allow`.

use clap::{Args, ValueEnum};

/// The arguments of `allow`.
#[derive(Debug, Clone, Args)]
pub struct AllowArgs {
    /// The ids of findings in the last reports or in the index; the first four characters are enough
    #[arg(value_name = "ID", required_unless_present = "last", conflicts_with = "last")]
    pub ids: Vec<String>,
    /// Allow all findings of the last commit that was stopped, unless a later report has shown others
    #[arg(long)]
    pub last: bool,
    /// The reason why it is not a secret, for the next reader
    #[arg(long, value_name = "WORDS")]
    pub reason: String,
    /// Place to write it to [default: a comment if the file can have one, otherwise the configuration]
    #[arg(long = "in", value_enum, value_name = "WHERE")]
    pub form: Option<AllowIn>,
}

/// The place in which `allow` writes the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AllowIn {
    /// A comment next to the value
    Comment,
    /// An entry in .keysweep.toml, or in the file that --config names
    Config,
    /// A line in .keysweep-baseline, or in the file that --baseline names
    Baseline,
}
