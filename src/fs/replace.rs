//! Writes a file whole or not at all: writes a temporary file next to it, and then renames it.
//!
//! The temporary file has an unguessable name and is always newly created. So no other process writes to the same file,
//! and another user who may write to the folder can't place a link there for us to follow. A path that is a link is
//! replaced itself: a caller that means the link's target has to pass the target.
//!
//! A process that is killed while writing leaves the temporary file behind. The file is locked while it is being
//! written, so the next process that writes in the folder can distinguish it from one in use, and removes it.

use std::fs::{File, Permissions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::owner_only;

/// The start and the end of the names of temporary files; between them is a number of [`DIGITS`] hexadecimal digits.
const NAME: (&str, &str) = (".keysweep-", ".tmp");
const DIGITS: usize = 16;

/// The permissions that the written file gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rights {
    /// The default permissions of a new file.
    Usual,
    /// Only the owner may read and write the file, from its creation on.
    OwnerOnly,
    /// Exactly these permissions, whatever the process's umask removes from new files.
    Exactly(Permissions),
}

/// Replaces the file at `path` by the output of `write`. If that fails, the old file stays as it is.
///
/// # Errors
/// Fails if the folder can't be written to, or `write` fails.
pub fn replace(path: &Path, rights: Rights, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    remove_leftovers(path);
    let (temporary, file) = make(path, &rights)?;
    let written = fill(&file, rights, write).and_then(|()| std::fs::rename(&temporary, path));
    if written.is_err() {
        // The first error is the one to report; failing to remove a leftover adds nothing to it.
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

/// Checks that the file at `path` could be replaced now, and changes nothing.
///
/// # Errors
/// Fails if the folder can't be written to.
pub fn can_replace(path: &Path) -> io::Result<()> {
    let (temporary, _locked) = make(path, &Rights::Usual)?;
    std::fs::remove_file(temporary)
}

/// Makes the temporary file, and locks it.
fn make(path: &Path, rights: &Rights) -> io::Result<(PathBuf, File)> {
    loop {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
        let (before, after) = NAME;
        let number = u64::from_le_bytes(random);
        let temporary = path.with_file_name(format!("{before}{number:0DIGITS$x}{after}"));
        let mut options = match rights {
            Rights::OwnerOnly => owner_only::file(),
            Rights::Usual | Rights::Exactly(_) => File::options(),
        };
        let file = options.write(true).create_new(true).open(&temporary)?;
        // Some file systems have no locks; there, no other process removes the file.
        let _ = file.lock();
        // Before the file was locked, another process may have removed it as a leftover.
        if temporary.symlink_metadata().is_ok() {
            return Ok((temporary, file));
        }
    }
}

/// Removes temporary files next to `path` whose writer is gone. A file that can't be removed does no harm.
fn remove_leftovers(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_str().is_some_and(is_temporary);
        if !is_ours || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        if let Ok(file) = File::options().write(true).open(entry.path())
            && file.try_lock().is_ok()
        {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

fn is_temporary(name: &str) -> bool {
    let number = name.strip_prefix(NAME.0).and_then(|rest| rest.strip_suffix(NAME.1));
    number.is_some_and(|number| number.len() == DIGITS && number.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn fill(file: &File, rights: Rights, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(file);
    write(&mut out)?;
    out.flush()?;
    match rights {
        Rights::Exactly(permissions) => out.get_ref().set_permissions(permissions),
        Rights::Usual | Rights::OwnerOnly => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::scratch::Scratch;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_atomically_without_leftovers() {
        let folder = Scratch::new().unwrap();
        let path = folder.path().join("file");
        for text in ["a first and longer text", "a second"] {
            replace(&path, Rights::Usual, |out| out.write_all(text.as_bytes())).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(names(folder.path()), ["file"]);
    }

    #[test]
    fn a_failed_write_leaves_the_file_unchanged() {
        let folder = Scratch::new().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "before").unwrap();
        let failed = replace(&path, Rights::Usual, |out| {
            out.write_all(b"half")?;
            Err(io::Error::other("no more"))
        });
        assert_eq!(failed.unwrap_err().to_string(), "no more");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "before");
        assert_eq!(names(folder.path()), ["file"]);
        assert!(replace(&folder.path().join("none/file"), Rights::Usual, |_| Ok(())).is_err());
    }

    #[test]
    fn only_leftovers_of_killed_processes_are_removed() {
        let folder = Scratch::new().unwrap();
        let at = |name: &str| folder.path().join(name);
        let (left, used) = (".keysweep-0123456789abcdef.tmp", ".keysweep-fedcba9876543210.tmp");
        let others = [".keysweep-0123.tmp", ".keysweep-0123456789abcdef.tmp.txt", "a.tmp"];
        for name in others.iter().chain(&[left, used]) {
            std::fs::write(at(name), "text").unwrap();
        }
        let lock = File::open(at(used)).unwrap();
        lock.lock().unwrap();
        replace(&at("file"), Rights::Usual, |out| out.write_all(b"text")).unwrap();
        let mut expected: Vec<&str> = others.into_iter().chain([used, "file"]).collect();
        expected.sort_unstable();
        assert_eq!(names(folder.path()), expected);
    }

    #[cfg(unix)]
    #[test]
    fn the_file_has_the_requested_permissions() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = Scratch::new().unwrap();
        let path = folder.path().join("file");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        for wanted in [0o755, 0o640] {
            replace(&path, Rights::Exactly(Permissions::from_mode(wanted)), |out| out.write_all(b"text")).unwrap();
            assert_eq!(mode(&path), wanted);
        }
        replace(&path, Rights::OwnerOnly, |out| {
            // No other temporary file is next to it.
            let temporary = names(folder.path()).into_iter().find(|name| name != "file").unwrap();
            assert_eq!(mode(&folder.path().join(temporary)), 0o600);
            out.write_all(b"text")
        })
        .unwrap();
        assert_eq!(mode(&path), 0o600);
    }
}
