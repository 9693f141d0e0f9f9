//! Web pages on the host that a repository is pushed to: of a commit, and of a file in a commit.
//!
//! The software of a host is known by its name: that of a service, or a word in it (`gitlab.example.com`). Any other
//! host would have to be asked, so it gets no pages. A page has an `https` address made only of characters that mean
//! the same in every format; everything else in a path or a repository's URL is percent-encoded or refused.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::text::hostile;

/// The software that serves a host's web pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Software {
    GitHub,
    GitLab,
    /// Bitbucket Cloud.
    Bitbucket,
    /// Bitbucket Server and Data Center.
    BitbucketServer,
    /// Azure DevOps Services.
    Azure,
    /// Gitea and Forgejo.
    Gitea,
}

/// The host names of services, as suffixes.
const SERVICES: [(&str, Software); 8] = [
    ("github.com", Software::GitHub),
    ("ghe.com", Software::GitHub),
    ("gitlab.com", Software::GitLab),
    ("bitbucket.org", Software::Bitbucket),
    ("dev.azure.com", Software::Azure),
    ("visualstudio.com", Software::Azure),
    ("codeberg.org", Software::Gitea),
    ("gitea.com", Software::Gitea),
];
/// Words in the host names of self-managed installations.
const WORDS: [(&str, Software); 6] = [
    ("github", Software::GitHub),
    ("gitlab", Software::GitLab),
    ("bitbucket", Software::BitbucketServer),
    ("stash", Software::BitbucketServer),
    ("gitea", Software::Gitea),
    ("forgejo", Software::Gitea),
];
/// The labels in front of a host that offers SSH on the port of HTTPS.
const SSH_LABELS: [&str; 3] = ["ssh.", "altssh.", "vs-ssh."];

/// The protocol of a repository's URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// HTTPS, which web pages use as well, on the same port.
    Https,
    /// SSH or git's own protocol, on a port of its own.
    Other,
}

/// A repository on a host whose web pages are known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WebRepository {
    software: Software,
    /// The address of the repository's page.
    base: String,
}

impl WebRepository {
    /// Returns the repository that a URL with these parts leads to; `None` if the host's web pages are unknown.
    pub fn new(transport: Transport, host: &str, port: Option<u16>, path: &[u8]) -> Option<Self> {
        let name = host.trim_end_matches('.').to_ascii_lowercase();
        let name = SSH_LABELS.iter().find_map(|label| name.strip_prefix(label)).unwrap_or(&name);
        let software = software(name)?;
        let segments = segments(path)?;
        let at = match (transport, port) {
            (Transport::Https, Some(port)) if port != 443 => format!("https://{name}:{port}"),
            _ => format!("https://{name}"),
        };
        let below = below(software, transport, &segments)?;
        let at =
            if software == Software::Azure && transport == Transport::Other { "https://dev.azure.com" } else { &at };
        Some(Self { software, base: format!("{at}/{below}") })
    }

    /// Returns the address of the repository's page.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Returns the page of a commit.
    pub fn commit(&self, id: &str) -> Link {
        let base = &self.base;
        Link(match self.software {
            Software::GitLab => format!("{base}/-/commit/{id}"),
            Software::Bitbucket | Software::BitbucketServer => format!("{base}/commits/{id}"),
            Software::GitHub | Software::Azure | Software::Gitea => format!("{base}/commit/{id}"),
        })
    }

    /// Returns the page of a file in a commit, at these lines if it has lines.
    pub fn file(&self, commit: &str, path: &[u8], lines: Option<(usize, usize)>) -> Link {
        let (base, path) = (&self.base, encoded(path));
        // A page that renders a file, such as Markdown, shows line numbers only for its source.
        Link(match self.software {
            Software::GitHub => format!("{base}/blob/{commit}/{path}?plain=1{}", at_lines(lines, "#L", "-L")),
            Software::GitLab => format!("{base}/-/blob/{commit}/{path}?plain=1{}", at_lines(lines, "#L", "-")),
            Software::Bitbucket => format!("{base}/src/{commit}/{path}{}", at_lines(lines, "#lines-", ":")),
            Software::BitbucketServer => format!("{base}/browse/{path}?at={commit}{}", at_lines(lines, "#", "-")),
            Software::Gitea => {
                format!("{base}/src/commit/{commit}/{path}?display=source{}", at_lines(lines, "#L", "-L"))
            }
            Software::Azure => {
                let at = lines.map(|(first, last)| {
                    format!("&line={first}&lineEnd={}&lineStartColumn=1&lineEndColumn=1", last.saturating_add(1))
                });
                format!("{base}?path=/{path}&version=GC{commit}{}", at.unwrap_or_default())
            }
        })
    }
}

/// Returns the part of an address that leads to lines.
fn at_lines(lines: Option<(usize, usize)>, before: &str, between: &str) -> String {
    match lines {
        None => String::new(),
        Some((first, last)) if last <= first => format!("{before}{first}"),
        Some((first, last)) => format!("{before}{first}{between}{last}"),
    }
}

/// Returns the software of a host with this name. An alias from an SSH configuration and a numeric address don't name a
/// host.
fn software(host: &str) -> Option<Software> {
    let is_label = |label: &str| {
        !label.is_empty() && !label.starts_with('-') && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let (rest, top) = host.rsplit_once('.')?;
    let is_top = top.bytes().all(|b| b.is_ascii_alphabetic()) || top.starts_with("xn--");
    if !rest.split('.').all(is_label) || !is_label(top) || !is_top {
        return None;
    }
    let within = |end: &str| host.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let has = |word: &str| rest.split(['.', '-']).any(|part| part == word);
    let service = SERVICES.iter().find(|(end, _)| within(end));
    service.or_else(|| WORDS.iter().find(|(word, _)| has(word))).map(|(_, software)| *software)
}

/// Returns the decoded segments of a URL's path; `None` if one of them can't be a name.
fn segments(path: &[u8]) -> Option<Vec<String>> {
    let path = String::from_utf8(decoded(path)).ok()?;
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let is_name = |part: &str| !part.is_empty() && !matches!(part, "." | "..") && !part.chars().any(hostile);
    path.split('/').all(is_name).then(|| path.split('/').map(str::to_owned).collect())
}

/// Returns the path of a repository's page on its host, from the path by which git reaches it.
fn below(software: Software, transport: Transport, segments: &[String]) -> Option<String> {
    let names: Vec<&str> = segments.iter().map(String::as_str).collect();
    let joined = |names: &[&str]| names.iter().map(|name| encoded(name.as_bytes())).collect::<Vec<_>>().join("/");
    match (software, names.as_slice()) {
        (Software::Azure, ["v3", organization, project, name]) if transport == Transport::Other => {
            Some(joined(&[organization, project, "_git", name]))
        }
        (Software::Azure, [_, .., "_git", _] | ["_git", _]) if transport == Transport::Https => Some(joined(&names)),
        (Software::BitbucketServer, names) => {
            let (before, owner, name) = match (transport, names) {
                (Transport::Https, [before @ .., "scm", owner, name]) => (before, *owner, *name),
                (Transport::Other, [owner, name]) => (&[][..], *owner, *name),
                _ => return None,
            };
            let (kind, owner) = owner.strip_prefix('~').map_or(("projects", owner), |user| ("users", user));
            Some(joined(&[before, &[kind, owner, "repos", name]].concat()))
        }
        (Software::GitHub | Software::Bitbucket, [_, _]) => Some(joined(&names)),
        (Software::GitLab | Software::Gitea, [_, _, ..]) => Some(joined(&names)),
        _ => None,
    }
}

/// Returns a path encoded as part of an address.
pub fn encoded(path: &[u8]) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    let shown = |byte: &u8| if plain(*byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") };
    path.iter().map(shown).collect()
}

fn decoded(path: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let (mut out, mut at) = (Vec::with_capacity(path.len()), 0);
    while let Some(byte) = path.get(at) {
        match (byte, digit(path.get(at + 1)), digit(path.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or_default());
                at += 3;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    out
}

/// The address of a web page: `https`, and only characters that have no meaning in any output format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Link(String);

impl Link {
    /// Reads an address; `None` if it isn't a safe one.
    fn parse(text: &str) -> Option<Self> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"/:.-_~%?=&#".contains(&b);
        (text.starts_with("https://") && text.bytes().all(plain)).then(|| Self(text.to_owned()))
    }

    /// Returns the address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads an address that may be absent; an unsafe one in a stored report becomes `None`.
    ///
    /// # Errors
    /// Fails if the value isn't a string.
    pub fn deserialize_if_safe<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.and_then(|text| Self::parse(&text)))
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "1ae5223";

    fn https(host: &str, path: &str) -> Option<WebRepository> {
        WebRepository::new(Transport::Https, host, None, path.as_bytes())
    }

    fn ssh(host: &str, path: &str) -> Option<WebRepository> {
        WebRepository::new(Transport::Other, host, Some(2222), path.as_bytes())
    }

    #[test]
    fn every_host_has_its_own_url_scheme() {
        for (repository, file, commit) in [
            (
                https("github.com", "/a/b.git"),
                "https://github.com/a/b/blob/1ae5223/x%20y/%C3%BC.env?plain=1#L17",
                "https://github.com/a/b/commit/1ae5223",
            ),
            (
                https("gitlab.com", "/group/sub/b/"),
                "https://gitlab.com/group/sub/b/-/blob/1ae5223/x%20y/%C3%BC.env?plain=1#L17",
                "https://gitlab.com/group/sub/b/-/commit/1ae5223",
            ),
            (
                https("bitbucket.org", "/a/b.git"),
                "https://bitbucket.org/a/b/src/1ae5223/x%20y/%C3%BC.env#lines-17",
                "https://bitbucket.org/a/b/commits/1ae5223",
            ),
            (
                https("bitbucket.example.com", "/context/scm/KEY/b.git"),
                "https://bitbucket.example.com/context/projects/KEY/repos/b/browse/x%20y/%C3%BC.env?at=1ae5223#17",
                "https://bitbucket.example.com/context/projects/KEY/repos/b/commits/1ae5223",
            ),
            (
                ssh("bitbucket.example.com", "/~ann/b.git"),
                "https://bitbucket.example.com/users/ann/repos/b/browse/x%20y/%C3%BC.env?at=1ae5223#17",
                "https://bitbucket.example.com/users/ann/repos/b/commits/1ae5223",
            ),
            (
                https("dev.azure.com", "/org/My%20Project/_git/b"),
                "https://dev.azure.com/org/My%20Project/_git/b?path=/x%20y/%C3%BC.env&version=GC1ae5223&line=17&lineEnd=18&lineStartColumn=1&lineEndColumn=1",
                "https://dev.azure.com/org/My%20Project/_git/b/commit/1ae5223",
            ),
            (
                https("codeberg.org", "/a/b"),
                "https://codeberg.org/a/b/src/commit/1ae5223/x%20y/%C3%BC.env?display=source#L17",
                "https://codeberg.org/a/b/commit/1ae5223",
            ),
        ] {
            let repository = repository.unwrap();
            assert_eq!(repository.file(COMMIT, "x y/ü.env".as_bytes(), Some((17, 17))).as_str(), file);
            assert_eq!(repository.commit(COMMIT).as_str(), commit);
        }
    }

    #[test]
    fn line_ranges_are_marked_only_where_there_are_lines() {
        let repository = https("gitlab.com", "/a/b").unwrap();
        assert!(repository.file(COMMIT, b"k.pem", Some((1, 27))).as_str().ends_with("/k.pem?plain=1#L1-27"));
        assert!(repository.file(COMMIT, b"a.zip", None).as_str().ends_with("/a.zip?plain=1"));
    }

    #[test]
    fn ssh_and_https_lead_to_the_same_page() {
        for (one, other) in [
            (ssh("github.com", "a/b.git"), https("github.com", "a/b")),
            (ssh("ssh.github.com", "/a/b.git"), https("GitHub.com", "a/b")),
            (ssh("altssh.gitlab.com", "a/b"), https("gitlab.com", "a/b.git")),
            (ssh("ssh.dev.azure.com", "v3/org/My%20Project/b"), https("dev.azure.com", "org/My%20Project/_git/b")),
            (ssh("vs-ssh.visualstudio.com", "v3/org/p/b"), https("dev.azure.com", "org/p/_git/b")),
            (ssh("gitlab.example.com", "a/b"), https("gitlab.example.com", "a/b")),
        ] {
            assert!(one.is_some());
            assert_eq!(one, other);
        }
        let own_port = WebRepository::new(Transport::Https, "gitea.example.com", Some(8443), b"a/b").unwrap();
        assert_eq!(own_port.base(), "https://gitea.example.com:8443/a/b");
    }

    #[test]
    fn unknown_hosts_and_odd_urls_have_no_page() {
        for (host, path) in [
            ("git.example.com", "a/b"),
            ("notgithub.com", "a/b"),
            ("github.com-work", "a/b"),
            ("gitlab", "a/b"),
            ("10.1.2.3", "a/b"),
            ("gitlab.example.com\"onclick", "a/b"),
            ("gitlab.exa mple.com", "a/b"),
            ("github.com", "a"),
            ("github.com", "a/b/c"),
            ("github.com", "a/../b"),
            ("github.com", "a//b"),
            ("github.com", "a/b%0Ac"),
            ("github.com", "a/\u{202e}b"),
            ("bitbucket.example.com", "a/b"),
            ("dev.azure.com", "org/p/b"),
        ] {
            assert_eq!(https(host, path), None, "{host} {path}");
        }
    }

    #[test]
    fn urls_contain_no_unescaped_special_characters() {
        let hostile = b"a\"b<i>'`|)](x \x1b\n\xff%0A?#&javascript:.env";
        for host in ["github.com", "gitlab.com", "bitbucket.org", "codeberg.org"] {
            let repository = https(host, "/a'b/<b>\")").unwrap();
            let link = repository.file(COMMIT, hostile, Some((1, 2)));
            assert_eq!(Link::parse(link.as_str()), Some(link.clone()), "{link}");
            assert_eq!(link.as_str().matches('#').count(), 1, "{link}");
        }
        for text in ["javascript:alert(1)", "http://github.com/a", "https://a.example/\"x", "https://a.example/ x"] {
            assert_eq!(Link::parse(text), None);
        }
    }
}
