//! Tests of `explain FILE:LINE`: it says why a line is reported or not, without showing its value.

use crate::support::{Repo, Secret};

fn explained(text: &str, place: &str) -> (Repo, String) {
    let repo = Repo::folder();
    repo.write("app.env", text);
    let out = repo.keysweep(&["explain", place]).expect_code(0).out();
    (repo, out)
}

#[test]
fn a_reported_line_names_the_rule_and_withholds_the_value() {
    let secret = Secret::github(3);
    let text = format!("# settings\n{}\n", secret.line());
    let (repo, out) = explained(&text, "app.env:2");
    assert!(out.contains("reported") && out.contains(secret.rule), "{out}");
    assert!(!out.contains(&secret.value), "{out}");
    repo.keysweep(&["files", "app.env"]).expect_code(1);
}

#[test]
fn a_dropped_value_names_the_reason() {
    let (repo, out) = explained("api_token = \"changeme-changeme\"\n", "app.env:1");
    assert!(out.contains("generic-secret") && out.contains("dropped"), "{out}");
    repo.keysweep(&["files", "app.env"]).expect_code(0);
}

#[test]
fn an_altered_token_is_not_reported_by_another_rule() {
    let mut token = Secret::github(3).value;
    let other = if token.as_bytes()[10] == b'Q' { "R" } else { "Q" };
    token.replace_range(10..11, other);
    let (repo, out) = explained(&format!("session_token = \"{token}\"\n"), "app.env:1");
    assert!(out.contains("generic-secret") && out.contains("altered or a sample"), "{out}");
    repo.keysweep(&["files", "app.env", "--min-confidence", "low"]).expect_code(0);
}

#[test]
fn a_line_without_any_rule_is_reported_as_such() {
    let (_, out) = explained("nothing\nof interest\n", "app.env:2");
    assert!(out.contains("no rule checked"), "{out}");
}

#[test]
fn a_file_kind_that_lowers_the_confidence_is_named() {
    let repo = Repo::folder();
    let secret = Secret::github(3);
    let body = &secret.value[4..];
    repo.write("yarn.lock", format!("session_token = \"{body}\"\n"));
    let out = repo.keysweep(&["explain", "yarn.lock:1"]).expect_code(0).out();
    assert!(out.contains("lock file"), "{out}");
}

#[test]
fn a_missing_line_or_file_is_refused() {
    let repo = Repo::folder();
    repo.write("app.env", "one line\n");
    repo.keysweep(&["explain", "app.env:9"]).expect_code(2).expect_mention("no line 9");
    repo.keysweep(&["explain", "other.env:1"]).expect_code(2).expect_mention("other.env");
}

/// A value counts as a secret, and is masked, even if the scan was asked to leave out its rule.
#[test]
fn the_value_of_a_disabled_rule_is_masked_in_a_reason() {
    let repo = Repo::with_a_commit();
    let (secret, other) = (Secret::github(3), Secret::github(4));
    repo.write(".keysweep.toml", "disable = [\"github-pat-classic\"]\n");
    let line = format!(
        "api_password = \"Wd7{}\" # keysweep:allow generic-secret it replaces {}\n",
        &secret.value[4..24],
        other.value
    );
    repo.write("app.py", &line);
    let out = repo.keysweep(&["explain", "app.py:1"]).expect_code(0).out();
    assert!(out.contains("it replaces [secret]"), "{out}");
    assert!(!out.contains(&other.value), "{out}");
    let with_rules_of_ones_own = configuration("disable = [\"github-pat-classic\"]\n");
    repo.write(".keysweep.toml", with_rules_of_ones_own);
    let out = repo.keysweep(&["explain", "app.py:1"]).expect_code(0).out();
    assert!(out.contains("it replaces [secret]") && !out.contains(&other.value), "{out}");
}

/// Returns a configuration that starts with `before` and adds a custom rule; if `before` disables one rule, as many
/// rules are in force as there are built-in ones.
fn configuration(before: &str) -> String {
    format!(
        "{before}\n[[rule]]\nid = \"acme-token\"\nname = \"Acme token\"\nprovider = \"Acme\"\nseverity = \"high\"\n\
         confidence = \"high\"\nkeywords = [\"acme_live_\"]\npattern = 'acme_live_[0-9A-Za-z]{{32}}'\n\
         remediation = \"generic-password\"\ntoken = 'acme_live_<base62:32>'\nexamples = ['T=<token>']\n\
         counter_examples = ['T=acme_live_']\n"
    )
}

#[test]
fn the_configuration_of_the_work_tree_applies() {
    let repo = Repo::with_a_commit();
    let secret = Secret::github(3);
    repo.write("app.env", format!("{}\nacme_live_{}\n", secret.line().trim_end(), &secret.value[4..36]));
    let explained = |line: usize| repo.keysweep(&["explain", &format!("app.env:{line}")]).expect_code(0).out();
    assert!(explained(1).contains("reported"));
    assert!(explained(2).contains("no rule checked"));
    repo.write(".keysweep.toml", configuration("disable = [\"github-pat-classic\"]\n"));
    let first = explained(1);
    assert!(first.contains("not reported: the configuration disables this rule"), "{first}");
    let second = explained(2);
    assert!(second.contains("acme-token") && second.contains("reported"), "{second}");
    let run = repo.keysweep(&["files", "app.env", "--format", "jsonl"]).expect_code(1);
    let rules: Vec<String> = run.records_of("finding").iter().map(|finding| finding["rule"].to_string()).collect();
    assert!(rules.contains(&"\"acme-token\"".to_owned()), "{rules:?}");
    assert!(!rules.iter().any(|rule| rule.starts_with("\"github-pat")), "{rules:?}");
}

#[test]
fn a_word_about_rules_is_not_taken_for_a_finding_id() {
    for repo in [Repo::folder(), Repo::with_a_commit()] {
        let run = repo.keysweep(&["explain", "azure"]).expect_code(2).expect_mention("these are about it");
        assert!(!run.text().contains("repository"), "{run}");
        repo.keysweep(&["explain", "wfdsawlkoq"]).expect_code(2).expect_mention("repository");
    }
}
