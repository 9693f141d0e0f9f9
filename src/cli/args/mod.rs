//! The arguments: recorded, not interpreted. Each command has only the options that apply to it.

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
    StateArgs, SweepArgs, TextArgs, configured,
};
pub use rules::RulesAction;

/// The commands in groups, because clap can group only options, and the exit codes. The line of a command is the
/// beginning of its own help.
const GROUPS: &str = "\
Scan   staged       Scan what the next commit adds
       range        Scan what a range of commits adds, such as a pull request
       history      Scan everything that a clone stores [alias: sweep]
       files        Scan files and folders; '-' is standard input
       image        Scan a container image; '-' is standard input
       context      Scan what 'docker build' would send to the builder
       agents       Scan the files of coding agents: settings, transcripts
       fleet        Sweep many repositories, and merge their reports
Guard  hook         Install, remove, inspect or run git's hooks
       allow        Allow a false alarm: record why it is not a secret
       baseline     Accept the known secrets, so that only new ones count
Clean  explain      Explain a rule, a finding, or why a line is reported or not
       live         LIVE
       purge-plan   Plan how to take secrets out of history and all its copies
       verify       Prove that values are gone from everything a clone stores
Test   rules        List the rules, or prove them against their own examples
       drill        Rehearse a leak in temporary repositories
Setup  completions  Print the script that completes commands in a shell
       man          Write the manual pages, one for each command
Exit   0 clean, 1 secrets found, 2 something was not read or not done
";

/// The description of `live` in the list of commands.
const LIVE: &str = if cfg!(feature = "live") {
    "Ask providers whether reported secrets still work"
} else {
    "Ask providers whether secrets still work (not in this build)"
};

/// Returns the template of the help, with the commands in groups and short enough for a small terminal.
fn template() -> String {
    let groups = GROUPS.replace("LIVE", LIVE);
    format!("{{about-with-newline}}{{usage-heading}} {{usage}}\n\n{groups}Options:\n{{options}}{{after-help}}")
}

/// Keep secrets out of git, find those in its history, and make each one harmless
#[derive(Debug, Parser)]
#[command(
    name = "keysweep",
    version,
    disable_version_flag = true,
    max_term_width = 100,
    disable_help_subcommand = true,
    help_template = template(),
    after_long_help = EXAMPLES
)]
pub struct Cli {
    /// The action to take.
    #[command(subcommand)]
    pub command: Command,
    /// Use of colours
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto", global = true, hide_short_help = true)]
    pub color: ColorArg,
    // clap's own option would take up a line of the short help.
    /// Print version
    #[arg(long, short = 'V', action = ArgAction::Version, hide_short_help = true)]
    version: Option<bool>,
}

/// Returns the arguments with `help COMMAND` rewritten as `COMMAND --help`, which is what people try first. clap's own
/// help command would take up a line of the short help.
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
  keysweep history";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Scan what the next commit adds
    ///
    /// Secrets that HEAD already contains are not reported again: 'keysweep history' finds them.
    #[command(after_long_help = "Examples:
  # Check what the next commit adds
  keysweep staged

  # Check only the files named, as lint-staged does
  keysweep staged src/app.ts config/app.yaml")]
    Staged {
        /// Check these files and folders only
        ///
        /// A file that the next commit does not change is scanned in full.
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
        /// The options of the scan.
        #[command(flatten)]
        scan: ScanArgs,
    },
    /// Scan everything that a clone stores
    ///
    /// That includes all refs, reflogs, stashes, notes, messages, names, git's own files, and unreachable objects.
    #[command(
        visible_alias = "sweep",
        after_long_help = "Examples:
  # Sweep the repository here, and read what was found in a browser
  keysweep history --format html --output report.html

  # Sweep another one, and cache the ids of clean objects
  keysweep history ../service --cache ~/.cache/keysweep

  # Sweep several
  keysweep history api web mobile

  # Read only what was added since a release
  keysweep history --since v1.2"
    )]
    History {
        /// The repository, or several [default: .]
        ///
        /// Several are swept one after the other, each with its own configuration; the exit code is that of the worst. All
        /// formats except html, github, azure and gitlab can contain several reports.
        #[arg(value_name = "REPO")]
        repos: Vec<PathBuf>,
        /// Further options of a sweep.
        #[command(flatten)]
        history: HistoryArgs,
        /// The options of the scan.
        #[command(flatten)]
        scan: ScanArgs,
    },
    /// Scan what a range of commits adds, such as a pull request
    #[command(
        override_usage = "keysweep range [OPTIONS] RANGE...
       keysweep range [OPTIONS] --ci    (in a CI job)",
        after_long_help = "Examples:
  # Check what this branch adds to main
  keysweep range origin/main..HEAD

  # Check one commit
  keysweep range 'HEAD^!'

  # In a CI job: check the commits that the job runs for
  keysweep range --ci"
    )]
    Range {
        /// BASE..HEAD, or another range of 'git rev-list'
        ///
        /// Examples are A...B, ^A B and A^!.
        #[arg(required_unless_present = "ci", conflicts_with = "ci")]
        range: Vec<String>,
        /// Further options of a range.
        #[command(flatten)]
        change: RangeArgs,
        /// The options of the scan.
        #[command(flatten)]
        scan: ScanArgs,
    },
    /// Scan files and folders; '-' is standard input
    ///
    /// Ignore files apply to files that git does not track. Git's own folder is not read: use 'keysweep history' for it.
    #[command(after_long_help = "Examples:
  # Scan the files here, including those that .gitignore excludes
  keysweep files --no-ignore .

  # Scan the output of another program
  kubectl get secret app -o yaml | keysweep files -")]
    Files {
        /// The files and folders to scan
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// Also read what ignore files exclude: everything outside '.git'
        #[arg(long)]
        no_ignore: bool,
        /// The options of the scan.
        #[command(flatten)]
        scan: ScanArgs,
    },
    /// Scan a container image; '-' is standard input
    ///
    /// It reads archives and folders of docker, podman, buildah, skopeo and buildx, and root file systems, compressed or
    /// not: all layers, including files that later layers delete, the configuration, the steps of the build, annotations and
    /// attestations. Nothing is unpacked to disk, and no registry is contacted.
    #[command(after_long_help = "Examples:
  # Scan a local image of docker
  docker save app:1.0 | keysweep image -

  # Scan the result of a build before it is pushed
  docker buildx build --output type=oci,dest=- . | keysweep image -

  # Scan an image from a registry
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
        /// Skip the clean layers cached in this folder
        #[arg(long, value_name = "DIR")]
        cache: Option<PathBuf>,
        /// The options of the scan.
        #[command(flatten)]
        scan: ScanArgs,
    },
    /// Scan what 'docker build' would send to the builder
    ///
    /// These are the files that .dockerignore does not exclude; each finding names the instruction that copies its file into
    /// the image.
    #[command(after_long_help = "Examples:
  # Scan the build context here
  keysweep context

  # Scan the context of another Dockerfile
  keysweep context --dockerfile docker/Dockerfile .")]
    Context {
        /// The folder of the build context [default: .]
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
        /// The Dockerfile [default: Dockerfile in the folder]
        #[arg(long, value_name = "FILE")]
        dockerfile: Option<PathBuf>,
        /// The options of the scan.
        #[command(flatten)]
        scan: ScanArgs,
    },
    /// Scan the files of coding agents: settings, transcripts
    ///
    /// It reads the settings, MCP servers, approved commands, logins, transcripts, chat stores and logs of some twenty
    /// agents, wherever each keeps them on Linux, macOS and Windows; the notes list those that were found. Nothing is
    /// changed and nothing is sent.
    #[command(after_long_help = "Examples:
  # Scan the files in your home folder
  keysweep agents

  # Scan the files in a project
  keysweep agents .")]
    Agents {
        /// A home folder or the folder of a project [default: your home folder]
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
        /// The options of the scan.
        #[command(flatten)]
        scan: ScanArgs,
    },
    /// Sweep many repositories, and merge their reports
    #[command(
        disable_help_subcommand = true,
        after_long_help = "Examples:
  # Sweep the repositories in a list
  keysweep fleet run list.txt --out sweep

  # Merge all reports in a folder into one inventory
  keysweep fleet merge sweep --owners owners.toml"
    )]
    Fleet {
        /// The action to take.
        #[command(subcommand)]
        action: FleetAction,
    },
    /// Rehearse a leak in temporary repositories
    ///
    /// Made-up credentials are planted, and the hook, the pull request check, the sweep, the build context check, the purge
    /// plan and the proof each have to stop them; a certificate shows the results. Purging needs git filter-repo.
    #[command(after_long_help = "Examples:
  # Check that everything works on this machine
  keysweep drill

  # Write an exercise for a team
  keysweep drill --team exercise")]
    Drill(DrillArgs),
    /// Plan how to take secrets out of history and all its copies
    ///
    /// It writes the values to a file that only you can read, for git filter-repo, and does not run the plan.
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
        /// The default is 'keysweep' in the repository's git folder.
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
        /// Also write the plan as a script for sh
        ///
        /// The script asks before each step that cannot be undone, reports the result of each step, and resumes where it
        /// stopped.
        #[arg(long, value_name = "FILE")]
        script: Option<PathBuf>,
        /// The options of the sweep.
        #[command(flatten)]
        sweep: SweepArgs,
        /// Show the values of the secrets
        #[arg(long, help_heading = "Output")]
        show_secrets: bool,
    },
    /// Prove that values are gone from everything a clone stores
    ///
    /// For a value that is still there, it shows where it is and what keeps it.
    #[command(
        override_usage = "keysweep verify [OPTIONS] --expressions FILE|--stdin|--finding ID [REPO]\n       keysweep verify [OPTIONS] --revoked ID [REPO]",
        after_long_help = "Examples:
  # Look for the values of a finished plan
  keysweep verify --expressions .git/keysweep/expressions.txt

  # Look for a value that another program prints
  pass show old-token | keysweep verify --stdin"
    )]
    Verify {
        /// The repository [default: .]
        repo: Option<PathBuf>,
        /// The values to look for.
        #[command(flatten)]
        wanted: Wanted,
        /// With --revoked: send the requests without asking
        #[arg(long, requires = "revoked", hide_short_help = true)]
        yes: bool,
        /// The options of the proof.
        #[command(flatten)]
        proof: ProofArgs,
    },
    /// Ask providers whether reported secrets still work
    ///
    /// It lists the requests about secrets of the last reports, and sends them only after you agree: on a terminal, or with
    /// --yes. Each secret goes only to its own provider, in a request that changes nothing. Only this command and
    /// 'verify --revoked' send secrets. Released programs can do this, and a build from source with '--features live'.
    #[command(
        about = LIVE,
        after_long_help = "Examples:
  # List the requests without sending any
  keysweep live --all --dry-run

  # Ask about one finding of the last report
  keysweep live nsbs44whgl

  # Ask about all findings of one rule
  keysweep live --all --only github-pat-classic --yes"
    )]
    Live {
        /// The findings to ask about.
        #[command(flatten)]
        args: LiveArgs,
        /// The options of the page.
        #[command(flatten)]
        page: RulesPageArgs,
    },
    /// Accept the known secrets, so that only new ones count
    #[command(
        disable_help_subcommand = true,
        after_long_help = "Examples:
  # Accept every secret that exists today
  keysweep baseline create

  # List the secrets that are new since then
  keysweep baseline check"
    )]
    Baseline {
        /// The action to take.
        #[command(subcommand)]
        action: BaselineAction,
        /// The options of the sweep.
        #[command(flatten)]
        sweep: SweepArgs,
    },
    /// Allow a false alarm: record why it is not a secret
    ///
    /// It prints how to commit the change.
    #[command(after_long_help = "Examples:
  # Allow one finding by its id
  keysweep allow nsbs44whgl --reason 'sample from the vendor'

  # Allow everything that stopped the last commit
  keysweep allow --last --reason 'generated by the tests'")]
    Allow {
        /// The findings to allow, and the reason.
        #[command(flatten)]
        what: AllowArgs,
        /// The options of the page.
        #[command(flatten)]
        page: PageArgs,
    },
    /// Install, remove, inspect or run git's hooks
    #[command(
        disable_help_subcommand = true,
        after_long_help = "Examples:
  # Check every commit of this repository from now on
  keysweep hook install

  # Check that the hooks work
  keysweep hook status"
    )]
    Hook {
        /// The action to take.
        #[command(subcommand)]
        action: HookAction,
    },
    /// Explain a rule, a finding, or why a line is reported or not
    #[command(after_long_help = "Examples:
  # Show what a rule looks for, and what to do about its findings
  keysweep explain github-pat-classic

  # Show everything about a finding of the last report
  keysweep explain nsbs44whgl

  # Show why a line is reported or not
  keysweep explain config/app.yaml:12")]
    Explain {
        /// A rule's id, a finding's id, or a file and the number of a line in it
        ///
        /// The first characters of a finding's id are enough.
        #[arg(value_name = "RULE|ID|FILE:LINE")]
        what: String,
        /// The options of the page.
        #[command(flatten)]
        page: PageArgs,
    },
    /// List the rules, or prove them against their own examples
    #[command(
        disable_help_subcommand = true,
        after_long_help = "Examples:
  # List the rules for a provider
  keysweep rules list azure

  # Prove rules of your own
  keysweep rules check acme.toml"
    )]
    Rules {
        /// The action to take.
        #[command(subcommand)]
        action: RulesAction,
    },
    /// Print the script that completes commands in a shell
    #[command(after_long_help = "Examples:
  # Install the completions for bash
  keysweep completions bash > ~/.local/share/bash-completion/completions/keysweep")]
    Completions {
        /// The shell
        shell: Shell,
        /// The destination of the text.
        #[command(flatten)]
        text: TextArgs,
    },
    /// Write the manual pages, one for each command
    #[command(after_long_help = "Examples:
  # Write them where 'man' looks for a user's own pages
  keysweep man ~/.local/share/man/man1")]
    Man {
        /// The folder for them
        folder: PathBuf,
    },
}

/// The options of `history` in addition to those of every scan.
#[derive(Debug, Clone, Args)]
pub struct HistoryArgs {
    /// Cache the ids of clean objects in DIR
    ///
    /// The next sweep then reads only new objects; with other rules, it reads everything again.
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
    /// Scan only what was added since a revision or a day
    ///
    /// A day is written 2026-01-31 and begins at midnight UTC. It reads what commits add that are reachable from a ref or a
    /// HEAD, and that are not reachable from the revision, or that were made on that day or later. Nothing else is read: no
    /// older commits, no reflogs, no leftovers, and none of git's own files.
    #[arg(long, value_name = "REV|DAY", conflicts_with_all = ["cache", "flag_outside_authors"])]
    pub since: Option<String>,
    /// Mark secrets of authors with unusual addresses
    ///
    /// An address is unusual if its domain wrote less than a tenth of the commits (or the whole address, at a public mail
    /// host).
    #[arg(long)]
    pub flag_outside_authors: bool,
    /// Treat the remotes as forks of one repository, so that 'fleet merge' shows which of them contain what
    #[arg(long, hide_short_help = true)]
    pub network: bool,
    /// Memory limit of the sweep, in MiB
    #[arg(long, value_name = "MIB", hide = true)]
    pub memory: Option<u64>,
}

/// The options of a drill.
#[derive(Debug, Clone, Args)]
pub struct DrillArgs {
    /// Plant a credential for this rule; may be given more than once
    #[arg(long = "kind", value_name = "RULE")]
    pub kinds: Vec<String>,
    /// Write a repository and an exercise to this folder instead, without the answers
    #[arg(long, value_name = "DIR", conflicts_with_all = ["format", "output"])]
    pub team: Option<PathBuf>,
    /// The options of the page.
    #[command(flatten)]
    pub page: RulesPageArgs,
}

/// The options of `range` in addition to those of every scan.
#[derive(Debug, Clone, Args)]
pub struct RangeArgs {
    /// Scan the commits that this CI job runs for
    ///
    /// These are the commits of its pull request, push or merge group, as named by GitHub, Gitea and Forgejo Actions, GitLab
    /// CI, Azure Pipelines, Bitbucket Pipelines, Circle CI and Jenkins. On GitHub, the report is also added to the summary
    /// of the job.
    #[arg(long)]
    pub ci: bool,
    /// Take configuration and allow comments from the range's end
    ///
    /// Otherwise, configuration, allow comments, entries and baseline come from the start of the range, so that no change
    /// approves itself. This is for pushes to a branch that accepts only reviewed changes.
    #[arg(long)]
    pub trust_head: bool,
}

/// The values that `verify` looks for: exactly one of these, except that `--revoked` may take its value from `--stdin`.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = true)]
pub struct Wanted {
    /// Look for the values in a file that 'keysweep purge-plan' wrote
    ///
    /// Any other file of literal texts for git filter-repo works, too.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["stdin", "findings", "revoked"])]
    pub expressions: Option<PathBuf>,
    /// Look for the values on standard input, one per line
    #[arg(long, conflicts_with = "findings")]
    pub stdin: bool,
    /// Look for a finding by its id; may be given more than once
    ///
    /// This proves less: it finds only what the rules still recognise.
    #[arg(long = "finding", value_name = "ID", conflicts_with = "revoked")]
    pub findings: Vec<String>,
    /// Ask the provider of a finding whether it is invalid; may be given more than once
    ///
    /// This is for a secret that was revoked, on the terms of 'keysweep live'. The exit code is 0 if the provider no longer
    /// accepts it. With --stdin, the values are read from standard input, for a clone that no longer has them.
    #[arg(long, value_name = "ID", hide_short_help = true, conflicts_with_all = ["also", "full", "show_secrets", "exit_zero"])]
    pub revoked: Vec<String>,
}
