//! What git needs: out of the index, out of local commits, and what a rewrite of published history cannot reach.

use super::step::step;
use super::subject::Subject;
use super::{Surroundings, metadata};
use crate::finding::{ContentKind, PlanStep, StepKind};

/// Findings that a command names by their ids, at most; one for all serves more.
const MOST_NAMED: usize = 8;
/// Files that are staged by their names, at most.
const MOST_FILES: usize = 10;
/// Stages again all that is staged and not deleted, from wherever it is run.
const STAGE_ALL: &str = "git diff --cached --name-only --diff-filter=d -z | git -C \"$(git rev-parse --show-toplevel)\" add --pathspec-from-file=- --pathspec-file-nul";

/// Commits again with the message that git kept, in an editor.
pub const COMMIT_AGAIN: &str = "git commit --edit --file=\"$(git rev-parse --git-path COMMIT_EDITMSG)\"";

/// Out of what is about to be committed.
pub fn unstage(subject: &Subject<'_>, surroundings: &Surroundings) -> Vec<PlanStep> {
    let count = subject.file_count();
    let (of_files, leave_out) = match surroundings.unborn {
        true => ("no longer staged", "git rm --cached -r -f --"),
        false => ("as before in your work tree; what you staged has to be staged again", "git restore --staged --"),
    };
    // Of many files all that is staged is staged again, by git's own list of it.
    let (stage, which) = match count > MOST_FILES {
        true => (STAGE_ALL.to_owned(), ":/".to_owned()),
        false => {
            let files = subject.files(surroundings);
            (format!("git add -- {files}"), files)
        }
    };
    let (replace, or_leave) = match count {
        0 | 1 => (
            "Replace the value in the file by a reference (an environment variable, a secret store), save the file and stage it again. This stages all of its changes; 'git add -p' stages some of them",
            format!("Or leave the file out of this commit: it is then {of_files}"),
        ),
        2..=MOST_FILES => (
            "Replace the values in the files by references (environment variables, a secret store), save the files and stage them again. This stages all of their changes; 'git add -p' stages some of them",
            format!("Or leave the files out of this commit: they are then {of_files}"),
        ),
        _ => (
            "Replace the values in the files by references (environment variables, a secret store), save the files and stage again all that is staged",
            format!("Or leave all files out of this commit: they are then {of_files}"),
        ),
    };
    vec![step(StepKind::Remove, replace, stage), step(StepKind::Remove, &or_leave, format!("{leave_out} {which}"))]
}

/// Out of the message of the commit that was stopped.
pub fn message() -> Vec<PlanStep> {
    vec![step(
        StepKind::Remove,
        "Write the message without the value; git kept it, and this opens it in your editor",
        COMMIT_AGAIN.to_owned(),
    )]
}

/// Out of commits that were not pushed, when a tip still holds it.
pub fn local(subject: &Subject<'_>, surroundings: &Surroundings) -> Vec<PlanStep> {
    if subject.has_mixed_files() {
        return older(subject);
    }
    let commits = subject.by_commit();
    let fixup = |(commit, paths): &(&str, Vec<_>)| {
        let files = subject.words(paths.clone(), surroundings);
        format!("git commit --fixup={} -- {files}", commit.get(..12).unwrap_or(commit))
    };
    let mut lines: Vec<String> = commits.iter().map(fixup).collect();
    let ids: Vec<&str> = commits.iter().map(|(commit, _)| *commit).collect();
    lines.push(format!(
        "GIT_SEQUENCE_EDITOR=true git rebase -i --autosquash --autostash {}",
        subject.commits_from(&ids)
    ));
    let what = match subject.file_count() {
        0 | 1 => {
            "Take the value out of the file, save it, and fold the change into the commit that brought the value in"
        }
        _ => {
            "Take the values out of the files, save them, and fold the changes into the commits that brought the values in"
        }
    };
    let title = format!("{what}, before anything is pushed (a later commit that deletes the line does not help)");
    let files = step(StepKind::Purge, &title, lines.join("\n"));
    unpushed(subject, (!commits.is_empty()).then_some(files))
}

/// Out of commits that were not pushed, when no tip holds it any more.
pub fn older(subject: &Subject<'_>) -> Vec<PlanStep> {
    let commits: Vec<&str> = subject.by_commit().iter().map(|(commit, _)| *commit).collect();
    let named: Vec<&str> = commits.iter().map(|commit| commit.get(..12).unwrap_or(commit)).collect();
    let commit = if named.len() == 1 { "commit" } else { "commits" };
    let files = step(
        StepKind::Purge,
        &format!(
            "Mark {commit} {} with 'edit' in the list that opens; where the rebase stops at one of them, take the value out, 'git commit --amend -a', 'git rebase --continue'; where it stops because of a conflict, take the value out, 'git add' the file and 'git rebase --continue', without amending",
            named.join(", ")
        ),
        format!("git rebase -i --rebase-merges {}", subject.commits_from(&commits)),
    );
    unpushed(subject, (!commits.is_empty()).then_some(files))
}

/// The step for files, the steps for what stands around files, and the leftovers of both.
fn unpushed(subject: &Subject<'_>, files: Option<PlanStep>) -> Vec<PlanStep> {
    files.into_iter().chain(metadata::local(subject)).chain(leftovers()).collect()
}

/// Out of the stashes, when nothing else reaches it.
pub fn stashed() -> Vec<PlanStep> {
    let title = "Only a stash has it. Apply what you need of the stashes ('git stash list', 'git stash apply'), then drop them all";
    let drop = step(StepKind::Purge, title, "git stash clear".to_owned());
    [drop].into_iter().chain(leftovers()).collect()
}

/// Out of reflogs and the object store.
pub fn leftovers() -> Vec<PlanStep> {
    vec![step(
        StepKind::Purge,
        "Drop what is left in this clone (this also removes every other undo point; stashes go with 'git stash clear')",
        "git reflog expire --expire=now --all && git pack-refs --all && git gc --prune=now".to_owned(),
    )]
}

/// Out of commits that were not pushed, where there is no work tree to change them in.
pub fn rewritten(subject: &Subject<'_>) -> Vec<PlanStep> {
    let title =
        "Rewrite the commits that hold it, before anything is pushed; command by command, that is what this says";
    vec![step(StepKind::Purge, title, format!("keysweep purge-plan{}", of_which(subject)))]
}

/// The options that name the findings of a plan; none where they are so many that a plan for all serves better.
fn of_which(subject: &Subject<'_>) -> String {
    let ids: Vec<String> = subject.ids().map(|id| format!(" --finding {id}")).collect();
    if ids.len() > MOST_NAMED { String::new() } else { ids.concat() }
}

/// What a rewrite of pushed history can and cannot do.
pub fn published(subject: &Subject<'_>) -> Vec<PlanStep> {
    let mut steps = vec![step(
        StepKind::Purge,
        "Rewriting history is optional and never a substitute for revoking: forks, pull-request refs, clones and caches keep the value. What it takes, command by command, and what it cannot reach, says",
        format!("keysweep purge-plan{}", of_which(subject)),
    )];
    if subject.occurrences.iter().any(|occurrence| occurrence.kind == ContentKind::RefName) {
        steps.push(step(
            StepKind::Purge,
            "Delete the branch or tag whose name is the secret where it was pushed to; it is not repeated here",
            "git push <remote> --delete <old>".to_owned(),
        ));
    }
    steps
}
