//! Scans a container image: its files as they are read, its documents, and then the effect of later layers on each
//! place.
//!
//! One thread reads and decompresses, the others detect (`feed`). Repositories that were copied into the image are
//! swept at the end (`repositories`), and then the place of each sighting is determined (`place`).

mod cache;
mod feed;
mod place;
mod repositories;

use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;
use std::sync::mpsc::sync_channel;
use std::thread;

use bstr::{BStr, ByteSlice as _};

use cache::LayerCache;
use feed::{Feed, Marked, Room, Wanted};
use place::{overview, place};
use repositories::Repositories;

use super::Scan;
use super::outcome::Outcome;
use super::sighting::Sighting;
use crate::finding::{ContentKind, Doubt, Exposure, Note, Report, Scope, Secret, Stage};
use crate::image::{self, Choice, Contents, Coverage, Digest, Image, ImageError, Input, KnownLayers, Part, Platform};

/// An image that others are built on: secrets in it have to be removed there.
#[derive(Debug, Default)]
pub struct Base {
    /// The digests of its uncompressed layers.
    layers: BTreeSet<Digest>,
    /// The secrets in its metadata.
    metadata: BTreeSet<Secret>,
}

/// The options for an image.
#[derive(Debug, Default)]
pub struct ImageChoice {
    /// The content of the base images, which is reported as theirs.
    pub base: Base,
    /// The platform to read; `None` for all of them.
    pub platform: Option<Platform>,
}

/// The most images that are named for one place.
const MAX_NAMED: usize = 32;

impl Base {
    /// Adds another base.
    pub fn add(&mut self, other: Self) {
        self.layers.extend(other.layers);
        self.metadata.extend(other.metadata);
    }
}

impl Scan<'_> {
    /// Scans an image. Content from one of its bases is marked as such.
    ///
    /// # Errors
    /// Fails if the input can't be opened or contains no image.
    pub fn image(
        &self,
        input: Input<'_>,
        name: &str,
        choice: &ImageChoice,
        scope: Scope,
    ) -> Result<Report, ImageError> {
        let (contents, mut outcome, repositories) = self.read(input, name, choice.platform.as_ref(), Wanted::All)?;
        outcome.notes.push(Note(overview(&contents)));
        outcome.gaps.extend(contents.gaps.iter().cloned());
        outcome.notes.extend(contents.notes.iter().cloned());
        let mut parts = HashMap::new();
        let mut is_placed = |path: Option<&BStr>, sighting: &mut Sighting| {
            let parts = parts.entry(sighting.order).or_insert_with_key(|blob| contents.parts(*blob));
            let wanted = parts.iter().filter(|(image, _)| image.choice == Choice::Wanted).copied();
            let wanted: Vec<(&Image, Part)> = wanted.take(MAX_NAMED).collect();
            let own = sighting.occurrence.path.clone();
            place(&contents, &choice.base, &wanted, path.unwrap_or(own.as_bstr()), sighting);
            !wanted.is_empty() || parts.is_empty()
        };
        outcome.sightings.retain_mut(|sighting| is_placed(None, sighting));
        for (mut sighting, path) in repositories.sweep(self, &mut outcome) {
            if is_placed(Some(path.as_bstr()), &mut sighting) {
                outcome.sightings.push(sighting);
            }
        }
        let exposure = Exposure { stage: Stage::Unknown, doubt: Some(Doubt::Image), ..Exposure::default() };
        Ok(self.report(outcome, scope, &mut |_| exposure.clone()))
    }

    /// Reads the content that a base image adds to the images built on it.
    ///
    /// # Errors
    /// Fails if the input can't be opened or contains no image.
    pub fn base(&self, input: Input<'_>, name: &str) -> Result<Base, ImageError> {
        let (contents, outcome, _) = self.read(input, name, None, Wanted::Metadata)?;
        let layers = contents.images.iter().flat_map(|image| &image.layers);
        Ok(Base {
            layers: layers.filter_map(|layer| layer.diff_id.clone()).collect(),
            metadata: outcome.sightings.into_iter().map(|sighting| sighting.detection.secret).collect(),
        })
    }

    /// Reads an image, and scans each file.
    fn read(
        &self,
        input: Input<'_>,
        name: &str,
        platform: Option<&Platform>,
        wanted: Wanted,
    ) -> Result<(Contents, Outcome, Repositories), ImageError> {
        let cache = self.options.cache.as_ref().filter(|_| wanted == Wanted::All);
        let cache = cache.map(|folder| LayerCache::new(folder, self.detector.rules(), self.options));
        let known = cache.as_ref().map(|cache| cache as &dyn KnownLayers);
        let options = image::Options { max_file: self.options.max_file_size, platform, known };
        let (room, marked) = (Room::default(), Marked::default());
        let (sender, receiver) = sync_channel(1024);
        let receiver = Mutex::new(receiver);
        thread::scope(|threads| {
            let helpers = self.helpers(threads, &receiver, (&room, &marked));
            let sender = (!helpers.is_empty()).then_some(sender);
            let mut feed = Feed::new(self.worker(), sender, (&room, &marked), wanted);
            let contents = image::read(input, name, options, &mut feed);
            let (mut outcome, repositories) = feed.finish();
            for helper in helpers {
                match helper.join() {
                    Ok(found) => outcome.absorb(found),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            let contents = contents?;
            repeated(&contents, &mut outcome);
            if let Some(cache) = &cache {
                remember(cache, &contents, &marked, &mut outcome);
            }
            Ok((contents, outcome, repositories))
        })
    }
}

/// Stores the layers with the numbers of the members that have something to report, and counts the members that didn't
/// have to be scanned.
fn remember(cache: &LayerCache, contents: &Contents, marked: &Marked, outcome: &mut Outcome) {
    for (number, blob) in contents.blobs.iter().enumerate() {
        let count = blob.layer.as_ref().map_or(0, |layer| layer.count());
        outcome.stats.cached += match blob.coverage {
            Coverage::Known => count,
            Coverage::Again => count.saturating_sub(marked.of(number).unwrap_or_default().len()),
            Coverage::Whole | Coverage::Partly => 0,
        };
    }
    let mut blobs = contents.blobs.iter().enumerate();
    if let Err(error) = blobs.try_for_each(|(number, blob)| cache.save(blob, marked.of(number).as_ref())) {
        outcome.notes.push(Note(format!("the layers that were read could not be remembered: {error}")));
    }
}

/// Leaves out a secret in the raw bytes of a document that is also in one of its texts: both are the same place.
fn repeated(contents: &Contents, outcome: &mut Outcome) {
    let in_text = |one: &Sighting| one.occurrence.kind == ContentKind::ImageMetadata;
    let key = |one: &Sighting| (one.order, one.detection.secret.clone());
    let seen: BTreeSet<(usize, Secret)> = outcome.sightings.iter().filter(|one| in_text(one)).map(key).collect();
    outcome.sightings.retain(|one| in_text(one) || !contents.is_document(one.order) || !seen.contains(&key(one)));
}
