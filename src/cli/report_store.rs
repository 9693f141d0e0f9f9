//! The last reports of a repository, so that `explain ID` can say more about a finding without another scan.
//!
//! One file for each command lies in the folder that all work trees share. It holds what a report shows, so no value. The lists of
//! files that a report's commands name lie next to it, in the folder of the work tree. That it
//! cannot be stored is no error; what is read back is masked and escaped again, as anything in a repository's folder may come
//! from anybody.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::clock;
use crate::finding::{Command, ContentKind, FileList};
use crate::fs::bounded::{self, Links};
use crate::fs::{Rights, owner_only, replace};
use crate::git::Repo;
use crate::output::brief;
use crate::output::view::View;
use crate::source::git_dir;

/// The commands whose reports are stored.
const COMMANDS: [Command; 4] = [Command::History, Command::Range, Command::Staged, Command::Files];
/// A larger file is not read.
const MAX_SIZE: u64 = 1 << 30;

/// A report with its time.
#[derive(Debug, Serialize, Deserialize)]
pub struct Stored<V = View> {
    /// When it was made, in seconds since 1970.
    pub made: u64,
    /// And in nanoseconds of that second, so that of two commands in a row the later one is known.
    #[serde(default)]
    pub nanos: u32,
    /// The report.
    pub report: V,
}

/// Stores a report in the place of the one before, if the repository can be written to, and says whether it did.
pub fn store(repo: &Repo, view: &View) -> bool {
    let path = || path(repo, view.command);
    match view.command {
        Command::Files => in_work_tree(repo, view).is_some_and(|view| write(path(), &stamped(&view)).is_ok()),
        // A repository that only can be read is scanned all the same.
        command => COMMANDS.contains(&command) && write(path(), &stamped(view)).is_ok(),
    }
}

/// Keeps the lists that commands name. One that cannot be kept makes its command fail, which then changes nothing.
pub fn keep_lists(repo: &Repo, lists: &[FileList]) {
    for list in lists {
        let path = repo.git_dir().join(git_dir::OWN).join(&list.name);
        let _ = whole(&path, |out| out.write_all(&list.content()));
    }
}

fn stamped(report: &View) -> Stored<&View> {
    let now = clock::elapsed();
    Stored { made: now.as_secs(), nanos: now.subsec_nanos(), report }
}

/// A report on files with their paths from the root of the work tree, as other reports have them; none if it is about files
/// elsewhere.
fn in_work_tree(repo: &Repo, view: &View) -> Option<View> {
    let root = repo.workdir()?.canonicalize().ok()?;
    let mut view = view.clone();
    for place in view.findings.iter_mut().chain(&mut view.suppressed).flat_map(|one| &mut one.occurrences) {
        // What lies in an archive is named behind the archive's own name.
        let file = brief::file(place).to_owned();
        // A link itself is meant, not what it leads to.
        let folder = Path::new(".").join(&file).parent()?.canonicalize().ok()?;
        let path = folder.strip_prefix(&root).ok()?.join(Path::new(&file).file_name()?).to_str()?.to_owned();
        place.path = place.path.replacen(&file, &path, 1).trim_start_matches("./").to_owned();
    }
    Some(view)
}

/// All that are stored, newest first; one that cannot be read is left out.
pub fn stored(repo: &Repo) -> Vec<Stored> {
    let mut all: Vec<Stored> = COMMANDS.iter().filter_map(|command| read(&path(repo, *command))).collect();
    all.sort_by_key(|stored| std::cmp::Reverse((stored.made, stored.nanos)));
    all
}

/// Where the contents were staged that stopped the last commit: paths by the ids of blobs.
pub fn staged_paths(repo: &Repo) -> BTreeMap<String, String> {
    let Some(last) = read(&path(repo, Command::Staged)) else { return BTreeMap::new() };
    let places = last.report.findings.into_iter().flat_map(|one| one.occurrences);
    let files = places.filter(|place| place.kind == ContentKind::File && !place.path.is_empty());
    files.filter_map(|place| Some((place.blob?, place.path))).collect()
}

fn path(repo: &Repo, command: Command) -> PathBuf {
    repo.common_dir().join(git_dir::OWN).join(format!("last-{}.json", command.as_str()))
}

fn write(path: PathBuf, stored: &Stored<&View>) -> io::Result<()> {
    whole(&path, |out| Ok(serde_json::to_writer(out, stored)?))
}

/// Writes a file of the folder that is the program's own, whole or not at all.
pub(super) fn whole(path: &Path, mut write: impl FnMut(&mut dyn io::Write) -> io::Result<()>) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        match owner_only::folder().create(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            // A link would lead out of the repository.
            _ if !fs::symlink_metadata(folder)?.is_dir() => return Err(io::ErrorKind::NotADirectory.into()),
            _ => {}
        }
    }
    replace(path, Rights::OwnerOnly, &mut write)
}

fn read(path: &Path) -> Option<Stored> {
    serde_json::from_slice(&bounded::read(path, MAX_SIZE, Links::Refused).ok()?).ok()
}
