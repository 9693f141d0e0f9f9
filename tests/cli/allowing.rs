//! Tests of `allow`: a false alarm takes one command, and isn't reported again by the hook, a range or a sweep.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use serde_json::Value;

use crate::support::{Repo, Run, Secret, must};

/// Returns the ids of the findings that stop the next commit.
fn ids(repo: &Repo) -> Vec<String> {
    let run = repo.keysweep(&["staged", "--format", "jsonl"]).expect_code(1);
    run.records_of("finding").iter().filter_map(|one| one["id"].as_str().map(str::to_owned)).collect()
}

/// Stages everything and tries to commit it; checks that the hook stops the commit.
#[track_caller]
fn stopped(repo: &Repo) -> Run {
    repo.add();
    repo.try_git(&["commit", "--quiet", "-m", "more"]).expect_code(1)
}

/// Returns the command at the end of a report of `allow`.
#[track_caller]
fn next(run: &Run) -> String {
    let view: Value = must(serde_json::from_slice(&run.stdout), "read JSON");
    view["next"].as_str().unwrap_or_else(|| panic!("no command: {run}")).to_owned()
}

/// Allows everything that was stopped, and runs the command that is printed.
#[track_caller]
fn allow(repo: &Repo, args: &[&str]) -> Value {
    let all = [&["allow", "--last", "--reason", "made up for a test", "--format", "json"][..], args].concat();
    let run = repo.keysweep(&all).expect_code(0);
    repo.sh(&format!("GIT_EDITOR=true; export GIT_EDITOR; {}", next(&run).replace("git commit", "git commit -m more")))
        .expect_code(0);
    must(serde_json::from_slice(&run.stdout), "read JSON")
}

/// Checks that the finding isn't reported any more: by a sweep, by the next commit, by a range that starts after it or
/// trusts its head.
#[track_caller]
fn silent(repo: &Repo) {
    for args in [&["history"][..], &["range", "--trust-head", "HEAD~1..HEAD"], &["staged"]] {
        repo.keysweep(args).expect_code(0);
    }
    // For a range that contains the new entry itself, accepting the finding is left to a reviewer.
    let run = repo.keysweep(&["range", "HEAD~1..HEAD", "--format", "jsonl"]).expect_code(1);
    let counted = run.records_of("finding");
    assert!(counted.iter().all(|one| one["suppression"]["status"] == "needs-approval"), "{run}");
    repo.write("later.txt", "nothing secret\n");
    repo.add();
    repo.git(&["commit", "--quiet", "-m", "later"]);
    repo.keysweep(&["range", "HEAD~1..HEAD"]).expect_code(0);
}

fn line(secret: &Secret) -> String {
    format!("TOKEN = \"{}\"", secret.value)
}

#[test]
fn a_false_positive_in_code_is_allowed_by_a_comment_on_its_line() {
    let (repo, secret) = (Repo::guarded(), Secret::github(8_001));
    repo.write("a.py", format!("import os\n{}\nprint(TOKEN)\n", line(&secret)));
    let run = stopped(&repo);
    let id = ids(&repo).remove(0);
    let command = format!("keysweep allow {id} --reason '…'");
    run.expect_mention(&command).expect_withheld(&secret.value);
    // The command as printed allows nothing, because its reason is only a placeholder.
    repo.sh(&command).expect_code(2).expect_mention("--reason");
    assert!(!repo.read("a.py").contains("allow"));
    let run = repo.sh(&command.replace('…', "made up")).expect_code(0);
    run.expect_withheld(&secret.value);
    let said = format!("{}  # keysweep:allow github-pat-classic={id} made up\n", line(&secret));
    assert_eq!(repo.read("a.py"), format!("import os\n{said}print(TOKEN)\n"));
    let text = run.expect_mention("a.py:2").out();
    let next = text.lines().find_map(|line| line.trim().strip_prefix("$ ")).unwrap_or_default();
    assert_eq!(next, "git add -- a.py && git commit");
    repo.sh(&next.replace("git commit", "git commit --quiet -m more")).expect_code(0);
    silent(&repo);
}

#[test]
fn a_false_positive_in_json_is_allowed_by_the_configuration() {
    let (repo, secret) = (Repo::guarded(), Secret::github(8_002));
    let own = "# ours\r\ndisable = [] # none\r\n\r\n[limits]\r\nmax_file_size = 1000000";
    repo.write(".keysweep.toml", own);
    repo.commit("a configuration");
    let text = format!("{{ \"token\": \"{}\" }}\n", secret.value);
    repo.write("a.json", &text);
    stopped(&repo).expect_withheld(&secret.value);
    let id = ids(&repo).remove(0);
    let done = allow(&repo, &[]);
    assert_eq!(
        (&done["allowed"][0]["form"], &done["allowed"][0]["path"]),
        (&"config".into(), &".keysweep.toml".into())
    );
    let entry = format!(
        "\r\n\r\n[[allow]]\r\nid = \"{id}\"\r\nrule = \"github-pat-classic\"\r\nreason = \"made up for a test\"\r\n"
    );
    assert_eq!(repo.read(".keysweep.toml"), format!("{own}{entry}"));
    assert_eq!(repo.read("a.json"), text, "the file itself stays as it is");
    assert_eq!(repo.git(&["status", "--porcelain"]).out(), "");
    silent(&repo);
}

#[test]
fn a_false_positive_in_a_message_is_allowed_by_the_configuration() {
    let (repo, secret) = (Repo::guarded(), Secret::github(8_003));
    repo.keysweep(&["hook", "install", "--hook", "commit-msg"]).expect_code(0);
    repo.write("a.txt", "nothing secret\n");
    repo.add();
    let message = format!("sample: {}", secret.value);
    let run = repo.try_git(&["commit", "--quiet", "-m", &message]).expect_code(1);
    run.expect_mention("keysweep allow").expect_withheld(&secret.value);
    let run = repo.keysweep(&["allow", "--last", "--reason", "made up", "--format", "json"]).expect_code(0);
    let next = next(&run);
    assert_eq!(
        next,
        "git add -- .keysweep.toml && git commit --edit --file=\"$(git rev-parse --git-path COMMIT_EDITMSG)\""
    );
    repo.sh(&next).expect_code(0);
    assert_eq!(repo.git(&["log", "-1", "--format=%B"]).out().trim(), message);
    silent(&repo);
}

#[test]
fn encoding_line_endings_and_permissions_are_preserved() {
    let (repo, secret) = (Repo::guarded(), Secret::github(8_004));
    let dos = format!("import os\r\n{}\r\nprint(TOKEN)", line(&secret));
    repo.write("dos.py", &dos);
    must(fs::set_permissions(repo.path("dos.py"), fs::Permissions::from_mode(0o750)), "make it a program");
    let wide: Vec<u8> = format!("\u{feff}a = 1\r\nb = '{}'\r\n", Secret::github(8_005).value)
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    repo.write_bytes("wide.ps1", &wide);
    repo.write_bytes("marked.js", format!("\u{feff}a();\nf(\"{}\");\n", Secret::github(8_006).value));
    let latin = [format!("x = '{}' # ", Secret::github(8_007).value).as_bytes(), b"\xe9t\xe9\n"].concat();
    repo.write_bytes("latin.rb", &latin);
    stopped(&repo);
    let done = allow(&repo, &[]);
    assert_eq!(done["allowed"].as_array().map(Vec::len), Some(4), "{done}");
    let now = |path: &str| must(fs::read(repo.path(path)), "read a file");
    let text = String::from_utf8_lossy(&now("dos.py")).into_owned();
    let (first, last) = dos.split_once("\"\r\n").unwrap_or_default();
    assert!(text.starts_with(&format!("{first}\"  # keysweep:allow github-pat-classic=")), "{text:?}");
    assert!(text.ends_with(&format!(" made up for a test\r\n{last}")), "{text:?}");
    let mode = must(fs::metadata(repo.path("dos.py")), "look at a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o750);
    let units: Vec<u16> = now("wide.ps1").chunks(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
    let text = String::from_utf16_lossy(&units);
    assert!(text.starts_with("\u{feff}a = 1\r\nb = '") && text.ends_with(" made up for a test\r\n"), "{text:?}");
    assert!(now("marked.js").starts_with(b"\xef\xbb\xbfa();\nf("), "the mark of UTF-8 stays");
    let start = latin.strip_suffix(b"\n").unwrap_or_default();
    assert!(now("latin.rb").starts_with(&[start, b"  # keysweep:allow"].concat()));
    silent(&repo);
}

#[test]
fn two_values_on_a_line_share_a_comment_and_a_third_is_reported() {
    let repo = Repo::guarded();
    let [one, two, three] = [8_010, 8_011, 8_012].map(Secret::github);
    repo.write("a.py", format!("a, b = '{}', '{}'\n", one.value, two.value));
    stopped(&repo);
    allow(&repo, &[]);
    assert_eq!(repo.read("a.py").matches("keysweep:allow").count(), 1);
    silent(&repo);
    repo.write("a.py", repo.read("a.py").replace(&two.value, &three.value));
    stopped(&repo).expect_withheld(&three.value);
    // The line already has a comment, which is about the other values.
    let done = allow(&repo, &[]);
    assert_eq!(done["allowed"][0]["form"], "config", "{done}");
}

#[test]
fn a_copy_that_cannot_hold_a_comment_is_allowed_by_an_entry() {
    let (repo, secret) = (Repo::guarded(), Secret::github(8_020));
    repo.write("a.py", format!("{}\n", line(&secret)));
    repo.write("b/a.json", format!("{{ \"token\": \"{}\" }}\n", secret.value));
    stopped(&repo);
    repo.keysweep(&["allow", "--last", "--reason", "made up", "--in", "comment"])
        .expect_code(2)
        .expect_mention("b/a.json")
        .expect_mention("--in config");
    assert!(!repo.read("a.py").contains("allow"), "nothing is written halfway");
    let done = allow(&repo, &[]);
    assert_eq!(done["allowed"].as_array().map(Vec::len), Some(1), "{done}");
    silent(&repo);
}

#[test]
fn removed_findings_of_a_stopped_commit_are_not_allowed() {
    let (repo, alarm, real) = (Repo::guarded(), Secret::github(8_024), Secret::github(8_025));
    repo.write("a.py", format!("{}\n", line(&alarm)));
    repo.write("b.py", format!("{}\n", line(&real)));
    stopped(&repo);
    repo.write("b.py", "TOKEN = os.environ['TOKEN']\n");
    repo.add();
    let done = allow(&repo, &[]);
    assert_eq!(done["allowed"].as_array().map(Vec::len), Some(1), "{done}");
    assert_eq!(done["allowed"][0]["path"], "a.py", "{done}");
    // The real secret that was taken out of the commit is still among the objects.
    repo.keysweep(&["history", "--min-severity", "medium"]).expect_code(0);
}

#[test]
fn a_file_scanned_from_a_subfolder_is_named_relative_to_it() {
    let (repo, secret) = (Repo::guarded(), Secret::github(8_021));
    repo.write("sub/it's a.py", format!("{}\n", line(&secret)));
    stopped(&repo);
    let below = repo.at("sub");
    let run = below.keysweep(&["allow", "--last", "--reason", "made up", "--format", "json"]).expect_code(0);
    assert_eq!(next(&run), r"git add -- ':/sub/it'\''s a.py' && git commit");
    below.sh(&next(&run).replace("git commit", "git commit -qm more")).expect_code(0);
    silent(&repo);
}

#[test]
fn the_baseline_takes_a_value_with_its_reason() {
    let (repo, secret) = (Repo::guarded(), Secret::github(8_022));
    repo.write("a.py", format!("{}\n", line(&secret)));
    stopped(&repo);
    allow(&repo, &["--in", "baseline"]);
    let text = repo.read(".keysweep-baseline");
    assert!(text.contains(" github-pat-classic # made up for a test\n") && !text.contains(&secret.value), "{text}");
    repo.keysweep(&["history"]).expect_code(0);
}

#[test]
fn an_old_finding_of_a_sweep_is_allowed_by_its_id() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(8_023));
    repo.write("a.py", format!("{}\n", line(&secret)));
    repo.commit("a sample");
    repo.remove("a.py");
    repo.commit("gone");
    let found = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1).only_finding();
    let id = found["id"].as_str().unwrap_or_default();
    repo.keysweep(&["allow", &id[..4], "--reason", "made up", "--in", "comment"])
        .expect_code(2)
        .expect_mention("no file of the work tree");
    repo.keysweep(&["allow", id, "--reason", "made up", "--in", "baseline"])
        .expect_code(2)
        .expect_mention(&format!("keysweep baseline update --finding {id}"));
    repo.keysweep(&["allow", &id[..4], "--reason", "made up"]).expect_code(0).expect_mention(".keysweep.toml");
    repo.keysweep(&["history"]).expect_code(0);
}

#[test]
fn impossible_allowances_are_refused_and_nothing_is_written() {
    let (repo, secret) = (Repo::guarded(), Secret::github(8_030));
    repo.write("a.py", format!("{}\n", line(&secret)));
    repo.keysweep(&["allow", "--last", "--reason", "made up"])
        .expect_code(2)
        .expect_mention("no report of a stopped commit");
    stopped(&repo);
    let id = ids(&repo).remove(0);
    let refused = |args: &[&str], why: &str| {
        let run = repo.keysweep(&[&["allow"], args].concat()).expect_code(2).expect_mention(why);
        run.expect_withheld(&secret.value);
        assert!(!repo.path(".keysweep.toml").exists() && !repo.read("a.py").contains("allow"), "{run}");
    };
    let last = if id.ends_with('a') { 'b' } else { 'a' };
    let near = format!("{}{last}", &id[..9]);
    refused(&[&near, "--reason", "made up"], &format!("similar ids are {id}"));
    refused(&["zz", "--reason", "made up"], "keysweep history");
    refused(&[&id], "--reason");
    refused(&[&id, "--reason", " - "], "cannot be empty");
    refused(&[&id, "--reason", "Why it is not a secret"], "is a placeholder");
    refused(&[&id, "--reason", "one\ntwo"], "one line");
    refused(&[&id, "--reason", &format!("not {} any more", secret.value)], "contains a secret itself");
    refused(&[&id, "--last", "--reason", "made up"], "--last");
    // The file has changed since it was staged, so the comment can't be added to it.
    repo.write("a.py", "import os\n");
    let run = repo.keysweep(&["allow", &id, "--reason", "made up", "--in", "comment"]).expect_code(2);
    run.expect_mention("no file of the work tree");
    repo.add();
    refused(&[&id, "--reason", "made up"], "they have changed");
}

#[test]
fn nothing_is_written_through_a_link_or_in_a_bare_repository() {
    let (repo, secret) = (Repo::guarded(), Secret::github(8_031));
    repo.write("a.py", format!("{}\n", line(&secret)));
    stopped(&repo);
    let id = ids(&repo).remove(0);
    let outside = repo.at("../outside");
    outside.write("a.py", format!("{}\n", line(&secret)));
    repo.remove("a.py");
    must(symlink(outside.path("a.py"), repo.path("a.py")), "make a link");
    repo.keysweep(&["allow", &id, "--reason", "made up", "--in", "comment"])
        .expect_code(2)
        .expect_mention("a symbolic link");
    outside.write("config.toml", "");
    must(symlink(outside.path("config.toml"), repo.path(".keysweep.toml")), "make a link");
    repo.keysweep(&["allow", &id, "--reason", "made up", "--in", "config"]).expect_code(2);
    assert_eq!((outside.read("a.py"), outside.read("config.toml")), (format!("{}\n", line(&secret)), String::new()));
    let bare = repo.at("../bare.git");
    bare.git(&["init", "--quiet", "--bare"]);
    bare.keysweep(&["allow", &id, "--reason", "made up"]).expect_code(2).expect_mention("bare repository");
}

#[test]
fn a_configuration_that_cannot_be_appended_to_is_left_alone() {
    let (repo, secret) = (Repo::guarded(), Secret::github(8_032));
    let own = "allow = [{ path = \"tests/\", reason = \"samples\" }]\n";
    repo.write(".keysweep.toml", own);
    repo.write("a.json", format!("{{ \"token\": \"{}\" }}\n", secret.value));
    stopped(&repo);
    repo.keysweep(&["allow", "--last", "--reason", "made up"]).expect_code(2).expect_mention("[[allow]]");
    assert_eq!(repo.read(".keysweep.toml"), own);
}

#[test]
fn last_is_refused_after_another_report_with_more_findings() {
    let (repo, stop, old) = (Repo::guarded(), Secret::github(8_040), Secret::github(8_041));
    repo.write("old.py", format!("{}\n", line(&old)));
    repo.commit("past the hook");
    repo.write("a.py", format!("{}\n", line(&stop)));
    stopped(&repo);
    let first = ids(&repo).remove(0);
    let args = ["allow", "--last", "--reason", "made up"];
    // A report of the same finding doesn't make `--last` ambiguous; the next one, of another finding, does.
    repo.keysweep(&["files", "a.py"]).expect_code(1);
    for (command, scan) in [("history", &["history"][..]), ("files", &["files", "old.py"])] {
        let shown = repo.keysweep(&[scan, &["--format", "jsonl"]].concat()).expect_code(1).records_of("finding");
        let other =
            shown.iter().filter_map(|one| one["id"].as_str()).find(|id| *id != first).unwrap_or_default().to_owned();
        let run = repo.keysweep(&args).expect_code(2);
        run.expect_mention(&first).expect_mention(&other).expect_mention(&format!("keysweep {command}"));
        assert!(!repo.read("a.py").contains("allow") && !repo.read("old.py").contains("allow"));
        // After another stop, `--last` means that stop again.
        stopped(&repo);
    }
    repo.keysweep(&args).expect_code(0).expect_mention("a.py:1");
    assert!(repo.read("a.py").contains("allow") && !repo.read("old.py").contains("allow"));
}

#[test]
fn allowed_findings_are_not_allowed_again() {
    let (repo, commented, entered) = (Repo::guarded(), Secret::github(8_050), Secret::github(8_051));
    repo.write("a.py", format!("{}\n", line(&commented)));
    repo.write("a.json", format!("{{ \"token\": \"{}\" }}\n", entered.value));
    stopped(&repo);
    let ids = ids(&repo);
    let run = |form: &[&str]| {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        repo.keysweep(&[&["allow"], &ids[..], &["--reason", "made up"], form].concat()).expect_code(0)
    };
    run(&[]);
    let files = || [repo.read("a.py"), repo.read(".keysweep.toml")];
    let before = files();
    for form in [&[][..], &["--in", "config"], &["--in", "baseline"]] {
        let again = run(form).expect_mention("2 findings already allowed");
        // The staged file doesn't have the comment yet, and the file with the entry isn't staged at all.
        assert!(again.out().contains("git add -- .keysweep.toml a.py"), "{again}");
        assert_eq!(files(), before, "{again}");
    }
    repo.commit("allowed");
    let again = run(&[]).expect_mention("2 findings already allowed");
    assert!(!again.out().contains("git "), "{again}");
    assert!(!repo.path(".keysweep-baseline").exists());
    // The entry is also recognised for a finding that only older commits contain.
    repo.remove("a.json");
    repo.commit("gone");
    repo.keysweep(&["history"]).expect_code(0);
    let run = run(&[]).expect_mention("2 findings already allowed");
    assert_eq!(files(), before, "{run}");
}

#[test]
fn entries_added_within_a_range_are_not_suggested_again() {
    let (repo, waiting, open) = (Repo::guarded(), Secret::github(8_060), Secret::github(8_061));
    repo.write("a.py", format!("{}\n", line(&waiting)));
    stopped(&repo);
    allow(&repo, &[]);
    let run = repo.keysweep(&["range", "HEAD~1..HEAD"]).expect_code(1);
    assert!(!run.out().contains("keysweep allow"), "{run}");
    run.expect_mention("until a reviewer has merged it").expect_mention("--trust-head");
    repo.keysweep(&["range", "--trust-head", "HEAD~1..HEAD"]).expect_code(0);
    repo.write("b.py", format!("{}\n", line(&open)));
    repo.commit("past the hook");
    let found = repo.keysweep(&["range", "HEAD~2..HEAD", "--format", "jsonl"]).expect_code(1).records_of("finding");
    let id =
        found.iter().find(|one| one["suppression"].is_null()).and_then(|one| one["id"].as_str()).unwrap_or_default();
    let run = repo.keysweep(&["range", "HEAD~2..HEAD"]).expect_code(1);
    run.expect_mention(&format!("keysweep allow {id} --reason")).expect_mention("1 of these secrets is allowed");
}

#[test]
fn a_finding_of_the_files_command_is_allowed_by_its_id() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(8_070));
    repo.write("sub/a.json", format!("{{ \"token\": \"{}\" }}\n", secret.value));
    // The file is named relative to a folder below, by its absolute path, and with `./`.
    let whole = repo.path("sub/a.json").display().to_string();
    for (place, path) in [(repo.at("sub"), "a.json"), (repo.at("sub"), &whole), (repo.at("."), "./sub/a.json")] {
        let id = place.keysweep(&["files", path, "--format", "jsonl"]).expect_code(1).only_finding()["id"].clone();
        let id = id.as_str().unwrap_or_default();
        place.keysweep(&["files", path]).expect_code(1).expect_mention(&format!("keysweep allow {id} --reason"));
        place.keysweep(&["explain", id]).expect_code(0).expect_mention("sub/a.json");
        let done = place.keysweep(&["allow", id, "--reason", "made up"]).expect_code(0);
        done.expect_mention("sub/a.json:1").expect_mention("an entry in .keysweep.toml");
        repo.keysweep(&["files", "sub"]).expect_code(0);
        repo.remove(".keysweep.toml");
    }
    // No report is kept about files outside the repository, and outside of any repository both ways to allow are named.
    let outside = repo.at("../outside");
    outside.write("b.py", format!("{}\n", line(&secret)));
    repo.remove(".git/keysweep/last-files.json");
    let run = repo.keysweep(&["files", "../outside/b.py"]).expect_code(1);
    assert!(!repo.path(".git/keysweep/last-files.json").exists() && !run.out().contains("keysweep allow "), "{run}");
    run.expect_mention("[[allow]]").expect_mention("keysweep:allow github-pat-classic=");
}

#[test]
fn many_findings_are_allowed_in_a_few_lines() {
    let repo = Repo::guarded();
    for file in 0..25 {
        let lines: String = (0..8).map(|at| format!("{}\n", line(&Secret::github(8_100 + file * 8 + at)))).collect();
        repo.write(format!("many/{file}.py"), lines);
    }
    repo.write("other.py", "staged\n");
    repo.add();
    repo.write("other.py", "staged\nnot staged\n");
    assert_ne!(repo.try_git(&["commit", "--quiet", "-m", "go on"]).code, Some(0));
    let run = repo.keysweep(&["allow", "--last", "--reason", "made up"]).expect_code(0);
    let text = run.out();
    assert!(text.lines().count() < 35 && text.lines().all(|line| line.chars().count() < 200), "{run}");
    let run = run
        .expect_mention("200 findings allowed")
        .expect_mention("and 7 more places")
        .expect_mention("and 5 more files");
    let next = run.out().lines().find_map(|line| line.trim().strip_prefix("$ ").map(str::to_owned)).unwrap_or_default();
    repo.at("many").sh(&next.replace("&& git commit", "&& git commit -qm more")).expect_code(0);
    assert_eq!(repo.git(&["status", "--porcelain"]).out(), " M other.py\n");
    assert_eq!(repo.git(&["show", "HEAD:other.py"]).out(), "staged\n");
    silent(&repo);
}
