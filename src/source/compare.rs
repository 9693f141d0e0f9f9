//! Compares trees without reading folders that are the same in both.
//!
//! A tree of fifteen objects can have more paths than could ever be listed: ten folders in each of ten folders, ten
//! levels deep. So a folder is identified by the pair of trees that is compared there: while there is a budget for it,
//! such a pair is entered wherever it appears, and after that only where it is met first. So every content is listed,
//! though not under every path.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use bstr::BString;
use foldhash::{HashSet, HashSetExt as _};

use super::change::Difference;
use crate::finding::{Gap, GapKind};
use crate::git::object::{self, Mode, Tree, Unread};
use crate::git::tree::{Entry, MOST_FOLDERS, join, order};
use crate::git::{Local, ObjectId};

/// The most paths that one listing takes from trees, and the number that each of its commits adds: they take half a
/// kilobyte each. The first import of a large project has some hundred thousand, an ordinary commit a few.
const MOST_PATHS: (usize, usize) = (1 << 20, 256);
/// The number of entries read that cost as much as one path.
const READ_FOR_ONE: usize = 256;
/// The most entries of folders that one listing enters repeatedly. Commits rarely contain thousands of
/// copies of one folder.
const MOST_AGAIN: usize = 100_000;
/// The most bytes shown of a path that is nested too deep.
const SHOWN: usize = 60;

/// The budget that one listing has for trees, and the trees that it could not read.
#[derive(Debug)]
pub(super) struct Budget {
    paths: usize,
    again: usize,
    unread: BTreeMap<ObjectId, Unread>,
    reported: Vec<Limit>,
}

/// The limits that a listing can exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Limit {
    Paths,
    Again,
}

impl Default for Budget {
    fn default() -> Self {
        Self { paths: MOST_PATHS.0, again: MOST_AGAIN, unread: BTreeMap::new(), reported: Vec::new() }
    }
}

impl Budget {
    /// Enlarges the budget for another commit.
    pub(super) fn add_commit(&mut self) {
        self.paths = self.paths.saturating_add(MOST_PATHS.1);
    }

    fn spend(&mut self, visit: Visit, found: usize, read: usize) {
        self.paths = self.paths.saturating_sub(found + read / READ_FOR_ONE);
        if visit == Visit::Again {
            self.again = self.again.saturating_sub(1 + read);
        }
    }

    /// Adds a gap for an exceeded limit, once for each limit.
    fn exceeded(&mut self, limit: Limit, path: &BString, gaps: &mut Vec<Gap>) {
        if self.reported.contains(&limit) {
            return;
        }
        self.reported.push(limit);
        let why = match limit {
            Limit::Paths => format!(
                "more than {} paths differ, and the rest was not read: scan fewer commits at once",
                MOST_PATHS.0
            ),
            Limit::Again => {
                "some folders occur in so many places that not every place was listed: each content was scanned, but not under each of its paths".to_owned()
            }
        };
        gaps.push(Gap { what: what(path), kind: GapKind::TooLarge, why });
    }
}

/// Two folders that are compared; `None` if one side has no folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Pair {
    old: Option<ObjectId>,
    new: Option<ObjectId>,
}

/// A pair of folders and their path.
struct Place {
    pair: Pair,
    path: BString,
    depth: usize,
}

/// The state of a pair: met for the first time, or again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Visit {
    First,
    Again,
}

/// A comparison of trees that records the differences.
pub(super) struct Trees<'a> {
    pub(super) local: &'a Local,
    budget: &'a mut Budget,
    pub(super) gaps: &'a mut Vec<Gap>,
    pub(super) difference: &'a mut Difference,
    seen: HashSet<Pair>,
}

impl<'a> Trees<'a> {
    /// Makes a comparison that has read nothing yet.
    pub(super) fn new(
        local: &'a Local,
        budget: &'a mut Budget,
        gaps: &'a mut Vec<Gap>,
        difference: &'a mut Difference,
    ) -> Self {
        Self { local, budget, gaps, difference, seen: HashSet::new() }
    }

    /// Records the differences between two trees at a path; if one of them is missing, all files of the other.
    pub(super) fn compare(&mut self, old: Option<ObjectId>, new: Option<ObjectId>, path: &BString) {
        let depth = if path.is_empty() { 0 } else { path.split(|byte| *byte == b'/').count() };
        let mut left = vec![Place { pair: Pair { old, new }, path: path.clone(), depth }];
        while let Some(place) = left.pop() {
            if let Some(visit) = self.visit(&place) {
                self.enter(&place, visit, &mut left);
            }
        }
    }

    /// Returns how a folder is to be visited, or `None` if it isn't.
    fn visit(&mut self, place: &Place) -> Option<Visit> {
        if place.pair.old == place.pair.new {
            return None;
        }
        if place.depth > MOST_FOLDERS {
            self.gaps.push(too_deep(&place.path));
            return None;
        }
        let visit = if self.seen.insert(place.pair) { Visit::First } else { Visit::Again };
        let limit = match visit {
            _ if self.budget.paths == 0 => Limit::Paths,
            Visit::Again if self.budget.again == 0 => Limit::Again,
            _ => return Some(visit),
        };
        self.budget.exceeded(limit, &place.path, self.gaps);
        None
    }

    fn enter(&mut self, place: &Place, visit: Visit, left: &mut Vec<Place>) {
        let (old, new) = (self.read(place.pair.old, &place.path), self.read(place.pair.new, &place.path));
        let (mut old, mut new) = (old.entries().peekable(), new.entries().peekable());
        let (mut found, mut read) = (0, 0);
        let first = left.len();
        loop {
            let side = match (old.peek(), new.peek()) {
                (None, None) => break,
                (Some(a), Some(b)) => order(a, b),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
            };
            // If entries aren't in order, those of one name may be taken for different ones: then more is listed, and
            // nothing is left out.
            let a = old.next_if(|_| side != Ordering::Greater);
            let b = new.next_if(|_| side != Ordering::Less);
            read += 1;
            if let Some(name) = a.or(b).map(|one| one.name).filter(|_| !is_same(a, b)) {
                found += 1;
                self.entry(a, b, join(&place.path, name), place.depth, left);
            }
        }
        // Reversed, so that the first folder is popped first.
        left[first..].reverse();
        self.budget.spend(visit, found, read);
    }

    /// Records a file that differs, or queues a folder.
    fn entry(
        &mut self,
        old: Option<Entry<'_>>,
        new: Option<Entry<'_>>,
        path: BString,
        depth: usize,
        left: &mut Vec<Place>,
    ) {
        let folder = |entry: Option<Entry<'_>>| entry.filter(|e| e.mode == Mode::Tree).map(|e| e.id.to_owned());
        let file = |entry: Option<Entry<'_>>| entry.filter(|e| e.mode != Mode::Tree).map(|e| (e.mode, e.id.to_owned()));
        let pair = Pair { old: folder(old), new: folder(new) };
        let (old, new) = (file(old), file(new));
        if old.is_some() || new.is_some() {
            self.difference.note(path, old, new);
        } else {
            left.push(Place { pair, path, depth: depth + 1 });
        }
    }

    /// Reads a tree; returns an empty one if there is none, or it can't be read.
    pub(super) fn read(&mut self, id: Option<ObjectId>, path: &BString) -> Tree {
        let Some(id) = id else { return Tree::default() };
        let known = self.budget.unread.get(&id).cloned();
        known.map_or_else(|| object::tree(self.local, id), Err).unwrap_or_else(|unread| {
            self.gaps.push(Gap { what: what(path), kind: unread.kind, why: unread.why.clone() });
            self.budget.unread.insert(id, unread);
            Tree::default()
        })
    }
}

/// Returns the gap for a folder that is nested too deep.
pub fn too_deep(path: &BString) -> Gap {
    let shown = path.get(..SHOWN).map_or_else(|| path.clone(), |start| [start, b"..."].concat().into());
    let why = format!(
        "folders are nested more than {MOST_FOLDERS} deep, which git itself does not read: inspect them with 'git ls-tree'"
    );
    Gap { what: shown, kind: GapKind::TooLarge, why }
}

fn is_same(old: Option<Entry<'_>>, new: Option<Entry<'_>>) -> bool {
    old.is_some_and(|a| new.is_some_and(|b| (a.mode, a.id) == (b.mode, b.id)))
}

fn what(path: &BString) -> BString {
    if path.is_empty() { BString::from("the root folder") } else { path.clone() }
}
