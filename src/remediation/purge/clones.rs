//! The steps that remove the values from clones that exist already: this one, whose refs are known, and those of other
//! people.

use bstr::{BStr, BString, ByteSlice as _};

use super::situation::{NEEDLES, Situation};
use super::steps::{OWN_ADVICE, Plan, REWRITTEN, is_rewritten};
use crate::finding::purge::{Consent, On, Phase, Trace};
use crate::remediation::git::leftovers;
use crate::remediation::step::quoted;

/// Adds the steps for this clone and for all others.
pub(super) fn steps(plan: &mut Plan<'_>) {
    let at = plan.at;
    if at.is_bare {
        bare_one(plan);
    } else {
        this_one(plan);
    }
    others(plan);
}

/// Adds the steps for a bare clone. The fetch follows its configuration, which may cover all refs or none; the refs
/// that it leaves are rewritten in place. The same rewrite of the same commits gives the same ids, so both histories
/// stay consistent.
fn bare_one(plan: &mut Plan<'_>) {
    let at = plan.at;
    for name in remotes(at) {
        let command = at.git(&format!("fetch --quiet --prune --force -- {}", quoted(name.as_ref())));
        plan.confirm(Phase::Clones, "Fetch the rewritten history into this clone", &command);
        plan.seen_in(Trace::Repository(plan.root()));
    }
    plan.confirm(
        Phase::Clones,
        "Rewrite the refs that the fetch has not replaced; their commits get the ids that they have on the server now",
        &at.git(&format!("filter-repo --force {} --no-fetch", at.options())),
    );
    plan.seen_in(Trace::Repository(plan.root()));
    plan.work_trees(Phase::Clones);
    plan.clean_git_dir(Phase::Clones);
    plan.clean(Phase::Clones);
}

/// Returns the names of the remotes, each once.
fn remotes<'s>(at: &'s Situation<'_>) -> Vec<&'s BString> {
    let mut names: Vec<&BString> = at.remotes.iter().map(|(name, _)| name).collect();
    names.dedup();
    names
}

fn this_one(plan: &mut Plan<'_>) {
    let at = plan.at;
    for name in remotes(at) {
        let command = at.git(&format!("fetch --quiet --prune --force --tags -- {}", quoted(name.as_ref())));
        plan.confirm(Phase::Clones, "Fetch the rewritten history into this clone; its tags are replaced", &command);
        plan.seen_in(Trace::Repository(plan.root()));
    }
    let mut names: Vec<&BStr> =
        at.traced.iter().flat_map(|finding| &finding.exposure.refs).map(|name| name.as_bytes().as_bstr()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let (title, command) = if at.is_secret(name) { of_value(at, name) } else { of_ref(at, name) };
        if !title.is_empty() {
            plan.once(Phase::Clones, &title, &command, Consent::Confirm);
            plan.seen_in(Trace::Repository(plan.root()));
        }
    }
    rewritten(plan);
    plan.work_trees(Phase::Clones);
    plan.clean_git_dir(Phase::Clones);
    plan.clean(Phase::Clones);
}

/// Adds the step that rewrites branches and tags in place, whether or not a remote has them: as in a bare clone the ids
/// are the same, and unlike in a rebase nothing can conflict and merges stay as they are. All of them are rewritten,
/// because the rewrite of the remote has also dropped signatures in branches that never held a value.
fn rewritten(plan: &mut Plan<'_>) {
    let at = plan.at;
    let names = at.git(&format!("for-each-ref --format='%(refname)' {REWRITTEN}"));
    plan.confirm(
        Phase::Clones,
        &format!("Rewrite the branches and tags of this clone, too: commits that were pushed get the ids that they have on the server now, and commits that were not pushed stay on top of them. Never merge or pull the old history. {OWN_ADVICE}"),
        &format!("{} && {} --no-fetch --refs $({names})", at.is_committed(), at.git(&format!("filter-repo --force {}", at.options()))),
    );
    plan.seen_in(Trace::Repository(plan.root()));
}

/// Returns the step for a branch or tag whose name is a value, which no command may repeat.
fn of_value(at: &Situation<'_>, name: &BStr) -> (String, String) {
    let (what, kind, delete) = match name.as_bytes() {
        name if name.starts_with(b"refs/heads/") => ("branches", "heads", "branch --quiet -D"),
        name if name.starts_with(b"refs/tags/") => ("tags", "tags", "tag -d"),
        _ => return (String::new(), String::new()),
    };
    let command = format!(
        "{} | grep -F -f {} | tr '\\n' '\\0' | xargs -0 -r {} --",
        at.git(&format!("for-each-ref --format='%(refname:strip=2)' refs/{kind}")),
        at.file(NEEDLES),
        at.git(delete)
    );
    (
        format!("Delete the {what} whose name is a value; before that, rename those with commits that were not pushed"),
        command,
    )
}

/// Returns the step for any other ref; remote-tracking refs are updated by the fetch, and branches and tags are
/// rewritten.
fn of_ref(at: &Situation<'_>, name: &BStr) -> (String, String) {
    let starts = |start: &str| name.starts_with(start.as_bytes());
    // The plan begins by making sure that every work tree is on a branch.
    if is_rewritten(name) || starts("refs/remotes/") || name == "HEAD" || starts("HEAD of ") {
        return (String::new(), String::new());
    }
    if name == "refs/stash" {
        return ("Drop all stashes; before that, apply the changes you need".to_owned(), at.git("stash clear"));
    }
    let shown = quoted(name);
    (
        format!("Delete {shown}; fetch it again afterwards if the remote has it"),
        at.git(&format!("update-ref -d {shown}")),
    )
}

fn others(plan: &mut Plan<'_>) {
    let first = plan.at.traced.iter().find_map(|finding| finding.exposure.first_commit.clone());
    let proof = first.map_or_else(String::new, |id| format!(". Afterwards 'git cat-file -t {id}' has to fail"));
    let title = format!(
        "Ask everyone else to delete their clones and clone again: one push from an old clone restores everything. Anyone who cannot has to fetch, rebase each branch onto the rewritten one (never 'git pull' or 'git merge'), drop stashes, and then run this{proof}"
    );
    let command = leftovers().into_iter().map(|step| step.command).collect::<String>();
    plan.elsewhere(On::OtherClones, Phase::Clones, &title, &format!("git fetch --prune --force --tags && {command}"));
}
