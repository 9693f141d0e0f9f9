//! Files and folders outside git's own view, and standard input. Folders honour ignore files.

use std::path::{Path, PathBuf};

use bstr::{BString, ByteSlice as _};
use ignore::WalkBuilder;

use super::{Content, Item, Listing};
use crate::finding::{ContentKind, Gap, GapKind};

/// Lists the files below each path. Symbolic links are read as links, so that nothing outside is followed.
pub fn list(paths: &[PathBuf]) -> Listing {
    let mut listing = Listing::default();
    for path in paths {
        list_path(path, &mut listing);
    }
    listing.items.sort_by(|a, b| a.path.cmp(&b.path));
    listing
}

fn list_path(path: &Path, listing: &mut Listing) {
    let walk = WalkBuilder::new(path)
        .hidden(false)
        .require_git(false)
        .filter_entry(|entry| entry.file_name() != ".git" || entry.depth() == 0)
        .build();
    for entry in walk {
        match entry {
            Ok(entry) => list_entry(&entry, listing),
            Err(error) => listing.gaps.push(Gap {
                what: name(path),
                kind: GapKind::Unreadable,
                why: format!("{}; check the path and its permissions", cause(&error)),
            }),
        }
    }
}

fn cause(error: &ignore::Error) -> String {
    error.io_error().map_or_else(|| error.to_string(), ToString::to_string)
}

fn list_entry(entry: &ignore::DirEntry, listing: &mut Listing) {
    let Some(kind) = entry.file_type() else { return };
    let path = entry.path();
    if kind.is_symlink() {
        match std::fs::read_link(path) {
            Ok(target) => listing.items.push(Item {
                kind: ContentKind::Symlink,
                path: name(path),
                content: Content::Bytes(name(&target).into()),
                commit: None,
            }),
            Err(error) => {
                listing.gaps.push(Gap { what: name(path), kind: GapKind::Unreadable, why: error.to_string() });
            }
        }
    } else if kind.is_file() {
        let content = Content::File(path.to_owned());
        listing.items.push(Item { kind: ContentKind::File, path: name(path), content, commit: None });
    }
    if !kind.is_dir() {
        let label = name(path);
        let last = path.file_name().map(|last| name(Path::new(last))).unwrap_or_default();
        listing.items.push(Item {
            kind: ContentKind::FileName,
            path: label,
            content: Content::Bytes(last.into()),
            commit: None,
        });
    }
}

/// The bytes of a path, without a leading `./`.
fn name(path: &Path) -> BString {
    let path = path.strip_prefix("./").unwrap_or(path);
    <[u8]>::from_path(path).map_or_else(|| BString::from(path.to_string_lossy().as_bytes()), BString::from)
}

/// One named stream.
pub fn stream(label: &str, bytes: Vec<u8>) -> Listing {
    let item =
        Item { kind: ContentKind::File, path: BString::from(label), content: Content::Bytes(bytes), commit: None };
    Listing { items: vec![item], ..Listing::default() }
}
