//! Folders of objects that borrow from each other, and indexes of packs that are gone.

use std::fs;
use std::path::PathBuf;

use crate::support::{Repo, Secret, must};

/// Names the folder of objects of one repository in another.
fn borrow(from: &Repo, by: &Repo) {
    let line = format!("{}\n", from.git_path("objects").display());
    must(fs::write(by.git_path("objects/info/alternates"), line), "write the alternates");
}

#[test]
fn objects_borrowed_in_a_circle_are_read() {
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
fn an_index_without_a_pack_misses_only_what_lies_nowhere_else() {
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
