//! The steps that remove a value from the files that git keeps next to its objects: no commit holds these files, so an
//! editor is enough.

use bstr::{BStr, ByteSlice as _};

use super::git;
use super::step::{quoted, step};
use super::subject::Subject;
use crate::finding::{ContentKind, Occurrence, PlanStep, StepKind};

/// The most files that one command names.
const MOST: usize = 5;

/// Removes objects that neither a ref nor a reflog reaches.
pub const COLLECT: &str = "git gc --prune=now";

/// Returns `true` if only files next to the objects hold the value.
pub fn alone(subject: &Subject<'_>) -> bool {
    subject.occurrences.iter().all(|occurrence| occurrence.kind.is_outside_objects())
}

/// Returns the steps for each kind of file that holds the value; a reflog is truncated, not edited.
pub fn steps(subject: &Subject<'_>) -> Vec<PlanStep> {
    let kinds = [
        (
            ContentKind::Config,
            "Remove it from git's configuration: let a credential helper store the password instead of the URL ('git remote set-url')",
            "git config --edit --file",
        ),
        (
            ContentKind::Hook,
            "Remove it from the hook, and let the hook read it from the environment or a secret store",
            "\"${EDITOR:-vi}\"",
        ),
        (
            ContentKind::GitFile,
            "Remove it from the file that git or a tool left behind; files of a finished commit, merge or rebase can be deleted",
            "\"${EDITOR:-vi}\"",
        ),
    ];
    let steps = kinds.into_iter().filter_map(|(kind, title, command)| {
        let command = named(&paths(subject, kind)?, command);
        Some(step(StepKind::Remove, title, command))
    });
    steps.collect()
}

/// The files with messages that somebody wrote, which git keeps even if they never became part of a commit.
const DRAFTS: [&str; 3] = ["COMMIT_EDITMSG", "TAG_EDITMSG", "NOTES_EDITMSG"];
/// The other files that git writes again when it needs them.
const DISPOSABLE: [&str; 3] = ["FETCH_HEAD", "SQUASH_MSG", "gitk.cache"];

/// Returns `true` if the place is in the draft of a message.
pub fn is_draft(occurrence: &Occurrence) -> bool {
    is_called(occurrence, &DRAFTS)
}

fn is_disposable(occurrence: &Occurrence) -> bool {
    is_draft(occurrence) || is_called(occurrence, &DISPOSABLE)
}

fn is_called(occurrence: &Occurrence, names: &[&str]) -> bool {
    let name = occurrence.path.rsplit_once_str("/").map_or(occurrence.path.as_bytes(), |(_, name)| name);
    occurrence.kind == ContentKind::GitFile && names.iter().any(|known| name == known.as_bytes())
}

/// Returns the step that deletes the files with the value that git writes again when it needs them.
pub fn disposable(subject: &Subject<'_>) -> Option<PlanStep> {
    let command = named(&paths(&subject.only(is_disposable), ContentKind::GitFile)?, "rm -f --");
    Some(step(StepKind::Remove, "Delete the files, which git writes again when it needs them", command))
}

fn is_large(occurrence: &Occurrence) -> bool {
    occurrence.kind == ContentKind::GitFile && occurrence.path.contains_str("/lfs/objects/")
}

/// Returns the step that deletes Git LFS objects of this clone.
pub fn large(subject: &Subject<'_>) -> Option<PlanStep> {
    let command = named(&paths(&subject.only(is_large), ContentKind::GitFile)?, "rm -f --");
    Some(step(
        StepKind::Remove,
        "Delete the Git LFS objects of this clone once no commit points to them any more; the LFS server keeps them until its operator deletes them",
        command,
    ))
}

/// Returns the subject with only the places that have to be edited by hand: not those in files that are simply deleted,
/// nor those in the configuration if the name of a branch holds the value, because a branch takes its part of the
/// configuration with it.
pub fn lasting<'f>(subject: &Subject<'f>) -> Subject<'f> {
    let has_branch = subject.occurrences.iter().any(|occurrence| occurrence.kind == ContentKind::RefName);
    subject.only(|occurrence| {
        let goes_with_branch = occurrence.kind == ContentKind::Config && has_branch;
        let is_handled = is_disposable(occurrence) || is_large(occurrence) || goes_with_branch;
        occurrence.kind.is_outside_objects() && !is_handled
    })
}

/// Returns the step that deletes the index of a repository without a work tree to commit from.
pub fn index() -> PlanStep {
    let title = "Delete the index: a repository without a work tree commits nothing from it";
    step(StepKind::Remove, title, "rm -f -- \"$(git rev-parse --git-path index)\"".to_owned())
}

/// Returns the steps that remove what commits left behind that were never completed: no ref and no reflog reaches these
/// objects.
pub fn never_committed(subject: &Subject<'_>) -> Vec<PlanStep> {
    let has_objects = subject.occurrences.iter().any(|occurrence| !occurrence.kind.is_outside_objects());
    let title = "Remove the objects of commits that were never completed (this also removes all other unreachable objects, such as dropped stashes)";
    let collected = has_objects.then(|| step(StepKind::Purge, title, COLLECT.to_owned()));
    let mut steps: Vec<PlanStep> = disposable(subject).into_iter().chain(collected).collect();
    if let Some(first) = steps.first_mut() {
        first.title = format!(
            "No commit has it, but this clone still stores it, so a sweep of this clone ends with 1 until this is done; other clones and CI do not have it. {}",
            first.title
        );
    }
    steps
}

/// Returns the steps that remove a value from the reflogs, if one of them holds it.
pub fn reflogs(subject: &Subject<'_>) -> Vec<PlanStep> {
    let any = subject.occurrences.iter().any(|occurrence| occurrence.kind == ContentKind::Reflog);
    if any { git::leftovers() } else { Vec::new() }
}

/// Returns the files of a kind, each as a word of a shell that is valid anywhere in the repository; `None` if there
/// are none.
fn paths(subject: &Subject<'_>, kind: ContentKind) -> Option<Vec<String>> {
    let mut paths: Vec<&BStr> =
        subject.occurrences.iter().filter(|o| o.kind == kind).map(|o| o.path.as_bstr()).collect();
    paths.sort_unstable();
    paths.dedup();
    let hidden = paths.len() > MOST || paths.iter().any(|path| subject.occurs_in(path));
    let word = |path: &&BStr| {
        let below = path.split_once_str("/").map_or(path.as_bytes(), |(_, below)| below);
        format!("\"$(git rev-parse --git-common-dir)\"/{}", quoted(below.as_bstr()))
    };
    match paths.len() {
        0 => None,
        _ if hidden => Some(vec!["<path>".to_owned()]),
        _ => Some(paths.iter().map(word).collect()),
    }
}

/// Joins one command for each file, because not every command accepts several.
fn named(paths: &[String], command: &str) -> String {
    paths.iter().map(|path| format!("{command} {path}")).collect::<Vec<_>>().join(" && ")
}
