//! How far a scan has come, for whoever wants to show it while it runs. Counts alone: nothing of any content.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts that all threads add to. They trail a little behind.
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
    /// Objects there are to look at; zero until that is known.
    pub total: u64,
    /// Objects looked at.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Places that hold something, before they are grouped by secret.
    pub sightings: u64,
    /// Bytes of an archive that is read from its start to its end; zero if that is not known.
    pub length: u64,
    /// Bytes of it that were read; zero if there is none.
    pub read: u64,
}

impl Progress {
    /// Sets how many objects there are to look at.
    pub fn expect(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
    }

    /// Adds what was looked at since the last time.
    pub fn add(&self, objects: u64, bytes: u64, sightings: u64) {
        self.objects.fetch_add(objects, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.sightings.fetch_add(sightings, Ordering::Relaxed);
    }

    /// Begins an archive of so many bytes; zero if that is not known.
    pub fn begin(&self, length: u64) {
        self.length.store(length, Ordering::Relaxed);
        self.read.store(0, Ordering::Relaxed);
    }

    /// Adds bytes that were read of an archive.
    pub fn advance(&self, bytes: u64) {
        self.read.fetch_add(bytes, Ordering::Relaxed);
    }

    /// How far it is now.
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
