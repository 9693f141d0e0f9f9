//! Everything git stores in a clone: all objects of all packs, loose objects and alternates, and the names of refs.
//!
//! Objects are taken from the store itself, not by walking refs, so reflogs, stashes, notes, replaced and unreachable
//! objects come along. Each object is listed once.

use std::collections::BTreeSet;

use bstr::BString;
use gix::odb::store::iter::Ordering;

use super::repo::error_text;
use super::{Content, Item, Listing, ObjectId, Repo, SourceError};
use crate::finding::{ContentKind, Gap, GapKind};

/// All objects, in the order they are stored in.
#[derive(Debug, Default)]
pub struct Objects {
    /// Their ids, each once.
    pub ids: Vec<ObjectId>,
    /// The same as a set: an object that another names and that is not in it is missing.
    pub known: gix::hashtable::HashSet,
    /// Commits whose parents a shallow clone leaves out.
    pub shallow: BTreeSet<ObjectId>,
    /// Ref names, to be looked at as text.
    pub listing: Listing,
}

/// Lists all objects and ref names.
///
/// # Errors
/// When the object database cannot be opened.
pub fn list(repository: &Repo) -> Result<Objects, SourceError> {
    let local = repository.local();
    let broken = |what: &str, cause: String| SourceError::Broken { what: what.to_owned(), cause };
    let mut out = Objects::default();
    let objects = local.objects.iter().map_err(|error| broken("the object database", error_text(&error)))?;
    for id in objects.with_ordering(Ordering::PackAscendingOffsetThenLooseLexicographical) {
        match id {
            Ok(id) => {
                if out.known.insert(id) {
                    out.ids.push(id);
                }
            }
            Err(error) => out.listing.gaps.push(Gap {
                what: BString::from("the list of objects"),
                kind: GapKind::Corrupt,
                why: format!("{error}; 'git fsck' tells more"),
            }),
        }
    }
    unreadable_packs(repository, &local, &mut out.listing);
    list_shallow(&local, &mut out).map_err(|error| broken("the list of shallow commits", error_text(&error)))?;
    list_refs(&local, &mut out).map_err(|cause| broken("the refs", cause))?;
    Ok(out)
}

/// A shallow clone does not hold the history: an all-clear for it would be none.
fn list_shallow(local: &gix::Repository, out: &mut Objects) -> Result<(), gix::Error> {
    let Some(commits) = local.shallow_commits()? else { return Ok(()) };
    out.shallow = commits.iter().copied().collect();
    for id in &out.shallow {
        out.listing.gaps.push(Gap {
            what: BString::from(format!("commits before {id}")),
            kind: GapKind::Shallow,
            why: "this clone is shallow, so older history is not here: run 'git fetch --unshallow' (in GitHub Actions: fetch-depth: 0 for actions/checkout)".to_owned(),
        });
    }
    Ok(())
}

/// A pack or index whose partner is gone or which cannot be read holds objects that nobody sees.
fn unreadable_packs(repository: &Repo, local: &gix::Repository, listing: &mut Listing) {
    let folder = repository.common_dir().join("objects/pack");
    let Ok(entries) = std::fs::read_dir(&folder) else { return };
    for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
        if let Some(why) = pack_trouble(&path, local.object_hash()) {
            let what = BString::from(path.display().to_string());
            let why = format!("{why}, so its objects cannot be read; 'git fsck' tells more");
            listing.gaps.push(Gap { what, kind: GapKind::Corrupt, why });
        }
    }
}

fn pack_trouble(path: &std::path::Path, hash: gix::hash::Kind) -> Option<String> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let lonely = |partner: &str| {
        (!path.with_extension(partner).exists()).then(|| format!("the .{partner} file that belongs to it is missing"))
    };
    let broken = |error: gix::Error| format!("it is damaged ({})", error_text(&error));
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("pack") => lonely("idx"),
        Some("idx") => lonely("pack").or_else(|| gix::odb::pack::index::File::at(path, hash).err().map(&broken)),
        _ if name == "multi-pack-index" => gix::odb::pack::multi_index::File::at(path, None).err().map(broken),
        _ => None,
    }
}

fn list_refs(local: &gix::Repository, out: &mut Objects) -> Result<(), String> {
    let platform = local.references().map_err(|error| error_text(&error))?;
    let all = platform.all().map_err(|error| error_text(&error))?;
    for reference in all {
        match reference {
            Ok(reference) => list_ref(&reference, out),
            Err(error) => out.listing.gaps.push(Gap {
                what: BString::from("a ref"),
                kind: GapKind::Corrupt,
                why: format!("it cannot be read ({error}); 'git fsck' tells more"),
            }),
        }
    }
    Ok(())
}

fn list_ref(reference: &gix::Reference<'_>, out: &mut Objects) {
    let name: BString = reference.name().as_bstr().to_owned();
    if let Some(id) = reference.target().try_id()
        && !out.known.contains(id)
    {
        let why = format!("it leads to {id}, which is not in this clone; 'git fsck' tells more");
        out.listing.gaps.push(Gap { what: name.clone(), kind: GapKind::Missing, why });
    }
    let content = Content::Bytes(name.to_vec());
    out.listing.items.push(Item { kind: ContentKind::RefName, path: name, content, commit: None });
}
