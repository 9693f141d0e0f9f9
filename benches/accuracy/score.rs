//! Places that were reported against places that somebody labelled.
//!
//! The unit is a *spot*: the lines from one to another of a file. A spot is a secret if any of its labels says so. It is found
//! if something is reported on one of its lines. What is reported on no line of a secret is wrong: once for each spot that is
//! labelled as none, and once for each line that has no label at all. Spots may be labelled as neither, and then count for nothing.

use std::collections::{BTreeMap, BTreeSet};

use keysweep::rule::Confidence;
use serde::{Deserialize, Serialize};

/// A line of a file of labels.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub(crate) struct Label {
    /// From the root of the tree.
    pub(crate) path: String,
    /// First line, from 1.
    pub(crate) start: usize,
    /// Last line.
    pub(crate) end: usize,
    /// Whether a secret stands there; `None` if it shall not count either way.
    pub(crate) secret: Option<bool>,
}

/// A place that was reported.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Place {
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) rule: String,
    pub(crate) confidence: Confidence,
}

/// What a place turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Truth {
    /// On a line of a secret.
    Secret,
    /// On a line that is labelled as none.
    None,
    /// On a line that nobody labelled.
    Unknown,
    /// On a line that does not count.
    Left,
}

/// Lines of a file that were labelled together.
type Spot<'l> = (&'l str, usize, usize);

/// Labels, to be looked up by line.
pub(crate) struct Labels<'l> {
    spots: BTreeMap<Spot<'l>, Option<bool>>,
    /// By path and line.
    lines: BTreeMap<&'l str, BTreeMap<usize, Vec<Spot<'l>>>>,
}

/// How right a list of places is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Score {
    pub(crate) found: usize,
    /// Secrets on whose lines nothing was reported.
    pub(crate) missed: Vec<Label>,
    /// Spots labelled as no secret that were reported.
    pub(crate) labelled_wrong: usize,
    /// Lines without a label that were reported.
    pub(crate) unlabelled: usize,
}

impl<'l> Labels<'l> {
    pub(crate) fn new(labels: &'l [Label]) -> Self {
        let mut spots: BTreeMap<Spot<'l>, Option<bool>> = BTreeMap::new();
        for Label { path, start, end, secret } in labels {
            let said = spots.entry((path, *start, *end)).or_default();
            *said = (*said).max(*secret);
        }
        let mut lines: BTreeMap<&str, BTreeMap<usize, Vec<Spot<'_>>>> = BTreeMap::new();
        for spot @ (path, start, end) in spots.keys().copied() {
            let of_file = lines.entry(path).or_default();
            (start..=end).for_each(|line| of_file.entry(line).or_default().push(spot));
        }
        Self { spots, lines }
    }

    /// The spots that hold a line.
    fn at(&self, path: &str, line: usize) -> &[Spot<'l>] {
        self.lines.get(path).and_then(|lines| lines.get(&line)).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn truth(&self, place: &Place) -> Truth {
        match self.at(&place.path, place.line) {
            [] => Truth::Unknown,
            spots => match spots.iter().filter_map(|spot| self.spots[spot]).max() {
                Some(true) => Truth::Secret,
                Some(false) => Truth::None,
                None => Truth::Left,
            },
        }
    }

    pub(crate) fn score<'p>(&self, places: impl Iterator<Item = &'p Place>) -> Score {
        let (mut found, mut wrong): (BTreeSet<Spot<'_>>, BTreeSet<Spot<'_>>) = Default::default();
        let mut unlabelled = BTreeSet::new();
        for place in places {
            let spots = self.at(&place.path, place.line).iter();
            match self.truth(place) {
                Truth::Secret => found.extend(spots.filter(|spot| self.spots[spot] == Some(true))),
                Truth::None => {
                    let labelled = spots.filter(|spot| self.spots[spot].is_some());
                    // Of several the narrowest is meant.
                    wrong.extend(labelled.min_by_key(|(_, start, end)| end - start));
                }
                Truth::Unknown => drop(unlabelled.insert((&place.path, place.line))),
                Truth::Left => {}
            }
        }
        let secrets = self.spots.iter().filter(|(_, secret)| **secret == Some(true)).map(|(spot, _)| spot);
        let missed = secrets.filter(|spot| !found.contains(*spot));
        let label = |(path, start, end): &Spot<'_>| Label {
            path: (*path).to_owned(),
            start: *start,
            end: *end,
            secret: Some(true),
        };
        Score {
            found: found.len(),
            missed: missed.map(label).collect(),
            labelled_wrong: wrong.len(),
            unlabelled: unlabelled.len(),
        }
    }
}

impl Score {
    /// Of the secrets, how many were found.
    pub(crate) fn recall(&self) -> f64 {
        ratio(self.found, self.found + self.missed.len())
    }

    /// Of what was reported where somebody labelled, how much was right.
    pub(crate) fn labelled_precision(&self) -> f64 {
        ratio(self.found, self.found + self.labelled_wrong)
    }

    /// Of all that was reported, how much was right.
    pub(crate) fn precision(&self) -> f64 {
        ratio(self.found, self.found + self.labelled_wrong + self.unlabelled)
    }

    /// The harmonic mean of recall and precision.
    pub(crate) fn f1(&self) -> f64 {
        let (precision, recall) = (self.precision(), self.recall());
        if precision + recall == 0.0 { 0.0 } else { 2.0 * precision * recall / (precision + recall) }
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
