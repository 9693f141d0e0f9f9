//! Follows documents from one to the next: from the index of a layout, or the list of `docker save`, to images and their
//! layers.
//!
//! Anything that is named but not present is a gap. All of it may be hostile: an index can name itself through other
//! indexes, and thousands of manifests the same configuration, so everything that is followed is counted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bstr::{BStr, BString, ByteSlice as _};

use super::Blob;
use super::digest::Digest;
use super::manifest::{Config, Descriptor, Document, Manifest, Platform, Saved};
use super::model::{Choice, Form, Image, ImageLayer};
use crate::finding::{Gap, GapKind, Note};

/// The most indexes within indexes that are followed.
const MAX_NESTING: usize = 4;
/// The most descriptors, in all indexes together, that are followed.
const MAX_DESCRIPTORS: usize = 20_000;
/// The most layers of an image; no program runs an image with more than a few hundred.
const MAX_LAYERS: usize = 1000;
/// The most bytes of a step that are kept.
const MAX_STEP: usize = 4 << 10;
/// The most images that an attestation counts for if it does not say which image it describes.
const MAX_DESCRIBED: usize = 32;
/// The annotation with which `BuildKit` marks a manifest that describes how an image was built.
const ATTESTATION: (&str, &str) = ("vnd.docker.reference.type", "attestation-manifest");

/// The blobs by name and digest, together with what is known so far of how they belong together.
pub(super) struct Links<'b> {
    blobs: &'b [Blob],
    by_digest: BTreeMap<&'b Digest, usize>,
    by_name: BTreeMap<&'b BStr, usize>,
    aliases: &'b BTreeMap<BString, BString>,
    /// The platform that was asked for.
    platform: Option<&'b Platform>,
    /// The number of the image that each manifest describes; several names may lead to one manifest.
    by_manifest: BTreeMap<usize, usize>,
    /// The steps of each configuration.
    steps: BTreeMap<usize, Vec<Arc<str>>>,
    /// The number of descriptors that were followed.
    followed: usize,
    gaps: Vec<Gap>,
    notes: Vec<Note>,
}

impl<'b> Links<'b> {
    pub(super) fn new(
        blobs: &'b [Blob],
        aliases: &'b BTreeMap<BString, BString>,
        platform: Option<&'b Platform>,
        gaps: Vec<Gap>,
    ) -> Self {
        let by_digest = blobs.iter().enumerate().flat_map(|(number, blob)| {
            [Some(&blob.digest), blob.sha512.as_deref()].into_iter().flatten().map(move |digest| (digest, number))
        });
        let by_name = blobs.iter().enumerate().map(|(number, blob)| (blob.name.as_bstr(), number)).collect();
        Self {
            blobs,
            by_digest: by_digest.collect(),
            by_name,
            aliases,
            platform,
            by_manifest: BTreeMap::new(),
            steps: BTreeMap::new(),
            followed: 0,
            gaps,
            notes: Vec::new(),
        }
    }

    /// Returns the gaps and notes.
    pub(super) fn into_report(self) -> (Vec<Gap>, Vec<Note>) {
        (self.gaps, self.notes)
    }

    /// Returns the form of the input, and the images in it.
    pub(super) fn images(&mut self) -> (Form, Vec<Image>) {
        let mut images = Vec::new();
        let mut form = Form::Unknown;
        // A root file system may have a file called `index.json`, but not these as well.
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
                for saved in list.iter().take(MAX_DESCRIPTORS) {
                    self.saved(saved, &mut images);
                }
                if list.len() > MAX_DESCRIPTORS {
                    self.too_many("manifest.json".into());
                }
                // In archives of Docker before version 1.10, each layer has a copy of the configuration, which names no
                // image.
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
        self.choose(&mut images);
        (form, images)
    }

    fn is_index(&self, blob: usize) -> bool {
        matches!(self.blobs[blob].document, Some(Document::Index(_)))
    }

    fn named(&self, name: &[u8]) -> Option<usize> {
        let mut name = BString::from(name);
        // The number of links to links that are followed is limited.
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

    /// Reads the documents that an index lists. `names` are those that the index itself was given.
    fn index(&mut self, number: usize, names: &[String], images: &mut Vec<Image>, depth: usize) {
        let Some(Document::Index(index)) = &self.blobs[number].document else {
            let (what, why) = (self.blobs[number].name.clone(), "it is not the index of an image".to_owned());
            return self.gaps.push(Gap { what, kind: GapKind::Corrupt, why });
        };
        if depth == MAX_NESTING {
            let (what, why) = (self.blobs[number].name.clone(), "it is an index within too many others".to_owned());
            return self.gaps.push(Gap { what, kind: GapKind::TooLarge, why });
        }
        let mut attestations = Vec::new();
        for descriptor in &index.manifests {
            self.followed += 1;
            if self.followed > MAX_DESCRIPTORS {
                self.too_many(self.blobs[number].name.clone());
                break;
            }
            let mut own: Vec<String> = names_of(descriptor).chain(names.iter().cloned()).collect();
            own.sort();
            own.dedup();
            let Some(blob) = descriptor.digest().and_then(|digest| self.by_digest.get(&digest).copied()) else {
                if self.is_wanted(descriptor.platform.as_ref()) {
                    self.missing(&descriptor.digest, &role(descriptor));
                }
                continue;
            };
            let is_attestation = descriptor.annotation(ATTESTATION.0) == Some(ATTESTATION.1);
            match &self.blobs[blob].document {
                Some(Document::Index(_)) => self.index(blob, &own, images, depth + 1),
                Some(Document::Manifest(manifest)) if is_attestation => attestations.push((blob, manifest, descriptor)),
                Some(Document::Manifest(manifest)) => self.listed(blob, manifest, own, descriptor, images),
                _ if descriptor.is_document() => {
                    let (what, why) = (
                        self.blobs[blob].name.clone(),
                        "the index names it as a document of an image, but it is not one",
                    );
                    self.gaps.push(Gap { what, kind: GapKind::Corrupt, why: why.to_owned() });
                }
                // Artifacts that are not images may be in the same layout; they were scanned like any file.
                _ => {}
            }
        }
        for (blob, manifest, descriptor) in attestations {
            self.attestation(blob, manifest, descriptor, images);
        }
    }

    /// Adds an image that an index names, or only its names if the image is known already.
    fn listed(
        &mut self,
        blob: usize,
        manifest: &Manifest,
        names: Vec<String>,
        descriptor: &Descriptor,
        images: &mut Vec<Image>,
    ) {
        if let Some(known) = self.by_manifest.get(&blob).and_then(|number| images.get_mut(*number)) {
            known.names.extend(names);
            known.names.sort();
            return known.names.dedup();
        }
        let platform = descriptor.platform.as_ref();
        let gaps = self.gaps.len();
        let image = self.manifest(blob, manifest, names, platform.cloned().and_then(Platform::known));
        // Gaps of an image for another platform than the one asked for don't count.
        if !self.is_wanted(image.platform.as_ref()) {
            self.gaps.truncate(gaps);
        }
        self.by_manifest.insert(blob, images.len());
        images.push(image);
    }

    /// Returns `true` if content for a platform was asked for. Content for no particular platform always counts as
    /// asked for.
    fn is_wanted(&self, platform: Option<&Platform>) -> bool {
        match (self.platform, platform.cloned().and_then(Platform::known)) {
            (Some(wanted), Some(platform)) => wanted.takes(&platform),
            _ => true,
        }
    }

    /// Marks the images of other platforms than the one asked for.
    fn choose(&mut self, images: &mut [Image]) {
        let Some(wanted) = self.platform else { return };
        let mut count = 0;
        for image in &mut *images {
            if !self.is_wanted(image.platform.as_ref()) {
                image.choice = Choice::Other;
                count += 1;
            }
        }
        if count == images.len() {
            let (what, why) = (wanted.to_string().into(), "no image in it is for this platform".to_owned());
            self.gaps.push(Gap { what, kind: GapKind::Missing, why });
        } else if count > 0 {
            let text = "left out, and so was everything that only they have";
            self.notes.push(Note(format!("{count} images for other platforms than {wanted} were {text}")));
        }
    }

    fn too_many(&mut self, what: BString) {
        let why = format!("it leads to more than {MAX_DESCRIPTORS} images, and not all of them were read");
        self.gaps.push(Gap { what, kind: GapKind::TooLarge, why });
    }

    /// Adds the documents of an attestation, which describes how an image was built, to those of the image.
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
        of.take(MAX_DESCRIBED).for_each(|image| image.documents.extend(&documents));
    }

    fn manifest(
        &mut self,
        number: usize,
        manifest: &Manifest,
        names: Vec<String>,
        platform: Option<Platform>,
    ) -> Image {
        let find =
            |links: &Self, part: &Descriptor| part.digest().and_then(|digest| links.by_digest.get(&digest).copied());
        let config = find(self, &manifest.config);
        if config.is_none() {
            self.missing(&manifest.config.digest, "the configuration of an image");
        }
        if let Some(config) = config.filter(|_| manifest.config.is_config()) {
            self.expect_config(config);
        }
        let total = manifest.layers.len();
        self.count_layers(number, total);
        let mut blobs = Vec::new();
        for (at, layer) in manifest.layers.iter().enumerate().take(MAX_LAYERS) {
            let blob = find(self, layer);
            if blob.is_none() && layer.urls.as_ref().is_some_and(|urls| !urls.is_empty()) {
                let text = "by its manifest it is stored elsewhere, as base layers of Windows are, so it was not read";
                self.notes.push(Note(format!("layer {} of {total}, {}: {text}", at + 1, layer.digest)));
            } else if blob.is_none() {
                self.missing(&layer.digest, &format!("layer {} of {total} of an image", at + 1));
            } else if let Some(blob) = blob.filter(|_| layer.media_type.contains("tar")) {
                self.expect_archive(blob, at, total);
            }
            blobs.push(blob);
        }
        let digest = Some(self.blobs[number].digest.clone());
        Image { names, digest, documents: BTreeSet::from([number]), ..self.image(config, blobs, platform) }
    }

    /// Adds an image of `docker save`, unless the index has named it already.
    fn saved(&mut self, saved: &Saved, images: &mut Vec<Image>) {
        let config = self.named(saved.config.as_bytes());
        let names = saved.repo_tags.clone().unwrap_or_default();
        if config.is_none() {
            self.missing(&saved.config, "the configuration of an image");
        } else if let Some(known) = images.iter_mut().find(|image| image.config == config) {
            let new: Vec<String> = names.into_iter().filter(|name| !known.names.contains(name)).collect();
            return known.names.extend(new);
        }
        if let Some(config) = config {
            self.expect_config(config);
            self.count_layers(config, saved.layers.len());
        }
        let mut blobs = Vec::new();
        for (at, name) in saved.layers.iter().enumerate().take(MAX_LAYERS) {
            let blob = self.named(super::tar::normal(name.as_bytes().as_bstr()).as_bytes());
            match blob {
                Some(blob) => self.expect_archive(blob, at, saved.layers.len()),
                None => self.missing(name, &format!("layer {} of {} of an image", at + 1, saved.layers.len())),
            }
            blobs.push(blob);
        }
        images.push(Image { names, ..self.image(config, blobs, None) });
    }

    fn expect_config(&mut self, number: usize) {
        if !matches!(self.blobs[number].document, Some(Document::Config(_))) {
            let why = "it is named as the configuration of an image, but it is not one".to_owned();
            self.gaps.push(Gap { what: self.blobs[number].name.clone(), kind: GapKind::Corrupt, why });
        }
    }

    fn expect_archive(&mut self, number: usize, at: usize, total: usize) {
        if self.blobs[number].layer.is_none() {
            let why = format!("it is layer {} of {total} and was not read as an archive", at + 1);
            self.gaps.push(Gap { what: self.blobs[number].name.clone(), kind: GapKind::Unreadable, why });
        }
    }

    fn count_layers(&mut self, number: usize, count: usize) {
        if count > MAX_LAYERS {
            let why = format!("it names {count} layers, of which only {MAX_LAYERS} were read");
            self.gaps.push(Gap { what: self.blobs[number].name.clone(), kind: GapKind::TooLarge, why });
        }
    }

    fn image(&mut self, config: Option<usize>, blobs: Vec<Option<usize>>, platform: Option<Platform>) -> Image {
        let all = self.blobs;
        let document = config.and_then(|number| match &all[number].document {
            Some(Document::Config(config)) => Some((number, &**config)),
            _ => None,
        });
        let ids = document.map(|(_, config)| &config.rootfs.diff_ids[..]).unwrap_or_default();
        let steps = document.map(|(number, config)| self.steps_of(number, config)).unwrap_or_default();
        let is_consistent = ids.len() == blobs.len();
        let diff_id = |at: usize| ids.get(at).filter(|_| is_consistent).and_then(|id| Digest::parse(id));
        for (at, blob) in blobs.iter().enumerate() {
            let Some(blob) = blob.map(|number| &all[number]) else { continue };
            // Artifacts may have layers that are no archives; those have digests as well.
            let own = blob.diff_id().unwrap_or(&blob.digest);
            if diff_id(at).is_some_and(|id| id != *own) {
                let why = format!("it is not the layer {} that the configuration names; copy the image again", at + 1);
                self.gaps.push(Gap { what: blob.name.clone(), kind: GapKind::Corrupt, why });
            }
        }
        if let Some((number, config)) = document.filter(|_| !is_consistent && blobs.len() < MAX_LAYERS) {
            let why = format!("it names {} layers, and the image has {}", config.rootfs.diff_ids.len(), blobs.len());
            self.gaps.push(Gap { what: all[number].name.clone(), kind: GapKind::Corrupt, why });
        }
        let layers = blobs.into_iter().enumerate().map(|(at, blob)| ImageLayer {
            blob,
            diff_id: diff_id(at),
            step: steps.get(at).filter(|_| is_consistent).cloned().unwrap_or_default(),
        });
        let platform = document.and_then(|(_, config)| config.platform()).or(platform);
        Image { platform, layers: layers.collect(), config, ..Image::default() }
    }

    /// Returns the steps of a configuration, which many images may share.
    fn steps_of(&mut self, number: usize, config: &Config) -> Vec<Arc<str>> {
        let cut = |step: &str| Arc::from(&step[..step.floor_char_boundary(MAX_STEP)]);
        let steps = self.steps.entry(number).or_insert_with(|| config.steps().into_iter().map(cut).collect());
        steps.clone()
    }
}

/// Returns the names that an index gives to an image: Docker and containerd write the full name.
fn names_of(descriptor: &Descriptor) -> impl Iterator<Item = String> + '_ {
    let whole = descriptor.annotation("io.containerd.image.name");
    whole.or_else(|| descriptor.annotation("org.opencontainers.image.ref.name")).map(str::to_owned).into_iter()
}

/// Returns the role of something that an index names.
fn role(descriptor: &Descriptor) -> String {
    match descriptor.platform.clone().and_then(Platform::known) {
        Some(platform) => format!("named by the index for {platform} ('--platform' chooses what to scan)"),
        None => "named by the index".to_owned(),
    }
}
