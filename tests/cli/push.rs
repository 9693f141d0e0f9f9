//! Tests of `hook run pre-push`: everything that a push sends to a remote is scanned, whatever git pushes and in
//! whichever way.

use std::fs;

use crate::support::{Repo, Run, Secret, must};

/// Returns a repository whose pre-push hook is ours, with one commit on `main` that its remote `origin` has too.
fn pushed() -> Repo {
    let repo = Repo::with_a_commit();
    add_remote(&repo, "origin");
    repo.git(&["push", "--quiet", "--set-upstream", "origin", "main"]);
    repo.keysweep(&["hook", "install", "--hook", "pre-push"]).expect_code(0).expect_mention("every push");
    repo
}

fn add_remote(repo: &Repo, name: &str) -> Repo {
    let remote = repo.at(format!("../{name}.git"));
    remote.git(&["init", "--quiet", "--bare"]);
    repo.git(&["remote", "add", name, &format!("../{name}.git")]);
    remote
}

fn leak(repo: &Repo, secret: &Secret) {
    repo.write("config.env", secret.line());
    repo.commit("leak");
}

/// Checks that the push is stopped because of this secret alone, and that the message doesn't contain its value.
#[track_caller]
fn stopped(repo: &Repo, args: &[&str], secret: &Secret) -> Run {
    let before = repo.git(&["ls-remote", "origin"]).out();
    let run = repo.try_git(&[&["push", "--quiet"], args].concat()).expect_code(1);
    let run = run.expect_mention("1 secret").expect_mention(secret.rule).expect_mention("nothing was pushed");
    run.expect_withheld(&secret.value);
    assert_eq!(repo.git(&["ls-remote", "origin"]).out(), before, "something was pushed: {run}");
    run
}

/// Checks that the push succeeds and nothing is printed.
#[track_caller]
fn goes_through(repo: &Repo, args: &[&str]) {
    let run = repo.git(&[&["push", "--quiet"], args].concat());
    assert_eq!(run.text(), "", "{run}");
}

fn unchecked(repo: &Repo, args: &[&str]) {
    repo.git(&[&["push", "--quiet", "--no-verify"], args].concat());
}

/// Runs the hook with these lines as its input.
fn told(repo: &Repo, remote: &str, lines: &str) -> Run {
    repo.tool(&["hook", "run", "pre-push", remote, "../origin.git"]).input(lines).run()
}

fn none() -> String {
    "0".repeat(40)
}

// ---------------------------------------------------------------- branches

#[test]
fn a_secret_in_a_commit_stops_the_push() {
    let (repo, secret) = (pushed(), Secret::entra(1500));
    leak(&repo, &secret);
    let commit = repo.head();
    stopped(&repo, &[], &secret).expect_mention("config.env").expect_mention(&commit[..12]);
}

#[test]
fn a_secret_that_a_later_commit_removes_stops_the_push() {
    let (repo, secret) = (pushed(), Secret::entra(1501));
    leak(&repo, &secret);
    repo.remove("config.env");
    repo.commit("no leak");
    stopped(&repo, &["origin", "main"], &secret);
}

#[test]
fn a_secret_in_a_message_stops_the_push() {
    let (repo, secret) = (pushed(), Secret::github(1502));
    repo.commit(&format!("use {}", secret.value));
    stopped(&repo, &[], &secret);
}

#[test]
fn content_on_the_remote_is_not_scanned_again() {
    let (repo, secret) = (pushed(), Secret::entra(1503));
    leak(&repo, &secret);
    unchecked(&repo, &[]);
    repo.write("notes.txt", "nothing secret\n");
    repo.write("config.env", format!("# a comment\n{}", secret.line()));
    repo.commit("an old secret moves a line down");
    goes_through(&repo, &[]);
}

#[test]
fn a_new_branch_adds_commits_not_on_the_remote() {
    let (repo, old, new) = (pushed(), Secret::entra(1504), Secret::github(1505));
    leak(&repo, &old);
    unchecked(&repo, &[]);
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    goes_through(&repo, &["origin", "side"]);
    repo.git(&["checkout", "--quiet", "-b", "other"]);
    repo.write("deploy.sh", format!("export GITHUB_TOKEN={}\n", new.value));
    repo.commit("another leak");
    stopped(&repo, &["origin", "other"], &new);
}

#[test]
fn the_very_first_push_adds_everything() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(1506));
    leak(&repo, &secret);
    repo.remove("config.env");
    repo.commit("no leak");
    let line = format!("refs/heads/main {} refs/heads/main {}\n", repo.head(), none());
    told(&repo, "origin", &line).expect_code(1).expect_mention("1 secret").expect_mention(secret.rule);
}

#[test]
fn a_deleted_branch_adds_nothing() {
    let (repo, secret) = (pushed(), Secret::entra(1507));
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    leak(&repo, &secret);
    unchecked(&repo, &["origin", "side"]);
    goes_through(&repo, &["origin", "--delete", "side"]);
}

#[test]
fn a_forced_push_adds_what_the_branch_did_not_have() {
    let (repo, old, new) = (pushed(), Secret::entra(1508), Secret::github(1509));
    leak(&repo, &old);
    unchecked(&repo, &[]);
    repo.git(&["commit", "--quiet", "--amend", "-m", "the same under another message"]);
    goes_through(&repo, &["--force"]);
    repo.write("deploy.sh", format!("export GITHUB_TOKEN={}\n", new.value));
    repo.add();
    repo.git(&["commit", "--quiet", "--amend", "-m", "more"]);
    stopped(&repo, &["--force"], &new);
}

#[test]
fn a_forced_push_over_unknown_commits_counts_as_a_new_branch() {
    let (repo, secret) = (pushed(), Secret::entra(1510));
    repo.git(&["clone", "--quiet", "../origin.git", "../colleague"]);
    let colleague = repo.at("../colleague");
    colleague.write("theirs.txt", "their work\n");
    colleague.commit("their work");
    colleague.git(&["push", "--quiet"]);
    repo.write("notes.txt", "nothing secret\n");
    repo.commit("clean");
    let clean = repo.head();
    leak(&repo, &secret);
    stopped(&repo, &["--force"], &secret);
    goes_through(&repo, &["--force", "origin", &format!("{clean}:refs/heads/main")]);
}

#[test]
fn several_refs_of_one_push_are_all_checked() {
    let (repo, secret) = (pushed(), Secret::entra(1511));
    repo.git(&["branch", "a-clean-one"]);
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    leak(&repo, &secret);
    repo.git(&["branch", "z-another"]);
    stopped(&repo, &["origin", "--all"], &secret);
    stopped(&repo, &["origin", "main", "side"], &secret);
    goes_through(&repo, &["origin", "main", "a-clean-one"]);
}

#[test]
fn pushed_content_counts_rather_than_the_checkout() {
    let (repo, secret) = (pushed(), Secret::entra(1512));
    let clean = repo.head();
    leak(&repo, &secret);
    goes_through(&repo, &["origin", "HEAD~1:refs/heads/other"]);
    repo.git(&["checkout", "--quiet", &clean]);
    stopped(&repo, &["origin", "main:refs/heads/third"], &secret);
}

// ---------------------------------------------------------------- tags

#[test]
fn the_message_of_an_annotated_tag_is_checked() {
    let (repo, secret) = (pushed(), Secret::github(1520));
    repo.git(&["tag", "--annotate", "v1", "-m", &format!("deploy with {}", secret.value)]);
    stopped(&repo, &["origin", "v1"], &secret).expect_mention("git tag --annotate --force");
    repo.git(&["tag", "--annotate", "--force", "v1", "-m", "deploy"]);
    goes_through(&repo, &["origin", "v1"]);
}

#[test]
fn a_tag_of_a_tag_adds_both_messages() {
    let (repo, secret) = (pushed(), Secret::github(1521));
    repo.git(&["tag", "--annotate", "inner", "-m", &format!("deploy with {}", secret.value)]);
    repo.git(&["tag", "--annotate", "outer", "inner", "-m", "around it"]);
    stopped(&repo, &["origin", "outer"], &secret);
}

#[test]
fn the_commits_that_a_tag_leads_to_are_checked() {
    let (repo, secret) = (pushed(), Secret::entra(1522));
    leak(&repo, &secret);
    repo.git(&["tag", "light"]);
    repo.git(&["tag", "--annotate", "heavy", "-m", "a release"]);
    for tag in ["light", "heavy"] {
        stopped(&repo, &["origin", tag], &secret);
    }
}

#[test]
fn a_tag_of_a_file_or_a_folder_adds_it() {
    let (repo, secret) = (pushed(), Secret::entra(1523));
    let clean = repo.head();
    leak(&repo, &secret);
    repo.git(&["tag", "file", "HEAD:config.env"]);
    repo.git(&["tag", "--annotate", "folder", "-m", "a folder", "HEAD^{tree}"]);
    repo.git(&["reset", "--quiet", "--hard", &clean]);
    for tag in ["file", "folder"] {
        stopped(&repo, &["origin", tag], &secret);
    }
}

// ---------------------------------------------------------------- remotes

#[test]
fn each_remote_has_its_own_known_commits() {
    let (repo, secret) = (pushed(), Secret::entra(1530));
    add_remote(&repo, "backup");
    goes_through(&repo, &["backup", "main"]);
    leak(&repo, &secret);
    unchecked(&repo, &["origin", "main"]);
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    stopped(&repo, &["backup", "main"], &secret);
    stopped(&repo, &["backup", "side"], &secret);
    goes_through(&repo, &["origin", "side"]);
}

#[test]
fn an_unnamed_remote_has_the_commits_git_lists() {
    let (repo, old, new) = (pushed(), Secret::entra(1531), Secret::github(1532));
    leak(&repo, &old);
    unchecked(&repo, &["../origin.git", "main"]);
    repo.write("deploy.sh", format!("export GITHUB_TOKEN={}\n", new.value));
    repo.commit("another leak");
    stopped(&repo, &["../origin.git", "main"], &new);
}

// ---------------------------------------------------------------- pushes without a result

#[test]
fn a_commit_that_cannot_be_read_stops_the_push() {
    let repo = pushed();
    repo.write("lost.txt", "about to vanish\n");
    repo.commit("lost");
    must(fs::remove_file(repo.loose_object("HEAD:lost.txt")), "remove an object");
    let run = repo.try_git(&["push", "--quiet"]).expect_mention("git push --no-verify").expect_mention("lost.txt");
    assert_ne!(run.code, Some(0), "{run}");
    let line = format!("refs/heads/main {} refs/heads/main {}\n", repo.head(), repo.rev("origin/main"));
    told(&repo, "origin", &line).expect_code(2);
}

#[test]
fn a_missing_object_stops_the_push() {
    let repo = pushed();
    let line = format!("refs/heads/main {} refs/heads/main {}\n", "1".repeat(40), repo.rev("origin/main"));
    told(&repo, "origin", &line).expect_code(2).expect_mention("refs/heads/main");
}

#[test]
fn input_that_git_does_not_write_is_refused() {
    let (repo, secret) = (pushed(), Secret::github(1540));
    for line in ["refs/heads/main", "a b c d", &format!("{} {} x y", secret.value, none())] {
        let run = told(&repo, "origin", line).expect_code(2).expect_mention("git push --no-verify");
        run.expect_withheld(&secret.value);
    }
    repo.keysweep(&["hook", "run", "pre-push"]).expect_code(2);
}

#[test]
fn a_push_of_nothing_is_let_through() {
    let repo = pushed();
    goes_through(&repo, &[]);
    let nothing = |by_git: bool| {
        let tool = repo.tool(&["hook", "run", "pre-push", "origin", "../origin.git"]).input("");
        if by_git { tool.env("GIT_PREFIX", "").run() } else { tool.run() }
    };
    let run = nothing(true).expect_code(0);
    assert_eq!(run.text(), "", "{run}");
    // Only git has a reason to run the hook without input.
    nothing(false).expect_code(2).expect_mention("pass on the standard input");
}

#[test]
fn the_name_of_a_ref_that_is_new_to_the_remote_is_checked() {
    let (repo, secret) = (pushed(), Secret::github(4_711));
    repo.git(&["tag", &secret.value]);
    stopped(&repo, &["origin", &secret.value], &secret);
    let branch = format!("main:refs/heads/{}", secret.value);
    stopped(&repo, &["origin", &branch], &secret);
    repo.git(&["push", "--quiet", "origin", "main:refs/heads/other"]);
}
