//! Tests of object folders that borrow from each other, and of pack indexes that are missing.

use std::fs;
use std::path::PathBuf;

use crate::support::{Repo, Secret, must};

/// Makes one repository borrow from the object folder of another.
fn borrow(from: &Repo, by: &Repo) {
    let line = format!("{}\n", from.git_path("objects").display());
    must(fs::write(by.git_path("objects/info/alternates"), line), "write the alternates");
}

#[test]
fn circular_alternates_are_read() {
    let [one, other] = [1, 2].map(|seed| {
        let repo = Repo::with_a_commit();
        repo.write("a.env", Secret::github(seed).line());
        repo.commit("leak");
        repo
    });
    borrow(&one, &other);
    borrow(&other, &one);
    one.git(&["log"]);
    let sweep = one.keysweep(&["history", "--format", "jsonl"]).expect_code(1);
    assert_eq!(sweep.records_of("finding").len(), 2, "{sweep}");
    assert_eq!(sweep.records_of("gap"), Vec::<serde_json::Value>::new(), "{sweep}");
    one.keysweep(&["staged"]).expect_code(0);
    one.keysweep(&["range", "HEAD~1..HEAD"]).expect_code(1);
    let alone = Repo::with_a_commit();
    borrow(&alone, &alone);
    alone.keysweep(&["history"]).expect_code(0);
}

#[test]
fn an_index_without_a_pack_only_loses_objects_stored_nowhere_else() {
    let repo = Repo::with_a_commit();
    repo.git(&["repack", "--quiet", "-a", "-d"]);
    let entries = must(fs::read_dir(repo.path(".git/objects/pack")), "list the packs");
    let paths: Vec<PathBuf> = entries.map(|entry| must(entry, "list a pack").path()).collect();
    let pack = must(
        paths.iter().find(|path| path.extension().is_some_and(|end| end == "pack")).ok_or("none"),
        "find the pack",
    );
    let bytes = must(fs::read(pack), "read the pack");
    must(fs::remove_file(pack), "remove the pack");
    repo.keysweep(&["history"]).expect_code(2).expect_mention(".idx");
    repo.git_tool(&["unpack-objects", "-q"]).input(bytes).run().expect_code(0);
    repo.git(&["fsck"]);
    repo.keysweep(&["history"]).expect_code(0);
}

#[test]
fn alternates_lines_without_a_folder_only_add_a_gap() {
    let repo = Repo::with_a_commit();
    let secret = Secret::github(3);
    repo.write("a.env", secret.line());
    repo.commit("leak");
    let lender = repo.at("../lender");
    lender.sh("git clone --quiet --bare ../work .").expect_code(0);
    let list = repo.path(".git/objects/info/alternates");
    for garbage in [&b"a\0b\x1b[2J\n"[..], b"/etc/hostname/objects\n", b"/etc/passwd\n", &[b'x'; 5000]] {
        let lines = [b"../../../lender/objects\n", garbage].concat();
        must(fs::write(&list, &lines), "write the alternates");
        repo.git(&["log", "-p"]);
        for command in [&["history"][..], &["range", "HEAD~1..HEAD"]] {
            let sweep = repo.tool(&[command, &["--format", "jsonl"]].concat()).run().expect_code(1);
            assert_eq!(sweep.records_of("finding").len(), 1, "{sweep}");
            let gaps = sweep.records_of("gap");
            assert_eq!(gaps.len(), usize::from(command == ["history"]), "{sweep}");
            assert!(gaps.iter().all(|gap| gap["what"].to_string().contains("info/alternates")), "{sweep}");
            assert!(sweep.out().len() < 20_000, "{sweep}");
        }
        repo.keysweep(&["staged"]).expect_code(0);
    }
}

#[test]
fn an_alternates_path_is_relative_to_the_listing_folder() {
    let base = Repo::folder();
    let [last, between, first] = ["deep/last", "between", "first"].map(|name| {
        let repo = base.at(name);
        repo.git(&["init", "--quiet", "--template="]);
        repo
    });
    last.write("a.env", Secret::github(4).line());
    last.commit("leak");
    between.write_bytes(".git/objects/info/alternates", "../../../deep/last/.git/objects\n");
    between.git(&["fetch", "--quiet", "../deep/last", "main:lent"]);
    must(fs::create_dir_all(first.path("far/away")), "make a folder");
    let far = first.at("far/away");
    far.git(&["init", "--quiet", "--template="]);
    far.write_bytes(".git/objects/info/alternates", "../../../../../between/.git/objects\n");
    far.git(&["fetch", "--quiet", "../../../between", "lent:lent"]);
    far.git(&["log", "-p", "lent"]);
    let sweep = far.keysweep(&["history", "--format", "jsonl"]).expect_code(1);
    assert_eq!(sweep.records_of("gap"), Vec::<serde_json::Value>::new(), "{sweep}");
}

/// Returns the only file in the folder of packs whose name ends with `end`.
fn of_packs(repo: &Repo, end: &str) -> PathBuf {
    let entries = must(fs::read_dir(repo.path(".git/objects/pack")), "list the packs");
    let mut paths = entries.map(|entry| must(entry, "list a pack").path());
    must(paths.find(|path| path.extension().is_some_and(|extension| extension == end)).ok_or("none"), "find it")
}

#[test]
fn a_multi_pack_index_replaces_a_damaged_pack_index() {
    for damage in ["spliced", "removed", "another"] {
        let repo = Repo::with_a_commit();
        repo.write("a.env", Secret::github(5).line());
        repo.commit("leak");
        repo.git(&["repack", "--quiet", "-a", "-d"]);
        repo.git(&["multi-pack-index", "write"]);
        let index = of_packs(&repo, "idx");
        let mut bytes = must(fs::read(&index), "read the index");
        must(fs::remove_file(&index), "remove the index");
        match damage {
            "spliced" => drop(bytes.splice(1100..1100, [1, 2, 3, 4])),
            "another" => {
                let other = Repo::with_a_commit();
                other.git(&["repack", "--quiet", "-a", "-d"]);
                bytes = must(fs::read(of_packs(&other, "idx")), "read another index");
            }
            _ => {}
        }
        if damage != "removed" {
            must(fs::write(&index, bytes), "write the index");
        }
        // Git fails if the index is missing or belongs to another pack.
        if damage == "spliced" {
            repo.git(&["log", "-p"]);
        }
        let sweep = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1);
        assert_eq!(sweep.records_of("finding").len(), 1, "{damage}: {sweep}");
        let gaps = sweep.records_of("gap");
        assert!(matches!(&gaps[..], [gap] if gap["why"].to_string().contains("multi-pack-index")), "{damage}: {sweep}");
    }
}
