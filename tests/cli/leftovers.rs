//! Tests of secrets that hooks kept out of commits: they are distinguished from committed ones, and are gone once the
//! printed commands have run.

use serde_json::Value;

use crate::support::{Repo, Run, Secret, must};
use crate::verify::verify;

/// Returns a repository whose hook has stopped a commit, with the value in a file that isn't added to HEAD.
fn prevented(secret: &Secret) -> Repo {
    let repo = Repo::guarded();
    repo.write("conf/a.env", secret.line());
    repo.add();
    repo.try_git(&["commit", "--quiet", "-m", "one"]).expect_code(1);
    repo.write("conf/a.env", "TOKEN=\n");
    repo.commit("one");
    repo
}

fn sweep(repo: &Repo) -> (Run, Value) {
    let run = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1);
    let found = run.only_finding();
    (run, found)
}

/// Returns the commands of the steps that remove the secret.
fn commands(found: &Value) -> Vec<String> {
    let steps = found["plan"].as_array().cloned().unwrap_or_default();
    let takes_out = |step: &&Value| step["kind"] == "purge" || step["kind"] == "remove";
    steps.iter().filter(takes_out).filter_map(|step| step["command"].as_str().map(str::to_owned)).collect()
}

#[test]
fn a_commit_prevented_by_the_hook_is_a_low_severity_leftover() {
    let secret = Secret::github(8_101);
    let repo = prevented(&secret);
    let (run, found) = sweep(&repo);
    assert_eq!((&found["stage"], &found["severity"]), (&"leftover".into(), &"low".into()), "{run}");
    assert_eq!(found["occurrences"][0]["path"], "conf/a.env", "{run}");
    let run = repo.keysweep(&["history"]).expect_code(1);
    run.expect_withheld(&secret.value);
    let text = run.expect_mention("never committed, only leftovers in this clone: 1 secret").out();
    assert!(
        text.contains("conf/a.env:1:") && text.contains("$ git gc --prune=now") && !text.contains("[revoke]"),
        "{text}"
    );
    for format in ["markdown", "html"] {
        repo.keysweep(&["history", "--format", format]).expect_mention("Never committed, only leftovers in this clone");
    }
    for format in ["json", "sarif", "csv"] {
        repo.keysweep(&["history", "--format", format]).expect_code(1).expect_mention("leftover");
    }
    // A user can hide them with an option, like everything of low severity.
    repo.keysweep(&["history", "--min-severity", "medium"]).expect_code(0).expect_mention("1 less severe");
    // Every report of a leftover says why the exit code is 1 and what ends that; a fresh clone doesn't have the
    // leftover.
    let id = found["id"].as_str().unwrap_or_default().to_owned();
    for command in [&["history"][..], &["explain", &id]] {
        let run = repo.tool(command).env("COLUMNS", "1000").run();
        assert!(run.out().contains("a sweep of this clone ends with 1 until this is done"), "{run}");
    }
    verify(&repo, &[&secret.value], &[]).expect_code(1).expect_mention("git gc --prune=now");
    repo.git(&["clone", "--quiet", "--no-local", ".", "../clone"]);
    repo.at("../clone").keysweep(&["history"]).expect_code(0);
    let commands = commands(&found);
    assert_eq!(commands, ["git gc --prune=now"]);
    repo.sh(&commands[0]).expect_code(0);
    repo.keysweep(&["history"]).expect_code(0);
}

#[test]
fn a_message_that_was_never_committed_is_a_leftover() {
    let (repo, secret) = (Repo::guarded(), Secret::github(8_102));
    repo.keysweep(&["hook", "install", "--hook", "commit-msg"]).expect_code(0);
    repo.write("a.txt", "nothing secret\n");
    repo.add();
    repo.try_git(&["commit", "--quiet", "-m", &format!("with {}", secret.value)]).expect_code(1);
    let (run, found) = sweep(&repo);
    assert_eq!((&found["stage"], &found["severity"]), (&"leftover".into(), &"low".into()), "{run}");
    for command in commands(&found) {
        repo.sh(&command).expect_code(0);
    }
    repo.keysweep(&["history"]).expect_code(0);
}

#[test]
fn leftovers_are_listed_after_committed_secrets() {
    let (kept, prevented_one) = (Secret::github(8_103), Secret::github(8_104));
    let repo = prevented(&prevented_one);
    repo.write("b.env", kept.line());
    repo.commit("past the hook");
    let text = repo.keysweep(&["history"]).expect_code(1).out();
    let at = |word: &str| text.find(word).unwrap_or_else(|| panic!("{word} in {text}"));
    assert!(at("b.env") < at("never committed") && at("never committed") < at("conf/a.env"), "{text}");
}

#[test]
fn possibly_committed_content_is_not_a_leftover() {
    let secret = Secret::github(8_105);
    let repo = prevented(&secret);
    // The same value is in a commit that no branch has any more.
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    repo.write("b.env", secret.line());
    repo.commit("on the side");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.git(&["branch", "--quiet", "-D", "side"]);
    let (run, found) = sweep(&repo);
    assert_eq!((&found["stage"], &found["severity"]), (&"unreachable".into(), &"critical".into()), "{run}");
    // Once it is staged again, the value waits for the next commit.
    let repo = prevented(&secret);
    repo.write("c.env", secret.line());
    repo.add();
    assert_eq!(sweep(&repo).1["stage"], "uncommitted");
    // If a clone lacks a tree, what was in it is unknown.
    let repo = prevented(&secret);
    repo.write("d/e.txt", "more\n");
    repo.commit("more");
    must(std::fs::remove_file(repo.loose_object("HEAD:d")), "remove a tree");
    let run = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1);
    assert_eq!(run.only_finding()["stage"], "unreachable", "{run}");
}
