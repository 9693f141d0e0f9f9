//! `rules list|check|import`: lists the rules, tests them, or converts those of gitleaks.

use std::io::{self, Write};
use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

use super::args::{Common, RulesAction, TextArgs};
use super::exit::ExitStatus;
use super::session::Session;
use super::{shell, withhold};
use crate::config::import;
use crate::fs::bounded;
use crate::output::paper::{Paper, Style};
use crate::output::words::plural;
use crate::output::{self, PageFormat, json, rules as page, style};
use crate::proof;
use crate::rule::Rule;
use crate::rule_set::RuleSet;
use crate::text::escape;

/// The built-in rules as written: parsed only to test them, and for the templates of their tokens.
pub(super) static BUILTIN: &str = include_str!("../../rules.toml");

/// Runs the action.
///
/// # Errors
/// Fails if a rule file can't be read.
pub fn run(action: &RulesAction) -> anyhow::Result<ExitStatus> {
    match action {
        RulesAction::List { words, page } => list(&page.common(), words),
        RulesAction::Check { file: None, text } => check(text, "built-in rules", BUILTIN),
        RulesAction::Check { file: Some(path), text } => check(text, &path.display().to_string(), &read(path)?),
        RulesAction::Import { file, text } => carry_over(text, file),
    }
}

fn carry_over(to: &TextArgs, path: &Path) -> anyhow::Result<ExitStatus> {
    let name = escape(withhold(&path.display().to_string()).as_bytes());
    let import = import::gitleaks(&read(path)?).map_err(|why| anyhow::anyhow!("'{name}': {why}"))?;
    let file = to.output.as_deref();
    shell::results(file, &mut |out| write!(out, "{}", withhold(&import.text)))?;
    let counts = format!("{name}: {} carried over, {} left out", plural(import.rules, "rule"), import.left_out);
    match file {
        Some(_) => shell::written(file, &format!("{counts}; the configuration")),
        None => shell::say(&counts),
    }
    Ok(ExitStatus::Clean)
}

fn read(path: &Path) -> anyhow::Result<String> {
    bounded::text_named(path, Path::new("."), bounded::MAX_SIZE)
        .with_context(|| format!("reading the rules '{}'", path.display()))
}

fn list(common: &Common, words: &[String]) -> anyhow::Result<ExitStatus> {
    let session = Session::on_files(common)?;
    let (settings, words) = (&session.settings, words.iter().map(String::as_str).collect::<Vec<_>>());
    let rules: Vec<&Rule> = match words.is_empty() {
        true => session.rules().rules.iter().collect(),
        false => session.rules().about(&words),
    };
    anyhow::ensure!(
        !rules.is_empty(),
        "no rule has '{}' in its id, name or provider",
        escape(withhold(&words.join(" ")).as_bytes())
    );
    let options = settings.page()?;
    let file = settings.output_file.as_deref();
    shell::results(file, &mut |out| match options.format {
        PageFormat::Human => table(&rules, options.width, out),
        PageFormat::Json => json::document(&rules.iter().map(|rule| data(rule)).collect::<Vec<_>>(), out),
        PageFormat::Jsonl => rules.iter().try_for_each(|rule| json::line(&data(rule), out)),
        _ => output::write("Rules", &page::rules(&rules), &(), options, out),
    })?;
    shell::written(file, &format!("{}; the list", plural(rules.len(), "rule")));
    Ok(ExitStatus::Clean)
}

/// Writes one line per rule, because the list is searched and cut more often than read. A terminal without room for
/// that gets two lines per rule.
fn table(rules: &[&Rule], width: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let mut paper = Paper::new(out, width);
    let mut line = |id: &str, severity: &str, confidence: &str, name: &str| {
        let pieces = [&*format!("{id:40}"), &*format!("{severity:8}"), &*format!("{confidence:10}"), name];
        paper.row(0, 4, &pieces.map(|text| (text, style::plain as Style)))
    };
    line("RULE", "SEVERITY", "CONFIDENCE", "NAME")?;
    rules.iter().try_for_each(|rule| line(&rule.id, rule.severity.as_str(), rule.confidence.as_str(), &rule.name))
}

/// Returns a rule's main properties as JSON.
fn data(rule: &Rule) -> Value {
    serde_json::json!({
        "id": &*rule.id, "name": &*rule.name, "provider": &*rule.provider,
        "severity": rule.severity, "confidence": rule.confidence,
    })
}

fn check(to: &TextArgs, name: &str, text: &str) -> anyhow::Result<ExitStatus> {
    let known = if name == "built-in rules" { None } else { Some(RuleSet::builtin()) };
    let outcome = proof::prove(text, known);
    let name = escape(withhold(name).as_bytes());
    let verdict = match outcome.flaws.len() {
        0 => format!(
            "{name}: {} proved against {} and {}",
            plural(outcome.rules, "rule"),
            plural(outcome.examples, "example"),
            plural(outcome.counter_examples, "counter-example")
        ),
        flaws => format!("{name}: {} in {}", plural(flaws, "flaw"), plural(outcome.rules, "rule")),
    };
    let file = to.output.as_deref();
    shell::results(file, &mut |out| {
        let mut paper = Paper::new(out, shell::width(file));
        outcome.flaws.iter().try_for_each(|flaw| paper.sentences(&escape(withhold(flaw).as_bytes())))?;
        paper.sentences(&verdict)
    })?;
    shell::written(file, &format!("{verdict}; the result"));
    Ok(if outcome.flaws.is_empty() && outcome.rules > 0 { ExitStatus::Clean } else { ExitStatus::Findings })
}
