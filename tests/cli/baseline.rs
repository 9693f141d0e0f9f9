//! Tests of the baseline: known findings don't count, whatever happens to the code around them, and no merge breaks the
//! file.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{Repo, Run, Secret};

const NAME: &str = ".keysweep-baseline";

/// Returns a password such as a person chooses, not one that a machine issued.
fn password(seed: u32) -> String {
    Secret::github(seed).value[8..30].to_owned()
}

/// Returns a repository with a token and a password that are in its baseline.
fn known() -> (Repo, [String; 2]) {
    let (repo, values) = (Repo::with_a_commit(), [Secret::github(9201).value, password(9202)]);
    repo.write("a.txt", format!("T={}\ndb_password = \"{}\"\n", values[0], values[1]));
    repo.write(".gitattributes", format!("{NAME} merge=union\n"));
    repo.commit("two secrets");
    repo.keysweep(&["history"]).expect_code(1);
    repo.keysweep(&["baseline", "create"]).expect_code(0).expect_mention("2 secrets added");
    repo.commit("known");
    (repo, values)
}

#[track_caller]
fn counts(repo: &Repo, code: i32) -> (usize, Value, Value) {
    let run = repo.keysweep(&["baseline", "check", "--format", "json"]).expect_code(code);
    let view: Value = serde_json::from_slice(&run.stdout).unwrap_or_default();
    (view["new"].as_array().map_or(0, Vec::len), view["unchanged"].clone(), view["absent"].clone())
}

fn lines(repo: &Repo) -> Vec<String> {
    repo.read(NAME).lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn baselined_findings_do_not_count_and_are_marked_unchanged() {
    let (repo, values) = known();
    let run = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(0);
    let findings = run.records_of("finding");
    assert_eq!(findings.len(), 2, "{run}");
    for finding in findings {
        assert_eq!(
            (&finding["state"], &finding["suppression"]["by"]),
            (&"unchanged".into(), &"baseline".into()),
            "{run}"
        );
    }
    repo.write("b.txt", format!("T={}\n", Secret::github(9203).value));
    repo.add();
    let run = repo.keysweep(&["staged", "--format", "jsonl"]).expect_code(1);
    assert_eq!(run.records_of("finding")[0]["state"], "new", "{run}");
    for value in &values {
        let text = repo.read(NAME);
        assert!(!text.contains(&value[4..]), "{text}");
    }
    // A scan of the baseline file itself finds nothing.
    repo.keysweep(&["files", NAME, "--min-confidence", "low", "--no-allow"]).expect_code(0);
}

#[test]
fn weak_values_are_hashed_slowly_with_a_salt_per_repository() {
    let (one, _) = known();
    let (other, _) = known();
    let kinds: BTreeSet<String> =
        lines(&one).iter().filter_map(|line| Some(line.split_once(':')?.0.to_owned())).collect();
    assert_eq!(kinds, BTreeSet::from(["argon2id".to_owned(), "sha256".to_owned()]));
    let digests = |repo: &Repo| -> BTreeSet<String> {
        lines(repo).iter().filter_map(|line| Some(line.split([':', ' ']).nth(2)?.to_owned())).collect()
    };
    assert!(digests(&one).is_disjoint(&digests(&other)));
}

#[test]
fn the_baseline_survives_moved_lines_renames_squashes_and_rebases() {
    let (repo, _) = known();
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    repo.write("a.txt", "a line\n".repeat(60) + &repo.read("a.txt"));
    repo.add();
    repo.keysweep(&["staged"]).expect_code(0);
    repo.commit("sixty lines above");
    repo.rename_and_rebase("a.txt", "renamed.txt");
    let all = |repo: &Repo| {
        repo.keysweep(&["history"]).expect_code(0);
        repo.keysweep(&["files", "."]).expect_code(0);
        repo.keysweep(&["range", "main..side"]).expect_code(0);
        assert_eq!(counts(repo, 0), (0, 2.into(), 0.into()));
    };
    all(&repo);
    repo.git(&["checkout", "--quiet", "main"]);
    repo.git(&["merge", "--quiet", "--squash", "side"]);
    repo.commit("squashed");
    all(&repo);
    let before = repo.read(NAME);
    repo.keysweep(&["baseline", "update"]).expect_code(0);
    assert_eq!(repo.read(NAME), before, "nothing new, nothing gone: the same bytes");
}

#[test]
fn branches_that_add_different_entries_merge_cleanly() {
    let (repo, _) = known();
    for (branch, seed) in [("ours", 9210), ("theirs", 9211)] {
        repo.git(&["checkout", "--quiet", "-b", branch, "main"]);
        repo.write(
            format!("{branch}.txt"),
            format!("T={}\ndb_password = \"{}\"\n", Secret::github(seed).value, password(seed + 10)),
        );
        repo.commit("two more");
        // The objects of the other branch are here too, so only the findings of this branch are added.
        let ids = repo.keysweep(&["files", &format!("{branch}.txt"), "--format", "jsonl"]).expect_code(1);
        let ids: Vec<String> =
            ids.records_of("finding").iter().map(|one| one["id"].as_str().unwrap_or_default().to_owned()).collect();
        let named: Vec<&str> = ids.iter().flat_map(|id| ["--finding", id]).collect();
        repo.keysweep(&[&["baseline", "update"][..], &named].concat()).expect_code(0);
        repo.commit("known");
    }
    repo.git(&["merge", "--quiet", "--no-edit", "ours"]);
    assert_eq!(lines(&repo).iter().collect::<BTreeSet<_>>().len(), 6, "{}", repo.read(NAME));
    assert_eq!(counts(&repo, 0), (0, 6.into(), 0.into()));
    repo.keysweep(&["baseline", "update"]).expect_code(0);
    let canonical = lines(&repo);
    assert!(canonical.is_sorted() && canonical.len() == 6, "{canonical:?}");
    // Both branches extend the same baseline, so there is one salt. A baseline that is made separately has a different
    // salt, and both remain valid.
    let salts: BTreeSet<&str> = canonical.iter().filter_map(|line| line.split(':').nth(1)).collect();
    assert_eq!(salts.len(), 1);
}

#[test]
fn concatenating_two_baselines_merges_them() {
    let (repo, _) = known();
    let first = repo.read(NAME);
    repo.remove(NAME);
    repo.keysweep(&["baseline", "create"]).expect_code(0);
    let both = format!("{}{first}", repo.read(NAME));
    repo.write(NAME, &both);
    repo.keysweep(&["history"]).expect_code(0);
    repo.keysweep(&["baseline", "update"]).expect_code(0);
    assert_eq!(lines(&repo).len(), 2, "one line a secret");
    repo.keysweep(&["history"]).expect_code(0);
}

#[test]
fn update_keeps_remarks_and_drops_stale_entries() {
    let (repo, _) = known();
    let secret = Secret::github(9220);
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    repo.write("b.txt", format!("T={}\n", secret.value));
    repo.commit("one more");
    assert_eq!(counts(&repo, 1), (1, 2.into(), 0.into()));
    repo.keysweep(&["baseline", "update", "--finding", "abcdefghij"]).expect_code(2).expect_mention("no new finding");
    repo.keysweep(&["baseline", "update"]).expect_code(0);
    let text: String = repo
        .read(NAME)
        .lines()
        .map(|line| match line.starts_with('#') {
            true => format!("{line}\n"),
            false => format!("{line} # revoked, ask the team\n"),
        })
        .collect();
    repo.write(NAME, &text);
    repo.git(&["stash", "--quiet"]);
    repo.git(&["checkout", "--quiet", "main"]);
    repo.git(&["stash", "pop", "--quiet"]);
    repo.git(&["branch", "--quiet", "-D", "side"]);
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
    repo.git(&["gc", "--quiet", "--prune=now"]);
    assert_eq!(counts(&repo, 0), (0, 2.into(), 1.into()));
    repo.keysweep(&["baseline", "update"]).expect_code(0);
    let left = lines(&repo);
    assert!(left.len() == 2 && left.iter().all(|line| line.ends_with(" # revoked, ask the team")), "{left:?}");
}

#[test]
fn a_baseline_that_cannot_be_read_stops_the_scan() {
    let (repo, _) = known();
    let text = repo.read(NAME);
    for (bad, why) in [("<<<<<<< HEAD", "merge"), ("md5:00:00 rule", "not an entry")] {
        repo.write(NAME, format!("{text}{bad}\n"));
        let run: Run = repo.keysweep(&["history"]).expect_code(2).expect_mention("line 4").expect_mention(why);
        assert!(!run.text().contains("no secrets"), "{run}");
    }
    repo.write(NAME, &text);
    repo.keysweep(&["baseline", "create"]).expect_code(2).expect_mention("already exists");
    repo.remove(NAME);
    repo.keysweep(&["baseline", "update"]).expect_code(2).expect_mention("create");
    repo.keysweep(&["history", "--baseline", "absent"]).expect_code(2).expect_mention("absent");
}

#[test]
fn no_entry_is_dropped_if_anything_was_unreadable() {
    let (repo, _) = known();
    let before = repo.read(NAME);
    repo.git(&["rm", "--quiet", "a.txt"]);
    repo.commit("gone from HEAD");
    must_remove(&repo, "HEAD~1:a.txt");
    repo.keysweep(&["baseline", "update"]).expect_code(2).expect_mention("no entry was dropped");
    assert_eq!(repo.read(NAME), before);
}

fn must_remove(repo: &Repo, revision: &str) {
    crate::support::must(std::fs::remove_file(repo.loose_object(revision)), "remove an object");
}

// ---------------------------------------------------------------- the ignore files of other tools

#[test]
fn findings_ignored_by_other_tools_are_imported_if_found() {
    let (repo, values) = (Repo::with_a_commit(), [Secret::github(9230).value, Secret::github(9231).value]);
    repo.write("a.txt", format!("T={}\n\nT={}\n", values[0], values[1]));
    repo.commit("two secrets");
    let commit = repo.head();
    let sum = repo.sh(&format!("printf %s {} | sha1sum | cut -d' ' -f1", values[0])).out();
    let files = [
        (format!("{commit}:a.txt:github-pat:1\ngone.txt:github-pat:9\n"), "a .gitleaksignore"),
        (
            format!(
                r#"[{{"RuleID":"x","File":"elsewhere","StartLine":5,"Secret":"{}"}},{{"RuleID":"x","File":"gone.txt","StartLine":9,"Secret":"REDACTED"}}]"#,
                values[0]
            ),
            "a report of gitleaks",
        ),
        (
            format!(
                r#"{{"results":{{"a.txt":[{{"hashed_secret":"{}","line_number":1}}],"gone.txt":[{{"hashed_secret":"00","line_number":9}}]}}}}"#,
                sum.trim()
            ),
            "a baseline of detect-secrets",
        ),
    ];
    for (text, what) in files {
        repo.write("../theirs", &text);
        let run = repo.keysweep(&["baseline", "import", "../theirs"]).expect_code(0);
        let run = run.expect_mention("1 of 2 entries carried over").expect_mention("gone.txt, line 9");
        run.expect_withheld(&values[0]);
        assert_eq!(counts(&repo, 1), (1, 1.into(), 0.into()), "{what}");
        repo.remove(NAME);
    }
    repo.write("../theirs", "not a fingerprint\n");
    repo.keysweep(&["baseline", "import", "../theirs"]).expect_code(2).expect_mention("line 1");
    assert!(!repo.path(NAME).exists());
}
