//! The index of a pack: its own file, or one rebuilt from the multi-pack-index next to it. git uses the
//! multi-pack-index if there is one, and then doesn't need the index file of a pack that it covers.

use std::path::{Path, PathBuf};

use gix::odb::pack::{index, multi_index};

use crate::git::error::error_text;
use crate::git::{ObjectId, oid};

/// The most bytes that a multi-pack-index may allocate at once for the names in it.
const MOST_NAMES: usize = 256 << 20;

/// The index of a pack, from either source.
pub(super) enum Index {
    /// The pack's own file.
    Own(index::File),
    /// An index rebuilt from the multi-pack-index.
    Made(index::File<Vec<u8>>),
}

impl Index {
    /// Opens the pack's own file.
    ///
    /// # Errors
    /// Returns the reason as a text if the file can't be opened.
    pub(super) fn at(path: &Path, hash: gix::hash::Kind) -> Result<Self, String> {
        index::File::at(path, hash).map(Self::Own).map_err(|error| error_text(&error))
    }

    /// Rebuilds the index from the entries of the multi-pack-index next to it; `None` if that can't be read, or lists
    /// nothing for this pack.
    pub(super) fn from_multi(path: &Path, hash: gix::hash::Kind) -> Option<Self> {
        let multi = multi_index::File::at(path.with_file_name("multi-pack-index"), Some(MOST_NAMES)).ok()?;
        let name = Path::new(path.file_name()?);
        let number = multi.index_names().iter().position(|listed| listed == name)?;
        let number = u32::try_from(number).ok().filter(|_| multi.object_hash() == hash)?;
        // git doesn't read an invalid entry either.
        let of_pack = multi.iter().filter_map(Result::ok).filter(|entry| entry.pack_index == number);
        let mut entries: Vec<(ObjectId, u64)> = of_pack.map(|entry| (entry.oid, entry.pack_offset)).collect();
        entries.sort_unstable();
        entries.dedup_by_key(|(id, _)| *id);
        if entries.is_empty() {
            return None;
        }
        index::File::from_data(written(&entries, hash)?, PathBuf::from(path), hash).map(Self::Made).ok()
    }

    pub(super) fn num_objects(&self) -> u32 {
        match self {
            Self::Own(index) => index.num_objects(),
            Self::Made(index) => index.num_objects(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Own(index) => index.path(),
            Self::Made(index) => index.path(),
        }
    }

    pub(super) fn lookup(&self, id: &oid) -> Option<u32> {
        match self {
            Self::Own(index) => index.lookup(id),
            Self::Made(index) => index.lookup(id),
        }
    }

    pub(super) fn oid_at_index(&self, entry: u32) -> &oid {
        match self {
            Self::Own(index) => index.oid_at_index(entry),
            Self::Made(index) => index.oid_at_index(entry),
        }
    }

    pub(super) fn pack_offset_at_index(&self, entry: u32) -> u64 {
        match self {
            Self::Own(index) => index.pack_offset_at_index(entry),
            Self::Made(index) => index.pack_offset_at_index(entry),
        }
    }
}

/// Returns the bytes of a version 2 index with these sorted objects; `None` if there are more than it can hold. Its
/// checksums are zero, because nothing checks them.
fn written(entries: &[(ObjectId, u64)], hash: gix::hash::Kind) -> Option<Vec<u8>> {
    /// The bit which says that an offset is in the table of large ones.
    const LARGE: u32 = 1 << 31;
    let mut bytes = b"\xfftOc\0\0\0\x02".to_vec();
    for first in 0..=u8::MAX {
        let count = entries.partition_point(|(id, _)| id.as_slice()[0] <= first);
        bytes.extend(u32::try_from(count).ok()?.to_be_bytes());
    }
    entries.iter().for_each(|(id, _)| bytes.extend(id.as_slice()));
    entries.iter().for_each(|_| bytes.extend([0; 4]));
    let mut large = Vec::new();
    for (_, offset) in entries {
        let short = u32::try_from(*offset).ok().filter(|offset| offset & LARGE == 0);
        let short = short.or_else(|| Some(u32::try_from(large.len() / 8).ok()? | LARGE))?;
        if short & LARGE != 0 {
            large.extend(offset.to_be_bytes());
        }
        bytes.extend(short.to_be_bytes());
    }
    bytes.extend(large);
    bytes.extend(std::iter::repeat_n(0, 2 * hash.len_in_bytes()));
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_index_locates_every_object() {
        let id = |first: u8| ObjectId::from_bytes_or_panic(&[first; 20]);
        let entries = [(id(0), 12), (id(7), 1 << 40), (id(7 + 1), 99), (id(255), 1 << 31)];
        let bytes = written(&entries, gix::hash::Kind::Sha1).unwrap();
        let index = Index::Made(index::File::from_data(bytes, PathBuf::from("a.idx"), gix::hash::Kind::Sha1).unwrap());
        assert_eq!(index.num_objects(), 4);
        for (id, offset) in entries {
            let entry = index.lookup(&id).unwrap();
            assert_eq!((index.oid_at_index(entry), index.pack_offset_at_index(entry)), (id.as_ref(), offset));
        }
        assert_eq!(index.lookup(&id(1)), None);
    }
}
