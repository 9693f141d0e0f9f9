//! The bytes of a commit or tag taken apart: the lines of its head, and the message behind the first empty line.

use bstr::ByteSlice as _;

/// Lines of a head that name somebody.
const PEOPLE: [&[u8]; 3] = [b"author ", b"committer ", b"tagger "];

/// Most digits of a date.
const MAX_SECONDS: usize = 12;

/// The head and the message; an object without an empty line is all head.
pub fn parts(data: &[u8]) -> (&[u8], &[u8]) {
    data.split_at(data.find(b"\n\n").map_or(data.len(), |at| at + 2))
}

/// Who a line of a head names, if it names somebody; without the date behind the address, if what stands there is one.
pub fn person(line: &[u8]) -> Option<&[u8]> {
    PEOPLE.into_iter().find_map(|start| line.strip_prefix(start)).map(undated)
}

fn undated(person: &[u8]) -> &[u8] {
    match person.rfind_byte(b'>') {
        Some(end) if is_date(&person[end + 1..]) => &person[..=end],
        _ => person,
    }
}

/// Whether this is what git writes behind an address: a blank, the seconds since 1970, a blank, the time zone.
///
/// Format: git-commit-tree, section "Date Formats", "Git internal format".
fn is_date(text: &[u8]) -> bool {
    let is_number = |digits: &[u8]| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let parts = text.strip_prefix(b" ").and_then(|date| date.split_once_str(b" "));
    parts.is_some_and(|(seconds, zone)| match zone {
        [b'+' | b'-', zone @ ..] => {
            seconds.len() <= MAX_SECONDS && is_number(seconds) && zone.len() == 4 && is_number(zone)
        }
        _ => false,
    })
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

    #[test]
    fn a_date_is_no_part_of_a_person() {
        for date in [" 1 +0000", " 1700000000 -0130", " 0 +0000"] {
            assert_eq!(undated(format!("A > B <a@b>{date}").as_bytes()), b"A > B <a@b>", "{date}");
        }
        for other in [
            "A <a@b>",
            "A <a@b> ",
            "A <a@b> 1",
            "A <a@b> 1 +0",
            "A <a@b> 1 0000",
            "A <a@b> x +0000",
            "A <a@b> 1 +0000 ",
            "A <a@b>1 +0000",
            "A <a@b>  +0000",
            "A a@b 1 +0000",
            "A <a@b> 1 +00000",
            "A <a@b> 1234567890123 +0000",
            "",
        ] {
            assert_eq!(undated(other.as_bytes()), other.as_bytes());
        }
    }
}
