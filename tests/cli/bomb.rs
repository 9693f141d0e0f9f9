//! Tests of repositories of a few objects that stand for more than anybody could list, and of objects that aren't what
//! they claim to be.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::{Repo, Run, Secret, must};

/// The limits for a scan: seconds of time and kilobytes of address space. Both are many times what the scans here need,
/// and far below what a machine has.
const LIMITS: (u32, u32) = (20, 3_000_000);

/// Runs keysweep with limits on its time and memory.
fn bounded(repo: &Repo, args: &str) -> Run {
    let (seconds, memory) = LIMITS;
    repo.sh(&format!("ulimit -v {memory}; exec timeout {seconds} keysweep {args} --format jsonl"))
}

/// Returns the object id that a shell command prints.
fn id(repo: &Repo, line: &str) -> String {
    repo.sh(line).expect_code(0).out().trim().to_owned()
}

/// Makes a commit on HEAD whose tree has ten folders in each of ten folders, nine levels deep, and a single blob at the
/// end of ten billion paths; returns its id.
fn bomb(repo: &Repo, text: &str) -> String {
    repo.write("../content", text);
    let line = "t=$(git hash-object -w ../content); kind='100644 blob'; \
        for level in 0 1 2 3 4 5 6 7 8 9; do \
        t=$(for i in 0 1 2 3 4 5 6 7 8 9; do printf '%s %s\\tn%d\\n' \"$kind\" $t $i; done | git mktree); kind='040000 tree'; \
        done; git commit-tree -m bomb -p HEAD $t";
    id(repo, line)
}

#[test]
fn a_commit_of_ten_billion_paths_is_listed_up_to_a_limit() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(1));
    let harmless = bomb(&repo, "nothing\n");
    let run =
        bounded(&repo, &format!("range HEAD..{harmless}")).expect_code(2).expect_mention("each content was scanned");
    assert_eq!(run.verdict(), "unknown", "{run}");
    let evil = bomb(&repo, &secret.line());
    let run = bounded(&repo, &format!("range HEAD..{evil}")).expect_code(1).expect_mention("more than");
    run.only_finding();
    let lines = format!("refs/heads/a {evil} refs/heads/a {}\n", "0".repeat(40));
    let run = repo.tool(&["hook", "run", "pre-push", "origin", "nowhere"]).input(lines).run();
    run.expect_code(1).expect_withheld(&secret.value);
}

#[test]
fn a_sweep_names_some_of_ten_billion_places() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(2));
    let evil = bomb(&repo, &secret.line());
    repo.git(&["update-ref", "refs/heads/evil", &evil]);
    bounded(&repo, "history").expect_code(1).expect_mention("more than").only_finding();
    // Compared with an index that has none of these files, all of HEAD is deleted.
    repo.git(&["symbolic-ref", "HEAD", "refs/heads/evil"]);
    bounded(&repo, "history").expect_code(1).only_finding();
    bounded(&repo, "staged").expect_code(2);
    let run = repo.tool(&["verify", "--stdin"]).input(secret.value.as_str()).run();
    run.expect_code(1).expect_mention("more than").expect_withheld(&secret.value);
    bounded(&repo, "purge-plan").expect_code(2).expect_withheld(&secret.value);
}

#[test]
fn content_under_many_names_is_scanned_once() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(3));
    let content = id(&repo, "printf nothing | git hash-object -w --stdin");
    let entries: String = (0..200_000).map(|n| format!("100644 blob {content}\tn{n}\n")).collect();
    let tree = repo.git_tool(&["mktree"]).input(entries).run().expect_code(0).out().trim().to_owned();
    let commit = id(&repo, &format!("git commit-tree -m many -p HEAD {tree}"));
    bounded(&repo, &format!("range HEAD..{commit}")).expect_code(0);
    // If a secret is in such a blob, its places are listed up to a limit.
    repo.write("evil", secret.line());
    let content = id(&repo, "git hash-object -w evil");
    let entries: String = (0..20_000).map(|n| format!("100644 blob {content}\tn{n}\n")).collect();
    let tree = repo.git_tool(&["mktree"]).input(entries).run().expect_code(0).out().trim().to_owned();
    let commit = id(&repo, &format!("git commit-tree -m many -p HEAD {tree}"));
    let run = bounded(&repo, &format!("range HEAD..{commit}")).expect_code(1).expect_mention("more than 10000 places");
    assert_eq!(run.only_finding()["occurrences"].as_array().map(Vec::len), Some(10_001), "{}", run.verdict());
}

#[test]
fn folders_nested_deeper_than_git_allows_are_a_gap() {
    let repo = Repo::with_a_commit();
    let path = "d/".repeat(5_000);
    let stream = format!(
        "commit refs/heads/deep\ncommitter A <a@example.com> 1700000000 +0000\ndata 4\ndeep\nM 100644 inline {path}f\ndata 2\nx\n"
    );
    let run =
        repo.git_tool(&["-c", "core.maxTreeDepth=100000", "fast-import", "--quiet", "--force"]).input(stream).run();
    run.expect_code(0);
    bounded(&repo, "range HEAD..deep").expect_code(2).expect_mention("nested more than 4096 deep");
    repo.git(&["symbolic-ref", "HEAD", "refs/heads/deep"]);
    repo.sh("rm -f .git/index").expect_code(0);
    bounded(&repo, "staged").expect_code(2).expect_mention("nested more than 4096 deep");
    bounded(&repo, "history").expect_code(0);
}

/// Writes a loose object with these bytes under an id.
fn loose(repo: &Repo, id: &str, bytes: &[u8]) {
    let path = repo.git_path("objects").join(&id[..2]).join(&id[2..]);
    must(fs::create_dir_all(path.parent().unwrap_or(Path::new("."))), "make a folder");
    if path.exists() {
        must(fs::remove_file(&path), "remove an object");
    }
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    must(packed.write_all(bytes), "compress");
    must(fs::write(path, must(packed.finish(), "compress")), "write an object");
}

#[test]
fn a_tree_that_claims_three_gigabytes_costs_nothing() {
    let repo = Repo::with_a_commit();
    let tree = "ab".repeat(20);
    loose(&repo, &tree, b"tree 3000000000\x00100644 a\0");
    let entries = format!("040000 tree {tree}\tlarge\n");
    let root = repo.git_tool(&["mktree", "--missing"]).input(entries).run().expect_code(0).out().trim().to_owned();
    let commit = id(&repo, &format!("git commit-tree -m large -p HEAD {root}"));
    bounded(&repo, &format!("range HEAD..{commit}")).expect_code(2).expect_mention("3000000000 bytes");
    repo.git(&["update-ref", "refs/heads/large", &commit]);
    bounded(&repo, "history").expect_code(2).expect_mention("3000000000 bytes");
}

#[test]
fn tree_entries_of_the_same_name_do_not_hide_each_other() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(4));
    repo.write("evil", secret.line());
    let (evil, harmless) = (id(&repo, "git hash-object -w evil"), id(&repo, "git hash-object -w README.md"));
    for pair in [[&evil, &harmless], [&harmless, &evil]] {
        let raw = pair.map(|id| format!("printf '100644 twice\\0'; printf {id} | xxd -r -p")).join("; ");
        let tree = id_of_raw_tree(&repo, &raw);
        let commit = id(&repo, &format!("git commit-tree -m twice -p HEAD {tree}"));
        bounded(&repo, &format!("range HEAD..{commit}")).expect_code(1).only_finding();
    }
}

fn id_of_raw_tree(repo: &Repo, raw: &str) -> String {
    id(repo, &format!("({raw}) | git hash-object -t tree --literally -w --stdin"))
}

#[test]
fn a_loose_object_containing_another_object_is_a_gap() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(5));
    let base = repo.head();
    repo.write("config.env", secret.line());
    repo.write("plain.txt", "nothing\n");
    repo.add();
    let [from, to] = [":plain.txt", ":config.env"].map(|name| repo.loose_object(name));
    let copy = || {
        must(fs::remove_file(&to), "remove an object");
        must(fs::copy(&from, &to), "copy an object");
    };
    copy();
    bounded(&repo, "staged").expect_code(2).expect_mention("contains another object");
    repo.git(&["commit", "--quiet", "-m", "one"]);
    bounded(&repo, &format!("range {base}..HEAD")).expect_code(2).expect_mention("contains another object");
    bounded(&repo, "history").expect_code(2).expect_mention("contains another object");
}

#[test]
fn a_pack_with_more_objects_than_its_index_is_a_gap() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(6));
    repo.write("evil", secret.line());
    let evil = id(&repo, "git hash-object -w evil");
    repo.sh(&format!("(git rev-list --objects HEAD; echo {evil}) | git pack-objects -q .git/objects/pack/pack"))
        .expect_code(0);
    repo.git(&["prune-packed"]);
    repo.remove("evil");
    bounded(&repo, "history").expect_code(1);
    let index = repo.sh("ls .git/objects/pack/*.idx").out().trim().to_owned();
    let listed = repo.sh(&format!("git show-index < {index}")).out();
    let entries: Vec<Vec<&str>> = listed.lines().map(|line| line.split(' ').collect()).collect();
    let pack = must(fs::read(repo.path(index.replace(".idx", ".pack"))), "read a pack");
    let kept: Vec<&Vec<&str>> = entries.iter().filter(|entry| entry[1] != evil).collect();
    must(fs::remove_file(repo.path(&index)), "remove the index");
    repo.write_bytes(&index, index_of(&kept, &pack));
    bounded(&repo, "history").expect_code(2).expect_mention("its pack contains");
}

/// Returns a pack of one tree of three gigabytes, whose header gives the real size or a false one. A part of its
/// entries (`stretch`) is compressed without references to earlier data, so that it can be repeated as it is.
fn pack_of_a_large_tree(repo: &Repo, said: u64) -> Vec<u8> {
    use flate2::{Compress, Compression, FlushCompress};
    const STRETCH: usize = 3 << 20;
    const TIMES: usize = 1_000;
    let entries = b"100644 a name\0twenty bytes of an i".repeat(STRETCH / 34);
    let mut deflate = Compress::new(Compression::best(), false);
    let mut stretch = Vec::with_capacity(1 << 20);
    must(deflate.compress_vec(&entries, &mut stretch, FlushCompress::Full), "compress");
    let mut pack = b"PACK\0\0\0\x02\0\0\0\x01".to_vec();
    // The header of a tree: the type and four bits of the size, then groups of seven bits; all but the last group have
    // the continuation bit.
    let bits = |value: u64| must(u8::try_from(value), "take a few bits");
    let (mut byte, mut left) = (2 << 4 | bits(said & 0x0f), said >> 4);
    while left > 0 {
        pack.push(byte | 0x80);
        (byte, left) = (bits(left & 0x7f), left >> 7);
    }
    pack.push(byte);
    pack.extend(b"\x78\x9c");
    pack.extend(stretch.repeat(TIMES));
    // The last block, and a checksum that no reader gets to.
    pack.extend(b"\x03\0\0\0\0\0");
    repo.write_bytes("../pack", &pack);
    let sum = id(repo, "sha1sum < ../pack | cut -c1-40");
    pack.extend(bytes_of(&sum));
    pack
}

#[test]
fn a_packed_tree_of_three_gigabytes_is_a_gap() {
    for said in [3_145_700_000, 100] {
        let repo = Repo::with_a_commit();
        let tree = "ab".repeat(20);
        let entries = format!("040000 tree {tree}\tlarge\n");
        let root = repo.git_tool(&["mktree", "--missing"]).input(entries).run().expect_code(0).out().trim().to_owned();
        let commit = id(&repo, &format!("git commit-tree -m large -p HEAD {root}"));
        let pack = pack_of_a_large_tree(&repo, said);
        assert!(pack.len() < 20_000_000, "{}", pack.len());
        let sum = crc32fast::hash(&pack[12..pack.len() - 20]);
        repo.write_bytes(
            ".git/objects/pack/pack-large.idx",
            index_of(&[&vec!["12", &tree, &format!("({sum:08x})")]], &pack),
        );
        repo.write_bytes(".git/objects/pack/pack-large.pack", pack);
        repo.git(&["update-ref", "refs/heads/large", &commit]);
        let begun = Instant::now();
        for args in ["history".to_owned(), format!("range HEAD..{commit}"), "staged".to_owned()] {
            if args == "staged" {
                repo.git(&["symbolic-ref", "HEAD", "refs/heads/large"]);
            }
            let line = format!("ulimit -v 1000000; exec timeout 10 keysweep {args} --format jsonl");
            let run = repo.sh(&line).expect_code(2);
            assert_eq!(run.verdict(), "unknown", "{run}");
            run.expect_mention(&tree);
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    }
}

fn bytes_of(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|at| must(u8::from_str_radix(&hex[2 * at..2 * at + 2], 16), "read an id")).collect()
}

/// Returns the index of a pack with these entries: the offset, id and checksum of each. Format: gitformat-pack, version
/// 2.
fn index_of(entries: &[&Vec<&str>], pack: &[u8]) -> Vec<u8> {
    let ids: Vec<Vec<u8>> = entries.iter().map(|entry| bytes_of(entry[1])).collect();
    let mut out = b"\xfftOc\0\0\0\x02".to_vec();
    for first in 0..=255u8 {
        let count = ids.iter().filter(|id| id[0] <= first).count();
        out.extend(u32::try_from(count).unwrap_or_default().to_be_bytes());
    }
    ids.iter().for_each(|id| out.extend(id));
    entries.iter().for_each(|entry| out.extend(bytes_of(entry[2].trim_matches(['(', ')']))));
    entries.iter().for_each(|entry| out.extend(must(entry[0].parse::<u32>(), "read an offset").to_be_bytes()));
    out.extend(&pack[pack.len() - 20..]);
    out.extend([0; 20]);
    out
}
