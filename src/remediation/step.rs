//! Single steps of a plan, and what their commands are made of.

use bstr::BStr;

use crate::finding::{PlanStep, StepKind};

/// A step without a link whose command lacks nothing.
pub fn step(kind: StepKind, title: &str, command: String) -> PlanStep {
    PlanStep { kind, title: title.to_owned(), command, missing: Vec::new(), link: String::new() }
}

/// A path as one word of a POSIX shell; control characters in `$'…'`.
pub fn quoted(path: &BStr) -> String {
    let plain =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'/' | b'+' | b'@' | b'%' | b',' | b':');
    if !path.is_empty() && path.iter().all(|b| plain(*b)) && !path.starts_with(b"-") {
        return path.to_string();
    }
    let safe = std::str::from_utf8(path).is_ok_and(|text| text.chars().all(|c| !crate::text::hostile(c)));
    if safe {
        return format!("'{}'", path.to_string().replace('\'', r"'\''"));
    }
    let mut out = String::from("$'");
    for byte in path.iter() {
        match byte {
            b'\'' | b'\\' => out.extend(['\\', char::from(*byte)]),
            0x20..=0x7e => out.push(char::from(*byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push('\'');
    out
}

#[cfg(test)]
mod tests {
    use bstr::ByteSlice as _;

    use super::*;

    #[test]
    fn paths_are_one_word_each() {
        assert_eq!(quoted(b"src/a.rs".as_bstr()), "src/a.rs");
        assert_eq!(quoted(b"a b".as_bstr()), "'a b'");
        assert_eq!(quoted(b"it's".as_bstr()), r"'it'\''s'");
        assert_eq!(quoted(b"a\nb".as_bstr()), r"$'a\x0ab'");
        assert_eq!(quoted(b"-rf".as_bstr()), "'-rf'");
        assert_eq!(quoted("a\u{202e}b".as_bytes().as_bstr()), r"$'a\xe2\x80\xaeb'");
    }
}
