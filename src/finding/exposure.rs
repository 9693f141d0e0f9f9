//! The exposure of a secret: the facts, and the stage that follows from them.

use bstr::BString;
use serde::{Deserialize, Serialize};

/// The stage that a secret's exposure has reached; later variants are worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Only what is left of a commit that was never made: staged content, or a message.
    Leftover,
    /// In the index, the work tree or plain files, and in no known commit.
    #[default]
    Uncommitted,
    /// In objects that no ref reaches; only a reflog or the object store still holds it.
    Unreachable,
    /// In commits that no remote-tracking ref reaches, and still at the tip of a branch or tag.
    LocalOnly,
    /// In commits that no remote-tracking ref reaches, and no longer at any tip.
    HistoryOnly,
    /// In commits that may have been pushed; treated as if they were.
    Unknown,
    /// In a commit that was on a server: a remote-tracking ref reaches it, or another ref that only a server hands out.
    Published,
}

impl Stage {
    /// Returns the word used in every output.
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
    /// The stage that follows from the facts.
    pub stage: Stage,
    /// `true` if HEAD's tree holds it; `None` if that was not looked up, as for a range.
    pub in_head: Option<bool>,
    /// The first few full names of refs that reach a commit holding it, sorted.
    pub refs: Vec<String>,
    /// The number of refs that reach a commit holding it.
    pub ref_count: usize,
    /// The number of commits that introduced it.
    pub commits: usize,
    /// The oldest commit that introduced it.
    pub first_commit: Option<String>,
    /// `true` if the oldest commit has no parent.
    pub first_is_root: bool,
    /// The author time of the oldest commit, RFC 3339.
    pub first_seen: Option<String>,
    /// The author of the oldest commit: name and address.
    pub first_author: Option<BString>,
    /// The number of commits whose tree or message holds it; only reachable ones, if there are any.
    pub held_in: usize,
    /// The newest of these commits.
    pub last: Option<Event>,
    /// The newest commit on the way to HEAD that removed it, if HEAD no longer holds it.
    pub removed: Option<Event>,
    /// The first few full names of refs whose own tree still holds it, sorted.
    pub tips: Vec<String>,
    /// The number of refs of each kind that reach a commit holding it.
    pub kinds: RefKinds,
    /// The remotes whose tracking refs reach it: anyone with access to one of them could have pulled it.
    pub remotes: Vec<Remote>,
    /// The authors who introduced it from an address unusual for the repository; only if they were asked for.
    pub outside_authors: Vec<BString>,
    /// The evidence that it was on a server, if there is any.
    pub sign: Option<Sign>,
    /// The reason why it is unknown whether it was on a server, if it is.
    pub doubt: Option<Doubt>,
    /// The state at the last commits scanned, if it was asked for.
    pub in_the_end: Option<InTheEnd>,
}

/// The state of a secret at the last commits of a range or a push that added it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InTheEnd {
    /// At least one of the last commits still holds it.
    Held,
    /// A later commit deleted it; the history still holds it.
    Deleted,
}

/// Something that comes from a server and leads to a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sign {
    /// The kind of evidence.
    pub kind: SignKind,
    /// The full name of the ref, or of the file in git's folder.
    pub name: BString,
    /// The remote that it belongs to, if that is known.
    pub remote: Option<BString>,
}

/// The kinds of evidence that something was on a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignKind {
    /// A ref below `refs/remotes`.
    Tracking,
    /// A ref that a remote's configuration fetches to, as in a mirror.
    Mirrored,
    /// A ref as servers make them for merge or pull requests.
    Served,
    /// `FETCH_HEAD`, the ref of the last fetch.
    Fetched,
}

/// The reason why it is unknown whether something was pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Doubt {
    /// A repository without a work tree may be the server itself.
    Bare,
    /// Some refs can't be read, and any of them may lead to it.
    UnreadRefs,
    /// A remote without a fetch refspec leaves no refs here that would show what was pushed to it.
    Untraced,
    /// It is in an image, which does not say whether it was pushed.
    Image,
}

impl Doubt {
    /// Returns the stage in which this doubt leaves a secret that no evidence of a server points to.
    pub fn cast_on(self, stage: Stage) -> Stage {
        match (self, stage) {
            (_, Stage::LocalOnly | Stage::HistoryOnly) | (Self::Bare | Self::UnreadRefs, Stage::Unreachable) => {
                Stage::Unknown
            }
            (_, known) => known,
        }
    }
}

/// A commit in which something happened to a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The commit's id.
    pub commit: String,
    /// The commit's author time, RFC 3339.
    pub time: String,
    /// The commit's author: name and address.
    pub author: BString,
}

/// The number of refs of each kind.
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
    /// Counts one more ref with this full name.
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

/// A repository that this one pushes to or fetches from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// The remote's name.
    pub name: BString,
    /// The URL without user and password; `None` if no remote of that name is configured any more.
    pub url: Option<BString>,
    /// The known facts about the remote's host.
    pub host: Host,
}

/// The kind of host, as far as its name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Host {
    /// A service that anyone can use; whether this repository is public there is unknown offline.
    Public,
    /// This machine or a private network.
    Private,
    /// Any other host.
    Unknown,
}
