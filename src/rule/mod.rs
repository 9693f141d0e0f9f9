//! Rules: what a secret looks like, how sure a match is, and what to do about it.
//!
//! Owns the compiled, validated form ([`Rule`]), its file format ([`mod@file`]), the requests that ask about secrets
//! ([`mod@live`]) and the compiler between the two ([`mod@compile`]). Which rules are in force is said by `rule_set`.
//! Matching is the business of `detect`; filling in a remediation is the business of `remediation`.
//!
//! The built-in rules are compiled by `build.rs` into constants, so that start-up parses nothing. For that reason
//! every piece of text is a [`Str`], borrowed for built-in rules and owned for a user's.

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

/// Text of a rule: `'static` for built-in rules, owned for a user's.
pub type Str = Cow<'static, str>;
/// A list of a rule: `'static` for built-in rules, owned for a user's.
pub type List<T> = Cow<'static, [T]>;

/// How bad the leak of a secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Little can be done with it.
    Low,
    /// Limited access.
    Medium,
    /// Access to data or money.
    High,
    /// Control of an account, an organisation or a cloud.
    Critical,
}

/// How sure a detection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Looks like one, but a check speaks against it or nothing speaks for it.
    Low,
    /// Stands in a place named for a secret and looks issued.
    Medium,
    /// A vendor's format or the secret's own structure says so.
    High,
}

impl Severity {
    /// One step less severe; low stays low.
    #[must_use]
    pub fn lowered(self) -> Self {
        match self {
            Self::Low | Self::Medium => Self::Low,
            Self::High => Self::Medium,
            Self::Critical => Self::High,
        }
    }

    /// The lower-case word used in every output.
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
    /// The lower-case word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// One rule, validated.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Stable kebab-case id.
    pub id: Str,
    /// The provider's name for the secret.
    pub name: Str,
    /// Who issues it.
    pub provider: Str,
    /// How bad a leak is.
    pub severity: Severity,
    /// How sure a match is when no check lowers it.
    pub confidence: Confidence,
    /// The literals of which one must be present before the pattern is tried.
    pub keywords: List<Keyword>,
    /// How a keyword becomes a candidate.
    pub matcher: Matcher,
    /// Names of the files that its secrets are in (see `detect::context::path`); none if they stand anywhere.
    pub files: List<Str>,
    /// It is for a place where any secret may stand (a URL, a header): a provider's own rule says more.
    pub place: bool,
    /// The rule settles what a value is: no other rule reports the same bytes as more.
    pub settles: bool,
    /// The bytes that may not touch the secret.
    pub boundary: Boundary,
    /// Offline checks, in order.
    pub checks: List<CheckUse>,
    /// `true` if statistics and placeholder words judge the value.
    pub statistics: bool,
    /// SHA-256 of published values that are no secrets.
    pub placeholders: List<[u8; 32]>,
    /// Names of fields looked for nearby.
    pub companions: List<Str>,
    /// Name of the field that the value itself is; may be empty.
    pub identifies: Str,
    /// Id of the remediation.
    pub remediation: Str,
    /// Literal text that every secret of this rule starts with; may be empty. Safe to print.
    pub prefix: Str,
    /// A literal that every match holds besides its keyword; may be empty. Sooner looked for than the expression is tried.
    pub needle: Str,
    /// The expression from its keyword on, where what is before has no fixed length; may be empty. Sooner tried than all.
    pub tail: Str,
    /// `true` if its match lies in the line of its keyword.
    pub in_line: bool,
    /// `true` if nothing is taken for its secret by chance, whatever is next to and inside: it is one text, or has check
    /// digits that are certain.
    pub unmistakable: bool,
    /// How far the rule looks around a keyword.
    pub reach: Reach,
    /// Where the format is documented.
    pub references: List<Str>,
}

impl Rule {
    /// How much a match says: a vendor's form more than a word nearby, that more than a place, that more than a name.
    pub fn specificity(&self) -> u8 {
        match self.matcher {
            Matcher::Assignment => 0,
            _ if self.place => 1,
            Matcher::After { .. } | Matcher::Whole { .. } => 2,
            Matcher::Around { .. } => 3,
        }
    }

    /// `true` if it knows the form of its secret, wherever that stands or after a word.
    pub fn is_of_provider(&self) -> bool {
        !self.place && !matches!(self.matcher, Matcher::Assignment)
    }

    /// How far it looks around a keyword to see whether anything there has its form: less far than to judge that.
    pub fn form_reach(&self) -> Reach {
        /// Bytes next to a value that say whether it stands free.
        const EDGE: u32 = 8;
        let Reach { before, after } = self.reach;
        match self.matcher {
            // The context is asked of a value that is believed.
            Matcher::Assignment => Reach { before: before - compile::CONTEXT, after: after - compile::CONTEXT },
            _ => Reach { before: before - compile::CONTEXT + EDGE, after: after - compile::CONTEXT + EDGE },
        }
    }
}

/// A literal of a rule and where in a match it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyword {
    /// The literal; lower case if `case` is [`Case::Any`].
    pub text: Str,
    /// How it is compared.
    pub case: Case,
    /// Where its rarest four bytes start.
    pub probe: u32,
    /// Fewest and most bytes of the match that precede it; `(0, 0)` for a prefix.
    pub offset: (u32, u32),
    /// The bytes that can come right before it, wherever a match contains it; as many as are known, at most [`MAX_BESIDE`].
    pub before: List<ByteSet>,
    /// The same of the bytes right behind it.
    pub after: List<ByteSet>,
}

/// Most bytes of a text that may be one secret as a whole.
pub const MAX_WHOLE: usize = 512;

/// Most bytes on either side of a keyword that are known of.
pub const MAX_BESIDE: usize = 8;

/// A set of bytes, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ByteSet(pub [u64; 4]);

impl ByteSet {
    /// `true` if it holds a byte.
    pub fn contains(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }

    /// The bytes it holds, in order.
    pub fn members(&self) -> impl Iterator<Item = u8> + '_ {
        [0u8, 64, 128, 192].into_iter().zip(self.0).flat_map(|(first, mut left)| {
            std::iter::from_fn(move || {
                let next = u8::try_from(left.trailing_zeros()).ok().filter(|bit| *bit < 64)?;
                left &= left - 1;
                Some(first + next)
            })
        })
    }

    /// Adds a byte.
    pub fn insert(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    /// Returns the union of both.
    #[must_use]
    pub fn or(self, other: &Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] | other.0[at]))
    }
}

/// How a keyword becomes a candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matcher {
    /// The match contains the keyword.
    Around {
        /// The expression.
        pattern: Str,
    },
    /// The match starts within so many bytes after the keyword.
    After {
        /// The expression.
        pattern: Str,
        /// Most bytes between the end of the keyword and the start of the match.
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

/// A check as a rule uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckUse {
    /// The predicate.
    pub check: Check,
    /// The effect of its failure.
    pub on_fail: OnFail,
}

/// How many bytes before the start and after the end of a keyword can influence what a rule says about it.
///
/// Everything a rule looks at (its match, the bytes touching it, the words of its line) lies inside. This is what lets
/// a sweep judge only what changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reach {
    /// Bytes before the keyword's first byte.
    pub before: u32,
    /// Bytes after the keyword's last byte.
    pub after: u32,
}

impl Reach {
    /// So many bytes on either side.
    #[must_use]
    pub fn of(before: usize, after: usize) -> Self {
        let bytes = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Self { before: bytes(before), after: bytes(after) }
    }

    /// The further of two on either side.
    #[must_use]
    pub fn further(self, other: Self) -> Self {
        Self { before: self.before.max(other.before), after: self.after.max(other.after) }
    }

    /// With what stands around it.
    #[must_use]
    pub fn with_context(self) -> Self {
        Self { before: self.before + compile::CONTEXT, after: self.after + compile::CONTEXT }
    }
}

/// The advice about a kind of secret.
#[derive(Debug, Clone)]
pub struct Remediation {
    /// Kebab-case id.
    pub id: Str,
    /// The damage an attacker can do.
    pub impact: Str,
    /// Steps that make the value useless.
    pub revoke: List<Step>,
    /// Steps that put a new value in place.
    pub rotate: List<Step>,
    /// The versions of the tools that accepted their commands, and the date; empty if there are none of such tools.
    pub checked: Str,
    /// How to see that the old value is dead.
    pub verify: Step,
    /// Where to look for misuse.
    pub audit: Step,
    /// The better mechanism.
    pub prevent: Str,
    /// Steps that let a workflow sign in without the secret; may be empty.
    pub federate: List<Step>,
    /// Texts that show that a workflow signs in with the secret.
    pub workflow: List<Str>,
    /// The harm that the obvious command does; may be empty.
    pub caution: Str,
    /// The provider's page; if empty, the first reference of the rule.
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
    /// `lower_snake` name.
    pub name: Str,
    /// How a person finds the value.
    pub hint: Str,
    /// Expressions with a group `value`, which find the field's value in the text around a secret.
    pub patterns: List<Str>,
    /// Shown in commands even where a rule reports it.
    pub shown: bool,
    /// A check that reads more identifiers out of the value.
    pub check: Option<Check>,
}
