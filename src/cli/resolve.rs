//! The step that turns arguments, configuration and terminal into settings; commands see only these.

use std::path::PathBuf;

use anyhow::Context as _;

use super::args::{AccessArg, Common, ConfidenceArg, FormatArg, SeverityArg};
use super::{clock, shell};
use crate::config::{ConfigFile, ScanOptions};
use crate::finding::subject::name_of_url;
use crate::finding::{Access, Subject};
use crate::output::{Detail, Format, OutputOptions, PageFormat, PageOptions};
use crate::rule::{Confidence, Severity};
use crate::rule_set::RuleSet;
use crate::suppress::Policy;
use crate::text::escape;
use crate::threads;

/// Everything a command needs.
#[derive(Debug)]
pub struct Settings {
    /// The options of scans.
    pub scan: ScanOptions,
    /// The options for writing results.
    pub output: OutputOptions,
    /// The file for the results; standard output if absent.
    pub output_file: Option<PathBuf>,
    /// The additional formats and the files that they are written to.
    pub also: Vec<(Format, PathBuf)>,
    /// The summary file of the GitHub Actions job that this is a part of.
    pub summary: Option<PathBuf>,
    /// `true` if findings still exit with 0.
    pub exit_zero: bool,
    /// The user's description of what is scanned.
    pub subject: Subject,
    /// `true` if coding agents are kept from bypassing hooks.
    pub guards_hooks: bool,
}

/// The most threads that are started: more than any machine has cores, and fewer than any system refuses.
const MOST_THREADS: usize = 512;

/// The formats of all output that isn't a scan report.
const PAGE_FORMATS: &str = "human, json, jsonl, markdown and html";

impl Settings {
    /// Returns the options for a page that isn't a scan report.
    ///
    /// # Errors
    /// Fails if the requested format is only for reports.
    pub fn page(&self) -> anyhow::Result<PageOptions> {
        match self.output.format {
            Format::Page(format) => Ok(PageOptions { format, width: self.output.width }),
            _ => anyhow::bail!("this format is for scan reports; use {PAGE_FORMATS} here"),
        }
    }
}

/// Resolves the settings and the rules in force.
///
/// # Errors
/// Fails if the configuration names rules that do not exist, or if options exclude each other.
pub fn settings(common: &Common, config: &ConfigFile, policy: Policy) -> anyhow::Result<(Settings, RuleSet)> {
    let severities = config.severity.iter().map(|(id, severity)| (escape(id.as_bytes()), *severity)).collect();
    let rules = config
        .rules()?
        .weighed(&severities)
        .context("'severity' in the configuration")?
        .select(&[], &escaped(&config.disable))
        .context("'disable' in the configuration")?
        .select(&escaped(&common.rules), &[])
        .context("'keysweep rules list' names the rules")?;
    let defaults = ScanOptions::default();
    let scan = ScanOptions {
        min_severity: common.min_severity.map(severity).or(config.min_severity).unwrap_or(defaults.min_severity),
        min_confidence: common
            .min_confidence
            .map(confidence)
            .or(config.min_confidence)
            .unwrap_or(defaults.min_confidence),
        // Places in a text are kept in 32 bits; a larger file becomes a gap that names this limit.
        max_file_size: config.limits.max_file_size.unwrap_or(defaults.max_file_size).min(u64::from(u32::MAX)),
        strict: common.strict,
        now: clock::now(),
        threads: common.threads.map_or(defaults.threads, |count| count.get().min(MOST_THREADS)).min(threads::most()),
        thorough: defaults.thorough,
        cache: defaults.cache,
        flag_outside_authors: defaults.flag_outside_authors,
        policy,
    };
    let output = output(common)?;
    let also = common.also.iter().map(|(arg, file)| (format(*arg), file.clone())).collect();
    let (output_file, exit_zero) = (common.output.clone(), common.exit_zero);
    let guards_hooks = config.agents.guard;
    let subject = subject(common);
    let settings = Settings { scan, output, output_file, also, summary: None, exit_zero, subject, guards_hooks };
    Ok((settings, rules))
}

/// Returns the options for writing results.
///
/// # Errors
/// Fails if values were asked for and the format may not show them.
pub fn output(common: &Common) -> anyhow::Result<OutputOptions> {
    let format = format(common.format);
    anyhow::ensure!(
        !common.show_secrets || matches!(format, Format::Page(_)),
        "--show-secrets cannot be used with this format, which is meant to be uploaded; {PAGE_FORMATS} can show values"
    );
    let detail = match (common.quiet, common.full) {
        (true, _) => Detail::Quiet,
        (false, true) => Detail::Full,
        (false, false) => Detail::Overview,
    };
    let width = shell::width(common.output.as_deref());
    Ok(OutputOptions { format, show_secrets: common.show_secrets, detail, width })
}

/// Returns the name, host and visibility of what is scanned, from the options. A name that is a URL loses its user and
/// password.
fn subject(common: &Common) -> Subject {
    let (name, host) = common.repo_name.as_deref().map(name_of_url).unzip();
    let visibility = common.visibility.map(|arg| match arg {
        AccessArg::Private => Access::Private,
        AccessArg::Internal => Access::Internal,
        AccessArg::Public => Access::Public,
    });
    Subject { name, host: host.flatten(), visibility, ..Subject::default() }
}

/// Returns the format that an option names.
pub fn format(arg: FormatArg) -> Format {
    match arg {
        FormatArg::Human => Format::Page(PageFormat::Human),
        FormatArg::Json => Format::Page(PageFormat::Json),
        FormatArg::Jsonl => Format::Page(PageFormat::Jsonl),
        FormatArg::Markdown => Format::Page(PageFormat::Markdown),
        FormatArg::Html => Format::Page(PageFormat::Html),
        FormatArg::Sarif => Format::Sarif,
        FormatArg::Github => Format::Github,
        FormatArg::Azure => Format::Azure,
        FormatArg::Gitlab => Format::Gitlab,
        FormatArg::Junit => Format::Junit,
        FormatArg::Csv => Format::Csv,
    }
}

fn severity(arg: SeverityArg) -> Severity {
    match arg {
        SeverityArg::Low => Severity::Low,
        SeverityArg::Medium => Severity::Medium,
        SeverityArg::High => Severity::High,
        SeverityArg::Critical => Severity::Critical,
    }
}

fn confidence(arg: ConfidenceArg) -> Confidence {
    match arg {
        ConfidenceArg::Low => Confidence::Low,
        ConfidenceArg::Medium => Confidence::Medium,
        ConfidenceArg::High => Confidence::High,
    }
}

/// Returns ids in a form that may be repeated in a message; a real id is unchanged.
fn escaped(ids: &[String]) -> Vec<String> {
    ids.iter().map(|id| escape(id.as_bytes())).collect()
}
