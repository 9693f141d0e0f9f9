//! Keysweep's own lines in files that are not JSON: TOML tables between two comments, and the command in a plugin.

use super::command::is_ours;

/// The lines before and after our tables.
const MARKS: (&str, &str) = ("# keysweep: begin", "# keysweep: end");
/// Returns the text without our tables and the comments around them; `None` if there are none.
pub(super) fn without(text: &str) -> Option<String> {
    let (begin, end) = MARKS;
    let start = text.find(begin)?;
    let stop = text[start..].find(end).map_or(text.len(), |at| start + at + end.len());
    let rest = text[stop..].strip_prefix('\n').unwrap_or(&text[stop..]);
    let before = text[..start].strip_suffix("\n\n").map_or(&text[..start], |_| &text[..start - 1]);
    Some(format!("{before}{rest}"))
}

/// Returns the text with our tables at the end; `None` if that isn't valid TOML.
pub(super) fn with_tables(text: &str, events: &[&str], command: &str) -> Option<String> {
    let (begin, end) = MARKS;
    let table = |event: &&str| {
        let command = toml::Value::from(command);
        format!("[[hooks]]\nname = \"keysweep-{event}\"\ntype = \"{event}\"\ncommand = {command}\n")
    };
    let tables: String = events.iter().map(table).collect();
    let gap = if text.is_empty() { "" } else { "\n" };
    let line = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    let whole = format!("{text}{line}{gap}{begin}\n{tables}{end}\n");
    whole.parse::<toml::Table>().ok().map(|_| whole)
}

/// Returns the first string literal in a line of JavaScript, if it is a command of ours.
pub(super) fn quoted(line: &str) -> Option<String> {
    let start = line.find('"')?;
    let mut texts = serde_json::Deserializer::from_str(&line[start..]).into_iter::<String>();
    texts.next()?.ok().filter(|text| is_ours(text))
}
