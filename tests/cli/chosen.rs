//! Tests of `staged FILE…`, and of the pre-commit hook as the pre-commit framework runs it: the named files are
//! scanned, during a commit and outside of one.

use std::os::unix::fs::symlink;

use crate::support::{Repo, Run, Secret, must};

/// Returns a repository with a file with a secret in HEAD, a clean file, and a secret in the index.
fn prepared() -> (Repo, Secret, Secret) {
    let (old, new) = (Secret::github(8_000), Secret::github(8_001));
    let repo = Repo::with_a_commit();
    repo.write("sub/old.env", old.line());
    repo.write("clean.txt", "clean\n");
    repo.commit("old");
    repo.write("sub/new.env", new.line());
    repo.add();
    (repo, old, new)
}

/// Returns the files that the findings are in.
#[track_caller]
fn places(run: &Run) -> Vec<String> {
    let findings = run.records_of("finding");
    let paths = findings.iter().flat_map(|finding| finding["occurrences"].as_array().cloned().unwrap_or_default());
    paths.filter_map(|place| place["path"].as_str().map(str::to_owned)).collect()
}

#[track_caller]
fn staged(repo: &Repo, files: &[&str]) -> Run {
    repo.keysweep(&[&["staged", "--format", "jsonl", "--"], files].concat())
}

#[test]
fn only_named_files_are_scanned() {
    let (repo, _, _) = prepared();
    repo.write("other.env", Secret::github(8_002).line());
    repo.add();
    let whole = repo.path("sub/new.env").display().to_string();
    for name in ["sub/new.env", "./sub/new.env", "sub/../sub/new.env", &whole] {
        assert_eq!(places(&staged(&repo, &[name]).expect_code(1)), ["sub/new.env"], "{name}");
    }
    let from_below =
        repo.at("sub").keysweep(&["staged", "--format", "jsonl", "new.env", "../other.env"]).expect_code(1);
    assert_eq!(places(&from_below).len(), 2, "{from_below}");
    // The content in the index counts, not that of the file.
    repo.write("sub/new.env", "clean\n");
    staged(&repo, &["sub/new.env"]).expect_code(1);
    repo.add();
    staged(&repo, &["sub/new.env"]).expect_code(0);
    repo.git(&["rm", "--quiet", "--cached", "clean.txt"]);
    staged(&repo, &["clean.txt"]).expect_code(0);
}

#[test]
fn files_that_will_not_be_committed_are_never_clean() {
    let (repo, _, _) = prepared();
    repo.write("untracked.env", "clean\n");
    for name in ["untracked.env", "absent"] {
        staged(&repo, &[name]).expect_code(2).expect_mention("keysweep files");
    }
    repo.git(&["add", "--intent-to-add", "untracked.env"]);
    staged(&repo, &["untracked.env"]).expect_code(2).expect_mention("git add");
    for name in ["../outside.env", "/etc/hostname"] {
        staged(&repo, &[name]).expect_code(2).expect_mention("outside of the work tree");
    }
}

#[test]
fn an_unchanged_named_file_is_scanned_completely() {
    let (repo, old, new) = prepared();
    for files in [&["sub/old.env"][..], &["clean.txt", "sub/old.env"]] {
        let run = staged(&repo, files).expect_code(1);
        assert_eq!(places(&run), ["sub/old.env"], "{run}");
        run.expect_withheld(&old.value);
    }
    let run = staged(&repo, &["sub"]).expect_code(1);
    assert_eq!(places(&run).len(), 2, "{run}");
    run.expect_withheld(&new.value);
    staged(&repo, &["clean.txt"]).expect_code(0).expect_mention("read in full");
    // In a merge, a file that is the same as in one of the parents isn't new.
    repo.commit("both");
    repo.git(&["checkout", "--quiet", "-b", "side", "HEAD~1"]);
    repo.write("side.txt", "clean\n");
    repo.commit("side");
    repo.git(&["merge", "--quiet", "--no-commit", "main"]);
    staged(&repo, &["sub/new.env", "side.txt"]).expect_code(0);
}

#[test]
fn the_hook_scans_all_changes_and_the_named_files() {
    let (repo, _, _) = prepared();
    let hook = |files: &[&str]| repo.keysweep(&[&["hook", "run", "pre-commit", "--format", "jsonl"], files].concat());
    assert_eq!(places(&hook(&[]).expect_code(1)), ["sub/new.env"]);
    assert_eq!(places(&hook(&["clean.txt"]).expect_code(1)), ["sub/new.env"]);
    assert_eq!(places(&hook(&["clean.txt", "sub/old.env"]).expect_code(1)).len(), 2);
    // The framework doesn't count a symbolic link as a file, so it doesn't name it.
    repo.git(&["reset", "--quiet", "--hard"]);
    must(symlink(Secret::github(8_003).value, repo.path("link")), "make a link");
    repo.write("file.txt", "clean\n");
    repo.add();
    hook(&["file.txt"]).expect_code(1);
}

#[test]
fn a_manual_framework_run_without_staged_changes_scans_all_files() {
    let (repo, _, _) = prepared();
    repo.git(&["reset", "--quiet", "--hard"]);
    let hook = |variables: &[(&str, &str)]| {
        let tool = repo.tool(&["hook", "run", "pre-commit", "--format", "jsonl"]).env("PRE_COMMIT", "1");
        variables.iter().fold(tool, |tool, (name, value)| tool.env(name, value)).run()
    };
    // Nothing is staged, so the framework may have been run on all files.
    assert_eq!(places(&hook(&[]).expect_code(1)), ["sub/old.env"]);
    hook(&[("GIT_INDEX_FILE", ".git/index")]).expect_code(0);
    let range = |from, to| hook(&[("PRE_COMMIT_FROM_REF", from), ("PRE_COMMIT_TO_REF", to)]);
    let run = range("HEAD~1", "HEAD").expect_code(1);
    assert!(!run.text().contains("the commit was stopped"), "there was none: {run}");
    repo.write("later.txt", "clean\n");
    repo.commit("later");
    range("HEAD~1", "HEAD").expect_code(0);
    range("HEAD~2", "HEAD").expect_code(1);
    range("nothing", "HEAD").expect_code(2);
}
