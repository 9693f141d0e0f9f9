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

/// Returns the key id that the report gives to each secret of a text, in the order of their lines. `{I1}` and `{S1}`
/// stand for ids and secrets; an id is told by its number, and one that is left blank by 0.
fn ids_given(text: &str) -> Vec<usize> {
    let made = |template: &str, seed: u64| must(Generator::new(seed).expand(template, None), template);
    let ids: Vec<String> = (1..=3).map(|seed| made("<aws-id:AKIA>", seed)).collect();
    let mut written = text.to_owned();
    for (id, number) in ids.iter().zip(1..) {
        written = written.replace(&format!("{{I{number}}}"), id);
        written = written.replace(&format!("{{S{number}}}"), &made("<base64:40>", 20 + number));
    }
    let folder = Repo::folder();
    folder.write("keys.txt", &written);
    let run = folder.keysweep(&["files", "keys.txt", "--format", "jsonl"]).expect_code(1);
    let mut found: Vec<(u64, usize)> = run
        .records_of("finding")
        .iter()
        .filter(|finding| finding["rule"] == "aws-secret-access-key")
        .map(|finding| {
            let told = finding["facts"]["aws_access_key_id"].as_str();
            let number = told.map(|told| 1 + must(ids.iter().position(|id| id == told).ok_or("no id"), told));
            (finding["occurrences"][0]["line"].as_u64().unwrap_or_default(), number.unwrap_or_default())
        })
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, id)| id).collect()
}

#[test]
fn an_id_is_filled_in_only_if_the_text_shows_whose_it_is() {
    let mut wrong = Vec::new();
    for (text, expected) in [
        // The words of both names decide, not the distance.
        (
            "AWS_ACCESS_KEY_ID_1={I1}\nAWS_ACCESS_KEY_ID_2={I2}\nAWS_SECRET_ACCESS_KEY_1={S1}\nAWS_SECRET_ACCESS_KEY_2={S2}\n",
            vec![1, 2],
        ),
        ("AWS_ACCESS_KEY_ID={I1}\nAWS_ACCESS_KEY_ID={I2}\nAWS_SECRET_ACCESS_KEY={S1}\n", vec![0]),
        ("AWS_ACCESS_KEY_ID_PROD={I1}\nAWS_SECRET_ACCESS_KEY_DEV={S1}\n", vec![0]),
        ("prodAccessKeyId: {I1}\ndevSecretAccessKey: {S1}\n", vec![0]),
        ("AWS_ACCESS_KEY_ID={I1}\nAWS_SECRET_ACCESS_KEY={S1}\n", vec![1]),
        // Blocks by indentation are objects, in every notation of lists.
        (
            "prod:\n  aws_access_key_id: {I1}\n  aws_secret_access_key: {S1}\ndev:\n  aws_secret_access_key: {S2}\n",
            vec![1, 0],
        ),
        ("aws:\n  aws_access_key_id: {I1}\n  dev:\n    aws_secret_access_key: {S1}\n", vec![1]),
        (
            "keys:\n  -\n    aws_access_key_id: {I1}\n    aws_secret_access_key: {S1}\n  -\n    aws_secret_access_key: {S2}\n",
            vec![1, 0],
        ),
        ("[[keys]]\naws_access_key_id = \"{I1}\"\n[[keys]]\naws_secret_access_key = \"{S1}\"\n", vec![0]),
        (
            "<keys><key><id>{I1}</id><n>1</n></key>\n<key><n>2</n><aws_secret_access_key>{S1}</aws_secret_access_key></key></keys>\n",
            vec![0],
        ),
        // Parts at the same level are apart, even if only one of them has a secret.
        ("[old]\naws_secret_access_key = {S1}\n[new]\naws_access_key_id = {I1}\n", vec![0]),
        ("aws_access_key_id: {I1}\n---\naws_secret_access_key: {S1}\n", vec![0]),
        ("{\"prod\":{\"aws_access_key_id\":\"{I1}\"},\n\"dev\":{\"aws_secret_access_key\":\"{S1}\"}}\n", vec![0]),
        (
            "resource \"x\" \"a\" {\n  access_key = \"{I1}\"\n}\nresource \"x\" \"b\" {\n  aws_secret_access_key = \"{S1}\"\n}\n",
            vec![0],
        ),
        (
            "aws configure set aws_access_key_id {I1} --profile prod\naws configure set aws_secret_access_key {S1} --profile dev\n",
            vec![0],
        ),
        (
            "aws configure set aws_access_key_id {I1} --profile dev\naws configure set aws_secret_access_key {S1} --profile dev\n",
            vec![1],
        ),
        ("# rotated away: aws_access_key_id = {I1}\naws_secret_access_key = {S1}\n", vec![0]),
        ("def a():\n    aws_access_key_id = \"{I1}\"\n\ndef b():\n    aws_secret_access_key = \"{S1}\"\n", vec![0]),
    ] {
        let given = ids_given(text);
        if given != expected {
            wrong.push(format!("{given:?} instead of {expected:?}: {text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
