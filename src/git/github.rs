//! Facts about a repository on GitHub: its owner there, and the workflows at HEAD.
//!
//! They are read from the configuration and from HEAD's tree alone; no workflow is run.

use bstr::{BString, ByteSlice as _};

use super::Repo;
use super::object::{self, Mode};
use super::remote;

/// The folder in which Actions looks for workflows.
const FOLDER: [&str; 2] = [".github", "workflows"];
/// The largest size of a workflow that is read, in bytes.
const MAX_WORKFLOW: u64 = 512 << 10;
/// The most workflows that are read.
const MAX_WORKFLOWS: usize = 100;

/// Returns the owner and name of the repository on github.com: of `origin`, or of the only remote there.
pub fn slug(repository: &Repo) -> Option<(String, String)> {
    // A URL may lead to GitHub as written and to a proxy once it is rewritten, or the other way round.
    let rewritten = remote::all(repository).into_iter().filter_map(|remote| Some((remote.name, remote.url?)));
    let urls = remote::written(repository).into_iter().chain(rewritten);
    let there = urls.filter_map(|(name, url)| Some((name == "origin", slug_of(url.to_str().ok()?)?)));
    let mut there: Vec<(bool, (String, String))> = there.collect();
    there.sort();
    there.dedup_by(|a, b| a.1 == b.1);
    let is_clear = there.len() == 1 || there.last().is_some_and(|(is_origin, _)| *is_origin);
    there.pop().filter(|_| is_clear).map(|(_, slug)| slug)
}

/// Reads the owner and name from `https://github.com/OWNER/NAME.git`, `git@github.com:OWNER/NAME` or
/// `ssh://git@github.com/OWNER/NAME`.
fn slug_of(url: &str) -> Option<(String, String)> {
    let at = url.find("github.com")?;
    let before = &url[..at];
    let is_host = before.is_empty() || before.ends_with("://") || before.ends_with('@');
    let path = url[at..].strip_prefix("github.com")?.strip_prefix([':', '/'])?;
    let (owner, name) = path.trim_end_matches('/').split_once('/')?;
    let name = name.strip_suffix(".git").unwrap_or(name);
    (is_host && !owner.is_empty() && !name.is_empty() && !name.contains('/'))
        .then(|| (owner.to_owned(), name.to_owned()))
}

/// Returns path and text of each workflow in HEAD's tree; none if there is no commit yet, or the tree can't be read.
pub fn workflows(repository: &Repo) -> Vec<(BString, Vec<u8>)> {
    let local = repository.local();
    let Some(mut tree) = repository.head().and_then(|head| object::tree_of(&local, head).ok()) else {
        return Vec::new();
    };
    for name in FOLDER {
        let folder = object::tree(&local, tree).unwrap_or_default();
        match folder.entry(name.as_bytes()).filter(|entry| entry.mode == Mode::Tree) {
            Some(entry) => tree = entry.id.to_owned(),
            None => return Vec::new(),
        }
    }
    let folder = object::tree(&local, tree).unwrap_or_default();
    let is_workflow = |name: &[u8]| name.ends_with(b".yml") || name.ends_with(b".yaml");
    folder
        .entries()
        .filter(|entry| entry.mode == Mode::File && is_workflow(entry.name))
        .take(MAX_WORKFLOWS)
        .filter_map(|entry| {
            let (_, text) = object::load(&local, entry.id.to_owned(), MAX_WORKFLOW).ok()?;
            let path = BString::from(format!("{}/{}/{}", FOLDER[0], FOLDER[1], entry.name.to_str_lossy()));
            Some((path, text))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owner_and_name_are_read_from_github_urls() {
        let slug = Some(("acme".to_owned(), "shop".to_owned()));
        for url in [
            "https://github.com/acme/shop.git",
            "https://github.com/acme/shop/",
            "git@github.com:acme/shop.git",
            "github.com:acme/shop",
            "ssh://git@github.com/acme/shop",
        ] {
            assert_eq!(slug_of(url), slug, "{url}");
        }
        for url in
            ["https://gitlab.com/acme/shop", "https://notgithub.com/acme/shop", "https://github.com/acme", "/srv/x"]
        {
            assert_eq!(slug_of(url), None, "{url}");
        }
    }
}
