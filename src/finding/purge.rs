//! A plan to take secrets out of a repository and all its copies, as plain data.

use bstr::BString;

use super::Stage;

/// A plan: the secrets, the files it needs, and its steps in order.
#[derive(Debug, Clone, Default)]
pub struct PurgePlan {
    /// The secrets that the plan removes.
    pub subjects: Vec<Subject>,
    /// The repository that the plan was made in and the folder of its files, each quoted for a shell.
    pub places: Places,
    /// The files written for the plan, each with what it holds.
    pub files: Vec<(BString, &'static str)>,
    /// All refs that reach one of the secrets.
    pub refs: Vec<String>,
    /// The steps.
    pub steps: Vec<PurgeStep>,
    /// The places that no step reaches, each with whom to ask.
    pub beyond: Vec<String>,
}

/// The folders in which a plan is carried out, quoted for a shell.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// The root of the repository that the plan was made in.
    pub root: String,
    /// A file that exists as long as the plan's files do.
    pub values: String,
    /// A file that records which steps are done.
    pub progress: String,
}

/// A secret that a plan is for.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The finding's id.
    pub id: String,
    /// The rule's id.
    pub rule: String,
    /// The secret's name.
    pub name: String,
    /// The stage that the secret has reached.
    pub stage: Stage,
    /// The way in which the plan removes it.
    pub handling: Handling,
}

/// The way in which a plan removes a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Handling {
    /// By rewriting the history of a remote.
    Remote,
    /// By rewriting the history of this repository in place.
    InPlace,
    /// With a few commands in this clone.
    Local,
}

impl Handling {
    /// Returns the word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Remote => "rewrite",
            Self::InPlace => "rewrite-in-place",
            Self::Local => "local",
        }
    }
}

/// A step of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurgeStep {
    /// The purpose of the step.
    pub phase: Phase,
    /// The place where the command is run, and who runs it.
    pub on: On,
    /// The action to take, with its consequence.
    pub title: String,
    /// The command as one line for a POSIX shell; empty if there is none.
    pub command: String,
    /// The consent that the command needs.
    pub consent: Consent,
    /// The place where the command's effect can be seen.
    pub trace: Trace,
}

/// The purpose of a step, in the order of the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Make the value useless, before anything else.
    Revoke,
    /// Remove it from commits that were never pushed.
    Local,
    /// Prepare for rewriting a history.
    Prepare,
    /// Rewrite the history.
    Rewrite,
    /// Check that the value is gone.
    Check,
    /// Push the rewritten history.
    Push,
    /// Clean up on the server.
    Server,
    /// Clean up or replace the other clones.
    Clones,
    /// Delete what the plan needed.
    Finish,
}

impl Phase {
    /// Returns the word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Revoke => "revoke",
            Self::Local => "local",
            Self::Prepare => "prepare",
            Self::Rewrite => "rewrite",
            Self::Check => "check",
            Self::Push => "push",
            Self::Server => "server",
            Self::Clones => "clones",
            Self::Finish => "finish",
        }
    }
}

/// The consent that a step needs before it counts as done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// None: the command changes nothing, or nothing that can't be changed back.
    None,
    /// Consent to the command, because it can't be undone.
    Confirm,
    /// Somebody has to do what the step says by hand; the command, if there is one, shows how.
    ByHand,
    /// Somebody has to do what the step says by hand, and may run the command after that.
    Attend,
}

impl Consent {
    /// Returns the word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Confirm => "confirm",
            Self::ByHand => "by-hand",
            Self::Attend => "attend",
        }
    }
}

/// The place where the effect of a step's command can be seen; repositories are quoted for a shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trace {
    /// In the command's own output.
    Output,
    /// In the refs and objects of a repository.
    Repository(String),
    /// In the refs on the remote `origin` of a repository.
    Remote(String),
}

/// The place where the command of a step is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// Here, in any folder.
    Here,
    /// In the repository on the server, by whoever administers it.
    Server,
    /// In every other clone, by its owner.
    OtherClones,
}

impl On {
    /// Returns the word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Here => "here",
            Self::Server => "server",
            Self::OtherClones => "other-clones",
        }
    }
}

/// The kind of server that a remote leads to, as far as its address says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Server {
    /// GitHub or GitHub Enterprise Server.
    GitHub,
    /// GitLab, hosted or self-managed.
    GitLab,
    /// A hosted service such as Bitbucket or Azure DevOps, which has no page for cleaning up.
    Service,
    /// A repository on this machine, or on a server that one can log in to.
    Own,
}
