//! `rules list|check|import`.

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
use crate::output::{self, PageFormat, json, rules as page, style};
use crate::proof;
use crate::rule::Rule;
use crate::rule_set::RuleSet;
use crate::text::escape;

/// The built-in rules as written: parsed only to prove them, and for the templates of their tokens.
pub(super) static BUILTIN: &str = include_str!("../../rules.toml");

/// Runs the action.
///
/// # Errors
/// When a rule file cannot be read.
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
    shell::results(to.output.as_deref(), &mut |out| write!(out, "{}", withhold(&import.text)))?;
    shell::say(&format!("{name}: {} rules carried over, {} left out", import.rules, import.left_out));
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
    shell::results(settings.output_file.as_deref(), &mut |out| match options.format {
        PageFormat::Human => table(&rules, options.width, out),
        PageFormat::Json => json::document(&rules.iter().map(|rule| data(rule)).collect::<Vec<_>>(), out),
        PageFormat::Jsonl => rules.iter().try_for_each(|rule| json::line(&data(rule), out)),
        _ => output::write("Rules", &page::rules(&rules), &(), options, out),
    })?;
    Ok(ExitStatus::Clean)
}

/// A line for each rule, which is searched and cut more often than read. A terminal without room for it gets two.
fn table(rules: &[&Rule], width: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let mut paper = Paper::new(out, width);
    let mut line = |id: &str, severity: &str, confidence: &str, name: &str| {
        let pieces = [&*format!("{id:40}"), &*format!("{severity:8}"), &*format!("{confidence:10}"), name];
        paper.row(0, 4, &pieces.map(|text| (text, style::plain as Style)))
    };
    line("RULE", "SEVERITY", "CONFIDENCE", "NAME")?;
    rules.iter().try_for_each(|rule| line(&rule.id, rule.severity.as_str(), rule.confidence.as_str(), &rule.name))
}

/// A rule in short.
fn data(rule: &Rule) -> Value {
    serde_json::json!({
        "id": &*rule.id, "name": &*rule.name, "provider": &*rule.provider,
        "severity": rule.severity, "confidence": rule.confidence,
    })
}

fn check(to: &TextArgs, name: &str, text: &str) -> anyhow::Result<ExitStatus> {
    let known = if name == "built-in rules" { None } else { Some(RuleSet::builtin()) };
    let outcome = proof::prove(text, known);
    let count = outcome.rules;
    let name = escape(withhold(name).as_bytes());
    shell::results(to.output.as_deref(), &mut |out| {
        for flaw in &outcome.flaws {
            writeln!(out, "{}", escape(withhold(flaw).as_bytes()))?;
        }
        match outcome.flaws.len() {
            0 => writeln!(
                out,
                "{name}: {count} rules proved against {} examples and {} counter-examples",
                outcome.examples, outcome.counter_examples
            ),
            flaws => writeln!(out, "{name}: {flaws} flaws in {count} rules"),
        }
    })?;
    Ok(if outcome.flaws.is_empty() && count > 0 { ExitStatus::Clean } else { ExitStatus::Findings })
}
