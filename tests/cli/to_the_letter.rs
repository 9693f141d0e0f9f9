//! Advice followed to the letter where git does something that is easily forgotten: commits from a temporary index,
//! linked work trees, renames that git doesn't see, reflogs.

use crate::purge::{Plan, needs_filter_repo};
use serde_json::Value;

use crate::support::{Repo, Run, Secret, must};
use crate::verify::verify;

/// Makes a commit that the hook stops, and returns the commands that the hook prints: each step with the lines of its
/// block.
#[track_caller]
fn stopped(repo: &Repo, args: &[&str]) -> Vec<String> {
    let run = repo.try_git(&[&["commit", "--quiet", "-m", "work"], args].concat());
    assert_ne!(run.code, Some(0), "{run}");
    let text = run.text();
    let lines: Vec<&str> = text.lines().collect();
    let is_command = |line: &&str| line.starts_with("    git ");
    let blocks = lines.chunk_by(|a, b| is_command(a) == is_command(b)).filter(|block| is_command(&block[0]));
    let blocks: Vec<String> =
        blocks.map(|block| block.iter().map(|line| line.trim()).collect::<Vec<_>>().join("\n")).collect();
    assert_eq!(blocks.len(), 2, "{run}");
    blocks
}

fn take_out(repo: &Repo, path: &str, secret: &Secret) {
    repo.write(path, repo.read(path).replace(&secret.value, "${TOKEN}"));
}

/// Changes two tracked files, one of them with a secret, and stages nothing.
fn changed(seed: u32) -> (Repo, Secret) {
    let (repo, secret) = (Repo::guarded(), Secret::github(seed));
    repo.write("app/config.env", "REGION=west\n");
    repo.write("app/other.txt", "one\n");
    repo.commit("files");
    repo.write("app/config.env", format!("REGION=west\n{}", secret.line()));
    repo.write("app/other.txt", "two\n");
    (repo, secret)
}

fn at_head(repo: &Repo, path: &str) -> String {
    repo.git(&["show", &format!("HEAD:{path}")]).out()
}

/// The ways to commit files that aren't staged, each with the arguments that leave out the file with the secret.
const WAYS: [(&[&str], &[&str]); 4] = [
    (&["--all"], &[]),
    (&["--include", "app"], &[]),
    (&["--", "app"], &["--", "app"]),
    (&["--", "app/config.env", "app/other.txt"], &["--", "app/other.txt"]),
];

#[test]
fn a_commit_of_changes_passes_once_the_file_is_edited() {
    for (seed, (args, _)) in (3100..).zip(WAYS) {
        let (repo, secret) = changed(seed);
        let steps = stopped(&repo, args);
        take_out(&repo, "app/config.env", &secret);
        repo.sh(&steps[0]).expect_code(0);
        repo.git(&[&["commit", "--quiet", "-m", "work"], args].concat());
        assert!(at_head(&repo, "app/config.env").contains("${TOKEN}"), "{args:?}");
        assert_eq!(at_head(&repo, "app/other.txt"), "two\n", "{args:?}");
        assert_eq!(repo.git(&["status", "--porcelain"]).out(), "", "{args:?}");
    }
}

#[test]
fn a_commit_of_changes_leaves_a_file_out() {
    for (seed, (args, names)) in (3110..).zip(WAYS) {
        let (repo, _) = changed(seed);
        let steps = stopped(&repo, args);
        if names.is_empty() {
            repo.sh(&steps[1]).expect_code(0);
            repo.git(&["commit", "--quiet", "-m", "work"]);
        } else {
            let command = steps[1].replace("<path>", names[1]).replace("git commit", "git commit --quiet -m work");
            repo.sh(&command).expect_code(0);
        }
        assert_eq!(at_head(&repo, "app/config.env"), "REGION=west\n", "{args:?}");
        assert_eq!(at_head(&repo, "app/other.txt"), "two\n", "{args:?}");
        assert_eq!(repo.git(&["status", "--porcelain"]).out(), " M app/config.env\n", "{args:?}");
    }
}

/// A new file that is committed by name is also staged, so the steps must keep it out of the next commit as well.
#[test]
fn a_new_file_that_was_named_is_left_out_of_the_next_commit_too() {
    let (repo, secret) = (Repo::guarded(), Secret::github(3120));
    repo.write("new.env", secret.line());
    repo.write("README.md", "# Another\n");
    repo.git(&["add", "new.env"]);
    let steps = stopped(&repo, &["--", "new.env", "README.md"]);
    let command = steps[1].replace("<path>", "README.md").replace("git commit", "git commit --quiet -m work");
    repo.sh(&command).expect_code(0);
    assert_eq!(repo.git(&["status", "--porcelain"]).out(), "?? new.env\n");
    assert_eq!(at_head(&repo, "README.md"), "# Another\n");
}

/// Leaving a file out of a merge loses the other branch's changes to it, and the report says so.
#[test]
fn a_file_that_is_left_out_of_a_merge_is_that_of_head() {
    let (repo, secret) = (Repo::guarded(), Secret::github(3125));
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    repo.write("README.md", "# Theirs\n");
    repo.write("more.txt", "more\n");
    repo.commit("theirs");
    repo.git(&["checkout", "--quiet", "-"]);
    repo.git(&["merge", "--quiet", "--no-commit", "--no-ff", "side"]);
    repo.write("README.md", format!("# Theirs\n{}", secret.line()));
    repo.git(&["add", "README.md"]);
    let before = at_head(&repo, "README.md");
    let run = repo.try_git(&["commit", "--no-edit"]);
    assert!(run.text().contains("leaves out what the other branch changed there"), "{run}");
    repo.sh(&stopped(&repo, &[])[1]).expect_code(0);
    repo.git(&["commit", "--quiet", "--no-edit"]);
    assert_eq!((at_head(&repo, "README.md"), at_head(&repo, "more.txt")), (before, "more\n".to_owned()));
}

#[test]
fn what_is_staged_in_a_linked_work_tree_is_unstaged_there() {
    for way in [0, 1] {
        let (repo, secret) = (Repo::with_a_commit(), Secret::github(3130));
        repo.git(&["worktree", "add", "--quiet", "-b", "side", "../a linked one"]);
        let linked = repo.at("../a linked one");
        linked.write("config.env", secret.line());
        linked.add();
        repo.write("mine.txt", "staged here\n");
        repo.add();
        for from in [&repo, &linked] {
            let run = from.keysweep(&["history", "--format", "jsonl"]).expect_code(1);
            let plan = run.only_finding()["plan"].as_array().cloned().unwrap_or_default();
            let commands: Vec<&str> = plan.iter().filter_map(|step| step["command"].as_str()).collect();
            assert_eq!(commands[0].contains("-C"), from.path(".") == repo.path("."), "{run}");
        }
        let run = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1);
        let command = run.only_finding()["plan"][way]["command"].as_str().unwrap_or_default().to_owned();
        take_out(&linked, "config.env", &secret);
        repo.sh(&command).expect_code(0);
        let staged = linked.git(&["diff", "--cached", "--name-only"]).out();
        assert_eq!(staged, if way == 0 { "config.env\n" } else { "" });
        assert_eq!(repo.git(&["status", "--porcelain"]).out(), "A  mine.txt\n");
        repo.git(&["gc", "--quiet", "--prune=now"]);
        verify(&repo, &[&secret.value], &[]).expect_code(0);
    }
}

/// A file that was moved and rewritten is a deletion and a new file for git; the steps leave both out.
#[test]
fn a_rename_that_git_does_not_see_is_left_out_with_both_names() {
    let moves: [(&str, &str); 2] = [("old.env", "deploy/old.env"), ("old.env", "new.env")];
    for (seed, (old, new)) in (3140..).zip(moves) {
        let (repo, secret) = (Repo::guarded(), Secret::github(seed));
        repo.write(old, "REGION=west\nZONE=1\nNAME=blog\n");
        repo.commit("files");
        repo.write("deploy/.keep", "");
        repo.git(&["mv", old, new]);
        repo.write(new, format!("# all is different now\nNAME=shop\nREGION=west\n{}", secret.line()));
        repo.git(&["add", new]);
        assert!(repo.git(&["status", "--porcelain"]).out().contains(&format!("D  {old}")), "git sees a rename");
        let steps = stopped(&repo, &[]);
        repo.sh(&steps[1]).expect_code(0);
        assert_eq!(repo.git(&["diff", "--cached", "--name-only"]).out(), "", "{old} to {new}: {steps:?}");
    }
}

#[test]
fn after_the_advice_for_a_push_nothing_is_left_in_the_clone() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(3150));
    repo.git(&["init", "--quiet", "--bare", "../remote.git"]);
    repo.git(&["remote", "add", "origin", "../remote.git"]);
    repo.git(&["push", "--quiet", "origin", "HEAD"]);
    repo.keysweep(&["hook", "install", "--hook", "pre-push"]).expect_code(0);
    repo.write("config.env", secret.line());
    repo.commit("leak");
    let run = repo.try_git(&["push", "--quiet", "origin", "HEAD"]);
    assert_ne!(run.code, Some(0), "{run}");
    let text = run.text();
    let commands: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("    ")).collect();
    take_out(&repo, "config.env", &secret);
    for command in commands.iter().filter(|line| line.starts_with("git ")) {
        repo.sh(command).expect_code(0);
    }
    repo.git(&["push", "--quiet", "origin", "HEAD"]);
    repo.keysweep(&["history"]).expect_code(0);
}

/// Correcting an older commit keeps the user's uncommitted work.
#[test]
fn a_rebase_of_an_older_commit_keeps_what_is_not_committed() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(3160));
    repo.write("config.txt", format!("one\n{}two\n", secret.line()));
    repo.write("other.txt", "other\n");
    repo.commit("leak");
    repo.write("config.txt", "one\ntwo\n");
    repo.commit("gone");
    repo.write("README.md", "# Work\n");
    repo.git(&["add", "README.md"]);
    repo.write("other.txt", "more work\n");
    let run = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1);
    let plan = run.only_finding()["plan"].as_array().cloned().unwrap_or_default();
    let commands: Vec<&str> = plan.iter().filter_map(|step| step["command"].as_str()).collect();
    let editor = "perl -pi -e 's/^pick/edit/ and $n = 1 unless $n'";
    repo.program("sh").args(&["-c", commands[0]]).env("GIT_SEQUENCE_EDITOR", editor).run().expect_code(0);
    repo.write("config.txt", "one\ntwo\n");
    repo.git(&["commit", "--quiet", "--amend", "--no-edit", "-a"]);
    repo.git(&["rebase", "--continue"]);
    repo.sh(commands[1]).expect_code(0);
    assert_eq!(repo.git(&["log", "--format=%s"]).out(), "leak\nstart\n");
    assert_eq!(repo.git(&["status", "--porcelain"]).out(), " M README.md\n M other.txt\n");
    repo.keysweep(&["history"]).expect_code(0);
}

/// Everything that the report of a stopped commit leaves out is listed by a separate command, since a hook can't be
/// given options.
#[test]
fn what_a_stopped_commit_leaves_out_is_listed_by_a_command() {
    let repo = Repo::guarded();
    for number in 0..30 {
        repo.write(format!("{number}.env"), Secret::github(3200 + number).line());
    }
    repo.add();
    let run: Run = repo.try_git(&["commit", "-m", "work"]);
    assert!(run.text().contains("('keysweep staged --full' lists all)"), "{run}");
    let all = repo.keysweep(&["staged", "--full"]).expect_code(1).out();
    assert!((0..30).all(|number| all.contains(&format!("{number}.env:1"))), "{all}");
}

/// A plan for secrets that got to different stages rewrites and cleans up once: the rewrite also removes secrets that
/// were never pushed.
#[test]
fn a_plan_for_many_stages_rewrites_and_cleans_up_once() {
    for is_pushed in [true, false] {
        let (repo, secrets) = (Repo::with_a_commit(), (3300..3306).map(Secret::github).collect::<Vec<_>>());
        needs_filter_repo(&repo);
        if is_pushed {
            repo.git(&["init", "--quiet", "--bare", "../remote.git"]);
            repo.git(&["remote", "add", "origin", "../remote.git"]);
        }
        let [old, published, local, stashed, staged, left] = &secrets[..] else { panic!("six secrets") };
        repo.write("old.env", old.line());
        repo.commit("one");
        repo.remove("old.env");
        repo.write("published.env", published.line());
        repo.commit("two");
        if is_pushed {
            repo.git(&["push", "--quiet", "--set-upstream", "origin", "HEAD"]);
        }
        repo.write("README.md", format!("# Stashed\n{}", stashed.line()));
        repo.git(&["stash", "push", "--quiet"]);
        repo.write("local.env", local.line());
        repo.commit("three");
        repo.write("left.env", left.line());
        repo.add();
        repo.git(&["rm", "--quiet", "--cached", "left.env"]);
        repo.remove("left.env");
        repo.write("staged.env", staged.line());
        repo.add();
        let plan = Plan::of(&repo, &[]);
        let steps = plan.steps();
        let count = |part: &str| steps.iter().filter(|step| step.is_here() && step.command.contains(part)).count();
        assert_eq!((count("gc "), count("stash clear")), (1, 1), "{}", plan.run);
        assert_eq!((count("--amend"), count("rebase -i")), (0, 0), "{}", plan.run);
        let at = |phase: &str| steps.iter().position(|step| step.phase == phase).unwrap_or(usize::MAX);
        assert!(at("prepare") < at("rewrite") && at("local") == usize::MAX, "{}", plan.run);
        for step in steps.iter().filter(|step| step.is_here() && !step.command.contains(" git add ")) {
            step.run(&repo);
        }
        repo.remove("staged.env");
        let values: Vec<&str> = secrets.iter().map(|secret| secret.value.as_str()).collect();
        verify(&repo, &values, &[]).expect_code(0);
        assert_eq!(repo.git(&["log", "--format=%s"]).out(), "three\ntwo\none\nstart\n");
    }
}

/// An entry of a gitleaks report used as a baseline that isn't carried over is reported with the actual reason.
#[test]
fn an_entry_that_is_not_carried_over_is_told_why() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(3400));
    repo.write("a.env", format!("REGION=west\n{}", secret.line()));
    let doubtful = Secret::github(3401).value;
    repo.write("tests/fixtures/b.env", format!("password = \"{}\"\n", &doubtful[10..24]));
    repo.commit("two");
    let entry = |file: &str, line: u32| {
        format!(r#"{{"RuleID":"generic-api-key","File":"{file}","StartLine":{line},"Commit":"","Secret":"REDACTED"}}"#)
    };
    let all = [entry("a.env", 2), entry("a.env", 7), entry("tests/fixtures/b.env", 1), entry("gone.env", 3)];
    repo.write("../leaks.json", format!("[{}]", all.join(",")));
    let import = || repo.keysweep(&["baseline", "import", "../leaks.json", "--min-severity", "high"]).expect_code(0);
    let run = import().expect_mention("1 of 4 entries carried over");
    let text = run.text();
    let why =
        |start: &str| text.lines().find(|line| line.contains(start)).unwrap_or_else(|| panic!("{text}")).to_owned();
    assert!(why("a.env, line 7:").contains("'keysweep baseline update --finding"), "{text}");
    assert!(why("fixtures/b.env, line 1:").contains("below your thresholds"), "{text}");
    assert!(why("gone.env, line 3:").contains("finds nothing there"), "{text}");
    import().expect_mention("1 of 4 entries carried over, 1 of which was allowed already");
    repo.keysweep(&["history", "--min-severity", "high"]).expect_code(0);
}

/// Each rebase changes the ids of later commits, and the clean-up after it deletes the old ones, so one rebase has to take
/// out the secrets of all kinds.
#[test]
fn secrets_of_two_kinds_in_unpushed_commits_are_taken_out_at_once() {
    let (repo, first, second) = (Repo::with_a_commit(), Secret::github(3170), Secret::entra(3171));
    repo.write("a.env", format!("REGION=west\n{}", first.line()));
    repo.commit("first");
    repo.write("b.env", format!("REGION=east\n{}", second.line()));
    repo.commit("second");
    let report: Value = must(serde_json::from_slice(&repo.keysweep(&["history", "--format", "json"]).stdout), "read");
    let plans = report["plans"].as_array().cloned().unwrap_or_default();
    assert_eq!(plans.len(), 2, "{report}");
    take_out(&repo, "a.env", &first);
    take_out(&repo, "b.env", &second);
    for step in plans.iter().flat_map(|plan| plan["steps"].as_array().into_iter().flatten()) {
        let command = step["command"].as_str().unwrap_or_default();
        if step["kind"] == "purge" && !command.is_empty() {
            repo.sh(command).expect_code(0);
        }
    }
    assert_eq!(repo.git(&["log", "--format=%s"]).out(), "second\nfirst\nstart\n");
    assert_eq!(repo.git(&["status", "--porcelain"]).out(), "");
    repo.keysweep(&["history"]).expect_code(0);
}

/// A deletion that shares nothing with the new file is the user's own, and stays staged; the text names it all the same.
#[test]
fn an_unrelated_deletion_stays_staged() {
    let (repo, secret) = (Repo::guarded(), Secret::github(3180));
    repo.write("numbers.txt", "1\n2\n3\n");
    repo.commit("files");
    repo.git(&["rm", "--quiet", "numbers.txt"]);
    repo.write("new.env", secret.line());
    repo.add();
    let run = repo.try_git(&["commit", "--quiet", "-m", "work"]).expect_mention("The deletion of numbers.txt stays");
    repo.git(&["restore", "--staged", "--", "new.env"]);
    assert_eq!(repo.git(&["status", "--porcelain"]).out(), "D  numbers.txt\n?? new.env\n");
    assert!(run.text().contains("git restore --staged -- new.env\n"), "{run}");
}

/// Two calls of `allow` write to two files, and the commit that the last one prints takes both.
#[test]
fn all_that_allows_is_committed() {
    let (repo, first, second) = (Repo::guarded(), Secret::github(3181), Secret::github(3182));
    repo.write("data.json", format!("{{\"token\": \"{}\"}}\n", first.value));
    repo.write("fix.env", second.line());
    repo.add();
    assert_ne!(repo.try_git(&["commit", "--quiet", "-m", "work"]).code, Some(0));
    let report: Value = must(serde_json::from_slice(&repo.keysweep(&["staged", "--format", "json"]).stdout), "read");
    let mut ids: Vec<(String, String)> = Vec::new();
    for one in report["findings"].as_array().into_iter().flatten() {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        ids.push((text(&one["occurrences"][0]["path"]), text(&one["id"])));
    }
    ids.sort();
    let mut next = String::new();
    for (_, id) in &ids {
        let run = repo.keysweep(&["allow", id, "--reason", "made up for this test", "--format", "json"]).expect_code(0);
        let page: Value = must(serde_json::from_slice(&run.stdout), "read");
        next = page["next"].as_str().unwrap_or_default().to_owned();
    }
    repo.sh(&next.replace("git commit", "git commit --quiet -m work")).expect_code(0);
    assert_eq!(repo.git(&["status", "--porcelain"]).out(), "");
    repo.keysweep(&["history"]).expect_code(0);
}
