//! Computes the points of the ledger from labels: a logistic regression over the marks of every value that is judged by
//! its name.
//!
//! It knows only what is reported with at least low confidence: not what is dropped, including for too few points, and
//! not what a provider's rule reports. A line without a label counts as not a secret. A point is a third of a unit of
//! log odds.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use keysweep::detect::Detector;
use keysweep::detect::context::path;
use keysweep::detect::ledger::{Ledger, MARKS};
use keysweep::rule::Confidence;
use keysweep::rule_set::RuleSet;

use crate::score::{Labels, Place, Truth};
use crate::tree;

const POINTS_OF_LOG_ODDS: f64 = 3.0;
const ROUNDS: usize = 3_000;
const STEP: f64 = 1.0;
/// The strength with which the weight of a rarely seen mark is kept near that of the current ledger.
const PULL: f64 = 2.0;

/// A value: its marks, and the label of its line.
struct Sample {
    marks: Vec<usize>,
    is_secret: bool,
}

/// Prints for each mark how often it was seen, how many of those values were secrets, its current points and those that
/// fit best.
pub(crate) fn measure(labels: &Path, tree: &Path) -> anyhow::Result<()> {
    let labels = tree::read(labels)?;
    let samples = samples(&Labels::new(&labels), tree)?;
    let (weights, start) = fitted(&samples);
    println!("| mark | seen | secrets | points | fitted |\n|---|--:|--:|--:|--:|");
    for (at, (mark, points, _)) in MARKS.into_iter().enumerate() {
        let with = samples.iter().filter(|sample| sample.marks.contains(&at));
        let (seen, secrets) =
            with.fold((0, 0), |(seen, secrets), one| (seen + 1, secrets + usize::from(one.is_secret)));
        println!("| {mark:?} | {seen} | {secrets} | {points} | {:.1} |", weights[at] * POINTS_OF_LOG_ODDS);
    }
    println!("\neven odds at {:.1} points", -start * POINTS_OF_LOG_ODDS);
    by_points(&samples);
    Ok(())
}

/// Prints how many values have each sum of points now, and how many of them are secrets.
fn by_points(samples: &[Sample]) {
    let mut sums: BTreeMap<i32, [usize; 2]> = BTreeMap::new();
    for Sample { marks, is_secret } in samples {
        let points = marks.iter().map(|mark| i32::from(MARKS[*mark].1)).sum();
        let [seen, secrets] = sums.entry(points).or_default();
        *seen += 1;
        *secrets += usize::from(*is_secret);
    }
    println!("\n| points | seen | secrets |\n|--:|--:|--:|");
    sums.iter().for_each(|(points, [seen, secrets])| println!("| {points} | {seen} | {secrets} |"));
}

fn samples(labels: &Labels<'_>, tree: &Path) -> anyhow::Result<Vec<Sample>> {
    let detector = Detector::new(RuleSet::builtin());
    let mut samples = Vec::new();
    for (name, file) in tree::files(tree)? {
        let text = fs::read(file)?;
        let found = detector.scan(&text);
        let judged = found.into_iter().filter_map(|one| path::apply(name.as_bytes(), one).ok());
        for one in judged.filter(|one| !one.ledger.is_unused()) {
            let line = 1 + text[..one.span.start].iter().filter(|byte| **byte == b'\n').count();
            let place = Place { path: name.clone(), line, rule: String::new(), confidence: Confidence::Low };
            let is_secret = match labels.truth(&place) {
                Truth::Secret => true,
                Truth::None | Truth::Unknown => false,
                Truth::Left => continue,
            };
            samples.push(Sample { marks: marks(one.ledger), is_secret });
        }
    }
    Ok(samples)
}

fn marks(ledger: Ledger) -> Vec<usize> {
    ledger.entries().map(|(mark, _, _)| mark as usize).collect()
}

/// Returns the weight of each mark in log odds, and the log odds of a value without marks.
fn fitted(samples: &[Sample]) -> (Vec<f64>, f64) {
    let before: Vec<f64> = MARKS.iter().map(|(_, points, _)| f64::from(*points) / POINTS_OF_LOG_ODDS).collect();
    let (mut weights, mut start) = (before.clone(), 0.0);
    for _ in 0..ROUNDS {
        let mut slope: Vec<f64> = weights.iter().zip(&before).map(|(now, before)| PULL * (before - now)).collect();
        let mut slope_of_start = 0.0;
        for sample in samples {
            let odds = start + sample.marks.iter().map(|mark| weights[*mark]).sum::<f64>();
            let error = f64::from(u8::from(sample.is_secret)) - 1.0 / (1.0 + (-odds).exp());
            sample.marks.iter().for_each(|mark| slope[*mark] += error);
            slope_of_start += error;
        }
        let step = STEP / samples.len().max(1) as f64;
        weights.iter_mut().zip(&slope).for_each(|(weight, slope)| *weight += step * slope);
        start += step * slope_of_start;
    }
    (weights, start)
}
