//! The output of the detector: candidates, detections, and why a candidate is rejected.

use super::ledger::Ledger;
use crate::finding::{Evidence, Fact, Secret};
use crate::rule::{Confidence, List, Severity, Str};
use crate::text::Span;

/// One secret at one place of a text.
#[derive(Debug, Clone)]
pub struct Detection {
    /// Position of the rule in the rule set.
    pub rule: usize,
    /// The place of the value in the text; for decoded values, that of the bytes it was decoded from.
    pub span: Span,
    /// The value, decoded.
    pub secret: Secret,
    /// How sure.
    pub confidence: Confidence,
    /// How bad, after what the value itself says (an encrypted key is of little use).
    pub severity: Severity,
    /// The evidence for it.
    pub evidence: Vec<Evidence>,
    /// The facts that the value reveals, which are not secret.
    pub facts: Vec<Fact>,
    /// How it was written.
    pub form: Form,
    /// Layers of encoding around it.
    pub depth: usize,
    /// Its effect on other detections of the same bytes.
    pub claim: Claim,
    /// The ledger behind its confidence, if it was judged by its name.
    pub ledger: Ledger,
    /// Names of the files that it is a secret in; none if it is one in any.
    pub files: List<Str>,
}

/// The effect of one rule's verdict on other rules' detections of the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// Nothing.
    Open,
    /// Check digits fit, which chance does not make them do: no other rule's doubts count.
    Proven,
    /// Check digits do not fit: altered or invented, so no other rule reports it as more than doubtful.
    Altered,
    /// The rule says all that there is to say, such as that everybody may have it: no other rule reports it as more.
    Settled,
    /// The rule that knows its form drops it as altered or as a sample, so no other rule reports it. It is kept until that
    /// is settled, and never leaves the detector.
    Refused(Rejection),
}

/// How a value was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// Of a fixed form: it needs no place to be recognised.
    Token,
    /// Assigned, in quotes.
    Quoted,
    /// Assigned, without quotes: a literal in some languages, an expression in others.
    Bare,
    /// Assigned without quotes in a comment of a program, or in a text of several lines that it holds: no expression of its
    /// language.
    Noted,
}

impl Form {
    /// `true` if it is not quoted.
    pub fn is_unquoted(self) -> bool {
        matches!(self, Self::Bare | Self::Noted)
    }
}

/// A match that has not been judged yet.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Position of the rule.
    pub rule: usize,
    /// The keyword that led here.
    pub keyword: Span,
    /// The value.
    pub secret: Span,
    /// The name it is assigned to.
    pub name: Option<Span>,
    /// How it was written.
    pub form: Form,
}

/// Why a candidate was dropped. Every reason has a name that `explain` can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// A byte of the rule's alphabet touches it: part of a longer word.
    Boundary,
    /// A published value that is known not to be a secret.
    Published,
    /// A sample, mask, sequence or reference; says which.
    Placeholder(&'static str),
    /// A check of a confirmed format failed; says what did not fit.
    Check(&'static str),
    /// Check digits of a confirmed format do not fit; says which.
    Altered(&'static str),
    /// Too regular for its alphabet and length.
    Entropy,
    /// Reads like words.
    Words,
    /// The name it is assigned to does not speak of a secret.
    Name,
    /// Of a shape that secrets do not have; says which.
    Shape(&'static str),
    /// The word before it says that it is a hash or an id.
    Context,
    /// Too little speaks for it, or too much against it.
    Doubts(Ledger),
    /// The surroundings show that it opens nothing; the text says how.
    Around(&'static str),
}

impl Rejection {
    /// `true` if it concerns the surroundings of an assigned value, beyond the reach in which the value was looked for.
    pub fn is_for_surroundings(self) -> bool {
        matches!(self, Self::Around(_))
    }

    /// The reason in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Boundary => "part of a longer word",
            Self::Published => "a published value",
            Self::Placeholder(what)
            | Self::Check(what)
            | Self::Altered(what)
            | Self::Shape(what)
            | Self::Around(what) => what,
            Self::Entropy => "too regular for an issued value",
            Self::Words => "reads like words",
            Self::Name => "its name does not suggest a secret",
            Self::Doubts(_) => "the evidence is too weak",
            Self::Context => "its name suggests a hash or an identifier",
        }
    }
}
