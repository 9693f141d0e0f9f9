//! The reasons why a comment can't allow a finding.

use bstr::{BStr, ByteSlice as _};

use super::chosen::Chosen;
use crate::cli::withhold;
use crate::text::escape;

/// The reason why no comment can allow a finding. Paths are as they are shown.
#[derive(Debug, Clone)]
pub(super) enum Refusal {
    /// The file has no place for it: it can't have comments, or a comment would become part of the text around the
    /// value.
    NoPlace { path: String },
    /// Such a comment is there already, but allows something else or has no effect.
    Taken { path: String },
    /// A file can't be written to.
    File { path: String, why: String },
    /// The staged version of the file contains the value, and the file does not.
    Changed { path: String },
    /// No file of the work tree holds the value.
    NotInFiles,
    /// The value is in something other than a file.
    Elsewhere,
}

impl Refusal {
    /// Describes the refusal in a sentence.
    pub(super) fn message(&self, one: &Chosen) -> String {
        let why = match self {
            Self::NoPlace { path } => format!("'{path}' has no place for a comment next to the value"),
            Self::Taken { path } => {
                format!("'{path}' already has a comment there that allows something else or gives no reason")
            }
            Self::File { path, why } => format!("'{path}' was not changed: {why}"),
            Self::Changed { path } => {
                format!("'{path}' has changed since it was staged, and no longer contains the value")
            }
            Self::NotInFiles => "no file of the work tree contains the value".to_owned(),
            Self::Elsewhere => "the value is in a place where no comment can be written".to_owned(),
        };
        format!("{} ({}): {why}; '--in config' writes an entry of the configuration instead", one.id, one.rule)
    }
}

/// Returns a path as messages show it.
pub(super) fn shown(path: &BStr) -> String {
    escape(withhold(&path.to_str_lossy()).as_bytes())
}
