//! Options that several commands share, in groups, and the struct of all their values that commands receive.
//!
//! A group is global within its command, so that the actions of a command (such as `baseline check`) take its options,
//! too.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// The values of the shared options; those that a command does not take are absent.
#[derive(Debug, Clone, Default)]
pub struct Common {
    /// The format of the results.
    pub format: FormatArg,
    /// The file for the results, if they don't go to standard output.
    pub output: Option<PathBuf>,
    /// The additional formats, and their files.
    pub also: Vec<(FormatArg, PathBuf)>,
    /// `true` if values are shown.
    pub show_secrets: bool,
    /// The least severity of a finding that counts.
    pub min_severity: Option<SeverityArg>,
    /// The least confidence of a finding that counts.
    pub min_confidence: Option<ConfidenceArg>,
    /// The configuration file that the user named.
    pub config: Option<PathBuf>,
    /// The baseline file that the user named.
    pub baseline: Option<PathBuf>,
    /// `true` if comments, entries and the baseline allow nothing.
    pub no_allow: bool,
    /// Patterns of paths whose findings do not count.
    pub exclude: Vec<String>,
    /// The rules that run; all if none is named.
    pub rules: Vec<String>,
    /// The number of worker threads.
    pub threads: Option<NonZeroUsize>,
    /// `true` if advice is left out.
    pub quiet: bool,
    /// `true` if everything about each finding is shown.
    pub full: bool,
    /// `true` if absent objects of Git LFS are gaps.
    pub strict: bool,
    /// `true` if findings still exit with 0.
    pub exit_zero: bool,
    /// The report's name for the scanned data.
    pub repo_name: Option<String>,
    /// The people who can read the scanned data.
    pub visibility: Option<AccessArg>,
}

/// Options of scans.
#[derive(Debug, Clone, Args)]
pub struct ScanArgs {
    /// The output options.
    #[command(flatten)]
    output: ReportOutput,
    /// The filters.
    #[command(flatten)]
    selection: Selection,
    /// The configuration in force.
    #[command(flatten)]
    setup: Setup,
    /// The limits of the scan.
    #[command(flatten)]
    machine: Machine,
    /// The subject of the scan.
    #[command(flatten)]
    identity: Identity,
}

impl ScanArgs {
    /// Returns the values of all options.
    pub fn common(&self) -> Common {
        let common = self.output.over(self.machine.over(self.setup.over(Common::default())));
        self.identity.over(self.selection.over(common))
    }
}

/// The description of the subject in the report, for an inventory of many.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = OUTPUT)]
struct Identity {
    /// The name in JSON of what is scanned: its URL, as other machines know it [default: that of the remote origin]
    #[arg(long, value_name = "NAME", global = true, hide_short_help = true)]
    repo_name: Option<String>,
    /// Record who can read it
    #[arg(long, value_enum, value_name = "WHO", global = true, hide_short_help = true)]
    visibility: Option<AccessArg>,
}

impl Identity {
    fn over(&self, common: Common) -> Common {
        Common { repo_name: self.repo_name.clone(), visibility: self.visibility, ..common }
    }
}

/// The people who can read a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AccessArg {
    /// Only those who were granted access
    Private,
    /// Everybody in the organisation
    Internal,
    /// Everybody
    Public,
}

/// Options of the proof that values are gone, which no threshold and no rule may weaken.
#[derive(Debug, Clone, Args)]
pub struct ProofArgs {
    /// The output options.
    #[command(flatten)]
    output: ReportOutput,
    /// The configuration in force.
    #[command(flatten)]
    config: Configuration,
    /// The limits of the scan.
    #[command(flatten)]
    machine: Machine,
}

impl ProofArgs {
    /// Returns the values of all options.
    pub fn common(&self) -> Common {
        self.output.over(self.machine.over(self.config.over(Common::default())))
    }
}

/// Options of commands that continue with what a sweep finds.
#[derive(Debug, Clone, Args)]
pub struct SweepArgs {
    /// The output options.
    #[command(flatten)]
    output: PageOutput,
    /// The filters.
    #[command(flatten)]
    selection: Selection,
    /// The configuration in force.
    #[command(flatten)]
    setup: Setup,
    /// The limits of the sweep.
    #[command(flatten)]
    machine: Machine,
    /// Show no progress
    #[arg(long, short, global = true, help_heading = OUTPUT, hide_short_help = true)]
    quiet: bool,
}

impl SweepArgs {
    /// Returns the values of all options.
    pub fn common(&self) -> Common {
        let common = self.output.over(self.machine.over(self.setup.over(Common::default())));
        Common { quiet: self.quiet, ..self.selection.over(common) }
    }
}

/// Options of a page for which a file may be scanned.
#[derive(Debug, Clone, Args)]
pub struct PageArgs {
    /// The output options.
    #[command(flatten)]
    output: PageOutput,
    /// The configuration in force.
    #[command(flatten)]
    setup: Setup,
    /// The filters.
    #[command(flatten)]
    thresholds: Thresholds,
}

impl PageArgs {
    /// Returns the values of all options.
    pub fn common(&self) -> Common {
        self.thresholds.over(self.output.over(self.setup.over(Common::default())))
    }
}

/// Options of a page about rules.
#[derive(Debug, Clone, Args)]
pub struct RulesPageArgs {
    /// The output options.
    #[command(flatten)]
    output: PageOutput,
    /// The configuration in force.
    #[command(flatten)]
    config: Configuration,
}

impl RulesPageArgs {
    /// Returns the values of all options.
    pub fn common(&self) -> Common {
        self.output.over(self.config.over(Common::default()))
    }
}

/// Options of the page about the state of hooks.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = OUTPUT)]
pub struct StateArgs {
    /// The format of the output
    #[arg(long, short, value_enum, default_value = "human")]
    format: StateFormatArg,
    /// Write it to a file
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl StateArgs {
    /// Returns the values of all options.
    pub fn common(&self) -> Common {
        let format = match self.format {
            StateFormatArg::Human => FormatArg::Human,
            StateFormatArg::Json => FormatArg::Json,
            StateFormatArg::Jsonl => FormatArg::Jsonl,
        };
        Common { format, output: self.output.clone(), ..Common::default() }
    }
}

/// Formats of output that can't be written as a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StateFormatArg {
    /// For people
    Human,
    /// One JSON document
    Json,
    /// One JSON object on a line
    Jsonl,
}

/// The option of output that has only one form.
#[derive(Debug, Clone, Args)]
pub struct TextArgs {
    /// Write the text to a file
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

const OUTPUT: &str = "Output";
const COUNTS: &str = "Filters";
const FORCE: &str = "Configuration";
const RUNNING: &str = "Running";

/// The options for writing a report.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = OUTPUT)]
struct ReportOutput {
    /// The format of the report
    #[arg(long, short, value_enum, default_value = "human", global = true)]
    format: FormatArg,
    /// Write the report to a file
    #[arg(long, short, value_name = "FILE", global = true)]
    output: Option<PathBuf>,
    /// Also write the report to a file, in another format
    ///
    /// That file never contains values. The option may be given more than once.
    #[arg(long, value_name = "FORMAT=FILE", value_parser = also, global = true, hide_short_help = true)]
    also: Vec<(FormatArg, PathBuf)>,
    /// Leave out advice and progress
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Show everything instead of an overview
    #[arg(long, conflicts_with = "quiet", global = true, hide_short_help = true)]
    full: bool,
    /// Show the values of the secrets
    #[arg(long, global = true, hide_short_help = true)]
    show_secrets: bool,
    /// Exit with 0 even if secrets were found
    #[arg(long, global = true, hide_short_help = true)]
    exit_zero: bool,
}

impl ReportOutput {
    fn over(&self, common: Common) -> Common {
        let Self { format, output, also, quiet, full, show_secrets, exit_zero } = self.clone();
        Common { format, output, also, quiet, full, show_secrets, exit_zero, ..common }
    }
}

/// The options for writing a page that isn't a report.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = OUTPUT)]
struct PageOutput {
    /// The format of the results
    #[arg(long, short, value_enum, default_value = "human", global = true)]
    format: PageFormatArg,
    /// Write the results to a file
    #[arg(long, short, value_name = "FILE", global = true)]
    output: Option<PathBuf>,
}

impl PageOutput {
    fn over(&self, common: Common) -> Common {
        Common { format: self.format.into(), output: self.output.clone(), ..common }
    }
}

/// The findings that count.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = COUNTS)]
struct Selection {
    /// The least severity and confidence of a finding.
    #[command(flatten)]
    thresholds: Thresholds,
    /// Run this rule only; may be given more than once
    #[arg(long = "rule", value_name = "ID", global = true, hide_short_help = true)]
    rules: Vec<String>,
    /// Ignore findings at this .gitignore pattern
    ///
    /// Examples are 'vendor/' and '*.lock'. The files are read all the same, and the report shows how many secrets were not
    /// counted. The option may be given more than once.
    #[arg(long, value_name = "PATH", conflicts_with = "no_allow", global = true)]
    exclude: Vec<String>,
}

impl Selection {
    fn over(&self, common: Common) -> Common {
        self.thresholds.over(Common { rules: self.rules.clone(), exclude: self.exclude.clone(), ..common })
    }
}

/// The least severity and confidence that a finding must have to count.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = COUNTS)]
struct Thresholds {
    /// Least severity to report [default: low]
    #[arg(long, value_enum, value_name = "LEVEL", global = true, hide_short_help = true)]
    min_severity: Option<SeverityArg>,
    /// Least confidence to report [default: medium]
    #[arg(long, value_enum, value_name = "LEVEL", global = true)]
    min_confidence: Option<ConfidenceArg>,
}

impl Thresholds {
    fn over(&self, common: Common) -> Common {
        Common { min_severity: self.min_severity, min_confidence: self.min_confidence, ..common }
    }
}

/// The configuration and the baseline.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = FORCE)]
struct Setup {
    /// The configuration.
    #[command(flatten)]
    config: Configuration,
    /// Read this baseline instead of .keysweep-baseline at the repository's root
    #[arg(long, value_name = "FILE", global = true, hide_short_help = true)]
    baseline: Option<PathBuf>,
    /// Also report what comments, the configuration and the baseline allow
    #[arg(long, global = true, hide_short_help = true)]
    no_allow: bool,
}

impl Setup {
    fn over(&self, common: Common) -> Common {
        self.config.over(Common { baseline: self.baseline.clone(), no_allow: self.no_allow, ..common })
    }
}

/// The configuration.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = FORCE)]
struct Configuration {
    /// Read this configuration instead of .keysweep.toml at the repository's root
    #[arg(
        long,
        value_name = "FILE",
        global = true,
        hide_short_help = true,
        long_help = "Read this configuration instead of .keysweep.toml at the repository's root

The environment variable KEYSWEEP_CONFIG names one for every call; the option takes precedence."
    )]
    config: Option<PathBuf>,
}

impl Configuration {
    fn over(&self, common: Common) -> Common {
        Common { config: self.config.clone().or_else(configured), ..common }
    }
}

/// Returns the configuration that the environment names for every call.
pub fn configured() -> Option<PathBuf> {
    std::env::var_os("KEYSWEEP_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// The limits of a scan, and its requirements.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = RUNNING)]
struct Machine {
    /// Worker threads [default: one for each core]
    #[arg(long, value_name = "N", global = true, hide_short_help = true)]
    threads: Option<NonZeroUsize>,
    /// Fail on parts that are otherwise only noted: absent Git LFS objects, archives that are not opened, encrypted files
    #[arg(long, global = true, hide_short_help = true)]
    strict: bool,
}

impl Machine {
    fn over(&self, common: Common) -> Common {
        Common { threads: self.threads, strict: self.strict, ..common }
    }
}

/// Parses a format and a file.
fn also(text: &str) -> Result<(FormatArg, PathBuf), String> {
    let (format, file) = text.split_once('=').filter(|(_, file)| !file.is_empty()).ok_or("write FORMAT=FILE")?;
    Ok((FormatArg::from_str(format, false)?, PathBuf::from(file)))
}

/// Formats of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum FormatArg {
    /// For people
    #[default]
    Human,
    /// One JSON document
    Json,
    /// One JSON object a line
    Jsonl,
    /// Markdown, for issues, tickets and mails
    Markdown,
    /// One HTML file that loads nothing, for a browser or for paper
    Html,
    /// SARIF 2.1.0, for code hosts and editors
    Sarif,
    /// Annotations of GitHub Actions
    Github,
    /// Issues of Azure Pipelines
    Azure,
    /// The report of GitLab's secret detection
    Gitlab,
    /// Test cases as XML, as build servers read them
    Junit,
    /// A table with a row for each place, for spreadsheets
    Csv,
}

/// Formats of all output other than reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PageFormatArg {
    /// For people
    Human,
    /// One JSON document
    Json,
    /// One JSON object a line
    Jsonl,
    /// Markdown, for issues, tickets and mails
    Markdown,
    /// One HTML file that loads nothing, for a browser or for paper
    Html,
}

impl From<PageFormatArg> for FormatArg {
    fn from(format: PageFormatArg) -> Self {
        match format {
            PageFormatArg::Human => Self::Human,
            PageFormatArg::Json => Self::Json,
            PageFormatArg::Jsonl => Self::Jsonl,
            PageFormatArg::Markdown => Self::Markdown,
            PageFormatArg::Html => Self::Html,
        }
    }
}

/// The choice of when to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorArg {
    /// On a terminal, unless the environment says otherwise.
    #[value(help = "On a terminal, unless NO_COLOR, CLICOLOR, CLICOLOR_FORCE or TERM=dumb say otherwise")]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Severities.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum SeverityArg {
    /// All
    Low,
    /// Medium and worse
    Medium,
    /// High and worse
    High,
    /// Critical only
    Critical,
}

/// Confidences.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ConfidenceArg {
    /// All
    Low,
    /// Medium and surer
    Medium,
    /// High only
    High,
}
