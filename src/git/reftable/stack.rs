//! A stack of tables: the files that a list names, the oldest first, and their combined content.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use bstr::{BStr, BString};
use gix::hash::Kind as Hash;

use super::table::{Change, Table};
use super::{Flaw, Room, Target};
use crate::finding::GapKind;
use crate::fs::bounded::{self, Links, Refused};

/// The file that names the tables.
const LIST: &str = "tables.list";
/// The most bytes of that list that are read.
const LONGEST_LIST: u64 = 1 << 20;
/// The most bytes of all tables of a stack that are read.
const MOST: u64 = 256 << 20;
/// The most times that the list is read again because a table that it names is gone: a process that compacts tables
/// replaces them.
const TRIES: usize = 50;

/// The tables of a folder.
#[derive(Debug)]
pub struct Stack {
    folder: PathBuf,
    hash: Hash,
    /// The tables, the oldest first.
    tables: Vec<Named>,
    /// The tables that could not be read.
    troubles: Vec<Trouble>,
}

/// A table and the name of its file.
#[derive(Debug)]
struct Named {
    name: String,
    table: Table,
}

/// A file that could not be read, or not to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The file.
    pub path: PathBuf,
    /// The kind of gap.
    pub kind: GapKind,
    /// The reason.
    pub why: String,
}

/// All reflogs of a stack.
#[derive(Debug, Default)]
pub struct Logs {
    /// The entries of each reflog, the oldest first.
    pub entries: BTreeMap<BString, Vec<Change>>,
    /// The records in tables that a newer table has deleted, by the name of the table's file: names of refs, and
    /// entries.
    pub left: BTreeMap<String, BString>,
    /// The parts that could not be read.
    pub troubles: Vec<Trouble>,
}

impl Stack {
    /// Reads the tables of a folder.
    pub fn read(folder: &Path, hash: Hash) -> Self {
        let mut stack = Self { folder: folder.to_owned(), hash, tables: Vec::new(), troubles: Vec::new() };
        let mut list = stack.list();
        for _ in 0..TRIES {
            let Ok(names) = &list else { break };
            (stack.tables, stack.troubles) = (Vec::new(), Vec::new());
            let mut most = MOST;
            names.iter().for_each(|name| stack.push(name, &mut most));
            let is_moving = stack.troubles.iter().any(|trouble| trouble.kind == GapKind::Missing);
            let again = if is_moving { stack.list() } else { break };
            if again == list {
                break;
            }
            list = again;
        }
        stack.troubles.extend(list.err());
        stack
    }

    /// Reads the names of the files, the oldest first.
    fn list(&self) -> Result<Vec<String>, Trouble> {
        let path = self.folder.join(LIST);
        let text = bounded::read(&path, LONGEST_LIST, Links::Refused).map_err(|error| trouble(&path, &error))?;
        let text = String::from_utf8(text).unwrap_or_default();
        let names: Vec<String> = text.lines().map(str::to_owned).collect();
        let is_name = |name: &String| name.ends_with(".ref") && !name.contains(['/', '\\', '\0']);
        match names.iter().all(is_name) && !names.is_empty() {
            true => Ok(names),
            false => Err(Trouble { path, kind: GapKind::Corrupt, why: "it does not list tables of refs".to_owned() }),
        }
    }

    fn push(&mut self, name: &str, most: &mut u64) {
        match self.table(name, most) {
            Ok(table) => self.tables.push(Named { name: name.to_owned(), table }),
            Err(trouble) => self.troubles.push(trouble),
        }
    }

    fn table(&self, name: &str, most: &mut u64) -> Result<Table, Trouble> {
        let path = self.folder.join(name);
        let bytes = bounded::read(&path, *most, Links::Refused).map_err(|error| trouble(&path, &error))?;
        *most = most.saturating_sub(bytes.len() as u64);
        let table = Table::parse(bytes, self.hash).map_err(|flaw| flawed(path.clone(), flaw))?;
        if named_updates(name).is_some_and(|updates| updates != table.updates()) {
            let why = "it is not the table that its name says".to_owned();
            return Err(Trouble { path, kind: GapKind::Corrupt, why });
        }
        Ok(table)
    }

    fn path(&self, named: &Named) -> PathBuf {
        self.folder.join(&named.name)
    }

    /// Returns the parts that could not be opened.
    pub fn troubles(&self) -> &[Trouble] {
        &self.troubles
    }

    /// Returns the target of one ref, if there is a ref with that name. A large table is read only as far as needed.
    ///
    /// # Errors
    /// Fails if a table that may hold another target can't be read.
    pub fn find(&self, name: &BStr) -> Result<Option<Target>, Trouble> {
        if let Some(trouble) = self.troubles.first() {
            return Err(trouble.clone());
        }
        for named in self.tables.iter().rev() {
            let mut found = None;
            let read = named.table.each_ref(&mut Room::default(), &mut |other, target| {
                if other == name {
                    found = Some(target);
                }
                if other < name { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            });
            read.map_err(|flaw| flawed(self.path(named), flaw))?;
            if let Some(target) = found {
                return Ok(target);
            }
        }
        Ok(None)
    }

    /// Returns all refs by name, and the parts that could not be read.
    pub fn refs(&self) -> (BTreeMap<BString, Target>, Vec<Trouble>) {
        let mut troubles = self.troubles.clone();
        let mut room = Room::default();
        let mut refs: BTreeMap<BString, Target> = BTreeMap::new();
        for named in &self.tables {
            let read = named.table.each_ref(&mut room, &mut |name, target| {
                match target {
                    Some(target) => refs.insert(name.into(), target),
                    None => refs.remove(BStr::new(name)),
                };
                ControlFlow::Continue(())
            });
            troubles.extend(read.err().map(|flaw| flawed(self.path(named), flaw)));
        }
        (refs, troubles)
    }

    /// Returns all reflogs, and the other names and entries that the tables hold.
    pub fn logs(&self) -> Logs {
        let mut logs = Logs { troubles: self.troubles.clone(), ..Logs::default() };
        let mut room = Room::default();
        let mut entries: BTreeMap<(BString, u64), (&str, Change)> = BTreeMap::new();
        let (refs, _) = self.refs();
        let unlisted = self.unlisted(&mut logs);
        // A table that no list names never overrides one that a list names.
        let all = unlisted.iter().map(|named| (named, false)).chain(self.tables.iter().map(|named| (named, true)));
        for (named, is_listed) in all {
            let mut left = BString::default();
            let names = add_unlisted_names(&named.table, &refs, &mut room, &mut left);
            let read = named.table.each_change(&mut room, &mut |name, update, change| {
                let key = (name.into(), update);
                let before = match change {
                    Some(change) if is_listed => entries.insert(key, (&named.name, change)),
                    Some(change) => Some((&*named.name, change)),
                    None => entries.remove(&key),
                };
                if let Some((table, before)) = before.filter(|(_, before)| !before.is_mark) {
                    logs.left.entry(table.to_owned()).or_default().extend_from_slice(&before.line);
                }
            });
            logs.troubles.extend(names.and(read).err().map(|flaw| flawed(self.path(named), flaw)));
            if !left.is_empty() {
                logs.left.entry(named.name.clone()).or_default().extend_from_slice(&left);
            }
        }
        for ((name, _), (_, change)) in entries {
            let list = logs.entries.entry(name).or_default();
            // git writes such an entry to mark that there is a reflog.
            if !change.is_mark {
                list.push(change);
            }
        }
        logs
    }

    /// Reads tables that are in the folder but not in the list: an interrupted command left them.
    fn unlisted(&self, logs: &mut Logs) -> Vec<Named> {
        let listed: BTreeSet<&str> = self.tables.iter().map(|named| &*named.name).collect();
        let troubled = |path: &Path| self.troubles.iter().any(|trouble| trouble.path == path);
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let is_left =
            |name: &String| name.ends_with(".ref") && !listed.contains(&**name) && !troubled(&self.folder.join(name));
        let mut names: Vec<String> = names.filter(is_left).collect();
        names.sort();
        let mut most = MOST;
        let mut found = Vec::new();
        for name in names {
            match self.table(&name, &mut most) {
                Ok(table) => found.push(Named { name, table }),
                // A process that compacts tables has deleted it since.
                Err(trouble) if trouble.kind == GapKind::Missing => {}
                Err(trouble) => {
                    let why =
                        format!("no list of tables names it, and {}; 'git pack-refs --all' removes it", trouble.why);
                    logs.troubles.push(Trouble { why, ..trouble });
                }
            }
        }
        found
    }
}

/// Adds the names in a table that no ref has, because they were deleted or aren't in use yet.
fn add_unlisted_names(
    table: &Table,
    refs: &BTreeMap<BString, Target>,
    room: &mut Room,
    left: &mut BString,
) -> Result<(), Flaw> {
    table.each_ref(room, &mut |name, target| {
        let other = if let Some(Target::Ref(other)) = target { Some(other) } else { None };
        for name in std::iter::once(BString::from(name)).chain(other).filter(|name| !refs.contains_key(name)) {
            left.extend_from_slice(&name);
            left.push(b'\n');
        }
        ControlFlow::Continue(())
    })
}

/// Returns the numbers of the first and the last update from a table's file name, if it is a name that git gives.
fn named_updates(name: &str) -> Option<(u64, u64)> {
    let mut parts = name.split('-');
    let mut number = || u64::from_str_radix(parts.next()?.strip_prefix("0x")?, 16).ok();
    number().zip(number())
}

fn trouble(path: &Path, refused: &Refused) -> Trouble {
    let kind = match refused {
        Refused::Io(error) if error.kind() == ErrorKind::NotFound => GapKind::Missing,
        Refused::TooLarge(_) => GapKind::TooLarge,
        _ => GapKind::Unreadable,
    };
    Trouble { path: path.to_owned(), kind, why: refused.to_string() }
}

fn flawed(path: PathBuf, flaw: Flaw) -> Trouble {
    let kind = if flaw == Flaw::TooLarge { GapKind::TooLarge } else { GapKind::Corrupt };
    Trouble { path, kind, why: flaw.to_string() }
}
