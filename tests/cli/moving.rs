//! Tests of sweeps while git works in the same repository: what moves isn't a gap, and nothing is missed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{env, fs, thread};

use crate::support::{Repo, Run, Secret};

/// The number of sweeps, unless `KEYSWEEP_SWEEPS` gives another.
const SWEEPS: usize = 20;

/// The script of git commands that runs over and over at the same time.
const WORK: &str = "while [ ! -e ../over ]; do
    for n in 1 2 3; do date +%s%N > file-$n; git add -A; git commit -qm change; done
    git repack -qad; git commit -q --amend -m amended; git pack-refs --all
    git reflog expire --expire=now --all; git gc -q --prune=now; git branch -f side
done";

fn sweeps() -> usize {
    env::var("KEYSWEEP_SWEEPS").ok().and_then(|count| count.parse().ok()).unwrap_or(SWEEPS)
}

#[test]
fn a_repository_that_moves_has_no_gaps_and_loses_nothing() {
    let sweeps = sweeps();
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(1));
    repo.write("config.env", secret.line());
    repo.commit("leak");
    let mut work = repo.program("sh").args(&["-c", WORK]).spawn();
    let runs = (0..sweeps).map(|_| repo.keysweep(&["history", "--format", "jsonl"]));
    let is_wrong =
        |run: &Run| !run.records_of("gap").is_empty() || run.records_of("finding").len() != 1 || run.code != Some(1);
    let wrong: Vec<String> = runs.filter(is_wrong).map(|run| run.to_string()).collect();
    repo.write("../over", "");
    drop(work.wait());
    assert!(wrong.is_empty(), "{} of {sweeps}, such as {}", wrong.len(), wrong[0]);
}

/// Runs keysweep again and again while a folder is moved away and back.
fn beside_moves(base: &Repo, folder: &str, run: impl Fn() -> Run) -> Vec<Run> {
    let (place, away) = (base.path(folder), base.path("away"));
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                for (from, to, pause) in [(&place, &away, 2), (&away, &place, 9)] {
                    assert!(fs::rename(from, to).is_ok(), "{} cannot be moved", from.display());
                    thread::sleep(Duration::from_millis(pause));
                }
            }
        });
        let runs = (0..sweeps()).map(|_| run()).collect();
        is_over.store(true, Ordering::Relaxed);
        runs
    })
}

#[test]
fn a_repository_moved_away_and_back_is_never_clean() {
    let (base, secret) = (Repo::folder(), Secret::github(1));
    let repo = base.at("tree");
    repo.git(&["init", "--quiet", "."]);
    repo.write("config.env", secret.line());
    repo.commit("leak");
    repo.remove("config.env");
    repo.commit("taken out");
    for folder in ["tree/.git", "tree", "tree/.git/objects", "tree/.git/refs"] {
        let runs = beside_moves(&base, folder, || base.keysweep(&["history", "tree", "--format", "jsonl"]));
        let is_wrong =
            |run: &&Run| run.code != Some(2) && (run.code != Some(1) || run.records_of("finding").len() != 1);
        let wrong: Vec<&Run> = runs.iter().filter(is_wrong).collect();
        assert!(wrong.is_empty(), "{folder}: {} of {}, such as {}", wrong.len(), runs.len(), wrong[0]);
    }
    repo.keysweep(&["history"]).expect_code(1);
}
