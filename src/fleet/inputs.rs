//! The files that are reports: those that are named, and those in the folders that are named.

use std::io;
use std::path::{Path, PathBuf};

/// Folders in folders that are looked into, at most.
const DEEPEST: usize = 16;

/// Nothing was given that could be a report.
#[derive(Debug, thiserror::Error)]
#[error(
    "there is no report in what was given: reports are files that end with .jsonl or .json, written with --format jsonl"
)]
pub struct NoReports;

/// The files that a list of files and folders comes to, each once. A link in a folder is not followed.
///
/// # Errors
/// When a folder cannot be read.
pub fn files(paths: &[PathBuf]) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        match path.is_dir() {
            true => folder(path, DEEPEST, &mut found)?,
            false => found.push(path.clone()),
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

fn folder(path: &Path, left: usize, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        let (kind, path) = (entry.file_type()?, entry.path());
        let is_report = path.extension().is_some_and(|end| end == "jsonl" || end == "json");
        // What begins with a dot is a file of a runner, or one that is being written.
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if kind.is_dir() && left > 0 && !is_hidden {
            folder(&path, left - 1, found)?;
        } else if kind.is_file() && is_report && !is_hidden {
            found.push(path);
        }
    }
    Ok(())
}
