//! Single steps of a plan, and what their commands are made of.

use bstr::BStr;

use crate::finding::{Finding, PlanStep, StepKind};

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

/// What a rebase starts from to pass `commit` and what follows it.
pub fn commits_from(finding: &Finding, commit: &str) -> String {
    let is_root = finding.exposure.first_is_root && finding.exposure.first_commit.as_deref() == Some(commit);
    if is_root { "--root".to_owned() } else { format!("{}~1", commit.get(..12).unwrap_or(commit)) }
}
