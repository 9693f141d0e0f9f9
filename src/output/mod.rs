//! Reports as text. One file a format; each is a function of the same data. Nothing here decides a verdict.

pub mod human;
pub mod json;
pub mod mask;
pub mod purge;
pub mod style;

use std::io::{self, Write};

use crate::finding::Report;

use mask::Mask;

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Human,
    /// One JSON document.
    Json,
    /// One JSON object a line.
    Jsonl,
}

/// How it is written, in detail.
#[derive(Debug, Clone, Copy)]
pub struct OutputOptions {
    /// The format.
    pub format: Format,
    /// Whether values are shown; only because somebody asked for it.
    pub show_secrets: bool,
    /// Only the findings and the verdict, no advice.
    pub quiet: bool,
}

/// Writes a report.
///
/// # Errors
/// When `out` fails.
pub fn render(report: &Report, options: OutputOptions, mask: &Mask, out: &mut dyn Write) -> io::Result<()> {
    match options.format {
        Format::Human => human::render(report, options, mask, out),
        Format::Json => json::document(report, options, mask, out),
        Format::Jsonl => json::lines(report, options, mask, out),
    }
}
