//! Reports as text: one file for each format, each a function of the same view. Nothing here decides a verdict.

mod agents;
pub mod allow;
pub mod asked;
pub mod azure;
pub mod baseline;
pub mod brief;
pub mod csv;
pub mod drill;
pub mod duties;
pub mod fleet;
pub mod fold;
pub mod github;
pub mod gitlab;
pub mod html;
pub mod human;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod mask;
pub mod page;
pub mod paper;
pub mod plain;
pub mod purge;
pub mod purge_script;
pub mod report;
pub mod rules;
pub mod sarif;
pub mod several;
pub mod style;
pub mod summary;
pub mod timeline;
pub mod view;
pub mod words;

use std::io::{self, Write};

use serde::Serialize;

use page::Block;
use paper::Paper;
use view::View;

/// The format of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A format that other pages have as well.
    Page(PageFormat),
    /// SARIF, for code hosts and editors.
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
    /// Issues of Azure Pipelines.
    Azure,
    /// The report format of GitLab's secret detection.
    Gitlab,
    /// `JUnit` test cases, for build servers.
    Junit,
    /// CSV, for spreadsheets.
    Csv,
}

/// The format of any page, whether it is a report or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageFormat {
    /// Text for people.
    Human,
    /// One JSON document.
    Json,
    /// One JSON object a line.
    Jsonl,
    /// Markdown, for issues, tickets and mails.
    Markdown,
    /// One HTML file for a browser.
    Html,
}

/// The options of a report's output.
#[derive(Debug, Clone, Copy)]
pub struct OutputOptions {
    /// The format.
    pub format: Format,
    /// Set if values are shown, which happens only on request.
    pub show_secrets: bool,
    /// The amount of detail for each finding.
    pub detail: Detail,
    /// The number of columns; `None` if lines may have any length.
    pub width: Option<usize>,
}

/// The amount of detail in a report for people. Machine formats always contain everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// The findings and the verdict, no advice.
    Quiet,
    /// An overview if there are many findings, and the plans of the worst.
    Overview,
    /// Everything about each finding.
    Full,
}

/// Writes a report.
///
/// # Errors
/// Fails if `out` does.
pub fn render(view: &View, options: OutputOptions, out: &mut dyn Write) -> io::Result<()> {
    match options.format {
        Format::Page(PageFormat::Human) => human::render(view, options.detail, options.width, out),
        Format::Page(PageFormat::Json) => json::document(view, out),
        Format::Page(PageFormat::Jsonl) => json::lines(view, None, out),
        Format::Page(PageFormat::Markdown) => markdown::write(&report::page(view, options.detail), out),
        Format::Page(PageFormat::Html) => {
            let name = view.repository.as_deref().unwrap_or("files");
            html::write(&format!("Secrets in {name}"), &report::page(view, options.detail), out)
        }
        Format::Sarif => sarif::render(view, out),
        Format::Github => github::render(view, out),
        Format::Azure => azure::render(view, out),
        Format::Gitlab => gitlab::render(view, out),
        Format::Junit => junit::render(view, out),
        Format::Csv => csv::render(view, out),
    }
}

/// The options of a page that isn't a report.
#[derive(Debug, Clone, Copy)]
pub struct PageOptions {
    /// The format.
    pub format: PageFormat,
    /// The number of columns; `None` if lines may have any length.
    pub width: Option<usize>,
}

/// Writes a page; in JSON, the data that it was made of.
///
/// # Errors
/// Fails if `out` does.
pub fn write(
    title: &str,
    page: &[Block],
    data: &impl Serialize,
    options: PageOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    match options.format {
        PageFormat::Human => plain::write(page, &mut Paper::new(out, options.width)),
        PageFormat::Json => json::document(data, out),
        PageFormat::Jsonl => json::line(data, out),
        PageFormat::Markdown => markdown::write(page, out),
        PageFormat::Html => html::write(title, page, out),
    }
}
