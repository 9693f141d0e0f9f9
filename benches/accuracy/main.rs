//! Measures how accurate the rules are: against the labels of a tree, and on the newest commits of repositories.
//! `docs/accuracy.md` says how to run it and has the figures. The data isn't included.

#![expect(clippy::print_stdout, reason = "tables are what it is run for")]

mod commits;
mod fit;
mod score;
mod tree;

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use keysweep::config::ScanOptions;
use keysweep::detect::Detector;
use keysweep::finding::{Report, Scope};
use keysweep::git::Repo;
use keysweep::remediation::Surroundings;
use keysweep::rule::Confidence;
use keysweep::rule_set::RuleSet;
use keysweep::scan::{Lazy, Progress, Scan};
use serde::Serialize;

const USAGE: &str = "cargo bench --bench accuracy -- LABELS.jsonl TREE [--min-confidence low|medium|high] [--lists FOLDER]\n\
                     cargo bench --bench accuracy -- --fit LABELS.jsonl TREE\n\
                     cargo bench --bench accuracy -- --commits N REPOSITORY... [--min-confidence ...] [--lists FOLDER]";

/// The options of the command line.
struct Args {
    /// The number of newest commits that are scanned in each repository; if `None`, the paths are labels and a tree.
    commits: Option<usize>,
    /// Set if the points of the ledger are to be computed again.
    fit: bool,
    min_confidence: Confidence,
    /// The folder for the lists.
    lists: PathBuf,
    paths: Vec<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse()?;
    fs::create_dir_all(&args.lists).with_context(|| format!("making '{}'", args.lists.display()))?;
    match (args.commits, args.paths.as_slice()) {
        (Some(count), [_, ..]) => commits::measure(count, &args.paths, args.min_confidence, &args.lists),
        (None, [labels, tree]) if args.fit => fit::measure(labels, tree),
        (None, [labels, tree]) => tree::measure(labels, tree, args.min_confidence, &args.lists),
        _ => bail!("{USAGE}"),
    }
}

impl Args {
    fn parse() -> anyhow::Result<Self> {
        let lists = Path::new(env!("CARGO_TARGET_TMPDIR")).join("accuracy");
        let mut parsed =
            Self { commits: None, fit: false, min_confidence: Confidence::Medium, lists, paths: Vec::new() };
        let mut args = std::env::args().skip(1);
        while let Some(argument) = args.next() {
            let mut value = || args.next().context(USAGE);
            match argument.as_str() {
                // Cargo adds this option.
                "--bench" => {}
                "--commits" => parsed.commits = Some(value()?.parse().context(USAGE)?),
                "--fit" => parsed.fit = true,
                "--min-confidence" => parsed.min_confidence = confidence(&value()?)?,
                "--lists" => parsed.lists = value()?.into(),
                option if option.starts_with('-') => bail!("{USAGE}"),
                path => parsed.paths.push(path.into()),
            }
        }
        Ok(parsed)
    }
}

fn confidence(word: &str) -> anyhow::Result<Confidence> {
    let all = [Confidence::Low, Confidence::Medium, Confidence::High];
    all.into_iter().find(|one| one.as_str() == word).context(USAGE)
}

/// Returns the report of a scan from this confidence on, without anything that allows findings.
fn report(
    repo: Option<&Repo>,
    min_confidence: Confidence,
    scope: Scope,
    scan: impl FnOnce(&Scan<'_>, Scope) -> Report,
) -> Report {
    let detector = Detector::new(RuleSet::builtin());
    let options = ScanOptions { min_confidence, ..ScanOptions::default() };
    let progress = Progress::default();
    let no_git = repo.is_none();
    let surroundings = Lazy::new(Box::new(move || Surroundings { no_git, ..Surroundings::default() }));
    scan(&Scan { detector: &detector, options: &options, repo, surroundings, progress: &progress }, scope)
}

/// Writes a list, one JSON object per line.
fn list<T: Serialize>(file: &Path, entries: impl IntoIterator<Item = T>) -> anyhow::Result<()> {
    let mut out = BufWriter::new(File::create(file).with_context(|| format!("making '{}'", file.display()))?);
    for entry in entries {
        serde_json::to_writer(&mut out, &entry)?;
        writeln!(out)?;
    }
    Ok(out.flush()?)
}
