//! Tests of a stopped commit and the advice printed with it, followed word for word: afterwards the commit contains
//! what it should.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use serde_json::Value;

use crate::support::{Repo, Run, Secret, must};

/// Returns the commands at the end of the report about staged files.
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

/// Removes the value from a file, as a user with an editor would.
fn take_out(repo: &Repo, path: &str, secret: &Secret) {
    repo.write(path, repo.read(path).replace(&secret.value, "${TOKEN}"));
}

#[track_caller]
fn committed(repo: &Repo) -> Run {
    repo.git(&["commit", "--quiet", "-m", "go on"])
}

/// Returns a repository whose hook stops a commit of a changed, a renamed and a new file.
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
fn editing_and_restaging_commits_every_file() {
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
    // The first change of README.md, which is the second file, is left out; all others are staged.
    let tool = repo.program("sh").args(&["-c", &command]).input("y\nn\ny\ny\n");
    tool.run().expect_code(0);
    committed(&repo);
    let text = repo.git(&["show", &format!("HEAD:{path}")]).out();
    assert!(!text.contains(&secret.value) && !text.contains("not ready"), "{text}");
    assert!(repo.read(path).contains("not ready"));
}

#[test]
fn unstaged_files_stay_in_the_work_tree() {
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

/// The names could be misread by a shell or by git. Next to each file is another one with a name that would match it as
/// a pattern.
#[test]
fn both_remedies_work_for_any_file_name() {
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
fn a_file_named_like_the_value_is_renamed() {
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
fn both_remedies_work_before_the_first_commit() {
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

/// Returns a repository whose commit-msg hook is ours, with a staged change.
fn with_message_hook() -> Repo {
    let repo = Repo::with_a_commit();
    repo.keysweep(&["hook", "install", "--hook", "commit-msg"]).expect_code(0);
    repo.write("a.txt", "a\n");
    repo.add();
    repo
}

/// Runs one of the commands that are printed if a message stops a commit, with an editor that removes the value.
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
fn a_message_is_rewritten() {
    let (repo, secret) = (with_message_hook(), Secret::github(2120));
    // The message wasn't edited, so its last line isn't a comment.
    let message = format!("deploy\n\nworks with {} only\n#12", secret.value);
    let stop = repo.try_git(&["commit", "--quiet", "-m", &message]);
    rewritten(&repo, &stop, 0, &secret);
    assert_eq!(last_message(&repo), "deploy\n\nworks with withheld only\n#12");
    assert_eq!(repo.git(&["rev-list", "--count", "HEAD"]).out(), "2\n");
}

/// Changes that a commit stages by itself are no longer staged once it is stopped, so the advice stages them again.
#[test]
fn the_message_of_a_commit_with_changes_is_rewritten_with_them() {
    let (repo, secret) = (with_message_hook(), Secret::github(2126));
    repo.git(&["commit", "--quiet", "-m", "a"]);
    repo.write("a.txt", "changed\n");
    let stop = repo.try_git(&["commit", "--quiet", "-a", "-m", &format!("with {}", secret.value)]);
    rewritten(&repo, &stop, 0, &secret);
    assert_eq!(
        (last_message(&repo), repo.git(&["show", "HEAD:a.txt"]).out()),
        ("with withheld".into(), "changed\n".into())
    );
    repo.write("a.txt", "again\n");
    let message = format!("with {}", secret.value);
    let stop = repo.try_git(&["commit", "--quiet", "-m", &message, "a.txt"]);
    assert!(stop.text().contains("-- <path>") && stop.text().contains("Name the same files again"), "{stop}");
    repo.add();
    let stop = repo.try_git(&["commit", "--quiet", "-m", &message]);
    assert!(!stop.text().contains("--all"), "{stop}");
}

/// Returns a repository whose hook stops a commit of 24 files with a secret, next to two partly staged files whose
/// names end alike.
fn many(seed: u32) -> (Repo, Vec<String>) {
    let (repo, lines) = (Repo::guarded(), "a\n".repeat(20));
    for file in BYSTANDERS {
        repo.write(file, &lines);
    }
    repo.commit("texts");
    let folder = |at| if at % 2 == 0 { "" } else { "conf/" };
    let files: Vec<String> = (0..24).map(|at| format!("{}s[{at}]*.env", folder(at))).collect();
    for (seed, file) in (seed..).zip(&files) {
        repo.write(file, Secret::github(seed).line());
    }
    for file in BYSTANDERS {
        repo.write(file, format!("staged\n{lines}"));
    }
    repo.add();
    for file in BYSTANDERS {
        repo.write(file, format!("staged\n{lines}not staged\n"));
    }
    assert_ne!(repo.try_git(&["commit", "--quiet", "-m", "go on"]).code, Some(0));
    (repo, files)
}

const BYSTANDERS: [&str; 2] = ["inno.env", "conf/inno.env"];

/// Many files are staged again together, and other files that are partly staged remain so.
#[test]
fn restaging_many_files_leaves_others_unchanged() {
    let (repo, files) = many(2300);
    let command = &block(&repo)[0];
    files.iter().for_each(|file| repo.write(file, "TOKEN=${TOKEN}\n"));
    repo.at("conf").sh(command).expect_code(0);
    committed(&repo);
    for file in BYSTANDERS {
        let text = repo.git(&["show", &format!("HEAD:{file}")]).out();
        assert!(text.starts_with("staged\n") && !text.contains("not staged"), "{text}");
    }
    assert_eq!(repo.git(&["status", "--porcelain"]).out(), " M conf/inno.env\n M inno.env\n");
}

#[test]
fn unstaging_many_files_leaves_others_unchanged() {
    let (repo, files) = many(2330);
    let command = &block(&repo)[1];
    repo.at("conf").sh(command).expect_code(0);
    committed(&repo);
    let known = repo.git(&["ls-tree", "-r", "--name-only", "HEAD"]).out();
    assert!(!known.contains("s[") && repo.git(&["show", "HEAD:inno.env"]).out().starts_with("staged\n"), "{known}");
    let status = repo.git(&["status", "--porcelain", "--untracked-files=all"]).out();
    assert_eq!(status.lines().filter(|line| line.starts_with("??")).count(), files.len(), "{status}");
    assert!(status.contains(" M conf/inno.env\n M inno.env\n"), "{status}");
}

/// Before the first commit, git has nothing to restore from.
#[test]
fn many_files_are_unstaged_before_a_first_commit() {
    let repo = Repo::init();
    repo.install_hook();
    for at in 0..12 {
        repo.write(format!("conf/{at}.env"), Secret::github(2410 + at).line());
    }
    repo.write("conf/other.env", "A=1\n");
    repo.add();
    repo.at("conf").sh(&block(&repo)[1]).expect_code(0);
    committed(&repo);
    assert_eq!(repo.git(&["ls-tree", "-r", "--name-only", "HEAD"]).out(), "conf/other.env\n");
    assert!(repo.path("conf/11.env").exists());
}

/// The plan of a kind stages the files of that kind, and if a file is left out, so is its rename.
#[test]
fn many_files_of_each_kind_and_renamed_ones_have_separate_lists() {
    let repo = Repo::guarded();
    let body: String = (0..40).map(|line| format!("line {line}\n")).collect();
    repo.write("old.txt", &body);
    repo.commit("text");
    repo.git(&["mv", "old.txt", "new.txt"]);
    repo.write("new.txt", format!("{body}{}", Secret::github(2360).line()));
    for at in 0..12 {
        repo.write(format!("g/{at}.env"), Secret::github(2361 + at).line());
        repo.write(format!("e/{at}.env"), Secret::entra(2380 + at).line());
    }
    repo.add();
    let report = repo.keysweep(&["staged", "--format", "json"]).expect_code(1).out();
    let report: Value = must(serde_json::from_str(&report), "read the report");
    let plans = report["plans"].as_array().cloned().unwrap_or_default();
    let commands = |plan: &Value| -> Vec<String> {
        let steps = plan["steps"].as_array().cloned().unwrap_or_default();
        steps.iter().filter_map(|step| step["command"].as_str()).map(str::to_owned).collect()
    };
    let leave_out = |rule: &str| {
        let mut all = plans.iter().flat_map(commands);
        all.find(|command| command.starts_with("git restore") && command.contains(rule)).unwrap_or_default()
    };
    repo.sh(&leave_out("azure-entra-client-secret")).expect_code(0);
    let staged = repo.git(&["diff", "--cached", "--name-only", "--no-renames"]).out();
    assert!(!staged.contains("e/") && staged.contains("g/0.env") && staged.contains("old.txt"), "{staged}");
    repo.sh(&leave_out("github-pat-classic")).expect_code(0);
    assert_eq!(repo.git(&["diff", "--cached", "--name-only"]).out(), "");
}

/// For each kind, a single command shows how to revoke it.
#[test]
fn each_secret_kind_that_stops_a_commit_has_revocation_advice() {
    let repo = Repo::guarded();
    let (one, other) = (Secret::github(2350), Secret::entra(2351));
    repo.write("a.env", one.line() + &Secret::github(2352).line());
    repo.write("b.env", other.line());
    repo.add();
    let text = repo.try_git(&["commit", "--quiet", "-m", "go on"]).text();
    let commands: Vec<&str> = text.lines().map(str::trim).filter(|line| line.starts_with("keysweep explain")).collect();
    // One id of each kind, whose page has the steps with what was found near it.
    assert_eq!(commands.len(), 2, "{text}");
    let explained = |command: &&str| {
        let page = repo.keysweep(&command.split(' ').skip(1).collect::<Vec<_>>()).expect_code(0).out();
        assert!(page.contains("[revoke]") && page.contains("[rotate]"), "{page}");
        ["github-pat-classic", "azure-entra-client-secret"].map(|rule| page.contains(&format!("rule {rule}")))
    };
    let pages: Vec<[bool; 2]> = commands.iter().map(explained).collect();
    assert!(pages.contains(&[true, false]) && pages.contains(&[false, true]), "{text}");
}

#[test]
fn an_amended_message_is_rewritten_in_the_same_commit() {
    let (repo, secret) = (with_message_hook(), Secret::github(2121));
    let stop = repo.try_git(&["commit", "--quiet", "--amend", "-m", &format!("start with {}", secret.value)]);
    rewritten(&repo, &stop, 1, &secret);
    assert_eq!(last_message(&repo), "start with withheld");
    assert_eq!(repo.git(&["rev-list", "--count", "HEAD"]).out(), "1\n");
    assert_eq!(repo.git(&["ls-tree", "--name-only", "HEAD"]).out(), "README.md\na.txt\n");
}

#[test]
fn rewriting_the_message_of_a_merge_concludes_it() {
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
fn the_output_of_a_stopped_commit_fits_on_a_screen() {
    // The values planted in one round may show up again in the next.
    let (repo, mut planted) = (Repo::guarded(), BTreeSet::new());
    for (name, count) in [("one", 1), ("a few", 3), ("many", 200), ("mixed", 200)] {
        let is_mixed = name == "mixed";
        let secret = |seed: u32| match is_mixed && seed.is_multiple_of(2) {
            true => Secret::entra(2200 + seed),
            false => Secret::github(2200 + seed),
        };
        let lines: Vec<String> = (0..count).map(|seed| secret(seed).line()).collect();
        planted.extend(lines.clone());
        for (at, chunk) in lines.chunks(10).enumerate() {
            let folder = if is_mixed { format!("a folder with a name/{}", at % 3) } else { name.to_owned() };
            repo.write(format!("{folder}/{at}.env"), chunk.concat());
        }
        repo.add();
        for columns in ["80", "200"] {
            let tool = repo.git_tool(&["commit", "--quiet", "-m", "go on"]).env("COLUMNS", columns);
            let run = tool.run();
            let text = run.text();
            assert!(run.code != Some(0) && text.lines().count() <= 40, "{name}, {columns} columns: {run}");
            let stages = ["git add -- ", " --pathspec-from-file "].iter().any(|command| text.contains(command));
            assert!(stages && text.contains("keysweep explain "), "{run}");
            // The command at the end is the remedy, and no command allows more than one finding.
            let last = text.lines().rfind(|line| line.starts_with("    ")).unwrap_or_default();
            assert!(last.contains("git restore --staged") || last.trim_start().starts_with(['"', '\'']), "{run}");
            let allows: Vec<&str> = text.lines().filter(|line| line.contains("keysweep allow")).collect();
            assert!(allows.len() == 1 && !allows[0].starts_with(' ') && !text.contains("--last"), "{run}");
            assert!(allows[0].ends_with(" --reason '…'"), "a command is torn: {run}");
        }
        let json = repo.keysweep(&["staged", "--format", "jsonl"]).expect_code(1);
        assert_eq!(json.records_of("finding").len(), planted.len());
        repo.git(&["rm", "--quiet", "-r", "--cached", "-f", "."]);
        repo.git(&["reset", "--quiet", "--hard"]);
    }
}
