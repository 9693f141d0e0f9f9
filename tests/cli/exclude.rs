//! Tests of `--exclude`: files that the command line excludes are still read and counted, and no repository decides
//! what is excluded.

use crate::support::{Repo, Secret};

#[test]
fn findings_below_an_excluded_path_are_counted_and_do_not_fail() {
    let repo = Repo::with_a_commit();
    let (vendored, own) = (Secret::github(2601), Secret::github(2602));
    repo.write("vendor/lib/config.env", vendored.line());
    repo.commit("vendor");
    repo.write("vendor/lib/more.env", Secret::github(2603).line());
    repo.add();
    let scans: [(&[&str], usize); 4] =
        [(&["history"], 2), (&["files", "."], 2), (&["staged"], 1), (&["range", "HEAD~1..HEAD"], 1)];
    for (scan, count) in scans {
        repo.keysweep(scan).expect_code(1);
        let run = repo.keysweep(&[scan, &["--exclude", "vendor/"]].concat()).expect_code(0);
        assert!(run.out().contains("accepted one"), "{run}");
        let secrets = if count == 1 { "1 secret" } else { "2 secrets" };
        assert!(run.out().contains(&format!("{secrets} below excluded paths not counted")), "{run}");
        repo.keysweep(&[scan, &["--exclude", "other/", "--exclude", "*.txt"]].concat()).expect_code(1);
        repo.keysweep(&[scan, &["--exclude", "vendor/", "--no-allow"]].concat()).expect_code(2);
        repo.keysweep(&[scan, &["--exclude", "**"]].concat()).expect_code(2).expect_mention("names no file");
    }
    // The same value outside the excluded files counts.
    repo.write("config.env", format!("{}{}", own.line(), vendored.line()));
    repo.commit("own");
    let run = repo.keysweep(&["history", "--exclude", "vendor", "--exclude", "README.md", "--format", "jsonl"]);
    let found = run.expect_code(1).records_of("finding");
    assert_eq!(found.iter().filter(|one| one["suppression"]["status"] != "accepted").count(), 2, "{found:?}");
}
