//! Tests of the walk of a pack, compared with git: every object is visited once, whole, and after its delta base.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::{fs, sync::Mutex};

use gix::ObjectId;
use keysweep::git::object::Kind;
use keysweep::git::pack::{Base, Object, Plan, Portion, Visitor, walk};

use crate::support::{Repo, must};

const KINDS: [Kind; 4] = [Kind::Blob, Kind::Tree, Kind::Commit, Kind::Tag];

/// Hashes every object, and keeps its bytes to check the edits of the next object against them.
struct Rebuild<'r> {
    seen: &'r Mutex<Vec<ObjectId>>,
}

impl Visitor for Rebuild<'_> {
    type State = Vec<u8>;

    fn visit(&mut self, object: &Object<'_>, base: Option<Base<'_, Vec<u8>>>) -> Vec<u8> {
        let hash = gix::objs::compute_hash(object.id().kind(), object.kind, object.data);
        assert_eq!(must(hash, "hashing"), object.id(), "these bytes are another object");
        if let Some(base) = base {
            assert_eq!(base.data, base.state, "the base is not the one its state was made of");
            assert_eq!(base.edits.length(), object.data.len());
            for copied in base.edits.copied() {
                assert_eq!(copied.source.of(base.data), copied.span.of(object.data), "a stretch is no copy");
            }
        }
        must(self.seen.lock(), "noting an object").push(object.id());
        object.data.to_vec()
    }
}

/// Returns a pack with long delta chains, and with enough objects based on a single one for threads to share them.
fn packed(options: &[&str]) -> (Repo, Vec<PathBuf>) {
    let repo = Repo::with_a_commit();
    let mut lines: Vec<String> = (0..300).map(|line| format!("line {line} of a file that grows\n")).collect();
    for step in 0..120 {
        lines.insert(step * 7 % lines.len(), format!("step {step} put this here\n"));
        lines.remove(step * 13 % lines.len());
        repo.write(format!("a/{}.txt", step % 3), lines.concat());
        repo.commit(&format!("step {step}"));
    }
    repo.git(&["tag", "-a", "-m", "a tag", "v1"]);
    repo.git(&[&["-c", "repack.writeBitmaps=false", "repack", "-adfq", "--window=50"], options].concat());
    let folder = repo.git_path("objects/pack");
    let entries = must(fs::read_dir(folder), "reading the packs").map(|entry| must(entry, "reading the packs").path());
    let indexes = entries.filter(|path| path.extension().is_some_and(|extension| extension == "idx")).collect();
    (repo, indexes)
}

fn plans(indexes: &[PathBuf]) -> Vec<Plan> {
    indexes.iter().map(|index| must(Plan::new(index, gix::hash::Kind::Sha1), "planning")).collect()
}

fn whole(plans: &[Plan]) -> Vec<Portion<'_>> {
    plans.iter().map(Portion::all).collect()
}

fn listed(repo: &Repo) -> Vec<ObjectId> {
    let list = repo.git(&["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"]).out();
    list.lines().map(|id| must(ObjectId::from_hex(id.as_bytes()), "reading an id")).collect()
}

#[test]
fn every_object_is_visited_once_and_complete() {
    for (depth, threads) in [("--depth=50", 1), ("--depth=50", 4), ("--depth=4", 3), ("--depth=0", 2)] {
        let (repo, indexes) = packed(&[depth]);
        let plans = plans(&indexes);
        let seen = Mutex::default();
        let (_, unvisited) = walk(&whole(&plans), &KINDS, u64::MAX >> 1, threads, || Rebuild { seen: &seen });
        let mut seen = must(seen.into_inner(), "counting objects");
        seen.sort_unstable();
        assert_eq!(seen, listed(&repo), "{depth}, {threads} threads");
        assert!(unvisited.unread.is_empty() && unvisited.cut.is_empty());
    }
}

#[test]
fn unselected_objects_are_read_only_as_delta_bases() {
    let (repo, indexes) = packed(&["--depth=50"]);
    let plans = plans(&indexes);
    let wanted = |entry: u32| entry.is_multiple_of(5);
    let expected: BTreeSet<ObjectId> = (0..plans[0].count()).filter(|e| wanted(*e)).map(|e| plans[0].id(e)).collect();
    let selected = [Portion::select(&plans[0], wanted)];
    let seen = Mutex::default();
    walk(&selected, &KINDS, u64::MAX >> 1, 2, || Rebuild { seen: &seen });
    assert_eq!(must(seen.into_inner(), "counting objects").into_iter().collect::<BTreeSet<_>>(), expected);
    assert!(expected.len() < listed(&repo).len());
}

#[test]
fn a_few_selected_objects_are_read_without_a_walk() {
    let (repo, indexes) = packed(&["--depth=50"]);
    let plans = plans(&indexes);
    let count = plans[0].count();
    assert!(count >= 64, "the pack has only {count} objects");
    for (wanted, is_walked) in [(vec![], false), (vec![7], false), ((0..count).collect(), true)] {
        let picked = [Portion::pick(&plans[0], |entry| wanted.contains(&entry))];
        let seen = Mutex::default();
        walk(&picked, &KINDS, u64::MAX >> 1, 2, || Rebuild { seen: &seen });
        let walked = must(seen.into_inner(), "counting objects").len();
        assert_eq!(walked, if is_walked { listed(&repo).len() } else { 0 });
        assert_eq!(picked[0].unwalked(), if is_walked { Vec::new() } else { wanted });
    }
}

#[test]
fn damaged_and_large_objects_are_returned_with_their_deltas() {
    let (repo, indexes) = packed(&["--depth=50"]);
    let pack = indexes[0].with_extension("pack");
    let mut bytes = must(fs::read(&pack), "reading the pack");
    let middle = bytes.len() / 2;
    bytes[middle..middle + 40].fill(0xff);
    must(fs::remove_file(&pack).and_then(|()| fs::write(&pack, bytes)), "damaging the pack");
    for limit in [u64::MAX >> 1, 5_000] {
        let plans = plans(&indexes);
        let whole = whole(&plans);
        let seen = Mutex::default();
        let (_, unvisited) = walk(&whole, &KINDS, limit, 2, || Rebuild { seen: &seen });
        let mut all = must(seen.into_inner(), "counting objects");
        // Damage within an entry shows when it is read, damage to its header when the pack is planned.
        let unread = unvisited.unread.into_iter().map(|(pack, entry)| plans[pack].id(entry));
        let given_back: Vec<_> =
            unread.chain(whole[0].unwalked().into_iter().map(|entry| plans[0].id(entry))).collect();
        assert!(!given_back.is_empty() && !all.is_empty());
        all.extend(given_back);
        all.sort_unstable();
        assert_eq!(all, listed(&repo), "limit {limit}: each object is either visited or given back");
    }
}
