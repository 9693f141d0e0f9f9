//! Tests of git repositories that were copied into an image: what a commit deleted, what is packed, and what several
//! layers share.

use super::sample::Entry::{self, File, Raw};
use super::sample::{Packed, Sample, archive, layer};
use super::{env, piped};
use crate::support::{Repo, Run, must};

/// Returns a repository whose second commit deletes a secret, so that only its objects have it.
fn with_history(init: &[&str]) -> Repo {
    let repo = Repo::folder();
    repo.git(&[&["init", "-q"][..], init].concat());
    repo.write("src/.env", env(50));
    repo.commit("first");
    repo.remove("src/.env");
    repo.write("src/main.rs", "fn main() {}\n");
    repo.commit("second");
    repo
}

/// Returns the files below `.git`, as they are in an image.
fn git_files(repo: &Repo) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut waiting = vec![(repo.path(".git"), "app/.git".to_owned())];
    while let Some((folder, shown)) = waiting.pop() {
        for entry in must(std::fs::read_dir(&folder), "list a folder") {
            let entry = must(entry, "list a folder");
            let name = format!("{shown}/{}", entry.file_name().to_string_lossy());
            match entry.path().is_dir() {
                true => waiting.push((entry.path(), name)),
                false => files.push((name, must(std::fs::read(entry.path()), "read a file"))),
            }
        }
    }
    files.retain(|(name, _)| !name.ends_with(".sample"));
    files.sort();
    files
}

fn entries(files: &[(String, Vec<u8>)]) -> Vec<Entry<'_>> {
    files.iter().map(|(name, bytes)| Raw(name, bytes.clone())).collect()
}

fn scanned(layers: &[&[Entry<'_>]]) -> Run {
    piped(archive(&Sample::new(layers).oci(Packed::Gzip)))
}

/// Returns each place as layer, path with its kind of member, and visibility.
fn places(run: &Run) -> Vec<(u64, String, String)> {
    let findings = run.records_of("finding");
    let all = findings.iter().flat_map(|one| one["occurrences"].as_array().cloned().unwrap_or_default());
    all.map(|place| {
        let image = &place["image"];
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        // The id of the commit differs from run to run.
        let path = text(&place["path"]);
        let path = path.split_once('!').map_or(path.clone(), |(folder, member)| {
            let (commit, path) = member.split_once(':').unwrap_or((member, ""));
            assert!(commit.len() == 12 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{member}");
            format!("{folder} {path}")
        });
        (image["layer"]["number"].as_u64().unwrap_or_default(), path, text(&image["visibility"]["kind"]))
    })
    .collect()
}

fn at(layer: u64, path: &str, visibility: &str) -> (u64, String, String) {
    (layer, path.to_owned(), visibility.to_owned())
}

#[test]
fn deleted_files_are_found_in_loose_and_packed_objects() {
    for init in [&[][..], &["--object-format=sha256"]] {
        let repo = with_history(init);
        let loose = git_files(&repo);
        repo.git(&["gc", "-q"]);
        let packed = git_files(&repo);
        assert!(packed.iter().any(|(name, _)| name.ends_with(".pack")));
        for files in [loose, packed] {
            let run = scanned(&[&[File("a", String::new())], &entries(&files)]).expect_code(1);
            assert_eq!(places(&run), [at(2, "app/.git src/.env", "present")], "{init:?} {}", run.out());
            let removed = [File("app/.wh..git", String::new())];
            let run = scanned(&[&entries(&files), &removed]).expect_code(1);
            assert_eq!(places(&run), [at(1, "app/.git src/.env", "deleted")], "{init:?} {}", run.out());
            let run = piped(layer(&entries(&files))).expect_code(1);
            assert_eq!(places(&run), [at(0, "app/.git src/.env", "")], "{init:?} {}", run.out());
        }
    }
}

#[test]
fn objects_of_several_layers_form_one_repository() {
    let repo = with_history(&[]);
    repo.git(&["gc", "-q"]);
    let below = git_files(&repo);
    repo.write("later.env", env(51));
    repo.commit("third");
    let above: Vec<_> = git_files(&repo).into_iter().filter(|file| !below.contains(file)).collect();
    let run = scanned(&[&entries(&below), &entries(&above)]).expect_code(1);
    let mut found = places(&run);
    found.sort();
    assert_eq!(found, [at(1, "app/.git src/.env", "present"), at(2, "app/.git later.env", "present")]);
    assert_eq!(run.verdict(), "findings");
    assert!(run.records_of("gap").is_empty(), "{}", run.out());
}

#[test]
fn a_shallow_clone_in_an_image_is_read_up_to_its_boundary() {
    let repo = with_history(&[]);
    let clone = Repo::folder();
    let source = format!("file://{}", repo.path("").display());
    clone.git(&["clone", "-q", "--depth=1", &source, "."]);
    let run = scanned(&[&entries(&git_files(&clone))]).expect_code(0).expect_mention("shallow");
    assert_eq!(run.verdict(), "clean");
}

#[test]
fn objects_that_cannot_be_read_are_gaps() {
    let repo = with_history(&[]);
    repo.git(&["gc", "-q"]);
    let files = git_files(&repo);
    let changed = |suffix: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut files = files.clone();
        let file = files.iter_mut().find(|(name, _)| name.ends_with(suffix)).unwrap();
        change(&mut file.1);
        files
    };
    let without = |suffix: &str| files.iter().filter(|(name, _)| !name.ends_with(suffix)).cloned().collect::<Vec<_>>();
    for (name, files) in [
        ("a pack without an index", without(".idx")),
        ("an index without a pack", without(".pack")),
        ("a pack that is cut", changed(".pack", &|bytes| bytes.truncate(40))),
        ("a pack of other bytes", changed(".pack", &|bytes| bytes[13..].fill(0xaa))),
        ("an index of other bytes", changed(".idx", &|bytes| bytes.fill(7))),
        ("an empty pack", changed(".pack", &Vec::clear)),
    ] {
        let run = scanned(&[&entries(&files)]);
        assert!(matches!(run.code, Some(1 | 2)), "{name}: {}", run.text());
        assert!(!run.records_of("gap").is_empty(), "{name}: {}", run.text());
        assert!(!run.text().contains("keysweep-"), "{name} tells of a temporary folder: {}", run.text());
    }
}

#[test]
fn the_configuration_of_a_repository_in_an_image_is_ignored() {
    let repo = with_history(&[]);
    repo.git(&["gc", "-q"]);
    let outside = with_history(&[]);
    outside.write("other.env", env(52));
    outside.commit("elsewhere");
    let mut files = git_files(&repo);
    // Objects of another repository on this machine are not part of the image.
    let elsewhere = outside.path(".git/objects").display().to_string();
    files.push(("app/.git/objects/info/alternates".to_owned(), format!("{elsewhere}\n").into_bytes()));
    files.push(("app/.git/commondir".to_owned(), b"../../../../etc".to_vec()));
    let config = files.iter_mut().find(|(name, _)| name.ends_with("/config")).unwrap();
    config.1.extend(b"[core]\n\tfsmonitor = touch /tmp/keysweep-ran\n[include]\n\tpath = /etc/passwd\n");
    let run = scanned(&[&entries(&files)]).expect_code(1);
    assert_eq!(places(&run), [at(1, "app/.git src/.env", "present")], "{}", run.out());
}

#[test]
fn no_temporary_files_remain() {
    let repo = with_history(&[]);
    let folder = Repo::folder();
    let bytes = archive(&Sample::new(&[&entries(&git_files(&repo))]).oci(Packed::Gzip));
    let temporary = folder.path("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let run = folder.tool(&["image", "-"]).env("TMPDIR", &temporary).input(bytes.clone()).run();
    run.expect_code(1);
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0);
    // If no temporary file can be written, the packs are gaps, and loose objects are read as files.
    let run = folder.tool(&["image", "-"]).env("TMPDIR", "/nowhere").input(bytes).run();
    run.expect_code(1);
}
