//! The arguments of `live`.

use clap::Args;

/// The findings to ask about, and how to ask.
#[derive(Debug, Clone, Args)]
pub struct LiveArgs {
    /// The id of a finding; its first characters are enough
    #[arg(value_name = "ID", conflicts_with = "all")]
    // A build that can't ask providers has to answer every call with that message, so no argument is required there.
    #[cfg_attr(feature = "live", arg(required_unless_present = "all"))]
    pub ids: Vec<String>,
    /// Ask about all findings of the last reports
    #[arg(long)]
    pub all: bool,
    /// With --all: only about findings of this rule; may be given more than once
    // What conflicts with an argument that is given is not required any more, so the ids have to be named as well.
    #[arg(long, value_name = "RULE", requires = "all", conflicts_with = "ids")]
    pub only: Vec<String>,
    /// Send the requests without asking
    #[arg(long, conflicts_with = "dry_run")]
    pub yes: bool,
    /// Show what would be sent, and send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// The most requests to send
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub max_requests: usize,
    /// Seconds to wait for an answer [default: 20]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=600), hide_short_help = true)]
    pub timeout: Option<u64>,
}
