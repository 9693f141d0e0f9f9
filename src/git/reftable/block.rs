//! One block of a table: records that share the start of their keys.

use std::borrow::Cow;

use gix::zlib::{Inflate, Status};

use super::Flaw;
use super::cursor::Cursor;

/// Bytes of the kind and the length that a block starts with.
const HEAD: usize = 4;
/// Bytes of each place at its end where a key stands whole, and of their number.
const RESTART: usize = 3;
const COUNT: usize = 2;
/// Room that the inflater wants behind what it writes.
const SLACK: usize = 304;
/// The longest name of a ref that is read, with the number behind it in reflogs; git's own limit is that of a path.
const LONGEST_KEY: usize = 1 << 16;

/// The kind of records in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Refs.
    Refs,
    /// Entries of reflogs, deflated.
    Logs,
    /// The last keys of blocks, and where these start.
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

/// A block.
pub(super) struct Block<'t> {
    /// Its records, one after the other.
    pub(super) records: Cow<'t, [u8]>,
    /// Where the next block starts.
    pub(super) end: usize,
}

impl<'t> Block<'t> {
    /// Reads the block at a place of a table that ends where the last block does. The first one shares its length with the
    /// head of the table, which takes `skip` bytes; in a table whose blocks are aligned, `size` is how far they stand apart.
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

/// How far it is to the next block: a shorter one is filled up with noughts, unless another follows at once.
fn padded(bytes: &[u8], length: usize, size: usize) -> usize {
    match bytes.get(length) {
        Some(0) if length < size => size,
        _ => length,
    }
}

/// Where the records end, before the list of places where a key stands whole.
fn without_restarts(length: usize, block: &[u8]) -> Option<usize> {
    let count = Cursor::new(block.get(length.checked_sub(COUNT)?..)?).size(COUNT)?;
    length.checked_sub(COUNT + RESTART * count)
}

/// Returns the data inflated to so many bytes, and the number of bytes read.
fn inflated(bytes: &[u8], length: usize) -> Option<(Vec<u8>, usize)> {
    let mut out = vec![0; length + SLACK];
    let (status, taken, written) = Inflate::default().once(bytes, &mut out).ok()?;
    out.truncate(length);
    (status == Status::StreamEnd && written == length).then_some((out, taken))
}

/// Reads the key of the next record, given that of the one before, and the three bits next to it. Keys only go up, and the
/// first one of a block stands whole.
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
