//! Tests of `hook run commit-msg`: the message of a commit is scanned, without the parts that git removes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::{Repo, Run, Secret, must};

/// Returns a repository whose commit-msg hook is ours.
fn guarded() -> Repo {
    let repo = Repo::with_a_commit();
    repo.keysweep(&["hook", "install", "--hook", "commit-msg"]).expect_code(0).expect_mention("message");
    repo
}

fn write_script(repo: &Repo, path: &std::path::Path, line: &str) {
    repo.write(path, format!("#!/bin/sh\n{line}\n"));
    must(fs::set_permissions(path, fs::Permissions::from_mode(0o755)), "set a mode");
}

fn commit(repo: &Repo, message: &str) -> Run {
    repo.try_git(&["commit", "--quiet", "--allow-empty", "-m", message])
}

/// Makes a commit for which an editor writes these lines above those that git put into the file.
fn edited(repo: &Repo, lines: &str, args: &[&str]) -> Run {
    repo.write(".git/lines", lines);
    let editor = repo.path(".git/editor");
    write_script(repo, &editor, "cat .git/lines \"$1\" >.git/whole && cp .git/whole \"$1\"");
    let args = [&["commit", "--quiet", "--allow-empty"], args].concat();
    repo.git_tool(&args).env("GIT_EDITOR", editor).run()
}

#[track_caller]
fn stopped(run: Run, secret: &Secret) -> Run {
    let run = run.expect_code(1).expect_mention("1 secret").expect_mention(secret.rule);
    let run =
        run.expect_mention("nothing was committed").expect_mention("the message is kept in '.git/COMMIT_EDITMSG'");
    run.expect_withheld(&secret.value);
    run
}

#[track_caller]
fn goes_through(run: Run) {
    let run = run.expect_code(0);
    assert_eq!(run.text(), "", "{run}");
}

#[test]
fn a_secret_in_the_message_stops_the_commit() {
    let (repo, secret) = (guarded(), Secret::github(1600));
    let before = repo.head();
    let run = commit(&repo, &format!("deploy\n\nworks with {} only", secret.value));
    stopped(run, &secret).expect_mention(".git/COMMIT_EDITMSG:3");
    assert_eq!(repo.head(), before);
    goes_through(commit(&repo, "deploy"));
    assert_ne!(repo.head(), before);
}

#[test]
fn a_secret_left_after_editing_stops_the_commit() {
    let (repo, secret) = (guarded(), Secret::github(1601));
    stopped(edited(&repo, &format!("deploy with {}\n", secret.value), &[]), &secret);
}

#[test]
fn comments_that_git_strips_from_a_message_are_not_scanned() {
    let (repo, secret) = (guarded(), Secret::github(1602));
    goes_through(edited(&repo, &format!("deploy\n# not with {}\n", secret.value), &[]));
    repo.git(&["config", "core.commentChar", ";"]);
    goes_through(edited(&repo, &format!("deploy\n; not with {}\n", secret.value), &[]));
    stopped(edited(&repo, &format!("deploy\n# not with {}\n", secret.value), &[]), &secret);
}

#[test]
fn lines_that_only_look_like_comments_are_scanned() {
    let (repo, secret) = (guarded(), Secret::github(1603));
    let message = format!("deploy\n\n# with {}", secret.value);
    stopped(commit(&repo, &message), &secret);
    repo.git(&["config", "commit.cleanup", "whitespace"]);
    stopped(edited(&repo, &message, &[]), &secret);
    repo.git(&["config", "commit.cleanup", "strip"]);
    goes_through(commit(&repo, &message));
    assert!(!repo.git(&["log", "-1", "--format=%B"]).out().contains(&secret.value));
}

#[test]
fn the_diff_below_the_scissors_is_not_scanned() {
    let (repo, secret) = (guarded(), Secret::entra(1604));
    repo.write("config.env", secret.line());
    repo.commit("an old leak");
    for args in [["--verbose"], ["--cleanup=scissors"]] {
        repo.write("config.env", format!("# {}\n{}", args.concat(), secret.line()));
        repo.add();
        goes_through(edited(&repo, "a line above the old leak\n", &args));
    }
    repo.write("notes.txt", "nothing secret\n");
    repo.add();
    let lines = format!("deploy\n\n{}", secret.line());
    stopped(edited(&repo, &lines, &["--verbose"]), &secret);
}

#[test]
fn the_message_of_a_merge_is_checked() {
    let (repo, secret) = (guarded(), Secret::github(1605));
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    repo.commit("on the side");
    repo.git(&["checkout", "--quiet", "main"]);
    let merge = |message: &str| repo.try_git(&["merge", "--quiet", "--no-ff", "-m", message, "side"]);
    let run = merge(&format!("with {}", secret.value)).expect_mention(secret.rule);
    assert_ne!(run.code, Some(0), "{run}");
    run.expect_withheld(&secret.value);
    repo.git(&["merge", "--abort"]);
    merge("from the side").expect_code(0);
}

#[test]
fn a_linked_worktree_has_its_own_message() {
    let (repo, secret) = (guarded(), Secret::github(1606));
    repo.git(&["worktree", "add", "--quiet", "-b", "side", "../linked"]);
    let run = commit(&repo.at("../linked"), &format!("with {}", secret.value)).expect_code(1);
    run.expect_mention(".git/worktrees/linked/COMMIT_EDITMSG").expect_withheld(&secret.value);
}

#[test]
fn a_message_that_cannot_be_read_stops_the_commit() {
    let repo = guarded();
    let run = repo.keysweep(&["hook", "run", "commit-msg", ".git/nothing"]).expect_code(2);
    run.expect_mention(".git/nothing").expect_mention("git commit --no-verify");
    repo.keysweep(&["hook", "run", "commit-msg"]).expect_code(2);
}
