//! Tests of `purge-plan --script`: the script ends in the same state as the printed plan, waits where it has to, and
//! continues where it stopped.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::purge::{Leak, Plan, needs_filter_repo, push, with_remote};
use crate::support::{Repo, Run, Secret, must};
use crate::verify::verify;

/// Writes the plan for a repository as a script, outside of the repository.
#[track_caller]
fn script(repo: &Repo) -> Run {
    repo.keysweep(&["purge-plan", "--script", "../purge.sh"]).expect_code(0)
}

/// Runs that script from an unrelated folder.
fn run(repo: &Repo, args: &[&str], answers: &str) -> Run {
    let elsewhere = repo.at("../elsewhere");
    elsewhere.program("sh").args(&[&["../purge.sh"], args].concat()).input(answers).run()
}

/// Returns all refs and all objects as text.
fn state(repo: &Repo) -> String {
    let refs = repo.git(&["for-each-ref", "--format=%(objectname) %(refname)"]).out();
    let objects = repo.git(&["cat-file", "--batch-all-objects", "--batch-check"]).out();
    format!("{refs}\n{objects}")
}

/// Carries out the printed plan.
fn follow(repo: &Repo, remote: &Repo) {
    for step in Plan::of(repo, &[]).steps() {
        match step.on.as_str() {
            "here" if step.is_here() => drop(step.run(repo)),
            "server" => drop(remote.sh(&step.command).expect_code(0)),
            _ => {}
        }
    }
}

/// Runs the script, and runs the command that it leaves for the server there.
fn follow_script(repo: &Repo, remote: &Repo) -> Run {
    let server = Plan::of(repo, &[]).steps().into_iter().find(|step| step.on == "server");
    script(repo);
    let ran = run(repo, &["--yes"], "").expect_code(0).expect_mention("left for you");
    server.iter().for_each(|step| drop(remote.sh(&step.command).expect_code(0)));
    ran
}

#[test]
fn a_script_gives_the_same_result_as_the_printed_plan() {
    let (printed, scripted) = (Leak::planted("sha1", 1300), Leak::planted("sha1", 1300));
    needs_filter_repo(&printed.repo);
    assert_eq!(state(&printed.repo), state(&scripted.repo));
    follow(&printed.repo, &printed.remote);
    let ran = follow_script(&scripted.repo, &scripted.remote);
    scripted.withheld(&ran);
    assert_eq!(state(&printed.repo), state(&scripted.repo), "{ran}");
    assert_eq!(state(&printed.remote), state(&scripted.remote), "{ran}");
    verify(&scripted.repo, &scripted.values(), &[]).expect_code(0);
    verify(&scripted.remote, &scripted.values(), &[]).expect_code(0);
    assert!(!scripted.repo.git_path("keysweep").exists(), "the values are still there: {ran}");
    assert!(!scripted.repo.path("pwned").exists() && !scripted.repo.path("../elsewhere/pwned").exists(), "{ran}");
    let text = scripted.repo.read("../purge.sh");
    assert!(scripted.values().iter().all(|value| !text.contains(value)), "{text}");
    run(&scripted.repo, &["--yes"], "").expect_code(1).expect_mention("has been carried out");
}

/// A mirror has no work tree, and the files of its plan are inside it.
#[test]
fn a_mirror_is_purged_by_script_and_by_plan() {
    let secret = Secret::github(1310);
    let mirror = || {
        let (source, remote) = with_remote("sha1");
        source.write("a.env", secret.line());
        source.commit("one");
        source.git(&["tag", "v1"]);
        push(&source);
        let mirror = source.at("../mirror");
        mirror.git(&["clone", "--quiet", "--mirror", "../remote.git", "."]);
        (mirror, remote)
    };
    let (printed, scripted) = (mirror(), mirror());
    needs_filter_repo(&printed.0);
    follow(&printed.0, &printed.1);
    let ran = follow_script(&scripted.0, &scripted.1).expect_mention("2 refs moved");
    for (one, other) in [(&printed.0, &scripted.0), (&printed.1, &scripted.1)] {
        assert_eq!(state(one), state(other), "{ran}");
        verify(other, &[&secret.value], &[]).expect_code(0);
    }
    assert_eq!(scripted.0.rev("main"), scripted.1.rev("main"));
}

/// A secret is found, explained, purged and proved gone: from the first command that a user types to the last.
#[test]
fn a_secret_three_commits_deep_is_found_explained_and_purged() {
    let (repo, remote) = with_remote("sha1");
    needs_filter_repo(&repo);
    let secret = Secret::entra(1320);
    repo.write("deploy.env", secret.line());
    repo.commit("Add settings");
    repo.write("deploy.env", "AZURE_CLIENT_SECRET=\n");
    repo.commit("Take the value out again");
    repo.write("work.txt", "work\n");
    repo.commit("Work");
    push(&repo);
    let sweep = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1);
    let finding = sweep.only_finding();
    assert_eq!(finding["stage"], "published", "{sweep}");
    let id = finding["id"].as_str().unwrap_or_default();
    let explained = repo.keysweep(&["explain", id]).expect_code(0).expect_mention("deploy.env");
    explained.expect_mention("purge-plan").expect_withheld(&secret.value);
    let written = script(&repo).expect_mention("the script is in '");
    written.expect_withheld(&secret.value);
    let server = Plan::of(&repo, &[]).steps().into_iter().find(|step| step.on == "server");
    script(&repo).expect_mention("replaces that of an older plan");
    let ran = run(&repo, &[], &"y\n".repeat(40)).expect_code(0).expect_mention("1 ref moved");
    ran.expect_withheld(&secret.value);
    server.iter().for_each(|step| drop(remote.sh(&step.command).expect_code(0)));
    for place in [&repo, &remote] {
        verify(place, &[&secret.value], &[]).expect_code(0).expect_mention("gone");
    }
    repo.keysweep(&["history"]).expect_code(0);
    assert_eq!(repo.rev("main"), remote.rev("main"));
    assert_eq!(repo.git(&["log", "--format=%s"]).out(), "Work\nTake the value out again\nAdd settings\nstart\n");
}

/// Nothing irreversible happens without an answer, and finished steps aren't repeated.
#[test]
fn a_script_asks_before_steps_and_resumes_where_it_stopped() {
    let (repo, remote) = with_remote("sha1");
    needs_filter_repo(&repo);
    let secret = Secret::github(1330);
    repo.write("a.env", secret.line());
    repo.commit("one");
    push(&repo);
    let (before, on_server) = (state(&repo), state(&remote));
    script(&repo);
    let stopped = run(&repo, &[], "").expect_code(1).expect_mention("Step 1 has not been done");
    assert!(!stopped.out().contains("Step 2"), "{stopped}");
    // The answer is yes to the steps that only people can do, and no to the forced push.
    let stopped = run(&repo, &[], "y\ny\nn\n").expect_code(1).expect_mention("This cannot be undone. Run it? [y/N]");
    stopped.expect_mention("has not been run. Run this script again");
    assert_eq!((state(&repo), state(&remote)), (before, on_server), "something was done without an answer");
    let ran = run(&repo, &[], &"y\n".repeat(40)).expect_code(0).expect_mention("Step 1 was done before.");
    assert!(!ran.out().contains("filter-repo --sensitive"), "the rewrite was done twice: {ran}");
    verify(&repo, &[&secret.value], &[]).expect_code(0);
}

/// A failed step ends the script with advice, and a push in between isn't overwritten.
#[test]
fn a_step_that_fails_stops_the_script() {
    let (repo, remote) = with_remote("sha1");
    needs_filter_repo(&repo);
    let secret = Secret::github(1340);
    repo.write("a.env", secret.line());
    repo.commit("one");
    push(&repo);
    let number = |phase: &str| {
        let steps = Plan::of(&repo, &[]).steps();
        1 + steps.iter().position(|step| step.phase == phase).unwrap_or_else(|| panic!("no {phase}: {steps:?}"))
    };
    let pushing = number("push");
    script(&repo);
    run(&repo, &[], "y\ny\nn\n").expect_code(1);
    let other = repo.at("../other");
    other.git(&["clone", "--quiet", "../remote.git", "."]);
    other.write("b.txt", "b\n");
    other.commit("in between");
    other.git(&["push", "--quiet"]);
    let failed = run(&repo, &["--yes"], "").expect_code(1).expect_mention("stale");
    let failed = failed.expect_mention(&format!("Step {pushing} failed with exit code"));
    failed.expect_mention("create the plan again");
    assert_eq!(remote.rev("main"), other.rev("HEAD"));
    // The plan is created again, with new clones, and none of the old steps count as done.
    repo.git(&["fetch", "--quiet"]);
    follow_script(&repo, &remote);
    verify(&repo, &[&secret.value], &[]).expect_code(0);
    verify(&remote, &[&secret.value], &[]).expect_code(0);
    assert_eq!(remote.git(&["log", "--format=%s", "main"]).out(), "in between\none\nstart\n");
}

#[test]
fn a_step_can_be_marked_as_done_manually() {
    let (repo, _remote) = with_remote("sha1");
    repo.write("a.env", Secret::github(1350).line());
    repo.commit("one");
    push(&repo);
    script(&repo);
    run(&repo, &["--done", "1"], "").expect_code(0);
    run(&repo, &[], "").expect_code(1).expect_mention("Step 1 was done before.").expect_mention("Step 2 of");
    run(&repo, &["--done", "x"], "").expect_code(1);
    run(&repo, &["--force"], "").expect_code(1).expect_mention("--yes");
}

/// A step that has to be edited by hand can't be skipped with an option.
#[test]
fn manual_steps_are_not_skipped() {
    let (repo, _remote) = with_remote("sha1");
    push(&repo);
    repo.write("a.env", Secret::github(1360).line());
    repo.commit("one");
    script(&repo);
    let head = repo.head();
    run(&repo, &["--yes"], "").expect_code(1).expect_mention("has to be done by hand. Run this script without --yes");
    assert_eq!(repo.head(), head);
}

#[test]
fn only_an_earlier_script_is_overwritten() {
    let (repo, _remote) = with_remote("sha1");
    repo.write("a.env", Secret::github(1370).line());
    repo.commit("one");
    push(&repo);
    for (name, content) in [("../notes.txt", "mine\n"), ("../empty", "")] {
        repo.write(name, content);
        repo.keysweep(&["purge-plan", "--script", name]).expect_code(2).expect_mention("already exists");
        assert_eq!(repo.read(name), content);
    }
    script(&repo);
    let mode = must(fs::metadata(repo.path("../purge.sh")), "look at the script").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    must(std::os::unix::fs::symlink("purge.sh", repo.path("../link.sh")), "make a link");
    repo.keysweep(&["purge-plan", "--script", "../link.sh"]).expect_code(2).expect_mention("already exists");
    let clean = Repo::with_a_commit();
    script(&clean).expect_mention("nothing to purge");
    assert!(!clean.path("../purge.sh").exists());
}
