//! The ignore files in force: `.gitignore` and `.ignore` of the folders on the way, and the rules for a whole
//! repository. They are read here rather than by the matcher, which would open whatever is there.

use std::ops::Range;
use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::fs::bounded::{self, Refused};

/// The names of ignore files, in order of precedence.
pub(super) const NAMES: [&str; 2] = [".ignore", ".gitignore"];

/// The rules of the ignore files of one folder.
struct Level {
    folder: PathBuf,
    /// One matcher for each of the names above, and a last one for the rules of a whole repository.
    matchers: [Gitignore; 3],
}

/// The rules of a folder and of the folders that contain it, the innermost last.
#[derive(Default)]
pub(super) struct Rules(Vec<Level>);

/// An ignore file that can't be applied, and the reason.
pub(super) type Unread = (PathBuf, Refused);

impl Rules {
    /// Returns the number of levels with rules.
    pub(super) fn depth(&self) -> usize {
        self.0.len()
    }

    /// Drops the rules of folders that the walk has left.
    pub(super) fn leave(&mut self, depth: usize) {
        self.0.truncate(depth);
    }

    /// Reads the ignore files of a folder, except links that lead out of `top`; `whole` lists the files with rules for
    /// a whole repository, which apply from its top folder.
    pub(super) fn enter(&mut self, folder: &Path, top: &Path, whole: &[PathBuf]) -> Vec<Unread> {
        let mut unread = Vec::new();
        let mut matcher = |paths: &[PathBuf], top: Option<&Path>| {
            let mut builder = GitignoreBuilder::new("");
            for path in paths {
                let read = match top {
                    Some(top) => bounded::read_within(top, path),
                    None if path.exists() => bounded::read(path, bounded::MAX_SIZE, bounded::Links::Followed).map(Some),
                    None => Ok(None),
                };
                match read {
                    Ok(bytes) => add(&mut builder, &bytes.unwrap_or_default()),
                    Err(why) => unread.push((path.clone(), why)),
                }
            }
            builder.build().unwrap_or_else(|_| Gitignore::empty())
        };
        let [own, git] = NAMES.map(|name| matcher(&[folder.join(name)], Some(top)));
        let matchers = [own, git, matcher(whole, None)];
        if matchers.iter().any(|matcher| !matcher.is_empty()) {
            self.0.push(Level { folder: folder.to_owned(), matchers });
        }
        unread
    }

    /// Returns `true` if the rules of these levels exclude a path.
    pub(super) fn leave_out(&self, levels: Range<usize>, path: &Path, is_folder: bool) -> bool {
        let levels = self.0.get(levels).unwrap_or_default();
        for kind in 0..=NAMES.len() {
            for level in levels.iter().rev() {
                let Ok(below) = path.strip_prefix(&level.folder) else { continue };
                match level.matchers[kind].matched(below, is_folder) {
                    Match::None => {}
                    Match::Ignore(_) => return true,
                    Match::Whitelist(_) => return false,
                }
            }
        }
        false
    }
}

/// Adds the lines of an ignore file; a line that isn't a valid rule is skipped.
fn add(builder: &mut GitignoreBuilder, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for line in text.strip_prefix('\u{feff}').unwrap_or(&text).lines() {
        let _ = builder.add_line(None, line);
    }
}
