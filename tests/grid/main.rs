//! Tests of the built-in rules for assigned values, for any owner of the secret, any name and any format of the file:
//! random values are found, and everything else under the same names isn't reported.
//!
//! The grid is owners by heads by formats by alphabets. Every run checks the same cells of it, spread evenly; a failure
//! says which owners, heads, formats and alphabets the wrong cells have in common. Nothing here is a secret: values are
//! generated at run time.

mod formats;
mod names;
mod values;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use keysweep::detect::Detector;
use keysweep::detect::context::{self, Context};
use keysweep::detect::trace::{Look, Outcome};
use keysweep::rule::{Confidence, Matcher};
use keysweep::rule_set::RuleSet;
use keysweep::text::Span;

use formats::{FORMATS, Format};
use names::{HEADS, OWNERS};
use values::{ALPHABETS, HARMLESS, Random, digest};

/// The sampling rate: one in this many cells is checked.
const ONE_IN: u64 = 12;
/// The least number of random values that are found, of a thousand.
const FOUND: usize = 990;
/// The least percentage of wrong cells for a group to be named.
const WORTH_NAMING: usize = 2;

/// A cell of the grid: a name in a file of some format.
struct Cell {
    owner: &'static str,
    head: &'static str,
    format: &'static Format,
    /// The index of the alphabet, or of the kind of harmless value.
    kind: usize,
    random: Random,
}

impl Cell {
    /// Returns `true` for a password column in a database dump, where hexadecimal digits are hashes.
    fn keeps_hashes(&self, alphabet: &str) -> bool {
        self.format.name == "sql"
            && alphabet.eq_ignore_ascii_case("hex")
            && ["PASSWORD", "PASSWD", "PASSPHRASE", "PWD"].contains(&self.head)
    }

    /// Returns the cells that are checked, of a grid with this many kinds of values.
    fn sample(kinds: usize) -> impl Iterator<Item = Self> {
        let sizes = [OWNERS.len(), HEADS.len(), FORMATS.len(), kinds];
        (0..sizes.iter().product::<usize>()).filter_map(move |number| {
            let mut random = Random::new(number as u64);
            if !random.next().is_multiple_of(ONE_IN) {
                return None;
            }
            let mut rest = number;
            let [owner, head, format, kind] = sizes.map(|size| {
                let at = rest % size;
                rest /= size;
                at
            });
            Some(Self { owner: OWNERS[owner], head: HEADS[head], format: &FORMATS[format], kind, random })
        })
    }

    /// Returns the text of the file with this value.
    fn file(&self, value: &str) -> String {
        let name = self.format.case.of(&format!("{}_{}", self.owner, self.head));
        (self.format.write)(&name, value)
    }
}

/// Returns the secrets in a file, each with the confidence of the rules.
fn secrets(detector: &Detector, format: &Format, text: &str) -> Vec<(String, Confidence)> {
    let context = Context { path: format.path.as_bytes(), now: 1_700_000_000, min_confidence: Confidence::Medium };
    let found = detector.scan(text.as_bytes()).into_iter();
    found
        .filter_map(|one| context::apply(detector, text.as_bytes(), &context, one))
        .map(|one| (String::from_utf8_lossy(one.secret.reveal()).into_owned(), one.confidence))
        .collect()
}

/// Returns the reasons why no rule that goes by assigned names finds a value in a text.
fn reasons(detector: &Detector, text: &str) -> String {
    let dropped = |look: Look| match look.outcome {
        Outcome::Dropped(rejection) => Some(rejection.as_str()),
        Outcome::NoMatch | Outcome::Accepted(_) => None,
    };
    let looks = detector.trace(text.as_bytes(), Span::new(0, text.len()));
    let named = |look: &Look| matches!(detector.rules().rules[look.rule].matcher, Matcher::Assignment);
    let reasons: BTreeSet<&str> = looks.into_iter().filter(named).filter_map(dropped).collect();
    if reasons.is_empty() {
        "nothing is assigned".to_owned()
    } else {
        reasons.into_iter().collect::<Vec<_>>().join(", ")
    }
}

/// The numbers of cells that were checked and that were wrong, by what they have in common.
#[derive(Default)]
struct Tally {
    /// For each axis and each of its values, the number of cells that were checked and that were wrong.
    groups: BTreeMap<(&'static str, String), (usize, usize)>,
    wrong: Vec<String>,
    seen: usize,
}

impl Tally {
    /// Counts a cell with this text; `wrong` is the reason if the cell is wrong.
    fn count(&mut self, cell: &Cell, kind: &str, text: &str, wrong: Option<String>) {
        self.seen += 1;
        let axes = [("kind", kind), ("head", cell.head), ("format", cell.format.name), ("owner", cell.owner)];
        for (axis, what) in axes.into_iter().chain(wrong.as_deref().map(|why| ("why", why))) {
            let (seen, bad) = self.groups.entry((axis, what.to_owned())).or_default();
            *seen += 1;
            *bad += usize::from(wrong.is_some());
        }
        self.wrong.extend(wrong.map(|why| format!("{}, {why}: {text}", cell.format.name)));
    }

    /// Describes what the wrong cells have in common, and lists some of them.
    fn describe(&self) -> String {
        const SOME: usize = 60;
        let mut said = format!("{} of {} wrong\n", self.wrong.len(), self.seen);
        let mut groups: Vec<_> = self.groups.iter().filter(|(_, (_, bad))| *bad > 0).collect();
        groups.sort_by_key(|((axis, _), (seen, bad))| (*axis, Reverse(bad * 1000 / seen), Reverse(*bad)));
        for ((axis, what), (seen, bad)) in groups {
            if bad * 100 >= seen * WORTH_NAMING {
                let _ = writeln!(said, "{axis:>7} {what:40} {bad:>5} of {seen}");
            }
        }
        let every = self.wrong.len().div_ceil(SOME).max(1);
        self.wrong.iter().step_by(every).for_each(|one| said.extend(["\n", one]));
        said
    }
}

#[test]
fn a_random_value_is_found_for_any_owner() {
    let detector = Detector::new(RuleSet::builtin());
    let mut tally = Tally::default();
    for mut cell in Cell::sample(ALPHABETS.len()) {
        let alphabet = &ALPHABETS[cell.kind];
        if cell.keeps_hashes(alphabet.name) {
            continue;
        }
        let value = alphabet.draw(&mut cell.random);
        let text = cell.file(&value);
        let found = secrets(&detector, cell.format, &text);
        let wrong = match found.iter().find(|(secret, _)| *secret == value) {
            Some((_, confidence)) if *confidence >= Confidence::Medium => None,
            Some(_) => Some("of low confidence".to_owned()),
            None if found.is_empty() => Some(reasons(&detector, &text)),
            None => Some("another part of the text".to_owned()),
        };
        tally.count(&cell, alphabet.name, &text, wrong);
    }
    let found = (tally.seen - tally.wrong.len()) * 1000 / tally.seen;
    assert!(found >= FOUND, "{}", tally.describe());
}

#[test]
fn a_harmless_value_is_not_reported_under_any_name() {
    let detector = Detector::new(RuleSet::builtin());
    let mut tally = Tally::default();
    for mut cell in Cell::sample(HARMLESS.len()) {
        let harmless = &HARMLESS[cell.kind];
        let value = match harmless.values {
            [] => digest(&mut cell.random),
            values => cell.random.pick(values).to_owned(),
        };
        let text = cell.file(&value);
        let mut found = secrets(&detector, cell.format, &text);
        found.retain(|(_, confidence)| *confidence >= Confidence::Medium);
        tally.count(&cell, harmless.name, &text, (!found.is_empty()).then(|| "reported".to_owned()));
    }
    assert!(tally.wrong.is_empty(), "{}", tally.describe());
}
