//! Tests of what `history` reads besides the objects: configuration, reflogs, hooks, files that unfinished work leaves,
//! and names that only an index has.
//!
//! A test plants one secret in a file of the repository's own folder and checks the reported place and that the plan
//! works.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use serde_json::Value;

use crate::history::{Found, found};
use crate::support::{Repo, Secret, must};

const UNREACHABLE: &str = "unreachable";
const UNCOMMITTED: &str = "uncommitted";
const LEFTOVER: &str = "leftover";

/// Returns a URL that signs in with the secret.
fn url(secret: &Secret) -> String {
    format!("https://deploy:{}@git.example.com/project.git", secret.value)
}

/// Returns the commands of a plan, in order.
fn commands(found: &Found) -> Vec<String> {
    let plan = found.finding["plan"].as_array().cloned().unwrap_or_default();
    plan.iter().filter_map(|step| step["command"].as_str().map(str::to_owned)).collect()
}

/// Runs a command of a plan as the user would, with an editor that does nothing.
#[track_caller]
fn follow(repo: &Repo, command: &str) {
    let alias = format!("alias.follow=!{command}");
    repo.git_tool(&["-c", &alias, "follow"]).env("EDITOR", "true").run().expect_code(0);
}

#[track_caller]
fn silent(repo: &Repo) {
    repo.keysweep(&["history", "--min-confidence", "low"]).expect_code(0);
}

// ---------------------------------------------------------------- configuration

#[test]
fn a_url_in_the_configuration_is_uncommitted_and_removed_first() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(700));
    repo.git(&["remote", "add", "origin", &url(&secret)]);
    let text = repo.read(".git/config");
    let line = text.lines().position(|line| line.contains(&secret.value)).unwrap_or_default();
    let column = text.lines().nth(line).and_then(|line| line.find(&secret.value)).unwrap_or_default();
    let found = found(&repo, &secret).places(1).at(&[("kind", "config"), ("path", ".git/config")]).stage(UNCOMMITTED);
    let place = &found.finding["occurrences"][0];
    assert_eq!((&place["line"], &place["column"]), (&(line + 1).into(), &(column + 1).into()), "{}", found.run);
    let first = &found.finding["plan"][0];
    assert_eq!(first["kind"], "remove", "{}", found.run);
    assert!(first["title"].as_str().is_some_and(|title| title.contains("credential helper")), "{}", found.run);
    let commands = commands(&found);
    assert!(!commands.iter().any(|command| command.contains("--staged")), "nothing is staged: {}", found.run);
    follow(&repo.at("sub/folder"), &commands[0]);
    repo.keysweep(&["history"]).expect_code(1).expect_mention(".git/config:").expect_withheld(&secret.value);
}

#[test]
fn the_configuration_of_a_worktree_is_read_from_any_of_them() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(701));
    repo.git(&["worktree", "add", "--quiet", "../linked"]);
    repo.git(&["config", "extensions.worktreeConfig", "true"]);
    let linked = repo.at("../linked");
    linked.git(&["config", "--worktree", "http.proxy", &url(&secret)]);
    for place in [&repo, &linked] {
        let found = found(place, &secret).places(1);
        let found = found.at(&[("kind", "config"), ("path", ".git/worktrees/linked/config.worktree")]);
        follow(place, &commands(&found.stage(UNCOMMITTED))[0]);
    }
}

#[test]
fn the_configuration_of_a_bare_repository_is_named_after_its_folder() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(702));
    repo.git(&["clone", "--quiet", "--bare", ".", "../bare.git"]);
    let bare = repo.at("../bare.git");
    bare.git(&["config", "remote.origin.url", &url(&secret)]);
    let found = found(&bare, &secret).places(1).at(&[("kind", "config"), ("path", "bare.git/config")]);
    follow(&bare, &commands(&found.stage(UNCOMMITTED))[0]);
}

#[test]
fn only_the_configuration_of_a_submodule_is_read() {
    let (repo, secret, inner) = (Repo::with_a_commit(), Secret::github(703), Secret::entra(704));
    let library = repo.at("../library");
    library.git(&["init", "--quiet"]);
    library.write("config.env", inner.line());
    library.commit("a leak of its own");
    repo.git(&["submodule", "--quiet", "add", "../library", "lib/library"]);
    repo.commit("a library");
    silent_but_for_submodules(&repo);
    repo.at("lib/library").git(&["config", "remote.origin.url", &url(&secret)]);
    found(&repo, &secret).at(&[("kind", "config"), ("path", ".git/modules/lib/library/config")]).stage(UNCOMMITTED);
    let run = repo.keysweep(&["history", ".git/modules/lib/library", "--format", "jsonl", "--show-secrets"]);
    assert!(run.records_of("finding").iter().any(|finding| finding["secret"] == inner.value), "{run}");
}

#[track_caller]
fn silent_but_for_submodules(repo: &Repo) {
    let run = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(0);
    let notes = run.records_of("note");
    let told = |note: &Value| note["text"].as_str().is_some_and(|text| text.contains("'keysweep history PATH'"));
    assert!(notes.len() == 1 && told(&notes[0]), "{run}");
    run.expect_mention(".git/modules/lib/library");
}

#[test]
fn no_setting_of_the_git_configuration_is_applied() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(705));
    repo.write("../elsewhere/config", format!("[remote \"origin\"]\n\turl = {}\n", url(&secret)));
    repo.write("../elsewhere/hooks/pre-push", format!("curl -u {} https://example.com\n", secret.value));
    repo.git(&["config", "include.path", "../../elsewhere/config"]);
    repo.git(&["config", "core.hooksPath", "../elsewhere/hooks"]);
    silent(&repo);
}

// ---------------------------------------------------------------- reflogs

#[test]
fn a_reflog_message_is_unreachable_and_removed_by_the_plan() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(710));
    repo.git(&["branch", "side"]);
    repo.git(&["update-ref", "-m", &format!("pull {}", url(&secret)), "refs/heads/side", &tree_commit(&repo)]);
    let found = found(&repo, &secret).at(&[("kind", "reflog"), ("path", ".git/logs/refs/heads/side")]);
    let found = found.stage(UNREACHABLE);
    let first = commands(&found).remove(0);
    assert!(first.starts_with("git reflog expire"), "{}", found.run);
    follow(&repo, &first);
    silent(&repo);
}

/// Returns a commit of HEAD's tree that no ref reaches.
fn tree_commit(repo: &Repo) -> String {
    repo.git(&["commit-tree", "-m", "another", "-p", "HEAD", "HEAD^{tree}"]).out().trim_end().to_owned()
}

#[test]
fn a_reflog_of_another_worktree_is_read() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(711));
    repo.git(&["worktree", "add", "--quiet", "--detach", "../linked"]);
    let linked = repo.at("../linked");
    linked.git(&["update-ref", "-m", &format!("pull {}", url(&secret)), "HEAD", &tree_commit(&repo)]);
    let found = found(&repo, &secret).at(&[("kind", "reflog"), ("path", ".git/worktrees/linked/logs/HEAD")]);
    found.stage(UNREACHABLE);
}

/// Object ids next to words about keys aren't reported. Unless the ids were blanked, both an id in a message and the
/// one that starts the next line would count as a key.
#[test]
fn object_ids_next_to_key_names_are_not_reported() {
    let repo = Repo::with_a_commit();
    for round in 0..3 {
        let id = repo.head();
        repo.git(&["branch", "--force", "circle-token", &id]);
        repo.write("notes.txt", format!("round {round}\n"));
        repo.add();
        repo.git(&["commit", "--quiet", "-m", "ci: set circle_token ="]);
        let commit = tree_commit(&repo);
        for message in
            [format!("checkout: circle_token={id}"), format!("github_token: {commit}"), "wandb key".to_owned()]
        {
            repo.git(&["update-ref", "-m", &message, "refs/heads/side", &tree_commit(&repo)]);
            repo.git(&["update-ref", "-m", &message, "refs/heads/side", &repo.head()]);
        }
        repo.write(".git/FETCH_HEAD", format!("{id}\t\tbranch 'circle_token={commit}' of ../elsewhere\n"));
    }
    let text = repo.read(".git/logs/refs/heads/side") + &repo.read(".git/FETCH_HEAD");
    repo.write("../copy/copy.txt", text);
    repo.at("../copy").keysweep(&["files", "."]).expect_code(1);
    silent(&repo);
}

// ---------------------------------------------------------------- hooks and files of unfinished work

#[test]
fn a_hook_is_read_and_a_sample_is_not() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(720));
    let script = format!("#!/bin/sh\ncurl -H 'Authorization: Bearer {}' https://ci.example.com/\n", secret.value);
    repo.write(".git/hooks/post-commit.sample", &script);
    silent(&repo);
    repo.write(".git/hooks/post-commit", &script);
    let found = found(&repo, &secret).places(1).at(&[("kind", "hook"), ("path", ".git/hooks/post-commit")]);
    follow(&repo, &commands(&found.stage(UNCOMMITTED))[0]);
}

#[test]
fn files_of_unfinished_git_operations_are_read() {
    let files = [
        "COMMIT_EDITMSG",
        "MERGE_MSG",
        "SQUASH_MSG",
        "TAG_EDITMSG",
        "FETCH_HEAD",
        "description",
        "rebase-merge/message",
        "rebase-apply/0001",
        "sequencer/todo",
        "rr-cache/0123/preimage",
        "a tool's own/state",
    ];
    for (seed, file) in (730..).zip(files) {
        let (repo, secret) = (Repo::with_a_commit(), Secret::entra(seed));
        repo.write(format!(".git/{file}"), format!("a line\n{}", secret.line()));
        let path = format!(".git/{file}");
        // The draft of a message remains after the commit is made or abandoned.
        let stage = if file.ends_with("_EDITMSG") { LEFTOVER } else { UNCOMMITTED };
        let found = found(&repo, &secret).places(1).at(&[("kind", "git-file"), ("path", &path)]).stage(stage);
        assert_eq!(found.finding["occurrences"][0]["line"], 2, "{}", found.run);
        follow(&repo, &commands(&found)[0]);
    }
}

#[test]
fn related_git_files_come_after_a_leak_and_into_its_plan() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(741));
    repo.write("config.env", secret.line());
    repo.add();
    repo.write(".git/MERGE_MSG", secret.line());
    let found = found(&repo, &secret).at(&[("kind", "file"), ("path", "config.env")]);
    let found = found.and_beside(&[("git-file", ".git/MERGE_MSG")]).stage(UNCOMMITTED);
    let commands = commands(&found);
    assert!(commands[0].starts_with("git add -- ") && commands[1].contains("--staged"), "{}", found.run);
    assert!(commands.iter().any(|command| command.contains("MERGE_MSG")), "{}", found.run);
}

// ---------------------------------------------------------------- names that only an index has

#[test]
fn a_name_only_in_an_index_is_uncommitted() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(750));
    repo.git(&["worktree", "add", "--quiet", "../linked"]);
    let linked = repo.at("../linked");
    let path = format!("keys/{}.txt", secret.value);
    linked.write(&path, "harmless\n");
    linked.add();
    for place in [&repo, &linked] {
        found(place, &secret).places(1).at(&[("kind", "file-name"), ("path", &path)]).stage(UNCOMMITTED);
    }
}

#[test]
fn an_index_that_cannot_be_read_is_a_gap() {
    let repo = Repo::with_a_commit();
    repo.write(".git/index", "no index at all");
    let run = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(2);
    assert_eq!(run.records_of("gap").len(), 1, "{run}");
}

// ---------------------------------------------------------------- what is not read

#[test]
fn links_are_not_followed() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(760));
    repo.write("../elsewhere/hook", format!("curl -u {} https://example.com\n", secret.value));
    must(fs::create_dir_all(repo.path(".git/hooks")), "make a folder");
    must(symlink("../../../elsewhere/hook", repo.path(".git/hooks/pre-push")), "make a link");
    must(symlink("../../../elsewhere", repo.path(".git/hooks/more")), "make a link");
    must(symlink("../config", repo.path(".git/hooks/inside")), "make a link");
    let run = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(0);
    let notes = run.records_of("note");
    let named = |note: &Value| {
        note["text"].as_str().is_some_and(|text| text.ends_with(": .git/hooks/more, .git/hooks/pre-push"))
    };
    assert!(notes.len() == 1 && named(&notes[0]), "{run}");
    must(symlink(&secret.value, repo.path(".git/hooks/target")), "make a link");
    found(&repo, &secret).places(1).at(&[("kind", "hook"), ("path", ".git/hooks/target")]);
}

#[test]
fn a_file_over_the_limit_is_a_gap() {
    let repo = Repo::with_a_commit();
    repo.write(".keysweep.toml", "[limits]\nmax_file_size = 1000\n");
    repo.write(".git/MERGE_MSG", "word ".repeat(1000));
    let gaps = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(2).records_of("gap");
    assert_eq!((gaps.len(), &gaps[0]["what"], &gaps[0]["kind"]), (1, &".git/MERGE_MSG".into(), &"too-large".into()));
}

#[test]
fn a_file_or_folder_that_cannot_be_opened_is_a_gap() {
    let repo = Repo::with_a_commit();
    repo.write(".git/MERGE_MSG", "a message\n");
    repo.write(".git/rr-cache/0123/preimage", "text\n");
    let closed = [".git/MERGE_MSG", ".git/rr-cache/0123"].map(|path| repo.path(path));
    let set_mode = |mode| {
        for path in &closed {
            must(fs::set_permissions(path, fs::Permissions::from_mode(mode)), "set a mode");
        }
    };
    set_mode(0o000);
    if fs::read(&closed[0]).is_ok() {
        return eprintln!("skipped: nothing is closed to root");
    }
    let run = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(2);
    set_mode(0o700);
    let gaps: Vec<Value> = run.records_of("gap").iter().map(|gap| gap["what"].clone()).collect();
    assert_eq!(gaps, [".git/MERGE_MSG", ".git/rr-cache/0123"], "{run}");
}
