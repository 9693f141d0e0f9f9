//! Tests of `hook run pre-receive`: what a server accepts, tested by real pushes to a bare repository, whose new
//! objects are in quarantine until the hook has agreed.

use std::fs;

use crate::support::{Repo, Run, Secret, must};

/// Returns a clone, and the guarded bare repository that it pushes to, with one commit on `main`.
fn served() -> (Repo, Repo) {
    let repo = Repo::with_a_commit();
    let server = repo.at("../server.git");
    server.git(&["init", "--quiet", "--bare"]);
    repo.git(&["remote", "add", "origin", "../server.git"]);
    repo.git(&["push", "--quiet", "--set-upstream", "origin", "main"]);
    let run = server.keysweep(&["hook", "install", "--hook", "pre-receive"]).expect_code(0);
    run.expect_mention("every push to this repository");
    (repo, server)
}

fn leak(repo: &Repo, secret: &Secret) {
    repo.write("config.env", secret.line());
    repo.commit("leak");
}

/// Checks that the server refuses the push because of this secret alone, and keeps none of its objects.
#[track_caller]
fn refused(repo: &Repo, server: &Repo, args: &[&str], secret: &Secret) -> Run {
    let (refs, objects) = (server.git(&["for-each-ref"]).out(), server.object_count());
    let run = repo.try_git(&[&["push", "--quiet"], args].concat()).expect_code(1);
    let run = run.expect_mention("1 secret").expect_mention(secret.rule).expect_mention("the server accepted nothing");
    run.expect_withheld(&secret.value);
    assert_eq!((server.git(&["for-each-ref"]).out(), server.object_count()), (refs, objects), "{run}");
    assert!(!server.path("keysweep").exists(), "a report of what was refused stays on the server");
    run
}

#[track_caller]
fn accepted(repo: &Repo, args: &[&str]) {
    let run = repo.git(&[&["push", "--quiet"], args].concat());
    assert_eq!(run.text(), "", "{run}");
}

fn clean(repo: &Repo, number: u32) {
    repo.write(format!("notes-{number}.txt"), format!("nothing secret in number {number}\n"));
    repo.commit("clean");
}

#[test]
fn a_clean_push_is_let_in_and_one_with_a_secret_is_not() {
    let ((repo, server), secret) = (served(), Secret::entra(1800));
    clean(&repo, 1);
    accepted(&repo, &[]);
    let before = repo.head();
    leak(&repo, &secret);
    let run = refused(&repo, &server, &[], &secret);
    assert!(!run.text().contains("--no-verify"), "nobody goes past a server: {run}");
    repo.git(&["reset", "--quiet", "--hard", &before]);
    clean(&repo, 2);
    accepted(&repo, &[]);
    assert_eq!(server.rev("main"), repo.head());
}

/// Git stores few objects one by one and many as a pack.
#[test]
fn secrets_in_packs_and_loose_objects_are_found() {
    let ((repo, server), secret) = (served(), Secret::entra(1801));
    server.git(&["config", "receive.unpackLimit", "1"]);
    clean(&repo, 1);
    accepted(&repo, &[]);
    leak(&repo, &secret);
    refused(&repo, &server, &[], &secret);
}

#[test]
fn a_new_branch_adds_commits_that_no_server_ref_has() {
    let ((repo, server), old, new) = (served(), Secret::entra(1802), Secret::github(1803));
    let hook = server.path("hooks/pre-receive");
    must(fs::rename(&hook, server.path("off")), "switch the hook off");
    leak(&repo, &old);
    accepted(&repo, &[]);
    must(fs::rename(server.path("off"), &hook), "switch the hook on");
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    clean(&repo, 1);
    accepted(&repo, &["origin", "side"]);
    repo.write("deploy.sh", format!("export GITHUB_TOKEN={}\n", new.value));
    repo.commit("another leak");
    repo.remove("deploy.sh");
    repo.commit("which is taken out at once");
    refused(&repo, &server, &["origin", "side"], &new);
    refused(&repo, &server, &["origin", "side:refs/heads/other", "main"], &new);
}

#[test]
fn the_very_first_push_is_checked_completely() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(1804));
    let server = repo.at("../server.git");
    server.git(&["init", "--quiet", "--bare"]);
    server.keysweep(&["hook", "install", "--hook", "pre-receive"]).expect_code(0);
    repo.git(&["remote", "add", "origin", "../server.git"]);
    let clean = repo.head();
    leak(&repo, &secret);
    refused(&repo, &server, &["origin", "main"], &secret);
    accepted(&repo, &["origin", &format!("{clean}:refs/heads/main")]);
}

#[test]
fn a_branch_may_be_deleted() {
    let (repo, server) = served();
    accepted(&repo, &["origin", "main:side"]);
    accepted(&repo, &["origin", "--delete", "side"]);
    assert_eq!(server.git(&["for-each-ref"]).out().lines().count(), 1);
}

#[test]
fn tags_and_their_messages_are_checked() {
    let ((repo, server), secret) = (served(), Secret::github(1805));
    repo.git(&["tag", "light"]);
    repo.git(&["tag", "--annotate", "clean", "-m", "a release"]);
    accepted(&repo, &["origin", "light", "clean"]);
    repo.git(&["tag", "--annotate", "leaky", "-m", &format!("deploy with {}", secret.value)]);
    refused(&repo, &server, &["origin", "leaky"], &secret);
}

#[test]
fn a_forced_push_adds_what_the_server_did_not_have() {
    let ((repo, server), secret) = (served(), Secret::entra(1806));
    clean(&repo, 1);
    accepted(&repo, &[]);
    repo.write("config.env", secret.line());
    repo.add();
    repo.git(&["commit", "--quiet", "--amend", "-m", "more"]);
    refused(&repo, &server, &["--force"], &secret);
}

/// A server may keep the objects of forks in one place, from which each fork borrows by a relative path.
#[test]
fn a_server_that_borrows_objects_sees_them() {
    let ((repo, server), secret) = (served(), Secret::entra(1807));
    server.git(&["clone", "--quiet", "--bare", "--shared", "../server.git", "../fork.git"]);
    let fork = repo.at("../fork.git");
    fork.write("objects/info/alternates", "../../server.git/objects\n");
    fork.keysweep(&["hook", "install", "--hook", "pre-receive"]).expect_code(0);
    repo.git(&["remote", "add", "fork", "../fork.git"]);
    clean(&repo, 1);
    accepted(&repo, &["fork", "main"]);
    leak(&repo, &secret);
    refused(&repo, &fork, &["fork", "main"], &secret);
}

#[test]
fn an_existing_receive_hook_runs_first_with_the_same_input() {
    let (repo, server) = served();
    server.keysweep(&["hook", "uninstall"]).expect_code(0);
    assert!(!server.path("hooks/pre-receive").exists());
    server.write("hooks/pre-receive", "#!/bin/sh\ncat >noted\n");
    must(
        fs::set_permissions(server.path("hooks/pre-receive"), std::os::unix::fs::PermissionsExt::from_mode(0o755)),
        "set a mode",
    );
    server.keysweep(&["hook", "install", "--hook", "pre-receive"]).expect_code(0).expect_mention("runs first");
    let old = repo.head();
    clean(&repo, 1);
    accepted(&repo, &[]);
    assert_eq!(server.read("noted"), format!("{old} {} refs/heads/main\n", repo.head()));
    let run = server.keysweep(&["hook", "status", "--hook", "pre-receive"]).expect_code(0);
    run.expect_mention("pre-receive");
}

#[test]
fn an_unintelligible_push_is_rejected() {
    let (repo, server) = served();
    let told = |lines: &str| server.tool(&["hook", "run", "pre-receive"]).input(lines).run();
    let none = "0".repeat(40);
    told("refs/heads/main\n").expect_code(2).expect_mention("OLD-OID NEW-OID REF");
    told(&format!("{none} {} refs/heads/x\n", "1".repeat(40))).expect_code(2).expect_mention("refs/heads/x");
    // Git doesn't run the hook for an empty push.
    told("").expect_code(2).expect_mention("pass on the standard input");
    drop(repo);
}

// ---------------------------------------------------------------- where objects are

/// `git` follows these variables everywhere, so keysweep does too.
#[test]
fn objects_are_read_from_the_folders_in_the_environment() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(1808));
    let own = repo.git_path("objects");
    must(fs::create_dir(repo.path("../more objects")), "make a folder");
    repo.write("config.env", secret.line());
    let (more, list) = (repo.path("../more objects"), format!("\"{}\":/nowhere", own.display()));
    let git = |args: &[&str]| {
        let tool = repo.git_tool(args).env("GIT_OBJECT_DIRECTORY", &more);
        tool.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", &own).run().expect_code(0)
    };
    git(&["add", "config.env"]);
    repo.keysweep(&["staged"]).expect_code(2).expect_mention("config.env");
    let staged = |own: &str, list: &str| {
        let tool = repo.tool(&["staged"]).env("GIT_OBJECT_DIRECTORY", own);
        tool.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", list).run().expect_code(1).expect_mention(secret.rule)
    };
    staged(&more.display().to_string(), &list);
    staged("", &more.display().to_string());
}

#[test]
fn a_push_does_not_allow_its_own_secret() {
    let ((repo, server), secret) = (served(), Secret::entra(1870));
    let start = repo.head();
    repo.write("config.env", format!("{} # keysweep:allow {} a sample\n", secret.line().trim_end(), secret.rule));
    repo.commit("with a comment");
    refused(&repo, &server, &[], &secret).expect_mention("needs approval");
    repo.write("config.env", secret.line());
    repo.write(".keysweep.toml", "[[allow]]\npath = \"config.env\"\nreason = \"a sample\"\n");
    repo.commit("with an entry");
    refused(&repo, &server, &[], &secret);
    // An entry that the server already has is valid.
    repo.git(&["reset", "--quiet", "--hard", &start]);
    repo.write(".keysweep.toml", "[[allow]]\npath = \"config.env\"\nreason = \"a sample\"\n");
    repo.commit("the entry alone");
    accepted(&repo, &[]);
    leak(&repo, &secret);
    accepted(&repo, &[]);
}
