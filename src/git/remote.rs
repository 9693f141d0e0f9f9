//! The places that a repository is pushed to and fetched from, by its configuration, and the conclusions from the names
//! of their hosts.
//!
//! URLs are only parsed and never opened; user and password are removed from them.
//!
//! The name of a host answers three questions. [`Host`] says who could read what was pushed there: only a name that is
//! known in full can answer this, because `github.example.com` isn't a public service. [`Server`] says whose software
//! cleans up there: such a host most likely runs GitHub's, so part of a name is enough. [`WebRepository`] says what web
//! pages it has.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use bstr::{BStr, BString, ByteSlice as _};

use super::{Local, Repo};
use crate::finding::web::Transport;
use crate::finding::{Host, Remote, Server, WebRepository, subject};

/// Services where anybody can have a repository, given as the ends of their host names.
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
/// The most remotes whose web pages are linked to.
const MOST_WEB: usize = 8;
/// The ends of host names that no public name server resolves.
const NOT_PUBLIC: [&str; 6] = ["localhost", "local", "internal", "lan", "home.arpa", "intranet"];

/// Returns all configured remotes, by name; a remote with several URLs appears once for each.
pub fn all(repository: &Repo) -> Vec<Remote> {
    let local = repository.local();
    let remote = |name: BString| {
        let Urls { fetch, push } = Urls::of(&local, name.as_bstr());
        let mut urls: Vec<BString> = Vec::new();
        for url in fetch.into_iter().chain(push) {
            if !urls.contains(&url) {
                urls.push(url);
            }
        }
        urls.into_iter().map(move |url| {
            let (url, host) = url_and_host(url.as_ref());
            Remote { name: name.clone(), url: Some(url), host }
        })
    };
    local.remote_names().into_iter().flat_map(remote).collect()
}

/// Returns the URLs of all remotes as configured, before any rewriting, with the names of their remotes.
pub(super) fn written(repository: &Repo) -> Vec<(BString, BString)> {
    let local = repository.local();
    let of = |name: BString| {
        let urls = local.config_snapshot().plumbing().strings(format!("remote.{name}.url").as_str());
        urls.unwrap_or_default().into_iter().map(move |url| (name.clone(), url))
    };
    local.remote_names().into_iter().flat_map(of).collect()
}

/// Returns the URL that a clone comes from, as configured: that of the remote `origin`, or of the only remote.
pub fn origin(repository: &Repo) -> Option<BString> {
    let mut all = written(repository);
    let is_only = all.iter().all(|(name, _)| *name == all[0].0);
    let at = all.iter().position(|(name, _)| name == "origin").or((is_only && !all.is_empty()).then_some(0))?;
    Some(all.swap_remove(at).1)
}

/// Returns the remotes with the kind of server that each is pushed to; a remote that is pushed to several URLs appears
/// once for each.
pub fn servers(repository: &Repo) -> Vec<(BString, Server)> {
    let local = repository.local();
    let servers = |name: BString| {
        let urls = Urls::of(&local, name.as_bstr()).push;
        let server = |url: BString| gix::url::parse(url.as_bstr()).ok()?.host().map(server);
        urls.into_iter().map(move |url| (name.clone(), server(url).unwrap_or(Server::Own)))
    };
    local.remote_names().into_iter().flat_map(servers).collect()
}

/// Returns the remotes on hosts whose web pages are known, starting with `origin`. A URL may lead to the host as
/// written and to a proxy once it is rewritten, or the other way round.
pub fn web(repository: &Repo) -> Vec<(BString, Arc<WebRepository>)> {
    let local = repository.local();
    let mut urls = written(repository);
    for name in local.remote_names() {
        let fetched = Urls::of(&local, name.as_bstr()).fetch;
        urls.extend(fetched.map(|url| (name.clone(), url)));
    }
    let mut found: Vec<(BString, Arc<WebRepository>)> = Vec::new();
    for (name, url) in urls {
        if let Some(web) = web_of(url.as_ref()).filter(|_| !found.iter().any(|(known, _)| *known == name)) {
            found.push((name, Arc::new(web)));
        }
    }
    found.sort_by(|(a, _), (b, _)| (a != "origin", a).cmp(&(b != "origin", b)));
    found.truncate(MOST_WEB);
    found
}

/// Returns the repository on a host that a URL leads to.
fn web_of(url: &BStr) -> Option<WebRepository> {
    use gix::url::Scheme;
    let parsed = gix::url::parse(url).ok()?;
    let transport = match parsed.scheme {
        Scheme::Https => Transport::Https,
        Scheme::Ssh | Scheme::Git => Transport::Other,
        _ => return None,
    };
    let path = parsed.path.split_once_str("?").map_or(parsed.path.as_slice(), |(before, _)| before);
    WebRepository::new(transport, parsed.host()?, parsed.port, path)
}

/// Returns the remotes that have one of the names, and an entry without a URL for each name that is no longer
/// configured.
pub fn behind(remotes: &[Remote], names: impl Iterator<Item = BString>) -> Vec<Remote> {
    let mut found: Vec<Remote> = Vec::new();
    for name in names {
        if found.iter().any(|remote| remote.name == name) {
            continue;
        }
        let before = found.len();
        found.extend(remotes.iter().filter(|remote| remote.name == name).cloned());
        if found.len() == before {
            found.push(Remote { name, url: None, host: Host::Unknown });
        }
    }
    found
}

/// The URLs of a remote, as `url.NAME.insteadOf` and `url.NAME.pushInsteadOf` rewrite them.
struct Urls {
    fetch: Option<BString>,
    push: Vec<BString>,
}

impl Urls {
    fn of(local: &Local, remote: &BStr) -> Self {
        let config = local.config_snapshot();
        let config = config.plumbing();
        let values = |key: &str| config.strings(format!("remote.{remote}.{key}").as_str()).unwrap_or_default();
        let (urls, pushed) = (values("url"), values("pushurl"));
        let plain = |url: &BString| rewritten(config, "insteadOf", url).unwrap_or_else(|| url.clone());
        let for_push = |url: &BString| rewritten(config, "pushInsteadOf", url).unwrap_or_else(|| plain(url));
        // A URL configured for pushing isn't rewritten by `pushInsteadOf`.
        let push =
            if pushed.is_empty() { urls.iter().map(for_push).collect() } else { pushed.iter().map(plain).collect() };
        Self { fetch: urls.first().map(plain), push }
    }
}

/// Returns a URL with its start replaced; the longest start that fits counts.
fn rewritten(config: &gix::config::File, key: &str, url: &BString) -> Option<BString> {
    let sections = config.sections_by_name("url").into_iter().flatten();
    let rules = sections.flat_map(|section| {
        let base = section.header().subsection_name().map(BString::from);
        let starts = section.values(key).into_iter().map(|start| BString::from(start.as_bstr()));
        starts.filter_map(move |start| Some((start, base.clone()?))).collect::<Vec<_>>()
    });
    let (start, base) = rules.filter(|(start, _)| url.starts_with(start)).max_by_key(|(start, _)| start.len())?;
    Some([base.as_slice(), &url[start.len()..]].concat().into())
}

/// Returns a URL in a form that may be shown, and the kind of its host.
fn url_and_host(url: &BStr) -> (BString, Host) {
    let bare = subject::anonymous(&url.to_str_lossy());
    let Ok(mut parsed) = gix::url::parse(BStr::new(&bare)) else {
        return (BString::from("(not a URL)"), Host::Unknown);
    };
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

/// Returns who could read what was pushed to a host.
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

/// Returns who runs a host.
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
    fn hosts_are_distinguished() {
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
    fn servers_are_recognised_by_part_of_their_name() {
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
    fn web_pages_are_derived_from_all_url_forms_without_the_login() {
        let base = |url: &str| web_of(url.into()).map(|web| web.base().to_owned());
        for url in [
            "https://github.com/acme/shop.git",
            "https://user:word@github.com/acme/shop?x=y",
            "git@github.com:acme/shop.git",
            "ssh://git@ssh.github.com:443/acme/shop",
            "git://github.com/acme/shop.git",
        ] {
            assert_eq!(base(url).as_deref(), Some("https://github.com/acme/shop"), "{url}");
        }
        for url in ["http://gitlab.example.com/a/b", "/srv/github.com/a/b", "javascript:alert(1)", "ext::sh -c x"] {
            assert_eq!(base(url), None, "{url}");
        }
    }

    #[test]
    fn a_url_is_shown_without_the_login() {
        for (url, expected) in [
            ("https://user:word@github.com/a/b.git?x=y", "https://github.com/a/b.git"),
            ("https://word@github.com/a/b.git", "https://github.com/a/b.git"),
            ("git@github.com:a/b.git", "github.com:a/b.git"),
        ] {
            assert_eq!(shown(url).0, expected);
        }
    }

    #[test]
    fn a_remote_is_listed_with_its_urls_and_a_removed_one_without() {
        let with = |name: &str, url: &str| Remote { name: name.into(), url: Some(url.into()), host: Host::Unknown };
        let remotes = [with("team", "a"), with("team/fork", "b"), with("team", "c")];
        let found = behind(&remotes, ["team", "gone", "team"].map(BString::from).into_iter());
        let shown: Vec<_> = found.iter().map(|remote| (remote.name.to_string(), remote.url.clone())).collect();
        let some = |url: &str| Some(BString::from(url));
        assert_eq!(shown, [("team".into(), some("a")), ("team".into(), some("c")), ("gone".into(), None)]);
    }

    #[test]
    fn the_longest_matching_url_prefix_is_replaced() {
        let text = "[url \"https://one.example/\"]\n\tinsteadOf = x:\n\tinsteadOf = y:\n\
                    [url \"https://two.example/\"]\n\tinsteadOf = x:a/\n\tpushInsteadOf = y:\n";
        let config = gix::config::File::try_from(text).unwrap();
        let of = |key, url: &str| rewritten(&config, key, &BString::from(url)).map(|url| url.to_string());
        assert_eq!(of("insteadOf", "x:b").as_deref(), Some("https://one.example/b"));
        assert_eq!(of("insteadOf", "x:a/b").as_deref(), Some("https://two.example/b"));
        assert_eq!(of("pushInsteadOf", "y:b").as_deref(), Some("https://two.example/b"));
        assert_eq!(of("pushInsteadOf", "x:b"), None);
        assert_eq!(of("insteadOf", "z:b"), None);
    }
}
