//! Inventories: the reports of many repositories put together, a row for each secret.
//!
//! A finding has the same id in every repository, so to merge is to group by it. Reports are read once, line by line
//! (`report`); what is kept of a finding (`record`) is sorted by its id, on disk if it is much (`sorter`). Then the records of
//! one secret become a row (`merge`), with whose each repository is (`owners`) and what is new since an earlier inventory
//! (`since`). What was not read is known before the first row, and no row makes up for it.

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
