//! How the blobs of an image belong together, in each form that tools write.
//!
//! | form | recognised by | written by |
//! |---|---|---|
//! | OCI layout | `index.json` | `docker save` since version 25, `skopeo copy … oci:`, `buildx -o type=oci` |
//! | Docker archive | `manifest.json` with a list | `docker save` before that, `podman save`, `skopeo copy … docker-archive:` |
//! | folder of blobs | `manifest.json` with a manifest | `skopeo copy … dir:`, `podman save --format docker-dir` |
//! | root file system | none of them | `docker export`, `buildx -o type=tar` |

use std::collections::{BTreeMap, BTreeSet};

use bstr::{BStr, BString, ByteSlice as _};

use super::Blob;
use super::layer::{self, Change, PathKeys};
use super::manifest::{Descriptor, Document, Manifest};
use super::stream::Digest;
use crate::finding::{Gap, GapKind, Note};

/// Indexes within indexes that are followed.
const MAX_NESTING: usize = 4;
/// The annotation that `BuildKit` writes at the manifest that describes how an image was built.
const ATTESTATION: (&str, &str) = ("vnd.docker.reference.type", "attestation-manifest");

/// The form that an image has on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// An OCI layout.
    Oci,
    /// What `docker save` wrote before version 25.
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
    /// Its platform, such as `linux/amd64`.
    pub platform: Option<String>,
    /// Its layers, the lowest first.
    pub layers: Vec<ImageLayer>,
    /// The number of the blob with its configuration.
    config: Option<usize>,
    /// The numbers of blobs that describe it: its manifest, and attestations of how it was built.
    documents: BTreeSet<usize>,
}

/// A layer of an image.
#[derive(Debug)]
pub struct ImageLayer {
    /// The number of its blob; `None` if that is not here.
    pub blob: Option<usize>,
    /// The digest of its uncompressed archive, by the configuration.
    pub diff_id: Option<Digest>,
    /// The step of the build that made it; empty if that is not known.
    pub step: String,
}

/// What a blob is to an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A layer: its number, counted from 1.
    Layer(usize),
    /// Its configuration, its manifest, or an attestation.
    Metadata,
}

/// All that was read.
#[derive(Debug)]
pub struct Contents {
    /// The form of the input.
    pub form: Form,
    /// The images in it.
    pub images: Vec<Image>,
    /// The blobs, in the order in which they were read.
    pub blobs: Vec<Blob>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    /// What a reader should know of the coverage.
    pub notes: Vec<Note>,
    keys: PathKeys,
}

impl Contents {
    pub(super) fn new(keys: PathKeys, blobs: Vec<Blob>, aliases: &BTreeMap<BString, BString>, gaps: Vec<Gap>) -> Self {
        let by_digest = blobs.iter().enumerate().flat_map(|(number, blob)| {
            [Some(&blob.digest), blob.sha512.as_deref()].into_iter().flatten().map(move |digest| (digest, number))
        });
        let by_name = blobs.iter().enumerate().map(|(number, blob)| (blob.name.as_bstr(), number)).collect();
        let (by_digest, notes) = (by_digest.collect(), Vec::new());
        let mut links = Links { blobs: &blobs, by_digest, by_name, aliases, gaps, notes };
        let (form, images) = links.images();
        links.check_names(form);
        let Links { mut gaps, notes, .. } = links;
        gaps.sort();
        gaps.dedup();
        Self { form, images, blobs, gaps, notes, keys }
    }

    /// The images that a blob belongs to, and what it is to each.
    pub fn parts(&self, blob: usize) -> Vec<(&Image, Part)> {
        // The same content may be there twice, and only one of both is referred to.
        let is_same = |other: usize| other == blob || self.blobs[other].digest == self.blobs[blob].digest;
        let mut parts = Vec::new();
        for image in &self.images {
            if image.config.into_iter().chain(image.documents.iter().copied()).any(is_same) {
                parts.push((image, Part::Metadata));
            }
            let at = image.layers.iter().position(|layer| layer.blob.is_some_and(is_same));
            parts.extend(at.map(|at| (image, Part::Layer(at + 1))));
        }
        parts
    }

    /// What the layers of an image above the one with this number, counted from 1, do to a path: the number of the layer that
    /// changes it, and how. `None` if the file is in the final file system, under this name or another.
    pub fn fate(&self, image: &Image, number: usize, path: &BStr) -> Option<(usize, Change)> {
        let above =
            |from: usize| image.layers.iter().skip(from).map(|layer| self.blobs.get(layer.blob?)?.layer.as_deref());
        let (at, change) = layer::fate(&self.keys, path, above(number))?;
        let survives = image.layers.iter().enumerate().skip(number.saturating_sub(1)).any(|(own, layer)| {
            let layer = layer.blob.and_then(|blob| self.blobs.get(blob)?.layer.as_deref());
            // A second name counts if the file was still there when it was given.
            let has_file = own <= number + at;
            has_file
                && layer.is_some_and(|layer| {
                    let mut names = layer.names_of(&self.keys, path).iter();
                    names.any(|name| layer::fate(&self.keys, name.as_bstr(), above(own + 1)).is_none())
                })
        });
        (!survives).then_some((number + at + 1, change))
    }

    /// Whether a blob is a document that says how others belong together.
    pub fn is_document(&self, blob: usize) -> bool {
        self.blobs.get(blob).is_some_and(|blob| blob.document.is_some())
    }
}

/// The blobs by what they are called, while it is found out how they belong together.
struct Links<'b> {
    blobs: &'b [Blob],
    by_digest: BTreeMap<&'b Digest, usize>,
    by_name: BTreeMap<&'b BStr, usize>,
    aliases: &'b BTreeMap<BString, BString>,
    gaps: Vec<Gap>,
    notes: Vec<Note>,
}

impl Links<'_> {
    fn images(&mut self) -> (Form, Vec<Image>) {
        let mut images = Vec::new();
        let mut form = Form::Unknown;
        // A root file system may have a file of that name, but not both.
        let is_oci = self.by_name.contains_key(BStr::new("oci-layout"))
            || self.by_name.keys().any(|name| name.starts_with(b"blobs/sha256/"));
        let index = self.named(b"index.json");
        if let Some(index) = index.filter(|index| is_oci || self.is_index(*index)) {
            form = Form::Oci;
            self.index(index, &[], &mut images, 0);
        }
        match self.named(b"manifest.json").map(|number| (number, &self.blobs[number].document)) {
            Some((_, Some(Document::Saved(list)))) => {
                form = if form == Form::Oci { form } else { Form::DockerArchive };
                for saved in list {
                    self.saved(saved, &mut images);
                }
                // For Docker before version 1.10 each layer has a copy of the configuration, which names no image.
                if let ([image], Form::DockerArchive) = (&mut images[..], form) {
                    let copies = self.blobs.iter().enumerate().filter(|(_, blob)| blob.name.ends_with(b"/json"));
                    image.documents.extend(copies.map(|(number, _)| number));
                }
            }
            Some((number, Some(Document::Manifest(manifest)))) if form == Form::Unknown => {
                form = Form::BlobFolder;
                let image = self.manifest(number, manifest, Vec::new(), None);
                images.push(image);
            }
            Some((number, None)) if form == Form::Unknown && self.blobs.iter().any(|blob| blob.layer.is_some()) => {
                let (what, why) = (self.blobs[number].name.clone(), "it does not list images; save the image again");
                self.gaps.push(Gap { what, kind: GapKind::Corrupt, why: why.to_owned() });
            }
            _ => {}
        }
        if form == Form::Unknown && is_oci {
            form = Form::Oci;
            self.missing("index.json", "the index of the images");
        }
        if form == Form::Unknown && self.blobs.iter().any(|blob| !blob.name.is_empty()) {
            form = Form::RootFs;
        }
        (form, images)
    }

    fn is_index(&self, blob: usize) -> bool {
        matches!(self.blobs[blob].document, Some(Document::Index(_)))
    }

    fn named(&self, name: &[u8]) -> Option<usize> {
        let mut name = BString::from(name);
        // Links to links end somewhere.
        for _ in 0..8 {
            if let Some(number) = self.by_name.get(name.as_bstr()) {
                return Some(*number);
            }
            name = self.aliases.get(&name)?.clone();
        }
        None
    }

    fn missing(&mut self, what: &str, role: &str) {
        let why =
            format!("it is {role} and is not in this archive; copy the whole image, for instance with 'skopeo copy'");
        self.gaps.push(Gap { what: what.into(), kind: GapKind::Missing, why });
    }

    /// What an index lists. `names` are those that the index itself was given.
    fn index(&mut self, number: usize, names: &[String], images: &mut Vec<Image>, depth: usize) {
        let Some(Document::Index(index)) = &self.blobs[number].document else {
            let (what, why) = (self.blobs[number].name.clone(), "it is no index of an image".to_owned());
            return self.gaps.push(Gap { what, kind: GapKind::Corrupt, why });
        };
        if depth == MAX_NESTING {
            let (what, why) = (self.blobs[number].name.clone(), "it is an index within too many others".to_owned());
            return self.gaps.push(Gap { what, kind: GapKind::TooLarge, why });
        }
        let mut attestations = Vec::new();
        for descriptor in &index.manifests {
            let mut own: Vec<String> = names_of(descriptor).chain(names.iter().cloned()).collect();
            own.sort();
            own.dedup();
            let Some(blob) = descriptor.digest().and_then(|digest| self.by_digest.get(&digest).copied()) else {
                self.missing(&descriptor.digest, "named by the index");
                continue;
            };
            let is_attestation = descriptor.annotation(ATTESTATION.0) == Some(ATTESTATION.1);
            match &self.blobs[blob].document {
                Some(Document::Index(_)) => self.index(blob, &own, images, depth + 1),
                Some(Document::Manifest(manifest)) if is_attestation => attestations.push((blob, manifest, descriptor)),
                Some(Document::Manifest(manifest)) => {
                    let platform = descriptor.platform.as_ref().and_then(|platform| platform.name());
                    let image = self.manifest(blob, manifest, own, platform);
                    images.push(image);
                }
                // Artifacts that are no images lie in the same layout, and were scanned as any file.
                _ => {}
            }
        }
        for (blob, manifest, descriptor) in attestations {
            self.attestation(blob, manifest, descriptor, images);
        }
    }

    /// Adds what says how an image was built to the documents of that image.
    fn attestation(&mut self, blob: usize, manifest: &Manifest, descriptor: &Descriptor, images: &mut [Image]) {
        let subject = descriptor.annotation("vnd.docker.reference.digest").and_then(Digest::parse);
        let mut documents = BTreeSet::from([blob]);
        for part in manifest.layers.iter().chain([&manifest.config]) {
            match part.digest().and_then(|digest| self.by_digest.get(&digest)) {
                Some(number) => drop(documents.insert(*number)),
                None => self.missing(&part.digest, "part of an attestation"),
            }
        }
        let of = images.iter_mut().filter(|image| subject.is_none() || image.digest == subject);
        of.for_each(|image| image.documents.extend(&documents));
    }

    fn manifest(&mut self, number: usize, manifest: &Manifest, names: Vec<String>, platform: Option<String>) -> Image {
        let find =
            |links: &Self, part: &Descriptor| part.digest().and_then(|digest| links.by_digest.get(&digest).copied());
        let config = find(self, &manifest.config);
        if config.is_none() {
            self.missing(&manifest.config.digest, "the configuration of an image");
        }
        let total = manifest.layers.len();
        let mut blobs = Vec::new();
        for (at, layer) in manifest.layers.iter().enumerate() {
            let blob = find(self, layer);
            if blob.is_none() && layer.urls.as_ref().is_some_and(|urls| !urls.is_empty()) {
                let text = "it lies elsewhere by its manifest, as base layers of Windows do, and was not read";
                self.notes.push(Note(format!("layer {} of {total}, {}: {text}", at + 1, layer.digest)));
            } else if blob.is_none() {
                self.missing(&layer.digest, &format!("layer {} of {total} of an image", at + 1));
            } else if let Some(blob) = blob.map(|blob| &self.blobs[blob])
                && blob.layer.is_none()
                && layer.media_type.contains("tar")
            {
                let why = format!("it is layer {} of {total} and was not read as an archive", at + 1);
                self.gaps.push(Gap { what: blob.name.clone(), kind: GapKind::Unreadable, why });
            }
            blobs.push(blob);
        }
        let digest = Some(self.blobs[number].digest.clone());
        Image { names, digest, documents: BTreeSet::from([number]), ..self.image(config, blobs, platform) }
    }

    /// An image of `docker save`, unless the index named it already.
    fn saved(&mut self, saved: &super::manifest::Saved, images: &mut Vec<Image>) {
        let config = self.named(saved.config.as_bytes());
        let names = saved.repo_tags.clone().unwrap_or_default();
        if config.is_none() {
            self.missing(&saved.config, "the configuration of an image");
        } else if let Some(known) = images.iter_mut().find(|image| image.config == config) {
            let new: Vec<String> = names.into_iter().filter(|name| !known.names.contains(name)).collect();
            return known.names.extend(new);
        }
        let mut blobs = Vec::new();
        for (at, name) in saved.layers.iter().enumerate() {
            let blob = self.named(super::tar::normal(name.as_bytes().as_bstr()).as_bytes());
            if blob.is_none() {
                self.missing(name, &format!("layer {} of {} of an image", at + 1, saved.layers.len()));
            }
            blobs.push(blob);
        }
        images.push(Image { names, ..self.image(config, blobs, None) });
    }

    fn image(&mut self, config: Option<usize>, blobs: Vec<Option<usize>>, platform: Option<String>) -> Image {
        let document = config.and_then(|number| match &self.blobs[number].document {
            Some(Document::Config(config)) => Some(config),
            _ => None,
        });
        let ids = document.map(|config| &config.rootfs.diff_ids[..]).unwrap_or_default();
        let steps = document.map(|config| config.steps()).unwrap_or_default();
        let is_told = ids.len() == blobs.len();
        let diff_id = |at: usize| ids.get(at).filter(|_| is_told).and_then(|id| Digest::parse(id));
        for (at, blob) in blobs.iter().enumerate() {
            let Some(blob) = blob.map(|number| &self.blobs[number]) else { continue };
            // The digest of a compressed layer is another one, and is checked by its name.
            if blob.is_plain && blob.layer.is_some() && diff_id(at).is_some_and(|id| id != blob.digest) {
                let why = format!("it is not the layer {} that the configuration names; copy the image again", at + 1);
                self.gaps.push(Gap { what: blob.name.clone(), kind: GapKind::Corrupt, why });
            }
        }
        let layers = blobs.into_iter().enumerate().map(|(at, blob)| ImageLayer {
            blob,
            diff_id: diff_id(at),
            step: steps.get(at).filter(|_| is_told).map(|step| (*step).to_owned()).unwrap_or_default(),
        });
        let platform = document.and_then(|config| config.platform()).or(platform);
        Image { platform, layers: layers.collect(), config, ..Image::default() }
    }

    /// A blob that is named by its digest has to have it.
    fn check_names(&mut self, form: Form) {
        for blob in self.blobs {
            let name = blob.name.as_bytes();
            let claimed = if let Some(hex) = name.strip_prefix(b"blobs/sha256/") {
                Digest::parse(&format!("sha256:{}", hex.as_bstr()))
            } else if let Some(hex) = name.strip_prefix(b"blobs/sha512/") {
                Digest::parse(&format!("sha512:{}", hex.as_bstr()))
            } else if matches!(form, Form::BlobFolder | Form::DockerArchive) {
                let hex = name.strip_suffix(b".json").unwrap_or(name);
                let is_blob = form == Form::BlobFolder || hex.len() < name.len();
                Digest::parse(&format!("sha256:{}", hex.as_bstr())).filter(|_| is_blob)
            } else {
                None
            };
            if claimed.is_some_and(|claimed| claimed != blob.digest && Some(&claimed) != blob.sha512.as_deref()) {
                let why =
                    format!("its content does not fit its name, for it has {}; copy the image again", blob.digest);
                self.gaps.push(Gap { what: blob.name.clone(), kind: GapKind::Corrupt, why });
            }
        }
    }
}

/// The names that an index gives to an image: Docker and containerd write the whole one.
fn names_of(descriptor: &Descriptor) -> impl Iterator<Item = String> + '_ {
    let whole = descriptor.annotation("io.containerd.image.name");
    whole.or_else(|| descriptor.annotation("org.opencontainers.image.ref.name")).map(str::to_owned).into_iter()
}
