//! The arguments of `baseline`.

use std::path::PathBuf;

use clap::Subcommand;

/// What `baseline` does. Each sweeps everything that the repository stores.
#[derive(Debug, Clone, Subcommand)]
pub enum BaselineAction {
    /// Write .keysweep-baseline with all secrets that are there
    #[command(after_long_help = "Examples:
  # Accept everything that is there today
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
    /// Say which secrets are new, unchanged and absent; ends with 1 if one is new
    #[command(after_long_help = "Examples:
  # Compare a sweep with the baseline, for another program
  keysweep baseline check --format json")]
    Check {
        /// The repository [default: .]
        repo: Option<PathBuf>,
    },
    /// Accept what another tool was told to ignore
    ///
    /// The file is a .gitleaksignore, a report of gitleaks or a baseline of detect-secrets.
    #[command(after_long_help = "Examples:
  # Carry the decisions of a team over
  keysweep baseline import .gitleaksignore")]
    Import {
        /// The file
        file: PathBuf,
        /// The repository [default: .]
        repo: Option<PathBuf>,
    },
}
