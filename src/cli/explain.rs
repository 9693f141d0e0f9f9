//! `explain RULE`: what a rule looks for, what the secret opens, and what to do. `explain FILE:LINE`: why a line is reported or
//! not.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::args::Common;
use super::exit::ExitStatus;
use super::resolve::{self, Settings};
use super::{shell, withhold};
use crate::detect::path::{self, Effect};
use crate::detect::trace::{Look, Outcome};
use crate::detect::{Detection, Detector, expiry};
use crate::finding::Evidence;
use crate::output::style;
use crate::remediation::fill;
use crate::rule::{Confidence, Remediation, Rule, Step};
use crate::rule_set::{RuleSet, SelectError};
use crate::text::encoding::as_text;
use crate::text::{Span, escape};

/// Runs the command.
///
/// # Errors
/// When there is no such rule, or no such line.
pub fn run(common: &Common, what: &str) -> anyhow::Result<ExitStatus> {
    let settings = resolve::settings(&Common { rules: Vec::new(), ..common.clone() }, None)?;
    let rules = &settings.rules;
    let Some(rule) = rules.rule(what) else {
        if let Some((file, line)) = place(what) {
            return explain_line(&settings, &file, line);
        }
        let id = what;
        // Only for the words of the error: an unknown id selects nothing.
        let error = rules.clone().select(&[escape(id.as_bytes())], &[]).map_or_else(|e| e, |_| SelectError::Empty);
        anyhow::bail!("{error}; 'keysweep rules list' names them all");
    };
    shell::results(settings.output_file.as_deref(), &mut |out| page(rule, rules, out))?;
    Ok(ExitStatus::Clean)
}

/// `FILE:LINE`, if it is that.
fn place(what: &str) -> Option<(PathBuf, usize)> {
    let (file, line) = what.rsplit_once(':')?;
    Some((PathBuf::from(file), line.parse().ok().filter(|line| *line > 0)?))
}

/// What every rule saw that looked at a line, and what became of it.
fn explain_line(settings: &Settings, file: &Path, line: usize) -> anyhow::Result<ExitStatus> {
    let shown = escape(withhold(&file.to_string_lossy()).as_bytes());
    let bytes = std::fs::read(file).with_context(|| format!("reading '{shown}'"))?;
    let text = as_text(&bytes);
    let Some(span) = line_span(&text, line) else {
        anyhow::bail!("'{shown}' has no line {line}: it has {}", text.split(|b| *b == b'\n').count());
    };
    let detector = Detector::new(settings.rules.clone());
    let looks = detector.trace(&text, span);
    let here = detector.scan(&text).into_iter().filter(|d| d.span.overlaps(span));
    let reported: Vec<Detection> = here.map(|detection| expiry::apply(settings.scan.now, detection)).collect();
    shell::results(settings.output_file.as_deref(), &mut |out| {
        writeln!(out, "{}", style::title(&format!("{shown}:{line}")))?;
        let mut told = BTreeSet::new();
        for look in &looks {
            let verdict = verdict(look, &reported, file, settings);
            if told.insert((look.rule, verdict.clone())) {
                let rule = &settings.rules.rules[look.rule];
                writeln!(out, "  {:32} {verdict}", rule.id)?;
            }
        }
        if looks.is_empty() {
            writeln!(out, "  no rule's keyword stands in this line, so no rule looked at it")?;
        }
        Ok(())
    })?;
    Ok(ExitStatus::Clean)
}

/// The bytes of a line, counted from 1.
fn line_span(text: &[u8], line: usize) -> Option<Span> {
    let mut start = 0;
    for (at, bytes) in text.split(|b| *b == b'\n').enumerate() {
        if at + 1 == line {
            return Some(Span::new(start, start + bytes.len()));
        }
        start += bytes.len() + 1;
    }
    None
}

fn verdict(look: &Look, reported: &[Detection], file: &Path, settings: &Settings) -> String {
    let keyword = escape(&look.keyword);
    let layers = if look.layers.is_empty() { String::new() } else { format!(" in {}", look.layers.join(" in ")) };
    match &look.outcome {
        Outcome::NoMatch => {
            format!("no match: '{keyword}' stands there{layers}, but nothing near it has the rule's form")
        }
        Outcome::Dropped(why) => format!("dropped: '{keyword}'{layers} leads to a value, but: {}", why.as_str()),
        Outcome::Accepted(found) => {
            let rules = &settings.rules;
            let rule = &rules.rules[found.rule];
            let value = found.secret.preview(&rule.prefix);
            let winner = reported.iter().find(|other| other.secret == found.secret && other.rule == found.rule);
            let Some(found) = winner else {
                return match reported.first().map(|other| &*rules.rules[other.rule].id) {
                    Some(other) => {
                        format!("accepted {value}{layers}, and left to {other}, which says more of these bytes")
                    }
                    None => {
                        format!("dropped: {value}{layers} is altered or a sample, says the rule that knows its form")
                    }
                };
            };
            let (confidence, because) = match path::effect(file.as_os_str().as_encoded_bytes(), found) {
                Effect::Reject(why) => return format!("dropped: {value}{layers} is not believed in this file: {why}"),
                Effect::Lower(why) => (Confidence::Low, format!(" ({why})")),
                Effect::Keep => (found.confidence, String::new()),
            };
            let says = format!(
                "{value}{layers}, severity {}{}, confidence {}{because}",
                found.severity.as_str(),
                expired(found),
                confidence.as_str()
            );
            if found.severity < settings.scan.min_severity || confidence < settings.scan.min_confidence {
                format!("below the threshold: {says}")
            } else {
                format!("reported: {says}")
            }
        }
    }
}

/// Why the severity is lower than that of others of its kind, in brackets.
fn expired(found: &Detection) -> String {
    let end = found.evidence.iter().find_map(|evidence| match evidence {
        Evidence::Expired(end) => Some(end),
        _ => None,
    });
    end.map(|end| format!(" (expired on {end})")).unwrap_or_default()
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
        advice(remediation, &rule.provider, rules, out)?;
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

fn advice(remediation: &Remediation, provider: &str, rules: &RuleSet, out: &mut dyn Write) -> io::Result<()> {
    section("What it opens", &remediation.impact, provider, rules, out)?;
    steps("Revoke the leaked value", &remediation.revoke, provider, rules, out)?;
    steps("Put a new one in place", &remediation.rotate, provider, rules, out)?;
    if !remediation.caution.is_empty() {
        section("Mind", &remediation.caution, provider, rules, out)?;
    }
    section("See that the old value is dead", &remediation.verify, provider, rules, out)?;
    section("Look for misuse", &remediation.audit, provider, rules, out)?;
    section("Keep it from happening again", &remediation.prevent, provider, rules, out)?;
    if remediation.docs.is_empty() { Ok(()) } else { writeln!(out, "{}", style::faint(&remediation.docs)) }
}

fn section(title: &str, text: &str, provider: &str, rules: &RuleSet, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}\n  {}\n", style::label(title), fill::words(text, provider, &[], rules))
}

fn steps(title: &str, steps: &[Step], provider: &str, rules: &RuleSet, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", style::label(title))?;
    for (at, step) in steps.iter().enumerate() {
        writeln!(out, "  {}. {}", at + 1, fill::words(&step.action, provider, &[], rules))?;
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
