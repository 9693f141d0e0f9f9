//! Tests of the stages: what shows that a secret was on a server, and what leaves that open. All commands have to
//! agree.

use serde_json::{Value, json};

use crate::support::{Repo, Secret};

/// Returns a repository with a secret on `main` that nothing else has.
fn leaked(seed: u32) -> (Repo, Secret) {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(seed));
    repo.write("config.env", secret.line());
    repo.commit("leak");
    (repo, secret)
}

/// Returns the only finding of a sweep; the other commands have to agree with it on the stage.
#[track_caller]
fn swept(repo: &Repo) -> Value {
    let run = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1);
    let mut findings = run.records_of("finding");
    assert_eq!(findings.len(), 1, "{run}");
    let finding = findings.remove(0);
    let (id, stage) = (finding["id"].as_str().unwrap_or_default(), finding["stage"].as_str().unwrap_or_default());
    // For a secret that is on no server, the text says that there is no sign of a push.
    let said = if matches!(stage, "published" | "unknown") { stage } else { "no sign of a push" };
    repo.keysweep(&["explain", id]).expect_code(0).expect_mention(said);
    let plan = repo.keysweep(&["purge-plan", "--format", "json"]).expect_code(0);
    let plan: Value = serde_json::from_str(&plan.out()).unwrap_or_else(|error| panic!("{error}: {plan}"));
    assert_eq!(plan["findings"][0]["stage"], stage, "{plan}");
    finding
}

#[track_caller]
fn is_shown_by(finding: &Value, kind: &str, name: &str, remote: Option<&str>) {
    assert_eq!(finding["stage"], "published", "{finding}");
    let mut sign = json!({"kind": kind, "name": name});
    if let Some(remote) = remote {
        sign["remote"] = remote.into();
    }
    assert_eq!(finding["exposure"]["sign"], sign, "{finding}");
}

#[track_caller]
fn is_open(finding: &Value, doubt: &str) {
    assert_eq!(finding["stage"], "unknown", "{finding}");
    assert_eq!(finding["exposure"]["doubt"], doubt, "{finding}");
    let first = &finding["plan"][0];
    assert_eq!(first["kind"], "revoke", "what may be public is revoked first: {finding}");
}

/// Checks that no command of the plan needs a work tree.
#[track_caller]
fn works_without_files(finding: &Value) {
    let plan = finding["plan"].to_string();
    for command in ["git restore", "git add", "git checkout", "git commit", "git rebase", "git rm", "git stash"] {
        assert!(!plan.contains(command), "{command}: {plan}");
    }
}

#[test]
fn a_mirror_shows_that_a_secret_is_published() {
    let (repo, _) = leaked(820);
    repo.git(&["clone", "--quiet", "--mirror", ".", "../mirror.git"]);
    let mirror = repo.at("../mirror.git");
    let finding = swept(&mirror);
    is_shown_by(&finding, "mirrored", "refs/heads/main", Some("origin"));
    works_without_files(&finding);
    assert_eq!(finding["exposure"]["remotes"][0]["name"], "origin", "{finding}");
    mirror.git(&["gc", "--quiet"]);
    is_shown_by(&swept(&mirror), "mirrored", "refs/heads/main", Some("origin"));
    let run = mirror.keysweep(&["range", "HEAD^!", "--format", "jsonl"]).expect_code(1);
    assert_eq!(run.records_of("finding")[0]["stage"], "published", "{run}");
}

#[test]
fn a_bare_repository_may_be_a_server() {
    let (repo, _) = leaked(821);
    repo.git(&["init", "--quiet", "--bare", "../server.git"]);
    repo.git(&["push", "--quiet", "../server.git", "main"]);
    let server = repo.at("../server.git");
    let finding = swept(&server);
    is_open(&finding, "bare");
    works_without_files(&finding);
    server.keysweep(&["history"]).expect_code(1).expect_mention("treat it as published");
    let run = server.keysweep(&["range", "main^!", "--format", "jsonl"]).expect_code(1);
    assert_eq!(run.records_of("finding")[0]["stage"], "unknown", "{run}");
    // Commits that a forced push leaves behind were on the server as well.
    server.git(&["update-ref", "refs/heads/main", "main~1"]);
    is_open(&swept(&server), "bare");
    repo.git(&["clone", "--quiet", "--bare", ".", "../clone.git"]);
    is_open(&swept(&repo.at("../clone.git")), "bare");
}

#[test]
fn server_refs_and_refs_of_removed_remotes_show_publication() {
    for (number, name, kind, remote) in [
        (0, "refs/pull/7/head", "served", None),
        (1, "refs/merge-requests/7/head", "served", None),
        (2, "refs/changes/07/7/1", "served", None),
        (3, "refs/remotes/gone/main", "tracking", Some("gone")),
    ] {
        let (repo, _) = leaked(822 + number);
        repo.git(&["update-ref", name, "HEAD"]);
        is_shown_by(&swept(&repo), kind, name, remote);
        let run = repo.keysweep(&["range", "HEAD^!", "--format", "jsonl"]).expect_code(1);
        assert_eq!(run.records_of("finding")[0]["stage"], "published", "{run}");
    }
}

#[test]
fn fetch_records_show_publication_without_refs() {
    let (repo, _) = leaked(830);
    let other = repo.at("../other");
    other.git(&["init", "--quiet"]);
    other.write("README.md", "# Another\n");
    other.commit("start");
    other.git(&["fetch", "--quiet", "../work", "main"]);
    is_shown_by(&swept(&other), "fetched", "FETCH_HEAD", None);
    // A fetch from the repository itself isn't evidence of a server.
    repo.git(&["fetch", "--quiet", ".", "main"]);
    assert_eq!(swept(&repo)["stage"], "local-only");
}

#[test]
fn a_clone_knows_pushed_commits_if_the_remote_is_tracked() {
    let (repo, _) = leaked(831);
    repo.git(&["init", "--quiet", "--bare", "../server.git"]);
    repo.git(&["remote", "add", "origin", "../server.git"]);
    assert_eq!(swept(&repo)["stage"], "local-only");
    repo.git(&["config", "branch.main.pushRemote", "origin"]);
    assert_eq!(swept(&repo)["stage"], "local-only");
    repo.git(&["config", "remote.pushDefault", "https://example.com/team/repo"]);
    is_open(&swept(&repo), "untraced");
    repo.git(&["config", "--unset", "remote.pushDefault"]);
    repo.git(&["remote", "add", "--mirror=push", "copy", "../copy.git"]);
    is_open(&swept(&repo), "untraced");
    repo.git(&["push", "--quiet", "origin", "main"]);
    is_shown_by(&swept(&repo), "tracking", "refs/remotes/origin/main", Some("origin"));
}

#[test]
fn work_trees_of_a_bare_clone_are_a_clone_with_files() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(832));
    repo.git(&["clone", "--quiet", "--bare", ".", "../bare.git"]);
    let bare = repo.at("../bare.git");
    bare.git(&["config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"]);
    bare.git(&["fetch", "--quiet"]);
    bare.git(&["worktree", "add", "--quiet", "-b", "topic", "../topic"]);
    let topic = bare.at("../topic");
    topic.write("config.env", secret.line());
    topic.commit("leak");
    assert_eq!(swept(&topic)["stage"], "local-only");
    let finding = swept(&bare);
    assert_eq!(finding["stage"], "local-only");
    works_without_files(&finding);
}

#[test]
fn a_remote_is_listed_with_every_url_git_uses() {
    let (repo, _) = leaked(833);
    for (key, value) in [
        ("remote.team.url", "gh:team/repo"),
        ("remote.team.fetch", "+refs/heads/*:refs/remotes/team/*"),
        ("url.https://github.com/.insteadOf", "gh:"),
        ("url.ssh://git@github.com/.pushInsteadOf", "gh:"),
        ("remote.copies.url", "https://gitlab.com/team/repo"),
        ("remote.copies.fetch", "+refs/heads/*:refs/remotes/copies/*"),
    ] {
        repo.git(&["config", key, value]);
    }
    repo.git(&["config", "--add", "remote.copies.pushurl", "gh:team/copy"]);
    repo.git(&["config", "--add", "remote.copies.pushurl", "/srv/copy.git"]);
    for remote in ["team", "copies"] {
        repo.git(&["update-ref", &format!("refs/remotes/{remote}/main"), "HEAD"]);
        let finding = swept(&repo);
        let shown = finding["exposure"]["remotes"].as_array().cloned().unwrap_or_default();
        let shown = shown.iter().filter(|one| one["name"] == remote).map(|one| one["url"].as_str().unwrap_or_default());
        let git = repo.git(&["remote", "get-url", remote]).out()
            + &repo.git(&["remote", "get-url", "--push", "--all", remote]).out();
        let git: Vec<String> = git.lines().map(|url| url.replace("git@", "")).collect();
        assert_eq!(shown.collect::<Vec<_>>(), git, "{finding}");
    }
    let plan = repo.keysweep(&["purge-plan"]).expect_code(0);
    plan.expect_mention("get-url --push --all -- copies | sed -n 2p");
}
