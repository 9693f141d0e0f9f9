//! Lists of repositories: a URL or path on each line, then its name, then the network of forks that it belongs to.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use anyhow::Context as _;

use crate::finding::subject::{anonymous, name_of_url};
use crate::fs::bounded;

/// The largest list, in bytes.
const MAX_LIST: u64 = 256 << 20;

/// A list that can't be used.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    /// Two repositories have the same name, so the report of one would replace that of the other.
    #[error("lines {0} and {1} are different repositories called '{2}'; give each its own name in the second column")]
    SameName(usize, usize, String),
    /// The URL could be misread: part of a password could be taken for a host, or shown as a path.
    #[error("line {0}: {1}")]
    Unclear(usize, &'static str),
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
    /// Returns its path, if it is on this machine.
    pub(super) fn path(&self) -> Option<&str> {
        let is_url = self.source.contains("://") || name_of_url(&self.source).1.is_some();
        (!is_url).then_some(&self.source)
    }

    /// Returns the key that distinguishes it from other repositories. On a server a name is unique, whichever way it is
    /// reached; two folders are different even if their names differ only by an ending.
    fn identity(&self) -> String {
        match name_of_url(&self.source) {
            (name, Some(_)) => name,
            (_, None) => self.source.clone(),
        }
    }

    /// Returns the URL without user, password and query, which may hold tokens; the user name of an ssh login is not
    /// secret.
    pub(super) fn bare_url(&self) -> String {
        let Some((scheme, rest)) = self.source.split_once("://") else { return self.source.clone() };
        let user = rest.split_once('@').map_or("", |(user, _)| user);
        if scheme == "file" || scheme.contains("ssh") && !user.contains([':', '/']) {
            return self.source.clone();
        }
        let bare = anonymous(&self.source);
        bare.split(['?', '#']).next().unwrap_or_default().to_owned()
    }

    /// Returns a message without the parts of the URL that must stay secret. Git and its helpers repeat user and
    /// password in parts, and decoded.
    pub(super) fn withheld(&self, message: &str) -> String {
        /// The least number of characters of a part that is removed; shorter parts protect nothing and occur in many
        /// words.
        const SHORTEST: usize = 4;
        let mut message = message.replace(&self.source, &self.bare_url());
        let Some((_, rest)) = self.source.split_once("://") else { return message };
        let user = rest.rsplit_once('@').map_or("", |(user, _)| user);
        let query = rest.split_once(['?', '#']).map_or("", |(_, query)| query);
        let (name, word) = user.split_once(':').unwrap_or((user, ""));
        let mut parts: Vec<String> = [user, word, name, query].map(str::to_owned).into();
        parts.extend([user, word, name].map(decoded));
        parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
        for part in parts.iter().filter(|part| part.len() >= SHORTEST && self.bare_url() != self.source) {
            message = message.replace(part, "…");
        }
        message
    }
}

/// Reads a list; '-' is standard input.
///
/// # Errors
/// Fails if it can't be read, or names no repository.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<Listed>> {
    let reading = || format!("reading the list '{}'", path.display());
    let bytes = bounded::read_named(path, MAX_LIST).with_context(reading)?;
    let listed = parsed(&bounded::text(bytes).with_context(reading)?).with_context(reading)?;
    // A list that became empty by mistake must not pass for a fleet without secrets.
    anyhow::ensure!(!listed.is_empty(), "the list '{}' names no repository", path.display());
    Ok(listed)
}

/// Returns the repositories of a list, each once.
fn parsed(text: &str) -> Result<Vec<Listed>, Unusable> {
    let lines = (1..).zip(text.lines().map(str::trim));
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let mut seen: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let mut listed = Vec::new();
    for (number, text) in lines {
        let one = line(text).map_err(|why| Unusable::Unclear(number, why))?;
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

/// Reads a line. If it has a tab, the columns are separated by tabs, so that a path may contain blanks.
fn line(line: &str) -> Result<Listed, &'static str> {
    let cells: Vec<&str> = match line.contains('\t') {
        true => line.split('\t').map(str::trim).collect(),
        false => line.split_whitespace().collect(),
    };
    let (source, others) = cells.split_first().ok_or("it is empty")?;
    clear(source, others)?;
    let name = others.first().filter(|name| !name.is_empty()).unwrap_or(source);
    let network = others.get(1).filter(|name| !name.is_empty()).map(|name| name_of_url(name).0);
    Ok(Listed { name: name_of_url(name).0, source: (*source).to_owned(), network })
}

/// Checks that git and this program read a URL alike: if a password holds a '/' that is not escaped, git takes the
/// user's name for the host.
fn clear(source: &str, others: &[&str]) -> Result<(), &'static str> {
    const ESCAPE: &str = "user or password of the URL have a character that must be escaped, as %40 for '@', %2F for '/' and %20 for a blank";
    // A password with a blank is split into two columns.
    if source.contains(':') && !source.starts_with(['/', '.']) && others.iter().any(|other| other.contains('@')) {
        return Err(ESCAPE);
    }
    let Some((scheme, rest)) = source.split_once("://") else {
        let is_masked = anonymous(source) != source;
        let is_ssh = source.split_once(':').is_some_and(|(host, _)| host.contains('@') && !host.contains('/'));
        let why = "it has a user, but no scheme: write https://, or ./ before a folder that is called so";
        return if is_masked && !is_ssh { Err(why) } else { Ok(()) };
    };
    if scheme == "file" {
        return Ok(());
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let bare = anonymous(source);
    let seen = bare.split_once("://").map_or("", |(_, rest)| rest).split(['/', '?', '#']).next().unwrap_or_default();
    let port = host.rsplit_once(':').map_or("", |(_, port)| port);
    let is_port = port.ends_with(']') || port.bytes().all(|byte| byte.is_ascii_digit());
    if seen == host && is_port { Ok(()) } else { Err(ESCAPE) }
}

/// Returns a text with its percent escapes decoded; bytes that aren't valid text are replaced.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = after.get(..2).filter(|_| *first == b'%').and_then(|two| std::str::from_utf8(two).ok());
        let byte = escaped.and_then(|two| u8::from_str_radix(two, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_repository_is_listed_once_under_its_report_name() {
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
    fn displayed_urls_contain_no_password() {
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
        assert_eq!(line("a b c").ok().and_then(|one| one.network).as_deref(), Some("c"));
        assert_eq!(of("https://host.test/a?token=b").0, "https://host.test/a");
    }

    #[test]
    fn a_message_repeats_neither_user_nor_password() {
        let one = line("https://to%2Fken:pass%40word@host.test/a?key=value").unwrap();
        for part in [&one.source[..], "https://to%2Fken@host.test", "to/ken", "pass@word", "key=value"] {
            let message = one.withheld(&format!("fatal: '{part}' failed"));
            for word in ["ken", "pass", "word", "value"] {
                assert!(!message.contains(word), "{part}: {message}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn a_password_is_refused_or_in_nothing_that_is_shown(user in "[a-z][a-z0-9.]{0,6}", word in "[ -~]{8,24}", name in "( name)?") {
            for (before, behind) in [("https://", "/a/b.git"), ("https://", ":8443/a/b"), ("ssh://", "/a"), ("", ":a/b"), ("", "/a/b")] {
                let text = format!("{before}{user}:{word}@host.test{behind}{name}");
                let Ok(one) = line(&text) else { continue };
                for shown in [one.name.clone(), one.bare_url(), one.withheld(&one.source)] {
                    let bare = shown.split_once("://").map_or(&*shown, |(_, bare)| bare);
                    proptest::prop_assert!(bare.starts_with("host.test") || shown == "name", "{text}: {shown}");
                }
                proptest::prop_assert!(one.path().is_none(), "{text}");
            }
        }
    }
}
