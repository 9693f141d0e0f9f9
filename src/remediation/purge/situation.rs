//! The input of a plan to purge a history: the findings, what a rewrite needs, and the repository.

use std::collections::BTreeSet;

use bstr::{BString, ByteSlice as _};

use crate::finding::purge::{Handling, Subject};
use crate::finding::{ContentKind, Finding, Server, Stage};
use crate::remediation::step::quoted;
use crate::remediation::{Surroundings, is_elsewhere};

/// Replaced in contents and messages.
pub const EXPRESSIONS: &str = "expressions.txt";
/// Contents that go as a whole.
pub const CONTENTS: &str = "contents.txt";
/// Replaced in paths.
pub const PATHS: &str = "paths.txt";
/// Replaced in names of refs.
pub const REFS: &str = "refs.py";
/// The values in names of refs, one a line.
pub const NEEDLES: &str = "refs.txt";
/// Replaced in names of people.
pub const NAMES: &str = "names.py";
/// Replaced in their addresses.
pub const EMAILS: &str = "emails.py";

/// The steps that a script has done.
pub const PROGRESS: &str = "progress";

/// Bytes below which a value may be in other text by chance.
pub const SHORT: usize = 8;

/// All that a plan depends on.
#[derive(Debug)]
pub struct Situation<'a> {
    /// The findings, each with what to do about it alone.
    pub findings: &'a [Finding],
    /// The same secrets with every place that holds the value, and all refs that reach it.
    pub traced: &'a [Finding],
    /// The work beyond replacing text.
    pub needs: Needs,
    /// The repository's root; its folder, if it is bare.
    pub root: BString,
    /// `true` if it has no work tree.
    pub is_bare: bool,
    /// The folders of its other work trees.
    pub work_trees: Vec<WorkTree>,
    /// Where the files of the plan lie.
    pub folder: BString,
    /// `true` if nothing else lies there.
    pub is_own_folder: bool,
    /// The remotes that are configured.
    pub remotes: Vec<(BString, Server)>,
    /// The other facts that advice about the findings depends on.
    pub surroundings: Surroundings,
}

/// Another work tree of the repository.
#[derive(Debug)]
pub struct WorkTree {
    /// Its folder.
    pub folder: BString,
    /// `true` if that folder exists.
    pub is_there: bool,
}

/// The needs of a rewrite beyond replacing text.
#[derive(Debug, Default)]
pub struct Needs {
    /// Paths of contents that go as a whole.
    pub contents: BTreeSet<BString>,
    /// `true` if a path holds a value.
    pub paths: bool,
    /// `true` if the name of a ref does.
    pub refs: bool,
    /// `true` if the name or address of a person does.
    pub people: bool,
    /// Values so short that other text may hold them by chance.
    pub short: usize,
    /// `true` if the content of a Git LFS object does.
    pub lfs: bool,
    /// Messages in which a value is left in a form that no replacement reaches.
    pub messages: usize,
}

impl WorkTree {
    /// git in it.
    pub(super) fn git(&self, arguments: &str) -> String {
        format!("git -C {} {arguments}", quoted(self.folder.as_ref()))
    }

    /// Fails where something is staged or changed, or where no branch is checked out.
    pub(super) fn is_ready(&self) -> String {
        is_ready(&self.git(""))
    }
}

fn is_committed(git: &str) -> String {
    format!("test -z \"$({git}status --porcelain --untracked-files=no --ignore-submodules=dirty)\"")
}

fn is_ready(git: &str) -> String {
    format!("{} && {git}symbolic-ref --quiet HEAD >/dev/null", is_committed(git))
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

    /// How far it got decides. A tag leaves no trace of having been pushed, so where the history of a remote is rewritten for
    /// something else, tags go along.
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

    /// `true` if a name holds a value, so that it cannot be printed.
    pub(super) fn is_secret(&self, name: &[u8]) -> bool {
        self.findings.iter().any(|finding| name.contains_str(finding.secret.reveal()))
    }

    /// A file or folder of the plan, as a word of a shell.
    pub(super) fn file(&self, name: &str) -> String {
        quoted(BString::from(format!("{}/{name}", self.folder)).as_ref())
    }

    /// git in the repository that the plan is for.
    pub(super) fn git(&self, arguments: &str) -> String {
        format!("git -C {} {arguments}", quoted(self.root.as_ref()))
    }

    /// Fails where something is staged or changed. A comparison of the work tree with HEAD alone misses what was staged and
    /// then taken back, and content of a submodule is not for this repository to commit.
    pub(super) fn is_committed(&self) -> String {
        is_committed(&self.git(""))
    }

    /// The same, and where no branch is checked out.
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
