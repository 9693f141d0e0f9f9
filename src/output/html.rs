//! HTML in one file, to read in any browser, on a phone or on paper: no script, nothing from elsewhere, and a policy that
//! forbids both.
//!
//! Every text goes through one escape; no text ever becomes the name of a tag or of an attribute.

use std::io::{self, Write};

use super::page::{Block, Inline, Line, Task, Tone};

const STYLE: &str = include_str!("report.css");
/// A page that tries to load or run anything is stopped by the browser.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Writes a page with that title.
///
/// # Errors
/// When `out` fails.
pub fn write(title: &str, page: &[Block], out: &mut dyn Write) -> io::Result<()> {
    let title = escape(title);
    writeln!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"referrer\" content=\"no-referrer\"/>\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>"
    )?;
    blocks(page, out)?;
    writeln!(out, "</main>\n</body>\n</html>")
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
        Block::Card(tone, id, words) => {
            writeln!(out, "<h2 class=\"card {}\" id=\"{}\">{}</h2>", class(*tone), escape(id), line(words))
        }
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

fn table(heads: &[&str], rows: &[Vec<Line>], out: &mut dyn Write) -> io::Result<()> {
    let head_row: String = heads.iter().map(|head| format!("<th scope=\"col\">{}</th>", escape(head))).collect();
    writeln!(out, "<div class=\"wide\">\n<table>\n<thead><tr>{head_row}</tr></thead>\n<tbody>")?;
    for row in rows {
        let cells: String = row.iter().zip(heads).map(|(words, head)| cell(words, head)).collect();
        writeln!(out, "<tr>{cells}</tr>")?;
    }
    writeln!(out, "</tbody>\n</table>\n</div>")
}

/// Words of our own are short, and easier to read unbroken. Where a row has no room the head stands beside each.
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

/// An address on the web; anything else is shown and leads nowhere.
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

/// Words without a meaning for HTML or XML.
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
    fn nothing_leaves_its_place() {
        assert_eq!(escape("<a href=\"x\" o='y'>&"), "&lt;a href=&quot;x&quot; o=&#39;y&#39;&gt;&amp;");
        assert_eq!(link("javascript:alert(1)"), "<code>javascript:alert(1)</code>");
        assert!(link("https://a.test/\"x").contains("href=\"https://a.test/&quot;x\""));
    }
}
