//! Tests of the ways to see a finding: the page on the host that has the commit, the line without the value, and a
//! command that prints it.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::support::{Repo, Run, Secret, contains, must};

/// Returns the URL that JSON has for each place of the only finding.
fn links(repo: &Repo, args: &[&str]) -> Vec<Option<String>> {
    let found = repo.keysweep(&[args, &["--format", "jsonl"]].concat()).expect_code(1).only_finding();
    let places = found["occurrences"].as_array().cloned().unwrap_or_default();
    places.iter().map(|place| place["link"].as_str().map(str::to_owned)).collect()
}

/// Returns a repository with a secret in a commit, and the id of that commit.
fn committed(seed: u32, path: &str) -> (Repo, String) {
    let repo = Repo::with_a_commit();
    repo.write(path, format!("# first\n{}", Secret::entra(seed).line()));
    repo.commit("in");
    let commit = repo.head();
    (repo, commit)
}

#[test]
fn a_place_has_a_page_once_its_commit_is_on_the_remote() {
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
fn only_commits_on_a_remote_have_a_page_on_that_remote() {
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
fn unsafe_and_secret_bearing_urls_are_not_linked() {
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
    // The repository's name itself is a token; it must not appear in plain text or as part of a URL.
    let token = Secret::github(41_201);
    repo.git(&["config", "remote.origin.url", &format!("https://github.com/acme/{}", token.value)]);
    let run = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1);
    run.expect_withheld(&token.value);
    assert!(!run.out().contains("https://github.com/acme/ghp_"), "{run}");
}

#[test]
fn a_secret_in_a_name_or_a_message_links_to_the_commit() {
    let repo = Repo::with_a_commit();
    let token = Secret::github(41_300);
    repo.write(format!("{}.txt", token.value), "harmless\n");
    repo.commit(&format!("Use {}", token.value));
    let commit = repo.head();
    repo.git(&["remote", "add", "origin", "https://github.com/acme/shop"]);
    repo.git(&["update-ref", "refs/remotes/origin/main", &commit]);
    let page = format!("https://github.com/acme/shop/commit/{commit}");
    // The files that git keeps besides its objects, such as reflogs, are not on any host.
    let linked: Vec<String> = links(&repo, &["history"]).into_iter().flatten().collect();
    assert_eq!(linked, [page.clone(), page]);
}

#[test]
fn a_stored_url_that_is_not_a_page_is_not_linked() {
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

// ---------------------------------------------------------------- the line

/// Returns the line of each place of the only finding, as JSON has it.
fn lines(run: &Run) -> Vec<String> {
    let found = run.only_finding();
    let places = found["occurrences"].as_array().cloned().unwrap_or_default();
    let text = |context: &Value, part: &str| context[part].as_str().unwrap_or_default().to_owned();
    let line = |context: &Value| ["before", "value", "after"].map(|part| text(context, part)).concat();
    places.iter().map(|place| line(&place["context"])).collect()
}

#[test]
fn a_finding_shows_its_line_without_the_value() {
    let repo = Repo::with_a_commit();
    let secret = Secret::entra(41_500);
    repo.write("a.env", format!("# first\n  AZURE_CLIENT_SECRET={} # prod\x1b[31m\n", secret.value));
    repo.add();
    let shown = "AZURE_CLIENT_SECRET=‹40 characters› # prod\\x1b[31m";
    let run = repo.keysweep(&["staged", "--format", "jsonl"]).expect_code(1);
    assert_eq!(lines(&run), [shown]);
    for format in ["human", "markdown", "html"] {
        for detail in [&[][..], &["--full"]] {
            let run = repo.keysweep(&[&["staged", "--format", format], detail].concat()).expect_code(1);
            run.expect_withheld(&secret.value);
            run.expect_mention("AZURE_CLIENT_SECRET=‹40 characters›");
        }
    }
    let narrow = repo.tool(&["staged"]).env("COLUMNS", "40").run().expect_code(1).out();
    let line = narrow.lines().find(|line| line.contains("‹40 characters›")).unwrap_or_default();
    assert!(line.chars().count() <= 40 && line.contains("SECRET=‹40 characters› "), "{narrow}");
}

#[test]
fn no_line_shows_another_secret_of_any_rule() {
    let (first, second) = (Secret::entra(41_600), Secret::github(41_601));
    for distance in [1, 20, 39, 45, 60, 75, 79, 80, 81, 100] {
        let repo = Repo::folder();
        let gap = "x".repeat(distance - 1);
        let text = format!("a='{}' {gap} b=\"{}\"\n", first.value, second.value);
        repo.write("a.sh", &text);
        for options in [&[][..], &["--rule", second.rule], &["--rule", first.rule], &["--min-severity", "critical"]] {
            for format in ["jsonl", "human", "markdown"] {
                let run = repo.keysweep(&[&["files", ".", "--format", format], options].concat());
                run.expect_withheld(&first.value);
                run.expect_withheld(&second.value);
            }
        }
    }
}

#[test]
fn text_encoded_with_a_secret_is_not_shown() {
    let repo = Repo::with_a_commit();
    let secret = Secret::github(41_700);
    let encoded = data_encoding::BASE64.encode(format!("user: somebody\ntoken: {}\n", secret.value).as_bytes());
    repo.write("a.yml", format!("data: \"{encoded}\"\n"));
    repo.add();
    let run = repo.keysweep(&["staged", "--format", "jsonl"]).expect_code(1);
    assert_eq!(lines(&run), [format!("data: \"‹{} characters of base64›\"", encoded.len())]);
    assert!(!contains(&run.stdout, &encoded.as_bytes()[..12]), "{run}");
    let stored = must(fs::read(repo.git_path("keysweep/last-staged.json")), "read the report");
    assert!(!contains(&stored, &encoded.as_bytes()[..12]));
}

// ---------------------------------------------------------------- the command

/// Returns the command that shows the only finding, and the run of that command.
fn shown(repo: &Repo, scan: &[&str]) -> (String, Run) {
    let found = repo.keysweep(&[scan, &["--format", "jsonl"]].concat()).expect_code(1).only_finding();
    let command = found["show"]["command"].as_str().unwrap_or_default().to_owned();
    assert!(!command.is_empty(), "{found}");
    let run = repo.sh(&command).expect_code(0);
    (command, run)
}

#[test]
fn the_command_prints_only_the_line_for_any_path() {
    let paths =
        ["a.env", "deploy/a b.env", "it's \"$HOME\" `x`.env", "-rf.env", ":0:a.env", "ü{1}*?.env", "a\tb\n.env"];
    for (seed, path) in (41_800..).zip(paths) {
        let (repo, secret) = (Repo::with_a_commit(), Secret::entra(seed));
        repo.write(path, format!("# first\n{}# last\n", secret.line()));
        repo.add();
        let (staged, run) = shown(&repo, &["staged"]);
        assert_eq!(run.out(), secret.line(), "{staged}");
        repo.commit("in");
        repo.remove(path);
        repo.commit("out");
        let (committed, run) = shown(&repo, &["history"]);
        assert_eq!(run.out(), secret.line(), "{committed}");
        let told = repo.keysweep(&["history", "--full"]).expect_code(1);
        assert!(told.out().contains(&committed), "{told}");
        let id = repo.keysweep(&["history", "--format", "jsonl"]).only_finding()["id"].clone();
        let told = repo.keysweep(&["explain", id.as_str().unwrap_or_default()]).expect_code(0);
        assert!(told.out().contains(&committed), "{told}");
    }
}

#[test]
fn the_command_shows_content_outside_files() {
    let prepared = |seed| (Repo::with_a_commit(), Secret::github(seed));
    let check = |(repo, secret): &(Repo, Secret), scan: &[&str]| {
        let (command, run) = shown(repo, scan);
        assert!(run.out().contains(&secret.value), "{command}: {run}");
    };
    let all = ["history"];
    let message = prepared(41_900);
    message.0.git(&["commit", "--quiet", "--allow-empty", "-m", &format!("Use {}", message.1.value)]);
    message.0.git(&["reflog", "expire", "--expire=now", "--all"]);
    message.0.remove(message.0.git_path("COMMIT_EDITMSG"));
    check(&message, &all);
    let author = prepared(41_901);
    let name = format!("{} <a@example.com>", author.1.value);
    author.0.git(&["commit", "--quiet", "--allow-empty", "--author", &name, "-m", "odd"]);
    check(&author, &all);
    let tag = prepared(41_902);
    tag.0.git(&["tag", "-a", "v1", "-m", &format!("with {}", tag.1.value)]);
    check(&tag, &all);
    let note = prepared(41_903);
    note.0.git(&["notes", "add", "-m", &format!("with {}", note.1.value)]);
    check(&note, &all);
    let link = prepared(41_904);
    must(symlink(&link.1.value, link.0.path("link")), "make a symlink");
    link.0.commit("a link");
    check(&link, &all);
    let leftover = prepared(41_905);
    leftover.0.write("gone.env", leftover.1.line());
    leftover.0.add();
    leftover.0.git(&["rm", "--quiet", "--cached", "gone.env"]);
    leftover.0.remove("gone.env");
    check(&leftover, &all);
    let config = prepared(41_906);
    let url = format!("https://user:{}@git.example.com/a.git", config.1.value);
    config.0.git(&["remote", "add", "origin", &url]);
    check(&config, &all);
    let name = prepared(41_907);
    name.0.write(format!("{}.txt", name.1.value), "harmless\n");
    name.0.commit("a name");
    check(&name, &all);
}

#[test]
fn a_command_that_would_hold_the_value_names_the_blob_instead() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(42_000));
    repo.write(format!("{}.env", secret.value), secret.line());
    repo.commit("in");
    let run = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1);
    run.expect_withheld(&secret.value);
    let (command, run) = shown(&repo, &["history"]);
    assert!(run.out().contains(&secret.value), "{command}: {run}");
}

// ---------------------------------------------------------------- secrets added and removed within a range

#[test]
fn an_annotation_names_the_commit_and_its_later_deletion() {
    let repo = Repo::with_a_commit();
    let base = repo.head();
    let secret = Secret::entra(42_100);
    repo.write("conf.env", secret.line());
    repo.commit("in");
    let commit = repo.head()[..12].to_owned();
    let range = format!("{base}..HEAD");
    let annotation = |repo: &Repo| {
        let out = repo.keysweep(&["range", &range, "--format", "github"]).expect_code(1).out();
        out.lines().find(|line| line.starts_with("::error ")).unwrap_or_default().to_owned()
    };
    let deleted =
        format!("in commit {commit}, still in the history although a later commit deleted it; deleting is not");
    let held = annotation(&repo);
    assert!(held.contains(&format!("It is in commit {commit}.")) && !held.contains("deleted"), "{held}");
    // The line moves and the file is renamed, but the last commit still has the secret.
    repo.git(&["mv", "conf.env", "other.env"]);
    repo.write("other.env", format!("# moved\n{}", secret.line()));
    repo.commit("moved");
    assert!(!annotation(&repo).contains("deleted"));
    repo.write("other.env", "# nothing\n");
    repo.commit("out");
    let gone = annotation(&repo);
    assert!(gone.contains("still in the history although a later commit deleted it; deleting is not enough"), "{gone}");
    repo.git(&["reset", "--quiet", "--hard", &commit]);
    repo.git(&["rm", "--quiet", "conf.env"]);
    repo.commit("deleted");
    let gone = annotation(&repo);
    assert!(gone.contains(&deleted), "{gone}");
    repo.keysweep(&["range", &range]).expect_code(1).expect_mention("a later commit deleted it");
    let swept = repo.keysweep(&["history", "--format", "github"]).expect_code(1);
    swept.expect_mention("still in the history although a later commit deleted it");
}
