//! Findings: what a scan says, as plain data. No I/O, no formatting.
//!
//! One [`Finding`] is one secret under one rule, with every place it is in. A [`Report`] is all that a renderer
//! gets to see.

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
    /// Identity of (rule, secret): the same in every scan.
    pub id: Fingerprint,
    /// Id of the rule.
    pub rule: Str,
    /// The name of the secret.
    pub name: Str,
    /// Who issues it.
    pub provider: Str,
    /// How bad the leak is.
    pub severity: Severity,
    /// How sure we are.
    pub confidence: Confidence,
    /// The harm that an attacker can do with it.
    pub impact: Str,
    /// The preview of the secret: its public prefix and its length.
    pub preview: String,
    /// The value itself; never printed unless asked for.
    pub secret: Secret,
    /// Why we believe it.
    pub evidence: Vec<Evidence>,
    /// Identifiers that complete the credential, found in it or near it.
    pub facts: Vec<Fact>,
    /// How far it got.
    pub exposure: Exposure,
    /// Every place, oldest first.
    pub occurrences: Vec<Occurrence>,
    /// The command that shows one of the places, if one is enough for that.
    pub show: Option<Show>,
    /// The steps to take, in order.
    pub plan: Vec<PlanStep>,
    /// `true` if a machine made the value, so that it cannot be guessed.
    pub issued: bool,
    /// `true` if the baseline has it.
    pub known: bool,
    /// The entry or comment that allows it, if there is one, and whether it is valid.
    pub suppression: Option<Suppression>,
}

/// A command that prints what a secret is in, and the secret with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Show {
    /// The place that it shows, among the occurrences.
    pub place: usize,
    /// One line for a POSIX shell.
    pub command: String,
}

/// A reason to believe, or to doubt, a detection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// The vendor's fixed form.
    Format,
    /// A check of the value's own structure passed.
    Check(&'static str),
    /// A check of the value's own structure failed, which lowered the confidence.
    Doubt {
        /// The check.
        check: &'static str,
        /// The reason why it failed.
        reason: &'static str,
    },
    /// Recognised, but of less weight.
    Weak(&'static str),
    /// It named its end, and that has passed.
    Expired(String),
    /// The name that the value is assigned to.
    Named(String),
    /// The keyword that the value follows.
    After(String),
    /// The value is as irregular as an issued one: bits a character, and the floor for its alphabet and length.
    Entropy {
        /// Measured, in hundredths of a bit.
        centibits: u32,
        /// Least for random text of this alphabet and length, in hundredths of a bit.
        floor: u32,
    },
    /// It was found in text that had to be decoded first.
    Decoded(&'static str),
    /// Identifiers of the same credential stand nearby.
    Companions(usize),
    /// The file it is in speaks for or against it.
    Path(&'static str),
}

/// An identifier that belongs to a credential; not itself secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fact {
    /// Name of the field.
    pub field: String,
    /// Its value.
    pub value: String,
}

/// One place a secret is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// The kind of content.
    pub kind: ContentKind,
    /// File path, ref name or label of the stream.
    pub path: BString,
    /// Path of the member in the archive that the file is; empty if it is none.
    pub member: BString,
    /// First character; absent in content that has no lines.
    pub start: Place,
    /// One past the last character.
    pub end: Place,
    /// Hex id of the blob.
    pub blob: Option<String>,
    /// Hex id of the commit that brought it in, if known.
    pub commit: Option<String>,
    /// When that commit was authored, RFC 3339.
    pub author_time: Option<String>,
    /// Its retention in the repository, if that was asked for.
    pub held: Vec<Retention>,
    /// The text around it on its line, if that is text. A secret may have many places with the same one.
    pub excerpt: Option<Arc<Excerpt>>,
    /// The comment next to it that is meant to allow it.
    pub comment: Option<Box<Comment>>,
    /// The repository on a host that is known to hold the commit.
    pub web: Option<Arc<WebRepository>>,
    /// Where in a container image it is, if that was scanned.
    pub image: Option<Box<ImagePlace>>,
    /// Whose file it is, if those of coding agents were scanned.
    pub agent: Option<AgentPlace>,
}

/// The kind of content that a secret is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContentKind {
    /// A file's content.
    File,
    /// A file in an archive that is kept as a file.
    ArchiveMember,
    /// The target of a symbolic link.
    Symlink,
    /// A file's name.
    FileName,
    /// A commit's message.
    CommitMessage,
    /// An annotated tag's message.
    TagMessage,
    /// A note.
    Note,
    /// A commit's author or committer.
    Author,
    /// The name of a branch or tag.
    RefName,
    /// A file of git's configuration.
    Config,
    /// A hook.
    Hook,
    /// A reflog.
    Reflog,
    /// Any other file in the repository's own folder: a message being written, what was fetched last.
    GitFile,
    /// The configuration, history, labels or annotations of a container image.
    ImageMetadata,
}

impl Occurrence {
    /// The path and, behind an exclamation mark, that of the member of an archive.
    pub fn whole_path(&self) -> BString {
        join_member(self.path.as_ref(), self.member.as_ref())
    }
}

/// `archive!member`; just the one that is not empty if the other is.
pub fn join_member(archive: &BStr, member: &BStr) -> BString {
    match (archive.is_empty(), member.is_empty()) {
        (_, true) => archive.to_owned(),
        (true, false) => member.to_owned(),
        (false, false) => bstr::join("!", [archive, member]).into(),
    }
}

impl ContentKind {
    /// The word used in every output.
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

    /// `true` if it is a part of commits, tags or refs themselves, which no edit of a file changes.
    pub fn is_lasting(self) -> bool {
        matches!(self, Self::CommitMessage | Self::TagMessage | Self::Note | Self::Author | Self::RefName)
    }

    /// `true` if it is a file in the repository's own folder, which no commit holds and no push transfers.
    pub fn beside_objects(self) -> bool {
        matches!(self, Self::Config | Self::Hook | Self::Reflog | Self::GitFile)
    }
}

/// The steps for all findings of one kind that got equally far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The findings, worst first; never empty.
    pub findings: Vec<Fingerprint>,
    /// The steps, in order, each for all of them.
    pub steps: Vec<PlanStep>,
}

/// The steps for any leaked secret of a rule, whatever its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// Id of the rule.
    pub rule: Str,
    /// The steps, in order; commands have placeholders for what only a finding tells.
    pub steps: Vec<PlanStep>,
}

/// One step of what to do about a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanStep {
    /// The purpose of the step.
    pub kind: StepKind,
    /// The action to take.
    pub title: String,
    /// The command that does it, or several, one a line; empty if there is none.
    pub command: String,
    /// Names of placeholders the command still holds, each with how to find its value.
    pub missing: Vec<Fact>,
    /// A page that says more; empty if there is none.
    pub link: String,
}

/// The purpose of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// Take it out of what is about to be committed.
    Remove,
    /// Make the leaked value useless.
    Revoke,
    /// Put a new value in place.
    Rotate,
    /// Take it out of the commits.
    Purge,
    /// See that the old value is dead.
    Verify,
    /// Look for misuse.
    Audit,
    /// Keep it from happening again.
    Prevent,
}

impl StepKind {
    /// The word used in every output.
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

    /// Sentences and JSON have to name a thing alike.
    fn assert_alike<T: Copy + Debug + Serialize>(all: &[T], word: fn(T) -> &'static str) {
        for one in all {
            assert_eq!(serde_json::to_value(one).unwrap(), word(*one), "{one:?}");
        }
    }

    #[test]
    fn json_has_the_words_that_sentences_have() {
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
