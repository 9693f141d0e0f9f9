//! Steps with git: removing a value from the index and from local commits, and the limits of rewriting published
//! history.

use std::collections::BTreeMap;

use bstr::BString;

use super::step::{quoted, step};
use super::subject::Subject;
use super::{MadeOf, Message, MessageFile, Stops, Surroundings, metadata};
use crate::finding::{ContentKind, FileList, Finding, PlanStep, Stage, StepKind};

/// The most findings that a command names by their ids; beyond that, one command for all is better.
const MOST_NAMED: usize = 8;
/// The most commits that are corrected one by one before a push continues.
const MOST_COMMITS: usize = 3;
/// The most files that are staged by name.
pub const MOST_FILES: usize = 10;
/// The command that makes the last commit again, with the current state of the files that it changed; it works from any
/// folder.
const AMEND_ITS_FILES: &str = "git diff-tree --root --no-commit-id --name-only --no-relative --diff-filter=d -r -z HEAD | git -C \"$(git rev-parse --show-toplevel)\" --literal-pathspecs commit --amend --no-edit --allow-empty --pathspec-from-file=- --pathspec-file-nul";

/// Removes objects that no ref reaches.
pub const LEFTOVERS: &str = "git reflog expire --expire=now --all && git pack-refs --all && git gc --prune=now";

/// The command that commits again, with the message that git kept opened in an editor.
pub const COMMIT_AGAIN: &str = "git commit --edit --file=\"$(git rev-parse --git-path COMMIT_EDITMSG)\"";

/// Returns the steps that remove a value from what is about to be committed.
pub fn unstage(subject: &Subject<'_>, surroundings: &Surroundings) -> Vec<PlanStep> {
    let rename = step(
        StepKind::Remove,
        "Rename the file or folder whose name contains the value, in the work tree and in the index; the name is not repeated here",
        "git mv -- <old> <new>".to_owned(),
    );
    let contents = subject.only(|place| place.kind != ContentKind::FileName);
    let names = (contents.occurrences.len() < subject.occurrences.len()).then_some(rename);
    let here = contents.only(|place| !surroundings.only_there.contains(&place.path));
    let here = if here.file_count() == 0 { Vec::new() } else { unstage_files(&here, surroundings) };
    names.into_iter().chain(here).chain(in_other_trees(&contents, surroundings)).collect()
}

/// Returns the same steps for files staged in other work trees, whose index can't be reached by a command in this one.
fn in_other_trees(subject: &Subject<'_>, surroundings: &Surroundings) -> Vec<PlanStep> {
    let steps = surroundings.staged_in.iter().flat_map(|(folder, paths)| {
        let there = subject.only(|place| paths.contains(&place.path));
        if there.file_count() == 0 {
            return Vec::new();
        }
        // git is started at the root of that work tree.
        let files = there.files(&Surroundings::default());
        let folder = if there.occurs_in(folder.as_ref()) { "<folder>".to_owned() } else { quoted(folder.as_ref()) };
        let replace = format!(
            "In the work tree {folder}, replace each value in these files with a reference (an environment variable, a secret store), and stage the files again"
        );
        let leave_out = "Or leave them out of the next commit there; afterwards they are as before in that work tree";
        vec![
            step(StepKind::Remove, &replace, format!("git -C {folder} add -- {files}")),
            step(StepKind::Remove, leave_out, format!("git -C {folder} restore --staged -- {files}")),
        ]
    });
    steps.collect()
}

/// Returns the steps that remove a value from the contents of staged files.
fn unstage_files(subject: &Subject<'_>, surroundings: &Surroundings) -> Vec<PlanStep> {
    let made_of = match surroundings.stops {
        Stops::Commit(made_of) => made_of,
        Stops::Nothing | Stops::Message(_) | Stops::Push => MadeOf::Index,
    };
    let stage =
        list(subject).map_or_else(|| format!("git add -- {}", subject.files(surroundings)), |name| add_listed(&name));
    let replace = match subject.file_count() {
        0 | 1 => {
            "Replace the value in the file with a reference (an environment variable, a secret store), save the file and stage it again. This stages all changes of the file; use 'git add -p' to stage only some"
        }
        _ => {
            "Replace the values in the files with references (environment variables, a secret store), save the files and stage them again. This stages all changes of the files; use 'git add -p' to stage only some"
        }
    };
    let then = match made_of {
        MadeOf::Index => "",
        MadeOf::Changes | MadeOf::Files => ". Then repeat your 'git commit' command",
    };
    let replace = step(StepKind::Remove, &format!("{replace}{then}"), stage);
    [vec![replace], left_out(subject, surroundings, made_of)].concat()
}

/// Returns the steps that leave files out of a commit. For a commit of changes or of named files, git uses a temporary
/// index, which is gone once the commit is stopped: if repeated, the commit would take the same files again, whatever
/// was unstaged before.
fn left_out(subject: &Subject<'_>, surroundings: &Surroundings, made_of: MadeOf) -> Vec<PlanStep> {
    let is_one = subject.file_count() <= 1;
    let (files, is) = if is_one { ("file", "it is") } else { ("files", "they are") };
    let after = match surroundings.unborn {
        true => "no longer staged",
        false => "as before in your work tree; what you staged has to be staged again",
    };
    let old_names = match subject.is_renamed(surroundings) {
        true => ", and so is the rename: the old name stays in the commit",
        false => "",
    };
    let out = unstaging(subject, surroundings);
    let (title, command) = match made_of {
        MadeOf::Index if surroundings.merging => (
            format!(
                "Or conclude the merge with the {files} of HEAD: it then leaves out what the other branch changed there, and a later merge does not bring that back"
            ),
            out,
        ),
        MadeOf::Index => {
            let deleted = deletions(surroundings);
            (format!("Or leave the {files} out of this commit; afterwards {is} {after}{old_names}{deleted}"), out)
        }
        MadeOf::Changes => (
            format!(
                "Or leave the {files} out of this commit: these commands stage what 'git commit -a' commits without the {files}; then commit without '-a'. If you committed with '-p' or '-i FILES', run only the last one, and then choose other changes"
            ),
            format!("git add --update -- :/\n{out}"),
        ),
        MadeOf::Files => {
            let Some(excluded) = subject.excluded(surroundings) else {
                let title =
                    format!("Or leave the {files} out of this commit: name only other files when you repeat it");
                return vec![step(StepKind::Remove, &title, String::new())];
            };
            let title = format!(
                "Or leave the {files} out of this commit: unstage the {files} and repeat your command with other names; of a folder that you name, this leaves the {files} out"
            );
            (title, format!("{out}\ngit commit -- <path> {excluded}"))
        }
    };
    vec![step(StepKind::Remove, &title, command)]
}

/// Returns a sentence on staged deletions that may be the other half of a rename that contents don't show.
fn deletions(surroundings: &Surroundings) -> String {
    let names: Vec<String> = surroundings.deleted.iter().map(|path| quoted(path.as_ref())).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => format!(". The deletion of {one} stays staged: if that was a rename, unstage it as well"),
        [first, rest @ ..] => format!(
            ". The deletions of {first} and {} more stay staged: if one of them was a rename, unstage it as well",
            rest.len()
        ),
    }
}

/// Returns the command that unstages the files.
fn unstaging(subject: &Subject<'_>, surroundings: &Surroundings) -> String {
    match list(subject) {
        Some(name) => {
            // From a folder below the root, 'git rm' accepts no list.
            let command = if surroundings.unborn { "git reset --quiet" } else { "git restore --staged" };
            let which = if subject.is_renamed(surroundings) { with_old_names(&name) } else { name };
            format!("{command} {}", FileList::options(&which))
        }
        None => {
            let command = if surroundings.unborn { "git rm --cached -r -f --" } else { "git restore --staged --" };
            format!("{command} {}", subject.files_and_old_names(surroundings))
        }
    }
}

/// Returns the name of the list of a subject's files, if there are too many to name and a list exists: one for
/// everything that stops a commit, and one for the files of each rule.
fn list(subject: &Subject<'_>) -> Option<String> {
    let (first, rest) = subject.findings().split_first()?;
    let is_one_kind = rest.iter().all(|one| one.rule == first.rule);
    let is_long = !rest.is_empty() && subject.file_count() > MOST_FILES;
    is_long.then(|| if is_one_kind { format!("files-{}", first.rule) } else { "files".to_owned() })
}

fn with_old_names(list: &str) -> String {
    format!("{list}-with-old-names")
}

/// Returns the command that stages the files of a list; it works from any folder.
pub fn add_listed(name: &str) -> String {
    format!("git add {}", FileList::options(name))
}

/// Returns the lists that the steps for unstaging findings refer to.
pub fn lists(findings: &[Finding], surroundings: &Surroundings) -> Vec<FileList> {
    let is_staged = |one: &&Finding| one.exposure.stage == Stage::Uncommitted;
    let staged: Vec<&Finding> = findings.iter().filter(is_staged).collect();
    let mut rules: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for one in &staged {
        rules.entry(&one.rule).or_default().push(one);
    }
    let mut lists = Vec::new();
    for some in rules.into_values().chain([staged]) {
        let subject = Subject::of(&some).only(|place| place.kind != ContentKind::FileName);
        let Some(name) = list(&subject) else { continue };
        let paths = subject.listable(&BTreeMap::new());
        if subject.is_renamed(surroundings) {
            let paths = subject.listable(&surroundings.renamed);
            lists.push(FileList { name: with_old_names(&name), paths });
        }
        lists.push(FileList { name, paths });
    }
    lists
}

/// Returns the steps that remove a value from the message of the commit that was stopped. A hook can't know whether the
/// commit was meant to replace the last one.
pub fn message(message: &Message) -> Vec<PlanStep> {
    let file = match &message.file {
        MessageFile::OfGit(name) => format!("\"$(git rev-parse --git-path {})\"", quoted(name.as_ref())),
        MessageFile::Other(path) => quoted(path.as_ref()),
    };
    // With the diff, git finds the line that separates it from the message; without a cleanup mode, git removes every
    // line that looks like a comment.
    let diff = if message.has_diff { " --verbose" } else { "" };
    let mode = if message.has_marks { " --cleanup=scissors" } else { "" };
    let (all, files, besides) = match message.made_of {
        MadeOf::Index => ("", "", ""),
        MadeOf::Changes => (
            "--all ",
            "",
            ". If you committed without '-a', replace '--all' with the options you used ('-p', '-i FILES')",
        ),
        MadeOf::Files => ("", " -- <path>", ". Name the same files again"),
    };
    let rest = format!("{all}--edit{diff}{mode} --file={file}{files}");
    let again = step(
        StepKind::Remove,
        &format!("Write the message without the value; git kept it, and this opens it in your editor{besides}"),
        format!("git commit {rest}"),
    );
    let amended = step(
        StepKind::Remove,
        "Or, if the commit was meant to replace the last one ('git commit --amend')",
        format!("git commit --amend {rest}"),
    );
    if message.is_concluding { vec![again] } else { vec![again, amended] }
}

/// Returns the steps that remove a value from unpushed commits, when a branch tip still holds it.
pub fn local(subject: &Subject<'_>, surroundings: &Surroundings) -> Vec<PlanStep> {
    let commits = subject.by_commit();
    let is_there = |path: &&BString| surroundings.at_head.contains(*path);
    if subject.has_names() || subject.has_mixed_files() || !commits.iter().flat_map(|(_, paths)| paths).all(is_there) {
        return older(subject);
    }
    let (files, verb) = match subject.file_count() {
        0 | 1 => ("Remove the value from the file, save it,", "file"),
        _ => ("Remove the values from the files, save them,", "files"),
    };
    let mind = "before anything is pushed (a later commit that deletes the line does not help)";
    let along = format!("All changes of the {verb} are included");
    let ids: Vec<&str> = commits.iter().map(|(commit, _)| *commit).collect();
    let (title, command) = match is_last(subject, surroundings) {
        true if subject.file_count() > MOST_FILES => (
            format!(
                "{files} and amend the last commit, {mind}. This includes all changes of the files that it changed"
            ),
            AMEND_ITS_FILES.to_owned(),
        ),
        true => (
            format!("{files} and amend the last commit, {mind}. {along}"),
            format!("git commit --amend --no-edit --allow-empty -- {}", subject.files(surroundings)),
        ),
        false => (
            format!(
                "{files} and fold the changes into the commits that introduced the values, {mind}. {along}, and other staged changes stay staged. Where the rebase stops because of a conflict, take the value out, 'git add' the file and 'git rebase --continue'; you may then have to stage your other changes again"
            ),
            fixups(subject, &commits, &ids, surroundings),
        ),
    };
    let files = step(StepKind::Purge, &title, command);
    let files = if subject.tree_paths().iter().any(|path| surroundings.staged_too.contains(*path)) {
        with_work_aside(files)
    } else {
        vec![files]
    };
    unpushed(subject, if commits.is_empty() { Vec::new() } else { files })
}

/// Wraps the step with a stash before it and a restore after it. A commit of whole files would include their staged and
/// unstaged changes, and staging parts of them would lose what was staged before, so both are put aside unchanged.
fn with_work_aside(files: PlanStep) -> Vec<PlanStep> {
    let aside = step(
        StepKind::Purge,
        "Something is staged in a file that contains a value. Stash all staged and unstaged changes, so that none of them is committed",
        "git stash push".to_owned(),
    );
    let back = step(
        StepKind::Purge,
        "Restore the changes, staged and unstaged as they were. If git refuses because a change is next to a value, 'git stash pop' restores them all as unstaged",
        "git stash pop --index".to_owned(),
    );
    vec![aside, files, back]
}

/// Returns the steps that take the values out of the commits of a push, which have not left this clone yet.
pub fn before_push(subject: &Subject<'_>, surroundings: &Surroundings) -> Vec<PlanStep> {
    let is_last = is_last(subject, surroundings);
    let is_short = subject.by_commit().len() <= MOST_COMMITS && subject.file_count() <= MOST_FILES;
    let steps = if is_last || is_short { local(subject, surroundings) } else { rewritten(subject) };
    let (kept, mut steps): (Vec<PlanStep>, Vec<PlanStep>) =
        steps.into_iter().partition(|step| step.command == LEFTOVERS);
    if !kept.is_empty() {
        let title = "The push does not send the old commits, but this clone keeps them until git expires its reflogs, and 'keysweep history' reports them until then. This removes them and every other undo point";
        steps.push(step(StepKind::Purge, title, LEFTOVERS.to_owned()));
    }
    steps
}

/// Returns `true` if the commit at HEAD introduced all of the values.
fn is_last(subject: &Subject<'_>, surroundings: &Surroundings) -> bool {
    matches!(&subject.by_commit()[..], [(one, _)] if surroundings.head.as_deref() == Some(*one))
}

/// Returns the commands that make fixup commits and the rebase that applies them. The rebase keeps merges, and the
/// index is kept, too: autostash brings changes back unstaged, but the content of the last commit does not change, so
/// the index from before still fits.
fn fixups(
    subject: &Subject<'_>,
    commits: &[(&str, Vec<&BString>)],
    ids: &[&str],
    surroundings: &Surroundings,
) -> String {
    let fixup = |(commit, paths): &(&str, Vec<&BString>)| {
        let files = subject.words(paths.clone(), surroundings);
        format!("git commit --fixup={} -- {files}", commit.get(..12).unwrap_or(commit))
    };
    let mut lines: Vec<String> = commits.iter().map(fixup).collect();
    lines.push("staged=$(git write-tree)".to_owned());
    lines.push(format!(
        "GIT_SEQUENCE_EDITOR=true git rebase -i --autosquash --autostash --rebase-merges {}",
        subject.commits_from(ids)
    ));
    lines.push("git read-tree -i -m \"$staged\"".to_owned());
    lines.join("\n")
}

/// Returns the steps that remove a value from unpushed commits, when no branch tip holds it any more. The commit that
/// took it out then becomes empty and is dropped.
pub fn older(subject: &Subject<'_>) -> Vec<PlanStep> {
    let commits: Vec<&str> = subject.by_commit().iter().map(|(commit, _)| *commit).collect();
    let named: Vec<&str> = commits.iter().map(|commit| commit.get(..12).unwrap_or(commit)).collect();
    let commit = if named.len() == 1 { "commit" } else { "commits" };
    let out =
        if subject.has_names() { "take the value out (of a file's name with 'git mv')" } else { "take the value out" };
    let files = step(
        StepKind::Purge,
        &format!(
            "Mark {commit} {} with 'edit' in the list that opens; where the rebase stops at one of them, {out}, 'git commit --amend --allow-empty -a', 'git rebase --continue'; where it stops because of a conflict, take the value out and 'git add' the file, or 'git rm' it if a later commit deletes it, then 'git rebase --continue', without amending. Your uncommitted changes are stashed until then, and come back unstaged",
            named.join(", ")
        ),
        format!("git rebase -i --rebase-merges --empty=drop --autostash {}", subject.commits_from(&commits)),
    );
    unpushed(subject, if commits.is_empty() { Vec::new() } else { vec![files] })
}

/// Returns the steps for files, then the steps for messages, names and other metadata, then the removal of the
/// leftovers of both.
fn unpushed(subject: &Subject<'_>, files: Vec<PlanStep>) -> Vec<PlanStep> {
    files.into_iter().chain(metadata::local(subject)).chain(leftovers()).collect()
}

/// Returns the steps that remove a value from the stashes, when nothing else reaches it.
pub fn stashed() -> Vec<PlanStep> {
    let title = "Only a stash contains it. Apply the changes you need from the stashes ('git stash list', 'git stash apply'), then drop them all";
    let drop = step(StepKind::Purge, title, "git stash clear".to_owned());
    [drop].into_iter().chain(leftovers()).collect()
}

/// Returns the step that removes a value from reflogs and the object store.
pub fn leftovers() -> Vec<PlanStep> {
    vec![step(
        StepKind::Purge,
        "Remove the old objects from this clone (this also removes every other undo point; 'git stash clear' removes stashes)",
        LEFTOVERS.to_owned(),
    )]
}

/// Returns the steps that remove a value from unpushed commits when there is no work tree to change them in.
pub fn rewritten(subject: &Subject<'_>) -> Vec<PlanStep> {
    let title =
        "Rewrite the commits that contain it before anything is pushed; this command prints the plan, step by step";
    vec![step(StepKind::Purge, title, format!("keysweep purge-plan{}", of_which(subject)))]
}

/// Returns the options that name the findings of a plan; empty if there are so many that a plan for all findings is
/// better.
fn of_which(subject: &Subject<'_>) -> String {
    let ids: Vec<String> = subject.ids().map(|id| format!(" --finding {id}")).collect();
    if ids.len() > MOST_NAMED { String::new() } else { ids.concat() }
}

/// Returns the steps about rewriting pushed history and its limits.
pub fn published(subject: &Subject<'_>) -> Vec<PlanStep> {
    let mut steps = vec![step(
        StepKind::Purge,
        "Rewriting history is optional and never a substitute for revoking: forks, pull-request refs, clones and caches keep the value. This command prints the plan, step by step, and the copies it cannot reach",
        format!("keysweep purge-plan{}", of_which(subject)),
    )];
    if subject.occurrences.iter().any(|occurrence| occurrence.kind == ContentKind::RefName) {
        steps.push(step(
            StepKind::Purge,
            "On the remote, delete the branch or tag whose name is the secret; the name is not repeated here",
            "git push <remote> --delete <old>".to_owned(),
        ));
    }
    steps
}
