//! `explain RULE`: what a rule looks for, what the secret opens, and what to do.

use std::io::{self, Write};

use super::args::Common;
use super::exit::ExitStatus;
use super::{resolve, shell};
use crate::output::style;
use crate::remediation::fill;
use crate::rule::{Remediation, Rule, Step};
use crate::rule_set::{RuleSet, SelectError};
use crate::text::escape;

/// Runs the command.
///
/// # Errors
/// When there is no such rule.
pub fn run(common: &Common, id: &str) -> anyhow::Result<ExitStatus> {
    let settings = resolve::settings(&Common { rules: Vec::new(), ..common.clone() }, None)?;
    let rules = &settings.rules;
    let Some(rule) = rules.rule(id) else {
        // Only for the words of the error: an unknown id selects nothing.
        let error = rules.clone().select(&[escape(id.as_bytes())], &[]).map_or_else(|e| e, |_| SelectError::Empty);
        anyhow::bail!("{error}; 'keysweep rules list' names them all");
    };
    shell::results(settings.output_file.as_deref(), &mut |out| page(rule, rules, out))?;
    Ok(ExitStatus::Clean)
}

fn page(rule: &Rule, rules: &RuleSet, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}  {}", style::title(&rule.name), style::faint(&rule.id))?;
    writeln!(
        out,
        "issued by {}; severity {}, confidence {}\n",
        rule.provider,
        style::severity(rule.severity),
        rule.confidence.as_str()
    )?;
    recognise(rule, out)?;
    if let Some(remediation) = rules.remediation(&rule.remediation) {
        advice(remediation, rules, out)?;
    }
    for link in rule.references.iter() {
        writeln!(out, "{}", style::faint(link))?;
    }
    Ok(())
}

fn recognise(rule: &Rule, out: &mut dyn Write) -> io::Result<()> {
    let words: Vec<&str> = rule.keywords.iter().map(|keyword| &*keyword.text).collect();
    writeln!(out, "{}", style::label("How it is recognised"))?;
    writeln!(out, "  by or near: {}", words.join(", "))?;
    for check in rule.checks.iter() {
        let effect = match check.on_fail {
            crate::rule::OnFail::Drop => "not reported",
            crate::rule::OnFail::Low => "low confidence",
            crate::rule::OnFail::Medium => "medium confidence",
        };
        writeln!(out, "  offline check: {} (if it does not fit: {effect})", check.check.name())?;
    }
    if !rule.companions.is_empty() {
        let names: Vec<&str> = rule.companions.iter().map(|name| &**name).collect();
        writeln!(out, "  looked for nearby: {}", names.join(", "))?;
    }
    writeln!(out)
}

fn advice(remediation: &Remediation, rules: &RuleSet, out: &mut dyn Write) -> io::Result<()> {
    section("What it opens", &remediation.impact, rules, out)?;
    steps("Revoke the leaked value", &remediation.revoke, rules, out)?;
    steps("Put a new one in place", &remediation.rotate, rules, out)?;
    if !remediation.caution.is_empty() {
        section("Mind", &remediation.caution, rules, out)?;
    }
    section("See that the old value is dead", &remediation.verify, rules, out)?;
    section("Look for misuse", &remediation.audit, rules, out)?;
    section("Keep it from happening again", &remediation.prevent, rules, out)?;
    writeln!(out, "{}", style::faint(&remediation.docs))
}

fn section(title: &str, text: &str, rules: &RuleSet, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}\n  {}\n", style::label(title), fill::command(text, &[], rules).0)
}

fn steps(title: &str, steps: &[Step], rules: &RuleSet, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", style::label(title))?;
    for (at, step) in steps.iter().enumerate() {
        writeln!(out, "  {}. {}", at + 1, fill::command(&step.action, &[], rules).0)?;
        let (command, missing) = fill::command(&step.run, &[], rules);
        if !command.is_empty() {
            writeln!(out, "     $ {}", style::command(&command))?;
        }
        for field in missing {
            writeln!(out, "       {}", style::faint(&format!("<{}>: {}", field.field, field.value)))?;
        }
    }
    writeln!(out)
}
