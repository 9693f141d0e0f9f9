//! Tests of secrets that are recognised only by the name of their file.

use keysweep::proof::template::Generator;

use crate::support::{Repo, Run, must};

fn key(seed: u64) -> String {
    must(Generator::new(seed).expand("<hex:32>\n", None), "expand the template")
}

/// Returns the rules and paths of all findings, at any confidence.
fn found(run: &Run) -> Vec<(String, Vec<String>)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let told = run.records_of("finding").into_iter().map(|one| {
        let places = one["occurrences"].as_array().into_iter().flatten().map(|place| text(&place["path"]));
        (text(&one["rule"]), places.collect())
    });
    told.collect()
}

fn all(repo: &Repo, args: &[&str]) -> Run {
    repo.keysweep(&[args, &["--format", "jsonl", "--min-confidence", "low"]].concat())
}

const RULE: &str = "rails-master-key-file";

#[test]
fn the_file_name_decides_whether_a_key_is_reported() {
    let repo = Repo::folder();
    repo.write("config/master.key", key(1));
    repo.write("config/credentials/Production.KEY", key(2).trim());
    repo.write("digest.txt", key(3));
    repo.write("other/production.key", key(4));
    let run = all(&repo, &["files", "."]).expect_code(1);
    let mut told = found(&run);
    told.sort_by(|a, b| a.1.cmp(&b.1));
    let places = ["config/credentials/Production.KEY", "config/master.key"];
    assert_eq!(told, places.map(|path| (RULE.to_owned(), vec![path.to_owned()])), "{run}");
    repo.tool(&["files", "-"]).input(key(5)).run().expect_code(0);
    repo.keysweep(&["explain", "config/master.key:1"]).expect_code(0).expect_mention(RULE);
    repo.keysweep(&["explain", "digest.txt:1"]).expect_code(0).expect_mention("with other names");
    repo.keysweep(&["explain", RULE]).expect_code(0).expect_mention("in files named master.key");
}

#[test]
fn a_name_that_looks_like_a_key_is_not_masked() {
    let repo = Repo::folder();
    repo.write("config/master.key", key(1));
    let name = key(6);
    repo.keysweep(&["files", name.trim()]).expect_code(2).expect_mention(name.trim());
}

/// A sweep reads a blob before it knows its names; the secret is reported under the names that make it one.
#[test]
fn a_sweep_reports_a_key_under_its_former_names() {
    let repo = Repo::with_a_commit();
    repo.write("digest.txt", key(1));
    repo.write("notes.txt", key(2));
    repo.commit("Add two digests");
    assert_eq!(found(&all(&repo, &["history"]).expect_code(0)), []);
    repo.git(&["mv", "digest.txt", "master.key"]);
    repo.commit("Call one a key");
    repo.git(&["mv", "master.key", "digest.txt"]);
    repo.commit("Call it as before");
    repo.git(&["gc", "--quiet"]);
    let expected = [(RULE.to_owned(), vec!["master.key".to_owned()])];
    assert_eq!(found(&all(&repo, &["history"]).expect_code(1)), expected);
    repo.write("master.key", key(3));
    repo.commit("Add another key");
    assert_eq!(found(&all(&repo, &["range", "HEAD~1..HEAD"]).expect_code(1)), expected);
}

#[test]
fn content_without_a_known_name_is_not_reported() {
    let repo = Repo::with_a_commit();
    repo.git_tool(&["hash-object", "-w", "--stdin"]).input(key(1)).run().expect_code(0);
    assert_eq!(found(&all(&repo, &["history"]).expect_code(0)), []);
}

#[test]
fn a_commit_that_adds_a_key_file_is_stopped() {
    let repo = Repo::guarded();
    repo.write("config/master.key", key(1));
    repo.add();
    repo.try_git(&["commit", "--quiet", "-m", "Add the key"]).expect_code(1).expect_mention(RULE);
}
