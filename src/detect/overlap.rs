//! Which of several detections over the same bytes wins: one place, one finding.
//!
//! A value whose check digits do not fit is altered or invented, and one that its issuer publishes is a sample, whatever name
//! it is assigned to: where the rule that knows the form has found that out, no other rule reports the same bytes as more.
//! Nor does one where a rule settles what a value is, such as a key that its issuer means to be public.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{Claim, Detection};
use crate::rule_set::RuleSet;
use crate::text::Span;

/// Keeps, of detections that overlap, the most specific one; the result is in order of place.
pub fn resolve(mut found: Vec<Detection>, rules: &RuleSet) -> Vec<Detection> {
    let harmless = harmless(&found);
    found.retain(|detection| match detection.claim {
        Claim::Proven | Claim::Altered | Claim::Settled => true,
        Claim::Refused(_) => false,
        Claim::Open => !mostly_within(detection.span, &harmless),
    });
    // In an order that depends on nothing but the detections: they come in another one where a text was judged by its edits.
    found.sort_by(|a, b| {
        let key = |one: &Detection| (Reverse(rank(one, rules)), one.span, one.rule, Reverse(one.facts.len()));
        key(a).cmp(&key(b)).then_with(|| (&a.facts, &a.evidence, &a.secret).cmp(&(&b.facts, &b.evidence, &b.secret)))
    });
    let mut taken: BTreeMap<usize, Span> = BTreeMap::new();
    found.retain(|detection| {
        let before = taken.range(..detection.span.end).next_back();
        let free = before.is_none_or(|(_, span)| !span.overlaps(detection.span));
        if free {
            taken.insert(detection.span.start, detection.span);
        }
        free
    });
    found.sort_by_key(|detection| detection.span);
    found
}

/// The bytes of values that are altered, samples or settled, in order and apart from each other.
fn harmless(found: &[Detection]) -> Vec<Span> {
    let known = |detection: &&Detection| matches!(detection.claim, Claim::Altered | Claim::Settled | Claim::Refused(_));
    let mut spans: Vec<Span> = found.iter().filter(known).map(|detection| detection.span).collect();
    spans.sort_unstable();
    spans.dedup_by(|next, last| {
        let joined = next.start <= last.end;
        last.end = if joined { last.end.max(next.end) } else { last.end };
        joined
    });
    spans
}

/// Whether at least half of a span lies in those given: a value that merely holds an altered one is another value.
fn mostly_within(span: Span, spans: &[Span]) -> bool {
    let first = spans.partition_point(|other| other.end <= span.start);
    let near = spans[first..].iter().take_while(|other| other.start < span.end);
    let shared: usize = near.map(|other| other.end.min(span.end) - other.start.max(span.start)).sum();
    shared > 0 && shared * 2 >= span.len()
}

/// The surer wins; then the more specific rule, plain text over decoded, more bytes.
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
    use crate::rule::{Confidence, Severity};

    /// Of two that differ only in what else was seen, one that saw more stays, whichever comes first.
    #[test]
    fn the_order_they_come_in_does_not_matter() {
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
        };
        let seen = Fact { field: "host".to_owned(), value: "a.example".to_owned() };
        let all = [one("token", vec![]), one("access-token", vec![seen.clone()]), one("b-token", vec![seen])];
        let rules = RuleSet::builtin();
        for turn in 0..all.len() {
            let mut found = all.to_vec();
            found.rotate_left(turn);
            let kept = resolve(found, &rules);
            assert_eq!(kept.len(), 1);
            assert_eq!(kept[0].evidence, all[1].evidence);
        }
    }
}
