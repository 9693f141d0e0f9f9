//! Tests of `range --ci`: the clones that jobs of code hosts and build servers work on, and the variables and events
//! that they get.
//!
//! Events and variables have the form that each host documents, reduced to the fields that could affect the result.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Repo, Run, Secret, must};

pub(crate) const NONE: &str = "0000000000000000000000000000000000000000";

/// Returns a server whose default branch is `main` and has a secret in its history.
pub(crate) fn server() -> Repo {
    let server = Repo::with_a_commit();
    server.write("old.env", Secret::entra(1700).line());
    server.commit("an old leak");
    server
}

/// Adds a pull request to the server as GitHub stores it: two refs and no branch, because it comes from a fork.
pub(crate) fn request(server: &Repo, work: impl Fn(&Repo)) {
    server.git(&["checkout", "--quiet", "-b", "fork", "main"]);
    work(server);
    server.git(&["update-ref", "refs/pull/7/head", "fork"]);
    test_merge(server);
    server.git(&["checkout", "--quiet", "main"]);
    server.git(&["branch", "--quiet", "-D", "fork"]);
}

/// Makes the test merge of a pull request and the newest commit of its base, as GitHub does.
fn test_merge(server: &Repo) {
    server.git(&["checkout", "--quiet", "--detach", "main"]);
    server.git(&["merge", "--quiet", "--no-ff", "-m", "a test merge", "refs/pull/7/head"]);
    server.git(&["update-ref", "refs/pull/7/merge", "HEAD"]);
    server.git(&["checkout", "--quiet", "main"]);
}

/// Makes 31 commits: the first adds the secret, the second removes it, and 29 others follow.
pub(crate) fn work_of_31_commits(repo: &Repo) {
    leak(repo);
    repo.remove("config.env");
    repo.commit("no leak");
    for round in 0..29 {
        repo.write("app.conf", format!("port = {round}\n"));
        repo.commit("a round");
    }
}

pub(crate) fn new() -> Secret {
    Secret::entra(1701)
}

pub(crate) fn leak(repo: &Repo) {
    repo.write("config.env", new().line());
    repo.commit("leak");
}

/// Returns a server whose branch `side` was replaced by one with the secret, and the commit that it pointed to before.
pub(crate) fn forced() -> (Repo, String) {
    let server = server();
    server.git(&["checkout", "--quiet", "-b", "side"]);
    server.write("notes.txt", "first\n");
    server.commit("first");
    let before = server.head();
    server.git(&["reset", "--quiet", "--hard", "main"]);
    leak(&server);
    (server, before)
}

/// Returns a clone as actions/checkout makes it: with all branches, tags and the ref, or with that ref alone to some
/// depth.
pub(crate) fn checkout(server: &Repo, what: &str, depth: Option<&str>) -> Repo {
    let clone = server.at("../job");
    must(fs::remove_dir_all(clone.path("")), "remove the clone of the job before");
    let clone = server.at("../job");
    clone.git(&["init", "--quiet"]);
    let url = format!("file://{}", server.path("").display());
    clone.git(&["remote", "add", "origin", &url]);
    let id = server.rev(&format!("{what}^{{}}"));
    let wanted = format!("+{}:refs/remotes/job", server.rev(what));
    match depth {
        Some(depth) => clone.git(&["fetch", "--quiet", "--no-tags", "--depth", depth, "origin", &wanted]),
        None => {
            let all = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"];
            clone.git(&["fetch", "--quiet", "origin", all[0], all[1], &wanted])
        }
    };
    clone.git(&["checkout", "--quiet", "--detach", &id]);
    clone
}

fn range(clone: &Repo, variables: &[(&str, &str)]) -> Run {
    let tool = clone.tool(&["range", "--ci", "--format", "jsonl", "--show-secrets"]);
    variables.iter().fold(tool, |tool, (name, value)| tool.env(name, value)).run()
}

/// Runs the job of an event.
fn job(clone: &Repo, event: &str, payload: &Value) -> Run {
    clone.write("../event.json", payload.to_string());
    let path = clone.path("../event.json").display().to_string();
    let reference = payload["ref"].as_str().unwrap_or("refs/heads/main");
    let head = clone.head();
    let told = [("GITHUB_EVENT_NAME", event), ("GITHUB_EVENT_PATH", &path), ("GITHUB_SHA", &head)];
    range(clone, &[&told[..], &[("GITHUB_REF", reference), ("CI", "true")]].concat())
}

pub(crate) fn pull_request(server: &Repo, base: &str) -> Value {
    json!({
        "action": "synchronize", "number": 7,
        "pull_request": {
            "number": 7, "state": "open", "commits": 31,
            "head": { "label": "stranger:main", "ref": "main", "sha": server.rev("refs/pull/7/head") },
            "base": { "label": "owner:main", "ref": "main", "sha": base },
        },
        "repository": { "default_branch": "main" },
    })
}

pub(crate) fn push(name: &str, before: &str, after: &str) -> Value {
    json!({
        "ref": name, "before": before, "after": after,
        "created": before == NONE, "deleted": after == NONE, "forced": false, "base_ref": null,
        "repository": { "default_branch": "main" },
    })
}

/// Checks that the run reports the new secret and no other.
#[track_caller]
fn found(run: Run) -> Run {
    let run = run.expect_code(1);
    assert_eq!(run.only_finding()["secret"], new().value, "{run}");
    assert!(run.records_of("gap").is_empty(), "{run}");
    run
}

#[track_caller]
fn clean(run: Run) -> Run {
    let run = run.expect_code(0);
    assert_eq!(run.verdict(), "clean", "{run}");
    run
}

/// Checks that the run has no result, names the remedy, and doesn't report old secrets as new.
#[track_caller]
fn unknown(run: Run, remedy: &str) {
    let run = run.expect_code(2);
    assert_eq!(run.verdict(), "unknown", "{run}");
    assert!(run.records_of("finding").is_empty(), "{run}");
    let gaps = run.records_of("gap");
    assert!(gaps.iter().any(|gap| gap["why"].as_str().is_some_and(|why| why.contains(remedy))), "{remedy}: {run}");
}

fn commits(run: &Run) -> Value {
    run.records_of("summary")[0]["commits"].clone()
}

/// Returns the scope that the last report of a clone gives.
fn scope(clone: &Repo) -> String {
    let report: Value = must(serde_json::from_str(&clone.read(".git/keysweep/last-range.json")), "read the report");
    report["report"]["scope"].as_str().unwrap_or_default().to_owned()
}

// ---------------------------------------------------------------- pull requests

#[test]
fn a_pull_request_of_31_commits_from_a_fork_is_read_from_the_first_to_the_last() {
    let server = server();
    request(&server, work_of_31_commits);
    let base = server.head();
    let clone = checkout(&server, "refs/pull/7/merge", None);
    let run = found(job(&clone, "pull_request", &pull_request(&server, &base)));
    assert_eq!(commits(&run), 31, "{run}");
    let head = server.rev("refs/pull/7/head");
    assert_eq!(scope(&clone), format!("what the pull request adds ({}..{})", &base[..12], &head[..12]), "{run}");
}

#[test]
fn later_commits_of_the_base_are_not_part_of_the_pull_request() {
    let server = server();
    let before = server.head();
    server.write("theirs.env", Secret::github(1702).line());
    server.commit("a leak of the base");
    request(&server, |fork| {
        fork.write("ours.txt", "ours\n");
        fork.commit("ours");
    });
    let clone = checkout(&server, "refs/pull/7/merge", None);
    // The event names the base as it was when the request was opened.
    let run = clean(job(&clone, "pull_request", &pull_request(&server, &before)));
    assert_eq!(commits(&run), 1, "{run}");
    request(&server, leak);
    let clone = checkout(&server, "refs/pull/7/merge", None);
    found(job(&clone, "pull_request", &pull_request(&server, &before)));
}

#[test]
fn a_missing_base_is_recovered_from_the_test_merge() {
    let server = server();
    request(&server, leak);
    let clone = checkout(&server, "refs/pull/7/merge", None);
    let run = found(job(&clone, "pull_request", &pull_request(&server, &"1".repeat(40))));
    assert_eq!(commits(&run), 1, "{run}");
    assert!(scope(&clone).ends_with("since 111111111111 is not in this clone)"), "{run}");
}

#[test]
fn without_the_head_the_test_merge_is_read_with_a_gap() {
    let server = server();
    request(&server, leak);
    let clone = checkout(&server, "refs/pull/7/merge", None);
    let mut event = pull_request(&server, &server.head());
    event["pull_request"]["head"]["sha"] = "2".repeat(40).into();
    let run = job(&clone, "pull_request", &event).expect_code(1).expect_mention("git fetch origin 2222");
    assert_eq!(run.records_of("finding")[0]["secret"], new().value, "{run}");
    assert_eq!(commits(&run), 2, "{run}");
    let clone = checkout(&server, "main", None);
    unknown(job(&clone, "pull_request", &event), "git fetch origin 2222");
}

#[test]
fn a_shallow_clone_of_a_pull_request_is_unknown_with_the_line_to_add() {
    let server = server();
    request(&server, work_of_31_commits);
    let event = pull_request(&server, &server.head());
    let clone = checkout(&server, "refs/pull/7/merge", Some("1"));
    unknown(job(&clone, "pull_request", &event), "'fetch-depth: 0' below 'with:' of actions/checkout");
    clone.git(&["fetch", "--quiet", "--depth", "20", "origin", "refs/pull/7/merge"]);
    job(&clone, "pull_request", &event).expect_mention("fetch-depth: 0").expect_mention("goes past its end");
    clone.git(&["fetch", "--quiet", "--depth", "33", "origin", "refs/pull/7/merge"]);
    assert_eq!(commits(&found(job(&clone, "pull_request", &event))), 31);
}

#[test]
fn a_job_for_the_base_needs_the_head_of_the_pull_request() {
    let server = server();
    request(&server, leak);
    let event = pull_request(&server, &server.head());
    let head = server.rev("refs/pull/7/head");
    let clone = checkout(&server, "main", None);
    unknown(job(&clone, "pull_request_target", &event), &format!("git fetch origin {head}"));
    clone.git(&["fetch", "--quiet", "origin", "refs/pull/7/head"]);
    found(job(&clone, "pull_request_target", &event));
    found(job(&clone, "pull_request_review", &event));
}

// ---------------------------------------------------------------- pushes

#[test]
fn a_push_is_read_from_the_old_to_the_new_commit() {
    let server = server();
    let before = server.head();
    leak(&server);
    server.write("notes.txt", "more\n");
    server.commit("more");
    let clone = checkout(&server, "main", None);
    let run = found(job(&clone, "push", &push("refs/heads/main", &before, &server.head())));
    assert_eq!(commits(&run), 2, "{run}");
    clean(job(&clone, "push", &push("refs/heads/main", &server.rev("main~1"), &server.head())));
}

#[test]
fn a_push_in_a_shallow_clone_is_unknown() {
    let server = server();
    let before = server.head();
    leak(&server);
    let clone = checkout(&server, "main", Some("1"));
    for before in [before.as_str(), NONE] {
        unknown(job(&clone, "push", &push("refs/heads/main", before, &server.head())), "fetch-depth: 0");
    }
    let explicit = format!("'keysweep range {before}..{}'", server.head());
    unknown(job(&clone, "push", &push("refs/heads/main", &before, &server.head())), &explicit);
    clone.git(&["fetch", "--quiet", "--depth", "2", "origin", "main"]);
    found(job(&clone, "push", &push("refs/heads/main", &before, &server.head())));
}

#[test]
fn a_new_branch_is_read_back_to_the_default_branch() {
    let server = server();
    server.git(&["checkout", "--quiet", "-b", "side"]);
    leak(&server);
    // Of two branches in one push, neither counts as known to the other.
    server.git(&["branch", "twin"]);
    for branch in ["side", "twin"] {
        let clone = checkout(&server, branch, None);
        let run = found(job(&clone, "push", &push(&format!("refs/heads/{branch}"), NONE, &server.rev(branch))));
        assert_eq!(commits(&run), 1, "{run}");
        assert!(scope(&clone).ends_with("that the default branch does not contain)"), "{run}");
    }
}

#[test]
fn the_first_push_of_the_default_branch_is_read_to_its_beginning() {
    let server = Repo::with_a_commit();
    leak(&server);
    server.remove("config.env");
    server.commit("no leak");
    let clone = checkout(&server, "main", None);
    let run = found(job(&clone, "push", &push("refs/heads/main", NONE, &server.head())));
    assert_eq!(commits(&run), 3, "{run}");
}

#[test]
fn a_forced_push_is_read_with_or_without_the_old_commit() {
    let (server, before) = forced();
    let mut event = push("refs/heads/side", &before, &server.head());
    event["forced"] = true.into();
    let clone = checkout(&server, "side", None);
    let run = found(job(&clone, "push", &event));
    assert!(scope(&clone).ends_with(&format!("since {} is not in this clone)", &before[..12])), "{run}");
    server.git(&["branch", "kept", &before]);
    let clone = checkout(&server, "side", None);
    let run = found(job(&clone, "push", &event));
    assert!(scope(&clone).contains(&before[..12]) && !scope(&clone).contains("since"), "{run}");
    // For the default branch, nothing else says what was there before.
    event["ref"] = "refs/heads/main".into();
    event["before"] = "3".repeat(40).into();
    job(&clone, "push", &event).expect_code(1).expect_mention(&Secret::entra(1700).value);
    assert!(scope(&clone).contains("everything in"));
}

#[test]
fn a_deleted_branch_adds_nothing() {
    let server = server();
    let clone = checkout(&server, "main", None);
    let run = clean(job(&clone, "push", &push("refs/heads/side", &server.head(), NONE)));
    assert!(scope(&clone).contains("deletes a ref"), "{run}");
    assert_eq!(commits(&run), 0, "{run}");
}

#[test]
fn a_tag_adds_its_message_and_commits_not_on_the_default_branch() {
    let server = server();
    server.git(&["tag", "--annotate", "v1", "-m", &format!("deploy with {}", new().value)]);
    let clone = checkout(&server, "v1", None);
    let run = found(job(&clone, "push", &push("refs/tags/v1", NONE, &server.rev("v1"))));
    assert_eq!(run.records_of("finding")[0]["occurrences"][0]["kind"], "tag-message", "{run}");
    server.git(&["checkout", "--quiet", "--detach"]);
    leak(&server);
    server.git(&["tag", "v2"]);
    let clone = checkout(&server, "v2", None);
    found(job(&clone, "push", &push("refs/tags/v2", NONE, &server.rev("v2"))));
}

// ---------------------------------------------------------------- queues, and jobs without a push

#[test]
fn a_merge_group_is_read_from_its_base() {
    let server = server();
    let base = server.head();
    for (number, secret) in [Secret::github(1703), new()].into_iter().enumerate() {
        server.git(&["checkout", "--quiet", "--detach"]);
        server.write(format!("config{number}.env"), secret.line());
        server.commit("leak");
        server.git(&["update-ref", &format!("refs/heads/gh-readonly-queue/main/pr-{number}-{base}"), "HEAD"]);
    }
    let group = |base: Option<String>| {
        json!({ "action": "checks_requested", "repository": { "default_branch": "main" }, "merge_group": {
            "head_sha": server.head(), "head_ref": "refs/heads/gh-readonly-queue/main/pr-1", "base_sha": base,
            "base_ref": "refs/heads/main",
        } })
    };
    let clone = checkout(&server, "HEAD", None);
    // The second request of the queue is based on the first, which has a job of its own.
    found(job(&clone, "merge_group", &group(Some(server.rev("HEAD~1")))));
    // Older servers don't name the base commit.
    let run = job(&clone, "merge_group", &group(None)).expect_code(1);
    assert_eq!(run.records_of("finding").len(), 2, "{run}");
    let clone = checkout(&server, "HEAD", Some("1"));
    unknown(job(&clone, "merge_group", &group(Some(base.clone()))), "fetch-depth: 0");
}

#[test]
fn a_manual_job_reads_its_branch_or_the_whole_default_branch() {
    let server = server();
    server.git(&["checkout", "--quiet", "-b", "side"]);
    leak(&server);
    let repository = json!({ "default_branch": "main" });
    let clone = checkout(&server, "side", None);
    let event = json!({ "ref": "refs/heads/side", "inputs": null, "repository": repository.clone() });
    found(job(&clone, "workflow_dispatch", &event));
    let clone = checkout(&server, "main", None);
    let event = json!({ "ref": "refs/heads/main", "schedule": "0 4 * * *", "repository": repository });
    for name in ["workflow_dispatch", "schedule"] {
        let run = job(&clone, name, &event).expect_code(1).expect_mention(&Secret::entra(1700).value);
        assert_eq!(commits(&run), 2, "{run}");
        assert!(scope(&clone).contains("everything in"), "{run}");
    }
    let clone = checkout(&server, "main", Some("1"));
    unknown(job(&clone, "schedule", &event), "fetch-depth: 0");
}

// ---------------------------------------------------------------- GitLab

#[test]
fn a_gitlab_merge_request_is_read_from_its_merge_base() {
    let server = server();
    let base = server.head();
    request(&server, work_of_31_commits);
    let (head, merge) = (server.rev("refs/pull/7/head"), server.rev("refs/pull/7/merge"));
    let clone = checkout(&server, "refs/pull/7/head", None);
    let told = [("CI_MERGE_REQUEST_DIFF_BASE_SHA", base.as_str()), ("CI_COMMIT_BEFORE_SHA", NONE)];
    let run = found(range(&clone, &[&told[..], &[("CI_COMMIT_SHA", &head)]].concat()));
    assert_eq!(commits(&run), 31, "{run}");
    assert!(scope(&clone).starts_with("what the merge request adds ("), "{run}");
    let of_merge = [("CI_COMMIT_SHA", merge.as_str()), ("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", &head)];
    let clone = checkout(&server, "refs/pull/7/merge", None);
    assert_eq!(commits(&found(range(&clone, &[told, of_merge].concat()))), 31);
    let clone = checkout(&server, "refs/pull/7/head", Some("20"));
    unknown(range(&clone, &[&told[..], &[("CI_COMMIT_SHA", &head)]].concat()), "'GIT_DEPTH: 0' below 'variables:'");
}

#[test]
fn a_gitlab_push_is_read_from_the_old_commit_or_default_branch() {
    let server = server();
    let before = server.head();
    server.git(&["checkout", "--quiet", "-b", "side"]);
    leak(&server);
    let (head, clone) = (server.head(), checkout(&server, "side", None));
    for before in [&before, NONE] {
        let told = [("CI_COMMIT_BEFORE_SHA", before), ("CI_COMMIT_SHA", head.as_str())];
        let of_branch = [("CI_COMMIT_BRANCH", "side"), ("CI_DEFAULT_BRANCH", "main")];
        assert_eq!(commits(&found(range(&clone, &[told, of_branch].concat()))), 1);
    }
}

// ---------------------------------------------------------------- hosts that use variables

type Told = Vec<(&'static str, String)>;

/// A host, with the variables that it sets for a job.
struct Host {
    name: &'static str,
    /// Returns the variables for a request from `head` to `main` whose merge is `merge`; `None` if the host's jobs
    /// don't get any for requests.
    request: fn(head: &str, merge: &str) -> Option<Told>,
    /// Returns the variables for a branch.
    branch: fn(name: &str, head: &str) -> Told,
    /// The variable that gives the previous commit of the branch.
    before: &'static str,
}

const HOSTS: [Host; 4] = [
    Host {
        name: "Azure Pipelines",
        request: |head, merge| {
            Some(vec![
                ("TF_BUILD", "True".into()),
                ("BUILD_REASON", "PullRequest".into()),
                ("BUILD_SOURCEBRANCH", "refs/pull/7/merge".into()),
                ("BUILD_SOURCEBRANCHNAME", "merge".into()),
                ("BUILD_SOURCEVERSION", merge.into()),
                ("SYSTEM_PULLREQUEST_PULLREQUESTID", "7".into()),
                ("SYSTEM_PULLREQUEST_SOURCEBRANCH", "refs/heads/fork".into()),
                ("SYSTEM_PULLREQUEST_SOURCECOMMITID", head.into()),
                ("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/main".into()),
            ])
        },
        branch: |name, head| {
            vec![
                ("TF_BUILD", "True".into()),
                ("BUILD_REASON", "IndividualCI".into()),
                ("BUILD_SOURCEBRANCH", format!("refs/heads/{name}")),
                ("BUILD_SOURCEVERSION", head.into()),
            ]
        },
        before: "KEYSWEEP_BASE",
    },
    Host {
        name: "Bitbucket Pipelines",
        request: |head, _| {
            Some(vec![
                ("CI", "true".into()),
                ("BITBUCKET_COMMIT", head.into()),
                ("BITBUCKET_BRANCH", "fork".into()),
                ("BITBUCKET_PR_ID", "7".into()),
                ("BITBUCKET_PR_DESTINATION_BRANCH", "main".into()),
                ("BITBUCKET_PR_DESTINATION_COMMIT", "0123456789ab".into()),
            ])
        },
        branch: |name, head| {
            vec![("CI", "true".into()), ("BITBUCKET_COMMIT", head.into()), ("BITBUCKET_BRANCH", name.into())]
        },
        before: "KEYSWEEP_BASE",
    },
    Host {
        name: "CircleCI",
        request: |_, _| None,
        branch: |name, head| {
            vec![("CIRCLECI", "true".into()), ("CIRCLE_SHA1", head.into()), ("CIRCLE_BRANCH", name.into())]
        },
        before: "KEYSWEEP_BASE",
    },
    Host {
        name: "Jenkins",
        request: |head, _| {
            Some(vec![
                ("JENKINS_URL", "https://jenkins.example.com/".into()),
                ("BRANCH_NAME", "PR-7".into()),
                ("CHANGE_ID", "7".into()),
                ("CHANGE_TARGET", "main".into()),
                ("CHANGE_BRANCH", "fork".into()),
                ("GIT_COMMIT", head.into()),
                ("GIT_BRANCH", "PR-7".into()),
                // These are from an earlier build of the same request.
                ("GIT_PREVIOUS_COMMIT", head.into()),
                ("GIT_PREVIOUS_SUCCESSFUL_COMMIT", head.into()),
            ])
        },
        branch: |name, head| {
            vec![
                ("JENKINS_URL", "https://jenkins.example.com/".into()),
                ("BRANCH_NAME", name.into()),
                ("GIT_COMMIT", head.into()),
                ("GIT_BRANCH", name.into()),
            ]
        },
        before: "GIT_PREVIOUS_SUCCESSFUL_COMMIT",
    },
];

fn tell(clone: &Repo, told: &Told, more: &[(&str, &str)]) -> Run {
    let told: Vec<(&str, &str)> = told.iter().map(|(name, value)| (*name, value.as_str())).collect();
    range(clone, &[&told[..], more].concat())
}

/// Returns the request of the server as described by each host that supports requests.
fn requests(server: &Repo) -> Vec<(&'static str, Told)> {
    let (head, merge) = (server.rev("refs/pull/7/head"), server.rev("refs/pull/7/merge"));
    HOSTS.iter().filter_map(|host| Some((host.name, (host.request)(&head, &merge)?))).collect()
}

#[test]
fn pull_requests_are_recognised_on_every_host() {
    let server = server();
    request(&server, work_of_31_commits);
    server.write("theirs.env", Secret::github(1702).line());
    server.commit("a leak of the base, since then");
    test_merge(&server);
    let clone = checkout(&server, "refs/pull/7/merge", None);
    for (name, told) in requests(&server) {
        // A variable that is meant for pushes doesn't affect the commits that a request adds.
        let run = found(tell(&clone, &told, &[("KEYSWEEP_BASE", &server.rev("refs/pull/7/head"))]));
        assert_eq!(commits(&run), 31, "{name}: {run}");
        assert!(scope(&clone).contains("the branch it goes to does not"), "{name}: {run}");
    }
}

#[test]
fn branches_are_recognised_on_every_host() {
    let server = server();
    let before = server.head();
    server.git(&["checkout", "--quiet", "-b", "side"]);
    leak(&server);
    let head = server.head();
    let clone = checkout(&server, "side", None);
    for Host { name, branch, before: variable, .. } in HOSTS {
        // The previous commit of the branch doesn't count: its job may have failed because of this secret.
        let told = [("KEYSWEEP_DEFAULT_BRANCH", "main"), (variable, head.as_str())];
        let run = found(tell(&clone, &branch("side", &head), &told));
        assert!(commits(&run) == 1 && scope(&clone).contains("the default branch does not"), "{name}: {run}");
        // The default branch is compared with its previous commit, and counts as all new if that is unknown.
        let run = found(tell(&clone, &branch("main", &head), &[(variable, &before)]));
        assert!(commits(&run) == 1 && scope(&clone).contains(&format!("({}..", &before[..12])), "{name}: {run}");
        let run = tell(&clone, &branch("main", &head), &[("KEYSWEEP_DEFAULT_BRANCH", "main")]).expect_code(1);
        assert_eq!(commits(&run), 3, "{name}: {run}");
    }
}

#[test]
fn missing_host_variables_are_answered_with_what_to_set() {
    let server = server();
    server.git(&["checkout", "--quiet", "-b", "side"]);
    leak(&server);
    request(&server, |fork| fork.commit("nothing secret"));
    let head = server.rev("side");
    let clone = checkout(&server, "side", None);
    for Host { name, branch, before, .. } in HOSTS {
        let run = tell(&clone, &branch("side", &head), &[]).expect_code(2).expect_mention(name);
        run.expect_mention("KEYSWEEP_DEFAULT_BRANCH")
            .expect_mention(before)
            .expect_mention("keysweep range BASE..HEAD");
        let without: Told = branch("side", &head).into_iter().filter(|(_, value)| *value != head).collect();
        if name != "Bitbucket Pipelines" {
            tell(&clone, &without, &[]).expect_code(2).expect_mention("the commit that the job runs for");
        }
    }
    // The target branch of a request may not have been fetched, and a shallow clone has no history.
    let shallow = checkout(&server, "refs/pull/7/merge", Some("1"));
    for (_, told) in requests(&server) {
        unknown(tell(&shallow, &told, &[]), "'fetchDepth: 0' below 'checkout: self'");
    }
    let narrow = checkout(&server, "refs/pull/7/head", None);
    narrow.git(&["update-ref", "-d", "refs/remotes/origin/main"]);
    for (_, told) in requests(&server) {
        unknown(tell(&narrow, &told, &[]), "git fetch origin +refs/heads/BRANCH:refs/remotes/origin/BRANCH");
        unknown(tell(&narrow, &told, &[]), "'keysweep range BASE..");
        tell(&narrow, &told, &[]).expect_mention("keysweep range BASE..HEAD");
    }
}

/// If the clone has nothing to compare with, nobody can have reviewed an entry that allows a secret.
#[test]
fn a_branch_cannot_allow_its_own_secret_without_the_default_branch() {
    let server = server();
    server.git(&["checkout", "--quiet", "-b", "side"]);
    leak(&server);
    server.write(".keysweep.toml", "[[allow]]\npath = \"*.env\"\nreason = \"samples\"\n");
    server.commit("an entry");
    let clone = checkout(&server, "side", None);
    clone.git(&["update-ref", "-d", "refs/remotes/origin/main"]);
    for Host { name, branch, .. } in HOSTS {
        let told = branch("side", &server.head());
        let run = tell(&clone, &told, &[("KEYSWEEP_DEFAULT_BRANCH", "main")]).expect_code(1);
        assert!(run.text().contains(&new().value), "{name}: {run}");
    }
}

#[test]
fn variables_are_not_used_as_revisions_or_commands() {
    let server = server();
    request(&server, leak);
    let clone = checkout(&server, "refs/pull/7/head", None);
    for hostile in ["HEAD", "main^{}", "../../heads/main", "--output=hacked", "$(touch hacked)", "`touch hacked`"] {
        for (name, told) in requests(&server) {
            let changed = |(name, value): (&'static str, String)| {
                (name, if value.ends_with("main") { hostile.to_owned() } else { value })
            };
            let run = tell(&clone, &told.into_iter().map(changed).collect(), &[]);
            assert_eq!((run.code, run.verdict().as_str()), (Some(2), "unknown"), "{name}: {run}");
        }
        for Host { branch, .. } in HOSTS {
            tell(&clone, &branch("main", hostile), &[]).expect_code(2).expect_mention("is not the id of a commit");
        }
        assert!(!clone.path("hacked").exists(), "{hostile}");
    }
}

/// Gitea and Forgejo test the head of a request itself, not a merge of it. If the author makes that head a merge, the
/// author chooses its parents.
#[test]
fn a_merge_at_head_is_not_taken_for_the_test_merge() {
    let server = server();
    server.git(&["checkout", "--quiet", "-b", "fork"]);
    leak(&server);
    server.remove("config.env");
    server.commit("no leak");
    server.git(&[
        "merge",
        "--quiet",
        "--no-ff",
        "--strategy=ours",
        "-m",
        "a merge of the author's",
        &server.rev("main"),
    ]);
    let tree = server.rev("HEAD^{tree}");
    let (own, base) = (server.rev("HEAD"), server.rev("main"));
    let made = server.git(&["commit-tree", &tree, "-p", &own, "-p", &base, "-m", "two parents"]).out();
    server.git(&["update-ref", "refs/pull/7/head", made.trim()]);
    server.git(&["checkout", "--quiet", "main"]);
    server.git(&["branch", "--quiet", "-D", "fork"]);
    let clone = checkout(&server, "refs/pull/7/head", None);
    found(job(&clone, "pull_request", &pull_request(&server, &base)));
    // It isn't treated as the host's merge if the base can't be found, either.
    let run = job(&clone, "pull_request", &pull_request(&server, &"1".repeat(40))).expect_code(1);
    assert!(run.text().contains(&new().value), "{run}");
}

// ---------------------------------------------------------------- summaries of jobs

/// Runs the job of a push, which also writes its report to `../summary.md`; returns the summary.
fn summed_up(clone: &Repo, before: &str, code: i32) -> String {
    clone.write("../event.json", push("refs/heads/main", before, &clone.head()).to_string());
    let tool = clone.tool(&["range", "--ci", "--format", "github"]);
    let told = [("GITHUB_EVENT_NAME", "push"), ("GITHUB_EVENT_PATH", "../event.json")];
    let tool = told.iter().fold(tool, |tool, (name, value)| tool.env(name, value));
    let run = tool.env("GITHUB_STEP_SUMMARY", "../summary.md").run().expect_code(code);
    let annotated = run.out().lines().any(|line| line.starts_with("::error "));
    assert_eq!(annotated, code != 0, "{run}");
    clone.read("../summary.md")
}

#[test]
fn one_run_annotates_and_adds_the_plan_to_the_job_summary() {
    let server = server();
    let before = server.head();
    leak(&server);
    let clone = checkout(&server, "main", None);
    clone.write("../summary.md", "# Of a step before\n\n");
    let summary = summed_up(&clone, &before, 1);
    assert!(summary.starts_with("# Of a step before\n\n# Secrets in `job`\n\n> ❌ **1 secret found.**"), "{summary}");
    assert!(summary.contains("- [ ] **revoke:**") && !summary.contains(&new().value), "{summary}");
    clone.remove("../summary.md");
    assert!(summed_up(&clone, &server.head(), 0).contains("> ✅ **No secrets found."));
    clone.remove("../summary.md");
    let clone = checkout(&server, "main", Some("1"));
    assert!(summed_up(&clone, &before, 2).contains("fetch-depth: 0"));
}

#[test]
fn a_summary_is_truncated_before_the_github_limit_with_a_note() {
    const ALL: usize = 2_000;
    let server = server();
    let before = server.head();
    for number in 0..ALL {
        server.write(format!("{number}.env"), Secret::entra(30_000 + u32::try_from(number).unwrap_or_default()).line());
    }
    server.commit("leaks");
    let clone = checkout(&server, "main", None);
    for _ in 0..2 {
        let summary = summed_up(&clone, &before, 1);
        assert!(summary.len() <= 1024 * 1024, "{} bytes", summary.len());
        assert!(summary.contains(&format!("{ALL} secrets found")));
        let shown = summary.lines().filter(|line| line.starts_with("#### **critical**")).count();
        assert!(0 < shown && shown < ALL, "{shown} of {ALL} are shown");
        let end = format!("> ⚠️ **Not shown here: {} of {ALL} secrets. ", ALL - shown);
        assert!(summary.contains(&end), "{end}");
    }
}

#[test]
fn a_summary_that_cannot_be_written_does_not_change_the_verdict() {
    let server = server();
    let clone = checkout(&server, "main", None);
    clone.write("../event.json", push("refs/heads/main", &clone.head(), &clone.head()).to_string());
    let tool = clone.tool(&["range", "--ci"]).env("GITHUB_EVENT_NAME", "push");
    let tool = tool.env("GITHUB_EVENT_PATH", "../event.json").env("GITHUB_STEP_SUMMARY", "absent/summary.md");
    tool.run().expect_code(0).expect_mention("the summary of the job could not be written");
}

// ---------------------------------------------------------------- jobs without a result

#[test]
fn without_ci_variables_there_is_no_range() {
    let repo = server();
    range(&repo, &[]).expect_code(2).expect_mention("GITHUB_EVENT_NAME").expect_mention("origin/main..HEAD");
    range(&repo, &[("GITHUB_EVENT_NAME", "push")]).expect_code(2).expect_mention("GITHUB_EVENT_PATH");
    range(&repo, &[("GITHUB_EVENT_NAME", "push"), ("GITHUB_EVENT_PATH", "absent.json")]).expect_code(2);
    for (event, payload) in
        [("push", "{"), ("push", "{}"), ("push", "[]"), ("pull_request", "{}"), ("merge_group", "{}")]
    {
        must(fs::write(repo.path("../event.json"), payload), "write an event");
        let told = [("GITHUB_EVENT_NAME", event), ("GITHUB_EVENT_PATH", "../event.json")];
        range(&repo, &told).expect_code(2);
    }
    repo.keysweep(&["range", "--ci", "main..HEAD"]).expect_code(2);
    repo.keysweep(&["range"]).expect_code(2);
}

#[test]
fn event_text_is_neither_used_as_a_revision_nor_repeated() {
    let server = server();
    let clone = checkout(&server, "main", None);
    let secret = Secret::github(1704);
    for told in ["HEAD", "HEAD~1", "main", "--output=/tmp/x", "$(touch hacked)", &secret.value, "", "12"] {
        let run = job(&clone, "push", &push("refs/heads/main", told, &server.head())).expect_code(2);
        assert!(run.text().contains("/before is not the id of a commit"), "{run}");
        run.expect_withheld(&secret.value);
        let ids = json!({ "head": { "sha": told }, "base": { "sha": server.head() } });
        let event = json!({ "pull_request": ids });
        job(&clone, "pull_request", &event).expect_code(2).expect_mention("is not the id of a commit");
    }
    let mut event = push("refs/heads/side", NONE, &server.head());
    for name in ["../../heads/main", "main^{}", "HEAD", "$(touch hacked)"] {
        event["repository"]["default_branch"] = name.into();
        let run = job(&clone, "push", &event).expect_code(1);
        assert_eq!(commits(&run), 2, "{run}");
    }
    assert!(!clone.path("hacked").exists());
}

// ---------------------------------------------------------------- entries that may allow a finding

#[test]
fn a_pull_request_does_not_allow_its_own_secret() {
    type Work = fn(&Repo);
    let with_a_comment: Work = |repo| {
        let line = new().line();
        repo.write("config.env", format!("{} # keysweep:allow {} a sample\n", line.trim_end(), new().rule));
    };
    let with_an_entry: Work = |repo| {
        repo.write("config.env", new().line());
        repo.write(".keysweep.toml", "[[allow]]\npath = \"config.env\"\nreason = \"a sample\"\n");
    };
    for (by, work) in [("comment", with_a_comment), ("config", with_an_entry)] {
        let server = server();
        let base = server.head();
        request(&server, |repo| {
            work(repo);
            repo.commit("a secret that is said to be none");
        });
        let clone = checkout(&server, "refs/pull/7/merge", None);
        let run = job(&clone, "pull_request", &pull_request(&server, &base)).expect_code(1);
        let said = run.suppression();
        assert_eq!((&said["by"], &said["status"]), (&by.into(), &"needs-approval".into()), "{run}");
        // The finding isn't allowed if the base can't be found, either.
        let run = job(&clone, "pull_request", &pull_request(&server, &"1".repeat(base.len())));
        assert_ne!(run.code, Some(0), "{run}");
        // Once it is merged, the default branch is judged by its own configuration.
        server.git(&["merge", "--quiet", "refs/pull/7/head"]);
        let clone = checkout(&server, "main", None);
        let run = job(&clone, "schedule", &json!({ "repository": { "default_branch": "main" } })).expect_code(1);
        let told: Vec<Value> = run.records_of("finding").iter().map(|one| one["suppression"]["by"].clone()).collect();
        assert_eq!(told, [Value::Null, by.into()], "the old one counts: {run}");
    }
}
