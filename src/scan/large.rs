//! Files of any size, in pieces: large texts, and compressed ones of which nobody knows how large they are.
//!
//! A piece overlaps the next one, so that a secret on their border is whole in one of them and reported once. Archives, which are
//! read from their directory or member by member, are left to the usual way and its limits.

use std::fs::File;
use std::io::{self, Read};
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
use crate::text::archive::{self, Decompressed, Kind, Reason};
use crate::text::encoding::Wide;

/// Bytes from which on a text is read in pieces.
const LARGE: u64 = 32 << 20;
/// Bytes that can unpack to more than an archive may: a byte of deflate stands for at most 1032.
const PACKED: u64 = 64 << 10;
/// Bytes of a piece, and those at its end that are left to the next one: no secret is longer.
const PIECE: usize = 8 << 20;
const GUARD: usize = 32 << 10;
/// Bytes that tell what a file is, at its start and at its end.
const HEAD: usize = 512;
const TAIL: u64 = (64 << 10) + 64;

/// A file that is read in pieces.
struct Pieces {
    reader: Box<dyn Read>,
    wide: Option<Wide>,
    piece: Vec<u8>,
    /// Bytes read so far.
    read: u64,
    /// Lines before the piece, and characters of its first line that are.
    lines: usize,
    column: usize,
    /// Where in the piece the last one ended.
    begin: usize,
}

impl Worker<'_> {
    /// Looks at a file in pieces; `false` if it is none for that, and nothing was looked at. Who sets a lower limit wants files
    /// beyond it to be gaps.
    pub(super) fn in_pieces(&self, item: &Item, outcome: &mut Outcome) -> bool {
        let Content::File(path) = &item.content else { return false };
        if item.kind != ContentKind::File || self.options.max_file_size < LARGE {
            return false;
        }
        let Ok(Some((reader, is_packed, name))) = opened(path) else { return false };
        let mut pieces = Pieces { reader, wide: None, piece: Vec::new(), read: 0, lines: 0, column: 0, begin: 0 };
        let Ok(is_last) = pieces.fill() else { return false };
        if is_packed && (is_last || archive::kind(&pieces.piece).is_some()) {
            return false;
        }
        let kind = if is_packed { ContentKind::ArchiveMember } else { ContentKind::File };
        let origin = Origin { member: name.as_slice().into(), ..Origin::new(kind, item.path.as_ref()) };
        let end = self.each_piece(&mut pieces, is_last, &origin, outcome);
        outcome.stats.blobs += 1;
        outcome.stats.bytes += pieces.read;
        if let Err(error) = end {
            outcome.gaps.push(gap(item, is_packed, &error));
        }
        true
    }

    fn each_piece(
        &self,
        pieces: &mut Pieces,
        mut is_last: bool,
        origin: &Origin<'_>,
        outcome: &mut Outcome,
    ) -> io::Result<()> {
        loop {
            let end = pieces.piece.len() - if is_last { 0 } else { GUARD };
            let room = Room::default();
            let mut found = Outcome::default();
            let detections = self.detector.scan_file_within(&pieces.piece, &room);
            self.sightings(&pieces.piece, detections, origin, &mut found);
            found.sightings.retain(|one| (pieces.begin + 1..=end).contains(&one.detection.span.end));
            found.sightings.iter_mut().for_each(|one| pieces.put(one));
            if room.is_exceeded() {
                Self::cut(origin, &mut found);
            }
            outcome.absorb(found);
            if is_last {
                return Ok(());
            }
            pieces.go_on(end);
            is_last = pieces.fill()?;
        }
    }
}

impl Pieces {
    /// Reads until the piece is full; whether the file is at its end.
    fn fill(&mut self) -> io::Result<bool> {
        let mut chunk = vec![0; 64 << 10];
        while self.piece.len() < PIECE {
            let mut filled = 0;
            // Whole characters, of encodings that have several bytes for one.
            while filled < chunk.len() {
                match self.reader.read(&mut chunk[filled..])? {
                    0 => break,
                    count => filled += count,
                }
            }
            if filled == 0 {
                return Ok(true);
            }
            if self.read == 0 {
                self.wide = Wide::detect(&chunk[..filled]);
            }
            self.read += filled as u64;
            match self.wide {
                Some(wide) => self.piece.extend(wide.decode(&chunk[..filled])),
                None => self.piece.extend_from_slice(&chunk[..filled]),
            }
        }
        Ok(false)
    }

    /// Goes on behind `end`, from the start of a line if one is near.
    fn go_on(&mut self, end: usize) {
        let earliest = end.saturating_sub(2 * GUARD);
        let latest = end.saturating_sub(GUARD);
        let start = memchr::memrchr(b'\n', &self.piece[earliest..latest]).map_or(latest, |at| earliest + at + 1);
        let before = &self.piece[..start];
        let place = if memchr::memchr(b'\r', before).is_some() {
            LineIndex::new(before).place(before, start)
        } else {
            // To look for the ends of lines takes a fraction of the time that an index does.
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

    /// Makes a place in the piece one in the file.
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

/// The text of a file that is read in pieces, whether that is compressed, and what it is called then.
type Opened = (Box<dyn Read>, bool, Vec<u8>);

fn opened(path: &Path) -> io::Result<Option<Opened>> {
    let size = path.metadata()?.len();
    if size < PACKED {
        return Ok(None);
    }
    let open = || bounded::open_file(path, Links::Followed).map_err(io::Error::other);
    let mut ends = Vec::new();
    open()?.take(HEAD as u64).read_to_end(&mut ends)?;
    let packed = matches!(archive::kind(&ends), Some(Kind::Gzip | Kind::Zstd | Kind::Xz));
    if packed {
        let name = archive::gzip_name(&ends);
        return Ok(Some((Box::new(Decompressed::new(open()?)?), true, name)));
    }
    if size <= LARGE || crypt::is_encrypted(&ends) {
        return Ok(None);
    }
    // Some archives are told by their end.
    ends.extend(tail(open()?, size)?);
    if archive::kind(&ends).is_some() { Ok(None) } else { Ok(Some((Box::new(open()?), false, Vec::new()))) }
}

fn tail(mut file: File, size: u64) -> io::Result<Vec<u8>> {
    let mut tail = Vec::new();
    io::Seek::seek(&mut file, io::SeekFrom::Start(size.saturating_sub(TAIL)))?;
    file.take(TAIL).read_to_end(&mut tail)?;
    Ok(tail)
}

/// Returns the gap for the rest of a file that could not be read.
fn gap(item: &Item, is_packed: bool, error: &io::Error) -> Gap {
    let (kind, why) = match error.kind() {
        io::ErrorKind::FileTooLarge | io::ErrorKind::OutOfMemory => (GapKind::TooLarge, Reason::TooLarge.to_string()),
        io::ErrorKind::UnexpectedEof => (GapKind::Corrupt, Reason::Cut.to_string()),
        _ if is_packed => (GapKind::Corrupt, Reason::Damaged.to_string()),
        _ => (GapKind::Unreadable, bounded::Refused::Io(io::Error::from(error.kind())).to_string()),
    };
    Gap { what: item.path.clone(), kind, why }
}
