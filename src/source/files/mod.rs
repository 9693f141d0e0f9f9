//! Files and folders read without git, and standard input.
//!
//! `named` decides what is read at a path that the user names, `walk` goes through folders, `rules` holds the ignore
//! files that are in force there, and `tracked` the files that git tracks in spite of them. Everything that is skipped
//! is reported.

mod named;
mod rules;
mod tracked;
mod walk;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bstr::{BString, ByteSlice as _};

use super::{Content, Item, Listing};
use crate::finding::{ContentKind, Gap, GapKind, Names, Note};
use crate::fs::bounded::Refused;

/// The choice whether ignore files apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IgnoreFiles {
    /// They apply to files that git doesn't track.
    Obeyed,
    /// No file is left out because of them.
    Overruled,
}

/// Lists the files below each path; `root` is the work tree that contains them. Symbolic links below a folder are read
/// as links, so that nothing outside is followed.
pub fn list(paths: &[PathBuf], root: Option<&Path>, ignore: IgnoreFiles) -> Listing {
    let mut found = Found::default();
    let root = root.and_then(|root| root.canonicalize().ok());
    let mut walk = walk::Walk::new(&mut found, root.as_deref(), ignore);
    paths.iter().for_each(|path| named::list(path, root.as_deref(), &mut walk));
    found.listing()
}

/// The items found by the walk.
#[derive(Debug, Default)]
struct Found {
    listing: Listing,
    /// The paths that ignore files exclude.
    left_out: Names,
    /// The folders of repositories.
    repositories: Names,
    /// The sockets and devices.
    special: Names,
}

impl Found {
    fn content(&mut self, path: &Path, kind: ContentKind, content: Content) {
        self.listing.items.push(Item { kind, path: name(path), content, commit: None });
    }

    fn file(&mut self, path: &Path) {
        self.content(path, ContentKind::File, Content::File(path.to_owned()));
        self.file_name(path);
    }

    /// Adds the text of a link, which is its target.
    fn link(&mut self, path: &Path) {
        match std::fs::read_link(path) {
            Ok(target) => self.content(path, ContentKind::Symlink, Content::Bytes(name(&target).into())),
            Err(error) => self.gap(path, Refused::Io(error).to_string()),
        }
        self.file_name(path);
    }

    fn file_name(&mut self, path: &Path) {
        let last = path.file_name().map(|last| name(Path::new(last))).unwrap_or_default();
        self.content(path, ContentKind::FileName, Content::Bytes(last.into()));
    }

    fn gap(&mut self, path: &Path, why: String) {
        self.listing.gaps.push(Gap { what: name(path), kind: GapKind::Unreadable, why });
    }

    /// Returns the whole listing, with notes on the paths that were not read.
    fn listing(mut self) -> Listing {
        let notes = [
            (&self.left_out, "not read, because ignore files exclude it ('--no-ignore' reads it)"),
            (&self.repositories, "repositories that were not swept ('keysweep history PATH' sweeps one)"),
            (&self.special, "sockets and devices that were not opened (one that is named is read)"),
        ];
        for (names, text) in notes.into_iter().filter(|(names, _)| names.count() > 0) {
            self.listing.notes.push(Note(format!("{text}, {}: {names}", names.count())));
        }
        self.listing.items.sort_by(|a, b| a.path.cmp(&b.path));
        self.listing
    }
}

/// Returns the bytes of a path, without a leading `./`.
fn name(path: &Path) -> BString {
    let path = path.strip_prefix("./").unwrap_or(path);
    <[u8]>::from_path(path).map_or_else(|| BString::from(path.to_string_lossy().as_bytes()), BString::from)
}

/// Lists the bytes of one stream, under a label.
pub fn stream(label: &str, bytes: Vec<u8>) -> Listing {
    let item =
        Item { kind: ContentKind::File, path: BString::from(label), content: Content::Bytes(bytes), commit: None };
    Listing { items: vec![item], ..Listing::default() }
}

/// Returns the item for a stream that is open already, under a label.
pub fn open(label: &str, handle: File) -> Item {
    Item { kind: ContentKind::File, path: label.into(), content: Content::Open(Arc::new(handle)), commit: None }
}
