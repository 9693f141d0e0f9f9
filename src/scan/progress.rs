//! The progress of a running scan, for display. It consists of counts alone and contains nothing of the scanned
//! content.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts that all threads add to. They lag a little behind.
#[derive(Debug, Default)]
pub struct Progress {
    total: AtomicU64,
    objects: AtomicU64,
    bytes: AtomicU64,
    sightings: AtomicU64,
    length: AtomicU64,
    read: AtomicU64,
}

/// The counts at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// The number of objects to scan; zero until it is known.
    pub total: u64,
    /// The number of objects scanned.
    pub objects: u64,
    /// The number of bytes in these objects.
    pub bytes: u64,
    /// The number of sightings, before they are grouped by secret.
    pub sightings: u64,
    /// The size of an archive that is read from start to end, in bytes; zero if it is unknown.
    pub length: u64,
    /// The number of its bytes that were read; zero if there is no archive.
    pub read: u64,
}

impl Progress {
    /// Sets the number of objects to scan.
    pub fn expect(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
    }

    /// Adds the counts since the last call.
    pub fn add(&self, objects: u64, bytes: u64, sightings: u64) {
        self.objects.fetch_add(objects, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.sightings.fetch_add(sightings, Ordering::Relaxed);
    }

    /// Starts an archive of this many bytes; zero if its size is unknown.
    pub fn begin(&self, length: u64) {
        self.length.store(length, Ordering::Relaxed);
        self.read.store(0, Ordering::Relaxed);
    }

    /// Adds bytes that were read from an archive.
    pub fn advance(&self, bytes: u64) {
        self.read.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Returns the current counts.
    pub fn counts(&self) -> Counts {
        Counts {
            total: self.total.load(Ordering::Relaxed),
            objects: self.objects.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            sightings: self.sightings.load(Ordering::Relaxed),
            length: self.length.load(Ordering::Relaxed),
            read: self.read.load(Ordering::Relaxed),
        }
    }
}
