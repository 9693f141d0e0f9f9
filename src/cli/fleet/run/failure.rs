//! The report of a repository that was not read: it has a gap and nothing else, so that an inventory of the reports
//! names it.

use std::path::Path;

use crate::cli::{history, shell, withhold};
use crate::finding::{Report, Subject};
use crate::fs::{Rights, replace};
use crate::output::json;
use crate::output::mask::Mask;
use crate::output::view::{Values, View};

/// Writes the report. If even that fails there is none, and an inventory that is given the list names the repository as
/// missing.
pub(super) fn write(file: &Path, name: &str, why: &str) {
    let subject = Subject { name: Some(name.to_owned()), ..Subject::default() };
    let report = Report { subject, ..history::unread(name.into(), why.to_owned()) };
    let mask = Mask::new(None, Some(&report));
    let view = View::new(&report, Values::Masked(&mask));
    if let Err(error) = replace(file, Rights::OwnerOnly, |out| json::lines(&view, None, out)) {
        shell::say(&withhold(&format!("keysweep: the report '{}' could not be written: {error}", file.display())));
    }
}
