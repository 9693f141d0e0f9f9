//! Splits a command into words as a shell does, to the extent that the examples need.

/// Returns the words of a command; spaces within single quotes are part of a word.
pub(crate) fn words(command: &str) -> Vec<String> {
    let parts = command.split('\'').enumerate().flat_map(|(at, part)| match at % 2 {
        0 => part.split_whitespace().collect(),
        _ => vec![part],
    });
    parts.map(str::to_owned).collect()
}
