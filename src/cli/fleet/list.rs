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

/// The user and the password in a URL, with which a server is logged in to.
#[derive(Debug)]
pub(super) struct Login {
    /// The scheme, host and port of the URL.
    pub(super) server: String,
    pub(super) user: String,
    pub(super) password: Option<String>,
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

    /// Returns the URL without user and password; the user name of an ssh login is not secret.
    pub(super) fn bare_url(&self) -> String {
        match self.source.split_once("://") {
            Some((scheme, _)) if Scheme::of(scheme) == Scheme::Web => anonymous(&self.source),
            _ => self.source.clone(),
        }
    }

    /// Returns the user and password in the URL, if it has them, for servers that are asked over HTTP.
    pub(super) fn login(&self) -> Option<Login> {
        let (scheme, rest) = self.source.split_once("://")?;
        let (user, server) = authority(rest).split_once('@')?;
        let (user, password) = user.split_once(':').map_or((user, None), |(user, password)| (user, Some(password)));
        (Scheme::of(scheme) == Scheme::Web).then(|| Login {
            server: format!("{scheme}://{server}"),
            user: decoded(user),
            password: password.map(decoded),
        })
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
        let (name, word) = user.split_once(':').unwrap_or((user, ""));
        let mut parts: Vec<String> = [user, word, name].map(str::to_owned).into();
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

/// The ways in which git reads the part of a URL that names the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    /// There is no server.
    File,
    /// Git decodes the whole URL before it looks for the host, and passes the user to ssh, which takes no password.
    Ssh,
    /// Git decodes the whole URL, and there are no users.
    Git,
    /// Everything else is like HTTP: the host is looked for before anything is decoded.
    Web,
}

impl Scheme {
    fn of(scheme: &str) -> Self {
        match scheme {
            "file" => Self::File,
            "ssh" | "git+ssh" | "ssh+git" => Self::Ssh,
            "git" => Self::Git,
            _ => Self::Web,
        }
    }
}

/// Returns the user, host and port of a URL whose scheme has been cut off.
fn authority(rest: &str) -> &str {
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// The reason for refusing a URL in which part of a password may be taken for something else.
const ESCAPE: &str = "user or password of the URL have a character that must be escaped, as %40 for '@', %2F for '/' and %20 for a blank";

/// Checks that git and this program read a URL alike, and that no part of a user or password is taken for something
/// that may be shown.
fn clear(source: &str, others: &[&str]) -> Result<(), &'static str> {
    // A user or password with a blank is split into several columns.
    let has_user = |other: &&str| match source.contains(':') {
        true => other.contains('@'),
        false => anonymous(other) != **other,
    };
    if !source.starts_with(['/', '.']) && others.iter().any(has_user) {
        return Err(
            "behind the first blank there is a user or an '@': escape a blank in a URL as %20, write ./ before \
                    a folder, and leave the user out of a name",
        );
    }
    if source.contains([':', '@']) && source.contains(char::is_control) {
        return Err("it has a control character; escape it, or leave it out");
    }
    match source.split_once("://") {
        Some((scheme, rest)) => match Scheme::of(scheme) {
            Scheme::File if matches!(authority(rest), "" | "localhost") => Ok(()),
            Scheme::File => Err("a URL of a file has neither user nor host: write file:/// before the path"),
            Scheme::Git if authority(rest).contains(['@', '%']) => {
                Err("a URL with git:// has neither user nor escapes before its path; leave them out")
            }
            _ if !is_read_alike(source, rest) => Err(ESCAPE),
            Scheme::Ssh => clear_ssh(rest),
            Scheme::Git => clear_host(rest),
            Scheme::Web => clear_web(rest),
        },
        None => clear_without_scheme(source),
    }
}

fn clear_without_scheme(source: &str) -> Result<(), &'static str> {
    let (user, rest) = source.split_once('@').unwrap_or(("", source));
    let is_ssh = !user.contains([':', '/']) && rest.contains(':');
    if is_ssh && !user.is_empty() {
        return clear_host(rest);
    }
    // Part of a password would be shown as the name of a folder.
    let is_like_url = user.contains(':') || source.starts_with("//") || user.contains('/') && rest.contains(':');
    let is_path = source.starts_with(['/', '.']) && !source.starts_with("//");
    if !user.is_empty() && !is_path && (is_like_url || anonymous(source) != source) {
        return Err("it has a user, but no scheme: write https://, or ./ before a folder that is called so");
    }
    Ok(())
}

/// Checks a URL with ssh, whose scheme has been cut off. Git decodes it before it looks for the host, so it may hold no
/// escape that could move it.
fn clear_ssh(rest: &str) -> Result<(), &'static str> {
    let (user, host) = authority(rest).split_once('@').unwrap_or(("", authority(rest)));
    if user.contains([':', '%']) || host.contains(['@', '%']) {
        return Err(
            "the user of a URL with ssh:// is a plain name without escapes, and it has no password: ssh takes \
                    none from a URL, so use a key",
        );
    }
    clear_host(rest.strip_prefix(user).unwrap_or(rest).trim_start_matches('@'))
}

/// Checks the part after the user, over ssh and git's own protocol: git looks for a host in brackets in all of it.
fn clear_host(rest: &str) -> Result<(), &'static str> {
    if decoded(rest).contains("@[") { Err("it has '@[' in its path, where git looks for the host") } else { Ok(()) }
}

/// Returns `true` if the host that git takes from a URL is the one that is shown, and is followed by a port if by
/// anything: part of a password that isn't escaped could be taken for host and port.
fn is_read_alike(source: &str, rest: &str) -> bool {
    let host = authority(rest).rsplit_once('@').map_or(authority(rest), |(_, host)| host);
    let bare = anonymous(source);
    let seen = bare.split_once("://").map_or("", |(_, rest)| authority(rest));
    let port = host.rsplit_once(':').map_or("", |(_, port)| port);
    seen == host && (port.ends_with(']') || port.bytes().all(|byte| byte.is_ascii_digit()))
}

fn clear_web(rest: &str) -> Result<(), &'static str> {
    let (user, host) = authority(rest).rsplit_once('@').unwrap_or(("", authority(rest)));
    if user.contains('@') || host.contains('%') {
        return Err(ESCAPE);
    }
    if decoded(user).contains(|c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER) {
        return Err("user or password of the URL have an escaped control character, or are not UTF-8");
    }
    // Git adds the names of its requests to the end of the URL, so they would become part of a query.
    if rest.contains(['?', '#']) {
        return Err("git cannot use the query or fragment of a URL: leave it out, and write a token as a password, \
                    https://user:token@host/path");
    }
    Ok(())
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
            ("https://me:word%40@github.com/a/b.git", "https://github.com/a/b.git"),
            ("https://word@github.com/a/b.git", "https://github.com/a/b.git"),
            ("ssh://git@github.com/a/b.git", "ssh://git@github.com/a/b.git"),
            ("git@github.com:a/b.git", "git@github.com:a/b.git"),
            ("file:///srv/a", "file:///srv/a"),
        ] {
            assert_eq!(of(source), (bare.to_owned(), None), "{source}");
        }
        assert_eq!(of("/srv/a"), ("/srv/a".to_owned(), Some("/srv/a".to_owned())));
        assert_eq!(line("a b c").ok().and_then(|one| one.network).as_deref(), Some("c"));
    }

    /// A part of a user or password could otherwise be taken for a host, a path or a name, and shown.
    #[test]
    fn urls_that_git_reads_differently_or_that_hide_a_password_are_refused() {
        for source in [
            "https://me:word@@github.com/a/b.git",
            "https://joe:AAAA@BBBB@host.test/a",
            "https://joe@AAAA:BBBB@host.test/a",
            "https://ho%73t.test/a",
            "https://joe:a%0Ab@host.test/a",
            "https://joe:%FF@host.test/a",
            "https://joe:a\u{7}b@host.test/a",
            "https://host.test/a?token=b",
            "https://host.test/a?private_token=A B",
            "https://host.test/a?private_token=A\tB",
            "https://host.test/a#A B",
            "ssh://other.test%2Fword@good.test/a/b.git",
            "ssh://other.test%40word@good.test/a/b.git",
            "ssh://joe%3Aword@good.test/a/b.git",
            "ssh://joe:word@good.test/a/b.git",
            "git+ssh://other.test%2F@good.test/a",
            "ssh://other.test%2Fgood.test/a",
            "ssh://good.test/a@[other.test]/b",
            "ssh://good.test/a@%5Bother.test]/b",
            "git@good.test:a/@[other.test]:b",
            "git://joe:word@host.test/a",
            "git://joe@host.test/a",
            "git://other.test%2Fgood.test/a",
            "A/B@host.test:a/b",
            "A B@host.test:a/b",
            "A B C@host.test:a/b",
            "joe:A B@host.test/a",
            "file://joe:A/B@host.test/a",
            "file://joe:word@host.test/a",
            "ssh://joe:12/word@host.test/a",
            "//joe:word@host.test/a",
            "joe:word@host.test/a",
        ] {
            assert!(line(source).is_err(), "{source}: {:?}", line(source));
        }
        for source in [
            "https://joe:a%40b%2Fc@host.test:8443/a/b.git",
            "https://host.test/a/@scope/b.git",
            "https://[::1]:8443/a",
            "ssh://git@[::1]:22/a/b.git",
            "ssh://host.test/~joe/a%20b",
            "git@[::1]:a/b",
            "joe@host.test:a/b",
            "git://host.test/a",
            "file:///srv/joe@host/a",
            "/srv/joe@host:1/a name",
            "./A/B@host.test:a/b",
            "folder/@scope/a name",
            "folder github.com/@acme/a",
        ] {
            assert!(line(source).is_ok(), "{source}: {:?}", line(source));
        }
    }

    #[test]
    fn a_login_is_decoded_and_names_its_server() {
        let login = |source: &str| line(source).unwrap().login().map(|one| (one.server, one.user, one.password));
        let told = |server: &str, user: &str, word: Option<&str>| {
            Some((server.to_owned(), user.to_owned(), word.map(str::to_owned)))
        };
        assert_eq!(login("https://j%40e:a%2F:b@host.test:8443/a"), told("https://host.test:8443", "j@e", Some("a/:b")));
        assert_eq!(login("http://joe:@host.test/a"), told("http://host.test", "joe", Some("")));
        assert_eq!(login("https://joe@host.test/a"), told("https://host.test", "joe", None));
        for source in ["https://host.test/a/@b", "ssh://git@host.test/a", "git@host.test:a", "/srv/a@b"] {
            assert_eq!(login(source), None, "{source}");
        }
    }

    #[test]
    fn a_message_repeats_neither_user_nor_password() {
        let one = line("https://to%2Fken:pass%40word@host.test/a").unwrap();
        for part in [&one.source[..], "https://to%2Fken@host.test", "to/ken", "pass@word"] {
            let message = one.withheld(&format!("fatal: '{part}' failed"));
            for word in ["ken", "pass", "word"] {
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
