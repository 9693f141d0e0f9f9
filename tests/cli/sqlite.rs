//! Tests of `SQLite` databases, made by `SQLite` itself: each token is found whatever page it is on, and a hostile file
//! doesn't take long.

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

use crate::support::{Repo, Run, Secret, must};

/// The number of tokens that are planted.
const COUNT: u32 = 500;

/// A Python script that makes a database of the tokens on standard input: as texts and blobs, short and over many
/// pages, in tables with and without row ids, some of them deleted, and the last fifth only in the write-ahead log.
const MAKE: &str = r#"
import json, os, random, sqlite3, sys
path, encoding, page, keeps = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "log"
tokens = sys.stdin.read().split()
random.seed(7)
base = sqlite3.connect(path)
for line in ("encoding = '%s'" % encoding, "page_size = %d" % page, "secure_delete = off", "auto_vacuum = none"):
    base.execute("PRAGMA " + line)
base.execute("CREATE TABLE ItemTable (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB)")
base.execute("CREATE TABLE part (id INTEGER PRIMARY KEY, session TEXT, data TEXT, size NUMERIC(10, 2))")
base.execute("CREATE TABLE strict (name TEXT PRIMARY KEY, body TEXT) WITHOUT ROWID")
base.execute("CREATE INDEX part_data ON part (session)")
def noise(): return " ".join("word%d" % random.randrange(10 ** 6) for _ in range(random.randrange(0, 1200)))
def put(nth, token):
    text = json.dumps({"text": noise(), "toolResult": json.dumps({"out": "x\nTOKEN=%s\n" % token}), "more": noise()})
    if nth % 4 == 0: base.execute("INSERT INTO ItemTable VALUES (?, ?)", ("bubble:%d" % nth, text.encode()))
    if nth % 4 == 1: base.execute("INSERT INTO part (session, data, size) VALUES (?, ?, 1.5)", ("s", text))
    if nth % 4 == 2: base.execute("INSERT INTO strict VALUES (?, ?)", ("n%d" % nth, text))
    if nth % 4 == 3: base.execute("INSERT INTO ItemTable VALUES (?, ?)", ("auth/%d" % nth, token))
if keeps:
    base.execute("PRAGMA journal_mode = wal")
    base.execute("PRAGMA wal_autocheckpoint = 0")
cut = len(tokens) * 4 // 5
for nth, token in enumerate(tokens[:cut]): put(nth, token)
base.commit()
if keeps: base.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
for nth, token in enumerate(tokens[cut:]): put(cut + nth, token)
base.commit()
# What nobody closes keeps its log.
os._exit(0)
"#;

fn tokens() -> Vec<String> {
    (0..COUNT).map(|nth| Secret::github(20_000 + nth).value).collect()
}

fn make(repo: &Repo, name: &str, encoding: &str, page: &str, log: &str) {
    let run = repo.program("python3").args(&["-c", MAKE, name, encoding, page, log]).input(tokens().join("\n")).run();
    assert_eq!(run.code, Some(0), "{run}");
}

/// Returns the values that a scan reports.
fn values(run: &Run) -> BTreeSet<String> {
    let value = |finding: &serde_json::Value| finding["secret"].as_str().map(str::to_owned);
    run.records_of("finding").iter().filter_map(value).collect()
}

#[test]
fn every_token_is_found_in_every_encoding_and_page_size() {
    let planted: BTreeSet<String> = tokens().into_iter().collect();
    for (encoding, page, log) in [
        ("UTF-8", "4096", "log"),
        ("UTF-8", "512", ""),
        ("UTF-16le", "1024", "log"),
        ("UTF-16be", "65536", "log"),
        ("UTF-16le", "4096", ""),
    ] {
        let repo = Repo::folder();
        make(&repo, "state.vscdb", encoding, page, log);
        assert_eq!(repo.path("state.vscdb-wal").exists(), !log.is_empty());
        let run = repo.keysweep(&["files", ".", "--show-secrets", "--format", "jsonl"]).expect_code(1);
        let found = values(&run);
        let missed: Vec<&String> = planted.difference(&found).collect();
        // A row that was partly overwritten leaves a part of its token in the free space.
        let is_part = |value: &String| planted.iter().any(|token| token.contains(value.as_str()));
        let more: Vec<&String> = found.difference(&planted).filter(|value| !is_part(value)).collect();
        assert!(missed.is_empty(), "{} missed in {encoding}, pages of {page}: {missed:?}", missed.len());
        assert!(more.is_empty(), "{} that are none in {encoding}, pages of {page}: {more:?}", more.len());
    }
}

#[test]
fn a_place_names_the_table_and_the_row() {
    let repo = Repo::folder();
    let secret = Secret::github(1);
    let make = "import sqlite3, sys; base = sqlite3.connect('a.db'); base.execute('CREATE TABLE ItemTable (key TEXT, value BLOB)'); base.executemany('INSERT INTO ItemTable VALUES (?, ?)', [('a', 'b'), ('token', sys.stdin.read())]); base.commit()";
    repo.program("python3").args(&["-c", make]).input(secret.value.as_str()).run().expect_code(0);
    let run = repo.keysweep(&["files", "a.db", "--format", "jsonl"]).expect_code(1);
    assert_eq!(run.only_finding()["occurrences"][0]["path"], "a.db!ItemTable/2");
    run.expect_withheld(&secret.value);
    // The same file in a commit has the same finding.
    let id = run.only_finding()["id"].clone();
    repo.git(&["init", "--quiet"]);
    repo.commit("a database");
    let run = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1);
    assert_eq!(run.only_finding()["id"], id);
    // A deleted row remains in the file until it is vacuumed.
    let delete = "import sqlite3; base = sqlite3.connect('a.db'); base.execute('PRAGMA secure_delete = off'); base.execute('DELETE FROM ItemTable WHERE rowid = 2'); base.commit()";
    repo.program("python3").args(&["-c", delete]).run().expect_code(0);
    let run = repo.keysweep(&["files", "a.db", "--format", "jsonl"]).expect_code(1);
    assert_eq!(run.only_finding()["occurrences"][0]["path"], "a.db!free space");
    let vacuum = "import sqlite3; sqlite3.connect('a.db').execute('VACUUM')";
    repo.program("python3").args(&["-c", vacuum]).run().expect_code(0);
    repo.keysweep(&["files", "a.db"]).expect_code(0);
}

#[test]
fn a_hostile_database_is_abandoned_quickly_as_a_gap() {
    let repo = Repo::folder();
    make(&repo, "whole.db", "UTF-8", "512", "");
    let whole = must(fs::read(repo.path("whole.db")), "read a database");
    let secret = Secret::github(2);
    let behind = format!("\nTOKEN={}\n", secret.value);
    // The file ends in the middle.
    repo.write_bytes("cut.db", &whole[..whole.len() / 2]);
    repo.keysweep(&["files", "cut.db"]).expect_code(1).expect_mention("cut off");
    // Each page refers to itself or to the first, as a tree and as an overflow.
    let mut cyclic = whole.clone();
    for (nth, page) in cyclic.chunks_exact_mut(512).enumerate().skip(1) {
        let number = u32::try_from(nth).unwrap_or_default() + u32::from(nth % 2 == 0);
        page[..4].copy_from_slice(&number.to_be_bytes());
    }
    // A huge number of cells start at the same byte, with excessive lengths.
    let mut heavy = whole[..512 * 8].to_vec();
    for page in heavy.chunks_exact_mut(512).skip(1) {
        page[..8].copy_from_slice(&[0x0d, 0, 0, 0xff, 0xff, 0, 0, 0]);
        for start in page[8..].chunks_exact_mut(2) {
            start.copy_from_slice(&[0, 9]);
        }
    }
    for (name, mut bytes) in [("cyclic.db", cyclic), ("heavy.db", heavy)] {
        bytes.extend_from_slice(behind.as_bytes());
        repo.write_bytes(name, &bytes);
        let start = Instant::now();
        let run = repo.keysweep(&["files", name, "--show-secrets", "--format", "jsonl"]).expect_code(1);
        assert!(start.elapsed() < Duration::from_secs(20), "{name} took {:?}", start.elapsed());
        assert!(values(&run).contains(&secret.value), "{name} hides what stands behind it");
    }
    repo.write_bytes("text.db", format!("SQLite format 3\0 and a text{behind}"));
    repo.keysweep(&["files", "text.db"]).expect_code(1);
}

/// An index that claims the pages of a table is reported as a gap: it would hide the rows, since the content of an
/// index is left out as a repetition.
#[test]
fn a_page_that_two_trees_claim_is_a_gap() {
    let repo = Repo::folder();
    let make = "
import sqlite3, sys
base = sqlite3.connect('claimed.db')
base.execute('CREATE TABLE t (v TEXT)')
base.execute('CREATE INDEX i ON t (v)')
base.execute('INSERT INTO t VALUES (?)', (sys.stdin.read(),))
base.commit()
base.execute('DROP INDEX i')
base.execute('VACUUM')
base.execute('PRAGMA writable_schema = on')
base.execute('UPDATE sqlite_schema SET rowid = 9')
base.execute(\"INSERT INTO sqlite_schema (rowid, type, name, tbl_name, rootpage, sql) SELECT 1, 'index', 'i', 't', rootpage, 'CREATE INDEX i ON t (v)' FROM sqlite_schema\")
base.commit()
";
    repo.program("python3")
        .args(&["-c", make])
        .input(format!("TOKEN={}", Secret::github(3).value))
        .run()
        .expect_code(0);
    let run = repo.keysweep(&["files", "claimed.db", "--format", "jsonl"]);
    run.expect_code(2).expect_mention("damaged");
}
