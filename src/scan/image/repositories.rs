//! Git repositories that were copied into an image: their objects are kept in a temporary folder and swept like those
//! of any other repository.
//!
//! Only objects are taken, and put into a new repository for each folder that has some: configuration, hooks, refs and
//! alternates in the image are ordinary files, which are scanned as text and never obeyed. The objects of each layer
//! stay in a folder of their own, so that a place can say which layer adds it. Only the owner can read the temporary
//! folder, and it is removed after the sweep; it holds nothing that isn't in the image.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use bstr::{BStr, BString, ByteSlice as _};

use crate::config::ScanOptions;
use crate::finding::{ContentKind, Gap, GapKind, Note};
use crate::fs::owner_only;
use crate::fs::scratch::Scratch;
use crate::git::{ObjectId, Repo, SourceError};
use crate::image::Taken;
use crate::remediation::Surroundings;
use crate::scan::outcome::Outcome;
use crate::scan::sighting::Sighting;
use crate::scan::{Lazy, Scan};
use crate::source::Listing;
use crate::source::history::{self, Objects};

/// The most bytes of objects that are kept for one image.
const MAX_BYTES: u64 = 1 << 30;
/// The most files with objects that are kept.
const MAX_FILES: usize = 200_000;
/// The most folders with objects: each repository has one for each layer with some of its objects.
const MAX_FOLDERS: usize = 64;
/// The number of characters of a commit's id that are shown.
const SHORT: usize = 12;

/// The repositories of an image.
#[derive(Debug, Default)]
pub(super) struct Repositories {
    scratch: Option<Scratch>,
    /// The repositories, by the folders that contain them.
    found: BTreeMap<BString, Repository>,
    folders: usize,
    files: usize,
    bytes: u64,
}

/// A repository in the image.
#[derive(Debug, Default)]
struct Repository {
    /// The objects, by the number of the blob that adds them.
    parts: BTreeMap<usize, Part>,
    format: Format,
}

/// The part of a repository that is in one blob.
#[derive(Debug)]
struct Part {
    /// The folder in which its objects are kept.
    folder: PathBuf,
    /// The path of one of these objects in the image.
    path: BString,
}

/// The hash that ids are made with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Format {
    #[default]
    Sha1,
    Sha256,
}

/// The position of a file with objects, given by its path.
struct Spot<'p> {
    /// The repository's git directory.
    git_dir: &'p BStr,
    /// The path below the object folder.
    below: &'p str,
    format: Format,
}

impl<'p> Spot<'p> {
    /// Recognises packs with their indexes and loose objects. No other kind of path is written to this machine.
    fn of(path: &'p BStr) -> Option<Self> {
        let at = path.rfind(b"objects/").filter(|at| *at == 0 || path[at - 1] == b'/')?;
        let below = path[at + b"objects/".len()..].to_str().ok()?;
        let (folder, name) = below.split_once('/')?;
        let is_hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let digits = match folder {
            "pack" => {
                let stem = name.strip_suffix(".pack").or_else(|| name.strip_suffix(".idx"))?;
                stem.strip_prefix("pack-").filter(|digits| is_hex(digits))?.len()
            }
            _ if folder.len() == 2 && is_hex(folder) && is_hex(name) => name.len() + 2,
            _ => return None,
        };
        let format = match digits {
            40 => Format::Sha1,
            64 => Format::Sha256,
            _ => return None,
        };
        let git_dir = path[..at].strip_suffix(b"/").unwrap_or(&path[..at]).as_bstr();
        Some(Self { git_dir, below, format })
    }
}

impl Repositories {
    /// Keeps a file if it contains objects of a repository.
    pub(super) fn keep(&mut self, blob: usize, path: &BStr, reader: &mut dyn Read) -> Taken {
        let Some(spot) = Spot::of(path) else { return Taken::Not };
        if self.files >= MAX_FILES || self.bytes >= MAX_BYTES {
            return Taken::Not;
        }
        let Some(file) = self.file(blob, path, &spot) else { return Taken::Not };
        self.files += 1;
        let left = MAX_BYTES - self.bytes;
        let copied = owner_only::file().write(true).create_new(true).open(&file);
        match copied.and_then(|mut kept| io::copy(&mut reader.take(left + 1), &mut kept)) {
            // A layer may contain the same path twice, and only one of the two files is kept here.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Taken::Not,
            Ok(count) if count <= left => {
                self.bytes += count;
                Taken::Whole
            }
            outcome => {
                let _ = fs::remove_file(&file);
                let why =
                    outcome.err().map_or_else(|| "there was no room for it".to_owned(), |error| error.to_string());
                Taken::Partly(format!("{why}; extract the folder and run 'keysweep history' there"))
            }
        }
    }

    /// Returns the path at which a file is kept; `None` if there is no room, or it can't be kept.
    fn file(&mut self, blob: usize, path: &BStr, spot: &Spot<'_>) -> Option<PathBuf> {
        if self.scratch.is_none() {
            self.scratch = Scratch::new().ok();
        }
        let top = self.scratch.as_ref()?.path();
        let repository = match self.found.get_mut(spot.git_dir) {
            Some(repository) if repository.format == spot.format => repository,
            // A repository doesn't have ids of both kinds.
            Some(_) => return None,
            None => {
                let new = Repository { format: spot.format, ..Repository::default() };
                self.found.entry(spot.git_dir.to_owned()).or_insert(new)
            }
        };
        if !repository.parts.contains_key(&blob) && self.folders >= MAX_FOLDERS {
            return None;
        }
        let part = repository.parts.entry(blob).or_insert_with(|| {
            self.folders += 1;
            let folder = top.join(format!("objects-{}", self.folders));
            Part { folder, path: path.to_owned() }
        });
        let file = part.folder.join(spot.below);
        owner_only::folder().recursive(true).create(file.parent()?).ok()?;
        Some(file)
    }

    /// Sweeps all repositories. Each sighting has the number of its blob in `order`, and comes with the path of one of
    /// the repository's object files in that blob.
    pub(super) fn sweep(self, scan: &Scan<'_>, outcome: &mut Outcome) -> Vec<(Sighting, BString)> {
        let Some(scratch) = &self.scratch else { return Vec::new() };
        let mut all = Vec::new();
        for (number, (git_dir, repository)) in self.found.iter().enumerate() {
            let folder = scratch.path().join(format!("repository-{number}"));
            let swept = repository.sweep(scan, &folder, git_dir, outcome);
            all.extend(swept.unwrap_or_else(|error| {
                let why = format!("its objects could not be swept: {error}");
                outcome.gaps.push(Gap { what: git_dir.clone(), kind: GapKind::Unreadable, why });
                Vec::new()
            }));
            outcome.gaps.iter_mut().for_each(|gap| repository.rename(gap, git_dir, &folder));
        }
        all
    }
}

impl Repository {
    fn sweep(
        &self,
        scan: &Scan<'_>,
        folder: &Path,
        git_dir: &BString,
        outcome: &mut Outcome,
    ) -> Result<Vec<(Sighting, BString)>, SourceError> {
        self.make(folder).map_err(|error| SourceError::Broken {
            what: "the temporary folder".to_owned(),
            cause: error.to_string(),
        })?;
        let repo = Repo::at(Some(folder))?;
        let mut objects = history::list(&repo)?;
        // The files next to the objects were made here.
        objects.listing = Listing { gaps: std::mem::take(&mut objects.listing.gaps), ..Listing::default() };
        let options = ScanOptions { cache: None, flag_outside_authors: false, ..scan.options.clone() };
        let surroundings = Lazy::new(Box::new(|| Surroundings::clone(&scan.surroundings)));
        let Scan { detector, progress, .. } = *scan;
        let inner = Scan { detector, options: &options, repo: Some(&repo), progress, surroundings };
        let (mut found, missing) = inner.of_objects(&repo, &objects);
        if missing > 0 {
            let text = "objects that are not in the image, as in a shallow clone";
            found.notes.push(Note(format!("the git repository {git_dir} names {missing} {text}")));
        }
        let sightings = std::mem::take(&mut found.sightings);
        outcome.absorb(found);
        Ok(sightings.into_iter().flat_map(|one| self.placed(&one, git_dir, &objects)).collect())
    }

    /// Changes paths in a gap to those in the image: the temporary folder is gone when the gap is read.
    fn rename(&self, gap: &mut Gap, git_dir: &BString, folder: &Path) {
        let objects = format!("{git_dir}/objects");
        let folders = self.parts.values().map(|part| (&*part.folder, objects.clone()));
        for (folder, shown) in folders.chain([(folder, git_dir.to_string())]) {
            let folder = folder.to_string_lossy();
            if gap.what.contains_str(&*folder) {
                gap.what = gap.what.to_str_lossy().replace(&*folder, &shown).into();
            }
            gap.why = gap.why.replace(&*folder, &shown);
        }
    }

    /// Makes a repository that borrows all its objects from the parts' folders.
    fn make(&self, folder: &Path) -> io::Result<()> {
        let below = |path: &str| folder.join(path);
        owner_only::folder().recursive(true).create(below("objects/info"))?;
        owner_only::folder().create(below("refs"))?;
        fs::write(below("HEAD"), "ref: refs/heads/main\n")?;
        let config = match self.format {
            Format::Sha1 => "[core]\n\trepositoryformatversion = 0\n\tbare = true\n",
            Format::Sha256 => {
                "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = sha256\n"
            }
        };
        fs::write(below("config"), config)?;
        let lines = self.parts.values().map(|part| part.folder.to_string_lossy().into_owned() + "\n");
        fs::write(below("objects/info/alternates"), lines.collect::<String>())
    }

    /// Returns a sighting for each layer that contains the object, with the path of one of the repository's files
    /// there.
    fn placed(&self, sighting: &Sighting, git_dir: &BString, objects: &Objects) -> Vec<(Sighting, BString)> {
        let id: Option<ObjectId> = sighting.blob.or(sighting.commit).or(sighting.tag);
        let copies = id.map(|id| objects.store.copies(&id)).unwrap_or_default();
        let has =
            |part: &Part| copies.iter().any(|copy| copy.folder.ends_with(part.folder.file_name().unwrap_or_default()));
        let mut parts: Vec<(&usize, &Part)> = self.parts.iter().filter(|(_, part)| has(part)).collect();
        if parts.is_empty() {
            parts.extend(self.parts.first_key_value());
        }
        let placed = parts.into_iter().map(|(blob, part)| {
            let mut one = sighting.clone();
            let place = &mut one.occurrence;
            place.member = member(sighting);
            (place.path, place.kind) = (git_dir.clone(), ContentKind::ArchiveMember);
            // Commands can't use these ids, because the repository is in the image.
            (place.commit, place.blob, place.web) = (None, None, None);
            (one.blob, one.commit, one.tag, one.order) = (None, None, None, *blob);
            (one, part.path.clone())
        });
        placed.collect()
    }
}

/// Returns git's name for a place in the repository, such as `COMMIT:PATH`.
fn member(sighting: &Sighting) -> BString {
    let place = &sighting.occurrence;
    let commit = place.commit.as_deref().or(place.blob.as_deref()).unwrap_or_default();
    let commit = commit.get(..SHORT).unwrap_or(commit);
    let is_message = matches!(place.kind, ContentKind::CommitMessage | ContentKind::Author | ContentKind::TagMessage);
    match (is_message || place.path.is_empty(), commit) {
        (true, "") => place.path.clone(),
        (true, commit) => commit.into(),
        (false, "") => place.path.clone(),
        (false, commit) => {
            let sign: &str = if place.member.is_empty() { "" } else { "!" };
            [commit.as_bytes(), b":", &place.path, sign.as_bytes(), &place.member].concat().into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_git_objects_are_kept() {
        let hex = "0123456789abcdef".repeat(4);
        let (sha1, sha256) = (&hex[..38], &hex[..62]);
        let kept = |path: &str| {
            Spot::of(path.into()).map(|spot| (spot.git_dir.to_string(), spot.below.to_owned(), spot.format))
        };
        let pack = format!("pack/pack-{}.pack", &hex[..40]);
        for (path, expected) in [
            (format!("app/.git/objects/ab/{sha1}"), Some(("app/.git", format!("ab/{sha1}"), Format::Sha1))),
            (format!("objects/ab/{sha256}"), Some(("", format!("ab/{sha256}"), Format::Sha256))),
            (format!("a.git/objects/{pack}"), Some(("a.git", pack.clone(), Format::Sha1))),
            (
                format!("a/objects/{}", pack.replace(".pack", ".idx")),
                Some(("a", pack.replace(".pack", ".idx"), Format::Sha1)),
            ),
            (format!("a/objects/pack/../ab/{sha1}"), None),
            (format!("a/objects/../{sha1}"), None),
            (format!("a/no-objects/ab/{sha1}"), None),
            ("a/objects/info/alternates".to_owned(), None),
            ("a/objects/pack/pack-1.pack".to_owned(), None),
            ("a/config".to_owned(), None),
        ] {
            let expected = expected.map(|(folder, below, format)| (folder.to_owned(), below, format));
            assert_eq!(kept(&path), expected, "{path}");
        }
    }

    #[test]
    fn kept_files_are_removed_on_drop() {
        let mut all = Repositories::default();
        let path = format!("app/.git/objects/ab/{}", "0".repeat(38));
        assert!(matches!(all.keep(0, path.as_str().into(), &mut &b"x"[..]), Taken::Whole));
        // A second file with that name is scanned as an ordinary file.
        assert!(matches!(all.keep(0, path.as_str().into(), &mut &b"y"[..]), Taken::Not));
        let folder = all.scratch.as_ref().map(|scratch| scratch.path().to_owned()).unwrap();
        assert!(folder.is_dir());
        drop(all);
        assert!(!folder.exists());
    }
}
