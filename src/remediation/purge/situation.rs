//! The input of a plan to purge a history: the findings, what a rewrite needs, and the repository.

use std::collections::BTreeSet;

use bstr::{BString, ByteSlice as _};

use crate::finding::purge::{Handling, Subject};
use crate::finding::{ContentKind, Finding, Server, Stage};
use crate::remediation::step::quoted;
use crate::remediation::{Surroundings, is_elsewhere};

/// The file with the texts to replace in contents and messages.
pub const EXPRESSIONS: &str = "expressions.txt";
/// The file with the ids of contents that are removed as a whole.
pub const CONTENTS: &str = "contents.txt";
/// The file with the texts to replace in paths.
pub const PATHS: &str = "paths.txt";
/// The file with the callback that replaces texts in names of refs.
pub const REFS: &str = "refs.py";
/// The file with the values in names of refs, one per line.
pub const NEEDLES: &str = "refs.txt";
/// The file with the callback that replaces texts in names of people.
pub const NAMES: &str = "names.py";
/// The file with the callback that replaces texts in addresses of people.
pub const EMAILS: &str = "emails.py";

/// The file with the steps that a script has done.
pub const PROGRESS: &str = "progress";

/// The length in bytes below which a value may occur in other text by chance.
pub const SHORT: usize = 8;

/// Everything that a plan depends on.
#[derive(Debug)]
pub struct Situation<'a> {
    /// The findings, each with its own plan.
    pub findings: &'a [Finding],
    /// The same secrets with every place that holds the value, and all refs that reach it.
    pub traced: &'a [Finding],
    /// The needs of the rewrite beyond replacing text.
    pub needs: Needs,
    /// The root of the repository's work tree; the repository's folder, if it is bare.
    pub root: BString,
    /// `true` if the repository has no work tree.
    pub is_bare: bool,
    /// The other work trees of the repository.
    pub work_trees: Vec<WorkTree>,
    /// The folder of the plan's files.
    pub folder: BString,
    /// `true` if the folder holds nothing but the plan's files.
    pub is_own_folder: bool,
    /// The remotes that are configured.
    pub remotes: Vec<(BString, Server)>,
    /// The other facts that advice about the findings depends on.
    pub surroundings: Surroundings,
}

/// Another work tree of the repository.
#[derive(Debug)]
pub struct WorkTree {
    /// The folder of the work tree.
    pub folder: BString,
    /// `true` if that folder exists.
    pub is_there: bool,
}

/// The needs of a rewrite beyond replacing text.
#[derive(Debug, Default)]
pub struct Needs {
    /// The paths of contents that are removed as a whole.
    pub contents: BTreeSet<BString>,
    /// `true` if a path contains a value.
    pub paths: bool,
    /// `true` if the name of a ref contains a value.
    pub refs: bool,
    /// `true` if the name or address of a person contains a value.
    pub people: bool,
    /// The number of values so short that other text may contain them by chance.
    pub short: usize,
    /// `true` if the content of a Git LFS object contains a value.
    pub lfs: bool,
    /// The number of messages with a value in a form that no replacement reaches.
    pub messages: usize,
}

impl WorkTree {
    /// Returns a git command that runs in this work tree.
    pub(super) fn git(&self, arguments: &str) -> String {
        format!("git -C {} {arguments}", quoted(self.folder.as_ref()))
    }

    /// Returns a command that fails if something is staged or changed, or if no branch is checked out.
    pub(super) fn is_ready(&self) -> String {
        is_ready(&self.git(""))
    }
}

fn is_committed(git: &str) -> String {
    format!("test -z \"$({git}status --porcelain --untracked-files=no --ignore-submodules=dirty)\"")
}

fn is_ready(git: &str) -> String {
    let failed = "{ echo 'not ready: something is staged or changed, or no branch is checked out' >&2; false; }";
    format!("{} && {git}symbolic-ref --quiet HEAD >/dev/null || {failed}", is_committed(git))
}

impl Situation<'_> {
    pub(super) fn subject(&self, finding: &Finding) -> Subject {
        let traced = self.traced.iter().find(|traced| traced.secret == finding.secret).unwrap_or(finding);
        Subject {
            id: finding.id.to_string(),
            rule: finding.rule.to_string(),
            name: finding.name.to_string(),
            stage: traced.exposure.stage,
            handling: self.handling(traced),
        }
    }

    /// Returns how to handle a finding, which depends on how far the value got. A tag leaves no trace of having been
    /// pushed, so if the history of a remote is rewritten for another value, tags are rewritten there, too.
    pub(super) fn handling(&self, finding: &Finding) -> Handling {
        let is_tagged = finding.occurrences.iter().any(|occurrence| {
            let is_tag = occurrence.kind == ContentKind::RefName && occurrence.path.starts_with(b"refs/tags/");
            is_tag || occurrence.kind == ContentKind::TagMessage
        });
        let has_remote = !self.remotes.is_empty();
        let is_pushed = |one: &Finding| matches!(one.exposure.stage, Stage::Published | Stage::Unknown);
        match finding.exposure.stage {
            Stage::Published | Stage::Unknown if has_remote => Handling::Remote,
            Stage::LocalOnly | Stage::HistoryOnly if has_remote && is_tagged && self.traced.iter().any(is_pushed) => {
                Handling::Remote
            }
            Stage::Published | Stage::Unknown | Stage::HistoryOnly => Handling::InPlace,
            Stage::LocalOnly if self.is_bare || is_elsewhere(finding) => Handling::InPlace,
            Stage::LocalOnly | Stage::Unreachable | Stage::Uncommitted | Stage::Leftover => Handling::Local,
        }
    }

    /// Returns `true` if a name contains a value, so that it must not be printed.
    pub(super) fn is_secret(&self, name: &[u8]) -> bool {
        self.findings.iter().any(|finding| name.contains_str(finding.secret.reveal()))
    }

    /// Returns the path of a file or folder of the plan, as a word of a shell.
    pub(super) fn file(&self, name: &str) -> String {
        quoted(BString::from(format!("{}/{name}", self.folder)).as_ref())
    }

    /// Returns a git command that runs in the repository of the plan.
    pub(super) fn git(&self, arguments: &str) -> String {
        format!("git -C {} {arguments}", quoted(self.root.as_ref()))
    }

    /// Returns a command that fails if something is staged or changed. A comparison of the work tree with HEAD alone
    /// would miss changes that were staged and then reverted in the work tree; changed content of a submodule is
    /// ignored, because this repository can't commit it.
    pub(super) fn is_committed(&self) -> String {
        is_committed(&self.git(""))
    }

    /// Returns a command that fails if something is staged or changed, or if no branch is checked out.
    pub(super) fn is_ready(&self) -> String {
        is_ready(&self.git(""))
    }

    /// Returns the arguments of git filter-repo.
    pub(super) fn options(&self) -> String {
        let expressions = self.file(EXPRESSIONS);
        let mut options =
            format!("--sensitive-data-removal --replace-text {expressions} --replace-message {expressions}");
        let more = [
            (!self.needs.contents.is_empty(), "--strip-blobs-with-ids", CONTENTS),
            (self.needs.paths, "--paths-from-file", PATHS),
            (self.needs.people, "--name-callback", NAMES),
            (self.needs.people, "--email-callback", EMAILS),
            (self.needs.refs, "--refname-callback", REFS),
        ];
        for (_, option, file) in more.into_iter().filter(|(needed, ..)| *needed) {
            options.push_str(&format!(" {option} {}", self.file(file)));
        }
        options
    }
}
