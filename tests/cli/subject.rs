//! Tests of what reports say about the scanned repository, so that reports of many repositories can be merged.

use serde_json::Value;

use crate::support::{Repo, Secret};

fn source(repo: &Repo, args: &[&str]) -> Value {
    let run = repo.keysweep(&[args, &["--format", "jsonl"]].concat());
    let records = run.records();
    assert_eq!(records[0]["type"], "source", "{run}");
    assert_eq!(records[records.len() - 1]["type"], "summary", "{run}");
    records[0].clone()
}

#[test]
fn a_repository_is_named_after_its_origin_without_the_login() {
    let repo = Repo::with_a_commit();
    let nameless = source(&repo, &["history"]);
    assert_eq!(nameless["name"], Value::Null);
    assert_eq!(nameless["roots"][0], repo.rev("HEAD").as_str());
    repo.git(&["remote", "add", "upstream", "git@github.com:acme/upstream.git"]);
    repo.git(&["remote", "add", "origin", "../beside"]);
    // A relative path like this can exist next to many repositories.
    assert_eq!(source(&repo, &["history"])["name"], Value::Null);
    repo.git(&["remote", "set-url", "origin", "https://somebody:a-word@GitHub.com/acme/shop.git"]);
    for args in [&["history"][..], &["staged"], &["range", "HEAD^!"]] {
        let source = source(&repo, args);
        assert_eq!(source["name"], "github.com/acme/shop", "{source}");
        assert_eq!(source["host"], "github.com", "{source}");
        assert_eq!(source["branch"], "refs/heads/main", "{source}");
    }
    let told =
        source(&repo, &["history", "--repo-name", "ssh://me:word@git.example.com/a/b.git", "--visibility", "public"]);
    assert_eq!(told["name"], "git.example.com/a/b");
    assert_eq!(told["visibility"], "public");
    let document: Value = serde_json::from_str(&repo.keysweep(&["history", "--format", "json"]).out()).unwrap();
    assert_eq!(document["source"]["name"], "github.com/acme/shop");
    assert!(!document.to_string().contains("a-word"), "{document}");
}

#[test]
fn different_rule_sets_are_distinguished() {
    let repo = Repo::with_a_commit();
    let rules = |args: &[&str]| source(&repo, &[&["history"], args].concat())["rules"].clone();
    assert_eq!(rules(&[]), rules(&[]));
    assert_ne!(rules(&[]), rules(&["--rule", "github-pat-classic"]));
    assert_ne!(rules(&[]), "");
}

#[test]
fn root_commits_are_reported_with_and_without_a_cache() {
    let repo = Repo::with_a_commit();
    let root = repo.rev("HEAD");
    repo.write("config.env", Secret::github(4100).line());
    repo.commit("leak");
    for _ in 0..2 {
        assert_eq!(source(&repo, &["history", "--cache", "../cache"])["roots"], serde_json::json!([root]));
    }
}

#[test]
fn files_are_named_by_path_and_no_name_contains_a_secret() {
    let repo = Repo::folder();
    let token = Secret::github(4101).value;
    repo.write(format!("{token}.txt"), "nothing\n");
    let named = source(&repo, &["files", &format!("{token}.txt")]);
    assert!(!named.to_string().contains(&token), "{named}");
    let named = source(&repo, &["files", ".", "--repo-name", &format!("https://{token}@github.com/a/b")]);
    assert_eq!(named["name"], "github.com/a/b");
    assert_eq!(source(&repo, &["files", "."])["name"], ".");
}
