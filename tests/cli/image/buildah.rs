//! Images and build contexts of a real builder, buildah, if it is installed. Otherwise the tests say so and end.

use std::collections::BTreeSet;

use super::tools::is_here;
use super::{at, env, places, scan};
use crate::support::Repo;

/// The command for buildah with its own storage; it needs no daemon.
const BUILDAH: &str = "buildah --root \"$PWD/../storage\" --runroot \"$PWD/../run\" --storage-driver vfs";

/// Returns a folder in which buildah can build; `None` if buildah is missing or the machine doesn't let it build.
#[expect(clippy::disallowed_methods, reason = "a test has no report to say it in")]
fn builder() -> Option<Repo> {
    use std::io::Write as _;
    let repo = Repo::folder();
    if !is_here(&repo, "buildah") {
        return None;
    }
    repo.write("../policy.json", r#"{"default":[{"type":"insecureAcceptAnything"}]}"#);
    let made = repo.sh(&format!("{BUILDAH} from scratch"));
    if made.code != Some(0) {
        let _ = writeln!(std::io::stderr(), "NOT TESTED: buildah cannot build here: {made}");
        return None;
    }
    Some(repo)
}

/// A layer with files, and one that removes a file and overwrites another, are read in both archive forms.
#[test]
fn a_real_build_is_read_in_both_forms() {
    let Some(repo) = builder() else { return };
    for (seed, path) in ["app/.env", "app/old.env", "app/kept.env"].into_iter().enumerate() {
        repo.write(format!("files/{path}"), env(80 + u32::try_from(seed).unwrap_or_default()));
    }
    repo.write("other/old.env", "X=1\n");
    let build = format!(
        "set -e; b() {{ {BUILDAH} \"$@\"; }}; commit() {{ b commit --signature-policy ../policy.json \"$@\" >&2; }}
        first=$(b from scratch); b copy $first files /; b config --label \"note={}\" $first; commit $first below
        second=$(b from --signature-policy ../policy.json below); folder=$(b mount $second)
        rm $folder/app/.env; b copy $second other /app; b umount $second
        commit $second oci:layout:app; commit $second docker-archive:docker.tar:example.com/app:1.0",
        env(83).trim()
    );
    repo.sh(&build).expect_code(0);
    let expected = [
        at("app/.env", 1, "deleted"),
        at("app/kept.env", 1, "present"),
        at("app/old.env", 1, "overwritten"),
        at("config.Labels", 0, "metadata"),
    ];
    for (form, repeated) in [("layout", 0), ("docker.tar", 1)] {
        let mut places = places(&scan(&repo, form).expect_code(1));
        let all = places.len();
        // A Docker archive repeats the configuration for old programs.
        places.retain(|place| !place.0.ends_with("/json"));
        assert_eq!((all - places.len(), places), (repeated, expected.to_vec()), "{form}");
    }
}

/// Returns the paths of the files with a secret of this visibility; every file holds one.
fn paths(of: &[(String, u64, String)], visibility: &str) -> BTreeSet<String> {
    of.iter().filter(|place| place.2 == visibility).map(|place| place.0.clone()).collect()
}

#[test]
fn a_context_is_what_a_real_builder_copies() {
    let Some(repo) = builder() else { return };
    let files = [
        ".env",
        "app/.env",
        "app/a",
        "app/s.log",
        "app/sub/.env",
        "app/sub/deep/x",
        "app/sub/s.log",
        "docs/r.md",
        "keep/.env",
        "keep/b",
        "top",
        "top.log",
        "#odd",
        "sp ace/f",
        "ab",
        "cb",
    ];
    for (seed, path) in files.into_iter().enumerate() {
        repo.write(format!("context/{path}"), env(8_000 + u32::try_from(seed).unwrap_or_default()));
    }
    repo.write("context/Dockerfile", "FROM scratch\nCOPY . /\n");
    for ignored in [
        "",
        "docs\n**/*.log\n!app/s.log\n",
        "*\n!app\n",
        "*\n!app/*.log\n",
        "app/*/x\napp/*/*/x\n",
        "**/.env\n!keep/.env\n",
        "/top\n./docs\n# a comment\n\\#odd\n",
        "app/\n!app/sub/\n",
        "a?\n[c-d]*\nsp ace\n",
        "**\n!**/*.log\n",
        "*.*\n!.env\n",
        "!app\napp/**/s.log\n  keep  \n",
        "docs/../app/a\ntop*\n!top\n",
        "app/sub\n!app/sub/deep/x\n",
    ] {
        repo.write("context/.dockerignore", ignored);
        let build = format!(
            "rm -rf built && {BUILDAH} bud --isolation chroot --no-cache --signature-policy ../policy.json -t oci:built:x context"
        );
        repo.sh(&build).expect_code(0);
        let built = paths(&places(&scan(&repo, "built")), "present");
        let told = paths(&places(&repo.keysweep(&["context", "context", "--format", "jsonl"])), "copied");
        if ignored.contains("!**") {
            // For such a pattern, BuildKit enters an excluded folder, and buildah doesn't.
            assert!(
                told.is_superset(&built) && told.contains("app/sub/s.log"),
                "with {ignored:?}: {told:?}, {built:?}"
            );
        } else {
            assert_eq!(told, built, "with {ignored:?} the builder copies what is on the right");
        }
    }
}
