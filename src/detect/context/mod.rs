//! The effect of the surroundings on a detection that was accepted: the name of its file, the date, the identifiers near it.
//!
//! They judge after the detector does, because they change where the bytes do not: a blob has many names, and is read on many
//! days. Whoever has found where a text lies asks here, and only loads what is asked for.

pub mod companion;
pub mod expiry;
pub mod path;

use super::{Detection, Detector};
use crate::finding::{Evidence, Fact, Secret};
use crate::rule::Confidence;

/// The facts about a text besides its bytes.
#[derive(Debug, Clone, Copy)]
pub struct Context<'c> {
    /// The path of its file; empty if none is known.
    pub path: &'c [u8],
    /// When it is judged, in seconds since 1970.
    pub now: u64,
    /// The least confidence that is reported.
    pub min_confidence: Confidence,
}

/// Judges a detection in `text` by all that surrounds it; `None` if it is no secret in that file.
pub fn apply(detector: &Detector, text: &[u8], context: &Context<'_>, detection: Detection) -> Option<Detection> {
    let detection = path::apply(context.path, detection).ok()?;
    let mut detection = expiry::apply(context.now, detection);
    if !companions_wait(&detection, context.min_confidence) {
        let companions = detector.companions(text, &detection);
        let of_rule = detector.rule(&detection).confidence;
        support(detector, &mut detection, companions, of_rule);
    }
    Some(detection)
}

/// `true` if the identifiers near a detection are looked for only once its secret is reported for the sake of another place.
/// They raise no low confidence, which only the name of another file may, and cost more than finding a value does: lists of digests hold thousands of such values.
pub fn companions_wait(detection: &Detection, min_confidence: Confidence) -> bool {
    detection.confidence == Confidence::Low && min_confidence > Confidence::Low && !detection.ledger.may_rise()
}

/// The identifiers near a detection for which they had to wait, if `text` is the one that it was made in: if what was
/// detected, encoded or not, is at its place there.
pub fn late_companions(detector: &Detector, text: &[u8], detection: &Detection, written: &Secret) -> Option<Vec<Fact>> {
    let there = text.get(detection.span.start..detection.span.end);
    (there == Some(written.reveal())).then(|| detector.companions(text, detection))
}

/// Adds identifiers, and what they say themselves; of several for one field the first one counts.
pub fn add_facts(detector: &Detector, facts: &mut Vec<Fact>, more: impl IntoIterator<Item = Fact>) {
    let more: Vec<Fact> = more.into_iter().collect();
    let said = detector.said_by(&more);
    for fact in more.into_iter().chain(said) {
        if !facts.iter().any(|have| have.field == fact.field) {
            facts.push(fact);
        }
    }
}

/// Identifiers of the same credential nearby make up for a check that did not fit: the confidence is what the rule has for
/// a match that fits.
fn support(detector: &Detector, detection: &mut Detection, companions: Vec<Fact>, of_rule: Confidence) {
    if companions.is_empty() {
        return;
    }
    detection.evidence.push(Evidence::Companions(companions.len()));
    if detection.confidence == Confidence::Medium && of_rule == Confidence::High {
        detection.confidence = Confidence::High;
    }
    add_facts(detector, &mut detection.facts, companions);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::ledger::Ledger;
    use crate::detect::{Claim, Form};
    use crate::rule::{List, Severity};
    use crate::rule_set::RuleSet;
    use crate::text::Span;

    fn fact(field: &str, value: &str) -> Fact {
        Fact { field: field.to_owned(), value: value.to_owned() }
    }

    fn detection(confidence: Confidence) -> Detection {
        Detection {
            rule: 0,
            span: Span::new(4, 9),
            secret: Secret::new(b"value"),
            confidence,
            severity: Severity::High,
            evidence: Vec::new(),
            facts: vec![fact("account", "of the value")],
            form: Form::Token,
            depth: 0,
            claim: Claim::Open,
            ledger: Ledger::default(),
            files: List::default(),
        }
    }

    #[test]
    fn companions_raise_a_medium_confidence_to_that_of_the_rule_and_no_other() {
        use Confidence::{High, Low, Medium};
        let detector = Detector::new(RuleSet::builtin());
        for (before, of_rule, after) in
            [(Medium, High, High), (Medium, Medium, Medium), (Low, High, Low), (High, Medium, High)]
        {
            let mut one = detection(before);
            support(&detector, &mut one, vec![fact("account", "nearby"), fact("tenant", "nearby")], of_rule);
            assert_eq!(one.confidence, after, "{before:?} under a rule of {of_rule:?}");
            assert_eq!(one.evidence, [Evidence::Companions(2)]);
            // What the value itself says counts more than what is near it.
            assert_eq!(one.facts, [fact("account", "of the value"), fact("tenant", "nearby")]);
        }
        let mut alone = detection(Medium);
        support(&detector, &mut alone, Vec::new(), High);
        assert_eq!((alone.confidence, alone.evidence), (Medium, Vec::new()));
    }

    #[test]
    fn companions_wait_only_for_what_is_not_reported_by_itself() {
        use Confidence::{High, Low, Medium};
        let waits = |own, least| companions_wait(&detection(own), least);
        assert!(waits(Low, Medium) && waits(Low, High));
        // A medium one may become high by them, so they are needed to say whether it is reported.
        assert!(!waits(Low, Low) && !waits(Medium, High) && !waits(High, High));
    }
}
