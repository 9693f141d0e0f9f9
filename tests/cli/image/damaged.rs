//! Tests of damaged and hostile archives: none of them is clean, none makes the program fail, and each is done soon and
//! with little memory.

use serde_json::json;
use tar::{EntryType, Header};

use super::sample::Entry::{self, File, HardLink};
use super::sample::{Packed, Sample, archive, digest, gzip, layer, xz, zstd};
use super::{Files, at, env, piped, places};
use crate::support::{Repo, must};

/// Returns the header of a member, with nothing after it.
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

/// Returns a gzip stream with `head` and many repetitions of the same bytes, with a gzip member for each.
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

/// Returns an image with one more blob.
fn with(blob: Vec<u8>) -> Vec<u8> {
    changed(|files| files.push((format!("blobs/{}", digest(&blob).replace(':', "/")), blob)))
}

#[test]
fn an_undamaged_image_is_clean() {
    assert_eq!(piped(archive(&clean())).expect_code(0).verdict(), "clean");
    // Umoci ends a layer with the last byte of the last file.
    let mut sample = Sample::new(&[&[File("a", "nothing".to_owned())]]);
    sample.layers[0].truncate(512 + "nothing".len());
    assert_eq!(piped(archive(&sample.docker())).expect_code(0).verdict(), "clean");
    let root = layer(&[File("a", "nothing".to_owned()), File("b", "nothing".to_owned())]);
    assert_eq!(piped(root.clone()).expect_code(0).verdict(), "clean");
    // If an archive was cut there, what followed is unknown.
    piped(root[..600].to_vec()).expect_code(2).expect_mention("ends too early");
    sample.layers[0].pop();
    piped(archive(&sample.docker())).expect_code(2).expect_mention("ends too early");
}

/// Returns images whose layers are not what the manifest names.
fn layers() -> Vec<(&'static str, Vec<u8>)> {
    let at = clean().iter().position(|(_, bytes)| bytes.starts_with(&[0x1f, 0x8b])).unwrap_or_default();
    let blob = |bytes: Vec<u8>| changed(|files| files[at].1 = bytes);
    vec![
        ("a layer is missing", changed(|files| drop(files.remove(at)))),
        ("a layer is cut", changed(|files| files[at].1.truncate(20))),
        ("a layer is empty", blob(Vec::new())),
        ("a layer is another", blob(gzip(&layer(&[File("c", String::new())])))),
        ("a layer is no archive", blob(b"text".to_vec())),
        ("a layer of an unknown kind is garbage", {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("layer.v1.tar", "layer.v1.x");
            let sample = Sample::new(&[&[File("a", "nothing".to_owned())]]);
            let mut files = sample.packed(&[b"garbage".to_vec()]);
            let of_kind = files.iter().position(|(_, bytes)| bytes.starts_with(br#"{"config"#)).unwrap_or_default();
            let (old, new) = (digest(&files[of_kind].1), text(&files[of_kind].1).into_bytes());
            files[of_kind] = (format!("blobs/{}", digest(&new).replace(':', "/")), new.clone());
            files[1].1 = String::from_utf8_lossy(&files[1].1).replace(&old, &digest(&new)).into_bytes();
            archive(&files)
        }),
        ("a layer is damaged xz", blob(b"\xfd7zXZ\0\0\0\0\0\0\0\0\0".to_vec())),
        ("a layer of xz is cut", {
            let whole = xz(&layer(&[File("a", "nothing".to_owned())]));
            blob(whole[..whole.len() - 20].to_vec())
        }),
        ("bytes follow behind a layer of xz", blob([&xz(&layer(&[]))[..], b"\0\0\0\0tail"].concat())),
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

/// Returns images whose documents don't match their content.
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
        ("a manifest names its layers twice", {
            // Readers differ in which of the two they use.
            let text = r#"{"config":{"digest":"x"},"layers":[],"layers":[]}"#;
            listed(text, "application/vnd.oci.image.manifest.v1+json")
        }),
        ("an index is cut", listed(r#"{"manifests":["#, "application/vnd.oci.image.index.v1+json")),
        ("the configuration is none", {
            let config = json!({"digest": digest(b"[]"), "mediaType": "application/vnd.oci.image.config.v1+json",
                "data": data_encoding::BASE64.encode(b"[]")});
            let text = json!({"config": config, "layers": []}).to_string();
            listed(&text, "application/vnd.oci.image.manifest.v1+json")
        }),
        ("the layers are not those of the configuration", {
            let other = Sample::new(&[&[File("c", String::new())], &[File("b", "nothing".to_owned())]]);
            let mut sample = Sample::new(&[&[File("a", String::new())], &[File("b", "nothing".to_owned())]]);
            sample.layers.swap(0, 1);
            let packed: Vec<Vec<u8>> = other.layers.iter().map(|layer| gzip(layer)).collect();
            archive(&sample.packed(&packed))
        }),
        ("the archive is text", b"no image".to_vec()),
        ("the archive is nothing", Vec::new()),
        ("the archive is damaged xz", b"\xfd7zXZ\0\0\0\0\0\0\0".to_vec()),
    ]
}

/// Returns an image whose index names one more document.
fn listed(text: &str, kind: &str) -> Vec<u8> {
    changed(|files| {
        let mut index: serde_json::Value = serde_json::from_slice(&files[1].1).unwrap_or_default();
        let described = json!({"mediaType": kind, "digest": digest(text.as_bytes()), "size": text.len()});
        if let Some(manifests) = index["manifests"].as_array_mut() {
            manifests.push(described);
        }
        files[1].1 = index.to_string().into_bytes();
        files.push((format!("blobs/{}", digest(text.as_bytes()).replace(':', "/")), text.as_bytes().to_vec()));
    })
}

/// Returns an extended header with these records.
fn pax(records: &[(&str, &str)]) -> Vec<u8> {
    let text: String = records.iter().map(|(key, value)| record(key, value)).collect();
    let mut bytes = header("pax", EntryType::XHeader, text.len() as u64);
    bytes.extend(text.as_bytes());
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

/// Returns a record of an extended header, which begins with its own length.
fn record(key: &str, value: &str) -> String {
    let rest = format!(" {key}={value}\n");
    let length =
        (1..8).map(|digits| rest.len() + digits).find(|length| length.to_string().len() + rest.len() == *length);
    format!("{}{rest}", length.unwrap_or_default())
}

/// Returns a zstd frame that repeats the last byte of a text very often: four bytes of it stand for 128 KiB each.
fn repeated_zstd(head: &[u8], blocks: usize) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58];
    frame.extend(&(head.len() << 3).to_le_bytes()[..3]);
    frame.extend(head);
    for at in 1..=blocks {
        let size: usize = (128 << 10) << 3 | 1 << 1 | usize::from(at == blocks);
        frame.extend(&size.to_le_bytes()[..3]);
        frame.push(0);
    }
    frame
}

/// Returns a layout with indexes nested to this depth, with this many entries each.
fn nested(depth: usize, entries: usize) -> Vec<u8> {
    changed(|files| {
        let index: serde_json::Value = serde_json::from_slice(&files[1].1).unwrap_or_default();
        let mut described = index["manifests"][0].clone();
        for _ in 0..depth {
            let text = json!({"manifests": vec![described; entries]}).to_string().into_bytes();
            described = json!({"digest": digest(&text), "size": text.len()});
            files.push((format!("blobs/{}", digest(&text).replace(':', "/")), text));
        }
        files[1].1 = json!({"manifests": vec![described; entries]}).to_string().into_bytes();
    })
}

/// Returns an image with thousands of manifests that share a configuration with one very long step.
fn shared_step() -> Vec<u8> {
    let sample = Sample::new(&[&[File("a", String::new())]])
        .with_config(|config| config["history"] = json!([{"created_by": "x".repeat(1 << 20)}]));
    let mut files = sample.oci(Packed::Gzip);
    let manifest = files.pop().map(|(_, bytes)| bytes).unwrap_or_default();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap_or_default();
    let mut listed = Vec::new();
    for number in 0..5000 {
        let mut own = manifest.clone();
        own["annotations"] = json!({"n": number});
        let text = own.to_string().into_bytes();
        listed.push(json!({"digest": digest(&text), "size": text.len()}));
        files.push((format!("blobs/{}", digest(&text).replace(':', "/")), text));
    }
    files[1].1 = json!({ "manifests": listed }).to_string().into_bytes();
    archive(&files)
}

/// Returns an image with a secret under many names, and many layers above it that each add more names.
fn many_names() -> Vec<u8> {
    let links: Vec<String> = (0..200).map(|n| format!("link-{n}")).collect();
    let secret = [File("a.env", env(6))];
    let more: Vec<Entry<'_>> = links.iter().map(|name| HardLink(name, "a.env")).collect();
    let mut layers: Vec<&[Entry<'_>]> = vec![&secret];
    layers.extend(vec![&more[..]; 400]);
    let last = [File(".wh..wh..opq", String::new())];
    layers.push(&last);
    archive(&Sample::new(&layers).oci(Packed::Gzip))
}

/// Returns an archive in which a secret file follows a member that is none but claims a size.
fn after_a_size(kind: EntryType) -> Vec<u8> {
    let text = env(9);
    let mut bytes = [header("x", kind, 1024), header("etc/app.env", EntryType::Regular, text.len() as u64)].concat();
    bytes.extend(text.as_bytes());
    bytes.resize(bytes.len().next_multiple_of(512) + 1024, 0);
    bytes
}

#[test]
fn a_size_without_content_hides_no_file() {
    for kind in [EntryType::Link, EntryType::Symlink, EntryType::Directory, EntryType::Fifo, EntryType::Char] {
        let bytes = after_a_size(kind);
        assert_eq!(places(&piped(bytes.clone()).expect_code(1)), [at("etc/app.env", 0, "")], "{kind:?}");
        // What is neither content of a file nor a header is a gap.
        let first = header("first", EntryType::Regular, 0);
        let filled = [&first, &bytes[..512], &[b'x'; 1024], &bytes[512..]].concat();
        piped(filled).expect_code(2).expect_mention("not all programs read alike");
    }
    let text = env(9);
    let mut folder = [header("x/", EntryType::Regular, text.len() as u64), text.into_bytes()].concat();
    folder.resize(2048, 0);
    assert_eq!(places(&piped(folder).expect_code(1)), [at("x", 0, "")]);
}

#[test]
fn an_entry_that_removes_a_file_may_have_content() {
    let sample = Sample::new(&[&[File("a/.wh.b", env(10))]]);
    assert_eq!(places(&piped(archive(&sample.oci(Packed::Gzip))).expect_code(1)).len(), 1);
}

#[test]
fn a_stream_without_an_end_mark_is_not_clean() {
    let files = Sample::new(&[&[File("a", "nothing".to_owned())]]).docker();
    let layers: Files = files.into_iter().filter(|(name, _)| name.ends_with("layer.tar")).collect();
    let mut bytes = archive(&layers);
    bytes.truncate(bytes.len() - 1024);
    piped(bytes).expect_code(2).expect_mention("ends too early");
}

#[test]
fn endless_zeros_come_to_an_end() {
    let repo = Repo::folder();
    repo.keysweep(&["image", "/dev/zero"]).expect_code(2).expect_mention("is a device");
    repo.write_bytes("image.tar", layer(&[File("a", "nothing".to_owned())]));
    let run = repo.sh("set +e; ulimit -t 120; cat image.tar /dev/zero | keysweep image -");
    run.expect_code(2).expect_mention("of zeros follow");
}

#[test]
fn what_precedes_a_flaw_of_zstd_is_read() {
    let noise: String = (0..60_000_u32).map(|n| format!("{} ", n * n % 9_973)).collect();
    let sample = Sample::new(&[&[File("app.env", env(11)), File("noise", noise)]]);
    let whole = zstd(&sample.layers[0]);
    let cut = [&whole[..whole.len() / 2], &whole[whole.len() / 2 + 1..]].concat();
    let run = piped(archive(&sample.packed(&[cut]))).expect_code(1);
    assert_eq!(run.records_of("finding").len(), 1, "{}", run.out());
    assert!(!run.text().contains("sha256:0000"), "{}", run.text());
}

/// Returns `docker save` archives that don't match their list of images.
fn lists() -> Vec<(&'static str, Vec<u8>)> {
    /// Returns an archive with other bytes in one of its files.
    fn saved_with(at: usize, bytes: Vec<u8>) -> Vec<u8> {
        let mut files = Sample::new(&[&[File("a", String::new())]]).docker();
        files[at].1 = bytes;
        // The name of the configuration is its digest.
        let own = format!("{}.json", &digest(&files[0].1)["sha256:".len()..]);
        let name = std::mem::replace(&mut files[0].0, own.clone());
        files[1].1 = String::from_utf8_lossy(&files[1].1).replace(&name, &own).into_bytes();
        archive(&files)
    }
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
        ("a layer of the list is empty", saved_with(2, Vec::new())),
        ("a layer of the list is no archive", saved_with(2, b"text".to_vec())),
        ("the configuration of the list is empty", saved_with(0, Vec::new())),
        ("the configuration of the list is cut", saved_with(0, br#"{"architecture":"amd64","#.to_vec())),
        ("the configuration of the list names fewer layers", {
            saved_with(0, br#"{"rootfs":{"type":"layers","diff_ids":[]}}"#.to_vec())
        }),
        ("a layer of the list is another", {
            let mut files = Sample::new(&[&[File("a", String::new())]]).docker();
            files[2].1 = layer(&[File("b", String::new())]);
            archive(&files)
        }),
    ]
}

#[test]
fn an_unread_image_is_never_clean() {
    let table = [layers(), documents(), lists()].concat();
    assert!(table.len() >= 25);
    for (name, bytes) in table {
        let run = piped(bytes);
        assert_eq!(run.code, Some(2), "{name}: {}", run.text());
    }
}

/// Scans an image within a gigabyte of address space and two minutes of processor time, which is enough even for an
/// unoptimised build.
fn bounded(bytes: &[u8]) -> (Option<i32>, String) {
    let repo = Repo::folder();
    repo.write_bytes("image.tar", bytes);
    let run = repo.sh("ulimit -v 1000000; ulimit -t 120; exec keysweep image image.tar --format jsonl");
    (run.code, run.text())
}

fn pax_of(key: &str, value: &str) -> Vec<u8> {
    pax(&[(key, value)])
}

/// Returns a file with one block of text.
fn file() -> Vec<u8> {
    [header("file", EntryType::Regular, 512), vec![b'x'; 512]].concat()
}

/// Returns a header with these bytes as its size.
fn header_with_size(size: &[u8; 12]) -> Vec<u8> {
    let mut bytes = header("file", EntryType::Regular, 0);
    bytes[124..136].copy_from_slice(size);
    bytes[148..156].fill(b' ');
    let sum: u32 = bytes.iter().map(|byte| u32::from(*byte)).sum();
    bytes[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    bytes
}

/// Returns archives with misleading sizes, and the expected exit codes.
fn sizes() -> Vec<(&'static str, Vec<u8>, i32)> {
    let zeros = vec![0; 1 << 20];
    let longname = header("long", EntryType::GNULongName, 4 << 30);
    let pax = header("pax", EntryType::XHeader, 4 << 30);
    let links: Vec<u8> = ["a", "b", "a"]
        .windows(2)
        .flat_map(|pair| {
            let mut header = Header::new_gnu();
            must(header.set_path(pair[0]), "name a member");
            header.set_entry_type(EntryType::Link);
            must(header.set_link_name(pair[1]), "name a target");
            header.set_size(0);
            header.set_cksum();
            header.as_bytes().to_vec()
        })
        .collect();
    let text = env(6);
    let secret = [header("x", EntryType::Regular, text.len() as u64), text.into_bytes()].concat();
    vec![
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
    ]
}

/// Returns images with documents and paths that expand to far more than their size, and the expected exit codes.
fn shapes() -> Vec<(&'static str, Vec<u8>, i32)> {
    vec![
        ("gigabytes of zstd", with(repeated_zstd(&header("zeros", EntryType::Regular, 10 << 30), 80_000)), 2),
        ("a window of gigabytes", with([&[0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8][..], &[1, 0, 0]].concat()), 2),
        ("an extended size beyond all", with([pax_of("size", "18446744073709551615"), file()].concat()), 2),
        ("an extended size that is none", with([pax_of("size", "-1"), file(), vec![0; 1024]].concat()), 0),
        ("a size below nought", with(header_with_size(&[0xff; 12])), 2),
        (
            "a path of half a million folders",
            with([pax_of("path", &"a/".repeat(400_000)), file(), vec![0; 1024]].concat()),
            2,
        ),
        ("a thousand indexes in each other", nested(1000, 1), 2),
        ("indexes that lead everywhere four times", nested(4, 4000), 2),
        ("a long step of thousands of images", shared_step(), 0),
        ("a secret of many names", many_names(), 1),
        (
            "more layers than any program runs",
            {
                let empty: &[Entry<'_>] = &[];
                archive(&Sample::new(&vec![empty; 1500]).oci(Packed::Plain))
            },
            2,
        ),
        (
            "a document of empty lists",
            with(format!("{{\"manifests\":[],\"x\":[{}1]}}", "\"a\",".repeat(900_000)).into_bytes()),
            0,
        ),
        ("a document that is too deep", with(format!("{{\"a\":{}", "[".repeat(100_000)).into_bytes()), 0),
    ]
}

#[test]
fn hostile_archives_end_quickly_with_little_memory() {
    for (name, bytes, code) in sizes().into_iter().chain(shapes()) {
        let (found, text) = bounded(&bytes);
        assert_eq!(found, Some(code), "{name}: {text}");
    }
}

#[test]
fn path_traversal_names_touch_nothing() {
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
