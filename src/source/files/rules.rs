//! The ignore files in force: `.gitignore` and `.ignore` of the folders on the way, and what is ignored in all of a
//! repository. They are read here rather than by the matcher, which would open whatever lies there.

use std::ops::Range;
use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::fs::bounded::{self, Refused};

/// The names of ignore files, the one that counts more first.
pub(super) const NAMES: [&str; 2] = [".ignore", ".gitignore"];

/// The rules of the ignore files of one folder.
struct Level {
    folder: PathBuf,
    /// As the names above, and last what holds in all of a repository.
    matchers: [Gitignore; 3],
}

/// Those of a folder and of the folders around it, the innermost last.
#[derive(Default)]
pub(super) struct Rules(Vec<Level>);

/// An ignore file that cannot be obeyed, and why.
pub(super) type Unread = (PathBuf, Refused);

impl Rules {
    /// How many folders have some.
    pub(super) fn depth(&self) -> usize {
        self.0.len()
    }

    /// Forgets those of folders that were left.
    pub(super) fn leave(&mut self, depth: usize) {
        self.0.truncate(depth);
    }

    /// Reads the ignore files of a folder, which are no links that lead out of `top`; `whole` names what holds in all of it, as
    /// the top of a repository has it.
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

    /// `true` if the rules of these folders leave out what lies at a path.
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

/// A line that is no rule says nothing.
fn add(builder: &mut GitignoreBuilder, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for line in text.strip_prefix('\u{feff}').unwrap_or(&text).lines() {
        let _ = builder.add_line(None, line);
    }
}
