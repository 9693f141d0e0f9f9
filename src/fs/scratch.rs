//! A folder for files that only this run needs: for its owner alone, and gone with the last who holds it.
//!
//! A signal that ends the program leaves the folder behind. So nothing that a repository holds is put into it: only paths of
//! folders of objects, links to them, what keysweep made up itself, and the objects of repositories in an image, as they are
//! there.

use std::io;
use std::path::{Path, PathBuf};

use super::owner_only;

/// The folder.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes one among the temporary files of the machine.
    ///
    /// # Errors
    /// When nothing can be written there.
    pub fn new() -> io::Result<Self> {
        const MOST: u32 = 1000;
        let folder = std::env::temp_dir();
        let mut taken = io::Error::from(io::ErrorKind::AlreadyExists);
        for number in 0..MOST {
            let path = folder.join(format!("keysweep-{}-{number}", std::process::id()));
            // One that is there may be anybody's.
            match owner_only::folder().create(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => taken = error,
                Err(error) => return Err(error),
            }
        }
        Err(taken)
    }

    /// Where it is.
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
    fn each_is_a_folder_of_its_own_that_goes_with_all_in_it() {
        let (one, other) = (Scratch::new().unwrap(), Scratch::new().unwrap());
        assert_ne!(one.path(), other.path());
        std::fs::write(one.path().join("file"), "text").unwrap();
        let path = one.path().to_owned();
        drop(one);
        assert!(!path.exists() && other.path().is_dir());
    }
}
