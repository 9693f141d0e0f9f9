//! What git needs: out of the index, out of local commits, and what a rewrite of published history cannot reach.

use bstr::{BStr, ByteSlice as _};

use super::step::{commits_from, quoted, step};
use super::{Surroundings, metadata};
use crate::finding::{ContentKind, Finding, PlanStep, StepKind};

/// Out of the index.
pub fn unstage(finding: &Finding, surroundings: &Surroundings) -> Vec<PlanStep> {
    let paths = paths(finding, surroundings);
    let verb = if surroundings.unborn { "git rm --cached --" } else { "git restore --staged --" };
    vec![
        step(
            StepKind::Remove,
            "Take it out of what is about to be committed: nothing is lost, the file stays in your work tree",
            format!("{verb} {paths}"),
        ),
        step(
            StepKind::Remove,
            "Replace the value in the file by a reference (environment variable, secret store), look at it, and stage it again",
            format!("git add -p -- {paths}"),
        ),
    ]
}

/// Out of commits that were not pushed, when a tip still holds it.
pub fn local(finding: &Finding, surroundings: &Surroundings) -> Vec<PlanStep> {
    unpushed(finding, |commit, short| {
        let paths = paths(finding, surroundings);
        step(
            StepKind::Purge,
            "Fold the removal into the commit that brought it in, before anything is pushed (a later commit that deletes the line does not help): take the value out of the file, then",
            format!(
                "git add -- {paths} && git commit --fixup={short} && git rebase -i --autosquash {}",
                commits_from(finding, commit)
            ),
        )
    })
}

/// Out of commits that were not pushed, when no tip holds it any more.
pub fn older(finding: &Finding) -> Vec<PlanStep> {
    unpushed(finding, |commit, short| {
        step(
            StepKind::Purge,
            &format!(
                "Mark commit {short} with 'edit' in the list that opens; where the rebase stops, take the value out, 'git commit --amend -a', 'git rebase --continue'"
            ),
            format!("git rebase -i --rebase-merges {}", commits_from(finding, commit)),
        )
    })
}

/// The step for files if one holds it, with the commit that brought it in and its short id; the steps for what stands
/// around files; and the leftovers of both.
fn unpushed(finding: &Finding, in_files: impl Fn(&str, &str) -> PlanStep) -> Vec<PlanStep> {
    let first = finding.occurrences.iter().filter(|o| !metadata::covers(o.kind)).find_map(|o| o.commit.as_deref());
    let files = first.map(|commit| in_files(commit, commit.get(..12).unwrap_or(commit)));
    files.into_iter().chain(metadata::local(finding)).chain(leftovers()).collect()
}

/// Out of reflogs and the object store.
pub fn leftovers() -> Vec<PlanStep> {
    vec![step(
        StepKind::Purge,
        "Drop what is left in this clone (this also removes every other undo point; stashes go with 'git stash clear')",
        "git reflog expire --expire=now --all && git pack-refs --all && git gc --prune=now".to_owned(),
    )]
}

/// What a rewrite of pushed history can and cannot do.
pub fn published(finding: &Finding) -> Vec<PlanStep> {
    let mut steps = vec![step(
        StepKind::Purge,
        "Rewriting history is optional and never a substitute for revoking: forks, pull-request refs, clones and caches keep the value. What it takes, command by command, and what it cannot reach, says",
        format!("keysweep purge-plan --finding {}", finding.id),
    )];
    if finding.occurrences.iter().any(|occurrence| occurrence.kind == ContentKind::RefName) {
        steps.push(step(
            StepKind::Purge,
            "Delete the branch or tag whose name is the secret where it was pushed to; it is not repeated here",
            "git push <remote> --delete <old>".to_owned(),
        ));
    }
    steps
}

/// The files, quoted for a shell; several at most.
fn paths(finding: &Finding, surroundings: &Surroundings) -> String {
    const MOST: usize = 5;
    let files = |kind| {
        matches!(kind, ContentKind::File | ContentKind::ArchiveMember | ContentKind::Symlink | ContentKind::FileName)
    };
    let mut paths: Vec<&BStr> =
        finding.occurrences.iter().filter(|o| files(o.kind) && !o.path.is_empty()).map(|o| o.path.as_bstr()).collect();
    paths.sort_unstable();
    paths.dedup();
    let holds = |path: &&BStr| path.contains_str(finding.secret.reveal());
    if paths.is_empty() || paths.len() > MOST || paths.iter().any(holds) {
        return "<path>".to_owned();
    }
    let from_root = |path: &&BStr| [if surroundings.subfolder { ":/" } else { "" }.as_bytes(), path].concat();
    paths.iter().map(|path| quoted(from_root(path).as_bstr())).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_one_word_each() {
        assert_eq!(quoted(b"src/a.rs".as_bstr()), "src/a.rs");
        assert_eq!(quoted(b"a b".as_bstr()), "'a b'");
        assert_eq!(quoted(b"it's".as_bstr()), r"'it'\''s'");
        assert_eq!(quoted(b"a\nb".as_bstr()), r"$'a\x0ab'");
        assert_eq!(quoted(b"-rf".as_bstr()), "'-rf'");
        assert_eq!(quoted("a\u{202e}b".as_bytes().as_bstr()), r"$'a\xe2\x80\xaeb'");
    }
}
