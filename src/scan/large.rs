//! Files and streams of any size, read in pieces: large texts, and compressed texts of unknown size.
//!
//! A piece overlaps the next one, so that a secret on their border is whole in one of them and reported once. Archives,
//! which are read by their directory or member by member, are handled in the usual way with its limits.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek as _, SeekFrom};
use std::path::Path;

use super::outcome::Outcome;
use super::sighting::Sighting;
use super::worker::{Origin, Worker};
use crate::detect::Room;
use crate::finding::{ContentKind, Gap, GapKind};
use crate::fs::bounded::{self, Links, Refused, Stream};
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
struct Pieces<R: Read> {
    reader: Decompressed<R>,
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
        if item.kind != ContentKind::File || self.options.max_file_size < LARGE {
            return false;
        }
        match &item.content {
            Content::File(path) => match opened(path) {
                Ok(Some((size, reader, member))) => self.pieces(reader, Some(size), &member, item, outcome),
                _ => false,
            },
            Content::Open(handle) => self.streamed(Stream::of(handle), item, outcome),
            // A device may have no end.
            Content::Stream(path) if !is_device(path) => self.streamed(Stream::named(path), item, outcome),
            _ => false,
        }
    }

    /// Scans the text from a reader in pieces; returns `false` if the usual way of scanning is better for it, which is
    /// possible as long as the source can be read again. `size` is the size of such a source, and `member` the name
    /// that a compressed text has there.
    fn pieces(
        &self,
        reader: Decompressed<impl Read>,
        size: Option<u64>,
        member: &[u8],
        item: &Item,
        outcome: &mut Outcome,
    ) -> bool {
        let is_packed = reader.packing() == Packing::Packed;
        let mut pieces = Pieces { reader, wide: None, piece: Vec::new(), read: 0, lines: 0, column: 0, begin: 0 };
        let filled = pieces.fill();
        // For a short text, the usual way of scanning opens more formats, unless the file is too large for it.
        let is_whole = !matches!(filled, Filled::Full);
        let is_better = |size| is_whole && size <= self.options.max_file_size || archive::kind(&pieces.piece).is_some();
        if is_packed && size.is_some_and(is_better) {
            return false;
        }
        let kind = if is_packed { ContentKind::ArchiveMember } else { ContentKind::File };
        let origin = Origin { member: member.into(), ..Origin::new(kind, item.path.as_ref()) };
        let end = self.each_piece(&mut pieces, filled, &origin, outcome);
        outcome.stats.blobs += 1;
        outcome.stats.bytes += pieces.read;
        match end {
            Ok(()) => {}
            Err(error) if is_packed => self.unopened(item.path.clone(), Reason::of(&error), outcome),
            Err(error) => outcome.gaps.push(unreadable(item, error)),
        }
        true
    }

    /// Scans a stream: a text in pieces, however long it is, and an archive in the usual way. An archive has to be in
    /// memory as a whole, and so has any stream that is short.
    fn streamed(&self, stream: Result<Stream, Refused>, item: &Item, outcome: &mut Outcome) -> bool {
        let mut stream = match stream {
            Ok(stream) => stream,
            Err(why) => {
                let gap = Gap { what: item.path.clone(), kind: GapKind::Unreadable, why: why.to_string() };
                outcome.gaps.push(gap);
                return true;
            }
        };
        let mut head = Vec::new();
        if let Err(error) = (&mut stream).take(LARGE + 1).read_to_end(&mut head) {
            outcome.gaps.push(unreadable(item, error));
            if head.is_empty() {
                return true;
            }
        }
        let is_long = head.len() as u64 > LARGE;
        let kind = archive::kind(&head);
        let is_packed = matches!(kind, Some(Kind::Gzip | Kind::Zstd | Kind::Xz)) && !holds_archive(&head);
        let is_text = kind.is_none() && !crypt::is_encrypted(&head);
        if is_packed && head.len() as u64 >= PACKED || is_text && is_long {
            let member = if is_packed { archive::gzip_name(&head) } else { Vec::new() };
            let size = (!is_long).then_some(head.len() as u64);
            let reader = Decompressed::new(Cursor::new(&head).chain(&mut stream));
            if reader.is_ok_and(|reader| self.pieces(reader, size, &member, item, outcome)) {
                return true;
            }
        }
        self.in_memory(head, stream, item, outcome);
        true
    }

    /// Scans a stream, of which the head was read already, in the usual way.
    fn in_memory(&self, mut head: Vec<u8>, stream: Stream, item: &Item, outcome: &mut Outcome) {
        let limit = self.options.max_file_size;
        let left = limit.saturating_add(1).saturating_sub(head.len() as u64);
        let is_long = head.len() as u64 > LARGE;
        if is_long && let Err(error) = stream.take(left).read_to_end(&mut head) {
            outcome.gaps.push(unreadable(item, error));
        }
        if head.len() as u64 > limit {
            let why = format!(
                "it is an archive of more than {limit} bytes, which is the limit for a stream; write it to a file"
            );
            outcome.gaps.push(Gap { what: item.path.clone(), kind: GapKind::TooLarge, why });
        } else {
            self.content(item, &head, outcome);
        }
    }

    /// Scans each piece, including the one before a read error, and reports once what was passed over in any of them.
    fn each_piece(
        &self,
        pieces: &mut Pieces<impl Read>,
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

impl<R: Read> Pieces<R> {
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

fn unreadable(item: &Item, error: io::Error) -> Gap {
    let why = error.downcast::<Refused>().unwrap_or_else(Refused::Io).to_string();
    Gap { what: item.path.clone(), kind: GapKind::Unreadable, why }
}

fn is_device(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| bounded::kind(meta.file_type()) == bounded::Kind::Device)
}

/// Returns `true` if the text that is compressed in a stream is an archive.
fn holds_archive(head: &[u8]) -> bool {
    let mut start = Vec::new();
    let Ok(reader) = Decompressed::new(head) else { return false };
    // A flaw is found again when the stream is read.
    let _ = reader.take(CHUNK as u64).read_to_end(&mut start);
    archive::kind(&start).is_some()
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
