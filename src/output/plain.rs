//! Pages for a terminal.

use std::io;

use super::page::{Block, Inline, Line, Task, Tone};
use super::paper::{Paper, Style};
use super::style;

/// The indentation of the lines of a page.
const INDENT: &str = "  ";
/// Columns that a cell is filled up to, at most: a longer one stands as it is, and formatting refuses widths beyond 65,535.
pub(super) const WIDEST: usize = 1000;
/// Columns that the last one of a table needs, if it is so wide.
const LEAST: usize = 24;

/// Writes a page.
///
/// # Errors
/// When the paper cannot be written to.
pub fn write(page: &[Block], paper: &mut Paper<'_>) -> io::Result<()> {
    page.iter().try_for_each(|block| self::block(block, paper))
}

fn block(block: &Block, paper: &mut Paper<'_>) -> io::Result<()> {
    match block {
        Block::Verdict(tone, words) => {
            paper.paragraph(("", style::plain), words, toned(*tone))?;
            paper.blank()
        }
        Block::Heading(1, words) => {
            paper.spans(("", style::plain), &spans(words))?;
            paper.blank()
        }
        Block::Card(card) => {
            paper.spans(("", style::plain), &spans(&card.title))?;
            paper.blank()?;
            write(&card.blocks, paper)
        }
        Block::Tiles(rows) => rows.iter().try_for_each(|(name, tiles)| {
            let tiles: Vec<String> = tiles.iter().map(|tile| format!("{} {}", tile.count, tile.name)).collect();
            paper.paragraph((&format!("{name}: "), style::label), &tiles.join(", "), style::plain)
        }),
        Block::Duties(duties) => {
            for (number, one) in (1..).zip(duties) {
                paper.paragraph((&format!("  {number:2}. "), style::plain), &one.title, style::title)?;
                one.items.iter().try_for_each(|words| paper.spans(("      ", style::plain), &spans(words)))?;
                if !one.command.is_empty() {
                    paper.commands("      $ ", &one.command)?;
                }
            }
            paper.blank()
        }
        Block::Index(index) => {
            let rows: Vec<&[Line]> = index.rows.iter().map(|row| &row.cells[..]).collect();
            table(&index.heads, &rows, paper)
        }
        Block::Heading(_, words) => paper.paragraph(("", style::plain), &plain(words), style::label),
        Block::Lines(lines) => {
            lines.iter().try_for_each(|words| paper.spans((INDENT, style::plain), &spans(words)))?;
            paper.blank()
        }
        Block::Facts(facts) => self::facts(facts, paper),
        Block::Table(heads, rows) => table(heads, &rows.iter().map(Vec::as_slice).collect::<Vec<_>>(), paper),
        Block::Checklist(steps) => {
            for (number, one) in (1..).zip(steps) {
                step(number, one, paper)?;
            }
            paper.blank()
        }
        Block::Command(title, command) => {
            paper.paragraph((INDENT, style::plain), &format!("{title}:"), style::plain)?;
            paper.commands("    $ ", command)?;
            paper.blank()
        }
        Block::Fold(_, blocks) | Block::Lot(blocks) => write(blocks, paper),
    }
}

/// Names as wide as the widest of them, each before its lines.
fn facts(facts: &[(&str, Vec<Line>)], paper: &mut Paper<'_>) -> io::Result<()> {
    let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0).min(WIDEST);
    for (name, lines) in facts {
        for (at, words) in lines.iter().enumerate() {
            let name = if at == 0 { name } else { "" };
            paper.spans((&format!("{INDENT}{name:width$}  "), style::label), &spans(words))?;
        }
    }
    paper.blank()
}

/// Columns as wide as their widest cell; the last one goes on below itself. Where that leaves it too little room, the cells of
/// each row go on below each other.
fn table(heads: &[&str], rows: &[&[Line]], paper: &mut Paper<'_>) -> io::Result<()> {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(plain).collect()).collect();
    let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
    let all = || std::iter::once(&heads).chain(&rows);
    let width = |at: usize| all().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..heads.len()).map(|at| width(at).min(WIDEST)).collect();
    let (last, others) = widths.split_last().map_or((0, &widths[..]), |(last, others)| (*last, others));
    let before = INDENT.len() + others.iter().map(|width| width + 2).sum::<usize>();
    let is_narrow = !paper.fits(before + last.min(LEAST));
    for row in all() {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        if is_narrow {
            let pieces: Vec<(&str, Style)> = row.iter().map(|cell| (cell.as_str(), style::plain as Style)).collect();
            paper.row(INDENT.len(), 2 * INDENT.len(), &pieces)?;
        } else if let Some((last, others)) = cells.split_last() {
            let lead: String = others.iter().map(|cell| format!("{cell}  ")).collect();
            paper.paragraph((&format!("{INDENT}{lead}"), style::plain), last.trim_end(), style::plain)?;
        }
    }
    paper.blank()
}

fn step(number: usize, step: &Task, paper: &mut Paper<'_>) -> io::Result<()> {
    let label = format!("[{}]", step.label);
    paper.spans(
        (&format!("  {number:2}. "), style::plain),
        &[(&label, style::title), (&format!(" {}", step.title), style::plain)],
    )?;
    if !step.command.is_empty() {
        paper.commands("      $ ", &step.command)?;
    }
    for (field, hint) in &step.missing {
        paper.paragraph(("        ", style::plain), &format!("<{field}>: {hint}"), style::faint)?;
    }
    if step.link.is_empty() { Ok(()) } else { paper.paragraph(("        ", style::plain), &step.link, style::faint) }
}

fn spans(words: &Line) -> Vec<(&str, Style)> {
    words.iter().flat_map(inline).collect()
}

fn inline(inline: &Inline) -> Vec<(&str, Style)> {
    match inline {
        Inline::Text(words) | Inline::Untrusted(words) | Inline::Code(words) => vec![(words, style::plain)],
        Inline::Strong(words) => vec![(words, style::title)],
        Inline::Link(words) => vec![(words, style::faint)],
        Inline::Page(words, page) => vec![(words, style::plain), (" ", style::plain), (page.as_str(), style::faint)],
        Inline::Badge(tone, words) => vec![(words, toned(*tone))],
        Inline::Goto(id, words) => {
            vec![(words, style::plain), (" (", style::plain), (id, style::plain), (")", style::plain)]
        }
    }
}

/// The same without colours, for what has to be measured.
fn plain(words: &Line) -> String {
    spans(words).into_iter().map(|(text, _)| text).collect()
}

fn toned(tone: Tone) -> Style {
    match tone {
        Tone::Good => style::good,
        Tone::Unsure => style::warn,
        Tone::Bad | Tone::Worst => style::bad,
        Tone::Plain => style::plain,
    }
}
