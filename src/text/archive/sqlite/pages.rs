//! The pages of a database or a write-ahead log, their cells, and the payload of a cell, including its overflow pages.

use std::collections::HashMap;

use crate::text::Span;
use crate::text::archive::kind::{SQLITE, is_sqlite_log};
use crate::text::encoding::Wide;

/// The number of bytes before the tree of the first page.
const HEADER: usize = 100;
/// The number of bytes of a log before its first frame, and in each frame before the page.
const LOG_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
/// The number of bytes of a page number that links to the next page.
const LINK: usize = 4;

/// The pages of a file.
pub(super) struct Pages<'d> {
    bytes: &'d [u8],
    size: usize,
    /// The number of bytes of a page that `SQLite` uses; an extension may reserve the last ones.
    usable: usize,
    wide: Option<Wide>,
    /// The frames, if the file is a log.
    frames: Option<Frames>,
}

/// The frames of a log.
#[derive(Default)]
struct Frames {
    slots: Vec<Slot>,
    /// The frames of each page, in the order in which they were written.
    of_page: HashMap<u32, Vec<usize>>,
}

/// The location of a page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub(super) number: u32,
    /// The position of the page in the file.
    start: usize,
    /// The number of the transaction that wrote the page to a log.
    turn: usize,
}

/// A row, or a part of one, on a page of a tree.
pub(super) struct Cell {
    /// The position of the cell in the file.
    start: usize,
    /// The number of the row in its table, if it has one.
    pub(super) row: Option<i64>,
    /// The position of the payload in the file, and the length of the whole payload.
    payload: usize,
    length: usize,
    is_of_table: bool,
}

/// The content of a cell.
pub(super) struct Payload {
    pub(super) bytes: Vec<u8>,
    /// The spans from which the bytes were assembled.
    pub(super) spans: Vec<Span>,
    pub(super) is_whole: bool,
}

/// The kind of a page of a tree.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    TableLeaf,
    TableInner,
    IndexLeaf,
    IndexInner,
}

impl Kind {
    fn of(byte: u8) -> Option<Self> {
        Some(match byte {
            0x0d => Self::TableLeaf,
            0x05 => Self::TableInner,
            0x0a => Self::IndexLeaf,
            0x02 => Self::IndexInner,
            _ => return None,
        })
    }

    fn is_inner(self) -> bool {
        matches!(self, Self::TableInner | Self::IndexInner)
    }
}

impl<'d> Pages<'d> {
    /// Reads the header of a file; returns `None` if it contains impossible values.
    pub(super) fn of(bytes: &'d [u8]) -> Option<Self> {
        if is_sqlite_log(bytes) {
            return Self::of_log(bytes);
        }
        let header = bytes.strip_prefix(SQLITE).and(bytes.get(..HEADER))?;
        let size = page_size(usize::from(u16::from_be_bytes([header[16], header[17]])))?;
        let usable = size.checked_sub(usize::from(header[20]))?;
        Some(Self { bytes, size, usable, wide: wide(header[59]), frames: None }).filter(|pages| pages.usable >= 480)
    }

    fn of_log(bytes: &'d [u8]) -> Option<Self> {
        let size = page_size(usize::try_from(number(bytes, 8)?).ok()?)?;
        let mut pages = Self { bytes, size, usable: size, wide: None, frames: None };
        let mut frames = Frames::default();
        let (mut at, mut turn) = (LOG_HEADER, 0);
        while at + FRAME_HEADER + size <= bytes.len() {
            let start = at + FRAME_HEADER;
            let (page, end) = (number(bytes, at)?, number(bytes, at + LINK)?);
            if page == 1 && bytes[start..].starts_with(SQLITE) {
                pages.wide = wide(bytes[start + 59]);
                pages.usable = size.saturating_sub(usize::from(bytes[start + 20])).max(480);
            }
            frames.of_page.entry(page).or_default().push(frames.slots.len());
            frames.slots.push(Slot { number: page, start, turn });
            turn += usize::from(end != 0);
            at = start + size;
        }
        pages.frames = Some(frames);
        Some(pages)
    }

    pub(super) fn is_log(&self) -> bool {
        self.frames.is_some()
    }

    /// Returns the encoding of texts, if it isn't UTF-8.
    pub(super) fn wide(&self) -> Option<Wide> {
        self.wide
    }

    /// Returns `true` if the header of a database counts pages that are missing. The count is ignored if an old version
    /// wrote the file last, because it did not update the count.
    pub(super) fn is_cut(&self) -> bool {
        let is_valid = number(self.bytes, 24) == number(self.bytes, 92);
        let page_count = number(self.bytes, 28).filter(|_| is_valid && !self.is_log());
        page_count.is_some_and(|page_count| u64::from(page_count) * (self.size as u64) > self.bytes.len() as u64)
    }

    /// Returns all pages that are present, in the order of the file.
    pub(super) fn slots(&self) -> Vec<Slot> {
        match &self.frames {
            Some(frames) => frames.slots.clone(),
            None => (1..).map_while(|number| self.slot(number)).collect(),
        }
    }

    /// Returns a page of a database.
    pub(super) fn slot(&self, number: u32) -> Option<Slot> {
        let start = usize::try_from(number).ok()?.checked_sub(1)?.checked_mul(self.size)?;
        // The last page of a truncated file may be incomplete.
        (start + HEADER < self.bytes.len()).then_some(Slot { number, start, turn: 0 })
    }

    /// Returns a page that another one refers to; in a log, its state after the same transaction or the latest one
    /// before.
    fn referred(&self, number: u32, from: &Slot) -> Option<Slot> {
        let Some(frames) = &self.frames else { return self.slot(number) };
        let versions = frames.of_page.get(&number)?;
        let after = versions.partition_point(|at| frames.slots[*at].turn <= from.turn);
        versions.get(after.checked_sub(1)?).map(|at| frames.slots[*at])
    }

    fn page(&self, slot: &Slot) -> &'d [u8] {
        &self.bytes[slot.start..(slot.start + self.usable).min(self.bytes.len())]
    }

    /// Returns the kind of a page of a tree, and the position of its header within the page.
    fn kind(&self, slot: &Slot) -> Option<(Kind, usize)> {
        let page = self.page(slot);
        let header = if slot.number == 1 && page.starts_with(SQLITE) { HEADER } else { 0 };
        Some((Kind::of(*page.get(header)?)?, header))
    }

    /// Returns the positions of a page's cells within the page.
    fn cell_starts(&self, slot: &Slot) -> Vec<usize> {
        let Some((kind, header)) = self.kind(slot) else { return Vec::new() };
        let page = self.page(slot);
        let short = |at: usize| Some(usize::from(u16::from_be_bytes([*page.get(at)?, *page.get(at + 1)?])));
        let first = header + if kind.is_inner() { 12 } else { 8 };
        let count = short(header + 3).unwrap_or_default();
        (0..count).map_while(|nth| short(first + 2 * nth)).filter(|start| *start < page.len()).collect()
    }

    /// Returns the pages below a page of a tree.
    pub(super) fn children(&self, slot: &Slot) -> Vec<u32> {
        let Some((_, header)) = self.kind(slot).filter(|(kind, _)| kind.is_inner()) else { return Vec::new() };
        let page = self.page(slot);
        let starts = self.cell_starts(slot).into_iter().chain([header + 8]);
        starts.filter_map(|start| number(page, start)).collect()
    }

    /// Returns the cells of a page that have content.
    pub(super) fn cells(&self, slot: &Slot) -> Vec<Cell> {
        let Some((kind, _)) = self.kind(slot).filter(|(kind, _)| *kind != Kind::TableInner) else { return Vec::new() };
        self.cell_starts(slot).into_iter().filter_map(|start| self.cell(slot, kind, start)).collect()
    }

    fn cell(&self, slot: &Slot, kind: Kind, start: usize) -> Option<Cell> {
        let page = self.page(slot);
        let mut at = start + if kind == Kind::IndexInner { LINK } else { 0 };
        let (length, bytes) = varint(page.get(at..)?)?;
        at += bytes;
        let mut row = None;
        if kind == Kind::TableLeaf {
            let (number, bytes) = varint(page.get(at..)?)?;
            at += bytes;
            row = Some(number);
        }
        let length = usize::try_from(length).ok().filter(|length| (1..=self.bytes.len()).contains(length))?;
        let is_of_table = kind == Kind::TableLeaf;
        Some(Cell { start: slot.start + start, row, payload: slot.start + at, length, is_of_table })
    }

    /// Returns the number of bytes of a payload that are on the tree's page itself.
    fn local(&self, cell: &Cell) -> usize {
        let usable = self.usable;
        let most = if cell.is_of_table { usable - 35 } else { (usable - 12) * 64 / 255 - 23 };
        if cell.length <= most {
            return cell.length;
        }
        let least = (usable - 12) * 32 / 255 - 23;
        let fitting = least + (cell.length - least) % (usable - LINK);
        if fitting <= most { fitting } else { least }
    }

    /// Returns the payload of a cell; `None` if it exceeds its page, or has more than the `left` bytes that may still
    /// be assembled.
    pub(super) fn payload(&self, slot: &Slot, cell: &Cell, left: &mut usize) -> Option<Payload> {
        if cell.length > *left {
            *left = 0;
            return None;
        }
        *left -= cell.length;
        let end = cell.payload + self.local(cell);
        let page_end = slot.start + self.page(slot).len();
        let mut bytes = self.bytes.get(cell.payload..end).filter(|_| end <= page_end)?.to_vec();
        let mut spans = vec![Span::new(cell.start, end)];
        let mut next = if bytes.len() < cell.length { number(self.bytes, end).unwrap_or(0) } else { 0 };
        while let Some(over) = (next != 0).then(|| self.referred(next, slot)).flatten() {
            let page = self.page(&over);
            let content = page.get(LINK..).unwrap_or_default();
            let part = &content[..content.len().min(cell.length - bytes.len())];
            bytes.extend_from_slice(part);
            spans.push(Span::new(over.start, over.start + LINK + part.len()));
            next = number(page, 0).filter(|_| bytes.len() < cell.length && !part.is_empty()).unwrap_or(0);
        }
        let is_whole = bytes.len() == cell.length;
        Some(Payload { bytes, spans, is_whole })
    }
}

/// Returns the size of a page from its field in the header. Sizes are powers of two; the largest does not fit into the
/// field and is written as 1.
fn page_size(written: usize) -> Option<usize> {
    let size = if written == 1 { 1 << 16 } else { written };
    (size.is_power_of_two() && (512..=1 << 16).contains(&size)).then_some(size)
}

fn wide(encoding: u8) -> Option<Wide> {
    match encoding {
        2 => Some(Wide::Utf16Le),
        3 => Some(Wide::Utf16Be),
        _ => None,
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + LINK)?.try_into().ok().map(u32::from_be_bytes)
}

/// Reads a number of one to nine bytes, and returns it with its length.
pub(super) fn varint(bytes: &[u8]) -> Option<(i64, usize)> {
    let mut value: u64 = 0;
    for (at, byte) in bytes.iter().take(9).enumerate() {
        if at == 8 {
            return Some(((value << 8 | u64::from(*byte)).cast_signed(), 9));
        }
        value = value << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value.cast_signed(), at + 1));
        }
    }
    None
}
