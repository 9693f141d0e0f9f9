//! The folders of objects that git's environment names: `GIT_OBJECT_DIRECTORY` in place of the repository's own, and
//! `GIT_ALTERNATE_OBJECT_DIRECTORIES` beside it. So a server's hooks see what is pushed, before it is let in.
//!
//! git's reader knows one folder and those that its `info/alternates` lists. So all of them are listed by a folder that holds
//! nothing else. So are those of a repository that borrows from itself by a way round: git goes no way twice, where its reader
//! gives up.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use bstr::{BString, ByteSlice as _};

use super::GitError;
use super::error::error_text;
use crate::fs::bounded::{self, Links, Refused};
use crate::fs::scratch::Scratch;

/// Folders that objects are borrowed from, at most. git's reader compares each with all others.
pub(super) const MOST: usize = 1000;

/// Whether git's reader gave up because folders borrow from each other.
pub(super) fn is_circle(error: &GitError) -> bool {
    error_text(error).contains("Alternates form a cycle")
}

/// Makes the folder, if the environment names any or what `own`, the repository's, lists leads back to it.
///
/// # Errors
/// When it cannot be written, or the alternates cannot be read.
pub fn with_env_alternates(own: &Path) -> io::Result<Option<Scratch>> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let (instead, beside) = (variable("GIT_OBJECT_DIRECTORY"), variable("GIT_ALTERNATE_OBJECT_DIRECTORIES"));
    let here = std::env::current_dir()?;
    let leads_back = || gix::odb::alternate::resolve(own.to_owned(), &here).is_err_and(|error| is_circle(&error));
    if instead.is_none() && beside.is_none() && !leads_back() {
        return Ok(None);
    }
    let first = instead.map_or_else(|| own.to_owned(), PathBuf::from);
    let roots = std::iter::once(first).chain(beside.as_ref().map(listed).unwrap_or_default());
    list(roots).map(Some)
}

/// The folders of a list such as `a:"b":c`.
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

/// Writes down the folders and all that they borrow from.
fn list(roots: impl Iterator<Item = PathBuf>) -> io::Result<Scratch> {
    let here = std::env::current_dir()?;
    let mut folders: Vec<PathBuf> = Vec::new();
    for root in roots.map(|root| here.join(root)).filter(|root| root.is_dir()) {
        let first = folders.len();
        add(&mut folders, root);
        let mut next = first;
        while let Some(folder) = folders.get(next).cloned() {
            borrowed(&folder)?.into_iter().for_each(|path| add(&mut folders, folder.join(path)));
            next += 1;
            if folders.len() > MOST {
                return Err(too_many());
            }
        }
    }
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

/// Adds a folder that is not known yet. One that is not there stays in the list, so that it is missed.
fn add(folders: &mut Vec<PathBuf>, folder: PathBuf) {
    let folder = folder.canonicalize().unwrap_or(folder);
    if !folders.contains(&folder) {
        folders.push(folder);
    }
}

/// Where a folder of objects lists those that it borrows from.
pub(super) fn file(folder: &Path) -> PathBuf {
    folder.join("info").join("alternates")
}

/// The folders that one lists.
///
/// # Errors
/// When the list cannot be read, or is longer than [`MOST`].
pub(super) fn borrowed(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let text = match bounded::read(&file(folder), bounded::MAX_SIZE, Links::Followed) {
        Ok(text) => text,
        Err(Refused::Io(error)) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(refused) => return Err(io::Error::other(refused)),
    };
    let paths = gix::odb::alternate::parse(&text).map_err(|error| io::Error::other(error_text(&error)))?;
    if paths.len() > MOST {
        return Err(too_many());
    }
    Ok(paths)
}

pub(super) fn too_many() -> io::Error {
    io::Error::other(format!("objects are borrowed from more than {MOST} folders, which is the limit"))
}

/// Whether a folder lists others, which are in our list already; by relative paths they would be looked for in vain.
fn borrows(folder: &Path) -> bool {
    file(folder).exists()
}

/// The name of a link to the whole folder, in one that leads to its objects.
const PLACE: &str = "place";

/// The folder whose objects a listed one leads to.
pub(super) fn place(copy: &Path) -> Option<PathBuf> {
    std::fs::read_link(copy.join(PLACE)).ok()
}

/// A folder that leads to the objects of another one, and not to those that it borrows.
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

/// A line of `info/alternates`, quoted as git does.
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
