//! A question about a finding, and its outcome.

use std::collections::BTreeMap;

use crate::cli::clock;
use crate::finding::{Asked, Evidence, Finding, Liveness};
use crate::live::ask::Outcome;
use crate::live::{Hosts, Prepared, request};
use crate::rule::live::Ask;
use crate::rule_set::RuleSet;
use crate::text::time::rfc3339;

/// A finding, and the question about it.
pub(super) struct Question<'f> {
    pub(super) finding: &'f Finding,
    /// The number of its request, or the reason why there is none.
    pub(super) request: Result<usize, String>,
}

impl<'f> Question<'f> {
    /// Creates the question about a finding, and adds its request to `requests` if it is new.
    pub(super) fn new<'r>(
        finding: &'f Finding,
        rules: &'r RuleSet,
        hosts: &Hosts,
        requests: &mut Vec<Prepared<'r>>,
    ) -> Self {
        let prepared = prepared(finding, rules, hosts);
        // Several rules that send the same request may find the same secret.
        let at = prepared.map(|new| {
            requests.iter().position(|request| *request == new).unwrap_or_else(|| {
                requests.push(new);
                requests.len() - 1
            })
        });
        Self { finding, request: at }
    }

    /// Returns the answer to the question, or the reason why it wasn't asked.
    pub(super) fn outcome(&self, outcomes: &[Outcome]) -> Asked {
        let at = rfc3339(clock::now()).unwrap_or_default();
        let not_asked = |why: &str| Asked {
            word: Liveness::NotAsked,
            at: at.clone(),
            host: String::new(),
            why: why.to_owned(),
            reveals: BTreeMap::new(),
        };
        match &self.request {
            Err(why) => not_asked(why),
            Ok(number) => match outcomes.get(*number) {
                None => not_asked("nothing was sent"),
                Some(Outcome { interpretation, host }) => {
                    let (why, reveals) = (interpretation.why.clone(), interpretation.reveals.clone());
                    Asked { word: interpretation.word, at: at.clone(), host: host.clone(), why, reveals }
                }
            },
        }
    }
}

fn prepared<'r>(finding: &Finding, rules: &'r RuleSet, hosts: &Hosts) -> Result<Prepared<'r>, String> {
    let expired = finding.evidence.iter().find_map(|evidence| match evidence {
        Evidence::Expired(end) => Some(end),
        _ => None,
    });
    if let Some(end) = expired {
        return Err(format!("by its own date, it expired on {end}"));
    }
    if finding.facts.iter().any(|fact| fact.field == "aws_canary") {
        return Err("it is a decoy: a request would alert its owner".to_owned());
    }
    match rules.live(&finding.rule).map(|live| &live.ask) {
        None => Err("no request is known that would show it".to_owned()),
        Some(Ask::Never(why)) => Err(why.to_string()),
        Some(Ask::Request(request)) => request::prepare(request, &finding.secret, &finding.facts, hosts, clock::now()),
    }
}
