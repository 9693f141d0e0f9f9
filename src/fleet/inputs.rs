//! The files that are reports: those that are named, and those in the folders that are named.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// Folders in folders that are looked into, at most.
const DEEPEST: usize = 16;

/// Where a runner remembers which state of a repository a report is of. Like the next two it holds no reports.
pub const STATES: &str = ".state";
/// Where sweeps remember what was clean.
pub const CACHES: &str = ".caches";
/// Where clones lie as long as they are swept.
pub const CLONES: &str = ".clones";

/// Nothing was given that could be a report.
#[derive(Debug, thiserror::Error)]
#[error(
    "there is no report in what was given: reports are files that end with .jsonl or .json, written with --format jsonl"
)]
pub struct NoReports;

/// The files that a list of files and folders comes to, each once, whatever links lead to it. What looks like a report and is
/// none, as a pipe or a folder that is not looked into, is among them: reading it says so.
///
/// # Errors
/// When a folder cannot be read.
pub fn files(paths: &[PathBuf]) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        match path.is_dir() {
            true => folder(path, &path.canonicalize()?, DEEPEST, &mut found)?,
            false => found.push(path.clone()),
        }
    }
    // The shortest name comes first, so a file in a hidden folder is called by the link to it.
    found.sort_by_cached_key(|path| (path.components().count(), path.clone()));
    let mut once = BTreeMap::new();
    for path in found {
        once.entry(path.canonicalize().unwrap_or_else(|_| path.clone())).or_insert(path);
    }
    let mut files: Vec<PathBuf> = once.into_values().collect();
    files.sort();
    Ok(files)
}

/// Looks into a folder below `root`. A link to a folder is not followed: what it leads to in `root` is found there, and
/// what is elsewhere counts as not read.
fn folder(path: &Path, root: &Path, left: usize, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        let (kind, path) = (entry.file_type()?, entry.path());
        let is_runners = [STATES, CACHES, CLONES].iter().any(|name| entry.file_name() == *name);
        if kind.is_dir() && is_runners {
            continue;
        }
        if kind.is_dir() && left > 0 {
            folder(&path, root, left - 1, found)?;
        } else if kind.is_dir() || is_report(&path) || kind.is_symlink() && leads_out(&path, root) {
            found.push(path);
        }
    }
    Ok(())
}

fn is_report(path: &Path) -> bool {
    let is = |end: &str| path.extension().is_some_and(|other| other.eq_ignore_ascii_case(end));
    (is("jsonl") || is("json")) && !path.is_dir()
}

fn leads_out(link: &Path, root: &Path) -> bool {
    link.canonicalize().is_ok_and(|end| end.is_dir() && !end.starts_with(root))
}
