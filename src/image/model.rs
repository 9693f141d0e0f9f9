//! The parts of an image, in each form that tools write.
//!
//! | form | recognised by | written by |
//! |---|---|---|
//! | OCI layout | `index.json` | `docker save` since version 25, `skopeo copy … oci:`, `buildx -o type=oci` |
//! | Docker archive | `manifest.json` with a list | `docker save` before that, `podman save`, `skopeo copy … docker-archive:` |
//! | folder of blobs | `manifest.json` with a manifest | `skopeo copy … dir:`, `podman save --format docker-dir` |
//! | root file system | none of them | `docker export`, `buildx -o type=tar` |

use std::collections::BTreeSet;
use std::sync::Arc;

use super::digest::Digest;
use super::manifest::Platform;

/// The form that an image has on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// An OCI layout.
    Oci,
    /// The archive of `docker save` before version 25.
    DockerArchive,
    /// A folder of blobs as `skopeo` writes it.
    BlobFolder,
    /// The files of a root file system, without layers.
    RootFs,
    /// None of them.
    Unknown,
}

impl Form {
    /// The form in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Oci => "an OCI layout",
            Self::DockerArchive => "a Docker archive",
            Self::BlobFolder => "a folder of blobs",
            Self::RootFs => "a root file system without layers",
            Self::Unknown => "no image",
        }
    }
}

/// An image for one platform.
#[derive(Debug, Default)]
pub struct Image {
    /// Its names and tags; empty if it has none.
    pub names: Vec<String>,
    /// The digest of its manifest, if it has one.
    pub digest: Option<Digest>,
    /// Its platform, if it says one.
    pub platform: Option<Platform>,
    /// Its layers, the lowest first.
    pub layers: Vec<ImageLayer>,
    /// The choice whether to read it.
    pub choice: Choice,
    /// The number of the blob with its configuration.
    pub(super) config: Option<usize>,
    /// The numbers of blobs that describe it: its manifest, and attestations of how it was built.
    pub(super) documents: BTreeSet<usize>,
}

/// The choice whether to read an image.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Choice {
    /// It is read: it was asked for, or nobody chose.
    #[default]
    Wanted,
    /// It is left out: another platform was asked for.
    Other,
}

/// A layer of an image.
#[derive(Debug)]
pub struct ImageLayer {
    /// The number of its blob; `None` if that is not here.
    pub blob: Option<usize>,
    /// The digest of its uncompressed archive, by the configuration.
    pub diff_id: Option<Digest>,
    /// The step of the build that made it, of which the first 4 KiB are kept; empty if that is not known.
    pub step: Arc<str>,
}

/// The part of an image that a blob is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A layer: its number, counted from 1.
    Layer(usize),
    /// Its configuration, its manifest, or an attestation.
    Metadata,
}
