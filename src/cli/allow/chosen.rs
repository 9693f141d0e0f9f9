//! The choice of findings: those whose ids are given, or all of the last commit that was stopped.

use std::collections::BTreeMap;

use crate::cli::args::AllowArgs;
use crate::cli::report_store::Stored;
use crate::finding::{Command, ContentKind};
use crate::output::view::FindingView;
use crate::text::escape;

/// The least number of characters of an id that are enough if no other id starts with them.
const FEWEST: usize = 4;
/// The most ids that an error about an unknown id names.
const MOST_NAMED: usize = 5;

/// A finding that is to be allowed.
#[derive(Debug, Clone)]
pub(super) struct Chosen {
    /// Its id.
    pub(super) id: String,
    /// The rule that found it.
    pub(super) rule: String,
    /// The places where reports have seen it: the kind of content, and the path as it is shown.
    pub(super) places: Vec<(ContentKind, String)>,
    /// `true` if a report says that a commit holds it.
    pub(super) is_committed: bool,
}

impl Chosen {
    fn new(view: &FindingView) -> Self {
        Self {
            id: view.id.clone(),
            rule: view.rule.clone(),
            places: view.occurrences.iter().map(|place| (place.kind, place.path.clone())).collect(),
            is_committed: view.occurrences.iter().any(|place| place.commit.is_some() || place.kind.is_lasting()),
        }
    }
}

/// Returns the findings that the arguments name.
///
/// # Errors
/// Fails if a finding is not known, or if no commit was stopped.
pub(super) fn of(
    args: &AllowArgs,
    stored: &[Stored],
    staged: impl Iterator<Item = Chosen>,
) -> anyhow::Result<Vec<Chosen>> {
    let known = known(stored, staged);
    if args.last {
        let findings = last(stored)?;
        return Ok(findings.iter().filter_map(|one| known.get(&one.id).cloned()).collect());
    }
    let mut chosen: Vec<Chosen> = Vec::new();
    for id in &args.ids {
        let one = resolved(id, &known)?;
        if !chosen.iter().any(|other| other.id == one.id) {
            chosen.push(one);
        }
    }
    Ok(chosen)
}

/// Returns the findings that stopped the last commit, unless a later report has shown others, which the user might mean
/// instead.
fn last(stored: &[Stored]) -> anyhow::Result<&[FindingView]> {
    let is_stopped = |one: &&Stored| one.report.command == Command::Staged && !one.report.findings.is_empty();
    let Some(stopped) = stored.iter().find(is_stopped) else {
        anyhow::bail!("no report of a stopped commit is stored here; name the findings by their ids");
    };
    let findings = &stopped.report.findings;
    let is_other = |one: &&FindingView| !findings.iter().any(|have| have.id == one.id);
    let newer = stored.iter().take_while(|one| !is_stopped(one));
    let others = newer.map(|one| (one.report.command, one.report.findings.iter().filter(is_other).collect::<Vec<_>>()));
    match others.into_iter().find(|(_, others)| !others.is_empty()) {
        None => Ok(findings),
        Some((command, others)) => anyhow::bail!(
            "--last means the commit that was stopped ({}), but 'keysweep {}' has reported other findings since ({}); name the findings that you mean by their ids",
            named(&findings.iter().collect::<Vec<_>>()),
            command.as_str(),
            named(&others)
        ),
    }
}

/// Lists some findings by id and rule.
fn named(findings: &[&FindingView]) -> String {
    let names = findings.iter().take(MOST_NAMED).map(|one| format!("{} {}", one.id, one.rule));
    let more = findings.len().saturating_sub(MOST_NAMED);
    let more = (more > 0).then(|| format!("{more} more"));
    names.chain(more).collect::<Vec<_>>().join(", ")
}

/// Returns the findings of the stored reports and of the index, by id.
fn known(stored: &[Stored], staged: impl Iterator<Item = Chosen>) -> BTreeMap<String, Chosen> {
    let mut known: BTreeMap<String, Chosen> = BTreeMap::new();
    let views = stored.iter().flat_map(|one| one.report.all());
    for one in views.map(Chosen::new).chain(staged) {
        match known.get_mut(&one.id) {
            Some(have) => {
                have.places.extend(one.places);
                have.is_committed |= one.is_committed;
            }
            None => {
                known.insert(one.id.clone(), one);
            }
        }
    }
    known
}

fn resolved(id: &str, known: &BTreeMap<String, Chosen>) -> anyhow::Result<Chosen> {
    let wanted = id.to_ascii_lowercase();
    if let Some(one) = known.get(&wanted) {
        return Ok(one.clone());
    }
    let starts: Vec<&Chosen> = known.values().filter(|one| one.id.starts_with(&wanted)).collect();
    let shown = escape(id.as_bytes());
    let named = |list: &[&Chosen]| {
        let names = list.iter().take(MOST_NAMED).map(|one| format!("{} ({})", one.id, one.rule));
        names.collect::<Vec<_>>().join(", ")
    };
    match starts.as_slice() {
        [one] if wanted.len() >= FEWEST => Ok((*one).clone()),
        [_, _, ..] if wanted.len() >= FEWEST => {
            anyhow::bail!("the ids of {} findings start with '{shown}': {}", starts.len(), named(&starts))
        }
        _ => {
            let near: Vec<&Chosen> = known.values().filter(|one| is_near(&wanted, &one.id)).collect();
            let near = if near.is_empty() { String::new() } else { format!("; similar ids are {}", named(&near)) };
            anyhow::bail!(
                "no finding in the last reports or in the index has the id '{shown}'{near}; 'keysweep staged' and 'keysweep history' list findings with their ids"
            )
        }
    }
}

/// Returns `true` if two ids start alike, or differ in two characters at most.
fn is_near(a: &str, b: &str) -> bool {
    let is_start = a.len() >= 3 && b.starts_with(&a[..a.floor_char_boundary(3)]);
    let differing = a.bytes().zip(b.bytes()).filter(|(a, b)| a != b).count();
    is_start || a.len() == b.len() && differing <= 2
}
