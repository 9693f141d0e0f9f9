//! Tests of repositories in a format that git refuses, and of work trees whose repository isn't where they say.

use std::fs;

use crate::support::{Repo, Run, Secret, must};

/// The commands that read the repository or write to it.
const COMMANDS: [&[&str]; 8] = [
    &["staged"],
    &["range", "HEAD..HEAD"],
    &["history"],
    &["verify", "--stdin"],
    &["purge-plan"],
    &["baseline", "create"],
    &["hook", "install"],
    &["hook", "run", "pre-commit"],
];

/// A format version and an extension with its value, as a configuration has them.
const FORMATS: [(&str, &str, &str); 16] = [
    ("0", "noop", "1"),
    ("1", "noop", "1"),
    ("0", "noop-v1", "1"),
    ("1", "noop-v1", "1"),
    ("0", "anything", "1"),
    ("1", "anything", "1"),
    ("0", "preciousObjects", "true"),
    ("1", "preciousObjects", "true"),
    ("1", "partialClone", "origin"),
    ("1", "worktreeConfig", "true"),
    ("1", "relativeWorktrees", "false"),
    ("0", "refStorage", "files"),
    ("1", "refStorage", "files"),
    ("1", "refStorage", "other"),
    ("1", "objectFormat", "other"),
    ("2", "noop", "1"),
];

#[test]
fn repository_formats_that_git_refuses_are_refused_and_named() {
    for (version, extension, value) in FORMATS {
        let repo = Repo::with_a_commit();
        let config = fs::read_to_string(repo.path(".git/config")).map(|text| {
            let text = text.replace("repositoryformatversion = 0", &format!("repositoryformatversion = {version}"));
            format!("{text}[extensions]\n\t{extension} = {value}\n")
        });
        repo.write(".git/config", must(config, "read the configuration"));
        // Versions of git before 2.48 don't support relative work trees.
        let is_newer = extension == "relativeWorktrees";
        let is_read = is_newer || repo.try_git(&["rev-parse", "HEAD"]).code == Some(0);
        for command in COMMANDS {
            let run = repo.tool(command).input(Secret::github(1).value).run();
            if is_read {
                run.expect_code(0);
            } else {
                let named = if version == "2" { "version" } else { extension };
                run.expect_code(2).expect_mention(named);
            }
        }
        assert_eq!(repo.path(".git/hooks/pre-commit").exists(), is_read, "{version} {extension} {value}");
    }
}

/// The pointers are written as git 2.48 or later does, so that the installed version doesn't matter.
#[test]
fn a_work_tree_with_relative_pointers_is_read() {
    let outer = Repo::folder();
    let repo = outer.at("main");
    repo.git(&["init", "--quiet", "."]);
    repo.commit("start");
    repo.git(&["worktree", "add", "--quiet", "--detach", "../linked"]);
    let linked = outer.at("linked");
    let (leaked, staged) = (Secret::github(1), Secret::github(2));
    linked.write("leaked.env", leaked.line());
    linked.commit("on no branch");
    linked.write("staged.env", staged.line());
    linked.git(&["add", "staged.env"]);
    repo.git(&["config", "core.repositoryFormatVersion", "1"]);
    repo.git(&["config", "extensions.relativeWorktrees", "true"]);
    linked.write(".git", "gitdir: ../main/.git/worktrees/linked\n");
    repo.write(".git/worktrees/linked/gitdir", "../../../../linked/.git\n");
    must(fs::rename(outer.path("main"), outer.path("moving")), "move the repository");
    must(fs::create_dir(outer.path("elsewhere")), "make a folder");
    for (from, to) in [("moving", "elsewhere/main"), ("linked", "elsewhere/linked")] {
        must(fs::rename(outer.path(from), outer.path(to)), "move a work tree");
    }
    let (repo, linked) = (outer.at("elsewhere/main"), outer.at("elsewhere/linked"));
    let found = |run: &Run| run.records_of("finding").len();
    for place in [&repo, &linked] {
        let run = place.keysweep(&["history", "--format", "jsonl"]).expect_code(1);
        assert_eq!((found(&run), run.records_of("gap").len()), (2, 0), "{run}");
    }
    let run = linked.keysweep(&["staged", "--format", "jsonl"]).expect_code(1);
    assert_eq!(found(&run), 1, "{run}");
    repo.keysweep(&["staged"]).expect_code(0);
}

#[test]
fn an_extension_in_a_subsection_is_unknown() {
    let repo = Repo::with_a_commit();
    repo.git(&["config", "core.repositoryFormatVersion", "1"]);
    repo.git(&["config", "extensions.worktreeConfig.more", "true"]);
    assert_ne!(repo.try_git(&["rev-parse", "HEAD"]).code, Some(0));
    repo.keysweep(&["history"]).expect_code(2).expect_mention("extensions.worktreeconfig.more");
}

#[test]
fn a_missing_repository_is_named() {
    let outer = Repo::with_a_commit();
    let repo = outer.at("main");
    repo.git(&["init", "--quiet"]);
    repo.commit("start");
    repo.git(&["worktree", "add", "--quiet", "--detach", "../linked"]);
    // The repository that surrounds the work tree isn't used in place of the one that moved.
    let linked = outer.at("linked");
    must(fs::rename(outer.path("main"), outer.path("moved")), "move the repository");
    let below = linked.at("folder");
    for place in [&linked, &below] {
        for command in COMMANDS.into_iter().chain([&["hook", "status"][..]]) {
            let run = place.tool(command).input(Secret::github(1).value).run();
            run.expect_code(2).expect_mention("main/.git/worktrees/linked").expect_mention("git worktree repair");
        }
    }
    outer.at("moved").git(&["worktree", "repair"]);
    linked.keysweep(&["staged"]).expect_code(0);
    linked.write(".git", "nothing of the kind\n");
    assert_ne!(linked.try_git(&["status"]).code, Some(0));
    linked.keysweep(&["staged"]).expect_code(2).expect_mention("linked/.git");
    let told = linked.tool(&["staged"]).env("GIT_DIR", outer.path("nowhere")).run();
    told.expect_code(2).expect_mention("nowhere");
}
