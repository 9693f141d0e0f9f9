//! Tests of ranges in all the forms that `git rev-list` accepts, with git as the oracle.

use std::collections::BTreeSet;

use crate::support::{Chance, Repo, Secret};

/// Returns a history of commits with random parents and wrong clocks, each with a different secret in its message and
/// named `c0`, `c1` and so on.
fn history(chance: &mut Chance, count: usize) -> Repo {
    let repo = Repo::with_a_commit();
    let tree = repo.rev("HEAD^{tree}");
    let mut ids: Vec<String> = Vec::new();
    for number in 0..count {
        let mut args = vec!["commit-tree".to_owned(), tree.clone(), "-m".to_owned()];
        args.push(Secret::github(u32::try_from(900 + number).unwrap_or(0)).value);
        let parents = if number == 0 || chance.one_in(9) { 0 } else { 1 + usize::from(chance.one_in(3)) };
        let recent = &ids[ids.len().saturating_sub(5)..];
        let parents: BTreeSet<&String> = (0..parents).map(|_| chance.pick(recent)).collect();
        parents.iter().for_each(|parent| args.extend(["-p".to_owned(), (*parent).clone()]));
        let late = if chance.one_in(6) { 600 } else { 0 };
        let date = format!("{} +0000", 1_750_000_000 + number * 60 - late);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let id = repo.git_tool(&args).env("GIT_COMMITTER_DATE", date).run().expect_code(0).out().trim().to_owned();
        repo.git(&["update-ref", &format!("refs/heads/c{number}"), &id]);
        ids.push(id);
    }
    repo
}

/// Returns the commits whose messages were read.
fn read(repo: &Repo, words: &[&str]) -> BTreeSet<String> {
    let run = repo.keysweep(&[&["range"], words, &["--format", "jsonl"]].concat());
    assert!(matches!(run.code, Some(0 | 1)), "{run}");
    let commit =
        |finding: serde_json::Value| finding["occurrences"][0]["commit"].as_str().unwrap_or_default().to_owned();
    run.records_of("finding").into_iter().map(commit).collect()
}

fn listed(repo: &Repo, words: &[&str]) -> BTreeSet<String> {
    let listed = repo.git(&[&["rev-list", "--end-of-options"], words].concat());
    listed.out().lines().map(str::to_owned).collect()
}

#[test]
fn a_range_is_resolved_as_git_does() {
    const COUNT: usize = 24;
    let mut chance = Chance(7);
    let repo = history(&mut chance, COUNT);
    for round in 0..40 {
        let (a, b, c) = (chance.below(COUNT), chance.below(COUNT), chance.below(COUNT));
        let words = match round % 8 {
            0 | 1 => vec![format!("c{a}..c{b}")],
            2 | 3 => vec![format!("c{a}...c{b}")],
            4 => vec![format!("^c{a}"), format!("c{b}"), format!("c{c}")],
            5 => vec![format!("c{a}^!")],
            6 => vec![format!("c{a}^@"), format!("^c{b}")],
            _ => vec![format!("c{a}..c{b}"), format!("^c{c}")],
        };
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        assert_eq!(read(&repo, &words), listed(&repo, &words), "{words:?}");
    }
}

#[test]
fn a_missing_end_is_head() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(990));
    repo.git(&["branch", "before"]);
    repo.commit(&format!("with {}", secret.value));
    for range in ["before..", "before...", "HEAD^!", "@^!"] {
        repo.keysweep(&["range", range]).expect_code(1).expect_mention(secret.rule);
    }
    for range in ["..before", "HEAD..", "HEAD^@..HEAD^@"] {
        assert_ne!(repo.keysweep(&["range", range]).code, Some(1), "{range}");
    }
}

#[test]
fn a_range_needs_a_start() {
    let repo = Repo::with_a_commit();
    for words in [&["HEAD"][..], &["HEAD^@"], &["HEAD", "main"], &["HEAD~0"]] {
        repo.keysweep(&[&["range"], words].concat()).expect_code(2).expect_mention("is not a range");
    }
    for word in ["nowhere..HEAD", "HEAD..nowhere", "^nowhere", "HEAD^{tree}..HEAD", "--all", "HEAD:README.md.."] {
        repo.keysweep(&["range", word]).expect_code(2);
    }
    repo.keysweep(&["range"]).expect_code(2);
}
