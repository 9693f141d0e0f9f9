//! GitLab routable tokens.
//!
//! Source: GitLab merge requests 169322, 170634 and 172708. This module contains the checksum and the payload that
//! routes a token to its organisation; the older 20-character tokens have no check.

use super::codec::{BASE36, base64, digits, split_end, split_once};
use super::{ALTERED, Fact, Outcome};

/// The keys of the routing payload; their values are base36 numbers.
const OWNERS: [(&str, &str); 5] = [
    ("c", "gitlab_cell_id"),
    ("g", "gitlab_group_id"),
    ("o", "gitlab_organization_id"),
    ("p", "gitlab_project_id"),
    ("u", "gitlab_user_id"),
];

/// Returns the checksum in seven base36 digits over everything before them.
pub(crate) fn routable_crc32(before: &[u8]) -> String {
    digits(crc32fast::hash(before), BASE36, 7)
}

/// Returns the end of a token that so far reads `before`: the length of the payload in two base36 digits, then the
/// checksum.
///
/// If `before` already ends with the length (`….01.0r`), only the checksum is returned.
pub(crate) fn routable_check(before: &str) -> String {
    if before.rsplit('.').next().is_some_and(|last| last.len() == 2) {
        return routable_crc32(before.as_bytes());
    }
    let length = u32::try_from(payload(before.as_bytes()).len()).unwrap_or(0);
    let length = digits(length, BASE36, 2);
    let check = routable_crc32(format!("{before}{length}").as_bytes());
    format!("{length}{check}")
}

/// Checks `<prefix>-[t<digit>_]<payload>.[01.]<2 length><7 checksum>`.
pub(super) fn routable(secret: &[u8]) -> Outcome {
    let Some((before, check)) = split_end(secret, 7) else {
        return Outcome::Fail("too short to contain a checksum");
    };
    if routable_crc32(before).as_bytes() != check {
        return Outcome::Fail(ALTERED);
    }
    let payload = payload(secret);
    if length(before) == Some(payload.len()) {
        Outcome::Pass(owners(payload))
    } else {
        Outcome::Fail("the stated length is wrong")
    }
}

fn length(before: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(before.last_chunk::<2>()?).ok()?;
    usize::from_str_radix(text, 36).ok()
}

/// Returns the base64url part: after the first `-` (runner tokens add `t<digit>_`), up to the first dot.
fn payload(secret: &[u8]) -> &[u8] {
    let rest = split_once(secret, b'-').map_or(secret, |(_, rest)| rest);
    let rest = match rest {
        [b't', b'0'..=b'9', b'_', inner @ ..] => inner,
        whole => whole,
    };
    split_once(rest, b'.').map_or(rest, |(payload, _)| payload)
}

/// Returns the owners in a payload: sixteen random bytes, then `key:value` lines, then one byte that gives the length
/// of the lines.
fn owners(payload: &[u8]) -> Vec<Fact> {
    let lines = base64(payload).and_then(|bytes| {
        let (length, front) = bytes.split_last()?;
        let (_, lines) = split_end(front, usize::from(*length))?;
        String::from_utf8(lines.to_vec()).ok()
    });
    lines.iter().flat_map(|l| l.lines()).filter_map(owner).collect()
}

fn owner(line: &str) -> Option<Fact> {
    let (key, value) = line.split_once(':')?;
    let (_, field) = OWNERS.iter().find(|(short, _)| *short == key)?;
    let id = u64::from_str_radix(value, 36).ok()?;
    Some(Fact::new(field, id.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::BASE64URL_NOPAD;

    fn token(prefix: &str) -> String {
        let mut raw = b"0123456789abcdefo:1\nu:2s".to_vec();
        raw.push(8);
        let before = format!("{prefix}{}.01.", BASE64URL_NOPAD.encode(&raw));
        let check = routable_check(&before);
        before + &check
    }

    #[test]
    fn owners_are_reported() {
        let expected =
            Outcome::Pass(vec![Fact::new("gitlab_organization_id", "1"), Fact::new("gitlab_user_id", "100")]);
        assert_eq!(routable(token("glpat-").as_bytes()), expected);
        assert_eq!(routable(token("glrt-t1_").as_bytes()), expected);
    }

    #[test]
    fn a_stated_length_is_respected() {
        let before = "glpat-0123456789abcdef0123456789a.01.0r";
        let token = format!("{before}{}", routable_check(before));
        assert_eq!(routable(token.as_bytes()), Outcome::Pass(vec![]));
    }

    #[test]
    fn altered_values_fail() {
        assert_eq!(routable(token("glpat-").replace("glpat", "glpbt").as_bytes()), Outcome::Fail(ALTERED));
        assert_eq!(routable(b"glpat"), Outcome::Fail("too short to contain a checksum"));
        let wrong = format!("glpat-abc.01.09{}", routable_crc32(b"glpat-abc.01.09"));
        assert_eq!(routable(wrong.as_bytes()), Outcome::Fail("the stated length is wrong"));
    }
}
