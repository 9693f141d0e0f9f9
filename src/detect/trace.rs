//! Explains why a text is reported or not: what every rule saw that looked at a part of it, and the outcome.
//!
//! It asks the same questions in the same order as a scan, and keeps the answers that a scan discards.

use super::detector::MAX_DEPTH;
use super::find::prefilter::Hit;
use super::find::searched::Searched;
use super::{Claim, Detection, Detector, Rejection, Room, decode};
use crate::text::Span;

/// The result of one rule at one keyword.
#[derive(Debug)]
pub struct Look {
    /// The position of the rule in the rule set.
    pub rule: usize,
    /// The keyword as it is in the text, or in what the text decodes to; for a rule that judges a text as a whole, the
    /// names of the files.
    pub keyword: Vec<u8>,
    /// The encodings around the keyword, outermost first.
    pub layers: Vec<&'static str>,
    /// The outcome of the rule.
    pub outcome: Outcome,
}

/// The outcome of a rule at a keyword.
#[derive(Debug)]
pub enum Outcome {
    /// Nothing near the keyword has the form that the rule looks for.
    NoMatch,
    /// A value that was rejected.
    Dropped(Rejection),
    /// A value that was accepted.
    Accepted(Box<Detection>),
}

impl Detector {
    /// Returns all looks at a part of a text: those whose keyword or value is in it, and those at what is encoded
    /// there.
    pub fn trace(&self, text: &[u8], part: Span) -> Vec<Look> {
        let mut looks = self.looks(text, part, &[]);
        self.ask_whole(text, |rule, result| {
            let keyword = self.rules.rules[rule].files.join(", ").into_bytes();
            let outcome = outcome(result);
            looks.push(Look { rule, keyword, layers: Vec::new(), outcome });
        });
        decode::each_run(text, part, &Room::default(), &mut |run| self.trace_run(&run, part, &[], &mut looks));
        looks
    }

    fn trace_run(&self, run: &decode::Run, part: Span, around: &[&'static str], looks: &mut Vec<Look>) {
        let layers = [around, &[run.encoding.as_str()]].concat();
        let whole = Span::new(0, run.text.len());
        let inner = self.looks(&run.text, whole, &layers).into_iter().filter(|look| match &look.outcome {
            // The run may continue on other lines.
            Outcome::Accepted(found) => !around.is_empty() || run.outer(found.span).overlaps(part),
            _ => true,
        });
        looks.extend(inner);
        if layers.len() < MAX_DEPTH {
            let room = Room::default();
            decode::each_run(&run.text, whole, &room, &mut |inner| self.trace_run(&inner, whole, &layers, looks));
        }
    }

    fn looks(&self, text: &[u8], part: Span, layers: &[&'static str]) -> Vec<Look> {
        let (mut looks, searched) = (Vec::new(), Searched::new(text));
        let mut look = |hit: Hit| {
            let mut outcomes = Vec::new();
            self.ask(&searched, &hit, |result| {
                outcomes.push(outcome(result));
            });
            if outcomes.is_empty() {
                outcomes.push(Outcome::NoMatch);
            }
            let value_here =
                |outcome: &Outcome| matches!(outcome, Outcome::Accepted(found) if found.span.overlaps(part));
            outcomes.retain(|outcome| hit.span.overlaps(part) || value_here(outcome));
            looks.extend(outcomes.into_iter().map(|outcome| Look {
                rule: hit.rule,
                keyword: hit.span.of(text).to_vec(),
                layers: layers.to_vec(),
                outcome,
            }));
        };
        self.prefilter.each_anchor(text, Span::new(0, text.len()), |anchor| {
            self.prefilter.hits(text, anchor).for_each(&mut look);
        });
        looks
    }
}

fn outcome(result: Result<Detection, Rejection>) -> Outcome {
    match result {
        Err(rejection) | Ok(Detection { claim: Claim::Refused(rejection), .. }) => Outcome::Dropped(rejection),
        Ok(detection) => Outcome::Accepted(Box::new(detection)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::template::Generator;
    use crate::rule_set::RuleSet;

    fn looks(text: &str) -> Vec<Look> {
        Detector::new(RuleSet::builtin()).trace(text.as_bytes(), Span::new(0, text.len()))
    }

    #[test]
    fn dropped_values_give_a_reason() {
        let looks = looks("api_token = \"changeme-changeme\"\n");
        assert!(looks.iter().any(|look| matches!(look.outcome, Outcome::Dropped(_))), "{looks:?}");
    }

    #[test]
    fn a_keyword_with_no_value_is_not_a_match() {
        let looks = looks("the token is kept elsewhere\n");
        assert!(!looks.is_empty() && looks.iter().all(|look| matches!(look.outcome, Outcome::NoMatch)), "{looks:?}");
    }

    /// A scan skips such a value before reading it; the answer is the same.
    #[test]
    fn a_value_in_the_middle_of_a_word_is_reported_as_such() {
        let token = Generator::new(3).expand("a<base62:4>ghp_<base62:36>", None).unwrap();
        let at_boundary = |look: &Look| matches!(look.outcome, Outcome::Dropped(Rejection::Boundary));
        assert!(looks(&token).iter().any(at_boundary));
        assert!(Detector::new(RuleSet::builtin()).scan(token.as_bytes()).is_empty());
    }

    #[test]
    fn encoded_values_are_decoded_and_traced() {
        let inner = data_encoding::BASE64.encode(b"settings: api_token = \"changeme-changeme\"");
        assert!(looks(&inner).iter().any(|look| look.layers == ["base64"]));
    }

    #[test]
    fn other_lines_are_left_alone() {
        let text = "password: hello\nnothing\n";
        let start = text.find("nothing").unwrap();
        let detector = Detector::new(RuleSet::builtin());
        assert!(detector.trace(text.as_bytes(), Span::new(start, text.len())).is_empty());
    }
}
