//! Conversion of a gitleaks rule file into rules for `.keysweep.toml`, with a list of what can't be converted.
//!
//! It reads the keys that gitleaks documents for its configuration. An unbounded repetition gets a bound, since every
//! match here has an upper bound; keywords that a match need not contain are replaced by literals that every match
//! contains.

use std::collections::BTreeSet;

use regex_syntax::hir::literal::Extractor;
use regex_syntax::hir::{Capture, Hir, HirKind, Repetition};
use serde::Deserialize;
use toml::{Table, Value};

use crate::rule::compile::compile;
use crate::rule::file::RuleFile;
use crate::rule_set::RuleSet;

/// The number that an unbounded repetition may add to its minimum.
const UNBOUNDED: u32 = 256;
/// The least length of a keyword in bytes.
const LEAST_KEYWORD: usize = 3;

/// The outcome for a file.
#[derive(Debug, Default)]
pub struct Import {
    /// The rules, as text of a `.keysweep.toml`; comments say what was left out.
    pub text: String,
    /// The number of rules that were converted.
    pub rules: usize,
    /// The number of rules that were left out.
    pub left_out: usize,
}

/// The parts of the file that are read.
#[derive(Debug, Deserialize)]
struct Source {
    #[serde(default)]
    rules: Vec<SourceRule>,
    #[serde(default, alias = "allowlists")]
    allowlist: Option<Value>,
    #[serde(default)]
    extend: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SourceRule {
    id: String,
    #[serde(default)]
    description: String,
    regex: Option<String>,
    #[serde(default)]
    secret_group: u32,
    entropy: Option<f64>,
    #[serde(default)]
    keywords: Vec<String>,
    path: Option<String>,
    #[serde(default, alias = "allowlists")]
    allowlist: Option<Value>,
}

/// Converts the rules that can be converted.
///
/// # Errors
/// Fails if the text isn't TOML or has no rules.
pub fn gitleaks(text: &str) -> Result<Import, String> {
    let source: Source = toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        format!("line {}: {}", before.matches('\n').count() + 1, error.message())
    })?;
    if source.rules.is_empty() {
        return Err("there is no [[rules]] in it".to_owned());
    }
    let mut import = Import::default();
    if source.allowlist.is_some() {
        import.remark("the file's allowlists are not carried over: say here which findings are accepted, and why");
    }
    if source.extend.is_some() {
        import.remark("[extend] is not carried over: the built-in rules run in addition to these");
    }
    for rule in &source.rules {
        match carried(rule) {
            Ok((table, remarks)) => {
                import.rules += 1;
                import.text.push('\n');
                remarks.iter().for_each(|remark| import.remark(&format!("{}: {remark}", rule.id)));
                import.text.push_str(&table);
            }
            Err(why) => {
                import.left_out += 1;
                import.text.push('\n');
                import.remark(&format!("{}: left out: {why}", rule.id));
            }
        }
    }
    Ok(import)
}

impl Import {
    fn remark(&mut self, text: &str) {
        // A remark stays on one line, whatever the file contains.
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        self.text.push_str(&format!("# {text}\n"));
    }
}

/// Returns a rule as TOML, with remarks on the parts that were not converted.
fn carried(rule: &SourceRule) -> Result<(String, Vec<String>), String> {
    let regex = rule.regex.as_deref().ok_or("it has no regex: rules for paths only are not supported")?;
    let hir = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(regex);
    let hir = hir.map_err(|error| format!("its regex does not parse: {}", error.to_string().replace('\n', " ")))?;
    let group = if rule.secret_group > 0 { rule.secret_group } else { 1 };
    let mut cut = false;
    let hir = bounded(hir, group, &mut cut);
    let mut remarks = Vec::new();
    if cut {
        remarks.push(format!("unbounded repetitions are limited to {UNBOUNDED}"));
    }
    if let Some(entropy) = rule.entropy {
        remarks.push(format!("thresholds by alphabet and length replace entropy {entropy}"));
    }
    if rule.path.is_some() {
        remarks.push("the path is not carried over: the rule reads all files".to_owned());
    }
    if rule.allowlist.is_some() {
        remarks.push("its allowlists are not carried over".to_owned());
    }
    let given: BTreeSet<String> =
        rule.keywords.iter().filter(|word| word.len() >= LEAST_KEYWORD).map(|word| word.to_lowercase()).collect();
    let required = literals(&hir);
    let choices = [(given, "any"), (required.iter().map(|word| word.to_lowercase()).collect(), "any")];
    let mut last = "no literal of three bytes is in every match".to_owned();
    for (at, (keywords, case)) in choices.iter().enumerate().filter(|(_, (keywords, _))| !keywords.is_empty()) {
        let text = table(rule, &hir, keywords, case)?;
        match accepted(&text) {
            Ok(()) => {
                if at > 0 && !rule.keywords.is_empty() {
                    remarks
                        .push("a match need not contain its keywords; literals of the regex replace them".to_owned());
                }
                return Ok((text, remarks));
            }
            Err(why) => last = why,
        }
    }
    Err(last)
}

fn table(rule: &SourceRule, hir: &Hir, keywords: &BTreeSet<String>, case: &str) -> Result<String, String> {
    let name = if rule.description.trim().is_empty() { &rule.id } else { &rule.description };
    let mut entry = Table::new();
    let mut set = |key: &str, value: Value| {
        entry.insert(key.to_owned(), value);
    };
    set("id", kebab(&rule.id).into());
    set("name", name.as_str().into());
    set("provider", "imported".into());
    set("severity", "high".into());
    set("confidence", "medium".into());
    set("keywords", Value::Array(keywords.iter().map(|word| word.as_str().into()).collect()));
    set("case", case.into());
    set("pattern", hir.to_string().into());
    set("boundary", "none".into());
    set("statistics", rule.entropy.is_some().into());
    set("remediation", "generic-password".into());
    let file = Table::from_iter([("rule".to_owned(), Value::Array(vec![Value::Table(entry)]))]);
    toml::to_string(&file).map_err(|error| error.to_string())
}

/// Checks that the rule meets the requirements for a user's rules.
fn accepted(text: &str) -> Result<(), String> {
    let file: RuleFile = toml::from_str(text).map_err(|error| error.message().to_owned())?;
    match compile(&file, &RuleSet::builtin().known()) {
        Ok(_) => Ok(()),
        Err(flaws) => Err(flaws.first().map(|flaw| flaw.reason.clone()).unwrap_or_default()),
    }
}

/// Returns the same expression with a bound on every repetition, and with the secret's group named.
fn bounded(hir: Hir, group: u32, cut: &mut bool) -> Hir {
    match hir.into_kind() {
        HirKind::Empty => Hir::empty(),
        HirKind::Literal(literal) => Hir::literal(literal.0),
        HirKind::Class(class) => Hir::class(class),
        HirKind::Look(look) => Hir::look(look),
        HirKind::Repetition(repetition) => {
            *cut |= repetition.max.is_none();
            let max = repetition.max.unwrap_or(repetition.min.saturating_add(UNBOUNDED));
            let sub = Box::new(bounded(*repetition.sub, group, cut));
            Hir::repetition(Repetition { max: Some(max), sub, ..repetition })
        }
        HirKind::Capture(capture) => {
            let sub = Box::new(bounded(*capture.sub, group, cut));
            let name = (capture.index == group).then(|| "secret".into());
            Hir::capture(Capture { name, sub, ..capture })
        }
        HirKind::Concat(parts) => Hir::concat(parts.into_iter().map(|part| bounded(part, group, cut)).collect()),
        HirKind::Alternation(parts) => {
            Hir::alternation(parts.into_iter().map(|part| bounded(part, group, cut)).collect())
        }
    }
}

/// Returns literals one of which starts every match; empty unless they are few and long enough.
fn literals(hir: &Hir) -> Vec<String> {
    // A class of two characters is a letter in either case; a larger class can't be part of a word.
    let found = Extractor::new().limit_class(2).extract(hir);
    let words = found.literals().unwrap_or_default().iter().map(|literal| {
        let word = String::from_utf8(literal.as_bytes().to_vec()).ok()?;
        (word.len() >= LEAST_KEYWORD).then_some(word)
    });
    words.collect::<Option<Vec<_>>>().unwrap_or_default()
}

fn kebab(id: &str) -> String {
    let id: String = id.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let parts: Vec<&str> = id.split('-').filter(|part| !part.is_empty()).collect();
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ConfigFile;

    const FILE: &str = r#"
title = "rules of a team"
[extend]
useDefault = true

[[rules]]
id = "Acme_Token"
description = "Acme token"
regex = '''(?i)\b(acme_[a-z0-9]{24,})(?:['"\s]|$)'''
entropy = 3.2
keywords = ["acme_"]

[[rules]]
id = "beta"
regex = '''beta-key-([0-9]+)'''
keywords = ["token"]

[[rules]]
id = "anything"
regex = '''[a-z]{40}'''

[[rules]]
id = "keys-by-path"
path = '''\.p12$'''

[allowlist]
paths = ["vendor"]
"#;

    #[test]
    fn supported_settings_are_imported_and_others_are_listed() {
        let import = gitleaks(FILE).unwrap();
        assert_eq!((import.rules, import.left_out), (2, 2), "{}", import.text);
        for said in [
            "Acme_Token: thresholds by alphabet and length replace entropy 3.2",
            "unbounded repetitions",
            "beta: a match need not contain its keywords",
            "anything: left out",
            "keys-by-path: left out",
            "[extend]",
            "allowlists are not carried over",
        ] {
            assert!(import.text.contains(said), "{said}: {}", import.text);
        }
    }

    #[test]
    fn the_result_is_a_valid_configuration() {
        let file: RuleFile = toml::from_str(&gitleaks(FILE).unwrap().text).unwrap();
        assert_eq!(file.rules[0].id, "acme-token");
        assert!(file.rules[0].pattern.as_ref().is_some_and(|pattern| pattern.contains("?P<secret>")));
        let config: ConfigFile = toml::from_str(&gitleaks(FILE).unwrap().text).unwrap();
        assert!(config.rules().unwrap().rule("beta").is_some());
    }

    #[test]
    fn files_other_than_rule_files_are_refused() {
        assert!(gitleaks("rules = 3").unwrap_err().contains("line 1"));
        assert!(gitleaks("title = 'x'").unwrap_err().contains("[[rules]]"));
    }
}
