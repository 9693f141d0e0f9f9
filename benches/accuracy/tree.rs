//! Compares the findings in a tree of files with its labels.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bstr::BString;
use keysweep::finding::{Command, ContentKind, Report, Scope};
use keysweep::rule::Confidence;
use keysweep::source::{Content, Item, Listing};

use crate::score::{Label, Labels, Place, Score, Truth};
use crate::{list, report};

/// Prints how accurate the rules are, from each confidence on and by rule, and lists what was missed and what is wrong.
pub(crate) fn measure(labels: &Path, tree: &Path, least: Confidence, lists: &Path) -> anyhow::Result<()> {
    let labels = read(labels)?;
    let labels = Labels::new(&labels);
    let places = places(tree)?;
    println!(
        "| confidence | found | missed | wrong, labelled | without a label | recall | precision, labelled | precision | F1 |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|"
    );
    for confidence in [Confidence::Low, Confidence::Medium, Confidence::High] {
        row(confidence, &labels.score(places.iter().filter(|place| place.confidence >= confidence)));
    }
    let reported: Vec<&Place> = places.iter().filter(|place| place.confidence >= least).collect();
    by_rule(&labels, &reported);
    let wrong = reported.iter().filter(|place| matches!(labels.truth(place), Truth::None | Truth::Unknown));
    list(&lists.join("wrong.jsonl"), wrong)?;
    list(&lists.join("missed.jsonl"), labels.score(reported.iter().copied()).missed)?;
    println!("\nmissed.jsonl and wrong.jsonl, from {} confidence on: {}", least.as_str(), lists.display());
    Ok(())
}

fn row(confidence: Confidence, score: &Score) {
    let Score { found, missed, labelled_wrong, unlabelled } = score;
    let percent = |part: f64| format!("{:.1} %", part * 100.0);
    println!(
        "| {} | {found} | {} | {labelled_wrong} | {unlabelled} | {} | {} | {} | {:.3} |",
        confidence.as_str(),
        missed.len(),
        percent(score.recall()),
        percent(score.labelled_precision()),
        percent(score.precision()),
        score.f1(),
    );
}

/// Prints how often each rule is right, starting with the one that is wrong most often.
fn by_rule(labels: &Labels<'_>, places: &[&Place]) {
    let mut rules: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for place in places {
        let [right, wrong, unknown] = rules.entry(&place.rule).or_default();
        match labels.truth(place) {
            Truth::Secret => *right += 1,
            Truth::None => *wrong += 1,
            Truth::Unknown => *unknown += 1,
            Truth::Left => {}
        }
    }
    let mut rules: Vec<_> = rules.into_iter().collect();
    rules.sort_by_key(|(rule, [_, wrong, unknown])| (std::cmp::Reverse(wrong + unknown), *rule));
    println!("\n| rule | right | wrong, labelled | without a label |\n|---|--:|--:|--:|");
    for (rule, [right, wrong, unknown]) in rules {
        println!("| {rule} | {right} | {wrong} | {unknown} |");
    }
}

pub(crate) fn read(file: &Path) -> anyhow::Result<Vec<Label>> {
    let text = fs::read_to_string(file).with_context(|| format!("reading '{}'", file.display()))?;
    let label = |(number, line): (usize, &str)| {
        serde_json::from_str(line).with_context(|| format!("line {number} of '{}'", file.display()))
    };
    (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()).map(label).collect()
}

/// Returns every place that is reported at any confidence, in order. Ignore files and the location of the tree have no
/// effect.
fn places(tree: &Path) -> anyhow::Result<Vec<Place>> {
    let item = |(name, file)| Item {
        kind: ContentKind::File,
        path: BString::from(name),
        content: Content::File(file),
        commit: None,
    };
    let listing = Listing { items: files(tree)?.into_iter().map(item).collect(), ..Listing::default() };
    let scope = Scope { command: Command::Files, subject: "the tree".to_owned() };
    let found: Report = report(None, Confidence::Low, scope, |scan, scope| scan.listed(listing, scope, &|_, _| false));
    for gap in &found.gaps {
        println!("not read: {}: {}", gap.what, gap.why);
    }
    let mut places: Vec<Place> = found
        .findings
        .iter()
        .flat_map(|finding| {
            finding.occurrences.iter().map(|occurrence| Place {
                path: occurrence.path.to_string(),
                line: occurrence.start.line,
                rule: finding.rule.to_string(),
                confidence: finding.confidence,
            })
        })
        .collect();
    places.sort();
    places.dedup();
    Ok(places)
}

/// Returns all files of a tree, with their paths from its root.
pub(crate) fn files(tree: &Path) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    below(tree, tree, &mut found)?;
    Ok(found)
}

fn below(folder: &Path, tree: &Path, found: &mut Vec<(String, PathBuf)>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("reading '{}'", folder.display()))? {
        let (path, kind) = entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)))?;
        if kind.is_dir() {
            below(&path, tree, found)?;
        } else if kind.is_file() {
            found.push((path.strip_prefix(tree)?.to_string_lossy().into_owned(), path));
        }
    }
    Ok(())
}
