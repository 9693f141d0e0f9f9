//! `fleet merge|run`: what many repositories hold.

mod list;
mod merge;
mod run;

use super::args::FleetAction;
use super::exit::ExitStatus;

/// Runs the action.
///
/// # Errors
/// When a list cannot be used, or nothing can be written.
pub(super) fn run(action: &FleetAction) -> anyhow::Result<ExitStatus> {
    match action {
        FleetAction::Merge(args) => merge::run(args),
        FleetAction::Run(args) => run::run(args),
    }
}
