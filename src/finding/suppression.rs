//! Suppressions: why a finding does not count, or why an attempt to suppress it fails.

/// The entry or comment that allows a finding, and whether it is valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// The place where it is written.
    pub by: By,
    /// The state, which says whether it is valid.
    pub status: Status,
    /// The reason given in it.
    pub reason: String,
}

/// The place where a suppression is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// A comment next to the value.
    Comment {
        /// The line of the comment.
        line: usize,
    },
    /// An entry of the configuration.
    Entry {
        /// The line of the entry in the configuration.
        line: usize,
    },
    /// An entry of the baseline.
    Baseline,
    /// An option of the command line that excludes its path.
    Exclude,
}

/// The state of a suppression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The suppression is valid: the finding does not count.
    Accepted,
    /// The scanned change itself adds the suppression, so somebody else has to agree first.
    NeedsApproval,
    /// The suppression is not valid.
    Void(Flaw),
}

/// The reason why a suppression is not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// It doesn't give a reason.
    NoReason,
    /// It names another rule.
    OtherRule,
    /// It was written for another value: it names that one, or is older than this one.
    OtherValue,
    /// It has expired.
    Expired,
    /// The value is also at places where nothing allows it.
    NotEverywhere,
    /// It is a comment of another tool, and the configuration does not honour those.
    OfOtherTool(Tool),
}

impl Flaw {
    /// Returns the flaw as a clause, with its remedy.
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

/// Another tool whose comments the configuration can honour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tool {
    /// Comments that begin with `gitleaks:allow`.
    Gitleaks,
    /// Comments that begin with `betterleaks:allow`.
    Betterleaks,
    /// Comments that begin with `trufflehog:ignore`.
    Trufflehog,
    /// Comments that begin with `pragma: allowlist secret`, or with `pragma: allowlist nextline secret` on the line
    /// above.
    DetectSecrets,
}

impl Tool {
    /// All tools.
    pub const ALL: [Self; 4] = [Self::Gitleaks, Self::Betterleaks, Self::Trufflehog, Self::DetectSecrets];

    /// Returns the text that begins the tool's comments.
    pub fn mark(self) -> &'static str {
        match self {
            Self::Gitleaks => "gitleaks:allow",
            Self::Betterleaks => "betterleaks:allow",
            Self::Trufflehog => "trufflehog:ignore",
            Self::DetectSecrets => "pragma: allowlist secret",
        }
    }

    /// Returns the tool's name in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gitleaks => "gitleaks",
            Self::Betterleaks => "betterleaks",
            Self::Trufflehog => "trufflehog",
            Self::DetectSecrets => "detect-secrets",
        }
    }
}

/// The tool that a comment is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// This program.
    Keysweep,
    /// Another tool.
    Other(Tool),
}

/// A comment that allows the value next to it: `keysweep:allow RULE reason`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// The tool that it is written for.
    pub author: Author,
    /// The ids of the rules that it names; empty for a comment of another tool, which allows any rule.
    pub rules: Vec<String>,
    /// The ids of the findings that it names, if it names any.
    pub ids: Vec<String>,
    /// The reason given in it.
    pub reason: String,
    /// The text of the comment, from its mark to the end of the line.
    pub text: Vec<u8>,
    /// The line that the comment is on.
    pub line: usize,
}
