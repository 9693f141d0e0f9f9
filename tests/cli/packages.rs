//! Tests of `packaging/`: the files between a package manager and the program.

use std::fs;

use crate::support::{Repo, must};

/// The npm package passes on arguments and exit codes. Node isn't required: without it, nothing is tested.
#[test]
fn the_npm_package_passes_on_arguments_and_exit_codes() {
    let repo = Repo::folder();
    if repo.sh("command -v node").code != Some(0) {
        return;
    }
    let wrapper = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/npm/keysweep.js");
    must(fs::create_dir_all(repo.path("node_modules/keysweep")), "make a folder");
    must(fs::copy(wrapper, repo.path("node_modules/keysweep/keysweep.js")), "copy the wrapper");
    let run = || repo.program("node").args(&["node_modules/keysweep/keysweep.js", "files", "a b"]).run();
    run().expect_code(2).expect_mention("is not installed");
    let platform = repo.program("node").args(&["-p", "`keysweep-${process.platform}-${process.arch}`"]).run();
    let program = format!("node_modules/{}/keysweep", platform.expect_code(0).out().trim_end());
    repo.write(&program, "#!/bin/sh\nprintf '[%s]' \"$@\"\nexit 1\n");
    run().expect_code(2).expect_mention("cannot be run");
    repo.sh(&format!("chmod +x {program}")).expect_code(0);
    let ran = run().expect_code(1);
    assert_eq!(ran.out(), "[files][a b]", "{ran}");
}
