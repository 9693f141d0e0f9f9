//! The steps that remove a value that is still present: one step for each thing that keeps it.

use bstr::{BStr, ByteSlice as _};

use super::git::leftovers;
use super::git_dir;
use super::step::{quoted, step};
use super::subject::Subject;
use crate::finding::{Finding, PlanStep, Retainer, Retention, StepKind};

/// Returns the steps, in an order in which no step brings back what another one removed.
pub fn steps(finding: &Finding) -> Vec<PlanStep> {
    let mut held: Vec<&Retention> = finding.occurrences.iter().flat_map(|occurrence| &occurrence.held).collect();
    held.sort();
    held.dedup();
    let any = |kinds: &[Retainer]| held.iter().any(|one| kinds.contains(&one.by));
    let names = |kind| held.iter().filter(move |one| one.by == kind).map(|one| word(finding, one.name.as_ref()));
    let refs: Vec<&BStr> = held.iter().filter(|one| one.by == Retainer::Ref).map(|one| one.name.as_ref()).collect();
    let mut steps = of_refs(finding, &refs);
    let served: Vec<&BStr> =
        held.iter().filter(|one| one.by == Retainer::ServerRef).map(|one| one.name.as_ref()).collect();
    if !served.is_empty() {
        let title = format!(
            "Refs from the server reach it: {}. Only the server's operator can remove those that the server creates, such as refs/pull; you can delete the others there ('git push --delete'). Then fetch with '--prune' or clone again: deleting them here removes nothing from the server",
            listed(finding, &served)
        );
        steps.push(purge(&title, ""));
    }
    if any(&[Retainer::MoreRefs]) {
        steps.push(purge("More refs reach it; the plan lists them all", "keysweep purge-plan"));
    }
    steps.extend(of_trees(finding, &held));
    if any(&[Retainer::Unread]) {
        let title = "Some refs cannot be read, and one of them may reach it: repair them before you clean up";
        steps.push(purge(title, "git fsck"));
    }
    let subject = Subject::of(&[finding]);
    steps.extend(git_dir::disposable(&subject).into_iter().chain(git_dir::large(&subject)));
    steps.extend(git_dir::steps(&git_dir::lasting(&subject)));
    if any(&[Retainer::Stash]) {
        steps.push(purge(
            "A stash contains it; this drops all stashes, so apply the changes you need first",
            "git stash clear",
        ));
    }
    steps.extend(names(Retainer::Alternate).map(|path| {
        purge(&format!("It is stored in {path}, from which this clone borrows objects: clean up that repository, and verify it there"), "")
    }));
    steps.extend(names(Retainer::KeptPack).map(|path| {
        purge(&format!("A pack in {path} is marked with a .keep or .promisor file, so git does not clean it up: delete the .keep file, or clone again"), "")
    }));
    let is_cleaned = any(&[
        Retainer::Reflog,
        Retainer::Table,
        Retainer::Leftover,
        Retainer::Stash,
        Retainer::Ref,
        Retainer::Index,
        Retainer::OtherIndex,
        Retainer::Head,
    ]);
    if is_cleaned && !any(&[Retainer::Unread]) {
        steps.extend(leftovers());
    }
    steps
}

/// Returns the steps for work trees that have a commit with the value checked out on no branch, or hold the value in
/// their index.
fn of_trees(finding: &Finding, held: &[&Retention]) -> Vec<PlanStep> {
    let names = |kind| held.iter().filter(move |one| one.by == kind).map(|one| one.name.as_ref());
    let heads = names(Retainer::Head).map(|name| detached(finding, name));
    let own = names(Retainer::Index).map(|path| {
        let command = format!("git rm --cached -- {}", word(finding, path));
        purge("It is staged: remove it from the index", &command)
    });
    let others = names(Retainer::OtherIndex).map(|folder| {
        let folder = word(finding, folder);
        let title = format!(
            "The index of the work tree {folder} contains it: reset the index to its branch. Its files do not change; 'git -C {folder} diff' shows how they differ, and 'git -C {folder} restore .' takes those of the branch"
        );
        purge(&title, &format!("git -C {folder} reset --quiet"))
    });
    heads.chain(own).chain(others).collect()
}

/// Returns the step for a commit that a work tree has checked out on no branch.
fn detached(finding: &Finding, name: &BStr) -> PlanStep {
    let folder = name.strip_prefix(b"HEAD of ").map(|folder| word(finding, folder.as_bstr()));
    let (which, git) = match &folder {
        Some(folder) => (format!("The work tree {folder}"), format!("git -C {folder}")),
        None => ("This work tree".to_owned(), "git".to_owned()),
    };
    let title = format!(
        "{which} has a commit checked out on no branch that reaches it: switch to a branch that does not. If you need the commit, '{git} switch -c <name>' makes a branch of it, and 'keysweep purge-plan' then rewrites that as well"
    );
    purge(&title, &format!("{git} switch <branch>"))
}

/// Returns the steps for refs that reach the value: they are fetched again, rewritten or deleted.
fn of_refs(finding: &Finding, refs: &[&BStr]) -> Vec<PlanStep> {
    let starts = |name: &BStr, starts: &[&str]| starts.iter().any(|start| name.starts_with(start.as_bytes()));
    let (remote, own): (Vec<&BStr>, Vec<&BStr>) = refs.iter().partition(|name| starts(name, &["refs/remotes/"]));
    let (history, others): (Vec<&BStr>, Vec<&BStr>) =
        own.iter().partition(|name| starts(name, &["refs/heads/", "refs/tags/"]));
    let mut steps = Vec::new();
    if !history.is_empty() {
        let title = format!(
            "Branches or tags reach it: {}. Rewrite them, or fetch the rewritten ones from the remote; the plan has the steps",
            listed(finding, &history)
        );
        steps.push(purge(&title, "keysweep purge-plan"));
    }
    for name in others {
        let command = format!("git update-ref -d {}", word(finding, name));
        steps
            .push(purge("A ref that is neither a branch nor a tag reaches it: delete it if nobody needs it", &command));
    }
    if !remote.is_empty() {
        let title = format!(
            "Remote-tracking refs reach it: {}. Fetch once the remote is clean; if the value is still there afterwards, the remote is not clean",
            listed(finding, &remote)
        );
        steps.push(purge(&title, "git fetch --prune --all"));
    }
    steps
}

fn listed(finding: &Finding, names: &[&BStr]) -> String {
    let shown = |name: &&BStr| if is_value(finding, name) { "<name>".to_owned() } else { name.to_string() };
    names.iter().map(shown).collect::<Vec<_>>().join(", ")
}

fn is_value(finding: &Finding, name: &BStr) -> bool {
    name.contains_str(finding.secret.reveal())
}

fn purge(title: &str, command: &str) -> PlanStep {
    step(StepKind::Purge, title, command.to_owned())
}

/// Returns a name as a word of a shell, or `<name>` if it contains the value.
fn word(finding: &Finding, name: &BStr) -> String {
    if is_value(finding, name) { "<name>".to_owned() } else { quoted(name) }
}
