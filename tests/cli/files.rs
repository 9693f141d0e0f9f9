//! Tests of the files that `files` reads, and of what it reports as not read.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::{Repo, Run, Secret, must};

/// Runs keysweep and checks that the run ends soon, whatever is behind the paths.
#[track_caller]
fn soon(repo: &Repo, args: &[&str]) -> Run {
    let start = Instant::now();
    let run = repo.keysweep(args);
    assert!(start.elapsed() < Duration::from_secs(20), "{args:?} took {:?}: {run}", start.elapsed());
    run
}

/// Returns the paths of the files that findings are in.
fn found(repo: &Repo, args: &[&str]) -> BTreeSet<String> {
    let run = repo.keysweep(&[args, &["--format", "jsonl"]].concat());
    let places = run.records_of("finding").into_iter().flat_map(|finding| match &finding["occurrences"] {
        serde_json::Value::Array(places) => places.clone(),
        _ => Vec::new(),
    });
    places.filter_map(|place| place["path"].as_str().map(str::to_owned)).collect()
}

/// Writes a different secret to each file.
fn with_secrets(repo: &Repo, paths: &[&str]) {
    for (seed, path) in (7_000..).zip(paths) {
        repo.write(path, format!("TOKEN={}\n", Secret::github(seed).value));
    }
}

fn texts(run: &Run, kind: &str, field: &str) -> String {
    let texts = run.records_of(kind).into_iter().map(|one| one[field].as_str().unwrap_or_default().to_owned());
    texts.collect::<Vec<_>>().join("\n")
}

#[test]
fn ignored_files_are_counted_and_named_in_every_format() {
    let repo = Repo::with_a_commit();
    repo.write(".gitignore", "node_modules/\n.env\n");
    with_secrets(&repo, &[".env", "node_modules/m/index.js"]);
    let told = "not read, because ignore files exclude it";
    for format in ["human", "json", "jsonl", "markdown", "html", "sarif", "github", "azure", "gitlab", "junit", "csv"] {
        let run = repo.keysweep(&["files", ".", "--format", format]).expect_code(0);
        for wanted in [told, ".env", "node_modules/", "--no-ignore"] {
            assert!(run.out().contains(wanted), "{format} does not say {wanted}: {run}");
        }
    }
    assert_eq!(found(&repo, &["files", ".", "--no-ignore"]).len(), 2);
    assert_eq!(found(&repo, &["files", "node_modules"]).len(), 1, "what is named is not left out");
    (0..20).for_each(|n| repo.write(format!("cache/{n:02}.log"), "clean\n"));
    repo.write(".ignore", "*.log\n");
    repo.keysweep(&["files", "."]).expect_code(0).expect_mention("reads it), 22: ").expect_mention(" and 14 more");
}

#[test]
fn tracked_files_are_never_left_out() {
    let repo = Repo::with_a_commit();
    with_secrets(&repo, &["build/kept/a.txt", "build/other.txt", "app.env"]);
    repo.git(&["add", "build/kept/a.txt", "app.env"]);
    repo.write(".gitignore", "build/\n*.env\n");
    repo.write(".ignore", "app.env\n");
    let paths = found(&repo, &["files", "."]);
    assert_eq!(paths, BTreeSet::from(["app.env".to_owned(), "build/kept/a.txt".to_owned()]));
    repo.keysweep(&["files", "."]).expect_mention("build/other.txt");
    // The index that counts is that of the work tree that the file is in.
    let nested = repo.at("nested");
    nested.git(&["init", "--quiet"]);
    with_secrets(&nested, &["build/a.txt"]);
    nested.write(".gitignore", "build/\n");
    assert!(!found(&repo, &["files", "."]).contains("nested/build/a.txt"));
    nested.git(&["add", "--force", "build/a.txt"]);
    assert!(found(&repo, &["files", "."]).contains("nested/build/a.txt"));
}

#[test]
fn nothing_is_left_out_if_tracked_files_are_unknown() {
    let repo = Repo::with_a_commit();
    repo.write(".gitignore", ".env\n");
    with_secrets(&repo, &[".env"]);
    repo.write_bytes(".git/index", "no index");
    let run = repo.keysweep(&["files", ".", "--format", "jsonl"]).expect_code(1);
    assert!(texts(&run, "note", "text").contains("ignore files were not applied"), "{run}");
}

#[test]
fn ignore_files_work_as_in_git() {
    let repo = Repo::with_a_commit();
    repo.write(".gitignore", "*.log\n!keep.log\n/top.txt\nsub/deep/\nout\n# a comment\n\\#named\ntrailing   \n");
    repo.write("sub/.gitignore", "!special.log\n/top.txt\nlocal*\n!local.kept\n");
    repo.write(".git/info/exclude", "excluded.txt\n");
    let names = [
        "a.log",
        "keep.log",
        "top.txt",
        "out",
        "#named",
        "trailing",
        "excluded.txt",
        "local.txt",
        "plain.txt",
        "special.log",
        "x/top.txt",
        "x/out/y.txt",
        "sub/a.log",
        "sub/keep.log",
        "sub/special.log",
        "sub/top.txt",
        "sub/local.txt",
        "sub/local.kept",
        "sub/deep/x.txt",
        "sub/x/top.txt",
        "sub/x/local.a",
        "sub/excluded.txt",
    ];
    with_secrets(&repo, &names);
    let listed = repo.git(&["ls-files", "--cached", "--others", "--exclude-standard"]).out();
    let tracked: BTreeSet<String> = listed.lines().map(str::to_owned).filter(|name| names.contains(&&**name)).collect();
    assert!(tracked.len() > 5 && tracked.len() < names.len() - 5, "{tracked:?}");
    assert_eq!(found(&repo, &["files", "."]), tracked);
    // For a scan of a folder, the ignore files of the folders above it apply as well.
    let sub: BTreeSet<String> = tracked.into_iter().filter(|name| name.starts_with("sub/")).collect();
    assert_eq!(found(&repo, &["files", "sub"]), sub);
    assert_eq!(found(&repo, &["files", ".", "--no-ignore"]).len(), names.len());
}

#[test]
fn a_named_pipe_argument_is_read() {
    let repo = Repo::folder();
    let secret = Secret::github(7_100);
    repo.write("secret", secret.line());
    let bash = |line: &str| repo.program("bash").args(&["-c", line]).run();
    bash("keysweep files <(cat secret)").expect_code(1).expect_withheld(&secret.value);
    bash("keysweep files <(sleep 0.3; cat secret) <(true)").expect_code(1).expect_mention("2 files read");
    let own = Path::new("/proc/self/fd").exists().then_some("/proc/self/fd/0");
    for path in ["/dev/stdin", "/dev/fd/0", "-"].into_iter().chain(own) {
        bash(&format!("cat secret | keysweep files {path}")).expect_code(1);
        bash(&format!("keysweep files {path} <secret")).expect_code(1);
        bash(&format!("echo clean | keysweep files {path}")).expect_code(0).expect_mention("1 file read, 6 bytes");
    }
    bash("mkfifo pipe; (sleep 0.3; cat secret >pipe) & keysweep files pipe").expect_code(1);
    soon(&repo, &["files", "pipe"]).expect_code(2).expect_mention("nothing was written to it");
}

#[test]
fn an_unreadable_argument_is_a_gap() {
    let repo = Repo::folder();
    repo.write(".keysweep.toml", "[limits]\nmax_file_size = 4096\n");
    soon(&repo, &["files", "/dev/zero"]).expect_code(2).expect_mention("max_file_size");
    repo.program("sh").args(&["-c", "keysweep files - </dev/zero"]).run().expect_code(2);
    repo.program("sh")
        .args(&["-c", "yes | head -c 5000 | keysweep files -"])
        .run()
        .expect_code(2)
        .expect_mention("4096");
    let _listener = must(UnixListener::bind(repo.path("socket")), "make a socket");
    soon(&repo, &["files", "socket"]).expect_code(2);
    soon(&repo, &["files", "nothing"]).expect_code(2).expect_mention("check the path");
}

#[test]
fn a_closed_standard_input_is_never_taken_for_an_empty_one() {
    let repo = Repo::with_a_commit();
    for command in [
        "files -",
        "files /dev/stdin",
        "verify --stdin",
        "hook run pre-push origin",
        "hook run pre-receive",
        "hook run agent",
    ] {
        let run = repo.sh(&format!("keysweep {command} <&-")).expect_code(2);
        assert!(run.text().contains("standard input") || command.contains("/dev/stdin"), "{run}");
    }
    // Git passes the input through a pipe, which may be empty.
    repo.sh("keysweep hook run pre-push origin </dev/null").expect_code(2);
    repo.sh("true | keysweep hook run pre-push origin").expect_code(2).expect_mention("pass on the standard input");
    repo.sh("true | keysweep hook run pre-receive").expect_code(2);
}

#[test]
fn special_files_in_a_folder_are_reported() {
    let repo = Repo::folder();
    repo.write("folder/file", "clean\n");
    repo.sh("mkfifo folder/pipe").expect_code(0);
    let run = soon(&repo, &["files", ".", "--format", "jsonl"]).expect_code(2);
    assert!(texts(&run, "gap", "what").contains("folder/pipe"), "{run}");
    repo.remove("folder/pipe");
    let _listener = must(UnixListener::bind(repo.path("folder/socket")), "make a socket");
    let run = soon(&repo, &["files", ".", "--format", "jsonl"]).expect_code(0);
    assert!(texts(&run, "note", "text").contains("folder/socket"), "{run}");
}

#[test]
fn a_link_argument_is_not_followed_out_of_the_repository() {
    let repo = Repo::with_a_commit();
    let secret = Secret::github(7_200);
    repo.write("../outside/secret", secret.line());
    repo.write("sub/secret", secret.line());
    for (name, target) in
        [("root", "/"), ("out", "../outside"), ("file", "../outside/secret"), ("near", "sub/secret"), ("folder", "sub")]
    {
        must(symlink(target, repo.path(name)), "make a link");
    }
    must(symlink("../sub/secret", repo.path("sub/up")), "make a link");
    for name in ["root", "root/", "out", "file"] {
        soon(&repo, &["files", name]).expect_code(2).expect_mention("name its target");
    }
    for name in ["near", "folder", "sub/up"] {
        soon(&repo, &["files", name]).expect_code(1);
    }
    must(symlink(format!("{}/x", secret.value), repo.path("text")), "make a link");
    soon(&repo, &["files", "text"]).expect_code(1).expect_withheld(&secret.value);
}

#[test]
fn an_ignore_file_that_is_not_a_regular_file_is_a_gap() {
    for name in [".gitignore", ".ignore"] {
        let repo = Repo::with_a_commit();
        with_secrets(&repo, &["a.env"]);
        must(symlink("/dev/zero", repo.path(name)), "make a link");
        let run = soon(&repo, &["files", ".", "--format", "jsonl"]).expect_code(1);
        assert!(texts(&run, "gap", "what").contains(name), "{run}");
        repo.remove(name);
        repo.sh(&format!("mkfifo {name}")).expect_code(0);
        soon(&repo, &["files", "."]).expect_code(1);
        repo.remove(name);
        let file = must(fs::File::create(repo.path(name)), "make a file");
        must(file.set_len(17 << 20), "make it large");
        soon(&repo, &["files", "."]).expect_code(1).expect_mention("16777216 bytes");
        repo.remove(name);
        // A link that stays in the work tree is treated like the file itself.
        repo.write("rules", "a.env\n");
        must(symlink("rules", repo.path(name)), "make a link");
        soon(&repo, &["files", "."]).expect_code(0).expect_mention("reads it), 1: ");
    }
}

#[test]
fn repositories_below_a_folder_are_named_with_the_sweep_command() {
    let repo = Repo::with_a_commit();
    repo.git(&["clone", "--quiet", "--bare", ".", "below/bare.git"]);
    repo.git(&["clone", "--quiet", ".", "below/copy"]);
    let run = repo.keysweep(&["files", ".", "--format", "jsonl"]).expect_code(0);
    let notes = texts(&run, "note", "text");
    assert!(notes.contains("repositories that were not swept") && notes.contains("keysweep history PATH"), "{notes}");
    for path in ["below/bare.git", "below/copy/.git"] {
        assert!(notes.contains(path), "{notes}");
        repo.keysweep(&["history", path]).expect_code(0);
    }
    let run = repo.keysweep(&["files", "README.md", "--format", "jsonl"]).expect_code(0);
    assert_eq!(texts(&run, "note", "text"), "");
}

#[test]
fn unopened_files_are_named() {
    let repo = Repo::with_a_commit();
    repo.write_bytes("sub/a.lz", b"LZIP\x01...");
    repo.write_bytes("sub/b.lz", b"LZIP\x01..");
    repo.write_bytes("old.lzma", b"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0...");
    repo.git(&["bundle", "create", "--quiet", "sub/all.bundle", "--all"]);
    let told = |run: &Run| {
        for wanted in ["sub/a.lz, sub/b.lz", "old.lzma", "sub/all.bundle", "git clone --mirror", "keysweep history"] {
            assert!(run.out().contains(wanted), "{wanted}: {run}");
        }
    };
    told(&repo.keysweep(&["files", "."]).expect_code(0));
    repo.add();
    told(&repo.keysweep(&["staged", "--format", "jsonl"]).expect_code(0));
    repo.git(&["clone", "--quiet", "--mirror", "sub/all.bundle", "sub/all.git"]);
    repo.keysweep(&["history", "sub/all.git"]).expect_code(0);
}

#[test]
fn a_zstd_file_is_opened() {
    let (repo, secret) = (Repo::folder(), Secret::github(7_300));
    // The file has one frame with one uncompressed block, which holds the secret in UTF-16.
    let text: Vec<u8> = secret.line().encode_utf16().flat_map(u16::to_le_bytes).collect();
    let length = must(u8::try_from(text.len()), "write a short text");
    let block = (u32::from(length) << 3 | 1).to_le_bytes();
    repo.write_bytes("dump.zst", [&[0x28, 0xb5, 0x2f, 0xfd, 0x20, length][..], &block[..3], &text].concat());
    let run = repo.keysweep(&["files", "dump.zst", "--format", "jsonl"]).expect_code(1);
    assert_eq!(run.only_finding()["occurrences"][0]["kind"], "archive-member", "{run}");
}

#[test]
fn a_configuration_or_baseline_is_a_file_of_the_work_tree() {
    let word = "hunter2words";
    for name in [".keysweep.toml", ".keysweep-baseline"] {
        let repo = Repo::with_a_commit();
        repo.write("../outside", format!("min_severity = \"{word}\"\n"));
        let refused = |what: &str| {
            for command in [&["staged"][..], &["history"], &["files", "."], &["hook", "run", "pre-commit"]] {
                let run = soon(&repo, command).expect_code(2).expect_mention(name);
                assert!(!run.text().contains(word), "{what}: {run}");
            }
            repo.remove(name);
        };
        for target in ["/dev/zero", "/dev/stdin", "../outside", "nowhere"] {
            must(symlink(target, repo.path(name)), "make a link");
            refused(target);
        }
        repo.sh(&format!("mkfifo {name}")).expect_code(0);
        refused("a pipe");
        must(must(fs::File::create(repo.path(name)), "make a file").set_len(17 << 20), "make it large");
        refused("a large file");
        let option = if name == ".keysweep.toml" { "--config" } else { "--baseline" };
        must(symlink("../outside", repo.path("link")), "make a link");
        let run = soon(&repo, &["history", option, "link"]).expect_code(2);
        assert!(!run.text().contains(word), "{run}");
        repo.write("real", "");
        must(symlink("real", repo.path(name)), "make a link");
        soon(&repo, &["history"]).expect_code(0);
    }
}
