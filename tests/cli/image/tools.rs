//! Tests of images made by real tools: skopeo and umoci, if they are installed. If not, the test says so and ends.

use std::io::Write as _;

use super::{at, env, places, scan};
use crate::support::Repo;

/// Returns `true` if a program is installed; if not, it says so on standard error, because a passing test would hide
/// that.
#[expect(clippy::disallowed_methods, reason = "a test has no report to say it in")]
pub(super) fn is_here(repo: &Repo, program: &str) -> bool {
    let is_here = repo.sh(&format!("command -v {program} >/dev/null")).code == Some(0);
    if !is_here {
        let _ = writeln!(std::io::stderr(), "NOT TESTED: '{program}' is not installed, so what needs it was not tried");
    }
    is_here
}

/// Skopeo writes an image of two layers in every form; the second layer deletes the file of the first.
#[test]
fn images_of_skopeo_and_umoci_are_read() {
    let repo = Repo::folder();
    if !["umoci", "skopeo"].iter().all(|program| is_here(&repo, program)) {
        return;
    }
    repo.write("files/.env", env(70));
    repo.write("policy.json", r#"{"default":[{"type":"insecureAcceptAnything"}]}"#);
    let build = "umoci init --layout layout && umoci new --image layout:app \
        && umoci insert --image layout:app files /app && umoci insert --whiteout --image layout:app /app/.env";
    repo.sh(build).expect_code(0);
    let expected = [at("app/.env", 1, "deleted")];
    for (form, path) in [
        ("oci:copy:app", "copy"),
        ("oci-archive:oci.tar:app", "oci.tar"),
        ("docker-archive:docker.tar:example.com/app:1.0", "docker.tar"),
        ("dir:folder", "folder"),
    ] {
        repo.sh(&format!("skopeo --policy policy.json copy -q oci:layout:app {form}")).expect_code(0);
        assert_eq!(places(&scan(&repo, path).expect_code(1)), expected, "{form}");
    }
    let zstd = "skopeo --policy policy.json copy -q --dest-compress-format zstd --dest-compress dir:folder dir:zstd";
    repo.sh(zstd).expect_code(0);
    assert_eq!(places(&scan(&repo, "zstd").expect_code(1)), expected, "zstd");
    let piped = repo.sh("skopeo --policy policy.json copy -q oci:layout:app oci-archive:/dev/stdout:app > piped.tar");
    if piped.code == Some(0) {
        assert_eq!(places(&scan(&repo, "piped.tar").expect_code(1)), expected, "a pipe");
    }
}
