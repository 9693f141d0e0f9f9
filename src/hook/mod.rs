//! git's hooks: what is installed, and installing and removing ours without losing anybody else's.

pub mod install;

use std::path::{Path, PathBuf};

/// The shim that is written; `@KEYSWEEP@` is the program's path.
const SHIM: &str = include_str!("../../hooks/pre-commit");
/// What tells our shim, of any version, from others: its whole second line.
const MARK: &str =
    "# keysweep: looks for secrets in what is about to be committed. Written by 'keysweep hook install'; removed by";
/// What a hook that was there before is called afterwards.
const KEPT: &str = "pre-commit.before-keysweep";

/// What stands where git looks for the pre-commit hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing.
    Absent,
    /// Our shim, as this version writes it.
    Ours,
    /// Our shim, of another version or for another program.
    Outdated,
    /// Our shim, but git will not run it: it is not executable.
    NotExecutable,
    /// A hook of somebody else.
    Foreign,
}

/// The pre-commit hook of a repository.
#[derive(Debug, Clone)]
pub struct Hook {
    folder: PathBuf,
}

impl Hook {
    /// The hook in the folder that git looks in.
    pub fn in_folder(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Where git looks for it.
    pub fn path(&self) -> PathBuf {
        self.folder.join("pre-commit")
    }

    /// Where a hook that was there before is kept.
    pub fn kept(&self) -> PathBuf {
        self.folder.join(KEPT)
    }

    /// What stands there.
    pub fn state(&self, program: &Path) -> State {
        let Ok(text) = std::fs::read(self.path()) else { return State::Absent };
        let text = String::from_utf8_lossy(&text);
        if text.lines().nth(1) != Some(MARK) {
            State::Foreign
        } else if !install::is_executable(&self.path()) {
            State::NotExecutable
        } else if text == shim(program) {
            State::Ours
        } else {
            State::Outdated
        }
    }
}

/// The shim for a program.
fn shim(program: &Path) -> String {
    SHIM.replace("@KEYSWEEP@", &program.display().to_string().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shim_carries_its_mark() {
        assert_eq!(SHIM.lines().nth(1), Some(MARK));
    }
}
