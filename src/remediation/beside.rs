//! Out of the files that git keeps beside its objects: no commit holds them, so an editor is all it takes.

use bstr::{BStr, ByteSlice as _};

use super::git::{self, quoted};
use crate::finding::{ContentKind, Finding, PlanStep, StepKind};

/// Files named in a command, at most.
const MOST: usize = 5;

/// Whether nothing but such files holds it.
pub fn alone(finding: &Finding) -> bool {
    finding.occurrences.iter().all(|occurrence| occurrence.kind.beside_objects())
}

/// The steps for each kind of file that holds it; a reflog is cut, not edited.
pub fn steps(finding: &Finding) -> Vec<PlanStep> {
    let kinds = [
        (
            ContentKind::Config,
            "Take it out of git's configuration: a URL needs no password in it ('git remote set-url'), a credential helper keeps one",
            "git config --edit --file",
        ),
        (
            ContentKind::Hook,
            "Take it out of the hook and let the hook read it from the environment or a secret store",
            "\"${EDITOR:-vi}\"",
        ),
        (
            ContentKind::GitFile,
            "Take it out of the file that git or a tool left; what a finished commit, merge or rebase left can go",
            "\"${EDITOR:-vi}\"",
        ),
    ];
    let steps = kinds.into_iter().filter_map(|(kind, title, command)| {
        let command = named(&paths(finding, kind)?, command);
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

/// Out of the reflogs, if one holds it.
pub fn reflogs(finding: &Finding) -> Vec<PlanStep> {
    let any = finding.occurrences.iter().any(|occurrence| occurrence.kind == ContentKind::Reflog);
    if any { git::leftovers() } else { Vec::new() }
}

/// The files of a kind, each as a word of a shell that holds wherever in the repository it is run; `None` if there are
/// none.
fn paths(finding: &Finding, kind: ContentKind) -> Option<Vec<String>> {
    let mut paths: Vec<&BStr> =
        finding.occurrences.iter().filter(|o| o.kind == kind).map(|o| o.path.as_bstr()).collect();
    paths.dedup();
    let hidden = paths.len() > MOST || paths.iter().any(|path| path.contains_str(finding.secret.reveal()));
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
