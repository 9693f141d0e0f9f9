//! The arguments of `allow`.

use clap::{Args, ValueEnum};

/// What `allow` writes, and about what.
#[derive(Debug, Clone, Args)]
pub struct AllowArgs {
    /// Findings of the last reports or of what is staged, by their ids; the first four characters are enough
    #[arg(value_name = "ID", required_unless_present = "last", conflicts_with = "last")]
    pub ids: Vec<String>,
    /// Allow all findings of the last commit that was stopped, unless another report has shown others since
    #[arg(long)]
    pub last: bool,
    /// Why it is no secret, for whoever reads it next
    #[arg(long, value_name = "WORDS")]
    pub reason: String,
    /// Where it is written [default: a comment where the file has any, otherwise the configuration]
    #[arg(long = "in", value_enum, value_name = "WHERE")]
    pub form: Option<AllowIn>,
}

/// Where `allow` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AllowIn {
    /// A comment next to the value
    Comment,
    /// An entry in .keysweep.toml, or in the file that --config names
    Config,
    /// A line in .keysweep-baseline, or in the file that --baseline names
    Baseline,
}
