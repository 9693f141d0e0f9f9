//! Tests that no change decides about itself: in a range, whatever allows a finding has to be in the base.

use std::fs;

use crate::support::{Repo, Run, Secret, must};

const RULE: &str = "github-pat-classic";

fn branched() -> Repo {
    let repo = Repo::with_a_commit();
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    repo
}

#[track_caller]
fn range(repo: &Repo, options: &[&str]) -> Run {
    repo.keysweep(&[&["range", "main..side", "--format", "jsonl"], options].concat())
}

#[track_caller]
fn needs_approval(repo: &Repo, by: &str) {
    let run = range(repo, &[]).expect_code(1);
    let said = run.suppression();
    assert_eq!((&said["by"], &said["status"]), (&by.into(), &"needs-approval".into()), "{run}");
    repo.keysweep(&["range", "main..side"]).expect_code(1).expect_mention("needs approval");
    // A user who trusts the branch can say so.
    let run = range(repo, &["--trust-head"]).expect_code(0);
    assert_eq!(run.suppression()["status"], "accepted", "{run}");
}

#[test]
fn a_secret_with_its_own_comment_needs_approval() {
    let (repo, secret) = (branched(), Secret::github(9101));
    repo.write("a.txt", format!("T={}\n", secret.value));
    repo.commit("first without");
    repo.write("a.txt", format!("T={} # keysweep:allow {RULE} a sample\n", secret.value));
    repo.commit("then with a comment");
    needs_approval(&repo, "comment");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.git(&["merge", "--quiet", "side"]);
    repo.keysweep(&["history"]).expect_code(0);
    // From now on the comment is in the base, and its line may move.
    repo.git(&["checkout", "--quiet", "-B", "side"]);
    repo.write("a.txt", "a line\n".repeat(60) + &repo.read("a.txt"));
    repo.commit("below");
    range(&repo, &[]).expect_code(0);
}

#[test]
fn a_secret_with_its_own_entry_needs_approval() {
    let (repo, secret) = (branched(), Secret::github(9102));
    repo.write("tests/a.txt", format!("T={}\n", secret.value));
    repo.write(".keysweep.toml", "[[allow]]\npath = \"tests/\"\nreason = \"fixtures\"\n");
    repo.commit("a fixture and its entry");
    needs_approval(&repo, "config");
    let run = range(&repo, &[]);
    let notes: Vec<String> = run.records_of("note").iter().map(|note| note["text"].to_string()).collect();
    assert!(notes.iter().any(|note| note.contains("needs approval") && note.contains("fixtures")), "{run}");
    // The same entry in the base is valid.
    repo.git(&["checkout", "--quiet", "main"]);
    repo.git(&["checkout", "side", "--", ".keysweep.toml"]);
    repo.commit("the entry, agreed upon");
    let run = range(&repo, &[]).expect_code(0);
    assert_eq!(run.suppression()["status"], "accepted", "{run}");
}

#[test]
fn a_secret_with_its_own_line_in_the_baseline_needs_approval() {
    let (repo, secret) = (branched(), Secret::github(9103));
    repo.write("a.txt", format!("T={}\n", secret.value));
    repo.commit("a secret");
    repo.keysweep(&["baseline", "create"]).expect_code(0);
    repo.commit("known from now on, says its author");
    needs_approval(&repo, "baseline");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.git(&["checkout", "side", "--", ".keysweep-baseline"]);
    repo.commit("agreed upon");
    range(&repo, &[]).expect_code(0);
}

#[test]
fn a_range_cannot_turn_rules_off_or_raise_the_thresholds() {
    let (repo, secret) = (branched(), Secret::github(9104));
    repo.write("a.txt", format!("T={}\n", secret.value));
    for text in [
        format!("disable = [\"{RULE}\"]\n"),
        format!("[severity]\n{RULE} = \"low\"\n").replacen('[', "min_severity = \"high\"\n[", 1),
        "[limits]\nmax_file_size = 3\n".to_owned(),
    ] {
        repo.write(".keysweep.toml", text);
        repo.commit("a weaker configuration");
        let run = range(&repo, &[]).expect_code(1);
        assert_eq!(run.records_of("finding").len(), 1, "{run}");
        let run = repo.keysweep(&["range", "main..side"]).expect_code(1);
        run.expect_mention("the range changes .keysweep.toml; the version at its base was used");
    }
}

#[test]
fn settings_of_the_base_apply_even_if_the_range_drops_them() {
    let repo = Repo::with_a_commit();
    repo.write(".keysweep.toml", "min_confidence = \"high\"\n");
    repo.commit("high only");
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    repo.remove(".keysweep.toml");
    repo.write("a.txt", format!("db_password = \"{}\"\n", &Secret::github(9105).value[8..30]));
    repo.commit("no configuration, and something of medium confidence");
    range(&repo, &[]).expect_code(0);
    range(&repo, &["--min-confidence", "medium"]).expect_code(1);
}

#[test]
fn a_configuration_broken_by_the_range_is_never_clean() {
    let repo = branched();
    repo.write(".keysweep.toml", "nonsense = 1\n");
    repo.commit("broken");
    let run = repo.keysweep(&["range", "main..side"]).expect_code(2).expect_mention("nonsense");
    assert!(!run.text().contains("no secrets in"), "{run}");
    repo.git(&["checkout", "--quiet", "-B", "later", "side"]);
    repo.commit("nothing");
    repo.keysweep(&["range", "side..later"]).expect_code(2).expect_mention(":.keysweep.toml");
}

#[test]
fn a_configuration_from_the_command_line_is_trusted() {
    let (repo, secret) = (branched(), Secret::github(9106));
    repo.write("tests/a.txt", format!("T={}\n", secret.value));
    repo.commit("a fixture");
    repo.write("../policy.toml", "[[allow]]\npath = \"tests/\"\nreason = \"fixtures\"\n");
    range(&repo, &["--config", "../policy.toml"]).expect_code(0);
    range(&repo, &[]).expect_code(1);
}

#[test]
fn an_unreadable_base_configuration_allows_nothing_and_is_a_gap() {
    let repo = Repo::with_a_commit();
    repo.write(".keysweep.toml", "[[allow]]\npath = \"*.env\"\nreason = \"test\"\n");
    repo.commit("configuration");
    repo.write("a.env", Secret::github(9).line());
    repo.commit("leak");
    range_of_one(&repo).expect_code(0);
    must(fs::remove_file(repo.loose_object("HEAD~1:.keysweep.toml")), "remove the configuration");
    let run = range_of_one(&repo).expect_code(1);
    assert_eq!(run.records_of("finding").len(), 1, "{run}");
    let gaps = run.records_of("gap");
    assert!(gaps.iter().any(|gap| gap["what"].to_string().contains(":.keysweep.toml")), "{run}");
}

/// Scans the last commit.
fn range_of_one(repo: &Repo) -> Run {
    repo.keysweep(&["range", "HEAD~1..HEAD", "--format", "jsonl"])
}
