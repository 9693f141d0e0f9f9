//! Tests that findings held back by thresholds are counted at the top of every format, in at most one line if there is
//! nothing else to report.

use keysweep::proof::template::Generator;

use crate::support::{Repo, Run, Secret, must};

const FORMATS: [&str; 11] =
    ["human", "json", "jsonl", "markdown", "html", "sarif", "github", "azure", "gitlab", "junit", "csv"];
const POSSIBLE: &str = "1 possible one of low confidence not shown (--min-confidence low)";

/// A custom rule that always has low confidence.
const RULE: &str = r#"
[[rule]]
id = "acme-code"
name = "Acme code"
provider = "Acme"
severity = "high"
confidence = "low"
keywords = ["acme_"]
pattern = 'acme_[0-9a-z]{20}'
remediation = "generic-password"
token = 'acme_<base36:20>'
examples = ['CODE=<token>']
counter_examples = ['CODE=acme_']
"#;

/// Returns a line that this rule reports.
fn doubtful(seed: u64) -> String {
    let code = must(Generator::new(seed).expand("acme_<base36:20>", None), "make a code");
    format!("CODE={code}\n")
}

fn with_a_doubt() -> Repo {
    let repo = Repo::with_a_commit();
    repo.write(".keysweep.toml", RULE);
    repo.write("a.env", doubtful(40));
    repo.write("copy.env", doubtful(40));
    repo.commit("doubtful");
    repo
}

fn count(run: &Run) -> (u64, u64) {
    let summary = &run.records_of("summary")[0];
    let number = |value: &serde_json::Value| value.as_u64().unwrap_or(u64::MAX);
    (number(&summary["below_threshold"]), number(&summary["held_back"]["low"]))
}

#[test]
fn every_format_counts_held_back_findings_if_nothing_was_found() {
    let repo = with_a_doubt();
    for format in FORMATS {
        let run = repo.keysweep(&["history", "--format", format]).expect_code(0);
        match format {
            "json" => drop(run.expect_mention("\"low\": 1")),
            "jsonl" => assert_eq!(count(&run), (1, 1), "one secret at two places"),
            "sarif" => drop(run.expect_mention("\"low\": 1").expect_mention("no secrets of medium confidence or more")),
            "markdown" | "html" => drop(run.expect_mention("No secrets of medium confidence or more found")),
            _ => drop(run.expect_mention("no secrets of medium confidence or more").expect_mention("1 possible one")),
        }
    }
    let run = repo.keysweep(&["history"]).expect_code(0);
    assert!(
        run.out().starts_with("no secrets of medium confidence or more in everything this clone stores; 1 possible")
    );
    repo.keysweep(&["history", "--min-confidence", "low"]).expect_code(1).expect_mention("1 secret in");
}

#[test]
fn held_back_findings_are_counted_along_with_findings() {
    let repo = with_a_doubt();
    repo.write("b.env", Secret::entra(41).line());
    repo.commit("leak");
    let run = repo.keysweep(&["history", "--quiet"]).expect_code(1);
    run.expect_mention(&format!("1 secret in everything this clone stores; {POSSIBLE}"));
    let markdown = repo.keysweep(&["history", "--format", "markdown"]).expect_code(1);
    markdown.expect_mention("1 secret found; 1 possible one of low confidence not shown");
}

#[test]
fn low_severity_and_low_confidence_are_counted_separately() {
    let repo = with_a_doubt();
    let strict = ["history", "--min-severity", "critical"];
    let run = repo.keysweep(&strict).expect_code(0);
    run.expect_mention(POSSIBLE);
    // With every confidence let through, the same secret is held back because of its severity.
    let all = [&strict[..], &["--min-confidence", "low"]].concat();
    let run = repo.keysweep(&all).expect_code(0);
    assert!(
        run.out().starts_with("no secrets of critical severity in everything this clone stores; 1 less severe one not shown (--min-severity low)"),
        "{run}"
    );
}

#[test]
fn without_anything_held_back_the_headline_is_as_short_as_ever() {
    let repo = Repo::with_a_commit();
    let out = repo.keysweep(&["history"]).expect_code(0).out();
    assert!(out.starts_with("no secrets in everything this clone stores: "), "{out}");
    assert!(!out.contains("not shown"), "{out}");
}

#[test]
fn warm_and_cold_caches_hold_back_the_same_findings() {
    let repo = with_a_doubt();
    let sweep = || repo.keysweep(&["history", "--format", "jsonl", "--cache", "../cache"]).expect_code(0);
    let (cold, warm) = (sweep(), sweep());
    assert!(warm.records_of("summary")[0]["cached"].as_u64() > Some(0), "{warm}");
    assert_eq!((count(&cold), count(&warm)), ((1, 1), (1, 1)));
}

#[test]
fn a_hook_prints_one_line_only_if_it_holds_back_findings() {
    let repo = Repo::guarded();
    repo.write(".keysweep.toml", RULE);
    repo.write("a.env", doubtful(43));
    repo.add();
    let run = repo.try_git(&["commit", "-m", "doubtful"]).expect_code(0);
    let text = run.text();
    let said: Vec<&str> =
        text.lines().filter(|line| line.starts_with("keysweep") || line.contains("confidence")).collect();
    let line = format!("keysweep: no secrets of medium confidence or more in what the next commit adds; {POSSIBLE}");
    assert_eq!(said, [line.as_str()], "{text}");
    repo.write("b.env", "PORT=8080\n");
    repo.add();
    let text = repo.try_git(&["commit", "-m", "plain"]).expect_code(0).text();
    assert!(!text.contains("keysweep:"), "{text}");
}

#[test]
fn the_summary_of_a_written_report_explains_each_number() {
    let repo = Repo::folder();
    repo.write("a.env", Secret::github(2_700).line());
    repo.write("b.env", "PASSWORD=sunshine\n");
    let run = repo.keysweep(&["files", "a.env", "b.env", "gone.env", "--output", "report"]);
    let said = run.text();
    let order =
        ["1 secret (1 ", ") in the files given; 1 possible one ", "; 1 part not read; the report is in 'report'"];
    let places: Vec<Option<usize>> = order.iter().map(|words| said.find(words)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{run}");
}
