//! Tests that content which isn't read because it is in another repository or encrypted is reported as such.

use crate::support::{Repo, Run, Secret};

/// Returns a repository with a submodule whose newest commit leaks and isn't recorded in the repository yet.
fn with_a_submodule(seed: u32) -> (Repo, Repo) {
    let repo = Repo::with_a_commit();
    let module = repo.at("../module");
    module.git(&["init", "--quiet"]);
    module.write("README.md", "# A module\n");
    module.commit("start");
    repo.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../module", "lib/module"]);
    repo.commit("a submodule");
    let inside = repo.at("lib/module");
    inside.write("config.env", Secret::github(seed).line());
    inside.commit("leak");
    (repo, inside)
}

fn notes(run: &Run) -> String {
    run.records_of("note").iter().map(|note| format!("{note}\n")).collect()
}

#[test]
fn a_moved_submodule_is_named_with_the_scan_command() {
    let (repo, inside) = with_a_submodule(840);
    let (old, new) = (inside.rev("HEAD~1"), inside.head());
    repo.git(&["add", "lib/module"]);
    for args in [&["staged"][..], &["range", "HEAD~1..HEAD"]] {
        if args[0] == "range" {
            repo.git(&["commit", "--quiet", "--no-verify", "--message", "move it"]);
        }
        let run = repo.keysweep(&[args, &["--format", "jsonl"]].concat()).expect_code(0);
        let notes = notes(&run);
        assert!(notes.contains("submodule lib/module moves"), "{run}");
        assert!(notes.contains(&format!("'keysweep range {old}..{new}'")), "{run}");
    }
    // The command does what the note says.
    inside.keysweep(&["range", &format!("{old}..{new}")]).expect_code(1);
}

#[test]
fn an_added_or_often_moved_submodule_needs_a_sweep() {
    let (repo, inside) = with_a_submodule(841);
    repo.commit("move it");
    let run = repo.keysweep(&["range", "HEAD~2..HEAD", "--format", "jsonl"]).expect_code(0);
    assert!(notes(&run).contains(&format!("to {}, and", inside.head())), "{run}");
    assert!(notes(&run).contains("'keysweep history'"), "{run}");
    let run = repo.keysweep(&["range", "HEAD~2..HEAD~1", "--format", "jsonl"]).expect_code(0);
    assert!(notes(&run).contains("'keysweep history'"), "{run}");
    repo.write("other.txt", "text\n");
    repo.commit("another file");
    let run = repo.keysweep(&["range", "HEAD~1..HEAD", "--format", "jsonl"]).expect_code(0);
    assert_eq!(notes(&run), "", "{run}");
}

#[test]
fn git_crypt_files_are_reported_as_encrypted() {
    let repo = Repo::with_a_commit();
    repo.write_bytes("secrets.env", b"\0GITCRYPT\0\x01\x02\x03 and more");
    repo.add();
    let run = repo.keysweep(&["staged", "--format", "jsonl"]).expect_code(0);
    assert!(notes(&run).contains("secrets.env is encrypted with git-crypt"), "{run}");
    repo.commit("encrypted");
    for args in [
        &["range", "HEAD~1..HEAD"][..],
        &["history"],
        &["files", "."],
        &["history", "--cache", "../cache"],
        &["history", "--cache", "../cache"],
    ] {
        let run = repo.keysweep(&[args, &["--format", "jsonl"]].concat()).expect_code(0);
        assert!(notes(&run).contains("encrypted with git-crypt"), "{args:?}: {run}");
    }
}
