//! The effect of the surroundings on an accepted detection: the name of its file, the date, the identifiers near it.
//!
//! The surroundings are judged after the detector has run, because they change while the bytes stay the same: a blob
//! has many names, and is read on many days. The caller that knows where a text is located asks here, and only loads
//! the information that is needed.

pub mod companion;
pub mod expiry;
pub mod path;

use super::{Detection, Detector};
use crate::finding::{Evidence, Fact, Secret};
use crate::rule::Confidence;

/// The known facts about a text besides its bytes.
#[derive(Debug, Clone, Copy)]
pub struct Context<'c> {
    /// The path of the file; empty if none is known.
    pub path: &'c [u8],
    /// The time of the judgement, in seconds since 1970.
    pub now: u64,
    /// The lowest confidence that is reported.
    pub min_confidence: Confidence,
}

/// Judges a detection in `text` by its surroundings; `None` if it isn't a secret in that file.
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

/// Returns `true` if the identifiers near a detection are searched for only when its secret is reported because of
/// another place. They don't raise low confidence, which only the name of another file may do, and they cost more than
/// finding a value: lists of digests hold thousands of such values.
pub fn companions_wait(detection: &Detection, min_confidence: Confidence) -> bool {
    detection.confidence == Confidence::Low && min_confidence > Confidence::Low && !detection.ledger.may_rise()
}

/// Returns the identifiers near a detection for which the search was postponed, if `text` is the one in which it was
/// detected, so that the detected bytes, encoded or not, are at their place there.
pub fn late_companions(detector: &Detector, text: &[u8], detection: &Detection, written: &Secret) -> Option<Vec<Fact>> {
    let there = text.get(detection.span.start..detection.span.end);
    (there == Some(written.reveal())).then(|| detector.companions(text, detection))
}

/// Adds identifiers and the facts that they contain; if a field has several, the first one counts.
pub fn add_facts(detector: &Detector, facts: &mut Vec<Fact>, more: impl IntoIterator<Item = Fact>) {
    let more: Vec<Fact> = more.into_iter().collect();
    let said = detector.said_by(&more);
    for fact in more.into_iter().chain(said) {
        if !facts.iter().any(|have| have.field == fact.field) {
            facts.push(fact);
        }
    }
}

/// Makes up for a check that did not fit by identifiers of the same credential nearby: the confidence becomes the one
/// that the rule has for a match that fits.
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
    fn companions_raise_only_medium_confidence_to_that_of_the_rule() {
        use Confidence::{High, Low, Medium};
        let detector = Detector::new(RuleSet::builtin());
        for (before, of_rule, after) in
            [(Medium, High, High), (Medium, Medium, Medium), (Low, High, Low), (High, Medium, High)]
        {
            let mut one = detection(before);
            support(&detector, &mut one, vec![fact("account", "nearby"), fact("tenant", "nearby")], of_rule);
            assert_eq!(one.confidence, after, "{before:?} under a rule of {of_rule:?}");
            assert_eq!(one.evidence, [Evidence::Companions(2)]);
            // The facts from the value itself count more than those nearby.
            assert_eq!(one.facts, [fact("account", "of the value"), fact("tenant", "nearby")]);
        }
        let mut alone = detection(Medium);
        support(&detector, &mut alone, Vec::new(), High);
        assert_eq!((alone.confidence, alone.evidence), (Medium, Vec::new()));
    }

    #[test]
    fn companions_are_delayed_only_for_findings_not_reported_anyway() {
        use Confidence::{High, Low, Medium};
        let waits = |own, least| companions_wait(&detection(own), least);
        assert!(waits(Low, Medium) && waits(Low, High));
        // A medium confidence may become high through them, so they are needed to decide whether the detection is
        // reported.
        assert!(!waits(Low, Low) && !waits(Medium, High) && !waits(High, High));
    }
}
