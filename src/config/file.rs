//! `.keysweep.toml`: strict keys, and errors that name the file, the line and the remedy.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use crate::rule::compile::{Flaw, compile};
use crate::rule::file::{FieldDef, LiveDef, RemediationDef, RuleDef, RuleFile};
use crate::rule::{Confidence, Severity};
use crate::rule_set::RuleSet;
use crate::suppress::baseline::BadLine;
use crate::suppress::entry::EntryDef;
use crate::suppress::{Baseline, Entry, Tool};
use crate::text::escape;

/// The name of the configuration at the root of a repository.
pub const NAME: &str = ".keysweep.toml";
/// The name of the baseline at the root of a repository.
pub const BASELINE: &str = ".keysweep-baseline";

/// The content of the file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigFile {
    /// The least severity of a finding that is reported.
    pub min_severity: Option<Severity>,
    /// The least confidence of a finding that is reported.
    pub min_confidence: Option<Confidence>,
    /// The ids of rules that must not run.
    #[serde(default)]
    pub disable: Vec<String>,
    /// The severities that replace those of rules, by the ids of the rules.
    #[serde(default)]
    pub severity: BTreeMap<String, Severity>,
    /// The user's own rules; one with the id of a built-in rule replaces it.
    #[serde(default, rename = "rule")]
    rules: Vec<RuleDef>,
    /// The remediations of the rules.
    #[serde(default, rename = "remediation")]
    remediations: Vec<RemediationDef>,
    /// The fields of the remediations' commands.
    #[serde(default, rename = "field")]
    fields: Vec<FieldDef>,
    /// The requests that ask about secrets. Those in the configuration of a scanned repository are never sent.
    #[serde(default)]
    live: Vec<LiveDef>,
    /// The addresses of self-hosted services, by the host that stands for them in a request. They only count in the
    /// user's own configuration.
    #[serde(default)]
    pub live_hosts: BTreeMap<String, String>,
    /// The findings that are allowed.
    #[serde(default, rename = "allow")]
    allow: Vec<Spanned<EntryDef>>,
    /// The other tools whose comments also allow a finding.
    #[serde(default)]
    pub foreign_comments: Vec<Tool>,
    /// The file's path and text, to give the places of errors.
    #[serde(skip)]
    source: (PathBuf, String),
    /// The limits of a scan.
    #[serde(default)]
    pub limits: Limits,
    /// The settings for coding agents.
    #[serde(default)]
    pub agents: Agents,
}

/// The table `[agents]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agents {
    /// `true` if coding agents are kept from bypassing hooks.
    #[serde(default)]
    pub guard: bool,
}

/// The table `[limits]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The largest file that is read, in bytes; larger ones become gaps.
    pub max_file_size: Option<u64>,
}

/// A configuration that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The configuration has an unknown key, a wrong value or an invalid rule.
    #[error("the configuration '{}', line {line}: {message}\nnothing was scanned: fix or remove that line", escape(path.as_os_str().as_encoded_bytes()))]
    Invalid {
        /// The file's path.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The error in it.
        message: String,
    },
    /// The baseline has an invalid line.
    #[error("the baseline '{}', line {line}: {message}\nnothing was scanned", escape(path.as_os_str().as_encoded_bytes()))]
    Baseline {
        /// The file's path.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The error, and how to repair it.
        message: &'static str,
    },
}

/// Reads a baseline.
///
/// # Errors
/// Fails if a line isn't an entry.
pub fn baseline(text: &str, path: &Path) -> Result<Baseline, ConfigError> {
    let named = |BadLine { line, message }| ConfigError::Baseline { path: path.to_owned(), line, message };
    Baseline::parse(text).map_err(named)
}

impl ConfigFile {
    /// Returns the built-in rules together with those of the file.
    ///
    /// # Errors
    /// Fails if a rule doesn't meet the requirements.
    pub fn rules(&self) -> Result<RuleSet, ConfigError> {
        let builtin = RuleSet::builtin();
        if self.rules.is_empty() && self.remediations.is_empty() && self.fields.is_empty() && self.live.is_empty() {
            return Ok(builtin);
        }
        let file = RuleFile {
            rules: self.rules.clone(),
            remediations: self.remediations.clone(),
            fields: self.fields.clone(),
            live: self.live.clone(),
        };
        match compile(&file, &builtin.known()) {
            Ok(own) => Ok(builtin.extended(own.into())),
            // The first flaw nearly always causes the others.
            Err(flaws) => Err(self.invalid(flaws.first())),
        }
    }

    /// Returns the entries for the findings that it allows.
    ///
    /// # Errors
    /// Fails if an entry is empty or can't be understood.
    pub fn allowed(&self) -> Result<Vec<Entry>, ConfigError> {
        let (path, text) = &self.source;
        let entry = |def: &Spanned<EntryDef>| {
            let line = line_at(text, def.span().start);
            let named = |message: String| {
                let message = escape(message.as_bytes());
                ConfigError::Invalid { path: path.clone(), line, message }
            };
            Entry::new(def.get_ref().clone(), line).map_err(named)
        };
        self.allow.iter().map(entry).collect()
    }

    fn invalid(&self, flaw: Option<&Flaw>) -> ConfigError {
        let (path, text) = &self.source;
        let key = flaw.and_then(|flaw| flaw.entry.split_once(' ')).map(|(_, key)| format!("\"{key}\""));
        let at = key.and_then(|key| text.lines().position(|line| line.contains(&key))).unwrap_or(0);
        let message = flaw.map(|flaw| escape(flaw.to_string().as_bytes())).unwrap_or_default();
        ConfigError::Invalid { path: path.clone(), line: at + 1, message }
    }

    /// Reads the text of a file; `path` is its name for errors.
    ///
    /// # Errors
    /// Fails if the text isn't valid TOML or holds anything unknown.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let parsed: Result<Self, _> = toml::from_str(text);
        parsed.map(|file| Self { source: (path.to_owned(), text.to_owned()), ..file }).map_err(|error| {
            let line = error.span().map_or(1, |span| line_at(text, span.start));
            let message = escape(error.message().as_bytes());
            ConfigError::Invalid { path: path.to_owned(), line, message }
        })
    }
}

fn line_at(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or_default().matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ConfigFile, ConfigError> {
        ConfigFile::parse(text, Path::new(NAME))
    }

    #[test]
    fn a_bom_and_crlf_line_endings_are_accepted() {
        let config = parse("\u{feff}min_severity = \"high\"\r\n[limits]\r\nmax_file_size = 5\r\n").unwrap();
        assert_eq!(config.min_severity, Some(Severity::High));
        assert_eq!(config.limits.max_file_size, Some(5));
    }

    #[test]
    fn an_unknown_key_is_reported_with_its_line() {
        let error = parse("disable = []\nmin_sevrity = \"high\"\n").unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("min_sevrity") && error.contains(NAME), "{error}");
    }

    const OWN: &str = r#"
[severity]
github-pat-classic = "low"

[[rule]]
id = "acme-token"
name = "Acme token"
provider = "Acme"
severity = "high"
confidence = "high"
keywords = ["acme_live_"]
pattern = 'acme_live_[0-9A-Za-z]{32}'
remediation = "generic-password"
token = 'acme_live_<base62:32>'
examples = ['T=<token>']
counter_examples = ['T=acme_live_']
"#;

    #[test]
    fn custom_rules_are_added_to_the_built_in_ones() {
        let config = parse(OWN).unwrap();
        let rules = config.rules().unwrap();
        assert!(rules.rule("acme-token").is_some() && rules.rule("github-pat-classic").is_some());
        assert_eq!(config.severity.get("github-pat-classic"), Some(&Severity::Low));
    }

    #[test]
    fn a_rule_without_an_upper_bound_is_reported_with_its_line() {
        let error = parse(&OWN.replace("{32}'", "+'")).unwrap().rules().map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("line 6") && error.contains("acme-token") && error.contains("upper bound"), "{error}");
    }

    #[test]
    fn entries_are_reported_with_their_line() {
        let good = "disable = []\n\n[[allow]]\npath = \"tests/\"\nreason = \"samples\"\n";
        let entries = parse(good).unwrap().allowed().unwrap();
        assert_eq!(entries.iter().map(|entry| entry.line).collect::<Vec<_>>(), [Some(3)]);
        let bad = parse(&format!("{good}[[allow]]\nreason = \"everything\"\n")).unwrap();
        let error = bad.allowed().map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("line 6") && error.contains("needs an id"), "{error}");
        assert!(parse("[[allow]]\npath = \"tests/\"\n").is_err(), "a reason is missing");
    }
}
