//! Tests of `history --cache DIR`: a second sweep reports the same as one without a cache, and reads only what is new.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::{Chance, Repo, Run, Secret, contains, must};

const SWEEP: [&str; 4] = ["history", "--format", "jsonl", "--show-secrets"];

fn cached(repo: &Repo, more: &[&str]) -> Run {
    repo.keysweep(&[&SWEEP[..], &["--cache", "../cache"], more].concat())
}

/// Returns the findings as the run reports them.
fn findings(run: &Run) -> Vec<Value> {
    run.records_of("finding")
}

fn count(run: &Run, field: &str) -> u64 {
    run.records_of("summary")[0][field].as_u64().unwrap_or(u64::MAX)
}

/// Checks that a sweep with a cache reports the same as one without.
#[track_caller]
fn same_as_anew(repo: &Repo, run: &Run) {
    let anew = repo.keysweep(&SWEEP);
    for kind in ["finding", "gap"] {
        assert_eq!(run.records_of(kind), anew.records_of(kind), "with a cache: {run}\nanew: {anew}");
    }
    assert_eq!(run.verdict(), anew.verdict());
    assert_eq!(count(run, "below_threshold"), count(&anew, "below_threshold"));
}

/// Makes a repository in which one commit leaks a secret and a later one removes it.
fn leaky(packed: bool) -> Repo {
    let repo = Repo::with_a_commit();
    for step in 0..12 {
        repo.write("a.txt", format!("{}step {step}\n", "a line that stays\n".repeat(40)));
        if step == 5 {
            repo.write("config.env", Secret::entra(900).line());
        }
        if step == 8 {
            repo.remove("config.env");
        }
        repo.commit(&format!("step {step}"));
    }
    if packed {
        repo.git(&["repack", "-adfq", "--depth=50"]);
    }
    repo
}

fn cache_files(repo: &Repo) -> Vec<PathBuf> {
    let entries = must(fs::read_dir(repo.path("../cache")), "reading the cache");
    let mut files: Vec<PathBuf> = entries.map(|entry| must(entry, "reading the cache").path()).collect();
    files.sort();
    files
}

#[test]
fn a_second_sweep_agrees_and_rereads_only_blobs_with_findings() {
    for packed in [false, true] {
        let repo = leaky(packed);
        let first = cached(&repo, &[]).expect_code(1);
        assert_eq!(count(&first, "cached"), 0, "{first}");
        let second = cached(&repo, &[]).expect_code(1);
        same_as_anew(&repo, &second);
        assert_eq!(count(&second, "blobs"), 1, "only the blob with the secret is read again: {second}");
        assert_eq!(count(&second, "cached") + 1, repo.object_count(), "{second}");
    }
}

#[test]
fn new_content_is_found_for_any_kind_of_object() {
    let repo = leaky(true);
    cached(&repo, &[]).expect_code(1);
    let text = repo.read("a.txt");
    repo.write("a.txt", format!("{text}{}", Secret::entra(901).line()));
    repo.write(format!("{}.txt", Secret::github(902).value), "its name is a token\n");
    repo.commit("two more");
    for again in 0..2 {
        let run = cached(&repo, &[]).expect_code(1);
        assert_eq!(findings(&run).len(), 3, "{run}");
        same_as_anew(&repo, &run);
        if again == 0 {
            repo.git(&["repack", "-adfq", "--depth=50"]);
        }
    }
}

#[test]
fn each_rule_set_has_its_own_cache() {
    let repo = leaky(true);
    cached(&repo, &["--rule", "github-pat-classic"]).expect_code(0);
    let all = cached(&repo, &[]).expect_code(1);
    assert_eq!(count(&all, "cached"), 0, "{all}");
    assert_eq!(cache_files(&repo).len(), 2);
}

#[test]
fn deleted_objects_are_gaps_despite_the_cache() {
    let repo = leaky(false);
    cached(&repo, &[]).expect_code(1);
    must(fs::remove_file(repo.loose_object("HEAD:a.txt")), "removing an object");
    let run = cached(&repo, &[]).expect_code(1);
    assert_eq!(run.records_of("gap").len(), 1, "{run}");
    same_as_anew(&repo, &run);
}

#[test]
fn the_cache_of_another_clone_is_reused_where_it_applies() {
    let repo = leaky(true);
    cached(&repo, &[]).expect_code(1);
    let other = leaky(true);
    other.write("b.txt", Secret::entra(903).line());
    other.commit("elsewhere");
    let shared = repo.path("../cache").display().to_string();
    let run = other.keysweep(&[&SWEEP[..], &["--cache", &shared]].concat()).expect_code(1);
    assert_eq!(findings(&run).len(), 2, "{run}");
    assert!(count(&run, "cached") > 30, "{run}");
    let back = cached(&repo, &[]).expect_code(1);
    same_as_anew(&repo, &back);
}

#[test]
fn unrelated_repositories_have_separate_files_in_one_folder() {
    let one = leaky(true);
    cached(&one, &[]).expect_code(1);
    let shared = one.path("../cache").display().to_string();
    let other = Repo::init();
    other.write("b.txt", "another beginning\n");
    other.commit("another root");
    let sweep = |repo: &Repo| repo.keysweep(&[&SWEEP[..], &["--cache", &shared]].concat());
    assert_eq!(count(&sweep(&other).expect_code(0), "cached"), 0);
    assert_eq!(cache_files(&one).len(), 2);
    assert!(count(&sweep(&one).expect_code(1), "cached") > 30, "the first one is still there");
    assert!(count(&sweep(&other).expect_code(0), "cached") > 0);
    // A shallow clone lacks the first commit. It has a cache file of its own or uses that of the full clone, and reads
    // less as well.
    one.git(&["clone", "--quiet", "--depth=2", "--no-local", ".", "../shallow"]);
    let shallow = one.at("../shallow");
    for times in 0..2 {
        let run = shallow.keysweep(&[&SWEEP[..], &["--cache", "../cut"]].concat());
        assert_eq!(count(&run, "cached") > 0, times == 1, "{run}");
    }
}

#[test]
fn a_damaged_cache_is_reported_and_not_used() {
    let repo = leaky(true);
    cached(&repo, &[]).expect_code(1);
    let file = cache_files(&repo).remove(0);
    let whole = must(fs::read(&file), "reading the cache");
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for bytes in [&whole[..whole.len() - 7], &flipped, b""] {
        must(fs::write(&file, bytes), "damaging the cache");
        let run = cached(&repo, &[]).expect_code(1).expect_mention("damaged");
        assert_eq!(count(&run, "cached"), 0, "{run}");
        same_as_anew(&repo, &run);
    }
    assert!(count(&cached(&repo, &[]), "cached") > 0, "it was written anew");
}

#[test]
fn the_cache_holds_no_value_and_no_name() {
    let repo = leaky(true);
    cached(&repo, &[]).expect_code(1);
    let bytes = must(fs::read(&cache_files(&repo)[0]), "reading the cache");
    let secret = Secret::entra(900);
    assert!(!contains(&bytes, secret.value.as_bytes()) && !contains(&bytes, b"config.env"));
}

#[test]
fn an_unwritable_cache_folder_only_adds_a_note() {
    let repo = leaky(true);
    repo.write("../file", "no folder\n");
    let run = repo.keysweep(&[&SWEEP[..], &["--cache", "../file"]].concat()).expect_code(1);
    run.expect_mention("could not be written");
}

/// Changes a repository in one of the ways people do; returns a description of the change.
fn change(repo: &Repo, chance: &mut Chance, step: u32) -> &'static str {
    if chance.one_in(2) { change_files(repo, chance, step) } else { change_refs(repo, chance) }
}

fn change_files(repo: &Repo, chance: &mut Chance, step: u32) -> &'static str {
    const PATHS: [&str; 7] =
        ["a.txt", "b.env", "src/a.txt", "src/b.env", "src/deep/c.env", "lib/deep/c.env", "lib/d.txt"];
    let path = *chance.pick(&PATHS);
    let say = |args: &[&str]| drop(repo.try_git(args));
    match chance.below(9) {
        0..3 => {
            repo.write(path, Secret::entra(950 + u32::try_from(chance.below(9)).unwrap_or(0)).line());
            repo.commit("a secret");
            "a secret, maybe one that was there"
        }
        3..6 => {
            repo.write(path, format!("{}step {step}\n", "a line that stays\n".repeat(30)));
            repo.commit("harmless");
            "a harmless file"
        }
        6 => {
            say(&["mv", "-k", "src", "moved"]);
            say(&["mv", "-k", "moved/deep", "lib"]);
            repo.commit("moved");
            "folders moved"
        }
        7 => {
            say(&["rm", "-rq", "--ignore-unmatch", path]);
            repo.commit("removed");
            "a file removed"
        }
        _ => {
            repo.write(format!("src/{}.txt", Secret::github(970).value), "its name is a token\n");
            repo.commit("a name");
            "a name that is a token"
        }
    }
}

fn change_refs(repo: &Repo, chance: &mut Chance) -> &'static str {
    let name = format!("b{}", chance.below(4));
    let say = |args: &[&str]| drop(repo.try_git(args));
    match chance.below(8) {
        0 => {
            say(&["checkout", "-q", "-B", &name]);
            "a branch made here"
        }
        1 => {
            say(&["checkout", "-q", &name]);
            "another branch"
        }
        2 => {
            if repo.try_git(&["merge", "-q", "--no-edit", "-X", "theirs", &name]).out().contains("CONFLICT") {
                say(&["merge", "--abort"]);
            }
            "a merge"
        }
        3 => {
            say(&["branch", "-qD", &name]);
            "a branch deleted"
        }
        4 => {
            say(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
            say(&["tag", "-f", &name, "HEAD~1"]);
            "pushed and tagged"
        }
        5 => {
            say(&["reset", "-q", "--hard", "HEAD~1"]);
            "the last commit undone"
        }
        6 => {
            say(&["repack", "-adq", "--depth=50"]);
            "packed"
        }
        _ => {
            say(&["reflog", "expire", "--all", "--expire=now"]);
            say(&["gc", "-q", "--prune=now"]);
            "leftovers gone"
        }
    }
}

#[test]
fn a_cached_sweep_agrees_with_a_fresh_one_after_any_change() {
    for seed in 0..4 {
        let repo = leaky(seed % 2 == 0);
        let mut chance = Chance(seed);
        let mut story = Vec::new();
        for step in 0..24 {
            story.push(change(&repo, &mut chance, step));
            if chance.one_in(2) {
                let (run, anew) = (cached(&repo, &[]), repo.keysweep(&SWEEP));
                assert_eq!(findings(&run), findings(&anew), "seed {seed}: {story:?}");
                assert_eq!(run.verdict(), anew.verdict());
            }
        }
    }
}

#[test]
fn a_secret_is_located_without_rereading_trees() {
    let repo = leaky(false);
    repo.write("conf/live.env", Secret::entra(904).line());
    for step in 0..5 {
        repo.write("notes.txt", format!("step {step}\n"));
        repo.commit("beside it");
    }
    let first = cached(&repo, &[]).expect_code(1);
    // One of the trees may be opened to look up a name; the others aren't opened at all.
    let mut trees: Vec<PathBuf> = (0..5).map(|back| repo.loose_object(&format!("HEAD~{back}^{{tree}}"))).collect();
    trees.sort();
    for tree in &trees[1..] {
        must(fs::remove_file(tree), "removing a tree");
        must(fs::write(tree, "no object"), "damaging a tree");
    }
    let second = cached(&repo, &[]).expect_code(1);
    assert_eq!(findings(&first), findings(&second));
    assert!(contains(second.out().as_bytes(), b"conf/live.env"), "{second}");
}

#[test]
fn reintroduced_content_is_found_at_its_current_place() {
    let repo = leaky(false);
    repo.write("conf/live.env", Secret::entra(905).line());
    repo.commit("one more");
    for (object, broken) in
        [("HEAD:conf", None), ("HEAD:conf", Some("no object")), ("HEAD:conf/live.env", Some("no object"))]
    {
        // The cache is removed, so that no sweep has read the object whole.
        let _ = fs::remove_dir_all(repo.path("../cache"));
        let path = repo.loose_object(object);
        let whole = must(fs::read(&path), "reading an object");
        must(fs::remove_file(&path), "removing an object");
        if let Some(bytes) = broken {
            must(fs::write(&path, bytes), "damaging an object");
        }
        for _ in 0..2 {
            same_as_anew(&repo, &cached(&repo, &[]).expect_code(1));
        }
        let _ = fs::remove_file(&path);
        same_as_anew(&repo, &cached(&repo, &[]).expect_code(1));
        must(fs::write(&path, whole), "bringing an object back");
        for _ in 0..2 {
            same_as_anew(&repo, &cached(&repo, &[]).expect_code(1));
        }
    }
}

#[test]
fn leftovers_of_deleted_objects_do_not_hide_later_content() {
    let repo = leaky(false);
    repo.write("gone/a.env", Secret::entra(906).line());
    repo.write("gone/b.txt", "harmless\n");
    repo.commit("undone soon");
    let object = repo.loose_object("HEAD:gone/a.env");
    repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    must(fs::remove_file(object), "removing an object");
    for step in 0..3 {
        same_as_anew(&repo, &cached(&repo, &[]).expect_code(1));
        repo.write(format!("new/{step}.txt"), format!("step {step}\n"));
        repo.commit("a commit");
    }
    // The same content is added again, so the object that was missing is there now.
    repo.write("new/a.env", Secret::entra(906).line());
    repo.commit("and now it stays");
    same_as_anew(&repo, &cached(&repo, &[]).expect_code(1));
    same_as_anew(&repo, &cached(&repo, &[]).expect_code(1));
}

#[test]
fn a_changed_limit_is_respected() {
    let repo = leaky(true);
    repo.write("large/a.env", format!("{}{}", Secret::entra(907).line(), "a line that stays\n".repeat(200)));
    repo.commit("large");
    for limit in ["2000", "20000", "2000"] {
        repo.write(".git/info/exclude", ".keysweep.toml\n");
        repo.write(".keysweep.toml", format!("[limits]\nmax_file_size = {limit}\n"));
        for _ in 0..2 {
            same_as_anew(&repo, &cached(&repo, &[]));
        }
    }
}

/// A cache that came with a repository is refused, because its author could claim that no object contains anything.
#[test]
fn a_cache_that_came_with_a_repository_is_refused() {
    let refused = |repo: &Repo, folder: &str| {
        let run = repo.keysweep(&[&SWEEP[..], &["--cache", folder]].concat()).expect_code(2);
        run.expect_mention("name a folder outside of the work tree");
        assert!(!repo.path("../cache").exists());
    };
    let repo = leaky(false);
    repo.write("tracked/keysweep.seen", "anything\n");
    repo.commit("a cache");
    must(std::os::unix::fs::symlink("../cache", repo.path("link")), "making a link");
    for folder in ["tracked", "./tracked/../tracked", ".", "link", "link/below"] {
        refused(&repo, folder);
    }
    let other = Repo::folder();
    let folder = repo.path("tracked");
    let args = ["history", &*repo.path("").display().to_string(), "--cache", &*folder.display().to_string()];
    other.keysweep(&args).expect_code(2).expect_mention("contains files there");
    for folder in ["untracked", "tracked/new", ".git/cache"] {
        let run = repo.keysweep(&[&SWEEP[..], &["--cache", folder]].concat()).expect_code(1);
        same_as_anew(&repo, &run);
        assert!(repo.path(folder).is_dir());
    }
}

#[test]
fn a_link_in_place_of_the_cache_is_not_followed() {
    let repo = leaky(false);
    cached(&repo, &[]).expect_code(1);
    let file = cache_files(&repo).remove(0);
    let elsewhere = repo.path("../elsewhere");
    must(fs::rename(&file, &elsewhere), "moving the cache");
    let whole = must(fs::read(&elsewhere), "reading the cache");
    must(std::os::unix::fs::symlink(&elsewhere, &file), "making a link");
    let run = cached(&repo, &[]).expect_code(1).expect_mention("not a regular file");
    assert_eq!(count(&run, "cached"), 0, "{run}");
    assert!(file.symlink_metadata().is_ok_and(|meta| meta.is_file()));
    assert_eq!(must(fs::read(&elsewhere), "reading what the link led to"), whole);
}
