//! Findings that don't count because they were allowed: in a comment next to the value, in the configuration, in the
//! baseline. This module decides from its arguments; it reads no file and changes no verdict by itself.
//!
//! Nothing is allowed by its place alone: a comment or an entry for one value does not cover the next one there.

pub mod baseline;
pub mod comment;
pub mod entry;
pub mod foreign;
pub mod syntax;

use rayon::prelude::*;

use crate::finding::suppression::{Author, By, Comment, Flaw, Status, Suppression};
use crate::finding::{Finding, Occurrence};
use crate::threads;

pub use baseline::{Baseline, Key};
pub use comment::Tool;
pub use entry::Entry;

/// All suppressions that are recorded in one state of a repository.
#[derive(Debug, Clone, Default)]
pub struct Suppressions {
    /// The entries of the configuration.
    pub entries: Vec<Entry>,
    /// The baseline.
    pub baseline: Baseline,
}

/// The policy on comments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Comments {
    /// Comments count.
    #[default]
    Honoured,
    /// Comments next to a new value come with it, so they need somebody else's approval first.
    Proposed,
    /// Comments do not count.
    Ignored,
}

/// The suppressions and rules by which findings are allowed.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// The suppressions in force.
    pub accepted: Suppressions,
    /// The suppressions that the scanned change would add.
    pub proposed: Suppressions,
    /// The policy on comments.
    pub comments: Comments,
    /// Other tools whose comments count too.
    pub foreign: Vec<Tool>,
    /// Today's date, `2026-01-31`.
    pub today: String,
}

/// The facts about a comment and its place that decide whether the comment counts.
pub struct Surroundings<'s> {
    /// Returns `true` if the comment was there before the value was added.
    pub is_older: &'s dyn Fn(&Occurrence, &Comment) -> bool,
    /// Returns `true` if a place is in the past, where nobody can add a comment.
    pub is_past: &'s dyn Fn(&Occurrence) -> bool,
}

impl Policy {
    /// Returns a policy that allows nothing.
    pub fn strict() -> Self {
        Self { comments: Comments::Ignored, ..Self::default() }
    }

    /// Returns the entries of the baseline for each of the findings.
    pub fn known(&self, findings: &[Finding]) -> Vec<Vec<Key>> {
        // A hash that makes guessing expensive is itself expensive.
        let keys = |finding: &Finding| self.accepted.baseline.keys_of(&finding.secret, finding.issued);
        threads::on_all(|| findings.par_iter().map(keys).collect())
    }

    /// Returns the suppression of a finding, with its status; `None` if there is none. `known` holds the finding's
    /// entries in the baseline. Comments come before entries, and those before the baseline.
    pub fn judge(&self, finding: &Finding, known: &[Key], surroundings: &Surroundings<'_>) -> Option<Suppression> {
        let places: Vec<(&Occurrence, Option<Suppression>)> =
            finding.occurrences.iter().map(|one| (one, self.at(finding, one, surroundings))).collect();
        let first = |status| places.iter().find_map(|(_, one)| one.clone().filter(|one| one.status == status));
        // Places where no comment can be written follow the existing comments.
        let has_comment = |accepted: &[Status]| {
            let is_one = |one: &Suppression| matches!(one.by, By::Comment { .. }) && accepted.contains(&one.status);
            places.iter().any(|(_, allowance)| allowance.as_ref().is_some_and(is_one))
        };
        let is_covered = |accepted: &[Status]| {
            let covers_past = has_comment(accepted);
            places.iter().all(|(place, allowance)| {
                allowance.as_ref().is_some_and(|one| accepted.contains(&one.status))
                    || covers_past && (surroundings.is_past)(place)
            })
        };
        if is_covered(&[Status::Accepted]) {
            return first(Status::Accepted);
        }
        if let Some(key) = known.first() {
            let reason = self.accepted.baseline.remark(key).map(|remark| remark.text.clone()).unwrap_or_default();
            return Some(Suppression { by: By::Baseline, status: Status::Accepted, reason });
        }
        if is_covered(&[Status::Accepted, Status::NeedsApproval]) {
            return first(Status::NeedsApproval);
        }
        if !self.proposed.baseline.keys_of(&finding.secret, finding.issued).is_empty() {
            return Some(Suppression { by: By::Baseline, status: Status::NeedsApproval, reason: String::new() });
        }
        let incomplete = |one: Suppression| Suppression { status: Status::Void(Flaw::NotEverywhere), ..one };
        let partly = first(Status::Accepted).or_else(|| first(Status::NeedsApproval)).map(incomplete);
        partly.or_else(|| places.into_iter().find_map(|(_, allowance)| allowance))
    }

    /// Returns the suppression of one place.
    fn at(&self, finding: &Finding, place: &Occurrence, surroundings: &Surroundings<'_>) -> Option<Suppression> {
        let comment = place.comment.as_deref().filter(|_| self.comments != Comments::Ignored);
        let comment = comment.map(|comment| self.comment(finding, place, comment, surroundings));
        let entries = |list: &[Entry], status| {
            let about = list.iter().filter(|entry| entry.is_about(finding, place));
            let matching = about.map(|entry| self.entry(entry, status));
            matching.min_by_key(|one| matches!(one.status, Status::Void(_)))
        };
        let accepted = entries(&self.accepted.entries, Status::Accepted);
        let proposed = entries(&self.proposed.entries, Status::NeedsApproval);
        let allowance = [comment, accepted, proposed].into_iter().flatten();
        allowance.min_by_key(|one| match one.status {
            Status::Accepted => 0,
            Status::NeedsApproval => 1,
            Status::Void(_) => 2,
        })
    }

    fn comment(
        &self,
        finding: &Finding,
        place: &Occurrence,
        comment: &Comment,
        surroundings: &Surroundings<'_>,
    ) -> Suppression {
        let is_other_rule = !comment.rules.is_empty() && !comment.rules.iter().any(|rule| *rule == *finding.rule);
        let is_bound = !comment.ids.is_empty();
        let is_other_id = is_bound && !comment.ids.iter().any(|id| id == finding.id.as_str());
        let uncounted = match comment.author {
            Author::Keysweep => None,
            Author::Other(tool) => Some(tool).filter(|tool| !self.foreign.contains(tool)),
        };
        let status = if let Some(tool) = uncounted {
            Status::Void(Flaw::OfOtherTool(tool))
        } else if is_other_rule {
            Status::Void(Flaw::OtherRule)
        } else if comment.reason.is_empty() {
            Status::Void(Flaw::NoReason)
        } else if is_other_id || !is_bound && (surroundings.is_older)(place, comment) {
            Status::Void(Flaw::OtherValue)
        } else if self.comments == Comments::Proposed {
            Status::NeedsApproval
        } else {
            Status::Accepted
        };
        Suppression { by: By::Comment { line: comment.line }, status, reason: comment.reason.clone() }
    }

    fn entry(&self, entry: &Entry, status: Status) -> Suppression {
        let status = if entry.is_over(&self.today) { Status::Void(Flaw::Expired) } else { status };
        Suppression {
            by: entry.line.map_or(By::Exclude, |line| By::Entry { line }),
            status,
            reason: entry.def.reason.clone(),
        }
    }

    /// Returns the entries that are valid but match none of these findings.
    pub fn unused<'f>(&self, findings: impl Iterator<Item = &'f Finding> + Clone) -> impl Iterator<Item = &Entry> {
        let is_used = move |entry: &Entry| {
            findings.clone().any(|finding| finding.occurrences.iter().any(|place| entry.is_about(finding, place)))
        };
        self.accepted.entries.iter().filter(move |entry| !entry.is_over(&self.today) && !is_used(entry))
    }

    /// Returns the entries that have expired.
    pub fn expired(&self) -> impl Iterator<Item = &Entry> {
        self.accepted.entries.iter().filter(|entry| entry.is_over(&self.today))
    }
}
