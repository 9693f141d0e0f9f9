//! Checks whether a file is executable, and returns the permissions for one that has to be.

use std::path::Path;

use super::Rights;

/// Returns `true` if git would run the file.
#[cfg(unix)]
pub fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o111 != 0)
}

/// Returns `true` if git would run the file: on systems other than Unix, if it exists.
#[cfg(not(unix))]
pub fn is_executable(path: &Path) -> bool {
    path.exists()
}

/// Returns the rights of a file that git runs.
#[cfg(unix)]
pub fn rights() -> Rights {
    use std::os::unix::fs::PermissionsExt as _;
    Rights::Exactly(std::fs::Permissions::from_mode(0o755))
}

/// Returns the rights of a file that git runs: on systems other than Unix, those of any other file.
#[cfg(not(unix))]
pub fn rights() -> Rights {
    Rights::Usual
}

/// Returns the rights of a program that only its owner may read and run.
#[cfg(unix)]
pub fn private() -> Rights {
    use std::os::unix::fs::PermissionsExt as _;
    Rights::Exactly(std::fs::Permissions::from_mode(0o700))
}

/// Returns the rights of a program that only its owner may run: on systems other than Unix, those of any other private
/// file.
#[cfg(not(unix))]
pub fn private() -> Rights {
    Rights::OwnerOnly
}
