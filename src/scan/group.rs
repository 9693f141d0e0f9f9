//! From sightings to findings: the sightings of one secret are grouped, judged together, and given advice.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet};

use super::Scan;
use super::outcome::Outcome;
use super::sighting::Sighting;
use super::suppression;
use crate::detect::Detection;
use crate::detect::context::{self, path};
use crate::finding::{
    CodeOwners, Command, Evidence, Exposure, Fact, Finding, Fingerprint, HeldBack, Note, Occurrence, Report, Scope,
    Secret, Stage, Stats, Subject,
};
use crate::git::Repo;
use crate::remediation::{self, Stops, Surroundings};
use crate::rule::{Confidence, Matcher, Rule, Severity};

impl Scan<'_> {
    /// Builds the report: findings with their advice, with the suppressed ones separate.
    pub(super) fn report(
        &self,
        mut outcome: Outcome,
        scope: Scope,
        exposure: &mut dyn FnMut(&[Sighting]) -> Exposure,
    ) -> Report {
        let content_notes: Vec<Note> = outcome.content_notes().collect();
        let (mut found, held_back) = self.findings(outcome.sightings, scope.command, exposure);
        // Reading what the advice needs takes time, which is saved if nothing was found.
        let surroundings = if found.is_empty() { Surroundings::default() } else { self.surroundings_of(&found) };
        for finding in &mut found {
            finding.plan = remediation::plan(finding, self.detector.rules(), &surroundings);
            finding.show = remediation::show::command(finding);
        }
        let (findings, suppressed) = self.apply_policy(found);
        let plans = remediation::plans(&findings, self.detector.rules(), &surroundings);
        let advice = remediation::general(findings.iter().chain(&suppressed), self.detector.rules());
        let before_commit = match scope.command {
            Command::Staged if !findings.is_empty() => remediation::before_commit(&findings, &surroundings),
            _ => Vec::new(),
        };
        let before_push = match surroundings.stops {
            Stops::Push => remediation::before_push(&findings, &surroundings),
            Stops::Nothing | Stops::Commit(_) | Stops::Message(_) => Vec::new(),
        };
        let lists = remediation::git::lists(&findings, &surroundings);
        outcome.gaps.sort();
        outcome.gaps.dedup();
        outcome.notes.extend(content_notes);
        outcome.notes.extend(suppression::uncounted(&findings));
        outcome.notes.dedup();
        Report {
            scope,
            findings,
            plans,
            advice,
            before_commit,
            before_push,
            lists,
            run_in: surroundings.run_in,
            suppressed,
            gaps: outcome.gaps,
            notes: outcome.notes,
            stats: Stats { held_back, ..outcome.stats },
            repository: self.repo.map(Repo::name),
            subject: Subject::default(),
            roots: Vec::new(),
            code_owners: CodeOwners::default(),
            made_at: None,
            head: self.repo.and_then(Repo::head).map(|head| head.to_string()),
        }
    }

    /// Returns the findings that reach the thresholds, worst first, and the number of secrets that don't reach them.
    fn findings(
        &self,
        sightings: Vec<Sighting>,
        command: Command,
        exposure: &mut dyn FnMut(&[Sighting]) -> Exposure,
    ) -> (Vec<Finding>, HeldBack) {
        let mut reported = Vec::new();
        let mut held_back = HeldBack::new(self.options.min_confidence, self.options.min_severity);
        let mut held = Vec::new();
        // A plan to purge has to name each spelling of a key. A plan or a verification is about exactly the given
        // value, even if it is only half of a credential.
        let exact = matches!(command, Command::Verify | Command::PurgePlan);
        let mut halves = Halves::default();
        for (secret, group) in by_secret(sightings, exact) {
            let (best, confidence) = self.verdict(&group);
            // The thresholds are checked first: determining exposure and companions costs more than finding a secret.
            let left = group.iter().all(Sighting::is_left).then(|| exposure(&group));
            let severity = left.as_ref().map_or(best.severity, |left| of_stage(best.severity, left.stage));
            if held_back.holds(confidence, severity) {
                held.push((self.detector.rule(best), secret, confidence, severity));
            } else {
                let exposure = left.unwrap_or_else(|| exposure(&group));
                reported.push((group, exposure));
            }
        }
        // Computing the fingerprint of a value that a person may have chosen is slow on purpose, so that guessing the
        // value is slow too.
        let named = self.map(reported, |(group, exposure)| {
            let (best, confidence) = self.verdict(&group);
            (self.finding(best.secret.clone(), &group, (best, confidence), exposure), group)
        });
        let mut found = Vec::new();
        for (finding, group) in named {
            if let Some(rule) = self.detector.rules().rule(&finding.rule).filter(|_| !exact) {
                // A finding has one fact for each field, taken from its oldest place; the result must not depend on
                // which place that is, so the facts of all places are added.
                halves.learn(rule, group.iter().flat_map(|sighting| &sighting.detection.facts).chain(&finding.facts));
            }
            found.push(finding);
        }
        found.retain(|finding| {
            !self.detector.rules().rule(&finding.rule).is_some_and(|r| halves.has(r, &finding.secret))
        });
        for (_, _, confidence, severity) in held.iter().filter(|(rule, secret, ..)| !halves.has(rule, secret)) {
            held_back.count(*confidence, *severity);
        }
        found.sort_by(worst_first);
        (found, held_back)
    }

    /// Returns the best sighting of a secret, and the confidence of all together. The secret is named by the most
    /// specific rule that doesn't doubt it, and among equal ones by the first by id, so that the order of sightings
    /// doesn't matter: a rule that doubts a value in a test hides nothing that another rule is sure about elsewhere. Of
    /// that rule's sightings, the oldest of those with the most evidence counts.
    fn verdict<'s>(&self, group: &'s [Sighting]) -> (&'s Detection, Confidence) {
        let specificity_rank = |s: &&Sighting| {
            let one = &s.detection;
            let specificity = self.detector.rule(one).specificity();
            (
                one.confidence > Confidence::Low,
                specificity,
                one.confidence,
                Reverse(one.depth),
                one.evidence.len(),
                Reverse(one.rule),
            )
        };
        // Groups are never empty: each was created for a sighting.
        let best =
            group.iter().rev().max_by_key(specificity_rank).map_or_else(|| &group[0].detection, |s| &s.detection);
        // A place in a test doesn't lower the severity of a secret that is elsewhere too.
        let confidence_rank = |s: &&Sighting| {
            let one = &s.detection;
            (one.confidence, one.severity, Reverse(one.depth), one.evidence.len())
        };
        let of_rule = group.iter().rev().filter(|s| s.detection.rule == best.rule);
        let best = of_rule.max_by_key(confidence_rank).map_or(best, |s| &s.detection);
        (best, best.confidence)
    }

    /// Makes one finding from all sightings of one secret, oldest first, and the verdict on them.
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
        context::add_facts(
            self.detector,
            &mut facts,
            group.iter().flat_map(|s| &s.detection.facts).cloned().chain(late),
        );
        let mut occurrences: Vec<Occurrence> = group.iter().map(|s| s.occurrence.clone()).collect();
        occurrences.dedup();
        let issued = rule.is_issued();
        let mut evidence = best.evidence.clone();
        let judged = evidence.iter().any(|evidence| matches!(evidence, Evidence::Path(_)));
        if !judged && occurrences.iter().all(|place| path::is_sample(&place.whole_path())) {
            evidence.push(Evidence::Path("only in tests or samples"));
        }
        Finding {
            id: Fingerprint::new(&rule.id, &secret, issued),
            rule: rule.id.clone(),
            name: rule.name.clone(),
            provider: rule.provider.clone(),
            severity: of_stage(best.severity, exposure.stage),
            confidence,
            impact: self.detector.rules().remediation(&rule.remediation).map(|r| r.impact.clone()).unwrap_or_default(),
            preview: secret.preview(&rule.prefix),
            evidence,
            facts,
            exposure,
            occurrences,
            show: None,
            plan: Vec::new(),
            issued,
            known: false,
            suppression: None,
            secret,
        }
    }
}

/// The halves of credentials that only name keys which were found; they are reported with the key, as its facts.
#[derive(Default)]
struct Halves {
    /// The fields and values that were seen next to a reported secret.
    named: BTreeSet<(String, String)>,
    /// The values that provider rules have identified, so that a rule that goes only by a variable's name must not
    /// report them as secrets.
    known: BTreeSet<String>,
}

impl Halves {
    /// Adds the facts seen at the places of a secret that is reported under this rule.
    fn learn<'f>(&mut self, rule: &Rule, facts: impl Iterator<Item = &'f Fact>) {
        for Fact { field, value } in facts.filter(|fact| *fact.field != *rule.identifies) {
            self.named.insert((field.clone(), value.clone()));
            if rule.is_of_provider() {
                self.known.insert(value.clone());
            }
        }
    }

    /// Returns `true` if a secret under this rule is one of these halves.
    fn has(&self, rule: &Rule, secret: &Secret) -> bool {
        let value = || String::from_utf8_lossy(secret.reveal()).into_owned();
        let is_only_named = matches!(rule.matcher, Matcher::Assignment);
        (!rule.identifies.is_empty() && self.named.contains(&(rule.identifies.to_string(), value())))
            || (is_only_named && self.known.contains(&value()))
    }
}

/// Groups the sightings by secret, the oldest first; `exact` keeps different spellings of one key apart.
fn by_secret(sightings: Vec<Sighting>, exact: bool) -> BTreeMap<Secret, Vec<Sighting>> {
    let mut groups: BTreeMap<Secret, Vec<Sighting>> = BTreeMap::new();
    for sighting in sightings {
        let secret = &sighting.detection.secret;
        let key = if exact { secret.clone() } else { Secret::new(secret.identity()) };
        groups.entry(key).or_default().push(sighting);
    }
    // Threads finish in any order, and the report on a secret must not depend on it.
    groups.values_mut().for_each(|group| group.sort_by(Sighting::by_age));
    groups
}

/// Compares findings for the order of a report: by severity, then by how far the leak got and whether HEAD still has
/// it, then by place. Rule and id make the order the same in every run.
fn worst_first(a: &Finding, b: &Finding) -> Ordering {
    let place = |f: &Finding| f.occurrences.last().map(|place| (place.whole_path(), place.start.line));
    let key = |f: &Finding| (Reverse(f.severity), how_far(f.exposure.stage), f.exposure.in_head != Some(true));
    key(a).cmp(&key(b)).then_with(|| place(a).cmp(&place(b))).then_with(|| (&a.rule, &a.id).cmp(&(&b.rule, &b.id)))
}

/// Returns the severity of a leak that got this far: a leftover that was never committed is available only to those who
/// can read this clone.
fn of_stage(severity: Severity, stage: Stage) -> Severity {
    match stage {
        Stage::Leftover => Severity::Low,
        Stage::Uncommitted
        | Stage::Unreachable
        | Stage::LocalOnly
        | Stage::HistoryOnly
        | Stage::Unknown
        | Stage::Published => severity,
    }
}

/// Returns the rank of a stage in that order. The stages of a clone that nobody is known to have pulled from share one
/// rank.
fn how_far(stage: Stage) -> u8 {
    match stage {
        Stage::Published => 0,
        Stage::Unknown => 1,
        Stage::LocalOnly | Stage::HistoryOnly | Stage::Uncommitted => 2,
        Stage::Unreachable => 3,
        Stage::Leftover => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ScanOptions;
    use crate::detect::Detector;
    use crate::git::ObjectId;
    use crate::rule_set::RuleSet;
    use crate::scan::{Lazy, Progress};

    fn sighting(secret: &str, order: usize, path: &str) -> Sighting {
        let mut one = Sighting { order, ..Sighting::sample(secret) };
        one.occurrence.path = path.into();
        one
    }

    #[test]
    fn places_of_a_secret_are_sorted_oldest_first() {
        let all =
            [sighting("one", 2, "a"), sighting("one", 1, "c"), sighting("other", 0, "z"), sighting("one", 1, "b")];
        let paths = |sightings: Vec<Sighting>| -> Vec<Vec<String>> {
            let groups = by_secret(sightings, false).into_values();
            groups.map(|group| group.iter().map(|one| one.occurrence.path.to_string()).collect()).collect()
        };
        for start in 0..all.len() {
            let turned = [&all[start..], &all[..start]].concat();
            assert_eq!(paths(turned), [vec!["b", "c", "a"], vec!["z"]], "from {start}");
        }
    }

    /// Calls `check` with a scan that reports from this confidence on, the position of a rule for a provider's form,
    /// and that of a rule for assignments.
    fn with_scan(min_confidence: Confidence, check: impl Fn(&Scan<'_>, usize, usize)) {
        let detector = Detector::new(RuleSet::builtin());
        let options = ScanOptions { min_confidence, ..ScanOptions::default() };
        let progress = Progress::default();
        let surroundings = Lazy::new(Box::new(Surroundings::default));
        let scan = Scan { detector: &detector, options: &options, repo: None, surroundings, progress: &progress };
        let rules = &detector.rules().rules;
        let form = rules.iter().position(|rule| rule.specificity() == 3).unwrap();
        let assignment = rules.iter().position(|rule| rule.specificity() == 0).unwrap();
        check(&scan, form, assignment);
    }

    fn of_rule(rule: usize, confidence: Confidence) -> Sighting {
        let mut one = Sighting::sample("a-secret-of-some-length");
        (one.detection.rule, one.detection.confidence) = (rule, confidence);
        one
    }

    #[test]
    fn the_most_specific_rule_wins_with_its_highest_confidence() {
        use Confidence::{High, Low, Medium};
        with_scan(Medium, |scan, form, assignment| {
            let mut group = vec![of_rule(assignment, High), of_rule(form, Low), of_rule(form, Medium)];
            for _ in 0..group.len() {
                let (best, confidence) = scan.verdict(&group);
                assert_eq!((best.rule, confidence), (form, Medium));
                group.rotate_left(1);
            }
        });
    }

    #[test]
    fn a_doubtful_rule_does_not_hide_a_confident_one() {
        use Confidence::{Low, Medium};
        with_scan(Medium, |scan, form, assignment| {
            let doubted = of_rule(form, Low);
            let mut group = vec![doubted.clone(), of_rule(assignment, Medium)];
            for _ in 0..group.len() {
                let (best, confidence) = scan.verdict(&group);
                assert_eq!((best.rule, confidence), (assignment, Medium));
                group.rotate_left(1);
            }
            // If all rules doubt the value, the most specific one names it.
            let all_doubt = [of_rule(assignment, Low), doubted];
            let (best, _) = scan.verdict(&all_doubt);
            assert_eq!(best.rule, form);
        });
    }

    #[test]
    fn a_key_id_is_reported_and_counted_with_its_key() {
        with_scan(Confidence::Medium, |scan, form, _| {
            let rules = &scan.detector.rules().rules;
            let naming = rules.iter().position(|rule| !rule.identifies.is_empty()).unwrap();
            let field = rules[naming].identifies.to_string();
            for (confidence, alone) in [(Confidence::High, (1, 0)), (Confidence::Low, (0, 1))] {
                let name = of_rule(naming, confidence);
                let mut key = of_rule(form, Confidence::High);
                key.detection.secret = Secret::new("another-secret-of-some-length");
                let value = String::from_utf8_lossy(name.detection.secret.reveal()).into_owned();
                let counts_for = |command, sightings| {
                    let (found, held) = scan.findings(sightings, command, &mut |_| Exposure::default());
                    (found.len(), held.total())
                };
                let counts = |sightings| counts_for(Command::History, sightings);
                assert_eq!(counts(vec![name.clone()]), alone);
                assert_eq!(counts(vec![name.clone(), key.clone()]), (alone.0 + 1, alone.1));
                key.detection.facts.push(Fact { field: field.clone(), value });
                assert_eq!(counts(vec![name.clone(), key.clone()]), (1, 0));
                assert_eq!(counts_for(Command::Verify, vec![name, key]), (alone.0 + 1, alone.1));
            }
        });
    }

    #[test]
    fn a_secret_has_the_severity_of_its_worst_place() {
        with_scan(Confidence::Medium, |scan, _, assignment| {
            let worst = of_rule(assignment, Confidence::Medium);
            let mut other = worst.clone();
            other.detection.severity = worst.detection.severity.lowered();
            other.detection.evidence.push(Evidence::Path("a test"));
            for group in [[worst.clone(), other.clone()], [other, worst]] {
                let (best, _) = scan.verdict(&group);
                assert_eq!((best.severity, best.evidence.len()), (Severity::High, 0));
            }
        });
    }

    #[test]
    fn findings_below_a_threshold_are_not_examined_further() {
        with_scan(Confidence::High, |scan, form, assignment| {
            let mut other = of_rule(form, Confidence::High);
            other.detection.secret = Secret::new("another-secret-of-some-length");
            let mut asked = Vec::new();
            let mut exposure = |group: &[Sighting]| {
                asked.push(group.len());
                Exposure::default()
            };
            let low = of_rule(assignment, Confidence::Medium);
            let (found, below) = scan.findings(vec![low.clone(), other, low], Command::History, &mut exposure);
            assert_eq!((found.len(), below.medium, below.total()), (1, 1, 1));
            assert_eq!(asked, [1]);
        });
    }

    #[test]
    fn findings_are_listed_by_severity_then_stage_then_whether_head_has_them() {
        with_scan(Confidence::Low, |scan, form, _| {
            let finding = |severity, stage, in_head, path: &str| {
                let mut one = of_rule(form, Confidence::High);
                one.detection.severity = severity;
                one.occurrence.path = path.into();
                let best = one.detection.clone();
                let exposure = Exposure { stage, in_head: Some(in_head), ..Exposure::default() };
                scan.finding(best.secret.clone(), &[one], (&best, best.confidence), exposure)
            };
            let mut found = [
                finding(Severity::Medium, Stage::Published, true, "h"),
                finding(Severity::High, Stage::LocalOnly, true, "g"),
                finding(Severity::High, Stage::Unknown, false, "f"),
                finding(Severity::High, Stage::Unknown, true, "e"),
                finding(Severity::High, Stage::Published, false, "d"),
                finding(Severity::High, Stage::Published, true, "c"),
                finding(Severity::High, Stage::Published, true, "b"),
                finding(Severity::Critical, Stage::Unreachable, false, "a"),
            ];
            found.sort_by(worst_first);
            let paths: Vec<String> = found.iter().map(|one| one.occurrences[0].path.to_string()).collect();
            assert_eq!(paths, ["a", "b", "c", "d", "e", "f", "g", "h"]);
        });
    }

    #[test]
    fn findings_are_sorted_by_severity_and_then_by_rule() {
        with_scan(Confidence::Low, |scan, form, assignment| {
            let finding = |rule: usize, severity, commits| {
                let mut one = of_rule(rule, Confidence::High);
                one.detection.severity = severity;
                one.commit = Some(ObjectId::from_bytes_or_panic(&[1; 20]));
                let best = one.detection.clone();
                let exposure = Exposure { commits, ..Exposure::default() };
                scan.finding(best.secret.clone(), &[one], (&best, best.confidence), exposure)
            };
            let mut found = [
                finding(form, Severity::Low, 1),
                finding(form, Severity::High, 2),
                finding(assignment, Severity::High, 3),
            ];
            found.sort_by(worst_first);
            let severities: Vec<Severity> = found.iter().map(|one| one.severity).collect();
            assert_eq!(severities, [Severity::High, Severity::High, Severity::Low]);
            assert!(found[0].rule < found[1].rule);
        });
    }
}
