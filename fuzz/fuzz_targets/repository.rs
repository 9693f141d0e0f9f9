//! Uses any bytes as the index, configuration, HEAD or packed refs of a repository that is otherwise sound.

#![no_main]

use keysweep::git::Repo;
use keysweep::git::canary::Canary;
use keysweep::source::staged;
use libfuzzer_sys::fuzz_target;

const FILES: [&str; 4] = ["index", "config", "HEAD", "packed-refs"];

fuzz_target!(|input: (u8, Vec<u8>)| {
    let (which, bytes) = input;
    let canary = Canary::new("a.txt", "a\n").expect("temporary files can be written");
    let file = canary.git_dir().join(FILES[usize::from(which) % FILES.len()]);
    std::fs::write(file, bytes).expect("so can this one");
    let Ok(repository) = Repo::open(&canary.git_dir()) else { return };
    let _ = staged::list(&repository);
    let _ = repository.checked_out();
    let _ = repository.all_refs();
    let _ = repository.hooks_dir();
});
