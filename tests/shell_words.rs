//! The words of a command as a shell takes them apart, as far as examples go.

/// The words; blanks between single quotation marks are parts of a word.
pub(crate) fn words(command: &str) -> Vec<String> {
    let parts = command.split('\'').enumerate().flat_map(|(at, part)| match at % 2 {
        0 => part.split_whitespace().collect(),
        _ => vec![part],
    });
    parts.map(str::to_owned).collect()
}
