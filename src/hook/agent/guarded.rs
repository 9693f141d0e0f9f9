//! The files in which a hook of keysweep is installed, or which disable such hooks: an agent must not change them.

use std::path::{Path, PathBuf};

use super::protocol::Protocol;
use super::reads::at_home;
use crate::fs::bounded::{self, Links};
use crate::hook::tool::Tool;

/// The largest file that is searched, in bytes, and the most files of a folder.
const MAX_SIZE: u64 = 1 << 20;
const MOST: usize = 64;
/// The words of a file that calls keysweep, by whatever name.
const WORDS: [&str; 2] = ["keysweep", "hook run agent"];

/// A change to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Its content, or the file itself.
    File,
    /// The file or a folder that holds it is removed or moved.
    Away,
}

/// A place of hooks, as paths from the root of a project or from the home folder.
struct Place {
    /// The file, or the folder of files.
    file: String,
    /// The file or the folder with the hook, which is another one if the first only disables hooks.
    hook: String,
}

/// Returns `true` if a change to a file or folder would change or disable a hook of keysweep that is installed; a
/// relative name is one in this folder.
pub(super) fn holds_hook(name: &str, folder: &Path, change: Change) -> bool {
    let name = name.replace('\\', "/");
    let path = folder.join(at_home(&name));
    // A command line may have changed the folder before.
    let is_relative = Path::new(&name).is_relative() && !name.starts_with('~');
    let near = is_relative.then_some(folder);
    places().iter().any(|place| {
        let Some(root) = root(&path, Path::new(&place.file), change) else { return false };
        [Some(&*root), near].into_iter().flatten().any(|root| calls(&root.join(&place.hook)))
    })
}

/// Returns the folder from which a place leads to a path, to a file below it or, if that is taken away, to a folder
/// above it.
fn root(path: &Path, place: &Path, change: Change) -> Option<PathBuf> {
    let ends = |path: &Path, end: &Path| {
        let lower = |path: &Path| path.to_string_lossy().to_ascii_lowercase();
        Path::new(&lower(path)).ends_with(lower(end))
    };
    let before = |path: &Path, end: &Path| path.ancestors().nth(end.components().count()).map(Path::to_path_buf);
    let above = place.ancestors().take_while(|end| change == Change::Away && !end.as_os_str().is_empty()).skip(1);
    let parent = path.parent().filter(|parent| ends(parent, place));
    let found = [place].into_iter().chain(above).find(|end| ends(path, end)).map(|end| (path, end));
    let (path, end) = found.or_else(|| parent.map(|parent| (parent, place)))?;
    before(path, end)
}

fn places() -> Vec<Place> {
    let mut places = Vec::new();
    for protocol in Protocol::all() {
        let settings = &protocol.settings;
        for hook in [settings.project, settings.user] {
            let files = settings.overrides.iter().copied().chain([hook]);
            places.extend(files.map(|file| Place { file: file.to_owned(), hook: hook.to_owned() }));
        }
    }
    places.extend(Tool::file_names().map(|file| Place { hook: file.clone(), file }));
    places
}

/// Returns `true` if a file, or a file of a folder, calls keysweep.
fn calls(path: &Path) -> bool {
    let is_named = |path: &Path| {
        let text = bounded::read(path, MAX_SIZE, Links::Followed).unwrap_or_default();
        WORDS.iter().any(|word| memchr::memmem::find(&text, word.as_bytes()).is_some())
    };
    match std::fs::read_dir(path) {
        Ok(entries) => entries.flatten().take(MOST).any(|entry| is_named(&entry.path())),
        Err(_) => is_named(path),
    }
}
