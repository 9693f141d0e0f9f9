//! The CODEOWNERS file at HEAD.

use super::object::{self, Mode};
use super::repo::Local;
use super::{ObjectId, Repo};

/// The folders in which hosts look for the file, in their order.
const FOLDERS: [&[&str]; 4] = [&[".github"], &[], &["docs"], &[".gitlab"]];
/// The greatest size of the file in bytes, as on GitHub.
const MAX_SIZE: u64 = 3 << 20;

/// Returns the first such file in HEAD's tree; `None` if there is none, or if it is too large or can't be read. Hosts don't
/// look for another one then.
pub fn text(repository: &Repo) -> Option<Vec<u8>> {
    let local = repository.local();
    let root = object::tree_of(&local, repository.head()?).ok()?;
    let file = FOLDERS.iter().find_map(|folders| file_in(&local, root, folders))?;
    Some(object::load(&local, file, MAX_SIZE).ok()?.1)
}

/// Returns the id of the file in a folder below `root`, if there is one.
fn file_in(local: &Local, root: ObjectId, folders: &[&str]) -> Option<ObjectId> {
    let mut tree = object::tree(local, root).ok()?;
    for name in folders {
        let id = tree.entry(name.as_bytes()).filter(|entry| entry.mode == Mode::Tree)?.id.to_owned();
        tree = object::tree(local, id).ok()?;
    }
    tree.entry(b"CODEOWNERS").filter(|entry| entry.mode == Mode::File).map(|entry| entry.id.to_owned())
}
