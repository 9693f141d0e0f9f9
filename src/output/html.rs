//! HTML in one file, to read in any browser, on a phone or on paper. Nothing is loaded from elsewhere, and the policy
//! allows only this program's own styles and script, by their hashes. The script filters, sorts and folds; the page
//! works without it.
//!
//! Every text goes through one escape function; no text ever becomes the name of a tag or an attribute.

use std::io::{self, Write};

use data_encoding::BASE64;
use sha2::{Digest as _, Sha256};

use super::page::{Block, Card, Duty, Index, Inline, Line, Row, Sight, Task, Tile, Tone};

const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");

/// Returns the page's content security policy, which makes the browser block anything else that a page tries to load or
/// run.
fn policy() -> String {
    format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

/// Returns the hash of a text between tags, as a policy names it.
fn hash(text: &str) -> String {
    format!("'sha256-{}'", BASE64.encode(&Sha256::digest(format!("\n{text}"))))
}

/// Writes a page with this title.
///
/// # Errors
/// Fails if `out` does.
pub fn write(title: &str, page: &[Block], out: &mut dyn Write) -> io::Result<()> {
    let (title, policy) = (escape(title), policy());
    writeln!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"referrer\" content=\"no-referrer\"/>\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>"
    )?;
    blocks(page, out)?;
    writeln!(out, "</main>\n<script>\n{SCRIPT}</script>\n</body>\n</html>")
}

fn blocks(page: &[Block], out: &mut dyn Write) -> io::Result<()> {
    page.iter().try_for_each(|block| self::block(block, out))
}

fn block(block: &Block, out: &mut dyn Write) -> io::Result<()> {
    match block {
        Block::Verdict(tone, words) => {
            writeln!(out, "<p class=\"verdict {}\">{}</p>", class(*tone), escape(words))
        }
        Block::Heading(level, words) => writeln!(out, "<h{level}>{}</h{level}>", line(words)),
        Block::Tiles(rows) => rows.iter().try_for_each(|(name, tiles)| self::tiles(name, tiles, out)),
        Block::Duties(duties) => {
            writeln!(out, "<ol class=\"duties\">")?;
            duties.iter().try_for_each(|one| duty(one, out))?;
            writeln!(out, "</ol>")
        }
        Block::Index(rows) => index(rows, out),
        Block::Section(inner) => {
            writeln!(out, "<section class=\"lot\">")?;
            blocks(inner, out)?;
            writeln!(out, "</section>")
        }
        Block::Card(one) => card(one, out),
        Block::Lines(lines) if lines.len() == 1 => {
            lines.iter().try_for_each(|words| writeln!(out, "<p>{}</p>", line(words)))
        }
        Block::Lines(lines) => {
            writeln!(out, "<ul>")?;
            lines.iter().try_for_each(|words| writeln!(out, "<li>{}</li>", line(words)))?;
            writeln!(out, "</ul>")
        }
        Block::Facts(facts) => {
            writeln!(out, "<dl>")?;
            for (name, lines) in facts {
                writeln!(out, "<dt>{}</dt>", escape(name))?;
                lines.iter().try_for_each(|words| writeln!(out, "<dd>{}</dd>", line(words)))?;
            }
            writeln!(out, "</dl>")
        }
        Block::Table(heads, rows) => table(heads, rows, out),
        Block::Checklist(steps) => {
            writeln!(out, "<ol class=\"steps\">")?;
            steps.iter().try_for_each(|one| step(one, out))?;
            writeln!(out, "</ol>")
        }
        Block::Command(title, command) => {
            writeln!(out, "<p class=\"faint\">{}:</p>\n<pre><code>{}</code></pre>", escape(title), escape(command))
        }
        Block::Fold(summary, inner) => {
            writeln!(out, "<details>\n<summary>{}</summary>", escape(summary))?;
            blocks(inner, out)?;
            writeln!(out, "</details>")
        }
    }
}

fn tiles(name: &str, tiles: &[Tile], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<p class=\"faint\">{}</p>\n<ul class=\"tiles\">", escape(name))?;
    for Tile { tone, count, name, facet } in tiles {
        writeln!(
            out,
            "<li class=\"tile {}\" data-facet=\"{}\" data-value=\"{}\"><b>{count}</b> {}</li>",
            class(*tone),
            facet.as_str(),
            escape(name),
            escape(name)
        )?;
    }
    writeln!(out, "</ul>")
}

fn duty(duty: &Duty, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<li><b>{}</b>", escape(&duty.title))?;
    if !duty.items.is_empty() {
        writeln!(out, "<ul>")?;
        duty.items.iter().try_for_each(|words| writeln!(out, "<li>{}</li>", line(words)))?;
        writeln!(out, "</ul>")?;
    }
    if !duty.command.is_empty() {
        writeln!(out, "<pre><code>{}</code></pre>", escape(&duty.command))?;
    }
    writeln!(out, "</li>")
}

/// Writes a card. The folded element carries the id, so that a browser unfolds it for a link to it, without a script.
fn card(card: &Card, out: &mut dyn Write) -> io::Result<()> {
    let open = match card.sight {
        Sight::Open => " open=\"open\"",
        Sight::Folded => "",
    };
    let id = escape(&card.id);
    writeln!(
        out,
        "<details class=\"card {}\"{open}>\n<summary><h4>{} {} <code class=\"faint\">{id}</code></h4></summary>\n\
         <div class=\"inside\" id=\"{id}\">",
        class(card.tone),
        line(&card.title),
        line(&card.place)
    )?;
    blocks(&card.blocks, out)?;
    writeln!(out, "</div>\n</details>")
}

fn index(index: &Index, out: &mut dyn Write) -> io::Result<()> {
    let heads = heads(&index.heads);
    let caption = "<caption>The secrets, one per row</caption>";
    writeln!(out, "<div class=\"wide\">\n<table id=\"index\">{caption}\n<thead><tr>{heads}</tr></thead>\n<tbody>")?;
    for Row { id, facets, cells } in &index.rows {
        let facets: String =
            facets.iter().map(|(facet, value)| format!(" data-{}=\"{}\"", facet.as_str(), escape(value))).collect();
        let cells: String = cells.iter().zip(&index.heads).map(|(words, head)| cell(words, head)).collect();
        writeln!(out, "<tr data-id=\"{}\"{facets}>{cells}</tr>", escape(id))?;
    }
    writeln!(out, "</tbody>\n</table>\n</div>")
}

fn heads(heads: &[&str]) -> String {
    heads.iter().map(|head| format!("<th scope=\"col\">{}</th>", escape(head))).collect()
}

fn table(heads: &[&str], rows: &[Vec<Line>], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<div class=\"wide\">\n<table>\n<thead><tr>{}</tr></thead>\n<tbody>", self::heads(heads))?;
    for row in rows {
        let cells: String = row.iter().zip(heads).map(|(words, head)| cell(words, head)).collect();
        writeln!(out, "<tr>{cells}</tr>")?;
    }
    writeln!(out, "</tbody>\n</table>\n</div>")
}

/// Returns the content of a cell. Short words of our own are easier to read unbroken. On narrow screens, the head
/// appears next to each cell.
fn cell(words: &Line, head: &str) -> String {
    let class = if matches!(words.as_slice(), [Inline::Text(_)]) { " class=\"short\"" } else { "" };
    let label = if head.is_empty() { String::new() } else { format!(" data-head=\"{}: \"", escape(head)) };
    format!("<td{class}{label}>{}</td>", line(words))
}

fn step(step: &Task, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<li><label><input type=\"checkbox\"/> <b>{}</b> {}</label>",
        escape(step.label),
        escape(&step.title)
    )?;
    if !step.command.is_empty() {
        writeln!(out, "<pre><code>{}</code></pre>", escape(&step.command))?;
    }
    if !step.lines.is_empty() {
        writeln!(out, "<pre><code>{}</code></pre>", escape(&step.lines))?;
    }
    for (field, hint) in &step.missing {
        writeln!(out, "<p class=\"faint\"><code>&lt;{}&gt;</code> {}</p>", escape(field), escape(hint))?;
    }
    if !step.link.is_empty() {
        writeln!(out, "<p class=\"faint\">{}</p>", link(&step.link))?;
    }
    writeln!(out, "</li>")
}

fn line(words: &Line) -> String {
    words.iter().map(inline).collect()
}

fn inline(inline: &Inline) -> String {
    match inline {
        Inline::Text(words) | Inline::Untrusted(words) => escape(words),
        Inline::Strong(words) => format!("<b>{}</b>", escape(words)),
        Inline::Code(words) if words.is_empty() => String::new(),
        Inline::Code(words) => format!("<code>{}</code>", escape(words)),
        Inline::Badge(tone, words) => format!("<span class=\"badge {}\">{}</span>", class(*tone), escape(words)),
        Inline::Link(url) => link(url),
        Inline::Page(words, page) => format!(
            "<a href=\"{}\" rel=\"noreferrer noopener\"><code>{}</code></a>",
            escape(page.as_str()),
            escape(words)
        ),
        Inline::Goto(id, words) => {
            let id = escape(id);
            format!("<a href=\"#{id}\">{}</a> <code class=\"faint\">{id}</code>", escape(words))
        }
    }
}

/// Returns a link for an address on the web; any other text is shown without one.
fn link(url: &str) -> String {
    let shown = escape(url);
    if url.starts_with("https://") {
        format!("<a href=\"{shown}\" rel=\"noreferrer noopener\">{shown}</a>")
    } else {
        format!("<code>{shown}</code>")
    }
}

fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "good",
        Tone::Unsure => "unsure",
        Tone::Bad => "bad",
        Tone::Worst => "worst",
        Tone::Plain => "plain",
    }
}

/// Escapes the characters that have a meaning in HTML or XML.
pub fn escape(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for c in words.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_values_is_escaped() {
        assert_eq!(escape("<a href=\"x\" o='y'>&"), "&lt;a href=&quot;x&quot; o=&#39;y&#39;&gt;&amp;");
        assert_eq!(link("javascript:alert(1)"), "<code>javascript:alert(1)</code>");
        assert!(link("https://a.test/\"x").contains("href=\"https://a.test/&quot;x\""));
    }
}
