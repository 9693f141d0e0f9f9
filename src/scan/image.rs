//! Scans a container image: its files as they come by, its documents, and then what later layers make of each place.
//!
//! One thread reads and decompresses, the others detect. What is between them is limited in bytes, so an image may be of any size.

use std::collections::{BTreeSet, HashMap};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::{self, Scope as Threads, ScopedJoinHandle};

use bstr::{BStr, ByteSlice as _};

use super::Scan;
use super::outcome::Outcome;
use super::sighting::Sighting;
use super::worker::{Origin as Source, Worker};
use crate::finding::{
    ContentKind, Doubt, Exposure, ImageName, ImagePlace, LayerPlace, Note, Origin, Report, Scope, Secret, Stage,
    Visibility,
};
use crate::image::{
    self, Blob, Change, Contents, Digest, FileKind, Form, Image, ImageError, ImageFile, Input, Part, Sink,
};

/// Bytes of files that may wait to be looked at.
const WAITING: usize = 24 << 20;
/// Bytes of files that are handed over together.
const BATCH: usize = 256 << 10;

/// An image that others are made from: what it holds is mended there.
#[derive(Debug, Default)]
pub struct Base {
    /// The digests of its layers before they are packed.
    layers: BTreeSet<Digest>,
    /// What its metadata holds.
    metadata: BTreeSet<Secret>,
}

/// Images that are named with one place, at most.
const MAX_NAMED: usize = 32;

impl Base {
    /// Takes another base as well.
    pub fn add(&mut self, other: Self) {
        self.layers.extend(other.layers);
        self.metadata.extend(other.metadata);
    }
}

impl Scan<'_> {
    /// Scans an image. What it has from one of its bases is told apart.
    ///
    /// # Errors
    /// When the input cannot be opened or holds no image.
    pub fn image(&self, input: Input<'_>, name: &str, base: &Base, scope: Scope) -> Result<Report, ImageError> {
        let (contents, mut outcome) = self.read(input, name, Wanted::All)?;
        outcome.notes.push(Note(overview(&contents)));
        outcome.gaps.extend(contents.gaps.iter().cloned());
        outcome.notes.extend(contents.notes.iter().cloned());
        let mut parts = HashMap::new();
        for sighting in &mut outcome.sightings {
            let blob = sighting.order;
            place(&contents, base, parts.entry(blob).or_insert_with(|| contents.parts(blob)), sighting);
        }
        let exposure = Exposure { stage: Stage::Unknown, doubt: Some(Doubt::Image), ..Exposure::default() };
        Ok(self.report(outcome, scope, &mut |_| exposure.clone()))
    }

    /// Reads what a base brings along.
    ///
    /// # Errors
    /// When the input cannot be opened or holds no image.
    pub fn base(&self, input: Input<'_>, name: &str) -> Result<Base, ImageError> {
        let (contents, outcome) = self.read(input, name, Wanted::Metadata)?;
        let layers = contents.images.iter().flat_map(|image| &image.layers);
        Ok(Base {
            layers: layers.filter_map(|layer| layer.diff_id.clone()).collect(),
            metadata: outcome.sightings.into_iter().map(|sighting| sighting.detection.secret).collect(),
        })
    }

    /// Reads everything, and looks at each file.
    fn read(&self, input: Input<'_>, name: &str, wanted: Wanted) -> Result<(Contents, Outcome), ImageError> {
        let max_file = self.options.max_file_size;
        let room = Room::default();
        let (sender, receiver) = sync_channel(1024);
        let receiver = Mutex::new(receiver);
        thread::scope(|threads| {
            let helpers = self.helpers(threads, &receiver, &room);
            let worker = self.worker();
            let sender = (!helpers.is_empty()).then_some(sender);
            let (batch, own) = (Vec::new(), Outcome::default());
            let mut feed = Feed { worker, sender, room: &room, wanted, batch, bytes: 0, own };
            let contents = image::read(input, name, max_file, &mut feed);
            let mut outcome = feed.finish();
            for helper in helpers {
                match helper.join() {
                    Ok(found) => outcome.absorb(found),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            let contents = contents?;
            repeated(&contents, &mut outcome);
            Ok((contents, outcome))
        })
    }

    /// Starts threads that detect; none if there may be none, and then the reader does it.
    fn helpers<'s>(
        &'s self,
        threads: &'s Threads<'s, '_>,
        receiver: &'s Mutex<Receiver<Vec<ImageFile>>>,
        room: &'s Room,
    ) -> Vec<ScopedJoinHandle<'s, Outcome>> {
        let work = move || {
            let worker = self.worker();
            let mut outcome = Outcome::default();
            loop {
                let batch = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
                let Ok(batch) = batch else { return outcome };
                let bytes = size(&batch);
                look(&worker, batch, &mut outcome);
                room.give(bytes);
            }
        };
        let wanted = if self.options.threads < 2 { 0 } else { self.options.threads };
        (0..wanted).map_while(|_| thread::Builder::new().spawn_scoped(threads, work).ok()).collect()
    }
}

/// Leaves out what stands in the own spelling of a document and in one of its texts: that is one place.
fn repeated(contents: &Contents, outcome: &mut Outcome) {
    let in_text = |one: &Sighting| one.occurrence.kind == ContentKind::ImageMetadata;
    let key = |one: &Sighting| (one.order, one.detection.secret.clone());
    let seen: BTreeSet<(usize, Secret)> = outcome.sightings.iter().filter(|one| in_text(one)).map(key).collect();
    outcome.sightings.retain(|one| in_text(one) || !contents.is_document(one.order) || !seen.contains(&key(one)));
}

/// What of an image is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// Everything.
    All,
    /// The texts of its documents.
    Metadata,
}

fn size(batch: &[ImageFile]) -> usize {
    batch.iter().map(weight).sum()
}

/// What a file takes while it waits.
fn weight(file: &ImageFile) -> usize {
    size_of::<ImageFile>() + file.path.len() + file.bytes.len()
}

/// What may still wait to be looked at.
#[derive(Default)]
struct Room {
    waiting: Mutex<usize>,
    changed: Condvar,
}

impl Room {
    /// Waits until these bytes fit; anything fits if nothing else waits.
    fn take(&self, bytes: usize) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = |waiting: &mut usize| *waiting > 0 && *waiting + bytes > WAITING;
        let mut waiting = self.changed.wait_while(waiting, is_full).unwrap_or_else(PoisonError::into_inner);
        *waiting += bytes;
    }

    fn give(&self, bytes: usize) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) -= bytes;
        self.changed.notify_all();
    }
}

/// Hands files over to the threads that detect, or looks at them itself.
struct Feed<'f> {
    worker: Worker<'f>,
    sender: Option<SyncSender<Vec<ImageFile>>>,
    room: &'f Room,
    wanted: Wanted,
    batch: Vec<ImageFile>,
    bytes: usize,
    own: Outcome,
}

impl Feed<'_> {
    fn send(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        let bytes = std::mem::take(&mut self.bytes);
        let Some(sender) = &self.sender else { return look(&self.worker, batch, &mut self.own) };
        self.room.take(bytes);
        // Nobody takes it only if a thread has panicked, which the join tells.
        if sender.send(batch).is_err() {
            self.room.give(bytes);
        }
    }

    fn finish(mut self) -> Outcome {
        self.send();
        self.own
    }
}

impl Sink for Feed<'_> {
    fn take(&mut self, file: ImageFile) {
        if self.wanted == Wanted::Metadata && file.kind != FileKind::Text {
            return;
        }
        self.bytes += weight(&file);
        self.batch.push(file);
        if self.bytes >= BATCH || self.batch.len() >= 1024 {
            self.send();
        }
    }
}

/// Looks at files and their names.
fn look(worker: &Worker<'_>, batch: Vec<ImageFile>, outcome: &mut Outcome) {
    // Hardly any name holds a secret, so all of them are asked together first.
    let names: Vec<&[u8]> = batch.iter().map(|file| file.path.as_bytes()).collect();
    let are_named = !worker.detector.scan(&names.join(&b"\n"[..])).is_empty();
    for ImageFile { blob, path, bytes, kind } in batch {
        let mut of_file = Outcome::default();
        let path = path.as_bstr();
        match kind {
            FileKind::File => worker.counted(&bytes, &Source::new(ContentKind::File, path), &mut of_file),
            FileKind::Link => worker.counted(&bytes, &Source::new(ContentKind::Symlink, path), &mut of_file),
            FileKind::Text => {
                worker.text(&bytes, &Source::new(ContentKind::ImageMetadata, BStr::new("")), &mut of_file);
                of_file.sightings.iter_mut().for_each(|sighting| sighting.occurrence.path = path.to_owned());
            }
        }
        if are_named && kind != FileKind::Text {
            worker.text(path, &Source::new(ContentKind::FileName, path), &mut of_file);
        }
        of_file.sightings.iter_mut().for_each(|sighting| sighting.order = blob);
        outcome.absorb(of_file);
    }
}

/// What was read, in one line.
fn overview(contents: &Contents) -> String {
    let form = contents.form.name();
    if contents.form == Form::RootFs {
        return format!("read as {form}: whatever earlier steps of a build deleted is not in it");
    }
    let images: Vec<String> = contents.images.iter().take(8).map(|image| name_of(image).label()).collect();
    let more = contents.images.len().saturating_sub(images.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let layers: BTreeSet<Option<usize>> =
        contents.images.iter().flat_map(|image| image.layers.iter().map(|layer| layer.blob)).collect();
    let layers = match layers.len() {
        1 => "1 layer".to_owned(),
        count => format!("{count} layers"),
    };
    let images = if images.is_empty() { "no image".to_owned() } else { images.join(", ") };
    format!("read as {form} with {layers}: {images}{more}")
}

fn name_of(image: &Image) -> ImageName {
    let digest = image.digest.as_ref().map(ToString::to_string);
    ImageName { names: image.names.clone(), digest, platform: image.platform.clone() }
}

/// Says of a sighting where in which images it is.
fn place<'c>(contents: &'c Contents, base: &Base, parts: &[(&'c Image, Part)], sighting: &mut Sighting) {
    if contents.form == Form::RootFs {
        return in_root(&contents.blobs[sighting.order], sighting);
    }
    let mut images: Vec<ImageName> = parts.iter().take(MAX_NAMED).map(|(image, _)| name_of(image)).collect();
    images.sort();
    images.dedup();
    let path = sighting.occurrence.path.clone();
    let of_parts = parts.iter().take(MAX_NAMED).map(|(image, part)| match part {
        Part::Metadata => (None, Visibility::Metadata),
        Part::Layer(number) => {
            let visibility = visibility(contents, image, *number, path.as_bstr());
            (Some((*image, *number)), visibility)
        }
    });
    // Whoever can see it in one image can see it.
    let best = of_parts.min_by_key(|(_, visibility)| *visibility != Visibility::Present);
    let (layer, visibility) = best.unwrap_or((None, Visibility::Leftover));
    let is_of_base = match layer {
        Some((image, number)) => image.layers[number - 1].diff_id.as_ref().is_some_and(|id| base.layers.contains(id)),
        None => visibility == Visibility::Metadata && base.metadata.contains(&sighting.detection.secret),
    };
    let origin = if is_of_base { Origin::Base } else { Origin::Own };
    let layer = layer.map(|(image, number)| layer_place(contents, image, number));
    sighting.occurrence.image = Some(Box::new(ImagePlace { images, layer, visibility, origin }));
}

/// A file of a root file system is a blob of its own; what lies in one that is an archive is a member of it.
fn in_root(blob: &Blob, sighting: &mut Sighting) {
    let occurrence = &mut sighting.occurrence;
    if occurrence.kind == ContentKind::ImageMetadata {
        (occurrence.kind, occurrence.path) = (ContentKind::File, blob.name.clone());
    } else if blob.layer.is_some() {
        occurrence.kind = ContentKind::ArchiveMember;
        occurrence.member = std::mem::take(&mut occurrence.path);
        occurrence.path = blob.name.clone();
    }
}

fn visibility(contents: &Contents, image: &Image, number: usize, path: &BStr) -> Visibility {
    let step = |number: usize| image.layers.get(number - 1).map(|layer| layer.step.clone()).unwrap_or_default();
    match contents.fate(image, number, path) {
        None => Visibility::Present,
        Some((by_layer, Change::Overwritten)) => Visibility::Overwritten { by_layer, by_step: step(by_layer) },
        Some((by_layer, Change::Deleted)) => Visibility::Deleted { by_layer, by_step: step(by_layer) },
    }
}

fn layer_place(contents: &Contents, image: &Image, number: usize) -> LayerPlace {
    let layer = &image.layers[number - 1];
    let digest = layer.blob.map(|blob| contents.blobs[blob].digest.to_string()).unwrap_or_default();
    let diff_id = layer.diff_id.as_ref().map(ToString::to_string);
    LayerPlace { number, total: image.layers.len(), digest, diff_id, step: layer.step.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_limited_and_one_large_file_passes() {
        let room = Room::default();
        room.take(2 * WAITING);
        room.give(2 * WAITING);
        room.take(WAITING);
        thread::scope(|threads| {
            let waits = threads.spawn(|| room.take(1));
            room.give(WAITING);
            assert!(waits.join().is_ok());
        });
        assert_eq!(*room.waiting.lock().unwrap(), 1);
    }
}
