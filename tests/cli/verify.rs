//! Tests of `verify`: whatever keeps a value is named until it no longer does, and nothing unread counts as clean.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;

use crate::support::{Repo, Run, Secret, must};

/// Runs `verify` for values on standard input, and checks that it doesn't show them.
pub(crate) fn verify(repo: &Repo, values: &[&str], args: &[&str]) -> Run {
    let run = repo.tool(&[&["verify", "--stdin"], args].concat()).input(values.join("\n")).run();
    values.iter().for_each(|value| run.expect_withheld(value));
    run
}

/// Returns everything that keeps the values in a repository, as JSON lists it.
#[track_caller]
pub(crate) fn held(run: &Run) -> Vec<(String, String)> {
    let findings = run.records_of("finding");
    let places = findings.iter().filter_map(|finding| finding["occurrences"].as_array()).flatten();
    let held = places.filter_map(|place| place["held"].as_array()).flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut held: Vec<_> = held.map(|one| (text(&one["by"]), text(&one["name"]))).collect();
    held.sort();
    held.dedup();
    held
}

pub(crate) fn base64(text: &str) -> String {
    data_encoding::BASE64.encode(text.as_bytes())
}

/// A way to plant a value, what keeps the value then, and the command that removes it from there.
struct Keeper {
    by: &'static str,
    name: &'static str,
    plant: fn(&Repo, &Secret),
    release: &'static str,
}

const EXPIRE: &str = "git reflog expire --expire=now --all && git gc --quiet --prune=now";

const LEAVE_ASIDE: &str = "git switch -q main && git branch -q -D aside";

fn leave_aside(repo: &Repo) {
    repo.sh(LEAVE_ASIDE).expect_code(0);
}

fn committed_aside(repo: &Repo, secret: &Secret) {
    repo.git(&["switch", "--quiet", "--create", "aside"]);
    repo.write("a.env", secret.line());
    repo.commit("one");
}

const KEEPERS: &[Keeper] = &[
    Keeper { by: "ref", name: "refs/heads/aside", plant: committed_aside, release: LEAVE_ASIDE },
    Keeper {
        by: "head",
        name: "HEAD",
        plant: |repo, secret| {
            repo.git(&["checkout", "--quiet", "--detach"]);
            repo.write("a.env", secret.line());
            repo.commit("one");
        },
        release: "git switch -q main",
    },
    Keeper {
        by: "reflog",
        name: "HEAD",
        plant: |repo, secret| {
            committed_aside(repo, secret);
            leave_aside(repo);
        },
        release: "true",
    },
    Keeper {
        by: "stash",
        name: "refs/stash",
        plant: |repo, secret| {
            repo.write("README.md", secret.line());
            repo.git(&["stash", "--quiet"]);
        },
        release: "git stash clear",
    },
    Keeper {
        by: "index",
        name: "a.env",
        plant: |repo, secret| {
            repo.write("a.env", secret.line());
            repo.add();
        },
        release: "git rm -q -f --cached a.env",
    },
    Keeper {
        by: "leftover",
        name: "",
        plant: |repo, secret| {
            repo.write("a.env", secret.line());
            repo.git(&["hash-object", "-w", "a.env"]);
            repo.remove("a.env");
        },
        release: "true",
    },
    Keeper {
        by: "kept-pack",
        name: "objects",
        plant: |repo, secret| {
            committed_aside(repo, secret);
            repo.git(&["repack", "-adq"]);
            let list = must(fs::read_dir(repo.git_path("objects/pack")), "list the packs");
            let packs = list.flatten().map(|entry| entry.path());
            for pack in packs.filter(|path| path.extension().is_some_and(|extension| extension == "pack")) {
                must(fs::write(pack.with_extension("keep"), ""), "mark a pack");
            }
            leave_aside(repo);
        },
        release: "rm -f .git/objects/pack/*.keep",
    },
    Keeper {
        by: "file",
        name: ".git/config",
        plant: |repo, secret| drop(repo.git(&["config", "acme.token", &secret.value])),
        release: "git config --unset acme.token",
    },
    Keeper {
        by: "file",
        name: ".git/lfs/objects/",
        plant: |repo, secret| repo.write(".git/lfs/objects/ab/cd/abcd", secret.line()),
        release: "rm -r .git/lfs",
    },
    // The name of a tag is also in the tag object, which outlives the ref.
    Keeper {
        by: "leftover",
        name: "",
        plant: |repo, secret| {
            repo.git(&["tag", "-a", &secret.value, "-m", "one"]);
            repo.git(&["tag", "-d", &secret.value]);
        },
        release: "true",
    },
    Keeper {
        by: "ref",
        name: "refs/notes/commits",
        plant: |repo, secret| drop(repo.git(&["notes", "add", "-m", &secret.value])),
        release: "git update-ref -d refs/notes/commits",
    },
    Keeper {
        by: "ref",
        name: "refs/tags/v1",
        plant: |repo, secret| drop(repo.git(&["tag", "-a", "v1", "-m", &secret.value])),
        release: "git tag -d v1",
    },
    Keeper {
        by: "head",
        name: "HEAD of ",
        plant: |repo, secret| {
            repo.git(&["worktree", "add", "--quiet", "--detach", "../linked"]);
            let linked = repo.at("../linked");
            linked.write("a.env", secret.line());
            linked.commit("one");
        },
        release: "git worktree remove --force ../linked",
    },
];

#[test]
fn every_keeper_of_a_value_is_named_until_it_is_released() {
    for (seed, Keeper { by, name, plant, release }) in (1000..).zip(KEEPERS) {
        let (repo, secret) = (Repo::with_a_commit(), Secret::github(seed));
        plant(&repo, &secret);
        let run = verify(&repo, &[&secret.value], &["--format", "jsonl"]).expect_code(1);
        let held = held(&run);
        assert!(held.iter().any(|(one, named)| one == by && named.contains(name)), "{by} {name}: {held:?}{run}");
        repo.sh(release).expect_code(0);
        repo.sh(EXPIRE).expect_code(0);
        verify(&repo, &[&secret.value], &[]).expect_code(0).expect_mention("gone");
    }
}

/// A ref in a mirror is on the server as well: deleting it here would only hide that.
#[test]
fn a_server_ref_is_not_deleted_in_a_mirror() {
    for (seed, name) in [(1090, "refs/pull/1/head"), (1091, "refs/keep-around/x"), (1092, "refs/builds/7")] {
        let (repo, secret) = (Repo::with_a_commit(), Secret::github(seed));
        committed_aside(&repo, &secret);
        repo.git(&["update-ref", name, "HEAD"]);
        leave_aside(&repo);
        let mirror = repo.at("../mirror.git");
        mirror.git(&["clone", "--quiet", "--mirror", "--no-local", "../work", "."]);
        let run = verify(&mirror, &[&secret.value], &["--format", "jsonl"]).expect_code(1);
        assert!(held(&run).contains(&("server-ref".into(), name.into())), "{run}");
        let run = verify(&mirror, &[&secret.value], &[]).expect_code(1).expect_mention("server's operator");
        assert!(run.text().contains(name) && !run.text().contains("update-ref"), "{run}");
        // A ref that only the user's repository has can simply be deleted.
        repo.git(&["update-ref", "refs/builds/7", name]);
        verify(&repo, &[&secret.value], &[]).expect_code(1).expect_mention("git update-ref -d refs/builds/7");
    }
}

#[test]
fn borrowed_objects_are_distinguished_from_own_objects() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(1100));
    repo.write("a.env", secret.line());
    repo.commit("one");
    let clone = repo.at("../clone");
    clone.git(&["clone", "--quiet", "--shared", "../work", "."]);
    clone.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    clone.git(&["update-ref", "-d", "refs/remotes/origin/main"]);
    clone.git(&["update-ref", "-d", "ORIG_HEAD"]);
    clone.sh(EXPIRE).expect_code(0);
    let run = verify(&clone, &[&secret.value], &["--format", "jsonl"]).expect_code(1);
    let held = held(&run);
    assert!(held.iter().any(|(by, name)| by == "alternate" && name.contains("work/.git/objects")), "{held:?}{run}");
}

/// A value counts as gone only if all of the clone was read.
#[test]
fn unreadable_objects_prove_nothing() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(1110));
    verify(&repo, &[&secret.value], &[]).expect_code(0);
    let left = repo.git_path("objects/pack/tmp_pack_x");
    must(fs::create_dir_all(left.parent().unwrap_or(Path::new("."))), "make a folder");
    must(fs::write(&left, "half a pack"), "leave a file");
    verify(&repo, &[&secret.value], &[]).expect_code(2).expect_mention("tmp_pack_x");
    must(fs::remove_file(&left), "remove a file");
    repo.write_bytes("release.lz", b"LZIP\x01 packed by what is not opened here");
    repo.commit("release");
    verify(&repo, &[&secret.value], &[]).expect_code(2).expect_mention("lzip is not opened");
    repo.keysweep(&["history"]).expect_code(0);
    let object = repo.loose_object("HEAD:README.md");
    must(fs::set_permissions(&object, fs::Permissions::from_mode(0o600)), "make a file writable");
    must(fs::write(&object, "damaged"), "damage an object");
    verify(&repo, &[&secret.value], &[]).expect_code(2).expect_mention("incomplete scan");
}

/// Values that no rule recognises as secrets are found as they are, in every encoding.
#[test]
fn every_encoded_form_of_a_value_is_searched() {
    let value = "correct horse battery staple";
    let forms = [
        value.to_owned(),
        base64(&format!("the phrase is {value} and no other")),
        data_encoding::HEXLOWER.encode(value.as_bytes()),
        value.replace(' ', "%20"),
        value.replace(' ', "\\u0020"),
        format!("xx{value}xx"),
        format!("{}\" +\n  \"{}", &value[..10], &value[10..]),
        format!("{}\n{}", &value[..17], &value[17..]),
        format!("{}<wbr>{}", &value[..4], &value[4..]),
        value.encode_utf16().flat_map(u16::to_le_bytes).map(char::from).collect(),
    ];
    for form in forms {
        let repo = Repo::with_a_commit();
        repo.write("package-lock.json", format!("{form}\n"));
        repo.commit("one");
        verify(&repo, &[value], &[]).expect_code(1);
        verify(&repo, &["incorrect horse battery staple"], &[]).expect_code(0);
    }
}

/// A Windows shell or editor may add characters around a value, or write it in UTF-16: none of that makes it count as
/// gone.
#[test]
fn quotes_and_whitespace_around_a_value_are_ignored() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(15_100));
    repo.write("config.env", secret.line());
    repo.commit("one");
    let value = &secret.value;
    let wide = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let forms = [
        format!("{value}\r\n").into_bytes(),
        format!("\u{feff}{value}\n").into_bytes(),
        format!("  {value} \t\r\n").into_bytes(),
        format!("\"{value}\"\r\n'{value}'\n").into_bytes(),
        format!("\n\r\n \n'\"{value}\" '\n").into_bytes(),
        wide(&format!("\u{feff}{value}\r\n")),
        wide(&format!("{value}\r\n")),
    ];
    for form in forms {
        let run = repo.tool(&["verify", "--stdin"]).input(form).run().expect_code(1);
        run.expect_mention("1 of 1 value still").expect_withheld(value);
    }
    for form in [
        format!("\u{feff}literal:{value} ==>x\r\n").into_bytes(),
        wide(&format!("\u{feff}{value}==>x\r\n")),
        wide(&format!("{value}==>x\r\n")),
    ] {
        repo.write_bytes("../e.txt", form);
        repo.keysweep(&["verify", "--expressions", "../e.txt"]).expect_code(1).expect_withheld(value);
    }
    let run = repo.tool(&["verify", "--stdin"]).input(format!("'{value}'\n")).run();
    run.expect_mention("1 of the values had blanks");
    repo.tool(&["verify", "--stdin"]).input("fine-value\n\"\"\n").run().expect_code(2).expect_mention("value 2");
    repo.tool(&["verify", "--stdin"]).input("a\0b-value\n").run().expect_code(2).expect_mention("zero byte");
    repo.tool(&["verify", "--stdin"]).input(" \r\n\u{feff}\n").run().expect_code(2).expect_mention("no value");
}

#[test]
fn missing_values_and_patterns_prove_nothing() {
    let repo = Repo::with_a_commit();
    verify(&repo, &[], &[]).expect_code(2).expect_mention("no value");
    verify(&repo, &["ab"], &[]).expect_code(2).expect_mention("shorter");
    repo.write("../e.txt", "literal:fine==>x\nregex:a+==>x\n");
    repo.keysweep(&["verify", "--expressions", "../e.txt"]).expect_code(2).expect_mention("line 2 is a pattern");
    repo.keysweep(&["verify"]).expect_code(2);
}

#[test]
fn an_empty_repository_proves_nothing() {
    let repo = Repo::init();
    let secret = Secret::github(2_700);
    let run = repo.tool(&["verify", "--stdin"]).input(secret.value.clone()).run().expect_code(2);
    run.expect_mention("nothing is proved");
    repo.write("a.txt", "clean\n");
    repo.commit("one");
    repo.tool(&["verify", "--stdin"]).input(secret.value).run().expect_code(0).expect_mention("gone");
}
