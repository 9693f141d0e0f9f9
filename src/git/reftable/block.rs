//! One block of a table: records that share the start of their keys.

use std::borrow::Cow;

use gix::zlib::{Inflate, Status};

use super::Flaw;
use super::cursor::Cursor;

/// The bytes of the kind and the length at the start of a block.
const HEAD: usize = 4;
/// The bytes of each restart at a block's end, the place of a key that is stored whole, and of their number.
const RESTART: usize = 3;
const COUNT: usize = 2;
/// The extra room that the inflater needs after its output.
const SLACK: usize = 304;
/// The longest name of a ref that is read, in reflogs with the number after it; git's own limit is that of a path.
const LONGEST_KEY: usize = 1 << 16;

/// The kind of records in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Records of refs.
    Refs,
    /// Entries of reflogs, deflated.
    Logs,
    /// The last keys of blocks, and the places where these blocks start.
    Index,
}

impl Kind {
    pub(super) fn letter(self) -> u8 {
        match self {
            Self::Refs => b'r',
            Self::Logs => b'g',
            Self::Index => b'i',
        }
    }
}

/// A block, with its records.
pub(super) struct Block<'t> {
    /// The records, one after the other.
    pub(super) records: Cow<'t, [u8]>,
    /// The place where the next block starts.
    pub(super) end: usize,
}

impl<'t> Block<'t> {
    /// Reads the block at a place of a table that ends where the last block does. The length of the first block
    /// includes the head of the table, which takes `skip` bytes; in a table whose blocks are aligned, `size` is their
    /// distance.
    pub(super) fn read(table: &'t [u8], at: usize, skip: usize, size: usize, kind: Kind) -> Result<Self, Flaw> {
        let flaw = Flaw::Block(at);
        let start = skip + HEAD;
        let bytes = table.get(at..).ok_or(flaw)?;
        let mut head = Cursor::new(bytes.get(skip..).ok_or(flaw)?);
        if head.number(1) != Some(kind.letter().into()) {
            return Err(flaw);
        }
        let length = head.size(3).filter(|length| *length >= start + COUNT).ok_or(flaw)?;
        let (whole, taken) = match kind {
            Kind::Refs | Kind::Index => (Cow::Borrowed(bytes.get(start..length).ok_or(flaw)?), length),
            Kind::Logs => {
                let (whole, taken) = inflated(&bytes[start..], length - start).ok_or(flaw)?;
                (Cow::Owned(whole), start + taken)
            }
        };
        let end = at + if kind == Kind::Logs { taken } else { padded(bytes, taken, size) };
        let records = without_restarts(whole.len(), &whole).ok_or(flaw)?;
        let records = match whole {
            Cow::Borrowed(whole) => Cow::Borrowed(&whole[..records]),
            Cow::Owned(mut whole) => {
                whole.truncate(records);
                Cow::Owned(whole)
            }
        };
        Ok(Self { records, end })
    }
}

/// Returns the distance to the next block: a shorter block is filled up with zeros, unless the next one follows at
/// once.
fn padded(bytes: &[u8], length: usize, size: usize) -> usize {
    match bytes.get(length) {
        Some(0) if length < size => size,
        _ => length,
    }
}

/// Returns the end of the records, which is the start of the list of restarts.
fn without_restarts(length: usize, block: &[u8]) -> Option<usize> {
    let count = Cursor::new(block.get(length.checked_sub(COUNT)?..)?).size(COUNT)?;
    length.checked_sub(COUNT + RESTART * count)
}

/// Returns the data inflated to this many bytes, and the number of bytes read.
fn inflated(bytes: &[u8], length: usize) -> Option<(Vec<u8>, usize)> {
    let mut out = vec![0; length + SLACK];
    let (status, taken, written) = Inflate::default().once(bytes, &mut out).ok()?;
    out.truncate(length);
    (status == Status::StreamEnd && written == length).then_some((out, taken))
}

/// Reads the key of the next record into `key`, which holds the one before, and returns the three bits stored with it.
/// Keys only increase, and the first one in a block is stored whole.
pub(super) fn next_key(rest: &mut Cursor<'_>, key: &mut Vec<u8>, is_first: bool) -> Option<u8> {
    let shared = usize::try_from(rest.varint()?).ok()?;
    let word = rest.varint()?;
    let suffix = rest.take(usize::try_from(word >> 3).ok()?)?;
    let fits = shared <= key.len() && shared + suffix.len() <= LONGEST_KEY && !(is_first && shared > 0);
    if !fits || suffix <= &key[shared..] {
        return None;
    }
    key.truncate(shared);
    key.extend_from_slice(suffix);
    u8::try_from(word & 7).ok()
}
