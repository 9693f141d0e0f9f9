//! Out of the files that git keeps next to its objects: no commit holds them, so an editor is all it takes.

use bstr::{BStr, ByteSlice as _};

use super::git;
use super::step::{quoted, step};
use super::subject::Subject;
use crate::finding::{ContentKind, Occurrence, PlanStep, StepKind};

/// Files named in a command, at most.
const MOST: usize = 5;

/// Removes what neither a ref nor a reflog reaches.
pub const COLLECT: &str = "git gc --prune=now";

/// `true` if nothing but such files holds it.
pub fn alone(subject: &Subject<'_>) -> bool {
    subject.occurrences.iter().all(|occurrence| occurrence.kind.beside_objects())
}

/// The steps for each kind of file that holds it; a reflog is cut, not edited.
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
        Some(PlanStep {
            kind: StepKind::Remove,
            title: title.to_owned(),
            command,
            missing: Vec::new(),
            link: String::new(),
        })
    });
    steps.collect()
}

/// Messages that somebody wrote, which git keeps whether they came to be part of a commit or not.
const DRAFTS: [&str; 3] = ["COMMIT_EDITMSG", "TAG_EDITMSG", "NOTES_EDITMSG"];
/// Other files that git writes again when it needs them.
const DISPOSABLE: [&str; 3] = ["FETCH_HEAD", "SQUASH_MSG", "gitk.cache"];

/// `true` if it is the draft of a message.
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

/// Such files that hold it are just deleted.
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

/// The places that are left, which are files that are not just deleted, and that nothing else takes it out of: a branch
/// has a part of the configuration, which goes with it.
pub fn lasting<'f>(subject: &Subject<'f>) -> Subject<'f> {
    let has_branch = subject.occurrences.iter().any(|occurrence| occurrence.kind == ContentKind::RefName);
    subject.only(|occurrence| {
        let goes_with_branch = occurrence.kind == ContentKind::Config && has_branch;
        let is_handled = is_disposable(occurrence) || is_large(occurrence) || goes_with_branch;
        occurrence.kind.beside_objects() && !is_handled
    })
}

/// Out of the index of a repository that has no work tree to commit from.
pub fn index() -> PlanStep {
    let title = "Delete the index: a repository without a work tree commits nothing from it";
    step(StepKind::Remove, title, "rm -f -- \"$(git rev-parse --git-path index)\"".to_owned())
}

/// Out of what commits left that were never made: no ref and no reflog leads there.
pub fn never_committed(subject: &Subject<'_>) -> Vec<PlanStep> {
    let has_objects = subject.occurrences.iter().any(|occurrence| !occurrence.kind.beside_objects());
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

/// Out of the reflogs, if one holds it.
pub fn reflogs(subject: &Subject<'_>) -> Vec<PlanStep> {
    let any = subject.occurrences.iter().any(|occurrence| occurrence.kind == ContentKind::Reflog);
    if any { git::leftovers() } else { Vec::new() }
}

/// The files of a kind, each as a word of a shell that holds wherever in the repository it is run; `None` if there are
/// none.
fn paths(subject: &Subject<'_>, kind: ContentKind) -> Option<Vec<String>> {
    let mut paths: Vec<&BStr> =
        subject.occurrences.iter().filter(|o| o.kind == kind).map(|o| o.path.as_bstr()).collect();
    paths.sort_unstable();
    paths.dedup();
    let hidden = paths.len() > MOST || paths.iter().any(|path| subject.stands_in(path));
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

/// One command for each file: not every command takes several.
fn named(paths: &[String], command: &str) -> String {
    paths.iter().map(|path| format!("{command} {path}")).collect::<Vec<_>>().join(" && ")
}
