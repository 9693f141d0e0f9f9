//! The owners of repositories: a list that the user keeps next to the reports, in TOML or CSV, since nothing is asked
//! over a network.

use serde::{Deserialize, Serialize};

use crate::finding::Access;
use crate::finding::subject::name_of_url;
use crate::text::fits_stars;

/// The kind of account that a repository is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Account {
    /// An account of the organisation.
    #[default]
    Own,
    /// A personal account of one of its people.
    Personal,
    /// An account of somebody else.
    Foreign,
}

impl Account {
    /// Returns the word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Personal => "personal",
            Self::Foreign => "foreign",
        }
    }
}

/// The facts that an entry of the list states about some repositories.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// The names of the repositories, with `*` for any text.
    url: String,
    #[serde(default)]
    owner: Option<String>,
    #[serde(default)]
    account: Option<Account>,
    #[serde(default)]
    visibility: Option<Access>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    repository: Vec<Entry>,
}

/// The entries of the list. As in a CODEOWNERS file, the last matching entry that says something counts.
#[derive(Debug, Clone, Default)]
pub struct Owners(Vec<Entry>);

/// The facts that the list states about one repository.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// The person or team that is responsible.
    pub owner: Option<String>,
    /// The kind of account.
    pub account: Account,
    /// The people who can read it.
    pub visibility: Option<Access>,
}

/// The reason why a list can't be used.
#[derive(Debug, thiserror::Error)]
pub enum Flaw {
    /// The text is not valid TOML, or has other keys.
    #[error("{0}; write [[repository]] with url, owner, account and visibility")]
    Toml(String),
    /// A line of CSV is wrong.
    #[error("line {0}: {1}; write URL,OWNER,ACCOUNT,VISIBILITY")]
    Line(usize, String),
}

impl Owners {
    /// Reads TOML with a table `[[repository]]` for each entry.
    ///
    /// # Errors
    /// Fails if the text is anything else.
    pub fn from_toml(text: &str) -> Result<Self, Flaw> {
        // The library's message repeats the line, which may hold anything.
        let file: File = toml::from_str(text).map_err(|error| Flaw::Toml(error.message().to_owned()))?;
        Ok(Self(file.repository.into_iter().map(named).collect()))
    }

    /// Reads CSV with URL, owner, account and visibility; the last columns may be left out.
    ///
    /// # Errors
    /// Fails if a line says anything else.
    pub fn from_csv(text: &str) -> Result<Self, Flaw> {
        let lines = (1..).zip(text.trim_start_matches('\u{feff}').lines());
        let lines = lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        let is_head = |number: usize, line: &str| number == 1 && line.to_ascii_lowercase().starts_with("url,");
        let entries = lines.filter(|(number, line)| !is_head(*number, line)).map(|(number, line)| row(number, line));
        Ok(Self(entries.collect::<Result<_, _>>()?))
    }

    /// Adds patterns of repositories that are foreign whatever the list says.
    #[must_use]
    pub fn and_foreign(mut self, patterns: &[String]) -> Self {
        let foreign = |url: &String| Entry { url: url.clone(), account: Some(Account::Foreign), ..Entry::default() };
        self.0.extend(patterns.iter().map(foreign).map(named));
        self
    }

    /// Returns what is known about the repository with this name, which may come from a remote of another name.
    pub fn of(&self, name: &str, remote: Option<&str>) -> Known {
        let names: Vec<String> = std::iter::once(name).chain(remote).map(str::to_lowercase).collect();
        let (mut owner, mut account, mut visibility) = (None, None, None);
        let fits = |entry: &&Entry| names.iter().any(|name| fits_stars(&entry.url, name));
        for entry in self.0.iter().rev().filter(fits) {
            owner = owner.or_else(|| entry.owner.clone());
            account = account.or(entry.account);
            visibility = visibility.or(entry.visibility);
        }
        Known { owner, account: account.unwrap_or_default(), visibility }
    }

    /// Returns the entries that fit none of these names.
    pub(super) fn unmatched(&self, names: &[&str]) -> Vec<String> {
        let names: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
        let fits_none = |entry: &&Entry| !names.iter().any(|name| fits_stars(&entry.url, name));
        self.0.iter().filter(fits_none).map(|entry| entry.url.clone()).collect()
    }
}

/// Returns the entry with its URL as reports write it. Hosts ignore upper and lower case in names.
fn named(entry: Entry) -> Entry {
    Entry { url: name_of_url(&entry.url).0.to_lowercase(), ..entry }
}

fn row(number: usize, line: &str) -> Result<Entry, Flaw> {
    let cells: Vec<&str> = line.split(',').map(|cell| cell.trim().trim_matches('"')).collect();
    let cell = |at: usize| cells.get(at).copied().filter(|cell| !cell.is_empty());
    let flaw = |what: &str| Flaw::Line(number, what.to_owned());
    if cells.len() > 4 {
        return Err(flaw("it has more than four cells"));
    }
    let url = cell(0).ok_or_else(|| flaw("it has no URL"))?.to_owned();
    let account = match cell(2) {
        None => None,
        Some("own") => Some(Account::Own),
        Some("personal") => Some(Account::Personal),
        Some("foreign") => Some(Account::Foreign),
        Some(_) => return Err(flaw("an account is own, personal or foreign")),
    };
    let visibility = match cell(3) {
        None => None,
        Some("public") => Some(Access::Public),
        Some("internal") => Some(Access::Internal),
        Some("private") => Some(Access::Private),
        Some(_) => return Err(flaw("a visibility is public, internal or private")),
    };
    Ok(named(Entry { url, owner: cell(1).map(str::to_owned), account, visibility }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_star_is_a_wildcard() {
        for (pattern, name, expected) in [
            ("github.com/acme/shop", "github.com/acme/shop", true),
            ("github.com/acme/shop", "github.com/acme/shop-2", false),
            ("github.com/acme/*", "github.com/acme/a/b", true),
            ("github.com/acme/*", "github.com/acmetoo/a", false),
            ("*/notes*b", "x/notes/notes-b", true),
            ("a*a", "a", false),
            ("*", "", true),
        ] {
            assert_eq!(fits_stars(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn the_last_entry_that_sets_a_field_wins() {
        let csv = "url,owner,account,visibility\n\
                   https://github.com/acme/*,platform,,private\n\
                   git@github.com:Acme/Shop.git,\"shop\",own,public\n\
                   # people\ngithub.com/jdoe/*,,personal\n";
        let toml = "[[repository]]\nurl = 'https://github.com/acme/*'\nowner = 'platform'\nvisibility = 'private'\n\
                    [[repository]]\nurl = 'github.com/acme/shop'\nowner = 'shop'\naccount = 'own'\nvisibility = 'public'\n\
                    [[repository]]\nurl = 'github.com/jdoe/*'\naccount = 'personal'\n";
        for owners in [Owners::from_csv(csv).unwrap(), Owners::from_toml(toml).unwrap()] {
            let known = |owner: Option<&str>, account, visibility| Known {
                owner: owner.map(str::to_owned),
                account,
                visibility,
            };
            let shop = owners.of("github.com/acme/shop", None);
            assert_eq!(shop, known(Some("shop"), Account::Own, Some(Access::Public)));
            let other = owners.of("github.com/Acme/other", None);
            assert_eq!(other, known(Some("platform"), Account::Own, Some(Access::Private)));
            assert_eq!(owners.of("github.com/jdoe/x", None), known(None, Account::Personal, None));
            let foreign = owners.and_foreign(&["github.com/jdoe/*".to_owned()]);
            assert_eq!(foreign.of("github.com/jdoe/x", None).account, Account::Foreign);
        }
    }

    #[test]
    fn a_malformed_owner_list_is_refused() {
        for csv in ["github.com/a,,mine", ",platform", "a,b,own,public,more", "a,b,own,secret"] {
            assert!(Owners::from_csv(csv).is_err(), "{csv}");
        }
        assert!(Owners::from_toml("[[repository]]\nuri = 'a'").is_err());
    }
}
