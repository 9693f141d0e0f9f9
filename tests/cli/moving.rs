//! Sweeps of a repository that git works in at the same time: what moves is no gap, and nothing is lost.

use std::env;

use crate::support::{Repo, Secret};

/// Sweeps, unless `KEYSWEEP_SWEEPS` says how many.
const SWEEPS: usize = 20;

/// What git does meanwhile, over and over.
const WORK: &str = "while [ ! -e ../over ]; do
    for n in 1 2 3; do date +%s%N > file-$n; git add -A; git commit -qm change; done
    git repack -qad; git commit -q --amend -m amended; git pack-refs --all
    git reflog expire --expire=now --all; git gc -q --prune=now; git branch -f side
done";

#[test]
fn a_repository_that_moves_has_no_gaps_and_loses_nothing() {
    let sweeps = env::var("KEYSWEEP_SWEEPS").ok().and_then(|count| count.parse().ok()).unwrap_or(SWEEPS);
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(1));
    repo.write("config.env", secret.line());
    repo.commit("leak");
    let mut work = repo.program("sh").args(&["-c", WORK]).spawn();
    let runs = (0..sweeps).map(|_| repo.keysweep(&["history", "--format", "jsonl"]));
    let is_wrong = |run: &crate::support::Run| {
        !run.records_of("gap").is_empty() || run.records_of("finding").len() != 1 || run.code != Some(1)
    };
    let wrong: Vec<String> = runs.filter(is_wrong).map(|run| run.to_string()).collect();
    repo.write("../over", "");
    drop(work.wait());
    assert!(wrong.is_empty(), "{} of {sweeps}, such as {}", wrong.len(), wrong[0]);
}
