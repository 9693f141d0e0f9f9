//! An inventory as data, which is also what its JSON Lines hold: repositories, a row for each secret, and the summary.

use serde::{Deserialize, Serialize};

use super::owners::Account;
use crate::finding::{Access, Command, ContentKind, Stage, Verdict};
use crate::rule::{Confidence, Severity};

/// A repository, image or folder that the inventory is about.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename = "repository")]
pub struct Repository {
    /// Its name.
    pub name: String,
    /// `true` if all of it was read.
    pub is_read: bool,
    /// The first part that was not read, and why, if it was not.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub why: String,
    /// The commands that reported on it.
    #[serde(default)]
    pub commands: Vec<Command>,
    /// Who sees to it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub owner: Option<String>,
    /// Whose account it is in.
    #[serde(default)]
    pub account: Account,
    /// Who can read it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub visibility: Option<Access>,
    /// The first repository of its network of forks, if there are several: they begin with the same commit.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub network: Option<String>,
}

/// One secret, wherever it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename = "secret")]
pub struct Row {
    /// Identity of rule and value.
    pub id: String,
    /// Id of the rule.
    pub rule: String,
    /// The name of the secret.
    pub name: String,
    /// How bad the leak is.
    pub severity: Severity,
    /// How sure that is.
    pub confidence: Confidence,
    /// The state: whether somebody has to do something.
    pub state: State,
    /// Its change since the earlier inventory, if there was one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub change: Option<Change>,
    /// How far it got, wherever it got furthest.
    pub stage: Stage,
    /// `true` if everybody can read it.
    pub public: bool,
    /// The earliest place, by what commits say of their time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first: Option<First>,
    /// How many repositories hold it.
    pub repositories: usize,
    /// How many networks of forks these come to: the copies of forks are not leaks of their own.
    #[serde(default)]
    pub networks: usize,
    /// Those, by name; the first of very many.
    pub holdings: Vec<Holding>,
}

/// The state of a secret: whether somebody has to do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It is nowhere any more.
    Gone,
    /// It is allowed wherever it is.
    Allowed,
    /// It was there, and not all that held it was read again.
    NotRead,
    /// Yes.
    Open,
}

impl State {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Allowed => "allowed",
            Self::NotRead => "not-read",
            Self::Open => "open",
        }
    }
}

/// The change of a secret since an earlier inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// Nothing has changed.
    Same,
    /// It is gone.
    Gone,
    /// It is in other repositories or at other places.
    Moved,
    /// It was not there.
    New,
    /// Everybody can read it now.
    NewlyPublic,
}

impl Change {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Gone => "gone",
            Self::Moved => "moved",
            Self::New => "new",
            Self::NewlyPublic => "newly-public",
        }
    }
}

/// How a secret came in first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct First {
    /// When that commit was written, RFC 3339.
    pub time: String,
    /// The commit.
    pub commit: String,
    /// Who wrote it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub author: Option<String>,
    /// Where.
    pub repository: String,
}

/// The places of a secret in one repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// The repository.
    pub repository: String,
    /// Who sees to it: by the list of owners, or else by the repository's own account of the places.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub owner: Option<String>,
    /// Whose account it is in.
    pub account: Account,
    /// Who can read it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub visibility: Option<Access>,
    /// How far it got there.
    pub stage: Stage,
    /// `true` if it is allowed there.
    pub allowed: bool,
    /// The default branch, if that still holds it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub default_branch: Option<String>,
    /// The first few places.
    pub places: Vec<Place>,
    /// How many there are.
    pub place_count: usize,
}

impl Holding {
    /// `true` if everybody can read it: the repository is public, and a server has the secret or may have it.
    pub fn is_public(&self) -> bool {
        self.visibility == Some(Access::Public) && self.stage >= Stage::Unknown
    }
}

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The kind of content that it is in.
    pub kind: ContentKind,
    /// The path.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// The commit that brought it in.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub commit: Option<String>,
}

/// The overall result.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename = "summary")]
pub struct Summary {
    /// Unknown as long as something was not read.
    pub verdict: Verdict,
    /// Repositories.
    pub repositories: usize,
    /// Those that were not read, or not all of them.
    pub unread: usize,
    /// Secrets that are open.
    pub open: usize,
    /// Those that are allowed wherever they are.
    pub allowed: usize,
    /// Open ones that everybody can read.
    pub public: usize,
    /// Open ones in accounts of others.
    pub outside: usize,
    /// Open ones in a default branch.
    pub in_default_branch: usize,
    /// The changes of secrets since the earlier inventory, if there was one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub changes: Option<Changes>,
    /// How many different rule sets the reports were made with.
    pub rule_sets: usize,
}

/// How many secrets changed since the earlier inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Changes {
    /// Those that were not there.
    pub new: usize,
    /// Those that are nowhere any more.
    pub gone: usize,
    /// Those that are in other repositories or at other places.
    pub moved: usize,
    /// Those that everybody can read now.
    pub newly_public: usize,
    /// Those of which not all that held them was read again.
    pub not_read: usize,
}

impl Summary {
    /// Returns the summary before the first row.
    pub(super) fn start(repositories: usize, unread: usize, rule_sets: usize) -> Self {
        Self {
            verdict: if unread > 0 { Verdict::Unknown } else { Verdict::Clean },
            repositories,
            unread,
            open: 0,
            allowed: 0,
            public: 0,
            outside: 0,
            in_default_branch: 0,
            changes: None,
            rule_sets,
        }
    }

    /// Counts a row.
    pub(super) fn count(&mut self, row: &Row) {
        match row.state {
            State::Open => {
                self.open += 1;
                self.public += usize::from(row.public);
                self.outside += usize::from(row.is_outside());
                self.in_default_branch += usize::from(row.holdings.iter().any(|one| one.default_branch.is_some()));
                if self.verdict == Verdict::Clean {
                    self.verdict = Verdict::Findings;
                }
            }
            State::Allowed => self.allowed += 1,
            State::Gone | State::NotRead => {}
        }
        if let Some(changes) = &mut self.changes {
            match (row.state, row.change) {
                (State::NotRead, _) => changes.not_read += 1,
                (_, Some(Change::New)) => changes.new += 1,
                (_, Some(Change::Gone)) => changes.gone += 1,
                (_, Some(Change::Moved)) => changes.moved += 1,
                (_, Some(Change::NewlyPublic)) => changes.newly_public += 1,
                (_, Some(Change::Same) | None) => {}
            }
        }
    }
}

impl Row {
    /// `true` if it is in an account of somebody else.
    pub fn is_outside(&self) -> bool {
        self.outside().next().is_some()
    }

    /// The repositories that contain it in accounts of others.
    pub fn outside(&self) -> impl Iterator<Item = &Holding> {
        self.holdings.iter().filter(|one| one.account != Account::Own)
    }

    /// The same with all texts made safe to be shown.
    #[must_use]
    pub fn shown(mut self, safe: &mut dyn FnMut(&str) -> String) -> Self {
        let mut all: Vec<&mut String> = vec![&mut self.rule, &mut self.name];
        if let Some(first) = &mut self.first {
            all.extend([&mut first.commit, &mut first.repository, &mut first.time]);
            all.extend(&mut first.author);
        }
        for one in &mut self.holdings {
            all.push(&mut one.repository);
            all.extend(&mut one.owner);
            all.extend(&mut one.default_branch);
            for place in &mut one.places {
                all.push(&mut place.path);
                all.extend(&mut place.commit);
            }
        }
        all.into_iter().for_each(|text| *text = safe(text));
        self
    }
}

impl Repository {
    /// The same with all texts made safe to be shown.
    #[must_use]
    pub fn shown(mut self, safe: &mut dyn FnMut(&str) -> String) -> Self {
        self.name = safe(&self.name);
        self.why = safe(&self.why);
        self.owner = self.owner.map(|owner| safe(&owner));
        self.network = self.network.map(|network| safe(&network));
        self
    }
}
