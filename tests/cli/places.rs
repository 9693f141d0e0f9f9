//! Tests one repository with a secret in every place that git has: a single sweep finds each of them once, reports its
//! place and stage, and finds nothing else.
//!
//! Each place is a row of the table: its name, the expected report, and a function that plants the secret. Rows are
//! planted in the order of the table, so places that must not become part of a later commit are last.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::support::{Repo, Run, Secret, crc32, must};

const LOCAL_ONLY: &str = "local-only";
const HISTORY_ONLY: &str = "history-only";
const PUBLISHED: &str = "published";
const UNREACHABLE: &str = "unreachable";
const LEFTOVER: &str = "leftover";
const UNCOMMITTED: &str = "uncommitted";

/// A place for a secret, and what a report has to say about the first place of the finding.
struct Place {
    name: &'static str,
    kind: &'static str,
    /// The path, with `*` in place of the secret; empty if the path is an id or there is none.
    path: &'static str,
    stage: &'static str,
    plant: fn(&Site, &str),
}

/// The repository, and its first commit, which contains no secret.
struct Site {
    repo: Repo,
    root: String,
}

impl Site {
    fn new() -> Self {
        let repo = Repo::with_a_commit();
        let root = repo.head();
        Self { repo, root }
    }

    /// Commits a file on `main`; nothing else is staged.
    fn commit(&self, path: &str, bytes: impl AsRef<[u8]>) {
        self.repo.write_bytes(path, bytes);
        self.repo.git(&["add", "--", path]);
        self.repo.git(&["commit", "--quiet", "-m", "a change"]);
    }

    fn delete(&self, path: &str) {
        self.repo.git(&["rm", "--quiet", "--", path]);
        self.repo.git(&["commit", "--quiet", "-m", "a change"]);
    }

    /// Makes a commit of one file on top of the first one, without changing HEAD, the index or a reflog; returns its
    /// id.
    fn aside(&self, path: &str, secret: &str) -> String {
        let tree = self.tree(path, secret);
        self.repo.git(&["commit-tree", "-p", &self.root, "-m", "aside", &tree]).out().trim_end().to_owned()
    }

    fn tree(&self, path: &str, secret: &str) -> String {
        let entry = format!("100644 blob {}\t{path}\n", self.blob(secret));
        self.repo.git_tool(&["mktree"]).input(entry).run().expect_code(0).out().trim_end().to_owned()
    }

    fn blob(&self, secret: &str) -> String {
        let blob = self.repo.git_tool(&["hash-object", "-w", "--stdin"]).input(line(secret));
        blob.run().expect_code(0).out().trim_end().to_owned()
    }

    /// Makes a linked worktree of the first commit.
    fn worktree(&self, name: &str) -> Repo {
        let path = format!("../{name}");
        self.repo.git(&["worktree", "add", "--quiet", "--detach", &path, &self.root]);
        self.repo.at(path)
    }

    /// Makes a commit in a repository whose objects this one borrows; only a branch of this one reaches it.
    fn borrowed(&self, path: &str, secret: &str) -> Repo {
        let lender = self.repo.at("../lender");
        if !lender.path(".git").exists() {
            lender.git(&["init", "--quiet"]);
            let objects = lender.path(".git/objects").display().to_string();
            self.repo.write(".git/objects/info/alternates", objects + "\n");
        }
        lender.write(path, line(secret));
        lender.commit("lent");
        self.repo.git(&["branch", "--force", "borrowed", &lender.head()]);
        lender
    }
}

fn line(secret: &str) -> String {
    format!("GITHUB_TOKEN={secret}\n")
}

fn url(secret: &str) -> String {
    format!("https://deploy:{secret}@git.example.com/project.git")
}

// ---------------------------------------------------------------- encodings

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

fn utf32(text: &str) -> Vec<u8> {
    text.chars().flat_map(|char| u32::from(char).to_le_bytes()).collect()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let number = (0..3).fold(0_usize, |number, at| (number << 8) | usize::from(*group.get(at).unwrap_or(&0)));
        for digit in 0..4 {
            let value = DIGITS[(number >> (18 - 6 * digit)) & 63];
            text.push(if digit <= group.len() { char::from(value) } else { '=' });
        }
    }
    text
}

/// Returns a text with each byte written in the given form.
fn each_byte(text: &str, form: fn(u8) -> String) -> String {
    text.bytes().map(form).collect()
}

/// Returns three megabytes of text with the secret in the middle.
fn large(secret: &str) -> String {
    let filler = |numbers: std::ops::Range<u32>| {
        numbers.fold(String::new(), |mut text, number| {
            must(writeln!(text, "measurement {number}: {} metres", number / 3), "write text");
            text
        })
    };
    filler(0..50_000) + &line(secret) + &filler(50_000..100_000)
}

// ---------------------------------------------------------------- compression and archives

/// Returns a gzip file of one block with the fixed codes, in which no byte of the text appears unchanged.
fn gzip(text: &[u8]) -> Vec<u8> {
    let mut bits = vec![true, true, false];
    let mut code = |value: u16, width: u16| bits.extend((0..width).rev().map(|at| value >> at & 1 == 1));
    for byte in text {
        match *byte {
            low @ 0..=143 => code(0x30 + u16::from(low), 8),
            high => code(0x190 + u16::from(high - 144), 9),
        }
    }
    code(0, 7);
    let octet = |bits: &[bool]| bits.iter().rev().fold(0, |byte, bit| (byte << 1) | u8::from(*bit));
    let deflated: Vec<u8> = bits.chunks(8).map(octet).collect();
    let size = u32::try_from(text.len()).unwrap_or_default();
    [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff][..], &deflated, &crc32(text).to_le_bytes(), &size.to_le_bytes()].concat()
}

/// Returns an archive that git makes of one file, in a repository that no test scans.
fn archive(site: &Site, format: &str, path: &str, bytes: &[u8]) -> Vec<u8> {
    let packer = site.repo.at("../packer");
    packer.git(&["init", "--quiet"]);
    packer.git(&["rm", "-r", "--quiet", "--ignore-unmatch", "."]);
    packer.write_bytes(path, bytes);
    packer.commit("one file");
    packer.git(&["archive", "--format", format, "HEAD"]).stdout
}

// ---------------------------------------------------------------- the places

const PLACES: &[Place] = &[
    Place {
        name: "a file at HEAD",
        kind: "file",
        path: "head.env",
        stage: LOCAL_ONLY,
        plant: |site, secret| site.commit("head.env", line(secret)),
    },
    Place {
        name: "a deleted file",
        kind: "file",
        path: "deleted.env",
        stage: HISTORY_ONLY,
        plant: |site, secret| {
            site.commit("deleted.env", line(secret));
            site.delete("deleted.env");
        },
    },
    Place {
        name: "a deleted line",
        kind: "file",
        path: "line.env",
        stage: HISTORY_ONLY,
        plant: |site, secret| {
            site.commit("line.env", format!("A=1\n{}B=2\n", line(secret)));
            site.commit("line.env", "A=1\nB=2\n");
        },
    },
    Place {
        name: "a file without a newline at its end",
        kind: "file",
        path: "no-newline.txt",
        stage: LOCAL_ONLY,
        plant: |site, secret| site.commit("no-newline.txt", secret),
    },
    Place {
        name: "a file with CRLF",
        kind: "file",
        path: "crlf.env",
        stage: LOCAL_ONLY,
        plant: |site, secret| site.commit("crlf.env", format!("A=1\r\nGITHUB_TOKEN={secret}\r\nB=2\r\n")),
    },
    Place {
        name: "a file of 3 MB",
        kind: "file",
        path: "large.log",
        stage: LOCAL_ONLY,
        plant: |site, secret| site.commit("large.log", large(secret)),
    },
    Place {
        name: "a binary file",
        kind: "file",
        path: "app.bin",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            site.commit("app.bin", [&b"\x7fELF\0\0\x01"[..], secret.as_bytes(), &[0, 0xff, 0xfe, 0]].concat());
        },
    },
    Place {
        name: "UTF-16LE with a byte order mark",
        kind: "file",
        path: "utf16le.txt",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            site.commit("utf16le.txt", utf16(&format!("\u{feff}{}", line(secret)), u16::to_le_bytes));
        },
    },
    Place {
        name: "UTF-16BE",
        kind: "file",
        path: "utf16be.txt",
        stage: LOCAL_ONLY,
        plant: |site, secret| site.commit("utf16be.txt", utf16(&line(secret), u16::to_be_bytes)),
    },
    Place {
        name: "UTF-32",
        kind: "file",
        path: "utf32.txt",
        stage: LOCAL_ONLY,
        plant: |site, secret| site.commit("utf32.txt", utf32(&format!("\u{feff}{}", line(secret)))),
    },
    Place {
        name: "base64",
        kind: "file",
        path: "base64.yaml",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            site.commit("base64.yaml", format!("data:\n  env: {}\n", base64(line(secret).as_bytes())));
        },
    },
    Place {
        name: "base64 of base64",
        kind: "file",
        path: "twice.yaml",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            let once = base64(format!("env: {}\n", base64(line(secret).as_bytes())).as_bytes());
            site.commit("twice.yaml", format!("data:\n  inner: {once}\n"));
        },
    },
    Place {
        name: "percent-encoding",
        kind: "file",
        path: "percent.txt",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            let encoded = each_byte(secret, |byte| format!("%{byte:02X}"));
            site.commit("percent.txt", format!("https://example.com/login?token={encoded}&next=1\n"));
        },
    },
    Place {
        name: "escapes of code points",
        kind: "file",
        path: "escapes.json",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            let escaped = each_byte(secret, |byte| format!("\\u{byte:04x}"));
            site.commit("escapes.json", format!("{{\"token\": \"{escaped}\"}}\n"));
        },
    },
    Place {
        name: "a file's name",
        kind: "file-name",
        path: "keys/*.txt",
        stage: LOCAL_ONLY,
        plant: |site, secret| site.commit(&format!("keys/{secret}.txt"), "harmless\n"),
    },
    Place {
        name: "a folder's name",
        kind: "file-name",
        path: "by-key/*",
        stage: LOCAL_ONLY,
        plant: |site, secret| site.commit(&format!("by-key/{secret}/notes.txt"), "harmless\n"),
    },
    Place {
        name: "a symbolic link's target",
        kind: "symlink",
        path: "link",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            must(symlink(format!("../{secret}"), site.repo.path("link")), "make a link");
            site.repo.git(&["add", "link"]);
            site.repo.git(&["commit", "--quiet", "-m", "a link"]);
        },
    },
    Place {
        name: "a submodule's URL",
        kind: "file",
        path: ".gitmodules",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            let text = format!("[submodule \"lib\"]\n\tpath = lib\n\turl = {}\n", url(secret));
            site.commit(".gitmodules", text);
        },
    },
    Place {
        name: "a conflict's resolution",
        kind: "file",
        path: "conflict.txt",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            site.commit("conflict.txt", "their common origin\n");
            site.repo.git(&["checkout", "--quiet", "-b", "theirs"]);
            site.commit("conflict.txt", "theirs\n");
            site.repo.git(&["checkout", "--quiet", "main"]);
            site.commit("conflict.txt", "ours\n");
            site.repo.try_git(&["merge", "--quiet", "theirs"]).expect_code(1);
            site.commit("conflict.txt", line(secret));
        },
    },
    Place {
        name: "an octopus merge",
        kind: "file",
        path: "octopus.env",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            for arm in ["arm-1", "arm-2"] {
                site.repo.git(&["checkout", "--quiet", "-b", arm, "main"]);
                site.commit(arm, "an arm\n");
            }
            site.repo.git(&["checkout", "--quiet", "main"]);
            site.commit("body.txt", "the body\n");
            site.repo.git(&["merge", "--quiet", "--no-commit", "arm-1", "arm-2"]);
            site.commit("octopus.env", line(secret));
            site.repo.rev("HEAD^3");
        },
    },
    Place {
        name: "a replaced object",
        kind: "file",
        path: "replaced.env",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            site.commit("replaced.env", line(secret));
            let harmless = site.repo.git_tool(&["hash-object", "-w", "--stdin"]).input("A=1\n").run().expect_code(0);
            site.repo.git(&["replace", &site.repo.rev("HEAD:replaced.env"), harmless.out().trim_end()]);
        },
    },
    Place {
        name: "a commit's message",
        kind: "commit-message",
        path: "",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            let message = format!("a change\n\nThe new one is {secret}");
            site.repo.git(&["commit", "--quiet", "--allow-empty", "-m", &message]);
        },
    },
    Place {
        name: "an author's name",
        kind: "author",
        path: "",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            let author = format!("{secret} <test@example.com>");
            site.repo.git(&["commit", "--quiet", "--allow-empty", "-m", "by whom", "--author", &author]);
        },
    },
    Place {
        name: "an author's address",
        kind: "author",
        path: "",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            let author = format!("Test User <{secret}@example.com>");
            site.repo.git(&["commit", "--quiet", "--allow-empty", "-m", "by whom", "--author", &author]);
        },
    },
    Place {
        name: "a committer's name",
        kind: "author",
        path: "",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            let commit = site.repo.git_tool(&["commit", "--quiet", "--allow-empty", "-m", "by whom"]);
            commit.env("GIT_COMMITTER_NAME", secret).run().expect_code(0);
        },
    },
    Place {
        name: "a note",
        kind: "note",
        path: "",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            site.repo.git(&["notes", "add", "-m", &format!("see {secret}"), "HEAD"]);
        },
    },
    Place {
        name: "another branch",
        kind: "file",
        path: "branch.env",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            site.repo.git(&["branch", "side", &site.aside("branch.env", secret)]);
        },
    },
    Place {
        name: "a branch's name",
        kind: "ref-name",
        path: "refs/heads/try/*",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            site.repo.git(&["branch", &format!("try/{secret}"), &site.root]);
        },
    },
    Place {
        name: "the name of a packed tag",
        kind: "ref-name",
        path: "refs/tags/*",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            site.repo.git(&["tag", secret, &site.root]);
            site.repo.git(&["pack-refs", "--all"]);
        },
    },
    Place {
        name: "a lightweight tag",
        kind: "file",
        path: "light.env",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            site.repo.git(&["tag", "light", &site.aside("light.env", secret)]);
        },
    },
    Place {
        name: "an annotated tag",
        kind: "file",
        path: "annotated.env",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            site.repo.git(&["tag", "-a", "-m", "a tag", "annotated", &site.aside("annotated.env", secret)]);
        },
    },
    Place {
        name: "an annotated tag's message",
        kind: "tag-message",
        path: "",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            site.repo.git(&["tag", "-a", "-m", &format!("uses {secret}"), "said", &site.root]);
        },
    },
    Place {
        name: "a tagger's name",
        kind: "author",
        path: "",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            let tag = site.repo.git_tool(&["tag", "-a", "-m", "a tag", "signed", &site.root]);
            tag.env("GIT_COMMITTER_NAME", secret).run().expect_code(0);
        },
    },
    Place {
        name: "a remote-tracking branch",
        kind: "file",
        path: "remote.env",
        stage: PUBLISHED,
        plant: |site, secret| {
            let commit = site.aside("remote.env", secret);
            site.repo.git(&["update-ref", "refs/remotes/origin/feature", &commit]);
        },
    },
    Place {
        name: "a pull request's ref",
        kind: "file",
        path: "pull.env",
        stage: PUBLISHED,
        plant: |site, secret| {
            site.repo.git(&["update-ref", "refs/pull/1/head", &site.aside("pull.env", secret)]);
        },
    },
    Place {
        name: "a ref of no known kind",
        kind: "file",
        path: "custom.env",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            site.repo.git(&["update-ref", "refs/custom/thing", &site.aside("custom.env", secret)]);
        },
    },
    Place {
        name: "a ref to a tree",
        kind: "file",
        path: "",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            site.repo.git(&["update-ref", "refs/keep/tree", &site.tree("tree.env", secret)]);
        },
    },
    Place {
        name: "a ref to a blob",
        kind: "file",
        path: "",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            site.repo.git(&["update-ref", "refs/keep/blob", &site.blob(secret)]);
        },
    },
    Place {
        name: "a dropped stash",
        kind: "file",
        path: "README.md",
        stage: UNREACHABLE,
        plant: |site, secret| {
            site.repo.write("README.md", line(secret));
            site.repo.git(&["stash", "push", "--quiet"]);
            site.repo.git(&["stash", "drop", "--quiet"]);
        },
    },
    Place {
        name: "a stash",
        kind: "file",
        path: "README.md",
        stage: LOCAL_ONLY,
        plant: |site, secret| site.repo.write("README.md", line(secret)),
    },
    Place {
        name: "the index of that stash",
        kind: "file",
        path: "stashed-index.env",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            site.repo.write("stashed-index.env", line(secret));
            site.repo.git(&["add", "stashed-index.env"]);
            site.repo.write("stashed-index.env", "A=1\n");
        },
    },
    Place {
        name: "an untracked file in that stash",
        kind: "file",
        path: "untracked.env",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            site.repo.write("untracked.env", line(secret));
            site.repo.git(&["stash", "push", "--quiet", "--include-untracked"]);
        },
    },
    Place {
        name: "a commit that only a reflog knows",
        kind: "file",
        path: "reset.env",
        stage: UNREACHABLE,
        plant: |site, secret| {
            site.commit("reset.env", line(secret));
            site.repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
        },
    },
    Place {
        name: "an amended commit",
        kind: "file",
        path: "amended.env",
        stage: UNREACHABLE,
        plant: |site, secret| {
            site.commit("amended.env", line(secret));
            site.repo.write("amended.env", "A=1\n");
            site.repo.git(&["commit", "--quiet", "--all", "--amend", "--no-edit"]);
        },
    },
    Place {
        name: "a commit that nothing knows",
        kind: "file",
        path: "lost.env",
        stage: UNREACHABLE,
        plant: |site, secret| drop(site.aside("lost.env", secret)),
    },
    Place {
        name: "a dangling blob",
        kind: "file",
        path: "",
        stage: LEFTOVER,
        plant: |site, secret| drop(site.blob(secret)),
    },
    Place {
        name: "a packed object of an alternate",
        kind: "file",
        path: "packed.env",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            site.borrowed("packed.env", secret).git(&["repack", "-adq"]);
        },
    },
    Place {
        name: "a loose object of an alternate",
        kind: "file",
        path: "loose.env",
        stage: LOCAL_ONLY,
        plant: |site, secret| drop(site.borrowed("loose.env", secret)),
    },
    Place {
        name: "the detached HEAD of another worktree",
        kind: "file",
        path: "detached.env",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            let linked = site.worktree("detached");
            linked.write("detached.env", line(secret));
            linked.commit("a change");
        },
    },
    Place {
        name: "the index of another worktree",
        kind: "file",
        path: "elsewhere.env",
        stage: UNCOMMITTED,
        plant: |site, secret| {
            let linked = site.worktree("linked");
            linked.write("elsewhere.env", line(secret));
            linked.add();
        },
    },
    Place {
        name: "a name in that index",
        kind: "file-name",
        path: "elsewhere/*",
        stage: UNCOMMITTED,
        plant: |site, secret| {
            let linked = site.repo.at("../linked");
            linked.write(format!("elsewhere/{secret}"), "harmless\n");
            linked.add();
        },
    },
    Place {
        name: "a reflog's message",
        kind: "reflog",
        path: ".git/logs/refs/heads/logged",
        stage: UNREACHABLE,
        plant: |site, secret| {
            site.repo.git(&["update-ref", "-m", &format!("pull {}", url(secret)), "refs/heads/logged", &site.root]);
        },
    },
    Place {
        name: "a URL in the configuration",
        kind: "config",
        path: ".git/config",
        stage: UNCOMMITTED,
        plant: |site, secret| {
            site.repo.git(&["remote", "add", "origin", &url(secret)]);
        },
    },
    Place {
        name: "a hook",
        kind: "hook",
        path: ".git/hooks/pre-push",
        stage: UNCOMMITTED,
        plant: |site, secret| site.repo.write(".git/hooks/pre-push", format!("#!/bin/sh\nTOKEN={secret}\n")),
    },
    Place {
        name: "the last commit's message in its file",
        kind: "git-file",
        path: ".git/COMMIT_EDITMSG",
        stage: LEFTOVER,
        plant: |site, secret| site.repo.write(".git/COMMIT_EDITMSG", format!("a change\n\nuses {secret}\n")),
    },
    Place {
        name: "what is only staged",
        kind: "file",
        path: "staged.env",
        stage: UNCOMMITTED,
        plant: |site, secret| {
            site.repo.write("staged.env", line(secret));
            site.repo.git(&["add", "staged.env"]);
        },
    },
];

/// The places within other formats.
const LATER: &[Place] = &[
    Place {
        name: "a tail in UTF-16",
        kind: "file",
        path: "tail.env",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            let tail = utf16(&format!("A=1\r\n{}", line(secret)), u16::to_le_bytes);
            site.commit("tail.env", ["NAME=value\r\n".repeat(400).as_bytes(), &tail].concat());
        },
    },
    Place {
        name: "a tail in UTF-8 behind UTF-16",
        kind: "file",
        path: "other-tail.env",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            let head = utf16("\u{feff}NAME=value\r\n", u16::to_le_bytes);
            site.commit("other-tail.env", [&head[..], line(secret).as_bytes()].concat());
        },
    },
    Place {
        name: "a line in UTF-16BE with a mark amid Latin-1",
        kind: "file",
        path: "amid.env",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            let amid = utf16(&format!("\u{feff}{}", line(secret)), u16::to_be_bytes);
            site.commit("amid.env", [&b"gr\xfc\xdfe\n"[..], &amid, b"gr\xfc\xdfe\n"].concat());
        },
    },
    Place {
        name: "a header of a commit that only its author knows",
        kind: "commit-message",
        path: "",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            let commit = site.repo.git(&["cat-file", "commit", &site.root]).out().to_owned();
            let (head, message) = must(commit.split_once("\n\n").ok_or("one part"), "take the commit apart");
            let merged = format!(
                "mergetag object {}\n type commit\n tag v1\n tagger T <t@e.x> 1 +0000\n \n Release with {secret}",
                site.root
            );
            let commit = format!("{head}\n{merged}\n\n{message}");
            let id = site
                .repo
                .git_tool(&["hash-object", "-t", "commit", "-w", "--stdin"])
                .input(commit)
                .run()
                .expect_code(0);
            site.repo.git(&["branch", "with-a-header", id.out().trim_end()]);
        },
    },
    Place {
        name: "a token that ends a line and begins the next",
        kind: "file",
        path: "wrapped.txt",
        stage: LOCAL_ONLY,
        plant: |site, secret| site.commit("wrapped.txt", format!("$ echo {}\n{}\n", &secret[..20], &secret[20..])),
    },
    Place {
        name: "an object of another repository's",
        kind: "archive-member",
        path: "copied/objects/0a/1b2c",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            let other = site.repo.at("../copied");
            other.git(&["init", "--quiet"]);
            let id = other.git_tool(&["hash-object", "-w", "--stdin"]).input(line(secret)).run().expect_code(0);
            let id = id.out().trim_end().to_owned();
            let path = other.path(format!(".git/objects/{}/{}", &id[..2], &id[2..]));
            site.commit("copied/objects/0a/1b2c", must(std::fs::read(path), "read an object"));
        },
    },
    Place {
        name: "a member of a zip behind a script",
        kind: "archive-member",
        path: "tool.pyz!config.env",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            let zip = archive(site, "zip", "config.env", padded(secret).as_bytes());
            site.commit("tool.pyz", [&b"#!/usr/bin/env python3\n"[..], &zip].concat());
        },
    },
    Place {
        name: "hexadecimal text",
        kind: "file",
        path: "hex.txt",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            let digits = each_byte(&line(secret), |byte| format!("{byte:02x}"));
            site.commit("hex.txt", format!("env: {digits}\n"));
        },
    },
    Place {
        name: "base64 of base64 of base64",
        kind: "file",
        path: "thrice.yaml",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            let wrap = |text: &str| format!("env: {}\n", base64(text.as_bytes()));
            site.commit("thrice.yaml", wrap(&wrap(&wrap(&line(secret)))));
        },
    },
    Place {
        name: "a gzip file",
        kind: "archive-member",
        path: "",
        stage: LOCAL_ONLY,
        plant: |site, secret| site.commit("logs/app.log.gz", gzip(line(secret).as_bytes())),
    },
    Place {
        name: "a deleted gzip file",
        kind: "archive-member",
        path: "",
        stage: HISTORY_ONLY,
        plant: |site, secret| {
            site.commit("logs/old.log.gz", gzip(line(secret).as_bytes()));
            site.delete("logs/old.log.gz");
        },
    },
    Place {
        name: "a member of a zip file",
        kind: "archive-member",
        path: "dir/file.zip!inner/app.env",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            site.commit("dir/file.zip", archive(site, "zip", "inner/app.env", padded(secret).as_bytes()));
        },
    },
    Place {
        name: "a member of a tar file",
        kind: "archive-member",
        path: "dir/file.tar!inner/app.env",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            site.commit("dir/file.tar", archive(site, "tar", "inner/app.env", line(secret).as_bytes()));
        },
    },
    Place {
        name: "a member of a tar.gz file",
        kind: "archive-member",
        path: "dir/file.tar.gz!inner/app.env",
        stage: LOCAL_ONLY,
        plant: |site, secret| {
            site.commit("dir/file.tar.gz", archive(site, "tar.gz", "inner/app.env", line(secret).as_bytes()));
        },
    },
    Place {
        name: "a member of a zip file that no ref reaches",
        kind: "archive-member",
        path: "dir/amended.zip!inner/app.env",
        stage: UNREACHABLE,
        plant: |site, secret| {
            site.commit("dir/amended.zip", archive(site, "zip", "inner/app.env", padded(secret).as_bytes()));
            site.repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
        },
    },
    Place {
        name: "a member of a staged zip file",
        kind: "archive-member",
        path: "dir/staged.zip!inner/app.env",
        stage: UNCOMMITTED,
        plant: |site, secret| {
            let zip = archive(site, "zip", "inner/app.env", padded(secret).as_bytes());
            site.repo.write_bytes("dir/staged.zip", zip);
            site.repo.git(&["add", "dir/staged.zip"]);
        },
    },
];

/// Returns enough text for git to compress it, with the secret in it once.
fn padded(secret: &str) -> String {
    "a line that is the same as all the others\n".repeat(20) + &line(secret)
}

// ---------------------------------------------------------------- the report of a sweep

/// Plants a different secret in each place.
fn planted(places: &[Place], seed: u32) -> (Repo, Vec<String>) {
    let site = Site::new();
    let secrets = (seed..).zip(places).map(|(seed, place)| {
        let secret = Secret::github(seed).value;
        (place.plant)(&site, &secret);
        secret
    });
    let secrets = secrets.collect();
    (site.repo, secrets)
}

/// Checks that every secret is one finding, with the kind, path and stage of its place, and that there are no other
/// findings and no gaps.
#[track_caller]
fn all_found(places: &[Place], seed: u32) {
    let (repo, secrets) = planted(places, seed);
    let run = repo.keysweep(&["history", "--format", "jsonl", "--show-secrets", "--min-confidence", "low"]);
    let run = run.expect_code(1);
    let mut findings: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for finding in run.records_of("finding") {
        findings.entry(finding["secret"].as_str().unwrap_or_default().to_owned()).or_default().push(finding);
    }
    let mut wrong: Vec<String> = Vec::new();
    for (place, secret) in places.iter().zip(&secrets) {
        let said = findings.remove(secret).unwrap_or_default();
        wrong.extend(objection(place, secret, &said).map(|why| format!("{}: {why}", place.name)));
    }
    let others = findings.into_values().flatten();
    wrong.extend(others.map(|other| format!("not planted: {} at {}", other["rule"], other["occurrences"])));
    wrong.extend(run.records_of("gap").iter().map(|gap| format!("not read: {gap}")));
    assert!(wrong.is_empty(), "{} of {} places:\n{}", wrong.len(), places.len(), wrong.join("\n"));
}

/// Returns what is wrong with the report about a place, if anything is.
fn objection(place: &Place, secret: &str, said: &[Value]) -> Option<String> {
    let [finding] = said else { return Some(format!("{} findings", said.len())) };
    let first = &finding["occurrences"][0];
    let path = place.path.replace('*', secret);
    let differs = |what: &str, have: &Value, wanted: &str| {
        (*have != wanted).then(|| format!("its {what} is {have} instead of {wanted}"))
    };
    differs("kind", &first["kind"], place.kind)
        .or_else(|| if path.is_empty() { None } else { differs("path", &first["path"], &path) })
        .or_else(|| differs("stage", &finding["stage"], place.stage))
}

#[test]
fn every_place_is_found_once_and_distinguished() {
    all_found(PLACES, 800);
}

#[test]
fn every_place_in_other_formats_is_found_once_and_distinguished() {
    all_found(LATER, 1000);
}

/// Returns the number of objects of a kind that git itself lists.
fn stored(repo: &Repo, kind: &str) -> usize {
    let list = repo.git(&["--no-replace-objects", "cat-file", "--batch-all-objects", "--batch-check"]).out();
    list.lines().filter(|line| line.split(' ').nth(1) == Some(kind)).count()
}

/// Returns how many objects or files of a kind were read according to the summary.
fn read(run: &Run, what: &str) -> Option<usize> {
    let summaries = run.records_of("summary");
    summaries.first().and_then(|summary| summary[what].as_u64()).and_then(|count| usize::try_from(count).ok())
}

#[test]
fn the_summary_counts_every_object_that_git_lists() {
    let (repo, _) = planted(PLACES, 900);
    let compare = |when: &str| {
        let run = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1);
        for (kind, word) in [("blob", "blobs"), ("tree", "trees"), ("commit", "commits"), ("tag", "tags")] {
            assert_eq!(read(&run, word), Some(stored(&repo, kind)), "{word}, {when}: {run}");
        }
    };
    compare("loose");
    repo.git(&["repack", "-adq"]);
    compare("packed, with what nothing reaches loose");
    repo.git(&["repack", "-dq", "--cruft", "--local"]);
    compare("with a cruft pack");
}

#[test]
fn unread_files_next_to_the_objects_are_noted() {
    let repo = Repo::with_a_commit();
    let quiet = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(0);
    assert!(quiet.records_of("note").is_empty(), "{quiet}");
    must(std::fs::create_dir_all(repo.git_path("lfs/objects/ab/cd")), "make a store");
    repo.write(".git/lfs/objects/ab/cd/abcd", "anything");
    repo.write(".git/objects/pack/tmp_pack_a", "half a pack");
    let run = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(0);
    run.expect_mention("tmp_pack_a").expect_mention("lfs/objects/ab/cd/abcd");
}
