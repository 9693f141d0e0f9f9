//! The files that git tracks in a work tree: ignore files don't exclude them.

use std::path::Path;

use bstr::{BStr, BString};

use crate::git::{Repo, index};

/// The paths in an index, in the order of the index.
#[derive(Debug)]
pub(super) struct Tracked(Vec<BString>);

impl Tracked {
    /// Reads the index of the work tree at `root`, an absolute path.
    ///
    /// # Errors
    /// Returns the reason why the tracked files are unknown.
    pub(super) fn of(root: &Path) -> Result<Self, String> {
        let repo = Repo::open(root).map_err(|error| error.to_string())?;
        let own = repo.workdir().and_then(|own| own.canonicalize().ok());
        if own.as_deref() != Some(root) {
            return Err("git's environment names another repository".to_owned());
        }
        let state = index::read(&repo.local()).map_err(|error| error.to_string())?;
        Ok(Self(state.entries().iter().map(|entry| entry.path(&state).to_owned()).collect()))
    }

    /// Returns `true` if a file is tracked, or anything in a folder. A sparse index lists a folder as one entry that
    /// ends in a slash.
    pub(super) fn has(&self, path: &BStr) -> bool {
        let inside = [path, b"/".as_ref()].concat();
        let is_at = |start: &[u8]| {
            let at = self.0.partition_point(|known| known.as_slice() < start);
            self.0.get(at).filter(|known| known.starts_with(start))
        };
        is_at(path).is_some_and(|known| known == path) || is_at(&inside).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_tracked_if_any_file_in_it_is() {
        let tracked = Tracked(["a", "b-c", "b/x/y", "d/", "e"].map(BString::from).into());
        for path in ["a", "b", "b/x", "b/x/y", "b-c", "d", "e"] {
            assert!(tracked.has(path.into()), "{path}");
        }
        for path in ["", "aa", "b/x/y/z", "b/y", "c", "d/f"] {
            assert!(!tracked.has(path.into()), "{path}");
        }
    }
}
