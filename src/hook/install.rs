//! Writes and removes the shim. An existing hook is renamed, run first, and put back on removal.

use std::io;
use std::path::Path;

use super::shim::{Hook, State};
use super::tool::Tool;
use crate::fs::{executable, replace};

/// The change that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The shim was written.
    Installed,
    /// The shim was there already.
    Unchanged,
    /// The shim was written, and first runs the hook that was there before.
    Chained,
    /// The shim was removed.
    Removed,
    /// The shim was removed, and the previous hook is back.
    Restored,
}

impl Hook {
    /// Writes the shim; a second time changes nothing.
    ///
    /// # Errors
    /// Fails if a file can't be written, or if a hook would be lost.
    pub fn install(&self, program: &Path) -> io::Result<Change> {
        let change = match self.state(program) {
            State::Ours => return Ok(Change::Unchanged),
            State::Absent | State::Outdated | State::NotExecutable => Change::Installed,
            State::Foreign if self.kept().exists() => {
                let text = format!(
                    "both '{}' and '{}' exist; move one of them away first",
                    self.path().display(),
                    self.kept().display()
                );
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
            }
            State::Foreign => {
                std::fs::rename(self.path(), self.kept())?;
                Change::Chained
            }
        };
        std::fs::create_dir_all(&self.folder)?;
        self.write(&self.shim(program))?;
        Ok(change)
    }

    /// Writes the file whole or not at all: git must never see half a hook.
    fn write(&self, text: &str) -> io::Result<()> {
        replace(&self.path(), executable::rights(), |out| out.write_all(text.as_bytes()))
    }

    /// Removes the shim and puts back what was there before.
    ///
    /// # Errors
    /// Fails if a file can't be changed, or if the hook isn't ours.
    pub fn uninstall(&self, program: &Path) -> io::Result<Change> {
        match self.state(program) {
            // The kept file is the hook of the tool that has set ours aside, or an older copy of it.
            State::Ours | State::Outdated | State::NotExecutable if self.is_legacy() => {
                std::fs::remove_file(self.path())?;
                if Tool::wrote(&self.kept()) {
                    std::fs::remove_file(self.kept())?;
                }
                Ok(Change::Removed)
            }
            State::Absent => Ok(Change::Unchanged),
            State::Foreign => {
                let text = format!("'{}' does not belong to keysweep; it was not changed", self.path().display());
                Err(io::Error::new(io::ErrorKind::InvalidInput, text))
            }
            State::Ours | State::Outdated | State::NotExecutable if self.kept().exists() => {
                std::fs::rename(self.kept(), self.path())?;
                Ok(Change::Restored)
            }
            State::Ours | State::Outdated | State::NotExecutable => {
                std::fs::remove_file(self.path())?;
                Ok(Change::Removed)
            }
        }
    }
}
