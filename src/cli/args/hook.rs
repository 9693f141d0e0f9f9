//! The arguments of `hook`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{ScanArgs, StateArgs};

/// What `hook` does.
#[derive(Debug, Clone, Subcommand)]
pub enum HookAction {
    /// Write a hook; one that is there already is kept and runs first
    #[command(after_long_help = "Examples:
  # Check commits, their messages and pushes of this repository
  keysweep hook install --hook pre-commit --hook commit-msg --hook pre-push

  # Prepare the repositories that are made or cloned from now on
  keysweep hook install --global

  # Have coding agents call keysweep in this project
  keysweep hook install --agent claude --agent copilot")]
    Install {
        /// Which.
        #[command(flatten)]
        which: Which,
        /// With --agent: keep it from going past hooks as well
        #[arg(long, requires = "agents")]
        guard: bool,
    },
    /// Remove a hook and put back what was there before
    #[command(after_long_help = "Examples:
  # Remove those that are installed
  keysweep hook uninstall")]
    Uninstall(Which),
    /// Say of each hook whether it is in place and works
    ///
    /// A hook works if it runs this program and stops a canary: a secret in a repository that lasts a moment. Those that are
    /// named have to work, and without names the pre-commit hook and all that are installed; if one does not, the exit code
    /// is 2.
    #[command(after_long_help = "Examples:
  # Insist on the hook for pushes
  keysweep hook status --hook pre-push")]
    Status {
        /// Which.
        #[command(flatten)]
        which: Which,
        /// How.
        #[command(flatten)]
        state: StateArgs,
    },
    /// Do the work of a hook, as git's hooks and coding agents call it
    #[command(
        disable_help_subcommand = true,
        after_long_help = "Examples:
  # In a hook of your own
  keysweep hook run pre-commit"
    )]
    Run {
        /// Which hook.
        #[command(subcommand)]
        hook: HookRun,
        /// How.
        #[command(flatten)]
        scan: Box<ScanArgs>,
    },
}

/// Hooks, and where they are.
#[derive(Debug, Clone, Args)]
pub struct Which {
    /// Which hook; may be given more than once
    ///
    /// Without it, pre-commit is installed, and those that are installed are removed or looked at.
    #[arg(long = "hook", value_enum, value_name = "NAME")]
    pub hooks: Vec<HookName>,
    /// Coding agents instead, by their own settings; may be given more than once
    ///
    /// The settings are those of the project. What else is in them stays as it is.
    #[arg(long = "agent", value_enum, value_name = "NAME", conflicts_with = "hooks")]
    pub agents: Vec<AgentName>,
    /// In the template of repositories to come, instead of in this one
    ///
    /// git copies the template into each repository that is made or cloned later. With --agent: in your own settings.
    #[arg(long)]
    pub global: bool,
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
    /// Before a commit: check what the index adds
    #[command(after_long_help = "Examples:
  keysweep hook run pre-commit")]
    PreCommit {
        /// Files that the pre-commit framework names
        ///
        /// Those that the commit does not change are looked at whole.
        files: Vec<PathBuf>,
    },
    /// Before a push: check what the remote does not have yet
    ///
    /// Standard input says what is pushed, as git writes it.
    #[command(after_long_help = "Examples:
  # In a hook of your own, which git starts with the name and the URL of the remote
  keysweep hook run pre-push -- origin")]
    PrePush {
        /// The remote's name, or its URL if it has none
        remote: OsString,
        /// The remote's URL, which git names too
        url: Option<OsString>,
    },
    /// Before a commit: check its message
    #[command(after_long_help = "Examples:
  keysweep hook run commit-msg .git/COMMIT_EDITMSG")]
    CommitMsg {
        /// The file with the message
        file: PathBuf,
    },
    /// On a server, before a push is let in: check what is new
    ///
    /// Standard input says what is pushed, as git writes it.
    #[command(after_long_help = "Examples:
  keysweep hook run pre-receive")]
    PreReceive,
    /// For coding agents: check what one does or is given
    ///
    /// The agent writes to standard input what it is about to do, or what a tool gave it. Secrets are kept from it in the way
    /// that this agent honours, and those that come back are masked. docs/agents.md says how each is told to call this.
    #[command(after_long_help = "Examples:
  # As the command of a hook in an agent's settings
  keysweep hook run agent

  # Where nothing is to be guessed
  keysweep hook run agent --agent windsurf")]
    Agent {
        /// Who calls [default: what the call shows]
        #[arg(long, value_enum, value_name = "NAME")]
        agent: Option<AgentName>,
        /// Keep the agent from going past hooks
        ///
        /// Stops 'git commit --no-verify', settings and variables that switch hooks off, and changes to hooks, .keysweep.toml
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
