//! Tests of custom rules in `.keysweep.toml`.

use crate::support::{Chance, Repo, Run};

/// Returns a token as described by the rule below.
fn value() -> String {
    let mut chance = Chance(7);
    let letters: Vec<char> = ('a'..='z').chain('A'..='Z').chain('0'..='9').collect();
    let body = (0..32).map(|_| *chance.pick(&letters)).collect::<String>();
    format!("acme_live_{body}")
}

/// Returns a configuration with a rule for [`value`], after the text `before`.
fn configuration(before: &str, pattern: &str) -> String {
    format!(
        "{before}\n[[rule]]\nid = \"acme-token\"\nname = \"Acme token\"\nprovider = \"Acme\"\nseverity = \"high\"\n\
         confidence = \"high\"\nkeywords = [\"acme_live_\"]\npattern = '{pattern}'\nremediation = \"generic-password\"\n\
         token = 'acme_live_<base62:32>'\nexamples = ['T=<token>']\ncounter_examples = ['T=acme_live_']\n"
    )
}

const PATTERN: &str = "acme_live_[0-9A-Za-z]{32}";

fn staged(configuration: &str, extra: &[&str]) -> Run {
    let repo = Repo::with_a_commit();
    repo.write(".keysweep.toml", configuration);
    repo.write("app.conf", format!("endpoint {}\n", value()));
    repo.add();
    repo.keysweep(&[&["staged", "--format", "jsonl"], extra].concat())
}

fn the_rule(run: &Run) -> String {
    run.records_of("finding").first().map(|finding| finding["rule"].to_string()).unwrap_or_default()
}

#[test]
fn a_custom_rule_finds_what_no_built_in_rule_does() {
    staged("", &[]).expect_code(0);
    let run = staged(&configuration("", PATTERN), &[]).expect_code(1);
    assert_eq!(the_rule(&run), "\"acme-token\"");
}

#[test]
fn a_custom_rule_can_be_selected_weighted_and_disabled() {
    staged(&configuration("", PATTERN), &["--rule", "acme-token"]).expect_code(1);
    let weighed = configuration("[severity]\nacme-token = \"critical\"\n", PATTERN);
    let run = staged(&weighed, &["--min-severity", "critical"]).expect_code(1);
    assert_eq!(run.records_of("finding")[0]["severity"], "critical");
    staged(&configuration("disable = [\"acme-token\"]\n", PATTERN), &[]).expect_code(0);
}

#[test]
fn a_custom_rule_may_replace_a_built_in_rule() {
    let text = configuration("", PATTERN).replace("id = \"acme-token\"", "id = \"github-pat-classic\"");
    assert_eq!(the_rule(&staged(&text, &[]).expect_code(1)), "\"github-pat-classic\"");
}

#[test]
fn an_unbounded_rule_is_refused_by_file_and_line() {
    let run = staged(&configuration("", "acme_live_[0-9A-Za-z]+"), &[]).expect_code(2);
    run.expect_mention(".keysweep.toml")
        .expect_mention("line 3")
        .expect_mention("acme-token")
        .expect_mention("upper bound");
}

#[test]
fn a_keyword_that_spans_lines_is_refused() {
    let text = configuration("", PATTERN).replace("[\"acme_live_\"]", "[\"acme\\nlive\"]");
    staged(&text, &[]).expect_code(2).expect_mention("spans several lines").expect_mention("line 3");
}

#[test]
fn a_rule_with_an_unknown_reference_is_refused() {
    let text = configuration("", PATTERN).replace("generic-password", "acme-steps");
    staged(&text, &[]).expect_code(2).expect_mention("acme-steps").expect_mention("line 3");
}

#[test]
fn the_severity_of_an_unknown_rule_is_refused_with_a_suggestion() {
    let run = staged("[severity]\ngithub-pta = \"low\"\n", &[]).expect_code(2);
    run.expect_mention("severity").expect_mention("github-pta").expect_mention("github-pat-classic");
}

#[test]
fn a_cached_sweep_rescans_when_rules_are_added() {
    let repo = Repo::with_a_commit();
    repo.write("app.conf", format!("endpoint {}\n", value()));
    repo.add();
    repo.commit("settings");
    let sweep = || repo.keysweep(&["history", "--cache", "../cache", "--format", "jsonl"]);
    sweep().expect_code(0);
    sweep().expect_code(0);
    repo.write(".keysweep.toml", configuration("", PATTERN));
    sweep().expect_code(1);
}

#[test]
fn gitleaks_rules_are_imported_and_run() {
    let repo = Repo::with_a_commit();
    repo.write(
        "rules.toml",
        "[[rules]]\nid = \"acme\"\nregex = '''acme_live_[0-9A-Za-z]{32}'''\nkeywords = [\"acme\"]\n",
    );
    repo.keysweep(&["rules", "import", "rules.toml", "--output", ".keysweep.toml"]).expect_code(0);
    repo.write("app.conf", format!("endpoint {}\n", value()));
    repo.add();
    assert_eq!(the_rule(&repo.keysweep(&["staged", "--format", "jsonl"]).expect_code(1)), "\"acme\"");
    repo.keysweep(&["rules", "check", ".keysweep.toml"]).expect_code(1).expect_mention("example");
}

#[test]
fn other_files_are_not_imported_as_rules() {
    let repo = Repo::folder();
    repo.write("rules.toml", "[[rules]\n");
    repo.keysweep(&["rules", "import", "rules.toml"]).expect_code(2).expect_mention("line 1");
}
