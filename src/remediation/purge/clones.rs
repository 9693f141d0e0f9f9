//! Out of the clones that are there already: this one, whose refs are known, and those of others.

use bstr::{BStr, BString, ByteSlice as _};

use super::situation::{NEEDLES, Situation};
use super::steps::Plan;
use crate::finding::purge::{Consent, On, Phase, Trace};
use crate::remediation::git::leftovers;
use crate::remediation::step::quoted;

/// The steps for this clone and for all others.
pub(super) fn steps(plan: &mut Plan<'_>) {
    let at = plan.at;
    if at.is_bare {
        bare_one(plan);
    } else {
        this_one(plan);
    }
    others(plan);
}

/// A bare clone is fetched into as its configuration says, which may be all of it or nothing; what that leaves is rewritten where
/// it lies. The same rewrite of the same commits has the same ids, so nothing comes apart.
fn bare_one(plan: &mut Plan<'_>) {
    let at = plan.at;
    for name in remotes(at) {
        let command = at.git(&format!("fetch --quiet --prune --force -- {}", quoted(name.as_ref())));
        plan.confirm(Phase::Clones, "Fetch the rewritten history into this clone", &command);
        plan.seen_in(Trace::Repository(plan.root()));
    }
    plan.confirm(
        Phase::Clones,
        "Rewrite what the fetch has not replaced; the commits get the ids that they have on the server now",
        &at.git(&format!("filter-repo --force {} --no-fetch", at.options())),
    );
    plan.seen_in(Trace::Repository(plan.root()));
    plan.beside(Phase::Clones);
    plan.clean(Phase::Clones);
}

/// The remotes by their names, each once.
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
    // A rebase leaves its branch checked out, so the one that is now comes last.
    names.sort_by_key(|name| (at.branch.as_ref().is_some_and(|branch| branch == name), *name));
    names.dedup();
    for name in names {
        let ((title, command), consent) = if at.is_secret(name) {
            (of_value(at, name), Consent::Confirm)
        } else if let Some(branch) = name.strip_prefix(b"refs/heads/") {
            // The reflog has where the branch was, until it is cut.
            (of_branch(at, name, branch.as_bstr()), Consent::None)
        } else {
            (of_ref(at, name), Consent::Confirm)
        };
        if !title.is_empty() {
            plan.once(Phase::Clones, &title, &command, consent);
            plan.seen_in(Trace::Repository(plan.root()));
        }
    }
    plan.beside(Phase::Clones);
    plan.clean(Phase::Clones);
}

/// Moves a branch to the rewritten history, with what was not pushed on top.
fn of_branch(at: &Situation<'_>, name: &BStr, branch: &BStr) -> (String, String) {
    let shown = quoted(branch);
    let tracking = at.remotes.iter().find_map(|(remote, _)| {
        let tracking = BString::from([b"refs/remotes/", remote.as_slice(), b"/", branch].concat());
        at.refs.get(&tracking).map(|id| (quoted(tracking.as_ref()), id))
    });
    let Some((tracking, old)) = tracking else {
        let title = format!(
            "Take {shown}, which no remote has, over to the rewritten history: 'git rebase --rebase-merges --onto <new base> <old base> {shown}', where the old base is the commit that it started from"
        );
        return (title, String::new());
    };
    let is_current = at.branch.as_ref().is_some_and(|current| current == name);
    let is_pushed = at.refs.get(&BString::from(name)) == Some(old);
    let (title, command) = match (is_pushed, is_current) {
        (true, true) => (
            "Move {branch} to the rewritten history; changes that are not committed stay",
            format!("reset --quiet --keep {tracking}"),
        ),
        (true, false) => (
            "Move {branch} to the rewritten history",
            format!("branch --quiet --force --no-track -- {shown} {tracking}"),
        ),
        (false, _) => (
            "Put what was not pushed of {branch} on top of the rewritten history; never merge or pull the old one",
            format!("rebase --quiet --rebase-merges --onto {tracking} {old} {shown}"),
        ),
    };
    (title.replace("{branch}", &shown), at.git(&command))
}

/// A branch or tag whose name is a value, which no command can repeat.
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
    (format!("Delete the {what} whose name is a value; rename those before that have what was not pushed"), command)
}

/// Any other ref; those of remotes and tags came with the fetch.
fn of_ref(at: &Situation<'_>, name: &BStr) -> (String, String) {
    let starts = |start: &str| name.starts_with(start.as_bytes());
    if starts("refs/remotes/") || starts("refs/tags/") || name == "HEAD" {
        return (String::new(), String::new());
    }
    if starts("HEAD of ") {
        return (format!("Switch that work tree to a rewritten branch: {}", quoted(name)), String::new());
    }
    if name == "refs/stash" {
        return ("Drop all stashes; apply what you need first".to_owned(), at.git("stash clear"));
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
        "All others delete their clones and clone anew: one push from an old clone puts everything back. Who cannot fetches, rebases each branch onto the rewritten one (never 'git pull' or 'git merge'), drops stashes, and then runs this{proof}"
    );
    let command = leftovers().into_iter().map(|step| step.command).collect::<String>();
    plan.elsewhere(On::OtherClones, Phase::Clones, &title, &format!("git fetch --prune --force --tags && {command}"));
}
