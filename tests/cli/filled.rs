//! Tests that the facts near a secret are filled into the commands of its plan: all of them, from the nearest place,
//! and nothing unrelated.

use std::collections::BTreeMap;

use keysweep::proof::template::Generator;
use keysweep::rule::Remediation;
use keysweep::rule::advice::PROVIDER;
use keysweep::rule_set::RuleSet;
use regex::Regex;
use serde::Deserialize;

use crate::support::{Repo, must};

#[derive(Deserialize)]
struct Cases {
    case: Vec<Case>,
}

/// A text with a secret of a rule, and the facts in it that belong in the plan.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    rule: String,
    text: String,
    /// The values by field.
    fills: BTreeMap<String, String>,
    /// The values that are generated together with the token, by field, each as an expression that finds it.
    #[serde(default)]
    made: BTreeMap<String, String>,
}

fn cases() -> Vec<Case> {
    must(toml::from_str::<Cases>(include_str!("filled.toml")), "reading the cases").case
}

/// Returns the text of a case and the values that the plan must contain.
fn expand(case: &Case, rules: &RuleSet, seed: u64) -> (String, BTreeMap<String, String>) {
    let source = include_str!("../../rules.toml");
    let head = format!("\nid = \"{}\"\n", case.rule);
    let rule = source.split("\n[[rule]]").find(|rule| rule.starts_with(&head));
    let token = rule.and_then(|rule| rule.lines().find_map(|line| line.strip_prefix("token = '")?.strip_suffix('\'')));
    assert!(rules.rule(&case.rule).is_some() && rule.is_some(), "no rule {}", case.rule);
    let text = must(Generator::new(seed).expand(case.text.trim_start(), token), &case.rule);
    let mut fills = case.fills.clone();
    for (field, pattern) in &case.made {
        let found = must(Regex::new(pattern), pattern).find(&text).map(|found| found.as_str().to_owned());
        fills.insert(field.clone(), must(found.ok_or("not in the text"), field));
    }
    (text, fills)
}

/// Returns other credentials of the same kind, to be placed further below: the same lines with other values, without
/// the secret.
fn decoys(case: &Case) -> String {
    let other = |b: u8| match b {
        b'a'..=b'y' | b'A'..=b'Y' | b'0'..=b'8' => char::from(b + 1),
        _ => char::from(b),
    };
    let mut lines: String =
        case.text.lines().filter(|line| !line.contains('<')).flat_map(|line| [line, "\n"]).collect();
    for value in case.fills.values() {
        lines = lines.replace(value.as_str(), &value.bytes().map(other).collect::<String>());
    }
    format!("{}{lines}", "# nothing to see\n".repeat(30))
}

/// Returns the template with the known values filled in, and placeholders for the others.
fn filled(template: &str, provider: &str, fills: &BTreeMap<String, String>) -> String {
    let mut text = template.replace(PROVIDER, provider);
    for name in keysweep::rule::advice::placeholders(template) {
        let value = fills.get(name).cloned().unwrap_or_else(|| format!("<{name}>"));
        text = text.replace(&format!("{{{name}}}"), &value);
    }
    text
}

/// Returns all texts of a remediation as the plan must contain them.
fn expected(remediation: &Remediation, provider: &str, fills: &BTreeMap<String, String>) -> Vec<String> {
    let steps = remediation.revoke.iter().chain(remediation.rotate.iter());
    let steps = steps.chain([&remediation.verify, &remediation.audit]);
    let texts = steps.flat_map(|step| [&step.run, &step.action]);
    let texts = texts.chain([&remediation.prevent]).map(ToString::to_string);
    let caution = Some(&remediation.caution).filter(|text| !text.is_empty()).map(|text| format!("Caution: {text}"));
    texts.chain(caution).filter(|text| !text.is_empty()).map(|text| filled(&text, provider, fills)).collect()
}

#[test]
fn only_nearby_values_are_filled_in() {
    let rules = RuleSet::builtin();
    let (cases, folder) = (cases(), Repo::folder());
    let mut wrong = Vec::new();
    for (case, seed) in cases.iter().zip(1..) {
        let (text, fills) = expand(case, &rules, seed);
        folder.write(format!("{seed}.txt"), text + &decoys(case));
        let run = folder.keysweep(&["files", &format!("{seed}.txt"), "--format", "jsonl"]);
        let findings = run.records_of("finding");
        let Some(finding) = findings.iter().find(|finding| finding["rule"] == *case.rule) else {
            wrong.push(format!("{}: not found in {run}", case.rule));
            continue;
        };
        let plan: Vec<&str> = finding["plan"]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|step| [step["title"].as_str(), step["command"].as_str()])
            .flatten()
            .collect();
        let rule = must(rules.rule(&case.rule).ok_or("gone"), &case.rule);
        let remediation = must(rules.remediation(&rule.remediation).ok_or("gone"), &rule.remediation);
        let missing = expected(remediation, &rule.provider, &fills).into_iter().filter(|text| {
            // A caution is appended to the first step.
            let is_it = |step: &&str| {
                *step == text
                    || step.starts_with(&format!("{text}. Caution: "))
                    || text.starts_with("Caution: ") && step.ends_with(text.as_str())
            };
            !plan.iter().any(is_it)
        });
        wrong.extend(missing.map(|text| format!("{}: the plan lacks '{text}'; it has {plan:#?}", case.rule)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases.len() >= 60, "only {} kinds", cases.len());
}

#[test]
fn every_value_of_a_case_is_used_in_its_plan() {
    let rules = RuleSet::builtin();
    let mut idle = Vec::new();
    for case in cases() {
        let rule = must(rules.rule(&case.rule).ok_or("no such rule"), &case.rule);
        let remediation = must(rules.remediation(&rule.remediation).ok_or("gone"), &rule.remediation);
        let all = expected(remediation, &rule.provider, &BTreeMap::new()).concat();
        let fields = case.fills.keys().chain(case.made.keys());
        let unasked = fields.filter(|field| !all.contains(&format!("<{field}>")));
        idle.extend(unasked.map(|field| format!("{}: no text asks for {field}", case.rule)));
    }
    assert!(idle.is_empty(), "{}", idle.join("\n"));
}
