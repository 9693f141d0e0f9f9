//! The record of a finding in one report: never a value, and only the first of many places.

use serde::{Deserialize, Serialize};

use super::row::{Place, Said};
use crate::finding::Stage;
use crate::rule::{Confidence, Severity};

/// The most places of one finding that are kept.
pub(super) const MOST_PLACES: usize = 8;

/// The most owners of these places that are kept.
pub(super) const MOST_OWNERS: usize = 8;

/// A finding of one report.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) id: String,
    /// The index of the report.
    pub(super) report: u32,
    pub(super) rule: String,
    pub(super) name: String,
    pub(super) severity: Severity,
    pub(super) confidence: Confidence,
    pub(super) stage: Stage,
    pub(super) allowed: bool,
    pub(super) in_head: bool,
    pub(super) first: Option<Arrival>,
    pub(super) places: Vec<Place>,
    pub(super) place_count: usize,
    /// The owners of all places, as the repository itself names them.
    pub(super) owners: Vec<String>,
    /// The forks that hold it, in the report of a network.
    pub(super) forks: Vec<String>,
    /// The answer of its provider, if that settles whether it works.
    pub(super) asked: Option<Said>,
}

/// The first arrival of a secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Arrival {
    pub(super) time: String,
    pub(super) commit: String,
    pub(super) author: Option<String>,
}

impl Record {
    /// Returns the approximate memory that it takes, in bytes.
    pub(super) fn size(&self) -> usize {
        let places = self.places.iter().map(|place| place.path.len() + 120).sum::<usize>();
        let owners = self.owners.iter().map(|owner| owner.len() + 24).sum::<usize>();
        let forks = self.forks.iter().map(|fork| fork.len() + 24).sum::<usize>();
        let first = self
            .first
            .as_ref()
            .map_or(0, |first| first.time.len() + first.commit.len() + first.author.as_ref().map_or(0, String::len));
        size_of::<Self>() + self.id.len() + self.rule.len() + self.name.len() + places + owners + forks + first
    }
}
