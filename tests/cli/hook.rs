//! Tests of `hook`: what is written to a repository's hooks, how git runs it, and that existing hooks aren't lost.

use std::ffi::OsString;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::support::{Repo, Run, Secret, must};

/// The name under which a hook that was there before is kept.
const KEPT: &str = "hooks/pre-commit.before-keysweep";
const HOOK: &str = "hooks/pre-commit";

/// Writes a shell script as the repository's pre-commit hook; returns the script.
fn write_hook(repo: &Repo, lines: &str) -> String {
    let (path, script) = (repo.git_path(HOOK), format!("#!/bin/sh\n{lines}\n"));
    repo.write(&path, &script);
    set_mode(&path, 0o755);
    script
}

fn set_mode(path: &Path, mode: u32) {
    must(fs::set_permissions(path, fs::Permissions::from_mode(mode)), "set a mode");
}

fn is_executable(path: &Path) -> bool {
    must(fs::metadata(path), "look at a hook").permissions().mode() & 0o111 == 0o111
}

fn install(repo: &Repo) -> Run {
    repo.keysweep(&["hook", "install"]).expect_code(0)
}

fn uninstall(repo: &Repo) -> Run {
    repo.keysweep(&["hook", "uninstall"])
}

fn status(repo: &Repo) -> Run {
    repo.keysweep(&["hook", "status"])
}

/// Checks that git runs our hook: a commit with a secret is stopped, and one without passes.
#[track_caller]
fn guards(repo: &Repo, seed: u32) {
    let (before, secret) = (repo.head(), Secret::entra(seed));
    repo.write("config.env", secret.line());
    repo.add();
    let run = repo.try_git(&["commit", "-m", "leak"]).expect_code(1).expect_mention(secret.rule);
    run.expect_withheld(&secret.value);
    assert_eq!(repo.head(), before, "the commit went through: {run}");
    repo.write("config.env", "AZURE_CLIENT_SECRET=\n");
    repo.add();
    repo.git(&["commit", "-m", "no leak"]);
    assert_ne!(repo.head(), before, "nothing was committed");
}

/// Checks that git doesn't run our hook.
#[track_caller]
fn does_not_guard(repo: &Repo, seed: u32) {
    repo.write("config.env", Secret::entra(seed).line());
    repo.add();
    repo.git(&["commit", "-m", "leak"]);
}

// ---------------------------------------------------------------- install and uninstall

#[test]
fn an_installed_hook_is_executable_and_effective() {
    let repo = Repo::with_a_commit();
    install(&repo).expect_mention("installed");
    assert!(is_executable(&repo.git_path(HOOK)));
    guards(&repo, 700);
}

#[test]
fn installing_twice_changes_nothing_and_says_so() {
    let repo = Repo::with_a_commit();
    install(&repo);
    let (listing, text) = (repo.git_listing(), repo.read(repo.git_path(HOOK)));
    install(&repo).expect_mention("is already installed");
    assert_eq!(repo.read(repo.git_path(HOOK)), text);
    assert_eq!(repo.git_listing(), listing);
    guards(&repo, 701);
}

#[test]
fn an_uninstalled_hook_is_gone_with_everything_it_brought() {
    let repo = Repo::with_a_commit();
    let before: Vec<PathBuf> = repo.git_listing().into_keys().collect();
    install(&repo);
    uninstall(&repo).expect_code(0).expect_mention("removed");
    let after: Vec<PathBuf> = repo.git_listing().into_keys().collect();
    assert_eq!(after, before);
    does_not_guard(&repo, 702);
}

#[test]
fn uninstalling_where_nothing_is_installed_is_no_error() {
    let repo = Repo::with_a_commit();
    uninstall(&repo).expect_code(0).expect_mention("no hook");
    install(&repo);
    uninstall(&repo).expect_code(0);
    uninstall(&repo).expect_code(0).expect_mention("no hook");
}

#[test]
fn a_missing_hooks_folder_is_created() {
    let repo = Repo::with_a_commit();
    must(fs::remove_dir_all(repo.git_path("hooks")), "remove the hooks");
    install(&repo);
    guards(&repo, 703);
}

#[test]
fn the_very_first_commit_is_guarded() {
    let repo = Repo::init();
    install(&repo);
    guards(&repo, 704);
}

#[test]
fn installing_from_a_folder_within_the_worktree_guards_the_repository() {
    let repo = Repo::with_a_commit();
    install(&repo.at("sub/folder"));
    guards(&repo, 705);
    guards(&repo.at("sub/folder"), 706);
}

// ---------------------------------------------------------------- the hook that was there before

#[test]
fn an_existing_hook_still_runs_first() {
    let repo = Repo::with_a_commit();
    write_hook(&repo, "echo \"the other hook in $(pwd)\" >&2; echo ran >>.git/other-hook");
    install(&repo).expect_mention("runs first");
    guards(&repo, 710);
    assert_eq!(repo.read(".git/other-hook"), "ran\nran\n");
    repo.write("config.env", Secret::entra(711).line());
    repo.add();
    let text = repo.try_git(&["commit", "-m", "leak"]).expect_code(1).text();
    let (other, ours) = (text.find("the other hook in"), text.find("azure-entra"));
    assert!(other.zip(ours).is_some_and(|(other, ours)| other < ours), "{text}");
}

#[test]
fn an_existing_hook_can_still_veto() {
    let repo = Repo::with_a_commit();
    write_hook(&repo, "echo 'not on a Friday' >&2; exit 3");
    install(&repo);
    let before = repo.head();
    repo.write("notes.txt", "nothing secret\n");
    repo.add();
    let run = repo.try_git(&["commit", "-m", "on a Friday"]).expect_code(1).expect_mention("not on a Friday");
    assert_eq!(repo.head(), before, "the commit went through: {run}");
}

#[test]
fn files_staged_by_an_existing_hook_are_checked() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(712));
    write_hook(&repo, "cp .git/formatted config.env && git add config.env");
    repo.write(".git/formatted", secret.line());
    install(&repo);
    repo.write("config.env", "AZURE_CLIENT_SECRET=\n");
    repo.add();
    repo.try_git(&["commit", "-m", "formatted"]).expect_code(1).expect_mention(secret.rule);
}

#[test]
fn an_existing_hook_is_restored_unchanged() {
    let repo = Repo::with_a_commit();
    let script = write_hook(&repo, "echo ran >>.git/other-hook");
    set_mode(&repo.git_path(HOOK), 0o750);
    install(&repo);
    install(&repo).expect_mention("is already installed");
    uninstall(&repo).expect_code(0).expect_mention("back");
    assert_eq!(repo.read(repo.git_path(HOOK)), script);
    let mode = must(fs::metadata(repo.git_path(HOOK)), "look at a hook").permissions().mode();
    assert_eq!(mode & 0o777, 0o750);
    assert!(!repo.git_path(KEPT).exists());
    does_not_guard(&repo, 713);
    assert_eq!(repo.read(".git/other-hook"), "ran\n");
}

#[test]
fn a_hook_that_is_a_link_is_kept_and_restored_as_one() {
    let repo = Repo::with_a_commit();
    repo.write("tools/check", "#!/bin/sh\necho ran >>.git/other-hook\n");
    set_mode(&repo.path("tools/check"), 0o755);
    must(symlink("../../tools/check", repo.git_path(HOOK)), "make a link");
    install(&repo);
    guards(&repo, 714);
    assert_eq!(repo.read(".git/other-hook"), "ran\nran\n");
    assert_eq!(repo.read("tools/check"), "#!/bin/sh\necho ran >>.git/other-hook\n");
    uninstall(&repo).expect_code(0);
    let target = must(fs::read_link(repo.git_path(HOOK)), "read a link");
    assert_eq!(target, Path::new("../../tools/check"));
}

#[test]
fn a_non_executable_hook_is_still_not_run() {
    let repo = Repo::with_a_commit();
    write_hook(&repo, "echo ran >>.git/other-hook");
    set_mode(&repo.git_path(HOOK), 0o644);
    install(&repo);
    guards(&repo, 715);
    assert!(!repo.path(".git/other-hook").exists(), "a hook that was switched off has run");
    uninstall(&repo).expect_code(0);
    assert!(!is_executable(&repo.git_path(HOOK)), "a hook that was switched off is on");
}

#[test]
fn a_hook_of_another_language_still_runs() {
    let repo = Repo::with_a_commit();
    let path = repo.git_path(HOOK);
    repo.write(&path, "#!/usr/bin/env -S sh -eu\nprintf '%s' \"$0\" >.git/other-hook\n");
    set_mode(&path, 0o755);
    install(&repo);
    guards(&repo, 716);
    assert!(repo.read(".git/other-hook").contains("pre-commit"));
}

#[test]
fn a_hook_that_mentions_keysweep_is_still_kept() {
    let repo = Repo::with_a_commit();
    let script = write_hook(&repo, "# keysweep: once we have it, it goes here\necho ran >>.git/other-hook");
    install(&repo);
    guards(&repo, 717);
    uninstall(&repo).expect_code(0);
    assert!(repo.git_path(HOOK).exists(), "the hook is lost");
    assert_eq!(repo.read(repo.git_path(HOOK)), script);
}

#[test]
fn a_foreign_hook_is_left_alone_by_uninstall() {
    let repo = Repo::with_a_commit();
    let script = write_hook(&repo, "echo ran >>.git/other-hook");
    uninstall(&repo).expect_code(2).expect_mention("not changed");
    assert_eq!(repo.read(repo.git_path(HOOK)), script);
}

#[test]
fn a_previously_kept_hook_overwrites_no_hook() {
    let repo = Repo::with_a_commit();
    write_hook(&repo, "echo first");
    install(&repo);
    let second = write_hook(&repo, "echo second");
    repo.keysweep(&["hook", "install"]).expect_code(2).expect_mention("pre-commit.before-keysweep");
    assert_eq!(repo.read(repo.git_path(HOOK)), second);
    assert_eq!(repo.read(repo.git_path(KEPT)), "#!/bin/sh\necho first\n");
}

#[test]
fn other_hooks_are_left_alone() {
    let repo = Repo::with_a_commit();
    for name in ["commit-msg", "pre-push", "post-commit"] {
        let path = repo.git_path(&format!("hooks/{name}"));
        repo.write(&path, format!("#!/bin/sh\necho {name} >>.git/other-hooks\n"));
        set_mode(&path, 0o755);
    }
    install(&repo);
    guards(&repo, 718);
    assert_eq!(repo.read(".git/other-hooks"), "commit-msg\npost-commit\n");
    uninstall(&repo).expect_code(0);
    assert!(repo.git_path("hooks/commit-msg").exists());
}

// ---------------------------------------------------------------- where git looks for hooks

/// Installs the hook with this value of core.hooksPath; checks that it is in that folder and nowhere else.
#[track_caller]
fn guards_under(repo: &Repo, value: &str, folder: &Path, seed: u32) {
    repo.git(&["config", "core.hooksPath", value]);
    install(repo);
    assert!(folder.join("pre-commit").is_file(), "no hook in {}", folder.display());
    assert!(!repo.path(".git/hooks/pre-commit").exists(), "a hook where git does not look");
    status(repo).expect_code(0).expect_mention("active");
    guards(repo, seed);
    uninstall(repo).expect_code(0);
    assert!(!folder.join("pre-commit").exists());
    does_not_guard(repo, seed + 1);
}

#[test]
fn an_absolute_hooks_path_is_honoured() {
    let repo = Repo::with_a_commit();
    let folder = repo.path("../team hooks");
    guards_under(&repo, &folder.display().to_string(), &folder, 720);
}

#[test]
fn a_relative_hooks_path_is_honoured() {
    let repo = Repo::with_a_commit();
    guards_under(&repo, ".githooks", &repo.path(".githooks"), 722);
}

#[test]
fn a_relative_hooks_path_is_honoured_from_a_folder_within() {
    let repo = Repo::with_a_commit();
    repo.git(&["config", "core.hooksPath", ".githooks"]);
    let folder = repo.at("sub");
    install(&folder);
    assert!(repo.path(".githooks/pre-commit").is_file());
    status(&folder).expect_code(0);
    guards(&folder, 724);
}

#[test]
fn a_hooks_path_in_the_home_folder_is_honoured() {
    let repo = Repo::with_a_commit();
    guards_under(&repo, "~/hooks", &repo.path("../home/hooks"), 725);
}

#[test]
fn a_hooks_path_in_the_user_configuration_is_honoured() {
    let repo = Repo::with_a_commit();
    repo.git(&["config", "--global", "core.hooksPath", "~/hooks"]);
    install(&repo);
    assert!(repo.path("../home/hooks/pre-commit").is_file());
    guards(&repo, 727);
}

#[test]
fn disabled_hooks_are_not_reported_as_installed() {
    let repo = Repo::with_a_commit();
    repo.git(&["config", "core.hooksPath", "/dev/null"]);
    repo.keysweep(&["hook", "install"]).expect_code(2);
    status(&repo).expect_code(2);
}

#[test]
fn a_linked_worktree_shares_the_hook() {
    let repo = Repo::with_a_commit();
    repo.git(&["worktree", "add", "--quiet", "-b", "side", "../linked"]);
    let linked = repo.at("../linked");
    install(&linked);
    status(&repo).expect_code(0);
    status(&linked).expect_code(0);
    guards(&linked, 728);
    guards(&repo, 729);
    uninstall(&repo).expect_code(0);
    status(&linked).expect_code(2);
    does_not_guard(&linked, 730);
}

#[test]
fn a_relative_hooks_path_belongs_to_each_worktree() {
    let repo = Repo::with_a_commit();
    repo.git(&["config", "core.hooksPath", ".githooks"]);
    repo.git(&["worktree", "add", "--quiet", "-b", "side", "../linked"]);
    let linked = repo.at("../linked");
    install(&linked);
    assert!(linked.path(".githooks/pre-commit").is_file());
    guards(&linked, 731);
    status(&repo).expect_code(2);
}

/// Returns a repository that has just added a submodule, `module`.
fn with_a_submodule() -> Repo {
    let outer = Repo::with_a_commit();
    let library = outer.at("../library");
    library.git(&["init", "--quiet"]);
    library.commit("start");
    outer.git(&["submodule", "--quiet", "add", "../library", "module"]);
    outer
}

#[test]
fn a_submodule_has_its_own_hook() {
    let outer = with_a_submodule();
    outer.commit("a submodule");
    let module = outer.at("module");
    install(&module);
    status(&outer).expect_code(2);
    guards(&module, 732);
    does_not_guard(&outer, 733);
    install(&outer);
    guards(&outer, 734);
}

// ---------------------------------------------------------------- status

#[test]
fn status_reports_active_and_names_both_files() {
    let repo = Repo::with_a_commit();
    install(&repo);
    let run = status(&repo).expect_code(0).expect_mention("active").expect_mention("hooks/pre-commit");
    run.expect_mention(env!("CARGO_BIN_EXE_keysweep"));
}

#[test]
fn status_reports_not_installed_and_how_to_install() {
    let repo = Repo::with_a_commit();
    let run = status(&repo).expect_code(2).expect_mention("not installed");
    run.expect_mention("keysweep hook install");
}

#[test]
fn status_reports_a_non_executable_hook_and_installing_fixes_it() {
    let repo = Repo::with_a_commit();
    install(&repo);
    set_mode(&repo.git_path(HOOK), 0o644);
    status(&repo).expect_code(2).expect_mention("not executable").expect_mention("keysweep hook install");
    install(&repo);
    status(&repo).expect_code(0);
    guards(&repo, 740);
}

#[test]
fn status_reports_an_outdated_hook_and_installing_updates_it() {
    let repo = Repo::with_a_commit();
    write_hook(&repo, "echo ran >>.git/other-hook");
    install(&repo);
    let text = repo.read(repo.git_path(HOOK));
    repo.write(repo.git_path(HOOK), text.replace("exec ", "exec -a old "));
    status(&repo).expect_code(2).expect_mention("keysweep hook install");
    install(&repo);
    status(&repo).expect_code(0);
    guards(&repo, 741);
    assert_eq!(repo.read(".git/other-hook"), "ran\nran\n", "the hook that was there before has to run still");
    assert_eq!(repo.read(repo.git_path(HOOK)), text);
}

#[test]
fn status_reports_a_hook_of_another_tool() {
    let repo = Repo::with_a_commit();
    write_hook(&repo, "true");
    status(&repo).expect_code(2).expect_mention("another tool");
}

#[test]
fn status_outside_a_repository_is_refused() {
    status(&Repo::folder()).expect_code(2).expect_mention("not a git repository");
}

// ---------------------------------------------------------------- the canary

/// `hook status` tests each hook with a canary and leaves nothing in the repository or the work tree, and no temporary
/// file.
#[test]
fn status_sends_a_canary_and_leaves_nothing_behind() {
    let repo = Repo::with_a_commit();
    for_each(&repo, "install", &ALL).expect_code(0);
    repo.write("half done.txt", "work under way\n");
    repo.add();
    let state =
        || (repo.git(&["--no-optional-locks", "status", "--porcelain"]).out(), repo.git_listing(), temporary(&repo));
    let before = state();
    let run = status(&repo).expect_code(0);
    assert_eq!(run.out().matches("it stopped a canary").count(), 3, "{run}");
    assert_eq!(state(), before);
}

/// Returns the names in the folder where temporary files are made.
fn temporary(repo: &Repo) -> Vec<OsString> {
    let entries = must(fs::read_dir(repo.path("..")), "list the temporary files");
    let mut names: Vec<OsString> = entries.flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    names
}

#[test]
fn the_canary_runs_only_the_keysweep_hook() {
    let repo = Repo::with_a_commit();
    write_hook(&repo, "echo ran >>.git/other-hook");
    install(&repo);
    status(&repo).expect_code(0).expect_mention("it stopped a canary");
    assert!(!repo.path(".git/other-hook").exists(), "another hook was run");
}

#[test]
fn an_ineffective_hook_is_reported() {
    let repo = Repo::with_a_commit();
    install(&repo);
    repo.write(".keysweep.toml", "disable = [\"github-pat-classic\"]\n");
    status(&repo).expect_code(2).expect_mention("did not stop a canary").expect_mention(".keysweep.toml");
    repo.write(".keysweep.toml", "disable = [\"jwt\"]\n");
    status(&repo).expect_code(0).expect_mention("it stopped a canary");
}

#[test]
fn the_canary_works_in_linked_worktrees_and_hook_environments() {
    let repo = Repo::with_a_commit();
    repo.git(&["worktree", "add", "--quiet", "-b", "side", "../linked"]);
    install(&repo);
    let linked = repo.at("../linked");
    status(&linked).expect_code(0).expect_mention("it stopped a canary");
    let tool = repo.tool(&["hook", "status"]).env("GIT_INDEX_FILE", repo.path(".git/index"));
    tool.env("GIT_DIR", repo.path(".git")).run().expect_code(0).expect_mention("it stopped a canary");
}

// ---------------------------------------------------------------- other places

#[test]
fn a_global_hook_guards_each_new_repository() {
    let repo = Repo::with_a_commit();
    let template = repo.path("../home/.config/keysweep/template");
    let global = |action: &str| repo.keysweep(&["hook", action, "--global"]);
    global("status").expect_code(2).expect_mention("not installed");
    let told = global("install").expect_code(0).expect_mention("git config --global init.templateDir");
    assert!(template.join("hooks/pre-commit").is_file(), "{told}");
    assert!(!repo.git_path(HOOK).exists(), "this repository was touched: {told}");
    global("status").expect_code(2).expect_mention("does not use this template");
    let line = told.text().lines().find(|line| line.starts_with("git config")).map(str::to_owned).unwrap_or_default();
    repo.sh(&line).expect_code(0);
    global("status").expect_code(0).expect_mention("it stopped a canary");
    let clone = repo.at("../clone");
    clone.git(&["clone", "--quiet", "../work", "."]);
    guards(&clone, 742);
    status(&clone).expect_code(0);
    repo.git(&["init", "--quiet"]);
    guards(&repo, 743);
    global("uninstall").expect_code(0).expect_mention("removed");
    assert!(!template.join("hooks/pre-commit").exists());
    status(&repo).expect_code(0);
}

#[test]
fn the_configured_template_folder_is_used() {
    let folder = Repo::folder();
    folder.write("../home/my template/hooks/pre-commit", "#!/bin/sh\necho ran >>.git/other-hook\n");
    set_mode(&folder.path("../home/my template/hooks/pre-commit"), 0o755);
    folder.git(&["config", "--global", "init.templateDir", "~/my template"]);
    let run = folder.keysweep(&["hook", "install", "--global"]).expect_code(0).expect_mention("runs first");
    assert!(!run.text().contains("git config"), "{run}");
    folder.git(&["init", "--quiet"]);
    guards(&folder, 744);
    assert_eq!(folder.read(".git/other-hook"), "ran\nran\n");
}

#[test]
fn a_hooks_path_of_one_worktree_applies_only_there() {
    let repo = Repo::with_a_commit();
    repo.git(&["config", "extensions.worktreeConfig", "true"]);
    repo.git(&["worktree", "add", "--quiet", "-b", "side", "../linked"]);
    let linked = repo.at("../linked");
    linked.git(&["config", "--worktree", "core.hooksPath", ".githooks"]);
    install(&linked);
    assert!(linked.path(".githooks/pre-commit").is_file());
    assert!(!repo.git_path(HOOK).exists());
    guards(&linked, 745);
    status(&linked).expect_code(0).expect_mention("each work tree has its own hooks");
    status(&repo).expect_code(2);
    install(&repo);
    guards(&repo, 746);
}

#[test]
fn status_lists_submodules_and_follows_no_path_outside() {
    let outer = with_a_submodule();
    install(&outer);
    let run = status(&outer).expect_code(0);
    let run = run.expect_mention("the submodule 'module' has its own hooks: pre-commit is not installed there");
    assert_eq!(run.out().matches("submodule").count(), 1);
    install(&outer.at("module"));
    status(&outer).expect_code(0).expect_mention("pre-commit is installed there");
    outer.write(".gitmodules", "[submodule \"x\"]\n\tpath = ../library\n[submodule \"y\"]\n\tpath = .\n");
    assert!(!status(&outer).expect_code(0).out().contains("submodule"));
}

// ---------------------------------------------------------------- the program's own path

/// Copies the program to a path that a shell would split or expand unless it is quoted.
fn program_elsewhere(repo: &Repo) -> PathBuf {
    let folder = repo.path("../it's a \"nice\" $HOME `id` \\ & place");
    must(fs::create_dir_all(&folder), "make a folder");
    let program = folder.join("key sweep");
    must(fs::copy(env!("CARGO_BIN_EXE_keysweep"), &program), "copy the program");
    must(program.canonicalize(), "resolve the program's path")
}

/// Runs the copy as git runs an alias, within the sandbox.
fn run_elsewhere(repo: &Repo, program: &Path, command: &str) -> Run {
    let alias = format!("alias.elsewhere=!\"$PROGRAM\" {command}");
    repo.git_tool(&["-c", &alias, "elsewhere"]).env("PROGRAM", program).run()
}

/// Returns the machine's own `PATH`, without folders that have a keysweep.
fn path_without_keysweep() -> OsString {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).filter(|folder| !folder.join("keysweep").exists());
    must(env::join_paths(folders), "shorten PATH")
}

#[test]
fn a_program_path_with_spaces_and_quotes_works() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(750));
    let program = program_elsewhere(&repo);
    run_elsewhere(&repo, &program, "hook install").expect_code(0);
    run_elsewhere(&repo, &program, "hook status").expect_code(0).expect_mention("active");
    repo.write("config.env", secret.line());
    repo.add();
    let commit = repo.git_tool(&["commit", "-m", "leak"]).env("PATH", path_without_keysweep());
    commit.run().expect_code(1).expect_mention(secret.rule);
    run_elsewhere(&repo, &program, "hook uninstall").expect_code(0);
    does_not_guard(&repo, 751);
}

#[test]
fn a_hook_of_another_keysweep_is_reported_as_such() {
    let repo = Repo::with_a_commit();
    let program = program_elsewhere(&repo);
    run_elsewhere(&repo, &program, "hook install").expect_code(0);
    status(&repo).expect_code(2).expect_mention("a different keysweep");
    install(&repo);
    status(&repo).expect_code(0);
    run_elsewhere(&repo, &program, "hook status").expect_code(2);
}

/// Returns a repository whose hook names a program that is gone.
fn with_a_vanished_program() -> Repo {
    let repo = Repo::with_a_commit();
    let program = program_elsewhere(&repo);
    run_elsewhere(&repo, &program, "hook install").expect_code(0);
    must(fs::remove_file(program), "remove the program");
    repo.write("notes.txt", "nothing secret\n");
    repo.add();
    repo
}

#[test]
fn a_commit_is_stopped_with_a_clear_message_when_the_program_has_vanished() {
    let repo = with_a_vanished_program();
    let before = repo.head();
    let commit = repo.git_tool(&["commit", "-m", "unchecked"]).env("PATH", path_without_keysweep()).run();
    assert_ne!(commit.code, Some(0), "{commit}");
    assert_eq!(repo.head(), before, "the commit went through: {commit}");
    commit.expect_mention("keysweep").expect_mention("not checked").expect_mention("--no-verify");
    repo.git(&["commit", "--no-verify", "-m", "unchecked, on purpose"]);
}

#[test]
fn a_program_that_has_moved_onto_the_path_is_found_there() {
    let repo = with_a_vanished_program();
    guards(&repo, 752);
    status(&repo).expect_code(2);
}

// ---------------------------------------------------------------- what git runs

fn run_hook(repo: &Repo) -> Run {
    repo.keysweep(&["hook", "run", "pre-commit"])
}

#[test]
fn a_clean_commit_is_silent() {
    let repo = Repo::with_a_commit();
    repo.write("notes.txt", "nothing secret\n");
    repo.add();
    for place in [&repo, &repo.at("sub/folder")] {
        let run = run_hook(place).expect_code(0);
        assert_eq!(run.text(), "", "{run}");
    }
    install(&repo);
    let run = repo.git(&["commit", "--quiet", "-m", "clean"]);
    assert_eq!(run.text(), "", "{run}");
}

#[test]
fn an_empty_commit_and_an_unborn_head_are_let_through() {
    let repo = Repo::init();
    run_hook(&repo).expect_code(0);
    install(&repo);
    repo.git(&["commit", "--quiet", "--allow-empty", "-m", "empty"]);
    repo.git(&["commit", "--quiet", "--allow-empty", "-m", "empty again"]);
}

#[test]
fn a_finding_stops_the_commit_and_explains_that_nothing_was_committed() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(760));
    repo.write("sub/config.env", secret.line());
    repo.add();
    for place in [&repo, &repo.at("sub")] {
        let run = run_hook(place).expect_code(1).expect_mention("nothing was committed");
        run.expect_withheld(&secret.value);
        run.expect_mention("sub/config.env");
    }
}

#[test]
fn unread_content_stops_the_commit_with_advice() {
    let repo = Repo::with_a_commit();
    repo.write("lost.txt", "about to vanish\n");
    repo.add();
    must(fs::remove_file(repo.loose_object(":lost.txt")), "remove an object");
    run_hook(&repo).expect_code(2).expect_mention("lost.txt").expect_mention("--no-verify");
}

#[test]
fn a_broken_configuration_stops_the_commit() {
    let repo = Repo::guarded();
    repo.write(".keysweep.toml", "no_such_key = true\n");
    repo.add();
    let before = repo.head();
    let run = repo.try_git(&["commit", "-m", "configuration"]).expect_mention("no_such_key");
    assert_ne!(run.code, Some(0), "{run}");
    assert_eq!(repo.head(), before, "the commit went through: {run}");
}

#[test]
fn an_unknown_hook_is_refused() {
    let repo = Repo::with_a_commit();
    repo.keysweep(&["hook", "run", "post-commit"]).expect_code(2);
    repo.keysweep(&["hook", "run"]).expect_code(2);
    repo.keysweep(&["hook"]).expect_code(2);
}

#[test]
fn hook_commands_do_not_touch_the_worktree_or_configuration() {
    let repo = Repo::with_a_commit();
    let configuration = repo.read(".git/config");
    install(&repo);
    status(&repo).expect_code(0);
    uninstall(&repo).expect_code(0);
    assert_eq!(repo.read(".git/config"), configuration);
    assert_eq!(repo.git(&["status", "--porcelain", "--ignored"]).out(), "");
}

// ---------------------------------------------------------------- several hooks

const ALL: [&str; 3] = ["pre-commit", "pre-push", "commit-msg"];

/// Runs `hook ACTION` for these hooks.
fn for_each(repo: &Repo, action: &str, names: &[&str]) -> Run {
    let options = names.iter().flat_map(|name| ["--hook", name]);
    repo.keysweep(&["hook", action].into_iter().chain(options).collect::<Vec<_>>())
}

/// Returns a repository with a remote, and with a script as each of the hooks that records its name, arguments and
/// input.
fn with_scripts() -> Repo {
    let repo = Repo::with_a_commit();
    repo.at("../origin.git").git(&["init", "--quiet", "--bare"]);
    repo.git(&["remote", "add", "origin", "../origin.git"]);
    for name in ALL {
        let path = repo.git_path(&format!("hooks/{name}"));
        let script = format!("#!/bin/sh\n{{ echo {name} \"$@\"; [ {name} != pre-push ] || cat; }} >>.git/noted\n");
        repo.write(&path, script);
        set_mode(&path, 0o755);
    }
    repo
}

/// Commits and pushes with hooks enabled; returns what the scripts recorded.
fn noted(repo: &Repo, refspec: &str) -> String {
    repo.git(&["commit", "--quiet", "--allow-empty", "-m", "work"]);
    repo.git(&["push", "--quiet", "origin", refspec]);
    let noted = repo.read(".git/noted");
    repo.remove(".git/noted");
    noted.replace(&repo.head(), "HEAD")
}

#[test]
fn existing_hooks_get_the_same_arguments_and_input() {
    let repo = with_scripts();
    let before = noted(&repo, "main:one");
    assert_eq!(before.lines().count(), 4, "{before}");
    for_each(&repo, "install", &ALL).expect_code(0).expect_mention("pre-push.before-keysweep");
    assert_eq!(noted(&repo, "main:two"), before.replace("heads/one", "heads/two"));
    for_each(&repo, "install", &ALL).expect_code(0).expect_mention("is already installed");
    assert_eq!(noted(&repo, "main:three"), before.replace("heads/one", "heads/three"));
}

#[test]
fn an_existing_hook_can_still_veto_a_push() {
    let repo = with_scripts();
    repo.write(repo.git_path("hooks/pre-push"), "#!/bin/sh\necho 'not on a Friday' >&2; exit 3\n");
    for_each(&repo, "install", &["pre-push"]).expect_code(0);
    repo.try_git(&["push", "origin", "main"]).expect_code(1).expect_mention("not on a Friday");
}

#[test]
fn all_hooks_are_removed_and_previous_ones_restored() {
    let repo = with_scripts();
    let scripts = ALL.map(|name| repo.read(repo.git_path(&format!("hooks/{name}"))));
    for_each(&repo, "install", &ALL).expect_code(0);
    assert_ne!(ALL.map(|name| repo.read(repo.git_path(&format!("hooks/{name}")))), scripts);
    uninstall(&repo).expect_code(0).expect_mention("hooks/pre-push").expect_mention("hooks/commit-msg");
    assert_eq!(ALL.map(|name| repo.read(repo.git_path(&format!("hooks/{name}")))), scripts);
    assert!(ALL.iter().all(|name| !repo.git_path(&format!("hooks/{name}.before-keysweep")).exists()));
}

#[test]
fn one_hook_of_several_is_removed_alone() {
    let repo = Repo::with_a_commit();
    for_each(&repo, "install", &ALL).expect_code(0);
    for_each(&repo, "uninstall", &["pre-push"]).expect_code(0);
    let there = ALL.map(|name| repo.git_path(&format!("hooks/{name}")).exists());
    assert_eq!(there, [true, false, true]);
    guards(&repo, 770);
}

#[test]
fn status_lists_each_hook_and_its_exit_code_covers_selected_ones() {
    let repo = Repo::with_a_commit();
    install(&repo);
    let run = status(&repo).expect_code(0).expect_mention("keysweep hook install --hook pre-push");
    assert_eq!(run.out().lines().count(), 3, "{run}");
    for_each(&repo, "status", &["pre-commit"]).expect_code(0);
    for_each(&repo, "status", &ALL).expect_code(2);
    for_each(&repo, "install", &["pre-push", "commit-msg"]).expect_code(0);
    for_each(&repo, "status", &ALL).expect_code(0);
    set_mode(&repo.git_path("hooks/pre-push"), 0o644);
    status(&repo).expect_code(2).expect_mention("not executable");
    for_each(&repo, "status", &["commit-msg"]).expect_code(0);
}

#[test]
fn a_push_is_stopped_with_a_clear_message_when_the_program_has_vanished() {
    let repo = with_scripts();
    let program = program_elsewhere(&repo);
    run_elsewhere(&repo, &program, "hook install --hook pre-push").expect_code(0);
    must(fs::remove_file(program), "remove the program");
    let push = repo.git_tool(&["push", "origin", "main"]).env("PATH", path_without_keysweep()).run();
    push.expect_code(1).expect_mention("not checked").expect_mention("git push --no-verify");
}

/// The hook isn't installed if git finds no folder of hooks: with an empty value git runs what is in the root folder,
/// and with no value at all it stops.
#[test]
fn no_hook_is_installed_where_git_finds_none() {
    for line in ["\thooksPath =\n", "\thooksPath\n"] {
        let repo = Repo::with_a_commit();
        repo.write(".git/config", format!("{}[core]\n{line}", repo.read(".git/config")));
        for action in ["install", "status"] {
            repo.keysweep(&["hook", action]).expect_code(2).expect_mention("core.hooksPath");
        }
        assert!(!repo.path(".git/hooks/pre-commit").exists());
        repo.sh("git config --unset-all core.hooksPath || sed -i /hooksPath/d .git/config").expect_code(0);
        repo.keysweep(&["hook", "install"]).expect_code(0);
    }
}

#[test]
fn a_bare_repository_has_no_commits_to_check() {
    let bare = Repo::folder();
    bare.git(&["init", "--quiet", "--bare"]);
    for hook in ["pre-commit", "commit-msg"] {
        let run = bare.keysweep(&["hook", "install", "--hook", hook]).expect_code(2);
        run.expect_mention("--hook pre-receive");
        assert!(!bare.path("hooks").join(hook).exists(), "{hook}");
    }
    bare.keysweep(&["hook", "install"]).expect_code(2);
    bare.keysweep(&["hook", "install", "--hook", "pre-receive"]).expect_code(0);
    // Linked work trees share the hooks of the bare repository, and users commit there.
    let repo = Repo::with_a_commit();
    repo.git(&["clone", "--quiet", "--bare", ".", "../bare.git"]);
    let bare = repo.at("../bare.git");
    bare.git(&["worktree", "add", "--quiet", "-b", "topic", "../topic"]);
    bare.keysweep(&["hook", "install"]).expect_code(0);
    let (topic, secret) = (bare.at("../topic"), Secret::github(2160));
    topic.write("a.env", secret.line());
    topic.add();
    assert_ne!(topic.try_git(&["commit", "--quiet", "-m", "leak"]).code, Some(0));
}
