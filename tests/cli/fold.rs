//! Tests that many findings of one kind are reported together to people, but one by one to machines.

use std::collections::BTreeSet;

use keysweep::proof::template::Generator;

use crate::support::{Repo, Run, github_token, must};

/// Returns a line with a token that expires at the start of this year.
fn token(seed: u64, year: u64) -> String {
    let end = (year - 1970) * 365 * 86_400;
    let template = format!("SESSION=<jwt:{{\"iss\":\"https://id.internal\",\"sub\":\"{seed}\",\"exp\":{end}}}>\n");
    must(Generator::new(seed).expand(&template, None), "make a token")
}

fn with(count: u64, year: u64) -> Repo {
    let repo = Repo::folder();
    for number in 0..count {
        repo.write(format!("data/{number}/session.env"), token(number, year));
    }
    repo
}

fn heads(run: &Run, rule: &str) -> usize {
    run.out().lines().filter(|line| line.contains(&format!("{rule} · "))).count()
}

/// Checks that the formats for machines have every finding.
#[track_caller]
fn machines_have(repo: &Repo, count: usize) {
    let run = repo.keysweep(&["files", "data", "--format", "jsonl"]).expect_code(1);
    let ids: BTreeSet<String> = run.records_of("finding").iter().map(|one| one["id"].to_string()).collect();
    assert_eq!(ids.len(), count);
    for (format, mark) in [("sarif", "\"ruleIndex\""), ("csv", "\"finding\","), ("junit", "<failure ")] {
        let out = repo.keysweep(&["files", "data", "--format", format]).expect_code(1).out();
        assert_eq!(out.matches(mark).count(), count, "{format}");
    }
}

#[test]
fn expired_tokens_are_one_line() {
    let repo = with(40, 2019);
    let run = repo.keysweep(&["files", "data"]).expect_code(1);
    assert_eq!(heads(&run, "jwt"), 1, "{run}");
    let run = run.expect_mention("40 of one kind, expired, in data/0/session.env");
    assert!(run.out().lines().count() < 6, "{run}");
    run.expect_mention("and 37 more files").expect_mention("40 secrets in the files given");
    machines_have(&repo, 40);
}

#[test]
fn expired_tokens_are_one_row_and_one_card_of_a_page() {
    let repo = with(40, 2019);
    let markdown = repo.keysweep(&["files", "data", "--format", "markdown"]).expect_code(1).out();
    assert_eq!(markdown.lines().filter(|line| line.starts_with("| **low**")).count(), 1, "{markdown}");
    assert_eq!(markdown.lines().filter(|line| line.starts_with("#### **low**")).count(), 1, "{markdown}");
    assert!(markdown.contains("and 39 more of this kind"), "{markdown}");
    let html = repo.keysweep(&["files", "data", "--format", "html"]).expect_code(1).out();
    assert_eq!(html.matches("<details class=\"card ").count(), 1, "{html}");
}

#[test]
fn few_tokens_and_live_tokens_are_not_folded() {
    assert_eq!(heads(&with(2, 2019).keysweep(&["files", "data", "--full"]).expect_code(1), "jwt"), 2);
    assert_eq!(heads(&with(9, 2190).keysweep(&["files", "data", "--full"]).expect_code(1), "jwt"), 9);
}

#[test]
fn many_findings_in_test_folders_are_folded_into_the_first() {
    let lines = |seeds: std::ops::Range<u32>| -> String {
        seeds.map(|seed| format!("TOKEN_{seed}={}\n", github_token(seed))).collect()
    };
    let repo = Repo::folder();
    repo.write("data/tests/a.env", lines(0..9));
    repo.write("data/tests/b.env", lines(20..23));
    let run = repo.keysweep(&["files", "data"]).expect_code(1);
    assert_eq!(heads(&run, "github-pat-classic"), 2, "{run}");
    run.expect_mention("11 more of this kind, only in tests or samples, in data/tests/a.env, data/tests/b.env")
        .expect_mention("[revoke]");
    machines_have(&repo, 12);
    // With one place in another folder, the folder no longer describes them all.
    repo.write("data/c.env", lines(0..9));
    repo.remove("data/tests/b.env");
    assert_eq!(heads(&repo.keysweep(&["files", "data", "--full"]).expect_code(1), "github-pat-classic"), 9);
}
