//! Files of any size, read in pieces: large texts, and compressed files of unknown size.
//!
//! A piece overlaps the next one, so that a secret on their border is whole in one of them and reported once. Archives,
//! which are read by their directory or member by member, are handled in the usual way with its limits.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::Path;

use super::outcome::Outcome;
use super::sighting::Sighting;
use super::worker::{Origin, Worker};
use crate::detect::Room;
use crate::finding::{ContentKind, Gap, GapKind};
use crate::fs::bounded::{self, Links};
use crate::git::crypt;
use crate::source::{Content, Item};
use crate::text::LineIndex;
use crate::text::archive::{self, Decompressed, Kind, Packing, Reason};
use crate::text::encoding::Wide;

/// The size in bytes above which a text is read in pieces.
const LARGE: u64 = 32 << 20;
/// The least size in bytes of a file that can unpack to more than an archive may: a byte of deflate stands for at most
/// 1032.
const PACKED: u64 = 64 << 10;
/// The bytes of a piece, and those at its end that are left to the next one: no secret is longer.
const PIECE: usize = 8 << 20;
const GUARD: usize = 32 << 10;
/// The number of bytes that are read at a time.
const CHUNK: usize = 64 << 10;
/// The bytes at the start and at the end of a file that identify its kind.
const HEAD: u64 = 512;
const TAIL: u64 = (64 << 10) + 64;

/// A file that is read in pieces.
struct Pieces {
    reader: Decompressed<File>,
    wide: Option<Wide>,
    piece: Vec<u8>,
    /// The number of bytes read so far.
    read: u64,
    /// The number of lines before the piece, and of characters of its first line that are before it.
    lines: usize,
    column: usize,
    /// The position in the piece at which the last one ended.
    begin: usize,
}

/// The reason why a piece ends where it does.
enum Filled {
    /// The file continues after the piece.
    Full,
    /// The file ends with the piece.
    Last,
    /// The rest of the file can't be read.
    Broken(io::Error),
}

impl Worker<'_> {
    /// Scans a file in pieces; returns `false` if it isn't suited to that, and nothing was scanned. A user who sets a
    /// lower size limit wants files beyond it to be gaps.
    pub(super) fn in_pieces(&self, item: &Item, outcome: &mut Outcome) -> bool {
        let Content::File(path) = &item.content else { return false };
        if item.kind != ContentKind::File || self.options.max_file_size < LARGE {
            return false;
        }
        let Ok(Some((size, reader, member))) = opened(path) else { return false };
        let is_packed = reader.packing() == Packing::Packed;
        let mut pieces = Pieces { reader, wide: None, piece: Vec::new(), read: 0, lines: 0, column: 0, begin: 0 };
        let filled = pieces.fill();
        // For a short text, the usual way of scanning opens more formats, unless the file is too large for it.
        let is_short = !matches!(filled, Filled::Full) && size <= self.options.max_file_size;
        if is_packed && (is_short || archive::kind(&pieces.piece).is_some()) {
            return false;
        }
        let kind = if is_packed { ContentKind::ArchiveMember } else { ContentKind::File };
        let origin = Origin { member: member.as_slice().into(), ..Origin::new(kind, item.path.as_ref()) };
        let end = self.each_piece(&mut pieces, filled, &origin, outcome);
        outcome.stats.blobs += 1;
        outcome.stats.bytes += pieces.read;
        match end {
            Ok(()) => {}
            Err(error) if is_packed => self.unopened(item.path.clone(), Reason::of(&error), outcome),
            Err(error) => {
                let why = bounded::Refused::Io(error).to_string();
                outcome.gaps.push(Gap { what: item.path.clone(), kind: GapKind::Unreadable, why });
            }
        }
        true
    }

    /// Scans each piece, including the one before a read error, and reports once what was passed over in any of them.
    fn each_piece(
        &self,
        pieces: &mut Pieces,
        mut filled: Filled,
        origin: &Origin<'_>,
        outcome: &mut Outcome,
    ) -> io::Result<()> {
        let (mut is_cut, mut is_flawed) = (false, false);
        let end = loop {
            let (end, text) = match filled {
                Filled::Full => (pieces.piece.len() - GUARD, pieces.whole_lines()),
                Filled::Last | Filled::Broken(_) => (pieces.piece.len(), &*pieces.piece),
            };
            let room = Room::default();
            let mut found = Outcome::default();
            self.sightings(text, self.detector.scan_file_within(text, &room), origin, &mut found);
            found.sightings.retain(|one| (pieces.begin + 1..=end).contains(&one.detection.span.end));
            found.sightings.iter_mut().for_each(|one| pieces.put(one));
            outcome.absorb(found);
            is_cut |= room.is_exceeded();
            is_flawed |= room.is_flawed();
            match filled {
                Filled::Full => {}
                Filled::Last => break Ok(()),
                Filled::Broken(error) => break Err(error),
            }
            pieces.go_on(end);
            filled = pieces.fill();
        };
        if is_cut {
            Self::cut(origin, outcome);
        }
        if is_flawed {
            self.flawed(origin, outcome);
        }
        end
    }
}

impl Pieces {
    /// Reads until the piece is full.
    fn fill(&mut self) -> Filled {
        let mut chunk = Vec::with_capacity(CHUNK);
        while self.piece.len() < PIECE {
            chunk.clear();
            // The chunk is filled completely so that it ends after a whole character of encodings with several bytes
            // per character.
            let end = (&mut self.reader).take(CHUNK as u64).read_to_end(&mut chunk);
            if self.read == 0 {
                self.wide = Wide::detect(&chunk);
            }
            self.read += chunk.len() as u64;
            match self.wide {
                Some(wide) => self.piece.extend(wide.decode(&chunk)),
                None => self.piece.extend_from_slice(&chunk),
            }
            match end {
                Err(error) => return Filled::Broken(error),
                Ok(0) => return Filled::Last,
                Ok(_) => {}
            }
        }
        Filled::Full
    }

    /// Returns the piece without its last line if that line is short and continues after the piece: packed content in
    /// it would seem to be cut off.
    fn whole_lines(&self) -> &[u8] {
        let latest = self.piece.len() - GUARD / 2;
        let end = memchr::memrchr(b'\n', &self.piece[latest..]).map_or(self.piece.len(), |at| latest + at + 1);
        &self.piece[..end]
    }

    /// Drops the text that isn't needed after the position `end`; the next piece starts a little before it, at the
    /// start of a line if one is near.
    fn go_on(&mut self, end: usize) {
        let earliest = end.saturating_sub(2 * GUARD);
        let latest = end.saturating_sub(GUARD);
        let start = memchr::memrchr(b'\n', &self.piece[earliest..latest]).map_or(latest, |at| earliest + at + 1);
        let before = &self.piece[..start];
        let place = if memchr::memchr(b'\r', before).is_some() {
            LineIndex::new(before).place(before, start)
        } else {
            // Searching for line ends takes a fraction of the time that building an index does.
            let line = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
            let mut place = LineIndex::new(&before[line..]).place(&before[line..], start - line);
            place.line += memchr::memchr_iter(b'\n', before).count();
            place
        };
        self.column = place.column - 1 + if place.line == 1 { self.column } else { 0 };
        self.lines += place.line - 1;
        self.piece.drain(..start);
        self.begin = end - start;
    }

    /// Converts positions in the piece to positions in the file.
    fn put(&self, sighting: &mut Sighting) {
        let occurrence = &mut sighting.occurrence;
        for place in [&mut occurrence.start, &mut occurrence.end] {
            if place.line == 1 {
                place.column += self.column;
            }
            place.line += self.lines;
        }
    }
}

/// The size of a file that is read in pieces, its decompressed text, and the name of that text if the file is
/// compressed.
type Opened = (u64, Decompressed<File>, Vec<u8>);

/// Opens a file if it has to be read in pieces.
fn opened(path: &Path) -> io::Result<Option<Opened>> {
    let size = path.metadata()?.len();
    if size < PACKED {
        return Ok(None);
    }
    let mut file = bounded::open_file(path, Links::Followed).map_err(io::Error::other)?;
    let mut ends = Vec::new();
    (&mut file).take(HEAD).read_to_end(&mut ends)?;
    let is_packed = matches!(archive::kind(&ends), Some(Kind::Gzip | Kind::Zstd | Kind::Xz));
    let member = if is_packed { archive::gzip_name(&ends) } else { Vec::new() };
    if !is_packed {
        if size <= LARGE || crypt::is_encrypted(&ends) {
            return Ok(None);
        }
        // Some archives are recognised by their end.
        file.seek(SeekFrom::Start(size.saturating_sub(TAIL)))?;
        (&mut file).take(TAIL).read_to_end(&mut ends)?;
        if archive::kind(&ends).is_some() {
            return Ok(None);
        }
    }
    file.rewind()?;
    Ok(Some((size, Decompressed::new(file)?, member)))
}
