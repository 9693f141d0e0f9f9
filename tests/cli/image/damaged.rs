//! Damaged and hostile archives: none of them is clean, none makes the program fail, and each ends soon and in little memory.

use serde_json::json;
use tar::{EntryType, Header};

use super::sample::Entry::File;
use super::sample::{Packed, Sample, archive, digest, gzip, layer, zstd};
use super::{Files, at, env, piped, places};
use crate::support::Repo;

/// A header of a member, with nothing behind it.
fn header(name: &str, kind: EntryType, size: u64) -> Vec<u8> {
    let mut header = Header::new_gnu();
    if let Some(header) = header.as_gnu_mut() {
        header.name[..name.len()].copy_from_slice(name.as_bytes());
    }
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    header.as_bytes().to_vec()
}

/// So many times the same bytes, in a stream of gzip with a member for each.
fn packed(head: &[u8], repeated: &[u8], times: usize) -> Vec<u8> {
    [gzip(head), gzip(repeated).repeat(times)].concat()
}

fn clean() -> Files {
    Sample::new(&[&[File("a", "nothing".to_owned())], &[File("b", "nothing".to_owned())]]).oci(Packed::Gzip)
}

fn changed(change: impl FnOnce(&mut Files)) -> Vec<u8> {
    let mut files = clean();
    change(&mut files);
    archive(&files)
}

/// An image that ships a blob besides.
fn with(blob: Vec<u8>) -> Vec<u8> {
    changed(|files| files.push((format!("blobs/{}", digest(&blob).replace(':', "/")), blob)))
}

#[test]
fn what_is_whole_is_clean() {
    assert_eq!(piped(archive(&clean())).expect_code(0).verdict(), "clean");
}

/// Layers that are not what the manifest names.
fn layers() -> Vec<(&'static str, Vec<u8>)> {
    let at = clean().iter().position(|(_, bytes)| bytes.starts_with(&[0x1f, 0x8b])).unwrap_or_default();
    let blob = |bytes: Vec<u8>| changed(|files| files[at].1 = bytes);
    vec![
        ("a layer is missing", changed(|files| drop(files.remove(at)))),
        ("a layer is cut", changed(|files| files[at].1.truncate(20))),
        ("a layer is empty", blob(Vec::new())),
        ("a layer is another", blob(gzip(&layer(&[File("c", String::new())])))),
        ("a layer is no archive", blob(b"text".to_vec())),
        ("a layer is xz", blob(b"\xfd7zXZ\0\0\0\0\0\0\0\0\0".to_vec())),
        ("a layer is bzip2", blob(b"BZh91AY&SY\0\0\0\0".to_vec())),
        ("a layer is a damaged zstd frame", blob(zstd(&layer(&[]))[..12].to_vec())),
        (
            "a layer has a wrong checksum",
            changed(|files| {
                let end = files[at].1.len() - 6;
                files[at].1[end] ^= 1;
            }),
        ),
        ("bytes follow behind a layer", changed(|files| files[at].1.extend(b"\0\0tail"))),
    ]
}

/// Documents that do not say what there is.
fn documents() -> Vec<(&'static str, Vec<u8>)> {
    let whole = archive(&clean());
    let index = |text: &str| changed(|files| files[1].1 = text.as_bytes().to_vec());
    let descriptor = json!({"digest": digest(b"absent"), "size": 1});
    let foreign = format!("sha256:{}", "0".repeat(63));
    vec![
        ("there is no index", changed(|files| drop(files.remove(1)))),
        ("the index is no JSON", index("{")),
        ("the index is a manifest", index(r#"{"config":{"digest":"x"},"layers":[]}"#)),
        ("a digest leads elsewhere", index(r#"{"manifests":[{"digest":"../../etc/passwd"}]}"#)),
        ("a digest is too short", index(&json!({"manifests": [{"digest": foreign}]}).to_string())),
        ("a manifest is missing", index(&json!({ "manifests": [descriptor] }).to_string())),
        (
            "the configuration is missing",
            changed(|files| files.retain(|(_, bytes)| !bytes.starts_with(br#"{"architecture"#))),
        ),
        ("the archive is cut", whole[..whole.len() / 2].to_vec()),
        ("the archive is cut in a header", whole[..700].to_vec()),
        ("the archive is packed and cut", gzip(&whole)[..200].to_vec()),
        ("a header is damaged", {
            let mut bytes = whole.clone();
            bytes[512 + 600] ^= 0x55;
            bytes
        }),
        ("the archive is text", b"no image".to_vec()),
        ("the archive is nothing", Vec::new()),
        ("the archive is xz", b"\xfd7zXZ\0\0\0\0\0\0\0".to_vec()),
    ]
}

/// Archives as docker wrote them that do not fit their list.
fn lists() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("the list of images is no list", {
            let mut files = Sample::new(&[&[File("a", String::new())]]).docker();
            files[1].1 = b"[{}]".to_vec();
            archive(&files)
        }),
        ("a layer of the list is missing", {
            let mut files = Sample::new(&[&[File("a", String::new())]]).docker();
            files.pop();
            archive(&files)
        }),
        ("a layer of the list is another", {
            let mut files = Sample::new(&[&[File("a", String::new())]]).docker();
            files[2].1 = layer(&[File("b", String::new())]);
            archive(&files)
        }),
    ]
}

#[test]
fn what_was_not_read_is_never_clean() {
    let table = [layers(), documents(), lists()].concat();
    assert!(table.len() >= 25);
    for (name, bytes) in table {
        let run = piped(bytes);
        assert_eq!(run.code, Some(2), "{name}: {}", run.text());
    }
}

/// Runs in a gigabyte of address space, and says how long it took.
fn bounded(bytes: &[u8]) -> (Option<i32>, f64, String) {
    let repo = Repo::folder();
    repo.write_bytes("image.tar", bytes);
    let start = std::time::Instant::now();
    let run = repo.sh("ulimit -v 1000000; exec keysweep image image.tar --format jsonl");
    (run.code, start.elapsed().as_secs_f64(), run.text())
}

#[test]
fn hostile_archives_end_soon_in_little_memory() {
    let zeros = vec![0; 1 << 20];
    let longname = header("long", EntryType::GNULongName, 4 << 30);
    let pax = header("pax", EntryType::XHeader, 4 << 30);
    let links: Vec<u8> = ["a", "b", "a"]
        .windows(2)
        .flat_map(|pair| {
            let mut header = Header::new_gnu();
            header.set_path(pair[0]).unwrap();
            header.set_entry_type(EntryType::Link);
            header.set_link_name(pair[1]).unwrap();
            header.set_size(0);
            header.set_cksum();
            header.as_bytes().to_vec()
        })
        .collect();
    let text = env(6);
    let secret = [header("x", EntryType::Regular, text.len() as u64), text.into_bytes()].concat();
    let table: Vec<(&str, Vec<u8>, i32)> = vec![
        (
            "gigabytes of zeros in one file",
            with(packed(&header("zeros", EntryType::Regular, 10 << 30), &zeros, 3 << 10)),
            2,
        ),
        ("ten million headers", with(packed(b"", &header("e", EntryType::Regular, 0).repeat(1000), 10_000)), 2),
        ("a name of gigabytes", [longname, vec![b'x'; 4096]].concat(), 2),
        ("an extended header of gigabytes", with([pax, vec![b'x'; 4096]].concat()), 2),
        ("a size that runs over", with(header("x", EntryType::Regular, u64::MAX >> 1)), 2),
        ("links in a circle around a secret", with([links, [secret, vec![0; 2048]].concat()].concat()), 1),
        (
            "a document of empty lists",
            with(format!("{{\"manifests\":[],\"x\":[{}1]}}", "\"a\",".repeat(900_000)).into_bytes()),
            0,
        ),
        ("a document that is too deep", with(format!("{{\"a\":{}", "[".repeat(100_000)).into_bytes()), 0),
    ];
    for (name, bytes, code) in table {
        let (found, seconds, text) = bounded(&bytes);
        assert_eq!(found, Some(code), "{name}: {text}");
        assert!(seconds < 60.0, "{name} took {seconds} s");
    }
}

#[test]
fn names_that_lead_elsewhere_touch_nothing() {
    let text = env(6);
    let mut bytes = header("../../etc/a.env", EntryType::Regular, text.len() as u64);
    bytes.extend(text.as_bytes());
    bytes.resize(2048, 0);
    assert_eq!(places(&piped(bytes).expect_code(1)), [at("etc/a.env", 0, "")]);
}

#[test]
fn members_of_the_same_name_are_all_read() {
    let sample = Sample::new(&[&[File("a.env", env(7)), File("a.env", env(8))]]);
    let run = piped(archive(&sample.docker())).expect_code(1);
    assert_eq!(run.records_of("finding").len(), 2, "{}", run.out());
}
