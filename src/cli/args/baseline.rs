//! The arguments of `baseline`.

use std::path::PathBuf;

use clap::Subcommand;

/// The actions of `baseline`. Each sweeps everything that the repository stores.
#[derive(Debug, Clone, Subcommand)]
pub enum BaselineAction {
    /// Write all secrets that exist now to .keysweep-baseline
    #[command(after_long_help = "Examples:
  # Accept every secret that exists today
  keysweep baseline create")]
    Create {
        /// The repository [default: .]
        repo: Option<PathBuf>,
    },
    /// Add new secrets and drop those that are gone
    #[command(after_long_help = "Examples:
  # Accept one more finding and nothing else
  keysweep baseline update --finding nsbs44whgl")]
    Update {
        /// The repository [default: .]
        repo: Option<PathBuf>,
        /// Add this finding only; may be given more than once
        #[arg(long = "finding", value_name = "ID")]
        findings: Vec<String>,
    },
    /// List new, unchanged and absent secrets; the exit code is 1 if one is new
    #[command(after_long_help = "Examples:
  # Compare a sweep with the baseline, for another program
  keysweep baseline check --format json")]
    Check {
        /// The repository [default: .]
        repo: Option<PathBuf>,
    },
    /// Accept the findings that another tool is configured to ignore
    ///
    /// The file is a .gitleaksignore, a report of gitleaks or a baseline of detect-secrets.
    #[command(after_long_help = "Examples:
  # Convert a team's .gitleaksignore
  keysweep baseline import .gitleaksignore")]
    Import {
        /// The file
        file: PathBuf,
        /// The repository [default: .]
        repo: Option<PathBuf>,
    },
}
