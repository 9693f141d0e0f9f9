//! The subject of a report, so that reports of many repositories can be distinguished and merged.

use serde::{Deserialize, Serialize};

/// The subject of the scan: a repository, an image or files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subject {
    /// Its name everywhere: `github.com/acme/shop`, the path of an image.
    pub name: Option<String>,
    /// The host that serves the repository.
    pub host: Option<String>,
    /// Who can read the repository, if somebody said so.
    pub visibility: Option<Access>,
    /// The branch that HEAD is on.
    pub branch: Option<String>,
    /// The kind: one repository, or forks that are reported one by one.
    pub kind: SubjectKind,
    /// Those forks.
    pub members: Vec<String>,
}

/// The kinds of subjects: one repository, or the forks of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectKind {
    /// One repository, or something else.
    #[default]
    Single,
    /// A network of forks, each as a remote.
    Network,
}

/// Who can read a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Those who were let in.
    Private,
    /// Everybody in the organisation.
    Internal,
    /// Everybody.
    Public,
}

impl Access {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Internal => "internal",
            Self::Public => "public",
        }
    }
}

/// The name of a repository, whichever way it is reached, and its host: without scheme, user, password, query and `.git`.
pub fn name_of_url(url: &str) -> (String, Option<String>) {
    let bare = url.split(['?', '#']).next().unwrap_or_default();
    let path = |path: &str| {
        let path = path.trim_end_matches('/');
        path.strip_suffix(".git").filter(|rest| !rest.is_empty() && !rest.ends_with('/')).unwrap_or(path).to_owned()
    };
    match bare.split_once("://") {
        Some(("file", rest)) => (path(rest.strip_prefix("localhost").unwrap_or(rest)), None),
        Some((scheme, rest)) => {
            let (authority, rest) = rest.split_once('/').unwrap_or((rest, ""));
            on_host(&with_port(scheme, without_user(authority)), &path(rest))
        }
        None => match scp_like(bare) {
            Some((authority, rest)) => on_host(&without_user(authority).to_ascii_lowercase(), &path(rest)),
            None => (path(bare), None),
        },
    }
}

fn on_host(host: &str, path: &str) -> (String, Option<String>) {
    let path = path.trim_start_matches('/');
    let name = if path.is_empty() { host.to_owned() } else { format!("{host}/{path}") };
    (name, Some(host.to_owned()).filter(|host| !host.is_empty()))
}

/// The last at sign counts: what is before it may be a password.
fn without_user(authority: &str) -> &str {
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

/// The host in lower case, with its port unless that is the usual one.
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

/// `user@host:path`, which no drive letter is.
fn scp_like(url: &str) -> Option<(&str, &str)> {
    let (authority, path) = url.split_once(':')?;
    (authority.len() > 1 && !authority.contains(['/', '\\'])).then_some((authority, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_has_one_name_whichever_way_it_is_reached() {
        for url in [
            "https://github.com/acme/shop",
            "https://github.com/acme/shop.git/",
            "https://user:word@@GitHub.com:443/acme/shop.git?token=x#y",
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
        ] {
            assert_eq!(name_of_url(url), (name.into(), None), "{url}");
        }
    }
}
