//! Everything that git stores in a clone: all objects of all packs, loose objects and alternates, the names of refs,
//! and the files next to them.
//!
//! Objects are listed from the store itself, not by walking refs, so reflogs, stashes, notes, replaced and
//! unreachable objects are included. Each object is read once.

use std::collections::BTreeSet;

use bstr::BString;

use super::{Content, Item, Listing, git_dir};
use crate::finding::{ContentKind, Gap, GapKind, Note};
use crate::git::error::error_text;
use crate::git::ref_store::{Ref, Refs};
use crate::git::reftable::Target;
use crate::git::store::Store;
use crate::git::{GitError, Local, ObjectId, Repo, SourceError};
use crate::git::{object, repo};

/// The most times that a clone is listed while git works in it.
const ATTEMPTS: usize = 5;

/// Everything that a clone stores.
#[derive(Default)]
pub struct Objects {
    /// All objects.
    pub store: Store,
    /// Commits whose parents a shallow clone leaves out.
    pub shallow: BTreeSet<ObjectId>,
    /// All refs, as they were listed at that time.
    pub refs: Refs,
    /// The refs that lead to an object that isn't in the store.
    pub nowhere: Vec<(BString, ObjectId)>,
    /// Ref names and the files next to the objects, which are scanned as text.
    pub listing: Listing,
}

/// Lists all objects and ref names.
///
/// # Errors
/// Fails if the object database can't be opened.
pub fn list(repository: &Repo) -> Result<Objects, SourceError> {
    let mut objects = list_once(repository)?;
    for _ in 1..ATTEMPTS {
        if !has_moved(repository, &objects) {
            break;
        }
        objects = list_once(repository)?;
    }
    Ok(objects)
}

/// Returns `true` if a ref led to an object that isn't in the store because git was working while both were listed.
fn has_moved(repository: &Repo, objects: &Objects) -> bool {
    if objects.nowhere.is_empty() {
        return false;
    }
    let (local, refs) = (repository.local(), repository.refs());
    let leads = |name: &BString, id: &ObjectId| refs.iter().any(|(other, at)| (other, at) == (name, id));
    objects.nowhere.iter().any(|(name, id)| object::is_here(&local, *id) || !leads(name, id))
}

fn list_once(repository: &Repo) -> Result<Objects, SourceError> {
    let local = repository.local();
    let broken = |what: &str, cause: String| SourceError::Broken { what: what.to_owned(), cause };
    let mut out = Objects { store: Store::open(repository)?, ..Objects::default() };
    out.listing.gaps.append(&mut out.store.gaps);
    list_shallow(&local, &mut out).map_err(|error| broken("the list of shallow commits", error_text(&error)))?;
    list_refs(repository, &mut out);
    if repository.has_second_ids() {
        let message = "extensions.compatObjectFormat is set: objects were read by their own ids, and the table of their other ids was not read";
        out.listing.notes.push(Note(message.to_owned()));
    }
    git_dir::list(repository, &mut out.listing);
    Ok(out)
}

/// Lists the commits at which a shallow clone ends, and a gap for each: such a clone lacks history, so it can't be
/// declared clean.
fn list_shallow(local: &Local, out: &mut Objects) -> Result<(), GitError> {
    let Some(commits) = local.shallow_commits()? else { return Ok(()) };
    out.shallow = commits.iter().copied().collect();
    for id in &out.shallow {
        out.listing.gaps.push(Gap {
            what: BString::from(format!("commits before {id}")),
            kind: GapKind::Shallow,
            why: format!("this clone is shallow, so older history is not here: {}", repo::UNSHALLOW),
        });
    }
    Ok(())
}

fn list_refs(repository: &Repo, out: &mut Objects) {
    let all = repository.all_refs();
    out.listing.gaps.extend_from_slice(&all.gaps);
    for reference in &all.refs {
        list_ref(reference, out);
    }
    out.refs = all;
}

fn list_ref(reference: &Ref, out: &mut Objects) {
    let name = &reference.name;
    if let Target::Object(id) = &reference.target
        && out.store.find(id).is_none()
    {
        let why = format!("it leads to {id}, which is not in this clone; run 'git fsck' for details");
        out.listing.gaps.push(Gap { what: name.clone(), kind: GapKind::Missing, why });
        out.nowhere.push((name.clone(), id.to_owned()));
    }
    let content = Content::Bytes(name.to_vec());
    out.listing.items.push(Item { kind: ContentKind::RefName, path: name.clone(), content, commit: None });
}
