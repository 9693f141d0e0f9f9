//! A folder for files that only this run needs: only its owner can read it, and it is removed when its last holder is
//! dropped.
//!
//! A signal that ends the program leaves the folder behind. So no content of the user's repository is put into it: only
//! paths of object folders, links to them, files that keysweep made itself, and the objects of repositories in an
//! image, stored as they are there.

use std::io;
use std::path::{Path, PathBuf};

use super::owner_only;

/// A scratch folder, given by its path.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes a folder among the system's temporary files.
    ///
    /// # Errors
    /// Fails if temporary files can't be written.
    pub fn new() -> io::Result<Self> {
        const MOST: u32 = 1000;
        let folder = std::env::temp_dir();
        let mut taken = io::Error::from(io::ErrorKind::AlreadyExists);
        for number in 0..MOST {
            let path = folder.join(format!("keysweep-{}-{number}", std::process::id()));
            // A folder that already exists may belong to another user.
            match owner_only::folder().create(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => taken = error,
                Err(error) => return Err(error),
            }
        }
        Err(taken)
    }

    /// Returns the folder's path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scratch_folder_is_separate_and_removed_with_its_contents() {
        let (one, other) = (Scratch::new().unwrap(), Scratch::new().unwrap());
        assert_ne!(one.path(), other.path());
        std::fs::write(one.path().join("file"), "text").unwrap();
        let path = one.path().to_owned();
        drop(one);
        assert!(!path.exists() && other.path().is_dir());
    }
}
