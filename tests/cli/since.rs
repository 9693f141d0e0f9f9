//! Tests of `history --since`: it finds what was added since a revision or a day, on any branch, and nothing else.

use crate::support::{Repo, Secret};

/// Returns a repository with a secret before a tag, one on a branch after it, and one on a branch that began before it.
fn repo() -> (Repo, [Secret; 3]) {
    let repo = Repo::with_a_commit();
    let secrets = [Secret::github(2701), Secret::github(2702), Secret::github(2703)];
    repo.git(&["branch", "old"]);
    repo.write("old.env", secrets[0].line());
    repo.commit("old");
    repo.git(&["tag", "-a", "v1", "-m", "released"]);
    let late = |message: &str, time: &str| {
        repo.add();
        let args = ["commit", "--quiet", "--no-verify", "-m", message];
        repo.git_tool(&args).env("GIT_COMMITTER_DATE", time).run().expect_code(0);
    };
    repo.write("new.env", secrets[1].line());
    late("new", "2024-03-01T00:00:00+00:00");
    repo.git(&["checkout", "--quiet", "old"]);
    repo.write("side.env", secrets[2].line());
    late("side", "2024-05-01T12:00:00+00:00");
    repo.git(&["checkout", "--quiet", "main"]);
    (repo, secrets)
}

/// Returns the paths of the findings.
fn paths(repo: &Repo, since: &str, code: i32) -> Vec<String> {
    let run = repo.keysweep(&["history", "--since", since, "--format", "jsonl"]).expect_code(code);
    let found = run.records_of("finding");
    let mut paths: Vec<String> =
        found.iter().filter_map(|one| one["occurrences"][0]["path"].as_str().map(str::to_owned)).collect();
    paths.sort();
    paths
}

#[test]
fn only_secrets_added_since_then_are_reported() {
    let (repo, _) = repo();
    assert_eq!(paths(&repo, "v1", 1), ["new.env", "side.env"]);
    assert_eq!(paths(&repo, "v1~1", 1), ["new.env", "old.env", "side.env"]);
    assert_eq!(paths(&repo, "main", 1), ["side.env"]);
    assert_eq!(paths(&repo, "2024-05-01", 1), ["side.env"]);
    assert_eq!(paths(&repo, "2024-02-01", 1), ["new.env", "side.env"]);
    assert_eq!(paths(&repo, "2024-05-02", 0), [""; 0]);
    let clean = repo.keysweep(&["history", "--since", "2024-05-02"]).expect_code(0);
    assert!(
        clean.out().contains("in what was added since 2024-05-02") && clean.out().contains("without --since"),
        "{clean}"
    );
    for wrong in ["v1..main", "no-such-tag", "2024-13-01", ""] {
        repo.keysweep(&["history", "--since", wrong]).expect_code(2);
    }
    repo.keysweep(&["history", "--since", "v1", "--cache", "../cache"]).expect_code(2);
}

#[test]
fn an_unreadable_branch_is_never_clean() {
    let (repo, _) = repo();
    let lost = repo.loose_object("old");
    repo.remove(lost);
    repo.keysweep(&["history", "--since", "main"]).expect_code(2);
}
