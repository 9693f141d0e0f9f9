//! The last reports of a repository, so that `explain ID` can say more about a finding without another scan.
//!
//! There is one file for each command, in the folder that all work trees share. It holds what a report shows, so no
//! value. The lists of files that a report's commands name are next to it, in the folder of the work tree. A report
//! that can't be stored is no error. A stored report is masked and escaped again when it is read, because anybody may
//! have written to a repository's folder.

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
const COMMANDS: [Command; 5] = [Command::History, Command::Range, Command::Staged, Command::Files, Command::PurgePlan];
/// The largest file that is read, in bytes.
const MAX_SIZE: u64 = 1 << 30;

/// A report with its time.
#[derive(Debug, Serialize, Deserialize)]
pub struct Stored<V = View> {
    /// The time at which it was made, in seconds since 1970.
    pub made: u64,
    /// The nanoseconds of that second, to tell which of two commands in a row was later.
    #[serde(default)]
    pub nanos: u32,
    /// The report.
    pub report: V,
}

/// Stores a report in the place of the previous one, and returns `true` if the repository could be written to.
pub fn store(repo: &Repo, view: &View) -> bool {
    let path = || path(repo, view.command);
    match view.command {
        Command::Files => in_work_tree(repo, view).is_some_and(|view| write(path(), &stamped(&view)).is_ok()),
        // A read-only repository is scanned all the same.
        command => COMMANDS.contains(&command) && write(path(), &stamped(view)).is_ok(),
    }
}

/// Stores the file lists that commands name. If one can't be stored, its command fails and changes nothing.
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

/// Returns a report on files with their paths from the root of the work tree, as other reports have them; `None` if it
/// is about files outside of it.
fn in_work_tree(repo: &Repo, view: &View) -> Option<View> {
    let root = repo.workdir()?.canonicalize().ok()?;
    let mut view = view.clone();
    for place in view.findings.iter_mut().chain(&mut view.suppressed).flat_map(|one| &mut one.occurrences) {
        // A file in an archive is named after the archive's own name.
        let file = brief::file(place).to_owned();
        // A link itself is meant, not its target.
        let folder = Path::new(".").join(&file).parent()?.canonicalize().ok()?;
        let path = folder.strip_prefix(&root).ok()?.join(Path::new(&file).file_name()?).to_str()?.to_owned();
        place.path = place.path.replacen(&file, &path, 1).trim_start_matches("./").to_owned();
    }
    Some(view)
}

/// Returns all stored reports, newest first; one that can't be read is left out.
pub fn stored(repo: &Repo) -> Vec<Stored> {
    let mut all: Vec<Stored> = COMMANDS.iter().filter_map(|command| read(&path(repo, *command))).collect();
    all.sort_by_key(|stored| std::cmp::Reverse((stored.made, stored.nanos)));
    all
}

/// Returns the paths of the contents that stopped the last commit, by the ids of their blobs.
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

/// Writes a file in the program's own folder, whole or not at all.
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
