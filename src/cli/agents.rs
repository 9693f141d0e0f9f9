//! `agents [DIR]`: scans the files of coding agents, in a home folder or a project.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bstr::ByteSlice as _;

use super::args::Common;
use super::exit::ExitStatus;
use super::session::{NOTHING_IS_KNOWN, ReportWhen, Session};
use crate::finding::{Command, Report, Scope};
use crate::remediation::Surroundings;
use crate::remediation::agent::AgentsFiles;
use crate::source::agents::{self, Moved, VARIABLES};

/// Runs `agents [DIR]`.
///
/// # Errors
/// Fails if there is no such folder.
pub(super) fn run(common: &Common, folder: Option<&Path>) -> anyhow::Result<ExitStatus> {
    let (folder, moved) = match folder {
        Some(folder) => (folder.to_owned(), Vec::new()),
        None => (home()?, moved()),
    };
    anyhow::ensure!(
        folder.is_dir(),
        "'{}' is not a folder; name a home folder or the folder of a project",
        folder.display()
    );
    let session = Session::on_files(common)?;
    let agents::Found { listing, places } = agents::list(&folder, &moved);
    let scope =
        Scope { command: Command::Agents, subject: format!("the files of coding agents in {}", folder.display()) };
    let folder = folder.as_os_str().as_encoded_bytes().as_bstr().to_owned();
    session.report(ReportWhen::Always, |scan| {
        let files = AgentsFiles { folder, places };
        let scan = scan.amid(Surroundings { agents: Some(files.clone()), ..Surroundings::clone(&scan.surroundings) });
        let mut report = scan.listed(listing, scope, NOTHING_IS_KNOWN);
        assign_agents(&mut report, &files);
        report
    })
}

/// Sets for each place which agent's file it is in, and what that file is for.
fn assign_agents(report: &mut Report, files: &AgentsFiles) {
    let findings = report.findings.iter_mut().chain(&mut report.suppressed);
    for place in findings.flat_map(|finding| &mut finding.occurrences) {
        place.agent = files.places.get(&place.path).copied();
    }
}

fn home() -> anyhow::Result<PathBuf> {
    std::env::home_dir()
        .filter(|home| !home.as_os_str().is_empty())
        .context("cannot find your home folder: HOME is not set; name the folder")
}

/// Returns the folders to which environment variables have moved the files of this user's agents.
fn moved() -> Vec<Moved> {
    let of = |(variable, usual): &(&str, &'static str)| {
        let to = PathBuf::from(std::env::var_os(variable).filter(|value| !value.is_empty())?);
        to.is_absolute().then_some(Moved { usual, to })
    };
    VARIABLES.iter().filter_map(of).collect()
}
