//! Pages about rules: one, all of them, and what they say of a line.

use serde::{Deserialize, Serialize};

use super::page::{Block, Inline, Line, checklist, code, remarks, severity, text, untrusted};
use super::view::StepView;
use crate::rule::{Confidence, Rule, Severity};

/// The page about one line of a file, rule by rule.
pub fn line(place: &str, rows: Vec<(String, String)>) -> Vec<Block> {
    let heading = Block::Heading(1, vec![code(place)]);
    if rows.is_empty() {
        return vec![
            heading,
            remarks(vec!["the line contains no keyword of any rule, so no rule checked it".to_owned()]),
        ];
    }
    let rows = rows.into_iter().map(|(rule, says)| vec![vec![code(rule)], vec![untrusted(says)]]).collect();
    vec![heading, Block::Table(vec!["Rule", "Result"], rows)]
}

/// The page of all rules.
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
    /// Its id.
    pub id: String,
    /// The name of the secret.
    pub name: String,
    /// Who issues it.
    pub provider: String,
    /// How bad a leak is.
    pub severity: Severity,
    /// How sure a match is.
    pub confidence: Confidence,
    /// The expression that the value has to match; absent where its name decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    /// Where that form is looked for.
    pub found: String,
    /// The words that are looked for.
    pub keywords: Vec<String>,
    /// Offline checks, and what becomes of a value that fails.
    pub checks: Vec<String>,
    /// The fields that are looked for nearby.
    pub companions: Vec<String>,
    /// The access that the secret gives.
    pub impact: String,
    /// The harm that the obvious step would do; may be empty.
    pub caution: String,
    /// Steps that make the value useless, and those that put a new one in place.
    pub steps: Vec<StepView>,
    /// How to see that the old value is dead.
    pub verify: String,
    /// The command that shows it; may be empty.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub verify_command: String,
    /// The command that asks the provider, with the value in a variable; may be empty.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub by_hand: String,
    /// Why 'keysweep live' never asks; empty if it does, or if nothing is known of it.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub never_asked: String,
    /// Where to look for misuse.
    pub audit: String,
    /// The command that shows it; may be empty.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub audit_command: String,
    /// The better mechanism.
    pub prevent: String,
    /// Where more is said.
    pub links: Vec<String>,
}

/// The page of a rule.
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

/// A command by itself; nothing if there is none.
fn command(command: &str) -> Option<Block> {
    (!command.is_empty()).then(|| Block::Lines(vec![vec![code(command)]]))
}

/// A heading over what there is to say; nothing if there is nothing.
fn section(heading: &str, said: &[&str]) -> Vec<Block> {
    let lines: Vec<Line> = said.iter().filter(|words| !words.is_empty()).map(|words| vec![text(*words)]).collect();
    if lines.is_empty() { Vec::new() } else { vec![Block::Heading(2, vec![text(heading)]), Block::Lines(lines)] }
}

/// How a rule knows its secrets.
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
