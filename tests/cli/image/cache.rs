//! Tests of `--cache`: layers without findings are read only once, and a scan with the cache is never clean if one
//! without it isn't.

use super::sample::Entry::{self, File};
use super::sample::{Packed, Sample, archive, gzip};
use super::{env, places};
use crate::support::{Repo, Run, contains};

fn scan(repo: &Repo, image: &str) -> Run {
    repo.keysweep(&["image", image, "--cache", "../cache", "--format", "jsonl"])
}

/// Returns how many paths were known from the cache.
fn cached(run: &Run) -> u64 {
    run.records_of("summary")[0]["cached"].as_u64().unwrap_or_default()
}

fn base() -> [Entry<'static>; 3] {
    [File("etc/a", "nothing".to_owned()), File("etc/b", "nothing".to_owned()), File("srv/.env", "X=1\n".to_owned())]
}

/// Returns the files in the cache.
fn remembered(repo: &Repo) -> Vec<std::path::PathBuf> {
    let folders = std::fs::read_dir(repo.path("../cache")).into_iter().flatten().flatten();
    let files = folders.flat_map(|folder| std::fs::read_dir(folder.path()).into_iter().flatten().flatten());
    files.map(|file| file.path()).collect()
}

#[test]
fn a_layer_without_findings_is_read_once() {
    for packed in [Packed::Gzip, Packed::Zstd, Packed::Xz, Packed::Plain] {
        let repo = Repo::folder();
        let own = [File("app/.env", env(60)), File("srv/.wh..env", String::new())];
        repo.write_bytes("base.tar", archive(&Sample::new(&[&base()]).oci(packed)));
        repo.write_bytes("app.tar", archive(&Sample::new(&[&base(), &own]).oci(packed)));
        assert_eq!(cached(&scan(&repo, "base.tar").expect_code(0)), 0);
        let run = scan(&repo, "app.tar").expect_code(1);
        assert_eq!(cached(&run), 3, "the base was known: {}", run.out());
        let again = scan(&repo, "app.tar").expect_code(1);
        assert_eq!((cached(&again), places(&again)), (3, places(&run)), "a layer with a finding is read again");
        for file in remembered(&repo) {
            let bytes = std::fs::read(&file).unwrap();
            assert!(!contains(&bytes, b"etc") && !contains(&bytes, b".env"), "the cache holds a name");
        }
    }
}

#[test]
fn a_cached_layer_still_hides_layers_below() {
    let repo = Repo::folder();
    let clean = [File("app/.wh..env", String::new()), File("other", String::new())];
    repo.write_bytes("first.tar", archive(&Sample::new(&[&clean]).oci(Packed::Gzip)));
    scan(&repo, "first.tar").expect_code(0);
    let secret = [File("app/.env", env(61))];
    repo.write_bytes("second.tar", archive(&Sample::new(&[&secret, &clean]).oci(Packed::Gzip)));
    let run = scan(&repo, "second.tar").expect_code(1);
    assert_eq!(cached(&run), 1, "{}", run.out());
    assert_eq!(places(&run), [super::at("app/.env", 1, "deleted")]);
}

#[test]
fn a_layer_with_a_wrong_digest_is_not_taken_from_the_cache() {
    let repo = Repo::folder();
    let files = Sample::new(&[&base()]).oci(Packed::Gzip);
    repo.write_bytes("whole.tar", archive(&files));
    scan(&repo, "whole.tar").expect_code(0);
    let mut other = files;
    for (_, bytes) in other.iter_mut().filter(|(_, bytes)| bytes.starts_with(&[0x1f, 0x8b])) {
        *bytes = gzip(&super::layer(&[File("etc/c", env(62))]));
    }
    repo.write_bytes("other.tar", archive(&other));
    scan(&repo, "other.tar").expect_code(2).expect_mention("does not match its name");
}

#[test]
fn damaged_and_forged_cache_entries_are_harmless() {
    let repo = Repo::init();
    repo.write_bytes("app.tar", archive(&Sample::new(&[&base()]).oci(Packed::Gzip)));
    scan(&repo, "app.tar").expect_code(0);
    let files = remembered(&repo);
    assert_eq!(files.len(), 1);
    let bytes = std::fs::read(&files[0]).unwrap();
    for at in [0, bytes.len() / 2, bytes.len() - 1] {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        std::fs::write(&files[0], damaged).unwrap();
        assert_eq!(cached(&scan(&repo, "app.tar").expect_code(0)), 0, "byte {at}");
        assert_eq!(std::fs::read(&files[0]).unwrap(), bytes, "it is written anew");
    }
    // A cache that came with the repository is refused.
    repo.write("cache/file", "planted\n");
    repo.commit("a cache");
    let run = repo.keysweep(&["image", "app.tar", "--cache", "cache"]);
    run.expect_code(2).expect_mention("was not used");
}

#[test]
fn unread_layers_are_not_cached() {
    let repo = Repo::folder();
    let large = [File("big", "x".repeat(2000))];
    repo.write(".keysweep.toml", "[limits]\nmax_file_size = 1000\n");
    repo.write_bytes("app.tar", archive(&Sample::new(&[&large]).oci(Packed::Gzip)));
    scan(&repo, "app.tar").expect_code(2);
    assert_eq!(remembered(&repo).len(), 0);
    scan(&repo, "app.tar").expect_code(2);
}

#[test]
fn only_files_with_findings_of_a_cached_layer_are_rescanned() {
    for packed in [Packed::Gzip, Packed::Plain] {
        let repo = Repo::folder();
        let own = || File("app/.env", env(63));
        let named = Entry::Link("app/link", "https://example.com");
        let layer = [File("etc/a", "nothing".to_owned()), own(), named, File("etc/b", "nothing".to_owned())];
        repo.write_bytes("base.tar", archive(&Sample::new(&[&layer]).oci(packed)));
        let run = scan(&repo, "base.tar").expect_code(1);
        assert_eq!(cached(&run), 0);
        // Another image is built on top of it: the file is found again, and the effect of the new layer is reported.
        let above = [File("app/.wh..env", String::new())];
        repo.write_bytes("app.tar", archive(&Sample::new(&[&layer, &above]).oci(packed)));
        let run = scan(&repo, "app.tar").expect_code(1);
        assert_eq!((cached(&run), places(&run)), (3, vec![super::at("app/.env", 1, "deleted")]), "{}", run.out());
        // With other rules, everything is read again.
        repo.write(".keysweep.toml", "[limits]\nmax_file_size = 9000000\n");
        assert_eq!(cached(&scan(&repo, "app.tar").expect_code(1)), 0);
    }
}

#[test]
fn a_different_layer_under_a_cached_digest_is_rescanned() {
    let repo = Repo::folder();
    let files = Sample::new(&[&[File("app/.env", env(64)), File("etc/a", "nothing".to_owned())]]).oci(Packed::Gzip);
    repo.write_bytes("whole.tar", archive(&files));
    scan(&repo, "whole.tar").expect_code(1);
    let mut other = files;
    for (_, bytes) in other.iter_mut().filter(|(_, bytes)| bytes.starts_with(&[0x1f, 0x8b])) {
        // The secret is at a place where the known layer has nothing to read again.
        *bytes = gzip(&super::layer(&[File("app/.env", "X=1\n".to_owned()), File("etc/a", env(65))]));
    }
    repo.write_bytes("other.tar", archive(&other));
    scan(&repo, "other.tar").expect_code(2).expect_mention("does not fit its name");
}
