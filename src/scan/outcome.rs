//! What the threads of a scan find, and how that is put together.

use std::collections::{BTreeMap, BTreeSet};

use super::history::cache::Scanned;
use super::sighting::Sighting;
use crate::finding::{Gap, Note, Stats};
use crate::git::graph::Commits;
use crate::git::{ObjectId, lfs};

/// What one worker makes of one item.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) sightings: Vec<Sighting>,
    pub(super) gaps: Vec<Gap>,
    pub(super) notes: Vec<Note>,
    pub(super) stats: Stats,
    pub(super) commits: Commits,
    pub(super) missing: Vec<Missing>,
    /// Archives and members of archives that were not opened, by the reason.
    pub(super) unopened: BTreeMap<String, usize>,
    /// What Git LFS pointers name that is not in this clone.
    pub(super) absent_lfs: Vec<String>,
    /// Every object that was looked at, if that is to be remembered.
    pub(super) scanned: Vec<Scanned>,
}

/// An object that another one names and that is not in this clone.
#[derive(Debug, Clone)]
pub(super) struct Missing {
    pub(super) id: ObjectId,
    /// The commit that names it, if it is a commit.
    pub(super) commit: Option<ObjectId>,
}

impl Outcome {
    pub(super) fn and(mut self, other: Self) -> Self {
        self.absorb(other);
        self
    }

    /// How much there is to say so far.
    pub(super) fn said(&self) -> usize {
        self.sightings.len()
            + self.gaps.len()
            + self.notes.len()
            + self.missing.len()
            + self.absent_lfs.len()
            + self.unopened.values().sum::<usize>()
    }

    pub(super) fn absorb(&mut self, other: Self) {
        self.sightings.extend(other.sightings);
        self.gaps.extend(other.gaps);
        self.notes.extend(other.notes);
        self.commits.append(other.commits);
        self.missing.extend(other.missing);
        self.scanned.extend(other.scanned);
        self.absent_lfs.extend(other.absent_lfs);
        for (reason, count) in other.unopened {
            *self.unopened.entry(reason).or_default() += count;
        }
        self.stats.commits += other.stats.commits;
        self.stats.tags += other.stats.tags;
        self.stats.trees += other.stats.trees;
        self.stats.blobs += other.stats.blobs;
        self.stats.bytes += other.stats.bytes;
        self.stats.cached += other.stats.cached;
    }

    /// What there is to say of content that is not here, or that was not opened.
    pub(super) fn content_notes(&self) -> impl Iterator<Item = Note> {
        absent_lfs(&self.absent_lfs).into_iter().chain(unopened(&self.unopened))
    }
}

/// What there is to say of objects of Git LFS that are not here: one is named, many are counted.
fn absent_lfs(named: &[String]) -> Option<Note> {
    let named: BTreeSet<&String> = named.iter().collect();
    let first = named.first()?;
    Some(Note(if named.len() == 1 {
        lfs::absent(first)
    } else {
        let count = named.len();
        format!(
            "{count} Git LFS objects are not in this clone, so their content was not scanned, {first} among them; 'git lfs fetch --all' brings them"
        )
    }))
}

/// What there is to say of archives and members that were not opened, given how many there are for each reason.
fn unopened(reasons: &BTreeMap<String, usize>) -> Option<Note> {
    let reasons: Vec<String> = reasons.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    let reasons = reasons.join(", ");
    (!reasons.is_empty()).then(|| {
        Note(format!("archives or members of archives that were looked at as they are, not opened: {reasons}"))
    })
}
