//! What is written for people fits a terminal: no word is torn, and none is lost.

use crate::support::{Repo, Run, Secret};

/// The words of a text as a shell reads them; what continues a command in the next line is none, and how old a report is
/// differs from run to run.
fn words(run: &Run) -> Vec<String> {
    let text = run.out().replace("'\\\n'", "").replace("seconds", "second");
    let words: Vec<&str> = text.split_whitespace().filter(|word| *word != "\\").collect();
    let is_age = |at: usize| matches!(words.get(at + 1..at + 3), Some(["second", "old"]));
    words.iter().enumerate().filter(|(at, _)| !is_age(*at)).map(|(_, word)| (*word).to_owned()).collect()
}

/// Runs a command for terminals of 80 and of 60 columns, and once without.
#[track_caller]
fn fits(repo: &Repo, args: &[&str]) {
    let wide = repo.tool(args).run();
    for columns in [80, 60] {
        let narrow = repo.tool(args).env("COLUMNS", columns.to_string()).run();
        assert!(!narrow.out().is_empty(), "{narrow}");
        assert_eq!(words(&narrow), words(&wide), "{args:?}: {narrow}");
        for line in narrow.out().lines().filter(|line| line.chars().count() > columns) {
            let words: Vec<&str> = line.split_whitespace().filter(|word| *word != "\\").collect();
            assert!(matches!(words[..], [one] if one.chars().count() > columns - 2), "{args:?} at {columns}: {narrow}");
        }
    }
}

#[test]
fn every_page_fits_80_columns() {
    let repo = Repo::with_a_commit();
    for seed in 0..6 {
        repo.write(format!("deploy/environments/production/{seed}/settings.env"), Secret::github(2300 + seed).line());
        repo.commit("more");
    }
    // With line and column it fits a line of 80 columns, but behind no indent; and one that fits none.
    for (seed, name) in [(2306, "settings"), (2307, "a-name-that-is-as-long-as-few-of-them-are")] {
        let path = format!("services/authentication/src/main/resources/environments/{name}.env");
        repo.write(path, Secret::github(seed).line());
    }
    repo.commit("Deploy");
    repo.write("README.md", Secret::entra(2310).line());
    repo.commit("Explain how to deploy");
    let staged = Secret::entra(2311);
    repo.write("src/configuration/a file with blanks.yaml", staged.line());
    repo.add();
    let found = repo.keysweep(&["staged", "--format", "jsonl"]).only_finding();
    let id = found["id"].as_str().unwrap_or_default();
    fits(&repo, &["staged"]);
    fits(&repo, &["history"]);
    fits(&repo, &["history", "--full"]);
    // Once there is a plan, the next one has a note on it.
    repo.keysweep(&["purge-plan"]).expect_code(0);
    fits(&repo, &["purge-plan"]);
    fits(&repo, &["explain", id]);
    fits(&repo, &["explain", staged.rule]);
    fits(&repo, &["verify", "--finding", id]);
    fits(&repo, &["range", "HEAD~3..HEAD"]);
    fits(&repo, &["files", "."]);
    fits(&repo, &["rules", "list", "azure"]);
}

#[test]
fn many_findings_begin_with_an_overview() {
    let repo = Repo::with_a_commit();
    for seed in 0..60 {
        repo.write(format!("{}/{seed}.env", seed % 7), Secret::github(2400 + seed).line());
    }
    repo.write("README.md", Secret::entra(2410).line());
    repo.commit("all at once");
    let run = repo.keysweep(&["history"]).expect_code(1);
    let text = run.out();
    let first = text.lines().next().unwrap_or_default();
    assert!(
        first.starts_with("61 secrets in ") && first.contains("critical") && first.ends_with(": 61 local-only"),
        "{run}"
    );
    assert!(text.lines().count() < 120, "{run}");
    let full = repo.keysweep(&["history", "--full"]).expect_code(1).out();
    let ids: Vec<String> = repo
        .keysweep(&["history", "--format", "jsonl"])
        .records_of("finding")
        .iter()
        .filter_map(|one| one["id"].as_str().map(str::to_owned))
        .collect();
    assert!(ids.len() == 61 && ids.iter().all(|id| full.contains(id)), "{full}");
}
