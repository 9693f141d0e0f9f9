//! Pages about rules: one rule, all rules, and the result of each rule on a line.

use serde::{Deserialize, Serialize};

use super::page::{Block, Inline, Line, checklist, code, remarks, severity, text, untrusted};
use super::view::StepView;
use crate::rule::{Confidence, Rule, Severity};

/// Returns the page about one line of a file, rule by rule.
pub fn line(place: &str, rows: Vec<(String, String)>) -> Vec<Block> {
    let heading = Block::Heading(1, vec![code(place)]);
    if rows.is_empty() {
        return vec![
            heading,
            remarks(vec!["the line contains no keyword of any rule, so no rule checked it".to_owned()]),
        ];
    }
    let rows = rows.into_iter().map(|(rule, sentence)| vec![vec![code(rule)], vec![untrusted(sentence)]]).collect();
    vec![heading, Block::Table(vec!["Rule", "Result"], rows)]
}

/// Returns the page of all rules.
pub fn rules(rules: &[&Rule]) -> Vec<Block> {
    let row = |rule: &&Rule| {
        vec![
            vec![code(&*rule.id)],
            vec![severity(rule.severity)],
            vec![text(rule.confidence.as_str())],
            vec![text(&*rule.name)],
        ]
    };
    let heads = vec!["Id", "Severity", "Confidence", "What"];
    vec![Block::Heading(1, vec![text("Rules")]), Block::Table(heads, rules.iter().map(row).collect())]
}

/// A rule: the secrets that it looks for, and the steps for its findings.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RuleView {
    /// The rule's id.
    pub id: String,
    /// The name of the secret.
    pub name: String,
    /// The provider that issues the secret.
    pub provider: String,
    /// The severity of a leak.
    pub severity: Severity,
    /// The confidence in a match.
    pub confidence: Confidence,
    /// The expression that the value has to match; absent if its name decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    /// The places in which the form is searched for.
    pub found: String,
    /// The keywords of the rule.
    pub keywords: Vec<String>,
    /// The offline checks, and the consequence if a value fails one.
    pub checks: Vec<String>,
    /// The fields that the rule searches for nearby.
    pub companions: Vec<String>,
    /// The access that the secret gives.
    pub impact: String,
    /// The harm that the obvious step would do; may be empty.
    pub caution: String,
    /// The steps that revoke the value, and those that put a new one in place.
    pub steps: Vec<StepView>,
    /// The way to see that the old value no longer works.
    pub verify: String,
    /// The command that verifies it; may be empty.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub verify_command: String,
    /// The command that asks the provider by hand, with the value in a variable; may be empty.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub by_hand: String,
    /// The reason why `keysweep live` never asks; empty if it does, or if nothing is known.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub never_asked: String,
    /// The place to look for misuse.
    pub audit: String,
    /// The command that shows misuse; may be empty.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub audit_command: String,
    /// The better mechanism that makes such a secret unnecessary.
    pub prevent: String,
    /// The addresses of pages with more details.
    pub links: Vec<String>,
}

/// Returns the page of a rule.
pub fn rule(rule: &RuleView) -> Vec<Block> {
    const HARMLESS: &str = "A check with the value signs in with it and shows in the provider's logs: make it once, for a secret of your own, with a request that only reads. keysweep sends no request unless you run 'keysweep live'.";
    let mut page = vec![Block::Heading(1, vec![text(&rule.name)]), Block::Facts(recognised(rule))];
    page.extend(section("Impact", &[&rule.impact]));
    page.extend(section("Caution", &[&rule.caution]));
    page.extend([Block::Heading(2, vec![text("What to do after a leak")]), checklist(&rule.steps)]);
    page.extend(section("How to check it without doing harm", &[&rule.verify, HARMLESS, &rule.never_asked]));
    page.extend(command(&rule.verify_command));
    if !rule.by_hand.is_empty() {
        page.push(Block::Command(
            "To ask by hand, run this in bash or zsh, and paste the value when it waits".to_owned(),
            rule.by_hand.clone(),
        ));
    }
    page.extend(section("Where to look for misuse", &[&rule.audit]));
    page.extend(command(&rule.audit_command));
    page.extend(section("How to prevent it", &[&rule.prevent]));
    if !rule.links.is_empty() {
        let links = rule.links.iter().map(|link| vec![Inline::Link(link.clone())]).collect();
        page.extend([Block::Heading(2, vec![text("More")]), Block::Lines(links)]);
    }
    page
}

/// Returns a block for a command; `None` if there is none.
fn command(command: &str) -> Option<Block> {
    (!command.is_empty()).then(|| Block::Lines(vec![vec![code(command)]]))
}

/// Returns a heading with its text; nothing if the text is empty.
fn section(heading: &str, sentences: &[&str]) -> Vec<Block> {
    let lines: Vec<Line> = sentences.iter().filter(|words| !words.is_empty()).map(|words| vec![text(*words)]).collect();
    if lines.is_empty() { Vec::new() } else { vec![Block::Heading(2, vec![text(heading)]), Block::Lines(lines)] }
}

/// Returns the way in which a rule recognises its secrets.
fn recognised(rule: &RuleView) -> Vec<(&'static str, Vec<Line>)> {
    let mut facts = vec![
        ("Id", vec![vec![code(&rule.id)]]),
        ("Issued by", vec![vec![text(&rule.provider)]]),
        ("Severity", vec![vec![severity(rule.severity)]]),
        ("Confidence", vec![vec![text(format!("{}, unless a check lowers it", rule.confidence.as_str()))]]),
        ("Found", vec![vec![text(&rule.found)]]),
    ];
    facts.extend(rule.form.as_ref().map(|form| ("Pattern", vec![vec![code(form)]])));
    let in_one = |list: &[String]| vec![list.iter().flat_map(|one| [code(one), text(" ")]).collect::<Line>()];
    let lists = [
        ("Keywords", in_one(&rule.keywords)),
        ("Offline checks", rule.checks.iter().map(|check| vec![text(check)]).collect()),
        ("Nearby", in_one(&rule.companions)),
    ];
    facts.extend(lists.into_iter().filter(|(_, lines)| lines.iter().any(|line| !line.is_empty())));
    facts
}
