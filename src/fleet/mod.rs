//! Inventories: the reports of many repositories merged, with a row for each secret.
//!
//! A finding has the same id in every repository, so merging is grouping by id. Reports are read once, line by line
//! (`report`); the data kept of a finding (`record`) is sorted by id, on disk if there is much of it (`sorter`). The
//! records of one secret then become a row (`merge`), with the owner of each repository (`owners`) and the changes
//! since an earlier inventory (`since`). The unread repositories are known before the first row, and no row makes up
//! for them.

mod inputs;
mod merge;
mod networks;
pub mod owners;
mod record;
mod report;
mod row;
mod since;
mod sorter;

pub use inputs::{CACHES, CLONES, NoReports, STATES, files};
pub use merge::{Inventory, Options};
pub use owners::{Account, Owners};
pub use row::{Change, First, Holding, Place, Repository, Row, State, Summary};
pub use since::Earlier;
