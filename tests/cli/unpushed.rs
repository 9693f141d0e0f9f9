//! Tests of plans for commits that were not pushed, and of the advice for a stopped push, followed word for word:
//! afterwards no commit has the value, and everything else is as before.

use serde_json::Value;

use crate::support::{Repo, Run, Secret, must};

/// Returns the commands that remove the sweep's finding from commits, without the one that drops the leftovers.
#[track_caller]
fn purge(repo: &Repo) -> Vec<String> {
    let run = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1);
    commands(&run.only_finding()["plan"])
}

fn commands(steps: &Value) -> Vec<String> {
    let steps = steps.as_array().cloned().unwrap_or_default();
    let commands = steps.iter().filter(|step| step["kind"] == "purge").filter_map(|step| step["command"].as_str());
    commands.filter(|command| !command.starts_with("git reflog")).map(str::to_owned).collect()
}

/// Returns `true` if a commit that a branch reaches has the value, in a file or in a message.
fn is_in_history(repo: &Repo, secret: &Secret) -> bool {
    repo.git(&["log", "--branches", "-p", "-m", "--format=%B"]).out().contains(&secret.value)
}

/// Removes the value from a file, as a user with an editor would.
fn take_out(repo: &Repo, path: &str, secret: &Secret) {
    repo.write(path, repo.read(path).replace(&secret.value, "${TOKEN}"));
}

/// Makes changes that the plan must not touch: a partly staged file, a new file, a deletion; returns the resulting
/// state.
fn busy(repo: &Repo) -> String {
    repo.write("README.md", "# A project\n\nstaged\n");
    repo.write("new.txt", "new\n");
    repo.git(&["add", "README.md", "new.txt"]);
    repo.git(&["rm", "--quiet", "--cached", "gone.txt"]);
    repo.remove("gone.txt");
    repo.write("README.md", "# A project\n\nstaged\n\nnot staged\n");
    state(repo)
}

fn state(repo: &Repo) -> String {
    ["diff", "diff --cached"].map(|command| repo.git(&command.split(' ').collect::<Vec<_>>()).out()).concat()
}

fn with_files() -> Repo {
    let repo = Repo::with_a_commit();
    repo.write("gone.txt", "to be deleted\n");
    repo.write("more.txt", "more\n");
    repo.commit("files");
    repo
}

#[test]
fn only_the_last_commit_is_rewritten() {
    let (repo, secret) = (with_files(), Secret::github(2300));
    repo.write("config.env", secret.line());
    repo.commit("leak");
    let before = busy(&repo);
    take_out(&repo, "config.env", &secret);
    let plan = purge(&repo);
    repo.sh(&plan[0]).expect_code(0);
    assert!(!is_in_history(&repo, &secret), "{plan:?}");
    assert_eq!(state(&repo), before);
    assert_eq!(repo.git(&["log", "--format=%s"]).out(), "leak\nfiles\nstart\n");
}

/// In a file with the value, staged changes remain staged, and the others remain in the work tree.
#[test]
fn a_partially_staged_file_stays_partially_staged() {
    for is_older in [false, true] {
        let (repo, secret) = (with_files(), Secret::github(if is_older { 2330 } else { 2331 }));
        let lines = |from: usize| -> String { (from..from + 20).map(|line| format!("LINE_{line}=x\n")).collect() };
        repo.write("config.env", lines(0) + &secret.line() + &lines(20));
        repo.commit("leak");
        if is_older {
            repo.write("more.txt", "more and more\n");
            repo.commit("more");
        }
        busy(&repo);
        let text = repo.read("config.env");
        repo.write("config.env", format!("STAGED=1\n{text}"));
        repo.git(&["add", "config.env"]);
        repo.write("config.env", format!("STAGED=1\n{text}CHANGED=1\n"));
        let split = || {
            let staged = repo.git(&["diff", "--cached", "--unified=0", "--", "config.env"]).out();
            let changed = repo.git(&["diff", "--unified=0", "--", "config.env"]).out();
            let added = |diff: &str| -> Vec<String> {
                diff.lines()
                    .filter(|line| line.starts_with(['+', '-']) && line.contains('='))
                    .map(str::to_owned)
                    .collect()
            };
            (added(&staged), added(&changed), repo.git(&["status", "--porcelain"]).out())
        };
        let before = split();
        let plan = purge(&repo);
        assert_eq!(plan.len(), 3, "{plan:?}");
        repo.sh(&plan[0]).expect_code(0);
        take_out(&repo, "config.env", &secret);
        repo.sh(&plan[1]).expect_code(0);
        repo.sh(&plan[2]).expect_code(0);
        assert_eq!(split(), before);
        assert!(!is_in_history(&repo, &secret) && !repo.read("config.env").contains(&secret.value), "{plan:?}");
        let committed = repo.git(&["show", "HEAD:config.env"]).out();
        assert!(committed.contains("${TOKEN}") && !committed.contains("STAGED") && !committed.contains("CHANGED"));
        assert_eq!(repo.git(&["stash", "list"]).out(), "");
    }
}

#[test]
fn an_older_commit_is_corrected_keeping_merges_and_the_index() {
    let (repo, secret) = (with_files(), Secret::github(2301));
    repo.write("config.env", secret.line());
    repo.commit("leak");
    repo.git(&["checkout", "--quiet", "-b", "topic"]);
    repo.write("topic.txt", "topic\n");
    repo.commit("topic");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.write("more.txt", "more and more\n");
    repo.commit("more");
    repo.git(&["merge", "--quiet", "--no-edit", "topic"]);
    repo.git(&["branch", "--quiet", "-D", "topic"]);
    let before = busy(&repo);
    let plan = purge(&repo);
    take_out(&repo, "config.env", &secret);
    repo.sh(&plan[0]).expect_code(0);
    assert!(!is_in_history(&repo, &secret), "{plan:?}");
    assert_eq!(state(&repo), before);
    assert_eq!(repo.git(&["rev-list", "--count", "--merges", "HEAD"]).out(), "1\n");
    assert_eq!(repo.git(&["stash", "list"]).out(), "");
    let later = repo.git(&["log", "--first-parent", "--format=%s"]).out();
    assert_eq!(later, "Merge branch 'topic'\nmore\nleak\nfiles\nstart\n");
}

/// Carries out a plan that makes the user stop at commits; `edit` is done at each stop.
#[track_caller]
fn stop_and_edit(repo: &Repo, command: &str, edit: impl Fn()) {
    let tool =
        repo.program("sh").args(&["-c", command]).env("GIT_SEQUENCE_EDITOR", "perl -pi -e 's/^pick/edit/ if /leak/'");
    tool.run().expect_code(0);
    edit();
    repo.git(&["commit", "--quiet", "--amend", "--no-edit", "-a"]);
    repo.git(&["rebase", "--continue"]);
}

#[test]
fn a_later_renamed_file_is_corrected_at_its_old_path() {
    let (repo, secret) = (with_files(), Secret::github(2302));
    let body: String = (0..20).map(|line| format!("LINE_{line}=x\n")).collect();
    repo.write("old.env", body + &secret.line());
    repo.commit("leak");
    repo.git(&["mv", "old.env", "new.env"]);
    repo.commit("renamed");
    let plan = purge(&repo);
    stop_and_edit(&repo, &plan[0], || take_out(&repo, "old.env", &secret));
    assert!(!is_in_history(&repo, &secret), "{plan:?}");
    assert!(repo.read("new.env").contains("${TOKEN}"), "{}", repo.read("new.env"));
    assert_eq!(repo.git(&["log", "--format=%s", "-2"]).out(), "renamed\nleak\n");
}

/// Returns a clone with a hook that checks every push, and its remote.
fn guarded() -> (Repo, Repo) {
    let repo = with_files();
    let remote = repo.at("../remote.git");
    remote.git(&["init", "--quiet", "--bare"]);
    repo.git(&["remote", "add", "origin", "../remote.git"]);
    repo.git(&["push", "--quiet", "--set-upstream", "origin", "main"]);
    repo.keysweep(&["hook", "install", "--hook", "pre-push"]).expect_code(0);
    (repo, remote)
}

/// Checks that a push is stopped and that the report fits on a screen; returns the run and the commands at its end.
#[track_caller]
fn stopped(repo: &Repo) -> (Run, Vec<String>) {
    for columns in ["80", "200"] {
        let run = repo.git_tool(&["push", "--quiet"]).env("COLUMNS", columns).run();
        assert!(run.code != Some(0) && run.text().lines().count() <= 40, "{columns} columns: {run}");
    }
    let range = format!("refs/heads/main {} refs/heads/main {}\n", repo.head(), repo.rev("origin/main"));
    let args = ["hook", "run", "pre-push", "--format", "json", "origin", "../remote.git"];
    let json = repo.tool(&args).env("GIT_EXEC_PATH", repo.git(&["--exec-path"]).out().trim_end()).input(range).run();
    let report: Value = must(serde_json::from_str(&json.out()), "read the report");
    let plan = commands(&report["before_push"]);
    let shown = repo.try_git(&["push", "--quiet"]);
    assert!(
        !plan.is_empty() && plan.iter().flat_map(|one| one.lines()).all(|one| shown.text().contains(one)),
        "{shown}"
    );
    (shown, plan)
}

#[test]
fn sixty_secrets_in_a_push_fit_on_a_screen_and_can_be_fixed() {
    let ((repo, remote), secrets) = (guarded(), (2400..2460).map(Secret::github).collect::<Vec<_>>());
    let path = |at: usize| format!("config/{at}.env");
    secrets.iter().enumerate().for_each(|(at, secret)| repo.write(path(at), secret.line()));
    repo.commit("leak");
    let (_, plan) = stopped(&repo);
    secrets.iter().enumerate().for_each(|(at, secret)| take_out(&repo, &path(at), secret));
    plan.iter().for_each(|command| drop(repo.sh(command).expect_code(0)));
    repo.git(&["push", "--quiet"]);
    assert!(secrets.iter().all(|secret| !is_in_history(&remote, secret)));
    assert_eq!(repo.git(&["status", "--porcelain"]).out(), "");
}

#[test]
fn a_push_succeeds_once_its_commits_are_corrected() {
    let ((repo, remote), secrets) = (guarded(), [Secret::github(2500), Secret::github(2501)]);
    for (secret, path) in secrets.iter().zip(["one.env", "two words.env"]) {
        repo.write(path, secret.line());
        repo.commit(path);
    }
    repo.write("more.txt", "work\n");
    repo.commit("work");
    let (_, plan) = stopped(&repo);
    secrets.iter().zip(["one.env", "two words.env"]).for_each(|(secret, path)| take_out(&repo, path, secret));
    plan.iter().for_each(|command| drop(repo.sh(command).expect_code(0)));
    repo.git(&["push", "--quiet"]);
    assert!(secrets.iter().all(|secret| !is_in_history(&remote, secret)));
    assert_eq!(remote.git(&["log", "--format=%s", "-3", "main"]).out(), "work\ntwo words.env\none.env\n");
}

/// A later commit has removed the value, so there is nothing left to edit in the work tree.
#[test]
fn a_secret_removed_later_in_a_push_is_corrected_where_introduced() {
    let ((repo, remote), secret) = (guarded(), Secret::github(2510));
    repo.write("config.env", format!("A=1\n{}B=2\n", secret.line()));
    repo.commit("leak");
    repo.write("config.env", "A=1\nB=2\n");
    repo.commit("taken out");
    let (_, plan) = stopped(&repo);
    let tool = repo.program("sh").args(&["-c", &plan[0]]);
    tool.env("GIT_SEQUENCE_EDITOR", "perl -pi -e 's/^pick/edit/ if /leak/'").run().expect_code(0);
    repo.write("config.env", "A=1\nB=2\n");
    repo.git(&["commit", "--quiet", "--amend", "--no-edit", "-a"]);
    repo.git(&["rebase", "--continue"]);
    repo.git(&["push", "--quiet"]);
    assert!(!is_in_history(&remote, &secret));
    assert_eq!(remote.git(&["show", "main:config.env"]).out(), "A=1\nB=2\n");
}

#[test]
fn commands_for_another_repository_start_with_cd() {
    let (repo, secret) = (with_files(), Secret::github(2303));
    repo.write("config.env", secret.line());
    repo.commit("leak");
    let there = repo.at("../it's there");
    there.git(&["clone", "--quiet", "../work", "."]);
    there.git(&["remote", "remove", "origin"]);
    let text = repo.keysweep(&["history", "../it's there"]).expect_code(1).out();
    let way = text.lines().map(str::trim).find(|line| line.starts_with("cd ")).unwrap_or_else(|| panic!("{text}"));
    let command =
        text.lines().filter_map(|line| line.trim().strip_prefix("$ ")).find(|line| line.starts_with("git commit"));
    let command = command.unwrap_or_else(|| panic!("{text}"));
    take_out(&there, "config.env", &secret);
    repo.sh(&format!("{way}\n{command}")).expect_code(0);
    assert!(!is_in_history(&there, &secret) && is_in_history(&repo, &secret), "{text}");
    // From any folder within the repository, the commands need no `cd`.
    there.write("deep/er/a.txt", "a\n");
    let within = there.at("deep/er").keysweep(&["history", "../.."]);
    assert!(!within.text().contains("cd "), "{within}");
}
