//! The CODEOWNERS file at HEAD.

use super::Repo;
use super::object::{self, Mode};

/// The folders in which hosts look for the file, in their order.
const FOLDERS: [&[&str]; 4] = [&[".github"], &[], &["docs"], &[".gitlab"]];
/// The greatest size of the file in bytes, as on GitHub.
const MAX_SIZE: u64 = 3 << 20;

/// Returns the first such file in HEAD's tree; `None` if there is none, or if it is too large or can't be read.
pub fn text(repository: &Repo) -> Option<Vec<u8>> {
    let local = repository.local();
    let root = object::tree_of(&local, repository.head()?).ok()?;
    FOLDERS.iter().find_map(|folders| {
        let mut tree = object::tree(&local, root).ok()?;
        for name in *folders {
            let id = tree.entry(name.as_bytes()).filter(|entry| entry.mode == Mode::Tree)?.id.to_owned();
            tree = object::tree(&local, id).ok()?;
        }
        let file = tree.entry(b"CODEOWNERS").filter(|entry| entry.mode == Mode::File)?.id.to_owned();
        Some(object::load(&local, file, MAX_SIZE).ok()?.1)
    })
}
