//! A stopped commit, and what is printed with it, followed word for word: afterwards the commit holds what it should.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

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
    assert_eq!(repo.git(&["show", "--format=", "--name-status", "HEAD"]).out(), "A\tother.txt\n");
    for (path, secret) in &secrets {
        assert!(repo.read(path).contains(&secret.value), "{path}");
        assert!(!repo.git(&["log", "-p", "--all"]).out().contains(&secret.value), "{path}");
    }
}

/// Names that a shell or git could take for something else. A file beside each has a name that a pattern would fit, too.
#[test]
fn whatever_files_are_called_both_ways_work() {
    let names: [(&[u8], &str); 8] = [
        (b"two words.env", "two"),
        (b"it's \"quoted\" $(touch pwned).env", "it"),
        (b"-rf", "rf"),
        (b":x.env", "x.env"),
        (b"pages/[id].env", "pages/i.env"),
        (b"a*.env", "abc.env"),
        (b"caf\xe9.env", "cafe.env"),
        (b"-line\nbreak\t%s", "line"),
    ];
    for (seed, (name, neighbour)) in (2130..).zip(names) {
        for way in [0, 1] {
            let (repo, secret) = (Repo::guarded(), Secret::github(seed));
            let path = Path::new(OsStr::from_bytes(name));
            repo.write(path, secret.line());
            repo.write("other.txt", "something else\n");
            repo.add();
            repo.write(neighbour, "not to be staged\n");
            if way == 0 {
                repo.write(path, "TOKEN=${TOKEN}\n");
            }
            repo.sh(&block(&repo)[way]).expect_code(0);
            committed(&repo);
            let files = repo.git(&["ls-tree", "-r", "-z", "--name-only", "HEAD"]).stdout;
            let files: Vec<&[u8]> = files.split(|byte| *byte == 0).filter(|path| !path.is_empty()).collect();
            let expected = if way == 0 { 3 } else { 2 };
            assert_eq!((files.contains(&name), files.len()), (way == 0, expected), "{path:?}");
            assert!(!repo.path("pwned").exists(), "a name was run");
        }
    }
}

#[test]
fn a_file_whose_name_is_the_value_gets_another() {
    let (repo, secret) = (Repo::guarded(), Secret::github(2150));
    let name = format!("keys/{}.txt", secret.value);
    repo.write(&name, "a\n");
    repo.add();
    let commands = block(&repo);
    assert_eq!(commands, ["git mv -- <old> <new>"]);
    repo.sh(&commands[0].replace("<old>", &name).replace("<new>", "keys/one.txt")).expect_code(0);
    committed(&repo);
    assert_eq!(repo.git(&["ls-tree", "-r", "--name-only", "HEAD"]).out(), "README.md\nkeys/one.txt\n");
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

/// A repository whose commit-msg hook is ours, with a change that is staged.
fn with_message_hook() -> Repo {
    let repo = Repo::with_a_commit();
    repo.keysweep(&["hook", "install", "--hook", "commit-msg"]).expect_code(0);
    repo.write("a.txt", "a\n");
    repo.add();
    repo
}

/// The commands that are printed where a message stops a commit, run by somebody whose editor takes the value out.
#[track_caller]
fn rewritten(repo: &Repo, stop: &Run, way: usize, secret: &Secret) {
    assert_ne!(stop.code, Some(0), "{stop}");
    let text = stop.text();
    let commands: Vec<&str> = text.lines().map(str::trim).filter(|line| line.starts_with("git commit")).collect();
    let command = commands.get(way).unwrap_or_else(|| panic!("{stop}"));
    let editor = format!("perl -pi -e s/{}/withheld/", secret.value);
    repo.program("sh").args(&["-c", command]).env("GIT_EDITOR", editor).run().expect_code(0);
    assert!(!repo.git(&["log", "--format=%B"]).out().contains(&secret.value));
    assert_eq!(repo.git(&["status", "--porcelain"]).out(), "");
}

fn last_message(repo: &Repo) -> String {
    repo.git(&["log", "-1", "--format=%B"]).out().trim_end().to_owned()
}

#[test]
fn a_message_is_written_again() {
    let (repo, secret) = (with_message_hook(), Secret::github(2120));
    // Nobody was asked to edit it, so the last line is no comment.
    let message = format!("deploy\n\nworks with {} only\n#12", secret.value);
    let stop = repo.try_git(&["commit", "--quiet", "-m", &message]);
    rewritten(&repo, &stop, 0, &secret);
    assert_eq!(last_message(&repo), "deploy\n\nworks with withheld only\n#12");
    assert_eq!(repo.git(&["rev-list", "--count", "HEAD"]).out(), "2\n");
}

#[test]
fn an_amended_message_is_written_again_in_the_same_commit() {
    let (repo, secret) = (with_message_hook(), Secret::github(2121));
    let stop = repo.try_git(&["commit", "--quiet", "--amend", "-m", &format!("start with {}", secret.value)]);
    rewritten(&repo, &stop, 1, &secret);
    assert_eq!(last_message(&repo), "start with withheld");
    assert_eq!(repo.git(&["rev-list", "--count", "HEAD"]).out(), "1\n");
    assert_eq!(repo.git(&["ls-tree", "--name-only", "HEAD"]).out(), "README.md\na.txt\n");
}

#[test]
fn the_message_of_a_merge_is_written_again_and_concludes_it() {
    for is_conflict in [false, true] {
        let (repo, secret) = (with_message_hook(), Secret::github(2122));
        repo.git(&["commit", "--quiet", "-m", "main"]);
        repo.git(&["checkout", "--quiet", "-b", "side", "HEAD~1"]);
        repo.write(if is_conflict { "a.txt" } else { "b.txt" }, "b\n");
        repo.commit("side");
        repo.git(&["checkout", "--quiet", "main"]);
        let message = format!("take in with {}", secret.value);
        let mut stop = repo.try_git(&["merge", "--quiet", "--no-ff", "-m", &message, "side"]);
        if is_conflict {
            repo.write("a.txt", "both\n");
            repo.add();
            stop = repo.try_git(&["commit", "--quiet", "-m", &message]);
        }
        assert!(!stop.text().contains("--amend"), "{stop}");
        rewritten(&repo, &stop, 0, &secret);
        assert_eq!(last_message(&repo), "take in with withheld");
        assert_eq!(repo.git(&["rev-list", "--count", "--merges", "HEAD"]).out(), "1\n");
    }
}

#[test]
fn a_diff_below_a_message_does_not_become_part_of_it() {
    let (repo, secret) = (with_message_hook(), Secret::github(2123));
    let editor = format!("perl -pi -e 's/^/deploy with {}\\n/ if $. == 1'", secret.value);
    let stop = repo.git_tool(&["commit", "--quiet", "--verbose"]).env("GIT_EDITOR", editor).run();
    rewritten(&repo, &stop, 0, &secret);
    assert_eq!(last_message(&repo), "deploy with withheld");
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
