//! Lines that fit the width of a terminal: longer ones continue on the next line, indented. No word, path or id is
//! torn: one that doesn't fit after the indent gets a line with a smaller one, and only a word wider than the terminal
//! is left to the terminal.

use std::io::{self, Write};

use colored::ColoredString;

use super::style;

/// The colour and weight of words.
pub type Style = fn(&str) -> ColoredString;

/// A writer that wraps lines.
pub struct Paper<'o> {
    out: &'o mut dyn Write,
    /// The width in columns; `None` if lines may have any length, as in a file or a pipe.
    width: Option<usize>,
}

impl<'o> Paper<'o> {
    /// Returns a writer for lines of this width.
    pub fn new(out: &'o mut dyn Write, width: Option<usize>) -> Self {
        Self { out, width }
    }

    /// Returns `true` if a line of so many columns fits.
    pub fn fits(&self, columns: usize) -> bool {
        self.width.is_none_or(|width| columns <= width)
    }

    /// Returns the number of columns left on a line after so many.
    pub fn room(&self, indent: usize) -> usize {
        self.width.map_or(usize::MAX, |width| width.saturating_sub(indent))
    }

    /// Writes an empty line.
    pub fn blank(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    /// Writes a paragraph after a lead on its first line; the following lines are indented by the lead's width.
    ///
    /// # Errors
    /// Fails if the output can't be written, as do all methods below.
    pub fn paragraph(&mut self, lead: (&str, Style), text: &str, style: Style) -> io::Result<()> {
        self.spans(lead, &[(text, style)])
    }

    /// Writes a paragraph made of several spans of text, each in its own style.
    pub fn spans(&mut self, lead: (&str, Style), spans: &[(&str, Style)]) -> io::Result<()> {
        self.hanging(lead, lead.0.chars().count(), spans)
    }

    /// Writes sentences, one paragraph for each line of the text; continuation lines are indented a little more than
    /// the line itself.
    pub fn sentences(&mut self, text: &str) -> io::Result<()> {
        const HANG: usize = 2;
        text.split('\n').try_for_each(|line| {
            let (indent, words) = line.split_at(line.len() - line.trim_start_matches(' ').len());
            self.hanging((indent, style::plain), indent.len() + HANG, &[(words, style::plain)])
        })
    }

    /// Writes lines that are to be copied, and so stay as they are.
    pub fn verbatim(&mut self, lines: &str) -> io::Result<()> {
        lines.split('\n').try_for_each(|line| writeln!(self.out, "{line}"))
    }

    /// Writes a paragraph in which all lines but the first are indented by `hang`.
    fn hanging(&mut self, lead: (&str, Style), hang: usize, spans: &[(&str, Style)]) -> io::Result<()> {
        let (lead, lead_style) = lead;
        let lines = wrapped(spans, (lead.chars().count(), hang), self.width);
        let has_more = lines.len() > 1;
        for (at, (indent, line)) in lines.into_iter().enumerate() {
            let lead = if at == 0 { painted(lead, lead_style) } else { " ".repeat(indent) };
            let words: String = line.iter().map(|(text, style)| painted(text, *style)).collect();
            // If the first word needs a line with a smaller indent, only the lead precedes it.
            if !words.is_empty() || !lead.trim().is_empty() || !has_more {
                writeln!(self.out, "{}", format!("{lead}{words}").trim_end())?;
            }
        }
        Ok(())
    }

    /// Writes a sentence that begins with emphasised words.
    pub fn sentence(&mut self, first: &str, first_style: Style, rest: &str) -> io::Result<()> {
        self.spans(("", style::plain), &[(first, first_style), (" ", style::plain), (rest, style::plain)])
    }

    /// Writes cells next to each other, each in a column of its width; text that doesn't fit continues below in the
    /// same column. If lines may have any length, a wider cell stays on one line.
    pub fn cells(&mut self, indent: &str, gap: &str, widths: &[usize], cells: &[String]) -> io::Result<()> {
        let folded = |(cell, width): (&String, &usize)| -> Vec<String> {
            let lines = wrapped(&[(cell.as_str(), style::plain)], (0, 0), self.width.map(|_| *width));
            lines.iter().map(|(_, line)| line.iter().map(|(text, _)| *text).collect()).collect()
        };
        let columns: Vec<Vec<String>> = cells.iter().zip(widths).map(folded).collect();
        for at in 0..columns.iter().map(Vec::len).max().unwrap_or(0) {
            let line: Vec<String> = columns
                .iter()
                .zip(widths)
                .map(|(lines, width)| format!("{:width$}", lines.get(at).map_or("", String::as_str)))
                .collect();
            writeln!(self.out, "{}", format!("{indent}{}", line.join(gap)).trim_end())?;
        }
        Ok(())
    }

    /// Writes cells in a row with two blanks between them, each in its own style; cells that don't fit continue below,
    /// and one wider than a line takes several.
    pub fn row(&mut self, indent: usize, hang: usize, pieces: &[(&str, Style)]) -> io::Result<()> {
        let (mut used, mut line, mut is_first) = (indent, " ".repeat(indent), true);
        for (text, style) in pieces.iter().filter(|(text, _)| !text.is_empty()) {
            // Padding that only aligns columns is not painted, so that it can be trimmed from the end.
            let bare = text.trim_end_matches(' ');
            let length = bare.chars().count();
            if !is_first && !self.fits(used + 2 + length) {
                writeln!(self.out, "{}", line.trim_end())?;
                (used, line, is_first) = (hang, " ".repeat(hang), true);
            }
            if is_first && !self.fits(used + length) {
                self.paragraph((&line, style::plain), bare, *style)?;
                (used, line) = (hang, " ".repeat(hang));
                continue;
            }
            let gap = if is_first { 0 } else { 2 };
            line.push_str(&" ".repeat(gap));
            line.push_str(&painted(bare, *style));
            line.push_str(&text[bare.len()..]);
            used += gap + text.chars().count();
            is_first = false;
        }
        if is_first { Ok(()) } else { writeln!(self.out, "{}", line.trim_end()) }
    }

    /// Writes commands to copy, after a sign that marks them. A long command is broken where a shell allows it.
    pub fn commands(&mut self, lead: &str, commands: &str) -> io::Result<()> {
        let indent = lead.chars().count();
        for command in commands.lines() {
            for (at, line) in broken(command, indent, self.width).iter().enumerate() {
                let lead = match line.start {
                    _ if at == 0 => lead.to_owned(),
                    Start::Word => " ".repeat((indent + 2).min(self.room(line.text.chars().count()))),
                    Start::Inside => String::new(),
                };
                writeln!(self.out, "{lead}{}", style::command(&line.text))?;
            }
        }
        Ok(())
    }

    /// Writes lines to copy into a file, with the blanks before each line and without breaks: both have a meaning there.
    pub fn lines(&mut self, indent: usize, lines: &str) -> io::Result<()> {
        let indent = " ".repeat(indent);
        lines.lines().try_for_each(|line| writeln!(self.out, "{indent}{}", painted(line, style::command)))
    }
}

/// Returns painted text. Leading blanks are left unpainted, so that no terminal underlines or colours them.
fn painted(text: &str, style: Style) -> String {
    let bare = text.trim_start_matches(' ');
    format!("{}{}", " ".repeat(text.len() - bare.len()), style(bare))
}

/// A line after its indent, which comes first.
type Wrapped<'t> = (usize, Vec<(&'t str, Style)>);

/// Returns the lines of several spans of text, each with its indent: that of the first line or of the others, or a
/// smaller one for a word that needs the room.
fn wrapped<'t>(spans: &[(&'t str, Style)], indents: (usize, usize), width: Option<usize>) -> Vec<Wrapped<'t>> {
    let (first, indent) = indents;
    let mut lines = vec![(first, Vec::new())];
    let mut used = first;
    let room = width.map_or(usize::MAX, |width| width.saturating_sub(indent));
    for word in words(spans, room) {
        let length: usize = word.iter().map(|(text, _)| text.chars().count()).sum();
        let blanks = word.first().map_or(0, |(text, _)| text.len() - text.trim_start_matches(' ').len());
        let Some((start, line)) = lines.last_mut() else { continue };
        let own = width.map_or(indent, |width| indent.min(width.saturating_sub(length - blanks)));
        let is_full = width.is_some_and(|width| used + length > width);
        if is_full && (used > *start || own < *start) {
            let bare = word.into_iter().map(|(text, style)| (text.trim_start_matches(' '), style));
            lines.push((own, bare.collect()));
            used = own + length - blanks;
        } else {
            line.extend(word);
            used += length;
        }
    }
    lines
}

/// Returns the words with the blanks in front of them, each as the parts that lie in different spans. Text in quotes
/// that fits the room is one word: a command broken over two lines would be copied as two.
fn words<'t>(spans: &[(&'t str, Style)], room: usize) -> Vec<Vec<(&'t str, Style)>> {
    let mut words: Vec<Vec<(&str, Style)>> = Vec::new();
    // Set while only blanks have followed the last word.
    let mut is_blank = true;
    for (text, style) in spans {
        let mut rest = *text;
        while !rest.is_empty() {
            let blanks = rest.len() - rest.trim_start_matches(' ').len();
            let end = blanks + word_end(&rest[blanks..], room);
            let (piece, tail) = rest.split_at(end);
            match words.last_mut() {
                Some(word) if blanks == 0 || is_blank => word.push((piece, *style)),
                _ => words.push(vec![(piece, *style)]),
            }
            is_blank = piece.len() == blanks;
            rest = tail;
        }
    }
    words
}

/// Returns the end of the word that a text begins with.
fn word_end(text: &str, room: usize) -> usize {
    let blank = |from: usize| text[from..].find(' ').map_or(text.len(), |at| from + at);
    let Some(quoted) = text.trim_start_matches('(').strip_prefix('\'') else { return blank(0) };
    let start = text.len() - quoted.len();
    let is_end = |at: &usize| !quoted[at + 1..].starts_with(char::is_alphanumeric);
    let end = quoted.match_indices('\'').map(|(at, _)| at).find(is_end).map(|at| blank(start + at + 1));
    end.filter(|end| text[..*end].chars().count() <= room).unwrap_or_else(|| blank(0))
}

/// A line of a wrapped command.
#[derive(Debug, PartialEq, Eq)]
struct CommandLine {
    start: Start,
    text: String,
}

/// The text that begins a line of a wrapped command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    /// A new word; blanks in front of it have no meaning.
    Word,
    /// The rest of a quoted text, which leading blanks would become a part of.
    Inside,
}

/// Returns the lines of a command, broken where a shell continues reading: after a backslash between two words, or
/// within quotes wider than the terminal.
fn broken(command: &str, indent: usize, width: Option<usize>) -> Vec<CommandLine> {
    let whole = |text: &str| CommandLine { start: Start::Word, text: text.to_owned() };
    let Some(width) = width else { return vec![whole(command)] };
    let room = width.saturating_sub(indent + 4);
    let (mut lines, mut line) = (Vec::new(), whole(""));
    for word in shell_words(command) {
        for (at, part) in parts(word, width.saturating_sub(3)).into_iter().enumerate() {
            let length = line.text.chars().count() + 1 + part.chars().count();
            if at > 0 || !line.text.is_empty() && length > room {
                line.text.push_str(if at > 0 { "\\" } else { " \\" });
                let start = if at > 0 { Start::Inside } else { Start::Word };
                lines.push(std::mem::replace(&mut line, CommandLine { start, text: String::new() }));
            } else if !line.text.is_empty() {
                line.text.push(' ');
            }
            line.text.push_str(&part);
        }
    }
    lines.push(line);
    lines
}

/// Splits a word of a command into parts no wider than `room` that a shell joins again: quotes are closed and reopened
/// at each line end. A word without such quotes, or without blanks in them, stays whole.
fn parts(word: &str, room: usize) -> Vec<String> {
    let is_quoted = word.len() > 1 && word.starts_with('\'') && word.ends_with('\'') && word.matches('\'').count() == 2;
    if !is_quoted || word.chars().count() <= room {
        return vec![word.to_owned()];
    }
    let mut parts = vec![String::from("'")];
    for piece in word[1..word.len() - 1].split_inclusive(' ') {
        match parts.last_mut() {
            Some(part) if part.len() == 1 || part.chars().count() + piece.chars().count() < room => {
                part.push_str(piece);
            }
            _ => parts.push(format!("'{piece}")),
        }
    }
    parts.iter_mut().for_each(|part| part.push('\''));
    parts
}

/// Splits a command at blanks that are neither quoted nor escaped.
fn shell_words(command: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut start, mut quote, mut is_escaped) = (0, None, false);
    for (at, c) in command.char_indices() {
        match (quote, c) {
            _ if is_escaped => is_escaped = false,
            (None | Some('"'), '\\') => is_escaped = true,
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            (None, ' ') => {
                words.push(&command[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    words.push(&command[start..]);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(spans: &[&str], indent: usize, width: Option<usize>) -> Vec<String> {
        let spans: Vec<(&str, Style)> = spans.iter().map(|text| (*text, style::plain as Style)).collect();
        let line = |(indent, line): &(usize, Vec<(&str, Style)>)| {
            format!("{}{}", "_".repeat(*indent), line.iter().map(|(text, _)| *text).collect::<String>())
        };
        wrapped(&spans, (indent, indent), width).iter().map(line).collect()
    }

    #[test]
    fn words_are_not_broken() {
        assert_eq!(lines(&["one two three"], 0, Some(7)), ["one two", "three"]);
        assert_eq!(lines(&["a-very-long-word b"], 0, Some(5)), ["a-very-long-word", "b"]);
        assert_eq!(lines(&["one two three"], 0, None), ["one two three"]);
        assert_eq!(lines(&[""], 0, Some(5)), [""]);
        assert_eq!(lines(&["one (", "two", ") three"], 0, Some(8)), ["one", "(two)", "three"]);
        assert_eq!(lines(&["one", " ", "two"], 0, Some(7)), ["one two"]);
    }

    #[test]
    fn what_is_in_quotes_stays_whole_if_a_line_has_room_for_it() {
        assert_eq!(lines(&["run 'git gc now', then go"], 0, Some(14)), ["run", "'git gc now',", "then go"]);
        assert_eq!(lines(&["run ('git gc now')"], 0, Some(14)), ["run", "('git gc now')"]);
        assert_eq!(lines(&["run 'git gc now'"], 0, Some(9)), ["run 'git", "gc now'"]);
        assert_eq!(lines(&["'a user's own b' c"], 0, Some(16)), ["'a user's own b'", "c"]);
        assert_eq!(lines(&["the users' own words"], 0, Some(12)), ["the users'", "own words"]);
    }

    #[test]
    fn a_long_word_reduces_the_indent() {
        assert_eq!(lines(&["a long-word b c"], 4, Some(10)), ["____a", "_long-word", "____b c"]);
        assert_eq!(lines(&["long-word b"], 4, Some(10)), ["____", "_long-word", "____b"]);
        assert_eq!(lines(&["longer-than-that b"], 4, Some(10)), ["____", "longer-than-that", "____b"]);
    }

    fn written(width: usize, write: impl FnOnce(&mut Paper<'_>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut Paper::new(&mut out, Some(width))).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn cells_of_a_row_are_wrapped_if_one_is_wider_than_a_line() {
        let row = |pieces: &[&str]| {
            let pieces: Vec<(&str, Style)> = pieces.iter().map(|text| (*text, style::plain as Style)).collect();
            written(20, |paper| paper.row(2, 4, &pieces))
        };
        assert_eq!(row(&["id", "a/path in x"]), "  id  a/path in x\n");
        assert_eq!(row(&["id", "a/path in commit x"]), "  id\n    a/path in commit\n    x\n");
        assert_eq!(row(&["id", "a/long/path/of/a/file x", "y"]), "  id\na/long/path/of/a/file\n    x\n    y\n");
        assert_eq!(row(&["id", "17 columns wide 1", "y"]), "  id\n    17 columns wide\n    1\n    y\n");
    }

    #[test]
    fn sentences_hang_below_their_line_and_what_is_copied_stays() {
        let text = "one two three four\n\n  tip: five six seven";
        let expected = "one two\n  three\n  four\n\n  tip:\n    five\n    six\n    seven\n";
        assert_eq!(written(9, |paper| paper.sentences(text)), expected);
        assert_eq!(written(9, |paper| paper.verbatim("    one two three")), "    one two three\n");
    }

    fn command_lines(command: &str, width: Option<usize>) -> Vec<String> {
        broken(command, 0, width).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn a_wrapped_command_is_still_the_same_command() {
        let command = "git log --format='%h %s' \"a b\" c\\ d --end";
        let expected = ["git log \\", "--format='%h %s' \\", "\"a b\" c\\ d \\", "--end"];
        assert_eq!(command_lines(command, Some(16)), expected);
        let read = command_lines(command, Some(16)).join("\n").replace("\\\n", "");
        assert_eq!(read.replace("  ", " "), command);
        assert_eq!(command_lines(command, None), [command]);
    }

    #[cfg(unix)]
    #[test]
    fn a_shell_reads_a_command_wrapped_in_quotes_unchanged() {
        let command = "printf '%s|' 'a  script of many words, { and } signs' b 'c d'";
        let shown = written(24, |paper| paper.commands("    $ ", command));
        assert!(shown.lines().all(|line| line.chars().count() <= 24), "{shown}");
        let script = shown.trim_start().trim_start_matches("$ ");
        let run = |script: &str| std::process::Command::new("sh").arg("-c").arg(script).output().unwrap().stdout;
        assert_eq!(run(script), run(command), "{shown}");
    }
}
