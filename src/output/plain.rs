//! Pages for a terminal.

use std::io;

use super::page::{Block, Inline, Line, Task, Tone};
use super::paper::{Paper, Style};
use super::style;

/// The indentation of the lines of a page.
const INDENT: &str = "  ";
/// The most columns that a cell is padded to: a longer cell is written as it is, since formatting refuses widths beyond
/// 65,535.
pub(super) const WIDEST: usize = 1000;
/// The blanks between two columns.
const GAP: &str = "  ";
/// The columns of the terminal that a table column keeps at least, if its cells are that wide.
const LEAST: usize = 16;

/// Writes a page.
///
/// # Errors
/// Fails if the paper can't be written to.
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
        Block::Fold(_, blocks) | Block::Section(blocks) => write(blocks, paper),
    }
}

/// Writes names, padded to the widest of them, each in front of its lines.
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

/// Writes columns as wide as their widest cell, or narrower ones whose cells continue below. If the terminal has no
/// room for the longest words next to each other, each row becomes a record: its cells with the heads of their columns.
fn table(heads: &[&str], rows: &[&[Line]], paper: &mut Paper<'_>) -> io::Result<()> {
    let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(plain).collect()).collect();
    let all: Vec<&[String]> = std::iter::once(&heads).chain(&rows).map(Vec::as_slice).collect();
    let gaps = GAP.len() * heads.len().saturating_sub(1);
    match widths(&all, paper.room(INDENT.len() + gaps)) {
        Some(widths) => all.iter().try_for_each(|cells| paper.cells(INDENT, GAP, &widths, cells))?,
        None => rows.iter().try_for_each(|cells| record(&heads, cells, paper))?,
    }
    paper.blank()
}

/// Returns the width of each column, so that all of them fit the room together: the widest ones are narrowed as far as
/// their words permit. `None` if that isn't enough.
fn widths(rows: &[&[String]], room: usize) -> Option<Vec<usize>> {
    let widest = |at: usize, length: fn(&String) -> usize| {
        rows.iter().filter_map(|row| row.get(at)).map(length).max().unwrap_or(0).min(WIDEST)
    };
    let columns = rows.first().map_or(0, |heads| heads.len());
    let whole: Vec<usize> = (0..columns).map(|at| widest(at, |cell| cell.chars().count())).collect();
    let longest = |cell: &String| cell.split(' ').map(|word| word.chars().count()).max().unwrap_or(0);
    let least: Vec<usize> = (0..columns).map(|at| widest(at, longest).max(LEAST)).collect();
    let within = |most: usize| -> Vec<usize> {
        whole.iter().zip(&least).map(|(whole, least)| (*whole).min(most.max(*least))).collect()
    };
    let widest = whole.iter().copied().max().unwrap_or(0);
    (0..=widest).rev().map(within).find(|widths| widths.iter().sum::<usize>() <= room)
}

/// Writes a row as a record: each cell after the head of its column, except for the first, which is the subject of the
/// row.
fn record(heads: &[String], cells: &[String], paper: &mut Paper<'_>) -> io::Result<()> {
    let named = heads.iter().zip(cells).enumerate().filter(|(_, (_, cell))| !cell.is_empty());
    let named: Vec<String> =
        named.map(|(at, (head, cell))| if at == 0 { cell.clone() } else { format!("{head}: {cell}") }).collect();
    let pieces: Vec<(&str, Style)> = named.iter().map(|text| (text.as_str(), style::plain as Style)).collect();
    paper.row(INDENT.len(), 2 * INDENT.len(), &pieces)
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
    paper.lines(8, &step.lines)?;
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

/// Returns the text without colours, for measuring.
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

#[cfg(test)]
mod tests {
    use super::super::page::text;
    use super::*;

    fn shown(width: usize, rows: &[[&str; 3]]) -> String {
        let rows: Vec<Vec<Line>> = rows.iter().map(|row| row.iter().map(|cell| vec![text(*cell)]).collect()).collect();
        let mut out = Vec::new();
        let page = [Block::Table(vec!["Word", "Name", "Why"], rows)];
        write(&page, &mut Paper::new(&mut out, Some(width))).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_table_keeps_its_columns_where_the_terminal_has_room_for_the_words() {
        let rows = [["good", "a name of several words", ""], ["bad", "another", "it was not to be found there"]];
        let wide = "  Word  Name                     Why\n  \
            good  a name of several words\n  \
            bad   another                  it was not to be found there\n\n";
        assert_eq!(shown(80, &rows), wide);
        let narrow = "  Word  Name              Why\n  \
            good  a name of\n        several words\n  \
            bad   another           it was not to be\n                          found there\n\n";
        assert_eq!(shown(43, &rows), narrow);
    }

    #[test]
    fn a_table_that_is_too_wide_says_which_cell_is_of_which_column() {
        let rows = [["good", "services/production/one.env", "it was there"], ["bad", "other", ""]];
        let record = "  good\n    Name: services/production/one.env\n    Why: it was there\n  bad  Name: other\n\n";
        assert_eq!(shown(40, &rows), record);
    }
}
