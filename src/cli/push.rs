//! The checks of the hooks for a push: pre-push on the client, pre-receive on the server.

use std::ffi::OsStr;
use std::path::Path;

use bstr::BString;

use super::args::Common;
use super::exit::ExitStatus;
use super::session::{ReportWhen, Session};
use super::{policy, shell};
use crate::finding::{Command, Scope};
use crate::git::Repo;
use crate::remediation::Stops;
use crate::source::push::{self as pushed, Side, Update};
use crate::source::staged as index;

/// Runs the check of the pre-push hook; it prints nothing if there is nothing to report.
///
/// # Errors
/// Fails if standard input doesn't describe a push, or if the scan can't start.
pub(super) fn sent(common: &Common, remote: &OsStr) -> anyhow::Result<ExitStatus> {
    run(common, Side::Sender(remote.as_encoded_bytes().into()))
}

/// Runs the check of a server's pre-receive hook; it prints nothing if there is nothing to report.
///
/// # Errors
/// Fails if standard input doesn't describe a push, or if the scan can't start.
pub(super) fn received(common: &Common) -> anyhow::Result<ExitStatus> {
    run(common, Side::Receiver)
}

/// Reads the pushed refs from standard input. If the remote has all of them, git names none but still runs the sender's
/// hook; from any other program an empty input is a mistake.
fn updates(side: Side<'_>) -> anyhow::Result<Vec<Update>> {
    anyhow::ensure!(!shell::is_typed(), "standard input is a terminal; git writes there which refs are pushed");
    let updates = side.updates(&shell::whole_input("what is pushed")?)?;
    if updates.is_empty() {
        let is_by_git = ["GIT_EXEC_PATH", "GIT_PREFIX", "GIT_DIR"].iter().any(|name| std::env::var_os(name).is_some());
        anyhow::ensure!(
            is_by_git && matches!(side, Side::Sender(_)),
            "standard input names no pushed refs, so nothing was checked; the program that runs this hook has to pass on the standard input that git gives it"
        );
    }
    Ok(updates)
}

fn run(common: &Common, side: Side<'_>) -> anyhow::Result<ExitStatus> {
    let repo = Repo::open(Path::new("."))?;
    let session = match side {
        Side::Sender(_) => Session::in_repository(common, &repo)?,
        Side::Receiver => Session::with(common, &repo, policy::of_server(common, &repo)?)?,
    }
    .stopping(Stops::Push);
    let updates = updates(side)?;
    let (listing, bases) = pushed::list(&repo, side, &updates)?;
    // The remote may be a URL with a password in it, so it is not named.
    let scope = Scope { command: Command::Range, subject: "what the push adds to the remote".to_owned() };
    let known = |path: &BString, blob| bases.iter().any(|base| index::known_content(&repo, *base, path, blob));
    session.report(ReportWhen::NotEmpty, |scan| scan.listed(listing, scope, &known))
}
