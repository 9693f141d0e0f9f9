//! `SQLite` databases and their write-ahead logs: each row as a separate text, assembled from all its pages, and then
//! the bytes that belong to no row, which may contain deleted ones.
//!
//! The format is that of <https://www.sqlite.org/fileformat2.html>. `pages` knows where the pages are and how they are
//! connected, `record` what a row holds. A file may be hostile: every page is entered once through its tree, and no
//! more than twice the size of the file is assembled.

mod pages;
mod record;

use std::collections::{BTreeMap, HashSet};

use bstr::{BStr, ByteSlice as _};

use super::kind::kind;
use super::unopened::Reason;
use super::walk::{Walk, joined};
use crate::text::Span;
use pages::{Cell, Pages, Slot};
use record::Record;

/// The name of the bytes that belong to no row.
const REST: &[u8] = b"free space";
/// The fewest of those bytes that can contain a secret.
const SHORTEST: usize = 8;

/// A table or an index.
struct Tree {
    name: Vec<u8>,
    columns: Vec<Vec<u8>>,
    /// `true` if the tree is an index, which repeats values of a table.
    is_index: bool,
}

/// A file that is being read.
struct Reading<'d> {
    pages: Pages<'d>,
    trees: Vec<Tree>,
    /// The tree that each page belongs to.
    owners: BTreeMap<u32, usize>,
    /// The number of bytes that may still be assembled.
    left: usize,
    /// The spans of the rows that were assembled.
    covered: Vec<Span>,
    /// The hashes of the rows of a log, which contains a page once for every change to it.
    seen: HashSet<u64>,
    /// The parts that were not read to their end.
    flaws: Vec<Reason>,
}

impl Walk<'_> {
    /// Passes on the rows of a database or a log, and then its other bytes.
    pub(super) fn sqlite(&mut self, path: &BStr, bytes: &[u8], depth: usize) -> bool {
        let Some(pages) = Pages::of(bytes) else { return false };
        let flaws = if pages.is_cut() { vec![Reason::Cut] } else { Vec::new() };
        let mut reading = Reading {
            pages,
            trees: Vec::new(),
            owners: BTreeMap::new(),
            left: bytes.len().saturating_mul(2),
            covered: Vec::new(),
            seen: HashSet::new(),
            flaws,
        };
        reading.enter_trees();
        let slots = reading.pages.slots().into_iter();
        let (owned, free): (Vec<Slot>, Vec<Slot>) = slots.partition(|slot| reading.owners.contains_key(&slot.number));
        // Pages of trees come first: a page outside of the trees may refer to pages that are in use again.
        for slot in owned.iter().chain(&free) {
            reading.page(slot, &mut |name, record| self.row(path, name, record, depth));
        }
        let rest = reading.rest(bytes);
        if !rest.is_empty() {
            (self.found)(joined(path, REST).as_bstr(), &rest);
        }
        reading.flaws.dedup();
        for reason in reading.flaws {
            self.report(path, reason);
        }
        true
    }

    /// Passes on a row, and opens the archives among its values.
    fn row(&mut self, path: &BStr, name: &[u8], row: &Row<'_>, depth: usize) {
        let name = joined(path, name);
        let text = row.record.text(row.columns);
        if !text.is_empty() {
            (self.found)(name.as_bstr(), &text);
        }
        for blob in row.record.blobs().filter(|blob| kind(blob).is_some()) {
            if self.count(path) {
                self.member(name.as_bstr(), blob, depth);
            }
        }
    }
}

/// A row, and the names of its columns.
struct Row<'r> {
    record: Record<'r>,
    columns: &'r [Vec<u8>],
}

impl Reading<'_> {
    /// Determines the tree that each page belongs to. A log does not show this.
    fn enter_trees(&mut self) {
        if self.pages.is_log() {
            return;
        }
        self.trees.push(Tree { name: b"sqlite_schema".to_vec(), columns: Vec::new(), is_index: false });
        let mut roots = vec![(1, 0)];
        self.enter(1, 0);
        for (number, _) in self.owners.clone() {
            let Some(slot) = self.pages.slot(number) else { continue };
            for cell in self.pages.cells(&slot) {
                let Some(payload) = self.pages.payload(&slot, &cell, &mut self.left) else { continue };
                let record = Record::parse(&payload.bytes, self.pages.wide());
                let Some((tree, root)) = record.and_then(|record| tree(&record)) else { continue };
                roots.push((root, self.trees.len()));
                self.trees.push(tree);
            }
        }
        for (root, tree) in roots.into_iter().skip(1) {
            self.enter(root, tree);
        }
    }

    /// Visits all pages of a tree.
    fn enter(&mut self, root: u32, tree: usize) {
        let mut waiting = vec![root];
        while let Some(number) = waiting.pop() {
            let Some(slot) = self.pages.slot(number) else {
                self.flaws.push(Reason::Damaged);
                continue;
            };
            if self.owners.contains_key(&number) {
                // A page has one place in one tree. The pages of a table that an index claims would be left out as
                // repetitions.
                self.flaws.push(Reason::Damaged);
                continue;
            }
            self.owners.insert(number, tree);
            waiting.extend(self.pages.children(&slot));
        }
    }

    /// Assembles the rows of a page.
    fn page(&mut self, slot: &Slot, found: &mut dyn FnMut(&[u8], &Row<'_>)) {
        let owner = self.owners.get(&slot.number).copied();
        for cell in self.pages.cells(slot) {
            let Some(payload) = self.pages.payload(slot, &cell, &mut self.left) else {
                if self.left == 0 {
                    self.flaws.push(Reason::TooLarge);
                }
                continue;
            };
            let Some(record) = Record::parse(&payload.bytes, self.pages.wide()) else { continue };
            if payload.is_whole {
                self.covered.extend(&payload.spans);
            } else if owner.is_some() {
                self.flaws.push(Reason::Damaged);
            }
            let tree = owner.map(|owner| &self.trees[owner]);
            let is_repeated = self.pages.is_log() && !self.seen.insert(hash(&payload.bytes));
            if tree.is_some_and(|tree| tree.is_index) || is_repeated {
                continue;
            }
            let columns = tree.map_or(&[][..], |tree| &tree.columns);
            found(&name(tree, slot.number, &cell), &Row { record, columns });
        }
    }

    /// Returns the bytes that belong to no row, with a line break between parts that are not adjacent.
    fn rest(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.covered.sort_unstable_by_key(|span| span.start);
        let end = Span::new(bytes.len(), bytes.len());
        let (mut rest, mut at) = (Vec::new(), 0);
        for span in self.covered.iter().chain([&end]) {
            let part = bytes.get(at..span.start).unwrap_or_default().trim_with(|c| c == '\0');
            if part.len() >= SHORTEST {
                rest.extend_from_slice(part);
                rest.push(b'\n');
            }
            at = at.max(span.end);
        }
        rest
    }
}

fn hash(bytes: &[u8]) -> u64 {
    use std::hash::{DefaultHasher, Hasher as _};
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

/// Returns the name of a row: its table and number if they are known.
fn name(tree: Option<&Tree>, page: u32, cell: &Cell) -> Vec<u8> {
    match (tree, cell.row) {
        (Some(tree), Some(row)) => [&tree.name[..], b"/", row.to_string().as_bytes()].concat(),
        (Some(tree), None) => tree.name.clone(),
        (None, _) => format!("page {page}").into_bytes(),
    }
}

/// Returns the tree that a row of the schema describes, and its first page. The row has the type, the name, the table,
/// the first page and the statement that created it.
fn tree(record: &Record<'_>) -> Option<(Tree, u32)> {
    let [kind, name, _, root, statement] = &record.values[..] else { return None };
    let root = u32::try_from(root.number()?).ok().filter(|root| *root > 0)?;
    let columns = statement.bytes().map(|bytes| record::columns(&bytes)).unwrap_or_default();
    let is_index = kind.bytes().is_some_and(|kind| kind[..] == *b"index");
    Some((Tree { name: name.bytes().unwrap_or_default().into_owned(), columns, is_index }, root))
}
