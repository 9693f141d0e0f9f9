//! A git hook, our shim for it, and the state of its file.

use std::path::{Path, PathBuf};

use crate::fs::bounded;
use crate::fs::executable::is_executable;

/// The hooks that can be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// Runs before a commit.
    PreCommit,
    /// Runs before a push.
    PrePush,
    /// Runs when the message of a commit has been written.
    CommitMsg,
    /// Runs before a server accepts a push.
    PreReceive,
}

impl Name {
    /// All hooks that can be installed.
    pub const ALL: [Self; 4] = [Self::PreCommit, Self::PrePush, Self::CommitMsg, Self::PreReceive];

    /// Returns git's name for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PreCommit => "pre-commit",
            Self::PrePush => "pre-push",
            Self::CommitMsg => "commit-msg",
            Self::PreReceive => "pre-receive",
        }
    }

    /// Returns the text of the shim; `@KEYSWEEP@` stands for the program's path.
    fn shim(self) -> &'static str {
        match self {
            Self::PreCommit => include_str!("../../hooks/pre-commit"),
            Self::PrePush => include_str!("../../hooks/pre-push"),
            Self::CommitMsg => include_str!("../../hooks/commit-msg"),
            Self::PreReceive => include_str!("../../hooks/pre-receive"),
        }
    }

    /// Returns the mark of our shim, in any version: its whole second line.
    fn mark(self) -> &'static str {
        match self {
            Self::PreCommit => {
                "# keysweep: looks for secrets in what is about to be committed. Written by 'keysweep hook install'; removed by"
            }
            Self::PrePush => {
                "# keysweep: looks for secrets in what is about to be pushed. Written by 'keysweep hook install'; removed by"
            }
            Self::CommitMsg => {
                "# keysweep: looks for secrets in the message of a commit. Written by 'keysweep hook install'; removed by"
            }
            Self::PreReceive => {
                "# keysweep: looks for secrets in what is about to be received. Written by 'keysweep hook install'; removed by"
            }
        }
    }
}

/// The state of the file where git looks for a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// There is no file.
    Absent,
    /// Our shim, as this version writes it.
    Ours,
    /// Our shim, but of another version or for another program.
    Outdated,
    /// Our shim, but git will not run it: it is not executable.
    NotExecutable,
    /// A hook that keysweep didn't write.
    Foreign,
}

/// A hook of a repository.
#[derive(Debug, Clone)]
pub struct Hook {
    pub(super) folder: PathBuf,
    pub(super) name: Name,
    /// `true` if another tool has set it aside and runs it.
    pub(super) is_legacy: bool,
}

impl Hook {
    /// Returns the hook in the folder in which git looks for hooks.
    pub fn in_folder(folder: PathBuf, name: Name) -> Self {
        Self { folder, name, is_legacy: false }
    }

    /// Returns its name.
    pub fn name(&self) -> Name {
        self.name
    }

    /// Returns the path where git looks for it, or the tool that has set it aside.
    pub fn path(&self) -> PathBuf {
        self.folder.join(format!("{}{}", self.name.as_str(), if self.is_legacy { ".legacy" } else { "" }))
    }

    /// Returns the hook that is our shim: at git's place, or at the one where pre-commit and prek, when they are
    /// installed, put an existing hook to run it.
    pub fn ours(&self, program: &Path) -> Option<Self> {
        let is_ours = |hook: &Self| !matches!(hook.state(program), State::Absent | State::Foreign);
        [self.clone(), Self { is_legacy: true, ..self.clone() }].into_iter().find(is_ours)
    }

    /// Returns `true` if a tool has set it aside.
    pub fn is_legacy(&self) -> bool {
        self.is_legacy
    }

    /// Returns the path at which a previous hook is kept.
    pub fn kept(&self) -> PathBuf {
        self.folder.join(format!("{}.before-keysweep", self.name.as_str()))
    }

    /// Returns the state of the file at its path.
    pub fn state(&self, program: &Path) -> State {
        let Ok(text) = bounded::read(&self.path(), bounded::MAX_SIZE, bounded::Links::Followed) else {
            return if self.path().exists() { State::Foreign } else { State::Absent };
        };
        let text = String::from_utf8_lossy(&text);
        if text.lines().nth(1) != Some(self.name.mark()) {
            State::Foreign
        } else if !is_executable(&self.path()) {
            State::NotExecutable
        } else if text == self.shim(program) {
            State::Ours
        } else {
            State::Outdated
        }
    }

    /// Returns the shim for a program.
    pub(super) fn shim(&self, program: &Path) -> String {
        self.name.shim().replace("@KEYSWEEP@", &program.display().to_string().replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shim_carries_its_mark_and_names_its_hook() {
        for name in Name::ALL {
            assert_eq!(name.shim().lines().nth(1), Some(name.mark()));
            for part in [format!("hook run {}", name.as_str()), format!("/{}.before-keysweep\" ", name.as_str())] {
                assert!(name.shim().contains(&part), "{part}");
            }
        }
    }
}
