//! How far a secret got: facts, and the stage that follows from them.

use bstr::BString;
use serde::{Deserialize, Serialize};

/// How far a secret got. Later is worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// In what a commit left that was never made: content that was staged, or a message that was written.
    Leftover,
    /// In the index, the work tree or plain files: in no commit that we know of.
    #[default]
    Uncommitted,
    /// In objects that no ref reaches: a reflog or the object store alone still holds it.
    Unreachable,
    /// In commits that no remote-tracking ref reaches, and at the tip of a branch or tag.
    LocalOnly,
    /// In commits that no remote-tracking ref reaches, and at no tip any more.
    HistoryOnly,
    /// In commits of which nobody can tell whether they were pushed: to be treated as if they were.
    Unknown,
    /// In a commit that was on a server: a remote-tracking ref reaches it, or something else that only a server gives out.
    Published,
}

impl Stage {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Leftover => "leftover",
            Self::Uncommitted => "uncommitted",
            Self::Unreachable => "unreachable",
            Self::LocalOnly => "local-only",
            Self::HistoryOnly => "history-only",
            Self::Unknown => "unknown",
            Self::Published => "published",
        }
    }
}

/// The known facts about how far a secret got.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exposure {
    /// The stage that follows.
    pub stage: Stage,
    /// `true` if HEAD's tree holds it.
    pub in_head: bool,
    /// Full names of refs that reach a commit holding it, sorted; the first few.
    pub refs: Vec<String>,
    /// How many refs do.
    pub ref_count: usize,
    /// Number of commits that brought it in.
    pub commits: usize,
    /// Oldest commit that brought it in.
    pub first_commit: Option<String>,
    /// `true` if that commit has no parent.
    pub first_is_root: bool,
    /// Author time of that commit, RFC 3339.
    pub first_seen: Option<String>,
    /// Who wrote that commit: name and address.
    pub first_author: Option<BString>,
    /// Number of commits whose tree or message holds it; those that a ref reaches, if any does.
    pub held_in: usize,
    /// Newest of these commits.
    pub last: Option<Event>,
    /// Newest commit on the way to HEAD that took it out, if HEAD holds it no more.
    pub removed: Option<Event>,
    /// Full names of refs whose own tree still holds it, sorted; the first few.
    pub tips: Vec<String>,
    /// How many refs of each kind reach a commit that holds it.
    pub kinds: RefKinds,
    /// The remotes whose tracking refs reach it: whoever can read one of these could have pulled it.
    pub remotes: Vec<Remote>,
    /// Authors that brought it in from an address that is not usual in the repository; only if that was asked for.
    pub outside_authors: Vec<BString>,
    /// The sign that it was on a server, if it was.
    pub sign: Option<Sign>,
    /// Why nobody can tell whether it was, if nobody can.
    pub doubt: Option<Doubt>,
    /// The state at the last commits that were scanned, if it was asked for.
    pub in_the_end: Option<InTheEnd>,
}

/// The state of a secret at the last commits of a range or a push that added it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InTheEnd {
    /// One of them still has it.
    Held,
    /// A later commit deleted it from where it stood; the history still has it.
    Deleted,
}

/// Something that leads to a secret and comes from a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sign {
    /// Its kind.
    pub kind: SignKind,
    /// Full name of the ref, or of the file in git's folder.
    pub name: BString,
    /// The remote that it belongs to, if that is known.
    pub remote: Option<BString>,
}

/// The kinds of signs of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignKind {
    /// A ref below `refs/remotes`.
    Tracking,
    /// A ref that the configuration of a remote has fetched, as in a mirror.
    Mirrored,
    /// A ref such as servers make for requests to merge.
    Served,
    /// The ref of the last fetch.
    Fetched,
}

/// The doubt whether something was pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Doubt {
    /// A repository without a work tree may be the server itself.
    Bare,
    /// Not all refs can be read, and any of them may lead to it.
    UnreadRefs,
    /// A remote that nothing is fetched from has no refs here that would show what was pushed to it.
    Untraced,
    /// It is in an image, which does not say whether it was pushed.
    Image,
}

impl Doubt {
    /// Returns the stage that remains where there is no sign of a server.
    pub fn cast_on(self, stage: Stage) -> Stage {
        match (self, stage) {
            (_, Stage::LocalOnly | Stage::HistoryOnly) | (Self::Bare | Self::UnreadRefs, Stage::Unreachable) => {
                Stage::Unknown
            }
            (_, known) => known,
        }
    }
}

/// A commit that something happened in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its id.
    pub commit: String,
    /// Its author time, RFC 3339.
    pub time: String,
    /// Its author: name and address.
    pub author: BString,
}

/// Numbers of refs by what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RefKinds {
    /// Local branches.
    pub branches: usize,
    /// Tags.
    pub tags: usize,
    /// Remote-tracking branches.
    pub remotes: usize,
    /// Stashes that `refs/stash` leads to.
    pub stashes: usize,
    /// Anything else: HEADs, notes, refs of tools.
    pub others: usize,
}

impl RefKinds {
    /// Counts one more ref of that full name.
    pub fn count(&mut self, name: &str) {
        let kind = match name {
            "refs/stash" => &mut self.stashes,
            _ if name.starts_with("refs/heads/") => &mut self.branches,
            _ if name.starts_with("refs/tags/") => &mut self.tags,
            _ if name.starts_with("refs/remotes/") => &mut self.remotes,
            _ => &mut self.others,
        };
        *kind += 1;
    }
}

/// A place that the repository is pushed to or fetched from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// Its name.
    pub name: BString,
    /// Its URL without user and password; absent if no remote of that name is configured any more.
    pub url: Option<BString>,
    /// The known facts about its host.
    pub host: Host,
}

/// The kind of host, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Host {
    /// A service that anybody can use. Whether the repository is public there is not known offline.
    Public,
    /// This machine or a private network.
    Private,
    /// Any other.
    Unknown,
}
