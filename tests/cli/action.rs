//! Tests of `action.yml`: its scripts are run as GitHub runs them, in clones like those of its jobs.

use std::path::Path;

use serde_json::Value;

use crate::ci::{NONE, checkout, forced, leak, new, pull_request, push, request, server, work_of_31_commits};
use crate::support::{Repo, Run, Tool, must};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn action() -> String {
    must(std::fs::read_to_string(Path::new(ROOT).join("action.yml")), "read the action")
}

fn script(repo: &Repo, name: &str) -> Tool {
    repo.program("bash").args(&[format!("{ROOT}/packaging/action/{name}.sh")])
}

/// Returns the value that GitHub gives to an expression of the action: the first alternative that isn't empty.
fn evaluated(expression: &str, payload: &Value, sha: &str) -> String {
    let value = |name: &str| match name.strip_prefix("github.event.") {
        Some(path) => payload.pointer(&format!("/{}", path.replace('.', "/"))).cloned().unwrap_or_default(),
        None => Value::from(if name == "github.sha" { sha } else { "" }),
    };
    let values = expression.split(" || ").map(value);
    let mut told = values.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    told.find(|text| !["", "null"].contains(&text.as_str())).unwrap_or_default()
}

/// Returns the variables that the action passes to its scripts, with their expressions.
fn variables() -> Vec<(String, String)> {
    let action = action();
    let told = action.lines().filter_map(|line| line.trim().strip_suffix(" }}")?.split_once(": ${{ "));
    let told: Vec<(String, String)> = told.map(|(name, told)| (name.to_owned(), told.to_owned())).collect();
    assert!(told.len() >= 8, "{told:?}");
    told
}

/// Runs the steps after the installation, fetch and scan; returns their output, with the exit code of the scan
/// unchecked.
fn steps(clone: &Repo, event: &str, payload: &Value) -> (Run, Run) {
    clone.write("../event.json", payload.to_string());
    let sha = clone.head();
    let reference = payload["ref"].as_str().unwrap_or("refs/pull/7/merge");
    let run = |name| {
        let told = [("GITHUB_EVENT_NAME", event), ("GITHUB_EVENT_PATH", "../event.json"), ("GITHUB_SHA", &sha)];
        let tool = told.iter().fold(script(clone, name), |tool, (name, value)| tool.env(name, value));
        let tool = variables()
            .iter()
            .fold(tool, |tool, (name, expression)| tool.env(name, evaluated(expression, payload, &sha)));
        tool.env("GITHUB_REF", reference).env("KEYSWEEP_SARIF", "../out.sarif").env("KEYSWEEP_ARGS", "--strict\n").run()
    };
    (run("fetch").expect_code(0), run("scan"))
}

/// Checks that exactly one secret is annotated and is in the SARIF report; returns the scan.
#[track_caller]
fn found(clone: &Repo, (fetched, scanned): (Run, Run)) -> Run {
    assert!(!fetched.text().contains("::warning"), "{fetched}");
    let scanned = scanned.expect_code(1);
    scanned.expect_withheld(&new().value);
    let annotations = scanned.out().lines().filter(|line| line.starts_with("::")).count();
    assert_eq!(annotations, 1, "{scanned}");
    let sarif: Value = must(serde_json::from_str(&clone.read("../out.sarif")), "read SARIF");
    assert_eq!(sarif["runs"][0]["results"].as_array().map(Vec::len), Some(1), "{scanned}");
    scanned
}

#[track_caller]
fn unknown((fetched, scanned): (Run, Run)) {
    fetched.expect_mention("::warning title=keysweep::").expect_mention("fetch-depth: 0");
    scanned.expect_code(2).expect_mention("::error title=keysweep could not read all::");
}

// ---------------------------------------------------------------- an image instead of the commits

#[test]
fn an_image_is_scanned_instead_of_the_commits() {
    let clone = Repo::folder();
    clone.write("root/app/.env", new().line());
    clone.sh("tar -C root -cf -image.tar . && rm -r root").expect_code(0);
    // A path that looks like an option isn't treated as one.
    let scan = script(&clone, "scan").env("KEYSWEEP_IMAGE", "-image.tar").env("KEYSWEEP_ARGS", "--strict\n");
    let run = scan.env("KEYSWEEP_SARIF", "out.sarif").run().expect_code(1).expect_mention("::error");
    run.expect_withheld(&new().value);
    assert!(clone.read("out.sarif").contains("app/.env"));
}

// ---------------------------------------------------------------- the clone is completed

#[test]
fn a_shallow_clone_of_a_pull_request_is_deepened_as_needed() {
    let server = server();
    for round in 0..20 {
        server.write("before.txt", format!("{round}\n"));
        server.commit("before");
    }
    request(&server, work_of_31_commits);
    let clone = checkout(&server, "refs/pull/7/merge", Some("1"));
    let run = found(&clone, steps(&clone, "pull_request", &pull_request(&server, &server.head())));
    run.expect_mention("31 commits");
    assert_eq!(clone.git(&["rev-parse", "--is-shallow-repository"]).out().trim_end(), "true");
}

#[test]
fn a_merge_base_far_behind_the_base_branch_is_found() {
    let server = server();
    request(&server, leak);
    for round in 0..30 {
        server.write("later.txt", format!("{round}\n"));
        server.commit("later");
    }
    let clone = checkout(&server, "refs/pull/7/merge", Some("1"));
    found(&clone, steps(&clone, "pull_request", &pull_request(&server, &server.head()))).expect_mention("1 commit");
}

#[test]
fn a_job_for_the_base_fetches_the_pull_request_head() {
    let server = server();
    request(&server, leak);
    let event = pull_request(&server, &server.head());
    for depth in [None, Some("1")] {
        let clone = checkout(&server, "main", depth);
        found(&clone, steps(&clone, "pull_request_target", &event));
        assert!(!clone.path("config.env").exists(), "the work tree is that of the base");
    }
}

#[test]
fn a_new_branch_fetches_the_default_branch() {
    let server = server();
    server.git(&["checkout", "--quiet", "-b", "side"]);
    leak(&server);
    let event = push("refs/heads/side", NONE, &server.head());
    let clone = checkout(&server, "side", Some("1"));
    found(&clone, steps(&clone, "push", &event)).expect_mention("the default branch does not");
}

#[test]
fn a_forced_push_fetches_the_previous_commit_if_available() {
    let (server, before) = forced();
    let event = push("refs/heads/side", &before, &server.head());
    for depth in [None, Some("1")] {
        let clone = checkout(&server, "side", depth);
        found(&clone, steps(&clone, "push", &event)).expect_mention(&format!("{}..", &before[..12]));
    }
    let event = push("refs/heads/side", &"1".repeat(40), &server.head());
    let clone = checkout(&server, "side", Some("1"));
    found(&clone, steps(&clone, "push", &event)).expect_mention("since 111111111111 is not in this clone");
}

#[test]
fn the_very_first_push_fetches_the_whole_history() {
    let server = Repo::with_a_commit();
    leak(&server);
    server.remove("config.env");
    server.commit("no leak");
    let clone = checkout(&server, "main", Some("1"));
    let event = push("refs/heads/main", NONE, &server.head());
    found(&clone, steps(&clone, "push", &event)).expect_mention("3 commits");
}

#[test]
fn failed_fetches_are_reported_and_never_clean() {
    let server = server();
    request(&server, |fork| fork.commit("nothing secret"));
    let clone = checkout(&server, "refs/pull/7/merge", Some("1"));
    clone.git(&["remote", "set-url", "origin", "file:///absent"]);
    unknown(steps(&clone, "pull_request", &pull_request(&server, &server.head())));
}

#[test]
fn event_text_is_never_executed() {
    let server = server();
    let clone = checkout(&server, "main", Some("1"));
    for hostile in
        ["--upload-pack=touch hacked;", "$(touch hacked)", "`touch hacked`", "; touch hacked", "a\ntouch hacked"]
    {
        let mut event = push("refs/heads/side", hostile, hostile);
        event["repository"]["default_branch"] = hostile.into();
        event["pull_request"]["commits"] = hostile.into();
        steps(&clone, "push", &event).1.expect_code(2);
        event["before"] = NONE.into();
        event["after"] = server.head().into();
        steps(&clone, "push", &event);
        assert!(!clone.path("hacked").exists(), "{hostile}");
    }
}

// ---------------------------------------------------------------- keysweep is installed

/// Runs the installation; returns the run and what it added to the `PATH` of the steps after it.
fn install(repo: &Repo, version: &str, sha256: &str) -> (Run, String) {
    repo.write("path", "");
    let origin = format!("file://{}", repo.path("server").display());
    let tool = script(repo, "install").env("RUNNER_TEMP", repo.path("")).env("GITHUB_PATH", repo.path("path"));
    let tool = tool.env("KEYSWEEP_VERSION", version).env("KEYSWEEP_SHA256", sha256).env("KEYSWEEP_ORIGIN", origin);
    (tool.run(), repo.read("path"))
}

#[test]
fn a_release_is_installed_only_with_the_expected_checksum() {
    let repo = Repo::folder();
    let platform = "case $(uname -s) in Linux) echo linux ;; *) echo macos ;; esac; \
                    case $(uname -m) in arm64|aarch64) echo arm64 ;; *) echo x86_64 ;; esac";
    let platform = repo.sh(platform).expect_code(0).out().trim_end().replace('\n', "-");
    let name = format!("keysweep-1.2.3-{platform}");
    let archive = format!("server/releases/download/v1.2.3/{name}.tar.gz");
    repo.write(format!("{name}/keysweep"), "#!/bin/sh\necho released\n");
    repo.write("server/releases/download/v1.2.3/.keep", "");
    repo.sh(&format!("chmod +x {name}/keysweep; tar -czf {archive} {name}; rm -r {name}")).expect_code(0);
    let sum = repo.sh(&format!("sha256sum {archive} || shasum -a 256 {archive}")).expect_code(0).out();
    let sum = sum.split(' ').next().unwrap_or_default();
    for version in ["1.2.3", "v1.2.3"] {
        let (run, path) = install(&repo, version, sum);
        run.expect_code(0);
        repo.program(&format!("{}/keysweep", path.trim_end())).run().expect_code(0).expect_mention("released");
    }
    repo.sh("rm -r keysweep").expect_code(0);
    for (version, sum) in [("1.2.3", "0".repeat(64)), ("1.2.3", String::new()), ("../1", sum.to_owned())] {
        let (run, path) = install(&repo, version, &sum);
        run.expect_code(2).expect_mention("::error title=keysweep::");
        assert_eq!(path, "");
        assert!(!repo.path("keysweep").exists(), "nothing is unpacked");
    }
    assert_ne!(install(&repo, "9.9.9", sum).0.code, Some(0));
}

#[test]
fn without_a_version_the_program_on_path_is_used() {
    let repo = Repo::folder();
    let (run, path) = install(&repo, "", "");
    run.expect_code(0).expect_mention("keysweep");
    assert_eq!(path, "");
}

#[test]
fn a_build_is_cached_by_a_hash_of_its_sources() {
    let repo = Repo::folder();
    let key = || {
        repo.write("output", "");
        let tool = script(&repo, "key").env("RUNNER_TEMP", repo.path("")).env("GITHUB_OUTPUT", repo.path("output"));
        tool.env("RUNNER_OS", "Linux").env("RUNNER_ARCH", "X64").run().expect_code(0);
        repo.read("output")
    };
    let named = key();
    assert!(named.starts_with("key=keysweep-Linux-X64-other-") && named.trim_end().len() == 29 + 64, "{named}");
    assert_eq!(named, key());
    // With no program on the path, only the cache has keysweep; cargo isn't available either.
    let program = repo.path("home/.cache/keysweep-action/bin/keysweep");
    repo.write("home/.cache/keysweep-action/bin/keysweep", "#!/bin/sh\necho cached\n");
    repo.sh(&format!("chmod +x {}", program.display())).expect_code(0);
    repo.write("path", "");
    let tool = script(&repo, "install").env("RUNNER_TEMP", repo.path("")).env("GITHUB_PATH", repo.path("path"));
    let tool = tool.env("KEYSWEEP_VERSION", "").env("KEYSWEEP_SHA256", "").env("KEYSWEEP_ORIGIN", "");
    let tool = tool.env("KEYSWEEP_CACHE", "true").env("HOME", repo.path("home")).env("PATH", "/usr/bin:/bin");
    tool.run().expect_code(0);
    assert_eq!(repo.read("path").trim_end(), repo.path("home/.cache/keysweep-action/bin").to_string_lossy());
}

// ---------------------------------------------------------------- the action itself

#[test]
fn no_script_contains_a_workflow_expression() {
    let action = action();
    let names: Vec<String> = variables().into_iter().map(|(name, _)| name).collect();
    // The cache key is an input of another action, and consists of digits only.
    let is_script = |line: &&str| line.trim() != "key: ${{ steps.build.outputs.key }}";
    for line in action.lines().filter(|line| line.contains("${{")).filter(is_script) {
        let name = line.trim().split(':').next().unwrap_or_default();
        assert!(name.starts_with("KEYSWEEP_") && names.iter().any(|told| told == name), "{line}");
    }
    for name in ["key", "install", "fetch", "scan"] {
        assert!(action.contains(&format!("run: bash \"$GITHUB_ACTION_PATH/packaging/action/{name}.sh\"\n")), "{name}");
    }
}
