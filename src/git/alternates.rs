//! The object folders that git's environment names: `GIT_OBJECT_DIRECTORY` replaces the repository's own, and
//! `GIT_ALTERNATE_OBJECT_DIRECTORIES` adds to it. With them, a server's hooks see the pushed objects before the push
//! is accepted.
//!
//! git's reader knows one object folder and those that its `info/alternates` lists. So when the environment names
//! folders, all of them are listed in the `info/alternates` of a new folder that holds nothing else. The same is done
//! for a repository whose lists the reader follows differently from git: git visits no folder twice, skips lines that
//! name no folder, and resolves a relative path from the folder that lists it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use bstr::{BString, ByteSlice as _};

use super::error::error_text;
use crate::finding::{Gap, GapKind};
use crate::fs::bounded::{self, Links, Refused};
use crate::fs::scratch::Scratch;
use crate::text::escape;

/// The most folders that objects are borrowed from. git's reader compares each with all the others.
pub(super) const MOST: usize = 1000;

/// The most bytes of a line that a message shows.
const MOST_SHOWN: usize = 80;

/// The choice whether git's environment variables for object folders apply to a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variables {
    /// The variables apply to this repository.
    Count,
    /// The variables apply to another repository.
    Ignored,
}

/// A temporary folder that lists the object folders; it has to be kept as long as they are read.
#[derive(Debug)]
pub struct Borrowed {
    /// The folder whose `info/alternates` lists the others.
    pub folder: Scratch,
    /// The lines of the lists that couldn't be followed.
    pub gaps: Vec<Gap>,
}

/// Object folders, each followed by those that it borrows from, and the lines that couldn't be followed.
#[derive(Debug, Default)]
struct Lent {
    folders: Vec<PathBuf>,
    gaps: Vec<Gap>,
}

/// Makes the folder if the environment names any object folders, or if git's reader follows the lists of `own`, the
/// repository's object folder, differently from git.
///
/// # Errors
/// Fails if the folder can't be written, or the alternates can't be read.
pub fn listed_anew(own: &Path, variables: Variables) -> io::Result<Option<Borrowed>> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty() && variables == Variables::Count);
    let (instead, beside) = (set("GIT_OBJECT_DIRECTORY"), set("GIT_ALTERNATE_OBJECT_DIRECTORIES"));
    let is_named = instead.is_some() || beside.is_some();
    let first = instead.map_or_else(|| own.to_owned(), PathBuf::from);
    let roots = std::iter::once(first).chain(beside.as_ref().map(listed).unwrap_or_default());
    let lent = Lent::by(roots)?;
    if !is_named && lent.gaps.is_empty() && is_read_alike(own, &lent.folders)? {
        return Ok(None);
    }
    let folder = write(&lent.folders)?;
    Ok(Some(Borrowed { folder, gaps: lent.gaps }))
}

/// Returns `true` if git's reader arrives at the same folders, ignoring those that don't exist.
fn is_read_alike(own: &Path, folders: &[PathBuf]) -> io::Result<bool> {
    let Ok(others) = gix::odb::alternate::resolve(own.to_owned(), &std::env::current_dir()?) else { return Ok(false) };
    let there = |folders: &mut dyn Iterator<Item = &PathBuf>| -> BTreeSet<PathBuf> {
        folders.filter_map(|folder| folder.canonicalize().ok()).collect()
    };
    Ok(there(&mut others.iter().chain([&own.to_owned()])) == there(&mut folders.iter()))
}

/// Returns the folders of a list such as `a:"b":c`.
fn listed(list: &OsString) -> Vec<PathBuf> {
    let quoted = |path: PathBuf| {
        let bytes = path.as_os_str().as_encoded_bytes().as_bstr().to_owned();
        match gix::quote::ansi_c::undo(bytes.as_bstr()) {
            Ok((text, _)) if bytes.starts_with(b"\"") => gix_path(&text).unwrap_or(path),
            _ => path,
        }
    };
    std::env::split_paths(list).filter(|path| !path.as_os_str().is_empty()).map(quoted).collect()
}

fn gix_path(bytes: &[u8]) -> Option<PathBuf> {
    bytes.to_path().ok().map(Path::to_owned)
}

impl Lent {
    /// Collects these object folders and those that they borrow from.
    fn by(roots: impl Iterator<Item = PathBuf>) -> io::Result<Self> {
        let here = std::env::current_dir()?;
        let mut lent = Self::default();
        for root in roots.map(|root| here.join(root)).filter(|root| root.is_dir()) {
            let mut next = lent.folders.len();
            add(&mut lent.folders, root);
            while let Some(folder) = lent.folders.get(next).cloned() {
                let list = borrowed(&folder)?;
                list.paths.into_iter().for_each(|path| add(&mut lent.folders, folder.join(path)));
                lent.gaps.extend(list.gap);
                next += 1;
                if lent.folders.len() > MOST {
                    return Err(too_many());
                }
            }
        }
        Ok(lent)
    }
}

/// Writes the list of the folders into a new temporary folder.
fn write(folders: &[PathBuf]) -> io::Result<Scratch> {
    let scratch = Scratch::new()?;
    let mut lines = BString::default();
    for (number, folder) in folders.iter().enumerate() {
        let copy = scratch.path().join(number.to_string());
        let listed = if borrows(folder) { links(folder, &copy).map(|()| &copy)? } else { folder };
        lines.extend_from_slice(&line(listed));
    }
    std::fs::create_dir(scratch.path().join("info"))?;
    std::fs::write(scratch.path().join("info").join("alternates"), lines)?;
    Ok(scratch)
}

/// Adds a folder that isn't in the list yet. A folder that doesn't exist stays in the list, so that its objects are
/// reported as missing.
fn add(folders: &mut Vec<PathBuf>, folder: PathBuf) {
    let folder = folder.canonicalize().unwrap_or(folder);
    if !folders.contains(&folder) {
        folders.push(folder);
    }
}

/// Returns the path of the file in which an object folder lists those that it borrows from.
pub(super) fn file(folder: &Path) -> PathBuf {
    folder.join("info").join("alternates")
}

/// The list of alternates in an object folder.
#[derive(Debug, Default)]
pub(super) struct List {
    /// The listed folders, without lines that can't name a folder.
    pub(super) paths: Vec<PathBuf>,
    /// The gap, if git can't follow the whole list.
    pub(super) gap: Option<Gap>,
}

/// Reads the folders that an object folder lists as its alternates.
///
/// # Errors
/// Fails if the list is a device or a pipe, or is longer than [`MOST`].
pub(super) fn borrowed(folder: &Path) -> io::Result<List> {
    let list = file(folder);
    let of_nothing = |why: String| List { paths: Vec::new(), gap: Some(unread(&list, &why)) };
    let text = match bounded::read(&list, bounded::MAX_SIZE, Links::Followed) {
        Ok(text) => text,
        Err(Refused::Io(error)) if error.kind() == io::ErrorKind::NotFound => return Ok(List::default()),
        Err(Refused::Io(error)) => return Ok(of_nothing(format!("it cannot be read ({error})"))),
        Err(refused) => return Err(io::Error::other(refused)),
    };
    let paths = match gix::odb::alternate::parse(&text) {
        Ok(paths) if paths.len() > MOST => return Err(too_many()),
        Ok(paths) => paths,
        Err(error) => return Ok(of_nothing(error_text(&error))),
    };
    let (mut followed, mut passed) = (Vec::new(), Vec::new());
    for path in paths {
        match obstacle(&folder.join(&path)) {
            None => followed.push(path),
            Some(why) => passed.push((path, why)),
        }
    }
    let gap = passed.first().map(|(path, why)| {
        let bytes = path.as_os_str().as_encoded_bytes();
        let shown = escape(&bytes[..bytes.len().min(MOST_SHOWN)]);
        let more = match passed.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        unread(&list, &format!("the line '{shown}'{more} does not name a folder of objects ({why})"))
    });
    Ok(List { paths: followed, gap })
}

/// Returns the reason why nothing can be borrowed from a path. A path that simply doesn't exist isn't an obstacle: each
/// object that is missing is reported instead.
fn obstacle(path: &Path) -> Option<String> {
    match path.metadata() {
        Ok(meta) if meta.is_dir() => None,
        Ok(_) => Some("it is not a folder".to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => Some(error.to_string()),
    }
}

fn unread(list: &Path, why: &str) -> Gap {
    let why =
        format!("{why}, so the objects in it were not read; correct it, and run 'git fsck' to see what is missing");
    Gap { what: list.as_os_str().as_encoded_bytes().into(), kind: GapKind::Corrupt, why }
}

pub(super) fn too_many() -> io::Error {
    io::Error::other(format!("objects are borrowed from more than {MOST} folders, which is the limit"))
}

/// Returns `true` if a folder lists alternates. They are in our list already, and the reader would resolve their
/// relative paths wrongly.
fn borrows(folder: &Path) -> bool {
    file(folder).exists()
}

/// The name of a link to the whole original folder, inside a folder of links to its objects.
const PLACE: &str = "place";

/// Returns the folder whose objects a listed folder of links leads to.
pub(super) fn place(copy: &Path) -> Option<PathBuf> {
    std::fs::read_link(copy.join(PLACE)).ok()
}

/// Makes a folder with links to another folder's objects, but not to those that it borrows.
fn links(folder: &Path, copy: &Path) -> io::Result<()> {
    std::fs::create_dir(copy)?;
    link(folder, copy.join(PLACE))?;
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        if name == "pack" || name.len() == 2 {
            link(folder.join(&name), copy.join(&name))?;
        }
    }
    Ok(())
}

#[cfg(unix)]
use std::os::unix::fs::symlink as link;

#[cfg(windows)]
use std::os::windows::fs::symlink_dir as link;

/// Returns a line of `info/alternates`, quoted as git does.
fn line(folder: &Path) -> Vec<u8> {
    let mut line = vec![b'"'];
    for byte in folder.as_os_str().as_encoded_bytes() {
        match byte {
            b'\n' => line.extend(b"\\n"),
            b'"' | b'\\' => line.extend([b'\\', *byte]),
            _ => line.push(*byte),
        }
    }
    line.extend(b"\"\n");
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_listed_as_git_writes_them() {
        let paths = ["/a b", "/c", "/d"].map(PathBuf::from);
        assert_eq!(listed(&OsString::from("/a b:\"/c\"::/d")), paths);
        let folder = PathBuf::from("/a\"b\\c\nd");
        assert_eq!(gix::odb::alternate::parse(&line(&folder)).unwrap(), [folder]);
    }
}
