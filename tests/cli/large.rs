//! Tests of files of any size: each token is found once and at its place, wherever the chunks end in which a large file
//! is read.

use std::collections::BTreeMap;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use lzma_rust2::{XzOptions, XzWriter};

use crate::support::{Repo, Run, Secret, must};

/// The size of a text that is read in several chunks.
const SIZE: usize = 33 << 20;
/// The approximate distance between two tokens in bytes: less than the overlap of two chunks.
const STEP: usize = 27_011;

/// Returns a log with tokens, and the line and column of each token.
fn log(end: &str) -> (String, BTreeMap<String, (u64, u64)>) {
    let (mut text, mut places) = (String::with_capacity(SIZE + STEP), BTreeMap::new());
    let (mut line, mut start) = (1, 0);
    for nth in 0.. {
        let token = Secret::github(300_000 + nth).value;
        text.push_str("{\"level\":\"info\",\"token\":\"");
        places.insert(token.clone(), (line, (text.len() - start) as u64 + 1));
        text.push_str(&format!("{token}\"}}{end}"));
        line += u64::from(end.contains('\n') || end.contains('\r'));
        start = if line == 1 { 0 } else { text.len() };
        while text.len() < STEP * (nth as usize + 1) {
            text.push_str(&format!("{{\"level\":\"info\",\"request\":\"GET /items/{}\"}}{end}", text.len()));
            line += u64::from(end.contains('\n') || end.contains('\r'));
            start = if line == 1 { 0 } else { text.len() };
        }
        if text.len() >= SIZE {
            return (text, places);
        }
    }
    unreachable!("the text grows")
}

fn found(run: &Run) -> BTreeMap<String, (u64, u64)> {
    let mut found = BTreeMap::new();
    for one in run.records_of("finding") {
        let places = one["occurrences"].as_array().cloned().unwrap_or_default();
        assert_eq!(places.len(), 1, "a token is reported more than once: {places:?}");
        let at = |key: &str| places[0][key].as_u64().unwrap_or_default();
        found.insert(one["secret"].as_str().unwrap_or_default().to_owned(), (at("line"), at("column")));
    }
    found
}

#[test]
fn each_token_of_a_large_log_is_found_once_where_it_is() {
    for end in ["\n", " ", "\r"] {
        let repo = Repo::folder();
        let (text, places) = log(end);
        repo.write("app.log", &text);
        let run = repo.keysweep(&["files", "app.log", "--show-secrets", "--format", "jsonl"]).expect_code(1);
        assert!(found(&run) == places, "the tokens of lines that end in {end:?} are others than were planted");
    }
}

#[test]
fn a_rotated_compressed_log_is_read_up_to_its_end() {
    let repo = Repo::folder();
    let (text, places) = log("\n");
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    must(packed.write_all(text.as_bytes()), "compress");
    let gzip = must(packed.finish(), "compress");
    let mut packed = must(XzWriter::new(Vec::new(), XzOptions::with_preset(0)), "make a stream");
    must(packed.write_all(text.as_bytes()), "compress");
    let xz = must(packed.finish(), "compress");
    for (name, whole) in [("app.log.1.gz", gzip), ("app.log.1.xz", xz)] {
        repo.write_bytes(name, &whole);
        let run = repo.keysweep(&["files", name, "--show-secrets", "--format", "jsonl"]).expect_code(1);
        assert!(found(&run) == places, "{name}");
        // The missing part of a truncated file is a gap, and tokens before it are found.
        let cut = format!("cut.{name}");
        repo.write_bytes(&cut, &whole[..whole.len() * 3 / 4]);
        let run = repo.keysweep(&["files", &cut, "--show-secrets", "--format", "jsonl"]).expect_code(1);
        assert!(found(&run).len() > places.len() / 2, "{name}");
        assert_eq!(run.records_of("gap").len(), 1, "{name}: {run}");
    }
}

#[test]
fn content_beyond_a_low_limit_is_a_gap() {
    let repo = Repo::folder();
    repo.write("app.log", "x".repeat(33 << 20));
    repo.keysweep(&["files", "app.log"]).expect_code(0);
    repo.write(".keysweep.toml", "[limits]\nmax_file_size = 1000000\n");
    repo.keysweep(&["files", "app.log"]).expect_code(2).expect_mention("max_file_size");
}

#[test]
fn what_is_before_a_break_is_found_wherever_that_is() {
    let repo = Repo::folder();
    let (text, places) = log("\n");
    let mut packed = GzEncoder::new(Vec::new(), Compression::none());
    must(packed.write_all(text.as_bytes()), "compress");
    let whole = must(packed.finish(), "compress");
    // Stored bytes stay at their positions, so that a break comes after a known part of the text, and can be in any
    // piece.
    for part in [1, 4, 9] {
        let end = whole.len() / 10 * part;
        repo.write_bytes("app.log.gz", &whole[..end]);
        let run = repo.keysweep(&["files", "app.log.gz", "--show-secrets", "--format", "jsonl"]).expect_code(1);
        let found = found(&run);
        // A decoder may hold some bytes back.
        let before = text[..end - (128 << 10)].matches('\n').count() as u64;
        let missed = places.iter().filter(|(token, (line, _))| *line < before && !found.contains_key(*token)).count();
        assert_eq!(missed, 0, "tokens before {end} are missed");
        assert_eq!(run.records_of("gap").len(), 1, "{part}: {run}");
    }
}

#[test]
fn what_is_packed_in_a_line_is_whole_in_a_piece() {
    let repo = Repo::folder();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    must(packed.write_all(&b"a text that is packed ".repeat(40)), "compress");
    let line = format!("payload={}\n", data_encoding::BASE64.encode(&must(packed.finish(), "compress")));
    let filler = format!("{{\"request\":\"{}\"}}\n", "x y ".repeat(100)).repeat(80);
    let mut text = (filler + &line).repeat(SIZE / 32_000);
    repo.write("app.log", &text);
    let run = repo.keysweep(&["files", "app.log", "--format", "jsonl"]).expect_code(0);
    assert!(!run.out().contains("base64"), "{run}");
    // Packed content that really is cut off is reported, and only once.
    text.push_str(&line[..line.len() / 2]);
    repo.write("app.log", &text);
    let run = repo.keysweep(&["files", "app.log", "--format", "jsonl", "--strict"]).expect_code(2);
    assert_eq!(run.records_of("gap").len(), 1, "{run}");
}

#[test]
fn a_stream_of_any_size_is_read_to_its_end() {
    let repo = Repo::folder();
    // A text that is larger than the limit for single files shows that the limit isn't one for streams.
    repo.write(".keysweep.toml", format!("[limits]\nmax_file_size = {}\n", 32 << 20));
    let (text, places) = log("\n");
    let mut packed = GzEncoder::new(Vec::new(), Compression::none());
    must(packed.write_all(text.as_bytes()), "compress");
    let whole = must(packed.finish(), "compress");
    for bytes in [text.as_bytes(), &whole] {
        repo.write_bytes("input", bytes);
        for command in ["cat input | keysweep files -", "keysweep files <(cat input)", "keysweep files - <input"] {
            let line = format!("{command} --show-secrets --format jsonl");
            let run = repo.program("bash").args(&["-c", &line]).run().expect_code(1);
            assert!(found(&run) == places, "{command}");
        }
    }
    let cut = repo.sh("head -c 30000000 input | keysweep files - --show-secrets --format jsonl").expect_code(1);
    assert!(found(&cut).len() > places.len() / 2, "the tokens before the break are missed");
    assert_eq!(cut.records_of("gap").len(), 1, "{cut}");
}

#[test]
fn an_archive_in_a_stream_is_opened_up_to_the_limit() {
    let repo = Repo::folder();
    let (text, _) = log("\n");
    repo.write_bytes("app.log", &text.as_bytes()[..STEP]);
    repo.write("filler", "x".repeat(33 << 20));
    repo.sh("tar cf input app.log filler && tar czf small app.log filler").expect_code(0);
    for archive in ["input", "small"] {
        let run = repo.sh(&format!("cat {archive} | keysweep files - --format jsonl")).expect_code(1);
        assert!(run.out().contains("<stdin>!app.log") || run.out().contains("app.log"), "{run}");
    }
    repo.write(".keysweep.toml", format!("[limits]\nmax_file_size = {}\n", 32 << 20));
    repo.sh("cat input | keysweep files -").expect_code(2).expect_mention("write it to a file");
}
