//! Lines for a terminal that are no wider than it is: what is longer goes on in the next line, indented. No word, path or id is
//! torn; one that is wider than the terminal gets a line of its own.

use std::io::{self, Write};

use colored::ColoredString;

use super::style;

/// How words look.
pub type Style = fn(&str) -> ColoredString;

/// Where lines are written.
pub struct Paper<'o> {
    out: &'o mut dyn Write,
    /// Columns; `None` where lines may have any length, as in a file or a pipe.
    width: Option<usize>,
}

impl<'o> Paper<'o> {
    /// Paper of this width.
    pub fn new(out: &'o mut dyn Write, width: Option<usize>) -> Self {
        Self { out, width }
    }

    /// Whether a line of so many columns is no wider than the terminal.
    pub fn fits(&self, columns: usize) -> bool {
        self.width.is_none_or(|width| columns <= width)
    }

    /// Columns that are left of a line behind so many.
    pub fn room(&self, indent: usize) -> usize {
        self.width.map_or(usize::MAX, |width| width.saturating_sub(indent))
    }

    /// An empty line.
    pub fn blank(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    /// A paragraph behind something that stands in front of its first line; the others are indented as far.
    ///
    /// # Errors
    /// When it cannot be written, as for all that follow.
    pub fn paragraph(&mut self, lead: (&str, Style), text: &str, style: Style) -> io::Result<()> {
        self.spans(lead, &[(text, style)])
    }

    /// The same of several stretches of text, each with a look of its own.
    pub fn spans(&mut self, lead: (&str, Style), spans: &[(&str, Style)]) -> io::Result<()> {
        let (lead, lead_style) = lead;
        let indent = lead.chars().count();
        let room = self.width.map(|width| width.saturating_sub(indent));
        let mut shown = painted(lead, lead_style);
        for line in wrapped(spans, room) {
            let words: String = line.iter().map(|(text, style)| painted(text, *style)).collect();
            writeln!(self.out, "{}", format!("{shown}{words}").trim_end())?;
            shown = " ".repeat(indent);
        }
        Ok(())
    }

    /// A sentence that begins with words that matter.
    pub fn sentence(&mut self, first: &str, first_style: Style, rest: &str) -> io::Result<()> {
        self.spans(("", style::plain), &[(first, first_style), (" ", style::plain), (rest, style::plain)])
    }

    /// Pieces in a row with two blanks between them, each with a look of its own; those that do not fit go on below.
    pub fn row(&mut self, indent: usize, hang: usize, pieces: &[(&str, Style)]) -> io::Result<()> {
        let mut used = indent;
        let mut line = " ".repeat(indent);
        let mut is_first = true;
        for (text, style) in pieces.iter().filter(|(text, _)| !text.is_empty()) {
            let length = text.chars().count();
            let gap = if is_first { 0 } else { 2 };
            if !is_first && self.width.is_some_and(|width| used + gap + length > width) {
                writeln!(self.out, "{}", line.trim_end())?;
                line = " ".repeat(hang);
                used = hang;
            } else {
                line.push_str(&" ".repeat(gap));
                used += gap;
            }
            // What only makes a column as wide as another is not painted, so that it can be taken off the end.
            let bare = text.trim_end_matches(' ');
            line.push_str(&painted(bare, *style));
            line.push_str(&text[bare.len()..]);
            used += length;
            is_first = false;
        }
        writeln!(self.out, "{}", line.trim_end())
    }

    /// Commands to copy, behind a sign that says so. A long one is broken as a shell allows it.
    pub fn commands(&mut self, lead: &str, commands: &str) -> io::Result<()> {
        let indent = lead.chars().count();
        for command in commands.lines() {
            let room = self.width.map(|width| width.saturating_sub(indent + 4));
            for (at, line) in broken(command, room).iter().enumerate() {
                let lead = if at == 0 { lead.to_owned() } else { " ".repeat(indent + 2) };
                writeln!(self.out, "{lead}{}", style::command(line))?;
            }
        }
        Ok(())
    }
}

/// Blanks in front are not painted, so that no terminal underlines or colours them.
fn painted(text: &str, style: Style) -> String {
    let bare = text.trim_start_matches(' ');
    format!("{}{}", " ".repeat(text.len() - bare.len()), style(bare))
}

/// The lines of some stretches of text, each of so many characters at most, unless a single word has more.
fn wrapped<'t>(spans: &[(&'t str, Style)], room: Option<usize>) -> Vec<Vec<(&'t str, Style)>> {
    let mut lines = vec![Vec::new()];
    let mut used = 0;
    for word in words(spans) {
        let length: usize = word.iter().map(|(text, _)| text.chars().count()).sum();
        let blanks = word.first().map_or(0, |(text, _)| text.len() - text.trim_start_matches(' ').len());
        let is_full = room.is_some_and(|room| used > 0 && used + length > room);
        let Some(line) = lines.last_mut() else { continue };
        if is_full {
            let bare = word.into_iter().map(|(text, style)| (text.trim_start_matches(' '), style));
            lines.push(bare.collect());
            used = length - blanks;
        } else {
            line.extend(word);
            used += length;
        }
    }
    lines
}

/// Words with the blanks in front of them, each of the pieces that it has of several stretches of text.
fn words<'t>(spans: &[(&'t str, Style)]) -> Vec<Vec<(&'t str, Style)>> {
    let mut words: Vec<Vec<(&str, Style)>> = Vec::new();
    // Whether only blanks have come since the last word began.
    let mut is_blank = true;
    for (text, style) in spans {
        let mut rest = *text;
        while !rest.is_empty() {
            let blanks = rest.len() - rest.trim_start_matches(' ').len();
            let end = rest[blanks..].find(' ').map_or(rest.len(), |at| blanks + at);
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

/// The lines of a command, broken where a shell reads on: behind a backslash between two words.
fn broken(command: &str, room: Option<usize>) -> Vec<String> {
    let Some(room) = room else { return vec![command.to_owned()] };
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in shell_words(command) {
        let length = line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && length > room {
            lines.push(format!("{line} \\"));
            line.clear();
        } else if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

/// The parts of a command between blanks that stand in no quotes and behind no backslash.
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

    fn lines(spans: &[&str], room: Option<usize>) -> Vec<String> {
        let spans: Vec<(&str, Style)> = spans.iter().map(|text| (*text, style::plain as Style)).collect();
        wrapped(&spans, room).iter().map(|line| line.iter().map(|(text, _)| *text).collect()).collect()
    }

    #[test]
    fn words_stay_whole() {
        assert_eq!(lines(&["one two three"], Some(7)), ["one two", "three"]);
        assert_eq!(lines(&["a-very-long-word b"], Some(5)), ["a-very-long-word", "b"]);
        assert_eq!(lines(&["one two three"], None), ["one two three"]);
        assert_eq!(lines(&[""], Some(5)), [""]);
        assert_eq!(lines(&["one (", "two", ") three"], Some(8)), ["one", "(two)", "three"]);
        assert_eq!(lines(&["one", " ", "two"], Some(7)), ["one two"]);
    }

    #[test]
    fn a_broken_command_is_still_the_command() {
        let command = "git log --format='%h %s' \"a b\" c\\ d --end";
        assert_eq!(broken(command, Some(12)), ["git log \\", "--format='%h %s' \\", "\"a b\" c\\ d \\", "--end"]);
        let read = broken(command, Some(12)).join("\n").replace("\\\n", "");
        assert_eq!(read.replace("  ", " "), command);
        assert_eq!(broken(command, None), [command]);
    }
}
