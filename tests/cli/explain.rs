//! `explain FILE:LINE`: why a line is reported or not, without its value.

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
fn an_altered_token_is_no_secret_under_another_name() {
    let mut token = Secret::github(3).value;
    let other = if token.as_bytes()[10] == b'Q' { "R" } else { "Q" };
    token.replace_range(10..11, other);
    let (repo, out) = explained(&format!("session_token = \"{token}\"\n"), "app.env:1");
    assert!(out.contains("generic-secret") && out.contains("altered or a sample"), "{out}");
    repo.keysweep(&["files", "app.env", "--min-confidence", "low"]).expect_code(0);
}

#[test]
fn a_line_that_no_rule_looks_at_says_so() {
    let (_, out) = explained("nothing\nof interest\n", "app.env:2");
    assert!(out.contains("no rule looked"), "{out}");
}

#[test]
fn a_file_kind_that_speaks_against_it_is_named() {
    let repo = Repo::folder();
    let secret = Secret::github(3);
    let body = &secret.value[4..];
    repo.write("yarn.lock", format!("session_token = \"{body}\"\n"));
    let out = repo.keysweep(&["explain", "yarn.lock:1"]).expect_code(0).out();
    assert!(out.contains("lock file"), "{out}");
}

#[test]
fn a_line_or_file_that_is_not_there_is_refused() {
    let repo = Repo::folder();
    repo.write("app.env", "one line\n");
    repo.keysweep(&["explain", "app.env:9"]).expect_code(2).expect_mention("no line 9");
    repo.keysweep(&["explain", "other.env:1"]).expect_code(2).expect_mention("other.env");
}
