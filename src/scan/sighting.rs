//! A sighting: one detection at one place, before the sightings of one secret are grouped.

use std::cmp::Ordering;

use bstr::BString;

use crate::detect::Detection;
use crate::detect::context::path;
use crate::finding::{ContentKind, Occurrence, Secret, join_member};
use crate::git::ObjectId;
use crate::remediation::git_dir;
#[cfg(test)]
use crate::{
    detect::{Claim, Form},
    rule::{Confidence, List, Severity},
    text::{Place, Span},
};

/// One detection at one place, before grouping.
#[derive(Debug, Clone)]
pub(super) struct Sighting {
    pub(super) detection: Detection,
    pub(super) occurrence: Occurrence,
    pub(super) blob: Option<ObjectId>,
    pub(super) commit: Option<ObjectId>,
    pub(super) tag: Option<ObjectId>,
    /// The sort key for age: older occurrences come first.
    pub(super) order: usize,
    /// The bytes that the secret was decoded from, if it was encoded.
    pub(super) raw: Option<Secret>,
}

impl Sighting {
    /// Returns the sighting under a path, which may raise or lower its confidence; `None` if the path rules it out.
    pub(super) fn under(&self, path: &BString) -> Option<Self> {
        let whole = join_member(path.as_ref(), self.occurrence.member.as_ref());
        let mut one = Self { detection: path::apply(&whole, self.detection.clone()).ok()?, ..self.clone() };
        one.occurrence.path = path.clone();
        Some(one)
    }

    /// Returns `true` if the secret is in leftovers of a commit that was never made: content that no commit, ref or
    /// index gives a path, or the draft of a message.
    pub(super) fn is_left(&self) -> bool {
        let place = &self.occurrence;
        let is_content = matches!(place.kind, ContentKind::File | ContentKind::ArchiveMember);
        let is_nameless = is_content && self.blob.is_some() && place.path.is_empty();
        self.commit.is_none() && self.tag.is_none() && (is_nameless || git_dir::is_draft(place))
    }

    /// Returns a sighting of a secret in a file without a name.
    #[cfg(test)]
    pub(super) fn sample(secret: &str) -> Self {
        let place = Place { line: 1, column: 1 };
        let detection = Detection {
            rule: 0,
            span: Span::new(0, secret.len()),
            secret: Secret::new(secret),
            confidence: Confidence::High,
            severity: Severity::High,
            evidence: Vec::new(),
            facts: Vec::new(),
            form: Form::Token,
            depth: 0,
            claim: Claim::Open,
            ledger: crate::detect::ledger::Ledger::default(),
            files: List::default(),
        };
        let occurrence = Occurrence {
            kind: ContentKind::File,
            path: BString::default(),
            member: BString::default(),
            start: place,
            end: place,
            blob: None,
            commit: None,
            author_time: None,
            held: Vec::new(),
            excerpt: None,
            comment: None,
            web: None,
            image: None,
            agent: None,
        };
        Self { detection, occurrence, blob: None, commit: None, tag: None, order: 0, raw: None }
    }

    /// Compares by age, oldest first; within one commit by place, and at one place by rule.
    pub(super) fn by_age(&self, other: &Self) -> Ordering {
        let (a, b) = (&self.occurrence, &other.occurrence);
        let place = (&a.commit, &a.path, &a.member, a.start, a.end, a.kind, &a.blob);
        let age = self.order.cmp(&other.order);
        age.then_with(|| place.cmp(&(&b.commit, &b.path, &b.member, b.start, b.end, b.kind, &b.blob)))
            .then_with(|| self.detection.rule.cmp(&other.detection.rule))
    }
}
