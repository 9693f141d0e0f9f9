//! Tests of `keysweep live` as its users run it.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::sandbox::{Run, Sandbox, secret};
use crate::server::{Answer, Server};

/// Returns the result word for the findings of a rule.
fn word<'v>(answer: &'v Value, rule: &str) -> &'v str {
    let all = answer["asked"].as_array().unwrap();
    all.iter().find(|one| one["rule"] == rule).unwrap_or_else(|| panic!("{rule}: {answer}"))["word"].as_str().unwrap()
}

const HOSTS: [&str; 3] = ["api.github.com", "registry.npmjs.org", "slack.com"];

/// Returns a repository with three secrets, a server that accepts the first, doesn't know the second, and knows the
/// third but refuses it, and the values.
fn three() -> (Sandbox, Server, Vec<String>) {
    let sandbox = Sandbox::new();
    let values: Vec<String> =
        ["github-pat-classic", "npm-token", "slack-bot-token"].iter().map(|rule| secret(rule, 3)).collect();
    let text = format!("GITHUB_TOKEN={}\nNPM_TOKEN={}\nSLACK_TOKEN={}\n", values[0], values[1], values[2]);
    sandbox.commit("app.env", &text);
    // A value that is in two files is asked about only once.
    sandbox.commit("copy.env", &text);
    let server = Server::new(|asked| match asked.line.split(' ').nth(1).unwrap_or_default() {
        "/user" => Answer::Http(
            200,
            vec![
                ("content-type", "application/json".to_owned()),
                ("x-oauth-scopes", "repo\u{1b}[31m".replace('\u{1b}', "")),
            ],
            r#"{"login":"octo\u001b[31mcat","email":"private@example.test"}"#.to_owned(),
        ),
        "/-/whoami" => Answer::json(401, "{}"),
        _ => Answer::json(200, r#"{"ok":false,"error":"org_login_required"}"#),
    });
    sandbox.hosts(&HOSTS.map(|host| (host, server.address())));
    (sandbox, server, values)
}

fn holds_none(text: &str, values: &[String]) {
    for value in values {
        assert!(!text.contains(&value[8..20]), "a value is shown: {text}");
    }
}

#[test]
fn nothing_is_sent_without_consent() {
    let (sandbox, server, values) = three();
    sandbox.swept();
    let refused = sandbox.keysweep(&["live", "--all"]);
    assert_eq!(refused.code(), Some(2), "{}", refused.text());
    for told in ["3 requests to 1 host", "GET http://127.0.0.1", "npm-token", "nothing was sent"] {
        assert!(refused.text().contains(told), "{told}: {}", refused.text());
    }
    let dry = sandbox.keysweep(&["live", "--all", "--dry-run"]);
    assert_eq!(dry.code(), Some(0), "{}", dry.text());
    assert!(dry.text().contains("authorization"), "{}", dry.text());
    holds_none(&(refused.text() + &dry.text()), &values);
    assert!(server.asked().is_empty());
    assert!(!sandbox.repo().join(".git/keysweep/live.json").exists());
}

#[test]
fn each_secret_gets_a_liveness_that_is_stored() {
    let (sandbox, server, values) = three();
    sandbox.swept();
    let run = sandbox.keysweep(&["live", "--all", "--yes", "--format", "json"]);
    let answer = run.json();
    let words = ["github-pat-classic", "npm-token", "slack-bot-token"].map(|rule| word(&answer, rule));
    assert_eq!(words, ["live", "dead", "restricted"], "{answer}");
    assert_eq!(answer["schema"], 1, "{answer}");
    assert_eq!(run.code(), Some(1), "what works is found");
    assert_eq!(server.asked().len(), 3, "one request for a secret");
    assert!(run.text().contains("cat") && !run.text().contains("private@"), "{}", run.text());
    assert!(!run.text().contains('\u{1b}'), "an answer reached the terminal: {:?}", run.text());
    let human = sandbox.keysweep(&["live", "--all", "--yes"]);
    for told in ["restricted", "dead", "live", "account octo"] {
        assert!(human.text().contains(told), "{told}: {}", human.text());
    }
    let kept = fs::read_to_string(sandbox.repo().join(".git/keysweep/live.json")).unwrap();
    let later = sandbox.keysweep_with(&["history", "--full"], &[]);
    assert!(later.text().contains("proved dead, as 127.0.0.1"), "{}", later.text());
    assert!(!later.text().contains("purge-plan' contain"), "the answers are no plan: {}", later.text());
    assert_eq!(later.code(), Some(1), "a dead secret stays a finding");
    holds_none(&(run.text() + &human.text() + &kept + &later.text()), &values);
}

#[cfg(unix)]
#[test]
fn stored_answers_are_readable_only_by_their_owner() {
    use std::os::unix::fs::PermissionsExt as _;
    let (sandbox, _server, _) = three();
    sandbox.swept();
    sandbox.keysweep(&["live", "--all", "--yes"]);
    let mode = sandbox.repo().join(".git/keysweep/live.json").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn an_old_proof_is_marked_as_old() {
    let (sandbox, _server, _) = three();
    sandbox.swept();
    sandbox.keysweep(&["live", "--all", "--yes"]);
    let path = sandbox.repo().join(".git/keysweep/live.json");
    let mut kept: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for one in kept.as_object_mut().unwrap().values_mut() {
        one["at"] = "2020-01-31T00:00:00Z".into();
        one["host"] = "evil\u{1b}[31m".into();
    }
    fs::write(&path, kept.to_string()).unwrap();
    let run = sandbox.keysweep_with(&["history", "--full"], &[]);
    assert!(run.text().contains("asks again") && run.text().contains("2020-01-31"), "{}", run.text());
    assert!(!run.text().contains("\u{1b}[31m"), "a stored text reached the terminal");
    fs::write(&path, "no JSON").unwrap();
    assert_eq!(sandbox.keysweep_with(&["history"], &[]).code(), Some(1));
}

#[test]
fn a_rotation_is_confirmed_by_a_second_check() {
    let sandbox = Sandbox::new();
    sandbox.commit("app.env", &format!("NPM_TOKEN={}\n", secret("npm-token", 5)));
    let is_revoked = Arc::new(AtomicBool::new(false));
    let state = Arc::clone(&is_revoked);
    let server = Server::new(move |_| match state.load(Ordering::SeqCst) {
        true => Answer::json(401, "{}"),
        false => Answer::json(200, r#"{"username":"acme"}"#),
    });
    sandbox.hosts(&[("registry.npmjs.org", server.address())]);
    let ids = sandbox.swept();
    let verify = || sandbox.keysweep(&["verify", "--revoked", &ids[0].1, "--yes"]);
    assert_eq!(verify().code(), Some(1));
    is_revoked.store(true, Ordering::SeqCst);
    let proved = verify();
    assert_eq!(proved.code(), Some(0), "{}", proved.text());
    assert_eq!(sandbox.keysweep(&["verify", "--revoked", &ids[0].1]).code(), Some(2), "nobody agreed");
    assert_eq!(server.asked().len(), 2);
}

/// A value is read again from the place that the report names.
#[test]
fn values_are_read_from_files_and_messages() {
    let sandbox = Sandbox::new();
    let server = Server::new(|_| Answer::json(200, r#"{"username":"acme"}"#));
    sandbox.hosts(&[("registry.npmjs.org", server.address())]);
    sandbox.commit("README", "x\n");
    let told = |run: &Run| run.json()["asked"][0]["word"].as_str().map(str::to_owned);
    fs::write(sandbox.repo().join("untracked.env"), format!("NPM_TOKEN={}\n", secret("npm-token", 1))).unwrap();
    sandbox.keysweep_with(&["files", "."], &[]);
    let of_file = sandbox.keysweep(&["live", "--all", "--yes", "--format", "json"]);
    assert_eq!(told(&of_file).as_deref(), Some("live"), "{}", of_file.text());
    fs::remove_file(sandbox.repo().join("untracked.env")).unwrap();
    let message = format!("use {}", secret("npm-token", 2));
    sandbox.git(&[
        "-c",
        "user.name=T",
        "-c",
        "user.email=t@example.com",
        "commit",
        "-q",
        "--allow-empty",
        "-m",
        &message,
    ]);
    let ids = sandbox.swept();
    let of_message = sandbox.keysweep(&["live", &ids[0].1[..6], "--yes", "--format", "json"]);
    assert_eq!(told(&of_message).as_deref(), Some("live"), "{}", of_message.text());
}

#[test]
fn decoys_and_rules_without_a_safe_request_are_not_checked() {
    let sandbox = Sandbox::new();
    // The id contains the account of a decoy, in the bits that encode the account.
    let head = (1_u64 << 47 | 171_436_882_533 << 7).to_be_bytes();
    let id = format!("AKIA{}", data_encoding::BASE32.encode(&[&head[2..], &[7, 1, 2, 3]].concat()));
    let key = secret("aws-secret-access-key", 4);
    sandbox.commit("aws.env", &format!("AWS_ACCESS_KEY_ID={id}\nAWS_SECRET_ACCESS_KEY={key}\n"));
    sandbox.commit("pypi.env", &format!("PYPI_TOKEN={}\n", secret("pypi-token", 4)));
    let server = Server::silent();
    sandbox.hosts(&[("sts.amazonaws.com", server.address())]);
    assert!(sandbox.swept().iter().any(|(rule, _)| rule == "aws-secret-access-key"));
    let run = sandbox.keysweep(&["live", "--all", "--yes", "--format", "json"]);
    let answer = run.json();
    assert!(answer["asked"].as_array().unwrap().iter().all(|one| one["word"] == "not-asked"), "{answer}");
    assert!(run.text().contains("decoy") && run.text().contains("PyPI"), "{answer}");
    assert_eq!(run.code(), Some(2));
    assert!(server.asked().is_empty());
}

#[test]
fn an_unknown_finding_is_reported() {
    let (sandbox, server, _) = three();
    let run = sandbox.keysweep(&["live", "aaaaaaaaaa", "--yes"]);
    assert!(run.code() == Some(2) && run.text().contains("keysweep history"), "{}", run.text());
    assert!(server.asked().is_empty());
}

#[test]
fn a_purged_secret_is_proved_dead_by_its_value() {
    let (sandbox, server, values) = three();
    let swept = sandbox.swept();
    let id = |rule: &str| swept.iter().find(|(one, _)| one == rule).unwrap().1.clone();
    let (npm, github) = (id("npm-token"), id("github-pat-classic"));
    sandbox.git(&["checkout", "-q", "--orphan", "clean"]);
    sandbox.git(&["rm", "-q", "-r", "-f", "."]);
    sandbox.commit("README.md", "clean\n");
    sandbox.git(&["branch", "-q", "-D", "main"]);
    sandbox.git(&["reflog", "expire", "--expire=now", "--all"]);
    sandbox.git(&["gc", "-q", "--prune=now"]);
    let gone = sandbox.keysweep(&["verify", "--revoked", &npm, "--yes"]);
    assert_eq!(gone.code(), Some(2), "{}", gone.text());
    let text = gone.text().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains(&format!("keysweep verify --revoked {npm} --stdin")), "{text}");
    // A new report does not know the id any more.
    assert!(sandbox.swept().is_empty());
    let unknown = sandbox.keysweep(&["live", &npm, "--yes"]);
    assert!(unknown.text().contains("--stdin"), "{}", unknown.text());
    assert_eq!(
        sandbox.keysweep(&["live", "--all", "--yes"]).code(),
        Some(0),
        "a clean repository has nothing to ask about"
    );
    let given = |id: &str, value: &str| sandbox.keysweep_given(&["verify", "--revoked", id, "--stdin", "--yes"], value);
    let wrong = given(&npm, &values[0]);
    assert!(wrong.code() == Some(2) && wrong.text().contains("nothing was sent"), "{}", wrong.text());
    assert!(server.asked().is_empty());
    let dead = given(&npm, &format!("{}\n", values[1]));
    assert_eq!(dead.code(), Some(0), "{}", dead.text());
    let live = given(&github, &values[0]);
    assert_eq!(live.code(), Some(1), "{}", live.text());
    assert_eq!(server.asked().len(), 2);
    holds_none(&(gone.text() + &wrong.text() + &dead.text() + &live.text()), &values);
}

#[test]
fn nothing_is_sent_if_the_answer_cannot_be_written() {
    let (sandbox, server, _) = three();
    let id = sandbox.swept().remove(0).1;
    for options in [
        &["verify", "--revoked", &id, "--format", "sarif", "--yes"][..],
        &["verify", "--revoked", &id, "--also", "html=x.html", "--yes"],
        &["verify", "--revoked", &id, "--full", "--yes"],
        &["live", &id, "--yes", "--output", "/nonexistent/x"],
        &["live", &id, "--only", "npm-token", "--yes"],
    ] {
        let run = sandbox.keysweep(options);
        assert_eq!(run.code(), Some(2), "{options:?}: {}", run.text());
    }
    assert!(server.asked().is_empty());
    sandbox.keysweep(&["live", &id, "--yes", "--output", "answer.txt"]);
    assert_eq!(server.asked().len(), 1);
    assert!(sandbox.repo().join("answer.txt").is_file());
}

#[test]
fn a_limit_is_told_before_anything_is_sent() {
    let (sandbox, server, _) = three();
    sandbox.swept();
    let refused = sandbox.keysweep(&["live", "--all", "--max-requests", "2"]);
    assert!(refused.text().contains("2 of 3 requests to 1 host"), "{}", refused.text());
    let listed = refused.text().lines().filter(|line| line.contains("http://127.0.0.1")).count();
    assert_eq!(listed, 2, "only what would be sent is listed: {}", refused.text());
    sandbox.keysweep(&["live", "--all", "--max-requests", "2", "--yes"]);
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn reports_and_inventories_have_the_word_of_the_provider() {
    let (sandbox, _server, values) = three();
    // More than a few secrets are shown as an overview.
    for number in 0..6 {
        sandbox.commit(&format!("more{number}.env"), &format!("STRIPE={}\n", secret("stripe-secret-key", 40 + number)));
    }
    let dead = |swept: &[(String, String)]| swept.iter().find(|(rule, _)| rule == "npm-token").unwrap().1.clone();
    let id = dead(&sandbox.swept());
    sandbox.keysweep(&["live", "--all", "--yes"]);
    let human = sandbox.keysweep_with(&["history"], &[]).text();
    let at = |words: &str| human.find(words).unwrap_or_else(|| panic!("{words}: {human}"));
    assert!(at("local-only, live") < at("Stripe") && human.contains("local-only, dead"), "{human}");
    let csv = sandbox.keysweep_with(&["history", "--format", "csv"], &[]).text();
    assert!(csv.lines().any(|line| line.contains(&id) && line.ends_with("\"dead\"")), "{csv}");
    let sarif = sandbox.keysweep_with(&["history", "--format", "sarif"], &[]).json();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let one = results.iter().find(|one| one["partialFingerprints"]["keysweep/v1"] == *id).unwrap();
    assert_eq!(one["properties"]["asked"]["word"], "dead", "{sarif}");
    sandbox.keysweep_with(&["history", "--format", "jsonl", "--output", "report.jsonl"], &[]);
    let merged =
        |format: &str| sandbox.keysweep_with(&["fleet", "merge", "report.jsonl", "--format", format], &[]).text();
    let inventory = merged("jsonl");
    let row = inventory.lines().find(|line| line.contains(&format!("\"id\":\"{id}\""))).unwrap();
    assert!(row.contains("\"asked\":{\"word\":\"dead\""), "{row}");
    let page = merged("markdown");
    assert!(page.contains("open, dead") && page.contains("open, live"), "{page}");
    assert!(merged("csv").lines().any(|line| line.contains(&id) && line.ends_with("\"dead\"")), "{}", merged("csv"));
    holds_none(&(human + &csv + &inventory + &page), &values);
}
