//! A job: the repositories that are swept as one.

use std::io;
use std::path::Path;

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use super::state;
use crate::cli::fleet::list::Listed;

/// The number of hash bytes in the names of a job's files.
const KEY: usize = 12;

/// A repository, or a network of forks that are swept as one.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) name: String,
    pub(super) members: Vec<Listed>,
    pub(super) is_network: bool,
}

impl Job {
    /// Returns the size in bytes of the packs of its repositories on this machine.
    pub(super) fn size(&self) -> u64 {
        self.members.iter().filter_map(Listed::path).map(|path| state::size(Path::new(path))).sum()
    }

    /// Returns the name of its files: a hash, because the job's own name may contain anything.
    pub(super) fn key(&self) -> String {
        key_of(&self.name)
    }
}

/// Returns a name for a file that depends on a text and reveals nothing of it.
pub(super) fn key_of(text: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    HEXLOWER.encode(&digest[..KEY])
}

/// Returns `true` if a name can be a [`Job::key`].
pub(super) fn is_key(name: &str) -> bool {
    name.len() == 2 * KEY && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Returns a random name that no other file has.
///
/// # Errors
/// Fails if the system has no random bytes.
pub(super) fn random_key() -> io::Result<String> {
    let mut random = [0; KEY];
    getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(HEXLOWER.encode(&random))
}
