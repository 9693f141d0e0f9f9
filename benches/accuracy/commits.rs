//! Measures how often a hook would have stopped a user: the changes of each of the newest commits of repositories,
//! judged as before the commit.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use keysweep::finding::{Command, Finding, Scope};
use keysweep::git::{Repo, repo};
use keysweep::rule::Confidence;
use keysweep::source::{range, staged};
use serde::Serialize;

use crate::{list, report};

/// A finding for which a commit would have been stopped, for manual review.
#[derive(Serialize)]
struct Stop {
    repository: String,
    commit: Option<String>,
    rule: String,
    severity: &'static str,
    confidence: &'static str,
    path: String,
    line: usize,
}

/// The results for a repository.
struct Seen {
    commits: usize,
    stopped: usize,
    stops: Vec<Stop>,
}

/// Prints how many of the newest commits would have been stopped, and lists the findings.
pub(crate) fn measure(count: usize, repos: &[PathBuf], least: Confidence, lists: &Path) -> anyhow::Result<()> {
    println!("| repository | commits | findings | commits stopped |\n|---|--:|--:|--:|");
    let (mut commits, mut stopped, mut stops) = (0, 0, Vec::new());
    for path in repos {
        match seen(path, count, least) {
            Ok(seen) => {
                println!("| {} | {} | {} | {} |", path.display(), seen.commits, seen.stops.len(), seen.stopped);
                commits += seen.commits;
                stopped += seen.stopped;
                stops.extend(seen.stops);
            }
            Err(error) => println!("| {} | left out: {error:#} | | |", path.display()),
        }
    }
    let rate = if commits == 0 { 0.0 } else { stopped as f64 * 1000.0 / commits as f64 };
    println!("| all | {commits} | {} | {stopped}: {rate:.1} of a thousand |", stops.len());
    list(&lists.join("stops.jsonl"), stops)?;
    println!("\nstops.jsonl, to be read: {}", lists.display());
    Ok(())
}

/// Scans what the commits add since the one that is this many first parents back.
fn seen(path: &Path, count: usize, least: Confidence) -> anyhow::Result<Seen> {
    let repository = Repo::open(path)?;
    let local = repository.local();
    let head = repository.head().context("it has no commit")?;
    let base = repo::resolve(&local, &format!("HEAD~{count}")).context("it has no more commits than that")?;
    let listing = range::list(&repository, base, head)?;
    let scope = Scope { command: Command::Range, subject: "the newest commits".to_owned() };
    let found = report(Some(&repository), least, scope, |scan, scope| {
        scan.listed(listing, scope, &|path, blob| staged::known_content(&repository, base, path, blob))
    });
    let firsts: BTreeSet<&String> =
        found.findings.iter().filter_map(|one| one.exposure.first_commit.as_ref()).collect();
    Ok(Seen {
        commits: found.stats.commits,
        stopped: firsts.len(),
        stops: found.findings.iter().map(|finding| stop(path, finding)).collect(),
    })
}

fn stop(repository: &Path, finding: &Finding) -> Stop {
    let first = finding.occurrences.first();
    Stop {
        repository: repository.display().to_string(),
        commit: finding.exposure.first_commit.clone(),
        rule: finding.rule.to_string(),
        severity: finding.severity.as_str(),
        confidence: finding.confidence.as_str(),
        path: first.map(|place| place.path.to_string()).unwrap_or_default(),
        line: first.map_or(0, |place| place.start.line),
    }
}
