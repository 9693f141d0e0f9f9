//! A plan to take secrets out of a repository and of all its copies, as plain data.

use bstr::BString;

use super::Stage;

/// The steps, in order.
#[derive(Debug, Clone, Default)]
pub struct PurgePlan {
    /// The secrets it is for.
    pub subjects: Vec<Subject>,
    /// The repository that it was made in, and the folder of its files, each as a word of a shell.
    pub places: Places,
    /// Files that were written for it, with what they hold.
    pub files: Vec<(BString, &'static str)>,
    /// All refs that reach one of the secrets.
    pub refs: Vec<String>,
    /// The steps.
    pub steps: Vec<PurgeStep>,
    /// The places that no step reaches, and whom to ask.
    pub beyond: Vec<String>,
}

/// Where a plan is carried out, in words of a shell.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// The root of the repository that the plan was made in.
    pub root: String,
    /// A file that is there as long as the files of the plan are.
    pub values: String,
    /// A file to note in which steps are done.
    pub progress: String,
}

/// A secret of a plan.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Id of the finding.
    pub id: String,
    /// Id of its rule.
    pub rule: String,
    /// Its name.
    pub name: String,
    /// How far it got.
    pub stage: Stage,
    /// The part of the plan that is for it.
    pub handling: Handling,
}

/// The part of a plan that is for a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Handling {
    /// The history of a remote is rewritten.
    Remote,
    /// The history of this repository is rewritten where it lies.
    InPlace,
    /// A few commands in this clone do.
    Local,
}

impl Handling {
    /// The word used in every output.
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
    /// Its purpose.
    pub phase: Phase,
    /// Who runs the command.
    pub on: On,
    /// The action to take, and what it means.
    pub title: String,
    /// The command, one line for a POSIX shell; empty if there is none.
    pub command: String,
    /// The consent that the command needs.
    pub consent: Consent,
    /// Where one sees what the command has done.
    pub trace: Trace,
}

/// The purpose of a step, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Make the value useless.
    Revoke,
    /// Out of what was never pushed.
    Local,
    /// Before a history is rewritten.
    Prepare,
    /// The rewriting.
    Rewrite,
    /// See that the value is gone.
    Check,
    /// To the server.
    Push,
    /// On the server.
    Server,
    /// In the clones that are there.
    Clones,
    /// Afterwards.
    Finish,
}

impl Phase {
    /// The word used in every output.
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

/// The consent that is needed before a step counts as done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Nothing: what the command changes can be changed back, or it changes nothing.
    None,
    /// The command itself: it cannot be undone.
    Confirm,
    /// Somebody has to do what the step says; the command, if there is one, shows how.
    ByHand,
    /// Somebody has to do what the step says first, and may then run the command.
    Attend,
}

impl Consent {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Confirm => "confirm",
            Self::ByHand => "by-hand",
            Self::Attend => "attend",
        }
    }
}

/// Where one sees what the command of a step has done; repositories are words of a shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trace {
    /// In what it says itself.
    Output,
    /// In the refs and objects of a repository.
    Repository(String),
    /// In the refs on the remote `origin` of a repository.
    Remote(String),
}

/// Where the command of a step is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// Here, in whichever folder.
    Here,
    /// In the repository on the server, by whoever runs that.
    Server,
    /// In every other clone, by whoever has it.
    OtherClones,
}

impl On {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Here => "here",
            Self::Server => "server",
            Self::OtherClones => "other-clones",
        }
    }
}

/// Who runs the server that a remote leads to, as far as its address tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Server {
    /// GitHub, or a server with its software.
    GitHub,
    /// GitLab, or a server with its software.
    GitLab,
    /// Bitbucket, Azure DevOps and the like: others run it, and no page of theirs cleans it up.
    Service,
    /// A repository that one can log in to, or that lies on this machine.
    Own,
}
