//! The report files among the given files, and in the given folders.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// The most levels of nested folders that are read.
const DEEPEST: usize = 16;

/// The folder in which a runner records the state of a repository that each report describes. Like the next two, it
/// holds no reports.
pub const STATES: &str = ".state";
/// The folder in which sweeps keep their caches.
pub const CACHES: &str = ".caches";
/// The folder in which clones are kept while they are swept.
pub const CLONES: &str = ".clones";

/// No given path could be a report.
#[derive(Debug, thiserror::Error)]
#[error(
    "there is no report in what was given: reports are files that end with .jsonl or .json, written with --format jsonl"
)]
pub struct NoReports;

/// Returns the files in a list of files and folders, each once, whatever links lead to it. Anything named like a report
/// that isn't a regular file, such as a pipe or an unread folder, is included: reading it reports the reason.
///
/// # Errors
/// Fails if a folder can't be read.
pub fn files(paths: &[PathBuf]) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        match path.is_dir() {
            true => folder(path, &path.canonicalize()?, DEEPEST, &mut found)?,
            false => found.push(path.clone()),
        }
    }
    // The shortest path comes first, so that a file in a hidden folder is named by the link to it.
    found.sort_by_cached_key(|path| (path.components().count(), path.clone()));
    let mut once = BTreeMap::new();
    for path in found {
        once.entry(path.canonicalize().unwrap_or_else(|_| path.clone())).or_insert(path);
    }
    let mut files: Vec<PathBuf> = once.into_values().collect();
    files.sort();
    Ok(files)
}

/// Reads a folder below `root`. A link to a folder is not followed: a target within `root` is read there, and one
/// elsewhere counts as unread.
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
