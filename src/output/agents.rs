//! The agents whose files secrets are in, if files of coding agents were scanned.

use std::collections::BTreeMap;

use super::view::View;
use super::words::plural;
use crate::finding::{AgentFiles, CodingAgent};

/// Returns the number of secrets in each agent's files of each kind. A secret in files of several kinds counts in each.
pub(super) fn tally(view: &View) -> Vec<(&'static str, String)> {
    let mut counts: BTreeMap<CodingAgent, BTreeMap<AgentFiles, usize>> = BTreeMap::new();
    for finding in &view.findings {
        let mut places: Vec<_> =
            finding.occurrences.iter().filter_map(|place| place.agent).map(|place| (place.agent, place.kind)).collect();
        places.sort_unstable();
        places.dedup();
        for (agent, kind) in places {
            *counts.entry(agent).or_default().entry(kind).or_default() += 1;
        }
    }
    let words = |kinds: BTreeMap<AgentFiles, usize>| {
        let of = |(kind, count): (AgentFiles, usize)| format!("{} in {}", plural(count, "secret"), kind.as_str());
        kinds.into_iter().map(of).collect::<Vec<_>>().join(", ")
    };
    counts.into_iter().map(|(agent, kinds)| (agent.name(), words(kinds))).collect()
}
