//! The bytes of a commit or tag taken apart: the lines of its head, and the message behind the first empty line.

use bstr::ByteSlice as _;

/// Lines of a head that name somebody.
const PEOPLE: [&[u8]; 3] = [b"author ", b"committer ", b"tagger "];

/// The head and the message; an object without an empty line is all head.
pub fn parts(data: &[u8]) -> (&[u8], &[u8]) {
    data.split_at(data.find(b"\n\n").map_or(data.len(), |at| at + 2))
}

/// Who a line of a head names, if it names somebody.
pub fn person(line: &[u8]) -> Option<&[u8]> {
    PEOPLE.into_iter().find_map(|start| line.strip_prefix(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_empty_line_ends_the_head() {
        for (data, head, message) in [
            ("tree 1\nauthor A <a> 1 +0\n\nsubject\n\nbody", "tree 1\nauthor A <a> 1 +0\n\n", "subject\n\nbody"),
            ("tree 1\n\n", "tree 1\n\n", ""),
            ("tree 1\n", "tree 1\n", ""),
        ] {
            assert_eq!(parts(data.as_bytes()), (head.as_bytes(), message.as_bytes()), "{data:?}");
        }
    }

    #[test]
    fn people_are_named_by_three_kinds_of_lines() {
        for line in ["author A <a> 1 +0", "committer A <a> 1 +0", "tagger A <a> 1 +0"] {
            assert_eq!(person(line.as_bytes()), Some(&b"A <a> 1 +0"[..]), "{line}");
        }
        for line in ["tree 1", " author A", "authors A", "author", ""] {
            assert_eq!(person(line.as_bytes()), None, "{line}");
        }
    }
}
