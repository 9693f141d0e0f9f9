//! Tests of what git is lenient about: odd commits and tags, and where it looks for a repository.

use std::fs;

use serde_json::Value;

use crate::support::{Repo, Secret, must};

/// Stores a commit with HEAD's tree and the given author line.
fn odd(repo: &Repo, parent: &str, author: &str, message: &str) -> String {
    let tree = repo.rev("HEAD^{tree}");
    let text = format!(
        "tree {tree}\nparent {parent}\nauthor {author}\ncommitter C <c@d.e> 1750000000 +0000\nencoding made-up\n\n{message}\n"
    );
    let made = repo.git_tool(&["hash-object", "-t", "commit", "-w", "--literally", "--stdin"]).input(text).run();
    made.expect_code(0).out().trim().to_owned()
}

const AUTHORS: [(&str, &str, &str); 7] = [
    ("A B a@b.c 1282910542 +0200", "unknown", "unknown"),
    ("", "unknown", "unknown"),
    ("A <a@b.c> Thu Aug 27 12:00:00 2010 +0200", "A <a@b.c>", "unknown"),
    ("A <a@b.c> 1282910542 UTC", "A <a@b.c>", "2010-08-27T12:02:22+00:00"),
    ("A <a@b.c> 1282910542 --700", "A <a@b.c>", "2010-08-27T12:02:22+00:00"),
    ("A <a@b.c> 1282910542 +051800", "A <a@b.c>", "2010-08-27T12:02:22+00:00"),
    ("A <a@b.c> 99999999999999999 +0000", "A <a@b.c>", "unknown"),
];

#[test]
fn a_malformed_commit_loses_only_the_malformed_fields() {
    for (author, who, when) in AUTHORS {
        let repo = Repo::with_a_commit();
        let (before, own) = (Secret::github(810), Secret::github(811));
        repo.git(&["checkout", "--quiet", "--detach"]);
        repo.write("config.env", before.line());
        repo.commit("leak");
        let commit = odd(&repo, &repo.head(), author, &own.value);
        repo.git(&["update-ref", "refs/heads/odd", &commit]);
        repo.git(&["log", "odd"]);
        for command in [&["range", "main..odd"][..], &["history"]] {
            let run = repo.keysweep(&[command, &["--format", "jsonl", "--show-secrets"]].concat()).expect_code(1);
            let findings = run.records_of("finding");
            let of = |secret: &Secret| findings.iter().find(|finding| finding["secret"] == *secret.value);
            assert!(of(&before).is_some(), "{author:?}: {run}");
            let found = of(&own).unwrap_or_else(|| panic!("{author:?}: {run}"));
            assert_eq!(found["exposure"]["first_author"], who, "{author:?}: {found}");
            assert_eq!(found["exposure"]["first_seen"], when, "{author:?}: {found}");
            assert_eq!(run.records_of("gap"), Vec::<Value>::new(), "{author:?}: {run}");
        }
        repo.keysweep(&["range", "main..odd"]).expect_code(1).expect_mention(who);
    }
}

/// A parent line after the author isn't a parent. For git, parents directly follow the tree; if keysweep accepted such
/// a line, what it names would count as already known.
#[test]
fn a_line_after_the_author_is_not_a_parent() {
    let repo = Repo::with_a_commit();
    let secret = Secret::github(812);
    let base = repo.head();
    repo.write("config.env", secret.line());
    repo.commit("leak");
    let (leak, tree) = (repo.head(), repo.rev("HEAD^{tree}"));
    let text = format!(
        "tree {tree}\nparent {base}\nauthor A <a@b.c> 1750000000 +0000\nparent {leak}\ncommitter A <a@b.c> 1750000000 +0000\n\nx\n"
    );
    let made = repo.git_tool(&["hash-object", "-t", "commit", "-w", "--literally", "--stdin"]).input(text).run();
    let commit = made.expect_code(0).out().trim().to_owned();
    assert_eq!(repo.git(&["rev-list", "--count", &format!("{base}..{commit}")]).out().trim(), "1");
    repo.keysweep(&["range", &format!("{base}..{commit}")]).expect_code(1).expect_mention(secret.rule);
}

// ---------------------------------------------------------------- damage

/// Changes the first parent of a commit in the commit-graph.
fn falsify(graph: &mut [u8], commit: &str, parent: u32) {
    let number = |at: usize, length: usize| graph[at..at + length].iter().fold(0, |sum, b| sum * 256 + usize::from(*b));
    let chunk = |name: &[u8]| {
        let entries = (0..usize::from(graph[6])).map(|n| 8 + 12 * n);
        let entry = entries.into_iter().find(|at| &graph[*at..at + 4] == name);
        number(entry.unwrap_or_else(|| panic!("there has to be a chunk {name:?}")) + 4, 8)
    };
    let (ids, data) = (chunk(b"OIDL"), chunk(b"CDAT"));
    let hex = |at: usize| graph[at..at + 20].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let position = (0..(data - ids) / 20).find(|n| hex(ids + 20 * n) == commit);
    let at = data + 36 * position.unwrap_or_else(|| panic!("the graph has to know {commit}")) + 20;
    graph[at..at + 4].copy_from_slice(&parent.to_be_bytes());
}

#[test]
fn a_commit_graph_that_leaves_out_a_parent_hides_nothing() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(813));
    let base = repo.head();
    for step in 0..6 {
        let leak = if step == 2 { secret.line() } else { String::new() };
        repo.write("config.env", format!("STEP={step}\n{leak}"));
        repo.commit("a step");
    }
    repo.git(&["commit-graph", "write", "--reachable"]);
    let path = repo.git_path("objects/info/commit-graph");
    let mut graph = must(fs::read(&path), "read the commit-graph");
    const NO_PARENT: u32 = 0x7000_0000;
    falsify(&mut graph, &repo.rev("HEAD~2"), NO_PARENT);
    must(fs::remove_file(&path), "remove the commit-graph");
    must(fs::write(&path, graph), "write the commit-graph");
    let range = format!("{base}..HEAD");
    assert_eq!(repo.git(&["rev-list", "--count", &range]).out().trim(), "3", "git is led astray");
    repo.keysweep(&["range", &range]).expect_code(1).expect_mention(secret.rule);
    repo.git(&["init", "--quiet", "--bare", "../remote.git"]);
    let line = format!("refs/heads/main {} refs/heads/main {base}\n", repo.head());
    let push = repo.tool(&["hook", "run", "pre-push", "origin", "../remote.git"]).input(line).run();
    push.expect_code(1).expect_mention(secret.rule);
}

#[test]
fn circular_tags_terminate() {
    let repo = Repo::with_a_commit();
    let [one, other] = ["a", "b"].map(|digit| digit.repeat(40));
    for (id, named) in [(&one, &other), (&other, &one)] {
        let text = format!("object {named}\ntype tag\ntag t\ntagger A <a@b.c> 1750000000 +0000\n\nround\n");
        let made = repo.git_tool(&["hash-object", "-t", "tag", "-w", "--literally", "--stdin"]).input(text).run();
        let stored = repo.loose_object(made.expect_code(0).out().trim());
        let path = repo.git_path(&format!("objects/{}/{}", &id[..2], &id[2..]));
        must(fs::create_dir_all(path.parent().unwrap_or(&path)), "make a folder for an object");
        must(fs::copy(stored, path), "copy an object");
    }
    must(fs::write(repo.git_path("refs/tags/round"), format!("{one}\n")), "write a tag");
    for range in ["HEAD..round", "round..HEAD", "HEAD..round^{}", "round~1..HEAD", &format!("HEAD..{one}"), "round^!"] {
        repo.keysweep(&["range", range]).expect_code(2).expect_mention("cannot resolve");
    }
    let line = format!("refs/tags/round {one} refs/tags/round {}\n", "0".repeat(40));
    repo.tool(&["hook", "run", "pre-push", "origin", "../remote.git"]).input(line).run().expect_code(2);
}

// ---------------------------------------------------------------- the repository that is used

#[test]
fn repository_discovery_stops_where_git_stops() {
    let repo = Repo::with_a_commit();
    let deep = repo.at("sub/deep");
    must(fs::create_dir_all(deep.path("")), "make folders");
    let root = must(repo.path("").canonicalize(), "resolve the folder").display().to_string();
    let ceilings = [
        "",
        "/",
        &root,
        &format!("{root}/"),
        &format!("{root}/sub"),
        &format!("{root}/sub/deep"),
        &format!("/x:{root}"),
        "sub",
    ];
    for ceiling in ceilings {
        let git = deep.git_tool(&["rev-parse"]).env("GIT_CEILING_DIRECTORIES", ceiling).run();
        let run = deep.tool(&["staged"]).env("GIT_CEILING_DIRECTORIES", ceiling).run();
        assert_eq!(git.code == Some(0), run.code == Some(0), "{ceiling}: {git}\n{run}");
    }
}

#[test]
fn an_explicit_path_overrides_the_environment() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(814));
    let other = repo.at("../other");
    repo.git(&["init", "--quiet", "../other"]);
    other.write("config.env", secret.line());
    other.add();
    other.git(&["commit", "--quiet", "--message", "leak"]);
    let told = |args: &[&str]| {
        let tool = repo.tool(args).env("GIT_DIR", repo.git_path("")).env("GIT_INDEX_FILE", repo.git_path("index"));
        tool.env("GIT_WORK_TREE", repo.path("")).run()
    };
    told(&["history", "../other"]).expect_code(1).expect_mention(secret.rule);
    told(&["history"]).expect_code(0);
    told(&["history", "."]).expect_code(0);
    let inside = other.tool(&["history"]).env("GIT_DIR", repo.git_path("")).run();
    inside.expect_code(0);
}
