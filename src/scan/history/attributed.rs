//! The fourth phase of a sweep: determines the commits that added each secret, and its paths.

use std::collections::BTreeMap;

use bstr::BString;

use super::retention::{self, Keepers};
use super::staged::{self, Staged};
use super::{Depth, exposure};
use crate::attribution::tree_index::Target;
use crate::attribution::{Arrival, Attribution};
use crate::finding::{ContentKind, Gap, GapKind, Note, Report, Scope};
use crate::git::Repo;
use crate::git::object::{self, Mode};
use crate::scan::Scan;
use crate::scan::batch::{MOST_PLACES, more_places};
use crate::scan::outcome::{Missing, Outcome};
use crate::scan::sighting::Sighting;
use crate::source::compare::too_deep;
use crate::source::history::Objects;

/// The number of arrivals of one content that don't count towards the most places of a report.
const USUAL: usize = 16;

/// All arrivals of each target.
type Arrivals = BTreeMap<Target, Vec<Arrival>>;

/// The state of a sweep after attribution, when every sighting has the commit that added it.
pub(super) struct Attributed<'s> {
    outcome: Outcome,
    attribution: Attribution<'s>,
    staged: Staged,
    /// `true` if no commit, tree or blob that another object names is missing.
    is_whole: bool,
}

impl Scan<'_> {
    /// Attributes each sighting to the commits that added it.
    pub(super) fn attribute<'s>(
        &self,
        repository: &Repo,
        objects: &'s Objects,
        mut outcome: Outcome,
        attribution: Attribution<'s>,
        depth: Depth,
    ) -> Attributed<'s> {
        let mut attribution = match depth {
            Depth::Findings => attribution,
            Depth::Retention => attribution.with_reflogs(retention::reflogs(&objects.listing.items)),
        };
        if self.options.flag_outside_authors && !attribution.learn_people() {
            let text = "no domain and no address wrote a tenth of the commits, so no author is unusual";
            outcome.notes.push(Note(text.to_owned()));
        }
        let arrivals = attribution.arrivals();
        let staged = staged::paths(repository);
        let missing = std::mem::take(&mut outcome.missing);
        absent(&missing, &arrivals, &attribution, &mut outcome);
        let lacks = |gap: &Gap| matches!(gap.kind, GapKind::Missing | GapKind::Shallow | GapKind::Corrupt);
        let is_whole = missing.is_empty() && !outcome.gaps.iter().any(lacks);
        let sightings = std::mem::take(&mut outcome.sightings);
        let mut left = MOST_PLACES;
        let attributed = sightings.into_iter().flat_map(|s| attributed(s, &arrivals, &staged, &mut left));
        outcome.sightings = attributed.collect();
        for sighting in &mut outcome.sightings {
            sighting.occurrence.web = sighting.commit.and_then(|commit| attribution.web(&commit));
        }
        let trees = BString::from("the trees of commits");
        if left == 0 || attribution.spent.is_exceeded {
            outcome.gaps.push(more_places(&trees));
        }
        if attribution.spent.is_too_deep {
            outcome.gaps.push(too_deep(&trees));
        }
        if depth == Depth::Retention {
            let mut keepers = Keepers::new(repository, &objects.store, &mut attribution, &staged);
            outcome.sightings.iter_mut().for_each(|sighting| keepers.name(sighting));
        }
        Attributed { outcome, attribution, staged, is_whole }
    }
}

impl Attributed<'_> {
    /// Returns only the outcome.
    pub(super) fn into_outcome(self) -> Outcome {
        self.outcome
    }

    /// Groups the sightings into findings, and determines how far each finding got.
    pub(super) fn report(self, scan: &Scan<'_>, scope: Scope) -> Report {
        let Self { outcome, attribution, staged, is_whole } = self;
        let mut known = exposure::Known::default();
        scan.report(outcome, scope, &mut |group| {
            let exposure = exposure::of(group, &attribution, &staged, &mut known);
            if is_whole { exposure::or_leftover(group, exposure) } else { exposure }
        })
    }
}

/// Reports missing objects that are reachable from a ref as gaps; below leftovers they are normal, and only a note
/// counts them.
fn absent(missing: &[Missing], arrivals: &Arrivals, attribution: &Attribution<'_>, outcome: &mut Outcome) {
    let mut leftovers = 0;
    for Missing { id, commit } in missing {
        let arrival = arrivals
            .get(&Target::Object(*id))
            .and_then(|list| list.iter().find(|a| attribution.is_reachable(&a.commit)));
        let what = match (arrival, commit.filter(|commit| attribution.is_reachable(commit))) {
            (Some(arrival), _) => format!("{} in commit {}", arrival.path, arrival.commit),
            (None, Some(commit)) => format!("object {id}, which commit {commit} names"),
            (None, None) => {
                leftovers += 1;
                continue;
            }
        };
        outcome.gaps.push(Gap { what: BString::from(what), kind: GapKind::Missing, why: object::missing(*id) });
    }
    if leftovers > 0 {
        outcome.notes.push(Note(format!("{leftovers} objects that only unreachable leftovers name no longer exist")));
    }
}

impl Sighting {
    /// Returns `true` if an index holds the content or the name.
    pub(super) fn is_staged(&self, staged: &Staged) -> bool {
        match (self.occurrence.kind, self.blob) {
            (_, Some(blob)) => staged.contains_key(&blob),
            (ContentKind::FileName, None) => staged.values().any(|at| at.path == self.occurrence.path),
            _ => false,
        }
    }

    /// Returns the target that the sighting was attributed by; for a name, that is by now the last part of the path.
    pub(super) fn found_as(&self) -> Option<Target> {
        let name = self.occurrence.path.rsplit(|b| *b == b'/').next().map(BString::from);
        match self.occurrence.kind {
            ContentKind::FileName => name.map(Target::Name),
            _ => self.blob.map(Target::Object),
        }
    }
}

/// Returns one sighting for each arrival of the blob or name, judged by the path of the arrival.
fn attributed(sighting: Sighting, arrivals: &Arrivals, staged: &Staged, left: &mut usize) -> Vec<Sighting> {
    let Some(arrivals) = sighting.target().and_then(|target| arrivals.get(&target)) else {
        return unattributed(sighting, staged).into_iter().collect();
    };
    let most = arrivals.len().min(USUAL + *left);
    *left -= most.saturating_sub(USUAL);
    arrivals[..most].iter().filter_map(|arrival| arrived(&sighting, arrival)).collect()
}

/// Returns the sighting of a blob that is in no commit; it may still be in an index, which gives it a path.
fn unattributed(sighting: Sighting, staged: &Staged) -> Option<Sighting> {
    match sighting.blob.and_then(|blob| staged.get(&blob)) {
        Some(at) => sighting.under(&at.path),
        // A rule for certain file names can't apply, because nothing shows that the blob had such a name.
        None => Some(sighting).filter(|sighting| sighting.detection.files.is_empty()),
    }
}

fn arrived(sighting: &Sighting, arrival: &Arrival) -> Option<Sighting> {
    let mut one = sighting.under(&arrival.path)?;
    (one.order, one.commit) = (arrival.order, Some(arrival.commit));
    one.occurrence.kind = match (sighting.occurrence.kind, arrival.mode) {
        (ContentKind::FileName, _) => ContentKind::FileName,
        _ if arrival.note => ContentKind::Note,
        (_, Mode::Link) => ContentKind::Symlink,
        (kind, _) => kind,
    };
    one.occurrence.commit = Some(arrival.commit.to_string());
    one.occurrence.author_time = Some(arrival.author_time.clone());
    Some(one)
}
