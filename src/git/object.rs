//! Reads single objects of an opened repository, whole or as commits, trees and tags, and explains why an object could
//! not be read.

use std::borrow::Cow;
use std::collections::BTreeSet;

use bstr::{BStr, BString};
use gix::Repository as Local;
use gix::odb::find::Header;

use super::error::error_text;
use super::header::{CommitHeader, Signature};
use super::tree::{self, Entry};
use super::{ObjectId, SourceError, layout};
use crate::finding::GapKind;

pub use super::tree::Mode;
pub use gix::objs::Kind;

/// The reason why an object could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The kind of gap.
    pub kind: GapKind,
    /// The explanation for the user, with the remedy.
    pub why: String,
}

impl Unread {
    /// Returns the error for a tree, commit or tag that is larger than any that git makes.
    fn beyond_reason(id: ObjectId, kind: Kind, size: u64) -> Self {
        let why = format!(
            "{kind} {id} has {size} bytes, the limit is {MAX_STRUCTURE}: run 'git fsck' to see whether it is one"
        );
        Self { kind: GapKind::TooLarge, why }
    }

    /// Returns the error for an object that is larger than the limit.
    pub fn too_large(size: u64, limit: u64) -> Self {
        let why = format!("{size} bytes, the limit is {limit}; raise [limits] max_file_size in .keysweep.toml");
        Self { kind: GapKind::TooLarge, why }
    }
}

/// The largest size of a tree, commit or tag that is read, in bytes: a folder of three million files stays below it,
/// and so does a message of a hundred megabytes. Without this separate limit, a few bytes of a pack could take any
/// amount of memory.
pub const MAX_STRUCTURE: u64 = 128 << 20;

/// The number of tries before an object counts as missing: git moves objects from file to file while it cleans up.
const ATTEMPTS: usize = 3;

/// Reads an object whole: a blob if it isn't larger than `limit` bytes, any other object up to [`MAX_STRUCTURE`].
///
/// # Errors
/// Returns the kind of gap that the object leaves.
pub fn load(repo: &Local, id: ObjectId, limit: u64) -> Result<(Kind, Vec<u8>), Unread> {
    let mut result = try_load(repo, id, limit);
    for _ in 1..ATTEMPTS {
        match result {
            Err(Unread { kind: GapKind::Missing, .. }) => result = try_load(repo, id, limit),
            _ => break,
        }
    }
    result
}

fn try_load(repo: &Local, id: ObjectId, limit: u64) -> Result<(Kind, Vec<u8>), Unread> {
    let (header, repo) = header(repo, id)?;
    match header.kind() {
        Kind::Blob if header.size() > limit => return Err(Unread::too_large(header.size(), limit)),
        Kind::Blob => {}
        kind if header.size() > MAX_STRUCTURE => return Err(Unread::beyond_reason(id, kind, header.size())),
        _ => {}
    }
    let object = repo.find_object(id).map_err(|error| unread(&repo, id, &error))?;
    let kind = object.kind;
    let data = object.detach().data;
    // A pack has a checksum over all of it, and git builds it from objects that it has hashed; a loose object is a file
    // that could have been overwritten with any other.
    if matches!(header, Header::Loose { .. }) && !is_named(&repo, id, kind, &data) {
        let why = format!("the file of object {id} contains another object, or is damaged; run 'git fsck' for details");
        return Err(Unread { kind: GapKind::Corrupt, why });
    }
    Ok((kind, data))
}

/// Returns `true` if these bytes have this id.
fn is_named(repo: &Local, id: ObjectId, kind: Kind, data: &[u8]) -> bool {
    gix::objs::compute_hash(repo.object_hash(), kind, data).is_ok_and(|hash| hash == id)
}

/// Returns the header of an object, and the handle to read it with.
fn header(repo: &Local, id: ObjectId) -> Result<(Header, Cow<'_, Local>), Unread> {
    // `has_object` knows only loose objects that are files, and the reader would open anything else.
    if !repo.has_object(id) {
        layout::loose_object(repo, id).map_err(|error| not_opened(&error))?;
        return Err(absent(id));
    }
    match repo.find_header(id) {
        Ok(header) => Ok((header, Cow::Borrowed(repo))),
        Err(error) if is_across_packs(&error) => {
            layout::all_loose_objects(repo).map_err(|error| not_opened(&error))?;
            let across = across_packs(repo);
            let header = across.find_header(id).map_err(|error| unread(repo, id, &error))?;
            Ok((header, Cow::Owned(across)))
        }
        Err(error) => Err(unread(repo, id, &error)),
    }
}

/// Returns a handle that also reads deltas whose bases are in no pack or in another one. Loose objects have to be
/// checked before it is used.
pub(super) fn across_packs(repo: &Local) -> Local {
    const MOST_PACKS: usize = 32;
    let mut repo = repo.clone();
    repo.objects.max_recursion_depth = MOST_PACKS;
    repo
}

/// Returns `true` if git's reader stopped at a delta whose base isn't in the same pack.
fn is_across_packs(error: &gix::Error) -> bool {
    error.metadata().any(|values| values.contains_key("max_depth"))
}

fn not_opened(error: &SourceError) -> Unread {
    Unread { kind: GapKind::Corrupt, why: error.to_string() }
}

/// Returns `true` if an object is stored in this clone, readable or not.
pub fn is_here(repo: &Local, id: ObjectId) -> bool {
    repo.has_object(id)
}

/// Returns the kind of an object.
///
/// # Errors
/// Returns the kind of gap that the object leaves.
pub fn kind_of(repo: &Local, id: ObjectId) -> Result<Kind, Unread> {
    header(repo, id).map(|(header, _)| header.kind())
}

/// Returns the commit that an object leads to: itself, or the target of a tag; `None` if it leads to no commit in this
/// clone.
pub fn commit_at(repo: &Local, id: ObjectId) -> Option<ObjectId> {
    peeled(repo, id).ok().filter(|(kind, _)| *kind == Kind::Commit).map(|(_, id)| id)
}

/// Returns the object that an object leads to: itself, or for a tag the final target.
///
/// # Errors
/// Fails if an object on the way can't be read, or the tags form a circle.
pub fn peeled(repo: &Local, id: ObjectId) -> Result<(Kind, ObjectId), Unread> {
    let mut passed = BTreeSet::new();
    let mut at = id;
    loop {
        match kind_of(repo, at)? {
            Kind::Tag => at = target_of(repo, at, &mut passed)?,
            kind => return Ok((kind, at)),
        }
    }
}

/// Returns the target of a tag; `passed` holds the tags on the way to it.
///
/// # Errors
/// Fails if the tag can't be read, or is in `passed` already.
pub fn target_of(repo: &Local, tag: ObjectId, passed: &mut BTreeSet<ObjectId>) -> Result<ObjectId, Unread> {
    let corrupt =
        |why: &str| Unread { kind: GapKind::Corrupt, why: format!("tag {tag} {why}; run 'git fsck' for details") };
    if !passed.insert(tag) {
        return Err(corrupt("leads back to itself, so to no commit"));
    }
    let (_, data) = load(repo, tag, u64::MAX)?;
    tag_target(&data, repo).ok_or_else(|| corrupt("cannot be read"))
}

fn unread(repo: &Local, id: ObjectId, error: &gix::Error) -> Unread {
    if error.is_not_found() || !repo.has_object(id) {
        return absent(id);
    }
    let kind = if error.is_resource_exhausted() { GapKind::TooLarge } else { GapKind::Corrupt };
    Unread { kind, why: format!("object {id} cannot be read ({}); run 'git fsck' for details", error_text(error)) }
}

/// Returns a sentence saying that an object is missing and how to get it.
pub fn missing(id: ObjectId) -> String {
    format!(
        "object {id} is not in this clone; in a shallow clone run 'git fetch --unshallow', in a partial clone 'git fetch --refetch', otherwise 'git fsck' for details"
    )
}

fn absent(id: ObjectId) -> Unread {
    Unread { kind: GapKind::Missing, why: missing(id) }
}

/// Returns the tree of a commit.
///
/// # Errors
/// Fails if the object can't be read or isn't a commit.
pub fn tree_of(repo: &Local, commit: ObjectId) -> Result<ObjectId, Unread> {
    Ok(commit_of(repo, commit)?.tree)
}

/// The word for an author or a time that can't be read.
pub const UNKNOWN: &str = "unknown";

/// The fields of a commit that scans need.
#[derive(Debug, Clone)]
pub struct Commit {
    /// The commit's root tree.
    pub tree: ObjectId,
    /// The parents, in order.
    pub parents: Vec<ObjectId>,
    /// The author's time in RFC 3339; or [`UNKNOWN`].
    pub author_time: String,
    /// The author's name and address; or [`UNKNOWN`].
    pub author: BString,
}

/// Reads a commit.
///
/// # Errors
/// Fails if the object can't be read or isn't a commit.
pub fn commit_of(repo: &Local, id: ObjectId) -> Result<Commit, Unread> {
    let data = commit_data(repo, id)?;
    let CommitHeader { tree, parents, .. } = parsed(&data, id)?;
    let author = Signature::of_author(&data);
    Ok(Commit {
        tree,
        parents,
        author_time: author.time.unwrap_or_else(|| UNKNOWN.to_owned()),
        author: author.person.unwrap_or_else(|| UNKNOWN.into()),
    })
}

/// Reads the fields of a commit that the graph of commits needs.
///
/// # Errors
/// Fails if the object can't be read or isn't a commit.
pub fn header_of(repo: &Local, id: ObjectId) -> Result<CommitHeader, Unread> {
    parsed(&commit_data(repo, id)?, id)
}

fn commit_data(repo: &Local, id: ObjectId) -> Result<Vec<u8>, Unread> {
    match load(repo, id, MAX_STRUCTURE)? {
        (Kind::Commit, data) => Ok(data),
        (kind, _) => Err(Unread { kind: GapKind::Corrupt, why: format!("object {id} is a {kind}, not a commit") }),
    }
}

/// Parses a commit; only its tree and parents have to be valid.
fn parsed(data: &[u8], id: ObjectId) -> Result<CommitHeader, Unread> {
    let corrupt = || Unread {
        kind: GapKind::Corrupt,
        why: format!("commit {id} has no valid tree or parent; run 'git fsck' for details"),
    };
    CommitHeader::parse(data, id.as_slice().len()).ok_or_else(corrupt)
}

/// A tree that has been read.
#[derive(Debug, Default)]
pub struct Tree {
    data: Vec<u8>,
    id_length: usize,
}

impl Tree {
    /// Returns the tree's entries, in order.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        tree::entries(&self.data, self.id_length)
    }

    /// Returns the tree's size in bytes.
    pub fn size(&self) -> usize {
        self.data.len()
    }

    /// Returns the entry with this name.
    pub fn entry(&self, name: &[u8]) -> Option<Entry<'_>> {
        self.entries().find(|entry| entry.name == name)
    }
}

/// Reads a tree.
///
/// # Errors
/// Fails if the object can't be read or isn't a tree.
pub fn tree(repo: &Local, id: ObjectId) -> Result<Tree, Unread> {
    if id.is_empty_tree() {
        return Ok(Tree::default());
    }
    let corrupt = |why: &str| Unread { kind: GapKind::Corrupt, why: format!("tree {id} cannot be read ({why})") };
    let (kind, data) = load(repo, id, MAX_STRUCTURE)?;
    let id_length = repo.object_hash().len_in_bytes();
    match kind {
        Kind::Tree if tree::is_whole(&data, id_length) => Ok(Tree { data, id_length }),
        Kind::Tree => Err(corrupt("its entries are damaged; run 'git fsck' for details")),
        other => Err(corrupt(&format!("it is a {other}"))),
    }
}

/// The tree entry at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The entry's kind.
    pub mode: Mode,
    /// The object's id.
    pub id: ObjectId,
}

/// Returns the entry of a tree at a path.
///
/// # Errors
/// Fails if a folder on the way can't be read.
pub fn entry_at(repo: &Local, tree: ObjectId, path: &BStr) -> Result<Option<Found>, Unread> {
    let mut id = tree;
    let mut names = path.split(|byte| *byte == b'/').peekable();
    while let Some(name) = names.next() {
        let tree = self::tree(repo, id)?;
        match tree.entry(name) {
            Some(entry) if names.peek().is_none() => {
                return Ok(Some(Found { mode: entry.mode, id: entry.id.to_owned() }));
            }
            Some(entry) if entry.mode == Mode::Tree => id = entry.id.to_owned(),
            _ => return Ok(None),
        }
    }
    Ok(None)
}

/// Returns the object that an annotated tag names.
pub fn tag_target(data: &[u8], repo: &Local) -> Option<ObjectId> {
    gix::objs::TagRefIter::from_bytes(data, repo.object_hash()).target_id().ok()
}
