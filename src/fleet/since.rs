//! An earlier inventory, read alongside the new one: both are in the order of ids, so neither has to fit into memory.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::Path;

use super::report::kind_of;
use super::row::{Change, Holding, Repository, Row, State};
use crate::fs::bounded;

/// The most bytes of a line.
const MAX_LINE: u64 = 64 << 20;

/// The earlier inventory.
#[derive(Debug)]
pub struct Earlier {
    file: BufReader<File>,
    /// The repositories of the inventory.
    pub(super) repositories: BTreeSet<String>,
    next: Option<Row>,
}

impl Earlier {
    /// Opens an inventory that was written as JSON Lines.
    ///
    /// # Errors
    /// Fails if the file can't be read or isn't an inventory.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file =
            bounded::open_file(path, bounded::Links::Followed).map_err(|refused| broken(&refused.to_string()))?;
        let mut earlier = Self { file: BufReader::new(file), repositories: BTreeSet::new(), next: None };
        match earlier.line()? {
            Some((kind, _)) if kind == "inventory" => {}
            _ => return Err(broken("it is not an inventory that 'keysweep fleet merge --format jsonl' wrote")),
        }
        earlier.advance(None)?;
        Ok(earlier)
    }

    fn line(&mut self) -> io::Result<Option<(String, Vec<u8>)>> {
        let mut line = Vec::new();
        (&mut self.file).take(MAX_LINE).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(None);
        }
        let kind = kind_of(&line).ok_or_else(|| broken("a line of it cannot be read"))?;
        Ok(Some((kind, line)))
    }

    /// Advances to the next secret, whose id has to come after the one before.
    fn advance(&mut self, before: Option<&str>) -> io::Result<()> {
        while let Some((kind, line)) = self.line()? {
            let damaged = |_| broken("a line of it cannot be read");
            match kind.as_str() {
                "repository" => {
                    let repository: Repository = serde_json::from_slice(&line).map_err(damaged)?;
                    self.repositories.insert(repository.name);
                }
                "secret" => {
                    let row: Row = serde_json::from_slice(&line).map_err(damaged)?;
                    if before.is_some_and(|before| *before >= *row.id) {
                        return Err(broken("its secrets are not in the order of their ids"));
                    }
                    self.next = Some(row);
                    return Ok(());
                }
                "summary" => return Ok(()),
                _ => return Err(broken("a line of it cannot be read")),
            }
        }
        Err(broken("it is cut off: it has no summary"))
    }

    /// Returns the id of the next secret.
    pub(super) fn peek(&self) -> Option<&str> {
        self.next.as_ref().map(|row| row.id.as_str())
    }

    /// Returns the next secret.
    pub(super) fn next(&mut self) -> io::Result<Option<Row>> {
        let row = self.next.take();
        if let Some(row) = &row {
            self.advance(Some(&row.id))?;
        }
        Ok(row)
    }
}

fn broken(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_owned())
}

/// Returns the change of a secret that exists now.
pub(super) fn change(row: &Row, before: Option<&Row>, is_read: &dyn Fn(&str) -> bool) -> Change {
    let Some(before) = before.filter(|before| before.state != State::Gone) else { return Change::New };
    if row.public && !before.public {
        return Change::NewlyPublic;
    }
    // An unread repository shows neither that something left it nor that it stayed.
    fn read<'r>(row: &'r Row, is_read: &dyn Fn(&str) -> bool) -> Vec<&'r Holding> {
        row.holdings.iter().filter(|one| is_read(&one.repository)).collect()
    }
    let (now, then) = (read(row, is_read), read(before, is_read));
    let is_same = now.len() == then.len() && now.iter().zip(&then).all(|(one, other)| is_alike(one, other));
    if is_same { Change::Same } else { Change::Moved }
}

/// Returns `true` if two repositories hold a secret at the same paths. Lines are ignored, since they move with every
/// edit above them.
fn is_alike(one: &Holding, other: &Holding) -> bool {
    let paths = one.places.iter().map(|place| &place.path).eq(other.places.iter().map(|place| &place.path));
    one.repository == other.repository && one.place_count == other.place_count && paths
}

/// Returns the row of a secret that is not found now: it is gone only if every repository that held it was read again.
pub(super) fn absent(before: Row, is_read: &dyn Fn(&str) -> bool) -> Option<Row> {
    if before.state == State::Gone {
        return None;
    }
    let is_gone = before.holdings.iter().all(|one| is_read(&one.repository));
    let (state, change) = if is_gone { (State::Gone, Some(Change::Gone)) } else { (State::NotRead, None) };
    Some(Row { state, change, ..before })
}
