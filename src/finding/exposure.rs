//! How far a secret got: facts, and the stage that follows from them.

/// How far a secret got. Later is worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Stage {
    /// In the index, the work tree or plain files: in no commit that we know of.
    #[default]
    Uncommitted,
    /// In objects that no ref reaches: a reflog or the object store alone still holds it.
    Unreachable,
    /// In commits that no remote-tracking ref reaches, and at the tip of a branch or tag.
    LocalOnly,
    /// In commits that no remote-tracking ref reaches, and at no tip any more.
    HistoryOnly,
    /// In a commit that a remote-tracking ref reaches: it was pushed or fetched.
    Published,
}

impl Stage {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Uncommitted => "uncommitted",
            Self::Unreachable => "unreachable",
            Self::LocalOnly => "local-only",
            Self::HistoryOnly => "history-only",
            Self::Published => "published",
        }
    }
}

/// What is known about where a secret went.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exposure {
    /// The stage that follows.
    pub stage: Stage,
    /// Whether HEAD's tree holds it.
    pub in_head: bool,
    /// Full names of refs that reach a commit holding it, sorted; the first few.
    pub refs: Vec<String>,
    /// How many refs do.
    pub ref_count: usize,
    /// Number of commits that brought it in.
    pub commits: usize,
    /// Oldest commit that brought it in.
    pub first_commit: Option<String>,
    /// Whether that commit has no parent.
    pub first_is_root: bool,
    /// Author time of that commit, RFC 3339.
    pub first_seen: Option<String>,
}
