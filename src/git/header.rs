//! Splits the bytes of a commit or tag: the lines of its header, and the message after the first empty line.

use bstr::{BString, ByteSlice as _};

use super::ObjectId;

/// The starts of header lines that name a person.
const PEOPLE: [&[u8]; 3] = [b"author ", b"committer ", b"tagger "];

/// The choice whether signatures are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signatures {
    /// Signatures are read like any other text.
    Kept,
    /// Signatures are left out: no person writes them, and next to a word such as `secret` their base64 looks like a
    /// secret.
    LeftOut,
}

/// The fields of a commit object that the graph of commits needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitHeader {
    /// The commit's root tree.
    pub tree: ObjectId,
    /// The parents, in order.
    pub parents: Vec<ObjectId>,
    /// The time at which it was committed, in seconds since 1970.
    pub committed: i64,
}

impl CommitHeader {
    /// Reads a commit object; `None` if it has no tree, or an id in it isn't a hash of `id_length` bytes.
    pub fn parse(data: &[u8], id_length: usize) -> Option<Self> {
        let mut lines = lines(data);
        let hex = |digits: &[u8]| ObjectId::from_hex(digits).ok().filter(|named| named.as_slice().len() == id_length);
        let mut header = Self { tree: hex(lines.next()?.strip_prefix(b"tree ")?)?, parents: Vec::new(), committed: 0 };
        let mut lines = lines.take_while(|line| !line.is_empty()).peekable();
        // As in git, such a line anywhere else doesn't name a parent.
        while let Some(parent) = lines.peek().and_then(|line| line.strip_prefix(b"parent ")) {
            header.parents.push(hex(parent)?);
            lines.next();
        }
        header.committed = lines.find(|line| line.starts_with(b"committer ")).and_then(seconds).unwrap_or(0);
        Some(header)
    }
}

/// Returns the lines of `data`, including empty ones.
fn lines(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(data);
    std::iter::from_fn(move || {
        let text = rest?;
        let (line, behind) = match text.find_byte(b'\n') {
            Some(end) => (&text[..end], Some(&text[end + 1..])),
            None => (text, None),
        };
        rest = behind;
        Some(line)
    })
}

/// Returns the seconds at the end of `committer Name <address> 1700000000 +0100`.
fn seconds(line: &[u8]) -> Option<i64> {
    let seconds = line.rsplit(|b| *b == b' ').nth(1)?;
    std::str::from_utf8(seconds).ok()?.parse().ok()
}

/// The most digits of a date.
const MAX_SECONDS: usize = 12;

/// Splits an object into header and message; an object without an empty line is all header.
pub fn parts(data: &[u8]) -> (&[u8], &[u8]) {
    data.split_at(data.find(b"\n\n").map_or(data.len(), |at| at + 2))
}

/// Returns the person that a header line names, if it names one; without the date after the address, if there is a
/// valid one.
pub fn person(line: &[u8]) -> Option<&[u8]> {
    PEOPLE.into_iter().find_map(|start| line.strip_prefix(start)).map(undated)
}

/// Returns the header fields other than people, ids and kinds of objects, as a text: the name of a tag, an encoding,
/// the tag that a commit merged, and whatever else a program wrote there. Continuation lines have lost their leading
/// space.
pub fn rest(head: &[u8], signatures: Signatures) -> Vec<u8> {
    let mut rest = Vec::new();
    let mut in_signature = false;
    for line in head.lines().filter(|line| !names_person(line)) {
        let text = line.strip_prefix(b" ").unwrap_or(line);
        if signatures == Signatures::LeftOut {
            if let Some(armour) = armour(text) {
                in_signature = armour == Armour::Begins;
                continue;
            }
            if in_signature && is_base64(text) {
                continue;
            }
        }
        if !text.is_empty() && !names_object(text) {
            rest.extend_from_slice(text);
            rest.push(b'\n');
        }
    }
    rest
}

/// The first or the last line of a signature.
#[derive(PartialEq, Eq)]
enum Armour {
    Begins,
    Ends,
}

/// Returns the end of a signature that a header line is; the field's name comes before the first line of a signature.
fn armour(line: &[u8]) -> Option<Armour> {
    const HEADS: [&[u8]; 2] = [b"gpgsig ", b"gpgsig-sha256 "];
    const KINDS: [&[u8]; 3] = [b"PGP SIGNATURE-----", b"SSH SIGNATURE-----", b"SIGNED MESSAGE-----"];
    if !matches!(line.first(), Some(b'-' | b'g')) {
        return None;
    }
    let line = HEADS.into_iter().find_map(|head| line.strip_prefix(head)).unwrap_or(line);
    [(Armour::Begins, &b"-----BEGIN "[..]), (Armour::Ends, b"-----END ")]
        .into_iter()
        .find_map(|(armour, start)| line.strip_prefix(start).filter(|kind| KINDS.contains(kind)).map(|_| armour))
}

fn names_person(line: &[u8]) -> bool {
    matches!(line.first(), Some(b'a' | b'c' | b't')) && PEOPLE.iter().any(|start| line.starts_with(start))
}

/// Returns `true` if a line consists of base64 characters only. It doesn't stop at the first other byte, because that
/// lets the compiler check many bytes at once.
fn is_base64(line: &[u8]) -> bool {
    let is_other = |byte: u8| !(byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='));
    !line.iter().fold(false, |others, byte| others | is_other(*byte))
}

/// Returns `true` if a line holds nothing but the id of an object, or its kind.
fn names_object(line: &[u8]) -> bool {
    const IDS: [&[u8]; 3] = [b"tree", b"parent", b"object"];
    // The check for a space comes first because a sweep calls this for millions of lines.
    let Some(blank) = line.find_byte(b' ') else { return false };
    let (name, value) = (&line[..blank], &line[blank + 1..]);
    (IDS.contains(&name) && value.iter().all(u8::is_ascii_hexdigit))
        || (name == b"type" && value.iter().all(u8::is_ascii_lowercase))
}

/// A person and a time, read as git reads them: a malformed part of a line doesn't affect the other parts.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Signature {
    /// The name and address, as `Name <address>`.
    pub person: Option<BString>,
    /// The time in RFC 3339.
    pub time: Option<String>,
}

impl Signature {
    /// Returns the author that a commit's header names.
    pub fn of_author(head: &[u8]) -> Self {
        let mut lines = head.lines().take_while(|line| !line.is_empty());
        lines.find_map(|line| line.strip_prefix(b"author ")).map(Self::parse).unwrap_or_default()
    }

    /// Reads `Name <address> 1700000000 +0100`. The address may contain brackets itself, so the date is after the last
    /// one.
    fn parse(line: &[u8]) -> Self {
        let person = line.split_once_str("<").and_then(|(name, rest)| {
            let (address, _) = rest.split_once_str(">")?;
            Some(BString::from([name.trim(), b" <", address.trim(), b">"].concat()))
        });
        let time = line.rfind_byte(b'>').and_then(|end| time(&line[end + 1..]));
        Self { person, time }
    }
}

/// Returns the date that a text such as ` 1700000000 +0100` starts with.
fn time(text: &[u8]) -> Option<String> {
    let mut words = text.fields();
    let seconds = words.next()?.to_str().ok()?.parse::<u64>().ok()?;
    let offset = words.next().and_then(offset).unwrap_or(0);
    let time = gix::date::Time::new(i64::try_from(seconds).ok()?, offset);
    time.format(gix::date::time::format::ISO8601_STRICT).ok()
}

/// Returns the offset from UTC in seconds of a time zone such as `+0130`; `None` if there is no such zone.
fn offset(zone: &[u8]) -> Option<i32> {
    let (sign, digits) = zone.split_at_checked(1)?;
    let is_zone = matches!(sign, b"+" | b"-") && digits.iter().all(u8::is_ascii_digit);
    let zone: i32 = digits.to_str().ok().filter(|_| is_zone)?.parse().ok()?;
    let (hours, minutes) = (zone / 100, zone % 100);
    let seconds = (hours * 60 + minutes) * 60;
    (hours < 24 && minutes < 60).then_some(if sign == b"-" { -seconds } else { seconds })
}

fn undated(person: &[u8]) -> &[u8] {
    match person.rfind_byte(b'>') {
        Some(end) if is_date(&person[end + 1..]) => &person[..=end],
        _ => person,
    }
}

/// Returns `true` if this is what git writes after an address: a space, the seconds since 1970, a space, the time zone.
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

    fn id(n: u8) -> ObjectId {
        ObjectId::from_bytes_or_panic(&[n; 20])
    }

    #[test]
    fn a_commits_header_is_read() {
        let text = format!(
            "tree {}\nparent {}\nparent {}\nauthor A <a@b.c> 5 +0000\ncommitter A <a@b.c> 1700000000 -0130\n\nparent of all",
            id(1),
            id(2),
            id(3)
        );
        let header = CommitHeader::parse(text.as_bytes(), 20);
        assert_eq!(header, Some(CommitHeader { tree: id(1), parents: vec![id(2), id(3)], committed: 1_700_000_000 }));
        assert!(CommitHeader::parse(text.as_bytes(), 32).is_none());
        let late = format!("tree {}\nauthor A\nparent {}\n\n", id(1), id(2));
        assert_eq!(CommitHeader::parse(late.as_bytes(), 20).map(|header| header.parents), Some(Vec::new()));
        assert!(CommitHeader::parse(b"author A\n", 20).is_none());
        assert!(CommitHeader::parse(b"tree 12\n", 20).is_none());
    }

    #[test]
    fn the_first_empty_line_ends_the_header() {
        for (data, head, message) in [
            ("tree 1\nauthor A <a> 1 +0\n\nsubject\n\nbody", "tree 1\nauthor A <a> 1 +0\n\n", "subject\n\nbody"),
            ("tree 1\n\n", "tree 1\n\n", ""),
            ("tree 1\n", "tree 1\n", ""),
        ] {
            assert_eq!(parts(data.as_bytes()), (head.as_bytes(), message.as_bytes()), "{data:?}");
        }
    }

    #[test]
    fn people_are_read_from_three_kinds_of_lines() {
        for line in ["author A <a> 1 +0", "committer A <a> 1 +0", "tagger A <a> 1 +0"] {
            assert_eq!(person(line.as_bytes()), Some(&b"A <a> 1 +0"[..]), "{line}");
        }
        for line in ["tree 1", " author A", "authors A", "author", ""] {
            assert_eq!(person(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn the_rest_of_a_header_is_the_text_written_by_people() {
        let head = "tree 0a1b\nparent 2c3d\nauthor A <a> 1 +0\ncommitter A <a> 1 +0\nencoding latin1\n\
            mergetag object 4e5f\n type commit\n tag v1\n tagger B <b> 1 +0\n \n Release it\n -----BEGIN PGP SIGNATURE-----\n \n abCD12+/\n =abcd\n -----END PGP SIGNATURE-----\n\
            gpgsig -----BEGIN SSH SIGNATURE-----\n abcd\n not only base64\n -----END SSH SIGNATURE-----\n change-id x\n\n";
        let rest = |signatures| String::from_utf8(rest(head.as_bytes(), signatures)).unwrap();
        let merged = "encoding latin1\nmergetag object 4e5f\ntag v1\ntagger B <b> 1 +0\nRelease it\n";
        assert_eq!(rest(Signatures::LeftOut), format!("{merged}not only base64\nchange-id x\n"));
        assert!(rest(Signatures::Kept).contains("\nabCD12+/\n=abcd\n-----END PGP"));
        assert_eq!(
            super::rest(b"object 12ab\ntype commit\ntag v2\ntagger A <a> 1 +0\n\n", Signatures::LeftOut),
            b"tag v2\n"
        );
        assert_eq!(super::rest(b"tree no-id\nparent 12\n\n", Signatures::LeftOut), b"tree no-id\n");
    }

    #[test]
    fn a_malformed_signature_loses_only_the_malformed_part() {
        for (line, person, time) in [
            ("A B <a@b.c> 1282910542 +0200", Some("A B <a@b.c>"), Some("2010-08-27T14:02:22+02:00")),
            ("A  <a@b.c>  1282910542 -0130", Some("A <a@b.c>"), Some("2010-08-27T10:32:22-01:30")),
            ("A B <a@b.c> 1282910542 --700", Some("A B <a@b.c>"), Some("2010-08-27T12:02:22+00:00")),
            ("A B <a@b.c> 1282910542 +051800", Some("A B <a@b.c>"), Some("2010-08-27T12:02:22+00:00")),
            ("A B <a@b.c> 1282910542 UTC", Some("A B <a@b.c>"), Some("2010-08-27T12:02:22+00:00")),
            ("A B <a@b.c>1282910542", Some("A B <a@b.c>"), Some("2010-08-27T12:02:22+00:00")),
            ("A B <a@b.c> Thu Aug 27 12:00:00 2010 +0200", Some("A B <a@b.c>"), None),
            ("A B <a@b.c> 99999999999999999999 +0000", Some("A B <a@b.c>"), None),
            ("A B <a@b.c> -1 +0000", Some("A B <a@b.c>"), None),
            ("A<b <A<b@c>> 1282910542 +0000", Some("A <b <A<b@c>"), Some("2010-08-27T12:02:22+00:00")),
            ("A B a@b.c 1282910542 +0200", None, None),
            ("A B <a@b.c 1282910542 +0200", None, None),
            ("", None, None),
        ] {
            let expected = Signature { person: person.map(BString::from), time: time.map(str::to_owned) };
            assert_eq!(Signature::parse(line.as_bytes()), expected, "{line}");
        }
        assert_eq!(
            Signature::of_author(b"tree 1\ncommitter A <a> 1 +0000\n\nauthor A <a> 1 +0000"),
            Signature::default()
        );
    }

    #[test]
    fn a_date_is_not_part_of_a_person() {
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
