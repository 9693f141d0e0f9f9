//! The scan: items in, report out.
//!
//! A listing of items, or everything that git stores, is read on all threads (`worker`, `threads`), each with an
//! `outcome` of its own; a large file goes through it in pieces (`large`). What was detected somewhere is a `sighting`. Of a listing, those that are not new are left out
//! (`listing`); of a history it is found out where each lives ([`history`]). Then the sightings of one secret become one
//! finding (`group`), and the policy says which of them somebody allowed (`suppression`).

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
    /// The rules, ready to run.
    pub detector: &'a Detector,
    /// Thresholds and limits.
    pub options: &'a ScanOptions,
    /// The repository, if there is one.
    pub repo: Option<&'a Repo>,
    /// The surroundings that the advice needs.
    pub surroundings: Lazy<'a>,
    /// Where a sweep says how far it is.
    pub progress: &'a Progress,
}
