//! The arguments of `rules`.

use std::path::PathBuf;

use clap::Subcommand;

use super::{RulesPageArgs, TextArgs};

/// What `rules` does.
#[derive(Debug, Clone, Subcommand)]
pub enum RulesAction {
    /// List the rules in force, all of them or those about something
    #[command(after_long_help = "Examples:
  # The rules for a provider
  keysweep rules list azure

  # Every rule in force, for another program
  keysweep rules list --format jsonl")]
    List {
        /// List only rules with all these words in id, name or provider
        ///
        /// Upper and lower case are the same.
        #[arg(value_name = "WORD")]
        words: Vec<String>,
        /// How.
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
        /// Where to.
        #[command(flatten)]
        text: TextArgs,
    },
    /// Carry the rules of another scanner over
    ///
    /// The file is a configuration of gitleaks. It prints rules for .keysweep.toml, and says what cannot be carried over.
    #[command(after_long_help = "Examples:
  # Go on with the rules of a team
  keysweep rules import .gitleaks.toml --output .keysweep.toml")]
    Import {
        /// The file
        file: PathBuf,
        /// Where to.
        #[command(flatten)]
        text: TextArgs,
    },
}
