//! Tests of refs in reftables: everything that works with refs in files works with them, with the same results.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use keysweep::git;
use keysweep::git::reftable::{Room, Stack, Table, Target};
use serde_json::Value;

use crate::support::{Chance, Repo, Run, Secret, must};

/// The formats in which git stores refs.
const WAYS: [&str; 2] = ["files", "reftable"];

/// Returns an empty repository that stores its refs in one of them.
fn stored(way: &str, more: &[&str]) -> Repo {
    let repo = Repo::folder();
    repo.git(&[&["init", "--quiet", &format!("--ref-format={way}")][..], more].concat());
    repo
}

/// Returns such a repository with one harmless commit.
fn started(way: &str) -> Repo {
    let repo = stored(way, &[]);
    repo.write("README.md", "# A project\n");
    repo.commit("start");
    repo
}

/// Returns the exit code, records and messages of a run, without the parts that depend on its place and time.
fn said(repo: &Repo, run: &Run) -> (Option<i32>, Vec<Value>, String) {
    let root = repo.path("..").canonicalize().map(|root| root.display().to_string()).unwrap_or_default();
    let records = run.out().lines().map(|line| line.replace(&root, "ROOT")).collect::<Vec<_>>();
    let mut records: Vec<Value> = records.iter().map(|line| serde_json::from_str(line).unwrap_or_default()).collect();
    records.iter_mut().filter_map(Value::as_object_mut).for_each(|record| {
        record.remove("made_at");
    });
    let records = records.into_iter().filter(|record| record["type"] != "summary").collect();
    (run.code, records, String::from_utf8_lossy(&run.stderr).replace(&root, "ROOT"))
}

/// Runs the same command in a repository of each format; checks that both give the same output and this exit code.
#[track_caller]
fn alike(build: impl Fn(&Repo), args: &[&str], code: i32) -> Run {
    let [files, tables] = WAYS.map(|way| {
        let repo = started(way);
        build(&repo);
        let run = repo.keysweep(args).expect_code(code);
        (said(&repo, &run), run)
    });
    assert_eq!(files.0, tables.0, "{args:?}: {}{}", files.1, tables.1);
    tables.1
}

/// Commits a secret and removes it again.
fn leak(repo: &Repo, secret: &Secret, name: &str) {
    repo.write(name, secret.line());
    repo.commit("add");
    repo.remove(name);
    repo.commit("remove");
}

// ---------------------------------------------------------------- the same commands

#[test]
fn staged_content_is_compared_with_head() {
    let secret = Secret::github(1);
    let staged = |repo: &Repo| {
        repo.write("old.env", Secret::github(2).line());
        repo.commit("old");
        repo.write("a.env", secret.line());
        repo.add();
    };
    let run = alike(staged, &["staged", "--format", "jsonl"], 1);
    assert_eq!(run.only_finding()["occurrences"][0]["path"], "a.env", "{run}");
    let reverting = |repo: &Repo| {
        leak(repo, &secret, "a.env");
        repo.git(&["revert", "--no-commit", "HEAD"]);
    };
    alike(reverting, &["staged", "--format", "jsonl"], 0);
    let merging = |repo: &Repo| {
        repo.git(&["switch", "--quiet", "--create", "side"]);
        repo.write("a.env", secret.line());
        repo.commit("aside");
        repo.git(&["switch", "--quiet", "main"]);
        repo.write("b.txt", "b\n");
        repo.commit("on");
        repo.git(&["merge", "--quiet", "--no-commit", "--no-ff", "side"]);
    };
    alike(merging, &["staged", "--format", "jsonl"], 0);
}

/// Adds a branch that tracks a remote one, a tag, and a switch to another branch and back.
fn with_names(repo: &Repo) {
    repo.git(&["init", "--quiet", "--bare", "../server"]);
    repo.git(&["remote", "add", "origin", "../server"]);
    repo.git(&["push", "--quiet", "--set-upstream", "origin", "main"]);
    repo.git(&["tag", "--annotate", "-m", "one", "v1"]);
    repo.git(&["switch", "--quiet", "--create", "side"]);
    repo.git(&["switch", "--quiet", "main"]);
    leak(repo, &Secret::github(3), "a.env");
}

#[test]
fn a_range_is_named_as_git_names_it() {
    for range in [
        "HEAD~2..HEAD",
        "v1..",
        "side..main",
        "refs/tags/v1^{commit}..@",
        "@{u}..",
        "main@{upstream}..main",
        "origin/main..main",
        "heads/side..HEAD^0",
        "HEAD@{2}..HEAD",
        "@{2}..HEAD",
        "@{-1}..HEAD",
        "main@{2}..@{0}",
    ] {
        let run = alike(with_names, &["range", range, "--format", "jsonl"], 1);
        assert_eq!(run.records_of("finding").len(), 1, "{range}: {run}");
    }
    for range in ["nowhere..HEAD", "@{-7}..HEAD", "main..side@{u}"] {
        for way in WAYS {
            let repo = started(way);
            with_names(&repo);
            repo.keysweep(&["range", range]).expect_code(2).expect_mention("cannot resolve");
        }
    }
}

#[test]
fn a_sweep_reports_how_far_a_secret_got() {
    let secrets: Vec<Secret> = (10..20).map(Secret::github).collect();
    let build = |repo: &Repo| {
        with_names(repo);
        leak(repo, &secrets[0], "history.env");
        repo.write("main.env", secrets[1].line());
        repo.commit("on main");
        repo.git(&["switch", "--quiet", "--create", "gone"]);
        leak(repo, &secrets[2], "gone.env");
        repo.git(&["switch", "--quiet", "main"]);
        repo.git(&["branch", "--quiet", "-D", "gone"]);
        repo.git(&["tag", "--annotate", "-m", &secrets[3].value, "v2"]);
        repo.git(&["commit", "--quiet", "--allow-empty", "-m", &secrets[4].value]);
        repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
        repo.git(&["update-ref", "-m", &secrets[5].value, "refs/heads/noted", "HEAD"]);
        repo.git(&["branch", &format!("b-{}", secrets[6].value)]);
        repo.write("README.md", secrets[7].line());
        repo.git(&["stash", "--quiet"]);
        repo.git(&["notes", "add", "-m", &secrets[8].value]);
        repo.write("pushed.env", secrets[9].line());
        repo.commit("pushed");
        repo.git(&["push", "--quiet"]);
    };
    let run = alike(build, &["history", "--format", "jsonl"], 1);
    assert_eq!(run.records_of("finding").len(), 11, "{run}");
    for args in [&["baseline", "create"][..], &["purge-plan", "--format", "json"], &["history", "--format", "human"]] {
        let codes = WAYS.map(|way| {
            let repo = started(way);
            build(&repo);
            repo.keysweep(args).code
        });
        assert_eq!(codes[0], codes[1], "{args:?}");
    }
}

#[test]
fn a_linked_work_tree_has_its_own_refs() {
    let [detached, staged, private] = [30, 31, 32].map(Secret::github);
    let build = |repo: &Repo| {
        repo.git(&["worktree", "add", "--quiet", "--detach", "../linked"]);
        let linked = repo.at("../linked");
        linked.write("a.env", detached.line());
        linked.commit(&format!("with {}", private.value));
        linked.write("b.env", staged.line());
        linked.add();
    };
    let run = alike(build, &["history", "--format", "jsonl"], 1);
    assert_eq!(run.records_of("finding").len(), 3, "{run}");
    for (way, args, count) in [
        ("reftable", &["staged", "--format", "jsonl"][..], 1),
        ("reftable", &["range", "main..HEAD", "--format", "jsonl"], 2),
        ("reftable", &["range", "main-worktree/HEAD..@{0}", "--format", "jsonl"], 2),
    ] {
        let repo = started(way);
        build(&repo);
        let run = repo.at("../linked").keysweep(args).expect_code(1);
        assert_eq!(run.records_of("finding").len(), count, "{args:?}: {run}");
        repo.keysweep(&["range", "HEAD..worktrees/linked/HEAD"]).expect_code(1);
        repo.keysweep(&["range", "HEAD..worktrees/../HEAD"]).expect_code(2);
    }
}

#[test]
fn hooks_let_through_only_clean_content() {
    for way in WAYS {
        let repo = started(way);
        with_names(&repo);
        repo.keysweep(&["hook", "install"]).expect_code(0);
        repo.keysweep(&["hook", "install", "--hook", "pre-push"]).expect_code(0);
        repo.keysweep(&["hook", "status"]).expect_code(0);
        repo.write("b.txt", "clean\n");
        repo.add();
        repo.git(&["commit", "--quiet", "-m", "clean"]);
        repo.write("b.env", Secret::github(40).line());
        repo.add();
        assert_ne!(repo.try_git(&["commit", "-m", "leak"]).code, Some(0), "{way}");
        // Two commits that contain the secret of `with_names` are not on the server yet.
        assert_ne!(repo.try_git(&["push", "origin", "main"]).code, Some(0), "{way}");
        repo.git(&["push", "--quiet", "--no-verify", "origin", "main"]);
        repo.git(&["reset", "--quiet", "--hard"]);
        repo.write("c.txt", "clean\n");
        repo.add();
        repo.git(&["commit", "--quiet", "-m", "clean"]);
        repo.git(&["push", "--quiet", "origin", "main"]);
    }
}

#[test]
fn a_server_checks_pushed_content() {
    for more in [&["--bare"][..], &["--bare", "--object-format=sha256"]] {
        let server = stored("reftable", more);
        server.keysweep(&["hook", "install", "--hook", "pre-receive"]).expect_code(0);
        let client = server.at("../client");
        client.git(&[&["init", "--quiet", "--ref-format=reftable"][..], &more[1..]].concat());
        client.git(&["remote", "add", "origin", "../work"]);
        client.write("a.txt", "clean\n");
        client.commit("start");
        client.git(&["push", "--quiet", "origin", "HEAD:main"]);
        leak(&client, &Secret::github(41), "a.env");
        assert_ne!(client.try_git(&["push", "origin", "HEAD:main"]).code, Some(0), "{more:?}");
        client.keysweep(&["range", "HEAD~1..HEAD"]).expect_code(0);
        client.keysweep(&["range", "HEAD~2..HEAD"]).expect_code(1);
    }
}

#[test]
fn an_expired_reflog_is_found_until_its_table_is_compacted() {
    let repo = started("reftable");
    let secret = Secret::github(42);
    repo.git(&["update-ref", "-m", &secret.value, "refs/heads/noted", "HEAD"]);
    repo.git(&["pack-refs", "--all"]);
    let verify = || repo.tool(&["verify", "--stdin"]).input(secret.value.clone()).run();
    verify().expect_code(1).expect_mention("the reflog of refs/heads/noted contains it");
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
    verify().expect_code(1).expect_mention("reftable/").expect_mention("git pack-refs --all");
    repo.git(&["pack-refs", "--all"]);
    verify().expect_code(0);
}

// ---------------------------------------------------------------- the format

/// Returns a repository with refs and reflogs that fill many blocks.
fn large(more: &[&str]) -> Repo {
    let repo = stored("reftable", more);
    repo.write("README.md", "# A project\n");
    repo.commit("start");
    repo.git(&["tag", "--annotate", "-m", "one", "peeled"]);
    let id = repo.head();
    let many: String = (0..9000).map(|n| format!("create refs/heads/group-{}/branch-{n} {id}\n", n % 7)).collect();
    repo.git_tool(&["update-ref", "--create-reflog", "-m", "made for a test", "--stdin"])
        .input(many)
        .run()
        .expect_code(0);
    let many: String =
        (0..9000).step_by(3).map(|n| format!("delete refs/heads/group-{}/branch-{n}\n", n % 7)).collect();
    repo.git_tool(&["update-ref", "--stdin"]).input(many).run().expect_code(0);
    repo.git(&["symbolic-ref", "refs/heads/link", "refs/heads/main"]);
    repo
}

fn lines(run: &Run) -> Vec<String> {
    run.out().lines().map(str::to_owned).collect()
}

#[test]
fn refs_and_reflogs_match_git() {
    for more in [&[][..], &["--object-format=sha256"]] {
        let repo = large(more);
        for compacted in [false, true] {
            if compacted {
                repo.git(&["pack-refs", "--all"]);
            }
            let ours = must(git::Repo::open(&repo.path("")), "open the repository");
            let all = ours.all_refs();
            assert_eq!(all.gaps, []);
            let ids = |one: &git::ref_store::Ref| one.end.map(|id| id.to_string()).unwrap_or_default();
            let shown: Vec<String> = all.refs.iter().map(|one| format!("{} {}", ids(one), one.name)).collect();
            assert_eq!(shown, lines(&repo.git(&["for-each-ref", "--format=%(objectname) %(refname)"])), "{more:?}");
            let logs = must(ours.table_logs().ok_or("there are tables"), "read the reflogs");
            assert_eq!(logs.troubles, []);
            let names: Vec<String> = logs.entries.keys().map(ToString::to_string).collect();
            let mut listed = lines(&repo.git(&["reflog", "list"]));
            listed.sort();
            assert_eq!(names, listed);
            let counted: usize = logs.entries.values().map(Vec::len).sum();
            let walked = repo.git(&["log", "--walk-reflogs", "--all", "--format=%gd"]);
            assert!(counted > 6000 && counted >= lines(&walked).len(), "{counted}");
        }
    }
}

#[test]
fn a_reflog_in_a_table_equals_one_in_a_file() {
    let [files, tables] = WAYS.map(|way| {
        let repo = started(way);
        with_names(&repo);
        repo
    });
    let ours = must(git::Repo::open(&tables.path("")), "open the repository");
    let logs = must(ours.table_logs().ok_or("there are tables"), "read the reflogs");
    for name in ["HEAD", "refs/heads/main", "refs/heads/side", "refs/remotes/origin/main"] {
        let entries = logs.entries.get(name.as_bytes()).map(Vec::as_slice).unwrap_or_default();
        let text: Vec<u8> = entries.iter().flat_map(|change| change.line.to_vec()).collect();
        assert_eq!(String::from_utf8_lossy(&text), files.read(format!(".git/logs/{name}")), "{name}");
    }
}

/// Returns the files of the tables.
fn tables(repo: &Repo) -> Vec<PathBuf> {
    let entries = must(fs::read_dir(repo.path(".git/reftable")), "list the tables");
    let mut paths: Vec<PathBuf> = entries.map(|entry| must(entry, "list a table").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "ref"));
    paths
}

#[test]
fn no_table_bytes_cause_a_panic() {
    let repo = large(&[]);
    let mut chance = Chance(7);
    for path in tables(&repo) {
        let whole = must(fs::read(path), "read a table");
        for _ in 0..3000 {
            let mut bytes = whole.clone();
            match chance.below(4) {
                0 => bytes.truncate(chance.below(bytes.len())),
                1 => {
                    let range = chance.range(bytes.len(), 64);
                    bytes[range].fill(0);
                }
                2 => {
                    let range = chance.range(bytes.len(), 64);
                    let doubled = bytes[range.clone()].to_vec();
                    bytes.splice(range.start..range.start, doubled);
                }
                _ => {
                    let at = chance.below(bytes.len());
                    bytes[at] ^= 1 << chance.below(8);
                }
            }
            let Ok(table) = Table::parse(bytes, git::Hash::Sha1) else { continue };
            let _ = table.each_ref(&mut Room::default(), &mut |_, _| std::ops::ControlFlow::Continue(()));
            let _ = table.each_change(&mut Room::default(), &mut |_, _, _| {});
        }
    }
}

#[test]
fn a_changed_stack_is_read_again() {
    let repo = started("reftable");
    let folder = repo.path(".git/reftable");
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                let stack = Stack::read(&folder, git::Hash::Sha1);
                assert_eq!(stack.troubles(), []);
                assert!(matches!(stack.find("HEAD".into()), Ok(Some(Target::Ref(_)))));
            }
        });
        for n in 0..60 {
            repo.git(&["update-ref", &format!("refs/heads/b{n}"), "HEAD"]);
        }
        is_over.store(true, Ordering::Relaxed);
    });
}

// ---------------------------------------------------------------- damage

/// A description of the damage, and the function that does it.
type Damage = (&'static str, fn(&Repo));

const DAMAGES: [Damage; 7] = [
    ("a table is cut", |repo| rewrite(repo, |bytes| bytes.truncate(bytes.len() / 2))),
    ("a block is zeroed", |repo| rewrite(repo, |bytes| bytes[24..64].fill(0))),
    ("the end is another's", |repo| rewrite(repo, |bytes| bytes.extend_from_slice(b"more"))),
    ("a table is gone", |repo| tables(repo).iter().for_each(|path| must(fs::remove_file(path), "remove a table"))),
    ("the list is gone", |repo| repo.remove(".git/reftable/tables.list")),
    ("the list is empty", |repo| repo.write(".git/reftable/tables.list", "")),
    ("the list leads out", |repo| repo.write(".git/reftable/tables.list", "../../outside.ref\n")),
];

fn rewrite(repo: &Repo, change: impl Fn(&mut Vec<u8>)) {
    for path in tables(repo) {
        let mut bytes = must(fs::read(&path), "read a table");
        change(&mut bytes);
        // Git makes the tables read-only, so they are replaced.
        must(fs::remove_file(&path), "remove a table");
        must(fs::write(&path, bytes), "write a table");
    }
}

#[test]
fn unreadable_refs_are_a_gap_and_allow_no_conclusions() {
    for (name, damage) in DAMAGES {
        let repo = started("reftable");
        let secret = Secret::github(50);
        leak(&repo, &secret, "a.env");
        repo.write("b.txt", "b\n");
        repo.add();
        repo.keysweep(&["hook", "install"]).expect_code(0);
        damage(&repo);
        repo.keysweep(&["staged"]).expect_code(2).expect_mention("reftable");
        repo.keysweep(&["range", "HEAD~1..HEAD"]).expect_code(2);
        let sweep = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1);
        assert_eq!(sweep.only_finding()["stage"], "unknown", "{name}: {sweep}");
        assert!(!sweep.records_of("gap").is_empty(), "{name}: {sweep}");
        let told = repo.keysweep(&["history"]).text();
        assert!(!told.contains("git gc") && !told.contains("no sign of a push"), "{name}: {told}");
        let verify = repo.tool(&["verify", "--stdin"]).input(secret.value).run().expect_code(1);
        assert!(!verify.text().contains("git gc"), "{name}: {verify}");
        repo.tool(&["verify", "--stdin"]).input("not-there-at-all").run().expect_code(2);
        repo.keysweep(&["hook", "status"]).expect_code(2).expect_mention("reftable");
        repo.keysweep(&["hook", "install"]).expect_code(2).expect_mention("reftable");
    }
}

#[cfg(unix)]
#[test]
fn a_table_list_that_is_a_device_is_not_opened() {
    let repo = started("reftable");
    repo.remove(".git/reftable/tables.list");
    must(std::os::unix::fs::symlink("/dev/zero", repo.path(".git/reftable/tables.list")), "make a link");
    repo.keysweep(&["staged"]).expect_code(2).expect_mention("not a regular file");
}
