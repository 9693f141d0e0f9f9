//! A cache of scanned layers, stored in a folder so that the next image built on them need not scan them again.
//!
//! There is a file for each layer, named by its digest, in a folder whose name depends on everything that decides what
//! is found: the rules, the program, the limits. The file holds keys of paths but no names, and no content. A layer
//! with nothing to report is only hashed. For any other layer, the file has the numbers of the members with something
//! to report: the layer is decompressed again up to the last of them, and only these are scanned, so each finding is
//! made anew every time.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::config::ScanOptions;
use crate::fs::bounded::{self, Links};
use crate::fs::{Rights, replace};
use crate::image::{Blob, Coverage, Digest, KnownLayer, KnownLayers, Layer};
use crate::rule_set::RuleSet;

/// The most bytes of a file that is read: some twenty for each of the most paths that are read in an image.
const MAX_SIZE: u64 = 256 << 20;
/// The number of bytes in a hash.
const HASH: usize = 32;
/// The number of bytes in a number.
const NUMBER: usize = 8;

/// The cache of scanned layers.
pub(super) struct LayerCache {
    folder: PathBuf,
    key: [u8; HASH],
}

impl LayerCache {
    /// Opens the cache in a folder, which need not exist, for scans with these rules and limits.
    pub(super) fn new(folder: &Path, rules: &RuleSet, options: &ScanOptions) -> Self {
        let ScanOptions { max_file_size, strict, thorough, min_confidence, .. } = options;
        let mut digest = Sha256::new();
        digest.update(env!("KEYSWEEP_SWEEP"));
        digest.update(rules.digest());
        digest.update(format!("{max_file_size} {strict} {thorough} {min_confidence:?}"));
        let key: [u8; HASH] = digest.finalize().into();
        let name = data_encoding::HEXLOWER.encode(&key[..8]);
        Self { folder: folder.join(format!("keysweep-{name}.layers")), key }
    }

    fn path(&self, digest: &Digest) -> Option<PathBuf> {
        match digest {
            Digest::Sha256(hash) => Some(self.folder.join(data_encoding::HEXLOWER.encode(hash))),
            Digest::Sha512(_) => None,
        }
    }

    /// Stores the result for a layer that was read as a whole.
    ///
    /// # Errors
    /// Fails if the folder can't be written to.
    pub(super) fn save(&self, blob: &Blob, again: Option<&BTreeSet<u64>>) -> io::Result<()> {
        let (Some(digest), Coverage::Whole) = (blob.named_digest(), blob.coverage) else { return Ok(()) };
        let (Some(layer), Some(Digest::Sha256(diff_id))) = (&blob.layer, blob.diff_id()) else { return Ok(()) };
        let Some(path) = self.path(digest) else { return Ok(()) };
        std::fs::create_dir_all(&self.folder)?;
        // The count 0 means that nothing has to be read again; any other count is the number of members plus one.
        let count = again.map_or(0, |members| members.len() as u64 + 1);
        let numbers = std::iter::once(count).chain(again.into_iter().flatten().copied());
        let numbers: Vec<u8> = numbers.flat_map(u64::to_le_bytes).collect();
        let mut bytes = [&diff_id[..], &numbers, &layer.encode()].concat();
        let seal = self.seal(digest, &bytes);
        bytes.extend(seal);
        replace(&path, Rights::Usual, |out| out.write_all(&bytes))
    }

    /// Returns a hash that shows that a file is intact, and belongs to this layer and these rules.
    fn seal(&self, digest: &Digest, bytes: &[u8]) -> [u8; HASH] {
        let sealed = Sha256::new().chain_update(self.key).chain_update(digest.to_string()).chain_update(bytes);
        sealed.finalize().into()
    }
}

impl KnownLayers for LayerCache {
    fn layer(&self, digest: &Digest) -> Option<KnownLayer> {
        let bytes = bounded::read(&self.path(digest)?, MAX_SIZE, Links::Refused).ok()?;
        let (bytes, seal) = bytes.split_last_chunk::<HASH>()?;
        // A damaged file is written again.
        (self.seal(digest, bytes) == *seal).then_some(())?;
        let (diff_id, bytes) = bytes.split_first_chunk::<HASH>()?;
        let (count, mut bytes) = bytes.split_first_chunk::<NUMBER>()?;
        let again = match u64::from_le_bytes(*count) {
            0 => None,
            count => {
                let mut members = BTreeSet::new();
                for _ in 1..count {
                    let (number, rest) = bytes.split_first_chunk::<NUMBER>()?;
                    members.insert(u64::from_le_bytes(*number));
                    bytes = rest;
                }
                Some(members)
            }
        };
        Some(KnownLayer { layer: Layer::decode(bytes)?, diff_id: Digest::Sha256(*diff_id), again })
    }
}
