//! The steps that remove a value from the parts of history other than files: messages of commits and tags, people,
//! notes, names of branches and tags.

use std::collections::BTreeSet;

use bstr::ByteSlice as _;

use super::step::{quoted, step};
use super::subject::Subject;
use crate::finding::{ContentKind, Finding, PlanStep, StepKind};

/// The most objects that are named in a step.
const MOST: usize = 5;

/// Returns the steps for unpushed metadata, by kind.
pub fn local(subject: &Subject<'_>) -> Vec<PlanStep> {
    let steps = [
        commits(subject, ContentKind::CommitMessage, |commits| {
            format!("Mark {commits} with 'reword' in the list that opens, and write the message without the value")
        }),
        commits(subject, ContentKind::Author, |commits| {
            format!(
                "Correct user.name and user.email, mark {commits} with 'edit' in the list that opens; where the rebase stops, 'git commit --amend --no-edit --reset-author', 'git rebase --continue'"
            )
        }),
        ids(subject, ContentKind::TagMessage).map(|ids| {
            match tag(subject) {
                Some(name) => step(
                    StepKind::Purge,
                    &format!("Write the message of the tag {name} again"),
                    format!("git tag --annotate --force {name} {name}'^{{}}'"),
                ),
                None => step(
                    StepKind::Purge,
                    &format!("Write the message of the tag again ('git for-each-ref refs/tags' shows which one is {})", ids.join(", ")),
                    "git tag --annotate --force <tag> '<tag>^{}'".to_owned(),
                ),
            }
        }),
        ids(subject, ContentKind::Note).map(|_| {
            step(
                StepKind::Purge,
                "Write the note again, then drop the older versions of all notes ('git notes list' lists the annotated objects)",
                "git notes edit <annotated> && git update-ref refs/notes/commits \"$(git commit-tree -m Notes refs/notes/commits^{tree})\"".to_owned(),
            )
        }),
        ids(subject, ContentKind::RefName).map(|_| {
            step(
                StepKind::Purge,
                "Rename the branch, or create the tag again under another name and delete the old one; the name is the secret and is not repeated here",
                "git branch --move <old> <new>".to_owned(),
            )
        }),
    ];
    steps.into_iter().flatten().collect()
}

/// Returns the tag whose message holds the value, as a word of a shell, if there is exactly one.
pub fn tag(subject: &Subject<'_>) -> Option<String> {
    let has_tag = |one: &&&Finding| one.occurrences.iter().any(|place| place.kind == ContentKind::TagMessage);
    let refs = subject.findings().iter().filter(has_tag).flat_map(|one| &one.exposure.refs);
    let tags: BTreeSet<&str> = refs.filter_map(|name| name.strip_prefix("refs/tags/")).collect();
    match Vec::from_iter(tags)[..] {
        [tag] if !subject.occurs_in(tag.into()) => Some(quoted(tag.into())),
        _ => None,
    }
}

/// Returns the step with a rebase over all commits with content of this kind.
fn commits(subject: &Subject<'_>, kind: ContentKind, title: impl Fn(&str) -> String) -> Option<PlanStep> {
    let ids = ids(subject, kind)?;
    let mut all: Vec<&str> =
        subject.occurrences.iter().filter(|o| o.kind == kind).filter_map(|o| o.commit.as_deref()).collect();
    all.sort_unstable();
    all.dedup();
    if all.is_empty() {
        return None;
    }
    let named = if ids.len() > 1 { format!("commits {}", ids.join(", ")) } else { format!("commit {}", ids.join("")) };
    let command = format!("git rebase -i --rebase-merges {}", subject.commits_from(&all));
    Some(step(StepKind::Purge, &title(&named), command))
}

/// Returns the short ids of the objects with content of this kind, oldest first; `None` if there are none.
fn ids(subject: &Subject<'_>, kind: ContentKind) -> Option<Vec<String>> {
    const SHORT: usize = 12;
    let mut ids: Vec<String> = Vec::new();
    for occurrence in subject.occurrences.iter().filter(|o| o.kind == kind) {
        let id: String = occurrence.path.to_str_lossy().chars().take(SHORT).collect();
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let more = ids.len().saturating_sub(MOST);
    ids.truncate(MOST);
    if more > 0 {
        ids.push(format!("{more} more"));
    }
    (!ids.is_empty()).then_some(ids)
}
