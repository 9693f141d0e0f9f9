//! The repositories that are swept as one.

use std::path::Path;

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use super::state;
use crate::cli::fleet::list::Listed;

/// Bytes of the hash that files are named by.
const KEY: usize = 12;

/// A repository, or a network of forks that are swept as one.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) name: String,
    pub(super) members: Vec<Listed>,
    pub(super) is_network: bool,
}

impl Job {
    /// Bytes of the packs of what lies on this machine.
    pub(super) fn size(&self) -> u64 {
        self.members.iter().filter_map(Listed::path).map(|path| state::size(Path::new(path))).sum()
    }

    /// The name of its files: nothing of the name, which may be anything.
    pub(super) fn key(&self) -> String {
        let digest: [u8; 32] = Sha256::digest(self.name.as_bytes()).into();
        HEXLOWER.encode(&digest[..KEY])
    }
}

/// `true` for what can be a [`Job::key`].
pub(super) fn is_key(name: &str) -> bool {
    name.len() == 2 * KEY && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
