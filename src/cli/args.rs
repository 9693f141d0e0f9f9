//! The arguments: recorded, not interpreted.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// Stops secrets from entering a git repository, sweeps its history for those already there, and says how to make each
/// one harmless.
#[derive(Debug, Parser)]
#[command(name = "keysweep", version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Options of every command.
    #[command(flatten)]
    pub common: Common,
}

const EXIT_CODES: &str =
    "Exit codes: 0 clean, 1 findings, 2 could not tell (usage, configuration, or a part was not read).";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Scan what the index adds to HEAD: what the next commit would bring in
    Staged {
        /// Only these files and folders; of a file that the next commit does not change, all of it [default: all]
        files: Vec<PathBuf>,
    },
    /// Scan everything git stores: all refs, reflogs, stashes, notes, messages, names and unreachable objects
    #[command(visible_alias = "sweep")]
    History {
        /// The repository [default: .]
        repo: Option<PathBuf>,
        /// Keep ids of objects seen here, so that the next sweep with the same rules looks at new ones only
        #[arg(long, value_name = "DIR")]
        cache: Option<PathBuf>,
        /// Mark secrets that came in by an author whose address is not usual here: its domain (at a mail host that
        /// anybody can use, the whole address) wrote less than a tenth of the commits
        #[arg(long)]
        flag_outside_authors: bool,
    },
    /// Scan what the commits of a range add, for pull requests and pushes
    Range {
        /// BASE..HEAD, or what else 'git rev-list' takes for a range: A...B, ^A B, A^!
        #[arg(required_unless_present = "ci", conflicts_with = "ci")]
        range: Vec<String>,
        /// What the job of GitHub Actions or GitLab CI is about: the commits of its pull request, push or merge group. On GitHub
        /// the report is added to the summary of the job as well
        #[arg(long)]
        ci: bool,
        /// Take configuration, allow comments, entries and baseline from the range's end instead of its start: for pushes to a
        /// branch that only reviewed changes get to
        #[arg(long)]
        trust_head: bool,
    },
    /// Scan files and folders, honouring ignore files; '-' is standard input
    Files {
        /// What to scan
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// Read what .gitignore and other ignore files leave out, too: all but what lies in '.git'
        #[arg(long)]
        no_ignore: bool,
    },
    /// Say how to take secrets out of history and all its copies; writes their values into a file that only you can read, for
    /// git filter-repo, and runs nothing
    PurgePlan {
        /// The repository [default: .]
        repo: Option<PathBuf>,
        /// Only this finding, by its id; may be given more than once [default: all]
        #[arg(long = "finding", value_name = "ID")]
        findings: Vec<String>,
        /// Where the files of the plan are written [default: 'keysweep' in the repository's own folder]
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
    /// Prove that values are gone from everything a clone stores, or say what still keeps them
    Verify {
        /// The repository [default: .]
        repo: Option<PathBuf>,
        /// What to look for
        #[command(flatten)]
        wanted: Wanted,
    },
    /// Keep a file of the secrets that are known already, so that only new ones count
    Baseline {
        /// What to do
        #[command(subcommand)]
        action: BaselineAction,
    },
    /// Write down why a finding is no secret, so that it does not count any more; says how to commit that
    Allow {
        /// What to allow, and why
        #[command(flatten)]
        what: AllowArgs,
    },
    /// Install, remove, inspect or run git's hooks
    Hook {
        /// What to do
        #[command(subcommand)]
        action: HookAction,
    },
    /// Say what a rule looks for and what to do about its findings, all about one finding of the last report, or why a line is
    /// reported or not
    Explain {
        /// A rule's id, the id of a finding (its first characters are enough), or a file and the number of a line in it
        #[arg(value_name = "RULE|ID|FILE:LINE")]
        what: String,
    },
    /// List the rules, or prove them against their own examples
    Rules {
        /// What to do
        #[command(subcommand)]
        action: RulesAction,
    },
    /// Print the script that completes commands and options in a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the manual pages, one for each command
    Man {
        /// The folder for them
        folder: PathBuf,
    },
}

/// What `verify` looks for: exactly one of these.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub struct Wanted {
    /// The values in a file of 'keysweep purge-plan', or any other file for git filter-repo that holds literal text
    #[arg(long, value_name = "FILE")]
    pub expressions: Option<PathBuf>,
    /// The values on standard input, one a line
    #[arg(long)]
    pub stdin: bool,
    /// A finding, by its id; may be given more than once. Weaker: the rules have to recognise what is left
    #[arg(long = "finding", value_name = "ID")]
    pub findings: Vec<String>,
}

/// What `allow` writes, and about what.
#[derive(Debug, Clone, Args)]
pub struct AllowArgs {
    /// Findings of the last reports or of what is staged, by their ids; the first four characters are enough
    #[arg(value_name = "ID", required_unless_present = "last", conflicts_with = "last")]
    pub ids: Vec<String>,
    /// All findings of the last commit that was stopped
    #[arg(long)]
    pub last: bool,
    /// Why it is no secret, for whoever reads it next
    #[arg(long, value_name = "WORDS")]
    pub reason: String,
    /// Where it is written [default: a comment where the language of the file has any, otherwise the configuration]
    #[arg(long = "in", value_enum, value_name = "WHERE")]
    pub form: Option<AllowIn>,
}

/// Where `allow` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AllowIn {
    /// A comment beside the value
    Comment,
    /// An entry in .keysweep.toml, or in the file that --config names
    Config,
    /// A line in .keysweep-baseline, or in the file that --baseline names
    Baseline,
}

/// What `baseline` does. Each sweeps everything that the repository stores.
#[derive(Debug, Clone, Subcommand)]
pub enum BaselineAction {
    /// Write .keysweep-baseline with all secrets that are there
    Create {
        /// The repository [default: .]
        repo: Option<PathBuf>,
    },
    /// Add new secrets and drop those that are gone
    Update {
        /// The repository [default: .]
        repo: Option<PathBuf>,
        /// Add only this finding, by its id; may be given more than once [default: all that are new]
        #[arg(long = "finding", value_name = "ID")]
        findings: Vec<String>,
    },
    /// Say which secrets are new, unchanged and absent; ends with 1 if one is new
    Check {
        /// The repository [default: .]
        repo: Option<PathBuf>,
    },
    /// Add what another tool was told to ignore: a .gitleaksignore, a report of gitleaks, a baseline of detect-secrets
    Import {
        /// The file
        file: PathBuf,
        /// The repository [default: .]
        repo: Option<PathBuf>,
    },
}

/// What `hook` does.
#[derive(Debug, Clone, Subcommand)]
pub enum HookAction {
    /// Write a hook; one that is there is kept and runs first
    Install {
        /// Which hook; may be given more than once [default: pre-commit]
        #[arg(long = "hook", value_enum, value_name = "NAME")]
        hooks: Vec<HookName>,
        /// In the template that git copies into each repository it makes or clones from now on, instead of in this one
        #[arg(long)]
        global: bool,
    },
    /// Remove a hook and put back what was there before
    Uninstall {
        /// Which hook; may be given more than once [default: those that are installed]
        #[arg(long = "hook", value_enum, value_name = "NAME")]
        hooks: Vec<HookName>,
        /// From the template that git copies into each repository it makes or clones from now on
        #[arg(long)]
        global: bool,
    },
    /// Say of each hook whether it is in place, runs this program and stops a canary, a secret in a repository that lasts a
    /// moment; ends with 2 if one that has to does not
    Status {
        /// Which has to; may be given more than once [default: pre-commit, and those that are installed]
        #[arg(long = "hook", value_enum, value_name = "NAME")]
        hooks: Vec<HookName>,
        /// Of the template that git copies into each repository it makes or clones from now on
        #[arg(long)]
        global: bool,
    },
    /// What a hook itself calls
    Run {
        /// Which hook
        #[command(subcommand)]
        hook: HookRun,
    },
}

/// Hooks that can be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum HookName {
    /// Checks what a commit adds
    PreCommit,
    /// Checks what a push brings to the remote
    PrePush,
    /// Checks the message of a commit
    CommitMsg,
    /// Checks, on a server, what a push would bring in
    PreReceive,
}

/// Hooks that can be run, with what git gives to each.
#[derive(Debug, Clone, Subcommand)]
pub enum HookRun {
    /// Before a commit: what the index adds
    PreCommit {
        /// Files that the pre-commit framework names; those that the commit does not change are looked at whole
        files: Vec<PathBuf>,
    },
    /// Before a push: what it brings that the remote does not have yet; standard input says what is pushed, as git writes it
    PrePush {
        /// The remote's name, or its URL if it has none
        remote: OsString,
        /// The remote's URL, which git names too; what the remote has is known by its name
        url: Option<OsString>,
    },
    /// Before a commit: its message
    CommitMsg {
        /// The file with the message
        file: PathBuf,
    },
    /// On a server, before a push is let in: what it adds; standard input says what is pushed, as git writes it
    PreReceive,
    /// For coding agents: what one is about to do, or what a tool gave it, as it writes it to standard input. Stops secrets
    /// with 2 and masks those that come back
    Agent,
}

/// What `rules` does.
#[derive(Debug, Clone, Subcommand)]
pub enum RulesAction {
    /// One line for each rule in force
    List,
    /// Prove every rule against its examples, counter-examples and remediation
    Check {
        /// A rule file; the built-in rules if absent
        file: Option<PathBuf>,
    },
    /// Carry a rule file of gitleaks over: prints rules for .keysweep.toml, and says what cannot be carried over
    Import {
        /// The file
        file: PathBuf,
    },
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// How results are written
    #[arg(long, value_enum, default_value = "human", global = true)]
    pub format: FormatArg,
    /// Write results to a file instead of standard output
    #[arg(long, value_name = "FILE", global = true)]
    pub output: Option<PathBuf>,
    /// Write results to a file in another format as well, never with values; may be given more than once
    #[arg(long, value_name = "FORMAT=FILE", value_parser = also, global = true)]
    pub also: Vec<(FormatArg, PathBuf)>,
    /// Show the secrets' values
    #[arg(long, global = true)]
    pub show_secrets: bool,
    /// Least severity to report
    #[arg(long, value_enum, global = true)]
    pub min_severity: Option<SeverityArg>,
    /// Least confidence to report [default: medium]
    #[arg(long, value_enum, global = true)]
    pub min_confidence: Option<ConfidenceArg>,
    /// Configuration file [default: .keysweep.toml at the repository's root]
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Baseline of secrets known already [default: .keysweep-baseline at the repository's root]
    #[arg(long, value_name = "FILE", global = true)]
    pub baseline: Option<PathBuf>,
    /// Count what comments, the configuration and the baseline allow, too
    #[arg(long, global = true)]
    pub no_allow: bool,
    /// Run only this rule; may be given more than once
    #[arg(long = "rule", value_name = "ID", global = true)]
    pub rules: Vec<String>,
    /// Worker threads [default: one a core]
    #[arg(long, value_name = "N", global = true)]
    pub threads: Option<std::num::NonZeroUsize>,
    /// Findings and verdict only, no advice
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Everything about each finding, where there would be an overview
    #[arg(long, conflicts_with = "quiet", global = true)]
    pub full: bool,
    /// When to use colours
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto", global = true)]
    pub color: ColorArg,
    /// Count as not read what is only noted: absent Git LFS objects, archives that are not opened, encrypted files
    #[arg(long, global = true)]
    pub strict: bool,
    /// End with 0 although there are findings
    #[arg(long, global = true)]
    pub exit_zero: bool,
}

/// A format and a file.
fn also(text: &str) -> Result<(FormatArg, PathBuf), String> {
    let (format, file) = text.split_once('=').filter(|(_, file)| !file.is_empty()).ok_or("write FORMAT=FILE")?;
    Ok((FormatArg::from_str(format, false)?, PathBuf::from(file)))
}

/// Formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FormatArg {
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
    /// SARIF 2.1.0, for code hosts and editors; reports of scans only
    Sarif,
    /// Annotations of GitHub Actions; reports of scans only
    Github,
    /// The report of GitLab's secret detection; reports of scans only
    Gitlab,
    /// Test cases as XML, as build servers read them; reports of scans only
    Junit,
    /// A table with a row for each place, for spreadsheets; reports of scans only
    Csv,
}

/// When colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorArg {
    /// On a terminal, unless the environment says otherwise: `NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE`, `TERM=dumb`
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
