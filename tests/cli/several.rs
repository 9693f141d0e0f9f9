//! Several repositories in one call: each is swept, and none makes up for another.

use crate::support::{Repo, Secret};

#[test]
fn the_worst_of_several_repositories_decides() {
    let all = Repo::folder();
    for name in ["clean", "leaky", "other"] {
        all.git(&["init", "--quiet", name]);
        all.write(format!("{name}/README.md"), "nothing\n");
    }
    all.write("leaky/config.env", Secret::github(2801).line());
    for name in ["clean", "leaky", "other"] {
        all.git(&["-C", name, "add", "--all"]);
        all.git(&["-C", name, "commit", "--quiet", "-m", "start"]);
    }
    let run = all.keysweep(&["history", "clean", "other"]).expect_code(0);
    assert!(run.out().contains("== clean\n") && run.out().contains("== other\n"), "{run}");
    let run = all.keysweep(&["history", "clean", "leaky", "other"]).expect_code(1);
    assert!(
        run.out().contains("config.env") && run.text().contains("1 with secrets, 0 not read or incomplete, 2 clean"),
        "{run}"
    );
    let run = all.keysweep(&["history", "absent", "leaky", "clean"]).expect_code(1);
    assert!(run.out().contains("config.env"), "{run}");
    all.keysweep(&["history", "absent", "clean"]).expect_code(2).expect_mention("1 not read or incomplete, 1 clean");
    all.keysweep(&["history", "clean", "leaky", "--format", "json"]).expect_code(2).expect_mention("one repository");
    all.keysweep(&["history", "clean", "leaky", "--output", "report"]).expect_code(2);
}
