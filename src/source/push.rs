//! The objects that a push adds: commits that the remote doesn't have, and annotated tags.
//!
//! git tells a pre-push hook, for each ref, its target here and its target on the remote. The latter, and the refs that
//! track the remote, show what the remote has, as far as this clone knows. A pre-receive hook runs on the other side:
//! it gets the old and the new target of each ref, and all refs together show what the server has.

use std::collections::BTreeSet;

use bstr::{BStr, BString, ByteSlice as _};

use super::change::{self, Difference, Known};
use super::compare::{Budget, Trees};
use super::{Content, Item, Listing, range};
use crate::finding::{ContentKind, Gap};
use crate::git::object::{self, Kind, Unread};
use crate::git::repo::Local;
use crate::git::{ObjectId, Repo, SourceError};
use crate::text::escape;

/// The update of one ref of the remote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// The ref, as the remote calls it.
    pub name: BString,
    /// The new target; `None` if it is deleted.
    pub new: Option<ObjectId>,
    /// The old target; `None` if the remote does not have it.
    pub old: Option<ObjectId>,
}

/// The side of a push that keysweep runs on; it determines how commits that aren't new are recognised.
#[derive(Debug, Clone, Copy)]
pub enum Side<'a> {
    /// The side that pushes: it uses the refs that track the remote with this name.
    Sender(&'a BStr),
    /// The side that receives the push: it uses all refs.
    Receiver,
}

impl Side<'_> {
    /// Parses the lines that git writes to the hook on this side.
    ///
    /// # Errors
    /// Fails if a line isn't in that form.
    pub fn updates(self, lines: &[u8]) -> Result<Vec<Update>, SourceError> {
        let (hook, form) = match self {
            Self::Sender(_) => ("pre-push", "LOCAL-REF LOCAL-OID REMOTE-REF REMOTE-OID"),
            Self::Receiver => ("pre-receive", "OLD-OID NEW-OID REF"),
        };
        let wrong = |line: &[u8]| SourceError::Update { line: escape(line), hook, form };
        lines.lines().filter(|line| !line.is_empty()).map(|line| self.update(line).ok_or_else(|| wrong(line))).collect()
    }

    fn update(self, line: &[u8]) -> Option<Update> {
        match self {
            Self::Sender(_) => sent(line),
            Self::Receiver => received(line),
        }
    }

    /// Returns the start of the names of the refs that show what already exists.
    fn prefix(self) -> Vec<u8> {
        match self {
            Self::Sender(remote) => [b"refs/remotes/", remote.as_bytes(), b"/"].concat(),
            Self::Receiver => b"refs/".to_vec(),
        }
    }
}

/// Parses the line from its end: the local name is the text given to git, which may contain spaces, as `HEAD@{1 day
/// ago}` does.
fn sent(line: &[u8]) -> Option<Update> {
    let mut words = line.rsplitn(4, |byte| *byte == b' ');
    let (old, name, new) = (words.next()?, words.next()?, words.next()?);
    words.next()?;
    update(name, new, old)
}

fn received(line: &[u8]) -> Option<Update> {
    let mut words = line.splitn(3, |byte| *byte == b' ');
    let (old, new, name) = (words.next()?, words.next()?, words.next()?);
    update(name, new, old)
}

fn update(name: &[u8], new: &[u8], old: &[u8]) -> Option<Update> {
    let id = |hex: &[u8]| ObjectId::from_hex(hex).ok().map(|id| Some(id).filter(|id| !id.is_null()));
    Some(Update { name: name.into(), new: id(new)?, old: id(old)? })
}

/// Lists the content that the updates add, and returns with it the existing commits that the new ones build on.
///
/// # Errors
/// Fails if the walk of the commits can't start.
pub fn list(
    repository: &Repo,
    side: Side<'_>,
    updates: &[Update],
) -> Result<(Listing, BTreeSet<ObjectId>), SourceError> {
    let local = repository.local();
    let mut listing = Listing::default();
    let mut heads = Vec::new();
    for update in updates {
        if update.new.is_some() && update.old.is_none() {
            let (path, content) = (update.name.clone(), Content::Name);
            listing.items.push(Item { kind: ContentKind::RefName, path, content, commit: None });
        }
        match tip(&local, &update.name, update.new.filter(|id| update.old != Some(*id)), &mut listing) {
            Ok(head) => heads.extend(head),
            Err(Unread { kind, why }) => listing.gaps.push(Gap { what: update.name.clone(), kind, why }),
        }
    }
    let old_tips: BTreeSet<ObjectId> =
        updates.iter().filter_map(|update| object::commit_at(&local, update.old?)).collect();
    let held: Vec<ObjectId> = old_tips.iter().copied().chain(there(repository, &local, side)).collect();
    let brought = if heads.is_empty() { Vec::new() } else { range::add(&local, &heads, &held, &mut listing)? };
    let edge = edge(&local, &brought);
    Ok((listing, old_tips.into_iter().chain(edge).collect()))
}

/// Returns the commits of the refs that show what already exists.
fn there<'a>(repository: &Repo, local: &'a Local, side: Side<'_>) -> impl Iterator<Item = ObjectId> + 'a {
    let prefix = side.prefix();
    let refs = repository.refs().into_iter().filter(move |(name, _)| name.starts_with(&prefix));
    refs.filter_map(|(_, id)| object::commit_at(local, id))
}

/// Returns the commit that an object leads to. Lists the tags on the way to it and, under the name of the ref, a file
/// or folder that a tag names instead.
pub(super) fn tip(
    local: &Local,
    name: &BString,
    from: Option<ObjectId>,
    listing: &mut Listing,
) -> Result<Option<ObjectId>, Unread> {
    let mut next = from;
    let mut passed = BTreeSet::new();
    while let Some(id) = next {
        let item = |kind, path| Item { kind, path, content: Content::Object(id), commit: None };
        match object::kind_of(local, id)? {
            Kind::Commit => return Ok(Some(id)),
            Kind::Tag => {
                listing.items.push(item(ContentKind::TagMessage, BString::from(id.to_string())));
                next = Some(object::target_of(local, id, &mut passed)?);
            }
            Kind::Blob => {
                listing.items.push(item(ContentKind::File, name.clone()));
                next = None;
            }
            Kind::Tree => {
                let mut difference = Difference::default();
                let (mut budget, gaps) = (Budget::default(), &mut listing.gaps);
                Trees::new(local, &mut budget, gaps, &mut difference).compare(None, Some(id), &BString::default());
                change::list(&[difference], None, &mut Known::default(), listing);
                next = None;
            }
        }
    }
    Ok(None)
}

/// Returns the parents of commits that aren't among the commits themselves.
fn edge(local: &Local, commits: &[ObjectId]) -> BTreeSet<ObjectId> {
    let parents = commits.iter().filter_map(|id| object::commit_of(local, *id).ok()).flat_map(|commit| commit.parents);
    let mut edge: BTreeSet<ObjectId> = parents.collect();
    commits.iter().for_each(|id| {
        edge.remove(id);
    });
    edge
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "1111111111111111111111111111111111111111";
    const NONE: &str = "0000000000000000000000000000000000000000";

    fn sender() -> Side<'static> {
        Side::Sender("origin".into())
    }

    #[test]
    fn each_line_is_an_update_and_zeros_mean_no_object() {
        let one = ObjectId::from_hex(ONE.as_bytes()).ok();
        let lines = format!(
            "refs/heads/a {ONE} refs/heads/b {NONE}\n(delete) {NONE} refs/heads/c {ONE}\nHEAD@{{1 day ago}} {ONE} refs/heads/d {ONE}\n"
        );
        let expected = [("refs/heads/b", one, None), ("refs/heads/c", None, one), ("refs/heads/d", one, one)];
        let expected = expected.map(|(name, new, old)| Update { name: name.into(), new, old });
        assert_eq!(sender().updates(lines.as_bytes()).unwrap(), expected);
        assert_eq!(sender().updates(b"").unwrap(), []);
        let lines = format!("{NONE} {ONE} refs/heads/b\n{ONE} {NONE} refs/heads/c\n{ONE} {ONE} refs/heads/d\n");
        assert_eq!(Side::Receiver.updates(lines.as_bytes()).unwrap(), expected);
    }

    #[test]
    fn anything_else_is_refused() {
        for line in ["refs/heads/a", &format!("{ONE} refs/heads/b {NONE}"), &format!("a {ONE} b 12"), " a b c d"] {
            assert!(sender().updates(line.as_bytes()).is_err(), "{line}");
            assert!(Side::Receiver.updates(line.as_bytes()).is_err(), "{line}");
        }
    }
}
