//! Compares reported places with labelled ones.
//!
//! The unit is a *spot*: a range of lines in a file. A spot is a secret if any of its labels says so. It is found if
//! something is reported on one of its lines. A report that isn't on a line of a secret is wrong: it counts once for
//! each spot that is labelled as not a secret, and once for each line without a label. Spots may be labelled as
//! neither, and then don't count.

use std::collections::{BTreeMap, BTreeSet};

use keysweep::rule::Confidence;
use serde::{Deserialize, Serialize};

/// An entry of a file of labels.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub(crate) struct Label {
    /// The path from the root of the tree.
    pub(crate) path: String,
    /// The first line, counted from 1.
    pub(crate) start: usize,
    /// The last line.
    pub(crate) end: usize,
    /// `true` if there is a secret; `None` if the lines don't count either way.
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

/// The truth about a reported place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Truth {
    /// The place is on a line of a secret.
    Secret,
    /// The place is on a line that is labelled as not a secret.
    None,
    /// The place is on a line without a label.
    Unknown,
    /// The place is on a line that doesn't count.
    Left,
}

/// A range of lines in a file that were labelled together: the path, the first line and the last.
type Spot<'l> = (&'l str, usize, usize);

/// The labels, arranged for lookups by line.
pub(crate) struct Labels<'l> {
    spots: BTreeMap<Spot<'l>, Option<bool>>,
    /// The spots by path and line.
    lines: BTreeMap<&'l str, BTreeMap<usize, Vec<Spot<'l>>>>,
}

/// The accuracy of a list of places.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Score {
    pub(crate) found: usize,
    /// The secrets on whose lines nothing was reported.
    pub(crate) missed: Vec<Label>,
    /// The number of reported spots that are labelled as not a secret.
    pub(crate) labelled_wrong: usize,
    /// The number of reported lines without a label.
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

    /// Returns the spots that contain a line.
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
                    // If several spots contain the line, the narrowest one counts.
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
    /// Returns the fraction of the secrets that were found.
    pub(crate) fn recall(&self) -> f64 {
        ratio(self.found, self.found + self.missed.len())
    }

    /// Returns the fraction of the reported places with a label that were right.
    pub(crate) fn labelled_precision(&self) -> f64 {
        ratio(self.found, self.found + self.labelled_wrong)
    }

    /// Returns the fraction of all reported places that were right.
    pub(crate) fn precision(&self) -> f64 {
        ratio(self.found, self.found + self.labelled_wrong + self.unlabelled)
    }

    /// Returns the harmonic mean of recall and precision.
    pub(crate) fn f1(&self) -> f64 {
        let (precision, recall) = (self.precision(), self.recall());
        if precision + recall == 0.0 { 0.0 } else { 2.0 * precision * recall / (precision + recall) }
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
