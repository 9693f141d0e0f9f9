//! Chooses between detections of the same bytes: one place, one finding.
//!
//! A value whose check digits do not fit is altered or invented, and one that its issuer publishes is a sample, whatever name
//! it is assigned to: where the rule that knows the form has found that out, no other rule reports the same bytes as more.
//! Nor does one where a rule settles what a value is, such as a key that its issuer means to be public.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{Claim, Detection};
use crate::rule::Confidence;
use crate::rule_set::RuleSet;
use crate::text::Span;

/// Keeps, of detections that overlap, the most specific one, and those that hold in files of certain names only; the result is in order of place.
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
        key(a)
            .cmp(&key(b))
            .then_with(|| (&a.facts, &a.evidence, &a.secret).cmp(&(&b.facts, &b.evidence, &b.secret)))
            // A line of wrapped base64 is read by itself as well, and sees less of what is around a value.
            .then_with(|| b.form.cmp(&a.form))
    });
    let (mut of_names, mut found): (Vec<_>, Vec<_>) = found.into_iter().partition(|one| !one.files.is_empty());
    let (mut taken, mut sure) = (Apart::default(), Apart::default());
    found.retain(|detection| taken.take(detection.span));
    for detection in found.iter().filter(|detection| detection.confidence >= Confidence::Medium) {
        sure.take(detection.span);
    }
    // What depends on the name of the file is next to all that is doubted, and next to each other: which of them is told
    // shows only where the name is known.
    let mut by_rule: BTreeMap<usize, Apart> = BTreeMap::new();
    of_names.retain(|one| sure.is_free(one.span) && by_rule.entry(one.rule).or_default().take(one.span));
    found.append(&mut of_names);
    found.sort_by_key(|detection| detection.span);
    found
}

/// Spans that do not overlap, by where they start.
#[derive(Debug, Default)]
struct Apart(BTreeMap<usize, Span>);

impl Apart {
    fn is_free(&self, span: Span) -> bool {
        self.0.range(..span.end).next_back().is_none_or(|(_, before)| !before.overlaps(span))
    }

    /// Adds a span if it overlaps none; whether it did.
    fn take(&mut self, span: Span) -> bool {
        let free = self.is_free(span);
        if free {
            self.0.insert(span.start, span);
        }
        free
    }
}

/// The bytes of values that are altered, samples or settled, in order and apart from each other.
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

/// `true` if at least half of a span lies in those given: a value that merely holds an altered one is another value.
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
    use crate::rule::{List, Severity, Str};

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

    /// The rules of what is kept of these.
    fn kept(found: Vec<Detection>) -> Vec<usize> {
        resolve(found, &RuleSet::builtin()).iter().map(|one| one.rule).collect()
    }

    #[test]
    fn what_depends_on_the_name_of_the_file_stands_beside_what_is_doubted() {
        use Confidence::{High, Low, Medium};
        let (one, other) = (detection(1, High, &["a.key"]), detection(2, Medium, &["b.key"]));
        assert_eq!(kept(vec![detection(3, Low, &[]), one.clone(), other.clone(), one.clone()]), [3, 1, 2]);
        assert_eq!(kept(vec![one.clone(), other, detection(3, Medium, &[])]), [3]);
        let refused = Claim::Refused(crate::detect::Rejection::Published);
        assert_eq!(kept(vec![detection(3, Medium, &[]), Detection { claim: refused, ..one }]), [3]);
    }
}
