//! Reports as text. One file a format; each is a function of the same view. Nothing here decides a verdict.

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

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One that other pages have as well.
    Page(PageFormat),
    /// For code hosts and editors.
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
    /// Issues of Azure Pipelines.
    Azure,
    /// The report of GitLab's secret detection.
    Gitlab,
    /// Test cases, for build servers.
    Junit,
    /// A table for spreadsheets.
    Csv,
}

/// How any page is written, a report or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageFormat {
    /// For people.
    Human,
    /// One JSON document.
    Json,
    /// One JSON object a line.
    Jsonl,
    /// For issues, tickets and mails.
    Markdown,
    /// One file for a browser.
    Html,
}

/// How it is written, in detail.
#[derive(Debug, Clone, Copy)]
pub struct OutputOptions {
    /// The format.
    pub format: Format,
    /// `true` if values are shown; only because somebody asked for it.
    pub show_secrets: bool,
    /// How much is told of each finding.
    pub detail: Detail,
    /// Columns of the terminal that it is written to; `None` if it is none.
    pub width: Option<usize>,
}

/// How much a report for people tells. What machines read always has everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// The findings and the verdict, no advice.
    Quiet,
    /// An overview where there are many, and the plans of the worst.
    Overview,
    /// Everything about each.
    Full,
}

/// Writes a report.
///
/// # Errors
/// When `out` fails.
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

/// How a page that is no report is written.
#[derive(Debug, Clone, Copy)]
pub struct PageOptions {
    /// The format.
    pub format: PageFormat,
    /// Columns of the terminal that it is written to; `None` if it is none.
    pub width: Option<usize>,
}

/// Writes a page; in JSON the data that it was made of.
///
/// # Errors
/// When `out` fails.
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
