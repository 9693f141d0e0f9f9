//! Passes files from the thread that reads an image to those that detect. The queue between them is limited in bytes,
//! so an image may be of any size.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::sync::mpsc::{Receiver, SyncSender};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::{self, Scope as Threads, ScopedJoinHandle};

use bstr::{BStr, ByteSlice as _};

use super::repositories::Repositories;
use crate::finding::ContentKind;
use crate::image::{FileKind, ImageFile, Sink, Taken};
use crate::scan::Scan;
use crate::scan::outcome::Outcome;
use crate::scan::worker::{Origin, Worker};

/// The most bytes of files that may wait to be scanned.
const WAITING: usize = 24 << 20;
/// The number of bytes of files that are handed over together.
const BATCH: usize = 256 << 10;

impl Scan<'_> {
    /// Starts the detector threads; none if there must be none, and then the reading thread scans the files.
    pub(super) fn helpers<'s>(
        &'s self,
        threads: &'s Threads<'s, '_>,
        receiver: &'s Mutex<Receiver<Vec<ImageFile>>>,
        (room, marked): (&'s Room, &'s Marked),
    ) -> Vec<ScopedJoinHandle<'s, Outcome>> {
        let work = move || {
            let worker = self.worker();
            let mut outcome = Outcome::default();
            loop {
                let batch = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
                let Ok(batch) = batch else { return outcome };
                let bytes = size(&batch);
                let (files, reported_count) = (batch.len(), outcome.sightings.len());
                look(&worker, batch, marked, &mut outcome);
                self.progress.add(files as u64, bytes as u64, (outcome.sightings.len() - reported_count) as u64);
                room.give(bytes);
            }
        };
        let wanted = if self.options.threads < 2 { 0 } else { self.options.threads };
        (0..wanted).map_while(|_| thread::Builder::new().spawn_scoped(threads, work).ok()).collect()
    }
}

/// The parts of an image that are scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The whole image.
    All,
    /// Only the texts of its documents.
    Metadata,
}

fn size(batch: &[ImageFile]) -> usize {
    batch.iter().map(weight).sum()
}

/// Returns the memory that a file takes while it waits.
fn weight(file: &ImageFile) -> usize {
    size_of::<ImageFile>() + file.path.len() + file.bytes.len()
}

/// The blobs with something to report, each with the numbers of the members concerned.
#[derive(Default)]
pub(super) struct Marked(Mutex<BTreeMap<usize, BTreeSet<u64>>>);

impl Marked {
    fn add(&self, blob: usize, number: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(blob).or_default().insert(number);
    }

    /// Returns the numbers of a blob's members with something to report; `None` if there are none.
    pub(super) fn of(&self, blob: usize) -> Option<BTreeSet<u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&blob).cloned()
    }
}

/// The room for files that wait to be scanned.
#[derive(Default)]
pub(super) struct Room {
    waiting: Mutex<usize>,
    changed: Condvar,
}

impl Room {
    /// Waits until this many bytes fit; any number fits if nothing else is waiting.
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

/// Hands files over to the detector threads, or scans them itself.
pub(super) struct Feed<'f> {
    worker: Worker<'f>,
    sender: Option<SyncSender<Vec<ImageFile>>>,
    room: &'f Room,
    marked: &'f Marked,
    wanted: Wanted,
    batch: Vec<ImageFile>,
    bytes: usize,
    own: Outcome,
    repositories: Repositories,
}

impl<'f> Feed<'f> {
    /// Makes a feed that hands files over to the receiving threads, or to the worker if there are none.
    pub(super) fn new(
        worker: Worker<'f>,
        sender: Option<SyncSender<Vec<ImageFile>>>,
        (room, marked): (&'f Room, &'f Marked),
        wanted: Wanted,
    ) -> Self {
        let (batch, own, repositories) = (Vec::new(), Outcome::default(), Repositories::default());
        Self { worker, sender, room, marked, wanted, batch, bytes: 0, own, repositories }
    }

    fn send(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        let bytes = std::mem::take(&mut self.bytes);
        let Some(sender) = &self.sender else { return look(&self.worker, batch, self.marked, &mut self.own) };
        self.room.take(bytes);
        // Sending fails only if a thread has panicked, which shows when it is joined.
        if sender.send(batch).is_err() {
            self.room.give(bytes);
        }
    }

    /// Returns the outcome of the worker, and the repositories found in the image.
    pub(super) fn finish(mut self) -> (Outcome, Repositories) {
        self.send();
        (self.own, self.repositories)
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

    fn take_object(&mut self, blob: usize, number: u64, path: &BStr, reader: &mut dyn Read) -> Taken {
        match self.wanted {
            Wanted::All => {
                let taken = self.repositories.keep(blob, path, reader);
                if taken != Taken::Not {
                    // Objects make sense only together, so they are kept whatever else is scanned.
                    self.marked.add(blob, number);
                }
                taken
            }
            Wanted::Metadata => Taken::Not,
        }
    }
}

/// Scans files and their names.
fn look(worker: &Worker<'_>, batch: Vec<ImageFile>, marked: &Marked, outcome: &mut Outcome) {
    // Hardly any name contains a secret, so all names are first scanned together.
    let names: Vec<&[u8]> = batch.iter().map(|file| file.path.as_bytes()).collect();
    let are_named = !worker.detector.scan(&names.join(&b"\n"[..])).is_empty();
    for ImageFile { blob, number, path, bytes, kind } in batch {
        let mut of_file = Outcome::default();
        let path = path.as_bstr();
        match kind {
            FileKind::File => worker.counted(&bytes, &Origin::new(ContentKind::File, path), &mut of_file),
            FileKind::Link => worker.counted(&bytes, &Origin::new(ContentKind::Symlink, path), &mut of_file),
            FileKind::Text => {
                worker.text(&bytes, &Origin::new(ContentKind::ImageMetadata, BStr::new("")), &mut of_file);
                of_file.sightings.iter_mut().for_each(|sighting| sighting.occurrence.path = path.to_owned());
            }
        }
        if are_named && kind != FileKind::Text {
            worker.text(path, &Origin::new(ContentKind::FileName, path), &mut of_file);
        }
        of_file.sightings.iter_mut().for_each(|sighting| sighting.order = blob);
        if of_file.reported_count() > 0 {
            marked.add(blob, number);
        }
        outcome.absorb(of_file);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_queue_is_limited_but_admits_one_large_file() {
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
