//! Tests of linked work trees in a purge plan: each has files and an index of its own, and the plan moves both off the
//! old history.

use crate::purge::{Plan, Step, needs_filter_repo, push, with_remote};
use crate::support::{Repo, Run, Secret};
use crate::verify::{held, verify};

/// Returns a repository, its remote and a linked work tree, with a leak on the branches that both have checked out, and
/// the secret.
fn linked(seed: u32) -> (Repo, Repo, Repo, Secret) {
    let (repo, remote) = with_remote("sha1");
    needs_filter_repo(&repo);
    let secret = Secret::github(seed);
    repo.write("a.env", secret.line());
    repo.commit("one");
    repo.git(&["worktree", "add", "--quiet", "-b", "side", "../a linked one"]);
    let linked = repo.at("../a linked one");
    linked.write("side.txt", "side\n");
    linked.commit("side");
    (repo, remote, linked, secret)
}

/// Runs the steps that run here; returns the first one that fails.
fn follow(repo: &Repo, steps: &[Step]) -> Option<(Step, Run)> {
    let runs = steps.iter().filter(|step| step.is_here());
    let mut runs = runs.map(|step| (step.clone(), repo.at("../elsewhere").sh(&step.command)));
    runs.find(|(_, run)| run.code != Some(0))
}

#[track_caller]
fn worked(repo: &Repo, steps: &[Step]) {
    if let Some((step, run)) = follow(repo, steps) {
        panic!("{step:?}: {run}");
    }
}

#[track_caller]
fn is_clean(tree: &Repo, branch: &str) {
    assert_eq!(tree.git(&["status", "--porcelain"]).out(), "");
    assert_eq!(tree.git(&["branch", "--show-current"]).out().trim(), branch);
    assert!(tree.read("a.env").contains("***REMOVED***"), "{}", tree.read("a.env"));
}

#[test]
fn a_linked_work_tree_ends_up_on_its_rewritten_branch() {
    for is_pushed in [true, false] {
        let (repo, remote, linked, secret) = linked(if is_pushed { 2810 } else { 2811 });
        if is_pushed {
            push(&repo);
        }
        let steps = Plan::of(&repo, &[]).steps();
        worked(&repo, &steps);
        is_clean(&repo, "main");
        is_clean(&linked, "side");
        assert_eq!(linked.read("side.txt"), "side\n");
        for tree in [&repo, &linked] {
            verify(tree, &[&secret.value], &[]).expect_code(0);
        }
        assert!(!is_pushed || linked.rev("side") == remote.rev("side"));
    }
}

/// The plan may be made in any of the work trees.
#[test]
fn a_plan_made_in_a_linked_work_tree_includes_the_main_one() {
    let (repo, _, linked, secret) = linked(2812);
    push(&repo);
    let steps = Plan::of(&linked, &[]).steps();
    worked(&linked, &steps);
    is_clean(&repo, "main");
    is_clean(&linked, "side");
    verify(&repo, &[&secret.value], &[]).expect_code(0);
}

#[test]
fn uncommitted_work_in_a_linked_work_tree_stops_a_plan_early() {
    let (repo, remote, linked, secret) = linked(2813);
    push(&repo);
    linked.write("side.txt", "staged\n");
    linked.add();
    linked.write("side.txt", "changed\n");
    let before = (repo.rev("main"), remote.rev("main"), linked.git(&["status", "--porcelain"]).out());
    let steps = Plan::of(&repo, &[]).steps();
    let (refused, _) = follow(&repo, &steps).unwrap_or_else(|| panic!("nothing stopped: {steps:?}"));
    assert!(refused.title.contains("commit what is staged or changed there"), "{refused:?}");
    assert_eq!((repo.rev("main"), remote.rev("main"), linked.git(&["status", "--porcelain"]).out()), before);
    linked.git(&["commit", "--quiet", "--all", "-m", "work"]);
    worked(&repo, &steps);
    is_clean(&linked, "side");
    assert_eq!(linked.read("side.txt"), "changed\n");
    verify(&repo, &[&secret.value], &[]).expect_code(0);
}

/// A detached commit gets a branch first, and is then rewritten as well.
#[test]
fn a_detached_work_tree_is_given_a_branch_first() {
    let repo = Repo::with_a_commit();
    needs_filter_repo(&repo);
    let secret = Secret::github(2814);
    repo.write("a.env", secret.line());
    repo.commit("one");
    repo.git(&["worktree", "add", "--quiet", "--detach", "../linked"]);
    let linked = repo.at("../linked");
    let report = repo.keysweep(&["history", "--full"]).expect_code(1);
    report.expect_mention("keysweep purge-plan");
    let steps = Plan::of(&repo, &[]).steps();
    let (refused, _) = follow(&repo, &steps).unwrap_or_else(|| panic!("nothing stopped: {steps:?}"));
    let make = refused.title.split('\'').find(|part| part.contains(" switch -c ")).unwrap_or_default();
    repo.at("../elsewhere").sh(&make.replace("<name>", "kept")).expect_code(0);
    let steps = Plan::of(&repo, &[]).steps();
    worked(&repo, &steps);
    is_clean(&repo, "main");
    is_clean(&linked, "kept");
    verify(&repo, &[&secret.value], &[]).expect_code(0);
}

#[test]
fn a_work_tree_with_a_deleted_folder_is_pruned() {
    let (repo, _, linked, secret) = linked(2815);
    push(&repo);
    repo.sh("rm -rf '../a linked one'").expect_code(0);
    let steps = Plan::of(&repo, &[]).steps();
    worked(&repo, &steps);
    verify(&repo, &[&secret.value], &[]).expect_code(0);
    assert_eq!(repo.git(&["worktree", "list"]).out().lines().count(), 1);
    drop(linked);
}

/// If the user skips the step, `verify` names the work tree and the command that cleans its index.
#[test]
fn verify_names_the_work_tree_whose_index_contains_the_value() {
    let (repo, _, linked, secret) = linked(2816);
    push(&repo);
    let steps = Plan::of(&repo, &[]).steps();
    let (resets, others): (Vec<Step>, Vec<Step>) =
        steps.into_iter().partition(|step| step.command.contains("reset --quiet --hard"));
    assert_eq!(resets.len(), 1);
    // The step that fails is the proof at the end of the plan.
    let (failed, _) = follow(&repo, &others).unwrap_or_else(|| panic!("all is gone"));
    assert!(failed.command.contains("keysweep verify"), "{failed:?}");
    let run = verify(&repo, &[&secret.value], &["--format", "jsonl"]).expect_code(1);
    assert!(held(&run).iter().any(|(by, name)| by == "other-index" && name.ends_with("a linked one")), "{run}");
    linked.write("side.txt", "not lost\n");
    let plan = run.only_finding()["plan"].as_array().cloned().unwrap_or_default();
    for step in plan {
        repo.sh(step["command"].as_str().unwrap_or_default()).expect_code(0);
    }
    verify(&repo, &[&secret.value], &[]).expect_code(0);
    assert_eq!(linked.read("side.txt"), "not lost\n");
}

/// A work tree without a branch is named, with the command that leaves the commit.
#[test]
fn verify_names_the_work_tree_that_is_on_an_old_commit() {
    let repo = Repo::with_a_commit();
    repo.git(&["worktree", "add", "--quiet", "--detach", "../linked"]);
    repo.git(&["branch", "free"]);
    let (linked, secret) = (repo.at("../linked"), Secret::github(2817));
    linked.write("a.env", secret.line());
    linked.commit("one");
    let run = verify(&repo, &[&secret.value], &["--format", "jsonl"]).expect_code(1);
    let plan = run.only_finding()["plan"].as_array().cloned().unwrap_or_default();
    for step in &plan {
        let command = step["command"].as_str().unwrap_or_default().replace("<branch>", "free");
        repo.at(".").sh(&command).expect_code(0);
    }
    verify(&repo, &[&secret.value], &[]).expect_code(0);
    assert_eq!(linked.git(&["branch", "--show-current"]).out(), "free\n");
}
