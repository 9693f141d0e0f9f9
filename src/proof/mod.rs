//! Proves rules against their own words: every example must be found by its rule and by no other, every counter-example
//! must leave it silent.
//!
//! Examples are templates ([`template`]): a token-shaped text never lies in the repository. Each is expanded several times
//! with different random values. What can be said of a rule without running it is said by `rule::compile`.

mod element;
mod forge;
mod keys;
mod random;
mod seal;
pub mod template;

use crate::detect::Detector;
use crate::rule::Confidence;
use crate::rule::compile::{Compiled, Flaw, compile};
use crate::rule::file::{RuleDef, RuleFile};
use crate::rule_set::RuleSet;

use template::Generator;

/// Expansions of each example.
const ROUNDS: u64 = 5;

/// What was proved, and what was not.
#[derive(Debug, Default)]
pub struct Proof {
    /// Rules looked at.
    pub rules: usize,
    /// Examples expanded, each several times.
    pub examples: usize,
    /// Counter-examples expanded, each several times.
    pub counter_examples: usize,
    /// Everything that is wrong, in words that name the entry.
    pub flaws: Vec<String>,
}

/// Proves a rule file; `base` holds the rules it adds to, if it adds to any.
pub fn prove(text: &str, base: Option<RuleSet>) -> Proof {
    let mut proof = Proof::default();
    let file: RuleFile = match toml::from_str(text.strip_prefix('\u{feff}').unwrap_or(text)) {
        Ok(file) => file,
        Err(error) => {
            let line = error.span().map_or(0, |span| text.get(..span.start).map_or(0, |t| t.matches('\n').count() + 1));
            proof.flaws.push(format!("line {line}: {}", error.message()));
            return proof;
        }
    };
    proof.rules = file.rules.len();
    if file.rules.is_empty() {
        proof.flaws.push("there is no [[rule]] in it: nothing to prove".to_owned());
    }
    match compile(&file, &base.as_ref().map(RuleSet::known).unwrap_or_default()) {
        Ok(compiled) => {
            let rules = in_force(compiled, base);
            let detector = Detector::new(rules);
            file.rules.iter().for_each(|def| prove_rule(def, &detector, &mut proof));
        }
        Err(flaws) => proof.flaws.extend(flaws.iter().map(Flaw::to_string)),
    }
    proof
}

fn in_force(compiled: Compiled, base: Option<RuleSet>) -> RuleSet {
    let own = RuleSet::from(compiled);
    match base {
        Some(base) => base.extended(own),
        None => own,
    }
}

fn prove_rule(def: &RuleDef, detector: &Detector, proof: &mut Proof) {
    if def.examples.is_empty() || def.counter_examples.is_empty() {
        proof.flaws.push(format!("rule {}: needs at least one example and one counter-example to be proved", def.id));
    }
    for (at, example) in def.examples.iter().enumerate() {
        proof.examples += 1;
        let flaw = (0..ROUNDS).find_map(|round| example_flaw(def, example, seed(&def.id, at, round), detector));
        proof.flaws.extend(flaw.map(|why| format!("rule {}: example {}: {why}", def.id, at + 1)));
    }
    for (at, example) in def.counter_examples.iter().enumerate() {
        proof.counter_examples += 1;
        let flaw = (0..ROUNDS).find_map(|round| counter_flaw(def, example, seed(&def.id, at, round), detector));
        proof.flaws.extend(flaw.map(|why| format!("rule {}: counter-example {}: {why}", def.id, at + 1)));
    }
}

fn seed(id: &str, at: usize, round: u64) -> u64 {
    let digest = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    digest ^ (at as u64) << 32 ^ round
}

/// Each example holds exactly one secret that is sure enough to be reported by default, and this rule reports it.
fn example_flaw(def: &RuleDef, example: &str, seed: u64, detector: &Detector) -> Option<String> {
    let (text, _) = match Generator::new(seed).expand_with_token(example, def.token.as_deref()) {
        Ok(expanded) => expanded,
        Err(error) => return Some(error.to_string()),
    };
    let mut found = detector.scan(text.as_bytes());
    found.retain(|d| d.confidence >= def.confidence.min(Confidence::Medium) || detector.rule(d).id == def.id);
    let ids: Vec<&str> = found.iter().map(|d| &*detector.rule(d).id).collect();
    if ids != [def.id.as_str()] {
        let ids = if ids.is_empty() { "nothing".to_owned() } else { ids.join(", ") };
        return Some(format!("found {ids}, expected {}", def.id));
    }
    found
        .iter()
        .find(|d| d.confidence < def.confidence.min(Confidence::Medium))
        .map(|d| format!("found with {} confidence; the rule says {}", d.confidence.as_str(), def.confidence.as_str()))
}

/// No counter-example is reported by this rule at any confidence.
fn counter_flaw(def: &RuleDef, example: &str, seed: u64, detector: &Detector) -> Option<String> {
    let (text, _) = match Generator::new(seed).expand_with_token(example, def.token.as_deref()) {
        Ok(expanded) => expanded,
        Err(error) => return Some(error.to_string()),
    };
    let found = detector.scan(text.as_bytes());
    found.iter().any(|d| detector.rule(d).id == def.id).then(|| "reported".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_rule_is_proved() {
        let proof = prove(include_str!("../../rules.toml"), None);
        assert!(proof.flaws.is_empty(), "{} flaws:\n{}", proof.flaws.len(), proof.flaws.join("\n"));
        assert!(proof.rules >= 80 && proof.examples >= 160 && proof.counter_examples >= 160, "{proof:?}");
    }

    #[test]
    fn a_bad_rule_is_named_with_its_reason() {
        let rule = |pattern: &str, example: &str| {
            format!(
                "[[rule]]\nid = 'acme'\nname = 'Acme'\nprovider = 'Acme'\nseverity = 'high'\nconfidence = 'high'\n\
                 keywords = ['acme_']\npattern = '{pattern}'\nremediation = 'generic-password'\n\
                 examples = ['{example}']\ncounter_examples = ['acme']\n"
            )
        };
        let flaws = |text: &str| prove(text, Some(RuleSet::builtin())).flaws.join("\n");
        assert_eq!(flaws(&rule("acme_[0-9a-z]{20}", "key: acme_<base36:20>")), "");
        assert!(flaws(&rule("acme_[0-9a-z]+", "key: acme_<base36:20>")).contains("no upper bound"));
        assert!(flaws(&rule("[0-9a-z]{20}", "key: acme_<base36:20>")).contains("every match must contain one"));
        assert!(flaws(&rule("acme_[0-9a-z]{20}", "nothing here")).contains("found nothing, expected acme"));
        assert!(flaws(&rule("acme_([0-9a-z]{20}", "x")).contains("does not parse"));
        assert!(flaws("[[rule]]\nid = 'x'\nunknown = 1\n").contains("line 3"));
    }
}
