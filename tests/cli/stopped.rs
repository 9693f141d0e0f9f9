//! A stopped commit, and what is printed with it, followed word for word: afterwards the commit holds what it should.

use serde_json::Value;

use crate::support::{Repo, Run, Secret, must};

/// The commands that the report of what is staged ends with.
#[track_caller]
fn block(repo: &Repo) -> Vec<String> {
    let run = repo.keysweep(&["staged", "--format", "json"]).expect_code(1);
    let report: Value = must(serde_json::from_str(&run.out()), "read the report");
    let steps = report["before_commit"].as_array().cloned().unwrap_or_default();
    let commands: Vec<String> = steps.iter().filter_map(|step| step["command"].as_str()).map(str::to_owned).collect();
    assert!(!commands.is_empty(), "{run}");
    let shown = repo.keysweep(&["staged"]).expect_code(1).out();
    assert!(commands.iter().all(|command| shown.contains(command)), "{shown}");
    commands
}

/// A person edits a file: the value goes.
fn take_out(repo: &Repo, path: &str, secret: &Secret) {
    repo.write(path, repo.read(path).replace(&secret.value, "${TOKEN}"));
}

#[track_caller]
fn committed(repo: &Repo) -> Run {
    repo.git(&["commit", "--quiet", "-m", "go on"])
}

/// A repository whose hook stops a commit of a changed, a renamed and a new file.
fn stopped() -> (Repo, [(&'static str, Secret); 3]) {
    let repo = Repo::guarded();
    let secrets = [
        ("README.md", Secret::github(2100)),
        ("docs/new name.txt", Secret::github(2101)),
        (".github/workflows/deploy.yml", Secret::github(2102)),
    ];
    let body: String = (0..40).map(|line| format!("line {line}\n")).collect();
    repo.write("README.md", format!("# Shop\n{body}"));
    repo.write("docs/old.txt", format!("{body}{body}"));
    repo.commit("start");
    repo.git(&["mv", "docs/old.txt", "docs/new name.txt"]);
    for (path, secret) in &secrets {
        let before = if repo.path(path).exists() { repo.read(path) } else { String::new() };
        repo.write(path, format!("{before}{}", secret.line()));
    }
    repo.add();
    assert_ne!(repo.try_git(&["commit", "--quiet", "-m", "go on"]).code, Some(0));
    (repo, secrets)
}

#[test]
fn edited_and_staged_again_the_commit_has_every_file() {
    let (repo, secrets) = stopped();
    secrets.iter().for_each(|(path, secret)| take_out(&repo, path, secret));
    repo.sh(&block(&repo)[0]).expect_code(0);
    committed(&repo);
    for (path, secret) in &secrets {
        let text = repo.git(&["show", &format!("HEAD:{path}")]).out();
        assert!(text.contains("${TOKEN}") && !text.contains(&secret.value), "{path}: {text}");
    }
    assert_eq!(repo.git(&["status", "--porcelain"]).out(), "");
}

#[test]
fn a_file_that_was_staged_in_part_can_be_staged_in_part_again() {
    let (repo, secrets) = stopped();
    let (path, secret) = &secrets[0];
    repo.write(path, format!("not ready\n{}", repo.read(path)));
    secrets.iter().for_each(|(path, secret)| take_out(&repo, path, secret));
    let command = block(&repo)[0].replace("git add --", "git add -p --");
    // The first change of README.md, which is the second file, stays out; all others come along.
    let tool = repo.program("sh").args(&["-c", &command]).input("y\nn\ny\ny\n");
    tool.run().expect_code(0);
    committed(&repo);
    let text = repo.git(&["show", &format!("HEAD:{path}")]).out();
    assert!(!text.contains(&secret.value) && !text.contains("not ready"), "{text}");
    assert!(repo.read(path).contains("not ready"));
}

#[test]
fn left_out_the_files_stay_in_the_work_tree() {
    let (repo, secrets) = stopped();
    repo.write("other.txt", "something else\n");
    repo.git(&["add", "other.txt"]);
    repo.sh(&block(&repo)[1]).expect_code(0);
    committed(&repo);
    assert_eq!(repo.git(&["show", "HEAD:other.txt"]).out(), "something else\n");
    for (path, secret) in &secrets {
        assert!(repo.read(path).contains(&secret.value), "{path}");
        assert!(!repo.git(&["log", "-p", "--all"]).out().contains(&secret.value), "{path}");
    }
}

#[test]
fn before_the_first_commit_both_ways_work() {
    for way in [0, 1] {
        let (repo, secret) = (Repo::init(), Secret::github(2110));
        repo.install_hook();
        repo.write("new.env", secret.line());
        repo.write("other.txt", "something else\n");
        repo.add();
        assert_ne!(repo.try_git(&["commit", "--quiet", "-m", "start"]).code, Some(0));
        if way == 0 {
            take_out(&repo, "new.env", &secret);
        }
        repo.sh(&block(&repo)[way]).expect_code(0);
        committed(&repo);
        let files = repo.git(&["ls-tree", "--name-only", "HEAD"]).out();
        assert_eq!(files.contains("new.env"), way == 0, "{files}");
        assert!(!repo.git(&["show", "HEAD"]).out().contains(&secret.value));
    }
}

#[test]
fn a_message_is_written_again() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(2120));
    repo.keysweep(&["hook", "install", "--hook", "commit-msg"]).expect_code(0);
    let message = format!("deploy\n\nworks with {} only", secret.value);
    let stop = repo.try_git(&["commit", "--quiet", "--allow-empty", "-m", &message]);
    let command = "git commit --edit --file=\"$(git rev-parse --git-path COMMIT_EDITMSG)\"";
    assert!(stop.code != Some(0) && stop.text().contains(command), "{stop}");
    let follow = format!("{command} --allow-empty");
    let editor = format!("perl -pi -e s/{}/withheld/", secret.value);
    repo.program("sh").args(&["-c", &follow]).env("GIT_EDITOR", editor).run().expect_code(0);
    assert_eq!(repo.git(&["log", "-1", "--format=%B"]).out().trim_end(), "deploy\n\nworks with withheld only");
}

#[test]
fn whatever_was_found_a_stopped_commit_fits_on_a_screen() {
    let repo = Repo::guarded();
    for (name, count) in [("one", 1), ("a few", 3), ("many", 200)] {
        let lines: Vec<String> = (0..count).map(|seed| Secret::github(2200 + seed).line()).collect();
        for (at, chunk) in lines.chunks(10).enumerate() {
            repo.write(format!("{name}/{at}.env"), chunk.concat());
        }
        repo.add();
        for columns in ["80", "200"] {
            let tool = repo.git_tool(&["commit", "--quiet", "-m", "go on"]).env("COLUMNS", columns);
            let run = tool.run();
            let text = run.text();
            assert!(run.code != Some(0) && text.lines().count() <= 40, "{name}, {columns} columns: {run}");
            let stages = ["git add -- ", " add --pathspec-from-file"].iter().any(|command| text.contains(command));
            assert!(stages && text.contains("keysweep explain "), "{run}");
        }
        let json = repo.keysweep(&["staged", "--format", "jsonl"]).expect_code(1);
        assert_eq!(json.records_of("finding").len(), usize::try_from(count).unwrap_or_default());
        repo.git(&["rm", "--quiet", "-r", "--cached", "-f", "."]);
        repo.git(&["reset", "--quiet", "--hard"]);
    }
}
