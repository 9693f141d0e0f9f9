//! Tests that one credential is one finding: the id of a key is reported with the key, not separately, and a value is
//! one finding whatever rules and encodings find it.

use keysweep::proof::template::Generator;
use keysweep::rule::file::{RuleDef, RuleFile};

use crate::support::{Repo, Run, Secret, must};

fn rules() -> Vec<RuleDef> {
    let file: RuleFile = must(toml::from_str(include_str!("../../rules.toml")), "read rules.toml");
    file.rules
}

/// Returns an expanded example of a rule.
fn example(rule: &RuleDef, number: usize, seed: u64) -> String {
    let template = rule.examples.get(number).map(String::as_str).unwrap_or_default();
    must(Generator::new(seed).expand(template, rule.token.as_deref()), "make an example")
}

/// Scans a file with this text, with the default thresholds.
fn scanned(text: &str) -> Run {
    let repo = Repo::folder();
    repo.write("app.env", text);
    repo.keysweep(&["files", ".", "--format", "jsonl"]).expect_code(1)
}

#[test]
fn the_id_of_a_key_is_a_fact_of_the_key() {
    let rules = rules();
    let mut pairs = 0;
    for id in rules.iter().filter(|rule| !rule.identifies.is_empty()) {
        let is_other_half = |rule: &&RuleDef| rule.companions.contains(&id.identifies) && rule.identifies.is_empty();
        for key in rules.iter().filter(is_other_half) {
            for number in 0..key.examples.len() {
                let alone = example(key, number, 2);
                let has_id = scanned(&alone).records_of("finding")[0]["facts"][&id.identifies].is_string();
                let text = if has_id { alone } else { format!("{}\n{alone}\n", example(id, 0, 1)) };
                let run = scanned(&text);
                let found = run.only_finding();
                assert_eq!(found["rule"], key.id, "{} and {}: {run}", id.id, key.id);
                assert!(found["facts"][&id.identifies].is_string(), "{} and {}: {run}", id.id, key.id);
                assert_eq!(run.records_of("summary")[0]["below_threshold"], 0, "{run}");
                pairs += 1;
            }
        }
    }
    assert!(pairs >= 12, "{pairs} pairs");
}

#[test]
fn an_id_without_its_key_is_a_separate_finding() {
    let rules = rules();
    for id in rules.iter().filter(|rule| !rule.identifies.is_empty()) {
        let repo = Repo::folder();
        repo.write("app.env", format!("{}\n", example(id, 0, 3)));
        let found = repo.keysweep(&["files", ".", "--format", "jsonl", "--min-confidence", "low"]).expect_code(1);
        assert_eq!(found.only_finding()["rule"], id.id, "{found}");
    }
}

#[test]
fn an_id_reported_with_its_key_is_still_present() {
    let rules = rules();
    let rule = |id: &str| rules.iter().find(|rule| rule.id == id).unwrap_or_else(|| panic!("there is no {id}"));
    let repo = Repo::with_a_commit();
    let id = example(rule("aws-access-key-id"), 0, 1);
    repo.write("app.env", &id);
    repo.commit("the id");
    let alone = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1).only_finding()["id"].clone();
    repo.write("app.env", format!("{id}\n{}\n", example(rule("aws-secret-access-key"), 0, 2)));
    repo.commit("its key");
    let both = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1).only_finding()["id"].clone();
    for one in [alone, both] {
        repo.keysweep(&["verify", "--finding", one.as_str().unwrap_or_default()]).expect_code(1);
    }
}

#[test]
fn an_id_with_a_secret_name_is_not_a_secret_next_to_its_key() {
    let random = |template: &str| must(Generator::new(9).expand(template, None), "make a value");
    let id = random("TWILIO_API_KEY=SK<hex:32>\n");
    let both = format!("{id}{}", random("TWILIO_API_SECRET=<base62:32>\n"));
    let found = scanned(&both).only_finding();
    assert_eq!(found["rule"], "twilio-api-key");
    assert!(id.contains(found["facts"]["twilio_key_sid"].as_str().unwrap_or("nothing")), "{found}");
    let repo = Repo::folder();
    repo.write("app.env", &both);
    repo.keysweep(&["explain", "app.env:1"]).expect_code(0).expect_mention("reported with twilio-api-key");
    assert!(!repo.keysweep(&["explain", "app.env:2"]).expect_code(0).out().contains("reported with"));
}

#[test]
fn a_value_found_repeatedly_by_several_rules_is_one_finding() {
    let repo = Repo::with_a_commit();
    let secret = Secret::github(70);
    let encoded = data_encoding::BASE64.encode(format!("token: {}\n", secret.value).as_bytes());
    for number in 0..40 {
        repo.write(format!("a/{number}.env"), format!("DB_PASSWORD=\"{}\"\nnumber={number}\n", secret.value));
        repo.write(format!("b/{number}.yml"), format!("data: {encoded}\nnumber: {number}\n"));
    }
    repo.write("c.sh", format!("git clone https://deploy:{}@git.internal/app.git\n", secret.value));
    repo.commit("everywhere");
    let run = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1);
    let found = run.only_finding();
    assert!(found["rule"].as_str().is_some_and(|rule| rule.starts_with(secret.rule)), "{found}");
    assert_eq!(found["occurrences"].as_array().map(Vec::len), Some(81), "{run}");
}
