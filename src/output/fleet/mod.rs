//! Inventories of many repositories as text. Rows arrive one by one: JSON Lines and CSV write each at once; a page for
//! people keeps the worst rows and counts the others.

mod page;
mod table;

use std::collections::{BinaryHeap, HashMap};
use std::io::{self, Write};

use serde::Serialize;

use super::mask::Mask;
use super::paper::Paper;
use super::{html, json, markdown, plain};
use crate::fleet::{Repository, Row, Summary};
use crate::text::escape;
use page::Rank;
pub use page::verdict;

/// The most rows of a page: as many as a terminal, an issue and a browser can show.
const ON_TERMINAL: usize = 50;
const IN_MARKDOWN: usize = 200;
const IN_BROWSER: usize = 2_000;

/// The format of an inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Text for people.
    Human,
    /// One HTML file for a browser.
    Html,
    /// Markdown, for issues, tickets and mails.
    Markdown,
    /// CSV, for spreadsheets.
    Csv,
    /// One JSON object a line, which a later merge can read as the earlier inventory.
    Jsonl,
}

/// A writer of one inventory.
pub struct Writer<'w> {
    format: Format,
    /// The number of columns; `None` if lines may have any length.
    width: Option<usize>,
    out: &'w mut dyn Write,
    safe: Safe<'w>,
    repositories: Vec<Repository>,
    worst: BinaryHeap<Rank>,
    rows: usize,
}

/// The first line of JSON Lines.
#[derive(Serialize)]
#[serde(tag = "type", rename = "inventory")]
struct Head {
    schema: u32,
    tool: &'static str,
    version: &'static str,
}

impl<'w> Writer<'w> {
    /// Writes the repositories, those that were not read first, and returns the writer.
    ///
    /// # Errors
    /// Fails if `out` does.
    pub fn new(
        format: Format,
        width: Option<usize>,
        mask: &'w Mask<'w>,
        repositories: &[Repository],
        out: &'w mut dyn Write,
    ) -> io::Result<Self> {
        let mut safe = Safe { mask, known: HashMap::new() };
        let repositories: Vec<Repository> =
            repositories.iter().map(|one| one.clone().shown(&mut |text| safe.of(text))).collect();
        match format {
            Format::Jsonl => {
                json::line(&Head { schema: 1, tool: "keysweep", version: env!("CARGO_PKG_VERSION") }, out)?;
                repositories.iter().try_for_each(|one| json::line(one, out))?;
            }
            Format::Csv => table::head(&repositories, out)?,
            Format::Human | Format::Html | Format::Markdown => {}
        }
        Ok(Self { format, width, out, safe, repositories, worst: BinaryHeap::new(), rows: 0 })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// Fails if the row can't be written.
    pub fn row(&mut self, row: Row) -> io::Result<()> {
        self.rows += 1;
        let most = match self.format {
            Format::Jsonl => return json::line(&row.shown(&mut |text| self.safe.of(text)), self.out),
            Format::Csv => return table::row(&row.shown(&mut |text| self.safe.of(text)), self.out),
            Format::Human => ON_TERMINAL,
            Format::Markdown => IN_MARKDOWN,
            Format::Html => IN_BROWSER,
        };
        self.worst.push(Rank(row));
        if self.worst.len() > most {
            self.worst.pop();
        }
        Ok(())
    }

    /// Writes the summary.
    ///
    /// # Errors
    /// Fails if the summary can't be written.
    pub fn end(self, summary: &Summary) -> io::Result<()> {
        let Self { format, width, out, mut safe, repositories, worst, rows } = self;
        let shown = worst.into_sorted_vec().into_iter().map(|Rank(row)| row.shown(&mut |text| safe.of(text)));
        let shown: Vec<Row> = shown.collect();
        match format {
            Format::Jsonl => json::line(summary, out),
            Format::Csv => table::end(summary, out),
            Format::Human => {
                plain::write(&page::brief(summary, &repositories, &shown, rows), &mut Paper::new(out, width))
            }
            Format::Markdown => markdown::write(&page::whole(summary, &repositories, &shown, rows), out),
            Format::Html => {
                html::write("Secrets in many repositories", &page::whole(summary, &repositories, &shown, rows), out)
            }
        }
    }
}

/// Makes texts safe to show, and keeps some of the results, since the same names and paths recur.
struct Safe<'m> {
    mask: &'m Mask<'m>,
    known: HashMap<String, String>,
}

impl Safe<'_> {
    fn of(&mut self, text: &str) -> String {
        /// The most results kept; more would take too much memory.
        const MOST: usize = 100_000;
        if let Some(known) = self.known.get(text) {
            return known.clone();
        }
        let safe = escape(&self.mask.bytes(text.as_bytes()));
        if self.known.len() >= MOST {
            self.known.clear();
        }
        self.known.insert(text.to_owned(), safe.clone());
        safe
    }
}
