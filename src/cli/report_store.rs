//! The last reports of a repository, so that `explain ID` can say more about a finding without another scan.
//!
//! One file for each command lies in the folder that all work trees share. It holds what a report shows, so no value. That it
//! cannot be stored is no error; what is read back is masked and escaped again, as anything in a repository's folder may come
//! from anybody.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::finding::{Command, ContentKind};
use crate::fs::bounded::{self, Links};
use crate::fs::{Rights, owner_only, replace};
use crate::git::Repo;
use crate::output::view::View;
use crate::source::git_dir;

/// The commands whose reports are stored.
const COMMANDS: [Command; 3] = [Command::History, Command::Range, Command::Staged];
/// A larger file is not read.
const MAX_SIZE: u64 = 1 << 30;

/// A report with its time.
#[derive(Debug, Serialize, Deserialize)]
pub struct Stored<V = View> {
    /// When it was made, in seconds since 1970.
    pub made: u64,
    /// The report.
    pub report: V,
}

/// Stores a report in the place of the one before, if the repository can be written to.
pub fn store(repo: &Repo, view: &View, now: u64) {
    if COMMANDS.contains(&view.command) {
        // A repository that only can be read is scanned all the same.
        let _ = write(path(repo, view.command), &Stored { made: now, report: view });
    }
}

/// All that are stored, newest first; one that cannot be read is left out.
pub fn stored(repo: &Repo) -> Vec<Stored> {
    let mut all: Vec<Stored> = COMMANDS.iter().filter_map(|command| read(&path(repo, *command))).collect();
    all.sort_by_key(|stored| std::cmp::Reverse(stored.made));
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
    if let Some(folder) = path.parent() {
        match owner_only::folder().create(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            // A link would lead out of the repository.
            _ if !fs::symlink_metadata(folder)?.is_dir() => return Err(io::ErrorKind::NotADirectory.into()),
            _ => {}
        }
    }
    replace(&path, Rights::OwnerOnly, |out| Ok(serde_json::to_writer(out, stored)?))
}

fn read(path: &Path) -> Option<Stored> {
    serde_json::from_slice(&bounded::read(path, MAX_SIZE, Links::Refused).ok()?).ok()
}
