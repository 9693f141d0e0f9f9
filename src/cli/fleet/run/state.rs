//! The state that a report describes: a hash of a repository's refs and, for a local one, of what else a sweep reads.
//! If the state is unchanged, the report is still valid.

use std::fs::{self, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use crate::cli::args::configured;
use crate::fs::bounded::{self, Links};
use crate::fs::{Rights, replace};
use crate::git::Repo;

/// The file that exists from the start of a run to its end, with a number that no other run has.
const RUN: &str = ".run";
/// The largest size of such a file, in bytes.
const MAX: u64 = 1 << 20;

/// Returns a hash of texts that also depends on where each ends.
pub(super) fn hash(parts: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    let digest: [u8; 32] = digest.finalize().into();
    HEXLOWER.encode(&digest)
}

/// Returns the hash of a file from its current position to its end.
///
/// # Errors
/// Fails if the file can't be read.
pub(super) fn hash_of(file: &mut impl Read) -> io::Result<String> {
    let (mut digest, mut part) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut part)? {
            0 => break,
            count => digest.update(&part[..count]),
        }
    }
    let digest: [u8; 32] = digest.finalize().into();
    Ok(HEXLOWER.encode(&digest))
}

/// Returns the hash of what determines the results of any sweep: the program, and the configuration that the
/// environment names.
pub(super) fn setup() -> String {
    let read = |path: PathBuf| bounded::read(&path, bounded::MAX_SIZE, Links::Followed).ok();
    let text = configured().and_then(read).unwrap_or_default();
    hash(&[
        env!("KEYSWEEP_SWEEP").as_bytes(),
        env!("KEYSWEEP_RULES").as_bytes(),
        env!("CARGO_PKG_VERSION").as_bytes(),
        &text,
    ])
}

/// Returns the number of the run that has not ended, or of a new one.
///
/// # Errors
/// Fails if the number can't be stored.
pub(super) fn begin(folder: &Path) -> io::Result<Vec<u8>> {
    let file = folder.join(RUN);
    if let Ok(number) = bounded::read(&file, MAX, Links::Refused)
        && !number.is_empty()
    {
        return Ok(number);
    }
    let mut number = [0; 16];
    getrandom::fill(&mut number).map_err(|error| io::Error::other(error.to_string()))?;
    replace(&file, Rights::OwnerOnly, |out| out.write_all(&number))?;
    Ok(number.to_vec())
}

/// Marks the run as ended, so that the next one doesn't continue it.
///
/// # Errors
/// Fails if the file can't be removed.
pub(super) fn end(folder: &Path) -> io::Result<()> {
    fs::remove_file(folder.join(RUN))
}

/// Returns the state of a repository on this machine, judged by its refs, index and packs. It leaves out loose objects,
/// linked work trees, alternates and configuration, so it is valid within one run only.
///
/// # Errors
/// Fails if the repository can't be opened.
pub(super) fn of_path(path: &Path) -> Result<String, String> {
    let repo = Repo::itself(path).map_err(|error| error.to_string().lines().next().unwrap_or_default().to_owned())?;
    let mut refs: Vec<String> = repo.refs().into_iter().map(|(name, id)| format!("{id} {name}")).collect();
    refs.sort();
    let head = format!("{:?} {:?}", repo.branch(), repo.head());
    let common = repo.common_dir();
    let mut files: Vec<String> = [repo.index_path(), repo.git_dir().join("logs/HEAD"), common.join("config")]
        .iter()
        .map(|file| stamp(&file.metadata()))
        .collect();
    files.extend(packs(&common.join("objects/pack")));
    Ok(hash(&[head.as_bytes(), refs.join("\n").as_bytes(), files.join("\n").as_bytes()]))
}

/// Returns the names and sizes of packs: objects that are added without a ref come in a pack, or with a change of the
/// index or a reflog.
fn packs(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut packs: Vec<String> = entries
        .map(|entry| {
            format!("{} {}", entry.file_name().to_string_lossy(), entry.metadata().map_or(0, |meta| meta.len()))
        })
        .collect();
    packs.sort();
    packs
}

/// Returns the size of a repository's packs in bytes, bare or not.
pub(super) fn size(path: &Path) -> u64 {
    let size = |folder: &Path| -> u64 {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.metadata().ok()).map(|meta| meta.len()).sum()
    };
    size(&path.join(".git/objects/pack")) + size(&path.join("objects/pack"))
}

fn stamp(meta: &io::Result<Metadata>) -> String {
    let Ok(meta) = meta else { return "none".to_owned() };
    let changed = meta.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    format!("{} {}", meta.len(), changed.as_nanos())
}

/// Returns `true` if this was the state at the last sweep.
pub(super) fn is(file: &Path, now: &str) -> bool {
    bounded::read(file, MAX, Links::Refused).is_ok_and(|bytes| bytes == now.as_bytes())
}

/// Records the state that the report describes.
///
/// # Errors
/// Fails if the file can't be written.
pub(super) fn remember(file: &Path, now: &str) -> io::Result<()> {
    replace(file, Rights::OwnerOnly, |out| out.write_all(now.as_bytes()))
}

/// Removes the record: the report no longer counts as current.
pub(super) fn forget(file: &Path) {
    // If the file doesn't exist, there is nothing to remove.
    let _ = fs::remove_file(file);
}
