//! Reads single objects of an opened repository: whole, or as commits, trees and tags; and says why one could not be read.

use bstr::{BStr, BString, ByteSlice as _};

use super::ObjectId;
use super::error::error_text;
use super::repo::Local;
use crate::finding::GapKind;

pub use gix::objs::Kind;

/// Why an object's bytes could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Which kind of gap.
    pub kind: GapKind,
    /// In words, with the remedy.
    pub why: String,
}

impl Unread {
    /// Larger than the limit.
    pub fn too_large(size: u64, limit: u64) -> Self {
        let why = format!("{size} bytes, the limit is {limit}; raise [limits] max_file_size in .keysweep.toml");
        Self { kind: GapKind::TooLarge, why }
    }
}

/// Reads an object whole, if it is not larger than `limit` bytes.
///
/// # Errors
/// Says which gap its absence is.
pub fn load(repo: &Local, id: ObjectId, limit: u64) -> Result<(Kind, Vec<u8>), Unread> {
    let header = repo.find_header(id).map_err(|error| unread(repo, id, &error))?;
    if header.size() > limit {
        return Err(Unread::too_large(header.size(), limit));
    }
    let object = repo.find_object(id).map_err(|error| unread(repo, id, &error))?;
    let kind = object.kind;
    Ok((kind, object.detach().data))
}

/// What an object is.
///
/// # Errors
/// Says which gap its absence is.
pub fn kind_of(repo: &Local, id: ObjectId) -> Result<Kind, Unread> {
    repo.find_header(id).map(|header| header.kind()).map_err(|error| unread(repo, id, &error))
}

/// The commit that an object leads to: itself, or what a tag names; `None` if it leads to none that is here.
pub fn commit_at(repo: &Local, id: ObjectId) -> Option<ObjectId> {
    repo.find_object(id).ok()?.peel_to_kind(Kind::Commit).ok().map(|commit| commit.id)
}

fn unread(repo: &Local, id: ObjectId, error: &gix::Error) -> Unread {
    let absent = error.is_not_found() || !repo.has_object(id);
    if absent {
        let why = format!(
            "object {id} is not in this clone; 'git fetch --refetch' brings missing objects of a partial clone, 'git fsck' tells more"
        );
        return Unread { kind: GapKind::Missing, why };
    }
    Unread {
        kind: GapKind::Corrupt,
        why: format!("object {id} cannot be read ({}); 'git fsck' tells more", error_text(error)),
    }
}

/// The tree of a commit.
///
/// # Errors
/// When the commit cannot be read or is none.
pub fn tree_of(repo: &Local, commit: ObjectId) -> Result<ObjectId, Unread> {
    Ok(commit_of(repo, commit)?.tree)
}

/// What a commit says, as far as scans need it.
#[derive(Debug, Clone)]
pub struct Commit {
    /// Its root tree.
    pub tree: ObjectId,
    /// Its parents, in order.
    pub parents: Vec<ObjectId>,
    /// When it was authored, RFC 3339.
    pub author_time: String,
    /// Who authored it: name and address.
    pub author: BString,
    /// When it was committed, in seconds since 1970.
    pub committed: i64,
}

/// Reads a commit.
///
/// # Errors
/// When it cannot be read or is none.
pub fn commit_of(repo: &Local, id: ObjectId) -> Result<Commit, Unread> {
    let (kind, data) = load(repo, id, u64::MAX)?;
    if kind != Kind::Commit {
        return Err(Unread { kind: GapKind::Corrupt, why: format!("object {id} is a {kind}, not a commit") });
    }
    parse_commit(&data, id, repo)
}

/// Decodes a commit's bytes.
///
/// # Errors
/// When they are not a commit.
fn parse_commit(data: &[u8], id: ObjectId, repo: &Local) -> Result<Commit, Unread> {
    let corrupt = |why: String| Unread { kind: GapKind::Corrupt, why };
    let commit = gix::objs::CommitRef::from_bytes(data, repo.object_hash())
        .map_err(|error| corrupt(format!("commit {id} cannot be read ({})", error_text(&error))))?;
    let time = |raw: &BStr| gix::date::parse_header(raw.to_str_lossy().as_ref());
    let author = commit.author().map(|author| author.trim());
    let person = author.as_ref().map(|author| format!("{} <{}>", author.name, author.email).into());
    let author = time(author.as_ref().map(|author| author.time.into()).unwrap_or_default());
    let committer = time(commit.committer().map(|c| c.time.into()).unwrap_or_default());
    Ok(Commit {
        tree: commit.tree(),
        parents: commit.parents().collect(),
        author: person.unwrap_or_default(),
        author_time: author.map(|t| t.format_or_unix(gix::date::time::format::ISO8601_STRICT)).unwrap_or_default(),
        committed: committer.map_or(0, |t| t.seconds),
    })
}

/// One entry of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name in the tree.
    pub name: BString,
    /// What it is.
    pub mode: Mode,
    /// The object it names.
    pub id: ObjectId,
}

/// What a tree entry or index entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// A folder.
    Tree,
    /// A file.
    File,
    /// A symbolic link.
    Link,
    /// A submodule's commit: an object of another repository.
    Submodule,
}

/// Reads a tree.
///
/// # Errors
/// When it cannot be read.
pub fn tree(repo: &Local, id: ObjectId) -> Result<Vec<Entry>, Unread> {
    if id.is_empty_tree() {
        return Ok(Vec::new());
    }
    let (_, data) = load(repo, id, u64::MAX)?;
    entries(&data, repo)
        .map_err(|why| Unread { kind: GapKind::Corrupt, why: format!("tree {id} cannot be read ({why})") })
}

/// What a tree, or a folder below it, holds at a path.
///
/// # Errors
/// When a folder on the way cannot be read.
pub fn entry_at(repo: &Local, tree: ObjectId, path: &BStr) -> Result<Option<Entry>, Unread> {
    let mut id = tree;
    let mut names = path.split(|byte| *byte == b'/').peekable();
    while let Some(name) = names.next() {
        let mut found = None;
        each_entry(repo, id, |entry| {
            found = (entry.name == name).then(|| entry.to_owned());
            found.is_some()
        })?;
        match found {
            Some(entry) if names.peek().is_none() => return Ok(Some(entry)),
            Some(entry) if entry.mode == Mode::Tree => id = entry.id,
            _ => return Ok(None),
        }
    }
    Ok(None)
}

/// An entry of a tree that is being read.
#[derive(Debug, Clone, Copy)]
pub struct Listed<'t> {
    /// Its name.
    pub name: &'t BStr,
    /// What it is.
    pub mode: Mode,
    /// What it names.
    pub id: &'t gix::oid,
}

impl Listed<'_> {
    fn to_owned(self) -> Entry {
        Entry { name: self.name.to_owned(), mode: self.mode, id: self.id.to_owned() }
    }
}

/// Hands out the entries of a tree until `is_enough`, without a list of them: a folder may have hundreds of thousands. Returns how
/// many bytes the tree has.
///
/// # Errors
/// When the tree cannot be read.
pub fn each_entry(repo: &Local, id: ObjectId, mut is_enough: impl FnMut(Listed<'_>) -> bool) -> Result<usize, Unread> {
    if id.is_empty_tree() {
        return Ok(0);
    }
    let (_, data) = load(repo, id, u64::MAX)?;
    for entry in gix::objs::TreeRefIter::from_bytes(&data, repo.object_hash()) {
        let entry = entry.map_err(|error| Unread { kind: GapKind::Corrupt, why: error_text(&error) })?;
        if is_enough(Listed { name: entry.filename, mode: mode(entry.mode), id: entry.oid }) {
            break;
        }
    }
    Ok(data.len())
}

/// The object an annotated tag names.
pub fn tag_target(data: &[u8], repo: &Local) -> Option<ObjectId> {
    gix::objs::TagRefIter::from_bytes(data, repo.object_hash()).target_id().ok()
}

/// Decodes a tree's bytes.
///
/// # Errors
/// When they are not a tree.
fn entries(data: &[u8], repo: &Local) -> Result<Vec<Entry>, String> {
    let entries = gix::objs::TreeRefIter::from_bytes(data, repo.object_hash()).map(|entry| {
        let entry = entry.map_err(|error| error_text(&error))?;
        Ok(Entry { name: entry.filename.to_owned(), mode: mode(entry.mode), id: entry.oid.to_owned() })
    });
    entries.collect()
}

fn mode(mode: gix::objs::tree::EntryMode) -> Mode {
    use gix::objs::tree::EntryKind;
    match mode.kind() {
        EntryKind::Tree => Mode::Tree,
        EntryKind::Link => Mode::Link,
        EntryKind::Commit => Mode::Submodule,
        EntryKind::Blob | EntryKind::BlobExecutable => Mode::File,
    }
}
