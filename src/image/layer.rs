//! The changes that a layer makes to the file system below it: the paths that it contains, and those that it hides.
//!
//! The rules are those of the OCI image specification (layer.md): `.wh.NAME` removes NAME of lower layers,
//! `.wh..wh..opq` hides everything that lower layers have in its folder, and neither hides anything of its own layer. A
//! path is also hidden by another entry at its place, and by a parent that is no longer a folder.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use bstr::{BStr, ByteSlice as _};
use sha2::{Digest as _, Sha256};

use super::tar::{Member, Shape};

const WHITEOUT: &[u8] = b".wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";
/// The most second names of one file that are followed.
const MAX_SECOND_NAMES: usize = 256;

/// Returns the key of the root, and of each folder on the way to a path, and of the path itself. A layer has hundreds
/// of thousands of paths, few are ever asked for, and the cache of a layer must not hold their names. Each key is made
/// from the one before, because a hostile path may have hundreds of folders.
fn along(path: &[u8]) -> Vec<u64> {
    let mut keys = vec![0];
    let mut key: u64 = 0;
    keys.extend(path.split(|byte| *byte == b'/').filter(|part| !part.is_empty()).map(|part| {
        let digest = Sha256::new().chain_update(key.to_le_bytes()).chain_update(part).finalize();
        key = digest.iter().take(8).fold(0, |key, byte| key << 8 | u64::from(*byte));
        key
    }));
    keys
}

/// Returns the key of a path.
fn key(path: &[u8]) -> u64 {
    along(path).last().copied().unwrap_or_default()
}

/// A second name of a file.
#[derive(Debug, PartialEq, Eq)]
struct SecondName {
    /// The keys along the path of this name.
    along: Box<[u64]>,
    /// The owner of the file.
    owner: Owner,
}

/// The owner of the file that a second name leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// The layer itself, which has a file at that path.
    Own,
    /// A lower layer.
    Below,
}

/// The change of a path in a later layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// The layer has another file at the path.
    Overwritten,
    /// The layer removes the path, or puts something other than a file in its place.
    Deleted,
}

/// The paths of a layer.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Layer {
    /// The kind of the entry at each path: a folder, a file (or another name of one), or something else.
    entries: HashMap<u64, Shape>,
    removed: HashSet<u64>,
    opaque: HashSet<u64>,
    /// The second names of files, by the key of the file's path.
    links: HashMap<u64, Vec<SecondName>>,
}

impl Layer {
    /// Records a member; returns `false` if it only removes something, so that it has no content.
    pub(super) fn note(&mut self, path: &BStr, member: &Member) -> bool {
        let (parent, name) = match path.rfind_byte(b'/') {
            Some(at) => (&path.as_bytes()[..at], &path.as_bytes()[at + 1..]),
            None => (&b""[..], path.as_bytes()),
        };
        if name == OPAQUE {
            self.opaque.insert(key(parent));
            return false;
        }
        if let Some(name) = name.strip_prefix(WHITEOUT) {
            let sign: &[u8] = if parent.is_empty() { b"" } else { b"/" };
            self.removed.insert(key(&[parent, sign, name].concat()));
            return false;
        }
        self.entries.insert(key(path), member.shape);
        true
    }

    /// Records that a path is another name of a file.
    pub(super) fn link(&mut self, path: &BStr, target: &BStr) {
        let target_key = key(target);
        let is_own = matches!(self.entries.get(&target_key), Some(Shape::File | Shape::HardLink)) && path != target;
        let owner = if is_own { Owner::Own } else { Owner::Below };
        self.links.entry(target_key).or_default().push(SecondName { along: along(path).into(), owner });
    }

    /// Returns the number of paths in the layer.
    pub fn count(&self) -> usize {
        self.entries.len()
    }

    /// Returns the change that this layer makes to a file of a lower one, given the keys along its path.
    fn change(&self, along: &[u64]) -> Option<Change> {
        let (path, parents) = along.split_last()?;
        match self.entries.get(path) {
            Some(Shape::File | Shape::HardLink) => return Some(Change::Overwritten),
            Some(_) => return Some(Change::Deleted),
            None => {}
        }
        let is_hidden = |parent: &u64| {
            let is_replaced = self.entries.get(parent).is_some_and(|shape| *shape != Shape::Folder);
            is_replaced || self.removed.contains(parent) || self.opaque.contains(parent)
        };
        (self.removed.contains(path) || parents.iter().any(is_hidden)).then_some(Change::Deleted)
    }
}

/// Returns the change that the layers above one make to a file of it: the number of the layer that changes its path,
/// counted from zero, and the change. `None` if the file is in the final file system, under this name or another. A
/// layer that isn't here changes nothing.
pub(super) fn fate(layers: &[Option<&Layer>], own: usize, path: &BStr) -> Option<(usize, Change)> {
    let mut first = None;
    let whole = along(path);
    let mut seen = HashSet::from([(whole.last().copied(), own)]);
    let mut waiting = vec![(&*whole, own)];
    while let Some((along, own)) = waiting.pop() {
        let above = layers.iter().enumerate().skip(own + 1);
        let (end, change) = above.filter_map(|(at, layer)| Some((at, (*layer)?.change(along)?))).next()?;
        first.get_or_insert((end, change));
        let key = along.last().copied().unwrap_or_default();
        for (at, layer) in layers.iter().enumerate().take(end + 1).skip(own) {
            let names = layer.and_then(|layer| layer.links.get(&key)).into_iter().flatten();
            // If a later layer has its own file at the path, that is a different file.
            for name in names.filter(|name| at == own || name.owner == Owner::Below) {
                if seen.len() < MAX_SECOND_NAMES && seen.insert((name.along.last().copied(), at)) {
                    waiting.push((&*name.along, at));
                }
            }
        }
    }
    first
}

/// The encoding of a layer for the cache, with keys of paths and no names.
impl Layer {
    /// Returns the layer as bytes, which are the same each time.
    pub fn encode(&self) -> Vec<u8> {
        let mut numbers = vec![self.entries.len() as u64];
        let entries: BTreeMap<u64, u64> = self.entries.iter().map(|(key, shape)| (*key, shape.code())).collect();
        numbers.extend(entries.into_iter().flat_map(|(key, shape)| [key, shape]));
        for keys in [&self.removed, &self.opaque] {
            numbers.push(keys.len() as u64);
            numbers.extend(keys.iter().copied().collect::<BTreeSet<u64>>());
        }
        let links: BTreeMap<&u64, &Vec<SecondName>> = self.links.iter().collect();
        numbers.push(links.values().map(|names| names.len() as u64).sum());
        for (target, name) in links.into_iter().flat_map(|(target, names)| names.iter().map(move |name| (target, name)))
        {
            numbers.extend([*target, u64::from(name.owner == Owner::Own), name.along.len() as u64]);
            numbers.extend(&name.along);
        }
        numbers.into_iter().flat_map(u64::to_le_bytes).collect()
    }

    /// Returns the layer that these bytes encode; `None` if they are not valid.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut numbers =
            bytes.chunks_exact(8).map(|chunk| chunk.iter().rev().fold(0, |n, byte| n << 8 | u64::from(*byte)));
        let mut layer = Self::default();
        for _ in 0..numbers.next()? {
            layer.entries.insert(numbers.next()?, Shape::of_code(numbers.next()?)?);
        }
        for keys in [&mut layer.removed, &mut layer.opaque] {
            for _ in 0..numbers.next()? {
                keys.insert(numbers.next()?);
            }
        }
        for _ in 0..numbers.next()? {
            let target = numbers.next()?;
            let owner = if numbers.next()? == 1 { Owner::Own } else { Owner::Below };
            let length = usize::try_from(numbers.next()?).ok()?;
            let along: Box<[u64]> = numbers.by_ref().take(length).collect();
            (along.len() == length).then_some(())?;
            layer.links.entry(target).or_default().push(SecondName { along, owner });
        }
        (numbers.next().is_none() && bytes.len().is_multiple_of(8)).then_some(layer)
    }
}

#[cfg(test)]
mod tests {
    use bstr::BString;

    use super::*;

    fn layer(entries: &[(&str, Shape)]) -> Layer {
        let mut layer = Layer::default();
        for (path, shape) in entries {
            let member = Member { path: (*path).into(), shape: *shape, target: BString::default(), size: 0 };
            layer.note((*path).into(), &member);
        }
        layer
    }

    #[test]
    fn a_later_layer_hides_the_layers_below() {
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
            // A whiteout does not hide what its own layer puts there.
            ("app/.env", &[("app/.wh..wh..opq", Shape::File), ("app/.env", Shape::File)], Some(Change::Overwritten)),
            (".env", &[(".wh..env", Shape::File)], deleted),
            (".env", &[(".wh..wh..opq", Shape::File)], deleted),
        ] {
            assert_eq!(layer(above).change(&along(path.as_bytes())), expected, "{path} under {above:?}");
        }
    }

    #[test]
    fn the_nearest_layer_that_changes_a_path_decides() {
        let nothing = layer(&[]);
        let removes = layer(&[(".wh.a", Shape::File)]);
        let writes = layer(&[("a", Shape::File)]);
        let of_a = |layers: &[Option<&Layer>]| fate(layers, 0, "a".into());
        let (nothing, removes, writes) = (Some(&nothing), Some(&removes), Some(&writes));
        assert_eq!(of_a(&[writes, nothing]), None);
        assert_eq!(of_a(&[writes, nothing, removes, writes]), Some((2, Change::Deleted)));
        assert_eq!(of_a(&[writes, writes, removes]), Some((1, Change::Overwritten)));
        assert_eq!(of_a(&[writes, None]), None);
    }

    #[test]
    fn a_layer_round_trips_through_bytes() {
        let mut one =
            layer(&[("a", Shape::File), (".wh.b", Shape::File), ("c/.wh..wh..opq", Shape::File), ("d", Shape::Folder)]);
        one.link("e".into(), "a".into());
        one.link("f/g".into(), "below".into());
        let bytes = one.encode();
        assert_eq!(Layer::decode(&bytes).as_ref(), Some(&one));
        assert!((0..bytes.len()).all(|end| Layer::decode(&bytes[..end]).is_none()));
        assert_eq!(Layer::decode(&[&bytes[..], &[0; 8]].concat()), None);
    }
}
