//! Tests with random damage, the same in every run with the same seed: one file of a repository is changed, and git
//! determines what can still be read. Whatever git reads has to be found, whatever gaps there are besides, and no
//! incomplete scan may pass.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::support::{Chance, Repo, Run, Secret, contains, must};

/// The number of faults, unless `KEYSWEEP_FAULTS` gives another.
const FAULTS: usize = 40;
/// The number of seconds that a run may take.
const MOST_SECONDS: &str = "20";

/// A repository with every kind of file that git keeps, and the values that were planted in it.
struct Recipe {
    /// The two ends of a range.
    range: [String; 2],
    /// The planted values, each after the object that holds it; an empty name if only the index does.
    planted: Vec<(String, String)>,
    objects: Vec<String>,
}

/// Writes a value to a file and commits it.
fn plant(repo: &Repo, path: &str, seed: u32) -> String {
    let secret = Secret::github(seed);
    repo.write(path, secret.line());
    secret.value
}

/// Makes a history of small changes, so that packs have deltas.
fn history(repo: &Repo, from: usize, count: usize) {
    for number in from..from + count {
        let lines: String = (0..120).map(|line| format!("line {line} of {}\n", number / (line % 7 + 1))).collect();
        repo.write(format!("src/file-{}.txt", number % 5), lines);
        repo.commit(&format!("change {number}"));
    }
}

/// Makes the repository that is to be damaged in `base/work`, with refs in the named format; it borrows from
/// `base/other`.
fn recipe(base: &Repo, refs: &str) -> Recipe {
    let format = format!("--ref-format={refs}");
    let init = |name: &str| {
        let repo = base.at(name);
        repo.git(&["init", "--quiet", "--template=", &format]);
        repo
    };
    let pack = |repo: &Repo| repo.git(&["-c", "pack.threads=1", "repack", "--quiet", "-d"]);
    let (other, repo) = (init("other"), init("work"));
    let borrowed = plant(&other, "borrowed.env", 1);
    history(&other, 0, 4);
    pack(&other);
    repo.write_bytes(".git/objects/info/alternates", "../../../other/.git/objects\n");
    repo.git(&["fetch", "--quiet", "../other", "main:borrowed"]);
    history(&repo, 10, 6);
    let gone = plant(&repo, "gone.env", 2);
    repo.commit("in history");
    repo.remove("gone.env");
    repo.commit("taken out");
    pack(&repo);
    let start = repo.head();
    let kept = plant(&repo, "config/kept.env", 3);
    history(&repo, 20, 6);
    let amended = plant(&repo, "amended.env", 4);
    repo.commit("to be amended");
    repo.remove("amended.env");
    repo.add();
    repo.git(&["commit", "--quiet", "--amend", "--allow-empty", "-m", "amended"]);
    let tagged = Secret::github(5).value;
    repo.git(&["tag", "-a", "v1", "-m", &format!("token {tagged}")]);
    let stashed = plant(&repo, "src/file-1.txt", 6);
    repo.git(&["stash", "--quiet"]);
    pack(&repo);
    repo.git(&["multi-pack-index", "write"]);
    repo.git(&["commit-graph", "write", "--reachable"]);
    repo.git(&["pack-refs", "--all"]);
    repo.git(&["branch", "side"]);
    let loose = plant(&repo, "loose.env", 7);
    history(&repo, 30, 2);
    let staged = plant(&repo, "staged.env", 8);
    repo.add();
    let ids = repo.git(&["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"]).out();
    let planted = [borrowed, gone, kept, amended, tagged, stashed, loose, staged];
    let range = [start, repo.head()];
    let objects: Vec<String> = ids.lines().map(str::to_owned).collect();
    let texts = readable(&repo, &objects);
    let holder =
        |value: &String| texts.iter().find(|(_, text)| contains(text, value.as_bytes())).map(|(id, _)| id.clone());
    let planted = planted.into_iter().map(|value| (holder(&value).unwrap_or_default(), value)).collect();
    Recipe { range, planted, objects }
}

/// Returns the contents of those of these objects that git can read.
fn readable(repo: &Repo, objects: &[String]) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut left = objects;
    // Git stops at a damaged object, so it is run again for the objects after it.
    while !left.is_empty() {
        let run = repo.git_tool(&["cat-file", "--batch"]).input(left.join("\n") + "\n").run();
        let mut rest = &run.stdout[..];
        let mut answered = 0;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line = String::from_utf8_lossy(&rest[..end]).into_owned();
            rest = &rest[end + 1..];
            let words: Vec<&str> = line.split(' ').collect();
            if let [id, _, size] = words[..] {
                let size: usize = must(size.parse(), "read a size");
                if rest.len() <= size {
                    break;
                }
                found.insert(id.to_owned(), rest[..size].to_vec());
                rest = &rest[size + 1..];
            }
            answered += 1;
        }
        left = &left[(answered + usize::from(answered < left.len())).min(left.len())..];
    }
    found
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in must(fs::read_dir(folder), "list a folder") {
        let path = must(entry, "list a folder").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Damages one of the files; returns a description of the damage.
fn damage(files: &[PathBuf], chance: &mut Chance) -> String {
    let path = chance.pick(files);
    let mut bytes = must(fs::read(path), "read a file");
    let (length, kind) = (bytes.len(), chance.below(7));
    let span = chance.range(length, 64);
    match kind {
        0 if length > 0 => bytes[chance.below(length)] ^= 1 << chance.below(8),
        1 => bytes.truncate(chance.below(length)),
        2 => bytes[span.clone()].fill(0),
        3 => {
            let doubled = bytes[span.clone()].to_vec();
            bytes.splice(span.end..span.end, doubled);
        }
        4 => bytes.extend((0..100).map(|_| u8::try_from(chance.below(256)).unwrap_or_default())),
        5 => bytes = must(fs::read(chance.pick(files)), "read a file"),
        _ => {}
    }
    must(fs::remove_file(path), "remove a file");
    if kind != 6 {
        must(fs::write(path, bytes), "write a file");
    }
    format!("kind {kind} at {span:?} of {length} in {}", path.display())
}

/// Returns what is wrong with a run of a scan, if anything is.
fn judged(run: &Run, expected: &[&String], is_whole: bool) -> Option<String> {
    let shown = run.out();
    let lost: Vec<&&String> = expected.iter().filter(|value| !shown.contains(&***value)).collect();
    match run.code {
        Some(0) if !is_whole => Some("clean, and git cannot read all of it".to_owned()),
        Some(0..=2) if !lost.is_empty() => Some(format!("{} values lost that git reads", lost.len())),
        Some(0..=2) => None,
        code => Some(format!("ended with {code:?}")),
    }
}

/// Damages a copy, runs the scans, and returns what went wrong.
fn fault(base: &Repo, recipe: &Recipe, number: usize, seed: u64) -> Vec<String> {
    let name = format!("fault-{number}");
    let copy = base.at(&name);
    base.sh(&format!("cp -r other work {name}")).expect_code(0);
    let repo = copy.at("work");
    let mut chance = Chance(seed.wrapping_mul(0x1_0001) + number as u64);
    let mut all = files(&repo.path(".git"));
    all.extend(files(&copy.path("other/.git/objects")));
    let how = damage(&all, &mut chance);
    let texts = readable(&repo, &recipe.objects);
    let can_read = |(id, value): &&(String, String)| texts.get(id).is_some_and(|text| contains(text, value.as_bytes()));
    let values: Vec<&String> = recipe.planted.iter().filter(can_read).map(|(_, value)| value).collect();
    let [start, end] = &recipe.range;
    let range = format!("{start}..{end}");
    let log = repo.try_git(&["-c", "core.commitGraph=false", "log", "-p", "--format=%B", &range]);
    let diff = repo.try_git(&["diff", "--cached", "--no-ext-diff"]);
    let told =
        |text: &str| -> Vec<&String> { values.iter().copied().filter(|value| text.contains(&***value)).collect() };
    // If the index is gone, git lists everything as removed; if HEAD points elsewhere, it shows another change.
    let is_same_head = repo.try_git(&["rev-parse", "--verify", "HEAD"]).out().trim() == *end;
    let added: String = diff.out().lines().filter(|line| is_same_head && line.starts_with('+')).collect();
    let scan = |args: &[&str]| {
        let common = ["keysweep"].iter().chain(args).chain(&["--format", "jsonl", "--show-secrets"]).copied();
        repo.program("timeout").args(&[MOST_SECONDS]).args(&common.collect::<Vec<&str>>()).run()
    };
    let runs = [
        (scan(&["history"]), values.clone(), texts.len() == recipe.objects.len() && log.code == Some(0)),
        (scan(&["range", &range]), told(&log.out()), log.code == Some(0)),
        (scan(&["staged"]), told(&added), diff.code == Some(0)),
    ];
    let wrong = runs.iter().filter_map(|(run, expected, is_whole)| Some((judged(run, expected, *is_whole)?, run)));
    let wrong: Vec<String> = wrong.map(|(what, run)| format!("fault {number}, {how}: {what}: {run}")).collect();
    if wrong.is_empty() || env::var_os("KEYSWEEP_FAULT").is_none() {
        must(fs::remove_dir_all(base.path(&name)), "remove a copy");
    }
    wrong
}

#[test]
fn damage_is_reported_and_everything_readable_is_found() {
    let number = |name: &str| env::var(name).ok().and_then(|text| text.parse::<usize>().ok());
    let (count, seed) = (number("KEYSWEEP_FAULTS").unwrap_or(FAULTS), number("KEYSWEEP_SEED").unwrap_or(1));
    let base = Repo::folder();
    let refs = env::var("KEYSWEEP_REFS").unwrap_or_else(|_| "files".to_owned());
    let recipe = recipe(&base, &refs);
    let faults = number("KEYSWEEP_FAULT").map_or(0..count, |one| one..one + 1);
    let wrong: Vec<String> = faults.flat_map(|number| fault(&base, &recipe, number, seed as u64)).collect();
    assert!(wrong.is_empty(), "{} of {count} faults:\n{}", wrong.len(), wrong.join("\n"));
}
