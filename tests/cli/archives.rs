//! Tests of archives: what is read of truncated, concatenated, nested or too many archives, and what is reported about
//! those that aren't opened.

use std::fs;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::{Repo, Run, Secret, must};

/// Runs keysweep with limits on its time and memory.
fn bounded(repo: &Repo, args: &str) -> Run {
    repo.sh(&format!("ulimit -v 1000000; exec timeout 20 keysweep {args} --format jsonl"))
}

/// Returns an archive that git makes of one file, in a repository that no test scans.
fn archive(repo: &Repo, format: &str, text: &str) -> Vec<u8> {
    repo.sh("rm -rf ../packer && git init -q ../packer").expect_code(0);
    repo.write("../packer/app.env", text);
    let line = format!(
        "cd ../packer && git add . && git commit -qm files && git archive --format {format} -o ../archive HEAD"
    );
    repo.sh(&line).expect_code(0);
    must(fs::read(repo.path("../archive")), "read an archive")
}

/// Returns a line with a secret, followed by much text that doesn't compress well.
fn long(secret: &Secret) -> String {
    let noise = (0..20_000u32).map(|n| format!("{}\n", n.wrapping_mul(2_654_435_761)));
    std::iter::once(secret.line()).chain(noise).collect()
}

#[test]
fn a_truncated_archive_is_a_gap_but_read_up_to_there() {
    let secret = Secret::github(8_000);
    for format in ["tar", "tar.gz", "zip"] {
        let repo = Repo::with_a_commit();
        for (text, code) in [(long(&secret), 1), (long(&secret).replace(&secret.value, "none"), 2)] {
            let bytes = archive(&repo, format, &text);
            for length in [bytes.len() * 2 / 3, bytes.len() / 2] {
                repo.write_bytes("release.bin", &bytes[..length]);
                repo.add();
                for args in ["staged", "files release.bin", "staged --strict"] {
                    let run =
                        bounded(&repo, args).expect_code(code).expect_mention("cut off").expect_mention("release.bin");
                    run.expect_withheld(&secret.value);
                }
            }
        }
    }
}

#[test]
fn unopened_archives_are_gaps_under_strict() {
    let repo = Repo::with_a_commit();
    repo.write_bytes("a.lz", b"LZIP\x01...");
    repo.add();
    bounded(&repo, "staged").expect_code(0).expect_mention("a.lz");
    bounded(&repo, "staged --strict").expect_code(2).expect_mention("a.lz").expect_mention("lzip is not opened");
    repo.write_bytes("a.lz", b"\0GITCRYPT\0...");
    repo.add();
    bounded(&repo, "staged").expect_code(0).expect_mention("git-crypt unlock");
    bounded(&repo, "staged --strict").expect_code(2).expect_mention("git-crypt unlock");
}

#[test]
fn a_copied_pack_is_reported_with_commands_to_read_it() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(8_001));
    repo.write("app.env", secret.line());
    repo.commit("a leak");
    repo.sh("git repack -adq && mkdir ../copy && cp .git/objects/pack/*.pack ../copy/objects.pack").expect_code(0);
    let run = repo.keysweep(&["files", "../copy", "--format", "jsonl"]).expect_code(0).expect_mention("objects.pack");
    let text = run.out();
    let commands: Vec<String> = text
        .split('\'')
        .skip(1)
        .step_by(2)
        .filter(|part| part.contains("FOLDER"))
        .map(|part| part.replace("FILE", "../copy/objects.pack").replace("FOLDER", "../read"))
        .collect();
    let [make, read, sweep] = &commands[..] else { panic!("{text}") };
    repo.sh(make).expect_code(0);
    repo.sh(read).expect_code(0);
    repo.sh(&format!("{sweep} --format jsonl")).expect_code(1).expect_mention(secret.rule);
}

#[test]
fn all_members_of_joined_zips_are_read() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(8_002));
    let (evil, harmless) = (archive(&repo, "zip", &secret.line()), archive(&repo, "zip", "nothing\n"));
    for parts in [[&evil, &harmless], [&harmless, &evil]] {
        repo.write_bytes("joined.zip", parts.map(|part| &part[..]).concat());
        repo.add();
        let run = bounded(&repo, "staged").expect_code(1);
        assert_eq!(run.only_finding()["occurrences"][0]["kind"], "archive-member", "{run}");
    }
}

#[test]
fn archives_of_a_hundred_thousand_members_end_with_a_gap() {
    let repo = Repo::with_a_commit();
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for number in 0..100_000 {
        let mut header = tar::Header::new_gnu();
        header.set_size(5);
        must(tar.append_data(&mut header, format!("d/{number}"), &b"text\n"[..]), "write a tar");
        must(zip.start_file(format!("d/{number}"), zip::write::SimpleFileOptions::default()), "write a zip");
        must(zip.write_all(b"text\n"), "write a zip");
    }
    repo.write_bytes("many.tar.gz", must(must(tar.into_inner(), "write a tar").finish(), "write a tar"));
    repo.write_bytes("many.zip", must(zip.finish(), "write a zip").into_inner());
    for name in ["many.tar.gz", "many.zip"] {
        bounded(&repo, &format!("files {name}")).expect_code(2).expect_mention("more members than the limit");
    }
}

#[test]
fn archives_in_archives_a_thousand_deep_end_with_a_gap() {
    let repo = Repo::with_a_commit();
    let (mut gzip, mut zip) = (b"text\n".to_vec(), b"text\n".to_vec());
    for _ in 0..1_000 {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
        must(encoder.write_all(&gzip), "write a gzip file");
        gzip = must(encoder.finish(), "write a gzip file");
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        must(writer.start_file("inner.zip", zip::write::SimpleFileOptions::default()), "write a zip");
        must(writer.write_all(&zip), "write a zip");
        zip = must(writer.finish(), "write a zip").into_inner();
    }
    repo.write_bytes("deep.gz", gzip);
    repo.write_bytes("deep.zip", zip);
    for name in ["deep.gz", "deep.zip"] {
        bounded(&repo, &format!("files {name}")).expect_code(2).expect_mention("too many archives");
    }
}

#[test]
fn base64_of_base64_is_decoded_or_is_a_gap() {
    let secret = Secret::github(8_003);
    let repo = Repo::with_a_commit();
    for (layers, code) in [(4, 1), (8, 1), (9, 2), (12, 2)] {
        repo.write("value.txt", format!("an inner line\n{}", secret.line()));
        repo.sh(&format!("for i in $(seq {layers}); do base64 -w0 value.txt > next && mv next value.txt; done"))
            .expect_code(0);
        repo.add();
        for args in ["staged", "files value.txt"] {
            let run = bounded(&repo, args).expect_code(code);
            if code == 2 {
                run.expect_mention("more than eight layers").expect_mention("value.txt");
            }
        }
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    must(encoder.write_all(bytes), "compress");
    must(encoder.finish(), "compress")
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut writer = must(lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::default()), "make a stream");
    must(writer.write_all(bytes), "compress");
    must(writer.finish(), "compress")
}

/// Returns a PNG picture with a compressed text chunk.
fn png(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), Compression::default());
    must(encoder.write_all(text), "compress");
    let data = [&b"Comment\0\0"[..], &must(encoder.finish(), "compress")].concat();
    let length = u32::try_from(data.len()).unwrap_or_default().to_be_bytes();
    [b"\x89PNG\r\n\x1a\n", &length[..], b"zTXt", &data, &[0; 4]].concat()
}

fn ar(name: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!("!<arch>\n{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 644, bytes.len());
    [head.as_bytes(), bytes].concat()
}

fn base64(bytes: &[u8]) -> Vec<u8> {
    data_encoding::BASE64.encode(bytes).into_bytes()
}

#[test]
fn unusually_packed_archives_are_opened() {
    let repo = Repo::with_a_commit();
    let secret = Secret::github(8_100);
    let tar = archive(&repo, "tar", &secret.line());
    let line = secret.line().into_bytes();
    let cases: [(&str, Vec<u8>); 7] = [
        ("a.xz", xz(&line)),
        ("a.tar.xz", xz(&tar)),
        ("a.b64", base64(&xz(&line))),
        ("a.run", [&b"#!/bin/sh\nexec tail -n +3 \"$0\" | tar xz\n__ARCHIVE__\n"[..], &gzip(&tar)].concat()),
        ("a.deb", ar("unusual", &gzip(&tar))),
        ("a.tar", [&[0; 512][..], &tar].concat()),
        ("a.png", png(&line)),
    ];
    for (name, bytes) in cases {
        repo.write_bytes(name, bytes);
        repo.add();
        let run = bounded(&repo, "staged").expect_code(1).expect_mention(name);
        assert_eq!(run.records_of("finding").len(), 1, "{name}: {run}");
        run.expect_withheld(&secret.value);
        repo.commit(name);
        bounded(&repo, "range HEAD~1..HEAD").expect_code(1).expect_mention(name);
        bounded(&repo, "history").expect_code(1).expect_mention(name);
        repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
        repo.sh("git reflog expire --expire=now --all && git prune --expire=now").expect_code(0);
    }
}

#[test]
fn unopened_archives_are_named() {
    let repo = Repo::with_a_commit();
    let cut = |packed: &[u8]| base64(&packed[..packed.len() / 2]);
    let noise = long(&Secret::github(8_200)).replace(&Secret::github(8_200).value, "none").into_bytes();
    let cases: [(&str, Vec<u8>); 5] = [
        ("gzip.b64", cut(&gzip(&noise))),
        ("xz.b64", cut(&xz(&noise))),
        ("bzip2.b64", base64(b"BZh91AY&SY\x8c\x01\xfe\xff and what it holds, which nobody opens")),
        ("a.squashfs", [&b"hsqs"[..], &[1; 24], &[4, 0, 0, 0], &[7; 64]].concat()),
        ("a.run", b"#!/bin/sh\nexit\nBZh91AY&SY\0\x01\x02".to_vec()),
    ];
    for (name, bytes) in cases {
        repo.write_bytes(name, bytes);
        repo.add();
        bounded(&repo, "staged").expect_code(0).expect_mention(name);
        bounded(&repo, "staged --strict").expect_code(2).expect_mention(name);
        repo.commit(name);
        bounded(&repo, "history").expect_code(0).expect_mention("not opened");
        bounded(&repo, "files .").expect_code(0).expect_mention(name);
        repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
        repo.sh("git reflog expire --expire=now --all && git prune --expire=now").expect_code(0);
    }
}
