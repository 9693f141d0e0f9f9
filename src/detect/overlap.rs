//! Chooses between detections of the same bytes: one place, one finding.
//!
//! A value whose check digits don't fit is altered or invented, and one that its issuer publishes is a sample, whatever
//! name it is assigned to: if the rule that knows the form has found that out, no other rule reports the same bytes as
//! more. The same holds if a rule settles what a value is, such as a key that its issuer means to be public.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{Claim, Detection};
use crate::rule::Confidence;
use crate::rule_set::RuleSet;
use crate::text::Span;

/// Keeps the most specific of the detections that overlap, and those that count only in files of certain names; returns
/// them in order of place.
pub fn resolve(mut found: Vec<Detection>, rules: &RuleSet) -> Vec<Detection> {
    let harmless = harmless(&found);
    found.retain(|detection| match detection.claim {
        Claim::Proven | Claim::Altered | Claim::Settled => true,
        Claim::Refused(_) => false,
        Claim::Open => !mostly_within(detection.span, &harmless),
    });
    // The sort order depends on nothing but the detections, as they arrive in another order if a text was judged by its
    // edits.
    found.sort_by(|a, b| {
        let key = |one: &Detection| (Reverse(rank(one, rules)), one.span, one.rule, Reverse(one.facts.len()));
        key(a)
            .cmp(&key(b))
            .then_with(|| (&a.facts, &a.evidence, &a.secret).cmp(&(&b.facts, &b.evidence, &b.secret)))
            // A line of wrapped base64 is also read by itself, which shows less of the surroundings of a value.
            .then_with(|| b.form.cmp(&a.form))
    });
    let (mut of_names, mut found): (Vec<_>, Vec<_>) = found.into_iter().partition(|one| !one.files.is_empty());
    let (mut taken, mut sure) = (Apart::default(), Apart::default());
    found.retain(|detection| taken.take(detection.span));
    for detection in found.iter().filter(|detection| detection.confidence >= Confidence::Medium) {
        sure.take(detection.span);
    }
    // Detections that depend on the name of the file are kept next to low-confidence ones, and next to each other:
    // which one is reported is decided where the name is known.
    let mut by_rule: BTreeMap<usize, Apart> = BTreeMap::new();
    of_names.retain(|one| sure.is_free(one.span) && by_rule.entry(one.rule).or_default().take(one.span));
    found.append(&mut of_names);
    found.sort_by_key(|detection| detection.span);
    found
}

/// Spans that don't overlap, by their start.
#[derive(Debug, Default)]
struct Apart(BTreeMap<usize, Span>);

impl Apart {
    fn is_free(&self, span: Span) -> bool {
        self.0.range(..span.end).next_back().is_none_or(|(_, before)| !before.overlaps(span))
    }

    /// Adds a span if it overlaps none, and returns `true` if it was added.
    fn take(&mut self, span: Span) -> bool {
        let free = self.is_free(span);
        if free {
            self.0.insert(span.start, span);
        }
        free
    }
}

/// Returns the spans of values that are altered, samples or settled, in order and disjoint.
fn harmless(found: &[Detection]) -> Vec<Span> {
    let known = |detection: &&Detection| {
        detection.files.is_empty() && matches!(detection.claim, Claim::Altered | Claim::Settled | Claim::Refused(_))
    };
    let mut spans: Vec<Span> = found.iter().filter(known).map(|detection| detection.span).collect();
    spans.sort_unstable();
    spans.dedup_by(|next, last| {
        let joined = next.start <= last.end;
        last.end = if joined { last.end.max(next.end) } else { last.end };
        joined
    });
    spans
}

/// Returns `true` if at least half of a span lies in `spans`: a value that merely contains an altered one is another
/// value.
fn mostly_within(span: Span, spans: &[Span]) -> bool {
    let first = spans.partition_point(|other| other.end <= span.start);
    let near = spans[first..].iter().take_while(|other| other.start < span.end);
    let shared: usize = near.map(|other| other.end.min(span.end) - other.start.max(span.start)).sum();
    shared > 0 && shared * 2 >= span.len()
}

/// Returns the rank of a detection: the higher confidence wins; then the more specific rule, plain text over decoded,
/// more bytes.
fn rank(detection: &Detection, rules: &RuleSet) -> (u8, u8, Reverse<usize>, usize) {
    (
        detection.confidence as u8,
        rules.rules[detection.rule].specificity(),
        Reverse(detection.depth),
        detection.span.len(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Form;
    use crate::detect::ledger::Ledger;
    use crate::finding::{Evidence, Fact, Secret};
    use crate::rule::{List, Severity, Str};

    /// If two detections differ only in their facts and evidence, the one with more stays, whichever comes first.
    #[test]
    fn the_order_of_detections_does_not_matter() {
        let one = |name: &str, facts: Vec<Fact>| Detection {
            rule: 0,
            span: Span::new(10, 30),
            secret: Secret::new(b"x".repeat(20)),
            confidence: Confidence::Medium,
            severity: Severity::High,
            evidence: vec![Evidence::Named(name.to_owned())],
            facts,
            form: Form::Bare,
            depth: 1,
            claim: Claim::Open,
            ledger: Ledger::default(),
            files: List::default(),
        };
        let seen = Fact { field: "host".to_owned(), value: "a.example".to_owned() };
        let noted = Detection { form: Form::Noted, ..one("access-token", vec![seen.clone()]) };
        let all = [one("token", vec![]), one("access-token", vec![seen.clone()]), noted, one("b-token", vec![seen])];
        let rules = RuleSet::builtin();
        for turn in 0..all.len() {
            let mut found = all.to_vec();
            found.rotate_left(turn);
            let kept = resolve(found, &rules);
            assert_eq!(kept.len(), 1);
            assert_eq!((&kept[0].evidence, kept[0].form), (&all[1].evidence, Form::Noted));
        }
    }

    fn detection(rule: usize, confidence: Confidence, files: &[&'static str]) -> Detection {
        Detection {
            rule,
            span: Span::new(10, 30),
            secret: Secret::new(b"x".repeat(20)),
            confidence,
            severity: Severity::High,
            evidence: Vec::new(),
            facts: Vec::new(),
            form: Form::Quoted,
            depth: 0,
            claim: Claim::Open,
            ledger: Ledger::default(),
            files: files.iter().map(|name| Str::Borrowed(*name)).collect(),
        }
    }

    /// Returns the rules of the detections that are kept.
    fn kept(found: Vec<Detection>) -> Vec<usize> {
        resolve(found, &RuleSet::builtin()).iter().map(|one| one.rule).collect()
    }

    #[test]
    fn file_dependent_detections_are_kept_along_with_doubtful_ones() {
        use Confidence::{High, Low, Medium};
        let (one, other) = (detection(1, High, &["a.key"]), detection(2, Medium, &["b.key"]));
        assert_eq!(kept(vec![detection(3, Low, &[]), one.clone(), other.clone(), one.clone()]), [3, 1, 2]);
        assert_eq!(kept(vec![one.clone(), other, detection(3, Medium, &[])]), [3]);
        let refused = Claim::Refused(crate::detect::Rejection::Published);
        assert_eq!(kept(vec![detection(3, Medium, &[]), Detection { claim: refused, ..one }]), [3]);
    }
}
