//! Checks that a repository stayed in its place while it was read.
//!
//! Files that are missing for a moment look as if they had never existed. So the folders of a repository, and those
//! that contain it, are compared before and after. A folder that is renamed keeps its modification time, unlike one in
//! which git creates and deletes files; its change time, and the modification time of its parent, are new even if it is
//! back in its place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::layout::Layout;
use crate::finding::{Gap, GapKind};

/// The folders of a repository, as they were when the reading began.
#[derive(Debug)]
pub(super) struct Presence {
    seen: BTreeMap<PathBuf, Option<Folder>>,
}

/// The identity of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Folder {
    /// The device and the file number.
    place: (u64, u64),
    /// The time at which an entry in it was last added or removed.
    modified: (i64, i64),
    /// The time of the last such change, or of a rename of the folder itself.
    changed: (i64, i64),
}

impl Presence {
    /// Records the folders of a repository.
    pub(super) fn of(layout: &Layout) -> Self {
        let shared = layout.git_dirs.last().into_iter().map(|shared| shared.join("refs"));
        // git makes this folder when there is a pack.
        let packs = layout.objects.iter().map(|objects| objects.join("pack")).filter(|packs| packs.exists());
        let folders = layout.git_dirs.iter().chain(&layout.objects).cloned().chain(shared).chain(packs);
        let mut presence = Self { seen: BTreeMap::new() };
        for folder in folders.flat_map(|folder| [folder.canonicalize().ok(), std::path::absolute(folder).ok()]) {
            for path in folder.iter().flat_map(|folder| folder.ancestors()) {
                presence.seen.entry(path.to_owned()).or_insert_with(|| Folder::at(path));
            }
        }
        presence
    }

    /// Returns the gap if one of the folders has been moved or replaced since then.
    pub(super) fn gap(&self) -> Option<Gap> {
        let moved = self.seen.keys().find(|path| self.has_moved(path))?;
        let why = "it was moved or replaced while it was read, so a part may have been missed; scan again when it is no longer being moved";
        Some(Gap { what: moved.as_os_str().as_encoded_bytes().into(), kind: GapKind::Missing, why: why.to_owned() })
    }

    fn has_moved(&self, path: &Path) -> bool {
        let (before, now) = match (self.before(path), Folder::at(path)) {
            (Some(before), Some(now)) if before.place == now.place => (before, now),
            (None, None) => return false,
            _ => return true,
        };
        // A change of permissions, owner or attributes leaves the parent folder as it was.
        let is_around_new = || {
            let around = path.parent().and_then(|around| Some((self.before(around)?, Folder::at(around)?)));
            around.is_some_and(|(before, now)| before.modified != now.modified)
        };
        now.changed != before.changed && now.modified == before.modified && is_around_new()
    }

    fn before(&self, path: &Path) -> Option<Folder> {
        self.seen.get(path).copied().flatten()
    }
}

impl Folder {
    #[cfg(unix)]
    fn at(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;
        let meta = path.symlink_metadata().ok()?;
        Some(Self {
            place: (meta.dev(), meta.ino()),
            modified: (meta.mtime(), meta.mtime_nsec()),
            changed: (meta.ctime(), meta.ctime_nsec()),
        })
    }

    /// Records only that the folder exists; on other systems no more is known than its removal.
    #[cfg(not(unix))]
    fn at(path: &Path) -> Option<Self> {
        path.symlink_metadata().ok().map(|_| Self { place: (0, 0), modified: (0, 0), changed: (0, 0) })
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::fs::scratch::Scratch;
    use std::fs;

    #[test]
    fn a_folder_moved_away_and_back_counts_as_moved() {
        let scratch = Scratch::new().unwrap();
        let root = scratch.path().canonicalize().unwrap();
        let [tree, git_dir, away] = ["tree", "tree/.git", "away"].map(|name| root.join(name));
        let objects = git_dir.join("objects");
        for folder in ["refs", "objects/pack"] {
            fs::create_dir_all(git_dir.join(folder)).unwrap();
        }
        let layout = Layout { git_dirs: vec![git_dir.clone()], objects: vec![objects.clone()] };
        let after = |work: &dyn Fn()| {
            let presence = Presence::of(&layout);
            // File times advance with the ticks of the system's clock.
            std::thread::sleep(std::time::Duration::from_millis(20));
            work();
            presence.gap().map(|gap| gap.what.to_string())
        };
        assert_eq!(after(&|| ()), None);
        let work = || {
            fs::write(git_dir.join("index.lock"), "").unwrap();
            fs::rename(git_dir.join("index.lock"), git_dir.join("index")).unwrap();
            fs::write(objects.join("pack/a.pack"), "").unwrap();
            fs::write(tree.join("file"), "").unwrap();
        };
        assert_eq!(after(&work), None);
        for folder in [&tree, &git_dir, &objects, &objects.join("pack"), &git_dir.join("refs")] {
            let back_and_forth = || {
                fs::rename(folder, &away).unwrap();
                fs::rename(&away, folder).unwrap();
            };
            assert_eq!(after(&back_and_forth).as_deref(), folder.to_str());
        }
        assert_eq!(after(&|| fs::rename(&git_dir, &away).unwrap()).as_deref(), git_dir.to_str());
        assert_eq!(after(&|| fs::rename(&away, &git_dir).unwrap()).as_deref(), git_dir.to_str());
        let replaced = || {
            fs::rename(&git_dir, &away).unwrap();
            fs::create_dir_all(&objects).unwrap();
        };
        assert_eq!(after(&replaced).as_deref(), git_dir.to_str());
    }
}
