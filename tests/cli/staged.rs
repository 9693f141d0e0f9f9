//! Tests of `git commit` with our hook in place: real git, real hook, real index.
//!
//! The first part tests what has to be blocked, the second what has to pass, the third what else `staged` promises.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;

use crate::support::{Repo, Run, Secret, must};

/// Commands that take the secret out of the next commit; a report has to name one of them.
const ADVICE: [&str; 4] = ["git restore --staged", "git rm --cached", "git reset", "git mv"];

/// Runs a `git commit` that keysweep has to stop, and checks the refusal: nothing is committed, the value isn't shown,
/// and the rule and a remedy are named.
#[track_caller]
fn blocked(repo: &Repo, commit: &[&str], secret: &Secret) -> Run {
    let before = repo.head();
    let run = repo.try_git(commit);
    assert!(run.code.is_some_and(|code| code != 0), "the commit went through: {run}");
    assert_eq!(repo.head(), before, "HEAD has moved: {run}");
    run.expect_withheld(&secret.value);
    run.expect_mention(secret.rule).expect_one_of(&ADVICE)
}

/// Runs a git command that has to make a commit with the hook in place.
#[track_caller]
fn let_through(repo: &Repo, commit: &[&str]) {
    let before = repo.head();
    let run = repo.git(commit);
    assert_ne!(repo.head(), before, "nothing was committed: {run}");
}

/// Checks that the current index is clean, according to keysweep and to the hook of a commit.
#[track_caller]
fn passes(repo: &Repo) {
    let run = repo.keysweep(&["staged", "--format", "jsonl"]).expect_code(0);
    assert_eq!(run.verdict(), "clean", "{run}");
    let_through(repo, &["commit", "-m", "let through"]);
}

#[track_caller]
fn blocks(repo: &Repo, secret: &Secret) -> Run {
    blocked(repo, &["commit", "-m", "to be blocked"], secret)
}

/// Returns thirty lines that are similar only in length.
fn thirty_lines() -> Vec<String> {
    (1..=30).map(|number| format!("setting_{number} = \"value {}\"\n", number * 7919 % 1000)).collect()
}

fn utf16_le(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

// ---------------------------------------------------------------- has to be blocked

#[test]
fn add_and_commit_is_blocked() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(1));
    repo.write("config.env", secret.line());
    repo.add();
    blocks(&repo, &secret).expect_mention("config.env");
}

#[test]
fn a_github_token_is_blocked() {
    let (repo, secret) = (Repo::guarded(), Secret::github(1));
    repo.write("config.env", format!("GH_TOKEN={}\n", secret.value));
    repo.add();
    blocks(&repo, &secret);
}

#[test]
fn commit_all_is_blocked() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(2));
    repo.write("README.md", format!("# A project\n\nThe secret is `{}`.\n", secret.value));
    blocked(&repo, &["commit", "-a", "-m", "all"], &secret);
}

#[test]
fn commit_of_a_path_is_blocked() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(3));
    repo.write("config.env", "REGION=west\n");
    repo.commit("configuration");
    repo.write("config.env", secret.line());
    repo.write("other.txt", "another staged file\n");
    repo.git(&["add", "other.txt"]);
    blocked(&repo, &["commit", "-m", "a path", "--", "config.env"], &secret);
}

#[test]
fn a_hunk_of_add_patch_is_blocked_even_if_the_worktree_is_clean() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(4));
    repo.write("README.md", format!("# A project\n{}", secret.line()));
    repo.git_tool(&["add", "--patch"]).input("y\n").run().expect_code(0);
    repo.write("README.md", "# A project\n");
    blocks(&repo, &secret);
}

#[test]
fn a_patch_applied_to_the_index_alone_is_blocked() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(5));
    repo.write("README.md", format!("# A project\n{}", secret.line()));
    let patch = repo.git(&["diff"]).stdout;
    repo.write("README.md", "# A project\n");
    repo.git_tool(&["apply", "--cached"]).input(patch).run().expect_code(0);
    assert!(!repo.read("README.md").contains(&secret.value), "the worktree has to be clean");
    blocks(&repo, &secret);
}

#[test]
fn the_first_commit_is_blocked() {
    let (repo, secret) = (Repo::init(), Secret::entra(6));
    repo.install_hook();
    repo.write("config.env", secret.line());
    repo.add();
    blocks(&repo, &secret);
    assert_eq!(repo.head(), "", "HEAD has to be unborn still");
}

#[test]
fn the_advice_on_an_unborn_head_is_a_command_that_works_there() {
    let (repo, secret) = (Repo::init(), Secret::entra(7));
    repo.install_hook();
    repo.write("config.env", secret.line());
    repo.add();
    // `git restore --staged` fails if there is no commit to restore from.
    blocks(&repo, &secret).expect_mention("git rm --cached");
}

#[test]
fn a_commit_in_a_linked_worktree_is_blocked() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(8));
    repo.git(&["worktree", "add", "--quiet", "-b", "side", "../linked"]);
    let linked = repo.at("../linked");
    linked.write("config.env", secret.line());
    linked.add();
    blocks(&linked, &secret);
}

#[test]
fn a_hook_installed_from_a_linked_worktree_blocks_in_both() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(9));
    repo.git(&["worktree", "add", "--quiet", "-b", "side", "../linked"]);
    let linked = repo.at("../linked");
    linked.install_hook();
    for place in [&repo, &linked] {
        place.write("config.env", secret.line());
        place.add();
        blocks(place, &secret);
    }
}

/// Returns a project with another one as a submodule at `vendor/library`, and the other one.
fn with_submodule() -> (Repo, Repo) {
    let project = Repo::with_a_commit();
    let library = project.at("../library");
    library.git(&["init", "--quiet"]);
    library.write("lib.txt", "a library\n");
    library.commit("library");
    project.git(&["submodule", "--quiet", "add", "../library", "vendor/library"]);
    project.commit("submodule");
    let submodule = project.at("vendor/library");
    (project, submodule)
}

#[test]
fn a_commit_in_a_submodule_is_blocked() {
    let ((_project, submodule), secret) = (with_submodule(), Secret::entra(10));
    submodule.install_hook();
    submodule.write("config.env", secret.line());
    submodule.add();
    blocks(&submodule, &secret);
}

#[test]
fn an_amended_commit_is_blocked() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(11));
    repo.write("config.env", secret.line());
    repo.add();
    blocked(&repo, &["commit", "--amend", "--no-edit"], &secret);
}

#[track_caller]
fn blocked_in_a_file_named(name: &[u8], seed: u32) -> Run {
    let (repo, secret) = (Repo::guarded(), Secret::entra(seed));
    repo.write(OsStr::from_bytes(name), secret.line());
    repo.add();
    blocks(&repo, &secret)
}

#[test]
fn a_file_name_with_spaces_is_blocked() {
    blocked_in_a_file_named(b"my config file.env", 12).expect_mention("my config file.env");
}

#[test]
fn a_file_name_with_quotes_is_blocked() {
    blocked_in_a_file_named(br#"it's a "config" \ file.env"#, 13);
}

#[test]
fn a_file_name_with_a_newline_is_blocked() {
    blocked_in_a_file_named(b"first\nsecond.env", 14);
}

#[test]
fn a_file_name_beyond_ascii_is_blocked() {
    blocked_in_a_file_named("clé-秘密.env".as_bytes(), 15);
}

#[test]
fn a_file_name_that_is_not_utf8_is_blocked() {
    blocked_in_a_file_named(b"latin-\xe9.env", 16);
}

#[test]
fn a_file_name_that_looks_like_an_option_is_blocked() {
    blocked_in_a_file_named(b"--exit-zero", 17);
}

#[test]
fn a_symlink_to_a_token_is_blocked() {
    let (repo, secret) = (Repo::guarded(), Secret::github(2));
    must(symlink(&secret.value, repo.path("link")), "make a symlink");
    repo.add();
    blocks(&repo, &secret);
}

#[test]
fn a_token_as_file_name_is_blocked() {
    let (repo, secret) = (Repo::guarded(), Secret::github(3));
    repo.write(format!("{}.txt", secret.value), "harmless\n");
    repo.add();
    blocks(&repo, &secret);
}

#[test]
fn a_token_as_folder_name_is_blocked() {
    let (repo, secret) = (Repo::guarded(), Secret::github(4));
    repo.write(format!("notes/{}/readme.txt", secret.value), "harmless\n");
    repo.add();
    blocks(&repo, &secret);
}

#[test]
fn a_rename_with_an_edit_is_blocked() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(18));
    repo.write("settings.toml", thirty_lines().concat());
    repo.commit("settings");
    repo.git(&["mv", "settings.toml", "renamed.toml"]);
    repo.write("renamed.toml", thirty_lines().concat() + &secret.line());
    repo.add();
    assert!(repo.git(&["diff", "--cached", "--name-status"]).out().starts_with('R'), "git has to see a rename");
    blocks(&repo, &secret);
}

#[test]
fn utf16_with_a_byte_order_mark_is_blocked() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(19));
    repo.write_bytes("config.ps1", utf16_le(&format!("\u{feff}$region = 'west'\r\n{}", secret.line())));
    repo.add();
    blocks(&repo, &secret);
}

#[test]
fn utf16_without_a_byte_order_mark_is_blocked() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(20));
    repo.write_bytes("config.ps1", utf16_le(&format!("$region = 'west'\r\n{}", secret.line())));
    repo.add();
    blocks(&repo, &secret);
}

#[track_caller]
fn blocked_with_attributes(attributes: &str, configuration: &[[&str; 2]], seed: u32) {
    let (repo, secret) = (Repo::guarded(), Secret::entra(seed));
    repo.write(".gitattributes", format!("*.env {attributes}\n"));
    repo.write("config.env", "REGION=west\n");
    repo.commit("attributes");
    for [key, value] in configuration {
        repo.git(&["config", key, value]);
    }
    repo.write("config.env", secret.line());
    repo.add();
    blocks(&repo, &secret);
}

#[test]
fn the_no_diff_attribute_hides_nothing() {
    blocked_with_attributes("-diff", &[], 21);
}

#[test]
fn the_binary_attribute_hides_nothing() {
    blocked_with_attributes("binary", &[], 22);
}

#[test]
fn a_textconv_filter_hides_nothing() {
    blocked_with_attributes("diff=hide", &[["diff.hide.textconv", "true"]], 23);
}

#[test]
fn a_custom_diff_driver_hides_nothing() {
    blocked_with_attributes("diff=hide", &[["diff.hide.command", "true"]], 24);
}

#[track_caller]
fn blocked_with_configuration(configuration: &[[&str; 2]], seed: u32) {
    blocked_with_attributes("text", configuration, seed);
}

#[test]
fn forced_colour_hides_nothing() {
    blocked_with_configuration(&[["color.ui", "always"], ["color.diff", "always"]], 25);
}

#[test]
fn an_external_diff_hides_nothing() {
    blocked_with_configuration(&[["diff.external", "true"]], 26);
}

#[test]
fn a_missing_order_file_hides_nothing() {
    blocked_with_configuration(&[["diff.orderFile", "no-such-file"]], 27);
}

#[test]
fn a_file_with_nul_bytes_is_blocked() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(28));
    repo.write("data.bin", format!("HEAD\0\0\u{1}\n{}\0\0tail", secret.line()));
    repo.add();
    blocks(&repo, &secret);
}

#[test]
fn crlf_line_ends_are_blocked() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(29));
    repo.write("config.env", format!("REGION=west\r\nCLIENT_SECRET={}\r\nPORT=1\r\n", secret.value));
    repo.add();
    blocks(&repo, &secret);
}

#[test]
fn crlf_line_ends_that_git_converts_are_blocked() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(30));
    repo.git(&["config", "core.autocrlf", "true"]);
    repo.write("config.env", format!("REGION=west\r\nCLIENT_SECRET={}\r\nPORT=1\r\n", secret.value));
    repo.add();
    blocks(&repo, &secret);
}

/// Returns a repository whose worktree has only the folder `inside`; `outside` is only in the index.
fn sparse(options: &[&str]) -> Repo {
    let repo = Repo::guarded();
    repo.write("inside/a.txt", "inside\n");
    repo.write("outside/b.txt", "outside\n");
    repo.write("outside/deep/c.txt", "deep\n");
    repo.commit("two folders");
    repo.git(&[&["sparse-checkout", "init", "--cone"], options].concat());
    repo.git(&["sparse-checkout", "set", "inside"]);
    assert!(!repo.path("outside/b.txt").exists(), "the checkout has to be sparse");
    repo
}

#[track_caller]
fn assert_index_is_sparse(repo: &Repo) {
    let entries = repo.git(&["ls-files", "--sparse"]);
    assert!(entries.out().lines().any(|entry| entry == "outside/"), "the index has to be sparse: {entries}");
}

#[test]
fn a_sparse_checkout_is_blocked() {
    let (repo, secret) = (sparse(&["--no-sparse-index"]), Secret::entra(31));
    repo.write("inside/config.env", secret.line());
    repo.add();
    blocks(&repo, &secret);
}

#[test]
fn a_file_staged_outside_a_sparse_checkout_is_blocked() {
    let (repo, secret) = (sparse(&["--no-sparse-index"]), Secret::entra(32));
    repo.write("outside/config.env", secret.line());
    repo.git(&["add", "--sparse", "outside/config.env"]);
    blocks(&repo, &secret);
}

#[test]
fn a_sparse_index_is_blocked() {
    let (repo, secret) = (sparse(&["--sparse-index"]), Secret::entra(33));
    repo.write("inside/config.env", secret.line());
    repo.git(&["add", "inside"]);
    assert_index_is_sparse(&repo);
    blocks(&repo, &secret);
}

#[test]
fn a_folder_that_a_sparse_index_holds_as_one_entry_is_blocked() {
    let (repo, secret) = (sparse(&["--no-sparse-index"]), Secret::entra(34));
    repo.write("outside/deep/config.env", secret.line());
    repo.git(&["add", "--sparse", "outside/deep/config.env"]);
    repo.git(&["commit", "--quiet", "--no-verify", "-m", "leak outside"]);
    repo.git(&["sparse-checkout", "init", "--cone", "--sparse-index"]);
    repo.git(&["sparse-checkout", "reapply"]);
    repo.git(&["reset", "--quiet", "--soft", "HEAD~1"]);
    assert_index_is_sparse(&repo);
    blocks(&repo, &secret);
}

/// Returns a repository with a split index of which any part may stay in the shared file.
fn split_index() -> Repo {
    let repo = Repo::guarded();
    repo.git(&["config", "splitIndex.maxPercentChange", "100"]);
    repo
}

#[track_caller]
fn assert_index_is_split(repo: &Repo) {
    let files = repo.git_listing();
    let shared = files.keys().any(|path| path.to_string_lossy().contains("sharedindex."));
    assert!(shared, "the index has to be split");
}

#[test]
fn a_split_index_is_blocked() {
    let (repo, secret) = (split_index(), Secret::entra(35));
    repo.git(&["update-index", "--split-index"]);
    repo.write("config.env", secret.line());
    repo.add();
    assert_index_is_split(&repo);
    blocks(&repo, &secret);
}

#[test]
fn the_shared_part_of_a_split_index_is_blocked() {
    let (repo, secret) = (split_index(), Secret::entra(36));
    repo.write("config.env", secret.line());
    repo.add();
    repo.git(&["update-index", "--split-index"]);
    assert_index_is_split(&repo);
    blocks(&repo, &secret);
}

#[test]
fn an_index_of_version_4_is_blocked() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(37));
    repo.git(&["update-index", "--index-version", "4"]);
    repo.write("folder/config.env", secret.line());
    repo.write("folder/config.example", "shares a prefix with its neighbour\n");
    repo.add();
    let version = must(fs::read(repo.git_path("index")), "read the index")[7];
    assert_eq!(version, 4, "the index has to be of version 4");
    blocks(&repo, &secret);
}

#[test]
fn an_intent_to_add_file_is_blocked_by_commit_all() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(38));
    repo.write("config.env", secret.line());
    repo.git(&["add", "--intent-to-add", "config.env"]);
    blocked(&repo, &["commit", "-a", "-m", "all"], &secret);
}

/// Returns a repository in which `main` and `side` have both changed the file `shared.txt`.
fn diverged() -> Repo {
    let repo = Repo::guarded();
    repo.write("shared.txt", "common\n");
    repo.commit("common");
    repo.git(&["switch", "--quiet", "-c", "side"]);
    repo.write("shared.txt", "from the side\n");
    repo.commit("side");
    repo.git(&["switch", "--quiet", "main"]);
    repo.write("shared.txt", "from main\n");
    repo.commit("main");
    repo
}

/// Runs a command that has to stop with a conflict.
#[track_caller]
fn conflict(repo: &Repo, command: &[&str]) {
    let run = repo.try_git(command);
    assert_eq!(run.code, Some(1), "there has to be a conflict: {run}");
}

#[test]
fn a_conflict_resolution_that_adds_a_secret_is_blocked() {
    let (repo, secret) = (diverged(), Secret::entra(39));
    conflict(&repo, &["merge", "side"]);
    repo.write("shared.txt", format!("from both\n{}", secret.line()));
    repo.add();
    blocked(&repo, &["commit", "--no-edit"], &secret);
}

#[test]
fn a_secret_slipped_into_a_clean_merge_is_blocked() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(40));
    branch_that_adds(&repo, "side", "side.txt", "from the side\n");
    repo.git(&["merge", "--quiet", "--no-commit", "--no-ff", "side"]);
    repo.write("config.env", secret.line());
    repo.add();
    blocked(&repo, &["commit", "--no-edit"], &secret);
}

#[test]
fn a_commit_in_a_stopped_rebase_is_blocked() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(41));
    repo.write("notes.txt", "notes\n");
    repo.commit("notes");
    let rebase = repo.git_tool(&["rebase", "--interactive", "HEAD~1"]);
    rebase.env("GIT_SEQUENCE_EDITOR", "sed -i.bak s/^pick/edit/").run().expect_code(0).expect_mention("stopped at");
    repo.write("config.env", secret.line());
    repo.add();
    blocks(&repo, &secret);
    blocked(&repo, &["commit", "--amend", "--no-edit"], &secret);
}

#[test]
fn a_commit_in_a_rebase_stopped_by_a_conflict_is_blocked() {
    let (repo, secret) = (diverged(), Secret::entra(42));
    conflict(&repo, &["rebase", "side"]);
    repo.write("shared.txt", format!("from both\n{}", secret.line()));
    repo.add();
    blocked(&repo, &["commit", "--no-edit"], &secret);
}

#[test]
fn a_commit_in_a_stopped_cherry_pick_is_blocked() {
    let (repo, secret) = (diverged(), Secret::entra(43));
    conflict(&repo, &["cherry-pick", "side"]);
    repo.write("shared.txt", format!("from both\n{}", secret.line()));
    repo.add();
    blocked(&repo, &["commit", "--no-edit"], &secret);
    blocked(&repo, &["cherry-pick", "--continue"], &secret);
}

#[test]
fn a_text_file_of_30_megabytes_is_blocked() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(44));
    let filler = "2024-01-02T03:04:05Z worker 17 finished its job in 23 ms\n".repeat(265_000);
    repo.write("server.log", [filler.as_str(), &secret.line(), &filler].concat());
    repo.add();
    blocks(&repo, &secret);
}

#[test]
fn a_single_line_of_6_megabytes_is_blocked() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(45));
    let filler = r#"{"job":17,"took":"23 ms","state":"finished"},"#.repeat(67_000);
    repo.write("jobs.json", format!(r#"[{filler}{{"client_secret":"{}"}},{filler}null]"#, secret.value));
    repo.add();
    blocks(&repo, &secret);
}

// ---------------------------------------------------------------- has to pass

#[test]
fn an_unstaged_secret_with_another_file_staged_passes() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(46));
    repo.write("config.env", secret.line());
    repo.write("notes.txt", "notes\n");
    repo.git(&["add", "notes.txt"]);
    passes(&repo);
}

#[test]
fn an_unstaged_secret_in_a_staged_file_passes() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(47));
    repo.write("config.env", "REGION=west\n");
    repo.add();
    repo.write("config.env", format!("REGION=west\n{}", secret.line()));
    passes(&repo);
}

#[test]
fn an_intent_to_add_file_passes() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(48));
    repo.write("config.env", secret.line());
    repo.git(&["add", "--intent-to-add", "config.env"]);
    repo.write("notes.txt", "notes\n");
    repo.git(&["add", "notes.txt"]);
    passes(&repo);
}

#[test]
fn a_commit_of_a_path_passes_with_a_secret_staged_elsewhere() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(49));
    repo.write("config.env", secret.line());
    repo.add();
    repo.write("README.md", "# A better project\n");
    let_through(&repo, &["commit", "-m", "a path", "--", "README.md"]);
}

/// Returns a guarded repository in which a secret was committed before keysweep was installed.
fn with_an_old_secret(seed: u32) -> (Repo, String) {
    let (repo, secret) = (Repo::guarded(), Secret::entra(seed));
    let text = format!("REGION=west\n{}PORT=8080\n", secret.line());
    repo.write("config.env", &text);
    repo.commit("an old leak");
    (repo, text)
}

#[test]
fn a_line_inserted_above_an_old_secret_passes() {
    let (repo, text) = with_an_old_secret(50);
    repo.write("config.env", format!("# a comment\n{text}"));
    repo.add();
    passes(&repo);
}

#[test]
fn a_pure_rename_of_an_old_secret_passes() {
    let (repo, _) = with_an_old_secret(51);
    repo.git(&["mv", "config.env", "renamed.env"]);
    passes(&repo);
}

#[test]
fn a_copy_of_an_old_secret_passes() {
    let (repo, text) = with_an_old_secret(52);
    repo.write("copies/config.env", text);
    repo.add();
    passes(&repo);
}

#[test]
fn the_deletion_of_an_old_secret_passes() {
    let (repo, _) = with_an_old_secret(53);
    repo.git(&["rm", "--quiet", "config.env"]);
    passes(&repo);
}

#[test]
fn the_removal_of_an_old_secrets_line_passes() {
    let (repo, _) = with_an_old_secret(54);
    repo.write("config.env", "REGION=west\nPORT=8080\n");
    repo.add();
    passes(&repo);
}

#[test]
fn an_old_secrets_line_moved_within_its_file_passes() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(55));
    repo.write("config.env", secret.line() + &thirty_lines().concat());
    repo.commit("an old leak");
    repo.write("config.env", thirty_lines().concat() + &secret.line());
    repo.add();
    passes(&repo);
}

#[test]
fn another_file_passes_despite_an_old_secret() {
    let (repo, _) = with_an_old_secret(56);
    repo.write("notes.txt", "notes\n");
    repo.add();
    passes(&repo);
}

#[test]
fn a_changed_mode_of_an_old_secrets_file_passes() {
    let (repo, _) = with_an_old_secret(57);
    repo.git(&["update-index", "--chmod=+x", "config.env"]);
    passes(&repo);
}

#[test]
fn a_moved_submodule_pointer_passes() {
    let (project, submodule) = with_submodule();
    project.install_hook();
    submodule.write("lib.txt", "a better library\n");
    submodule.commit("better");
    project.add();
    passes(&project);
}

/// Commits a file on a branch of that name and returns to `main`.
fn branch_that_adds(repo: &Repo, branch: &str, path: &str, text: &str) {
    repo.git(&["switch", "--quiet", "-c", branch]);
    repo.write(path, text);
    repo.commit(branch);
    repo.git(&["switch", "--quiet", "main"]);
}

#[test]
fn a_clean_merge_of_a_branch_with_an_old_secret_passes() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(58));
    branch_that_adds(&repo, "side", "config.env", &secret.line());
    repo.write("notes.txt", "notes\n");
    repo.commit("main goes on");
    repo.git(&["merge", "--quiet", "--no-commit", "side"]);
    passes(&repo);
}

#[test]
fn a_merge_within_a_file_with_an_old_secret_passes() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(59));
    let lines = thirty_lines();
    repo.write("settings.toml", lines.concat());
    repo.commit("settings");
    branch_that_adds(&repo, "side", "settings.toml", &(secret.line() + &lines.concat()));
    repo.write("settings.toml", lines.concat() + "last = true\n");
    repo.commit("main goes on");
    repo.git(&["merge", "--quiet", "--no-commit", "side"]);
    assert!(repo.read("settings.toml").ends_with("last = true\n"), "git has to merge both changes");
    passes(&repo);
}

#[test]
fn a_conflict_resolution_that_keeps_the_other_sides_old_secret_passes() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(60));
    branch_that_adds(&repo, "side", "config.env", &secret.line());
    repo.write("config.env", "REGION=west\n");
    repo.commit("main goes on");
    conflict(&repo, &["merge", "side"]);
    repo.write("config.env", format!("REGION=west\n{}", secret.line()));
    repo.add();
    passes(&repo);
}

#[test]
fn an_octopus_merge_with_an_old_secret_passes() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(61));
    branch_that_adds(&repo, "first", "first.txt", "first\n");
    branch_that_adds(&repo, "second", "config.env", &secret.line());
    repo.write("notes.txt", "notes\n");
    repo.commit("main goes on");
    repo.git(&["merge", "--quiet", "--no-commit", "first", "second"]);
    passes(&repo);
}

#[test]
fn a_revert_that_deletes_a_secret_passes() {
    let (repo, _) = with_an_old_secret(62);
    repo.git(&["revert", "--no-commit", "HEAD"]);
    passes(&repo);
}

#[test]
fn a_revert_in_one_step_passes() {
    let (repo, _) = with_an_old_secret(63);
    let_through(&repo, &["revert", "--no-edit", "HEAD"]);
}

#[test]
fn a_revert_that_restores_an_old_secret_passes() {
    let (repo, _) = with_an_old_secret(64);
    repo.git(&["rm", "--quiet", "config.env"]);
    repo.commit("remove the configuration");
    repo.git(&["revert", "--no-commit", "HEAD"]);
    assert!(repo.path("config.env").exists(), "the revert has to restore the file");
    passes(&repo);
}

// ---------------------------------------------------------------- promises of the command itself

#[track_caller]
fn writes_nothing(repo: &Repo, code: i32) {
    let (objects, before) = (repo.object_count(), repo.git_listing());
    let run = repo.keysweep(&["staged"]).expect_code(code);
    let after = repo.git_listing();
    let changed: Vec<_> =
        before.keys().chain(after.keys()).filter(|path| before.get(*path) != after.get(*path)).collect();
    assert!(changed.is_empty(), "{changed:?} changed: {run}");
    assert_eq!(repo.object_count(), objects, "{run}");
}

#[test]
fn staged_writes_nothing_when_it_finds_nothing() {
    let repo = Repo::guarded();
    repo.write("notes.txt", "notes\n");
    repo.add();
    writes_nothing(&repo, 0);
}

#[test]
fn staged_writes_nothing_when_it_finds_something() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(65));
    repo.write("config.env", secret.line());
    repo.add();
    writes_nothing(&repo, 1);
}

#[test]
fn staged_writes_nothing_when_the_index_is_out_of_date() {
    let repo = Repo::guarded();
    repo.git(&["update-index", "--force-remove", "README.md"]);
    repo.git(&["update-index", "--add", "README.md"]);
    // The content is the same but the time differs, so git itself would refresh the entry.
    repo.write("README.md", "# A project\n");
    writes_nothing(&repo, 0);
}

#[test]
fn staged_writes_nothing_in_a_split_or_sparse_index() {
    let (split, sparse) = (split_index(), sparse(&["--sparse-index"]));
    split.git(&["update-index", "--split-index"]);
    for repo in [&split, &sparse] {
        writes_nothing(repo, 0);
    }
}

#[test]
fn staged_reads_the_index_that_the_environment_names() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(67));
    let index = repo.path("another-index");
    repo.write("config.env", secret.line());
    repo.git_tool(&["read-tree", "HEAD"]).env("GIT_INDEX_FILE", &index).run().expect_code(0);
    repo.git_tool(&["add", "config.env"]).env("GIT_INDEX_FILE", &index).run().expect_code(0);
    repo.keysweep(&["staged"]).expect_code(0);
    repo.tool(&["staged"]).env("GIT_INDEX_FILE", &index).run().expect_code(1).expect_mention(secret.rule);
}

#[test]
fn staged_works_from_a_folder_within_the_worktree() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(68));
    repo.write("config.env", secret.line());
    repo.add();
    repo.at("deep/down").keysweep(&["staged"]).expect_code(1).expect_mention("config.env");
}

#[test]
fn a_staged_finding_has_its_position() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(69));
    repo.write("config.env", format!("# é comes first\n  key: é {}\n", secret.value));
    repo.add();
    let run = repo.keysweep(&["staged", "--format", "jsonl"]).expect_code(1);
    let findings = run.records_of("finding");
    assert_eq!(findings.len(), 1, "{run}");
    assert_eq!(findings[0]["rule"], secret.rule, "{run}");
    assert_eq!(findings[0]["stage"], "uncommitted", "{run}");
    let place = &findings[0]["occurrences"][0];
    let expected = serde_json::json!({"kind": "file", "path": "config.env", "line": 2, "column": 10});
    for (field, value) in expected.as_object().into_iter().flatten() {
        assert_eq!(&place[field], value, "{field}: {run}");
    }
}

#[test]
fn one_secret_in_two_files_is_one_finding_with_two_places() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(70));
    repo.write("a.env", secret.line());
    repo.write("b.env", format!("\n\n{}", secret.line()));
    repo.add();
    let run = repo.keysweep(&["staged", "--format", "jsonl"]).expect_code(1);
    let findings = run.records_of("finding");
    assert_eq!(findings.len(), 1, "{run}");
    assert_eq!(findings[0]["occurrences"].as_array().map(Vec::len), Some(2), "{run}");
}
