//! Findings: the result of a scan as plain data. No I/O, no formatting.
//!
//! One [`Finding`] is one secret under one rule, with all its places. A [`Report`] is all that a renderer gets
//! to see.

mod agent;
mod code_owners;
pub mod excerpt;
pub mod exposure;
pub mod fingerprint;
mod image;
mod key;
mod liveness;
mod names;
pub mod purge;
pub mod report;
pub mod retention;
pub mod secret;
pub mod subject;
pub mod suppression;
pub mod web;

use std::sync::Arc;

use bstr::{BStr, BString};
use serde::{Deserialize, Serialize};

use crate::rule::{Confidence, Severity, Str};
use crate::text::Place;

pub use agent::{AgentFiles, AgentPlace, CodingAgent, FileForm};
pub use code_owners::CodeOwners;
pub use excerpt::{Excerpt, LeftOut, Piece};
pub use exposure::{Doubt, Event, Exposure, Host, InTheEnd, RefKinds, Remote, Sign, SignKind, Stage};
pub use fingerprint::Fingerprint;
pub use image::{ComposeSetting, ImageName, ImagePlace, LayerPlace, Origin, Visibility};
pub use liveness::{Asked, Liveness};
pub use names::Names;
pub use purge::{PurgePlan, PurgeStep, Server};
pub use report::{Command, FileList, Gap, GapKind, HeldBack, Note, Report, Scope, Stats, Verdict};
pub use retention::{Retainer, Retention};
pub use secret::Secret;
pub use subject::{Access, Subject, SubjectKind};
pub use suppression::{Comment, Suppression};
pub use web::{Link, WebRepository};

/// One secret under one rule, wherever it was seen.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The identity of the pair of rule and secret, which is the same in every scan.
    pub id: Fingerprint,
    /// The rule's id.
    pub rule: Str,
    /// The secret's name.
    pub name: Str,
    /// The provider that issues it.
    pub provider: Str,
    /// The severity of the leak.
    pub severity: Severity,
    /// The confidence that it is a secret.
    pub confidence: Confidence,
    /// The harm that an attacker can do with it.
    pub impact: Str,
    /// The preview of the secret: its public prefix and its length.
    pub preview: String,
    /// The value itself, which is never printed unless asked for.
    pub secret: Secret,
    /// The reasons to believe that it is a secret.
    pub evidence: Vec<Evidence>,
    /// Identifiers that complete the credential, found in it or near it.
    pub facts: Vec<Fact>,
    /// The secret's exposure: how far it got.
    pub exposure: Exposure,
    /// All places, oldest first.
    pub occurrences: Vec<Occurrence>,
    /// The command that shows one of the places, if a single command can.
    pub show: Option<Show>,
    /// The steps to take, in order.
    pub plan: Vec<PlanStep>,
    /// `true` if a machine made the value, so that it cannot be guessed.
    pub issued: bool,
    /// `true` if the baseline lists it.
    pub known: bool,
    /// The entry or comment that allows it, if there is one, and whether that is valid.
    pub suppression: Option<Suppression>,
}

/// A command that prints the text around a secret, and the secret with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Show {
    /// The index of the place that it shows, among the occurrences.
    pub place: usize,
    /// The command as one line for a POSIX shell.
    pub command: String,
}

/// A reason to believe or to doubt a detection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// The vendor's documented format.
    Format,
    /// A passed check of the value's structure.
    Check(&'static str),
    /// A failed check of the value's structure, which lowered the confidence.
    Doubt {
        /// The name of the check.
        check: &'static str,
        /// The reason why it failed.
        reason: &'static str,
    },
    /// A match of less weight.
    Weak(&'static str),
    /// The end of validity that the value names, which has passed.
    Expired(String),
    /// The name that the value is assigned to.
    Named(String),
    /// The keyword that the value follows.
    After(String),
    /// The value's entropy in bits a character, and the floor for its alphabet and length.
    Entropy {
        /// The measured entropy, in hundredths of a bit.
        centibits: u32,
        /// The least entropy of random text with this alphabet and length, in hundredths of a bit.
        floor: u32,
    },
    /// The encoding that the text had to be decoded from first.
    Decoded(&'static str),
    /// The number of identifiers of the same credential nearby.
    Companions(usize),
    /// A file whose path speaks for or against the value.
    Path(&'static str),
}

/// An identifier that belongs to a credential; not itself secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fact {
    /// The field's name.
    pub field: String,
    /// The field's value.
    pub value: String,
}

/// One place of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// The kind of content.
    pub kind: ContentKind,
    /// The file's path, the ref's name, or the label of the stream.
    pub path: BString,
    /// The path of the member within the archive; empty if the file is not an archive.
    pub member: BString,
    /// The position of the first character; absent in content without lines.
    pub start: Place,
    /// The position after the last character.
    pub end: Place,
    /// The blob's id in hex.
    pub blob: Option<String>,
    /// The id in hex of the commit that introduced it, if known.
    pub commit: Option<String>,
    /// The author time of that commit, RFC 3339.
    pub author_time: Option<String>,
    /// The retention of the place: what keeps it in the repository, if that was asked for.
    pub held: Vec<Retention>,
    /// The text around it on its line, if it is text. Many places of one secret may share it.
    pub excerpt: Option<Arc<Excerpt>>,
    /// The comment next to it that is meant to allow it.
    pub comment: Option<Box<Comment>>,
    /// The repository on a host that is known to hold the commit.
    pub web: Option<Arc<WebRepository>>,
    /// The place in a container image, if one was scanned.
    pub image: Option<Box<ImagePlace>>,
    /// The agent and purpose of the file, if files of coding agents were scanned.
    pub agent: Option<AgentPlace>,
}

/// The kind of content that holds a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContentKind {
    /// A file's content.
    File,
    /// A file inside an archive.
    ArchiveMember,
    /// The target of a symbolic link.
    Symlink,
    /// The name of a file.
    FileName,
    /// The message of a commit.
    CommitMessage,
    /// The message of an annotated tag.
    TagMessage,
    /// A git note.
    Note,
    /// The author or committer of a commit.
    Author,
    /// The name of a branch or tag.
    RefName,
    /// A configuration file of git.
    Config,
    /// A git hook.
    Hook,
    /// A reflog.
    Reflog,
    /// Another file in git's folder, such as a message being written or `FETCH_HEAD`.
    GitFile,
    /// The configuration, history, labels or annotations of a container image.
    ImageMetadata,
}

impl Occurrence {
    /// Returns the path and, after an exclamation mark, the path of the archive's member.
    pub fn whole_path(&self) -> BString {
        join_member(self.path.as_ref(), self.member.as_ref())
    }
}

/// Returns `archive!member`, or the one that is not empty if the other is.
pub fn join_member(archive: &BStr, member: &BStr) -> BString {
    match (archive.is_empty(), member.is_empty()) {
        (_, true) => archive.to_owned(),
        (true, false) => member.to_owned(),
        (false, false) => bstr::join("!", [archive, member]).into(),
    }
}

impl ContentKind {
    /// Returns the word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::ArchiveMember => "archive-member",
            Self::Symlink => "symlink",
            Self::FileName => "file-name",
            Self::CommitMessage => "commit-message",
            Self::TagMessage => "tag-message",
            Self::Note => "note",
            Self::Author => "author",
            Self::RefName => "ref-name",
            Self::Config => "config",
            Self::Hook => "hook",
            Self::Reflog => "reflog",
            Self::GitFile => "git-file",
            Self::ImageMetadata => "image-metadata",
        }
    }

    /// Returns `true` for parts of commits, tags or refs themselves, which no edit of a file changes.
    pub fn is_lasting(self) -> bool {
        matches!(self, Self::CommitMessage | Self::TagMessage | Self::Note | Self::Author | Self::RefName)
    }

    /// Returns `true` for files in git's folder, which no commit holds and no push transfers.
    pub fn is_outside_objects(self) -> bool {
        matches!(self, Self::Config | Self::Hook | Self::Reflog | Self::GitFile)
    }
}

/// The steps for all findings of one kind and stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The ids of the findings, worst first; never empty.
    pub findings: Vec<Fingerprint>,
    /// The steps in order, each for all findings.
    pub steps: Vec<PlanStep>,
}

/// The general steps for a leaked secret of one rule, wherever it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// The rule's id.
    pub rule: Str,
    /// The steps in order; commands have placeholders for what only a finding can supply.
    pub steps: Vec<PlanStep>,
}

/// One step of a plan for a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanStep {
    /// The purpose of the step.
    pub kind: StepKind,
    /// The action to take.
    pub title: String,
    /// The commands that do it, one a line; empty if there are none.
    pub command: String,
    /// The lines to write into a file, as they are; empty if there are none.
    pub lines: String,
    /// The placeholders left in the command or the lines, each with the way to find its value.
    pub missing: Vec<Fact>,
    /// The address of a page with more details; empty if there is none.
    pub link: String,
}

/// The purpose of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// Take the secret out of what is about to be committed.
    Remove,
    /// Make the leaked value useless.
    Revoke,
    /// Put a new value in place.
    Rotate,
    /// Take the secret out of the commits.
    Purge,
    /// Check that the old value no longer works.
    Verify,
    /// Look for misuse.
    Audit,
    /// Keep it from happening again.
    Prevent,
}

impl StepKind {
    /// Returns the word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Remove => "remove",
            Self::Revoke => "revoke",
            Self::Rotate => "rotate",
            Self::Purge => "purge",
            Self::Verify => "verify",
            Self::Audit => "audit",
            Self::Prevent => "prevent",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use super::*;

    /// Asserts that sentences and JSON use the same words.
    fn assert_alike<T: Copy + Debug + Serialize>(all: &[T], word: fn(T) -> &'static str) {
        for one in all {
            assert_eq!(serde_json::to_value(one).unwrap(), word(*one), "{one:?}");
        }
    }

    #[test]
    fn json_uses_the_same_words_as_sentences() {
        use ContentKind as Kind;
        let stages = [
            Stage::Leftover,
            Stage::Uncommitted,
            Stage::Unreachable,
            Stage::LocalOnly,
            Stage::HistoryOnly,
            Stage::Unknown,
            Stage::Published,
        ];
        assert_alike(&stages, Stage::as_str);
        let in_trees = [Kind::File, Kind::ArchiveMember, Kind::Symlink, Kind::FileName, Kind::Note];
        let around_them = [Kind::CommitMessage, Kind::TagMessage, Kind::Author, Kind::RefName];
        let beside_them = [Kind::Config, Kind::Hook, Kind::Reflog, Kind::GitFile];
        let in_images = [Kind::ImageMetadata];
        assert_alike(&[&in_trees[..], &around_them, &beside_them, &in_images].concat(), Kind::as_str);
        let before = [StepKind::Remove, StepKind::Revoke, StepKind::Rotate, StepKind::Purge];
        let after = [StepKind::Verify, StepKind::Audit, StepKind::Prevent];
        assert_alike(&[&before[..], &after].concat(), StepKind::as_str);
        assert_alike(&[Verdict::Clean, Verdict::Findings, Verdict::Unknown], Verdict::as_str);
        let absent = [GapKind::Missing, GapKind::Shallow, GapKind::LfsAbsent];
        let refused = [GapKind::Corrupt, GapKind::TooLarge, GapKind::Unreadable];
        assert_alike(&[absent, refused].concat(), GapKind::as_str);
        let of_changes = [Command::Staged, Command::Range, Command::Files, Command::Explain];
        let of_clones = [Command::History, Command::Verify, Command::PurgePlan, Command::Baseline];
        let of_images = [Command::Image, Command::Context, Command::Agents];
        assert_alike(&[&of_changes[..], &of_clones, &of_images].concat(), Command::as_str);
    }
}
