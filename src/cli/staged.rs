//! `staged`, and the hooks that run before a commit: they scan what the index adds, and the message.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bstr::BString;

use super::args::Common;
use super::exit::ExitStatus;
use super::range;
use super::session::{NOTHING_IS_KNOWN, ReportWhen, Session};
use crate::finding::{Command, Scope};
use crate::git::Repo;
use crate::git::index::is_concluding;
use crate::remediation::{MadeOf, Message, MessageFile, Stops};
use crate::source::chosen::{self, Chosen, Others};
use crate::source::{Listing, message as messages, staged as index};

/// Runs `staged [FILE…]`.
///
/// # Errors
/// Fails if the scan can't start.
pub(super) fn run(common: &Common, files: &[PathBuf]) -> anyhow::Result<ExitStatus> {
    let repo = Repo::open(Path::new("."))?;
    if files.is_empty() {
        return new(common, &repo, index::list(&repo)?, ReportWhen::Always);
    }
    judge(common, &repo, chosen::list(&repo, files, Others::LeftOut)?, ReportWhen::Always)
}

/// The scope of the pre-commit hook.
#[derive(Debug, Clone, Copy)]
pub(super) enum Checked {
    /// A commit that is about to be made.
    Commit(ExitStatus),
    /// Something else that the pre-commit framework was asked to check: existing commits, or files.
    Other(ExitStatus),
}

/// Runs the check of the pre-commit hook: all that the index adds, and the files that the pre-commit framework passes
/// on. If the framework was started by hand, it may name commits instead, or all files.
///
/// # Errors
/// Fails if the scan can't start.
pub(super) fn before_commit(common: &Common, files: &[PathBuf]) -> anyhow::Result<Checked> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let (Some(from), Some(to)) = (set("PRE_COMMIT_FROM_REF"), set("PRE_COMMIT_TO_REF")) {
        return range::run(common, &[format!("{from}..{to}")], false).map(Checked::Other);
    }
    let repo = Repo::open(Path::new("."))?;
    // git passes the index of a commit to its hooks in GIT_INDEX_FILE.
    let is_by_hand = set("PRE_COMMIT").is_some() && set("GIT_INDEX_FILE").is_none();
    let chosen = match (files.is_empty(), is_by_hand) {
        (true, false) => Chosen::New(index::list(&repo)?),
        (true, true) => chosen::all_if_nothing_is_new(&repo)?,
        (false, _) => chosen::list(&repo, files, Others::Kept)?,
    };
    let checked = if matches!(chosen, Chosen::New(_)) { Checked::Commit } else { Checked::Other };
    judge(common, &repo, chosen, ReportWhen::NotEmpty).map(checked)
}

fn judge(common: &Common, repo: &Repo, chosen: Chosen, when: ReportWhen) -> anyhow::Result<ExitStatus> {
    match chosen {
        Chosen::New(listing) => new(common, repo, listing, when),
        Chosen::Whole(listing) => {
            let scope = Scope { command: Command::Files, subject: "the files given, as they are staged".to_owned() };
            let session = Session::on_files(common)?;
            session.report(when, |scan| scan.listed(listing, scope, NOTHING_IS_KNOWN))
        }
    }
}

/// Reports what is new in the next commit.
fn new(common: &Common, repo: &Repo, listing: Listing, when: ReportWhen) -> anyhow::Result<ExitStatus> {
    let session = Session::in_repository(common, repo)?.stopping(Stops::Commit(made_of()));
    let scope = Scope { command: Command::Staged, subject: "what the next commit adds".to_owned() };
    session.report(when, |scan| {
        scan.listed(listing, scope, &|path, blob| {
            repo.head().is_some_and(|head| index::known_content(repo, head, path, blob))
        })
    })
}

/// Runs the check of the commit-msg hook; it prints nothing if there is nothing to report.
///
/// # Errors
/// Fails if the message can't be read.
pub(super) fn message(common: &Common, file: &Path) -> anyhow::Result<ExitStatus> {
    let repo = Repo::open(Path::new("."))?;
    // git sets this editor if the user isn't asked to edit the message.
    let edited = std::env::var_os("GIT_EDITOR").is_none_or(|editor| editor != ":");
    let (listing, form) = messages::list(&repo, file, edited)
        .with_context(|| format!("reading the message of the commit from '{}'", file.display()))?;
    let session = Session::in_repository(common, &repo)?.stopping(Stops::Message(kept_message(&repo, file, form)));
    let scope = Scope { command: Command::Staged, subject: "the message of the next commit".to_owned() };
    session.report(ReportWhen::NotEmpty, |scan| scan.listed(listing, scope, NOTHING_IS_KNOWN))
}

/// Returns the facts that are needed to reuse a message that git keeps.
fn kept_message(repo: &Repo, file: &Path, form: messages::Form) -> Message {
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let path = whole(file);
    let bytes = |path: &Path| BString::from(path.as_os_str().as_encoded_bytes());
    let file = match path.strip_prefix(whole(&repo.git_dir())) {
        Ok(name) => MessageFile::OfGit(bytes(name)),
        Err(_) => MessageFile::Other(bytes(&path)),
    };
    let messages::Form { has_diff, has_marks } = form;
    Message { file, made_of: made_of(), has_diff, has_marks, is_concluding: is_concluding(repo) }
}

/// Returns how the commit is made, judged by the index that git uses for it: the normal one, the locked next one, or
/// one for the named files.
fn made_of() -> MadeOf {
    let path = std::env::var_os("GIT_INDEX_FILE").map(PathBuf::from).unwrap_or_default();
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    match name {
        b"index.lock" => MadeOf::Changes,
        name if name.starts_with(b"next-index-") => MadeOf::Files,
        _ => MadeOf::Index,
    }
}
