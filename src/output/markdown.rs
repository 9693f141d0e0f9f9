//! Markdown as code hosts read it, for issues, tickets and mails.
//!
//! Untrusted text goes into code spans, in which no character has a meaning and no name notifies anyone; in all other
//! text each character that could have a meaning is escaped.

use std::io::{self, Write};

use super::page::{Block, Duty, Inline, Line, Task, Tone};

/// Writes a page.
///
/// # Errors
/// Fails if `out` does.
pub fn write(page: &[Block], out: &mut dyn Write) -> io::Result<()> {
    page.iter().try_for_each(|block| self::block(block, out))
}

fn block(block: &Block, out: &mut dyn Write) -> io::Result<()> {
    match block {
        Block::Verdict(tone, words) => {
            let sign = match tone {
                Tone::Good => "✅",
                Tone::Unsure => "⚠️",
                Tone::Bad | Tone::Worst | Tone::Plain => "❌",
            };
            writeln!(out, "> {sign} **{}**\n", escape(words))
        }
        Block::Heading(level, words) => writeln!(out, "{} {}\n", "#".repeat(usize::from(*level)), line(words)),
        Block::Card(card) => {
            writeln!(out, "#### {} {}\n", line(&card.title), code(&card.id))?;
            write(&card.blocks, out)
        }
        Block::Tiles(rows) => {
            for (name, tiles) in rows {
                let tiles: Vec<String> = tiles.iter().map(|tile| format!("{} {}", tile.count, tile.name)).collect();
                writeln!(out, "- **{name}:** {}", escape(&tiles.join(", ")))?;
            }
            writeln!(out)
        }
        Block::Duties(duties) => {
            duties.iter().zip(1..).try_for_each(|(one, number)| duty(number, one, out))?;
            writeln!(out)
        }
        Block::Index(index) => {
            let rows: Vec<&[Line]> = index.rows.iter().map(|row| &row.cells[..]).collect();
            table(&index.heads, &rows, out)
        }
        Block::Section(blocks) => write(blocks, out),
        Block::Lines(lines) => {
            let bullet = if lines.len() == 1 { "" } else { "- " };
            lines.iter().try_for_each(|words| writeln!(out, "{bullet}{}", line(words)))?;
            writeln!(out)
        }
        Block::Facts(facts) => {
            for (name, lines) in facts {
                let lines: Vec<String> = lines.iter().map(line).collect();
                writeln!(out, "- **{name}:** {}", lines.join("; "))?;
            }
            writeln!(out)
        }
        Block::Table(heads, rows) => table(heads, &rows.iter().map(Vec::as_slice).collect::<Vec<_>>(), out),
        Block::Checklist(steps) => {
            steps.iter().try_for_each(|one| step(one, out))?;
            writeln!(out)
        }
        Block::Command(title, command) => writeln!(out, "{}:\n\n{}\n", escape(title), fenced(command, "sh", "")),
        Block::Fold(summary, blocks) => {
            writeln!(out, "<details><summary>{}</summary>\n", escape(summary))?;
            write(blocks, out)?;
            writeln!(out, "</details>\n")
        }
    }
}

fn table(heads: &[&str], rows: &[&[Line]], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "| {} |\n|{}", heads.join(" | "), "---|".repeat(heads.len()))?;
    for row in rows {
        // A bar ends a table cell even within code, unless it is escaped there as well.
        let cells: Vec<String> = row.iter().map(|words| line(words).replace('|', "\\|")).collect();
        writeln!(out, "| {} |", cells.join(" | "))?;
    }
    writeln!(out)
}

fn duty(number: usize, duty: &Duty, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{number}. **{}**", escape(&duty.title))?;
    duty.items.iter().try_for_each(|words| writeln!(out, "   - {}", line(words)))?;
    if duty.command.is_empty() { Ok(()) } else { writeln!(out, "   - {}", code(&duty.command)) }
}

fn step(step: &Task, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "- [ ] **{}:** {}", escape(step.label), escape(&step.title))?;
    if !step.command.is_empty() {
        writeln!(out, "\n{}\n", fenced(&step.command, "sh", "  "))?;
    }
    if !step.lines.is_empty() {
        writeln!(out, "\n{}\n", fenced(&step.lines, "", "  "))?;
    }
    for (field, hint) in &step.missing {
        writeln!(out, "  - {}: {}", code(&format!("<{field}>")), escape(hint))?;
    }
    if step.link.is_empty() { Ok(()) } else { writeln!(out, "  - {}", link(&step.link)) }
}

/// Returns lines in a language as a code block, with a fence longer than any in the lines.
fn fenced(lines: &str, language: &str, indent: &str) -> String {
    let fence = "`".repeat(longest_run(lines).max(2) + 1);
    let lines = lines.replace('\n', &format!("\n{indent}"));
    format!("{indent}{fence}{language}\n{indent}{lines}\n{indent}{fence}")
}

fn line(words: &Line) -> String {
    words.iter().map(inline).collect()
}

fn inline(inline: &Inline) -> String {
    match inline {
        Inline::Text(words) => escape(words),
        Inline::Strong(words) | Inline::Badge(_, words) => format!("**{}**", escape(words)),
        Inline::Code(words) | Inline::Untrusted(words) => code(words),
        Inline::Link(url) => link(url),
        Inline::Page(words, page) => format!("[{}](<{page}>)", code(words)),
        Inline::Goto(id, words) => format!("{} {}", escape(words), code(id)),
    }
}

/// Returns a link for a safe address; any other text is shown as code.
fn link(url: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/:.-_~%?=&#+,".contains(&b);
    if url.starts_with("https://") && url.bytes().all(plain) { format!("<{url}>") } else { code(url) }
}

/// Returns a code span that ends where it should, whatever it holds.
fn code(words: &str) -> String {
    if words.is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(words) + 1);
    let pad = if words.starts_with(['`', ' ']) || words.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{words}{pad}{fence}")
}

/// Returns the length of the longest run of backticks.
fn longest_run(words: &str) -> usize {
    words.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Escapes the characters that have a meaning in Markdown or HTML. A word with an at sign would notify someone, so it
/// becomes code.
fn escape(words: &str) -> String {
    let word = |word: &str| if word.contains('@') { code(word) } else { word.chars().map(sign).collect() };
    words.split(' ').map(word).collect::<Vec<String>>().join(" ")
}

fn sign(c: char) -> String {
    match c {
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '&' => "&amp;".to_owned(),
        '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '+' | '!' | '|' | '~' => format!("\\{c}"),
        c => c.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_spans_are_delimited_correctly() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a``b`"), "``` a``b` ```");
        assert_eq!(code(" x"), "`  x `");
    }

    #[test]
    fn markdown_syntax_in_words_is_escaped() {
        assert_eq!(escape("[a](b) <i> @all x"), "\\[a\\]\\(b\\) &lt;i&gt; `@all` x");
        assert_eq!(link("https://a.test/b"), "<https://a.test/b>");
        assert_eq!(link("javascript:alert(1)"), "`javascript:alert(1)`");
        assert_eq!(link("https://a.test/>x"), "`https://a.test/>x`");
    }
}
