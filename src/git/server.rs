//! Signs that an object was on a server, and the reasons to doubt a missing sign.
//!
//! The signs are a ref that tracks a remote, a ref that a mirror has fetched, a ref that only servers make, and the
//! record of the last fetch. A missing sign means something only if a push would have left one.

use std::collections::BTreeSet;

use bstr::{BStr, BString, ByteSlice as _};

use super::{Local, ObjectId, Repo, ancestry, object};
use crate::finding::{Doubt, Sign, SignKind};
use crate::fs::bounded::{self, Links};

/// The start of the names of remote-tracking refs.
const TRACKING: &str = "refs/remotes/";
/// Refs that hosts make: for merge requests, for changes under review, and to keep the commits that pipelines ran on.
const SERVED: [&str; 8] = [
    "refs/pull/",
    "refs/pull-requests/",
    "refs/merge-requests/",
    "refs/changes/",
    "refs/cache-automerge/",
    "refs/keep-around/",
    "refs/pipelines/",
    "refs/environments/",
];
/// Refs that belong to this clone alone, even if all refs are fetched.
const OWN: [&str; 4] = ["refs/stash", "refs/bisect/", "refs/worktree/", "refs/rewritten/"];
/// The file that records the last fetch.
const FETCH_HEAD: &str = "FETCH_HEAD";

/// The signs of servers in a repository.
#[derive(Debug)]
pub struct Servers {
    remotes: Vec<BString>,
    /// The refs that the remotes are fetched into.
    fetched: Vec<Fetched>,
    /// The reason why a missing sign doesn't prove that something was not pushed, if there is one.
    pub doubt: Option<Doubt>,
}

/// The right side of a refspec, with its remote.
#[derive(Debug, PartialEq, Eq)]
struct Fetched {
    remote: BString,
    before: BString,
    /// The text after the asterisk, if there is one.
    after: Option<BString>,
}

impl Servers {
    /// Reads the configuration of the remotes.
    pub fn of(repository: &Repo) -> Self {
        let local = repository.local();
        let remotes: Vec<BString> = local.remote_names().into_iter().collect();
        let fetched: Vec<Fetched> = remotes.iter().flat_map(|remote| fetched_into(&local, remote.as_ref())).collect();
        let has_files = || repository.worktrees().iter().any(|tree| tree.workdir().is_some());
        // In a push that is being received, the objects are in no other repository than the pusher's.
        let doubt = if repository.is_quarantined() {
            None
        } else if !has_files() {
            Some(Doubt::Bare)
        } else {
            is_untraced(&local, &remotes, &fetched).then_some(Doubt::Untraced)
        };
        Self { remotes, fetched, doubt }
    }

    /// Returns the sign that a ref gives for its target having been on a server.
    pub fn sign(&self, name: &str) -> Option<Sign> {
        let starts = |starts: &[&str]| starts.iter().any(|start| name.starts_with(start));
        let sign = |kind, remote| Some(Sign { kind, name: name.into(), remote });
        if let Some(below) = name.strip_prefix(TRACKING) {
            return sign(SignKind::Tracking, Some(self.tracked(below)));
        }
        if starts(&SERVED) {
            return sign(SignKind::Served, None);
        }
        if starts(&OWN) {
            return None;
        }
        let fetched = self.fetched.iter().find(|fetched| fetched.covers(name.as_bytes()))?;
        sign(SignKind::Mirrored, Some(fetched.remote.clone()))
    }

    /// Returns `true` if a ref shows that this remote has the ref's target.
    pub fn is_of(&self, name: &str, remote: &BString) -> bool {
        self.sign(name).is_some_and(|sign| sign.remote.as_ref() == Some(remote))
    }

    /// Returns the remote that a remote-tracking ref belongs to, configured or not.
    fn tracked(&self, below: &str) -> BString {
        let owns =
            |remote: &&BString| below.as_bytes().strip_prefix(remote.as_slice()).is_some_and(|r| r.starts_with(b"/"));
        let first = || below.split('/').next().unwrap_or_default().into();
        self.remotes.iter().filter(owns).max_by_key(|remote| remote.len()).cloned().unwrap_or_else(first)
    }
}

impl Fetched {
    /// Parses `+refs/heads/*:refs/remotes/origin/*`; `None` if the fetched refs aren't stored under a name.
    fn parse(remote: &BStr, refspec: &[u8]) -> Option<Self> {
        let refspec = refspec.strip_prefix(b"+").unwrap_or(refspec);
        let (_, into) = refspec.split_once_str(":").filter(|(_, into)| !into.is_empty())?;
        let start: &[u8] = match into {
            _ if into.starts_with(b"refs/") => b"",
            _ if [&b"heads/"[..], b"tags/", b"remotes/"].iter().any(|start| into.starts_with(start)) => b"refs/",
            _ => b"refs/heads/",
        };
        let into = [start, into].concat();
        let (before, after) = match into.split_once_str("*") {
            Some((before, after)) => (before.into(), Some(after.into())),
            None => (into.into(), None),
        };
        Some(Self { remote: remote.to_owned(), before, after })
    }

    fn covers(&self, name: &[u8]) -> bool {
        match &self.after {
            Some(after) => name.strip_prefix(self.before.as_slice()).is_some_and(|rest| rest.ends_with(after)),
            None => name == self.before,
        }
    }
}

fn fetched_into(local: &Local, remote: &BStr) -> Vec<Fetched> {
    let refspecs = local.config_snapshot().plumbing().strings(format!("remote.{remote}.fetch").as_str());
    refspecs.unwrap_or_default().iter().filter_map(|refspec| Fetched::parse(remote, refspec)).collect()
}

/// Returns `true` if there is a remote, configured by name or not, whose state no ref in this clone records.
fn is_untraced(local: &Local, remotes: &[BString], fetched: &[Fetched]) -> bool {
    let config = local.config_snapshot();
    let has_url = |remote: &BString| {
        ["url", "pushurl"].iter().any(|key| config.string(format!("remote.{remote}.{key}").as_str()).is_some())
    };
    if remotes.iter().any(|remote| has_url(remote) && !fetched.iter().any(|one| one.remote == *remote)) {
        return true;
    }
    let branches = config.plumbing().sections_by_name("branch").into_iter().flatten();
    let of_branches = branches.flat_map(|branch| [branch.value("remote"), branch.value("pushRemote")]).flatten();
    let default = config.string("remote.pushDefault").into_iter().map(|name| BString::from(name.as_bstr()));
    let mut named = of_branches.map(|name| BString::from(name.as_bstr())).chain(default);
    named.any(|name| !name.is_empty() && name != "." && !remotes.contains(&name))
}

/// Returns the objects that were fetched last, into any of the work trees, and the sign that this gives.
pub fn fetched(repository: &Repo) -> (Sign, Vec<ObjectId>) {
    let read = |tree: Repo| bounded::read(&tree.git_dir().join(FETCH_HEAD), bounded::MAX_SIZE, Links::Refused).ok();
    let texts = repository.worktrees().into_iter().filter_map(read);
    let ids = texts.flat_map(|text| text.lines().filter_map(id).collect::<Vec<_>>()).collect();
    (Sign { kind: SignKind::Fetched, name: FETCH_HEAD.into(), remote: None }, ids)
}

/// Returns the commits that were on a server, as these refs show; does one walk for all of them.
pub fn published(
    repository: &Repo,
    servers: &Servers,
    refs: &[(BString, ObjectId)],
    commits: BTreeSet<ObjectId>,
) -> BTreeSet<ObjectId> {
    if commits.is_empty() {
        return commits;
    }
    let (_, fetched) = fetched(repository);
    led_to(repository, refs, commits, &|name| servers.sign(name).is_some(), fetched)
}

/// Returns the commits that a remote is known to have; does one walk for all of them.
pub fn held_by(
    repository: &Repo,
    servers: &Servers,
    refs: &[(BString, ObjectId)],
    remote: &BString,
    commits: BTreeSet<ObjectId>,
) -> BTreeSet<ObjectId> {
    led_to(repository, refs, commits, &|name| servers.is_of(name, remote), Vec::new())
}

/// Returns the commits that are reachable from some refs or other ids.
fn led_to(
    repository: &Repo,
    refs: &[(BString, ObjectId)],
    mut commits: BTreeSet<ObjectId>,
    is_wanted: &dyn Fn(&str) -> bool,
    others: Vec<ObjectId>,
) -> BTreeSet<ObjectId> {
    let local = repository.local();
    let refs = refs.iter().filter(|(name, _)| name.to_str().is_ok_and(is_wanted));
    let tips = refs.map(|(_, id)| *id).chain(others);
    let tips: Vec<ObjectId> = tips.filter_map(|id| object::commit_at(&local, id)).collect();
    let asked: Vec<ObjectId> = commits.iter().copied().collect();
    let own = ancestry::between(&local, &asked, &tips).map(|own| own.commits).unwrap_or(asked);
    own.iter().for_each(|id| {
        commits.remove(id);
    });
    commits
}

/// Returns the id at the start of a line, unless it was fetched from this repository itself.
fn id(line: &[u8]) -> Option<ObjectId> {
    let (id, from) = line.split_once_str("\t")?;
    let is_own = from == b"." || from.ends_with(b"\t.") || from.ends_with(b" of .");
    ObjectId::from_hex(id).ok().filter(|_| !is_own)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(refspecs: &[(&str, &str)]) -> Servers {
        let fetched = refspecs.iter().filter_map(|(remote, spec)| Fetched::parse((*remote).into(), spec.as_bytes()));
        Servers { remotes: vec!["team".into(), "team/fork".into()], fetched: fetched.collect(), doubt: None }
    }

    #[test]
    fn the_origin_of_a_ref_follows_from_its_name_or_a_refspec() {
        use SignKind::{Mirrored, Served, Tracking};
        let none: &[(&str, &str)] = &[];
        let mirror: &[(&str, &str)] = &[("origin", "+refs/*:refs/*")];
        let heads: &[(&str, &str)] = &[("a", "refs/heads/*:heads/*"), ("b", "+main:kept"), ("c", "refs/x/*")];
        for (refspecs, name, expected) in [
            (none, "refs/remotes/team/fork/main", Some((Tracking, Some("team/fork")))),
            (none, "refs/remotes/gone/main", Some((Tracking, Some("gone")))),
            (none, "refs/pull/1/head", Some((Served, None))),
            (none, "refs/merge-requests/1/head", Some((Served, None))),
            (none, "refs/changes/01/1/1", Some((Served, None))),
            (none, "refs/heads/main", None),
            (none, "refs/pullover", None),
            (none, "HEAD", None),
            (mirror, "refs/heads/main", Some((Mirrored, Some("origin")))),
            (mirror, "refs/notes/commits", Some((Mirrored, Some("origin")))),
            (mirror, "refs/stash", None),
            (mirror, "HEAD", None),
            (heads, "refs/heads/main", Some((Mirrored, Some("a")))),
            (heads, "refs/tags/v1", None),
            (heads, "refs/x/1", None),
            (&heads[1..], "refs/heads/kept", Some((Mirrored, Some("b")))),
            (&heads[1..], "refs/heads/kept/2", None),
        ] {
            let sign = servers(refspecs).sign(name).map(|sign| (sign.kind, sign.remote));
            assert_eq!(sign, expected.map(|(kind, remote)| (kind, remote.map(BString::from))), "{name}");
        }
    }

    #[test]
    fn fetches_from_other_repositories_are_recognised() {
        let hex = "1".repeat(40);
        for (rest, expected) in [
            ("\t\tbranch 'main' of https://example.com/a", true),
            ("\tnot-for-merge\tbranch 'main' of ../other", true),
            ("\t\thttps://example.com/a", true),
            ("\t\tbranch 'main' of .", false),
            ("\t\t.", false),
            ("", false),
        ] {
            assert_eq!(id(format!("{hex}{rest}").as_bytes()).is_some(), expected, "{rest}");
        }
    }
}
