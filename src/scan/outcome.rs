//! The outcome of a scan's threads, and how outcomes are merged.

use std::collections::{BTreeMap, BTreeSet};

use bstr::BString;

use super::history::cache::Scanned;
use super::sighting::Sighting;
use crate::finding::{Gap, Names, Note, Stats};
use crate::git::graph::Commits;
use crate::git::{ObjectId, crypt, lfs};
use crate::text::archive::Reason;

/// The outcome of one worker for one item.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) sightings: Vec<Sighting>,
    pub(super) gaps: Vec<Gap>,
    pub(super) notes: Vec<Note>,
    pub(super) stats: Stats,
    pub(super) commits: Commits,
    pub(super) missing: Vec<Missing>,
    /// The archives and members of archives that were not opened, by the reason.
    pub(super) unopened: BTreeMap<Reason, Names>,
    /// The ids of Git LFS objects with a pointer in the clone whose content isn't in it.
    pub(super) absent_lfs: Vec<String>,
    /// The encrypted files, whose content can't be read.
    pub(super) encrypted: Vec<BString>,
    /// Every scanned object, if they are to be cached.
    pub(super) scanned: Vec<Scanned>,
}

/// An object that another one names and that isn't in this clone.
#[derive(Debug, Clone)]
pub(super) struct Missing {
    pub(super) id: ObjectId,
    /// The commit that names the object, if a commit does.
    pub(super) commit: Option<ObjectId>,
}

impl Outcome {
    pub(super) fn and(mut self, other: Self) -> Self {
        self.absorb(other);
        self
    }

    /// Returns the number of things to report so far.
    pub(super) fn reported_count(&self) -> usize {
        self.sightings.len()
            + self.gaps.len()
            + self.notes.len()
            + self.missing.len()
            + self.absent_lfs.len()
            + self.encrypted.len()
            + self.unopened.values().map(Names::count).sum::<usize>()
    }

    pub(super) fn absorb(&mut self, other: Self) {
        self.sightings.extend(other.sightings);
        self.gaps.extend(other.gaps);
        self.notes.extend(other.notes);
        self.commits.append(other.commits);
        self.missing.extend(other.missing);
        self.scanned.extend(other.scanned);
        self.absent_lfs.extend(other.absent_lfs);
        self.encrypted.extend(other.encrypted);
        for (reason, names) in other.unopened {
            self.unopened.entry(reason).or_default().absorb(names);
        }
        self.stats.commits += other.stats.commits;
        self.stats.tags += other.stats.tags;
        self.stats.trees += other.stats.trees;
        self.stats.blobs += other.stats.blobs;
        self.stats.bytes += other.stats.bytes;
        self.stats.cached += other.stats.cached;
    }

    /// Returns the notes on content that isn't in the clone, or that was not opened.
    pub(super) fn content_notes(&self) -> impl Iterator<Item = Note> {
        absent_lfs(&self.absent_lfs).into_iter().chain(encrypted(&self.encrypted)).chain(unopened(&self.unopened))
    }
}

/// Returns the note on Git LFS objects that aren't in the clone: a single one is named, several are counted.
fn absent_lfs(named: &[String]) -> Option<Note> {
    let named: BTreeSet<&String> = named.iter().collect();
    let first = named.first()?;
    Some(Note(if named.len() == 1 {
        lfs::absent(first)
    } else {
        let count = named.len();
        format!(
            "{count} Git LFS objects are not in this clone, so their content was not scanned, {first} among them; 'git lfs fetch --all' fetches them"
        )
    }))
}

/// Returns the note on encrypted files, which names the first.
fn encrypted(files: &[BString]) -> Option<Note> {
    let files: BTreeSet<&BString> = files.iter().collect();
    let first = files.first()?;
    let which = match files.len() {
        1 => format!("{first} is"),
        count => format!("{count} files are, {first} among them,"),
    };
    Some(Note(format!("{which} {}", crypt::LOCKED)))
}

/// Returns the note on archives and members that were not opened, grouped by reason.
fn unopened(reasons: &BTreeMap<Reason, Names>) -> Option<Note> {
    let reasons: Vec<String> =
        reasons.iter().map(|(reason, names)| format!("{} {reason} ({names})", names.count())).collect();
    let reasons = reasons.join(", ");
    (!reasons.is_empty())
        .then(|| Note(format!("archives or members of archives that were read as they are, not opened: {reasons}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::GapKind;

    fn id(n: u8) -> ObjectId {
        ObjectId::from_bytes_or_panic(&[n; 20])
    }

    #[test]
    fn no_finding_of_any_thread_is_lost() {
        let names = |all: &[&str]| {
            let mut names = Names::default();
            all.iter().for_each(|name| names.add((*name).into()));
            names
        };
        let part = |n: u8, name: &str| Outcome {
            sightings: vec![Sighting::sample("a-secret")],
            gaps: vec![Gap { what: "a".into(), kind: GapKind::Missing, why: String::new() }],
            notes: vec![Note(n.to_string())],
            stats: Stats { commits: 1, tags: 2, trees: 3, blobs: 4, bytes: 5, cached: 6, ..Stats::default() },
            missing: vec![Missing { id: id(n), commit: None }],
            unopened: BTreeMap::from([(Reason::Encrypted, names(&["a", "b"])), (Reason::Sealed("xz"), names(&[name]))]),
            absent_lfs: vec!["one".to_owned()],
            encrypted: vec!["two".into()],
            ..Outcome::default()
        };
        let whole = part(1, "c").and(part(2, "d"));
        assert_eq!(part(1, "c").reported_count(), 9);
        assert_eq!(whole.reported_count(), 18);
        assert_eq!(whole.notes, [Note("1".into()), Note("2".into())]);
        let stats = Stats { commits: 2, tags: 4, trees: 6, blobs: 8, bytes: 10, cached: 12, ..Stats::default() };
        assert_eq!(whole.stats, stats);
        let expected = BTreeMap::from([
            (Reason::Encrypted, names(&["a", "b", "a", "b"])),
            (Reason::Sealed("xz"), names(&["c", "d"])),
        ]);
        assert_eq!(whole.unopened, expected);
    }

    #[test]
    fn one_missing_lfs_object_is_named_and_many_are_counted() {
        let notes = |names: &[&str]| {
            let absent_lfs = names.iter().map(|name| (*name).to_owned()).collect();
            Outcome { absent_lfs, ..Outcome::default() }.content_notes().map(|note| note.0).collect::<Vec<_>>()
        };
        assert!(notes(&[]).is_empty());
        // Several commits may contain the same pointer.
        assert_eq!(notes(&["b", "b"]), [lfs::absent("b")]);
        assert!(notes(&["b", "a", "b"])[0].starts_with("2 Git LFS objects are not in this clone"));
    }
}
