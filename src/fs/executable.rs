//! Checks whether a file is executable, and sets the permissions of one that has to be.

use std::path::Path;

use super::Rights;

/// `true` if git would run the file.
#[cfg(unix)]
pub fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o111 != 0)
}

/// `true` if git would run the file: everywhere but on Unix, if it is there.
#[cfg(not(unix))]
pub fn is_executable(path: &Path) -> bool {
    path.exists()
}

/// The rights of a file that git runs.
#[cfg(unix)]
pub fn rights() -> Rights {
    use std::os::unix::fs::PermissionsExt as _;
    Rights::Exactly(std::fs::Permissions::from_mode(0o755))
}

/// The rights of a file that git runs: everywhere but on Unix, those of any other.
#[cfg(not(unix))]
pub fn rights() -> Rights {
    Rights::Usual
}

/// The rights of a program of its owner's, which nobody else reads or runs.
#[cfg(unix)]
pub fn private() -> Rights {
    use std::os::unix::fs::PermissionsExt as _;
    Rights::Exactly(std::fs::Permissions::from_mode(0o700))
}

/// The rights of a program of its owner's: everywhere but on Unix, those of any other file of its owner's.
#[cfg(not(unix))]
pub fn private() -> Rights {
    Rights::OwnerOnly
}
