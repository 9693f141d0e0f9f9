//! Rules: the form of a secret, the confidence in a match, and what to do about it.
//!
//! This module owns the compiled, validated form ([`Rule`]), its file format ([`mod@file`]), the requests that ask
//! about secrets ([`mod@live`]) and the compiler between the two ([`mod@compile`]). The rules in force are the job of
//! `rule_set`, matching that of `detect`, and filling in a remediation that of `remediation`.
//!
//! The built-in rules are compiled by `build.rs` into constants, so that start-up parses nothing. For that reason
//! every text is a [`Str`], borrowed for built-in rules and owned for a user's.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

pub mod advice;
pub mod check;
pub mod compile;
pub mod demand;
mod expression;
pub mod file;
pub mod live;
mod named;
mod rarity;

pub use check::Check;
pub use file::{Boundary, Case, OnFail};

/// The text type of rules: `'static` for built-in rules, owned for a user's.
pub type Str = Cow<'static, str>;
/// The list type of rules: `'static` for built-in rules, owned for a user's.
pub type List<T> = Cow<'static, [T]>;

/// The severity of a leaked secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A secret with which little can be done.
    Low,
    /// A secret that gives limited access.
    Medium,
    /// A secret that gives access to data or money.
    High,
    /// A secret that gives control of an account, an organisation or a cloud.
    Critical,
}

/// The confidence in a detection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// The value looks like a secret, but a check speaks against it or nothing speaks for it.
    Low,
    /// The value is in a place named for a secret and looks issued.
    Medium,
    /// A vendor's format or the secret's own structure confirms it.
    High,
}

impl Severity {
    /// Returns the next lower severity; low stays low.
    #[must_use]
    pub fn lowered(self) -> Self {
        match self {
            Self::Low | Self::Medium => Self::Low,
            Self::High => Self::Medium,
            Self::Critical => Self::High,
        }
    }

    /// Returns the lower-case word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl Confidence {
    /// Returns the lower-case word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// A validated rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The stable kebab-case id.
    pub id: Str,
    /// The provider's name for the secret.
    pub name: Str,
    /// The provider that issues the secret.
    pub provider: Str,
    /// The severity of a leak.
    pub severity: Severity,
    /// The confidence of a match if no check lowers it.
    pub confidence: Confidence,
    /// The literals, one of which must be present before the pattern is tried.
    pub keywords: List<Keyword>,
    /// The way in which a keyword becomes a candidate.
    pub matcher: Matcher,
    /// The names of the files that contain its secrets (see `detect::context::path`); empty if they may be in any file.
    pub files: List<Str>,
    /// `true` if the rule is for a place where any secret may be (a URL, a header): a provider's own rule is more
    /// specific.
    pub place: bool,
    /// `true` if the rule settles what a value is: no other rule reports the same bytes as anything more.
    pub settles: bool,
    /// The bytes that must not touch the secret.
    pub boundary: Boundary,
    /// The offline checks, in order.
    pub checks: List<CheckUse>,
    /// `true` if statistics and placeholder words judge the value.
    pub statistics: bool,
    /// The SHA-256 of published values that are not secrets.
    pub placeholders: List<[u8; 32]>,
    /// The names of fields to look for nearby.
    pub companions: List<Str>,
    /// The name of the field that the value itself is; may be empty.
    pub identifies: Str,
    /// The id of the remediation.
    pub remediation: Str,
    /// The literal text that every secret of this rule starts with; may be empty. It is safe to print.
    pub prefix: Str,
    /// A literal that every match contains besides its keyword; may be empty. It is searched for before the expression
    /// is tried.
    pub needle: Str,
    /// The part of the expression from its keyword on, if the part before has no fixed length; may be empty. It is
    /// tried before the whole expression.
    pub tail: Str,
    /// `true` if every match is within the line of its keyword.
    pub in_line: bool,
    /// `true` if no other text matches by chance, whatever is next to it and inside it: the secret is one fixed text,
    /// or has check digits that are certain.
    pub unmistakable: bool,
    /// The distance around a keyword that the rule looks at.
    pub reach: Reach,
    /// The pages that document the format.
    pub references: List<Str>,
}

impl Rule {
    /// Returns how much a match says: a vendor's form more than a word nearby, a word nearby more than a place, a place
    /// more than a name.
    pub fn specificity(&self) -> u8 {
        match self.matcher {
            Matcher::Assignment => 0,
            _ if self.place => 1,
            Matcher::After { .. } | Matcher::Whole { .. } => 2,
            Matcher::Around { .. } => 3,
        }
    }

    /// Returns `true` if a machine makes the rule's secrets, so that they cannot be guessed.
    pub fn is_issued(&self) -> bool {
        self.statistics && !matches!(self.matcher, Matcher::Assignment)
    }

    /// Returns `true` if the rule knows the form of its secret, which may be anywhere or after a word.
    pub fn is_of_provider(&self) -> bool {
        !self.place && !matches!(self.matcher, Matcher::Assignment)
    }

    /// Returns how far the rule looks around a keyword for a text with the form of its secret; this is less far than
    /// for judging that text.
    pub fn form_reach(&self) -> Reach {
        /// The number of bytes next to a value that show whether it is delimited.
        const EDGE: u32 = 8;
        let Reach { before, after } = self.reach;
        match self.matcher {
            // The context is read only for a value that is already believed.
            Matcher::Assignment => Reach { before: before - compile::CONTEXT, after: after - compile::CONTEXT },
            _ => Reach { before: before - compile::CONTEXT + EDGE, after: after - compile::CONTEXT + EDGE },
        }
    }
}

/// A literal of a rule and its position in a match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyword {
    /// The literal; lower case if `case` is [`Case::Any`].
    pub text: Str,
    /// The comparison of the literal.
    pub case: Case,
    /// The position of its rarest four bytes.
    pub probe: u32,
    /// The least and the greatest number of bytes of the match before it; `(0, 0)` for a prefix.
    pub offset: (u32, u32),
    /// The bytes that can come directly before the keyword in any match; as many positions as are known, at most
    /// [`MAX_BESIDE`].
    pub before: List<ByteSet>,
    /// The bytes that can come directly after the keyword in any match, with the same limit.
    pub after: List<ByteSet>,
}

/// The most bytes of a text that may be one secret as a whole.
pub const MAX_WHOLE: usize = 512;

/// The most bytes on either side of a keyword that are recorded.
pub const MAX_BESIDE: usize = 8;

/// A set of bytes, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ByteSet(pub [u64; 4]);

impl ByteSet {
    /// Returns `true` if the set contains a byte.
    pub fn contains(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }

    /// Returns the bytes in the set, in order.
    pub fn members(&self) -> impl Iterator<Item = u8> + '_ {
        [0u8, 64, 128, 192].into_iter().zip(self.0).flat_map(|(first, mut left)| {
            std::iter::from_fn(move || {
                let next = u8::try_from(left.trailing_zeros()).ok().filter(|bit| *bit < 64)?;
                left &= left - 1;
                Some(first + next)
            })
        })
    }

    /// Adds a byte to the set.
    pub fn insert(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    /// Returns the union of both sets.
    #[must_use]
    pub fn or(self, other: &Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] | other.0[at]))
    }
}

/// The way in which a keyword becomes a candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matcher {
    /// The match contains the keyword.
    Around {
        /// The expression.
        pattern: Str,
    },
    /// The match starts within this many bytes after the keyword.
    After {
        /// The expression.
        pattern: Str,
        /// The most bytes between the end of the keyword and the start of the match.
        within: u32,
    },
    /// The match is the only line of a text of at most [`MAX_WHOLE`] bytes; there is no keyword.
    Whole {
        /// The expression.
        pattern: Str,
    },
    /// The keyword is part of a name; the secret is the value assigned to it.
    Assignment,
}

/// A check, as a rule uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckUse {
    /// The predicate.
    pub check: Check,
    /// The effect of its failure.
    pub on_fail: OnFail,
}

/// The number of bytes before the start and after the end of a keyword that can influence what a rule says about it.
///
/// Everything that a rule looks at (its match, the bytes touching it, the words of its line) is inside. This is what
/// lets a sweep judge only what changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reach {
    /// The number of bytes before the keyword's first byte.
    pub before: u32,
    /// The number of bytes after the keyword's last byte.
    pub after: u32,
}

impl Reach {
    /// Returns a reach of this many bytes on either side.
    #[must_use]
    pub fn of(before: usize, after: usize) -> Self {
        let bytes = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Self { before: bytes(before), after: bytes(after) }
    }

    /// Returns the larger of two reaches, on either side.
    #[must_use]
    pub fn further(self, other: Self) -> Self {
        Self { before: self.before.max(other.before), after: self.after.max(other.after) }
    }

    /// Returns the reach with the context added on either side.
    #[must_use]
    pub fn with_context(self) -> Self {
        Self { before: self.before + compile::CONTEXT, after: self.after + compile::CONTEXT }
    }
}

/// The advice about a kind of secret.
#[derive(Debug, Clone)]
pub struct Remediation {
    /// The kebab-case id.
    pub id: Str,
    /// The damage that an attacker can do.
    pub impact: Str,
    /// The steps that make the value useless.
    pub revoke: List<Step>,
    /// The steps that put a new value in place.
    pub rotate: List<Step>,
    /// The versions of the tools that accepted the commands, and the date; empty if there are no commands of such
    /// tools.
    pub checked: Str,
    /// The way to see that the old value is dead.
    pub verify: Step,
    /// The place to look for misuse.
    pub audit: Step,
    /// The mechanism that needs no long-lived secret, or that keeps it safe.
    pub prevent: Str,
    /// The steps that let a workflow sign in without the secret; may be empty.
    pub federate: List<Step>,
    /// The texts that show that a workflow signs in with the secret.
    pub workflow: List<Str>,
    /// The harm that the obvious command does; may be empty.
    pub caution: Str,
    /// The provider's page with instructions; if empty, the first reference of the rule.
    pub docs: Str,
}

/// A step of a remediation.
#[derive(Debug, Clone)]
pub struct Step {
    /// The action.
    pub action: Str,
    /// The command, with `{field}` placeholders; may be empty.
    pub run: Str,
}

/// An identifier that completes commands.
#[derive(Debug, Clone)]
pub struct Field {
    /// The `lower_snake` name.
    pub name: Str,
    /// The way in which a user finds the value.
    pub hint: Str,
    /// The expressions with a group `value`, which find the field's value in the text around a secret.
    pub patterns: List<Str>,
    /// `true` if commands show the value even if a rule reports it.
    pub shown: bool,
    /// The check that reads further identifiers from the value.
    pub check: Option<Check>,
}
