//! `fleet merge|run`: sweeps many repositories and merges their reports.

mod list;
mod merge;
mod run;

use super::args::FleetAction;
use super::exit::ExitStatus;

/// Runs the action.
///
/// # Errors
/// Fails if a list can't be used, or if nothing can be written.
pub(super) fn run(action: &FleetAction) -> anyhow::Result<ExitStatus> {
    match action {
        FleetAction::Merge(args) => merge::run(args),
        FleetAction::Run(args) => run::run(args),
    }
}
