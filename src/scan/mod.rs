//! The scan: turns items into a report.
//!
//! A listing of items, or everything that git stores, is read on all threads (`worker`, `threads`), each with an
//! `outcome` of its own; large files are read in pieces (`large`). A detection at one place is a `sighting`. In a
//! listing, sightings that aren't new are left out (`listing`); in a history, the places of each are determined
//! ([`history`]). Then the sightings of one secret become one finding (`group`), and the policy decides which findings
//! are allowed (`suppression`).

mod batch;
mod excerpt;
mod group;
pub mod history;
mod image;
mod large;
mod listing;
mod outcome;
mod progress;
mod sighting;
mod suppression;
mod surroundings;
mod threads;
mod worker;

use crate::config::ScanOptions;
use crate::detect::Detector;
use crate::git::Repo;
pub use image::{Base, ImageChoice};
pub use progress::{Counts, Progress};
pub use surroundings::Lazy;

/// Everything a scan needs besides its items.
#[derive(Debug)]
pub struct Scan<'a> {
    /// The compiled rules.
    pub detector: &'a Detector,
    /// Thresholds and limits.
    pub options: &'a ScanOptions,
    /// The repository, if there is one.
    pub repo: Option<&'a Repo>,
    /// The surroundings that the advice needs.
    pub surroundings: Lazy<'a>,
    /// The counters in which a sweep records its progress.
    pub progress: &'a Progress,
}
