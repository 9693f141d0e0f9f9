//! `history --cache DIR`: a second sweep says the same as one that starts anew, and reads only what is new.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::{Repo, Run, Secret, contains, must};

const SWEEP: [&str; 4] = ["history", "--format", "jsonl", "--show-secrets"];

fn cached(repo: &Repo, more: &[&str]) -> Run {
    repo.keysweep(&[&SWEEP[..], &["--cache", "../cache"], more].concat())
}

/// Findings as they are told, and the summary's count of a field.
fn findings(run: &Run) -> Vec<Value> {
    run.records_of("finding")
}

fn count(run: &Run, field: &str) -> u64 {
    run.records_of("summary")[0][field].as_u64().unwrap_or(u64::MAX)
}

/// A second sweep says what one without a cache says.
#[track_caller]
fn same_as_anew(repo: &Repo, run: &Run) {
    let anew = repo.keysweep(&SWEEP);
    assert_eq!(findings(run), findings(&anew), "with a cache: {run}\nanew: {anew}");
    assert_eq!(run.verdict(), anew.verdict());
}

/// Commits of which one leaks and a later one takes the leak out again.
fn leaky(packed: bool) -> Repo {
    let repo = Repo::with_a_commit();
    for step in 0..12 {
        repo.write("a.txt", format!("{}step {step}\n", "a line that stays\n".repeat(40)));
        if step == 5 {
            repo.write("config.env", Secret::entra(900).line());
        }
        if step == 8 {
            repo.remove("config.env");
        }
        repo.commit(&format!("step {step}"));
    }
    if packed {
        repo.git(&["repack", "-adfq", "--depth=50"]);
    }
    repo
}

fn cache_files(repo: &Repo) -> Vec<PathBuf> {
    let entries = must(fs::read_dir(repo.path("../cache")), "reading the cache");
    let mut files: Vec<PathBuf> = entries.map(|entry| must(entry, "reading the cache").path()).collect();
    files.sort();
    files
}

#[test]
fn a_second_sweep_says_the_same_and_reads_what_something_was_seen_in() {
    for packed in [false, true] {
        let repo = leaky(packed);
        let first = cached(&repo, &[]).expect_code(1);
        assert_eq!(count(&first, "cached"), 0, "{first}");
        let second = cached(&repo, &[]).expect_code(1);
        same_as_anew(&repo, &second);
        assert_eq!(count(&second, "blobs"), 1, "only the blob with the secret is read again: {second}");
        assert_eq!(count(&second, "cached") + 1, repo.object_count(), "{second}");
    }
}

#[test]
fn what_is_new_is_found_whatever_it_is_made_from() {
    let repo = leaky(true);
    cached(&repo, &[]).expect_code(1);
    let text = repo.read("a.txt");
    repo.write("a.txt", format!("{text}{}", Secret::entra(901).line()));
    repo.write(format!("{}.txt", Secret::github(902).value), "its name is a token\n");
    repo.commit("two more");
    for again in 0..2 {
        let run = cached(&repo, &[]).expect_code(1);
        assert_eq!(findings(&run).len(), 3, "{run}");
        same_as_anew(&repo, &run);
        if again == 0 {
            repo.git(&["repack", "-adfq", "--depth=50"]);
        }
    }
}

#[test]
fn other_rules_never_meet_the_cache_of_these() {
    let repo = leaky(true);
    cached(&repo, &["--rule", "github-pat-classic"]).expect_code(0);
    let all = cached(&repo, &[]).expect_code(1);
    assert_eq!(count(&all, "cached"), 0, "{all}");
    assert_eq!(cache_files(&repo).len(), 2);
}

#[test]
fn objects_that_are_gone_are_missed() {
    let repo = leaky(false);
    cached(&repo, &[]).expect_code(1);
    must(fs::remove_file(repo.loose_object("HEAD:a.txt")), "removing an object");
    let run = cached(&repo, &[]).expect_code(1);
    assert_eq!(run.records_of("gap").len(), 1, "{run}");
    same_as_anew(&repo, &run);
}

#[test]
fn a_cache_of_another_clone_serves_as_far_as_it_goes() {
    let repo = leaky(true);
    cached(&repo, &[]).expect_code(1);
    let other = leaky(true);
    other.write("b.txt", Secret::entra(903).line());
    other.commit("elsewhere");
    let shared = repo.path("../cache").display().to_string();
    let run = other.keysweep(&[&SWEEP[..], &["--cache", &shared]].concat()).expect_code(1);
    assert_eq!(findings(&run).len(), 2, "{run}");
    assert!(count(&run, "cached") > 30, "{run}");
    let back = cached(&repo, &[]).expect_code(1);
    same_as_anew(&repo, &back);
}

#[test]
fn a_damaged_cache_is_told_and_not_used() {
    let repo = leaky(true);
    cached(&repo, &[]).expect_code(1);
    let file = cache_files(&repo).remove(0);
    let whole = must(fs::read(&file), "reading the cache");
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for bytes in [&whole[..whole.len() - 7], &flipped, b""] {
        must(fs::write(&file, bytes), "damaging the cache");
        let run = cached(&repo, &[]).expect_code(1).expect_mention("damaged");
        assert_eq!(count(&run, "cached"), 0, "{run}");
        same_as_anew(&repo, &run);
    }
    assert!(count(&cached(&repo, &[]), "cached") > 0, "it was written anew");
}

#[test]
fn the_cache_holds_no_value_and_no_name() {
    let repo = leaky(true);
    cached(&repo, &[]).expect_code(1);
    let bytes = must(fs::read(&cache_files(&repo)[0]), "reading the cache");
    let secret = Secret::entra(900);
    assert!(!contains(&bytes, secret.value.as_bytes()) && !contains(&bytes, b"config.env"));
}

#[test]
fn a_folder_that_cannot_be_written_costs_a_note_and_nothing_else() {
    let repo = leaky(true);
    repo.write("../file", "no folder\n");
    let run = repo.keysweep(&[&SWEEP[..], &["--cache", "../file"]].concat()).expect_code(1);
    run.expect_mention("could not be written");
}
