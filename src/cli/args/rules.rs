//! The arguments of `rules`.

use std::path::PathBuf;

use clap::Subcommand;

use super::{RulesPageArgs, TextArgs};

/// The actions of `rules`.
#[derive(Debug, Clone, Subcommand)]
pub enum RulesAction {
    /// List the active rules, or those that match some words
    #[command(after_long_help = "Examples:
  # List the rules for a provider
  keysweep rules list azure

  # List all active rules, for another program
  keysweep rules list --format jsonl")]
    List {
        /// Words that a rule has to contain in its id, name or provider
        ///
        /// Upper and lower case are the same.
        #[arg(value_name = "WORD")]
        words: Vec<String>,
        /// The options of the page.
        #[command(flatten)]
        page: RulesPageArgs,
    },
    /// Prove rules against their examples, counter-examples and remediation
    #[command(after_long_help = "Examples:
  # Prove rules of your own
  keysweep rules check acme.toml")]
    Check {
        /// A rule file [default: the built-in rules]
        file: Option<PathBuf>,
        /// The destination of the text.
        #[command(flatten)]
        text: TextArgs,
    },
    /// Convert the rules of another scanner
    ///
    /// The file is a configuration of gitleaks. The command prints rules for .keysweep.toml, and lists what cannot be
    /// converted.
    #[command(after_long_help = "Examples:
  # Convert a team's gitleaks rules
  keysweep rules import .gitleaks.toml --output .keysweep.toml")]
    Import {
        /// The file
        file: PathBuf,
        /// The destination of the text.
        #[command(flatten)]
        text: TextArgs,
    },
}
