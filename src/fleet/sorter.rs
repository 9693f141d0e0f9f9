//! Records in the order of ids, in bounded memory: those that don't fit are sorted into files, which are merged.
//!
//! A file is unlinked as soon as it is open, so that none is left behind however the program ends.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, BufWriter, Seek as _, Write as _};

use super::record::Record;
use crate::fs::owner_only;
use crate::fs::scratch::Scratch;

/// The approximate bytes of records kept in memory before they go to a file.
const MOST: usize = 96 << 20;

/// A sorter that takes records in any order.
#[derive(Debug)]
pub(super) struct Sorter {
    most: usize,
    here: Vec<Record>,
    size: usize,
    runs: Vec<File>,
    /// The folder in which files are created.
    scratch: Option<Scratch>,
}

impl Default for Sorter {
    fn default() -> Self {
        Self { most: MOST, here: Vec::new(), size: 0, runs: Vec::new(), scratch: None }
    }
}

impl Sorter {
    /// Adds a record.
    pub(super) fn push(&mut self, record: Record) -> io::Result<()> {
        self.size += record.size();
        self.here.push(record);
        if self.size > self.most { self.spill() } else { Ok(()) }
    }

    fn spill(&mut self) -> io::Result<()> {
        self.here.sort_by(by_id);
        let scratch = match self.scratch.take() {
            Some(scratch) => scratch,
            None => Scratch::new()?,
        };
        let path = scratch.path().join(self.runs.len().to_string());
        self.scratch = Some(scratch);
        let file = owner_only::file().read(true).write(true).create_new(true).open(&path)?;
        // Where an open file can't be unlinked, it is deleted with the folder.
        let _ = std::fs::remove_file(&path);
        let mut out = BufWriter::with_capacity(1 << 20, file);
        for record in self.here.drain(..) {
            serde_json::to_writer(&mut out, &record)?;
            out.write_all(b"\n")?;
        }
        let mut file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        self.runs.push(file);
        self.size = 0;
        Ok(())
    }

    /// Returns all records, in the order of their ids, then of their reports.
    pub(super) fn sorted(mut self) -> io::Result<Sorted> {
        self.here.sort_by(by_id);
        let files = self.runs.into_iter().map(|file| Run::File(BufReader::with_capacity(1 << 18, file)));
        let mut runs: Vec<Run> = files.chain([Run::Memory(self.here.into_iter())]).collect();
        let mut heads = BinaryHeap::new();
        for (at, run) in runs.iter_mut().enumerate() {
            heads.extend(run.next()?.map(|record| Reverse(Head { record, run: at })));
        }
        Ok(Sorted { runs, heads, _scratch: self.scratch })
    }
}

fn by_id(a: &Record, b: &Record) -> std::cmp::Ordering {
    (&a.id, a.report).cmp(&(&b.id, b.report))
}

/// The sorted records.
#[derive(Debug)]
pub(super) struct Sorted {
    runs: Vec<Run>,
    heads: BinaryHeap<Reverse<Head>>,
    _scratch: Option<Scratch>,
}

#[derive(Debug)]
enum Run {
    Memory(std::vec::IntoIter<Record>),
    File(BufReader<File>),
}

impl Run {
    fn next(&mut self) -> io::Result<Option<Record>> {
        match self {
            Self::Memory(records) => Ok(records.next()),
            Self::File(file) => {
                let mut line = String::new();
                if file.read_line(&mut line)? == 0 {
                    return Ok(None);
                }
                Ok(Some(serde_json::from_str(&line)?))
            }
        }
    }
}

/// The next record of a run.
#[derive(Debug)]
struct Head {
    record: Record,
    run: usize,
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        by_id(&self.record, &other.record).then(self.run.cmp(&other.run))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Head {}

impl Sorted {
    /// Returns the id of the next record.
    pub(super) fn peek(&self) -> Option<&str> {
        self.heads.peek().map(|Reverse(head)| head.record.id.as_str())
    }

    /// Returns the next record.
    pub(super) fn next(&mut self) -> io::Result<Option<Record>> {
        let Some(mut top) = self.heads.peek_mut() else { return Ok(None) };
        let run = top.0.run;
        Ok(Some(match self.runs[run].next()? {
            Some(record) => std::mem::replace(&mut top.0.record, record),
            None => PeekMut::pop(top).0.record,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Stage;
    use crate::rule::{Confidence, Severity};

    fn record(number: usize) -> Record {
        Record {
            id: format!("{:05}", number * 7919 % 1000),
            report: u32::try_from(number).unwrap(),
            rule: "a".into(),
            name: "b".into(),
            severity: Severity::Low,
            confidence: Confidence::Low,
            stage: Stage::Unknown,
            allowed: false,
            in_head: false,
            first: None,
            places: Vec::new(),
            owners: Vec::new(),
            place_count: 0,
            forks: Vec::new(),
            asked: None,
        }
    }

    #[test]
    fn records_are_sorted_in_memory_and_on_disk() {
        let read = |most: usize| {
            let mut sorter = Sorter { most, ..Sorter::default() };
            (0..1500).for_each(|number| sorter.push(record(number)).unwrap());
            let files = sorter.runs.len();
            let mut sorted = sorter.sorted().unwrap();
            let mut all = Vec::new();
            while let Some(one) = sorted.next().unwrap() {
                all.push((one.id, one.report));
            }
            (files, all)
        };
        let ((none, whole), (many, merged)) = (read(MOST), read(20_000));
        assert!(none == 0 && many > 5, "{none} {many}");
        assert_eq!(whole, merged);
        assert!(whole.is_sorted() && whole.len() == 1500);
    }
}
