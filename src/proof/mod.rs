//! Proves rules by their own examples: each must be found by its rule and no other, and each counter-example must leave
//! the rule silent.
//!
//! Examples are templates ([`template`]), so that no token-shaped text is in the repository. Each is expanded several
//! times with different random values. `rule::compile` checks everything that can be checked without running a rule.

mod element;
mod forge;
mod keys;
mod random;
mod seal;
pub mod template;

use crate::detect::context::path;
use crate::detect::{Detection, Detector};
use crate::rule::Confidence;
use crate::rule::compile::{Compiled, Flaw, compile};
use crate::rule::file::{RuleDef, RuleFile};
use crate::rule_set::RuleSet;

use template::Generator;

/// The number of expansions of each example.
const ROUNDS: u64 = 5;

/// The result of a proof.
#[derive(Debug, Default)]
pub struct Proof {
    /// The number of rules proved.
    pub rules: usize,
    /// The number of examples, each expanded several times.
    pub examples: usize,
    /// The number of counter-examples, each expanded several times.
    pub counter_examples: usize,
    /// All flaws, each as a sentence that names the entry.
    pub flaws: Vec<String>,
}

/// Proves a rule file; `base` holds the rules that it adds to, if any.
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

/// Returns the flaw of an example that doesn't hold exactly one secret sure enough to be reported by default, or that
/// another rule reports.
fn example_flaw(def: &RuleDef, example: &str, seed: u64, detector: &Detector) -> Option<String> {
    let (text, _) = match Generator::new(seed).expand_with_token(example, def.token.as_deref()) {
        Ok(expanded) => expanded,
        Err(error) => return Some(error.to_string()),
    };
    for name in names(def) {
        let flaw = found_flaw(def, found(&text, &name, detector), detector);
        if flaw.is_some() {
            return flaw;
        }
    }
    None
}

/// Returns the file names of a rule's examples; the empty name if any will do.
fn names(def: &RuleDef) -> Vec<String> {
    if def.files.is_empty() {
        vec![String::new()]
    } else {
        def.files.iter().map(|name| name.replace('*', "x")).collect()
    }
}

/// Returns the detections in a file with this name.
fn found(text: &str, name: &str, detector: &Detector) -> Vec<Detection> {
    let mut found = detector.scan_file(text.as_bytes());
    found.retain(|d| path::is_named(name.as_bytes(), &d.files));
    found
}

fn found_flaw(def: &RuleDef, mut found: Vec<Detection>, detector: &Detector) -> Option<String> {
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

/// Returns the flaw of a counter-example that this rule reports at any confidence.
fn counter_flaw(def: &RuleDef, example: &str, seed: u64, detector: &Detector) -> Option<String> {
    let (text, _) = match Generator::new(seed).expand_with_token(example, def.token.as_deref()) {
        Ok(expanded) => expanded,
        Err(error) => return Some(error.to_string()),
    };
    let is_reported = |name: &String| found(&text, name, detector).iter().any(|d| detector.rule(d).id == def.id);
    names(def).iter().any(is_reported).then(|| "reported".to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::detect::Claim;
    use crate::detect::trace::{Look, Outcome};
    use crate::rule::check::Check;
    use crate::text::Span;

    #[test]
    fn every_built_in_rule_passes_its_proof() {
        let proof = prove(include_str!("../../rules.toml"), None);
        assert!(proof.flaws.is_empty(), "{} flaws:\n{}", proof.flaws.len(), proof.flaws.join("\n"));
        assert!(proof.rules >= 80 && proof.examples >= 160 && proof.counter_examples >= 160, "{proof:?}");
    }

    /// The rules without confirmed check digits: nobody has confirmed that GitHub's installation tokens end in the
    /// checksum of the others, and an Entra secret is reported whatever its digits.
    const UNCONFIRMED: [&str; 2] = ["github-app-installation-token", "azure-entra-client-secret"];

    /// Returns the number of characters that a token's check digits don't cover: the last eight of GitHub's, the kind
    /// in Vercel's prefix.
    fn uncovered(rule: &str) -> usize {
        match rule {
            "github-pat-fine-grained" => 8,
            "vercel-token" => 1,
            _ => 0,
        }
    }

    /// Returns the text with one character of the token replaced by another of its class, such that it still has the
    /// rule's form.
    fn altered(
        def: &RuleDef,
        detector: &Detector,
        token: &str,
        at: usize,
        expand: &dyn Fn(&str) -> String,
    ) -> Option<String> {
        let class = match token.as_bytes()[at] {
            b'0'..=b'9' => b'0'..=b'9',
            b'a'..=b'z' => b'a'..=b'z',
            b'A'..=b'Z' => b'A'..=b'Z',
            _ => return None,
        };
        class.filter(|other| *other != token.as_bytes()[at]).find_map(|other| {
            let text = expand(&format!("{}{}{}", &token[..at], char::from(other), &token[at + 1..]));
            let looks = detector.trace(text.as_bytes(), Span::new(0, text.len()));
            let formed = |look: &Look| {
                *detector.rules().rules[look.rule].id == def.id && !matches!(look.outcome, Outcome::NoMatch)
            };
            looks.iter().any(formed).then_some(text)
        })
    }

    /// One wrong character in a token with check digits keeps every rule from reporting it as more than doubtful.
    #[test]
    fn altered_tokens_are_not_reported() {
        let detector = Detector::new(RuleSet::builtin());
        let file: RuleFile = toml::from_str(include_str!("../../rules.toml")).unwrap();
        let has_digits = |def: &&RuleDef| def.checks.iter().any(|used| Check::parse(&used.is).unwrap().has_digits());
        let (mut flaws, mut rules, mut texts) = (Vec::new(), 0, 0);
        for def in file.rules.iter().filter(has_digits).filter(|def| !UNCONFIRMED.contains(&def.id.as_str())) {
            rules += 1;
            for (number, example) in def.examples.iter().enumerate() {
                let seed = seed(&def.id, number, 0);
                let token = Generator::new(seed).expand_with_token(example, def.token.as_deref()).unwrap().1;
                let Some(token) = token else { continue };
                let expand = |token: &str| Generator::new(seed).expand(example, Some(token)).unwrap();
                let altered: Vec<String> =
                    (0..token.len()).filter_map(|at| altered(def, &detector, &token, at, &expand)).collect();
                let found: Vec<Detection> = altered.iter().flat_map(|text| detector.scan(text.as_bytes())).collect();
                let loud = found.iter().filter(|found| found.confidence >= Confidence::Medium);
                let (fitting, others): (Vec<_>, Vec<_>) = loud.partition(|found| found.claim == Claim::Proven);
                let others: BTreeSet<&str> = others.into_iter().map(|found| &*detector.rule(found).id).collect();
                let places = altered.len() * 4 > token.len() * 3;
                if !others.is_empty() || fitting.len() != uncovered(&def.id) || !places {
                    let (tried, of) = (altered.len(), token.len());
                    let fitting = fitting.len();
                    let number = number + 1;
                    flaws.push(format!("{} {number}: {others:?}, {fitting} fitting, {tried} of {of} places", def.id));
                }
                texts += altered.len();
            }
        }
        assert!(flaws.is_empty(), "{}", flaws.join("\n"));
        assert!(rules >= 36 && texts > 5_000, "{rules} rules, {texts} texts");
    }

    #[test]
    fn a_bad_rule_is_reported_with_its_reason() {
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
