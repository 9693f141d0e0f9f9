//! Tests of the ways to accept a finding: comments and entries of the configuration. A value is allowed, never a place.

use serde_json::Value;

use crate::support::{Repo, Run, Secret, must};

const RULE: &str = "github-pat-classic";

/// Returns a line with a token and a comment after it.
fn line(secret: &Secret, comment: &str) -> String {
    format!("TOKEN={} # {comment}\n", secret.value)
}

fn allow(reason: &str) -> String {
    format!("keysweep:allow {RULE} {reason}")
}

#[track_caller]
fn allowed(repo: &Repo, args: &[&str]) -> Value {
    let run = repo.keysweep(&[args, &["--format", "jsonl"]].concat()).expect_code(0);
    let summary = run.records_of("summary").remove(0);
    assert_eq!(
        (&summary["verdict"], &summary["suppressed"], &summary["findings"]),
        (&"clean".into(), &1.into(), &0.into()),
        "{run}"
    );
    let said = run.suppression();
    assert_eq!(said["status"], "accepted", "{run}");
    said
}

/// Checks that the finding counts, and that the report gives this reason why the comment or entry doesn't apply.
#[track_caller]
fn refused(repo: &Repo, args: &[&str], status: &str, why: &str) -> Run {
    let run = repo.keysweep(&[args, &["--format", "jsonl"]].concat()).expect_code(1);
    let said = run.suppression();
    let told = said.to_string();
    assert!(said["status"] == status && told.contains(why), "{run}");
    run
}

fn id_of(repo: &Repo, args: &[&str]) -> String {
    let run = repo.keysweep(&[args, &["--format", "jsonl", "--no-allow"]].concat());
    run.records_of("finding")[0]["id"].as_str().unwrap_or_default().to_owned()
}

// ---------------------------------------------------------------- comments

#[test]
fn a_comment_on_or_above_the_line_allows_a_value_with_a_reason() {
    let secret = Secret::github(9001);
    let above = format!("// {}\n{}", allow("a sample"), line(&secret, ""));
    for text in [line(&secret, &allow("a sample")), above] {
        let repo = Repo::with_a_commit();
        repo.write("conf.txt", &text);
        repo.add();
        for args in [&["staged"][..], &["files", "."]] {
            let said = allowed(&repo, args);
            assert_eq!((&said["by"], &said["reason"]), (&"comment".into(), &"a sample".into()), "{said}");
        }
        let counted = repo.keysweep(&["staged", "--no-allow"]).expect_code(1);
        counted.expect_withheld(&secret.value);
        repo.git(&["commit", "--quiet", "-m", "with a sample"]);
        let said = allowed(&repo, &["history"]);
        assert_eq!(said["line"], 1, "{said}");
    }
}

#[test]
fn an_ineffective_comment_is_reported_with_the_reason() {
    let secret = Secret::github(9002);
    let other = Secret::github(9003);
    let repo = Repo::with_a_commit();
    let cases = [
        (format!("keysweep:allow {RULE}"), "gives no reason"),
        ("keysweep:allow slack-bot-token a sample".to_owned(), "another rule"),
        (format!("keysweep:allow {RULE}=abcdefghij a sample"), "another value"),
    ];
    for (comment, why) in cases {
        repo.write("conf.txt", line(&secret, &comment));
        repo.add();
        refused(&repo, &["staged"], "void", why);
        refused(&repo, &["files", "."], "void", why);
        repo.keysweep(&["staged"]).expect_code(1).expect_mention(why);
    }
    let id = id_of(&repo, &["staged"]);
    repo.write("conf.txt", line(&secret, &format!("keysweep:allow {RULE}={id} a sample")));
    allowed(&repo, &["files", "."]);
    repo.write("conf.txt", line(&other, &format!("keysweep:allow {RULE}={id} a sample")));
    refused(&repo, &["files", "."], "void", "another value");
}

#[test]
fn a_new_value_with_an_old_comment_is_reported() {
    let (first, second) = (Secret::github(9004), Secret::github(9005));
    let repo = Repo::guarded();
    repo.write("conf.txt", line(&first, &allow("a sample")));
    repo.add();
    repo.git(&["commit", "--quiet", "-m", "allowed"]);
    repo.write("conf.txt", format!("# a line above\n{}", line(&second, &allow("a sample"))));
    repo.add();
    refused(&repo, &["staged"], "void", "another value");
    repo.try_git(&["commit", "-m", "not allowed"]).expect_code(1).expect_withheld(&second.value);
    repo.commit("past the hook");
    let run = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1);
    let states: Vec<Value> = run.records_of("finding").iter().map(|one| one["suppression"]["status"].clone()).collect();
    assert_eq!(states, ["void", "accepted"], "{run}");
    // A different secret with a comment of its own.
    repo.write("more.txt", line(&second, &allow("a sample")));
    repo.write("conf.txt", line(&first, &allow("a sample")) + &line(&Secret::github(9006), &allow("a sample")));
    repo.add();
    repo.keysweep(&["staged"]).expect_code(0);
}

#[test]
fn a_comment_allows_older_versions_but_not_other_values() {
    let secret = Secret::github(9007);
    let repo = Repo::with_a_commit();
    repo.write("old/conf.txt", line(&secret, ""));
    repo.commit("without a comment");
    repo.keysweep(&["history", "--quiet"]).expect_code(1);
    repo.git(&["mv", "old", "new"]);
    let padding = "a line\n".repeat(60);
    repo.write("new/conf.txt", padding.clone() + &line(&secret, &allow("a sample")));
    repo.commit("with a comment, sixty lines below, in another folder");
    allowed(&repo, &["history"]);
    repo.write("copy.txt", line(&secret, ""));
    repo.commit("a copy that nobody spoke about");
    refused(&repo, &["history"], "void", "other places");
    repo.remove("copy.txt");
    repo.commit("without the copy");
    allowed(&repo, &["history"]);
}

#[test]
fn a_line_moved_renamed_squashed_or_rebased_stays_allowed() {
    let secret = Secret::github(9008);
    let repo = Repo::with_a_commit();
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    repo.write("a.txt", line(&secret, &allow("a sample")));
    repo.commit("first");
    repo.write("a.txt", "a line\n".repeat(60) + &repo.read("a.txt"));
    repo.commit("second");
    repo.rename_and_rebase("a.txt", "b.txt");
    allowed(&repo, &["history"]);
    repo.git(&["checkout", "--quiet", "main"]);
    repo.git(&["merge", "--quiet", "--squash", "side"]);
    allowed(&repo, &["staged"]);
    repo.commit("squashed");
    allowed(&repo, &["history"]);
}

#[test]
fn marks_of_other_tools_count_only_if_the_configuration_says_so() {
    let secret = Secret::github(9009);
    let repo = Repo::with_a_commit();
    let mark = ["git", "leaks:allow"].concat();
    repo.write("conf.txt", line(&secret, &mark));
    let how = "foreign_comments = [\"gitleaks\"]";
    repo.add();
    for args in [&["files", "."][..], &["staged"]] {
        repo.keysweep(args).expect_code(1).expect_mention(&mark).expect_mention(how);
    }
    refused(&repo, &["staged"], "void", "do not count");
    repo.write(".keysweep.toml", format!("{how}\n"));
    let said = allowed(&repo, &["files", "."]);
    assert!(said["reason"].as_str().is_some_and(|reason| reason.contains(&mark)), "{said}");
    repo.write(".keysweep.toml", "foreign_comments = [\"betterleaks\", \"trufflehog\", \"detect-secrets\"]\n");
    repo.keysweep(&["files", "."]).expect_code(1);
    repo.write(".keysweep.toml", "foreign_comments = [\"other\"]\n");
    repo.keysweep(&["files", "."]).expect_code(2).expect_mention("other");
}

#[test]
fn a_comment_never_puts_a_value_into_a_report() {
    let (secret, second) = (Secret::github(9010), Secret::github(9011));
    let repo = Repo::with_a_commit();
    repo.write("conf.txt", line(&secret, &allow(&format!("not {} any more", second.value))));
    repo.commit("a reason with a secret in it");
    for format in ["human", "json", "jsonl", "sarif", "markdown", "html", "github", "azure", "gitlab", "junit", "csv"] {
        for option in ["--quiet", "--no-allow"] {
            let run = repo.keysweep(&["history", "--format", format, option]);
            run.expect_withheld(&secret.value);
            run.expect_withheld(&second.value);
        }
    }
    repo.keysweep(&["explain", "conf.txt:1"])
        .expect_code(0)
        .expect_mention("allowed by a comment")
        .expect_withheld(&second.value);
}

// ---------------------------------------------------------------- entries

#[test]
fn an_entry_allows_a_finding_a_folder_or_a_value_pattern() {
    let (secret, other) = (Secret::github(9020), Secret::github(9021));
    let repo = Repo::with_a_commit();
    repo.write("tests/data/a.txt", line(&secret, ""));
    repo.commit("a fixture");
    let id = id_of(&repo, &["history"]);
    let form = &secret.value[..12];
    let entries = [
        format!("id = \"{id}\""),
        "path = \"tests/\"".to_owned(),
        format!("path = \"a.txt\"\nrule = \"{RULE}\""),
        format!("value = \"{form}.*\""),
    ];
    for entry in entries {
        repo.write(".keysweep.toml", format!("[[allow]]\n{entry}\nreason = \"a fixture\"\n"));
        for args in [&["history"][..], &["files", "tests"]] {
            let said = allowed(&repo, args);
            assert_eq!(
                (&said["by"], &said["line"], &said["reason"]),
                (&"config".into(), &1.into(), &"a fixture".into()),
                "{said}"
            );
        }
        // The entry doesn't apply to a different secret, whether elsewhere or in the same place.
        repo.write("conf.txt", line(&other, ""));
        repo.keysweep(&["files", "conf.txt"]).expect_code(1);
        repo.remove("conf.txt");
        repo.write(
            ".keysweep.toml",
            format!("[[allow]]\n{entry}\nrule = \"slack-bot-token\"\nreason = \"a fixture\"\n")
                .replace(&format!("rule = \"{RULE}\"\n"), ""),
        );
        repo.keysweep(&["files", "tests"]).expect_code(1);
    }
}

#[test]
fn a_value_also_outside_an_allowed_folder_counts() {
    let secret = Secret::github(9022);
    let repo = Repo::with_a_commit();
    repo.write(".keysweep.toml", "[[allow]]\npath = \"tests/\"\nreason = \"fixtures\"\n");
    repo.write("tests/a.txt", line(&secret, ""));
    repo.write("src/a.txt", line(&secret, ""));
    refused(&repo, &["files", "tests", "src"], "void", "other places");
    allowed(&repo, &["files", "tests"]);
}

#[test]
fn expired_and_unused_entries_are_reported() {
    let secret = Secret::github(9023);
    let repo = Repo::with_a_commit();
    repo.write("tests/a.txt", line(&secret, ""));
    repo.write(".keysweep.toml", "[[allow]]\npath = \"tests/\"\nreason = \"until then\"\nexpires = \"2024-01-01\"\n");
    repo.commit("allowed for a while");
    refused(&repo, &["history"], "void", "it has expired");
    repo.keysweep(&["history"]).expect_code(1).expect_mention("has expired; remove it");
    repo.write(
        ".keysweep.toml",
        "[[allow]]\npath = \"tests/\"\nreason = \"for long\"\nexpires = \"9999-01-01\"\n[[allow]]\npath = \"gone/\"\nreason = \"gone\"\n",
    );
    let run =
        repo.keysweep(&["history"]).expect_code(0).expect_mention("gone/: gone) allows nothing that this sweep found");
    assert!(!run.text().contains("for long"), "{run}");
    // A scan that didn't look for a value can't know that it is gone.
    let run = repo.keysweep(&["history", "--rule", RULE, "--min-severity", "low"]);
    assert!(!run.text().contains("allows nothing"), "{run}");
}

#[test]
fn a_bad_entry_stops_a_scan_and_is_reported_with_its_line() {
    let repo = Repo::with_a_commit();
    for (entry, why) in [
        ("reason = \"everything\"", "needs an id"),
        ("path = \"**\"\nreason = \"everything\"", "names no file"),
        ("value = \".*\"\nreason = \"everything\"", "match anything"),
        ("path = \"tests/\"", "reason"),
        ("path = \"tests/\"\nreason = \"\"", "needs a reason"),
        ("path = \"tests/\"\nreason = \"x\"\nexpires = \"soon\"", "is a day"),
        ("path = \"tests/\"\nreason = \"x\"\nfolder = \"y\"", "folder"),
    ] {
        repo.write(".keysweep.toml", format!("disable = []\n\n[[allow]]\n{entry}\n"));
        let run = repo.keysweep(&["staged"]).expect_code(2).expect_mention(why).expect_mention("nothing was scanned");
        assert!(["line 3", "line 4", "line 6"].iter().any(|line| run.text().contains(line)), "{run}");
    }
}

#[test]
fn a_bare_repository_uses_the_configuration_at_head() {
    let secret = Secret::github(9024);
    let repo = Repo::with_a_commit();
    repo.write("tests/a.txt", line(&secret, ""));
    repo.write(".keysweep.toml", "[[allow]]\npath = \"tests/\"\nreason = \"fixtures\"\n");
    repo.commit("allowed");
    repo.git(&["clone", "--quiet", "--bare", ".", "../bare.git"]);
    allowed(&repo.at("../bare.git"), &["history"]);
}

#[test]
fn sarif_lists_suppressed_findings_with_the_reason() {
    let (secret, other) = (Secret::github(9025), Secret::github(9026));
    let repo = Repo::with_a_commit();
    repo.write("a.txt", line(&secret, &allow("a sample")));
    repo.write("b.txt", line(&other, ""));
    let run = repo.keysweep(&["files", ".", "--format", "sarif"]).expect_code(1);
    let log: Value = must(serde_json::from_slice(&run.stdout), "read SARIF");
    let results = log["runs"][0]["results"].as_array().cloned().unwrap_or_default();
    let told: Vec<Value> = results.iter().map(|one| one["suppressions"][0]["kind"].clone()).collect();
    assert_eq!(told, [Value::Null, "inSource".into()], "{run}");
    assert_eq!(results[1]["suppressions"][0]["status"], "accepted", "{run}");
    assert!(results.iter().all(|one| one["baselineState"] == "new"), "{run}");
}

#[test]
fn an_allowance_covers_leftovers_of_the_stopped_commit() {
    let (repo, secret) = (Repo::guarded(), Secret::github(2_600));
    repo.write("a.env", secret.line());
    repo.add();
    assert_ne!(repo.try_git(&["commit", "--quiet", "-m", "one"]).code, Some(0));
    let line = secret.line();
    repo.write("a.env", format!("{} # keysweep:allow {} made up for a test\n", line.trim_end(), "github-pat-classic"));
    repo.commit("one");
    repo.keysweep(&["history"]).expect_code(0).expect_mention("1 secret accepted");
    // Only that value is accepted: the same leftover with another value counts.
    let other = Secret::github(2_601);
    repo.write("b.env", other.line());
    repo.add();
    repo.git(&["rm", "--quiet", "--cached", "-f", "b.env"]);
    repo.keysweep(&["history"]).expect_code(1).expect_mention("1 secret in everything");
}
