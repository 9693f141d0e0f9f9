//! The scan: items in, report out. Loads, detects in parallel, leaves out what was there before, groups by secret.

mod batch;
pub mod history;
mod progress;
mod suppression;
mod worker;

use std::cell::OnceCell;
use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::AhoCorasick;
use bstr::BString;
use rayon::prelude::*;

use crate::config::ScanOptions;
use crate::detect::context::{self, path};
use crate::detect::{Detection, Detector};
use crate::finding::{
    Exposure, Fact, Finding, Fingerprint, Gap, Note, Occurrence, Report, Scope, Secret, Stage, Stats, join_member,
};
use crate::git::github;
use crate::git::graph::Commits;
use crate::git::{ObjectId, Repo};
use crate::git::{lfs, object};
use crate::remediation::{self, Surroundings};
use crate::rule::{Confidence, Matcher};
use crate::source::{Item, Listing};
use crate::text::archive;
use crate::text::encoding::as_text;
use history::cache::Looked;
pub use progress::{Counts, Progress};
use worker::Worker;

/// Items below which threads cost more than they bring.
const FEW: usize = 32;

/// One detection at one place, before grouping.
#[derive(Debug, Clone)]
struct Sighting {
    detection: Detection,
    occurrence: Occurrence,
    blob: Option<ObjectId>,
    commit: Option<ObjectId>,
    tag: Option<ObjectId>,
    /// Older occurrences come first.
    order: usize,
    /// The bytes it was decoded from, if it was.
    raw: Option<Secret>,
}

impl Sighting {
    /// The same under a path, which may speak for or against it; `None` if it speaks so much against it that nothing is left.
    fn under(&self, path: &BString) -> Option<Self> {
        let whole = join_member(path.as_ref(), self.occurrence.member.as_ref());
        let mut one = Self { detection: path::apply(&whole, self.detection.clone())?, ..self.clone() };
        one.occurrence.path = path.clone();
        Some(one)
    }

    /// Oldest first; of one commit by place, and at one place by rule.
    fn by_age(&self, other: &Self) -> Ordering {
        let (a, b) = (&self.occurrence, &other.occurrence);
        let place = (&a.commit, &a.path, &a.member, a.start, a.end, a.kind, &a.blob);
        let age = self.order.cmp(&other.order);
        age.then_with(|| place.cmp(&(&b.commit, &b.path, &b.member, b.start, b.end, b.kind, &b.blob)))
            .then_with(|| self.detection.rule.cmp(&other.detection.rule))
    }
}

/// What one worker makes of one item.
#[derive(Debug, Default)]
struct Outcome {
    sightings: Vec<Sighting>,
    gaps: Vec<Gap>,
    notes: Vec<Note>,
    stats: Stats,
    commits: Commits,
    missing: Vec<Missing>,
    /// Archives and members of archives that were not opened, by the reason.
    unopened: BTreeMap<String, usize>,
    /// What Git LFS pointers name that is not in this clone.
    absent_lfs: Vec<String>,
    /// Every object that was looked at, if that is to be remembered.
    looked: Vec<Looked>,
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

/// An object that another one names and that is not in this clone.
#[derive(Debug, Clone)]
struct Missing {
    id: ObjectId,
    /// The commit that names it, if it is a commit.
    commit: Option<ObjectId>,
}

impl Outcome {
    fn and(mut self, other: Self) -> Self {
        self.absorb(other);
        self
    }

    /// How much there is to say so far.
    fn said(&self) -> usize {
        self.sightings.len()
            + self.gaps.len()
            + self.notes.len()
            + self.missing.len()
            + self.absent_lfs.len()
            + self.unopened.values().sum::<usize>()
    }

    fn absorb(&mut self, other: Self) {
        self.sightings.extend(other.sightings);
        self.gaps.extend(other.gaps);
        self.notes.extend(other.notes);
        self.commits.append(other.commits);
        self.missing.extend(other.missing);
        self.looked.extend(other.looked);
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
}

/// Everything a scan needs besides its items.
#[derive(Debug)]
pub struct Scan<'a> {
    /// The rules, ready to run.
    pub detector: &'a Detector,
    /// Thresholds and limits.
    pub options: &'a ScanOptions,
    /// The repository, if there is one.
    pub repo: Option<&'a Repo>,
    /// What the advice must know.
    pub surroundings: Surroundings,
    /// Where a sweep says how far it is.
    pub progress: &'a Progress,
}

impl Scan<'_> {
    /// What advice must know, with what only a finding makes worth reading.
    fn surroundings(&self) -> Surroundings {
        Surroundings {
            slug: self.repo.and_then(github::slug),
            workflows: self.repo.map(github::workflows).unwrap_or_default(),
            ..self.surroundings.clone()
        }
    }

    /// Scans what a source listed. `known` says whether a content was part of the history at that path already.
    pub fn listed(&self, listing: Listing, scope: Scope, known: &dyn Fn(&BString, ObjectId) -> bool) -> Report {
        let (batch, together) = self.batch(&listing);
        let items: Vec<(usize, Item)> = listing.items.into_iter().enumerate().collect();
        let mut outcome = self.each(&items, |worker, (order, item)| {
            let mut outcome = batch::take(&batch, worker, item).unwrap_or_else(|| worker.item(item));
            outcome.sightings.iter_mut().for_each(|sighting| sighting.order = *order);
            outcome
        });
        outcome.absorb(together);
        outcome.stats.commits = listing.stats.commits;
        outcome.gaps.extend(listing.gaps);
        outcome.notes.extend(listing.notes);
        let before = std::mem::take(&mut outcome.sightings);
        let fresh = self.fresh(before, &listing.before, &listing.names_before, known);
        outcome.stats.old = fresh.1;
        outcome.sightings = fresh.0;
        let commits: BTreeSet<ObjectId> = outcome.sightings.iter().filter_map(|s| s.commit).collect();
        let published = self.repo.map(|repository| repository.published(commits)).unwrap_or_default();
        self.report(outcome, scope, &mut |group| self.range_exposure(group, &published))
    }

    /// Runs `work` over all of `list`, on all threads if there is enough of it.
    fn each<T: Sync>(&self, list: &[T], work: impl Fn(&Worker, &T) -> Outcome + Sync) -> Outcome {
        self.each_part(list, |part| {
            let worker = self.worker();
            part.iter().map(|item| work(&worker, item)).fold(Outcome::default(), Outcome::and)
        })
    }

    /// Runs `work` over parts of `list`, on all threads if there is enough of it.
    fn each_part<T: Sync>(&self, list: &[T], work: impl Fn(&[T]) -> Outcome + Sync) -> Outcome {
        if list.len() < FEW || self.options.threads < 2 {
            return work(list);
        }
        // Neighbours in the list are neighbours in a pack, so parts keep the delta caches warm.
        let size = (list.len() / (self.options.threads * 16)).clamp(8, 4096);
        let all = || list.par_chunks(size).map(&work).reduce(Outcome::default, Outcome::and);
        match rayon::ThreadPoolBuilder::new().num_threads(self.options.threads).build() {
            Ok(pool) => pool.install(all),
            Err(_) => all(),
        }
    }

    fn worker(&self) -> Worker<'_> {
        Worker { detector: self.detector, options: self.options, repository: self.repo, local: OnceCell::new() }
    }

    /// Leaves out what the parents hold; says how many secrets that were.
    fn fresh(
        &self,
        sightings: Vec<Sighting>,
        before: &BTreeSet<ObjectId>,
        names_before: &BTreeSet<BString>,
        known: &dyn Fn(&BString, ObjectId) -> bool,
    ) -> (Vec<Sighting>, usize) {
        let old = self.held_before(&sightings, before, names_before);
        let mut old_secrets: BTreeSet<Secret> = BTreeSet::new();
        let mut verdicts: BTreeMap<(BString, ObjectId), bool> = BTreeMap::new();
        let fresh = sightings
            .into_iter()
            .filter(|sighting| {
                let is_old = old.contains(&sighting.detection.secret)
                    || sighting.blob.is_some_and(|blob| {
                        let path = &sighting.occurrence.path;
                        *verdicts.entry((path.clone(), blob)).or_insert_with(|| known(path, blob))
                    });
                if is_old {
                    old_secrets.insert(sighting.detection.secret.clone());
                }
                !is_old
            })
            .collect();
        (fresh, old_secrets.len())
    }

    /// Which of the secrets seen stand in contents or names that were there before.
    fn held_before(
        &self,
        sightings: &[Sighting],
        before: &BTreeSet<ObjectId>,
        names: &BTreeSet<BString>,
    ) -> BTreeSet<Secret> {
        if before.is_empty() && names.is_empty() {
            return BTreeSet::new();
        }
        let mut needles: Vec<(Vec<u8>, &Secret)> = Vec::new();
        for sighting in sightings {
            let secret = &sighting.detection.secret;
            needles.push((secret.reveal().to_vec(), secret));
            needles.extend(sighting.raw.as_ref().map(|raw| (raw.reveal().to_vec(), secret)));
        }
        let mut held = BTreeSet::new();
        let Some(repository) = self.repo.filter(|_| !needles.is_empty()) else { return held };
        let Ok(search) = AhoCorasick::new(needles.iter().map(|(bytes, _)| bytes)) else { return held };
        let mut look = |text: &[u8]| {
            for hit in search.find_overlapping_iter(text) {
                held.insert(needles[hit.pattern().as_usize()].1.clone());
            }
        };
        names.iter().for_each(|name| look(name));
        let local = repository.local();
        for id in before {
            // A parent's content that cannot be read makes nothing old: the finding stays.
            if let Ok((_, data)) = object::load(&local, *id, self.options.max_file_size) {
                look(&as_text(&data));
                // What a member cannot be opened for makes nothing old either.
                if archive::kind(&data).is_some() {
                    archive::each_member(&data, &archive::Limits::default(), &mut |_, text| look(&as_text(text)));
                }
            }
        }
        held
    }

    /// The exposure of what the index, a range or a push adds, given the commits that a remote-tracking ref reaches.
    fn range_exposure(&self, group: &[Sighting], published: &BTreeSet<ObjectId>) -> Exposure {
        let commits: BTreeSet<ObjectId> = group.iter().filter_map(|s| s.commit).collect();
        let first = group.iter().filter(|s| s.commit.is_some()).min_by_key(|s| s.order);
        let is_uncommitted = commits.is_empty() && group.iter().all(|s| s.tag.is_none());
        let stage = match (is_uncommitted, !commits.is_disjoint(published)) {
            (true, _) => Stage::Uncommitted,
            (false, true) => Stage::Published,
            (false, false) => Stage::LocalOnly,
        };
        let commit = self.repo.zip(first.and_then(|s| s.commit));
        let commit = commit.and_then(|(repository, id)| object::commit_of(&repository.local(), id).ok());
        Exposure {
            stage,
            commits: commits.len(),
            first_commit: first.and_then(|s| s.occurrence.commit.clone()),
            first_seen: first.and_then(|s| s.occurrence.author_time.clone()),
            first_is_root: commit.as_ref().is_some_and(|commit| commit.parents.is_empty()),
            first_author: commit.map(|commit| commit.author),
            ..Exposure::default()
        }
    }

    /// Groups sightings by secret, applies the thresholds and adds the advice.
    fn report(&self, outcome: Outcome, scope: Scope, exposure: &mut dyn FnMut(&[Sighting]) -> Exposure) -> Report {
        let reasons = outcome.unopened.iter().map(|(reason, count)| format!("{count} {reason}"));
        let reasons = reasons.collect::<Vec<_>>().join(", ");
        let unopened = (!reasons.is_empty()).then(|| {
            Note(format!("archives or members of archives that were looked at as they are, not opened: {reasons}"))
        });
        let mut groups: BTreeMap<Secret, Vec<Sighting>> = BTreeMap::new();
        for sighting in outcome.sightings {
            groups.entry(sighting.detection.secret.clone()).or_default().push(sighting);
        }
        let mut found = Vec::new();
        let mut report = Report {
            scope,
            findings: Vec::new(),
            suppressed: Vec::new(),
            gaps: outcome.gaps,
            notes: outcome.notes,
            stats: outcome.stats,
            repository: self.repo.map(Repo::name),
            made_at: None,
            head: self.repo.and_then(Repo::head).map(|head| head.to_string()),
        };
        for (secret, mut group) in groups {
            // Threads finish in any order, and what is told of a secret must not depend on it.
            group.sort_by(Sighting::by_age);
            let (best, confidence) = self.verdict(&group);
            // First of all: what is told of a secret costs more than to find it.
            if best.severity < self.options.min_severity || confidence < self.options.min_confidence {
                report.stats.below_threshold += 1;
                continue;
            }
            found.push(self.finding(secret, &group, (best, confidence), exposure(&group)));
        }
        found.sort_by(|a, b| {
            let key = |f: &Finding| {
                (Reverse(f.severity), Reverse(f.confidence), Reverse(f.exposure.stage), f.rule.clone(), f.id.clone())
            };
            key(a).cmp(&key(b))
        });
        if !found.is_empty() {
            let surroundings = self.surroundings();
            for finding in &mut found {
                finding.plan = remediation::plan(finding, self.detector.rules(), &surroundings);
            }
        }
        (report.findings, report.suppressed) = self.settle(found);
        report.gaps.sort();
        report.gaps.dedup();
        report.notes.extend(absent_lfs(&outcome.absent_lfs));
        report.notes.extend(unopened);
        report.notes.dedup();
        report
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
