//! Refs and reflogs as git keeps them in reftables: a stack of files, of which a younger one wins over an older one.
//!
//! Format: git's `Documentation/technical/reftable.adoc`. [`table`] reads one file and is a function of its bytes: whatever
//! they say it ends, takes no more memory than its [`Room`], and tells what is wrong. [`stack`] finds the files and puts
//! them together. Indexes of blocks and of objects are not read: all blocks are gone through in order.

mod block;
mod cursor;
pub mod stack;
pub mod table;

pub use stack::{Logs, Stack, Trouble};
pub use table::{Change, Table};

use bstr::BString;

use super::ObjectId;

/// Bytes that names and entries may take in all: a prefix that is stored once is read with every name.
const MOST_BYTES: usize = 256 << 20;

/// Where a ref leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// To an object.
    Object(ObjectId),
    /// To what another ref leads to.
    Ref(BString),
}

/// The flaws that a table can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// It does not start as a table does.
    #[error("it is not a table of refs")]
    Head,
    /// It does not end as it started, or its check sum is another one.
    #[error("its end is damaged or cut off")]
    Foot,
    /// Its ids are of another length than the repository's.
    #[error("it belongs to a repository with another object format")]
    Hash,
    /// The block that starts there cannot be read.
    #[error("its block at byte {0} is damaged")]
    Block(usize),
    /// It is larger than what is read of it, or would be when its names are written out.
    #[error("it is larger than the tables that keysweep reads")]
    TooLarge,
}

/// How many bytes may still be taken.
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
