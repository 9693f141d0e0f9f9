//! The files from which git filter-repo reads the texts to replace. They hold the values, so only their owner may read
//! them, and their content is never printed.
//!
//! A line of such a file is `literal:OLD==>NEW`, split at the last arrow; a value with a line break in it needs an
//! expression (`regex:`), in which every byte is written as its number. A callback is the body of a Python function.

use crate::finding::Secret;

/// The number of a line that isn't a literal text.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("line {0} is a pattern, not a text: keysweep cannot know the values it matches, so it cannot look for them")]
pub struct NoText(usize);

/// Returns the lines that replace texts in contents and messages.
pub fn texts(values: &[Secret], replacement: &str) -> Vec<u8> {
    let line = |value: &Secret| {
        let value = value.reveal();
        let old = if value.contains(&b'\n') {
            format!("regex:{}", numbered(value)).into_bytes()
        } else {
            [b"literal:", value].concat()
        };
        [&old[..], b"==>", replacement.as_bytes(), b"\n"].concat()
    };
    values.iter().flat_map(line).collect()
}

/// Returns the lines that replace texts in the paths of files, each by a different name, so that no two files become
/// one.
pub fn paths(values: &[Secret]) -> String {
    let line = |(number, value): (usize, &Secret)| format!("regex:{}==>REMOVED-{number}\n", numbered(value.reveal()));
    (1..).zip(values).map(line).collect()
}

/// Returns the body of a function that replaces texts in its argument, which is called `name`.
pub fn callback(name: &str, values: &[Secret]) -> String {
    let line = |(number, value): (usize, &Secret)| {
        format!("{name} = {name}.replace(b\"{}\", b\"REMOVED-{number}\")\n", numbered(value.reveal()))
    };
    (1..).zip(values).map(line).chain([format!("return {name}\n")]).collect()
}

/// Returns the bytes as escapes with their numbers, which mean the same in expressions and in Python.
fn numbered(value: &[u8]) -> String {
    value.iter().map(|byte| format!("\\x{byte:02x}")).collect()
}

/// Returns the texts that a file of expressions replaces.
///
/// # Errors
/// Returns an error if the file holds a pattern.
pub fn parse(file: &[u8]) -> Result<Vec<Vec<u8>>, NoText> {
    let lines = (1..).zip(file.split(|byte| *byte == b'\n'));
    let values = lines.map(|(number, line)| text_of(line).ok_or(NoText(number)));
    let mut values = values.collect::<Result<Vec<_>, _>>()?;
    values.retain(|value| !value.is_empty());
    Ok(values)
}

/// Returns the text of a line; `None` if it is a pattern.
fn text_of(line: &[u8]) -> Option<Vec<u8>> {
    const ARROW: &[u8] = b"==>";
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let end = line.windows(ARROW.len()).rposition(|part| part == ARROW).unwrap_or(line.len());
    let old = line.get(..end)?;
    if old.starts_with(b"glob:") {
        return None;
    }
    match old.strip_prefix(b"regex:") {
        Some(expression) => unnumbered(expression),
        None => Some(old.strip_prefix(b"literal:").unwrap_or(old).to_vec()),
    }
}

/// Returns the bytes of an expression that consists of byte numbers, letters and digits; `None` if it holds anything
/// else.
fn unnumbered(mut expression: &[u8]) -> Option<Vec<u8>> {
    let mut value = Vec::new();
    while let Some((first, rest)) = expression.split_first() {
        let rest = match (first, rest) {
            (b'\\', [b'x', high, low, rest @ ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                value.push(u8::try_from(digit(high)? * 16 + digit(low)?).ok()?);
                rest
            }
            (letter, rest) if letter.is_ascii_alphanumeric() => {
                value.push(*letter);
                rest
            }
            _ => return None,
        };
        expression = rest;
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Every value that is written is read back unchanged.
        #[test]
        fn every_value_round_trips(values in proptest::collection::vec(
            prop_oneof![proptest::collection::vec(any::<u8>(), 1..20), "(literal:|regex:|==>|\r|\n|a){1,5}".prop_map(String::into_bytes)],
            0..5,
        )) {
            let secrets: Vec<Secret> = values.iter().map(|value| Secret::new(value.clone())).collect();
            prop_assert_eq!(parse(&texts(&secrets, "***REMOVED***")).unwrap(), values);
        }
    }

    #[test]
    fn literal_expressions_of_foreign_files_are_read() {
        let file = b"plain\r\n\nliteral:a==>b==>c\nregex:ab\\x2ec\n";
        assert_eq!(parse(file).unwrap(), [&b"plain"[..], b"a==>b", b"ab.c"]);
        assert_eq!(parse(b"fine\nregex:a+\n"), Err(NoText(2)));
        assert_eq!(parse(b"glob:a*==>b\n"), Err(NoText(1)));
    }

    #[test]
    fn name_expressions_never_contain_the_plain_value() {
        let values = [Secret::new("tok'en\"")];
        assert_eq!(paths(&values), "regex:\\x74\\x6f\\x6b\\x27\\x65\\x6e\\x22==>REMOVED-1\n");
        let body = "name = name.replace(b\"\\x74\\x6f\\x6b\\x27\\x65\\x6e\\x22\", b\"REMOVED-1\")\nreturn name\n";
        assert_eq!(callback("name", &values), body);
    }
}
