//! The subject of a report, by which reports of many repositories can be distinguished and merged.

use serde::{Deserialize, Serialize};

/// The subject of a scan: a repository, an image or files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subject {
    /// The name that is the same everywhere: `github.com/acme/shop`, or the path of an image.
    pub name: Option<String>,
    /// The host that serves the repository.
    pub host: Option<String>,
    /// The name of the remote that the repository comes from, if the user gave the repository another name.
    pub remote: Option<String>,
    /// The people who can read the repository, if the user said so.
    pub visibility: Option<Access>,
    /// The branch that HEAD is on.
    pub branch: Option<String>,
    /// The kind of subject: one repository, or a network of forks.
    pub kind: SubjectKind,
    /// The names of the forks.
    pub members: Vec<String>,
}

/// The kinds of subjects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectKind {
    /// One repository, or anything else that isn't a network.
    #[default]
    Single,
    /// A network of forks, each of which is a remote.
    Network,
}

/// The people who can read a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Those who were given access.
    Private,
    /// Everyone in the organisation.
    Internal,
    /// Everyone.
    Public,
}

impl Access {
    /// Returns the word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Internal => "internal",
            Self::Public => "public",
        }
    }
}

/// Returns the name of a repository, the same for every way to reach it, and its host: without scheme, user, password,
/// query and `.git`.
pub fn name_of_url(url: &str) -> (String, Option<String>) {
    let anonymous = anonymous(url);
    let bare = anonymous.split(['?', '#']).next().unwrap_or_default();
    let path = |path: &str| {
        let path = path.trim_end_matches('/');
        path.strip_suffix(".git").filter(|rest| !rest.is_empty() && !rest.ends_with('/')).unwrap_or(path).to_owned()
    };
    match bare.split_once("://") {
        Some(("file", rest)) => (path(rest.strip_prefix("localhost").unwrap_or(rest)), None),
        Some((scheme, rest)) => {
            let (authority, rest) = rest.split_once('/').unwrap_or((rest, ""));
            on_host(&with_port(scheme, authority), &path(rest))
        }
        None => match scp_like(bare) {
            Some((authority, rest)) => on_host(&authority.to_ascii_lowercase(), &path(rest)),
            None => (path(bare), None),
        },
    }
}

/// Returns a URL without user and password. A password may hold an unescaped at sign, slash or question mark, so
/// everything before the last at sign is left out, unless it can only be a host and folders.
pub fn anonymous(url: &str) -> String {
    match with_scheme(url) {
        Some(("file", rest)) if rest.starts_with('/') => url.to_owned(),
        Some((scheme, rest)) => format!("{scheme}://{}", without_user(rest)),
        None if is_path(url) => url.to_owned(),
        None => match url.rsplit_once('@') {
            Some((user, rest)) if user.contains(':') || !user.contains('/') => rest.to_owned(),
            _ => url.to_owned(),
        },
    }
}

fn on_host(host: &str, path: &str) -> (String, Option<String>) {
    let path = path.trim_start_matches('/');
    let name = if path.is_empty() { host.to_owned() } else { format!("{host}/{path}") };
    (name, Some(host.to_owned()).filter(|host| !host.is_empty()))
}

fn with_scheme(url: &str) -> Option<(&str, &str)> {
    let is_scheme = |scheme: &&str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        scheme.starts_with(|first: char| first.is_ascii_alphabetic()) && scheme.bytes().all(plain)
    };
    url.split_once("://").filter(|(scheme, _)| is_scheme(scheme))
}

/// Returns `true` for an absolute path, or a relative one that starts with a dot, including those of Windows.
fn is_path(url: &str) -> bool {
    let is_drive = url.get(1..3).is_some_and(|behind| matches!(behind, ":\\" | ":/")) && !url.contains('@');
    url.starts_with(['/', '.', '\\']) || is_drive
}

/// Returns the part of a URL after its scheme, without user and password.
fn without_user(rest: &str) -> &str {
    let Some((_, bare)) = rest.rsplit_once('@') else { return rest };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let is_host = authority.contains('.') && authority.bytes().all(plain);
    // A folder may have a name like '@acme'.
    let is_folder = |name: &str| !name.strip_prefix('@').unwrap_or(name).contains('@');
    if is_host && !path.contains(['?', '#']) && path.split('/').all(is_folder) { rest } else { bare }
}

/// Returns the host in lower case, with its port unless that is the usual one.
fn with_port(scheme: &str, authority: &str) -> String {
    let usual = match scheme {
        "https" => "443",
        "http" => "80",
        "ssh" | "git+ssh" | "ssh+git" => "22",
        "git" => "9418",
        _ => "",
    };
    let host = authority.strip_suffix(usual).and_then(|rest| rest.strip_suffix(':')).unwrap_or(authority);
    host.to_ascii_lowercase()
}

/// Splits `user@host:path`; a drive letter is not a host.
fn scp_like(url: &str) -> Option<(&str, &str)> {
    let (authority, path) = url.split_once(':')?;
    (authority.len() > 1 && !authority.contains(['/', '\\'])).then_some((authority, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_has_the_same_name_for_every_url_form() {
        for url in [
            "https://github.com/acme/shop",
            "https://github.com/acme/shop.git/",
            "https://user:word@@GitHub.com:443/acme/shop.git?token=x#y",
            "https://user:wo/rd@github.com/acme/shop.git",
            "https://user:12/@rd@github.com/acme/shop.git",
            "https://user:w?o#rd@github.com/acme/shop.git",
            "user:word@github.com:acme/shop",
            "ssh://git@github.com:22/acme/shop.git",
            "git@github.com:acme/shop.git",
            "git://github.com/acme/shop",
        ] {
            assert_eq!(name_of_url(url), ("github.com/acme/shop".into(), Some("github.com".into())), "{url}");
        }
        let other = name_of_url("https://git.example.com:8443/a/b.git");
        assert_eq!(other, ("git.example.com:8443/a/b".into(), Some("git.example.com:8443".into())));
    }

    #[test]
    fn a_path_stays_a_path() {
        for (url, name) in [
            ("/srv/git/shop.git", "/srv/git/shop"),
            ("file:///srv/git/shop/", "/srv/git/shop"),
            ("../shop", "../shop"),
            ("C:\\work\\shop", "C:\\work\\shop"),
            ("/srv/app/.git", "/srv/app/.git"),
            ("/srv/git/a:b@c", "/srv/git/a:b@c"),
            ("file:///srv/git/a@b.git", "/srv/git/a@b"),
        ] {
            assert_eq!(name_of_url(url), (name.into(), None), "{url}");
        }
    }

    #[test]
    fn a_folder_may_begin_with_an_at_sign() {
        let name = name_of_url("https://git.example.com/@acme/shop").0;
        assert_eq!(name, "git.example.com/@acme/shop");
    }

    proptest::proptest! {
        #[test]
        fn no_password_is_in_a_name(user in "[a-z][a-z0-9.-]{0,8}", word in "[!-~]{8,24}") {
            for url in [
                format!("https://{user}:{word}@host.test/a/b.git"),
                format!("ssh://{user}:{word}@host.test:2222/a/b"),
                format!("{user}:{word}@host.test:a/b"),
                format!("{user}:{word}@host.test/a/b"),
            ] {
                for shown in [name_of_url(&url).0, anonymous(&url)] {
                    let bare = shown.split_once("://").map_or(&*shown, |(_, bare)| bare);
                    proptest::prop_assert!(bare.starts_with("host.test"), "{url}: {shown}");
                }
            }
        }
    }
}
