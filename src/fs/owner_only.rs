//! Files and folders that only their owner can read, from the moment they are created; on systems without such
//! permissions, ordinary ones.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;

/// Returns the options for opening such a file.
pub fn file() -> OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only set where there are rights"))]
    let mut options = File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Returns the builder for such a folder.
pub fn folder() -> DirBuilder {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only set where there are rights"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Checks that nobody else can change a file or folder. On systems without such permissions, nothing is checked.
///
/// # Errors
/// Fails if it belongs to another user, can be written to by others, or is a link.
#[cfg(unix)]
pub fn check(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    /// The write permissions of group and others.
    const OTHERS_WRITE: u32 = 0o022;
    let meta = path.symlink_metadata()?;
    let refused = |why: &str| Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    if meta.is_symlink() {
        return refused("it is a link");
    }
    if meta.uid() != rustix::process::geteuid().as_raw() {
        return refused("it belongs to another user");
    }
    if meta.mode() & OTHERS_WRITE != 0 {
        return refused("others may write to it");
    }
    Ok(())
}

/// Checks that a file or folder is not a link. There are no permissions here that could be checked.
///
/// # Errors
/// Fails if it is a link.
#[cfg(not(unix))]
pub fn check(path: &Path) -> io::Result<()> {
    match path.symlink_metadata()?.is_symlink() {
        true => Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is a link")),
        false => Ok(()),
    }
}
