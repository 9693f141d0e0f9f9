//! The relation between the blobs of an image, and the effect of later layers on each path.

use std::collections::{BTreeMap, HashMap};

use bstr::{BStr, BString, ByteSlice as _};

use super::Blob;
use super::digest::Digest;
use super::layer::{self, Change, Layer};
use super::links::Links;
use super::manifest::Platform;
use super::model::{Form, Image, Part};
use crate::finding::{Gap, GapKind, Note};

/// All contents that were read.
#[derive(Debug)]
pub struct Contents {
    /// The form of the input.
    pub form: Form,
    /// The images in it.
    pub images: Vec<Image>,
    /// The blobs, in the order in which they were read.
    pub blobs: Vec<Blob>,
    /// The parts that could not be read.
    pub gaps: Vec<Gap>,
    /// Notes about the coverage.
    pub notes: Vec<Note>,
    /// The parts of the images that each blob is.
    parts: HashMap<Digest, Vec<(usize, Part)>>,
}

impl Contents {
    pub(super) fn new(
        blobs: Vec<Blob>,
        aliases: &BTreeMap<BString, BString>,
        gaps: Vec<Gap>,
        platform: Option<&Platform>,
    ) -> Self {
        let mut links = Links::new(&blobs, aliases, platform, gaps);
        let (form, images) = links.images();
        let (mut gaps, notes) = links.into_report();
        gaps.extend(blobs.iter().filter_map(|blob| misnamed(blob, form)));
        gaps.sort();
        gaps.dedup();
        let parts = parts(&images, &blobs);
        Self { form, images, blobs, gaps, notes, parts }
    }

    /// Returns the images that a blob belongs to, and its part in each. The same content may be there twice, with
    /// references to only one of the two.
    pub fn parts(&self, blob: usize) -> Vec<(&Image, Part)> {
        let parts = self.parts.get(&self.blobs[blob].digest).into_iter().flatten();
        parts.map(|(image, part)| (&self.images[*image], *part)).collect()
    }

    /// Returns the change that the layers of an image above the one with this number, counted from 1, make to a path:
    /// the number of the layer that changes it, and the change. `None` if the file is in the final file system, under
    /// this name or another.
    pub fn fate(&self, image: &Image, number: usize, path: &BStr) -> Option<(usize, Change)> {
        let layers = image.layers.iter().map(|layer| self.blobs.get(layer.blob?)?.layer.as_deref());
        let layers: Vec<Option<&Layer>> = layers.collect();
        let (at, change) = layer::fate(&layers, number.saturating_sub(1), path)?;
        Some((at + 1, change))
    }

    /// Returns `true` if a blob is a document that describes how other blobs belong together.
    pub fn is_document(&self, blob: usize) -> bool {
        self.blobs.get(blob).is_some_and(|blob| blob.document.is_some())
    }
}

/// Returns the gap of a blob whose name contains a digest that its content does not have.
fn misnamed(blob: &Blob, form: Form) -> Option<Gap> {
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
    }?;
    let fits = claimed == blob.digest || Some(&claimed) == blob.sha512.as_deref();
    let why = || format!("its content does not match its name, because it has {}; copy the image again", blob.digest);
    (!fits).then(|| Gap { what: blob.name.clone(), kind: GapKind::Corrupt, why: why() })
}

/// Returns the parts of the images that each blob is.
fn parts(images: &[Image], blobs: &[Blob]) -> HashMap<Digest, Vec<(usize, Part)>> {
    let mut parts: HashMap<Digest, Vec<(usize, Part)>> = HashMap::new();
    for (number, image) in images.iter().enumerate() {
        let documents = image.config.into_iter().chain(image.documents.iter().copied());
        let documents = documents.map(|blob| (blob, Part::Metadata));
        let layers = image.layers.iter().enumerate().filter_map(|(at, layer)| Some((layer.blob?, Part::Layer(at + 1))));
        for (blob, part) in documents.chain(layers) {
            parts.entry(blobs[blob].digest.clone()).or_default().push((number, part));
        }
    }
    parts
}
