//! From sightings to findings: those of one secret are grouped, judged together, and given advice.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

use super::Scan;
use super::outcome::Outcome;
use super::sighting::Sighting;
use crate::detect::{Detection, context};
use crate::finding::{Exposure, Fact, Finding, Fingerprint, Note, Occurrence, Report, Scope, Secret, Stats};
use crate::git::{Repo, github};
use crate::remediation::{self, Surroundings};
use crate::rule::{Confidence, Matcher};

impl Scan<'_> {
    /// What is reported of all that was found: findings with their advice, those that are allowed apart.
    pub(super) fn report(
        &self,
        mut outcome: Outcome,
        scope: Scope,
        exposure: &mut dyn FnMut(&[Sighting]) -> Exposure,
    ) -> Report {
        let content_notes: Vec<Note> = outcome.content_notes().collect();
        let (found, below_threshold) = self.findings(outcome.sightings, exposure);
        let (findings, suppressed) = self.apply_policy(found);
        outcome.gaps.sort();
        outcome.gaps.dedup();
        outcome.notes.extend(content_notes);
        outcome.notes.dedup();
        Report {
            scope,
            findings,
            suppressed,
            gaps: outcome.gaps,
            notes: outcome.notes,
            stats: Stats { below_threshold, ..outcome.stats },
            repository: self.repo.map(Repo::name),
            made_at: None,
            head: self.repo.and_then(Repo::head).map(|head| head.to_string()),
        }
    }

    /// The findings that reach the thresholds, worst first, and how many secrets do not reach them.
    fn findings(
        &self,
        sightings: Vec<Sighting>,
        exposure: &mut dyn FnMut(&[Sighting]) -> Exposure,
    ) -> (Vec<Finding>, usize) {
        let mut found = Vec::new();
        let mut below_threshold = 0;
        for (secret, group) in by_secret(sightings) {
            let (best, confidence) = self.verdict(&group);
            // The thresholds come first: exposure and companions cost more than finding a secret does.
            if best.severity < self.options.min_severity || confidence < self.options.min_confidence {
                below_threshold += 1;
                continue;
            }
            found.push(self.finding(secret, &group, (best, confidence), exposure(&group)));
        }
        found.sort_by(worst_first);
        if !found.is_empty() {
            let surroundings = self.surroundings();
            for finding in &mut found {
                finding.plan = remediation::plan(finding, self.detector.rules(), &surroundings);
            }
        }
        (found, below_threshold)
    }

    /// What advice must know, with what only a finding makes worth reading.
    fn surroundings(&self) -> Surroundings {
        Surroundings {
            slug: self.repo.and_then(github::slug),
            workflows: self.repo.map(github::workflows).unwrap_or_default(),
            ..self.surroundings.clone()
        }
    }

    /// What speaks for a secret, of all its sightings, and how sure they are together. The most specific rule names it, of
    /// equal ones the first by id, so that no order of sightings decides. Of its sightings the oldest that tells the
    /// most counts.
    fn verdict<'s>(&self, group: &'s [Sighting]) -> (&'s Detection, Confidence) {
        let telling = |s: &&Sighting| {
            let one = &s.detection;
            let specificity = self.detector.rule(one).specificity();
            (specificity, one.confidence, Reverse(one.depth), one.evidence.len(), Reverse(one.rule))
        };
        // Groups are never empty: each was made for a sighting.
        let best = group.iter().rev().max_by_key(telling).map_or_else(|| &group[0].detection, |s| &s.detection);
        let confidence = group.iter().filter(|s| s.detection.rule == best.rule).map(|s| s.detection.confidence).max();
        (best, confidence.unwrap_or(best.confidence))
    }

    /// One finding from all sightings of one secret, oldest first, and the verdict on them.
    fn finding(
        &self,
        secret: Secret,
        group: &[Sighting],
        (best, confidence): (&Detection, Confidence),
        exposure: Exposure,
    ) -> Finding {
        let rule = self.detector.rule(best);
        let mut facts: Vec<Fact> = Vec::new();
        let late = self.worker().late_companions(group);
        context::add_facts(&mut facts, group.iter().flat_map(|s| &s.detection.facts).cloned().chain(late));
        let mut occurrences: Vec<Occurrence> = group.iter().map(|s| s.occurrence.clone()).collect();
        occurrences.dedup();
        let issued = rule.statistics && !matches!(rule.matcher, Matcher::Assignment);
        Finding {
            id: Fingerprint::new(&rule.id, &secret, issued),
            rule: rule.id.clone(),
            name: rule.name.clone(),
            provider: rule.provider.clone(),
            severity: best.severity,
            confidence,
            impact: self.detector.rules().remediation(&rule.remediation).map(|r| r.impact.clone()).unwrap_or_default(),
            preview: secret.preview(&rule.prefix),
            evidence: best.evidence.clone(),
            facts,
            exposure,
            occurrences,
            plan: Vec::new(),
            issued,
            known: false,
            suppression: None,
            secret,
        }
    }
}

/// The sightings of each secret, the oldest first.
fn by_secret(sightings: Vec<Sighting>) -> BTreeMap<Secret, Vec<Sighting>> {
    let mut groups: BTreeMap<Secret, Vec<Sighting>> = BTreeMap::new();
    for sighting in sightings {
        groups.entry(sighting.detection.secret.clone()).or_default().push(sighting);
    }
    // Threads finish in any order, and what is reported of a secret must not depend on it.
    groups.values_mut().for_each(|group| group.sort_by(Sighting::by_age));
    groups
}

/// The order of a report; the id makes it the same in every run.
fn worst_first(a: &Finding, b: &Finding) -> Ordering {
    let key = |f: &Finding| (Reverse(f.severity), Reverse(f.confidence), Reverse(f.exposure.stage));
    key(a).cmp(&key(b)).then_with(|| (&a.rule, &a.id).cmp(&(&b.rule, &b.id)))
}
