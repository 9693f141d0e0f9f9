//! The arguments: recorded, not interpreted. Each command has the options that mean something to it and no others.

mod allow;
mod baseline;
mod fleet;
mod hook;
mod live;
mod options;
mod rules;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};
use clap_complete::Shell;

pub use allow::{AllowArgs, AllowIn};
pub use baseline::BaselineAction;
pub use fleet::{FleetAction, FleetFormatArg, MergeArgs, RunArgs};
pub use hook::{AgentName, HookAction, HookName, HookRun};
pub use live::LiveArgs;
pub use options::{
    AccessArg, ColorArg, Common, ConfidenceArg, FormatArg, PageArgs, ProofArgs, RulesPageArgs, ScanArgs, SeverityArg,
    StateArgs, SweepArgs, TextArgs,
};
pub use rules::RulesAction;

/// Keep secrets out of git, find those in its history, and make each one harmless
#[derive(Debug, Parser)]
#[command(
    name = "keysweep",
    version,
    disable_version_flag = true,
    max_term_width = 100,
    disable_help_subcommand = true,
    // Its own, for the commands to fit a small terminal.
    help_template = "{about-with-newline}{usage-heading} {usage}\n\n{all-args}{after-help}",
    after_help = EXIT_CODES,
    after_long_help = EXAMPLES
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// When to use colours
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto", global = true, hide_short_help = true)]
    pub color: ColorArg,
    // clap's own option would take a line of the short help.
    /// Print version
    #[arg(long, short = 'V', action = ArgAction::Version, hide_short_help = true)]
    version: Option<bool>,
}

const EXIT_CODES: &str = "Exit codes: 0 clean, 1 secrets found, 2 something was not read or not done";

/// The arguments with `help COMMAND` written as `COMMAND --help`, which is what people try first. clap's own command for it would take a
/// line of the short help.
pub fn spelled_out(mut args: Vec<OsString>) -> Vec<OsString> {
    if args.get(1).is_some_and(|first| first == "help") {
        args.remove(1);
        args.push("--help".into());
    }
    args
}

const EXAMPLES: &str = "Examples:
  # Check what the next commit adds
  keysweep staged

  # Check every commit from now on
  keysweep hook install

  # Sweep everything that this clone stores
  keysweep history

  # Complete commands and options in bash; 'keysweep man' writes manual pages
  keysweep completions bash > ~/.local/share/bash-completion/completions/keysweep

Exit codes: 0 clean, 1 secrets found, 2 something was not read or not done";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Scan what the next commit adds
    ///
    /// Secrets that HEAD holds already are not reported again: 'keysweep history' finds them.
    #[command(after_long_help = "Examples:
  # Check what the next commit adds
  keysweep staged

  # Check what is staged of some files only, as lint-staged asks for
  keysweep staged src/app.ts config/app.yaml")]
    Staged {
        /// Check these files and folders only
        ///
        /// Of a file that the next commit does not change, all of it is scanned.
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
        /// How.
        #[command(flatten)]
        scan: ScanArgs,
    },
    /// Scan everything that a clone stores
    ///
    /// That is all refs, reflogs, stashes, notes, messages, names, git's own files, and objects that nothing reaches.
    #[command(
        visible_alias = "sweep",
        after_long_help = "Examples:
  # Sweep the repository here, and read what was found in a browser
  keysweep history --format html --output report.html

  # Sweep another one, and remember what was clean
  keysweep history ../service --cache ~/.cache/keysweep

  # Sweep several
  keysweep history api web mobile

  # Look only at what came in since a release
  keysweep history --since v1.2"
    )]
    History {
        /// The repository, or several [default: .]
        ///
        /// Several are swept one after the other, each with its own configuration; the exit code is that of the worst. All
        /// formats but html, github, azure and gitlab hold several reports.
        #[arg(value_name = "REPO")]
        repos: Vec<PathBuf>,
        /// What a sweep takes besides.
        #[command(flatten)]
        history: HistoryArgs,
        /// How.
        #[command(flatten)]
        scan: ScanArgs,
    },
    /// Scan what the commits of a range add, as for a pull request
    #[command(
        override_usage = "keysweep range [OPTIONS] RANGE...
       keysweep range [OPTIONS] --ci    (in a job of a build server)",
        after_long_help = "Examples:
  # Check what this branch adds to main
  keysweep range origin/main..HEAD

  # Check one commit
  keysweep range 'HEAD^!'

  # In a job of a build server: check what the job is about
  keysweep range --ci"
    )]
    Range {
        /// BASE..HEAD, or another range as 'git rev-list' takes it
        ///
        /// Such are A...B, ^A B and A^!.
        #[arg(required_unless_present = "ci", conflicts_with = "ci")]
        range: Vec<String>,
        /// What a range takes besides.
        #[command(flatten)]
        change: RangeArgs,
        /// How.
        #[command(flatten)]
        scan: ScanArgs,
    },
    /// Scan files and folders; '-' is standard input
    ///
    /// Ignore files are honoured for what git does not track. Git's own folder is left to 'keysweep history'.
    #[command(after_long_help = "Examples:
  # Scan the files here, and those that .gitignore leaves out as well
  keysweep files --no-ignore .

  # Scan what another program prints
  kubectl get secret app -o yaml | keysweep files -")]
    Files {
        /// What to scan
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// Read what ignore files leave out, too: everything but what lies in '.git'
        #[arg(long)]
        no_ignore: bool,
        /// How.
        #[command(flatten)]
        scan: ScanArgs,
    },
    /// Scan a container image; '-' is standard input
    ///
    /// Read are archives and folders of docker, podman, buildah, skopeo and buildx, and root file systems, compressed or not: all
    /// layers with what later ones delete, the configuration, the steps of the build, annotations and attestations. Nothing is
    /// unpacked, and no registry is asked.
    #[command(after_long_help = "Examples:
  # Scan an image that docker has
  docker save app:1.0 | keysweep image -

  # Scan what a build makes, before anybody pushes it
  docker buildx build --output type=oci,dest=- . | keysweep image -

  # Scan an image of a registry
  skopeo copy docker://ghcr.io/example/app:1.0 oci-archive:app.tar
  keysweep image app.tar")]
    Image {
        /// The archive or folder
        #[arg(value_name = "PATH")]
        path: PathBuf,
        /// Mark what comes from this base image; may be repeated
        #[arg(long = "base", value_name = "IMAGE")]
        bases: Vec<PathBuf>,
        /// Scan only images for this platform
        #[arg(long, value_name = "OS/ARCH")]
        platform: Option<String>,
        /// Skip layers that this folder knows as clean
        #[arg(long, value_name = "DIR")]
        cache: Option<PathBuf>,
        /// How.
        #[command(flatten)]
        scan: ScanArgs,
    },
    /// Scan what 'docker build' would be given
    ///
    /// Those are the files that .dockerignore does not leave out; each finding says which instruction copies its file into the
    /// image.
    #[command(after_long_help = "Examples:
  # Scan the build context here
  keysweep context

  # Scan that of another Dockerfile
  keysweep context --dockerfile docker/Dockerfile .")]
    Context {
        /// The folder that is given to the build [default: .]
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
        /// The Dockerfile [default: Dockerfile in the folder]
        #[arg(long, value_name = "FILE")]
        dockerfile: Option<PathBuf>,
        /// How.
        #[command(flatten)]
        scan: ScanArgs,
    },
    /// Scan the files of coding agents: settings, transcripts
    ///
    /// Read are the settings, MCP servers, approved commands, logins, transcripts, chat stores and logs of some twenty agents, wherever
    /// each keeps them on Linux, macOS and Windows; the notes say which were there. Nothing is changed and nothing is sent.
    #[command(after_long_help = "Examples:
  # Scan those of your home folder
  keysweep agents

  # Scan those of a project
  keysweep agents .")]
    Agents {
        /// A home folder or the folder of a project [default: your home folder]
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
        /// How.
        #[command(flatten)]
        scan: ScanArgs,
    },
    /// Sweep many repositories, and put their reports together
    #[command(
        disable_help_subcommand = true,
        after_long_help = "Examples:
  # Sweep the repositories of a list
  keysweep fleet run list.txt --out sweep

  # One inventory of all reports in a folder
  keysweep fleet merge sweep --owners owners.toml"
    )]
    Fleet {
        /// What to do.
        #[command(subcommand)]
        action: FleetAction,
    },
    /// Rehearse a leak in repositories that last a moment
    ///
    /// Credentials of nobody are planted, and hook, pull request check, sweep, check of a build context, plan to purge and proof have to
    /// do their part; a certificate says what stopped them. Purging takes git filter-repo.
    #[command(
        hide = true,
        after_long_help = "Examples:
  # See that everything works on this machine
  keysweep drill

  # Write an exercise for a team
  keysweep drill --team exercise"
    )]
    Drill(DrillArgs),
    /// Plan how to take secrets out of history and all its copies
    ///
    /// It writes the values into a file that only you can read, for git filter-repo, and runs nothing of the plan.
    #[command(after_long_help = "Examples:
  # Plan for everything that 'keysweep history' reports
  keysweep purge-plan

  # Plan for one finding
  keysweep purge-plan --finding nsbs44whgl")]
    PurgePlan {
        /// The repository [default: .]
        repo: Option<PathBuf>,
        /// Plan for this finding only; may be given more than once
        #[arg(long = "finding", value_name = "ID")]
        findings: Vec<String>,
        /// Write the files of the plan to this folder
        ///
        /// It is 'keysweep' in the repository's git folder otherwise.
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
        /// Write the plan as a script for sh as well
        ///
        /// The script asks before each step that cannot be undone, says after each what happened, and goes on where it stopped.
        #[arg(long, value_name = "FILE")]
        script: Option<PathBuf>,
        /// How.
        #[command(flatten)]
        sweep: SweepArgs,
        /// Show the values of the secrets
        #[arg(long, help_heading = "Output")]
        show_secrets: bool,
    },
    /// Prove that values are gone from everything a clone stores
    ///
    /// Of a value that is still there it says where, and what keeps it.
    #[command(
        override_usage = "keysweep verify [OPTIONS] --expressions FILE|--stdin|--finding ID [REPO]",
        after_long_help = "Examples:
  # Look for the values of a plan that was carried out
  keysweep verify --expressions .git/keysweep/expressions.txt

  # Look for a value that another program prints
  pass show old-token | keysweep verify --stdin"
    )]
    Verify {
        /// The repository [default: .]
        repo: Option<PathBuf>,
        /// What to look for.
        #[command(flatten)]
        wanted: Wanted,
        /// With --revoked: send the requests without asking
        #[arg(long, requires = "revoked", hide_short_help = true)]
        yes: bool,
        /// How.
        #[command(flatten)]
        proof: ProofArgs,
    },
    /// Ask providers whether secrets of the last reports still work
    ///
    /// It lists the requests, and sends them once somebody agrees: on a terminal, or with --yes. Each secret goes to its own
    /// provider alone, in a request that changes nothing. No other command opens a connection.
    #[command(after_long_help = "Examples:
  # See what would be asked, and send nothing
  keysweep live --all --dry-run

  # Ask about one finding of the last report
  keysweep live nsbs44whgl

  # Ask about all findings of one rule
  keysweep live --all --only github-pat-classic --yes")]
    Live {
        /// What to ask.
        #[command(flatten)]
        args: LiveArgs,
        /// How.
        #[command(flatten)]
        page: RulesPageArgs,
    },
    /// Accept the secrets that are known, so that only new ones count
    #[command(
        disable_help_subcommand = true,
        after_long_help = "Examples:
  # Accept everything that is there today
  keysweep baseline create

  # See what came in since
  keysweep baseline check"
    )]
    Baseline {
        /// What to do.
        #[command(subcommand)]
        action: BaselineAction,
        /// How.
        #[command(flatten)]
        sweep: SweepArgs,
    },
    /// Allow a false alarm: write down why it is no secret
    ///
    /// It says how to commit what it wrote.
    #[command(after_long_help = "Examples:
  # Allow one finding by its id
  keysweep allow nsbs44whgl --reason 'sample from the vendor'

  # Allow everything that stopped the last commit
  keysweep allow --last --reason 'generated by the tests'")]
    Allow {
        /// What to allow, and why.
        #[command(flatten)]
        what: AllowArgs,
        /// How.
        #[command(flatten)]
        page: PageArgs,
    },
    /// Install, remove, inspect or run git's hooks
    #[command(
        disable_help_subcommand = true,
        after_long_help = "Examples:
  # Check every commit of this repository from now on
  keysweep hook install

  # See whether the hooks work
  keysweep hook status"
    )]
    Hook {
        /// What to do.
        #[command(subcommand)]
        action: HookAction,
    },
    /// Explain a rule, a finding, or why a line is reported or not
    #[command(after_long_help = "Examples:
  # What a rule looks for, and what to do about its findings
  keysweep explain github-pat-classic

  # Everything about a finding of the last report
  keysweep explain nsbs44whgl

  # Why a line is reported, or not
  keysweep explain config/app.yaml:12")]
    Explain {
        /// A rule's id, a finding's id, or a file and the number of a line in it
        ///
        /// The first characters of a finding's id are enough.
        #[arg(value_name = "RULE|ID|FILE:LINE")]
        what: String,
        /// How.
        #[command(flatten)]
        page: PageArgs,
    },
    /// List the rules, or prove them against their own examples
    #[command(
        disable_help_subcommand = true,
        after_long_help = "Examples:
  # The rules for a provider
  keysweep rules list azure

  # Prove rules of your own
  keysweep rules check acme.toml"
    )]
    Rules {
        /// What to do.
        #[command(subcommand)]
        action: RulesAction,
    },
    /// Print the script that completes commands and options in a shell
    #[command(
        hide = true,
        after_long_help = "Examples:
  # For bash
  keysweep completions bash > ~/.local/share/bash-completion/completions/keysweep"
    )]
    Completions {
        /// The shell
        shell: Shell,
        /// Where to.
        #[command(flatten)]
        text: TextArgs,
    },
    /// Write the manual pages, one for each command
    #[command(
        hide = true,
        after_long_help = "Examples:
  # Where 'man' looks for those of one user
  keysweep man ~/.local/share/man/man1"
    )]
    Man {
        /// The folder for them
        folder: PathBuf,
    },
}

/// What `history` takes besides the options of every scan.
#[derive(Debug, Clone, Args)]
pub struct HistoryArgs {
    /// Remember in DIR what was clean for the next time
    ///
    /// What is remembered are the ids of objects, so that the next sweep reads only new ones; with other rules it reads
    /// everything again.
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
    /// Scan only what came in since a revision or a day
    ///
    /// A day is written 2026-01-31 and begins at midnight in UTC. Read is what commits add that a branch, a tag, another ref or
    /// a HEAD leads to, and that the revision does not lead to, or that were made on that day or later. Nothing else is read:
    /// no older commit, no reflog, nothing that only leftovers hold, and none of git's own files.
    #[arg(long, value_name = "REV|DAY", conflicts_with_all = ["cache", "flag_outside_authors"])]
    pub since: Option<String>,
    /// Mark secrets of authors with unusual addresses
    ///
    /// It is unusual if its domain (at a mail host that anybody can use, the whole address) wrote less than a tenth of the
    /// commits.
    #[arg(long)]
    pub flag_outside_authors: bool,
    /// Take the remotes for forks of one repository, so that 'fleet merge' says which of them hold what
    #[arg(long, hide_short_help = true)]
    pub network: bool,
    /// Memory that the sweep may take, in MiB
    #[arg(long, value_name = "MIB", hide = true)]
    pub memory: Option<u64>,
}

/// What a drill is about.
#[derive(Debug, Clone, Args)]
pub struct DrillArgs {
    /// Plant a credential of this rule; may be given more than once
    #[arg(long = "kind", value_name = "RULE")]
    pub kinds: Vec<String>,
    /// Write a repository and an exercise to this folder instead, without the answers
    #[arg(long, value_name = "DIR")]
    pub team: Option<PathBuf>,
    /// How.
    #[command(flatten)]
    pub page: RulesPageArgs,
}

/// What `range` takes besides the options of every scan.
#[derive(Debug, Clone, Args)]
pub struct RangeArgs {
    /// Scan what this job of a build server is about
    ///
    /// That is the commits of its pull request, push or merge group. GitHub, Gitea and Forgejo Actions, GitLab CI, Azure Pipelines,
    /// Bitbucket Pipelines, Circle CI and Jenkins tell it. On GitHub the report is added to the summary of the job as well.
    #[arg(long)]
    pub ci: bool,
    /// Take configuration and allow comments from the range's end
    ///
    /// Configuration, allow comments, entries and baseline come from the start of the range otherwise, so that no change
    /// decides about itself. This is for pushes to a branch that only reviewed changes get to.
    #[arg(long)]
    pub trust_head: bool,
}

/// What `verify` looks for: exactly one of these.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub struct Wanted {
    /// Look for the values in a file that 'keysweep purge-plan' wrote
    ///
    /// Any other file for git filter-repo will do that holds literal text.
    #[arg(long, value_name = "FILE")]
    pub expressions: Option<PathBuf>,
    /// Look for the values on standard input, one a line
    #[arg(long)]
    pub stdin: bool,
    /// Look for a finding by its id; may be given more than once
    ///
    /// This proves less: the rules have to recognise what is left.
    #[arg(long = "finding", value_name = "ID")]
    pub findings: Vec<String>,
    /// Ask the provider of a finding whether it is dead; may be given more than once
    ///
    /// This is for a secret that was revoked: 'keysweep live' tells the terms. The exit code is 0 if the provider does not know
    /// it any more.
    #[arg(long, value_name = "ID", hide_short_help = true)]
    pub revoked: Vec<String>,
}
