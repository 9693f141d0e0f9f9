//! Tests of `history`: every kind of place in which git may keep a secret is found and described as what it is.
//!
//! A test plants one secret in one place and checks the kind of content, the path, the commit that introduced it, and
//! the stage.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::support::{Repo, Run, Secret, must};

const LOCAL_ONLY: &str = "local-only";
const HISTORY_ONLY: &str = "history-only";
const PUBLISHED: &str = "published";
const UNREACHABLE: &str = "unreachable";
const UNCOMMITTED: &str = "uncommitted";
const LEFTOVER: &str = "leftover";

/// The report of `history` about the only secret of a repository.
pub(crate) struct Found {
    pub(crate) run: Run,
    pub(crate) finding: Value,
}

impl Found {
    /// Checks that the first occurrence has all of these fields.
    #[track_caller]
    pub(crate) fn at(self, fields: &[(&str, &str)]) -> Self {
        let place = &self.finding["occurrences"][0];
        for (name, value) in fields {
            assert_eq!(place[*name], **value, "the first place's {name}: {}", self.run);
        }
        self
    }

    /// Checks that the first occurrence lacks this field, because there is nothing to report in it.
    #[track_caller]
    fn without(self, field: &str) -> Self {
        let value = &self.finding["occurrences"][0][field];
        assert!(value.is_null(), "the first place's {field} cannot be {value}: {}", self.run);
        self
    }

    #[track_caller]
    pub(crate) fn stage(self, stage: &str) -> Self {
        assert_eq!(self.finding["stage"], stage, "the stage: {}", self.run);
        self
    }

    #[track_caller]
    pub(crate) fn places(self, count: usize) -> Self {
        let places = self.finding["occurrences"].as_array().map_or(0, Vec::len);
        assert_eq!(places, count, "the number of places: {}", self.run);
        self
    }

    /// Checks that after the first place there are exactly these places in git's own folder.
    #[track_caller]
    pub(crate) fn and_beside(self, wanted: &[(&str, &str)]) -> Self {
        let places = self.finding["occurrences"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let places: Vec<_> = places.iter().skip(1).map(|place| (text(&place["kind"]), text(&place["path"]))).collect();
        let places: Vec<_> = places.iter().map(|(kind, path)| (&**kind, &**path)).collect();
        assert_eq!(places, wanted, "the places after the first: {}", self.run);
        self
    }

    /// Checks that the only place is a file that this commit introduced.
    #[track_caller]
    fn file(self, path: &str, commit: &str) -> Self {
        self.places(1).at(&[("kind", "file"), ("path", path), ("commit", commit)])
    }
}

/// Returns the only finding of a repository's history, which has to be this secret.
#[track_caller]
pub(crate) fn found(repo: &Repo, secret: &Secret) -> Found {
    let run = repo.keysweep(&["history", "--format", "jsonl", "--show-secrets"]).expect_code(1);
    let mut findings = run.records_of("finding");
    assert_eq!(findings.len(), 1, "one secret is one finding: {run}");
    let finding = findings.remove(0);
    assert_eq!(finding["secret"], secret.value, "{run}");
    assert!(finding["rule"].as_str().is_some_and(|rule| rule.starts_with(secret.rule)), "{run}");
    assert_eq!(run.records_of("gap").len(), 0, "{run}");
    Found { run, finding }
}

/// Writes the secret to `config.env` and commits it; returns the id of the commit.
fn leak(repo: &Repo, secret: &Secret) -> String {
    repo.write("config.env", secret.line());
    repo.commit("leak");
    repo.head()
}

/// Writes the secret and commits it, then its removal; returns the commit that introduced it.
fn leak_and_remove(repo: &Repo, secret: &Secret) -> String {
    let commit = leak(repo, secret);
    repo.remove("config.env");
    repo.commit("too late");
    commit
}

/// Makes a bare repository next to this one, and adds it as `origin`.
fn with_remote(repo: &Repo) {
    repo.git(&["init", "--quiet", "--bare", "../remote.git"]);
    repo.git(&["remote", "add", "origin", "../remote.git"]);
}

// ---------------------------------------------------------------- commits and their stages

#[test]
fn a_branch_tip_is_local_only() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(500));
    let commit = leak(&repo, &secret);
    found(&repo, &secret).file("config.env", &commit).stage(LOCAL_ONLY);
}

#[test]
fn a_later_commit_does_not_change_the_introducing_commit() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(501));
    let commit = leak(&repo, &secret);
    repo.write("other.txt", "something else\n");
    repo.commit("something else");
    found(&repo, &secret).file("config.env", &commit).stage(LOCAL_ONLY);
}

#[test]
fn the_root_commit_introduces_its_contents() {
    let (repo, secret) = (Repo::init(), Secret::entra(502));
    let commit = leak(&repo, &secret);
    found(&repo, &secret).file("config.env", &commit).stage(LOCAL_ONLY);
}

#[test]
fn another_branch_is_local_only() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(503));
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    let commit = leak(&repo, &secret);
    repo.git(&["checkout", "--quiet", "main"]);
    found(&repo, &secret).file("config.env", &commit).stage(LOCAL_ONLY);
}

/// Returns a repository with a commit that only a tag reaches, and the id of the commit.
fn tagged(secret: &Secret, tag: &[&str]) -> (Repo, String) {
    let repo = Repo::with_a_commit();
    repo.git(&["checkout", "--quiet", "--detach"]);
    let commit = leak(&repo, secret);
    repo.git(tag);
    repo.git(&["checkout", "--quiet", "main"]);
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
    (repo, commit)
}

#[test]
fn a_lightweight_tag_is_local_only() {
    let secret = Secret::entra(504);
    let (repo, commit) = tagged(&secret, &["tag", "v1"]);
    found(&repo, &secret).file("config.env", &commit).stage(LOCAL_ONLY);
}

#[test]
fn an_annotated_tag_is_local_only() {
    let secret = Secret::entra(505);
    let (repo, commit) = tagged(&secret, &["tag", "-a", "-m", "version 1", "v1"]);
    found(&repo, &secret).file("config.env", &commit).stage(LOCAL_ONLY);
}

#[test]
fn a_file_deleted_from_head_is_history_only() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(506));
    let commit = leak_and_remove(&repo, &secret);
    found(&repo, &secret).file("config.env", &commit).stage(HISTORY_ONLY);
}

#[test]
fn a_line_deleted_from_head_is_history_only() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(507));
    let commit = leak(&repo, &secret);
    repo.write("config.env", "AZURE_CLIENT_SECRET=\n");
    repo.commit("too late");
    found(&repo, &secret).file("config.env", &commit).stage(HISTORY_ONLY);
}

#[test]
fn a_pushed_commit_is_published() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(508));
    with_remote(&repo);
    let commit = leak(&repo, &secret);
    repo.git(&["push", "--quiet", "origin", "main"]);
    found(&repo, &secret).file("config.env", &commit).stage(PUBLISHED);
}

#[test]
fn a_pushed_commit_stays_published_when_its_file_is_gone() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(509));
    with_remote(&repo);
    let commit = leak_and_remove(&repo, &secret);
    repo.git(&["push", "--quiet", "origin", "main"]);
    found(&repo, &secret).file("config.env", &commit).stage(PUBLISHED);
}

#[test]
fn a_commit_pushed_to_a_bare_url_is_published_once_it_is_fetched() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(510));
    with_remote(&repo);
    leak(&repo, &secret);
    repo.git(&["push", "--quiet", "../remote.git", "main"]);
    found(&repo, &secret).stage(LOCAL_ONLY);
    repo.git(&["fetch", "--quiet", "origin"]);
    found(&repo, &secret).stage(PUBLISHED);
}

#[test]
fn a_commit_after_the_last_push_is_local_only() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(511));
    with_remote(&repo);
    repo.git(&["push", "--quiet", "origin", "main"]);
    let commit = leak(&repo, &secret);
    found(&repo, &secret).file("config.env", &commit).stage(LOCAL_ONLY);
}

#[test]
fn a_pull_request_ref_is_found() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(512));
    repo.git(&["checkout", "--quiet", "--detach"]);
    let commit = leak(&repo, &secret);
    repo.git(&["update-ref", "refs/pull/7/head", &commit]);
    repo.git(&["checkout", "--quiet", "main"]);
    let found = found(&repo, &secret).file("config.env", &commit);
    let named =
        found.finding["exposure"]["refs"].as_array().is_some_and(|refs| refs.contains(&"refs/pull/7/head".into()));
    assert!(named, "the ref has to be named: {}", found.run);
    assert_ne!(found.finding["stage"], UNREACHABLE, "{}", found.run);
}

#[test]
fn a_ref_to_a_tree_or_a_blob_is_reachable() {
    for (seed, object) in [(513, "main^{tree}"), (514, "main:config.env")] {
        let (repo, secret) = (Repo::with_a_commit(), Secret::entra(seed));
        leak(&repo, &secret);
        repo.git(&["tag", "keep", object]);
        repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
        repo.git(&["reflog", "expire", "--expire=now", "--all"]);
        repo.git(&["prune", "--expire=now"]);
        found(&repo, &secret).places(1).at(&[("kind", "file")]).stage(LOCAL_ONLY);
    }
}

// ---------------------------------------------------------------- besides the branches

#[test]
fn a_stash_is_local_only() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(520));
    repo.write("README.md", format!("# A project\n{}", secret.line()));
    repo.git(&["stash", "push", "--quiet"]);
    found(&repo, &secret).file("README.md", &repo.rev("refs/stash")).stage(LOCAL_ONLY);
}

#[test]
fn a_stashed_index_is_found() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(521));
    repo.write("config.env", secret.line());
    repo.add();
    repo.write("config.env", "AZURE_CLIENT_SECRET=\n");
    repo.git(&["stash", "push", "--quiet"]);
    found(&repo, &secret).file("config.env", &repo.rev("refs/stash^2"));
}

#[test]
fn an_untracked_file_in_a_stash_is_local_only() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(522));
    repo.write("config.env", secret.line());
    repo.git(&["stash", "push", "--quiet", "--include-untracked"]);
    found(&repo, &secret).file("config.env", &repo.rev("refs/stash^3")).stage(LOCAL_ONLY);
}

#[test]
fn an_older_stash_is_found() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(523));
    for text in [secret.line(), "another change\n".to_owned()] {
        repo.write("README.md", format!("# A project\n{text}"));
        repo.git(&["stash", "push", "--quiet"]);
    }
    found(&repo, &secret).file("README.md", &repo.rev("stash@{1}"));
}

#[test]
fn a_dropped_stash_is_unreachable() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(524));
    repo.write("README.md", format!("# A project\n{}", secret.line()));
    repo.git(&["stash", "push", "--quiet"]);
    let commit = repo.rev("refs/stash");
    repo.git(&["stash", "drop", "--quiet"]);
    found(&repo, &secret).file("README.md", &commit).stage(UNREACHABLE);
}

#[test]
fn a_note_is_local_only_and_described_as_a_note() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(525));
    repo.git(&["notes", "add", "-m", &secret.line()]);
    let notes = repo.rev("refs/notes/commits");
    found(&repo, &secret).places(1).at(&[("kind", "note"), ("commit", &notes)]).stage(LOCAL_ONLY);
}

#[test]
fn a_commit_only_in_the_reflog_is_unreachable() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(526));
    let commit = leak(&repo, &secret);
    repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    found(&repo, &secret).file("config.env", &commit).stage(UNREACHABLE);
}

#[test]
fn an_amended_commit_is_unreachable() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(527));
    let commit = leak(&repo, &secret);
    repo.write("config.env", "AZURE_CLIENT_SECRET=\n");
    repo.add();
    repo.git(&["commit", "--quiet", "--amend", "--no-edit"]);
    found(&repo, &secret).file("config.env", &commit).stage(UNREACHABLE);
}

#[test]
fn an_unreferenced_commit_is_unreachable() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(528));
    let commit = leak(&repo, &secret);
    repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
    found(&repo, &secret).file("config.env", &commit).stage(UNREACHABLE);
}

#[test]
fn a_dangling_blob_is_a_leftover() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(529));
    let id = repo.git_tool(&["hash-object", "-w", "--stdin"]).input(secret.line()).run().expect_code(0).out();
    let found = found(&repo, &secret).places(1).at(&[("kind", "file"), ("blob", id.trim_end())]);
    found.without("commit").stage(LEFTOVER);
}

#[test]
fn a_blob_that_was_staged_once_is_a_leftover() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(530));
    repo.write("config.env", secret.line());
    repo.add();
    repo.git(&["rm", "--quiet", "--cached", "config.env"]);
    found(&repo, &secret).places(1).without("commit").stage(LEFTOVER);
}

#[test]
fn staged_content_is_uncommitted() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(531));
    repo.write("config.env", secret.line());
    repo.add();
    let found = found(&repo, &secret).places(1).at(&[("kind", "file"), ("path", "config.env")]);
    found.without("commit").stage(UNCOMMITTED);
}

#[test]
fn content_staged_in_another_worktree_is_uncommitted() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(532));
    repo.git(&["worktree", "add", "--quiet", "../linked"]);
    let linked = repo.at("../linked");
    linked.write("config.env", secret.line());
    linked.add();
    found(&linked, &secret).places(1).without("commit").stage(UNCOMMITTED);
    found(&repo, &secret).places(1).without("commit").stage(UNCOMMITTED);
}

#[test]
fn a_detached_head_of_another_worktree_is_reachable() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(533));
    repo.git(&["worktree", "add", "--quiet", "--detach", "../linked"]);
    let linked = repo.at("../linked");
    let commit = leak(&linked, &secret);
    found(&linked, &secret).file("config.env", &commit).stage(LOCAL_ONLY);
    found(&repo, &secret).file("config.env", &commit).stage(LOCAL_ONLY);
}

// ---------------------------------------------------------------- messages and names

#[test]
fn a_commit_message_is_found() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(540));
    repo.commit(&format!("rotate the secret\n\nThe new one is {}", secret.value));
    let found = found(&repo, &secret).at(&[("kind", "commit-message"), ("commit", &repo.head())]);
    found.and_beside(&[("git-file", ".git/COMMIT_EDITMSG")]).stage(LOCAL_ONLY);
}

#[test]
fn a_pushed_commit_message_is_published() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(541));
    with_remote(&repo);
    repo.commit(&format!("the secret is {}", secret.value));
    repo.git(&["push", "--quiet", "origin", "main"]);
    found(&repo, &secret).at(&[("kind", "commit-message"), ("commit", &repo.head())]).stage(PUBLISHED);
}

#[test]
fn an_amended_commit_message_is_unreachable() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(542));
    repo.commit(&format!("the secret is {}", secret.value));
    let commit = repo.head();
    repo.git(&["commit", "--quiet", "--allow-empty", "--amend", "-m", "nothing to see"]);
    found(&repo, &secret).at(&[("kind", "commit-message"), ("commit", &commit)]).stage(UNREACHABLE);
}

#[test]
fn an_annotated_tags_message_is_found() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(543));
    repo.git(&["tag", "-a", "-m", &format!("version 1\n\nuses {}", secret.value), "v1"]);
    let found = found(&repo, &secret).places(1).at(&[("kind", "tag-message")]).stage(LOCAL_ONLY);
    let refs = &found.finding["exposure"]["refs"];
    assert!(refs.as_array().is_some_and(|refs| refs.contains(&"refs/tags/v1".into())), "which tag: {}", found.run);
}

#[test]
fn a_tag_is_not_called_a_commit() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(556));
    repo.git(&["tag", "-a", "-m", &format!("uses {}", secret.value), "v1"]);
    let found = found(&repo, &secret);
    let commit = &found.finding["occurrences"][0]["commit"];
    assert!(commit.is_null() || *commit == repo.head(), "{commit} is no commit: {}", found.run);
    assert_ne!(found.finding["exposure"]["first_commit"], repo.rev("v1"), "{}", found.run);
}

#[test]
fn a_deleted_tags_message_is_unreachable() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(544));
    repo.git(&["tag", "-a", "-m", &format!("uses {}", secret.value), "v1"]);
    repo.git(&["tag", "-d", "v1"]);
    found(&repo, &secret).places(1).at(&[("kind", "tag-message")]).stage(UNREACHABLE);
}

#[test]
fn an_author_name_is_found() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(545));
    let author = format!("{} <test@example.com>", secret.value);
    repo.git(&["commit", "--quiet", "--allow-empty", "--author", &author, "-m", "by whom"]);
    found(&repo, &secret).places(1).at(&[("kind", "author"), ("commit", &repo.head())]).stage(LOCAL_ONLY);
}

#[test]
fn a_committers_address_is_found() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(546));
    let commit = repo.git_tool(&["commit", "--quiet", "--allow-empty", "-m", "by whom"]);
    commit.env("GIT_COMMITTER_EMAIL", format!("{}@example.com", secret.value)).run().expect_code(0);
    let found = found(&repo, &secret).at(&[("kind", "author"), ("commit", &repo.head())]);
    found.and_beside(&[("reflog", ".git/logs/HEAD"), ("reflog", ".git/logs/refs/heads/main")]).stage(LOCAL_ONLY);
}

#[test]
fn a_taggers_name_is_found() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(547));
    let tag = repo.git_tool(&["tag", "-a", "-m", "version 1", "v1"]);
    tag.env("GIT_COMMITTER_NAME", &secret.value).run().expect_code(0);
    found(&repo, &secret).places(1).at(&[("kind", "author")]).stage(LOCAL_ONLY);
}

#[test]
fn a_branch_name_is_found() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(548));
    repo.git(&["branch", &format!("try/{}", secret.value)]);
    let path = format!("refs/heads/try/{}", secret.value);
    found(&repo, &secret).places(1).at(&[("kind", "ref-name"), ("path", &path)]).stage(LOCAL_ONLY);
}

#[test]
fn a_packed_branch_name_is_found() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(549));
    repo.git(&["branch", &secret.value]);
    repo.git(&["pack-refs", "--all"]);
    let path = format!("refs/heads/{}", secret.value);
    found(&repo, &secret).places(1).at(&[("kind", "ref-name"), ("path", &path)]).stage(LOCAL_ONLY);
}

#[test]
fn a_fetched_branchs_name_is_published() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(550));
    with_remote(&repo);
    repo.git(&["push", "--quiet", "origin", &format!("main:refs/heads/{}", secret.value)]);
    let path = format!("refs/remotes/origin/{}", secret.value);
    found(&repo, &secret).places(1).at(&[("kind", "ref-name"), ("path", &path)]).stage(PUBLISHED);
}

#[test]
fn a_file_name_is_found_with_its_whole_path_and_its_commit() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(551));
    let path = format!("keys/old/{}.txt", secret.value);
    repo.write(&path, "empty\n");
    repo.commit("a name");
    let commit = repo.head();
    repo.write("README.md", "# Another name\n");
    repo.commit("more");
    found(&repo, &secret)
        .places(1)
        .at(&[("kind", "file-name"), ("path", &path), ("commit", &commit)])
        .stage(LOCAL_ONLY);
}

#[test]
fn a_folder_name_is_found_once_even_if_its_files_change() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(552));
    for round in 0..3 {
        repo.write(format!("keys/{}/note.txt", secret.value), format!("round {round}\n"));
        repo.commit("a change");
    }
    let commit = repo.rev("HEAD~2");
    found(&repo, &secret).places(1).at(&[("kind", "file-name"), ("commit", &commit)]).stage(LOCAL_ONLY);
}

/// A file name is found by whichever thread first reads a tree with it; all trees that have it are reported.
#[test]
fn a_file_name_is_found_in_every_folder_it_was_ever_in() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(572));
    // The value is in a file as well, so trees are recorded as they are read.
    repo.write("config.txt", format!("{}\n", secret.value));
    repo.commit("a value");
    let mut places = vec![("config.txt".to_owned(), repo.head())];
    for round in 0..24 {
        let path = format!("folder{round}/keys/{}", secret.value);
        repo.write(&path, "empty\n");
        repo.commit("a name");
        places.push((path.clone(), repo.head()));
        if round % 3 > 0 {
            repo.remove(&path);
            repo.commit("gone");
        }
    }
    repo.git(&["repack", "-adfq", "--depth=50"]);
    let found = found(&repo, &secret);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let told = found.finding["occurrences"].as_array().cloned().unwrap_or_default();
    let told: Vec<(String, String)> = told.iter().map(|place| (text(&place["path"]), text(&place["commit"]))).collect();
    assert_eq!(told, places, "{}", found.run);
}

#[test]
fn a_file_name_deleted_from_head_is_history_only() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(553));
    repo.write(&secret.value, "empty\n");
    repo.commit("a name");
    let commit = repo.head();
    repo.remove(&secret.value);
    repo.commit("too late");
    found(&repo, &secret).at(&[("kind", "file-name"), ("commit", &commit)]).stage(HISTORY_ONLY);
}

#[test]
fn a_symlinks_target_is_found() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(554));
    must(symlink(&secret.value, repo.path("link")), "make a link");
    repo.commit("a link");
    found(&repo, &secret)
        .places(1)
        .at(&[("kind", "symlink"), ("path", "link"), ("commit", &repo.head())])
        .stage(LOCAL_ONLY);
}

// ---------------------------------------------------------------- what hides things from `git log -p`

#[test]
fn a_conflict_resolution_is_found_in_the_merge() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(560));
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    repo.write("README.md", "# Their project\n");
    repo.commit("theirs");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.write("README.md", "# Our project\n");
    repo.commit("ours");
    repo.try_git(&["merge", "--quiet", "side"]).expect_code(1);
    repo.write("README.md", format!("# The project of all\n{}", secret.line()));
    repo.commit("both");
    found(&repo, &secret).file("README.md", &repo.head()).stage(LOCAL_ONLY);
}

#[test]
fn a_merge_of_a_branch_is_not_the_introducing_commit() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(561));
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    let commit = leak(&repo, &secret);
    repo.git(&["checkout", "--quiet", "main"]);
    repo.write("other.txt", "meanwhile\n");
    repo.commit("meanwhile");
    repo.git(&["merge", "--quiet", "-m", "merge", "side"]);
    found(&repo, &secret).file("config.env", &commit).stage(LOCAL_ONLY);
}

#[test]
fn a_replaced_blob_is_found() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(562));
    let commit = leak(&repo, &secret);
    let harmless = repo.git_tool(&["hash-object", "-w", "--stdin"]).input("X=1\n").run().expect_code(0).out();
    repo.git(&["replace", &repo.rev("HEAD:config.env"), harmless.trim_end()]);
    found(&repo, &secret).file("config.env", &commit).stage(LOCAL_ONLY);
}

#[test]
fn a_replaced_commit_is_found() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(563));
    let commit = leak_and_remove(&repo, &secret);
    repo.git(&["replace", &commit, &repo.rev("HEAD~2")]);
    found(&repo, &secret).file("config.env", &commit).stage(HISTORY_ONLY);
}

#[test]
fn history_hidden_by_a_graft_is_found() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(564));
    let commit = leak_and_remove(&repo, &secret);
    repo.git(&["replace", "--graft", "HEAD"]);
    found(&repo, &secret).file("config.env", &commit).stage(HISTORY_ONLY);
}

#[test]
fn the_no_diff_attribute_hides_nothing() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(565));
    repo.write(".gitattributes", "* -diff -text binary export-ignore\n");
    repo.commit("attributes");
    let commit = leak(&repo, &secret);
    found(&repo, &secret).file("config.env", &commit).stage(LOCAL_ONLY);
}

#[test]
fn utf16_hides_nothing() {
    let le = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let be = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
    for seed in 570..574 {
        let (repo, secret) = (Repo::with_a_commit(), Secret::entra(seed));
        let (text, mark) = (secret.line(), seed % 2 == 0);
        let text = if mark { format!("\u{feff}{text}") } else { text };
        repo.write_bytes("config.env", if seed < 572 { le(&text) } else { be(&text) });
        repo.commit("wide");
        found(&repo, &secret).file("config.env", &repo.head()).stage(LOCAL_ONLY);
    }
}

#[test]
fn a_file_that_is_no_longer_text_is_found() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(575));
    repo.write_bytes("app.bin", [&b"\x7fELF\0\0\x01"[..], secret.value.as_bytes(), b"\0\0"].concat());
    repo.commit("a program");
    found(&repo, &secret).file("app.bin", &repo.head());
}

#[test]
fn paths_that_are_now_ignored_are_found() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(576));
    let commit = leak(&repo, &secret);
    repo.write(".gitignore", "*\n");
    repo.git(&["add", "--force", ".gitignore"]);
    repo.git(&["rm", "--quiet", "--cached", "config.env"]);
    repo.git(&["commit", "--quiet", "-m", "ignore everything"]);
    found(&repo, &secret).file("config.env", &commit).stage(HISTORY_ONLY);
}

// ---------------------------------------------------------------- one secret, many places

/// Makes fifty commits, each of which changes three files with the same secret.
fn often(secret: &Secret) -> Repo {
    let repo = Repo::init();
    let mut stream = String::new();
    for round in 0..50 {
        let time = 1_700_000_000 + round * 60;
        stream += &format!("commit refs/heads/main\ncommitter Test User <test@example.com> {time} +0000\n");
        stream += &format!("data 7\nround {}\n", char::from(b'a' + u8::try_from(round % 26).unwrap_or_default()));
        for file in ["one.env", "two/two.env", "three/of/three.env"] {
            let text = format!("ROUND={round}\nFILE={file}\n{}", secret.line());
            stream += &format!("M 100644 inline {file}\ndata {}\n{text}\n", text.len());
        }
    }
    repo.git_tool(&["fast-import", "--quiet"]).input(stream).run().expect_code(0);
    repo
}

#[test]
fn a_secret_in_many_commits_is_one_finding_with_places_oldest_first() {
    let secret = Secret::entra(580);
    let repo = often(&secret);
    let found = found(&repo, &secret).places(150).stage(LOCAL_ONLY);
    let commits = repo.git(&["rev-list", "--reverse", "main"]).out();
    let paths = ["one.env", "three/of/three.env", "two/two.env"];
    let expected = commits.lines().flat_map(|commit| paths.map(|path| format!("{commit} {path}")));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let places = found.finding["occurrences"].as_array().cloned().unwrap_or_default();
    let places = places.iter().map(|place| format!("{} {}", text(&place["commit"]), text(&place["path"])));
    assert_eq!(places.collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "{}", found.run);
    let exposure = &found.finding["exposure"];
    assert_eq!(exposure["commits"], 50, "{}", found.run);
    assert_eq!(exposure["first_commit"], commits.lines().next().unwrap_or_default(), "{}", found.run);
}

#[test]
fn the_same_blob_under_three_names_has_three_places() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(581));
    for path in ["c.env", "a.env", "b/b.env"] {
        repo.write(path, secret.line());
    }
    repo.commit("thrice");
    let found = found(&repo, &secret).places(3).stage(LOCAL_ONLY);
    let paths: Vec<_> = (0..3).map(|place| found.finding["occurrences"][place]["path"].clone()).collect();
    assert_eq!(paths, ["a.env", "b/b.env", "c.env"]);
}

#[test]
fn a_reintroduced_secret_is_reported_with_both_commits() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(582));
    let first = leak_and_remove(&repo, &secret);
    let second = leak(&repo, &secret);
    let found = found(&repo, &secret).places(2).stage(LOCAL_ONLY);
    let commits: Vec<_> = (0..2).map(|place| found.finding["occurrences"][place]["commit"].clone()).collect();
    assert!(commits.contains(&first.into()) && commits.contains(&second.into()), "{}", found.run);
}

#[test]
fn parents_come_before_children_of_the_same_second() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(583));
    for round in 0..12 {
        repo.write("config.env", format!("ROUND={round}\n{}", secret.line()));
        repo.commit("a round");
    }
    let found = found(&repo, &secret).places(12);
    let commits = repo.git(&["rev-list", "--reverse", "HEAD~12..HEAD"]).out();
    let expected: Vec<&str> = commits.lines().collect();
    let places: Vec<_> = (0..12).map(|place| found.finding["occurrences"][place]["commit"].clone()).collect();
    assert_eq!(places, expected, "{}", found.run);
    assert_eq!(found.finding["exposure"]["first_commit"], expected[0], "{}", found.run);
}

#[test]
fn two_secrets_in_one_blob_are_two_findings() {
    let repo = Repo::with_a_commit();
    let (one, two) = (Secret::entra(584), Secret::github(585));
    repo.write("config.env", format!("{}GITHUB_TOKEN={}\n", one.line(), two.value));
    repo.commit("two");
    let run = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1);
    assert_eq!(run.records_of("finding").len(), 2, "{run}");
    run.expect_withheld(&one.value);
    run.expect_withheld(&two.value);
}

// ---------------------------------------------------------------- clones and arguments

/// Returns a clone of depth one of a repository whose older commit adds the secret; `removed` if HEAD no longer has it.
fn shallow(secret: &Secret, removed: bool) -> Repo {
    let origin = Repo::with_a_commit();
    if removed {
        leak_and_remove(&origin, secret)
    } else {
        leak(&origin, secret)
    };
    let url = format!("file://{}", origin.path(".git").display());
    origin.git(&["clone", "--quiet", "--depth=1", &url, "../shallow"]);
    origin.at("../shallow")
}

#[test]
fn a_shallow_clone_is_never_clean_and_says_how_to_complete_it() {
    let clone = shallow(&Secret::entra(590), true);
    let run = clone.keysweep(&["history", "--format", "jsonl"]).expect_code(2);
    assert_eq!(run.verdict(), "unknown", "{run}");
    let gaps = run.records_of("gap");
    let remedy = gaps.iter().any(|gap| gap["why"].as_str().is_some_and(|why| why.contains("git fetch --unshallow")));
    assert!(remedy, "no gap names the remedy: {run}");
    clone.keysweep(&["history"]).expect_code(2).expect_mention("git fetch --unshallow");
}

#[test]
fn a_shallow_clone_that_was_completed_is_read_whole() {
    let secret = Secret::entra(591);
    let clone = shallow(&secret, true);
    clone.git(&["fetch", "--quiet", "--unshallow"]);
    found(&clone, &secret).stage(PUBLISHED);
}

#[test]
fn a_finding_in_a_shallow_clone_is_reported_along_with_the_gap() {
    let secret = Secret::entra(592);
    let run = shallow(&secret, false).keysweep(&["history", "--format", "jsonl"]).expect_code(1);
    assert_eq!(run.records_of("finding").len(), 1, "{run}");
    assert!(!run.records_of("gap").is_empty(), "{run}");
}

#[test]
fn a_clone_without_blobs_is_never_clean() {
    let (origin, secret) = (Repo::with_a_commit(), Secret::entra(593));
    leak_and_remove(&origin, &secret);
    origin.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", origin.path(".git").display());
    origin.git(&["clone", "--quiet", "--bare", "--filter=blob:none", &url, "../partial.git"]);
    let clone = origin.at("../partial.git");
    let run = clone.keysweep(&["history", "--format", "jsonl"]).expect_code(2);
    assert!(!run.records_of("gap").is_empty(), "{run}");
}

#[test]
fn a_fresh_clone_has_the_secret_as_published() {
    let (origin, secret) = (Repo::with_a_commit(), Secret::entra(594));
    let commit = leak_and_remove(&origin, &secret);
    origin.git(&["clone", "--quiet", ".", "../clone"]);
    found(&origin.at("../clone"), &secret).file("config.env", &commit).stage(PUBLISHED);
}

#[test]
fn sweep_is_another_name_for_history() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(595));
    leak(&repo, &secret);
    let findings = |command: &str| repo.keysweep(&[command, "--format", "jsonl"]).expect_code(1).records_of("finding");
    assert_eq!(findings("sweep"), findings("history"));
}

#[test]
fn a_repository_can_be_named_by_any_path_into_it() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(596));
    leak(&repo, &secret);
    must(fs::create_dir_all(repo.path("sub/folder")), "make a folder");
    let elsewhere = repo.at("../elsewhere");
    let absolute = repo.path(".").display().to_string();
    for path in ["../work", "../work/sub/folder", "../work/.git", &absolute] {
        let run = elsewhere.keysweep(&["history", path, "--format", "jsonl"]).expect_code(1);
        assert_eq!(run.records_of("finding").len(), 1, "{run}");
    }
    elsewhere.keysweep(&["history", "."]).expect_code(2);
    elsewhere.keysweep(&["history", "../nowhere"]).expect_code(2);
}

#[test]
fn a_named_repository_uses_its_own_configuration() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(597));
    leak(&repo, &secret);
    repo.write(".keysweep.toml", format!("disable = [\"{}\", \"generic-secret\"]\n", secret.rule));
    repo.at("../elsewhere").keysweep(&["history", "../work"]).expect_code(0);
}

#[test]
fn history_writes_nothing() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(598));
    leak(&repo, &secret);
    let before = repo.git_listing();
    repo.keysweep(&["history"]).expect_code(1).expect_withheld(&secret.value);
    assert_eq!(repo.git_listing(), before);
}
