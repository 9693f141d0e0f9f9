//! Tests of the formats for machines: what they contain, that nothing from a repository has a meaning in them, and that
//! none changes the verdict.

use std::fs;

use serde_json::Value;

use crate::support::{ENTRA, Repo, Run, Secret, must};

/// The formats that only reports of scans have.
const REPORTS: [&str; 6] = ["sarif", "github", "azure", "gitlab", "junit", "csv"];
/// A name with characters that have a meaning in every format.
const HOSTILE: &str = "=1,a|`b`<i a=\"x\">%0A\n::error::x [l](1) {0} ü:c.env";

/// Returns a repository with a secret in a file, and the secret.
fn with_a_secret(seed: u32, name: &str) -> (Repo, Secret) {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(seed));
    repo.write(name, format!("# first\n{}", secret.line()));
    repo.add();
    (repo, secret)
}

fn report(repo: &Repo, command: &str, format: &str, code: i32) -> Run {
    repo.keysweep(&[command, "--format", format]).expect_code(code)
}

#[track_caller]
fn sarif(repo: &Repo, command: &str, code: i32) -> Value {
    let log: Value = must(serde_json::from_str(&report(repo, command, "sarif", code).out()), "read SARIF");
    assert_eq!(log["version"], "2.1.0");
    log["runs"][0].clone()
}

/// Returns the id of the only finding, as the JSON report gives it.
fn id(repo: &Repo, command: &str) -> String {
    report(repo, command, "jsonl", 1).records_of("finding")[0]["id"].as_str().unwrap_or_default().to_owned()
}

/// Makes a blob unreadable that a sweep has to read.
fn break_a_blob(repo: &Repo) {
    repo.write("broken.txt", "about to break\n");
    repo.commit("to be broken");
    must(fs::remove_file(repo.loose_object("HEAD:broken.txt")), "remove the object");
}

// ---------------------------------------------------------------- several formats at once

#[test]
fn one_scan_writes_all_requested_formats() {
    let (repo, secret) = with_a_secret(20_090, "config.env");
    let others = ["--also", "sarif=out.sarif", "--also", "jsonl=out.jsonl"];
    let args = [&["staged", "--format", "github", "--show-secrets"], &others[..]].concat();
    repo.keysweep(&args).expect_code(2).expect_mention("--show-secrets");
    let args = [&["staged", "--format", "human", "--show-secrets"], &others[..]].concat();
    let run = repo.keysweep(&args).expect_code(1).expect_mention(&secret.value);
    assert!(!run.out().contains("\"version\""), "{run}");
    let sarif: Value = must(serde_json::from_str(&repo.read("out.sarif")), "read SARIF");
    assert_eq!(sarif["runs"][0]["results"].as_array().map(Vec::len), Some(1));
    assert!(repo.read("out.jsonl").contains("\"finding\""));
    for file in ["out.sarif", "out.jsonl"] {
        assert!(!repo.read(file).contains(&secret.value), "{file} holds the value");
    }
}

#[test]
fn a_file_that_cannot_be_written_is_an_error() {
    let (repo, _) = with_a_secret(20_091, "config.env");
    for also in ["sarif", "sarif=", "xml=out.xml", "sarif=absent/out.sarif"] {
        repo.keysweep(&["staged", "--also", also]).expect_code(2);
    }
    repo.keysweep(&["rules", "list", "--also", "json=out.json"])
        .expect_code(2)
        .expect_mention("these commands take '--also'");
}

// ---------------------------------------------------------------- all formats

#[test]
fn no_format_changes_the_verdict() {
    let (found, _) = with_a_secret(20_000, "config.env");
    let clean = Repo::with_a_commit();
    let unread = Repo::with_a_commit();
    break_a_blob(&unread);
    for format in REPORTS {
        report(&found, "staged", format, 1);
        report(&clean, "history", format, 0);
        report(&unread, "history", format, 2);
    }
}

#[test]
fn report_formats_show_no_values_and_write_no_extra_pages() {
    let (repo, secret) = with_a_secret(20_100, "config.env");
    for format in REPORTS {
        report(&repo, "staged", format, 1).expect_withheld(&secret.value);
        let asked = repo.keysweep(&["staged", "--show-secrets", "--format", format]);
        asked.expect_code(2).expect_mention("--show-secrets").expect_withheld(&secret.value);
        for page in [&["explain", ENTRA][..], &["rules", "list"], &["purge-plan"]] {
            repo.keysweep(&[page, &["--format", format]].concat()).expect_code(2).expect_mention("human, json");
        }
    }
    assert!(!repo.git_path("keysweep").join("expressions.txt").exists(), "a refused plan writes no values");
}

// ---------------------------------------------------------------- SARIF

/// The project's address in SARIF is that of the manifest; if the manifest has none, SARIF has none.
#[test]
fn sarif_links_to_the_repository_of_the_manifest() {
    let driver = sarif(&Repo::with_a_commit(), "history", 0)["runs"][0]["tool"]["driver"].clone();
    assert_eq!(driver["informationUri"].as_str().unwrap_or_default(), env!("CARGO_PKG_REPOSITORY"));
}

#[test]
fn sarif_has_the_place_the_rule_and_the_first_step() {
    let (repo, secret) = with_a_secret(20_200, "deploy/config.env");
    let run = sarif(&repo, "staged", 1);
    let result = &run["results"][0];
    assert_eq!((&result["ruleId"], &result["level"]), (&Value::from(ENTRA), &Value::from("error")), "{result:#}");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "deploy/config.env");
    assert_eq!(place["artifactLocation"]["uriBaseId"], "SRCROOT");
    let (start, length) = ("AZURE_CLIENT_SECRET=".len() + 1, secret.value.len());
    let region = serde_json::json!({
        "startLine": 2, "startColumn": start, "endLine": 2, "endColumn": start + length,
    });
    assert_eq!(place["region"], region);
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    assert_eq!(result["partialFingerprints"]["keysweep/v1"], id(&repo, "staged").as_str());
    let message = result["message"]["text"].as_str().unwrap_or_default();
    assert!(message.contains("First step, "), "{message}");

    let rules = &run["tool"]["driver"]["rules"];
    let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap_or(u64::MAX)).unwrap_or(usize::MAX)];
    assert_eq!(rule["id"], ENTRA);
    let help = rule["help"]["markdown"].as_str().unwrap_or_default();
    assert!(help.contains("## What to do") && help.contains("https://"), "{help}");
    let score: f64 = rule["properties"]["security-severity"].as_str().and_then(|s| s.parse().ok()).unwrap_or(0.0);
    assert!(score >= 7.0, "{rule:#}");
    assert!(rule["properties"]["tags"].as_array().is_some_and(|tags| tags.len() <= 10));
}

#[test]
fn rule_help_is_generic_and_each_result_has_its_own_plan() {
    let (repo, _) = with_a_secret(20_250, "web/config.env");
    let tenant = "AZURE_TENANT_ID=d41c7e02-93b6-4e58-8f1a-6b0c5a2e9d37\n";
    repo.write("web/config.env", format!("{tenant}{}", repo.read("web/config.env")));
    repo.commit("in");
    let commit = repo.head()[..12].to_owned();
    // If it were the last commit, its plan would not name an id.
    repo.write("other", "nothing");
    repo.commit("more");
    let run = sarif(&repo, "history", 1);
    let help = &run["tool"]["driver"]["rules"][0]["help"];
    for text in [&help["text"], &help["markdown"]].map(|text| text.as_str().unwrap_or_default()) {
        assert!(text.contains("revoke") && !text.contains("git "), "{text}");
        for own in ["config.env", &commit, "d41c7e02"] {
            assert!(!text.contains(own), "{own} in {text}");
        }
    }
    let plan = run["results"][0]["properties"]["plan"].to_string();
    assert!(plan.contains("config.env") && plan.contains(&commit), "{plan}");
}

#[test]
fn json_is_one_document_where_supported_and_refused_elsewhere() {
    let repo = Repo::with_a_commit();
    repo.install_hook();
    let document = |args: &[&str]| -> Value {
        let run = repo.keysweep(&[args, &["--format", "json"]].concat()).expect_code(0);
        must(serde_json::from_slice(&run.stdout), "read one document")
    };
    assert!(document(&["rules", "list"]).as_array().is_some_and(|rules| rules.len() > 500));
    let hooks = document(&["hook", "status"]);
    assert_eq!((&hooks["hooks"][0]["hook"], &hooks["hooks"][0]["in_place"]), (&"pre-commit".into(), &true.into()));
    for one in [&["explain", ENTRA][..], &["history"], &["staged"], &["baseline", "check"]] {
        assert!(document(one).is_object() || document(one).is_array(), "{one:?}");
    }
    let lines = repo.keysweep(&["rules", "list", "--format", "jsonl"]).expect_code(0);
    assert!(lines.records().len() > 500);
    for other in
        [&["rules", "check"][..], &["hook", "install"], &["hook", "uninstall"], &["completions", "bash"], &["man", "m"]]
    {
        let run = repo.keysweep(&[other, &["--format", "json"]].concat()).expect_code(2);
        assert!(run.stdout.is_empty(), "{run}");
        run.expect_mention("these commands take '--format'");
    }
    assert!(repo.git_path("hooks/pre-commit").is_file(), "a refused command changes nothing");
    assert!(!repo.path("m").exists());
}

#[test]
fn sarif_fingerprints_survive_a_moved_line() {
    let (repo, secret) = with_a_secret(20_300, "config.env");
    let before = sarif(&repo, "staged", 1)["results"][0].clone();
    repo.write("config.env", format!("# first\n# second\n\n{}", secret.line()));
    repo.add();
    let after = sarif(&repo, "staged", 1)["results"][0].clone();
    assert_eq!(before["partialFingerprints"], after["partialFingerprints"]);
    assert_ne!(before["locations"], after["locations"]);
}

#[test]
fn sarif_points_to_the_newest_place_and_lists_related_ones() {
    let (repo, secret) = with_a_secret(20_400, "old.env");
    repo.commit("old");
    repo.git(&["mv", "old.env", "new.env"]);
    repo.write("new.env", format!("# changed\n# first\n{}", secret.line()));
    repo.commit("new");
    repo.git(&["commit", "--quiet", "--allow-empty", "--message", &secret.line()]);
    let run = sarif(&repo, "history", 1);
    let results = run["results"].as_array().cloned().unwrap_or_default();
    assert_eq!(results.len(), 1, "one secret, one result: {run:#}");
    let place = &results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(place, "new.env");
    let related = results[0]["relatedLocations"].as_array().cloned().unwrap_or_default();
    let address =
        |at: &Value| at["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap_or_default().to_owned();
    let addresses: Vec<String> = related.iter().map(address).collect();
    for wanted in [format!("commit-message/{}", repo.head()), "old.env".to_owned()] {
        assert!(addresses.contains(&wanted), "{wanted} is missing in {addresses:?}");
    }
    assert!(!addresses.contains(&"new.env".to_owned()), "{addresses:?}");
    assert!(related.iter().all(|at| at["message"]["text"].is_string()), "{related:#?}");
}

#[test]
fn sarif_gives_places_outside_files_their_own_uri() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(20_500));
    repo.git(&["commit", "--quiet", "--allow-empty", "--message", &secret.value]);
    let run = sarif(&repo, "history", 1);
    let place = &run["results"][0]["locations"][0];
    let artifact = &place["physicalLocation"]["artifactLocation"];
    assert_eq!(artifact["uri"], format!("commit-message/{}", repo.head()));
    let base = artifact["uriBaseId"].as_str().unwrap_or_default();
    assert!(run["originalUriBaseIds"][base].is_object(), "{run:#}");
    assert_eq!(place["logicalLocations"][0]["kind"], "commit-message");
}

#[test]
fn sarif_lists_unread_content() {
    let repo = Repo::with_a_commit();
    break_a_blob(&repo);
    let invocation = sarif(&repo, "history", 2)["invocations"][0].clone();
    assert_eq!(invocation["executionSuccessful"], false);
    let notifications = invocation["toolExecutionNotifications"].as_array().cloned().unwrap_or_default();
    assert!(
        notifications.iter().any(|n| n["level"] == "error" && n["properties"]["kind"] == "missing"),
        "{invocation:#}"
    );
    let clean = sarif(&Repo::with_a_commit(), "history", 0);
    assert_eq!(clean["invocations"][0]["executionSuccessful"], true);
    assert_eq!(clean["results"], serde_json::json!([]), "no results is a list, not nothing");
}

#[test]
fn sarif_encodes_names() {
    let (repo, _) = with_a_secret(20_600, HOSTILE);
    let run = sarif(&repo, "staged", 1);
    let uri = &run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    let uri = uri.as_str().unwrap_or_default();
    assert!(uri.ends_with("%20%C3%BC%3Ac.env"), "{uri}");
    assert!(uri.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-._~%".contains(&b)), "{uri}");
}

// ---------------------------------------------------------------- GitHub Actions

#[test]
fn annotations_name_the_place_and_cannot_be_forged_by_a_name() {
    let (repo, secret) = with_a_secret(20_700, HOSTILE);
    let run = report(&repo, "staged", "github", 1);
    let out = run.out();
    let commands: Vec<&str> = out.lines().filter(|line| line.trim_start().starts_with("::")).collect();
    assert_eq!(commands.len(), 1, "{run}");
    let (properties, _) =
        commands[0].strip_prefix("::error ").and_then(|rest| rest.split_once("::")).unwrap_or_default();
    assert!(properties.contains("%250A") && properties.contains("%3A%3Aerror%3A%3Ax"), "{properties}");
    let column = "AZURE_CLIENT_SECRET=".len() + 1;
    let place = format!("line=2,endLine=2,col={column},endColumn={},title=", column + secret.value.len());
    assert!(properties.contains(&place), "{properties}");
    assert!(properties.split(',').all(|part| part.split_once('=').is_some()), "{properties}");
    assert_eq!(report(&Repo::with_a_commit(), "history", "github", 0).out().matches("::").count(), 0);
}

#[test]
fn annotations_that_github_would_drop_are_counted() {
    let repo = Repo::with_a_commit();
    let lines: String = (20_800..20_814).map(|seed| Secret::entra(seed).line()).collect();
    repo.write("config.env", lines);
    repo.add();
    let out = report(&repo, "staged", "github", 1).out();
    assert_eq!(out.lines().filter(|line| line.starts_with("::error ")).count(), 10, "{out}");
    assert!(out.lines().any(|line| line.starts_with("::notice ") && line.contains("::4 more")), "{out}");
}

#[test]
fn annotations_list_unread_content() {
    let repo = Repo::with_a_commit();
    break_a_blob(&repo);
    report(&repo, "history", "github", 2).expect_mention("::error title=keysweep could not read all::not read: ");
}

// ---------------------------------------------------------------- Azure Pipelines

#[test]
fn pipeline_issues_name_the_place_and_cannot_be_forged_by_a_name() {
    let (repo, secret) = with_a_secret(20_850, HOSTILE);
    let run = report(&repo, "staged", "azure", 1);
    let out = run.out();
    let commands: Vec<&str> = out.lines().filter(|line| line.contains("##vso[")).collect();
    assert_eq!(commands.len(), 1, "{run}");
    let inside = commands[0].strip_prefix("##vso[task.logissue ").and_then(|rest| rest.split_once(']'));
    let properties: Vec<&str> = inside.map(|(inside, _)| inside.split_terminator(';').collect()).unwrap_or_default();
    let names: Vec<&str> = properties.iter().filter_map(|one| Some(one.split_once('=')?.0)).collect();
    assert_eq!(names, ["type", "code", "sourcepath", "linenumber", "columnnumber"], "{run}");
    assert!(properties.contains(&"linenumber=2") && properties.contains(&"type=error"), "{run}");
    assert!(properties.contains(&format!("code={}", secret.rule).as_str()), "{run}");
    assert!(!report(&Repo::with_a_commit(), "history", "azure", 0).out().contains("##"));
    let repo = Repo::with_a_commit();
    break_a_blob(&repo);
    report(&repo, "history", "azure", 2).expect_mention("##vso[task.logissue type=error;]not read: ");
}

// ---------------------------------------------------------------- GitLab

#[test]
fn gitlab_reports_conform_to_the_schema() {
    let (repo, secret) = with_a_secret(20_900, "config.env");
    let read = |run: Run| -> Value { must(serde_json::from_str(&run.out()), "read the report") };
    let staged = read(report(&repo, "staged", "gitlab", 1));
    let location = serde_json::json!({
        "commit": { "sha": "0".repeat(40) }, "file": "config.env", "start_line": 2, "end_line": 2,
    });
    let found = &staged["vulnerabilities"][0];
    assert_eq!(found["location"], location);
    assert_eq!(found["identifiers"][0]["value"], secret.rule);
    assert_eq!((&staged["version"], &staged["scan"]["type"]), (&"15.0.7".into(), &"secret_detection".into()));
    let time = staged["scan"]["end_time"].as_str().unwrap_or_default();
    assert!(time.len() == "2024-01-01T00:00:00".len() && !time.starts_with("1970"), "{time}");

    repo.commit("with a secret");
    let swept = read(report(&repo, "history", "gitlab", 1));
    assert_eq!(swept["vulnerabilities"][0]["location"]["commit"]["sha"], repo.head());
    assert_eq!(swept["vulnerabilities"][0]["id"], found["id"]);
    assert_eq!(swept["scan"]["status"], "success");
    let unread = Repo::with_a_commit();
    break_a_blob(&unread);
    let unread = read(report(&unread, "history", "gitlab", 2));
    assert_eq!(
        (&unread["scan"]["status"], &unread["scan"]["messages"][0]["level"]),
        (&"failure".into(), &"warn".into())
    );
}

// ---------------------------------------------------------------- JUnit

#[test]
fn junit_has_failures_for_findings_and_errors_for_gaps() {
    let (found, _) = with_a_secret(21_000, HOSTILE);
    let out = report(&found, "staged", "junit", 1).out();
    assert!(out.contains("tests=\"1\" failures=\"1\" errors=\"0\""), "{out}");
    assert!(out.contains("&lt;i a=&quot;x&quot;&gt;") && !out.contains("<i "), "{out}");
    let clean = report(&Repo::with_a_commit(), "history", "junit", 0).out();
    assert!(
        clean.contains("tests=\"1\" failures=\"0\" errors=\"0\"") && clean.contains("name=\"no secrets\"/>"),
        "{clean}"
    );
    let unread = Repo::with_a_commit();
    break_a_blob(&unread);
    let out = report(&unread, "history", "junit", 2).out();
    assert!(out.contains("failures=\"0\" errors=\"1\"") && out.contains("<error type=\"missing\""), "{out}");
}

// ---------------------------------------------------------------- CSV

#[test]
fn csv_has_a_row_for_each_place_and_no_formulas() {
    let (repo, secret) = with_a_secret(21_100, HOSTILE);
    repo.write("other.env", secret.line());
    repo.add();
    let out = report(&repo, "staged", "csv", 1).out();
    let rows: Vec<&str> = out.lines().collect();
    assert_eq!(rows.iter().filter(|row| row.starts_with("\"finding\",")).count(), 2, "{out}");
    assert!(out.contains(",\"'=1,a|`b`<i a=\"\"x\"\">"), "{out}");
    assert!(rows.iter().all(|row| row.split("\",\"").count() == 17), "{out}");
    assert!(rows.last().is_some_and(|row| row.starts_with("\"summary\",")), "{out}");
    let unread = Repo::with_a_commit();
    break_a_blob(&unread);
    report(&unread, "history", "csv", 2).expect_mention("\"gap\",").expect_mention("\"missing\"");
}
