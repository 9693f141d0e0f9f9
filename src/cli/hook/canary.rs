//! Tests whether the hook that git would run stops a secret: runs keysweep's part of a hook on a temporary repository.
//!
//! The rest of a hook is not run: it may stash, format or commit, and would do so in the user's work tree.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::Place;
use crate::cli::clock;
use crate::git::canary::Canary;
use crate::hook::Name;
use crate::proof::template::Generator;

/// The outcome for the canary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Stopped,
    /// The script ended with this code, without naming the canary.
    LetThrough(Option<i32>),
}

/// The template of a made-up GitHub token, in a format that has been in use for years.
const TOKEN: &str = "ghp_<base62:30><seal:crc32-base62>";
/// The variables that direct git to a repository; only the caller of a hook may set them.
const OVERRIDES: [&str; 5] =
    ["GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH", "GIT_PREFIX"];

/// Returns a new made-up token.
pub(super) fn token() -> io::Result<String> {
    let seed = clock::now() ^ u64::from(std::process::id());
    Generator::new(seed).expand("<token>", Some(TOKEN)).map_err(io::Error::other)
}

/// Runs a shell script as this hook, in the folder in which git would run it.
pub(super) fn send(name: Name, script: &str, place: &Place) -> io::Result<Outcome> {
    let text = token()? + "\n";
    let file = format!("keysweep-canary-{}.env", std::process::id());
    let canary = Canary::new(&file, &text)?;
    let hook = canary.folder().join("hooks").join(name.as_str());
    std::fs::create_dir(canary.folder().join("hooks"))?;
    std::fs::write(&hook, script)?;
    let output = run(name, &hook, &canary, place)?;
    let printed = [output.stdout, output.stderr].concat();
    let is_reported = memchr::memmem::find(&printed, file.as_bytes()).is_some();
    let code = output.status.code();
    Ok(if code != Some(0) && is_reported { Outcome::Stopped } else { Outcome::LetThrough(code) })
}

fn run(name: Name, hook: &Path, canary: &Canary, place: &Place) -> io::Result<Output> {
    let mut command = Command::new("sh");
    command.arg(hook).current_dir(&place.root).env("GIT_DIR", canary.git_dir()).env("GIT_WORK_TREE", &place.root);
    OVERRIDES.iter().for_each(|name| {
        command.env_remove(name);
    });
    let input = match name {
        Name::PreCommit => String::new(),
        Name::CommitMsg => {
            command.arg(canary.message());
            String::new()
        }
        Name::PrePush => {
            command.args(["canary", "canary"]);
            canary.sent()
        }
        Name::PreReceive => canary.received(),
    };
    fed(&mut command, &input)
}

/// Runs a command with a text on standard input.
pub(super) fn fed(command: &mut Command, input: &str) -> io::Result<Output> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A command may close the pipe without reading it.
        let _ = stdin.write_all(input.as_bytes());
    }
    child.wait_with_output()
}
