//! Tests of `range`: it finds what the commits of a pull request or push add, whatever becomes of it later.

use std::fs;

use serde_json::Value;

use crate::support::{Repo, Run, Secret, must};

/// Returns a repository whose branch `side` starts at `main` and is checked out.
fn branched() -> Repo {
    let repo = Repo::with_a_commit();
    repo.write("shared.txt", "a line that both sides change\n");
    repo.write("app.conf", "name = app\nport = 80\n");
    repo.commit("the base");
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    repo
}

fn jsonl(repo: &Repo, range: &str) -> Run {
    repo.keysweep(&["range", range, "--format", "jsonl", "--show-secrets"])
}

/// Returns the only finding of a range, which has to be this secret.
#[track_caller]
fn found(repo: &Repo, range: &str, secret: &Secret) -> Value {
    let run = jsonl(repo, range).expect_code(1);
    let mut findings = run.records_of("finding");
    assert_eq!(findings.len(), 1, "one secret is one finding: {run}");
    let finding = findings.remove(0);
    assert_eq!(finding["secret"], secret.value, "{run}");
    finding
}

/// Checks that the first place of the finding is of this kind, at this path and in this commit.
#[track_caller]
fn is_at(finding: &Value, kind: &str, path: &str, commit: &str) {
    let place = &finding["occurrences"][0];
    assert_eq!(place["kind"], kind, "{place}");
    assert_eq!(place["path"], path, "{place}");
    assert_eq!(place["commit"], commit, "{place}");
}

#[track_caller]
fn clean(repo: &Repo, range: &str) {
    let run = jsonl(repo, range).expect_code(0);
    assert_eq!(run.verdict(), "clean", "{run}");
}

fn commits(run: &Run) -> Value {
    run.records_of("summary")[0]["commits"].clone()
}

// ---------------------------------------------------------------- has to be found

#[test]
fn a_secret_added_first_and_removed_last_is_found_with_its_commit() {
    let (repo, secret) = (branched(), Secret::entra(600));
    repo.write("config.env", secret.line());
    repo.commit("leak");
    let leak = repo.head();
    for round in 0..29 {
        repo.write("app.conf", format!("name = app\nport = {round}\n"));
        repo.commit("in between");
    }
    repo.remove("config.env");
    repo.commit("too late");
    is_at(&found(&repo, "main..side", &secret), "file", "config.env", &leak);
    let run = jsonl(&repo, "main..side");
    assert_eq!(commits(&run), 31, "{run}");
    clean(&repo, "side~30..side");
}

#[test]
fn a_secret_kept_by_every_commit_is_one_finding_from_the_first() {
    let (repo, secret) = (branched(), Secret::entra(601));
    for round in 0..5 {
        repo.write("config.env", format!("ROUND={round}\n{}", secret.line()));
        repo.commit("a round");
    }
    let finding = found(&repo, "main..side", &secret);
    is_at(&finding, "file", "config.env", &repo.rev("side~4"));
    assert_eq!(finding["exposure"]["first_commit"], repo.rev("side~4"), "{finding}");
}

#[test]
fn a_secret_moved_to_another_file_within_the_range_is_found_in_the_first() {
    let (repo, secret) = (branched(), Secret::entra(602));
    repo.write("config.env", secret.line());
    repo.commit("leak");
    repo.git(&["mv", "config.env", "moved.env"]);
    repo.commit("move");
    is_at(&found(&repo, "main..side", &secret), "file", "config.env", &repo.rev("side~1"));
}

/// Merges `main` into `side`, which has to stop with a conflict in shared.txt; resolves it with this text.
fn resolve_conflict(repo: &Repo, resolution: &str) {
    repo.write("shared.txt", "our line\n");
    repo.commit("ours");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.write("shared.txt", "their line\n");
    repo.commit("theirs");
    repo.git(&["checkout", "--quiet", "side"]);
    repo.try_git(&["merge", "--quiet", "main"]).expect_code(1);
    repo.write("shared.txt", resolution);
    repo.commit("a merge");
}

#[test]
fn a_secret_in_a_conflict_resolution_is_found_in_the_merge() {
    let (repo, secret) = (branched(), Secret::entra(603));
    resolve_conflict(&repo, &format!("the line of all\n{}", secret.line()));
    is_at(&found(&repo, "main..side", &secret), "file", "shared.txt", &repo.head());
}

#[test]
fn a_secret_slipped_into_a_merge_without_conflicts_is_found_in_the_merge() {
    let (repo, secret) = (branched(), Secret::entra(604));
    repo.write("ours.txt", "ours\n");
    repo.commit("ours");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.write("theirs.txt", "theirs\n");
    repo.commit("theirs");
    repo.git(&["checkout", "--quiet", "side"]);
    repo.git(&["merge", "--quiet", "--no-commit", "main"]);
    repo.write("config.env", secret.line());
    repo.commit("a merge");
    is_at(&found(&repo, "main..side", &secret), "file", "config.env", &repo.head());
}

#[test]
fn a_secret_of_a_branch_merged_within_the_range_is_found_in_its_own_commit() {
    let (repo, secret) = (branched(), Secret::entra(605));
    repo.git(&["checkout", "--quiet", "-b", "topic"]);
    repo.write("config.env", secret.line());
    repo.commit("leak");
    let leak = repo.head();
    repo.git(&["checkout", "--quiet", "side"]);
    repo.git(&["merge", "--quiet", "--no-ff", "-m", "a merge", "topic"]);
    is_at(&found(&repo, "main..side", &secret), "file", "config.env", &leak);
}

#[test]
fn a_commit_message_is_found() {
    let (repo, secret) = (branched(), Secret::entra(606));
    repo.commit(&format!("try it\n\nwith {}", secret.value));
    let finding = found(&repo, "main..side", &secret);
    assert_eq!(finding["occurrences"][0]["kind"], "commit-message", "{finding}");
    assert_eq!(finding["occurrences"][0]["commit"], repo.head(), "{finding}");
}

#[test]
fn an_author_name_is_found() {
    let (repo, secret) = (branched(), Secret::github(607));
    let author = format!("{} <test@example.com>", secret.value);
    repo.git(&["commit", "--quiet", "--allow-empty", "--author", &author, "-m", "by whom"]);
    let finding = found(&repo, "main..side", &secret);
    assert_eq!(finding["occurrences"][0]["kind"], "author", "{finding}");
    assert_eq!(finding["occurrences"][0]["commit"], repo.head(), "{finding}");
}

#[test]
fn a_file_name_is_found() {
    let (repo, secret) = (branched(), Secret::github(608));
    let path = format!("keys/{}.txt", secret.value);
    repo.write(&path, "empty\n");
    repo.commit("a name");
    let commit = repo.head();
    repo.remove(&path);
    repo.commit("too late");
    is_at(&found(&repo, "main..side", &secret), "file-name", &path, &commit);
}

#[test]
fn a_symlinks_target_is_found() {
    let (repo, secret) = (branched(), Secret::github(609));
    must(std::os::unix::fs::symlink(&secret.value, repo.path("link")), "make a link");
    repo.commit("a link");
    is_at(&found(&repo, "main..side", &secret), "symlink", "link", &repo.head());
}

#[test]
fn the_first_commit_of_an_orphan_branch_is_entirely_new() {
    let (repo, secret) = (branched(), Secret::entra(610));
    repo.git(&["checkout", "--quiet", "--orphan", "fresh"]);
    repo.write("config.env", secret.line());
    repo.commit("a start of its own");
    is_at(&found(&repo, "main..fresh", &secret), "file", "config.env", &repo.head());
}

#[test]
fn a_rename_with_a_new_secret_is_found() {
    let (repo, secret) = (branched(), Secret::entra(611));
    repo.git(&["mv", "app.conf", "service.conf"]);
    repo.write("service.conf", format!("name = app\nport = 80\n{}", secret.line()));
    repo.commit("rename and edit");
    is_at(&found(&repo, "main..side", &secret), "file", "service.conf", &repo.head());
}

#[test]
fn a_secret_in_a_replaced_commit_is_found() {
    let (repo, secret) = (branched(), Secret::entra(612));
    repo.write("config.env", secret.line());
    repo.commit("leak");
    let leak = repo.head();
    repo.remove("config.env");
    repo.commit("too late");
    repo.git(&["replace", "--graft", "side", "main"]);
    is_at(&found(&repo, "main..side", &secret), "file", "config.env", &leak);
}

#[test]
fn attributes_hide_nothing() {
    let (repo, secret) = (branched(), Secret::entra(613));
    repo.write(".gitattributes", "* -diff -text export-ignore\n");
    repo.commit("attributes");
    repo.write("config.env", secret.line());
    repo.commit("leak");
    is_at(&found(&repo, "main..side", &secret), "file", "config.env", &repo.head());
}

#[test]
fn a_secret_that_replaces_another_is_found_and_the_old_one_is_not() {
    let (repo, old, new) = (Repo::with_a_commit(), Secret::entra(614), Secret::entra(615));
    repo.write("config.env", old.line());
    repo.commit("the old one");
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    repo.write("config.env", new.line());
    repo.commit("the new one");
    is_at(&found(&repo, "main..side", &new), "file", "config.env", &repo.head());
}

// ---------------------------------------------------------------- must not be reported

/// Returns a branched repository whose base holds a secret in config.env.
fn with_an_old_secret(seed: u32) -> (Repo, Secret) {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(seed));
    repo.write("config.env", format!("REGION=west\n{}", secret.line()));
    repo.commit("long ago");
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    (repo, secret)
}

#[test]
fn content_merged_from_the_base_is_not_reported() {
    let (repo, secret) = (branched(), Secret::entra(620));
    repo.write("ours.txt", "ours\n");
    repo.commit("ours");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.write("config.env", secret.line());
    repo.commit("a leak of somebody else");
    repo.git(&["checkout", "--quiet", "side"]);
    repo.git(&["merge", "--quiet", "-m", "catch up", "main"]);
    clean(&repo, "main..side");
}

#[test]
fn an_old_secret_of_the_base_in_a_conflict_resolution_is_not_reported() {
    let (repo, secret) = (branched(), Secret::entra(621));
    repo.write("shared.txt", "our line\n");
    repo.commit("ours");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.write("shared.txt", format!("their line\n{}", secret.line()));
    repo.commit("theirs");
    repo.git(&["checkout", "--quiet", "side"]);
    repo.try_git(&["merge", "--quiet", "main"]).expect_code(1);
    repo.write("shared.txt", format!("the line of all\n{}", secret.line()));
    repo.commit("a merge");
    clean(&repo, "main..side");
}

#[test]
fn a_conflict_resolution_without_a_secret_is_clean() {
    let repo = branched();
    resolve_conflict(&repo, "the line of all\n");
    clean(&repo, "main..side");
}

#[test]
fn a_rename_without_a_change_is_not_reported() {
    let (repo, _) = with_an_old_secret(622);
    must(fs::create_dir(repo.path("sub")), "make a folder");
    repo.git(&["mv", "config.env", "sub/renamed.env"]);
    repo.commit("rename");
    clean(&repo, "main..side");
}

#[test]
fn a_line_inserted_above_an_old_secret_is_not_reported() {
    let (repo, _) = with_an_old_secret(623);
    repo.write("config.env", format!("ZONE=1\n{}", repo.read("config.env")));
    repo.commit("a line above");
    clean(&repo, "main..side");
}

#[test]
fn an_old_secrets_line_moved_within_its_file_is_not_reported() {
    let (repo, secret) = with_an_old_secret(624);
    repo.write("config.env", format!("{}REGION=west\n", secret.line()));
    repo.commit("the other way round");
    clean(&repo, "main..side");
}

#[test]
fn the_removal_of_an_old_secret_is_not_reported() {
    let (repo, _) = with_an_old_secret(625);
    repo.write("config.env", "REGION=west\n");
    repo.commit("cleaned");
    repo.remove("config.env");
    repo.commit("gone");
    clean(&repo, "main..side");
}

#[test]
fn a_rename_that_several_commits_edit_is_not_reported() {
    let (repo, secret) = with_an_old_secret(626);
    repo.git(&["mv", "config.env", "renamed.env"]);
    repo.commit("rename");
    repo.write("renamed.env", format!("ZONE=1\nREGION=west\n{}", secret.line()));
    repo.commit("a line above");
    repo.write("renamed.env", format!("ZONE=1\nREGION=east\n{}", secret.line()));
    repo.commit("another change");
    clean(&repo, "main..side");
}

#[test]
fn a_copy_of_an_old_secrets_file_is_not_reported() {
    let (repo, _) = with_an_old_secret(627);
    repo.write("copy.env", repo.read("config.env"));
    repo.commit("a copy");
    clean(&repo, "main..side");
}

#[test]
fn an_old_secret_that_is_removed_and_reverted_is_not_reported() {
    let (repo, _) = with_an_old_secret(628);
    repo.remove("config.env");
    repo.commit("gone");
    repo.git(&["revert", "--no-edit", "HEAD"]);
    clean(&repo, "main..side");
}

#[test]
fn a_moved_submodule_pointer_is_clean() {
    let repo = branched();
    for id in ["1111111111111111111111111111111111111111", "2222222222222222222222222222222222222222"] {
        repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{id},module")]);
        repo.git(&["commit", "--quiet", "-m", "a pointer"]);
    }
    clean(&repo, "main..side");
}

// ---------------------------------------------------------------- the range itself

#[test]
fn a_range_without_an_end_goes_to_head() {
    let (repo, secret) = (branched(), Secret::entra(640));
    repo.write("config.env", secret.line());
    repo.commit("leak");
    is_at(&found(&repo, "main..", &secret), "file", "config.env", &repo.head());
}

#[test]
fn a_range_accepts_any_revision_syntax() {
    let (repo, secret) = (branched(), Secret::entra(641));
    repo.git(&["tag", "-a", "-m", "the base", "v1", "main"]);
    repo.write("config.env", secret.line());
    repo.commit("leak");
    let (base, head) = (repo.rev("main"), repo.head());
    for range in [
        format!("{base}..{head}"),
        format!("{}..{}", &base[..12], &head[..12]),
        "v1..side".to_owned(),
        "refs/heads/main..refs/heads/side".to_owned(),
        "HEAD~1..HEAD".to_owned(),
        "HEAD^..@".to_owned(),
        "main^{commit}..side".to_owned(),
    ] {
        is_at(&found(&repo, &range, &secret), "file", "config.env", &head);
    }
}

#[test]
fn an_empty_range_is_clean_and_reported_as_empty() {
    let repo = branched();
    let run = jsonl(&repo, "side..side").expect_code(0);
    assert_eq!(commits(&run), 0, "{run}");
    repo.keysweep(&["range", "side..side"]).expect_code(0).expect_one_of(&["nothing", "no commit", "0 commits"]);
}

#[test]
fn a_backward_range_adds_nothing() {
    let (repo, secret) = (branched(), Secret::entra(642));
    repo.write("config.env", secret.line());
    repo.commit("leak");
    clean(&repo, "side..main");
}

#[test]
fn an_invalid_range_is_refused_with_an_example() {
    let repo = branched();
    for range in ["main", "", "..", "..side", "...side", "main..side..main"] {
        repo.keysweep(&["range", range]).expect_code(2);
    }
    repo.keysweep(&["range", "main"]).expect_code(2).expect_mention("BASE..HEAD");
}

#[test]
fn a_range_counts_the_commits_that_git_counts() {
    let repo = branched();
    resolve_conflict(&repo, "the line of all\n");
    for round in 0..3 {
        repo.write("app.conf", format!("port = {round}\n"));
        repo.commit("a round");
    }
    for range in ["main..side", "main~1..side", "side~2..side", "main..main"] {
        let expected = repo.git(&["rev-list", "--count", range]).out();
        let run = jsonl(&repo, range).expect_code(0);
        assert_eq!(commits(&run).to_string(), expected.trim_end(), "{range}: {run}");
    }
}

#[test]
fn a_range_within_a_bare_repository_is_read() {
    let (repo, secret) = (branched(), Secret::entra(643));
    repo.write("config.env", secret.line());
    repo.commit("leak");
    let head = repo.head();
    repo.git(&["clone", "--quiet", "--bare", ".", "../bare.git"]);
    is_at(&found(&repo.at("../bare.git"), "main..side", &secret), "file", "config.env", &head);
}

#[test]
fn a_range_is_local_only_until_it_is_pushed() {
    let (repo, secret) = (branched(), Secret::entra(644));
    repo.git(&["init", "--quiet", "--bare", "../remote.git"]);
    repo.git(&["remote", "add", "origin", "../remote.git"]);
    repo.write("config.env", secret.line());
    repo.commit("leak");
    assert_eq!(found(&repo, "main..side", &secret)["stage"], "local-only");
    repo.git(&["push", "--quiet", "origin", "main"]);
    assert_eq!(found(&repo, "origin/main..side", &secret)["stage"], "local-only");
    repo.git(&["push", "--quiet", "origin", "side"]);
    repo.write("other.txt", "more\n");
    repo.commit("not pushed");
    let finding = found(&repo, "main..side", &secret);
    assert_eq!(finding["stage"], "published", "{finding}");
}

#[test]
fn a_commit_message_is_local_only_until_it_is_pushed() {
    let (repo, secret) = (branched(), Secret::entra(645));
    repo.git(&["init", "--quiet", "--bare", "../remote.git"]);
    repo.git(&["remote", "add", "origin", "../remote.git"]);
    repo.commit(&format!("with {}", secret.value));
    assert_eq!(found(&repo, "main..side", &secret)["stage"], "local-only");
    repo.git(&["push", "--quiet", "origin", "side"]);
    assert_eq!(found(&repo, "main..side", &secret)["stage"], "published");
}

#[test]
fn a_range_withholds_the_value_and_writes_nothing() {
    let (repo, secret) = (branched(), Secret::entra(646));
    repo.write("config.env", secret.line());
    repo.commit("leak");
    let before = repo.git_listing();
    repo.keysweep(&["range", "main..side"]).expect_code(1).expect_withheld(&secret.value);
    assert_eq!(repo.git_listing(), before);
}

// ---------------------------------------------------------------- long ranges

/// So many blobs are read in the order of their pack; the report must not show that.
#[test]
fn a_long_range_gives_the_same_result_packed_and_loose() {
    let repo = branched();
    for step in 0..3 {
        for file in 0..300 {
            let secret = if file % 97 == step { Secret::entra(700 + file).line() } else { String::new() };
            let lines = "a line that stays\n".repeat(20);
            repo.write(format!("folder{}/{file}.txt", file % 7), format!("{lines}{secret}step {step} of {file}\n"));
        }
        repo.commit(&format!("step {step}"));
    }
    let loose = jsonl(&repo, "main..side").expect_code(1);
    repo.git(&["repack", "-adfq", "--depth=50"]);
    let packed = jsonl(&repo, "main..side").expect_code(1);
    let findings = loose.records_of("finding");
    assert_eq!(findings.len(), 12, "{}", findings.len());
    assert_eq!(findings, packed.records_of("finding"), "loose: {loose}\npacked: {packed}");
    assert_eq!(packed.records_of("summary")[0]["blobs"], 900, "{packed}");
}
