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
    /// A folder of blobs, as `skopeo` writes it.
    BlobFolder,
    /// The files of a root file system, without layers.
    RootFs,
    /// None of these forms.
    Unknown,
}

impl Form {
    /// Returns a description of the form.
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
    /// The image's names and tags; empty if it has none.
    pub names: Vec<String>,
    /// The digest of the image's manifest, if it has one.
    pub digest: Option<Digest>,
    /// The image's platform, if it names one.
    pub platform: Option<Platform>,
    /// The image's layers, the lowest first.
    pub layers: Vec<ImageLayer>,
    /// The decision whether the image is read.
    pub choice: Choice,
    /// The number of the blob with the image's configuration.
    pub(super) config: Option<usize>,
    /// The numbers of blobs that describe the image: its manifest, and attestations of how it was built.
    pub(super) documents: BTreeSet<usize>,
}

/// The decision whether an image is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Choice {
    /// The image is read, because its platform or no particular one was asked for.
    #[default]
    Wanted,
    /// The image is left out, because another platform was asked for.
    Other,
}

/// A layer of an image.
#[derive(Debug)]
pub struct ImageLayer {
    /// The number of the layer's blob; `None` if the blob isn't present.
    pub blob: Option<usize>,
    /// The digest of the layer's uncompressed archive, as the configuration gives it.
    pub diff_id: Option<Digest>,
    /// The build step that made the layer, cut after the first 4 KiB; empty if the step is unknown.
    pub step: Arc<str>,
}

/// The role of a blob in an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A layer, by its number, counted from 1.
    Layer(usize),
    /// The configuration, the manifest, or an attestation.
    Metadata,
}
