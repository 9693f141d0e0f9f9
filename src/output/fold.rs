//! The groups in a report for people: findings of one kind that nobody would read one by one. Machine formats list each
//! finding.
//!
//! Expired secrets become one line wherever they are, and so do those of low confidence in one folder. In a folder of
//! tests or samples the first is shown in full and the others share a line.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::view::{EvidenceView, FindingView, PlanView, StepView, View};
use super::words::{self, plural};
use super::{asked, brief};
use crate::finding::{Command, Stage};
use crate::rule::{Confidence, Severity};

/// The number of findings of one kind from which on they form a group.
const MANY: usize = 3;
/// The most findings of a group that are listed.
const LISTED: usize = 20;
/// The most files of a group that are named.
const NAMED: usize = 3;

/// A single finding, or a group of findings.
#[derive(Debug)]
pub enum Entry<'v> {
    /// A finding that is shown in full.
    One(&'v FindingView),
    /// Several findings of one kind.
    Group(Group<'v>),
}

/// A group of findings of one kind.
#[derive(Debug)]
pub struct Group<'v> {
    first: &'v FindingView,
    others: Vec<&'v FindingView>,
    why: Why<'v>,
}

/// The reason why findings need not be shown one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Why<'v> {
    Expired,
    Doubtful,
    /// The path suggests that they aren't in use. Any of them may be, so one is shown in full.
    Path(&'v str),
}

/// The properties that the findings of a group share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Kind<'v> {
    rule: &'v str,
    severity: Severity,
    confidence: Confidence,
    stage: Stage,
    why: Why<'v>,
    folder: &'v str,
}

/// Returns the findings of a report in order, with each group at the place of its first finding. Findings that stop a
/// commit are not grouped, since each has to be removed.
pub fn entries(view: &View) -> Vec<Entry<'_>> {
    let findings = &view.findings;
    if view.command == Command::Staged {
        return findings.iter().map(Entry::One).collect();
    }
    let mut counts: BTreeMap<Kind<'_>, usize> = BTreeMap::new();
    for kind in findings.iter().filter_map(Kind::of) {
        *counts.entry(kind).or_default() += 1;
    }
    let is_folded = |kind: &Kind<'_>| counts[kind] >= MANY;
    let mut entries: Vec<Entry<'_>> = Vec::new();
    let (mut groups, mut kept): (BTreeMap<Kind<'_>, usize>, BTreeSet<Kind<'_>>) = Default::default();
    for finding in findings {
        let Some(kind) = Kind::of(finding).filter(is_folded) else {
            entries.push(Entry::One(finding));
            continue;
        };
        if matches!(kind.why, Why::Path(_)) && kept.insert(kind) {
            entries.push(Entry::One(finding));
            continue;
        }
        let at = *groups.entry(kind).or_insert(entries.len());
        match entries.get_mut(at) {
            Some(Entry::Group(group)) => group.others.push(finding),
            _ => entries.push(Entry::Group(Group { first: finding, others: Vec::new(), why: kind.why })),
        }
    }
    entries
}

/// Returns the plans of a report; in a report stored by an older version, each finding is a kind of its own.
pub fn plans(view: &View) -> Cow<'_, [PlanView]> {
    if !view.plans.is_empty() {
        return Cow::Borrowed(&view.plans);
    }
    let own = view.findings.iter().map(|one| PlanView { findings: vec![one.id.clone()], steps: one.plan.clone() });
    Cow::Owned(own.collect())
}

/// Returns the entries of a report grouped by what to do about them, each group with its plan.
pub fn by_plan(view: &View) -> Vec<(Vec<Entry<'_>>, Vec<StepView>)> {
    let plans = plans(view);
    let plan_of: HashMap<&str, usize> =
        (0..).zip(&*plans).flat_map(|(at, plan)| plan.findings.iter().map(move |id| (id.as_str(), at))).collect();
    let mut sections: Vec<(Option<usize>, Vec<Entry<'_>>)> = Vec::new();
    for entry in entries(view) {
        let place = plan_of.get(entry.first().id.as_str()).copied();
        match sections.iter_mut().find(|(known, _)| known.is_some() && *known == place) {
            Some((_, section)) => section.push(entry),
            None => sections.push((place, vec![entry])),
        }
    }
    let steps = |place: Option<usize>| place.and_then(|at| plans.get(at)).map(|plan| plan.steps.clone());
    sections.into_iter().map(|(place, section)| (section, steps(place).unwrap_or_default())).collect()
}

impl<'v> Entry<'v> {
    /// Returns the number of findings in the entry.
    pub fn count(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Group(group) => group.count(),
        }
    }

    /// Returns the finding, or the first of the group.
    pub fn first(&self) -> &'v FindingView {
        match self {
            Self::One(finding) => finding,
            Self::Group(group) => group.first,
        }
    }
}

impl<'v> Group<'v> {
    /// Returns the finding that represents the group.
    pub fn first(&self) -> &'v FindingView {
        self.first
    }

    /// Returns all findings of the entry.
    pub fn all(&self) -> impl Iterator<Item = &'v FindingView> {
        std::iter::once(self.first).chain(self.others.iter().copied())
    }

    /// Returns the findings that are listed with place and id; none that have expired, since nothing has to be done
    /// about them.
    pub fn listed(&self) -> impl Iterator<Item = &'v FindingView> {
        let most = if self.why == Why::Expired { 0 } else { LISTED };
        self.all().take(most)
    }

    /// Returns `true` if nothing has to be done about them.
    pub fn is_over(&self) -> bool {
        self.why == Why::Expired
    }

    /// Returns the number of findings in the group.
    pub fn count(&self) -> usize {
        1 + self.others.len()
    }

    /// Returns the names and places, in one line.
    pub fn line(&self) -> String {
        let files: BTreeSet<&str> = self.all().filter_map(brief::place).map(brief::file).collect();
        let named: Vec<&str> = files.iter().copied().take(NAMED).collect();
        let more = files.len().saturating_sub(NAMED);
        let more = if more == 0 { String::new() } else { format!(" and {}", plural(more, "more file")) };
        let kind = match self.why {
            Why::Expired => "of one kind, expired".to_owned(),
            Why::Doubtful => "of one kind, of low confidence".to_owned(),
            Why::Path(why) => format!("more of this kind, {why}"),
        };
        format!("{} {kind}, in {}{more}; {}", self.count(), named.join(", "), words::stage_sentence(self.first))
    }
}

impl<'v> Kind<'v> {
    /// Returns the kind of a finding; `None` if it has to be shown by itself.
    fn of(finding: &'v FindingView) -> Option<Self> {
        // What a provider has accepted is no sample, whatever its path says.
        let is_plain = finding.suppression.is_none() && !asked::works(finding);
        let place = brief::place(finding).filter(|_| is_plain)?;
        let file = Some(brief::file(place)).filter(|file| !file.is_empty())?;
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        let is_expired = finding.evidence.iter().any(|evidence| matches!(evidence, EvidenceView::Expired(_)));
        let path = finding.evidence.iter().find_map(|evidence| match evidence {
            EvidenceView::Path(why) => Some(&**why),
            _ => None,
        });
        let (why, folder) = match (is_expired, finding.confidence) {
            (true, _) => (Why::Expired, ""),
            (false, Confidence::Low) => (Why::Doubtful, folder),
            (false, _) => (Why::Path(path?), folder),
        };
        let FindingView { rule, severity, confidence, stage, .. } = finding;
        Some(Self { rule, severity: *severity, confidence: *confidence, stage: *stage, why, folder })
    }
}
