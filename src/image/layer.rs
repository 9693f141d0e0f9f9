//! What a layer does to the file system below it: which paths it holds, and which it hides.
//!
//! The rules are those of the OCI image specification (layer.md): `.wh.NAME` removes NAME of lower layers, `.wh..wh..opq` hides
//! everything that lower layers have in its folder, and neither hides anything of its own layer. A path is also hidden by
//! another entry at its place, and by a parent that is no folder any more.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher as _;

use bstr::{BStr, BString, ByteSlice as _};
use foldhash::quality::RandomState;

use super::tar::{Member, Shape};

const WHITEOUT: &[u8] = b".wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";

/// How paths are remembered: a layer has hundreds of thousands of them, and few are ever asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct PathKeys(RandomState);

impl PathKeys {
    fn of(&self, path: &[u8]) -> u64 {
        self.0.hash_one(path)
    }
}

/// What became of a path in a later layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// The layer has another file at the path.
    Overwritten,
    /// The layer removes the path, or puts something in its place that is no file.
    Deleted,
}

/// The paths of a layer.
#[derive(Debug, Default)]
pub struct Layer {
    /// Whether the entry at a path is a folder, a file (or another name of one), or something else.
    entries: HashMap<u64, Shape>,
    removed: HashSet<u64>,
    opaque: HashSet<u64>,
    /// Second names of files, by what they lead to.
    links: HashMap<u64, Vec<BString>>,
}

impl Layer {
    /// Notes a member; `false` if it only removes something, so that it has no content.
    pub(super) fn note(&mut self, keys: &PathKeys, path: &BStr, member: &Member) -> bool {
        let (parent, name) = match path.rfind_byte(b'/') {
            Some(at) => (&path.as_bytes()[..at], &path.as_bytes()[at + 1..]),
            None => (&b""[..], path.as_bytes()),
        };
        if name == OPAQUE {
            self.opaque.insert(keys.of(parent));
            return false;
        }
        if let Some(name) = name.strip_prefix(WHITEOUT) {
            let sign: &[u8] = if parent.is_empty() { b"" } else { b"/" };
            self.removed.insert(keys.of(&[parent, sign, name].concat()));
            return false;
        }
        self.entries.insert(keys.of(path), member.shape);
        true
    }

    /// Notes that a path is another name of a file.
    pub(super) fn link(&mut self, keys: &PathKeys, path: BString, target: &BStr) {
        self.links.entry(keys.of(target)).or_default().push(path);
    }

    /// The other names of a file.
    pub(super) fn names_of(&self, keys: &PathKeys, path: &BStr) -> &[BString] {
        self.links.get(&keys.of(path)).map(Vec::as_slice).unwrap_or_default()
    }

    /// What this layer does to a file of a lower one.
    pub(super) fn change(&self, keys: &PathKeys, path: &BStr) -> Option<Change> {
        match self.entries.get(&keys.of(path)) {
            Some(Shape::File | Shape::HardLink) => return Some(Change::Overwritten),
            Some(_) => return Some(Change::Deleted),
            None => {}
        }
        if self.removed.contains(&keys.of(path)) {
            return Some(Change::Deleted);
        }
        let parents = path.rfind_iter(b"/").map(|at| &path.as_bytes()[..at]).chain([&b""[..]]);
        for parent in parents {
            let key = keys.of(parent);
            let is_replaced = self.entries.get(&key).is_some_and(|shape| *shape != Shape::Folder);
            if is_replaced || self.removed.contains(&key) || self.opaque.contains(&key) {
                return Some(Change::Deleted);
            }
        }
        None
    }
}

/// What becomes of a path in the layers above it, the nearest first: the number of the layer that changes it, counted from
/// nought, and how.
pub(super) fn fate<'l>(
    keys: &PathKeys,
    path: &BStr,
    above: impl Iterator<Item = Option<&'l Layer>>,
) -> Option<(usize, Change)> {
    above.enumerate().find_map(|(at, layer)| Some((at, layer?.change(keys, path)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(keys: &PathKeys, entries: &[(&str, Shape)]) -> Layer {
        let mut layer = Layer::default();
        for (path, shape) in entries {
            let member = Member { path: (*path).into(), shape: *shape, target: BString::default(), size: 0 };
            layer.note(keys, (*path).into(), &member);
        }
        layer
    }

    #[test]
    fn a_later_layer_hides_what_lies_below_it() {
        let keys = PathKeys::default();
        let deleted = Some(Change::Deleted);
        for (path, above, expected) in [
            ("app/.env", &[("app", Shape::Folder), ("app/other", Shape::File)][..], None),
            ("app/.env", &[("app/.env", Shape::File)], Some(Change::Overwritten)),
            ("app/.env", &[("app/.env", Shape::HardLink)], Some(Change::Overwritten)),
            ("app/.env", &[("app/.env", Shape::Link)], deleted),
            ("app/.env", &[("app/.env", Shape::Folder)], deleted),
            ("app/.env", &[("app/.wh..env", Shape::File)], deleted),
            ("app/.env", &[(".wh.app", Shape::File)], deleted),
            ("app/.env", &[("app/.wh..wh..opq", Shape::File)], deleted),
            ("app/.env", &[(".wh..wh..opq", Shape::File)], deleted),
            ("app/.env", &[("app", Shape::Link)], deleted),
            ("app/.env", &[("app", Shape::File)], deleted),
            ("app/.env", &[("app/.wh..environment", Shape::File)], None),
            ("app/.env", &[("app/sub/.wh..wh..opq", Shape::File)], None),
            // What the same layer puts there is not hidden by its own whiteout.
            ("app/.env", &[("app/.wh..wh..opq", Shape::File), ("app/.env", Shape::File)], Some(Change::Overwritten)),
            (".env", &[(".wh..env", Shape::File)], deleted),
            (".env", &[(".wh..wh..opq", Shape::File)], deleted),
        ] {
            assert_eq!(layer(&keys, above).change(&keys, path.into()), expected, "{path} under {above:?}");
        }
    }

    #[test]
    fn the_nearest_layer_that_changes_a_path_counts() {
        let keys = PathKeys::default();
        let nothing = layer(&keys, &[]);
        let removes = layer(&keys, &[(".wh.a", Shape::File)]);
        let writes = layer(&keys, &[("a", Shape::File)]);
        let fate = |above: &[&Layer]| fate(&keys, "a".into(), above.iter().map(|layer| Some(*layer)));
        assert_eq!(fate(&[&nothing]), None);
        assert_eq!(fate(&[&nothing, &removes, &writes]), Some((1, Change::Deleted)));
        assert_eq!(fate(&[&writes, &removes]), Some((0, Change::Overwritten)));
    }
}
