//! Where a repository is pushed to and fetched from, as its configuration says, and what the names of the hosts tell.
//!
//! A URL is read, never followed; user and password are left out of it.
//!
//! The name of a host is asked two questions. [`Host`] is who could read what was pushed there: only a name that is known
//! whole may say that, for `github.example.com` is nobody's public service. [`Server`] is whose software cleans up there: such
//! a host most likely runs GitHub's, so part of a name is enough.

use std::net::{IpAddr, Ipv6Addr};

use bstr::{BStr, BString, ByteSlice as _};

use super::Repo;
use crate::finding::{Host, Remote, Server};

/// Services where anybody can have a repository, by the end of their hosts' names.
const PUBLIC: [&str; 16] = [
    "github.com",
    "gitlab.com",
    "bitbucket.org",
    "codeberg.org",
    "sr.ht",
    "gitea.com",
    "gitee.com",
    "notabug.org",
    "framagit.org",
    "launchpad.net",
    "sourceforge.net",
    "sf.net",
    "dev.azure.com",
    "visualstudio.com",
    "huggingface.co",
    "savannah.gnu.org",
];
/// Ends of names that no public name server knows.
const NOT_PUBLIC: [&str; 6] = ["localhost", "local", "internal", "lan", "home.arpa", "intranet"];

/// All remotes that are configured, by name.
pub fn all(repository: &Repo) -> Vec<Remote> {
    let local = repository.local();
    let remote = |name: BString| {
        let url = local.config_snapshot().string(format!("remote.{name}.url").as_str())?;
        let (url, host) = url_and_host(url.as_ref());
        Some(Remote { name, url: Some(url), host })
    };
    local.remote_names().into_iter().filter_map(remote).collect()
}

/// The same with who runs the server of each.
pub fn servers(repository: &Repo) -> Vec<(BString, Server)> {
    let local = repository.local();
    let server = |name: BString| {
        let remote = local.find_remote(name.as_bstr()).ok()?;
        let server = remote.url(gix::remote::Direction::Fetch)?.host().map_or(Server::Own, server);
        Some((name, server))
    };
    local.remote_names().into_iter().filter_map(server).collect()
}

/// Those of the remotes that one of the refs belongs to, and those that are not configured any more.
pub fn behind<'n>(remotes: &[Remote], refs: impl Iterator<Item = &'n str>) -> Vec<Remote> {
    let mut found: Vec<Remote> = Vec::new();
    for name in refs.filter_map(|name| name.strip_prefix("refs/remotes/")) {
        let below = |remote: &&Remote| {
            name.as_bytes().strip_prefix(remote.name.as_slice()).is_some_and(|rest| rest.starts_with(b"/"))
        };
        let gone = || {
            let name = name.split('/').next().unwrap_or_default().into();
            Remote { name, url: None, host: Host::Unknown }
        };
        let remote = remotes.iter().find(below).cloned().unwrap_or_else(gone);
        if !found.contains(&remote) {
            found.push(remote);
        }
    }
    found
}

/// A URL as it may be shown, and what its host tells.
fn url_and_host(url: &BStr) -> (BString, Host) {
    let Ok(mut parsed) = gix::url::parse(url) else { return (BString::from("(not a URL)"), Host::Unknown) };
    parsed.set_user(None);
    parsed.set_password(None);
    let host = match parsed.host() {
        _ if parsed.scheme == gix::url::Scheme::File => Host::Private,
        Some(name) => host(name),
        None => Host::Unknown,
    };
    let shown = parsed.to_bstring();
    let shown = shown.split_once_str("?").map_or(shown.as_slice(), |(before, _)| before);
    (shown.into(), host)
}

/// Who could read what was pushed to a host.
fn host(name: &str) -> Host {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let within = |end: &&str| name.strip_suffix(*end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    if let Ok(address) = name.trim_matches(['[', ']']).parse::<IpAddr>() {
        return if is_private(address) { Host::Private } else { Host::Unknown };
    }
    if PUBLIC.iter().any(within) {
        Host::Public
    } else if !name.contains('.') || NOT_PUBLIC.iter().any(within) {
        Host::Private
    } else {
        Host::Unknown
    }
}

/// Who runs a host.
fn server(name: &str) -> Server {
    let name = name.to_ascii_lowercase();
    let is = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    if is(&["github"]) {
        Server::GitHub
    } else if is(&["gitlab"]) {
        Server::GitLab
    } else if is(&["bitbucket", "azure.com", "visualstudio.com", "codeberg", "gitea", "sourcehut", "sr.ht", "gitee"]) {
        Server::Service
    } else {
        Server::Own
    }
}

fn is_private(address: IpAddr) -> bool {
    let v6 = |address: Ipv6Addr| address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local();
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_loopback() || address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => v6(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(url: &str) -> (String, Host) {
        let (url, host) = url_and_host(url.into());
        (url.to_string(), host)
    }

    #[test]
    fn hosts_are_told_apart() {
        for (url, host) in [
            ("https://github.com/a/b", Host::Public),
            ("git@ssh.github.com:a/b.git", Host::Public),
            ("https://me@dev.azure.com/o/p/_git/r", Host::Public),
            ("/srv/git/a", Host::Private),
            ("file:///srv/a", Host::Private),
            ("ssh://git@10.1.2.3/a", Host::Private),
            ("http://[::1]:3000/a", Host::Private),
            ("git@gitserver:a", Host::Private),
            ("https://git.corp.internal/a", Host::Private),
            ("https://git.example.com/a", Host::Unknown),
            ("https://notgithub.com/a", Host::Unknown),
            ("https://github.com.evil.example/a", Host::Unknown),
            ("https://8.8.8.8/a", Host::Unknown),
        ] {
            assert_eq!(shown(url).1, host, "{url}");
        }
    }

    #[test]
    fn servers_are_told_by_part_of_a_name() {
        for (name, expected) in [
            ("GitHub.com", Server::GitHub),
            ("github.corp.example", Server::GitHub),
            ("gitlab.example.org", Server::GitLab),
            ("ssh.dev.azure.com", Server::Service),
            ("git.sr.ht", Server::Service),
            ("git.example.com", Server::Own),
        ] {
            assert_eq!(server(name), expected, "{name}");
        }
    }

    #[test]
    fn a_url_is_shown_without_who_signs_in() {
        for (url, expected) in [
            ("https://user:word@github.com/a/b.git?x=y", "https://github.com/a/b.git"),
            ("https://word@github.com/a/b.git", "https://github.com/a/b.git"),
            ("git@github.com:a/b.git", "github.com:a/b.git"),
        ] {
            assert_eq!(shown(url).0, expected);
        }
    }

    #[test]
    fn a_ref_belongs_to_the_remote_of_its_name() {
        let named = |name: &str| Remote { name: name.into(), url: Some("u".into()), host: Host::Unknown };
        let remotes = [named("team"), named("team/fork")];
        let names = ["refs/remotes/team/fork/main", "refs/remotes/gone/main", "refs/heads/team/x"];
        let found = behind(&remotes[1..], names.into_iter());
        assert_eq!(found.iter().map(|remote| remote.name.to_string()).collect::<Vec<_>>(), ["team/fork", "gone"]);
        assert_eq!(found[1].url, None);
    }
}
