//! Refs and reflogs that git keeps in reftables: a stack of files, in which a newer file overrides an older one.
//!
//! Format: git's `Documentation/technical/reftable.adoc`. [`table`] reads one file and is a function of its bytes:
//! whatever they contain, it ends, takes no more memory than its [`Room`], and reports what is wrong. [`stack`] finds
//! the files and combines them. Indexes of blocks and of objects aren't read: all blocks are read in order.

mod block;
mod cursor;
pub mod stack;
pub mod table;

pub use stack::{Logs, Stack, Trouble};
pub use table::{Change, Table};

use bstr::BString;

use super::ObjectId;

/// The most bytes that names and entries may take in all: a prefix that is stored once is copied for every name.
const MOST_BYTES: usize = 256 << 20;

/// The target of a ref.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The ref names an object.
    Object(ObjectId),
    /// The ref leads to the target of another ref.
    Ref(BString),
}

/// The flaws that a table can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// The file doesn't start as a table does.
    #[error("it is not a table of refs")]
    Head,
    /// The file's end doesn't repeat its start, or the checksum is wrong.
    #[error("its end is damaged or cut off")]
    Foot,
    /// The ids have another length than those of the repository.
    #[error("it belongs to a repository with another object format")]
    Hash,
    /// The block that starts at this place can't be read.
    #[error("its block at byte {0} is damaged")]
    Block(usize),
    /// The table is larger than the limit, or would be with its names written out.
    #[error("it is larger than the tables that keysweep reads")]
    TooLarge,
}

/// The number of bytes that may still be used.
#[derive(Debug)]
pub struct Room(usize);

impl Default for Room {
    fn default() -> Self {
        Self(MOST_BYTES)
    }
}

impl Room {
    fn take(&mut self, bytes: usize) -> Result<(), Flaw> {
        self.0 = self.0.checked_sub(bytes).ok_or(Flaw::TooLarge)?;
        Ok(())
    }
}
