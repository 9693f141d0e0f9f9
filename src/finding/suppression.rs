//! Why a finding does not count, or why what was meant to keep it from counting does not.

/// The entry or comment that allows a finding, and whether it is valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// Where it was written.
    pub by: By,
    /// The status.
    pub status: Status,
    /// The reason that was given.
    pub reason: String,
}

/// Where a suppression was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// In a comment next to the value.
    Comment {
        /// Line of the comment.
        line: usize,
    },
    /// In the configuration.
    Entry {
        /// Line of the configuration.
        line: usize,
    },
    /// In the baseline.
    Baseline,
    /// On the command line, which left its path out.
    Exclude,
}

/// The status of a suppression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It is valid: the finding does not count.
    Accepted,
    /// The change that is looked at brings it along, so somebody else has to agree first.
    NeedsApproval,
    /// It is not valid.
    Void(Flaw),
}

/// Why a suppression does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// It gives no reason.
    NoReason,
    /// It names another rule.
    OtherRule,
    /// It was written for another value: it names that one, or it was there before this one.
    OtherValue,
    /// Its time is over.
    Expired,
    /// The value is elsewhere too, where nothing allows it.
    NotEverywhere,
    /// It is a comment of another tool, and the configuration does not say that those count.
    OfOtherTool(Tool),
}

impl Flaw {
    /// The flaw, and how to repair it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoReason => "it gives no reason: write one after the rule's id",
            Self::OtherRule => "it names another rule",
            Self::OtherValue => "it was written for another value",
            Self::Expired => "it has expired",
            Self::NotEverywhere => "the value is in other places too, where nothing allows it",
            Self::OfOtherTool(_) => "comments of that tool do not count here",
        }
    }
}

/// Another tool whose comments can be honoured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tool {
    /// `gitleaks:allow`
    Gitleaks,
    /// `betterleaks:allow`
    Betterleaks,
    /// `trufflehog:ignore`
    Trufflehog,
    /// `pragma: allowlist secret`, and `pragma: allowlist nextline secret` on the line above
    DetectSecrets,
}

impl Tool {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Gitleaks, Self::Betterleaks, Self::Trufflehog, Self::DetectSecrets];

    /// The text that its comments start with.
    pub fn mark(self) -> &'static str {
        match self {
            Self::Gitleaks => "gitleaks:allow",
            Self::Betterleaks => "betterleaks:allow",
            Self::Trufflehog => "trufflehog:ignore",
            Self::DetectSecrets => "pragma: allowlist secret",
        }
    }

    /// Its name in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gitleaks => "gitleaks",
            Self::Betterleaks => "betterleaks",
            Self::Trufflehog => "trufflehog",
            Self::DetectSecrets => "detect-secrets",
        }
    }
}

/// Whose comment it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// One of this program.
    Keysweep,
    /// One of another.
    Other(Tool),
}

/// A comment that allows what is next to it: `keysweep:allow RULE reason`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Whose it is.
    pub author: Author,
    /// Ids of the rules that it is about; empty for a comment of another tool, which is about all.
    pub rules: Vec<String>,
    /// The findings that it is about, if it names any.
    pub ids: Vec<String>,
    /// Why.
    pub reason: String,
    /// The comment itself, from its mark to the end of its line.
    pub text: Vec<u8>,
    /// Its line.
    pub line: usize,
}
