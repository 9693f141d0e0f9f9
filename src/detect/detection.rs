//! The output of the detector: candidates, detections, and why a candidate is rejected.

use super::ledger::Ledger;
use crate::finding::{Evidence, Fact, Secret};
use crate::rule::{Confidence, List, Severity, Str};
use crate::text::Span;

/// A secret found at one place of a text.
#[derive(Debug, Clone)]
pub struct Detection {
    /// The position of the rule in the rule set.
    pub rule: usize,
    /// The place of the value in the text; for decoded values, that of the bytes it was decoded from.
    pub span: Span,
    /// The value, decoded.
    pub secret: Secret,
    /// The confidence in the detection.
    pub confidence: Confidence,
    /// The severity, adjusted to what the value itself shows (an encrypted key is of little use).
    pub severity: Severity,
    /// The evidence that the value is a secret.
    pub evidence: Vec<Evidence>,
    /// The facts that the value reveals, which are not secret.
    pub facts: Vec<Fact>,
    /// The way in which the value is written.
    pub form: Form,
    /// The number of layers of encoding around the value.
    pub depth: usize,
    /// The effect on other detections of the same bytes.
    pub claim: Claim,
    /// The ledger that the confidence comes from, if the value was judged by its name.
    pub ledger: Ledger,
    /// The names of the files in which the value is a secret; empty if it is one in any file.
    pub files: List<Str>,
}

/// The effect of one rule's verdict on other rules' detections of the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// No effect.
    Open,
    /// The check digits fit, which doesn't happen by chance: the doubts of other rules don't count.
    Proven,
    /// The check digits don't fit: the value is altered or invented, so no other rule reports it with more than low
    /// confidence.
    Altered,
    /// The rule settles what the value is, for example that it may be public: no other rule reports it as more than
    /// that.
    Settled,
    /// The rule that knows the value's form rejects it as altered or as a sample, so no other rule reports it. The
    /// detection is kept until overlaps are resolved, and never leaves the detector.
    Refused(Rejection),
}

/// The way in which a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// A value of a fixed form, which is recognised without an assignment.
    Token,
    /// A value that is assigned in quotes.
    Quoted,
    /// A value that is assigned without quotes: a literal in some languages, an expression in others.
    Bare,
    /// A value that is assigned without quotes in a comment of a program, or in a multi-line string in it, so it isn't
    /// an expression of the program's language.
    Noted,
}

impl Form {
    /// Returns `true` if the value is not quoted.
    pub fn is_unquoted(self) -> bool {
        matches!(self, Self::Bare | Self::Noted)
    }
}

/// A match that has not been judged yet.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The position of the rule in the rule set.
    pub rule: usize,
    /// The keyword that led to the value.
    pub keyword: Span,
    /// The value.
    pub secret: Span,
    /// The name that the value is assigned to.
    pub name: Option<Span>,
    /// The way in which the value is written.
    pub form: Form,
}

/// The reason why a candidate was dropped. Every reason has a description that `explain` can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// A byte of the rule's alphabet touches the value, so it is part of a longer word.
    Boundary,
    /// A published value that is known not to be a secret.
    Published,
    /// A sample, mask, sequence or reference; the text says which.
    Placeholder(&'static str),
    /// A check of a confirmed format failed; the text says what did not fit.
    Check(&'static str),
    /// The check digits of a confirmed format don't fit; the text says which.
    Altered(&'static str),
    /// The value is too regular for its alphabet and length.
    Entropy,
    /// The value reads like words.
    Words,
    /// The name that the value is assigned to doesn't suggest a secret.
    Name,
    /// The value has a shape that secrets don't have; the text says which.
    Shape(&'static str),
    /// The word before the value says that it is a hash or an id.
    Context,
    /// Too little suggests a secret, or too much speaks against it.
    Doubts(Ledger),
    /// The surroundings show that the value gives access to nothing; the text says how.
    Around(&'static str),
}

impl Rejection {
    /// Returns `true` if the reason is in the surroundings of an assigned value, beyond the reach in which the value
    /// was searched for.
    pub fn is_for_surroundings(self) -> bool {
        matches!(self, Self::Around(_))
    }

    /// Returns the reason as a phrase.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Boundary => "part of a longer word",
            Self::Published => "a published value",
            Self::Placeholder(reason)
            | Self::Check(reason)
            | Self::Altered(reason)
            | Self::Shape(reason)
            | Self::Around(reason) => reason,
            Self::Entropy => "too regular for an issued value",
            Self::Words => "reads like words",
            Self::Name => "its name does not suggest a secret",
            Self::Doubts(_) => "the evidence is too weak",
            Self::Context => "its name suggests a hash or an identifier",
        }
    }
}
