//! The key by which a run recognises what an earlier run of the same user has left in a folder. Whoever passes a folder
//! on, in an archive or a repository, can write into it that a repository was clean; without the key this program
//! doesn't believe it.

use std::io;
use std::path::Path;

use super::state::hash;
use crate::fs::bounded::{self, Links};
use crate::fs::{Rights, own_state, owner_only, replace};

/// The length of the key in bytes.
const LENGTH: usize = 32;

/// A user's key.
pub(super) struct Key {
    bytes: Vec<u8>,
    /// `true` if the next run will have the same key.
    pub(super) is_kept: bool,
}

impl Key {
    /// Returns the user's key, and makes one if there is none. If the key can't be kept, it is a new one each time, and
    /// nothing is resumed.
    ///
    /// # Errors
    /// Fails if the system has no random bytes.
    pub(super) fn own() -> io::Result<Self> {
        let file = own_state().map(|folder| folder.join("fleet.key"));
        if let Some(bytes) = file.as_deref().and_then(read) {
            return Ok(Self { bytes, is_kept: true });
        }
        let mut new = vec![0; LENGTH];
        getrandom::fill(&mut new).map_err(|error| io::Error::other(error.to_string()))?;
        let kept = file.filter(|file| keep(file, &new).is_ok());
        // If two first runs make a key at once, the one written last stays.
        let bytes = kept.as_deref().and_then(read);
        Ok(Self { is_kept: bytes.is_some(), bytes: bytes.unwrap_or(new) })
    }

    /// Returns a text that can't be made without the key, and that differs if any part differs.
    pub(super) fn seal(&self, parts: &[&[u8]]) -> String {
        let inner = hash(&[&[&self.bytes[..]], parts].concat());
        hash(&[&self.bytes, inner.as_bytes()])
    }
}

fn keep(file: &Path, key: &[u8]) -> io::Result<()> {
    owner_only::folder().recursive(true).create(file.parent().unwrap_or(Path::new(".")))?;
    replace(file, Rights::OwnerOnly, |out| out.write_all(key))
}

/// Returns the key from a file that only its owner can read and write.
fn read(file: &Path) -> Option<Vec<u8>> {
    owner_only::check(file).ok()?;
    bounded::read(file, LENGTH as u64, Links::Refused).ok().filter(|bytes| bytes.len() == LENGTH)
}
