//! An inventory as data, in the form of its JSON Lines: repositories, a row for each secret, and the summary.

use serde::{Deserialize, Serialize};

use super::owners::Account;
use crate::finding::{Access, Command, ContentKind, Liveness, Stage, Verdict};
use crate::rule::{Confidence, Severity};

/// A repository, image or folder of the inventory.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename = "repository")]
pub struct Repository {
    /// Its name.
    pub name: String,
    /// `true` if the whole of it was read.
    pub is_read: bool,
    /// The first part that was not read, with the reason; empty if everything was.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub why: String,
    /// The commands that reported on it.
    #[serde(default)]
    pub commands: Vec<Command>,
    /// The person or team that is responsible.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub owner: Option<String>,
    /// The kind of account that it is in.
    #[serde(default)]
    pub account: Account,
    /// The people who can read it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub visibility: Option<Access>,
    /// The first repository of this one's network of forks, if the network has several: they begin with the same
    /// commit.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub network: Option<String>,
}

/// A row of the inventory: one secret, wherever it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename = "secret")]
pub struct Row {
    /// The identity of the pair of rule and value.
    pub id: String,
    /// The rule's id.
    pub rule: String,
    /// The name of the secret.
    pub name: String,
    /// The severity of the leak.
    pub severity: Severity,
    /// The confidence that it is a secret.
    pub confidence: Confidence,
    /// The state, which says whether something has to be done.
    pub state: State,
    /// Its change since the earlier inventory, if there was one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub change: Option<Change>,
    /// The worst stage that it has reached anywhere.
    pub stage: Stage,
    /// `true` if everyone can read it.
    pub public: bool,
    /// The earliest place, according to the times of commits.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first: Option<First>,
    /// The last answer of its provider that settles whether it works.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub asked: Option<Said>,
    /// The number of repositories that hold it.
    pub repositories: usize,
    /// The number of networks of forks that these repositories belong to; a leak in the copies of a fork is not a
    /// separate leak.
    #[serde(default)]
    pub networks: usize,
    /// The repositories that hold it, by name; only the first of very many.
    pub holdings: Vec<Holding>,
}

/// An answer of a provider about a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The answer.
    pub word: Liveness,
    /// The time at which the provider was asked, RFC 3339.
    pub at: String,
}

/// The state of a secret, which says whether something has to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// No repository holds it any more.
    Gone,
    /// It is allowed in every repository that holds it.
    Allowed,
    /// It existed before, and some repository that held it was not read again.
    NotRead,
    /// Something has to be done about it.
    Open,
}

impl State {
    /// Returns the word used in every output.
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
    /// It was not in the earlier inventory.
    New,
    /// Everyone can read it now, which was not so before.
    NewlyPublic,
}

impl Change {
    /// Returns the word used in every output.
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

/// The first arrival of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct First {
    /// The author time of the commit, RFC 3339.
    pub time: String,
    /// The commit.
    pub commit: String,
    /// The author of the commit.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub author: Option<String>,
    /// The repository.
    pub repository: String,
}

/// The places of a secret in one repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// The repository.
    pub repository: String,
    /// The owner responsible: from the list of owners, or else as the repository itself names the owners of the places.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub owner: Option<String>,
    /// The kind of account that it is in.
    pub account: Account,
    /// The people who can read it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub visibility: Option<Access>,
    /// The stage that the secret has reached there.
    pub stage: Stage,
    /// `true` if it is allowed there.
    pub allowed: bool,
    /// The default branch, if it still holds the secret.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub default_branch: Option<String>,
    /// The first few places.
    pub places: Vec<Place>,
    /// The number of places.
    pub place_count: usize,
}

impl Holding {
    /// Returns `true` if everyone can read it: the repository is public, and the secret is or may be on its server.
    pub fn is_public(&self) -> bool {
        self.visibility == Some(Access::Public) && self.stage >= Stage::Unknown
    }
}

/// A place of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The kind of content that it is in.
    pub kind: ContentKind,
    /// The path.
    pub path: String,
    /// The line number, counted from 1.
    pub line: usize,
    /// The commit that introduced it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub commit: Option<String>,
}

/// The totals of an inventory.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename = "summary")]
pub struct Summary {
    /// The verdict, which is unknown as long as something was not read.
    pub verdict: Verdict,
    /// The number of repositories.
    pub repositories: usize,
    /// The number of repositories that were not read, or not entirely.
    pub unread: usize,
    /// The number of open secrets.
    pub open: usize,
    /// The number of secrets that are allowed everywhere.
    pub allowed: usize,
    /// The number of secrets, open or not read again, that everyone can read.
    pub public: usize,
    /// The number of secrets, open or not read again, in accounts of others.
    pub outside: usize,
    /// The number of secrets, open or not read again, in a default branch.
    pub in_default_branch: usize,
    /// The changes of secrets since the earlier inventory, if there was one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub changes: Option<Changes>,
    /// The number of different rule sets that the reports were made with.
    pub rule_sets: usize,
}

/// The number of secrets that changed since the earlier inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Changes {
    /// The number that were not in it.
    pub new: usize,
    /// The number that no repository holds any more.
    pub gone: usize,
    /// The number that are in other repositories or at other places.
    pub moved: usize,
    /// The number that everyone can read now.
    pub newly_public: usize,
    /// The number that were held by a repository that was not read again.
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
        if matches!(row.state, State::Open | State::NotRead) {
            self.public += usize::from(row.public);
            self.outside += usize::from(row.is_outside());
            self.in_default_branch += usize::from(row.holdings.iter().any(|one| one.default_branch.is_some()));
        }
        match row.state {
            State::Open => {
                self.open += 1;
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
    /// Returns `true` if a provider has accepted it.
    pub fn works(&self) -> bool {
        self.asked.as_ref().is_some_and(|asked| asked.word.works())
    }

    /// Returns `true` if it is in an account of somebody else.
    pub fn is_outside(&self) -> bool {
        self.outside().next().is_some()
    }

    /// Returns the repositories in accounts of others that hold it.
    pub fn outside(&self) -> impl Iterator<Item = &Holding> {
        self.holdings.iter().filter(|one| one.account != Account::Own)
    }

    /// Returns a copy in which all texts are safe to show.
    #[must_use]
    pub fn shown(mut self, safe: &mut dyn FnMut(&str) -> String) -> Self {
        let mut all: Vec<&mut String> = vec![&mut self.rule, &mut self.name];
        if let Some(first) = &mut self.first {
            all.extend([&mut first.commit, &mut first.repository, &mut first.time]);
            all.extend(&mut first.author);
        }
        all.extend(self.asked.as_mut().map(|asked| &mut asked.at));
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
    /// Returns a copy in which all texts are safe to show.
    #[must_use]
    pub fn shown(mut self, safe: &mut dyn FnMut(&str) -> String) -> Self {
        self.name = safe(&self.name);
        self.why = safe(&self.why);
        self.owner = self.owner.map(|owner| safe(&owner));
        self.network = self.network.map(|network| safe(&network));
        self
    }
}
