//! The folders that make up a repository, and the check that everything in them that git's reader opens is a file.
//!
//! The reader opens anything that has the right name, whatever it is, and reads it to its end. A clone may contain a
//! bare repository in which a device, a pipe, or a link to one has such a name; so everything that the reader may open
//! is checked first. Files of which there can be any number are checked only when needed: the sizes of refs before they
//! are listed, and loose objects one by one, or all before revisions are resolved. Sockets don't matter because they
//! can't be opened. Reflogs, and files that we read ourselves, are checked elsewhere.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use bstr::{BStr, ByteSlice as _};

use super::{ObjectId, SourceError, alternates};
use crate::fs::bounded::{self, Kind, Links, Refused};
use crate::text::escape;

/// The files that are read to their end and are small in any repository.
const SMALL: [&str; 5] = ["HEAD", "config", "config.worktree", "commondir", "gitdir"];
/// Other files in a repository's folder that the reader opens.
const LARGE: [&str; 3] = ["packed-refs", "shallow", "index"];
/// The most levels of configuration includes that are followed; git has the same limit.
pub(super) const MOST_INCLUDES: usize = 10;

/// The folders that make up a repository.
#[derive(Debug)]
pub(super) struct Layout {
    /// The folder of this work tree, and the one that all work trees share.
    pub(super) git_dirs: Vec<PathBuf>,
    /// The object folders, the repository's own first.
    pub(super) objects: Vec<PathBuf>,
}

/// The depth to which a folder is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// Only the folder's own entries.
    Here,
    /// The folder and everything below it.
    Below,
}

/// The property of a file that is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// The kind, which the folder listing gives for nearly all entries.
    Kind,
    /// The kind, and that the size is as small as in any repository.
    Size,
}

/// Checks the repository that a folder belongs to, if there is one.
///
/// # Errors
/// Fails if something in it can't be opened.
pub(super) fn around(directory: &Path) -> Result<Option<Layout>, SourceError> {
    let whole = directory.canonicalize().unwrap_or_else(|_| directory.to_owned());
    for folder in whole.ancestors() {
        let dot_git = folder.join(".git");
        opens(&dot_git)?;
        let git_dir = if dot_git.is_file() { pointed(&dot_git)? } else { Some(dot_git) };
        for candidate in git_dir.into_iter().chain([folder.to_owned()]) {
            // If a folder only looks like a repository, the reader still opens this file.
            opens(&candidate.join("HEAD"))?;
            if candidate.join("HEAD").symlink_metadata().is_ok() {
                let layout = Layout::of(&candidate)?;
                if layout.is_repository() {
                    return Ok(Some(layout));
                }
            }
        }
    }
    Ok(None)
}

impl Layout {
    /// Checks the repository whose git directory is this folder.
    ///
    /// # Errors
    /// Fails if something in it can't be opened.
    pub(super) fn of(git_dir: &Path) -> Result<Self, SourceError> {
        look_at_git_dir(git_dir)?;
        let common = relation(&git_dir.join("commondir"))?.map(|common| git_dir.join(common));
        if let Some(common) = &common {
            look_at_git_dir(common)?;
        }
        let shared = common.as_deref().unwrap_or(git_dir).to_owned();
        look(&shared.join("reftable"), Depth::Here, Asked::Kind)?;
        for worktree in listed(&shared.join("worktrees")) {
            look_at_git_dir(&worktree)?;
        }
        for folder in std::iter::once(git_dir).chain(common.as_deref()) {
            for name in ["config", "config.worktree"] {
                look_at_config(&folder.join(name), MOST_INCLUDES)?;
            }
        }
        if let Some(shallow) = std::env::var_os("GIT_SHALLOW_FILE") {
            [PathBuf::from(&shallow), shared.join(shallow)].iter().try_for_each(|path| opens(path))?;
        }
        let objects = borrowed(shared.join("objects"))?;
        objects.iter().try_for_each(|folder| look_at_objects(folder))?;
        let git_dirs = std::iter::once(git_dir.to_owned()).chain(common).collect();
        Ok(Self { git_dirs, objects })
    }

    /// Returns `true` if git would treat the folder as a repository.
    fn is_repository(&self) -> bool {
        let shared = self.git_dirs.last().is_some_and(|shared| shared.join("refs").is_dir());
        shared && self.objects.first().is_some_and(|objects| objects.is_dir())
    }
}

/// Returns the folder that a `.git` file names.
fn pointed(file: &Path) -> Result<Option<PathBuf>, SourceError> {
    let text = bounded::read(file, bounded::MAX_SIZE, Links::Followed).map_err(|refused| broken(file, &refused))?;
    let named = text.strip_prefix(b"gitdir:").and_then(path_of);
    Ok(named.map(|named| file.with_file_name("").join(named)))
}

/// Reads the path in a file that holds nothing else.
fn relation(file: &Path) -> Result<Option<PathBuf>, SourceError> {
    match bounded::read(file, bounded::MAX_SIZE, Links::Followed) {
        Ok(text) => Ok(path_of(&text)),
        Err(Refused::Io(_)) => Ok(None),
        Err(refused) => Err(broken(file, &refused)),
    }
}

fn path_of(text: &[u8]) -> Option<PathBuf> {
    bstr::ByteSlice::to_path(text.trim_ascii()).ok().map(Path::to_owned)
}

fn look_at_git_dir(folder: &Path) -> Result<(), SourceError> {
    for name in SMALL {
        is_small(&folder.join(name))?;
    }
    for name in LARGE {
        opens(&folder.join(name))?;
    }
    // Refs outside of `refs`, and the rest of a split index.
    let is_opened = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        name.ends_with(b"_HEAD") || name.starts_with(b"sharedindex.")
    };
    listed(folder).filter(is_opened).try_for_each(|path| opens(&path))?;
    look(&folder.join("refs"), Depth::Below, Asked::Kind)
}

/// Checks the packs, their indexes, and the files that describe all of them.
fn look_at_objects(folder: &Path) -> Result<(), SourceError> {
    look(&folder.join("info"), Depth::Below, Asked::Kind)?;
    look(&folder.join("pack"), Depth::Below, Asked::Kind)
}

/// Checks all refs that are files; call it before all of them are read.
///
/// # Errors
/// Fails if a ref can't be opened, or is too large to be one.
pub(super) fn all_refs(local: &gix::Repository) -> Result<(), SourceError> {
    git_dirs(local).try_for_each(|folder| look(&folder.join("refs"), Depth::Below, Asked::Size))
}

/// Checks a ref; call it before the ref is read by its full name.
///
/// # Errors
/// Fails if the ref can't be opened, or is too large to be one.
pub(super) fn one_ref(local: &gix::Repository, name: &BStr) -> Result<(), SourceError> {
    let Ok(name) = name.to_path() else { return Ok(()) };
    git_dirs(local).try_for_each(|folder| is_small(&folder.join(name)))
}

/// Checks the files that git's reader opens for a revision: one in the git directory with that name, and the reflogs if
/// the revision asks for an earlier value of a ref.
///
/// # Errors
/// Fails if one of them can't be opened, or is too large for a ref.
pub(super) fn revision(local: &gix::Repository, word: &str) -> Result<(), SourceError> {
    let names = word.split("..").map(|part| part.trim_matches(['^', '.']));
    let names = names.filter_map(|part| part.split(['^', '~', ':', '@']).next());
    let inside =
        |name: &&str| !name.is_empty() && Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    names.filter(inside).try_for_each(|name| one_ref(local, name.into()))?;
    if !word.contains("@{") {
        return Ok(());
    }
    git_dirs(local).try_for_each(|folder| look(&folder.join("logs"), Depth::Below, Asked::Kind))
}

/// Returns the folder that all work trees share, and the one of this work tree if it is another.
fn git_dirs(local: &gix::Repository) -> impl Iterator<Item = &Path> {
    let own = local.git_dir();
    std::iter::once(local.common_dir()).chain(Some(own).filter(|own| *own != local.common_dir()))
}

/// Checks the file of a loose object.
///
/// # Errors
/// Fails if the file can't be opened.
pub(super) fn loose_object(local: &gix::Repository, id: ObjectId) -> Result<(), SourceError> {
    let digits = id.to_string();
    let (first, rest) = digits.split_at(2);
    object_folders(local).iter().try_for_each(|folder| opens(&folder.join(first).join(rest)))
}

/// Checks all loose objects, for readers that don't say which of them they open.
///
/// # Errors
/// Fails if one of them can't be opened.
pub(super) fn all_loose_objects(local: &gix::Repository) -> Result<(), SourceError> {
    object_folders(local).iter().try_for_each(|folder| loose_objects_in(folder))
}

/// Checks the loose objects in one object folder.
///
/// # Errors
/// Fails if one of them can't be opened.
pub(super) fn loose_objects_in(folder: &Path) -> Result<(), SourceError> {
    let is_loose = |path: &PathBuf| {
        path.file_name()
            .is_some_and(|name| name.len() == 2 && name.as_encoded_bytes().iter().all(u8::is_ascii_hexdigit))
    };
    listed(folder).filter(is_loose).try_for_each(|path| look(&path, Depth::Here, Asked::Kind))
}

/// Returns the folders that objects are read from.
fn object_folders(local: &gix::Repository) -> Vec<PathBuf> {
    let store = local.objects.store_ref();
    let borrowed = store.alternate_db_paths().unwrap_or_default();
    std::iter::once(store.path().to_owned()).chain(borrowed).collect()
}

/// Checks a configuration file and those that it includes, whether or not the conditions of the includes hold. The null
/// device counts as an empty file.
///
/// # Errors
/// Fails if one of the files is another device, a pipe, or too large.
pub(super) fn look_at_config(file: &Path, left: usize) -> Result<(), SourceError> {
    let text = match bounded::read(file, bounded::MAX_SIZE, Links::Followed) {
        Ok(text) => text,
        Err(Refused::Io(_)) => return Ok(()),
        Err(_) if bounded::is_null(file) => return Ok(()),
        Err(refused) => return Err(broken(file, &refused)),
    };
    let meta = gix::config::file::Metadata::from(gix::config::Source::Local);
    // Any other problem with the file is reported by the reader.
    match gix::config::File::from_bytes_no_includes(&text, meta, Default::default()) {
        Ok(config) => look_at_includes(&config, &file.with_file_name(""), left),
        Err(_) => Ok(()),
    }
}

/// Checks the files that a configuration in a folder includes.
///
/// # Errors
/// Fails if one of them can't be opened.
pub(super) fn look_at_includes(config: &gix::config::File, folder: &Path, left: usize) -> Result<(), SourceError> {
    let home = std::env::home_dir();
    let sections = ["include", "includeIf"].into_iter().filter_map(|name| config.sections_by_name(name)).flatten();
    for value in sections.flat_map(|section| section.values("path")) {
        let path = gix::config::Path::from(value).interpolate(interpolation(home.as_deref()));
        if let (Ok(path), Some(left)) = (path, left.checked_sub(1)) {
            look_at_config(&folder.join(path), left)?;
        }
    }
    Ok(())
}

/// Returns the home folders that `~` and `~user` mean in a configured path.
pub(super) fn interpolation(home: Option<&Path>) -> gix::config::path::interpolate::Context<'_> {
    gix::config::path::interpolate::Context {
        home_dir: home,
        home_for_user: Some(gix::config::path::interpolate::home_for_user),
        ..Default::default()
    }
}

/// Returns an object folder and all folders that it borrows from. git and its reader disagree on where a relative path
/// in a borrowed folder's list starts, so both places are included.
fn borrowed(own: PathBuf) -> Result<Vec<PathBuf>, SourceError> {
    let mut seen: BTreeSet<PathBuf> = own.canonicalize().into_iter().collect();
    let mut folders = vec![own.clone()];
    let mut next = 0;
    while let Some(folder) = folders.get(next).cloned() {
        let is_over = |paths: &Vec<PathBuf>| folders.len() + paths.len() > 2 * alternates::MOST;
        let listed = alternates::borrowed(&folder)
            .map(|list| list.paths)
            .and_then(|paths| if is_over(&paths) { Err(alternates::too_many()) } else { Ok(paths) });
        let paths = listed.map_err(|error| SourceError::Broken {
            what: format!("'{}'", shown(&alternates::file(&folder))),
            cause: escape(error.to_string().as_bytes()),
        })?;
        let places = paths.into_iter().flat_map(|path| [folder.join(&path), own.join(path)]);
        folders.extend(places.filter_map(|path| path.canonicalize().ok()).filter(|path| seen.insert(path.clone())));
        next += 1;
    }
    Ok(folders)
}

/// Returns the entries of a folder; none if it can't be listed, which the reader reports.
fn listed(folder: &Path) -> impl Iterator<Item = PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

/// Checks the contents of a folder. Links to folders aren't followed, and the reader doesn't follow them either.
fn look(folder: &Path, depth: Depth, asked: Asked) -> Result<(), SourceError> {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && depth == Depth::Below => folders.push(entry.path()),
                Ok(kind) if kind.is_dir() || kind.is_file() && asked == Asked::Kind => {}
                Ok(_) if asked == Asked::Kind => opens(&entry.path())?,
                Ok(_) => is_small(&entry.path())?,
                Err(_) => {}
            }
        }
    }
    Ok(())
}

/// Checks that a path, if it exists, can be opened without blocking and has an end.
///
/// # Errors
/// Fails if it is a device or a pipe.
pub(super) fn opens(path: &Path) -> Result<(), SourceError> {
    match path.metadata().map(|meta| bounded::kind(meta.file_type())) {
        Ok(kind @ (Kind::Pipe | Kind::Device)) => Err(broken(path, &Refused::Kind(kind.describe()))),
        _ => Ok(()),
    }
}

/// Checks the same, and that the file is as small as it is in any repository.
fn is_small(path: &Path) -> Result<(), SourceError> {
    let Ok(meta) = path.metadata() else { return Ok(()) };
    match bounded::kind(meta.file_type()) {
        kind @ (Kind::Pipe | Kind::Device) => Err(broken(path, &Refused::Kind(kind.describe()))),
        Kind::File if meta.len() > bounded::MAX_SIZE => Err(broken(path, &Refused::TooLarge(bounded::MAX_SIZE))),
        _ => Ok(()),
    }
}

fn shown(path: &Path) -> String {
    escape(path.as_os_str().as_encoded_bytes())
}

fn broken(path: &Path, refused: &Refused) -> SourceError {
    SourceError::Broken { what: format!("'{}'", shown(path)), cause: escape(refused.to_string().as_bytes()) }
}
