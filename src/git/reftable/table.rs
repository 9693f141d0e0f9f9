//! One table: refs by name, then entries of reflogs by name, the newest first.

use std::ops::{ControlFlow, Range};

use bstr::{BString, ByteSlice as _};
use gix::hash::Kind as Hash;

use super::block::{self, Block, Kind};
use super::cursor::Cursor;
use super::{Flaw, Room, Target};
use crate::git::ObjectId;

/// The bytes between the copy of the head at the end of a table and the checksum: five places in the table.
const PLACES: usize = 5 * 8;
/// The bytes of that checksum.
const SUM: usize = 4;
/// The low bits of a place that say how many bytes of an object's id are kept.
const ID_BITS: u32 = 5;

/// A table whose head and end have been read.
#[derive(Debug)]
pub struct Table {
    bytes: Vec<u8>,
    hash: Hash,
    /// The size of the head in bytes.
    head: usize,
    block_size: usize,
    refs: Range<usize>,
    logs: Range<usize>,
    updates: (u64, u64),
}

/// An entry of a reflog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The targets of the ref before and after.
    pub ids: [ObjectId; 2],
    /// The line that a reflog file would have.
    pub line: BString,
    /// The time, in seconds since 1970.
    pub seconds: u64,
    /// `true` if the entry only marks that the reflog exists.
    pub is_mark: bool,
}

/// A visitor of refs: it gets the name and the target, or `None` if the ref was deleted.
type SeeRef<'v> = dyn FnMut(&[u8], Option<Target>) -> ControlFlow<()> + 'v;
/// A visitor of entries: it gets the ref's name, the number of the update, and the entry, or `None` if it was deleted.
type SeeChange<'v> = dyn FnMut(&[u8], u64, Option<Change>) + 'v;
/// A visitor of records: it gets the key, the bits stored with it, and the bytes that follow.
type SeeRecord<'v> = dyn FnMut(&[u8], u8, &mut Cursor<'_>, &mut Room) -> Option<ControlFlow<()>> + 'v;

impl Table {
    /// Reads the head and the end of a table; `hash` is the kind of the repository's ids.
    ///
    /// # Errors
    /// Fails if they aren't those of a table.
    pub fn parse(bytes: Vec<u8>, hash: Hash) -> Result<Self, Flaw> {
        let mut start = Cursor::new(&bytes);
        if start.take(4) != Some(b"REFT") {
            return Err(Flaw::Head);
        }
        let version = start.number(1);
        let block_size = start.size(3).ok_or(Flaw::Head)?;
        let updates = start.number(8).zip(start.number(8)).ok_or(Flaw::Head)?;
        let (head, is_ours) = match version {
            Some(1) => (24, hash == Hash::Sha1),
            Some(2) => (28, start.take(4) == Some(if hash == Hash::Sha1 { b"sha1" } else { b"s256" })),
            _ => return Err(Flaw::Head),
        };
        if !is_ours {
            return Err(Flaw::Hash);
        }
        let body = bytes.len().checked_sub(head + PLACES + SUM).filter(|body| *body >= head).ok_or(Flaw::Foot)?;
        let foot = &bytes[body..];
        let (summed, sum) = foot.split_at(head + PLACES);
        let is_whole =
            summed[..head] == bytes[..head] && Cursor::new(sum).number(SUM) == Some(crc32fast::hash(summed).into());
        if !is_whole {
            return Err(Flaw::Foot);
        }
        let (refs, logs) = sections(&bytes[..body], head, &summed[head..]).ok_or(Flaw::Foot)?;
        Ok(Self { bytes, hash, head, block_size, refs, logs, updates })
    }

    /// Returns the numbers of the first and the last update in the table.
    pub fn updates(&self) -> (u64, u64) {
        self.updates
    }

    /// Passes all refs to `see`, by name, until it breaks.
    ///
    /// # Errors
    /// Fails if a block is damaged; those before it have been passed on.
    pub fn each_ref(&self, room: &mut Room, see: &mut SeeRef<'_>) -> Result<(), Flaw> {
        self.each_record(&self.refs, Kind::Refs, room, &mut |name, kind, rest, _| {
            rest.varint()?;
            Some(see(name, self.target(kind, rest)?))
        })
    }

    /// Passes all entries of reflogs to `see`, by name, and for each name from the newest to the oldest.
    ///
    /// # Errors
    /// Fails if a block is damaged; those before it have been passed on.
    pub fn each_change(&self, room: &mut Room, see: &mut SeeChange<'_>) -> Result<(), Flaw> {
        self.each_record(&self.logs, Kind::Logs, room, &mut |key, kind, rest, room| {
            let (name, index) = key.split_at_checked(key.len().checked_sub(9)?)?;
            let index = index.strip_prefix(b"\0").and_then(|index| Cursor::new(index).number(8))?;
            let change = match kind {
                0 => None,
                1 => Some(self.change(rest)?),
                _ => return None,
            };
            if let Some(change) = &change {
                room.take(change.line.len()).ok()?;
            }
            see(name, u64::MAX - index, change);
            Some(ControlFlow::Continue(()))
        })
    }

    /// Reads all blocks of a section. `see` gets the key and kind of a record and the bytes that follow, and takes the
    /// record's bytes from them; it returns whether to continue, or `None` if the record is damaged.
    fn each_record(
        &self,
        section: &Range<usize>,
        kind: Kind,
        room: &mut Room,
        see: &mut SeeRecord<'_>,
    ) -> Result<(), Flaw> {
        let mut key = Vec::new();
        let mut at = section.start;
        while at < section.end {
            if at > section.start && self.bytes[at] == Kind::Index.letter() {
                return self.ends_so(at..section.end, &key);
            }
            let block = self.block(section, at, kind)?;
            let mut rest = Cursor::new(&block.records);
            let mut is_first = true;
            while !rest.is_empty() {
                let bits = block::next_key(&mut rest, &mut key, is_first).ok_or(Flaw::Block(at))?;
                room.take(key.len())?;
                if see(&key, bits, &mut rest, room).ok_or(Flaw::Block(at))?.is_break() {
                    return Ok(());
                }
                is_first = false;
            }
            at = block.end;
        }
        Ok(())
    }

    fn block(&self, section: &Range<usize>, at: usize, kind: Kind) -> Result<Block<'_>, Flaw> {
        let skip = if at == 0 { self.head } else { 0 };
        Block::read(&self.bytes[..section.end], at, skip, self.block_size, kind)
    }

    /// Checks that the block which ends with this key is followed by an index of several levels, whose last level is
    /// named at the end of the table.
    fn ends_so(&self, index: Range<usize>, last: &[u8]) -> Result<(), Flaw> {
        let mut key = Vec::new();
        let mut at = index.start;
        while at < index.end {
            let block = self.block(&index, at, Kind::Index)?;
            let mut rest = Cursor::new(&block.records);
            key.clear();
            while !rest.is_empty() {
                let is_first = key.is_empty();
                block::next_key(&mut rest, &mut key, is_first).and_then(|_| rest.varint()).ok_or(Flaw::Block(at))?;
            }
            at = block.end;
        }
        if key == last { Ok(()) } else { Err(Flaw::Block(index.start)) }
    }

    fn id(&self, rest: &mut Cursor<'_>) -> Option<ObjectId> {
        ObjectId::try_from(rest.take(self.hash.len_in_bytes())?).ok()
    }

    /// Returns the target of a ref, an inner `None` if the ref is deleted; `None` if there is no such kind.
    fn target(&self, kind: u8, rest: &mut Cursor<'_>) -> Option<Option<Target>> {
        Some(match kind {
            0 => None,
            1 => Some(Target::Object(self.id(rest)?)),
            2 => {
                // The tag's final target follows; the tag itself contains it.
                let id = self.id(rest)?;
                self.id(rest)?;
                Some(Target::Object(id))
            }
            3 => Some(Target::Ref(rest.text()?.into())),
            _ => return None,
        })
    }

    fn change(&self, rest: &mut Cursor<'_>) -> Option<Change> {
        let ids = [self.id(rest)?, self.id(rest)?];
        let (name, email, seconds) = (rest.text()?, rest.text()?, rest.varint()?);
        // git stores the digits of +0130 as the number 130, with a sign.
        let zone = i16::from_be_bytes(*rest.take(2)?.first_chunk()?);
        let message = rest.text()?.trim_end_with(|c| c == '\n');
        let is_mark = ids.iter().all(|id| id.is_null()) && message.is_empty();
        let (sign, zone) = (if zone < 0 { '-' } else { '+' }, zone.unsigned_abs());
        let mut line = BString::from(format!("{} {} ", ids[0], ids[1]));
        line.extend_from_slice(name);
        line.extend_from_slice(b" <");
        line.extend_from_slice(email);
        line.extend_from_slice(format!("> {seconds} {sign}{zone:04}\t").as_bytes());
        line.extend_from_slice(message);
        line.push(b'\n');
        Some(Change { ids, line, seconds, is_mark })
    }
}

/// Returns the ranges of the ref blocks and of the reflog blocks; `body` is the table without its end, and `places` are
/// those listed in the end.
fn sections(body: &[u8], head: usize, places: &[u8]) -> Option<(Range<usize>, Range<usize>)> {
    let mut places = Cursor::new(places);
    let mut place = || places.number(8);
    let [ref_index, objects, object_index, logs, log_index] =
        [place()?, place()? >> ID_BITS, place()?, place()?, place()?];
    let size = body.len();
    let within = |place: u64| usize::try_from(place).ok().filter(|place| *place <= size);
    // A zero means that there is no such place.
    let first = |places: &[u64]| {
        let places = places.iter().filter(|place| **place > 0);
        places.map(|place| within(*place)).try_fold(size, |first, place| Some(first.min(place?)))
    };
    let refs_end = first(&[ref_index, objects, object_index, logs, log_index])?;
    let logs_end = first(&[log_index])?;
    match body.get(head) {
        Some(letter) if *letter == Kind::Refs.letter() => {
            let logs = if logs > 0 { within(logs)? } else { logs_end };
            (refs_end > head && logs <= logs_end).then_some((0..refs_end, logs..logs_end))
        }
        Some(letter) if *letter == Kind::Logs.letter() => Some((0..0, 0..logs_end)),
        Some(_) => None,
        None => Some((0..0, 0..0)),
    }
}
