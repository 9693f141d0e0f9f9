//! Pages for a terminal.

use std::io::{self, Write};

use super::page::{Block, Inline, Line, Task, Tone};
use super::style;

/// Writes a page.
///
/// # Errors
/// When `out` fails.
pub fn write(page: &[Block], out: &mut dyn Write) -> io::Result<()> {
    page.iter().try_for_each(|block| self::block(block, out))
}

fn block(block: &Block, out: &mut dyn Write) -> io::Result<()> {
    match block {
        Block::Verdict(tone, words) => writeln!(out, "{}\n", toned(*tone, words)),
        Block::Heading(1, words) | Block::Card(_, _, words) => writeln!(out, "{}\n", line(words)),
        Block::Heading(_, words) => writeln!(out, "{}", style::label(&plain(words))),
        Block::Lines(lines) => {
            lines.iter().try_for_each(|words| writeln!(out, "  {}", line(words)))?;
            writeln!(out)
        }
        Block::Facts(facts) => {
            let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
            for (name, lines) in facts {
                for (at, words) in lines.iter().enumerate() {
                    let name = if at == 0 { name } else { "" };
                    writeln!(out, "  {}  {}", style::label(&format!("{name:width$}")), line(words))?;
                }
            }
            writeln!(out)
        }
        Block::Table(heads, rows) => table(heads, rows, out),
        Block::Checklist(steps) => {
            for (number, one) in (1..).zip(steps) {
                step(number, one, out)?;
            }
            writeln!(out)
        }
        Block::Fold(_, blocks) => write(blocks, out),
    }
}

fn table(heads: &[&str], rows: &[Vec<Line>], out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(plain).collect()).collect();
    let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
    let all = || std::iter::once(&heads).chain(&rows);
    let width = |at: usize| all().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    for row in all() {
        let cells: Vec<String> = row.iter().enumerate().map(|(at, cell)| format!("{cell:0$}", width(at))).collect();
        writeln!(out, "  {}", cells.join("  ").trim_end())?;
    }
    writeln!(out)
}

fn step(number: usize, step: &Task, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  {number:2}. {} {}", style::title(&format!("[{}]", step.label)), step.title)?;
    if !step.command.is_empty() {
        writeln!(out, "      $ {}", style::command(&step.command))?;
    }
    for (field, hint) in &step.missing {
        writeln!(out, "        {}", style::faint(&format!("<{field}>: {hint}")))?;
    }
    if step.link.is_empty() { Ok(()) } else { writeln!(out, "        {}", style::faint(&step.link)) }
}

fn line(words: &Line) -> String {
    words.iter().map(inline).collect()
}

fn inline(inline: &Inline) -> String {
    match inline {
        Inline::Text(words) | Inline::Untrusted(words) | Inline::Code(words) => words.clone(),
        Inline::Strong(words) => style::title(words).to_string(),
        Inline::Link(words) => style::faint(words).to_string(),
        Inline::Badge(tone, words) => toned(*tone, words),
        Inline::Goto(id, words) => format!("{words} ({id})"),
    }
}

/// The same without colours, for what has to be measured.
fn plain(words: &Line) -> String {
    let bare = |inline: &Inline| match inline {
        Inline::Text(words)
        | Inline::Untrusted(words)
        | Inline::Code(words)
        | Inline::Strong(words)
        | Inline::Link(words)
        | Inline::Badge(_, words) => words.clone(),
        Inline::Goto(id, words) => format!("{words} ({id})"),
    };
    words.iter().map(bare).collect()
}

fn toned(tone: Tone, words: &str) -> String {
    match tone {
        Tone::Good => style::good(words).to_string(),
        Tone::Unsure => style::warn(words).to_string(),
        Tone::Bad | Tone::Worst => style::bad(words).to_string(),
        Tone::Plain => words.to_owned(),
    }
}
