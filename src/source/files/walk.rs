//! A walk through folders. No link is followed, and only folders and ignore files are opened; everything else that
//! isn't read is reported.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::rules::{NAMES, Rules};
use super::tracked::Tracked;
use super::{Found, IgnoreFiles, name};
use crate::finding::{Gap, GapKind, Note};
use crate::fs::bounded::{self, Kind, Refused};
use crate::git::{Repo, user_config};

/// The state of the walk.
pub(super) struct Walk<'w> {
    pub(super) found: &'w mut Found,
    /// The top of the work tree that contains the walk; it need not be reported as a repository.
    around: Option<&'w Path>,
    ignore: IgnoreFiles,
    rules: Rules,
    /// The files that git tracks in each work tree on the way; `None` if they are unknown.
    tracked: BTreeMap<PathBuf, Option<Tracked>>,
}

/// The position of a folder in the walk.
#[derive(Clone)]
struct Place {
    /// The top of the work tree that contains the folder.
    top: Option<Rc<Path>>,
    /// The number of levels of ignore rules on the way that don't apply here.
    first: usize,
    /// `true` if everything here is excluded except tracked files.
    is_left_out: bool,
}

/// An entry of a folder.
struct Entry {
    path: PathBuf,
    /// The absolute path.
    whole: PathBuf,
    kind: std::fs::FileType,
}

impl<'w> Walk<'w> {
    pub(super) fn new(found: &'w mut Found, around: Option<&'w Path>, ignore: IgnoreFiles) -> Self {
        Self { found, around, ignore, rules: Rules::default(), tracked: BTreeMap::new() }
    }

    /// Walks everything below a folder that the user names.
    pub(super) fn all(&mut self, path: &Path) {
        let whole = match path.canonicalize() {
            Ok(whole) => whole,
            Err(error) => return self.found.gap(path, Refused::Io(error).to_string()),
        };
        self.rules.leave(0);
        let mut place = Place { top: None, first: 0, is_left_out: false };
        let top = whole.ancestors().skip(1).find(|folder| folder.join(".git").exists()).map(Rc::from);
        if let Some(top) = top.filter(|_| !whole.join(".git").exists()) {
            let mut above: Vec<&Path> =
                whole.ancestors().skip(1).take_while(|folder| folder.starts_with(&top)).collect();
            above.reverse();
            place.top = Some(top);
            for folder in above {
                self.obey(folder, &place);
            }
        }
        self.folder(path, &whole, &place);
    }

    fn folder(&mut self, path: &Path, whole: &Path, place: &Place) {
        let depth = self.rules.depth();
        let entries = self.entries(path, whole);
        let at = |name: &str| entries.iter().find(|entry| entry.whole.file_name().is_some_and(|own| own == name));
        let is_folder = |name: &str| at(name).is_some_and(|entry| entry.kind.is_dir());
        if at("HEAD").is_some() && is_folder("objects") && is_folder("refs") {
            self.found.repositories.add(name(path));
        }
        let mut place = place.clone();
        if let Some(git) = at(".git") {
            place = Place { top: Some(whole.into()), first: depth, is_left_out: false };
            if git.kind.is_dir() && self.around != Some(whole) {
                self.found.repositories.add(name(&git.path));
            }
        }
        if at(".git").is_some() || NAMES.iter().any(|name| at(name).is_some()) {
            self.obey(whole, &place);
        }
        for entry in entries.iter().filter(|entry| entry.whole.file_name().is_some_and(|own| own != ".git")) {
            self.entry(entry, &place);
        }
        self.rules.leave(depth);
    }

    /// Reads the ignore files of a folder.
    fn obey(&mut self, folder: &Path, place: &Place) {
        if self.ignore == IgnoreFiles::Overruled {
            return;
        }
        let whole = if place.top.as_deref() == Some(folder) { self.everywhere(folder) } else { Vec::new() };
        for (path, why) in self.rules.enter(folder, place.top.as_deref().unwrap_or(folder), &whole) {
            let why = format!("its ignore rules were not applied: {why}");
            self.found.listing.gaps.push(Gap { what: name(&path), kind: GapKind::Unreadable, why });
        }
    }

    fn entry(&mut self, entry: &Entry, place: &Place) {
        let mut place = place.clone();
        let kind = bounded::kind(entry.kind);
        let is_folder = kind == Kind::Folder;
        let levels = place.first..self.rules.depth();
        place.is_left_out |= self.rules.leave_out(levels, &entry.whole, is_folder);
        if place.is_left_out && !self.is_tracked(entry, &place) {
            let slash: &[u8] = if is_folder { b"/" } else { b"" };
            return self.found.left_out.add([&name(&entry.path)[..], slash].concat().into());
        }
        match kind {
            _ if entry.kind.is_symlink() => self.found.link(&entry.path),
            Kind::Folder => self.folder(&entry.path, &entry.whole, &place),
            Kind::File => self.found.file(&entry.path),
            Kind::Pipe => {
                let why = "it is a pipe, which waits for a writer: name it to have it read, or ignore it";
                self.found.gap(&entry.path, why.to_owned());
            }
            Kind::Device | Kind::Socket => self.found.special.add(name(&entry.path)),
        }
    }

    /// Returns `true` if git tracks an entry, or may track it: if that is unknown, nothing is left out.
    fn is_tracked(&mut self, entry: &Entry, place: &Place) -> bool {
        let Some(top) = &place.top else { return false };
        let below = entry.whole.strip_prefix(&**top).map(name).unwrap_or_default();
        let found = &mut self.found;
        let tracked = self.tracked.entry(top.to_path_buf()).or_insert_with(|| {
            let add_note = |why: String| {
                let why = why.lines().next().unwrap_or_default();
                let top = name(top);
                let text = "it is not known what git tracks in it, so ignore files were not applied";
                found.listing.notes.push(Note(format!("{top}: {text}: {why}")));
            };
            Tracked::of(top).map_err(add_note).ok()
        });
        tracked.as_ref().is_none_or(|tracked| tracked.has(below.as_ref()))
    }

    /// Returns the files with rules for a whole work tree, in ascending order of precedence.
    fn everywhere(&mut self, top: &Path) -> Vec<PathBuf> {
        let users = user_config::excludes_file().unwrap_or_else(|error| {
            let why = format!("the user's own ignore rules were not applied: {error}");
            self.found.gap(top, why);
            None
        });
        users.filter(|path| !bounded::is_null(path)).into_iter().chain(exclude(top)).collect()
    }

    /// Returns the entries of a folder, by name.
    fn entries(&mut self, path: &Path, whole: &Path) -> Vec<Entry> {
        let read = |entry: io::Result<std::fs::DirEntry>| {
            let entry = entry?;
            Ok(Entry { path: entry.path(), whole: whole.join(entry.file_name()), kind: entry.file_type()? })
        };
        let listed = match std::fs::read_dir(path) {
            Ok(listed) => listed,
            Err(error) => {
                self.found.gap(path, Refused::Io(error).to_string());
                return Vec::new();
            }
        };
        let mut entries = Vec::new();
        for entry in listed {
            match read(entry) {
                Ok(entry) => entries.push(entry),
                Err(error) => self.found.gap(path, Refused::Io(error).to_string()),
            }
        }
        entries.sort_by(|a, b| a.whole.cmp(&b.whole));
        entries
    }
}

/// Returns the file in a work tree's repository that has rules for the whole work tree.
fn exclude(top: &Path) -> Option<PathBuf> {
    let own = top.join(".git");
    let common = if own.is_dir() {
        Some(own)
    } else {
        // In a linked work tree `.git` is a file.
        let repo = Repo::open(top).ok();
        let is_own = |repo: &Repo| repo.workdir().and_then(|own| own.canonicalize().ok()).as_deref() == Some(top);
        repo.filter(is_own).map(|repo| repo.common_dir())
    };
    common.map(|common| common.join("info/exclude"))
}
