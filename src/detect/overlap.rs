//! Which of several detections over the same bytes wins: one place, one finding.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::Detection;
use crate::rule_set::RuleSet;
use crate::text::Span;

/// Keeps, of detections that overlap, the most specific one; the result is in order of place.
pub fn resolve(mut found: Vec<Detection>, rules: &RuleSet) -> Vec<Detection> {
    found.sort_by_key(|detection| (Reverse(rank(detection, rules)), detection.span, detection.rule));
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

/// The surer wins; then the more specific rule, plain text over decoded, more bytes.
fn rank(detection: &Detection, rules: &RuleSet) -> (u8, u8, Reverse<usize>, usize) {
    (
        detection.confidence as u8,
        rules.rules[detection.rule].specificity(),
        Reverse(detection.depth),
        detection.span.len(),
    )
}
