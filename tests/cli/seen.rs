//! How a person gets to see what was found: the page on the host that has the commit.

use serde_json::Value;

use crate::support::{Repo, Secret};

/// The address that JSON has for each place of the only finding.
fn links(repo: &Repo, args: &[&str]) -> Vec<Option<String>> {
    let found = repo.keysweep(&[args, &["--format", "jsonl"]].concat()).expect_code(1).only_finding();
    let places = found["occurrences"].as_array().cloned().unwrap_or_default();
    places.iter().map(|place| place["link"].as_str().map(str::to_owned)).collect()
}

/// A repository with a secret in a commit, and that commit.
fn committed(seed: u32, path: &str) -> (Repo, String) {
    let repo = Repo::with_a_commit();
    repo.write(path, format!("# first\n{}", Secret::entra(seed).line()));
    repo.commit("in");
    let commit = repo.head();
    (repo, commit)
}

#[test]
fn a_place_has_a_page_once_its_remote_is_known_to_have_the_commit() {
    let (repo, commit) = committed(41_000, "deploy/a b.env");
    repo.git(&["remote", "add", "origin", "git@github.com:acme/shop.git"]);
    assert_eq!(links(&repo, &["history"]), [None], "nothing shows that it was pushed");
    assert_eq!(links(&repo, &["range", "HEAD~1..HEAD"]), [None]);
    repo.git(&["update-ref", "refs/remotes/origin/main", &commit]);
    let page = format!("https://github.com/acme/shop/blob/{commit}/deploy/a%20b.env?plain=1#L2");
    for scan in [&["history"][..], &["range", "HEAD~1..HEAD"]] {
        assert_eq!(links(&repo, scan), [Some(page.clone())], "{scan:?}");
        for format in ["human", "markdown", "html", "sarif", "gitlab", "junit", "csv"] {
            let run = repo.keysweep(&[scan, &["--format", format]].concat()).expect_code(1);
            let shown = if ["html", "junit"].contains(&format) { page.replace('&', "&amp;") } else { page.clone() };
            run.expect_mention(&shown);
        }
    }
    let id = repo.keysweep(&["history", "--format", "jsonl"]).only_finding()["id"].clone();
    let told = repo.keysweep(&["explain", id.as_str().unwrap_or_default(), "--format", "human"]).expect_code(0);
    told.expect_mention(&page);
}

#[test]
fn only_commits_that_the_remote_has_have_pages_and_each_the_one_of_its_remote() {
    let (repo, first) = committed(41_100, "a.env");
    repo.git(&["mv", "a.env", "b.env"]);
    repo.commit("renamed");
    let second = repo.head();
    repo.write("later.txt", "later\n");
    repo.git(&["mv", "b.env", "c.env"]);
    repo.commit("not pushed");
    repo.git(&["remote", "add", "origin", "https://user:word@gitlab.example.com/team/sub/shop.git"]);
    repo.git(&["remote", "add", "fork", "ssh://git@codeberg.org/ann/shop.git"]);
    repo.git(&["update-ref", "refs/remotes/origin/main", &first]);
    repo.git(&["update-ref", "refs/remotes/fork/main", &second]);
    let own = format!("https://gitlab.example.com/team/sub/shop/-/blob/{first}/a.env?plain=1#L2");
    let fork = format!("https://codeberg.org/ann/shop/src/commit/{second}/b.env?display=source#L2");
    assert_eq!(links(&repo, &["history"]), [Some(own), Some(fork), None]);
}

#[test]
fn an_address_that_could_harm_or_tell_a_secret_is_none() {
    let (repo, commit) = committed(41_200, "a.env");
    repo.git(&["update-ref", "refs/remotes/origin/main", &commit]);
    repo.git(&["config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"]);
    for url in [
        "javascript:alert(1)//github.com/a/b",
        "http://gitlab.example.com/a/b",
        "https://gitlab.example.com\" onclick=x/a/b",
        "https://git.example.com/a/b",
        "https://github.com/a/b%0a##[error]x",
        "/srv/github.com/a/b",
    ] {
        repo.git(&["config", "remote.origin.url", url]);
        assert_eq!(links(&repo, &["history"]), [None], "{url}");
    }
    // The name of the repository itself is a token: neither in clear nor as part of an address.
    let token = Secret::github(41_201);
    repo.git(&["config", "remote.origin.url", &format!("https://github.com/acme/{}", token.value)]);
    let run = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1);
    run.expect_withheld(&token.value);
    assert!(!run.out().contains("https://github.com/acme/ghp_"), "{run}");
}

#[test]
fn a_secret_in_a_name_or_a_message_leads_to_the_commit() {
    let repo = Repo::with_a_commit();
    let token = Secret::github(41_300);
    repo.write(format!("{}.txt", token.value), "harmless\n");
    repo.commit(&format!("Use {}", token.value));
    let commit = repo.head();
    repo.git(&["remote", "add", "origin", "https://github.com/acme/shop"]);
    repo.git(&["update-ref", "refs/remotes/origin/main", &commit]);
    let page = format!("https://github.com/acme/shop/commit/{commit}");
    // What git keeps beside its objects, as reflogs, is on no host.
    let linked: Vec<String> = links(&repo, &["history"]).into_iter().flatten().collect();
    assert_eq!(linked, [page.clone(), page]);
}

#[test]
fn a_stored_address_that_is_no_page_leads_nowhere() {
    let (repo, commit) = committed(41_400, "a.env");
    repo.git(&["remote", "add", "origin", "https://github.com/acme/shop"]);
    repo.git(&["update-ref", "refs/remotes/origin/main", &commit]);
    let id = repo.keysweep(&["history", "--format", "jsonl"]).only_finding()["id"].clone();
    let stored = repo.git_path("keysweep/last-history.json");
    let text = repo.read(&stored);
    assert!(text.contains("https://github.com/acme/shop/blob/"), "{text}");
    repo.write(&stored, text.replace("https://github.com/acme/shop/blob/", "javascript:alert(1)//"));
    let told = repo.keysweep(&["explain", id.as_str().unwrap_or_default(), "--format", "json"]).expect_code(0);
    let told: Value = serde_json::from_str(&told.out()).unwrap_or_default();
    assert!(told["finding"]["occurrences"][0]["line"].is_number(), "{told}");
    assert_eq!(told["finding"]["occurrences"][0]["link"], Value::Null);
}
