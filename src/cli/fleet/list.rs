//! Lists of repositories: a URL or path on each line, then its name, then the network of forks that it belongs to.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use anyhow::Context as _;

use crate::finding::subject::name_of_url;
use crate::fs::bounded;

/// Bytes of a list, at most.
const MAX_LIST: u64 = 256 << 20;

/// A list that cannot be used.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    /// The reports of one would replace those of the other.
    #[error("lines {0} and {1} are different repositories called '{2}'; give each its own name in the second column")]
    SameName(usize, usize, String),
}

/// A repository of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    /// The URL, with user and password if it has them, or the path.
    pub(super) source: String,
    /// Its name in reports.
    pub(super) name: String,
    /// The network of forks that it belongs to.
    pub(super) network: Option<String>,
}

impl Listed {
    /// Where it lies, if it is on this machine.
    pub(super) fn path(&self) -> Option<&str> {
        let is_url = self.source.contains("://") || name_of_url(&self.source).1.is_some();
        (!is_url).then_some(&self.source)
    }

    /// The key that distinguishes it from other repositories. A server has one of each name, whichever way it is reached; two folders are
    /// two, though their names differ by an ending alone.
    fn identity(&self) -> String {
        match name_of_url(&self.source) {
            (name, Some(_)) => name,
            (_, None) => self.source.clone(),
        }
    }

    /// The URL without user and password; who signs in over ssh is no secret.
    pub(super) fn bare_url(&self) -> String {
        let Some((scheme, rest)) = self.source.split_once("://") else { return self.source.clone() };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        match authority.rsplit_once('@') {
            Some((user, host)) if !scheme.contains("ssh") || user.contains(':') => format!("{scheme}://{host}/{path}"),
            _ => self.source.clone(),
        }
    }
}

/// Reads a list; '-' is standard input.
///
/// # Errors
/// When it cannot be read, or names nothing.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<Listed>> {
    let reading = || format!("reading the list '{}'", path.display());
    let bytes = bounded::read_named(path, MAX_LIST).with_context(reading)?;
    let listed = parsed(&bounded::text(bytes).with_context(reading)?).with_context(reading)?;
    // A list that went empty on its way is no fleet without secrets.
    anyhow::ensure!(!listed.is_empty(), "the list '{}' names no repository", path.display());
    Ok(listed)
}

/// The repositories of a text, each once.
fn parsed(text: &str) -> Result<Vec<Listed>, Unusable> {
    let lines = (1..).zip(text.lines().map(str::trim));
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let mut seen: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let mut listed = Vec::new();
    for (number, one) in lines.filter_map(|(number, text)| Some((number, line(text)?))) {
        match seen.entry(one.name.clone()) {
            Entry::Vacant(free) => {
                free.insert((number, one.identity()));
                listed.push(one);
            }
            Entry::Occupied(taken) if taken.get().1 == one.identity() => {}
            Entry::Occupied(taken) => return Err(Unusable::SameName(taken.get().0, number, one.name)),
        }
    }
    Ok(listed)
}

/// Columns stand apart by tabs where there is one, so that a path may hold blanks.
fn line(line: &str) -> Option<Listed> {
    let cells: Vec<&str> = match line.contains('\t') {
        true => line.split('\t').map(str::trim).collect(),
        false => line.split_whitespace().collect(),
    };
    let source = (*cells.first()?).to_owned();
    let name = cells.get(1).filter(|name| !name.is_empty()).copied().unwrap_or(&source);
    let network = cells.get(2).filter(|name| !name.is_empty()).map(|name| name_of_url(name).0);
    Some(Listed { name: name_of_url(name).0, source, network })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_repository_is_listed_once_by_the_name_that_reports_have() {
        let text = "# all of them\nhttps://me:word@github.com/acme/shop.git\n\ngit@github.com:acme/shop.git\n\
                    /srv/git/a b.git\tgithub.com/acme/ab\n/srv/git/c.git github.com/acme/c\n";
        let listed: Vec<(String, String)> =
            parsed(text).unwrap().into_iter().map(|one| (one.name, one.source)).collect();
        let pair = |name: &str, source: &str| (name.to_owned(), source.to_owned());
        assert_eq!(
            listed,
            [
                pair("github.com/acme/shop", "https://me:word@github.com/acme/shop.git"),
                pair("github.com/acme/ab", "/srv/git/a b.git"),
                pair("github.com/acme/c", "/srv/git/c.git"),
            ]
        );
    }

    #[test]
    fn a_password_is_in_no_url_that_is_told() {
        let of = |source: &str| line(source).map(|one| (one.bare_url(), one.path().map(str::to_owned))).unwrap();
        for (source, bare) in [
            ("https://me:word@@github.com/a/b.git", "https://github.com/a/b.git"),
            ("https://word@github.com/a/b.git", "https://github.com/a/b.git"),
            ("ssh://git@github.com/a/b.git", "ssh://git@github.com/a/b.git"),
            ("git@github.com:a/b.git", "git@github.com:a/b.git"),
            ("file:///srv/a", "file:///srv/a"),
        ] {
            assert_eq!(of(source), (bare.to_owned(), None), "{source}");
        }
        assert_eq!(of("/srv/a"), ("/srv/a".to_owned(), Some("/srv/a".to_owned())));
        assert_eq!(line("a b c").and_then(|one| one.network).as_deref(), Some("c"));
    }
}
