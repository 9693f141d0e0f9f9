//! Layers that earlier scans found nothing in, kept in a folder so that the next image on top of them need not read them again.
//!
//! There is a file for each layer, called by its digest, in a folder that is called by all that decides what is seen: the rules,
//! the program, the limits. It holds keys of paths and no name, and nothing of any content. Only a layer of which there was
//! nothing to say is remembered, so a finding is made again each time. Its bytes are hashed all the same before it counts.

use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::config::ScanOptions;
use crate::fs::bounded::{self, Links};
use crate::fs::{Rights, replace};
use crate::image::{Blob, Coverage, Digest, KnownLayer, KnownLayers, Layer};
use crate::rule_set::RuleSet;

/// Bytes of a file that is read: some twenty for each of the most paths that are read of an image.
const MAX_SIZE: u64 = 256 << 20;
/// Bytes of a hash.
const HASH: usize = 32;

/// The cache of layers.
pub(super) struct LayerCache {
    folder: PathBuf,
    key: [u8; HASH],
}

impl LayerCache {
    /// Opens the cache in a folder, which need not be there, by scans with these rules and limits.
    pub(super) fn new(folder: &Path, rules: &RuleSet, options: &ScanOptions) -> Self {
        let ScanOptions { max_file_size, strict, thorough, min_confidence, .. } = options;
        let mut digest = Sha256::new();
        digest.update(env!("KEYSWEEP_SWEEP"));
        digest.update(format!("{:?} {:?}", rules.rules, rules.fields));
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

    /// Remembers a layer that was read as a whole.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub(super) fn save(&self, blob: &Blob) -> io::Result<()> {
        let (Some(digest), Coverage::Whole) = (blob.named_digest(), blob.coverage) else { return Ok(()) };
        let (Some(layer), Some(Digest::Sha256(diff_id))) = (&blob.layer, blob.diff_id()) else { return Ok(()) };
        let Some(path) = self.path(digest) else { return Ok(()) };
        std::fs::create_dir_all(&self.folder)?;
        let mut bytes = [&diff_id[..], &layer.encode()].concat();
        let seal = self.seal(digest, &bytes);
        bytes.extend(seal);
        replace(&path, Rights::Usual, |out| out.write_all(&bytes))
    }

    /// A hash by which a file is known to be whole, and that of this layer under these rules.
    fn seal(&self, digest: &Digest, bytes: &[u8]) -> [u8; HASH] {
        let sealed = Sha256::new().chain_update(self.key).chain_update(digest.to_string()).chain_update(bytes);
        sealed.finalize().into()
    }
}

impl KnownLayers for LayerCache {
    fn layer(&self, digest: &Digest) -> Option<KnownLayer> {
        let bytes = bounded::read(&self.path(digest)?, MAX_SIZE, Links::Refused).ok()?;
        let (bytes, seal) = bytes.split_last_chunk::<HASH>()?;
        // One that is damaged is written again.
        (self.seal(digest, bytes) == *seal).then_some(())?;
        let (diff_id, layer) = bytes.split_first_chunk::<HASH>()?;
        Some(KnownLayer { layer: Layer::decode(layer)?, diff_id: Digest::Sha256(*diff_id) })
    }
}
