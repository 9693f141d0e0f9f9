//! The page about requests and answers.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::question::Question;
use crate::finding::{Asked, Liveness, Report};
use crate::live::Prepared;
use crate::live::ask::Outcome;
use crate::output::asked;
use crate::output::page::{Block, Inline, Tone, code, remarks, text, untrusted};
use crate::output::words::plural;

/// The content of the page.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct LiveView {
    /// The version number of the schema.
    pub(super) schema: u32,
    /// The requests to send.
    pub(super) requests: Vec<RequestView>,
    /// The answers about each finding; secrets that work come first.
    pub(super) asked: Vec<FindingAsked>,
    /// Further remarks.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(super) remarks: Vec<String>,
}

/// A group of requests that differ only in the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RequestView {
    /// The host that they go to.
    pub(super) host: String,
    /// The address with scheme and path; values that are filled in are shown as placeholders.
    pub(super) address: String,
    /// The HTTP method.
    pub(super) method: String,
    /// The names of the headers.
    pub(super) headers: Vec<String>,
    /// The rules whose secrets they are about.
    pub(super) rules: BTreeSet<String>,
    /// The number of requests.
    pub(super) count: usize,
}

/// The answer about a finding.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct FindingAsked {
    /// The finding's id.
    pub(super) id: String,
    /// The finding's rule.
    pub(super) rule: String,
    /// The finding's name.
    pub(super) name: String,
    /// The answer.
    #[serde(flatten)]
    pub(super) asked: Asked,
}

/// Returns the requests, grouped by address and method.
pub(super) fn listed(questions: &[Question<'_>], requests: &[Prepared<'_>]) -> Vec<RequestView> {
    let mut all: Vec<RequestView> = Vec::new();
    for (number, request) in requests.iter().enumerate() {
        let asked = questions.iter().filter(|question| question.request == Ok(number));
        let rules: BTreeSet<String> = asked.map(|question| question.finding.rule.to_string()).collect();
        let one = RequestView {
            host: request.place.shown.clone(),
            method: request.request.method.as_str().to_owned(),
            address: format!("{}{}", request.place.origin, request.request.path),
            headers: request.header_names(),
            rules,
            count: 1,
        };
        let alike = |have: &&mut RequestView| (&have.address, &have.method) == (&one.address, &one.method);
        match all.iter_mut().find(alike) {
            Some(have) => {
                have.count += 1;
                have.rules.extend(one.rules);
            }
            None => all.push(one),
        }
    }
    all.sort_by(|a, b| a.host.cmp(&b.host));
    all
}

/// Describes the requests in words, for the user to agree to: `count` of `all` are sent.
pub(super) fn preview(requests: &[RequestView], (count, all): (usize, usize)) -> String {
    let hosts: BTreeSet<&String> = requests.iter().map(|one| &one.host).collect();
    let requested =
        if count < all { format!("{count} of {}", plural(all, "request")) } else { plural(count, "request") };
    let mut lines = vec![format!("keysweep: {requested} to {}", plural(hosts.len(), "host"))];
    for one in requests {
        let rules = one.rules.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        lines.push(format!("  {} {} {}, {rules}", one.count, one.method, one.address));
    }
    lines.join("\n")
}

impl LiveView {
    /// Adds the answers to the questions.
    pub(super) fn add(&mut self, questions: &[Question<'_>], outcomes: &[Outcome]) {
        self.asked.extend(questions.iter().map(|question| FindingAsked {
            id: question.finding.id.to_string(),
            rule: question.finding.rule.to_string(),
            name: question.finding.name.to_string(),
            asked: question.outcome(outcomes),
        }));
        self.asked.sort_by_key(|one| (one.asked.word, one.rule.clone(), one.id.clone()));
    }

    /// Adds the findings that were not found again.
    pub(super) fn lost(&mut self, ids: &BTreeSet<String>, report: &Report) {
        let lost = ids.iter().filter(|id| report.findings.iter().all(|one| one.id.as_str() != id.as_str()));
        self.asked.extend(lost.map(|id| FindingAsked {
            id: id.clone(),
            rule: String::new(),
            name: String::new(),
            asked: Asked {
                word: Liveness::NotAsked,
                at: String::new(),
                host: String::new(),
                why: format!(
                    "this clone no longer has it, or the built-in rules and those of your own configuration do not find it: \
                     'keysweep verify --revoked {id} --stdin' takes the value from standard input"
                ),
                reveals: BTreeMap::new(),
            },
        }));
    }

    /// Returns the page of what would be sent.
    pub(super) fn plan(&self) -> Vec<Block> {
        let rows = self.requests.iter().map(|one| {
            let names = one.headers.join(", ");
            let rules = one.rules.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            let address = format!("{} {}", one.method, one.address);
            vec![vec![text(one.count.to_string())], vec![code(address)], vec![code(names)], vec![code(rules)]]
        });
        let heads = vec!["How many", "Request", "Headers", "About secrets of"];
        let mut page = vec![Block::Heading(1, vec![text("Requests that would be sent")])];
        if self.requests.is_empty() {
            page.push(remarks(vec!["none: nothing can be asked about these findings".to_owned()]));
        } else {
            page.push(Block::Table(heads, rows.collect()));
        }
        page.extend(self.others());
        page
    }

    /// Returns the page of the answers.
    pub(super) fn page(&self) -> Vec<Block> {
        let rows = self.asked.iter().filter(|one| one.asked.word != Liveness::NotAsked);
        let rows = rows.map(|one| {
            let word = Inline::Badge(tone(one.asked.word), one.asked.word.as_str().to_owned());
            vec![
                vec![word],
                vec![code(&one.id)],
                vec![code(&one.rule)],
                vec![untrusted(asked::answer_line(&one.asked))],
            ]
        });
        let rows: Vec<_> = rows.collect();
        let mut page = vec![Block::Heading(1, vec![text("What providers say")])];
        if !rows.is_empty() {
            page.push(Block::Table(vec!["Word", "Finding", "Rule", "What was said"], rows));
        }
        page.extend(self.others());
        page
    }

    /// Returns the findings that were not asked about, and the remarks.
    fn others(&self) -> Vec<Block> {
        let mut page = Vec::new();
        let rows: Vec<_> = self
            .asked
            .iter()
            .filter(|one| one.asked.word == Liveness::NotAsked && one.asked.why != "nothing was sent")
            .map(|one| vec![vec![code(&one.id)], vec![code(&one.rule)], vec![untrusted(one.asked.why.clone())]])
            .collect();
        if !rows.is_empty() {
            page.extend([
                Block::Heading(2, vec![text("Not asked")]),
                Block::Table(vec!["Finding", "Rule", "Why"], rows),
            ]);
        }
        if !self.remarks.is_empty() {
            page.push(remarks(self.remarks.clone()));
        }
        page
    }
}

fn tone(word: Liveness) -> Tone {
    match word {
        Liveness::Live => Tone::Worst,
        Liveness::Restricted => Tone::Bad,
        Liveness::Unknown => Tone::Unsure,
        Liveness::NotAsked => Tone::Plain,
        Liveness::Dead => Tone::Good,
    }
}
