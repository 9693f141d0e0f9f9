//! Finds the files that a pattern names. No file is opened; a link is followed only if its target is in the same
//! folder.

use std::fs::FileType;
use std::path::{Path, PathBuf};

use crate::fs::bounded::{self, Kind};
use crate::text::fits_stars;

/// The most levels of folders that are entered below a part `**`, and the most files that are listed.
const MAX_DEPTH: usize = 16;
const MAX_FILES: usize = 200_000;

/// A search in one folder.
pub(super) struct Finder<'f> {
    root: &'f Path,
    /// The absolute path of the same folder, without links.
    whole: Option<PathBuf>,
    /// The files that were found.
    pub(super) files: Vec<PathBuf>,
    /// The absolute paths of the folders that are read with everything below them.
    tops: Vec<PathBuf>,
    /// The paths that aren't read, with the reasons.
    pub(super) unread: Vec<(PathBuf, String)>,
}

impl<'f> Finder<'f> {
    pub(super) fn new(root: &'f Path) -> Self {
        Self { root, whole: root.canonicalize().ok(), files: Vec::new(), tops: Vec::new(), unread: Vec::new() }
    }

    /// Adds the files that a pattern matches.
    pub(super) fn look(&mut self, pattern: &str) {
        let parts: Vec<&str> = pattern.split('/').collect();
        self.step(self.root.to_owned(), &parts);
    }

    fn step(&mut self, path: PathBuf, parts: &[&str]) {
        match parts {
            [] => self.end(path),
            ["**"] => self.all(&path, None),
            ["**", name] => self.all(&path, Some(name)),
            [part, rest @ ..] if part.contains('*') => {
                for (entry, name) in self.entries(&path) {
                    if fits_stars(part, &name) {
                        self.step(entry, rest);
                    }
                }
            }
            [part, rest @ ..] => self.step(path.join(part), rest),
        }
    }

    fn all(&mut self, folder: &Path, name: Option<&str>) {
        self.tops.extend(folder.canonicalize());
        self.below(folder, name, 0);
    }

    /// Reads the folder that a link leads to, unless it is read anyway. Links could lead around in circles.
    fn link(&mut self, path: PathBuf, name: Option<&str>, depth: usize) {
        let Some(end) = self.kind(&path).and_then(|_| path.canonicalize().ok()) else { return };
        if self.tops.iter().any(|top| end.starts_with(top)) {
            return;
        }
        if self.tops.iter().any(|top| top.starts_with(&end)) {
            let why = "it is a link to a folder around it, which is not followed; 'keysweep files' reads its target";
            return self.unread.push((path, why.to_owned()));
        }
        self.tops.push(end);
        self.below(&path, name, depth + 1);
    }

    /// Adds everything below a folder, or only the files with this name.
    fn below(&mut self, folder: &Path, name: Option<&str>, depth: usize) {
        if depth == MAX_DEPTH || self.files.len() >= MAX_FILES {
            let why = format!(
                "it was not read: the limits are {MAX_DEPTH} levels of folders and {MAX_FILES} files; 'keysweep files' reads it"
            );
            return self.unread.push((folder.to_owned(), why));
        }
        for (path, own) in self.entries(folder) {
            match path.symlink_metadata().map(|meta| meta.file_type()) {
                Ok(kind) if kind.is_symlink() && path.is_dir() => self.link(path, name, depth),
                Ok(kind) if kind.is_dir() => self.below(&path, name, depth + 1),
                Ok(_) if name.is_none_or(|name| fits_stars(name, &own)) => self.end(path),
                Ok(_) => {}
                Err(error) => self.unread.push((path, error.to_string())),
            }
        }
    }

    /// Returns the entries of a folder, by name; none if it doesn't exist.
    fn entries(&mut self, folder: &Path) -> Vec<(PathBuf, String)> {
        let Some(kind) = self.kind(folder) else { return Vec::new() };
        if !kind.is_dir() {
            return Vec::new();
        }
        match std::fs::read_dir(folder) {
            Ok(entries) => {
                let mut found = Vec::new();
                for entry in entries {
                    match entry {
                        Ok(entry) => found.push((entry.path(), entry.file_name().to_string_lossy().into_owned())),
                        Err(error) => self.unread.push((folder.to_owned(), error.to_string())),
                    }
                }
                found.sort();
                found
            }
            Err(error) => {
                self.unread.push((folder.to_owned(), format!("{error}; check its permissions")));
                Vec::new()
            }
        }
    }

    /// Adds the file that a whole pattern leads to.
    fn end(&mut self, path: PathBuf) {
        let Some(kind) = self.kind(&path) else { return };
        match bounded::kind(kind) {
            Kind::File => self.files.push(path),
            Kind::Folder => {}
            other => self.unread.push((path, format!("it is {}, which is not opened", other.describe()))),
        }
    }

    /// Returns the type of a file, following a link unless it leads out of the folder; `None` if nothing there can be
    /// read.
    fn kind(&mut self, path: &Path) -> Option<FileType> {
        let kind = match path.symlink_metadata() {
            Ok(meta) => meta.file_type(),
            Err(error) => {
                let is_absent =
                    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory);
                if !is_absent {
                    self.unread.push((path.to_owned(), format!("{error}; check its permissions")));
                }
                return None;
            }
        };
        let end = path.canonicalize();
        let is_inside = |end: &PathBuf| self.whole.as_ref().is_some_and(|whole| end.starts_with(whole));
        match end {
            Ok(end) if is_inside(&end) => end.metadata().ok().map(|meta| meta.file_type()),
            Ok(_) => {
                let why =
                    "it is reached through a link that leads out of the folder; 'keysweep files' reads its target";
                self.unread.push((path.to_owned(), why.to_owned()));
                None
            }
            // A link to nothing has no content.
            Err(_) if kind.is_symlink() => None,
            Err(error) => {
                self.unread.push((path.to_owned(), format!("{error}; check its permissions")));
                None
            }
        }
    }
}
