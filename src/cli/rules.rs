//! `rules list|check|import`.

use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

use super::args::{Common, RulesAction};
use super::exit::ExitStatus;
use super::session::Session;
use super::{shell, withhold};
use crate::config::import;
use crate::fs::bounded;
use crate::output::{self, PageFormat, json, rules as page};
use crate::proof;
use crate::rule::Rule;
use crate::rule_set::RuleSet;
use crate::text::escape;

/// The built-in rules as written: parsed only to prove them.
const BUILTIN: &str = include_str!("../../rules.toml");

/// Runs the action.
///
/// # Errors
/// When a rule file cannot be read.
pub fn run(common: &Common, action: &RulesAction) -> anyhow::Result<ExitStatus> {
    match action {
        RulesAction::List => list(common),
        RulesAction::Check { file: None } => check(common, "built-in rules", BUILTIN),
        RulesAction::Check { file: Some(path) } => {
            let text = read(path)?;
            check(common, &path.display().to_string(), &text)
        }
        RulesAction::Import { file } => carry_over(common, file),
    }
}

fn carry_over(common: &Common, path: &Path) -> anyhow::Result<ExitStatus> {
    let name = escape(withhold(&path.display().to_string()).as_bytes());
    let import = import::gitleaks(&read(path)?).map_err(|why| anyhow::anyhow!("'{name}': {why}"))?;
    shell::results(common.output.as_deref(), &mut |out| write!(out, "{}", withhold(&import.text)))?;
    shell::say(&format!("{name}: {} rules carried over, {} left out", import.rules, import.left_out));
    Ok(ExitStatus::Clean)
}

fn read(path: &Path) -> anyhow::Result<String> {
    bounded::text_named(path, Path::new("."), bounded::MAX_SIZE)
        .with_context(|| format!("reading the rules '{}'", path.display()))
}

fn list(common: &Common) -> anyhow::Result<ExitStatus> {
    let session = Session::on_files(common)?;
    let (settings, rules) = (&session.settings, &session.rules().rules);
    let options = settings.page()?;
    shell::results(settings.output_file.as_deref(), &mut |out| match options.format {
        PageFormat::Human => rules.iter().try_for_each(|rule| {
            let (severity, confidence) = (rule.severity.as_str(), rule.confidence.as_str());
            writeln!(out, "{:40} {severity:8} {confidence:7} {}", rule.id, rule.name)
        }),
        PageFormat::Json => json::document(&rules.iter().map(data).collect::<Vec<_>>(), out),
        PageFormat::Jsonl => rules.iter().try_for_each(|rule| json::line(&data(rule), out)),
        _ => output::write("Rules", &page::rules(rules), &(), options, out),
    })?;
    Ok(ExitStatus::Clean)
}

/// A rule in short.
fn data(rule: &Rule) -> Value {
    serde_json::json!({
        "id": &*rule.id, "name": &*rule.name, "provider": &*rule.provider,
        "severity": rule.severity, "confidence": rule.confidence,
    })
}

fn check(common: &Common, name: &str, text: &str) -> anyhow::Result<ExitStatus> {
    let known = if name == "built-in rules" { None } else { Some(RuleSet::builtin()) };
    let outcome = proof::prove(text, known);
    let count = outcome.rules;
    let name = escape(withhold(name).as_bytes());
    shell::results(common.output.as_deref(), &mut |out| {
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
