//! The arguments of `hook`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{ScanArgs, StateArgs};

/// The actions of `hook`.
#[derive(Debug, Clone, Subcommand)]
pub enum HookAction {
    /// Install a hook; an existing one is kept and runs first
    #[command(after_long_help = "Examples:
  # Check commits, their messages and pushes of this repository
  keysweep hook install --hook pre-commit --hook commit-msg --hook pre-push

  # Prepare the repositories that are created or cloned from now on
  keysweep hook install --global

  # Have coding agents call keysweep in this project
  keysweep hook install --agent claude --agent copilot")]
    Install {
        /// The hooks to install, and where.
        #[command(flatten)]
        which: Which,
        /// With --agent: also stop the agent from bypassing hooks
        #[arg(long, requires = "agents")]
        guard: bool,
    },
    /// Remove a hook and restore the one that was there before
    #[command(after_long_help = "Examples:
  # Remove all hooks that are installed
  keysweep hook uninstall")]
    Uninstall(Which),
    /// Show for each hook whether it is installed and works
    ///
    /// A hook works if it runs this program and stops a canary: a made-up secret in a temporary repository. The hooks that
    /// are named have to work, or else the pre-commit hook and all that are installed; if one does not, the exit code is 2.
    #[command(after_long_help = "Examples:
  # Require the pre-push hook
  keysweep hook status --hook pre-push")]
    Status {
        /// The hooks to show, and where they are.
        #[command(flatten)]
        which: Which,
        /// The output options.
        #[command(flatten)]
        state: StateArgs,
    },
    /// Run a hook, as git and coding agents do
    #[command(
        disable_help_subcommand = true,
        after_long_help = "Examples:
  # In a hook of your own
  keysweep hook run pre-commit"
    )]
    Run {
        /// The hook.
        #[command(subcommand)]
        hook: HookRun,
        /// The options of the check.
        #[command(flatten)]
        scan: Box<ScanArgs>,
    },
}

/// Hooks, and where they are.
#[derive(Debug, Clone, Args)]
pub struct Which {
    /// The hook; may be given more than once
    ///
    /// The default is pre-commit for an installation, and otherwise all hooks that are installed.
    #[arg(long = "hook", value_enum, value_name = "NAME")]
    pub hooks: Vec<HookName>,
    /// Use a coding agent's own hooks instead; may be given more than once
    ///
    /// They are written to the project's settings of the agent. Other settings do not change.
    #[arg(long = "agent", value_enum, value_name = "NAME", conflicts_with = "hooks")]
    pub agents: Vec<AgentName>,
    /// Use the template of new repositories instead of this repository
    ///
    /// git copies the template into each repository that is created or cloned later. With --agent, use your own settings.
    #[arg(long)]
    pub global: bool,
}

/// Hooks that can be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum HookName {
    /// Checks what a commit adds
    PreCommit,
    /// Checks what a push adds to the remote
    PrePush,
    /// Checks the message of a commit
    CommitMsg,
    /// Checks on a server what a push would add
    PreReceive,
}

/// Hooks that can be run, with what git gives to each.
#[derive(Debug, Clone, Subcommand)]
pub enum HookRun {
    /// Before a commit: check what the index adds
    #[command(after_long_help = "Examples:
  keysweep hook run pre-commit")]
    PreCommit {
        /// Files that the pre-commit framework names
        ///
        /// Files that the commit does not change are read in full.
        files: Vec<PathBuf>,
    },
    /// Before a push: check what the remote does not have yet
    ///
    /// Standard input lists the pushed refs, as git writes them.
    #[command(after_long_help = "Examples:
  # In a hook of your own, which git calls with the name and the URL of the remote
  keysweep hook run pre-push -- origin")]
    PrePush {
        /// The remote's name, or its URL if it has none
        remote: OsString,
        /// The remote's URL, which git also passes
        url: Option<OsString>,
    },
    /// Before a commit: check its message
    #[command(after_long_help = "Examples:
  keysweep hook run commit-msg .git/COMMIT_EDITMSG")]
    CommitMsg {
        /// The file with the message
        file: PathBuf,
    },
    /// On a server, before a push is accepted: check what is new
    ///
    /// Standard input lists the pushed refs, as git writes them.
    #[command(after_long_help = "Examples:
  keysweep hook run pre-receive")]
    PreReceive,
    /// For coding agents: check what an agent does or is given
    ///
    /// The agent writes to standard input what it is about to do, or what a tool gave it. A call with a secret is denied in
    /// the form that the agent expects, and secrets in results are masked. docs/agents.md has the settings of each agent.
    #[command(after_long_help = "Examples:
  # As the command of a hook in an agent's settings
  keysweep hook run agent

  # Name the agent instead of detecting it
  keysweep hook run agent --agent windsurf")]
    Agent {
        /// The agent that calls [default: detected from the call]
        #[arg(long, value_enum, value_name = "NAME")]
        agent: Option<AgentName>,
        /// Stop the agent from bypassing hooks
        ///
        /// Stops 'git commit --no-verify', settings and variables that disable hooks, and changes to hooks, .keysweep.toml
        /// and the baseline. 'guard = true' in the table 'agents' of .keysweep.toml does the same.
        #[arg(long)]
        guard: bool,
    },
}

/// Coding agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum AgentName {
    /// Claude Code
    Claude,
    /// Codex CLI
    Codex,
    /// Gemini CLI
    Gemini,
    /// Cursor
    Cursor,
    /// GitHub Copilot CLI and cloud agent
    Copilot,
    /// The agent mode of VS Code
    Vscode,
    /// Windsurf
    Windsurf,
    /// Cline
    Cline,
    /// Google Antigravity
    Antigravity,
    /// Mistral Vibe
    Vibe,
    /// opencode
    Opencode,
}
