//! Tests of `drill`: every stage is run for real, with git and git filter-repo, and nothing is left behind.

use std::fs;

use crate::support::{Repo, must, python_tool};

#[test]
fn every_stage_stops_the_leak_and_nothing_is_left_behind() {
    python_tool("git-filter-repo==2.47.0");
    let place = Repo::folder();
    let temporary = place.path("temporary");
    must(fs::create_dir(&temporary), "making a folder");
    let run =
        place.tool(&["drill", "--format", "json"]).env("TMPDIR", temporary.display().to_string()).run().expect_code(0);
    let certificate: serde_json::Value = must(serde_json::from_str(&run.out()), "reading the certificate");
    let stages = certificate["stages"].as_array().cloned().unwrap_or_default();
    assert_eq!(stages.len(), 5, "{run}");
    assert!(stages.iter().all(|stage| stage["outcome"] == "stopped"), "{run}");
    assert_eq!(must(fs::read_dir(&temporary), "reading a folder").count(), 0);
    // The configuration in the environment doesn't change what the drill rehearses.
    place.write("blind.toml", "disable = [\"github-pat-classic\", \"npm-token\"]\n");
    let blind = place.path("blind.toml").display().to_string();
    place.tool(&["drill", "--format", "json"]).env("KEYSWEEP_CONFIG", blind).run().expect_code(0);
    let run = place.keysweep(&["drill", "--kind", "npm-token", "--format", "markdown"]).expect_code(0);
    assert!(run.out().contains("every stage stopped the leak") && run.out().contains("`npm-token`"), "{run}");
    assert!(!run.text().contains("KeysweepDrill"), "{run}");
}

#[test]
fn a_kind_that_cannot_be_marked_is_refused() {
    let place = Repo::folder();
    place.keysweep(&["drill", "--kind", "no-such-rule"]).expect_code(2);
    place.keysweep(&["drill", "--kind", "gitlab-pat"]).expect_code(2).expect_mention("no room for the mark");
}

#[test]
fn an_exercise_has_leaks_without_answers() {
    let place = Repo::folder();
    place.keysweep(&["drill", "--team", "exercise"]).expect_code(0);
    let text = place.read("exercise/EXERCISE.md");
    assert!(text.contains("2 leaked credentials") && !text.contains("settings.env") && !text.contains("npm"), "{text}");
    let run = place.keysweep(&["history", "exercise/repository", "--format", "jsonl"]).expect_code(1);
    assert_eq!(run.records_of("finding").len(), 2, "{run}");
    place.keysweep(&["drill", "--team", "exercise"]).expect_code(2).expect_mention("already exists");
}
