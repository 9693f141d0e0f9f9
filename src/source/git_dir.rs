//! Git's own files next to its objects: configuration, reflogs, hooks, the messages and states of operations in
//! progress, and names that only an index has.
//!
//! A repository's folder is walked instead of checked for a list of known names, so files that a tool left in it are
//! read as well. Read elsewhere: objects, ref names and indexes, which have formats of their own; the stores of Git LFS
//! and git-annex, to which git holds only pointers; and the repositories of submodules, of which only the configuration
//! is read here. Left out, with a note: the folder of a plan to purge the history, which holds the values on purpose.
//! Nothing in these files is executed or obeyed, and no link is followed.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use bstr::{BString, ByteSlice as _};

use super::{Content, Item, Listing, staged};
use crate::finding::{ContentKind, FileList, Gap, GapKind, Note};
use crate::git::repo::Local;
use crate::git::tree::join;
use crate::git::{ObjectId, Repo, SourceError};

/// The stores of Git LFS and git-annex.
const STORES: [&[u8]; 2] = [b"lfs", b"annex"];

/// The most names in one note.
const MOST_NAMED: usize = 8;
/// The folder inside a repository's git directory in which keysweep stores its last reports, and plans to purge the
/// history with the values to remove.
pub const OWN: &str = FileList::FOLDER;
/// The file in that folder with the answers of providers, by the ids of findings.
pub const ANSWERS: &str = "live.json";

/// Appends the files and names that a repository holds next to its objects.
pub fn list(repository: &Repo, listing: &mut Listing) {
    walk(repository, listing, |walk, common, shown| walk.git_dir(common, shown));
    table_logs(repository, listing);
    index_names(repository, listing);
}

/// Appends the stores of Git LFS and git-annex, including files that nothing points to any more.
pub fn stores(repository: &Repo, listing: &mut Listing) {
    walk(repository, listing, |walk, common, shown| {
        for entry in walk.entries(common, shown) {
            if STORES.contains(&&entry.name[..]) {
                walk.below(entry, ContentKind::GitFile);
            }
        }
    });
}

/// Runs `visit` with the folder that all work trees share and the name that it is shown under.
fn walk(repository: &Repo, listing: &mut Listing, visit: impl FnOnce(&mut Walk<'_>, &Path, &BString)) {
    let common = repository.common_dir();
    let common = common.canonicalize().unwrap_or(common);
    let shown = common.file_name().map(|last| bytes_of(Path::new(last))).unwrap_or_default();
    let mut walk = Walk { common: &common, listing, submodules: Vec::new(), links: Vec::new(), own: Vec::new() };
    visit(&mut walk, &common, &shown);
    walk.notes();
}

/// A walk over a repository's git directory.
struct Walk<'w> {
    common: &'w Path,
    listing: &'w mut Listing,
    submodules: Vec<BString>,
    /// The links that lead out of the folder.
    links: Vec<BString>,
    /// The folders of plans to purge a history.
    own: Vec<BString>,
}

/// A file, folder or link that the walk has met.
struct Entry {
    path: PathBuf,
    name: BString,
    /// The path as it is shown, starting with the repository's folder.
    shown: BString,
    kind: std::fs::FileType,
}

impl Walk<'_> {
    /// Walks the git directory of a repository or of one of its work trees.
    fn git_dir(&mut self, folder: &Path, shown: &BString) {
        for entry in self.entries(folder, shown) {
            match &entry.name[..] {
                b"worktrees" if entry.kind.is_dir() => {
                    for worktree in self.entries(&entry.path, &entry.shown) {
                        self.git_dir(&worktree.path, &worktree.shown);
                    }
                }
                b"modules" if entry.kind.is_dir() => self.modules(&entry),
                // Last reports and answers of providers contain no secrets; plans to purge contain the values.
                name if name == OWN.as_bytes() && entry.kind.is_dir() && folder == self.common => {
                    let entries = self.entries(&entry.path, &entry.shown);
                    if entries.iter().any(|entry| !is_harmless(entry)) {
                        self.own.push(entry.shown);
                    }
                }
                name => {
                    if let Some(kind) = kind_of(name) {
                        self.below(entry, kind);
                    }
                }
            }
        }
    }

    /// Walks the repositories of submodules: a name with slashes is a nested folder, and a submodule may have
    /// submodules of its own.
    fn modules(&mut self, folder: &Entry) {
        for entry in self.entries(&folder.path, &folder.shown).into_iter().filter(|entry| entry.kind.is_dir()) {
            if !entry.path.join("HEAD").exists() {
                self.modules(&entry);
                continue;
            }
            for inner in self.entries(&entry.path, &entry.shown) {
                match &inner.name[..] {
                    b"modules" if inner.kind.is_dir() => self.modules(&inner),
                    b"config" | b"config.worktree" => self.below(inner, ContentKind::Config),
                    _ => {}
                }
            }
            self.submodules.push(entry.shown);
        }
    }

    /// Adds a file, or all files below a folder.
    fn below(&mut self, entry: Entry, kind: ContentKind) {
        if entry.kind.is_dir() {
            for entry in self.entries(&entry.path, &entry.shown) {
                self.below(entry, kind);
            }
        } else if entry.kind.is_symlink() {
            self.link(entry, kind);
        } else if entry.kind.is_file() && !(kind == ContentKind::Hook && entry.name.ends_with(b".sample")) {
            self.item(kind, entry.shown, Content::File(entry.path));
        }
    }

    /// Adds a link as a text; its target is read where it is, or not at all.
    fn link(&mut self, entry: Entry, kind: ContentKind) {
        match std::fs::read_link(&entry.path) {
            Ok(target) => {
                if entry.path.canonicalize().is_ok_and(|end| !end.starts_with(self.common)) {
                    self.links.push(entry.shown.clone());
                }
                self.item(kind, entry.shown, Content::Bytes(bytes_of(&target).into()));
            }
            Err(error) => self.unreadable(entry.shown, &error),
        }
    }

    fn item(&mut self, kind: ContentKind, path: BString, content: Content) {
        self.listing.items.push(Item { kind, path, content, commit: None });
    }

    /// Returns the entries of a folder, by name.
    fn entries(&mut self, folder: &Path, shown: &BString) -> Vec<Entry> {
        let read = |entry: io::Result<std::fs::DirEntry>| {
            let entry = entry?;
            let name = bytes_of(Path::new(&entry.file_name()));
            Ok(Entry { shown: join(shown, &name), name, kind: entry.file_type()?, path: entry.path() })
        };
        let is_there = |entry: &io::Result<Entry>| !entry.as_ref().is_err_and(has_vanished);
        let entries: io::Result<Vec<Entry>> =
            std::fs::read_dir(folder).and_then(|list| list.map(read).filter(is_there).collect());
        let mut entries = entries.unwrap_or_else(|error| {
            self.unreadable(shown.clone(), &error);
            Vec::new()
        });
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        entries
    }

    /// Records a gap. A file that has vanished since it was listed isn't a gap: git works with lock files and cleans
    /// up.
    fn unreadable(&mut self, what: BString, error: &io::Error) {
        if has_vanished(error) {
            return;
        }
        self.listing.gaps.push(Gap { what, kind: GapKind::Unreadable, why: error.to_string() });
    }

    fn notes(&mut self) {
        let notes = [
            (
                &self.submodules,
                "submodules are repositories of their own and were not swept: run 'keysweep history PATH' for",
            ),
            (&self.links, "links that lead out of the repository's folder were not followed:"),
            (
                &self.own,
                "the files of 'keysweep purge-plan' contain the values to be removed and were not read; delete them when you are done:",
            ),
        ];
        for (names, text) in notes {
            if !names.is_empty() {
                let more = names.len().saturating_sub(MOST_NAMED);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                let named = bstr::join(", ", names.iter().take(MOST_NAMED));
                let note = format!("{text} {}{more}", named.as_bstr());
                self.listing.notes.push(Note(note));
            }
        }
    }
}

fn has_vanished(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

/// Returns `true` if the entry is a report or the answers of providers, as keysweep has stored them: they repeat paths
/// and names, but no values.
fn is_harmless(entry: &Entry) -> bool {
    let is_report = entry.name.strip_prefix(b"last-").is_some_and(|name| name.ends_with(b".json"));
    entry.kind.is_file() && (is_report || entry.name == ANSWERS.as_bytes())
}

/// Returns the kind of a file in a repository's git directory; `None` if another module reads it.
fn kind_of(name: &[u8]) -> Option<ContentKind> {
    match name {
        b"objects" | b"refs" | b"packed-refs" | b"reftable" | b"index" => None,
        _ if STORES.contains(&name) => None,
        _ if name.starts_with(b"sharedindex.") => None,
        b"config" | b"config.worktree" | b"info" | b"remotes" | b"branches" => Some(ContentKind::Config),
        b"logs" => Some(ContentKind::Reflog),
        b"hooks" => Some(ContentKind::Hook),
        _ => Some(ContentKind::GitFile),
    }
}

/// Appends the reflogs that are in reftables, under the names that files would have, and the deleted records that a
/// table still holds.
fn table_logs(repository: &Repo, listing: &mut Listing) {
    let whole = |path: PathBuf| path.canonicalize().unwrap_or(path);
    let common = whole(repository.common_dir());
    let shown = common.file_name().map(|last| bytes_of(Path::new(last))).unwrap_or_default();
    for worktree in repository.worktrees() {
        let Some(logs) = worktree.table_logs() else { continue };
        let below = whole(worktree.git_dir()).strip_prefix(&common).map(bytes_of).unwrap_or_default();
        let shown = if below.is_empty() { shown.clone() } else { join(&shown, &below) };
        let mut item = |folder: &str, name: &[u8], text: BString| {
            let path = join(&join(&shown, folder.as_bytes()), name);
            let content = Content::Bytes(text.into());
            listing.items.push(Item { kind: ContentKind::Reflog, path, content, commit: None });
        };
        for (name, entries) in logs.entries {
            item(
                "logs",
                &name,
                entries.iter().flat_map(|change| change.line.iter().copied()).collect::<Vec<u8>>().into(),
            );
        }
        for (name, text) in logs.left {
            item("reftable", name.as_bytes(), text);
        }
        for gap in logs.troubles.into_iter().map(Gap::from) {
            if !listing.gaps.contains(&gap) {
                listing.gaps.push(gap);
            }
        }
    }
}

/// Appends the names that a work tree's index has in addition to its HEAD. Contents that are only staged are in
/// objects.
fn index_names(repository: &Repo, listing: &mut Listing) {
    let mut known = BTreeSet::new();
    for worktree in repository.worktrees() {
        let index = worktree.index_path();
        // A bare repository has no index; compared with an empty one, all of HEAD would count as deleted.
        if !index.exists() {
            continue;
        }
        match staged::list(&worktree) {
            Ok(staged) => {
                // Other parts of HEAD's trees that can't be read are reported when all objects are read.
                let gaps = staged.gaps.into_iter().filter(|gap| gap.kind == GapKind::TooLarge);
                listing.gaps.extend(gaps);
                let names = staged.items.into_iter().filter(|item| item.kind == ContentKind::FileName);
                listing.items.extend(names.filter(|item| known.insert(item.path.clone())));
            }
            Err(error) => {
                let why = match error {
                    SourceError::Broken { what, cause } => {
                        format!("cannot read {what}: {cause}; run 'git fsck' for details")
                    }
                    other => other.to_string(),
                };
                listing.gaps.push(Gap { what: bytes_of(&index), kind: GapKind::Corrupt, why });
            }
        }
    }
}

/// Returns one of git's own texts with the ids of objects blanked, byte for byte: reflogs and lists of commits are full
/// of them, and next to a message that mentions a key an id looks like one.
pub fn without_ids(kind: ContentKind, text: &[u8], local: &Local) -> Vec<u8> {
    let length = local.object_hash().len_in_hex();
    let mut out = text.to_vec();
    let mut seen = BTreeSet::new();
    let mut at = 0;
    while at < text.len() {
        let end = text[at..].iter().position(|b| !b.is_ascii_alphanumeric()).map_or(text.len(), |word| at + word);
        if end - at == length
            && let Ok(id) = ObjectId::from_hex(&text[at..end])
            && (seen.contains(&id) || leads(kind, text, at, length) || local.has_object(id))
        {
            seen.insert(id);
            out[at..end].fill(b' ');
        }
        at = end + 1;
    }
    out
}

/// Returns `true` if a word is one of the two ids at the start of a reflog line: their objects may be long gone.
fn leads(kind: ContentKind, text: &[u8], at: usize, length: usize) -> bool {
    let line = text[..at].rfind_byte(b'\n').map_or(0, |newline| newline + 1);
    kind == ContentKind::Reflog && (at == line || at == line + length + 1)
}

/// Returns the bytes of a path.
fn bytes_of(path: &Path) -> BString {
    <[u8]>::from_path(path).map_or_else(|| BString::from(path.to_string_lossy().as_bytes()), BString::from)
}
