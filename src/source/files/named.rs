//! Reads a path that the user names: all of a folder, a file whatever ignore files say about it, and also a pipe or a
//! device. A named path that isn't read is a gap.

use std::io;
use std::path::Path;

use super::walk::Walk;
use crate::finding::ContentKind;
use crate::fs::bounded::{self, Kind};
use crate::source::Content;

/// Lists the content of a path; `root` is the absolute path of the work tree that contains it.
pub(super) fn list(path: &Path, root: Option<&Path>, walk: &mut Walk<'_>) {
    // With a slash at the end, a link to a folder would be treated as the folder itself.
    let path = path.components().as_path();
    let look = |path: &Path, walk: &mut Walk<'_>| match path.metadata() {
        Ok(meta) => content(path, bounded::kind(meta.file_type()), walk),
        Err(error) => walk.found.gap(path, bounded::Refused::Io(error).to_string()),
    };
    match path.symlink_metadata() {
        Ok(meta) if meta.is_symlink() && !bounded::is_descriptor(path) => link(path, root, walk, look),
        _ => look(path, walk),
    }
}

fn content(path: &Path, kind: Kind, walk: &mut Walk<'_>) {
    match kind {
        Kind::Folder if bounded::is_descriptor(path) => {
            walk.found.gap(path, "it is a folder; name it by its path".to_owned());
        }
        Kind::Folder => walk.all(path),
        Kind::File => walk.found.file(path),
        Kind::Pipe | Kind::Device | Kind::Socket => {
            walk.found.content(path, ContentKind::File, Content::Stream(path.to_owned()));
        }
    }
}

/// Reads a link, and its target if that is in the work tree or in the link's folder: a repository may contain a link to
/// the whole file system.
fn link(path: &Path, root: Option<&Path>, walk: &mut Walk<'_>, look: impl Fn(&Path, &mut Walk<'_>)) {
    walk.found.link(path);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (path.canonicalize(), folder.canonicalize()) {
        (Ok(end), Ok(folder)) => {
            let is_near = |around: &Path| end.starts_with(around) && !folder.starts_with(&end);
            if is_near(&folder) || root.is_some_and(|root| folder.starts_with(root) && is_near(root)) {
                look(path, walk);
            } else {
                let why = "only the link itself was read, because it leads out of its folder; name its target";
                walk.found.gap(path, why.to_owned());
            }
        }
        // The link has no target.
        (Err(error), _) if error.kind() == io::ErrorKind::NotFound => {}
        (Err(error), _) | (_, Err(error)) => {
            walk.found.gap(path, format!("the link cannot be followed: {error}; repair the link"));
        }
    }
}
