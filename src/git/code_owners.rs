//! The file CODEOWNERS at HEAD.

use super::Repo;
use super::object::{self, Mode};

/// The folders that hosts look for it in, in their order.
const FOLDERS: [&[&str]; 4] = [&[".github"], &[], &["docs"], &[".gitlab"]];
/// Bytes that it may have, as on GitHub.
const MAX_SIZE: u64 = 3 << 20;

/// The first that there is in HEAD's tree; none if there is none, or if it is too large or cannot be read.
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
