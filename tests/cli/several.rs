//! Tests of several repositories in one call: each is swept, and a problem in one isn't hidden by another.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Repo, Secret};

#[test]
fn the_worst_of_several_repositories_decides() {
    let all = Repo::folder();
    for name in ["clean", "leaky", "other"] {
        all.git(&["init", "--quiet", name]);
        all.write(format!("{name}/README.md"), "nothing\n");
    }
    all.write("leaky/config.env", Secret::github(2801).line());
    for name in ["clean", "leaky", "other"] {
        all.git(&["-C", name, "add", "--all"]);
        all.git(&["-C", name, "commit", "--quiet", "-m", "start"]);
    }
    let run = all.keysweep(&["history", "clean", "other"]).expect_code(0);
    assert!(run.out().contains("== clean\n") && run.out().contains("== other\n"), "{run}");
    let run = all.keysweep(&["history", "clean", "leaky", "other"]).expect_code(1);
    assert!(
        run.out().contains("config.env") && run.text().contains("1 with secrets, 0 not read or incomplete, 2 clean"),
        "{run}"
    );
    let run = all.keysweep(&["history", "absent", "leaky", "clean"]).expect_code(1);
    assert!(run.out().contains("config.env"), "{run}");
    all.keysweep(&["history", "absent", "clean"]).expect_code(2).expect_mention("1 not read or incomplete, 1 clean");
}

/// Returns a folder with two repositories of the same name, the second of which has a secret.
fn three() -> Repo {
    let all = Repo::folder();
    for name in ["one/app", "two/app"] {
        all.write(format!("{name}/README.md"), "nothing\n");
        all.git(&["init", "--quiet", name]);
    }
    all.write("two/app/config.env", Secret::github(2802).line());
    for name in ["one/app", "two/app"] {
        all.git(&["-C", name, "add", "--all"]);
        all.git(&["-C", name, "commit", "--quiet", "-m", "start"]);
    }
    all
}

fn swept(all: &Repo, format: &str) -> String {
    all.keysweep(&["history", "one/app", "two/app", "absent", "--format", format]).expect_code(1).out()
}

#[test]
fn json_is_one_document_with_the_report_of_each_repository() {
    let document: Value = serde_json::from_str(&swept(&three(), "json")).unwrap();
    let all = document["repositories"].as_array().unwrap();
    let told =
        all.iter().map(|one| (one["path"].as_str().unwrap(), one["report"]["summary"]["verdict"].as_str().unwrap()));
    assert_eq!(told.collect::<Vec<_>>(), [("one/app", "clean"), ("two/app", "findings"), ("absent", "unknown")]);
    assert_eq!(all[1]["report"]["findings"][0]["occurrences"][0]["path"], "config.env");
    assert_eq!(all[2]["report"]["gaps"][0]["kind"], "unreadable");
}

#[test]
fn each_line_of_json_names_its_repository() {
    let lines = swept(&three(), "jsonl");
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let summaries =
        lines.iter().filter(|line| line["type"] == "summary").map(|line| line["repository"].as_str().unwrap());
    assert_eq!(summaries.collect::<Vec<_>>(), ["one/app", "two/app", "absent"]);
    let finding = lines.iter().find(|line| line["type"] == "finding").unwrap();
    assert_eq!((&finding["repository"], &finding["rule"]), (&json!("two/app"), &json!("github-pat-classic")));
}

#[test]
fn sarif_has_a_run_with_its_own_id_for_each_repository() {
    let log: Value = serde_json::from_str(&swept(&three(), "sarif")).unwrap();
    let runs = log["runs"].as_array().unwrap();
    let results = runs.iter().map(|run| run["results"].as_array().unwrap().len());
    assert_eq!(results.collect::<Vec<_>>(), [0, 1, 0]);
    let ids: BTreeSet<&str> = runs.iter().map(|run| run["automationDetails"]["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 3, "{ids:?}");
    assert_eq!(runs[2]["invocations"][0]["executionSuccessful"], false);
}

#[test]
fn tables_and_test_reports_distinguish_repositories() {
    let all = three();
    let table = swept(&all, "csv");
    let heads: Vec<&str> = table.lines().filter(|row| row.starts_with("\"type\"")).collect();
    assert!(heads.len() == 1 && heads[0].ends_with(",\"repository\""), "{table}");
    assert!(table.lines().any(|row| row.starts_with("\"finding\"") && row.ends_with(",\"two/app\"")), "{table}");
    assert!(table.lines().any(|row| row.starts_with("\"gap\"") && row.ends_with(",\"absent\"")), "{table}");
    let suites = swept(&all, "junit");
    assert!(suites.contains("<testsuites name=\"keysweep\" tests=\"3\" failures=\"1\" errors=\"1\""), "{suites}");
    assert!(suites.contains("<testsuite name=\"keysweep history two/app\" tests=\"1\" failures=\"1\""), "{suites}");
}

#[test]
fn reports_of_several_repositories_are_written_without_values() {
    let all = three();
    let secret = Secret::github(2802);
    let call = ["history", "one/app", "two/app", "--format", "json", "--show-secrets", "--output", "all.json"];
    all.keysweep(&[&call[..], &["--also", "csv=all.csv"]].concat()).expect_code(1);
    assert!(all.read("all.json").contains(&secret.value) && !all.read("all.csv").contains(&secret.value));
    for format in ["html", "github", "azure", "gitlab"] {
        let run = all.keysweep(&["history", "one/app", "two/app", "--format", format]).expect_code(2);
        assert!(run.text().contains("run 'keysweep history' for each"), "{run}");
    }
}
