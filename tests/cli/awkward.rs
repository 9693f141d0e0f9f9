//! Tests that files which look full of secrets but hold none pass the hook: it reports nothing and leaves nothing
//! unread.

use crate::support::{Repo, must};

#[path = "../../benches/support/awkward.rs"]
mod texts;

/// Each awkward file is staged under its own name and under a name that doesn't reveal its kind, so that no list of
/// names helps.
#[test]
fn awkward_files_are_read_and_pass() {
    for (name, text) in texts::files() {
        let repo = Repo::with_a_commit();
        repo.write(name, &text);
        repo.write("data/contents", format!("{text}\n"));
        repo.add();
        let run = repo.keysweep(&["staged", "--format", "jsonl"]);
        assert_eq!(run.code, Some(0), "{name}: {run}");
        assert_eq!(run.verdict(), "clean", "{name}: {run}");
        let summary = must(run.records_of("summary").pop().ok_or("none"), "read the summary");
        let read = must(summary["bytes"].as_u64().ok_or("none"), "read how much was read");
        assert!(read >= 2 * text.len() as u64, "{name}: only {read} bytes were read");
    }
}
