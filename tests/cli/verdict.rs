//! Tests of the verdict as a script reads it: the exit code of each outcome, and the advice to the user.
//!
//! A clean result has to be earned: if anything keeps keysweep from reading a part of the scope, the exit code is 2,
//! never 0.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, symlink};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::support::{Repo, Run, Secret, must};

/// The advice for completing a shallow clone, on a machine and in a workflow.
const UNSHALLOW: [&str; 2] = ["git fetch --unshallow", "fetch-depth: 0"];

#[track_caller]
fn jsonl(repo: &Repo, args: &[&str]) -> Run {
    repo.keysweep(&[args, &["--format", "jsonl"]].concat())
}

/// Checks that the scope was only read in part: a gap says what is missing and why, and the verdict is unknown; returns
/// the gap.
#[track_caller]
fn unknown_with_a_gap(repo: &Repo, args: &[&str]) -> Value {
    let run = jsonl(repo, args).expect_code(2);
    assert_eq!(run.verdict(), "unknown", "{run}");
    the_gap(&run)
}

/// Checks that the whole scope was read and nothing was found.
#[track_caller]
fn clean(repo: &Repo, args: &[&str]) {
    let run = jsonl(repo, args).expect_code(0);
    assert_eq!(run.verdict(), "clean", "{run}");
}

/// Returns the first gap of the report; checks that it says what is missing and why.
#[track_caller]
fn the_gap(run: &Run) -> Value {
    let gap = run.records_of("gap").into_iter().next().unwrap_or_else(|| panic!("no gap is listed: {run}"));
    for part in ["what", "why"] {
        assert!(gap[part].as_str().is_some_and(|text| !text.is_empty()), "a gap needs its {part}: {run}");
    }
    gap
}

/// Checks that the exit code is 2 with a message: nothing could be read at all.
#[track_caller]
fn refused(run: Run) -> Run {
    let run = run.expect_code(2);
    assert!(!run.text().trim().is_empty(), "a refusal needs a reason: {run}");
    assert!(!run.text().contains("panicked"), "a refusal is not a crash: {run}");
    run
}

/// Returns a repository with a secret in the index.
fn with_a_staged_secret(seed: u32) -> (Repo, Secret) {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(seed));
    repo.write("config.env", secret.line());
    repo.add();
    (repo, secret)
}

/// Replaces one of git's files, which are read-only.
fn overwrite(path: &Path, bytes: &[u8]) {
    must(fs::remove_file(path), "remove one of git's files");
    must(fs::write(path, bytes), "write one of git's files");
}

fn truncate(path: &Path) {
    let bytes = must(fs::read(path), "read one of git's files");
    overwrite(path, &bytes[..bytes.len() / 2]);
}

/// Returns text that doesn't compress well.
fn noise(seed: u32) -> String {
    (0..200).map(|number| Secret::github(seed + number).value.split_off(8) + "\n").collect()
}

fn is_root(repo: &Repo) -> bool {
    must(fs::metadata(repo.path(".")), "look at a folder").uid() == 0
}

// ---------------------------------------------------------------- the three verdicts

#[test]
fn a_scan_without_findings_is_clean() {
    let repo = Repo::with_a_commit();
    repo.write("notes.txt", "notes\n");
    repo.add();
    for args in [&["staged"][..], &["history"], &["sweep"], &["files", "."]] {
        clean(&repo, args);
    }
}

#[test]
fn a_scan_with_findings_reports_findings() {
    let (repo, secret) = with_a_staged_secret(100);
    for args in [&["staged"][..], &["history"], &["files", "."]] {
        let run = jsonl(&repo, args).expect_code(1);
        assert_eq!(run.verdict(), "findings", "{run}");
        assert_eq!(run.records_of("finding")[0]["rule"], secret.rule, "{run}");
    }
}

#[test]
fn a_secret_in_a_range_is_findings() {
    let (repo, secret) = with_a_staged_secret(101);
    repo.commit("leak");
    let run = jsonl(&repo, &["range", "HEAD~1..HEAD"]).expect_code(1);
    assert_eq!(run.verdict(), "findings", "{run}");
    assert_eq!(run.records_of("finding")[0]["rule"], secret.rule, "{run}");
}

#[test]
fn a_secret_before_a_range_is_clean() {
    let (repo, _) = with_a_staged_secret(102);
    repo.commit("leak");
    repo.write("notes.txt", "notes\n");
    repo.commit("notes");
    clean(&repo, &["range", "HEAD~1..HEAD"]);
}

#[test]
fn a_secret_added_and_removed_within_a_range_is_findings() {
    let (repo, _) = with_a_staged_secret(103);
    repo.commit("leak");
    repo.remove("config.env");
    repo.commit("too late");
    jsonl(&repo, &["range", "HEAD~2..HEAD"]).expect_code(1);
}

#[test]
fn standard_input_is_judged() {
    let (folder, secret) = (Repo::folder(), Secret::entra(104));
    folder.tool(&["files", "-"]).input(secret.line()).run().expect_code(1).expect_mention(secret.rule);
    folder.tool(&["files", "-"]).input("nothing of interest\n").run().expect_code(0);
}

#[test]
fn the_summary_counts_what_was_read() {
    let (repo, _) = with_a_staged_secret(105);
    repo.commit("leak");
    let run = jsonl(&repo, &["history"]).expect_code(1);
    let summary = &run.records_of("summary")[0];
    assert_eq!(summary["findings"], 1, "{run}");
    assert_eq!(summary["gaps"], 0, "{run}");
    assert_eq!(summary["commits"], 2, "{run}");
    assert!(summary["blobs"].as_u64().is_some_and(|blobs| blobs >= 2), "{run}");
    for figure in ["bytes", "elapsed_ms"] {
        assert!(summary[figure].is_number(), "{figure} is missing: {run}");
    }
}

#[test]
fn a_json_report_is_one_document_with_the_same_code() {
    let (repo, secret) = with_a_staged_secret(106);
    let run = repo.keysweep(&["staged", "--format", "json"]).expect_code(1).expect_mention(secret.rule);
    must(serde_json::from_slice::<Value>(&run.stdout), "read the report as one document");
}

#[test]
fn exit_zero_turns_findings_into_success_and_still_lists_them() {
    let (repo, secret) = with_a_staged_secret(107);
    let run = jsonl(&repo, &["staged", "--exit-zero"]).expect_code(0).expect_mention(secret.rule);
    assert_eq!(run.verdict(), "findings", "{run}");
}

#[test]
fn findings_and_gaps_together_are_findings_and_the_gap_is_listed() {
    let (repo, secret) = with_a_staged_secret(108);
    repo.write("lost.txt", "about to vanish\n");
    repo.add();
    must(fs::remove_file(repo.loose_object(":lost.txt")), "remove an object");
    let run = jsonl(&repo, &["staged"]).expect_code(1).expect_mention(secret.rule);
    assert_eq!(run.verdict(), "findings", "{run}");
    the_gap(&run);
}

#[test]
fn a_gap_along_with_findings_is_shown_in_human_output() {
    let (repo, secret) = with_a_staged_secret(109);
    let run = repo.keysweep(&["files", "config.env", "no-such-file"]).expect_code(1);
    run.expect_mention(secret.rule).expect_mention("no-such-file");
}

// ---------------------------------------------------------------- nothing to read

#[test]
fn an_empty_index_on_an_unborn_head_is_clean_with_a_note() {
    let repo = Repo::init();
    repo.keysweep(&["staged"]).expect_code(0).expect_one_of(&["nothing", "no staged", "no files", "0 files"]);
    let run = jsonl(&repo, &["staged"]).expect_code(0);
    assert_eq!(run.records_of("summary")[0]["blobs"], 0, "{run}");
}

#[test]
fn a_history_without_commits_is_clean_with_a_note() {
    let repo = Repo::init();
    repo.keysweep(&["history"]).expect_code(0).expect_one_of(&["nothing", "no commit", "0 commits", "empty"]);
    let run = jsonl(&repo, &["history"]).expect_code(0);
    assert_eq!(run.records_of("summary")[0]["commits"], 0, "{run}");
}

#[test]
fn a_folder_outside_a_repository_is_refused() {
    let folder = Repo::folder();
    for args in [&["staged"][..], &["history"], &["sweep"], &["range", "HEAD~1..HEAD"], &["hook", "install"]] {
        refused(folder.keysweep(args)).expect_one_of(&["not a git repository", "no git repository"]);
    }
}

#[test]
fn files_need_no_repository() {
    let (folder, secret) = (Repo::folder(), Secret::entra(110));
    folder.write("config.env", secret.line());
    folder.keysweep(&["files", "."]).expect_code(1).expect_mention(secret.rule);
}

#[test]
fn a_hidden_file_is_read() {
    let (folder, secret) = (Repo::folder(), Secret::entra(118));
    folder.write(".env", secret.line());
    folder.keysweep(&["files", "."]).expect_code(1).expect_mention(".env");
}

#[test]
fn an_ignored_file_is_read_when_it_is_named() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(119));
    repo.write(".gitignore", "*.env\n");
    repo.write("config.env", secret.line());
    repo.keysweep(&["files", "."]).expect_code(0);
    repo.keysweep(&["files", "config.env"]).expect_code(1).expect_mention(secret.rule);
}

// ---------------------------------------------------------------- ranges and shallow clones

#[test]
fn a_range_from_an_unknown_name_is_refused() {
    refused(Repo::with_a_commit().keysweep(&["range", "no-such-branch..HEAD"])).expect_mention("no-such-branch");
}

#[test]
fn a_range_to_an_unknown_name_is_refused() {
    refused(Repo::with_a_commit().keysweep(&["range", "HEAD..no-such-branch"])).expect_mention("no-such-branch");
}

#[test]
fn a_range_from_an_unknown_commit_is_refused() {
    let unknown = "1234567890".repeat(4);
    refused(Repo::with_a_commit().keysweep(&["range", &format!("{unknown}..HEAD")])).expect_mention(&unknown[..7]);
}

#[test]
fn a_range_on_an_unborn_head_is_refused() {
    refused(Repo::init().keysweep(&["range", "HEAD~1..HEAD"]));
}

/// Returns a clone with only the latest of a repository's four commits, and the first of the four.
fn shallow_clone(depth: &str) -> (Repo, String) {
    let origin = Repo::with_a_commit();
    for number in 1..=3 {
        origin.write(format!("{number}.txt"), format!("{number}\n"));
        origin.commit("one more");
    }
    let url = format!("file://{}", origin.path("").display());
    origin.git(&["clone", "--quiet", "--depth", depth, &url, "../shallow"]);
    (origin.at("../shallow"), origin.rev("HEAD~3"))
}

#[test]
fn a_range_whose_base_a_shallow_clone_lacks_is_refused_with_the_remedy() {
    let (clone, first) = shallow_clone("1");
    refused(clone.keysweep(&["range", &format!("{first}..HEAD")])).expect_mention("shallow").expect_one_of(&UNSHALLOW);
}

#[test]
fn a_range_across_a_shallow_boundary_is_refused_with_the_remedy() {
    let (clone, _) = shallow_clone("1");
    refused(clone.keysweep(&["range", "HEAD~1..HEAD"])).expect_one_of(&UNSHALLOW);
}

#[test]
fn a_range_completely_within_a_shallow_clone_is_clean() {
    let (clone, _) = shallow_clone("2");
    clean(&clone, &["range", "HEAD~1..HEAD"]);
}

// ---------------------------------------------------------------- a damaged repository

#[test]
fn a_staged_file_whose_object_is_missing_is_a_gap() {
    let repo = Repo::with_a_commit();
    repo.write("lost.txt", "about to vanish\n");
    repo.add();
    let id = repo.rev(":lost.txt");
    must(fs::remove_file(repo.loose_object(":lost.txt")), "remove an object");
    let what = unknown_with_a_gap(&repo, &["staged"])["what"].to_string();
    assert!(what.contains("lost.txt") || what.contains(&id[..7]), "{what}");
}

#[test]
fn a_missing_object_is_named_in_human_output() {
    let repo = Repo::with_a_commit();
    repo.write("lost.txt", "about to vanish\n");
    repo.add();
    must(fs::remove_file(repo.loose_object(":lost.txt")), "remove an object");
    repo.keysweep(&["staged"]).expect_code(2).expect_mention("lost.txt");
}

#[test]
fn a_commit_is_blocked_when_a_staged_object_is_corrupt() {
    let repo = Repo::guarded();
    repo.write("lost.txt", "about to be garbled\n");
    repo.add();
    overwrite(&repo.loose_object(":lost.txt"), b"garbage");
    let before = repo.head();
    let run = repo.try_git(&["commit", "-m", "to be blocked"]);
    assert!(run.code.is_some_and(|code| code != 0), "{run}");
    assert_eq!(repo.head(), before, "{run}");
}

/// Returns a repository with one committed file, `f.txt`, in loose objects.
fn with_a_file() -> Repo {
    let repo = Repo::with_a_commit();
    repo.write("f.txt", "a file\n");
    repo.commit("file");
    repo
}

#[test]
fn a_missing_blob_in_the_history_is_a_gap() {
    let repo = with_a_file();
    must(fs::remove_file(repo.loose_object("HEAD:f.txt")), "remove an object");
    unknown_with_a_gap(&repo, &["history"]);
}

#[test]
fn a_missing_tree_in_the_history_is_a_gap() {
    let repo = with_a_file();
    must(fs::remove_file(repo.loose_object("HEAD^{tree}")), "remove an object");
    unknown_with_a_gap(&repo, &["history"]);
}

#[test]
fn a_missing_commit_in_the_history_is_a_gap() {
    let repo = with_a_file();
    must(fs::remove_file(repo.loose_object("HEAD~1")), "remove an object");
    unknown_with_a_gap(&repo, &["history"]);
}

#[test]
fn a_missing_blob_in_a_range_is_a_gap() {
    let repo = with_a_file();
    must(fs::remove_file(repo.loose_object("HEAD:f.txt")), "remove an object");
    unknown_with_a_gap(&repo, &["range", "HEAD~1..HEAD"]);
}

#[test]
fn a_staged_file_whose_object_is_corrupt_is_a_gap() {
    let repo = Repo::with_a_commit();
    repo.write("lost.txt", "about to be garbled\n");
    repo.add();
    overwrite(&repo.loose_object(":lost.txt"), b"this is no zlib stream");
    unknown_with_a_gap(&repo, &["staged"]);
}

#[test]
fn a_corrupt_blob_in_the_history_is_a_gap() {
    let repo = with_a_file();
    overwrite(&repo.loose_object("HEAD:f.txt"), b"this is no zlib stream");
    unknown_with_a_gap(&repo, &["history"]);
}

#[test]
fn an_object_file_that_is_empty_is_a_gap() {
    let repo = with_a_file();
    overwrite(&repo.loose_object("HEAD:f.txt"), b"");
    unknown_with_a_gap(&repo, &["history"]);
}

/// Returns a repository whose objects are all in one pack.
fn packed() -> Repo {
    let repo = Repo::with_a_commit();
    for number in 0..5 {
        repo.write(format!("{number}.txt"), noise(number * 1000));
    }
    repo.commit("noise");
    repo.git(&["repack", "--quiet", "-a", "-d"]);
    repo.git(&["prune-packed"]);
    repo
}

#[track_caller]
fn truncate_in_the_pack_folder(repo: &Repo, extension: &str) {
    let files = repo.git_listing().into_keys().filter(|path| path.extension().is_some_and(|has| has == extension));
    let files: Vec<_> = files.collect();
    assert_eq!(files.len(), 1, "there has to be one .{extension} file");
    files.iter().for_each(|path| truncate(path));
}

#[test]
fn a_truncated_pack_is_never_clean() {
    let repo = packed();
    truncate_in_the_pack_folder(&repo, "pack");
    refused_or_gap(&repo, &["history"]);
}

#[test]
fn a_truncated_pack_index_is_never_clean() {
    let repo = packed();
    truncate_in_the_pack_folder(&repo, "idx");
    refused_or_gap(&repo, &["history"]);
}

/// Checks that the exit code is 2 with a reason, either as a gap in the report or as a message in its place.
#[track_caller]
fn refused_or_gap(repo: &Repo, args: &[&str]) {
    let run = jsonl(repo, args).expect_code(2);
    assert!(!run.text().contains("panicked"), "{run}");
    if run.stdout.is_empty() {
        refused(run);
    } else {
        assert_eq!(run.verdict(), "unknown", "{run}");
        the_gap(&run);
    }
}

#[test]
fn a_truncated_index_is_refused() {
    let (repo, _) = with_a_staged_secret(111);
    truncate(&repo.git_path("index"));
    refused(repo.keysweep(&["staged"])).expect_mention("index");
    refused_or_gap(&repo, &["staged"]);
}

#[test]
fn an_index_entry_with_a_garbled_object_id_is_never_clean() {
    let repo = Repo::with_a_commit();
    repo.write("notes.txt", "notes\n");
    repo.add();
    let path = repo.git_path("index");
    let mut bytes = must(fs::read(&path), "read the index");
    // In an index entry, the name follows the id and two bytes of flags.
    let name = bytes.windows(9).position(|window| window == b"notes.txt").unwrap_or_default();
    bytes[name - 10] ^= 0xff;
    overwrite(&path, &bytes);
    refused_or_gap(&repo, &["staged"]);
}

#[test]
fn a_missing_shared_index_is_refused() {
    let (repo, _) = with_a_staged_secret(113);
    repo.git(&["update-index", "--split-index"]);
    let is_shared = |path: &&std::path::PathBuf| path.to_string_lossy().contains("sharedindex.");
    let listing = repo.git_listing();
    let shared = listing.keys().find(is_shared).unwrap_or_else(|| panic!("the index has to be split"));
    must(fs::remove_file(shared), "remove the shared index");
    refused(repo.keysweep(&["staged"])).expect_mention("index");
}

// ---------------------------------------------------------------- the owner of a repository

/// Gives a repository to another user, as the bind mount of a container does. Only root may do this.
fn give_away(repo: &Repo) {
    let status = must(Command::new("chown").args(["-R", "12345"]).arg(repo.path(".")).status(), "run chown");
    assert!(status.success(), "chown has to succeed");
}

#[test]
fn a_repository_of_another_user_is_refused_with_the_remedy() {
    let (repo, _) = with_a_staged_secret(114);
    if !is_root(&repo) {
        return eprintln!("skipped: only root can give a repository away");
    }
    give_away(&repo);
    repo.try_git(&["status"]).expect_code(128).expect_mention("dubious ownership");
    for args in [&["staged"][..], &["history"], &["range", "HEAD..HEAD"]] {
        refused(repo.keysweep(args)).expect_mention("safe.directory");
    }
}

#[test]
fn a_repository_of_another_user_that_is_marked_safe_is_read() {
    let (repo, secret) = with_a_staged_secret(115);
    if !is_root(&repo) {
        return eprintln!("skipped: only root can give a repository away");
    }
    let path = repo.path("").canonicalize().map(|path| path.display().to_string()).unwrap_or_default();
    repo.git(&["config", "--global", "--add", "safe.directory", &path]);
    give_away(&repo);
    repo.git(&["status"]);
    repo.keysweep(&["staged"]).expect_code(1).expect_mention(secret.rule);
}

// ---------------------------------------------------------------- files

#[test]
fn a_path_that_does_not_exist_is_a_gap_or_refused() {
    let folder = Repo::folder();
    folder.keysweep(&["files", "no-such-file"]).expect_code(2).expect_mention("no-such-file");
    refused_or_gap(&folder, &["files", "no-such-file"]);
}

#[test]
fn a_file_without_read_permission_is_a_gap() {
    let folder = Repo::folder();
    if is_root(&folder) {
        return eprintln!("skipped: root may read everything");
    }
    folder.write("sealed.txt", "sealed\n");
    must(fs::set_permissions(folder.path("sealed.txt"), fs::Permissions::from_mode(0o000)), "seal a file");
    let gap = unknown_with_a_gap(&folder, &["files", "."]);
    assert!(gap["what"].to_string().contains("sealed.txt"), "{gap}");
}

#[test]
fn a_file_that_fails_while_it_is_read_is_a_gap() {
    // Opening this file works even for root, but reading at the start of the address space doesn't.
    let memory = Path::new("/proc/self/mem");
    if !memory.exists() {
        return eprintln!("skipped: there is no /proc here");
    }
    unknown_with_a_gap(&Repo::folder(), &["files", "/proc/self/mem"]);
}

#[test]
fn a_dangling_symlink_within_a_folder_is_not_a_gap() {
    let folder = Repo::folder();
    folder.write("notes.txt", "notes\n");
    must(symlink("nowhere", folder.path("link")), "make a symlink");
    clean(&folder, &["files", "."]);
}

#[test]
fn a_file_over_the_limit_is_a_gap_in_every_scope() {
    let repo = Repo::with_a_commit();
    repo.write(".keysweep.toml", "[limits]\nmax_file_size = 1000\n");
    repo.commit("a limit");
    repo.write("large.txt", "nothing of interest here\n".repeat(100));
    repo.add();
    for args in [&["staged"][..], &["files", "."]] {
        let gap = unknown_with_a_gap(&repo, args);
        assert!(gap["what"].to_string().contains("large.txt"), "{args:?}: {gap}");
    }
    repo.commit("large");
    unknown_with_a_gap(&repo, &["history"]);
    unknown_with_a_gap(&repo, &["range", "HEAD~1..HEAD"]);
}

#[test]
fn a_file_within_the_limit_is_not_a_gap() {
    let repo = Repo::with_a_commit();
    repo.write(".keysweep.toml", "[limits]\nmax_file_size = 1000\n");
    repo.write("small.txt", "x\n".repeat(500));
    repo.add();
    clean(&repo, &["staged"]);
}

// ---------------------------------------------------------------- configuration and command line

#[track_caller]
fn refused_configuration(text: &str) -> Run {
    let repo = Repo::with_a_commit();
    repo.write(".keysweep.toml", text);
    refused(repo.keysweep(&["staged"])).expect_mention(".keysweep.toml")
}

#[test]
fn an_unknown_key_is_refused_by_file_line_and_name() {
    let run = refused_configuration("[limits]\nmax_file_sise = 1000\n");
    run.expect_mention("max_file_sise").expect_one_of(&[":2", "line 2"]);
}

#[test]
fn an_unknown_table_is_refused_by_file_line_and_name() {
    let run = refused_configuration("# a comment\n\n[allowlists]\npaths = []\n");
    run.expect_mention("allowlists").expect_one_of(&[":3", "line 3"]);
}

#[test]
fn a_value_of_the_wrong_type_is_refused_by_file_and_line() {
    refused_configuration("[limits]\nmax_file_size = \"large\"\n").expect_one_of(&[":2", "line 2"]);
}

#[test]
fn invalid_toml_in_the_configuration_is_refused_by_file_and_line() {
    refused_configuration("[limits]\nmax_file_size 1000\n").expect_one_of(&[":2", "line 2"]);
}

#[test]
fn a_byte_order_mark_and_crlf_in_the_configuration_are_accepted() {
    let repo = Repo::with_a_commit();
    repo.write(".keysweep.toml", "\u{feff}[limits]\r\nmax_file_size = 1000\r\n");
    repo.write("large.txt", "nothing of interest here\n".repeat(100));
    repo.add();
    let gap = unknown_with_a_gap(&repo, &["staged"]);
    assert!(gap["what"].to_string().contains("large.txt"), "the limit has to apply: {gap}");
}

#[test]
fn a_configuration_file_that_does_not_exist_is_refused() {
    let run = Repo::with_a_commit().keysweep(&["staged", "--config", "no-such-file.toml"]);
    refused(run).expect_mention("no-such-file.toml");
}

#[test]
fn a_configuration_file_named_on_the_command_line_is_used() {
    let repo = Repo::with_a_commit();
    repo.write("large.txt", "nothing of interest here\n".repeat(100));
    repo.add();
    repo.write("limits.toml", "[limits]\nmax_file_size = 1000\n");
    unknown_with_a_gap(&repo, &["staged", "--config", "limits.toml"]);
}

#[test]
fn an_unknown_flag_is_refused() {
    refused(Repo::with_a_commit().keysweep(&["staged", "--no-such-flag"])).expect_mention("--no-such-flag");
}

#[test]
fn an_unknown_command_is_refused() {
    refused(Repo::with_a_commit().keysweep(&["no-such-command"])).expect_mention("no-such-command");
}

#[test]
fn an_unknown_format_is_refused() {
    refused(Repo::with_a_commit().keysweep(&["staged", "--format", "no-such-format"])).expect_mention("no-such-format");
}

#[test]
fn no_command_is_refused() {
    Repo::with_a_commit().keysweep(&[]).expect_code(2);
}

#[test]
fn files_without_a_path_are_refused() {
    refused(Repo::with_a_commit().keysweep(&["files"]));
}

#[test]
fn an_unknown_rule_is_refused() {
    let repo = Repo::with_a_commit();
    refused(repo.keysweep(&["staged", "--rule", "no-such-rule"])).expect_mention("no-such-rule");
    refused(repo.keysweep(&["explain", "no-such-rule"])).expect_mention("no-such-rule");
}

#[test]
fn a_single_rule_leaves_the_others_out() {
    let (repo, secret) = with_a_staged_secret(116);
    repo.write("token.env", format!("GH_TOKEN={}\n", Secret::github(116).value));
    repo.add();
    let run = jsonl(&repo, &["staged", "--rule", secret.rule]).expect_code(1);
    let findings = run.records_of("finding");
    assert_eq!(findings.len(), 1, "{run}");
    assert_eq!(findings[0]["rule"], secret.rule, "{run}");
}

// ---------------------------------------------------------------- Git LFS

/// Returns a repository with a staged LFS pointer, and the path at which the content it points to belongs.
fn with_lfs_pointer(content: &str) -> (Repo, String) {
    let repo = Repo::with_a_commit();
    let id = sha256(content.as_bytes());
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{id}\nsize {}\n", content.len());
    repo.write("data.bin", pointer);
    repo.add();
    (repo, format!(".git/lfs/objects/{}/{}/{id}", &id[..2], &id[2..4]))
}

#[test]
fn a_secret_in_an_lfs_object_is_found() {
    let secret = Secret::entra(117);
    let (repo, place) = with_lfs_pointer(&secret.line());
    repo.write(place, secret.line());
    repo.keysweep(&["staged"]).expect_code(1).expect_mention(secret.rule).expect_mention("data.bin");
}

#[test]
fn a_secret_in_an_archive_that_is_an_lfs_object_is_found() {
    let secret = Secret::entra(118);
    let repo = Repo::with_a_commit();
    repo.write("app.env", secret.line());
    repo.sh("gzip -9n app.env && tar -cf app.tar app.env.gz").expect_code(0);
    for packed in ["app.env.gz", "app.tar"] {
        let bytes = must(fs::read(repo.path(packed)), "reading an archive");
        let id = sha256(&bytes);
        let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{id}\nsize {}\n", bytes.len());
        let place = format!(".git/lfs/objects/{}/{}/{id}", &id[..2], &id[2..4]);
        repo.git(&["reset", "-q", "--hard"]);
        repo.write(packed, pointer);
        repo.git(&["add", packed]);
        repo.write_bytes(&place, bytes);
        repo.keysweep(&["staged"]).expect_code(1).expect_mention(secret.rule).expect_mention("app.env");
        repo.keysweep(&["history"]).expect_code(1).expect_mention(secret.rule);
        must(fs::remove_file(repo.path(place)), "removing an object");
    }
}

/// Base64 of gzip is unpacked and read, or is a gap. Twenty kilobytes of repetitive text are a few hundred characters
/// of base64.
#[test]
fn gzip_within_base64_is_read_or_is_a_gap() {
    let secret = Secret::entra(119);
    let repo = Repo::with_a_commit();
    repo.write("secret", secret.line());
    repo.sh("(yes 'kind: Deployment, image: nginx' | head -400; cat secret) | gzip -9n | base64 -w0 > release.yaml; rm secret")
        .expect_code(0);
    repo.add();
    repo.keysweep(&["staged"]).expect_code(1).expect_mention(secret.rule);
    repo.sh("yes 'kind: Deployment, image: nginx' | head -c 70000000 | gzip -9n | base64 -w0 > release.yaml")
        .expect_code(0);
    repo.add();
    repo.keysweep(&["staged"]).expect_code(2).expect_mention("release.yaml").expect_mention("64 MiB");
    repo.commit("a release");
    repo.git(&["repack", "-adfq"]);
    // The first blob is still found.
    repo.keysweep(&["history"]).expect_code(1).expect_mention("64 MiB");
}

/// A text of keywords makes a rule run at each of more than a million keywords; it is a gap, and the findings so far
/// are reported.
#[test]
fn a_text_of_only_keywords_is_a_gap_with_the_part_read() {
    let secret = Secret::entra(120);
    let repo = Repo::with_a_commit();
    repo.write("keywords", format!("{}{}\n", secret.line(), "password= ".repeat(1 << 21)));
    repo.add();
    let run = repo.keysweep(&["staged"]).expect_code(1).expect_mention(secret.rule);
    run.expect_mention("more than a million keywords");
}

#[test]
fn a_harmless_lfs_object_is_clean_even_under_strict() {
    let (repo, place) = with_lfs_pointer("harmless\n");
    repo.write(place, "harmless\n");
    clean(&repo, &["staged", "--strict"]);
}

#[test]
fn an_lfs_object_that_is_not_in_this_clone_is_a_note() {
    let (repo, _) = with_lfs_pointer("elsewhere\n");
    repo.keysweep(&["staged"]).expect_code(0).expect_mention("LFS");
}

#[test]
fn many_lfs_objects_that_are_not_in_this_clone_are_one_note() {
    let (repo, _) = with_lfs_pointer("elsewhere\n");
    repo.commit("a pointer");
    for round in 0..3 {
        let id = sha256(format!("{round}").as_bytes());
        let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{id}\nsize 1\n");
        // One of the pointers is added twice.
        repo.write(format!("data{round}.bin"), &pointer);
        repo.write(format!("{round}/again.bin"), format!("{pointer}\n"));
        repo.commit("another");
    }
    let run = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(0);
    let stdout = String::from_utf8_lossy(&run.stdout);
    let notes: Vec<_> = stdout.lines().filter(|line| line.contains("LFS")).collect();
    assert!(matches!(notes[..], [note] if note.contains("4 Git LFS objects")), "{run}");
}

#[test]
fn an_lfs_object_that_is_not_in_this_clone_is_a_gap_under_strict() {
    let (repo, _) = with_lfs_pointer("elsewhere\n");
    let gap = unknown_with_a_gap(&repo, &["staged", "--strict"]);
    assert!(gap.to_string().contains("LFS"), "{gap}");
}

#[test]
fn a_commit_is_not_blocked_for_an_lfs_object_that_is_not_in_this_clone() {
    let (repo, _) = with_lfs_pointer("elsewhere\n");
    repo.install_hook();
    repo.git(&["commit", "-m", "a pointer"]);
}

// ---------------------------------------------------------------- pipes

#[track_caller]
fn survives_a_closed_pipe(format: &str) {
    let folder = Repo::folder();
    // This is far more output than a pipe holds.
    for number in 0..600 {
        folder.write(format!("folder/{number}.env"), Secret::entra(1000 + number).line());
    }
    let mut child = folder.tool(&["files", ".", "--format", format]).spawn();
    drop(child.stdin.take());
    let mut beginning = [0; 10];
    let mut stdout = child.stdout.take();
    if let Some(stdout) = &mut stdout {
        must(stdout.read_exact(&mut beginning), "read the beginning of the output");
    }
    drop(stdout);
    let output = must(child.wait_with_output(), "wait for keysweep");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "findings stay findings: {errors}");
    assert!(!errors.contains("panicked") && !errors.to_lowercase().contains("broken pipe"), "{errors}");
}

#[test]
fn a_closed_pipe_is_not_an_error_in_human_output() {
    survives_a_closed_pipe("human");
}

#[test]
fn a_closed_pipe_is_not_an_error_in_machine_output() {
    survives_a_closed_pipe("jsonl");
}

// ---------------------------------------------------------------- SHA-256, which names an LFS object

#[test]
fn the_digest_of_these_tests_is_sha256() {
    assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

fn sha256(message: &[u8]) -> String {
    let (constants, mut state) = (fractions_of_roots(64, 3), fractions_of_roots(8, 2));
    let mut padded = message.to_vec();
    padded.push(0x80);
    padded.resize((padded.len() + 8).next_multiple_of(64) - 8, 0);
    padded.extend(u64::try_from(message.len() * 8).unwrap_or_default().to_be_bytes());
    for block in padded.chunks_exact(64) {
        sha256_block(&mut state, block, &constants);
    }
    state.iter().map(|word| format!("{word:08x}")).collect()
}

fn sha256_block(state: &mut [u32], block: &[u8], constants: &[u32]) {
    let mut words: Vec<u32> =
        block.chunks_exact(4).map(|word| word.iter().fold(0, |all, byte| (all << 8) | u32::from(*byte))).collect();
    for i in 16..64 {
        let (a, b) = (words[i - 15], words[i - 2]);
        let s0 = a.rotate_right(7) ^ a.rotate_right(18) ^ (a >> 3);
        let s1 = b.rotate_right(17) ^ b.rotate_right(19) ^ (b >> 10);
        words.push(words[i - 16].wrapping_add(s0).wrapping_add(words[i - 7]).wrapping_add(s1));
    }
    let mut v = state.to_vec();
    for (word, constant) in words.iter().zip(constants) {
        let s1 = v[4].rotate_right(6) ^ v[4].rotate_right(11) ^ v[4].rotate_right(25);
        let choice = (v[4] & v[5]) ^ (!v[4] & v[6]);
        let first = v[7].wrapping_add(s1).wrapping_add(choice).wrapping_add(*constant).wrapping_add(*word);
        let s0 = v[0].rotate_right(2) ^ v[0].rotate_right(13) ^ v[0].rotate_right(22);
        let majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        v.rotate_right(1);
        v[4] = v[4].wrapping_add(first);
        v[0] = first.wrapping_add(s0).wrapping_add(majority);
    }
    state.iter_mut().zip(v).for_each(|(word, new)| *word = word.wrapping_add(new));
}

/// Returns the first 32 fractional bits of the roots of the first primes, which are the constants of SHA-256.
fn fractions_of_roots(count: usize, degree: u32) -> Vec<u32> {
    let is_prime = |number: &u128| (2..*number).all(|divisor| !number.is_multiple_of(divisor));
    (2..).filter(is_prime).take(count).map(|prime| fraction_of_root(prime, degree)).collect()
}

/// Computes the fraction by bisection of `x^degree <= prime * 2^(32 * degree)`, with integers only.
fn fraction_of_root(prime: u128, degree: u32) -> u32 {
    let target = prime << (32 * degree);
    let root = (0..36).rev().fold(0u128, |root, bit| {
        let next = root | (1 << bit);
        if next.pow(degree) <= target { next } else { root }
    });
    u32::try_from(root & u128::from(u32::MAX)).unwrap_or_default()
}

#[test]
fn an_interrupted_scan_leaves_no_report() {
    let repo = Repo::init();
    // The scan waits for the rest of its input, so it can't be done when the signal arrives.
    let mut child = repo.tool(&["files", "-", "--format", "json", "--output", "report.json"]).spawn();
    thread::sleep(Duration::from_millis(200));
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(must(killed, "running kill").success());
    let status = must(child.wait(), "waiting for the scan");
    assert_eq!(status.signal(), Some(2), "a shell makes 130 of it");
    let left: Vec<_> = must(fs::read_dir(repo.path(".")), "listing").map(|e| must(e, "listing").file_name()).collect();
    assert_eq!(left, [".git"], "neither a report nor a part of one");
}

#[test]
fn a_report_is_written_to_a_pipe_or_link_without_replacing_it() {
    let repo = Repo::init();
    let (pipe, link) = (repo.path("pipe"), repo.path("link"));
    assert!(must(Command::new("mkfifo").arg(&pipe).status(), "running mkfifo").success());
    let reader = Command::new("cat").arg(&pipe).stdout(Stdio::piped()).spawn();
    repo.keysweep(&["rules", "list", "--output", "pipe"]).expect_code(0);
    assert!(must(fs::symlink_metadata(&pipe), "looking at the pipe").file_type().is_fifo());
    let read = must(must(reader, "running cat").wait_with_output(), "reading the pipe").stdout;

    repo.write("report", "what was there before, and is longer than nothing");
    must(symlink("report", &link), "linking");
    repo.keysweep(&["rules", "list", "--output", "link"]).expect_code(0);
    assert!(must(fs::symlink_metadata(&link), "looking at the link").is_symlink());
    assert!(!read.is_empty() && read == repo.read("report").into_bytes());
}
