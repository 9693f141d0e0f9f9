//! `fleet merge`: what many repositories hold.

mod list;
mod merge;

use super::args::FleetAction;
use super::exit::ExitStatus;

/// Runs the action.
///
/// # Errors
/// When a list cannot be used, or nothing can be written.
pub(super) fn run(action: &FleetAction) -> anyhow::Result<ExitStatus> {
    match action {
        FleetAction::Merge(args) => merge::run(args),
    }
}
