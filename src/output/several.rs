//! The reports of several repositories as one text, in the formats that can name the repository of each.

use std::io::{self, Write};

use serde::Serialize;

use super::view::{Named, SCHEMA};
use super::{Format, OutputOptions, PageFormat, csv, json, junit, sarif};

/// The JSON document for several repositories.
#[derive(Serialize)]
struct Document<'n> {
    schema: u32,
    repositories: &'n [Named],
}

/// Returns `true` if a format can hold several reports in one text. The other formats describe one checkout, or one
/// page.
pub fn is_possible(format: Format) -> bool {
    match format {
        Format::Page(PageFormat::Html) | Format::Github | Format::Azure | Format::Gitlab => false,
        Format::Page(PageFormat::Human | PageFormat::Json | PageFormat::Jsonl | PageFormat::Markdown)
        | Format::Sarif
        | Format::Junit
        | Format::Csv => true,
    }
}

/// Writes the reports; `is_possible` must hold for the format.
///
/// # Errors
/// Fails if `out` does.
pub fn render(reports: &[Named], options: OutputOptions, out: &mut dyn Write) -> io::Result<()> {
    match options.format {
        Format::Page(PageFormat::Json) => json::document(&Document { schema: SCHEMA, repositories: reports }, out),
        Format::Page(PageFormat::Jsonl) => {
            reports.iter().try_for_each(|one| json::lines(&one.report, Some(&one.path), out))
        }
        Format::Sarif => sarif::render_several(reports, out),
        Format::Junit => junit::render_several(reports, out),
        Format::Csv => csv::render_several(reports, out),
        Format::Page(PageFormat::Human) => reports.iter().try_for_each(|one| {
            writeln!(out, "== {}", one.path)?;
            super::render(&one.report, options, out)
        }),
        Format::Page(PageFormat::Markdown | PageFormat::Html) | Format::Github | Format::Azure | Format::Gitlab => {
            reports.iter().try_for_each(|one| super::render(&one.report, options, out))
        }
    }
}
